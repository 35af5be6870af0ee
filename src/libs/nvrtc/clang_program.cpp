// A program compiled by our own ppucc, for machines without NVRTC. Name expressions are given to the compiler
// itself: each becomes the initial value of a variable behind the source, which instantiates what it names,
// and the PTX tells what it became. Those variables are taken out again.
#include <algorithm>
#include <list>
#include <mutex>

#include "base/log.h"
#include "libs/nvrtc/options.h"
#include "libs/nvrtc/program.h"
#include "libs/shell/compiler_run.h"

namespace ppu::nvrtc {
namespace fs = std::filesystem;
using shell::find_ppucc, shell::read_file, shell::run_into_file, shell::ScratchFolder, shell::write_file;
namespace {

constexpr const char* kVariable = "ppu_nvrtc_name_";

struct NameExpression {
  std::string text;
  std::string lowered;  ///< empty until compiled
};

std::string quoted(const std::string& text) {
  std::string out = "\"";
  for (char c : text) {
    if (c == '"' || c == '\\') out += '\\';
    out += c == '\n' ? ' ' : c;
  }
  return out + "\"";
}

/// A header's place must be inside the scratch folder.
bool stays_inside(const fs::path& name) {
  return !name.empty() && name.is_relative() &&
         std::none_of(name.begin(), name.end(), [](const fs::path& part) { return part == ".."; });
}

void replace_all(std::string& text, const std::string& from, const std::string& to) {
  for (size_t at = 0; (at = text.find(from, at)) != std::string::npos; at += to.size())
    text.replace(at, from.size(), to);
}

class ClangProgram : public Program {
 public:
  explicit ClangProgram(Source source) : source_(std::move(source)) {}

  nvrtcResult compile(const std::vector<std::string>& options) override {
    const std::lock_guard<std::mutex> lock(mutex_);
    compiled_ = false;
    ptx_.clear();
    log_.clear();
    if (callback_ && callback_(payload_, nullptr)) return NVRTC_ERROR_CANCELLED;
    const auto translated = clang_options(options);
    if (!translated) return fail(NVRTC_ERROR_INVALID_OPTION, "nvrtc: error: " + translated.error().message);
    dropped_lto_ = translated.value().dropped_lto;
    const std::string ppucc = find_ppucc();
    if (ppucc.empty()) {
      const char* what = "no NVRTC is installed, and bin/ppucc of OpenPPU isn't there to take its place";
      log("nvrtc", LogLevel::kError, "%s", what);
      return fail(NVRTC_ERROR_BUILTIN_OPERATION_FAILURE, std::string("nvrtc: error: ") + what);
    }
    const ScratchFolder scratch;
    if (scratch.path().empty())
      return fail(NVRTC_ERROR_INTERNAL_ERROR, "nvrtc: error: no folder for temporary files; set TMPDIR");
    return compile_in(scratch.path(), ppucc, translated.value());
  }

  nvrtcResult add_name_expression(const char* expression) override {
    const std::lock_guard<std::mutex> lock(mutex_);
    if (compiled_) return NVRTC_ERROR_NO_NAME_EXPRESSIONS_AFTER_COMPILATION;
    if (!find(expression)) names_.push_back({expression, ""});
    return NVRTC_SUCCESS;
  }

  nvrtcResult lowered_name(const char* expression, const char** name) override {
    const std::lock_guard<std::mutex> lock(mutex_);
    if (!compiled_) return NVRTC_ERROR_NO_LOWERED_NAMES_BEFORE_COMPILATION;
    const NameExpression* found = find(expression);
    if (!found || found->lowered.empty()) return NVRTC_ERROR_NAME_EXPRESSION_NOT_VALID;
    *name = found->lowered.c_str();
    return NVRTC_SUCCESS;
  }

  nvrtcResult set_flow_callback(FlowCallback callback, void* payload) override {
    const std::lock_guard<std::mutex> lock(mutex_);
    callback_ = callback;
    payload_ = payload;
    return NVRTC_SUCCESS;
  }

  // Precompiled headers are never made: that is what these answers say.
  nvrtcResult pch_create_status() override { return NVRTC_ERROR_NO_PCH_CREATE_ATTEMPTED; }
  nvrtcResult pch_heap_size_required(size_t*) override { return NVRTC_ERROR_NO_PCH_CREATE_ATTEMPTED; }

 private:
  nvrtcResult fail(nvrtcResult result, const std::string& message) {
    log_ += message + "\n";
    return result;
  }

  NameExpression* find(const std::string& text) {
    const auto found = std::find_if(names_.begin(), names_.end(),
                                    [&](const NameExpression& name) { return name.text == text; });
    return found == names_.end() ? nullptr : &*found;
  }

  /// #line makes messages and __FILE__ speak of the program's own name.
  std::string whole_source(bool default_device) const {
    std::string text = "#line 1 " + quoted(source_.name) + "\n";
    if (default_device) text = "#pragma clang force_cuda_host_device begin\n" + text;
    text += source_.text + "\n";
    if (default_device) text += "#pragma clang force_cuda_host_device end\n";
    size_t index = 0;
    for (const NameExpression& name : names_) {
      text += "#line 1 " + quoted("name expression " + name.text) + "\n";
      text += "extern \"C\" __device__ const void* const __attribute__((used)) " + std::string(kVariable) +
              std::to_string(index++) + " = (const void*)(" + name.text + ");\n";
    }
    return text;
  }

  nvrtcResult compile_in(const fs::path& folder, const std::string& ppucc, const ClangOptions& options) {
    const fs::path source = folder / "program.cu", headers = folder / "headers",
                   output = folder / "program.ptx", messages = folder / "log";
    bool written = write_file(source, whole_source(options.default_device));
    for (const Header& header : source_.headers) {
      if (!stays_inside(header.include_name))
        return fail(NVRTC_ERROR_INVALID_INPUT,
                    "nvrtc: error: header name " + header.include_name + ": expected a relative path");
      written = written && write_file(headers / header.include_name, header.text);
    }
    if (!written) return fail(NVRTC_ERROR_INTERNAL_ERROR, "nvrtc: error: can't write to " + folder.string());
    // What NVRTC has without any header, as far as cuda_runtime.h, which ppucc includes, lacks it.
    std::vector<std::string> command = {
        ppucc, "-ptx", source.string(), "-o", output.string(), "-D__CUDACC_RTC__=1", "-I", headers.string()};
    command.insert(command.end(), {"-include", "assert.h", "-include", "initializer_list"});
    command.insert(command.end(), options.arguments.begin(), options.arguments.end());
    const fs::path beside = fs::path(source_.name).parent_path();  // NVRTC looks there too
    if (!beside.empty()) command.insert(command.end(), {"-I", beside.string()});
    const bool done = run_into_file(command, messages);
    log_ = read_file(messages);
    replace_all(log_, headers.string() + "/", "");
    replace_all(log_, source.string(), source_.name);
    if (done) ptx_ = read_file(output);
    if (ptx_.empty()) {
      if (log_.empty()) log_ = "nvrtc: error: " + ppucc + " made nothing\n";
      return NVRTC_ERROR_COMPILATION;
    }
    take_names();
    compiled_ = true;
    return NVRTC_SUCCESS;
  }

  /// Finds `.visible .const .align 8 .u64 ppu_nvrtc_name_0 = generic(name);` and removes the line.
  void take_names() {
    size_t index = 0;
    for (NameExpression& name : names_) {
      const std::string key = kVariable + std::to_string(index++) + " = ";
      const size_t at = ptx_.find(key);
      if (at == std::string::npos) continue;
      const size_t line = ptx_.rfind('\n', at) + 1, end = ptx_.find('\n', at);
      std::string value = ptx_.substr(at + key.size(), ptx_.find(';', at) - at - key.size());
      const std::string generic = "generic(";
      if (value.rfind(generic, 0) == 0)
        value = value.substr(generic.size(), value.size() - generic.size() - 1);
      if (value.find_first_of("+- ,(") == std::string::npos) name.lowered = value;
      ptx_.erase(line, end == std::string::npos ? std::string::npos : end + 1 - line);
    }
  }

  const Source source_;
  std::mutex mutex_;
  std::list<NameExpression> names_;  ///< a list: lowered names are handed out
  FlowCallback callback_ = nullptr;
  void* payload_ = nullptr;
};

}  // namespace

std::unique_ptr<Program> make_clang_program(Source source) {
  return std::make_unique<ClangProgram>(std::move(source));
}

}  // namespace ppu::nvrtc

#include "libs/nvvm/program.h"

#include <cstdlib>

#include "libs/nvvm/dialect.h"
#include "libs/shell/compiler_run.h"

namespace ppu::nvvm {
namespace {

/// libdevice: ppucc links our own device library, so NVIDIA's is left out.
bool is_device_library(std::string_view bytes) {
  return bytes.find("__nv_sinf") != bytes.npos && bytes.find("__nv_fast_sinf") != bytes.npos;
}

/// An option of libNVVM with the values it takes (libNVVM API, nvvmCompileProgram) and what each means for
/// LLVM's back end; null for nothing.
struct Choice {
  const char* name;
  const char* value;
  const char* meaning;
};
constexpr Choice kChoices[] = {
    {"-opt", "0", "-O0"},
    {"-opt", "1", "-O1"},
    {"-opt", "2", "-O2"},
    {"-opt", "3", "-O3"},
    {"-ftz", "0", nullptr},
    {"-ftz", "1", "ftz"},
    {"-prec-sqrt", "0", "-nvptx-prec-sqrtf32=0"},
    {"-prec-sqrt", "1", nullptr},
    {"-prec-div", "0", "-nvptx-prec-divf32=1"},
    {"-prec-div", "1", nullptr},
    {"-fma", "0", "-nvptx-fma-level=0"},
    {"-fma", "1", "-nvptx-fma-level=2"},
};

/// Code for targets that clang doesn't know is that of an earlier one; users look for the one they asked for.
void name_target(std::string& ptx, const std::string& target) {
  const size_t at = ptx.find(".target sm_");
  if (target.empty() || at == ptx.npos) return;
  const size_t start = at + std::string_view(".target ").size();
  ptx.replace(start, ptx.find_first_of(" ,\r\n", start) - start, target);
}

}  // namespace

Result<Flags> read_options(int count, const char** options) {
  Flags flags;
  std::string fma = "-nvptx-fma-level=2", optimise = "-O3";
  for (int i = 0; i < count; i++) {
    const std::string option = options[i] ? options[i] : "";
    const size_t equals = option.find('=');
    const std::string name = option.substr(0, equals),
                      value = equals == option.npos ? "" : option.substr(equals + 1);
    if (option == "-gen-lto") {
      flags.lto = true;
      continue;
    }
    // Line tables and debug information come with the IR itself, if it has any.
    if (option == "-g" || option == "-generate-line-info") continue;
    if (name == "-arch" && (value.starts_with("compute_") || value.starts_with("sm_"))) {
      flags.target = "sm_" + value.substr(value.find('_') + 1);
      flags.arguments.push_back("-arch=" + flags.target);
      continue;
    }
    const Choice* chosen = nullptr;
    for (const Choice& choice : kChoices)
      if (name == choice.name && value == choice.value) chosen = &choice;
    if (!chosen) return bad_input("libnvvm : error: " + option + " is an unsupported option");
    const std::string meaning = chosen->meaning ? chosen->meaning : "";
    if (name == "-opt")
      optimise = meaning;
    else if (name == "-fma")
      fma = meaning;
    else if (meaning == "ftz")
      flags.arguments.insert(flags.arguments.end(), {"-Xclang", "-fdenormal-fp-math-f32=preserve-sign"});
    else if (!meaning.empty())
      flags.arguments.insert(flags.arguments.end(), {"-mllvm", meaning});
  }
  flags.arguments.insert(flags.arguments.end(), {optimise, "-mllvm", fma});
  return flags;
}

void Program::add(std::string_view bytes, std::string name, bool lazy) {
  if (is_bitcode(bytes) && is_device_library(bytes)) return;
  made_with_.reset();
  modules_.push_back({is_bitcode(bytes) ? std::string(bytes) : modernised(bytes), std::move(name), lazy});
}

Status Program::compile(const Flags& flags) {
  if (made_with_ == flags) return Unit{};
  made_with_.reset();
  result_.clear();
  log_.clear();
  const std::string ppucc = shell::find_ppucc();
  if (ppucc.empty()) return resource("libnvvm : error: bin/ppucc of OpenPPU isn't there");
  const shell::ScratchFolder scratch;
  const auto& folder = scratch.path();
  if (folder.empty()) return resource("libnvvm : error: no folder for temporary files; set TMPDIR");
  std::vector<std::string> command = {ppucc, "-ptx", "-o", (folder / "program.ptx").string()};
  for (size_t i = 0; i < modules_.size(); i++) {
    const auto file =
        folder / ("module" + std::to_string(i) + (is_bitcode(modules_[i].text) ? ".bc" : ".ll"));
    if (!shell::write_file(file, modules_[i].text))
      return resource("libnvvm : error: can't write to " + folder.string());
    if (modules_[i].lazy) command.push_back("--link-if-used");
    command.push_back(file.string());
  }
  command.insert(command.end(), flags.arguments.begin(), flags.arguments.end());
  const bool done = shell::run_into_file(command, folder / "log");
  if (done) result_ = shell::read_file(folder / "program.ptx");
  if (result_.empty()) {
    log_ = shell::read_file(folder / "log");
    return bad_input("libnvvm : error: the IR doesn't compile");
  }
  name_target(result_, flags.target);
  if (!flags.lto) result_ += '\0';
  made_with_ = flags;
  return Unit{};
}

}  // namespace ppu::nvvm

// Each source becomes an object on its own, several at a time. A .cu file takes two clang runs (how clang
// itself splits CUDA): device to PTX, then host with the fat binary embedded, which clang registers at
// start-up.
#include "steps.h"

#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <mutex>
#include <sstream>
#include <string_view>
#include <thread>

#include "image/fatbin.h"
#include "link_stub.h"
#include "process.h"

namespace ppu::ppucc {
namespace fs = std::filesystem;
namespace {

enum class SourceKind { kCuda, kCxx, kC, kPtx, kIr, kLinked };

SourceKind kind_of(const std::string& path, const Options& options) {
  const std::string extension = fs::path(path).extension().string();
  const auto one_of = [&](std::initializer_list<const char*> names) {
    return std::any_of(names.begin(), names.end(), [&](const char* name) { return extension == name; });
  };
  if (extension == ".cu") return SourceKind::kCuda;
  if (extension == ".ptx") return SourceKind::kPtx;
  if (extension == ".ll" || extension == ".bc") return SourceKind::kIr;
  if (one_of({".cpp", ".cc", ".cxx", ".C", ".c++"}))
    return options.treat_as_cuda ? SourceKind::kCuda : SourceKind::kCxx;
  if (extension == ".c") return options.treat_as_cuda ? SourceKind::kCuda : SourceKind::kC;
  return SourceKind::kLinked;
}

/// A folder for intermediate files that goes away with the process's work.
class ScratchFolder {
 public:
  ScratchFolder() {
    const char* base = std::getenv("TMPDIR");
    std::string pattern = std::string(base && *base ? base : "/tmp") + "/ppucc-XXXXXX";
    if (mkdtemp(pattern.data())) path_ = pattern;
  }
  ~ScratchFolder() {
    std::error_code ignored;
    if (!path_.empty()) fs::remove_all(path_, ignored);
  }
  ScratchFolder(const ScratchFolder&) = delete;
  ScratchFolder& operator=(const ScratchFolder&) = delete;
  const fs::path& path() const { return path_; }

 private:
  fs::path path_;
};

std::string read_file(const fs::path& path) {
  std::ifstream in(path, std::ios::binary);
  std::stringstream text;
  text << in.rdbuf();
  return text.str();
}

// clang-format off
/// What the driver gives to every module.
constexpr std::string_view kDriversFunctions[] = {"vprintf", "malloc", "free", "__assertfail",
#define DEVICE_CALL(id, name, result, parameters) name,
#include "ptx/device_runtime.inc"
#undef DEVICE_CALL
};
// clang-format on

/// Functions that PTX declares and nobody defines, apart from the device's system calls. In a whole-program
/// compile nothing can define them later, so this is the moment to say so.
std::vector<std::string> undefined_functions(const std::string& ptx) {
  std::vector<std::string> names;
  std::stringstream lines(ptx);
  for (std::string line; std::getline(lines, line);) {
    if (line.rfind(".extern .func", 0) != 0) continue;
    line.erase(line.find_last_not_of(" \t\r(;") + 1);
    const std::string name = line.substr(line.find_last_of(" \t)") + 1);
    if (std::find(std::begin(kDriversFunctions), std::end(kDriversFunctions), name) ==
        std::end(kDriversFunctions))
      names.push_back(name);
  }
  return names;
}

class Build {
 public:
  Build(const Options& options, const Toolchain& toolchain) : options_(options), tools_(toolchain) {}

  int run() {
    if (scratch_.path().empty()) return complain("can't make a folder for intermediate files; set TMPDIR");
    std::vector<std::string> sources;
    for (const std::string& input : options_.inputs) {
      const SourceKind kind = kind_of(input, options_);
      if (kind == SourceKind::kIr) ir_.push_back(input);
      if (kind != SourceKind::kLinked && (kind != SourceKind::kIr || ir_.size() == 1))
        sources.push_back(input);
      if (access(input.c_str(), R_OK) != 0) return complain("can't read " + input);
    }
    if (options_.goal != Goal::kLink && !options_.output.empty() && sources.size() > 1)
      return complain("-o with -c, -ptx or -fatbin takes one source");
    if (const int status = compile_all(sources)) return status;
    return options_.goal == Goal::kLink ? link() : 0;
  }

 private:
  int complain(const std::string& message) {
    std::fprintf(stderr, "ppucc: %s\n", message.c_str());
    return 1;
  }

  int execute(const Command& command) {
    if (options_.verbose) {
      const std::lock_guard<std::mutex> lock(print_);
      std::fprintf(stderr, "%s\n", shell_text(command).c_str());
    }
    return options_.dry_run ? 0 : run_command(command);
  }

  int compile_all(const std::vector<std::string>& sources) {
    objects_.resize(options_.inputs.size());
    std::atomic<size_t> next{0};
    std::atomic<int> first_failure{0};
    const auto work = [&] {
      for (size_t i; (i = next++) < sources.size();) {
        const int status = compile(sources[i], i);
        int none = 0;
        if (status) first_failure.compare_exchange_strong(none, status);
      }
    };
    std::vector<std::thread> others;
    const size_t workers =
        std::min<size_t>(sources.size(), std::max(1u, std::thread::hardware_concurrency()));
    for (size_t i = 1; i < workers; ++i) others.emplace_back(work);
    work();
    for (std::thread& thread : others) thread.join();
    return first_failure;
  }

  /// Where the result of `source` goes: -o, or nvcc's default names; intermediate objects go to the scratch
  /// folder.
  std::string output_of(const std::string& source, size_t index, const char* extension) const {
    if (options_.goal != Goal::kLink)
      return options_.output.empty() ? fs::path(source).stem().string() + extension : options_.output;
    return (scratch_.path() / (std::to_string(index) + "-" + fs::path(source).stem().string() + extension))
        .string();
  }

  int compile(const std::string& source, size_t index) {
    const SourceKind kind = kind_of(source, options_);
    if (kind == SourceKind::kPtx)
      return options_.goal == Goal::kFatbin ? wrap_ptx_file(source, index)
                                            : complain(source + ": PTX can only be made into a -fatbin");
    if (kind == SourceKind::kIr) return compile_ir(index);
    if (options_.goal == Goal::kPreprocess) return preprocess(source, kind);
    if (kind != SourceKind::kCuda) return compile_host_only(source, index, kind);
    return compile_cuda(source, index);
  }

  int compile_host_only(const std::string& source, size_t index, SourceKind kind) {
    if (options_.goal == Goal::kPtx || options_.goal == Goal::kFatbin)
      return complain(source + ": no device code in it");
    Command command = {tools_.clang};
    if (kind == SourceKind::kC)
      command.insert(command.end(), {"-x", "c"});
    else
      command.push_back(options_.standard);
    append(command, {options_.optimisation, "-I", tools_.include.string()});
    append(command, core_library_stand_ins());
    append(command, options_.compile_flags);
    append(command, options_.host_flags);
    const std::string object = output_of(source, index, ".o");
    append(command, {"-c", source, "-o", object});
    remember(source, object);
    return execute(command);
  }

  /// Our small parts of CCCL come after the user's folders, so that a whole CCCL given by -I is used unmixed.
  Command core_library_stand_ins() const { return {"-isystem", (tools_.include / "cccl").string()}; }

  /// What both passes of a .cu file share. `-cuid` must be the same in both: it is part of the names that
  /// static device variables get. CCCL's concepts are declared as variadic functions, and only asked whether
  /// they could be called.
  Command cuda_command(const std::string& source, unsigned arch) const {
    Command command = {
        tools_.clang, "-x", "cuda", options_.standard, options_.optimisation,
        "--cuda-gpu-arch=sm_" + std::to_string(arch), "--cuda-path=" + tools_.include.parent_path().string(),
        "-nocudainc", "-nocudalib", "-Wno-unknown-cuda-version", "-Wno-unused-command-line-argument",
        // Errors of clang that are warnings of nvcc.
        "-Wno-register", "-Wno-error=c++11-narrowing", "-Xclang", "-target-sdk-version=12.5", "-Xclang",
        "-fcuda-allow-variadic-functions", "-I", tools_.include.string(), "-include", "cuda_runtime.h",
        "-cuid=" + source_id(source), "-fpass-plugin=" + tools_.plugin.string()};
    if (options_.relocatable) command.push_back("-fgpu-rdc");
    append(command, core_library_stand_ins());
    append(command, options_.compile_flags);
    return command;
  }

  static std::string source_id(const std::string& source) {
    uint64_t hash = 1469598103934665603ull;  // FNV-1a
    for (unsigned char c : fs::absolute(source).string()) hash = (hash ^ c) * 1099511628211ull;
    char text[17];
    std::snprintf(text, sizeof text, "%016llx", (unsigned long long)hash);
    return text;
  }

  int device_pass(const std::string& source, unsigned arch, const std::string& ptx) {
    Command command = cuda_command(source, arch);
    // A kernel may ask malloc for too much and look at the answer: it must really be called.
    append(command,
           {"--cuda-device-only", "-fno-builtin-malloc", "-Xclang", "-target-feature", "-Xclang", "+ptx85",
            "-S", "-Xclang", "-mlink-builtin-bitcode", "-Xclang", tools_.device_library.string()});
    append(command, options_.device_flags);
    append(command, {source, "-o", ptx});
    if (const int status = execute(command)) return status;
    if (options_.relocatable || options_.dry_run) return 0;
    for (const std::string& name : undefined_functions(read_file(ptx))) {
      if (name.rfind("__nv_", 0) == 0)
        return complain(source + ": device function " + name.substr(5) + " isn't in the device library yet");
      return complain(source + ": unresolved device function " + name + "; -rdc=true links across files");
    }
    return 0;
  }

  int write_file(const std::string& path, const std::vector<std::byte>& bytes) {
    std::ofstream out(path, std::ios::binary);
    out.write(reinterpret_cast<const char*>(bytes.data()), std::streamsize(bytes.size()));
    out.close();
    return out ? 0 : complain("can't write " + path);
  }

  int wrap(const std::vector<std::pair<unsigned, std::string>>& ptx_files, const std::string& fatbin) {
    if (options_.dry_run) return 0;
    std::vector<std::string> texts;
    std::vector<image::NewEntry> entries;
    for (const auto& [arch, path] : ptx_files) texts.push_back(read_file(path));
    for (size_t i = 0; i < texts.size(); ++i) {
      image::NewEntry entry;
      entry.arch = ptx_files[i].first;
      entry.code = texts[i];
      entries.push_back(entry);
    }
    const auto bytes = image::write_fatbin(entries);
    return bytes ? write_file(fatbin, bytes.value()) : complain(bytes.error().message);
  }

  int wrap_ptx_file(const std::string& source, size_t index) {
    return wrap({{options_.archs.front(), source}}, output_of(source, index, ".fatbin"));
  }

  int compile_cuda(const std::string& source, size_t index) {
    const std::string stem =
        (scratch_.path() / (std::to_string(index) + "-" + fs::path(source).stem().string())).string();
    std::vector<std::pair<unsigned, std::string>> ptx_files;
    for (unsigned arch : options_.archs) {
      std::string ptx = stem + ".sm_" + std::to_string(arch) + ".ptx";
      if (options_.goal == Goal::kPtx)
        ptx = output_of(source, index, ".ptx");
      else if (options_.keep)
        ptx = fs::path(source).stem().string() + ".sm_" + std::to_string(arch) + ".ptx";
      if (const int status = device_pass(source, arch, ptx)) return status;
      ptx_files.emplace_back(arch, ptx);
    }
    if (options_.goal == Goal::kPtx) return 0;
    if (options_.goal == Goal::kFatbin) return wrap(ptx_files, output_of(source, index, ".fatbin"));
    const std::string fatbin = stem + ".fatbin";
    if (const int status = wrap(ptx_files, fatbin)) return status;
    Command command = cuda_command(source, options_.archs.front());
    append(command, {"--cuda-host-only", "-Xclang", "-fcuda-include-gpubinary", "-Xclang", fatbin});
    append(command, options_.host_flags);
    const std::string object = output_of(source, index, ".o");
    append(command, {"-c", source, "-o", object});
    remember(source, object);
    return execute(command);
  }

  /// Device code as LLVM IR: all files of it together become one PTX text.
  int compile_ir(size_t index) {
    const std::string& source = ir_.front();
    if (options_.goal != Goal::kPtx) return complain(source + ": LLVM IR can only be made into -ptx");
    const Command common = {tools_.clang,
                            "-x",
                            "ir",
                            "--target=nvptx64-nvidia-cuda",
                            "-nogpulib",
                            "-Wno-override-module",
                            "-fpass-plugin=" + tools_.plugin.string(),
                            "-Wno-unknown-cuda-version"};
    Command command = common;
    append(command, {"-march=sm_" + std::to_string(options_.archs.front()), options_.optimisation, "-Xclang",
                     "-target-feature", "-Xclang", "+ptx85", "-S"});
    for (size_t i = 1; i < ir_.size(); ++i) {
      const std::string bitcode = (scratch_.path() / (std::to_string(i) + ".bc")).string();
      Command assemble = common;
      append(assemble, {"-O0", "-emit-llvm", "-c", ir_[i], "-o", bitcode});
      if (const int status = execute(assemble)) return status;
      append(command, {"-Xclang", "-mlink-bitcode-file", "-Xclang", bitcode});
    }
    for (const std::string& library : options_.link_if_used)
      append(command, {"-Xclang", "-mlink-builtin-bitcode", "-Xclang", library});
    append(command, {"-Xclang", "-mlink-builtin-bitcode", "-Xclang", tools_.device_library.string()});
    append(command, options_.compile_flags);
    append(command, {source, "-o", output_of(source, index, ".ptx")});
    return execute(command);
  }

  int preprocess(const std::string& source, SourceKind kind) {
    Command command = kind == SourceKind::kCuda ? cuda_command(source, options_.archs.front())
                                                : Command{tools_.clang, "-I", tools_.include.string()};
    if (kind == SourceKind::kCuda)
      command.push_back("--cuda-host-only");
    else
      append(command, options_.compile_flags);
    append(command, options_.host_flags);
    append(command, {"-E", source});
    if (!options_.output.empty()) append(command, {"-o", options_.output});
    return execute(command);
  }

  void remember(const std::string& source, const std::string& object) {
    const auto place = std::find(options_.inputs.begin(), options_.inputs.end(), source);
    objects_[size_t(place - options_.inputs.begin())] = object;
  }

  /// A program of relocatable device code needs the function that hands all its pieces to the runtime at
  /// once.
  int make_link_stub(const std::vector<std::string>& files, std::string* object) {
    const auto stub = link_stub_source(files);
    if (stub.empty() || options_.dry_run) return 0;
    const std::string source = (scratch_.path() / "link_stub.c").string();
    std::ofstream(source) << stub;
    *object = (scratch_.path() / "link_stub.o").string();
    return execute({tools_.clang, "-x", "c", "-O1", "-fPIC", "-c", source, "-o", *object});
  }

  int link() {
    Command command = {tools_.clang};
    std::vector<std::string> files;
    for (const std::string& flag : options_.link_flags) {
      const auto input = std::find(options_.inputs.begin(), options_.inputs.end(), flag);
      const bool is_input = input != options_.inputs.end();
      const std::string& object = is_input ? objects_[size_t(input - options_.inputs.begin())] : flag;
      command.push_back(object.empty() ? flag : object);
      if (is_input) files.push_back(command.back());
    }
    std::string stub;
    if (const int status = make_link_stub(files, &stub)) return status;
    if (!stub.empty()) command.push_back(stub);
    append(command, {"-o", options_.output.empty() ? "a.out" : options_.output, "-L", tools_.lib.string()});
    const bool level13 = options_.cuda_release == 13;
    if (options_.cudart == Cudart::kShared)
      append(command, {level13 ? "-l:libcudart.so.13" : "-lcudart", "-Wl,-rpath," + tools_.lib.string()});
    if (options_.cudart == Cudart::kStatic)
      command.push_back(level13 ? (tools_.lib / "level13/libcudart_static.a").string() : "-lcudart_static");
    append(command, {"-lpthread", "-ldl", "-lrt"});
    return execute(command);
  }

  static void append(Command& command, const std::vector<std::string>& words) {
    command.insert(command.end(), words.begin(), words.end());
  }

  const Options& options_;
  const Toolchain& tools_;
  ScratchFolder scratch_;
  std::mutex print_;
  std::vector<std::string> ir_;       ///< the inputs that are LLVM IR
  std::vector<std::string> objects_;  ///< by input; empty for what was given linked
};

}  // namespace

int build(const Options& options, const Toolchain& toolchain) {
  return Build(options, toolchain).run();
}

}  // namespace ppu::ppucc

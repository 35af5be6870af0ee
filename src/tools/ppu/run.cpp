// `ppu run`: looks at the program, puts OpenPPU into the environment and becomes the program.
//
// LD_AUDIT is what makes it work (the only means that wins against DT_RPATH and absolute paths, and it
// redirects embedded runtimes); LD_LIBRARY_PATH serves those who search for files themselves
// (ctypes.util.find_library). Children inherit both. LD_PRELOAD is left to the program: sanitizers and
// allocators want to come first there.
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>

#include "chip/chip.h"
#include "image/program.h"
#include "tools/ppu/commands.h"
#include "tools/ppu/diagnose.h"
#include "tools/ppu/paths.h"

namespace ppu::tools {
namespace {

/// The file that execvp(3) would start; empty when there is none. `*denied`: one was there but isn't
/// executable.
std::string find_program(const std::string& name, bool* denied) {
  *denied = false;
  const auto usable = [&](const std::string& path) {
    struct stat info{};
    if (::stat(path.c_str(), &info) != 0 || S_ISDIR(info.st_mode)) return false;
    if (::access(path.c_str(), X_OK) == 0) return true;
    *denied = true;
    return false;
  };
  if (name.find('/') != name.npos) return usable(name) ? name : std::string();
  const char* list = std::getenv("PATH");
  std::string rest = list ? list : "/bin:/usr/bin";
  while (true) {
    const size_t colon = rest.find(':');
    const std::string folder = rest.substr(0, colon);
    const std::string path = (folder.empty() ? "." : folder) + "/" + name;
    if (usable(path)) return path;
    if (colon == rest.npos) return {};
    rest = rest.substr(colon + 1);
  }
}

/// Puts `entry` in front of a colon-separated variable, unless it is in there already.
void put_in_front(const char* variable, const std::string& entry) {
  const char* old = std::getenv(variable);
  if (!old || !*old) {
    ::setenv(variable, entry.c_str(), 1);
    return;
  }
  const std::string padded = ":" + std::string(old) + ":";
  if (padded.find(":" + entry + ":") == padded.npos) ::setenv(variable, (entry + ":" + old).c_str(), 1);
}

/// Adds "NAME=value" to a variable that holds such flags, unless the user has set that one.
void add_flag(const char* variable, const std::string& name, const std::string& value) {
  const char* old = std::getenv(variable);
  const std::string flags = old ? old : "";
  if (flags.find(name) != flags.npos) return;
  ::setenv(variable, (flags + (flags.empty() ? "" : " ") + name + value).c_str(), 1);
}

void set_if_given(const char* variable, const std::string& value) {
  if (!value.empty()) ::setenv(variable, value.c_str(), 1);
}

void set_if_given(const char* variable, int value) {
  if (value >= 0) ::setenv(variable, std::to_string(value).c_str(), 1);
}

/// What PPU_CHIP is set to: a path must hold when the program changes its folder.
std::string lasting_name(const std::string& name_or_path) {
  std::error_code none;
  if (name_or_path.empty() || chip::find(name_or_path)) return name_or_path;
  return std::filesystem::absolute(name_or_path, none).string();
}

/// For those who compile at run time and must be asked for PTX, or told where a compiler is; a user's own
/// choice stays. CUDA_HOME only where there is no toolkit.
void set_compilers(const std::string& lib) {
  ::setenv("CUPY_COMPILE_WITH_PTX", "1", 0);
  ::setenv("TORCH_CUDA_ARCH_LIST", "8.0+PTX", 0);
  ::setenv("TRITON_LIBCUDA_PATH", lib.c_str(), 0);
  ::setenv("XLA_PYTHON_CLIENT_PREALLOCATE", "false", 0);  // of the host's memory, three quarters
  const std::string ptxas = own_bin_folder() + "/ptxas", toolkit = own_bin_folder() + "/../cuda-13";
  if (readable(ptxas)) {
    ::setenv("TRITON_PTXAS_PATH", ptxas.c_str(), 0);
    ::setenv("TRITON_PTXAS_BLACKWELL_PATH", ptxas.c_str(), 0);
  }
  // XLA takes the ptxas and the device library of this folder; and would time dozens of candidates for each
  // matrix product, which takes minutes in software.
  add_flag("XLA_FLAGS", "--xla_gpu_cuda_data_dir=", std::filesystem::weakly_canonical(toolkit).string());
  add_flag("XLA_FLAGS", "--xla_gpu_autotune_level=", "0");
  bool denied = false;
  const bool has_toolkit = std::getenv("CUDA_HOME") || std::getenv("CUDA_PATH") ||
                           !find_program("nvcc", &denied).empty() || readable("/usr/local/cuda/bin/nvcc");
  if (!has_toolkit && readable(toolkit + "/bin/nvcc"))
    ::setenv("CUDA_HOME", std::filesystem::weakly_canonical(toolkit).c_str(), 1);
}

void set_environment(const RunOptions& options) {
  const std::string lib = own_lib_folder();
  put_in_front("LD_AUDIT", lib + "/libppu_audit.so");
  put_in_front("LD_LIBRARY_PATH", lib);
  set_if_given("PPU_DEVICES", options.devices);
  set_if_given("PPU_WORKERS", options.workers);
  set_if_given("PPU_MEMORY_MB", options.memory_mib);
  if (options.timeout > 0) ::setenv("PPU_TIMEOUT", std::to_string(options.timeout).c_str(), 1);
  if (options.strict) ::setenv("PPU_STRICT", "1", 1);
  if (options.overreads) ::setenv("PPU_OVERREADS", "1", 1);
  set_if_given("PPU_CHIP", lasting_name(options.chip));
  set_if_given("PPU_ENGINE", options.engine);
  set_if_given("PPU_CPU", options.cpu);
  set_if_given("PPU_LOG", options.log);
  set_if_given("PPU_TIME", options.time);
  set_compilers(lib);
}

void become(const std::string& path, const std::vector<std::string>& command) {
  std::vector<char*> arguments;
  for (const std::string& argument : command) arguments.push_back(const_cast<char*>(argument.c_str()));
  arguments.push_back(nullptr);
  ::execv(path.c_str(), arguments.data());
  if (errno != ENOEXEC) return;
  // A script without #!: what every shell does.
  arguments[0] = const_cast<char*>(path.c_str());
  arguments.insert(arguments.begin(), const_cast<char*>("/bin/sh"));
  ::execv("/bin/sh", arguments.data());
}

/// True when a CUDA program can be given this chip; otherwise says why not.
bool can_be_given(const std::string& name_or_path) {
  const Result<const chip::Chip*> chip = chip::resolve(name_or_path);
  if (!chip) {
    std::fprintf(stderr, "ppu: --chip: %s\n", chip.error().message.c_str());
    return false;
  }
  if ((*chip.value()).runs_cuda()) return true;
  std::fprintf(stderr,
               "ppu: --chip %s: %s runs no CUDA programs (it has no compute capability); it is there for "
               "estimates: `ppu chips show %s`\n",
               name_or_path.c_str(), (*chip.value()).name, name_or_path.c_str());
  return false;
}

}  // namespace

int run(const RunOptions& options) {
  const std::string& name = options.command.front();
  if (!options.chip.empty() && !can_be_given(options.chip)) return kUsage;
  bool denied = false;
  const std::string path = find_program(name, &denied);
  if (path.empty()) {
    std::fprintf(stderr, "ppu: %s: %s\n", name.c_str(), denied ? "not executable" : "no such program");
    return denied ? kCannotRun : kNotFound;
  }
  if (!readable(own_lib_folder() + "/libppu_audit.so")) {
    std::fprintf(stderr, "ppu: %s/libppu_audit.so is missing: this installation is incomplete\n",
                 own_lib_folder().c_str());
    return kFailed;
  }
  if (!options.no_check) {
    const auto facts = image::inspect_program(path);
    const std::string reason = facts ? why_not(facts.value()) : std::string();
    if (!reason.empty()) {
      std::fprintf(stderr, "ppu: %s: %s (--no-check starts it all the same)\n", name.c_str(), reason.c_str());
      return kCannotRun;
    }
  }
  set_environment(options);
  become(path, options.command);
  std::fprintf(stderr, "ppu: %s: %s\n", name.c_str(), std::strerror(errno));
  return kCannotRun;
}

}  // namespace ppu::tools

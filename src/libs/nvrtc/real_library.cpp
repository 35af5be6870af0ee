// Finds and loads an installed NVRTC: it is a compiler, and needs neither NVIDIA's driver nor its runtime.
// Sought in this order: PPU_NVRTC=PATH; the path the program asked for (the audit library writes it into
// ppu_nvrtc_asked_path); the program's own library path; wheels beside loaded libraries; toolkits.
#include <dlfcn.h>
#include <glob.h>
#include <link.h>

#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>

#include "base/log.h"
#include "libs/nvrtc/program.h"

/// The absolute path by which the program wanted NVRTC, if it gave one. Filled in by libppu_audit.so before
/// any code of this library runs; tells our libraries from NVIDIA's too. 1024 bytes, as the audit library
/// knows.
extern "C" __attribute__((visibility("default"))) char ppu_nvrtc_asked_path[1024];
char ppu_nvrtc_asked_path[1024];

namespace ppu::nvrtc {
namespace fs = std::filesystem;
namespace {

/// Through here a path means the file itself: the audit library maps no name that starts so to ours.
constexpr const char* kUnmapped = "/proc/self/root";

std::string variable(const char* name) {
  const char* value = std::getenv(name);
  return value ? value : "";
}

void add_path_list(std::vector<std::string>& folders, const std::string& list) {
  for (size_t start = 0; start <= list.size();) {
    const size_t end = std::min(list.find(':', start), list.size());
    if (end > start) folders.push_back(list.substr(start, end - start));
    start = end + 1;
  }
}

/// DT_RUNPATH or DT_RPATH of the program, LD_LIBRARY_PATH and the system's folders, as the loader has them.
void add_search_path(std::vector<std::string>& folders) {
  void* program = dlopen(nullptr, RTLD_LAZY);
  if (!program) return;
  Dl_serinfo sizes = {};
  if (dlinfo(program, RTLD_DI_SERINFOSIZE, &sizes) == 0) {
    std::vector<char> room(sizes.dls_size);
    auto* info = reinterpret_cast<Dl_serinfo*>(room.data());
    std::memcpy(info, &sizes, std::min(sizeof sizes, room.size()));
    if (dlinfo(program, RTLD_DI_SERINFO, info) == 0)
      for (unsigned i = 0; i < info->dls_cnt; ++i) folders.push_back(info->dls_serpath[i].dls_name);
  }
  dlclose(program);
}

/// Python wheels keep NVRTC in nvidia/cuda_nvrtc/lib or nvidia/cu13/lib, beside those who use it.
void add_wheels(std::vector<std::string>& folders) {
  const auto look = [](dl_phdr_info* info, size_t, void* out) {
    const fs::path file = info->dlpi_name ? info->dlpi_name : "";
    if (!file.is_absolute()) return 0;
    std::error_code error;
    fs::path at = file.parent_path();
    for (int up = 0; up < 5 && at.has_relative_path(); ++up, at = at.parent_path()) {
      if (!fs::is_directory(at / "nvidia", error)) continue;
      for (const char* wheel : {"nvidia/cuda_nvrtc/lib", "nvidia/cu13/lib"})
        static_cast<std::vector<std::string>*>(out)->push_back((at / wheel).string());
      break;
    }
    return 0;
  };
  dl_iterate_phdr(look, &folders);
}

void add_toolkits(std::vector<std::string>& folders) {
  for (const char* name : {"CUDA_HOME", "CUDA_PATH", "CUDA_ROOT", "CONDA_PREFIX"})
    if (const std::string root = variable(name); !root.empty())
      for (const char* lib : {"/lib64", "/lib", "/targets/x86_64-linux/lib"}) folders.push_back(root + lib);
  glob_t found = {};
  for (const char* pattern :
       {"/usr/local/cuda/lib64", "/usr/local/cuda/lib", "/usr/local/cuda-*/lib64", "/usr/local/cuda-*/lib",
        "/usr/local/cuda-*/targets/x86_64-linux/lib", "/opt/cuda/lib64"})
    glob(pattern, found.gl_pathc ? GLOB_APPEND : 0, nullptr, &found);
  for (size_t i = found.gl_pathc; i-- > 0;) folders.push_back(found.gl_pathv[i]);  // newest first
  globfree(&found);
  // What ldconfig was told: the cache itself names no folder.
  std::error_code error;
  for (const auto& entry : fs::directory_iterator("/etc/ld.so.conf.d", error)) {
    std::ifstream in(entry.path());
    for (std::string line; std::getline(in, line);)
      if (!line.empty() && line[0] == '/') folders.push_back(line);
  }
}

/// Files to try: our own level first, then any other; the interface is the same.
std::vector<std::string> candidates() {
  std::vector<std::string> folders, files;
  if (*ppu_nvrtc_asked_path) files.push_back(ppu_nvrtc_asked_path);
  add_path_list(folders, variable("LD_LIBRARY_PATH"));
  add_search_path(folders);
  add_wheels(folders);
  add_toolkits(folders);
  const std::string own = "libnvrtc.so." + std::to_string(PPU_NVRTC_LEVEL);
  const std::string other = "libnvrtc.so." + std::to_string(PPU_NVRTC_LEVEL == 12 ? 13 : 12);
  for (const std::string& name : {own, other})
    for (const std::string& folder : folders) files.push_back(folder + "/" + name);
  return files;
}

/// NVRTC looks for its second half by soname alone, which no search path may cover: loaded before, it is
/// found.
void load_builtins(const fs::path& folder) {
  glob_t found = {};
  if (glob((folder / "libnvrtc-builtins.so*").c_str(), 0, nullptr, &found) == 0)
    for (size_t i = 0; i < found.gl_pathc; ++i) dlopen(found.gl_pathv[i], RTLD_NOW | RTLD_LOCAL);
  globfree(&found);
}

fs::path own_folder() {
  Dl_info self;
  std::error_code error;
  return dladdr(ppu_nvrtc_asked_path, &self) ? fs::canonical(self.dli_fname, error).parent_path() : "";
}

/// Null when the file isn't there, can't be loaded, or is ours.
void* load(const std::string& path) {
  std::error_code error;
  const fs::path file = fs::canonical(path, error);
  if (error || file.parent_path() == own_folder()) return nullptr;
  void* library = dlopen((kUnmapped + file.string()).c_str(), RTLD_NOW | RTLD_LOCAL);
  if (!library) {
    log("nvrtc", LogLevel::kInfo, "%s can't be loaded: %s", file.c_str(), dlerror());
    return nullptr;
  }
  if (dlsym(library, "ppu_nvrtc_asked_path") || !dlsym(library, "nvrtcCreateProgram")) {
    dlclose(library);
    return nullptr;
  }
  load_builtins(file.parent_path());
  log("nvrtc", LogLevel::kInfo, "compiles with %s", file.c_str());
  return library;
}

void* find_library() {
  const std::string wanted = variable("PPU_NVRTC");
  if (wanted == "clang") return nullptr;
  if (!wanted.empty()) {
    void* library = load(wanted);
    if (!library)
      log("nvrtc", LogLevel::kError, "PPU_NVRTC=%s: no NVRTC there; compiling with ppucc", wanted.c_str());
    return library;
  }
  for (const std::string& file : candidates())
    if (void* library = load(file)) return library;
  log("nvrtc", LogLevel::kInfo, "no NVRTC is installed; compiling with ppucc");
  return nullptr;
}

/// Null without a library, or when it lacks what every NVRTC has.
const RealApi* open_api() {
  void* library = find_library();
  if (!library) return nullptr;
  auto* api = new RealApi;
#define API(name, params, args) api->name = reinterpret_cast<decltype(&::name)>(dlsym(library, #name));
#define OLD(name, params, args)
#define NONE(name)
#include "libs/nvrtc/api.inc"
  const bool whole = api->nvrtcVersion && api->nvrtcCreateProgram && api->nvrtcDestroyProgram &&
                     api->nvrtcCompileProgram && api->nvrtcGetPTX && api->nvrtcGetPTXSize;
  return whole ? api : nullptr;
}

}  // namespace

const RealApi* real_api() {
  static const RealApi* const api = open_api();
  return api;
}

}  // namespace ppu::nvrtc

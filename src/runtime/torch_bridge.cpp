// Finding PyTorch in the process, its version, and the bridge beside our own library.
#include "runtime/torch_bridge.h"

#include <dlfcn.h>
#include <link.h>

#include <atomic>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <string>

#include "base/log.h"

namespace ppu::runtime {
namespace {

enum class State { kNotLookedFor, kOpening, kSettled };
std::atomic<State> state{State::kNotLookedFor};
std::atomic<void (*)()> capture_began{nullptr};
std::atomic<void (*)()> capture_ended{nullptr};

constexpr const char* kChannel = "torch";

std::string folder_of(const std::string& path) {
  return path.substr(0, path.rfind('/'));
}

/// Path of the library that PyTorch's CUDA operators are in; empty when it isn't loaded.
std::string loaded_libtorch() {
  void* const handle = ::dlopen("libtorch_cuda.so", RTLD_LAZY | RTLD_NOLOAD);
  if (!handle) return {};
  const link_map* map = nullptr;
  std::string path;
  if (::dlinfo(handle, RTLD_DI_LINKMAP, &map) == 0 && map) path = map->l_name;
  ::dlclose(handle);
  return path;
}

/// "2.15.0+cu132": a wheel says it in version.py, the C++ distribution in build-version. Empty when neither
/// does.
std::string version_of(const std::string& libtorch) {
  const std::string root = folder_of(folder_of(libtorch));
  std::string line;
  std::ifstream python(root + "/version.py");
  while (std::getline(python, line))
    if (line.rfind("__version__", 0) == 0) {
      const size_t from = line.find_first_of("'\"");
      if (from == line.npos) continue;
      return line.substr(from + 1, line.find_last_of("'\"") - from - 1);
    }
  std::ifstream plain(root + "/build-version");
  std::getline(plain, line);
  return line;
}

/// "2.15" of "2.15.0+cu132".
std::string minor_of(const std::string& version) {
  const size_t dot = version.find('.');
  return dot == version.npos ? version : version.substr(0, version.find('.', dot + 1));
}

std::string bridge_path(const std::string& minor) {
  if (const char* named = std::getenv("PPU_TORCH"); named && std::strchr(named, '/')) return named;
  Dl_info here{};
  ::dladdr(reinterpret_cast<void*>(&open_torch_bridge), &here);
  return folder_of(here.dli_fname ? here.dli_fname : "./") + "/bridges/libppu_torch-" + minor + ".so";
}

/// The bridge's function `name`.
template <class Function>
Function function_of(void* bridge, const char* name) {
  return reinterpret_cast<Function>(::dlsym(bridge, name));
}

bool is_for(void* bridge, const std::string& version) {
  const auto built_for = function_of<const char* (*)()>(bridge, "ppu_torch_built_for");
  return built_for && minor_of(built_for()) == minor_of(version);
}

void open_for(const std::string& libtorch) {
  const std::string version = version_of(libtorch);
  if (version.empty()) {
    log(kChannel, LogLevel::kWarn,
        "%s: its version can't be told; PyTorch's own operators will fail with error 209", libtorch.c_str());
    return;
  }
  const std::string path = bridge_path(minor_of(version));
  void* const bridge = ::dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL);
  if (!bridge) {
    const bool missing = !std::ifstream(path).good();
    const std::string why = missing ? "there is no " + path : std::string(::dlerror());
    log(kChannel, LogLevel::kWarn,
        "no bridge for PyTorch %s: %s; its own operators will fail with error 209. scripts/torch.sh builds "
        "one",
        version.c_str(), why.c_str());
    return;
  }
  const auto install = function_of<const char* (*)()>(bridge, "ppu_torch_install");
  if (!install || !is_for(bridge, version)) {
    log(kChannel, LogLevel::kWarn,
        "%s is no bridge for PyTorch %s; its own operators will fail with error 209", path.c_str(),
        version.c_str());
    return;
  }
  if (const char* why = install()) {
    log(kChannel, LogLevel::kWarn, "%s: %s; PyTorch's own operators will fail with error 209", path.c_str(),
        why);
    return;
  }
  capture_began = function_of<void (*)()>(bridge, "ppu_torch_capture_began");
  capture_ended = function_of<void (*)()>(bridge, "ppu_torch_capture_ended");
}

bool is_switched_off() {
  const char* const wish = std::getenv("PPU_TORCH");
  return wish && std::strcmp(wish, "off") == 0;
}

}  // namespace

void prepare_torch_bridge() {
  static std::atomic<bool> done{false};
  if (done.load(std::memory_order_relaxed) || is_switched_off()) return;
  const std::string libtorch = loaded_libtorch();
  if (libtorch.empty() || done.exchange(true)) return;
  // What is wrong with it is said when it is opened for work.
  const std::string version = version_of(libtorch);
  void* const bridge = ::dlopen(bridge_path(minor_of(version)).c_str(), RTLD_NOW | RTLD_LOCAL);
  if (!bridge || !is_for(bridge, version)) return;
  if (const auto prepare = function_of<void (*)()>(bridge, "ppu_torch_prepare")) prepare();
}

void open_torch_bridge() {
  if (state.load(std::memory_order_acquire) != State::kNotLookedFor) return;
  if (is_switched_off()) {
    state = State::kSettled;
    return;
  }
  const std::string libtorch = loaded_libtorch();
  if (libtorch.empty()) return;  // it may still come
  State expected = State::kNotLookedFor;
  if (!state.compare_exchange_strong(expected, State::kOpening)) return;
  open_for(libtorch);
  state.store(State::kSettled, std::memory_order_release);
}

void tell_torch_bridge_of_capture_begin() {
  if (void (*const tell)() = capture_began.load(std::memory_order_acquire)) tell();
}

void tell_torch_bridge_of_capture_end() {
  if (void (*const tell)() = capture_ended.load(std::memory_order_acquire)) tell();
}

}  // namespace ppu::runtime

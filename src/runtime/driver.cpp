#include "runtime/driver.h"

#include <dlfcn.h>

#include <atomic>
#include <cstdlib>
#include <mutex>
#include <string>

#include "base/call_trace.h"
#include "base/log.h"

namespace ppu::runtime {
namespace {

std::atomic<bool> exiting{false};

/// The libcuda beside this libcudart, or else the one the program's search path gives.
void* open_driver() {
  Dl_info here;
  if (dladdr(reinterpret_cast<const void*>(&open_driver), &here) && here.dli_fname) {
    std::string path = here.dli_fname;
    const size_t slash = path.rfind('/');
    if (slash != path.npos && path.find("libcudart.so") != path.npos) {
      path.replace(slash + 1, path.npos, "libcuda.so.1");
      if (void* handle = dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL)) return handle;
    }
  }
  return dlopen("libcuda.so.1", RTLD_NOW | RTLD_LOCAL);
}

CUresult load(Driver* table) {
  void* handle = open_driver();
  if (!handle) {
    log_once("runtime", "libcuda", "libcuda.so.1 cannot be loaded: %s; run the program with `ppu run`",
             dlerror());
    return CUDA_ERROR_STUB_LIBRARY;
  }
#define F(name)                                                                              \
  table->name = reinterpret_cast<decltype(&::name)>(dlsym(handle, #name));                   \
  if (!table->name) {                                                                        \
    log_once("runtime", #name, "libcuda.so.1 has no %s: it is older than libcudart", #name); \
    return CUDA_ERROR_SYSTEM_DRIVER_MISMATCH;                                                \
  }
  PPU_DRIVER_CALLS(F)
#undef F
  // Registered after libcuda's own handlers, so it runs before them: from then on nothing calls the driver.
  std::atexit([] { exiting.store(true); });
  if (std::getenv("PPU_PROFILE") || std::getenv("PPU_CHECK"))
    if (const auto observer = reinterpret_cast<CallObserver (*)()>(dlsym(handle, "ppu_call_observer_v1")))
      call_observer = observer();
  return table->cuInit(0);
}

}  // namespace

const Driver* driver(CUresult* why) {
  static Driver table{};
  static CUresult state = CUDA_SUCCESS;
  static std::once_flag once;
  std::call_once(once, [] { state = load(&table); });
  *why = exiting.load(std::memory_order_relaxed) ? CUDA_ERROR_DEINITIALIZED : state;
  return *why == CUDA_SUCCESS ? &table : nullptr;
}

bool process_is_exiting() {
  return exiting.load();
}

}  // namespace ppu::runtime

// The exported symbols of libcuda.so.1 and their table, made from api.inc. A row whose parameters differ from
// cuda.h fails to compile here: extern "C" allows one signature a name.
#include "device/host_thread.h"
#include "driver/entry.h"

#define PPU_EXPORT extern "C" __attribute__((visibility("default")))

// Rows that are written: body inside the wall, traced on request.
#define STUB(group, since, name, params, args)
#define NAME(since, name)
#define API(group, since, name, params, args)                                                      \
  PPU_EXPORT CUresult name params {                                                                \
    const ppu::ObservedCall ppu_call;                                                              \
    const CUresult ppu_result = ppu::driver::enter(#name, [&] { return ppu::driver::name args; }); \
    ppu_call.returns(#name, ppu_result, false);                                                    \
    if (ppu::trace_enabled())                                                                      \
      ppu::trace_call(#name, ppu::argument_list args, ppu::driver::result_name(ppu_result));       \
    return ppu_result;                                                                             \
  }
#include "driver/api.inc"
#undef API
#undef STUB

// Rows that are owed: the parameters are checked all the same.
#define API(group, since, name, params, args)
#define STUB(group, since, name, params, args)                                                             \
  PPU_EXPORT CUresult name params {                                                                        \
    if (ppu::trace_enabled()) ppu::trace_call(#name, ppu::argument_list args, "CUDA_ERROR_NOT_SUPPORTED"); \
    return ppu::driver::not_implemented(#name);                                                            \
  }
#include "driver/api.inc"
#undef API
#undef STUB
#undef NAME

// Names only: no declaration in cuda.h, and the System V ABI lets a callee ignore its arguments.
#define API(group, since, name, params, args)
#define STUB(group, since, name, params, args)
#define NAME(since, name)                       \
  PPU_EXPORT CUresult name() {                  \
    return ppu::driver::not_implemented(#name); \
  }
#include "driver/api.inc"
#undef API
#undef STUB
#undef NAME

/// Whom our runtime's entry points tell of their calls; null unless this process is profiled. No part of
/// CUDA.
PPU_EXPORT ppu::CallObserver ppu_call_observer_v1() {
  return ppu::call_observer;
}

/// For our stand-ins of NVIDIA's libraries: host functions at this address may run on any thread, and in
/// several streams at once. No part of CUDA.
PPU_EXPORT void ppu_library_work_v1(void (*function)(void*)) {
  ppu::device::declare_library_work(function);
}

namespace ppu::driver {
namespace {

const EntryPoint kEntryPoints[] = {
#define API(group, since, name, params, args) {#name, since, true, reinterpret_cast<void*>(&::name)},
#define STUB(group, since, name, params, args) {#name, since, false, reinterpret_cast<void*>(&::name)},
#define NAME(since, name) {#name, since, false, reinterpret_cast<void*>(&::name)},
#include "driver/api.inc"
#undef API
#undef STUB
#undef NAME
};

}  // namespace

const EntryPoint* entry_points(size_t* count) {
  *count = sizeof kEntryPoints / sizeof *kEntryPoints;
  return kEntryPoints;
}

}  // namespace ppu::driver

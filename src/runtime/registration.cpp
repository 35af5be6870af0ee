// The entry points that compiled programs call by themselves: nvcc's and clang's host stubs register fat
// binaries, kernels and variables at start, and push and pop launch configurations around <<<...>>>. Their C
// signatures are fixed by the compilers. None of them touches the driver except __cudaInitModule.
#include "runtime/registration.h"

#include "base/call_trace.h"
#include "runtime/launch.h"
#include "runtime/torch_bridge.h"

#define PPU_EXPORT extern "C" __attribute__((visibility("default")))

using namespace ppu::runtime;

namespace {

Module& module_of(void** handle) {
  return *reinterpret_cast<Module*>(handle);
}

}  // namespace

PPU_EXPORT void** __cudaRegisterFatBinary(void* wrapper) {
  return reinterpret_cast<void**>(add_module(wrapper));
}

PPU_EXPORT void __cudaRegisterFatBinaryEnd(void**) {
  prepare_torch_bridge();
}

PPU_EXPORT void __cudaUnregisterFatBinary(void** handle) {
  if (handle) remove_module(module_of(handle));
}

PPU_EXPORT void __cudaRegisterFunction(void** handle, const char* host, char*, const char* name, int, uint3*,
                                       uint3*, dim3*, dim3*, int*) {
  add_kernel(module_of(handle), host, name);
}

PPU_EXPORT void __cudaRegisterVar(void** handle, char* host, char*, const char* name, int, size_t bytes, int,
                                  int) {
  add_variable(module_of(handle), host, name, bytes);
}

PPU_EXPORT void __cudaRegisterManagedVar(void** handle, void** host_pointer, char*, const char* name, int,
                                         size_t bytes, int, int) {
  add_managed_variable(module_of(handle), host_pointer, name, bytes);
}

// A host variable that device code may name: with one address space for both there is nothing to do.
PPU_EXPORT void __cudaRegisterHostVar(void**, const char*, char*, size_t) {}

// Function tables of the unified memory model: OpenPPU does not call host code from kernels.
PPU_EXPORT void __cudaRegisterUnifiedTable(void**, const void*) {}

/// Before the host touches a managed variable; ppucc's programs name no module, as the variable may be
/// another's.
PPU_EXPORT char __cudaInitModule(void** handle) {
  cudaError_t why = cudaSuccess;
  const Driver* d = current_driver(&why);
  if (d) why = handle ? load_module(*d, module_of(handle)) : load_managed_modules(*d);
  return record_error(why) == cudaSuccess;
}

PPU_EXPORT unsigned __cudaPushCallConfiguration(dim3 grid, dim3 block, size_t shared_bytes,
                                                cudaStream_t stream) {
  thread_state().configurations.push_back({grid, block, shared_bytes, stream});
  return 0;
}

PPU_EXPORT cudaError_t __cudaPopCallConfiguration(dim3* grid, dim3* block, size_t* shared_bytes,
                                                  void* stream) {
  auto& configurations = thread_state().configurations;
  if (configurations.empty()) return record_error(cudaErrorMissingConfiguration);
  const CallConfiguration& top = configurations.back();
  *grid = top.grid;
  *block = top.block;
  *shared_bytes = top.shared_bytes;
  *static_cast<cudaStream_t*>(stream) = top.stream;
  configurations.pop_back();
  return cudaSuccess;
}

// Stubs of nvcc 13 keep this handle in a static variable for good, so it must outlive cudaDeviceReset and
// serve every device: it is our own record, not the driver's handle, and asking for it cannot fail.
PPU_EXPORT cudaError_t __cudaGetKernel(cudaKernel_t* kernel, const void* host) {
  Kernel* record = find_kernel(host);
  *kernel = reinterpret_cast<cudaKernel_t>(record);
  return record ? cudaSuccess : record_error(cudaErrorInvalidDeviceFunction);
}

PPU_EXPORT cudaError_t __cudaLaunchKernel(cudaKernel_t kernel, dim3 grid, dim3 block, void** params,
                                          size_t shared_bytes, cudaStream_t stream) {
  return record_error(launch(kernel, {grid, block, shared_bytes, resolve_stream(stream)}, params, false));
}

PPU_EXPORT cudaError_t __cudaLaunchKernel_ptsz(cudaKernel_t kernel, dim3 grid, dim3 block, void** params,
                                               size_t shared_bytes, cudaStream_t stream) {
  const PerThreadDefault scope;
  return record_error(launch(kernel, {grid, block, shared_bytes, resolve_stream(stream)}, params, false));
}

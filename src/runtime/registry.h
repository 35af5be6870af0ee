// What programs register at start: fat binaries, kernels and variables, keyed by the address of their host
// counterpart. Nothing is loaded before first use.
#pragma once
#include <atomic>
#include <cstdint>
#include <mutex>
#include <string>
#include <vector>

#include "runtime/context.h"

namespace ppu::runtime {

struct ManagedVariable {
  void** host_pointer;  ///< the program's pointer that must hold the address once loaded
  std::string name;
};

/// One registered fat binary (or linked set of pieces). Lives until the process ends.
struct Module {
  const void* wrapper = nullptr;     ///< the program's 24-byte fatbin wrapper
  std::atomic<CUlibrary> library{};  ///< null until loaded
  std::mutex mutex;                  ///< held while loading
  bool unregistered = false;
  std::vector<ManagedVariable> managed;
  std::vector<const void*> hosts;  ///< keys of its kernels and variables in the registry
};

/// A kernel by its host stub. Its address is what __cudaGetKernel hands out.
struct Kernel {
  Module* module = nullptr;
  const void* host = nullptr;
  std::string name;                ///< PTX name
  std::atomic<CUkernel> handle{};  ///< null until first used
};

/// A __device__ or __constant__ variable by its host shadow.
struct Variable {
  Module* module = nullptr;
  std::string name;
  size_t bytes = 0;
  bool managed = false;
};

/// The kernel registered for a host stub, or null.
Kernel* find_kernel(const void* host);
/// The variable registered for a host shadow, or null.
Variable* find_variable(const void* host);
/// True if `kernel` is an address of a Kernel record.
bool is_kernel_record(const void* kernel);

/// Loads the kernel's module if it isn't loaded and gives the driver's handle.
cudaError_t load_kernel(const Driver& driver, Kernel& kernel, CUkernel* handle);
/// Device address and size of a variable in the current context.
cudaError_t load_variable(const Driver& driver, Variable& variable, CUdeviceptr* address, size_t* bytes);

/// The driver's handle for what a program may pass as a kernel: a host stub, a cudaKernel_t of ours or of a
/// library. cudaErrorInvalidDeviceFunction for anything else.
cudaError_t resolve_kernel(const Driver& driver, const void* function, CUkernel* handle);

/// Notes a kernel handle given to the program, so that resolve_kernel accepts it.
void note_library_kernel(CUkernel kernel);

/// The host stub whose kernel is `function` in the current context, or null: a library's or the driver's own.
const void* host_stub_of(const Driver& driver, CUfunction function);

/// Loads every module that has managed variables: their host pointers must be right before a kernel or host
/// code uses them.
cudaError_t load_managed_modules(const Driver& driver);

/// After cudaDeviceReset: everything is loaded afresh when next used.
void forget_loaded_modules(const Driver& driver);

}  // namespace ppu::runtime

#include "runtime/registry.h"

#include <memory>
#include <shared_mutex>
#include <unordered_map>
#include <unordered_set>

#include "base/log.h"
#include "runtime/fatbin_link.h"
#include "runtime/registration.h"

namespace ppu::runtime {
namespace {

/// Never destroyed: programs register before our constructors run and unregister after our destructors.
struct Registry {
  std::shared_mutex mutex;
  std::unordered_map<const void*, Kernel*> kernels;  ///< by host stub
  std::unordered_set<const void*> kernel_records;    ///< every Kernel made, also of dead modules
  std::unordered_map<const void*, std::unique_ptr<Variable>> variables;  ///< by host shadow
  std::unordered_set<const void*> library_kernels;         ///< CUkernel handles given to the program
  std::unordered_map<CUfunction, const void*> host_stubs;  ///< found so far, by the driver's handle
  std::vector<Module*> modules;
  std::atomic<bool> managed_pending{false};  ///< some module with managed variables is not loaded
};

Registry& registry() {
  static Registry* instance = new Registry;
  return *instance;
}

/// Points the program's managed pointers at the loaded variables.
CUresult bind_managed(const Driver& driver, Module& module, CUlibrary library) {
  for (const ManagedVariable& variable : module.managed) {
    CUdeviceptr address = 0;
    size_t bytes = 0;
    const CUresult r = driver.cuLibraryGetManaged(&address, &bytes, library, variable.name.c_str());
    if (r != CUDA_SUCCESS) return r;
    *variable.host_pointer = reinterpret_cast<void*>(address);
  }
  return CUDA_SUCCESS;
}

template <class Table>
void forget(Table& table, const void* host, const Module& module) {
  const auto entry = table.find(host);
  if (entry != table.end() && entry->second->module == &module) table.erase(entry);
}

}  // namespace

Module* add_module(const void* wrapper) {
  auto* module = new Module;
  module->wrapper = wrapper;
  const std::unique_lock lock(registry().mutex);
  registry().modules.push_back(module);
  return module;
}

void add_kernel(Module& module, const void* host, const char* name) {
  auto* kernel = new Kernel;
  kernel->module = &module;
  kernel->host = host;
  kernel->name = name;
  const std::unique_lock lock(registry().mutex);
  module.hosts.push_back(host);
  registry().kernels[host] = kernel;
  registry().kernel_records.insert(kernel);
}

void add_variable(Module& module, const void* host, const char* name, size_t bytes) {
  const std::unique_lock lock(registry().mutex);
  module.hosts.push_back(host);
  registry().variables[host] = std::make_unique<Variable>(&module, name, bytes, false);
}

void add_managed_variable(Module& module, void** host_pointer, const char* name, size_t bytes) {
  const std::unique_lock lock(registry().mutex);
  module.managed.push_back({host_pointer, name});
  module.hosts.push_back(host_pointer);
  registry().variables[host_pointer] = std::make_unique<Variable>(&module, name, bytes, true);
  registry().managed_pending = true;
}

void remove_module(Module& module) {
  CUlibrary library = nullptr;
  {
    const std::unique_lock lock(registry().mutex);
    module.unregistered = true;
    for (const void* host : module.hosts) {  // another module may have taken the address since
      forget(registry().kernels, host, module);
      forget(registry().variables, host, module);
    }
    module.hosts.clear();
    registry().host_stubs.clear();
    library = module.library.exchange(nullptr);
  }
  if (!library || process_is_exiting()) return;
  cudaError_t why = cudaSuccess;
  if (const Driver* d = bare_driver(&why)) d->cuLibraryUnload(library);
}

cudaError_t load_module(const Driver& driver, Module& module) {
  if (module.library.load(std::memory_order_acquire)) return cudaSuccess;
  const std::lock_guard lock(module.mutex);
  if (module.library.load()) return cudaSuccess;
  if (module.unregistered) return cudaErrorInvalidDeviceFunction;
  CUlibrary library = nullptr;
  CUresult result = load_wrapper(driver, module.wrapper, &library);
  if (result == CUDA_SUCCESS) result = bind_managed(driver, module, library);
  if (result != CUDA_SUCCESS) return from_driver(result);
  module.library.store(library, std::memory_order_release);
  return cudaSuccess;
}

Kernel* find_kernel(const void* host) {
  const std::shared_lock lock(registry().mutex);
  const auto found = registry().kernels.find(host);
  return found == registry().kernels.end() ? nullptr : found->second;
}

Variable* find_variable(const void* host) {
  const std::shared_lock lock(registry().mutex);
  const auto found = registry().variables.find(host);
  if (found != registry().variables.end()) return found->second.get();
  // The compilers replace a managed variable by what its pointer holds, also where a symbol is asked for.
  for (const auto& [pointer, variable] : registry().variables)
    if (variable->managed && host && *static_cast<const void* const*>(pointer) == host) return variable.get();
  return nullptr;
}

bool is_kernel_record(const void* kernel) {
  const std::shared_lock lock(registry().mutex);
  return registry().kernel_records.contains(kernel);
}

cudaError_t load_kernel(const Driver& driver, Kernel& kernel, CUkernel* handle) {
  *handle = kernel.handle.load(std::memory_order_acquire);
  if (*handle) return cudaSuccess;
  if (const cudaError_t e = load_module(driver, *kernel.module); e != cudaSuccess) {
    if (e == cudaErrorNoKernelImageForDevice)
      log_once("runtime", kernel.name.c_str(), "kernel %s is in the program as machine code only",
               kernel.name.c_str());
    return e;
  }
  const CUresult result =
      driver.cuLibraryGetKernel(handle, kernel.module->library.load(), kernel.name.c_str());
  if (result == CUDA_ERROR_NOT_FOUND) return cudaErrorInvalidDeviceFunction;
  if (result != CUDA_SUCCESS) return from_driver(result);
  kernel.handle.store(*handle, std::memory_order_release);
  return cudaSuccess;
}

cudaError_t load_variable(const Driver& driver, Variable& variable, CUdeviceptr* address, size_t* bytes) {
  if (const cudaError_t e = load_module(driver, *variable.module); e != cudaSuccess) return e;
  const CUlibrary library = variable.module->library.load();
  const CUresult result = variable.managed
                              ? driver.cuLibraryGetManaged(address, bytes, library, variable.name.c_str())
                              : driver.cuLibraryGetGlobal(address, bytes, library, variable.name.c_str());
  return result == CUDA_ERROR_NOT_FOUND ? cudaErrorInvalidSymbol : from_driver(result);
}

cudaError_t resolve_kernel(const Driver& driver, const void* function, CUkernel* handle) {
  Kernel* kernel = nullptr;
  {
    const std::shared_lock lock(registry().mutex);
    if (const auto found = registry().kernels.find(function); found != registry().kernels.end())
      kernel = found->second;
    else if (registry().kernel_records.contains(function))
      kernel = const_cast<Kernel*>(static_cast<const Kernel*>(function));
    else if (!registry().library_kernels.contains(function))
      return cudaErrorInvalidDeviceFunction;
  }
  if (kernel) return load_kernel(driver, *kernel, handle);
  *handle = static_cast<CUkernel>(const_cast<void*>(function));
  return cudaSuccess;
}

void note_library_kernel(CUkernel kernel) {
  const std::unique_lock lock(registry().mutex);
  registry().library_kernels.insert(kernel);
}

const void* host_stub_of(const Driver& driver, CUfunction function) {
  const std::unique_lock lock(registry().mutex);
  std::unordered_map<CUfunction, const void*>& known = registry().host_stubs;
  if (const auto found = known.find(function); found != known.end()) return found->second;
  for (const auto& [host, kernel] : registry().kernels) {
    CUfunction candidate = nullptr;
    const CUkernel handle = kernel->handle.load(std::memory_order_acquire);
    if (handle && driver.cuKernelGetFunction(&candidate, handle) == CUDA_SUCCESS) known[candidate] = host;
  }
  const auto found = known.find(function);
  return found == known.end() ? nullptr : found->second;
}

cudaError_t load_managed_modules(const Driver& driver) {
  if (!registry().managed_pending.load(std::memory_order_acquire)) return cudaSuccess;
  std::vector<Module*> modules;
  {
    const std::shared_lock lock(registry().mutex);
    for (Module* module : registry().modules)
      if (!module->managed.empty() && !module->unregistered) modules.push_back(module);
  }
  registry().managed_pending.store(false);
  for (Module* module : modules)
    if (const cudaError_t e = load_module(driver, *module); e != cudaSuccess) return e;
  return cudaSuccess;
}

void forget_loaded_modules(const Driver& driver) {
  const std::unique_lock lock(registry().mutex);
  registry().host_stubs.clear();
  for (const void* record : registry().kernel_records)
    const_cast<Kernel*>(static_cast<const Kernel*>(record))->handle.store(nullptr);
  for (Module* module : registry().modules) {
    if (const CUlibrary library = module->library.exchange(nullptr)) driver.cuLibraryUnload(library);
    if (!module->managed.empty()) registry().managed_pending = true;
  }
}

}  // namespace ppu::runtime

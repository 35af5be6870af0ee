// Filling the registry: called by the registration entry points only.
#pragma once
#include "runtime/registry.h"

namespace ppu::runtime {

Module* add_module(const void* wrapper);
void add_kernel(Module& module, const void* host, const char* name);
void add_variable(Module& module, const void* host, const char* name, size_t bytes);
void add_managed_variable(Module& module, void** host_pointer, const char* name, size_t bytes);
/// Forgets a module's kernels and variables and unloads it, unless the process is ending.
void remove_module(Module& module);
/// Loads a module if it isn't loaded; binds its managed variables.
cudaError_t load_module(const Driver& driver, Module& module);

}  // namespace ppu::runtime

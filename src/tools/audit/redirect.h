// Redirects an embedded copy of NVIDIA's runtime to ours: the program's own cuda* functions, found by name in
// its symbol table, are made to jump to our libcudart. NVIDIA's code is then never entered.
#pragma once
#include <link.h>

#include <cstddef>

namespace ppu::audit {

/// Looks into a just mapped object (`path`: its file, `name`: what messages call it) and redirects what it
/// finds. Call before any of the object's code runs. Says one line when the object can't be helped (stripped,
/// CUDA 11).
void redirect_embedded_runtime(const struct link_map* object, const char* path, const char* name);

/// Looks a dynamic symbol up in a mapped object (its GNU hash table). Null when it isn't there. `size`, if
/// given, gets its size in bytes.
void* symbol_in(const struct link_map* object, const char* name, size_t* size = nullptr);

/// Remembers the program's own libc, through which our libcudart is loaded when the first call arrives.
void remember_libc(const struct link_map* object);

}  // namespace ppu::audit

// Maps one x86-64 ELF relocatable object (what the code generator emits for a kernel) into executable memory.
// Small on purpose: allocated sections, five relocation kinds, a GOT and call stubs of our own; no LLVM, no
// dynamic linker. Every number in the object is checked before use: a damaged object is refused, never run.
#pragma once
#include <cstddef>
#include <span>
#include <string_view>

#include "base/result.h"

namespace ppu::exec {

/// A mapped object, owned by the caller until unmap_object.
struct MappedObject {
  void* base = nullptr;
  size_t bytes = 0;
  void* entry = nullptr;
};

/// Loads `object`, code pages read+execute, constants read-only, data read+write; `entry` is the address of
/// the global function `entry_symbol`. Errors: kBadInput for anything malformed, with what; kUnsupported for
/// a relocation or an external symbol outside the fixed list (named).
Result<MappedObject> map_object(std::span<const std::byte> object, std::string_view entry_symbol);

void unmap_object(const MappedObject& object);

/// Address of a function generated code may call by name (memcpy, fmod, __udivti3...); nullptr if unknown.
void* external_symbol(std::string_view name);

}  // namespace ppu::exec

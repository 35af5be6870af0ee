// What a cudaMemcpyKind says about the two ends of a copy.
#pragma once
#include "runtime/entry.h"

namespace ppu::runtime {

bool known_kind(enum cudaMemcpyKind kind);
CUmemorytype source_memory(enum cudaMemcpyKind kind);
CUmemorytype target_memory(enum cudaMemcpyKind kind);

}  // namespace ppu::runtime

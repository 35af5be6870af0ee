// What a cudaMemcpyKind says about the two ends of a copy.
#pragma once
#include "runtime/entry.h"

namespace ppu::runtime {

bool known_kind(enum cudaMemcpyKind kind);
CUmemorytype source_memory(enum cudaMemcpyKind kind);
CUmemorytype target_memory(enum cudaMemcpyKind kind);

/// The driver's description of a copy.
cudaError_t translate_copy(const Driver& driver, const cudaMemcpy3DParms& params, CUDA_MEMCPY3D* copy);
/// And back: the row length of memory is its pitch, which is all the driver keeps of it.
cudaError_t translate_back(const Driver& driver, const CUDA_MEMCPY3D& copy, cudaMemcpy3DParms* params);
/// A copy of `bytes` bytes as a description.
CUDA_MEMCPY3D linear_copy(void* dst, const void* src, size_t bytes, enum cudaMemcpyKind kind);
/// Address `offset` bytes into a symbol; cudaErrorInvalidValue if `bytes` from there don't fit.
cudaError_t symbol_range(const void* symbol, size_t offset, size_t bytes, char** address);

}  // namespace ppu::runtime

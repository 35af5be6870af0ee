// Element types of matrices that CBLAS doesn't know, as floats and back: half, bfloat16, FP8, 8-bit integers.
#pragma once
#include <library_types.h>

#include <cstddef>
#include <cstdint>

namespace ppu::cublas {

/// Bytes of one element; 0 for a type that no function here takes.
size_t element_bytes(cudaDataType type);

/// True for the types below: half, bfloat16, FP8 E4M3 and E5M2, int8 and float itself.
bool converts(cudaDataType type);

/// n elements as floats: exact.
void to_float(cudaDataType type, const void* from, float* to, size_t n);

/// n floats rounded to nearest even; FP8 saturates at its largest number (as the CUDA conversions "satfinite"
/// do), int8 too.
void from_float(cudaDataType type, const float* from, void* to, size_t n);

}  // namespace ppu::cublas

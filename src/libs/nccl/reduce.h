// The arithmetic of reductions, for every type of NCCL. Half, bfloat16 and FP8 are computed in float and
// rounded after every step.
#pragma once
#include <nccl.h>

#include <cstdint>

namespace ppu::nccl {

/// Bytes of an element; 0: no such type.
size_t element_bytes(ncclDataType_t type);

/// to[i] = op(a[i], b[i]) for the four plain operations (ncclAvg adds); `to` may be `a` or `b`.
void reduce(ncclDataType_t type, ncclRedOp_t op, const void* a, const void* b, void* to, size_t count);

/// to[i] = from[i] * *scalar, a number of the type itself.
void multiply(ncclDataType_t type, const void* scalar, const void* from, void* to, size_t count);

/// x[i] /= n: what makes an average of a sum. Integers are cut towards zero.
void divide(ncclDataType_t type, void* x, size_t count, int n);

}  // namespace ppu::nccl

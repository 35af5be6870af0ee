// Products of bfloat16 and 8-bit integers on the tensor units of the CPU: opens libppu_onednn.so, which lies
// beside this library, at the first one. Where it is missing, or has no such product, the caller goes its own
// way.
#pragma once
#include "libs/cublas/matmul.h"
#include "libs/onednn/fast_product.h"

namespace ppu::cublas {

/// What is done to a whole product besides alpha and beta.
struct FastFinish {
  onednn::Function function = onednn::Function::kNone;
  const void* bias = nullptr;  ///< one number a row of D, only where alpha is 1; null: none
  cudaDataType bias_type = CUDA_R_32F;
};

/// The whole batch of p, from bfloat16 into bfloat16 or float, or from int8 into int32. False: nothing was
/// done.
bool fast_multiply(const Product& p, float alpha, float beta, const FastFinish& finish = {});

/// op(A) op(B) of one matrix of the batch, dense and column-major, where p's inputs allow it.
bool fast_multiply(const Product& p, int64_t batch, float* result);
bool fast_multiply(const Product& p, int64_t batch, int32_t* result);

}  // namespace ppu::cublas

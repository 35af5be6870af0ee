// Products of matrices of any types that cuBLAS mixes: D = alpha op(A) op(B) + beta C, in batches. GemmEx and
// its kin are this.
#pragma once
#include <library_types.h>
#include <ppu/cublas_api.h>

#include <cstdint>

namespace ppu::cublas {

/// One operand: column-major, `ld` elements from column to column, `stride` from matrix to matrix of a batch;
/// or, if `list`, the address of an array of addresses.
struct Operand {
  void* data = nullptr;
  cudaDataType type = CUDA_R_32F;
  int64_t ld = 0;
  int64_t stride = 0;
  bool list = false;
  char* of(int64_t batch) const;
};

struct Product {
  cublasOperation_t ta = CUBLAS_OP_N, tb = CUBLAS_OP_N;
  int64_t m = 0, n = 0, k = 0, count = 1;
  Operand a, b, c, d;  ///< c and d may be the same matrix
  cublasComputeType_t compute = CUBLAS_COMPUTE_32F;
  cudaDataType scale = CUDA_R_32F;  ///< type of the two scalars
};

/// The type that alpha and beta have for a computation into `result` (cuBLAS documentation, cublasGemmEx);
/// false when that pair isn't defined.
bool scale_type(cublasComputeType_t compute, cudaDataType result, cudaDataType* scale);

/// CUBLAS_STATUS_SUCCESS if these types can be multiplied, _NOT_SUPPORTED (logged by name) if not.
cublasStatus_t check_types(const Product& p);

/// op(A) op(B) of one matrix of the batch, as floats or 32-bit integers, dense and column-major: for types
/// that check_types takes as floats, or int8. Sums of integers wrap.
void multiply(const Product& p, int64_t batch, float* result);
void multiply(const Product& p, int64_t batch, int32_t* result);

/// Does it, on this thread and OpenBLAS's. `alpha` and `beta` point to scalars of type p.scale. Half and
/// bfloat16 products are summed in float and rounded once.
void run(const Product& p, const void* alpha, const void* beta);

}  // namespace ppu::cublas

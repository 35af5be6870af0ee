// cuBLAS for programs built with ppucc: types and functions of the cuBLAS documentation (the current, "_v2",
// interface). The functions that exist once for each number type come from ppu/cublas_rows.inc, which the
// library is built from.
#pragma once
#include <cuComplex.h>
#include <cuda_bf16.h>
#include <cuda_fp16.h>
#include <ppu/cublas_api.h>

#ifdef __cplusplus
extern "C" {
#endif
cublasStatus_t cublasHgemm(cublasHandle_t handle, cublasOperation_t transa, cublasOperation_t transb, int m,
                           int n, int k, const __half* alpha, const __half* a, int lda, const __half* b,
                           int ldb, const __half* beta, __half* c, int ldc);
cublasStatus_t cublasHgemmBatched(cublasHandle_t handle, cublasOperation_t transa, cublasOperation_t transb,
                                  int m, int n, int k, const __half* alpha, const __half* const a[], int lda,
                                  const __half* const b[], int ldb, const __half* beta, __half* const c[],
                                  int ldc, int count);
cublasStatus_t cublasHgemmStridedBatched(cublasHandle_t handle, cublasOperation_t transa,
                                         cublasOperation_t transb, int m, int n, int k, const __half* alpha,
                                         const __half* a, int lda, long long int stridea, const __half* b,
                                         int ldb, long long int strideb, const __half* beta, __half* c,
                                         int ldc, long long int stridec, int count);
#ifdef __cplusplus
}
#endif

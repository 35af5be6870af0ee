// The bodies that ppu/cublas_ex_rows.inc and ppu/cublas_half_rows.inc are bound to: declared from the rows
// with 64-bit counts, which narrow ones go into; what takes arrays or answers a count exists for both.
#pragma once
#include "libs/cublas/handle.h"

#define PPU_HALF uint16_t
#define PPU_BFLOAT16 uint16_t

namespace ppu::cublas {

#define EX(tail, params, args) Status tail params;
#define PPU_INT int64_t
#include <ppu/cublas_ex_rows.inc>
#include <ppu/cublas_half_rows.inc>
#undef PPU_INT
#undef EX
Status IamaxEx(cublasHandle_t h, int64_t n, const void* x, cudaDataType xtype, int64_t incx, int* result);
Status IaminEx(cublasHandle_t h, int64_t n, const void* x, cudaDataType xtype, int64_t incx, int* result);
Status GemmGroupedBatchedEx(cublasHandle_t handle, const cublasOperation_t transa[],
                            const cublasOperation_t transb[], const int m[], const int n[], const int k[],
                            const void* alpha, const void* const a[], cudaDataType atype, const int lda[],
                            const void* const b[], cudaDataType btype, const int ldb[], const void* beta,
                            void* const c[], cudaDataType ctype, const int ldc[], int groups,
                            const int sizes[], cublasComputeType_t compute);
Status SgemmGroupedBatched(cublasHandle_t handle, const cublasOperation_t transa[],
                           const cublasOperation_t transb[], const int m[], const int n[], const int k[],
                           const float alpha[], const float* const a[], const int lda[],
                           const float* const b[], const int ldb[], const float beta[], float* const c[],
                           const int ldc[], int groups, const int sizes[]);
Status DgemmGroupedBatched(cublasHandle_t handle, const cublasOperation_t transa[],
                           const cublasOperation_t transb[], const int m[], const int n[], const int k[],
                           const double alpha[], const double* const a[], const int lda[],
                           const double* const b[], const int ldb[], const double beta[], double* const c[],
                           const int ldc[], int groups, const int sizes[]);

}  // namespace ppu::cublas

// cublasXt: level 3 on the program's own memory. The CPU is the device, so a call is cuBLAS's, which doesn't
// come back before the result is there; tiles, pinning and the CPU's share are kept and mean nothing.
#include <cublasXt.h>

#include "libs/cublas/bodies.h"
#include "libs/shell/handles.h"

struct cublasXtContext {
  cublasHandle_t handle = nullptr;
  int block = 1024;
  cublasXtPinnedMemMode_t pinning = CUBLASXT_PINNING_DISABLED;
  ~cublasXtContext() { cublasDestroy_v2(handle); }
};

namespace ppu::cublas {
namespace {

auto& contexts = shell::handles<cublasXtContext>();

template <class Body>
Status with(cublasXtHandle_t handle, Body body) {
  cublasXtContext* context = contexts.find(handle);
  return context ? body(*context) : CUBLAS_STATUS_NOT_INITIALIZED;
}
/// Runs call(a handle of cuBLAS) to its end.
template <class Call>
Status run(cublasXtHandle_t handle, Call call) {
  return with(handle, [&](const cublasXtContext& context) {
    const AnyOperands any;
    if (const Status bad = call(context.handle)) return bad;
    return cudaStreamSynchronize(nullptr) == cudaSuccess ? kOk : kFailed;
  });
}

/// The whole of a symmetric matrix whose columns above or below the diagonal follow each other.
template <class T>
std::vector<T> unpacked(cublasFillMode_t uplo, size_t n, const T* ap) {
  std::vector<T> a(n * n);
  for (size_t j = 0; j < n; ++j) {
    const bool upper = uplo == CUBLAS_FILL_MODE_UPPER;
    for (size_t i = upper ? 0 : j; i < (upper ? j + 1 : n); ++i) a[i + j * n] = a[j + i * n] = *ap++;
  }
  return a;
}
Status symm(cublasHandle_t h, cublasSideMode_t side, int64_t m, int64_t n, const float* alpha, const float* a,
            int64_t lda, const float* b, int64_t ldb, const float* beta, float* c, int64_t ldc) {
  return cublasSsymm_v2_64(h, side, CUBLAS_FILL_MODE_UPPER, m, n, alpha, a, lda, b, ldb, beta, c, ldc);
}
Status symm(cublasHandle_t h, cublasSideMode_t side, int64_t m, int64_t n, const double* alpha,
            const double* a, int64_t lda, const double* b, int64_t ldb, const double* beta, double* c,
            int64_t ldc) {
  return cublasDsymm_v2_64(h, side, CUBLAS_FILL_MODE_UPPER, m, n, alpha, a, lda, b, ldb, beta, c, ldc);
}
Status symm(cublasHandle_t h, cublasSideMode_t side, int64_t m, int64_t n, const cuComplex* alpha,
            const cuComplex* a, int64_t lda, const cuComplex* b, int64_t ldb, const cuComplex* beta,
            cuComplex* c, int64_t ldc) {
  return cublasCsymm_v2_64(h, side, CUBLAS_FILL_MODE_UPPER, m, n, alpha, a, lda, b, ldb, beta, c, ldc);
}
Status symm(cublasHandle_t h, cublasSideMode_t side, int64_t m, int64_t n, const cuDoubleComplex* alpha,
            const cuDoubleComplex* a, int64_t lda, const cuDoubleComplex* b, int64_t ldb,
            const cuDoubleComplex* beta, cuDoubleComplex* c, int64_t ldc) {
  return cublasZsymm_v2_64(h, side, CUBLAS_FILL_MODE_UPPER, m, n, alpha, a, lda, b, ldb, beta, c, ldc);
}
template <class T>
Status spmm(cublasXtHandle_t handle, cublasSideMode_t side, cublasFillMode_t uplo, size_t m, size_t n,
            const T* alpha, const T* ap, const T* b, size_t ldb, const T* beta, T* c, size_t ldc) {
  return run(handle, [&](cublasHandle_t h) {
    if (!known(uplo) || !known(side) || !ap) return kBad;
    const size_t order = side == CUBLAS_SIDE_LEFT ? m : n;
    const std::vector<T> a = unpacked(uplo, order, ap);
    // Waits: the matrix lives here.
    const Status status = symm(h, side, int64_t(m), int64_t(n), alpha, a.data(),
                               std::max<int64_t>(1, int64_t(order)), b, int64_t(ldb), beta, c, int64_t(ldc));
    cudaStreamSynchronize(nullptr);
    return status;
  });
}

}  // namespace
}  // namespace ppu::cublas

#define PPU_EXPORT extern "C" __attribute__((visibility("default")))
using namespace ppu::cublas;

PPU_EXPORT cublasStatus_t cublasXtCreate(cublasXtHandle_t* handle) {
  if (!handle) return kBad;
  cublasHandle_t inner = nullptr;
  if (const Status status = cublasCreate_v2(&inner)) return status;
  *handle = contexts.make();
  contexts.find(*handle)->handle = inner;
  return kOk;
}
PPU_EXPORT cublasStatus_t cublasXtDestroy(cublasXtHandle_t handle) {
  return contexts.destroy(handle) ? kOk : CUBLAS_STATUS_NOT_INITIALIZED;
}
// A device is a board of its own.
PPU_EXPORT cublasStatus_t cublasXtGetNumBoards(int count, int devices[], int* boards) {
  if (count < 1 || !devices || !boards) return kBad;
  *boards = count;
  return kOk;
}
PPU_EXPORT cublasStatus_t cublasXtMaxBoards(int* boards) {
  if (!boards) return kBad;
  return cudaGetDeviceCount(boards) == cudaSuccess ? kOk : CUBLAS_STATUS_NOT_INITIALIZED;
}
PPU_EXPORT cublasStatus_t cublasXtDeviceSelect(cublasXtHandle_t handle, int count, int devices[]) {
  return with(handle, [&](cublasXtContext&) {
    int present = 0;
    if (count < 1 || !devices || cudaGetDeviceCount(&present) != cudaSuccess) return kBad;
    for (int i = 0; i < count; ++i)
      if (devices[i] < 0 || devices[i] >= present) return kBad;
    return kOk;
  });
}
PPU_EXPORT cublasStatus_t cublasXtSetBlockDim(cublasXtHandle_t handle, int block) {
  return with(handle, [&](cublasXtContext& context) {
    if (block <= 0) return kBad;
    context.block = block;
    return kOk;
  });
}
PPU_EXPORT cublasStatus_t cublasXtGetBlockDim(cublasXtHandle_t handle, int* block) {
  return with(handle, [&](const cublasXtContext& context) {
    if (!block) return kBad;
    *block = context.block;
    return kOk;
  });
}
PPU_EXPORT cublasStatus_t cublasXtSetPinningMemMode(cublasXtHandle_t handle, cublasXtPinnedMemMode_t mode) {
  return with(handle, [&](cublasXtContext& context) {
    if (mode != CUBLASXT_PINNING_DISABLED && mode != CUBLASXT_PINNING_ENABLED) return kBad;
    context.pinning = mode;
    return kOk;
  });
}
PPU_EXPORT cublasStatus_t cublasXtGetPinningMemMode(cublasXtHandle_t handle, cublasXtPinnedMemMode_t* mode) {
  return with(handle, [&](const cublasXtContext& context) {
    if (!mode) return kBad;
    *mode = context.pinning;
    return kOk;
  });
}
PPU_EXPORT cublasStatus_t cublasXtSetCpuRoutine(cublasXtHandle_t handle, cublasXtBlasOp_t routine,
                                                cublasXtOpType_t type, void*) {
  return with(handle, [&](cublasXtContext&) {
    return unsigned(routine) < CUBLASXT_ROUTINE_MAX && unsigned(type) <= CUBLASXT_DOUBLECOMPLEX ? kOk : kBad;
  });
}
PPU_EXPORT cublasStatus_t cublasXtSetCpuRatio(cublasXtHandle_t handle, cublasXtBlasOp_t routine,
                                              cublasXtOpType_t type, float ratio) {
  return with(handle, [&](cublasXtContext&) {
    const bool valid = ratio >= 0 && ratio <= 1 && unsigned(routine) < CUBLASXT_ROUTINE_MAX &&
                       unsigned(type) <= CUBLASXT_DOUBLECOMPLEX;
    return valid ? kOk : kBad;
  });
}

// The lambda's handle is cuBLAS's.
#define PPU_XT(name, same, params, args)                                  \
  PPU_EXPORT cublasStatus_t name params {                                 \
    return run(handle, [&](cublasHandle_t handle) { return same args; }); \
  }
#define PPU_XT_SPMM(name, type, params, args) \
  PPU_EXPORT cublasStatus_t name params {     \
    return spmm<type> args;                   \
  }
#include <ppu/cublasxt_types.inc>

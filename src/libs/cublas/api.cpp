// Bodies of api.inc: handles and their settings, copies, and products of mixed types.
#include <cmath>
#include <cstring>
#include <memory>

#include "base/log.h"
#include "libs/cublas/level3.h"
#include "libs/cublas/matmul.h"
#include "libs/cublas/numbers.h"

namespace ppu::cublas {
namespace {

constexpr int kVersion[3] = {PPU_CUBLAS_LEVEL, PPU_CUBLAS_LEVEL == 13 ? 0 : 8, 0};

/// A scalar of any type, at the place the pointer mode says; see Scalar in handle.h.
class AnyScalar {
 public:
  AnyScalar(cublasHandle_t h, const void* at, cudaDataType type) : at_(at) {
    if (h->pointer_mode == CUBLAS_POINTER_MODE_DEVICE) return;
    std::memcpy(value_, at, element_bytes(type));
    at_ = nullptr;
  }
  const void* get() const { return at_ ? at_ : value_; }

 private:
  alignas(16) unsigned char value_[16] = {};
  const void* at_;
};

bool reach_operand(const Operand& x, Stored size, int64_t count) {
  if (x.list) return reachable(x.data, size_t(count) * sizeof(void*));
  const size_t bytes = matrix_bytes(size.rows, size.columns, x.ld, element_bytes(x.type));
  return reachable(x.of(0), bytes) && reachable(x.of(count - 1), bytes);
}

Status multiply(cublasHandle_t h, Product p, const void* alpha, const void* beta) {
  const Status bad = check_gemm(p.ta, p.tb, p.m, p.n, p.k, alpha, beta, p.a.ld, p.b.ld, p.c.ld);
  if (bad != kOk) return bad;
  if (p.count < 0) return kBad;
  if (!scale_type(p.compute, p.c.type, &p.scale)) return kNotDone;
  p.d = p.c;
  if (const Status types = check_types(p); types != kOk) return types;
  if (p.m == 0 || p.n == 0 || p.count == 0) return kOk;
  if (!reach_operand(p.a, stored(p.ta, p.m, p.k), p.count) ||
      !reach_operand(p.b, stored(p.tb, p.k, p.n), p.count) || !reach_operand(p.c, {p.m, p.n}, p.count))
    return kFailed;
  return enqueue(h, [=, al = AnyScalar(h, alpha, p.scale), be = AnyScalar(h, beta, p.scale)] {
    run(p, al.get(), be.get());
  });
}

void* writable(const void* p) {
  return const_cast<void*>(p);
}
template <class T>
void* address_of_list(T* const* list) {
  return const_cast<void*>(static_cast<const void*>(list));
}

}  // namespace

Status cublasCreate_v2(cublasHandle_t* handle) {
  if (!handle) return kBad;
  int devices = 0;
  if (cudaGetDeviceCount(&devices) != cudaSuccess || devices == 0) return CUBLAS_STATUS_NOT_INITIALIZED;
  if (cudaFree(nullptr) != cudaSuccess)
    return CUBLAS_STATUS_NOT_INITIALIZED;  // makes the context, as cuBLAS does
  *handle = new cublasContext;
  add_live(*handle);
  return kOk;
}

Status cublasDestroy_v2(cublasHandle_t handle) {
  if (!remove_live(handle)) return CUBLAS_STATUS_NOT_INITIALIZED;
  cudaStreamSynchronize(handle->stream);
  cudaGetLastError();  // a stream that was destroyed first is no error of ours
  delete handle;
  return kOk;
}

Status cublasGetVersion_v2(cublasHandle_t, int* version) {
  if (!version) return kBad;
  *version = kVersion[0] * 10000 + kVersion[1] * 100 + kVersion[2];
  return kOk;
}

Status cublasGetProperty(libraryPropertyType type, int* value) {
  if (!value || unsigned(type) > PATCH_LEVEL) return kBad;
  *value = kVersion[type];
  return kOk;
}

Status cublasSetStream_v2(cublasHandle_t h, cudaStream_t stream) {
  h->stream = stream;
  h->workspace = nullptr, h->workspace_bytes = 0;  // back to the default one, as documented
  return kOk;
}

Status cublasSetWorkspace_v2(cublasHandle_t h, void* workspace, size_t bytes) {
  if (reinterpret_cast<uintptr_t>(workspace) % 256) return kBad;
  h->workspace = workspace, h->workspace_bytes = bytes;
  return kOk;
}

#define PPU_SETTING(name, type, field, valid)            \
  Status cublasSet##name(cublasHandle_t h, type value) { \
    if (!(valid)) return kBad;                           \
    h->field = value;                                    \
    return kOk;                                          \
  }                                                      \
  PPU_GETTING(name, type, field)
#define PPU_GETTING(name, type, field)                    \
  Status cublasGet##name(cublasHandle_t h, type* value) { \
    if (!value) return kBad;                              \
    *value = h->field;                                    \
    return kOk;                                           \
  }
PPU_GETTING(Stream_v2, cudaStream_t, stream)
PPU_SETTING(PointerMode_v2, cublasPointerMode_t, pointer_mode, unsigned(value) <= CUBLAS_POINTER_MODE_DEVICE)
PPU_SETTING(AtomicsMode, cublasAtomicsMode_t, atomics, unsigned(value) <= CUBLAS_ATOMICS_ALLOWED)
PPU_SETTING(MathMode, cublasMath_t, math, unsigned(value) < 32)
PPU_SETTING(SmCountTarget, int, sm_count_target, value >= 0)
#undef PPU_SETTING
#undef PPU_GETTING

namespace {
cublasLogCallback log_callback = nullptr;
}
Status cublasLoggerConfigure(int, int, int, const char*) {
  return kOk;
}  // PPU_TRACE=api shows the calls
Status cublasSetLoggerCallback(cublasLogCallback callback) {
  log_callback = callback;
  return kOk;
}
Status cublasGetLoggerCallback(cublasLogCallback* callback) {
  if (!callback) return kBad;
  *callback = log_callback;
  return kOk;
}

namespace {

/// A vector is a matrix of one row whose columns are `inc` elements apart.
Status copy_matrix_bytes(int rows, int columns, int size, const void* a, int lda, void* b, int ldb,
                         cudaMemcpyKind kind, cudaStream_t stream, bool wait) {
  if (rows < 0 || columns < 0 || size <= 0 || lda < std::max(1, rows) || ldb < std::max(1, rows)) return kBad;
  if (rows == 0 || columns == 0) return kOk;
  const size_t unit = size_t(size);
  const cudaError_t done = wait ? cudaMemcpy2D(b, size_t(ldb) * unit, a, size_t(lda) * unit,
                                               size_t(rows) * unit, size_t(columns), kind)
                                : cudaMemcpy2DAsync(b, size_t(ldb) * unit, a, size_t(lda) * unit,
                                                    size_t(rows) * unit, size_t(columns), kind, stream);
  return done == cudaSuccess ? kOk : CUBLAS_STATUS_MAPPING_ERROR;
}
Status copy_vector_bytes(int n, int size, const void* x, int incx, void* y, int incy, cudaMemcpyKind kind,
                         cudaStream_t stream, bool wait) {
  if (incx <= 0 || incy <= 0) return kBad;
  return copy_matrix_bytes(1, n, size, x, incx, y, incy, kind, stream, wait);
}

}  // namespace

Status cublasSetVector(int n, int size, const void* x, int incx, void* y, int incy) {
  return copy_vector_bytes(n, size, x, incx, y, incy, cudaMemcpyHostToDevice, nullptr, true);
}
Status cublasGetVector(int n, int size, const void* x, int incx, void* y, int incy) {
  return copy_vector_bytes(n, size, x, incx, y, incy, cudaMemcpyDeviceToHost, nullptr, true);
}
Status cublasSetMatrix(int rows, int columns, int size, const void* a, int lda, void* b, int ldb) {
  return copy_matrix_bytes(rows, columns, size, a, lda, b, ldb, cudaMemcpyHostToDevice, nullptr, true);
}
Status cublasGetMatrix(int rows, int columns, int size, const void* a, int lda, void* b, int ldb) {
  return copy_matrix_bytes(rows, columns, size, a, lda, b, ldb, cudaMemcpyDeviceToHost, nullptr, true);
}
Status cublasSetVectorAsync(int n, int size, const void* x, int incx, void* y, int incy,
                            cudaStream_t stream) {
  return copy_vector_bytes(n, size, x, incx, y, incy, cudaMemcpyHostToDevice, stream, false);
}
Status cublasGetVectorAsync(int n, int size, const void* x, int incx, void* y, int incy,
                            cudaStream_t stream) {
  return copy_vector_bytes(n, size, x, incx, y, incy, cudaMemcpyDeviceToHost, stream, false);
}
Status cublasSetMatrixAsync(int rows, int columns, int size, const void* a, int lda, void* b, int ldb,
                            cudaStream_t stream) {
  return copy_matrix_bytes(rows, columns, size, a, lda, b, ldb, cudaMemcpyHostToDevice, stream, false);
}
Status cublasGetMatrixAsync(int rows, int columns, int size, const void* a, int lda, void* b, int ldb,
                            cudaStream_t stream) {
  return copy_matrix_bytes(rows, columns, size, a, lda, b, ldb, cudaMemcpyDeviceToHost, stream, false);
}

Status cublasGemmStridedBatchedEx(cublasHandle_t h, cublasOperation_t ta, cublasOperation_t tb, int m, int n,
                                  int k, const void* alpha, const void* a, cudaDataType at, int lda,
                                  long long int sa, const void* b, cudaDataType bt, int ldb, long long int sb,
                                  const void* beta, void* c, cudaDataType ct, int ldc, long long int sc,
                                  int count, cublasComputeType_t compute, cublasGemmAlgo_t) {
  return multiply(h,
                  {ta,
                   tb,
                   m,
                   n,
                   k,
                   count,
                   {writable(a), at, lda, sa},
                   {writable(b), bt, ldb, sb},
                   {c, ct, ldc, sc},
                   {},
                   compute},
                  alpha, beta);
}

Status cublasGemmEx(cublasHandle_t h, cublasOperation_t ta, cublasOperation_t tb, int m, int n, int k,
                    const void* alpha, const void* a, cudaDataType at, int lda, const void* b,
                    cudaDataType bt, int ldb, const void* beta, void* c, cudaDataType ct, int ldc,
                    cublasComputeType_t compute, cublasGemmAlgo_t algo) {
  return cublas::cublasGemmStridedBatchedEx(h, ta, tb, m, n, k, alpha, a, at, lda, 0, b, bt, ldb, 0, beta, c,
                                            ct, ldc, 0, 1, compute, algo);
}

Status cublasGemmBatchedEx(cublasHandle_t h, cublasOperation_t ta, cublasOperation_t tb, int m, int n, int k,
                           const void* alpha, const void* const a[], cudaDataType at, int lda,
                           const void* const b[], cudaDataType bt, int ldb, const void* beta, void* const c[],
                           cudaDataType ct, int ldc, int count, cublasComputeType_t compute,
                           cublasGemmAlgo_t) {
  return multiply(h,
                  {ta,
                   tb,
                   m,
                   n,
                   k,
                   count,
                   {address_of_list(a), at, lda, 0, true},
                   {address_of_list(b), bt, ldb, 0, true},
                   {address_of_list(c), ct, ldc, 0, true},
                   {},
                   compute},
                  alpha, beta);
}

Status cublasSgemmEx(cublasHandle_t h, cublasOperation_t ta, cublasOperation_t tb, int m, int n, int k,
                     const float* alpha, const void* a, cudaDataType at, int lda, const void* b,
                     cudaDataType bt, int ldb, const float* beta, void* c, cudaDataType ct, int ldc) {
  return cublas::cublasGemmEx(h, ta, tb, m, n, k, alpha, a, at, lda, b, bt, ldb, beta, c, ct, ldc,
                              CUBLAS_COMPUTE_32F, CUBLAS_GEMM_DEFAULT);
}

Status cublasHgemm(cublasHandle_t h, cublasOperation_t ta, cublasOperation_t tb, int m, int n, int k,
                   const uint16_t* alpha, const uint16_t* a, int lda, const uint16_t* b, int ldb,
                   const uint16_t* beta, uint16_t* c, int ldc) {
  return cublas::cublasGemmEx(h, ta, tb, m, n, k, alpha, a, CUDA_R_16F, lda, b, CUDA_R_16F, ldb, beta, c,
                              CUDA_R_16F, ldc, CUBLAS_COMPUTE_16F, CUBLAS_GEMM_DEFAULT);
}
Status cublasHgemmBatched(cublasHandle_t h, cublasOperation_t ta, cublasOperation_t tb, int m, int n, int k,
                          const uint16_t* alpha, const uint16_t* const a[], int lda,
                          const uint16_t* const b[], int ldb, const uint16_t* beta, uint16_t* const c[],
                          int ldc, int count) {
  return cublas::cublasGemmBatchedEx(h, ta, tb, m, n, k, alpha, reinterpret_cast<const void* const*>(a),
                                     CUDA_R_16F, lda, reinterpret_cast<const void* const*>(b), CUDA_R_16F,
                                     ldb, beta, reinterpret_cast<void* const*>(c), CUDA_R_16F, ldc, count,
                                     CUBLAS_COMPUTE_16F, CUBLAS_GEMM_DEFAULT);
}
Status cublasHgemmStridedBatched(cublasHandle_t h, cublasOperation_t ta, cublasOperation_t tb, int m, int n,
                                 int k, const uint16_t* alpha, const uint16_t* a, int lda, long long int sa,
                                 const uint16_t* b, int ldb, long long int sb, const uint16_t* beta,
                                 uint16_t* c, int ldc, long long int sc, int count) {
  return cublas::cublasGemmStridedBatchedEx(h, ta, tb, m, n, k, alpha, a, CUDA_R_16F, lda, sa, b, CUDA_R_16F,
                                            ldb, sb, beta, c, CUDA_R_16F, ldc, sc, count, CUBLAS_COMPUTE_16F,
                                            CUBLAS_GEMM_DEFAULT);
}

namespace {

/// A vector's elements as floats or doubles, whatever their type; only what the Ex functions of level 1 need.
double number(cudaDataType type, const void* x, int64_t i) {
  if (type == CUDA_R_64F) return static_cast<const double*>(x)[i];
  float value;
  to_float(type, static_cast<const char*>(x) + size_t(i) * element_bytes(type), &value, 1);
  return value;
}
void put_number(cudaDataType type, void* x, int64_t i, double value) {
  if (type == CUDA_R_64F) {
    static_cast<double*>(x)[i] = value;
    return;
  }
  const float f = float(value);
  from_float(type, &f, static_cast<char*>(x) + size_t(i) * element_bytes(type), 1);
}
bool is_real(cudaDataType type) {
  return type == CUDA_R_64F || converts(type);
}
Status unknown_types(const char* name) {
  log_once("cublas", name, "%s knows real types only", name);
  return kNotDone;
}
int64_t at(int64_t i, int64_t n, int64_t inc) {
  return inc < 0 ? (i - n + 1) * inc : i * inc;
}
bool reach(const void* x, cudaDataType type, int64_t n, int64_t inc) {
  return reachable(x, vector_bytes(n, inc, element_bytes(type)));
}

}  // namespace

Status cublasAxpyEx(cublasHandle_t h, int n, const void* alpha, cudaDataType alphatype, const void* x,
                    cudaDataType xtype, int incx, void* y, cudaDataType ytype, int incy, cudaDataType) {
  if (!is_real(alphatype) || !is_real(xtype) || !is_real(ytype)) return unknown_types("cublasAxpyEx");
  if (n <= 0) return kOk;
  if (!alpha) return kBad;
  if (!reach(x, xtype, n, incx) || !reach(y, ytype, n, incy)) return kFailed;
  return enqueue(h, [=, al = AnyScalar(h, alpha, alphatype)] {
    const double a = number(alphatype, al.get(), 0);
    for (int64_t i = 0; i < n; ++i)
      put_number(ytype, y, at(i, n, incy),
                 a * number(xtype, x, at(i, n, incx)) + number(ytype, y, at(i, n, incy)));
  });
}

Status cublasScalEx(cublasHandle_t h, int n, const void* alpha, cudaDataType alphatype, void* x,
                    cudaDataType xtype, int incx, cudaDataType) {
  if (!is_real(alphatype) || !is_real(xtype)) return unknown_types("cublasScalEx");
  if (n <= 0 || incx <= 0) return kOk;
  if (!alpha) return kBad;
  if (!reach(x, xtype, n, incx)) return kFailed;
  return enqueue(h, [=, al = AnyScalar(h, alpha, alphatype)] {
    const double a = number(alphatype, al.get(), 0);
    for (int64_t i = 0; i < n; ++i) put_number(xtype, x, i * incx, a * number(xtype, x, i * incx));
  });
}

namespace {
Status put_result(cublasHandle_t h, void* result, cudaDataType type, std::function<double()> work) {
  const Status status = enqueue(h, [=] { put_number(type, result, 0, work()); });
  if (status != kOk || h->pointer_mode == CUBLAS_POINTER_MODE_DEVICE) return status;
  return cudaStreamSynchronize(h->stream) == cudaSuccess ? kOk : kFailed;
}
}  // namespace

Status cublasDotEx(cublasHandle_t h, int n, const void* x, cudaDataType xtype, int incx, const void* y,
                   cudaDataType ytype, int incy, void* result, cudaDataType resulttype, cudaDataType) {
  if (!is_real(xtype) || !is_real(ytype) || !is_real(resulttype)) return unknown_types("cublasDotEx");
  if (!result) return kBad;
  if (!reach(x, xtype, n, incx) || !reach(y, ytype, n, incy)) return kFailed;
  return put_result(h, result, resulttype, [=] {
    double sum = 0;
    for (int64_t i = 0; i < n; ++i)
      sum += number(xtype, x, at(i, n, incx)) * number(ytype, y, at(i, n, incy));
    return sum;
  });
}

Status cublasNrm2Ex(cublasHandle_t h, int n, const void* x, cudaDataType xtype, int incx, void* result,
                    cudaDataType resulttype, cudaDataType) {
  if (!is_real(xtype) || !is_real(resulttype)) return unknown_types("cublasNrm2Ex");
  if (!result) return kBad;
  const int64_t count = incx > 0 ? n : 0;
  if (!reach(x, xtype, count, incx)) return kFailed;
  return put_result(h, result, resulttype, [=] {
    double sum = 0;
    for (int64_t i = 0; i < count; ++i) sum += number(xtype, x, i * incx) * number(xtype, x, i * incx);
    return std::sqrt(sum);
  });
}

}  // namespace ppu::cublas

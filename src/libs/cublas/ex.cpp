// Bodies of ppu/cublas_ex_rows.inc and ppu/cublas_half_rows.inc: copies, products of mixed types, vectors of
// any type.
#include "libs/cublas/ex.h"

#include <cmath>
#include <complex>
#include <cstring>
#include <memory>

#include "base/log.h"
#include "libs/cublas/level3.h"
#include "libs/cublas/matmul.h"
#include "libs/cublas/numbers.h"

namespace ppu::cublas {
namespace {

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

namespace {

/// A vector is a matrix of one row whose columns are `inc` elements apart.
Status copy_matrix_bytes(int64_t rows, int64_t columns, int64_t size, const void* a, int64_t lda, void* b,
                         int64_t ldb, cudaMemcpyKind kind, cudaStream_t stream, bool wait) {
  if (rows < 0 || columns < 0 || size <= 0 || lda < std::max<int64_t>(1, rows) ||
      ldb < std::max<int64_t>(1, rows))
    return kBad;
  if (rows == 0 || columns == 0) return kOk;
  const size_t unit = size_t(size);
  const cudaError_t done = wait ? cudaMemcpy2D(b, size_t(ldb) * unit, a, size_t(lda) * unit,
                                               size_t(rows) * unit, size_t(columns), kind)
                                : cudaMemcpy2DAsync(b, size_t(ldb) * unit, a, size_t(lda) * unit,
                                                    size_t(rows) * unit, size_t(columns), kind, stream);
  return done == cudaSuccess ? kOk : CUBLAS_STATUS_MAPPING_ERROR;
}
Status copy_vector_bytes(int64_t n, int64_t size, const void* x, int64_t incx, void* y, int64_t incy,
                         cudaMemcpyKind kind, cudaStream_t stream, bool wait) {
  if (incx <= 0 || incy <= 0) return kBad;
  return copy_matrix_bytes(1, n, size, x, incx, y, incy, kind, stream, wait);
}

}  // namespace

Status SetVector(int64_t n, int64_t size, const void* x, int64_t incx, void* y, int64_t incy) {
  return copy_vector_bytes(n, size, x, incx, y, incy, cudaMemcpyHostToDevice, nullptr, true);
}
Status GetVector(int64_t n, int64_t size, const void* x, int64_t incx, void* y, int64_t incy) {
  return copy_vector_bytes(n, size, x, incx, y, incy, cudaMemcpyDeviceToHost, nullptr, true);
}
Status SetMatrix(int64_t rows, int64_t columns, int64_t size, const void* a, int64_t lda, void* b,
                 int64_t ldb) {
  return copy_matrix_bytes(rows, columns, size, a, lda, b, ldb, cudaMemcpyHostToDevice, nullptr, true);
}
Status GetMatrix(int64_t rows, int64_t columns, int64_t size, const void* a, int64_t lda, void* b,
                 int64_t ldb) {
  return copy_matrix_bytes(rows, columns, size, a, lda, b, ldb, cudaMemcpyDeviceToHost, nullptr, true);
}
Status SetVectorAsync(int64_t n, int64_t size, const void* x, int64_t incx, void* y, int64_t incy,
                      cudaStream_t stream) {
  return copy_vector_bytes(n, size, x, incx, y, incy, cudaMemcpyHostToDevice, stream, false);
}
Status GetVectorAsync(int64_t n, int64_t size, const void* x, int64_t incx, void* y, int64_t incy,
                      cudaStream_t stream) {
  return copy_vector_bytes(n, size, x, incx, y, incy, cudaMemcpyDeviceToHost, stream, false);
}
Status SetMatrixAsync(int64_t rows, int64_t columns, int64_t size, const void* a, int64_t lda, void* b,
                      int64_t ldb, cudaStream_t stream) {
  return copy_matrix_bytes(rows, columns, size, a, lda, b, ldb, cudaMemcpyHostToDevice, stream, false);
}
Status GetMatrixAsync(int64_t rows, int64_t columns, int64_t size, const void* a, int64_t lda, void* b,
                      int64_t ldb, cudaStream_t stream) {
  return copy_matrix_bytes(rows, columns, size, a, lda, b, ldb, cudaMemcpyDeviceToHost, stream, false);
}

Status GemmStridedBatchedEx(cublasHandle_t h, cublasOperation_t ta, cublasOperation_t tb, int64_t m,
                            int64_t n, int64_t k, const void* alpha, const void* a, cudaDataType at,
                            int64_t lda, long long int sa, const void* b, cudaDataType bt, int64_t ldb,
                            long long int sb, const void* beta, void* c, cudaDataType ct, int64_t ldc,
                            long long int sc, int64_t count, cublasComputeType_t compute, cublasGemmAlgo_t) {
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

Status GemmEx(cublasHandle_t h, cublasOperation_t ta, cublasOperation_t tb, int64_t m, int64_t n, int64_t k,
              const void* alpha, const void* a, cudaDataType at, int64_t lda, const void* b, cudaDataType bt,
              int64_t ldb, const void* beta, void* c, cudaDataType ct, int64_t ldc,
              cublasComputeType_t compute, cublasGemmAlgo_t algo) {
  return cublas::GemmStridedBatchedEx(h, ta, tb, m, n, k, alpha, a, at, lda, 0, b, bt, ldb, 0, beta, c, ct,
                                      ldc, 0, 1, compute, algo);
}

Status GemmBatchedEx(cublasHandle_t h, cublasOperation_t ta, cublasOperation_t tb, int64_t m, int64_t n,
                     int64_t k, const void* alpha, const void* const a[], cudaDataType at, int64_t lda,
                     const void* const b[], cudaDataType bt, int64_t ldb, const void* beta, void* const c[],
                     cudaDataType ct, int64_t ldc, int64_t count, cublasComputeType_t compute,
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

Status SgemmEx(cublasHandle_t h, cublasOperation_t ta, cublasOperation_t tb, int64_t m, int64_t n, int64_t k,
               const float* alpha, const void* a, cudaDataType at, int64_t lda, const void* b,
               cudaDataType bt, int64_t ldb, const float* beta, void* c, cudaDataType ct, int64_t ldc) {
  return cublas::GemmEx(h, ta, tb, m, n, k, alpha, a, at, lda, b, bt, ldb, beta, c, ct, ldc,
                        CUBLAS_COMPUTE_32F, CUBLAS_GEMM_DEFAULT);
}

Status Hgemm(cublasHandle_t h, cublasOperation_t ta, cublasOperation_t tb, int64_t m, int64_t n, int64_t k,
             const uint16_t* alpha, const uint16_t* a, int64_t lda, const uint16_t* b, int64_t ldb,
             const uint16_t* beta, uint16_t* c, int64_t ldc) {
  return cublas::GemmEx(h, ta, tb, m, n, k, alpha, a, CUDA_R_16F, lda, b, CUDA_R_16F, ldb, beta, c,
                        CUDA_R_16F, ldc, CUBLAS_COMPUTE_16F, CUBLAS_GEMM_DEFAULT);
}
Status HgemmBatched(cublasHandle_t h, cublasOperation_t ta, cublasOperation_t tb, int64_t m, int64_t n,
                    int64_t k, const uint16_t* alpha, const uint16_t* const a[], int64_t lda,
                    const uint16_t* const b[], int64_t ldb, const uint16_t* beta, uint16_t* const c[],
                    int64_t ldc, int64_t count) {
  return cublas::GemmBatchedEx(h, ta, tb, m, n, k, alpha, reinterpret_cast<const void* const*>(a), CUDA_R_16F,
                               lda, reinterpret_cast<const void* const*>(b), CUDA_R_16F, ldb, beta,
                               reinterpret_cast<void* const*>(c), CUDA_R_16F, ldc, count, CUBLAS_COMPUTE_16F,
                               CUBLAS_GEMM_DEFAULT);
}
Status HgemmStridedBatched(cublasHandle_t h, cublasOperation_t ta, cublasOperation_t tb, int64_t m, int64_t n,
                           int64_t k, const uint16_t* alpha, const uint16_t* a, int64_t lda, long long int sa,
                           const uint16_t* b, int64_t ldb, long long int sb, const uint16_t* beta,
                           uint16_t* c, int64_t ldc, long long int sc, int64_t count) {
  return cublas::GemmStridedBatchedEx(h, ta, tb, m, n, k, alpha, a, CUDA_R_16F, lda, sa, b, CUDA_R_16F, ldb,
                                      sb, beta, c, CUDA_R_16F, ldc, sc, count, CUBLAS_COMPUTE_16F,
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
  log_once("cublas", name, "%s isn't written for these types", name);
  return kNotDone;
}
int64_t at(int64_t i, int64_t n, int64_t inc) {
  return inc < 0 ? (i - n + 1) * inc : i * inc;
}
bool reach(const void* x, cudaDataType type, int64_t n, int64_t inc) {
  return reachable(x, vector_bytes(n, inc, element_bytes(type)));
}

}  // namespace

Status AxpyEx(cublasHandle_t h, int64_t n, const void* alpha, cudaDataType alphatype, const void* x,
              cudaDataType xtype, int64_t incx, void* y, cudaDataType ytype, int64_t incy, cudaDataType) {
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

Status ScalEx(cublasHandle_t h, int64_t n, const void* alpha, cudaDataType alphatype, void* x,
              cudaDataType xtype, int64_t incx, cudaDataType) {
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

Status Nrm2Ex(cublasHandle_t h, int64_t n, const void* x, cudaDataType xtype, int64_t incx, void* result,
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

namespace {

/// Complex vectors and products go as double; what isn't complex has an imaginary part of zero.
using Complex = std::complex<double>;
bool is_number(cudaDataType type) {
  return is_real(type) || type == CUDA_C_32F || type == CUDA_C_64F;
}
size_t number_bytes(cudaDataType type) {
  return type == CUDA_C_32F ? 8 : type == CUDA_C_64F ? 16 : element_bytes(type);
}
Complex complex_number(cudaDataType type, const void* x, int64_t i) {
  if (type == CUDA_C_32F) return static_cast<const std::complex<float>*>(x)[i];
  if (type == CUDA_C_64F) return static_cast<const Complex*>(x)[i];
  return number(type, x, i);
}
void put_complex(cudaDataType type, void* x, int64_t i, Complex value) {
  if (type == CUDA_C_32F)
    static_cast<std::complex<float>*>(x)[i] = std::complex<float>(value);
  else if (type == CUDA_C_64F)
    static_cast<Complex*>(x)[i] = value;
  else
    put_number(type, x, i, value.real());
}
bool reach_numbers(const void* x, cudaDataType type, int64_t n, int64_t inc) {
  return reachable(x, vector_bytes(n, inc, number_bytes(type)));
}
Status dot(const char* name, cublasHandle_t h, int64_t n, const void* x, cudaDataType xtype, int64_t incx,
           const void* y, cudaDataType ytype, int64_t incy, void* result, cudaDataType resulttype,
           bool conjugated) {
  if (!is_number(xtype) || !is_number(ytype) || !is_number(resulttype)) return unknown_types(name);
  if (!result) return kBad;
  if (!reach_numbers(x, xtype, n, incx) || !reach_numbers(y, ytype, n, incy)) return kFailed;
  const Status status = enqueue(h, [=] {
    Complex sum = 0;
    for (int64_t i = 0; i < n; ++i) {
      const Complex left = complex_number(xtype, x, at(i, n, incx));
      sum += (conjugated ? std::conj(left) : left) * complex_number(ytype, y, at(i, n, incy));
    }
    put_complex(resulttype, result, 0, sum);
  });
  if (status != kOk || h->pointer_mode == CUBLAS_POINTER_MODE_DEVICE) return status;
  return cudaStreamSynchronize(h->stream) == cudaSuccess ? kOk : kFailed;
}

}  // namespace

Status DotEx(cublasHandle_t h, int64_t n, const void* x, cudaDataType xtype, int64_t incx, const void* y,
             cudaDataType ytype, int64_t incy, void* result, cudaDataType resulttype, cudaDataType) {
  return dot("cublasDotEx", h, n, x, xtype, incx, y, ytype, incy, result, resulttype, false);
}
Status DotcEx(cublasHandle_t h, int64_t n, const void* x, cudaDataType xtype, int64_t incx, const void* y,
              cudaDataType ytype, int64_t incy, void* result, cudaDataType resulttype, cudaDataType) {
  return dot("cublasDotcEx", h, n, x, xtype, incx, y, ytype, incy, result, resulttype, true);
}
Status AsumEx(cublasHandle_t h, int64_t n, const void* x, cudaDataType xtype, int64_t incx, void* result,
              cudaDataType resulttype, cudaDataType) {
  if (!is_number(xtype) || !is_real(resulttype)) return unknown_types("cublasAsumEx");
  if (!result) return kBad;
  const int64_t count = incx > 0 ? n : 0;
  if (!reach_numbers(x, xtype, count, incx)) return kFailed;
  return put_result(h, result, resulttype, [=] {
    double sum = 0;
    for (int64_t i = 0; i < count; ++i) {
      const Complex e = complex_number(xtype, x, i * incx);
      sum += std::abs(e.real()) + std::abs(e.imag());
    }
    return sum;
  });
}

namespace {

template <class N>
Status extreme(const char* name, cublasHandle_t h, int64_t n, const void* x, cudaDataType xtype, int64_t incx,
               N* result, bool largest) {
  if (!is_number(xtype)) return unknown_types(name);
  if (!result) return kBad;
  const int64_t count = incx > 0 ? n : 0;
  if (!reach_numbers(x, xtype, count, incx)) return kFailed;
  return enqueue_result<N>(h, result, [=] {
    int64_t best = -1;
    double most = 0;
    for (int64_t i = 0; i < count; ++i) {
      const Complex e = complex_number(xtype, x, i * incx);
      const double size = std::abs(e.real()) + std::abs(e.imag());
      if (best >= 0 && !(largest ? size > most : size < most)) continue;
      best = i, most = size;
    }
    return N(best + 1);
  });
}
/// Moves numbers of one size between two vectors.
Status move_numbers(const char* name, cublasHandle_t h, int64_t n, void* x, cudaDataType xtype, int64_t incx,
                    void* y, cudaDataType ytype, int64_t incy, bool both) {
  if (!is_number(xtype) || xtype != ytype) return unknown_types(name);
  if (!reach_numbers(x, xtype, n, incx) || !reach_numbers(y, ytype, n, incy)) return kFailed;
  return enqueue(h, [=] {
    const size_t bytes = number_bytes(xtype);
    for (int64_t i = 0; i < n; ++i) {
      char *from = static_cast<char*>(x) + at(i, n, incx) * int64_t(bytes),
           *to = static_cast<char*>(y) + at(i, n, incy) * int64_t(bytes);
      if (both)
        std::swap_ranges(from, from + bytes, to);
      else
        std::memcpy(to, from, bytes);
    }
  });
}

}  // namespace

Status IamaxEx(cublasHandle_t h, int64_t n, const void* x, cudaDataType xtype, int64_t incx, int* result) {
  return extreme("cublasIamaxEx", h, n, x, xtype, incx, result, true);
}
Status IamaxEx(cublasHandle_t h, int64_t n, const void* x, cudaDataType xtype, int64_t incx,
               int64_t* result) {
  return extreme("cublasIamaxEx", h, n, x, xtype, incx, result, true);
}
Status IaminEx(cublasHandle_t h, int64_t n, const void* x, cudaDataType xtype, int64_t incx, int* result) {
  return extreme("cublasIaminEx", h, n, x, xtype, incx, result, false);
}
Status IaminEx(cublasHandle_t h, int64_t n, const void* x, cudaDataType xtype, int64_t incx,
               int64_t* result) {
  return extreme("cublasIaminEx", h, n, x, xtype, incx, result, false);
}
Status CopyEx(cublasHandle_t h, int64_t n, const void* x, cudaDataType xtype, int64_t incx, void* y,
              cudaDataType ytype, int64_t incy) {
  return move_numbers("cublasCopyEx", h, n, writable(x), xtype, incx, y, ytype, incy, false);
}
Status SwapEx(cublasHandle_t h, int64_t n, void* x, cudaDataType xtype, int64_t incx, void* y,
              cudaDataType ytype, int64_t incy) {
  return move_numbers("cublasSwapEx", h, n, x, xtype, incx, y, ytype, incy, true);
}
/// x = c x + s y, y = c y - conj(s) x.
Status RotEx(cublasHandle_t h, int64_t n, void* x, cudaDataType xtype, int64_t incx, void* y,
             cudaDataType ytype, int64_t incy, const void* c, const void* s, cudaDataType cstype,
             cudaDataType) {
  if (!is_number(xtype) || xtype != ytype || !is_number(cstype)) return unknown_types("cublasRotEx");
  if (!c || !s) return kBad;
  if (!reach_numbers(x, xtype, n, incx) || !reach_numbers(y, ytype, n, incy)) return kFailed;
  // c is real, of cstype's precision.
  const cudaDataType ctype = cstype == CUDA_C_32F ? CUDA_R_32F : cstype == CUDA_C_64F ? CUDA_R_64F : cstype;
  return enqueue(h, [=, cs = AnyScalar(h, c, ctype), sn = AnyScalar(h, s, cstype)] {
    const Complex cv = complex_number(ctype, cs.get(), 0), sv = complex_number(cstype, sn.get(), 0);
    for (int64_t i = 0; i < n; ++i) {
      const Complex a = complex_number(xtype, x, at(i, n, incx)),
                    b = complex_number(ytype, y, at(i, n, incy));
      put_complex(xtype, x, at(i, n, incx), cv * a + sv * b);
      put_complex(ytype, y, at(i, n, incy), cv * b - std::conj(sv) * a);
    }
  });
}

Status CgemmEx(cublasHandle_t h, cublasOperation_t ta, cublasOperation_t tb, int64_t m, int64_t n, int64_t k,
               const cuComplex* alpha, const void* a, cudaDataType atype, int64_t lda, const void* b,
               cudaDataType btype, int64_t ldb, const cuComplex* beta, void* c, cudaDataType ctype,
               int64_t ldc) {
  return GemmEx(h, ta, tb, m, n, k, alpha, a, atype, lda, b, btype, ldb, beta, c, ctype, ldc,
                CUBLAS_COMPUTE_32F, CUBLAS_GEMM_DEFAULT);
}
Status Cgemm3mEx(cublasHandle_t h, cublasOperation_t ta, cublasOperation_t tb, int64_t m, int64_t n,
                 int64_t k, const cuComplex* alpha, const void* a, cudaDataType atype, int64_t lda,
                 const void* b, cudaDataType btype, int64_t ldb, const cuComplex* beta, void* c,
                 cudaDataType ctype, int64_t ldc) {
  return CgemmEx(h, ta, tb, m, n, k, alpha, a, atype, lda, b, btype, ldb, beta, c, ctype, ldc);
}
Status Cgemm3mBatched(cublasHandle_t h, cublasOperation_t ta, cublasOperation_t tb, int64_t m, int64_t n,
                      int64_t k, const cuComplex* alpha, const cuComplex* const a[], int64_t lda,
                      const cuComplex* const b[], int64_t ldb, const cuComplex* beta, cuComplex* const c[],
                      int64_t ldc, int64_t count) {
  return gemmBatched(h, ta, tb, m, n, k, alpha, a, lda, b, ldb, beta, c, ldc, count);
}
Status Cgemm3mStridedBatched(cublasHandle_t h, cublasOperation_t ta, cublasOperation_t tb, int64_t m,
                             int64_t n, int64_t k, const cuComplex* alpha, const cuComplex* a, int64_t lda,
                             long long int sa, const cuComplex* b, int64_t ldb, long long int sb,
                             const cuComplex* beta, cuComplex* c, int64_t ldc, long long int sc,
                             int64_t count) {
  return gemmStridedBatched(h, ta, tb, m, n, k, alpha, a, lda, sa, b, ldb, sb, beta, c, ldc, sc, count);
}

namespace {
/// Complex 8-bit inputs, which these functions know besides complex floats, aren't written.
bool complex_floats(const char* name, cudaDataType a, cudaDataType c) {
  if (a == CUDA_C_32F && c == CUDA_C_32F) return true;
  log_once("cublas", name, "%s knows CUDA_C_32F only", name);
  return false;
}
}  // namespace
Status CsyrkEx(cublasHandle_t h, cublasFillMode_t uplo, cublasOperation_t trans, int64_t n, int64_t k,
               const cuComplex* alpha, const void* a, cudaDataType atype, int64_t lda, const cuComplex* beta,
               void* c, cudaDataType ctype, int64_t ldc) {
  if (!complex_floats("cublasCsyrkEx", atype, ctype)) return kNotDone;
  return syrk(h, uplo, trans, n, k, alpha, static_cast<const cuComplex*>(a), lda, beta,
              static_cast<cuComplex*>(c), ldc);
}
Status Csyrk3mEx(cublasHandle_t h, cublasFillMode_t uplo, cublasOperation_t trans, int64_t n, int64_t k,
                 const cuComplex* alpha, const void* a, cudaDataType atype, int64_t lda,
                 const cuComplex* beta, void* c, cudaDataType ctype, int64_t ldc) {
  return CsyrkEx(h, uplo, trans, n, k, alpha, a, atype, lda, beta, c, ctype, ldc);
}
Status CherkEx(cublasHandle_t h, cublasFillMode_t uplo, cublasOperation_t trans, int64_t n, int64_t k,
               const float* alpha, const void* a, cudaDataType atype, int64_t lda, const float* beta, void* c,
               cudaDataType ctype, int64_t ldc) {
  if (!complex_floats("cublasCherkEx", atype, ctype)) return kNotDone;
  return herk(h, uplo, trans, n, k, alpha, static_cast<const cuComplex*>(a), lda, beta,
              static_cast<cuComplex*>(c), ldc);
}
Status Cherk3mEx(cublasHandle_t h, cublasFillMode_t uplo, cublasOperation_t trans, int64_t n, int64_t k,
                 const float* alpha, const void* a, cudaDataType atype, int64_t lda, const float* beta,
                 void* c, cudaDataType ctype, int64_t ldc) {
  return CherkEx(h, uplo, trans, n, k, alpha, a, atype, lda, beta, c, ctype, ldc);
}

namespace {

/// Groups of products one after the other: of each its sizes, its scalars and as many matrices as it has.
template <class N>
Status grouped(cublasHandle_t h, const cublasOperation_t ta[], const cublasOperation_t tb[], const N m[],
               const N n[], const N k[], const void* alpha, const void* const a[], cudaDataType atype,
               const N lda[], const void* const b[], cudaDataType btype, const N ldb[], const void* beta,
               void* const c[], cudaDataType ctype, const N ldc[], N groups, const N sizes[],
               cublasComputeType_t compute) {
  if (groups < 0) return kBad;
  if (groups == 0) return kOk;
  cudaDataType scale;
  if (!ta || !tb || !m || !n || !k || !alpha || !beta || !lda || !ldb || !ldc || !sizes) return kBad;
  if (!scale_type(compute, ctype, &scale)) return kNotDone;
  const size_t step = element_bytes(scale);
  int64_t first = 0;
  for (N g = 0; g < groups; first += sizes[g++]) {
    const Status done = GemmBatchedEx(
        h, ta[g], tb[g], m[g], n[g], k[g], static_cast<const char*>(alpha) + size_t(g) * step, a + first,
        atype, lda[g], b + first, btype, ldb[g], static_cast<const char*>(beta) + size_t(g) * step, c + first,
        ctype, ldc[g], sizes[g], compute, CUBLAS_GEMM_DEFAULT);
    if (done != kOk) return done;
  }
  return kOk;
}
template <class T>
const void* const* untyped(T* const* list) {
  return reinterpret_cast<const void* const*>(list);
}
/// A vector of a product with a matrix is a matrix of one column, here with its increment as the way to the
/// next number.
struct MixedVector {
  const void* const* list;
  const char* data;
  cudaDataType type;
  int64_t inc, stride;
  const void* of(int64_t i) const {
    return list ? list[i] : data + i * stride * int64_t(element_bytes(type));
  }
};
Status mixed_gemv(cublasHandle_t h, cublasOperation_t trans, int64_t m, int64_t n, const float* alpha,
                  MixedVector a, MixedVector x, const float* beta, MixedVector y, int64_t count) {
  const int64_t lda = a.inc;
  if (!known(trans) || m < 0 || n < 0 || lda < std::max<int64_t>(1, m) || !x.inc || !y.inc || !alpha ||
      !beta || count < 0)
    return kBad;
  if (m == 0 || n == 0 || count == 0) return kOk;
  const bool plain = trans == CUBLAS_OP_N;
  const int64_t rows = plain ? m : n, columns = plain ? n : m;
  for (const MixedVector* v : {&a, &x, &y})
    if (v->list && !reachable(v->list, size_t(count) * sizeof(void*))) return kFailed;
  for (const int64_t i : {int64_t(0), count - 1})
    if ((!a.list && !reachable(a.of(i), matrix_bytes(m, n, lda, element_bytes(a.type)))) ||
        (!x.list && !reach(x.of(i), x.type, columns, x.inc)) ||
        (!y.list && !reach(y.of(i), y.type, rows, y.inc)))
      return kFailed;
  return enqueue(h, [=, al = Scalar<float>(h, alpha), be = Scalar<float>(h, beta)] {
    std::vector<float> line(size_t(m) * size_t(n)), from(static_cast<size_t>(columns));
    for (int64_t b = 0; b < count; ++b) {
      for (int64_t j = 0; j < n; ++j)
        to_float(a.type, static_cast<const char*>(a.of(b)) + size_t(j * lda) * element_bytes(a.type),
                 line.data() + j * m, size_t(m));
      for (int64_t j = 0; j < columns; ++j)
        from[size_t(j)] = float(number(x.type, x.of(b), at(j, columns, x.inc)));
      void* to = const_cast<void*>(y.of(b));
      for (int64_t i = 0; i < rows; ++i) {
        float sum = 0;
        for (int64_t j = 0; j < columns; ++j)
          sum += line[size_t(plain ? i + j * m : j + i * m)] * from[size_t(j)];
        const int64_t place = at(i, rows, y.inc);
        put_number(y.type, to, place,
                   al.get() * sum + (be.get() == 0 ? 0 : be.get() * float(number(y.type, to, place))));
      }
    }
  });
}

}  // namespace

#define PPU_GROUPED(N)                                                                                       \
  Status GemmGroupedBatchedEx(                                                                               \
      cublasHandle_t h, const cublasOperation_t ta[], const cublasOperation_t tb[], const N m[],             \
      const N n[], const N k[], const void* alpha, const void* const a[], cudaDataType atype, const N lda[], \
      const void* const b[], cudaDataType btype, const N ldb[], const void* beta, void* const c[],           \
      cudaDataType ctype, const N ldc[], N groups, const N sizes[], cublasComputeType_t compute) {           \
    return grouped(h, ta, tb, m, n, k, alpha, a, atype, lda, b, btype, ldb, beta, c, ctype, ldc, groups,     \
                   sizes, compute);                                                                          \
  }                                                                                                          \
  PPU_GROUPED_OF(SgemmGroupedBatched, float, CUDA_R_32F, CUBLAS_COMPUTE_32F, N)                              \
  PPU_GROUPED_OF(DgemmGroupedBatched, double, CUDA_R_64F, CUBLAS_COMPUTE_64F, N)
#define PPU_GROUPED_OF(name, T, type, compute, N)                                                        \
  Status name(cublasHandle_t h, const cublasOperation_t ta[], const cublasOperation_t tb[], const N m[], \
              const N n[], const N k[], const T alpha[], const T* const a[], const N lda[],              \
              const T* const b[], const N ldb[], const T beta[], T* const c[], const N ldc[], N groups,  \
              const N sizes[]) {                                                                         \
    return grouped(h, ta, tb, m, n, k, alpha, untyped(a), type, lda, untyped(b), type, ldb, beta,        \
                   reinterpret_cast<void* const*>(c), type, ldc, groups, sizes, compute);                \
  }
PPU_GROUPED(int)
PPU_GROUPED(int64_t)
#undef PPU_GROUPED
#undef PPU_GROUPED_OF

#define PPU_GEMV(name, T, type, Y, ytype)                                                                    \
  Status name##Batched(cublasHandle_t h, cublasOperation_t trans, int64_t m, int64_t n, const float* alpha,  \
                       const T* const a[], int64_t lda, const T* const x[], int64_t incx, const float* beta, \
                       Y* const y[], int64_t incy, int64_t count) {                                          \
    return mixed_gemv(h, trans, m, n, alpha, {untyped(a), nullptr, type, lda, 0},                            \
                      {untyped(x), nullptr, type, incx, 0}, beta, {untyped(y), nullptr, ytype, incy, 0},     \
                      count);                                                                                \
  }                                                                                                          \
  Status name##StridedBatched(cublasHandle_t h, cublasOperation_t trans, int64_t m, int64_t n,               \
                              const float* alpha, const T* a, int64_t lda, long long int stridea,            \
                              const T* x, int64_t incx, long long int stridex, const float* beta, Y* y,      \
                              int64_t incy, long long int stridey, int64_t count) {                          \
    const auto bytes = [](const void* p) { return static_cast<const char*>(p); };                            \
    return mixed_gemv(h, trans, m, n, alpha, {nullptr, bytes(a), type, lda, stridea},                        \
                      {nullptr, bytes(x), type, incx, stridex}, beta,                                        \
                      {nullptr, bytes(y), ytype, incy, stridey}, count);                                     \
  }
PPU_GEMV(HSHgemv, uint16_t, CUDA_R_16F, uint16_t, CUDA_R_16F)
PPU_GEMV(HSSgemv, uint16_t, CUDA_R_16F, float, CUDA_R_32F)
PPU_GEMV(TSTgemv, uint16_t, CUDA_R_16BF, uint16_t, CUDA_R_16BF)
PPU_GEMV(TSSgemv, uint16_t, CUDA_R_16BF, float, CUDA_R_32F)
#undef PPU_GEMV

}  // namespace ppu::cublas

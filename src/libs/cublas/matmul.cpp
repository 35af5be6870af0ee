// See matmul.h: types that CBLAS knows go to it as they are, the others as floats.
#include "libs/cublas/matmul.h"
#include "libs/cublas/clones.h"

#include <vector>

#include "base/log.h"
#include "libs/cublas/fast.h"
#include "libs/cublas/level3.h"
#include "libs/cublas/numbers.h"

namespace ppu::cublas {
namespace {

template <class T>
void run_as(const Product& p, const T& alpha, const T& beta) {
  for (int64_t i = 0; i < p.count; ++i) {
    auto *c = reinterpret_cast<T*>(p.c.of(i)), *d = reinterpret_cast<T*>(p.d.of(i));
    if (c != d && !is_zero(beta)) copy_matrix(p.m, p.n, c, p.c.ld, d, p.d.ld);
    run_gemm(p.ta, p.tb, p.m, p.n, p.k, alpha, reinterpret_cast<const T*>(p.a.of(i)), p.a.ld,
             reinterpret_cast<const T*>(p.b.of(i)), p.b.ld, beta, d, p.d.ld);
  }
}

/// An operand as floats: the matrix itself, or a dense copy.
class Floats {
 public:
  Floats(const Operand& x, int64_t batch, Stored size) {
    const char* data = x.of(batch);
    if (x.type == CUDA_R_32F) {
      at_ = reinterpret_cast<const float*>(data);
      ld_ = x.ld;
      return;
    }
    copy_.resize(size_t(size.rows * size.columns));
    for (int64_t j = 0; j < size.columns; ++j)
      to_float(x.type, data + size_t(j * x.ld) * element_bytes(x.type), copy_.data() + j * size.rows,
               size_t(size.rows));
    at_ = copy_.data();
    ld_ = std::max<int64_t>(1, size.rows);
  }
  const float* data() const { return at_; }
  int64_t ld() const { return ld_; }

 private:
  std::vector<float> copy_;
  const float* at_;
  int64_t ld_;
};

/// FP8 numbers are bfloat16 numbers too: such a product as one of those.
class Bfloats {
 public:
  Bfloats(const Product& p, int64_t batch)
      : product_(p),
        a_(dense(p.a, batch, stored(p.ta, p.m, p.k), &product_.a)),
        b_(dense(p.b, batch, stored(p.tb, p.k, p.n), &product_.b)) {
    product_.a.data = a_.data(), product_.b.data = b_.data();
  }
  const Product& product() const { return product_; }

 private:
  static std::vector<uint16_t> dense(const Operand& x, int64_t batch, Stored size, Operand* copy) {
    std::vector<uint16_t> numbers(size_t(size.rows * size.columns));
    std::vector<float> column(size_t(size.rows), 0.0f);
    for (int64_t j = 0; j < size.columns; ++j) {
      to_float(x.type, x.of(batch) + size_t(j * x.ld) * element_bytes(x.type), column.data(), column.size());
      from_float(CUDA_R_16BF, column.data(), numbers.data() + j * size.rows, column.size());
    }
    *copy = {nullptr, CUDA_R_16BF, std::max<int64_t>(1, size.rows), 0, false};
    return numbers;
  }

  Product product_;
  std::vector<uint16_t> a_, b_;
};

bool is_fp8(cudaDataType type) {
  return type == CUDA_R_8F_E4M3 || type == CUDA_R_8F_E5M2;
}

void run_by_floats(const Product& p, float alpha, float beta) {
  std::vector<float> result(size_t(p.m * p.n)), column(size_t(p.m), 0.0f);
  for (int64_t i = 0; i < p.count; ++i) {
    multiply(p, i, result.data());
    for (int64_t j = 0; j < p.n; ++j) {
      float* r = result.data() + j * p.m;
      for (int64_t k = 0; k < p.m; ++k) r[k] *= alpha;
      if (beta != 0) {
        to_float(p.c.type, p.c.of(i) + size_t(j * p.c.ld) * element_bytes(p.c.type), column.data(),
                 size_t(p.m));
        for (int64_t k = 0; k < p.m; ++k) r[k] += beta * column[size_t(k)];
      }
      from_float(p.d.type, r, p.d.of(i) + size_t(j * p.d.ld) * element_bytes(p.d.type), size_t(p.m));
    }
  }
}

// 8-bit integers into 32: exact whatever the order, so plain loops that vectorise do. Sums wrap as the
// hardware's do.
PPU_CLONES("avx512bw")
void dot_products(const int8_t* a, const int8_t* b, int64_t m, int64_t k, uint32_t* out) {
  for (int64_t i = 0; i < m; ++i) {
    const int8_t* row = a + i * k;
    int32_t sum = 0;
    for (int64_t x = 0; x < k; ++x) sum += int16_t(row[x]) * int16_t(b[x]);
    out[i] = uint32_t(sum);
  }
}

void sum_integers(const Product& p, int64_t batch, int32_t* result) {
  std::vector<int8_t> rows(size_t(p.m * p.k)), column(size_t(p.k), 0);
  const auto *a = reinterpret_cast<const int8_t*>(p.a.of(batch)),
             *b = reinterpret_cast<const int8_t*>(p.b.of(batch));
  for (int64_t r = 0; r < p.m; ++r)
    for (int64_t x = 0; x < p.k; ++x)
      rows[size_t(r * p.k + x)] = p.ta == CUBLAS_OP_N ? a[r + x * p.a.ld] : a[x + r * p.a.ld];
  for (int64_t j = 0; j < p.n; ++j) {
    for (int64_t x = 0; x < p.k; ++x)
      column[size_t(x)] = p.tb == CUBLAS_OP_N ? b[x + j * p.b.ld] : b[j + x * p.b.ld];
    dot_products(rows.data(), column.data(), p.m, p.k, reinterpret_cast<uint32_t*>(result + j * p.m));
  }
}

void run_integers(const Product& p, int32_t alpha, int32_t beta) {
  if (alpha == 1 && beta == 0 && fast_multiply(p, 1.0f, 0.0f)) return;
  std::vector<int32_t> sums(size_t(p.m * p.n), 0);
  for (int64_t i = 0; i < p.count; ++i) {
    multiply(p, i, sums.data());
    for (int64_t j = 0; j < p.n; ++j) {
      const auto* c = reinterpret_cast<const uint32_t*>(p.c.of(i)) + j * p.c.ld;
      auto* d = reinterpret_cast<uint32_t*>(p.d.of(i)) + j * p.d.ld;
      for (int64_t r = 0; r < p.m; ++r)
        d[r] = uint32_t(alpha) * uint32_t(sums[size_t(j * p.m + r)]) + (beta ? uint32_t(beta) * c[r] : 0);
    }
  }
}

bool all_of_type(const Product& p, cudaDataType type) {
  return p.a.type == type && p.b.type == type && p.c.type == type && p.d.type == type;
}

bool is_integer_product(const Product& p) {
  return p.a.type == CUDA_R_8I && p.b.type == CUDA_R_8I && p.c.type == CUDA_R_32I && p.d.type == CUDA_R_32I;
}

float scale_value(cudaDataType type, const void* at) {
  float value = 0;
  if (type == CUDA_R_64F) return float(*static_cast<const double*>(at));
  to_float(type, at, &value, 1);
  return value;
}

}  // namespace

char* Operand::of(int64_t batch) const {
  if (list) return static_cast<char**>(data)[batch];
  return static_cast<char*>(data) + batch * stride * int64_t(element_bytes(type));
}

bool scale_type(cublasComputeType_t compute, cudaDataType result, cudaDataType* scale) {
  switch (compute) {
    case CUBLAS_COMPUTE_16F:
    case CUBLAS_COMPUTE_16F_PEDANTIC:
      *scale = CUDA_R_16F;
      return result == CUDA_R_16F;
    case CUBLAS_COMPUTE_64F:
    case CUBLAS_COMPUTE_64F_PEDANTIC:
      *scale = result == CUDA_C_64F ? CUDA_C_64F : CUDA_R_64F;
      return result == CUDA_R_64F || result == CUDA_C_64F;
    case CUBLAS_COMPUTE_32I:
    case CUBLAS_COMPUTE_32I_PEDANTIC:
      *scale = CUDA_R_32I;
      return result == CUDA_R_32I;
    case CUBLAS_COMPUTE_32F:
    case CUBLAS_COMPUTE_32F_PEDANTIC:
    case CUBLAS_COMPUTE_32F_FAST_16F:
    case CUBLAS_COMPUTE_32F_FAST_16BF:
    case CUBLAS_COMPUTE_32F_FAST_TF32:
    case CUBLAS_COMPUTE_32F_EMULATED_16BFX9:
      *scale = result == CUDA_C_32F ? CUDA_C_32F : CUDA_R_32F;
      return true;
  }
  return false;
}

cublasStatus_t check_types(const Product& p) {
  const bool same = all_of_type(p, CUDA_R_64F) || all_of_type(p, CUDA_C_32F) || all_of_type(p, CUDA_C_64F);
  const bool floats = converts(p.a.type) && converts(p.b.type) && converts(p.c.type) && converts(p.d.type) &&
                      (p.scale == CUDA_R_32F || p.scale == CUDA_R_16F);
  if (same || floats || (is_integer_product(p) && p.scale == CUDA_R_32I)) return CUBLAS_STATUS_SUCCESS;
  log("cublas", LogLevel::kWarn,
      "no product of matrices of cudaDataType %d and %d into %d with scalars of %d", p.a.type, p.b.type,
      p.d.type, p.scale);
  return CUBLAS_STATUS_NOT_SUPPORTED;
}

void run(const Product& p, const void* alpha, const void* beta) {
  if (all_of_type(p, CUDA_R_64F))
    return run_as(p, *static_cast<const double*>(alpha), *static_cast<const double*>(beta));
  if (all_of_type(p, CUDA_C_32F))
    return run_as(p, *static_cast<const cuComplex*>(alpha), *static_cast<const cuComplex*>(beta));
  if (all_of_type(p, CUDA_C_64F))
    return run_as(p, *static_cast<const cuDoubleComplex*>(alpha), *static_cast<const cuDoubleComplex*>(beta));
  if (is_integer_product(p))
    return run_integers(p, *static_cast<const int32_t*>(alpha), *static_cast<const int32_t*>(beta));
  const float a = scale_value(p.scale, alpha), b = scale_value(p.scale, beta);
  if (all_of_type(p, CUDA_R_32F)) return run_as(p, a, b);
  if (!fast_multiply(p, a, b)) run_by_floats(p, a, b);
}

void multiply(const Product& p, int64_t batch, int32_t* result) {
  if (!fast_multiply(p, batch, result)) sum_integers(p, batch, result);
}

void multiply(const Product& p, int64_t batch, float* result) {
  if (fast_multiply(p, batch, result)) return;
  if (is_fp8(p.a.type) && is_fp8(p.b.type) && fast_multiply(Bfloats(p, batch).product(), 0, result)) return;
  const Floats a(p.a, batch, stored(p.ta, p.m, p.k)), b(p.b, batch, stored(p.tb, p.k, p.n));
  run_gemm(p.ta, p.tb, p.m, p.n, p.k, 1.0f, a.data(), a.ld(), b.data(), b.ld(), 0.0f, result,
           std::max<int64_t>(1, p.m));
}

}  // namespace ppu::cublas

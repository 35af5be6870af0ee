// See finish.h. The loops over a column are plain, so that they become vectors.
#include "libs/cublaslt/finish.h"

#include <algorithm>
#include <bit>
#include <cmath>

#include "libs/cublas/clones.h"
#include "libs/cublas/numbers.h"

namespace ppu::cublaslt {
namespace {

using cublas::element_bytes;
using cublas::from_float;
using cublas::to_float;

/// e^x, relative error below 2e-7; 0 and a huge number at the ends.
inline float exponential(float x) {
  const float t = std::min(std::max(x * 1.44269504f, -126.0f), 126.0f), whole = std::nearbyint(t);
  const float f = (t - whole) * 0.693147181f;  // |f| <= ln(2) / 2: Taylor's series to the 7th power
  float p = 1.0f / 5040;
  p = p * f + 1.0f / 720, p = p * f + 1.0f / 120, p = p * f + 1.0f / 24;
  p = p * f + 1.0f / 6, p = p * f + 0.5f, p = p * f + 1.0f, p = p * f + 1.0f;
  return p * std::bit_cast<float>((int32_t(whole) + 127) << 23);
}

constexpr float kRootOf2OverPi = 0.797884561f, kCube = 0.044715f;

/// (1 + tanh(u)) / 2 for the u of GELU.
inline float gelu_gate(float x) {
  return 1.0f / (1.0f + exponential(-2 * kRootOf2OverPi * (x + kCube * x * x * x)));
}

const char* column_of(const cublas::Operand& x, int64_t batch, int64_t j) {
  return x.of(batch) + size_t(j * x.ld) * element_bytes(x.type);
}

float scalar_at(cudaDataType type, const void* at) {
  float value = 0;
  to_float(type, at, &value, 1);
  return value;
}

/// A scale of one matrix: a number, or one for each of its outer lines.
void multiply_by_scale(std::vector<float>* factors, int64_t lines, const void* at, int32_t mode) {
  if (!at) return;
  const auto* scale = static_cast<const float*>(at);
  if (mode == CUBLASLT_MATMUL_MATRIX_SCALE_OUTER_VEC_32F && factors->size() == 1)
    factors->resize(size_t(lines), factors->front());
  for (size_t i = 0; i < factors->size(); ++i)
    (*factors)[i] *= mode == CUBLASLT_MATMUL_MATRIX_SCALE_OUTER_VEC_32F ? scale[i] : *scale;
}

PPU_CLONES("avx512f") void times(float* x, const float* factors, size_t n) {
  for (size_t i = 0; i < n; ++i) x[i] *= factors[i];
}
PPU_CLONES("avx512f") void times(float* x, float factor, size_t n) {
  for (size_t i = 0; i < n; ++i) x[i] *= factor;
}
PPU_CLONES("avx512f") void add(float* x, const float* y, float factor, size_t n) {
  for (size_t i = 0; i < n; ++i) x[i] += factor * y[i];
}
PPU_CLONES("avx512f") void add(float* x, float y, size_t n) {
  for (size_t i = 0; i < n; ++i) x[i] += y;
}
PPU_CLONES("avx512f") float largest_magnitude(const float* x, size_t n) {
  float most = 0;
  for (size_t i = 0; i < n; ++i) most = std::max(most, std::fabs(x[i]));
  return most;
}

}  // namespace

PPU_CLONES("avx512f") void relu(float* x, size_t n) {
  for (size_t i = 0; i < n; ++i) x[i] = x[i] > 0 || x[i] != x[i] ? x[i] : 0.0f;
}
PPU_CLONES("avx512f") void gelu(float* x, size_t n) {
  for (size_t i = 0; i < n; ++i) x[i] *= gelu_gate(x[i]);
}
PPU_CLONES("avx512f") void times_gelu_gradient(float* x, const float* at, size_t n) {
  for (size_t i = 0; i < n; ++i) {
    const float y = at[i], gate = gelu_gate(y);
    x[i] *= gate + 2 * y * gate * (1 - gate) * kRootOf2OverPi * (1 + 3 * kCube * y * y);
  }
}

Finish::Finish(const Request& request, const void* alpha, const void* beta, int64_t batch)
    : r_(request), p_(request.product), batch_(batch), room_(size_t(p_.m)) {
  const MatmulDesc& d = r_.desc;
  const int64_t rows = r_.transposed ? p_.n : p_.m, columns = r_.transposed ? p_.m : p_.n;
  by_row_ = by_column_ = {1.0f};
  if (r_.alpha_is_vector()) {
    by_row_.resize(size_t(rows));
    to_float(p_.scale,
             static_cast<const char*>(alpha) + size_t(batch * d.alpha_stride) * element_bytes(p_.scale),
             by_row_.data(), by_row_.size());
  } else {
    by_row_[0] = scalar_at(p_.scale, alpha);
  }
  const bool zero = d.pointer_mode == CUBLASLT_POINTER_MODE_ALPHA_DEVICE_VECTOR_BETA_ZERO;
  beta_ = zero || !beta ? 0.0f : scalar_at(p_.scale, beta);
  multiply_by_scale(&by_row_, rows, d.a_scale, d.a_scale_mode);
  multiply_by_scale(&by_column_, columns, d.b_scale, d.b_scale_mode);
  if (d.c_scale) beta_ *= *static_cast<const float*>(d.c_scale);
  if (r_.has(kBias)) {
    bias_.resize(size_t(rows));
    to_float(r_.bias_type,
             static_cast<const char*>(d.bias) + size_t(batch * d.bias_stride) * element_bytes(r_.bias_type),
             bias_.data(), bias_.size());
  }
  if (r_.has(kBiasGradient)) gradient_.assign(size_t(rows), 0.0f);
}

void Finish::scale(float* x, int64_t j) {
  const size_t m = size_t(p_.m);
  const auto& along = r_.transposed ? by_column_ : by_row_;  // a factor for each of x
  const auto& across = r_.transposed ? by_row_ : by_column_;
  const float whole = (across.size() > 1 ? across[size_t(j)] : across[0]) * (along.size() > 1 ? 1 : along[0]);
  if (along.size() > 1) times(x, along.data(), m);
  if (whole != 1) times(x, whole, m);
  if (beta_ != 0) {
    to_float(p_.c.type, column_of(p_.c, batch_, j), room_.data(), m);
    add(x, room_.data(), beta_, m);
  }
  if (bias_.empty()) return;
  if (r_.transposed)
    add(x, bias_[size_t(j)], m);
  else
    add(x, bias_.data(), 1, m);
}

/// ReLU keeps one bit an element, GELU its input.
void Finish::activate(float* x, int64_t j) {
  const size_t m = size_t(p_.m);
  const int64_t at = r_.desc.aux_ld * j + r_.desc.aux_stride * batch_;
  char* const aux = static_cast<char*>(r_.desc.aux);
  if (r_.has(kRelu)) {
    for (size_t i = 0; r_.has(kAux) && i < m; ++i) {
      const size_t bit = size_t(at) + i;
      const auto mask = static_cast<char>(1 << bit % 8);
      aux[bit / 8] = char(x[i] > 0 ? aux[bit / 8] | mask : aux[bit / 8] & ~mask);
    }
    relu(x, m);
  } else if (r_.has(kGelu)) {
    if (r_.has(kAux)) from_float(r_.aux_type, x, aux + size_t(at) * element_bytes(r_.aux_type), m);
    gelu(x, m);
  } else if (r_.has(kReluGradient)) {
    for (size_t i = 0; i < m; ++i) {
      const size_t bit = size_t(at) + i;
      if (!(aux[bit / 8] >> bit % 8 & 1)) x[i] = 0;
    }
  } else if (r_.has(kGeluGradient)) {
    to_float(r_.aux_type, aux + size_t(at) * element_bytes(r_.aux_type), room_.data(), m);
    times_gelu_gradient(x, room_.data(), m);
  }
}

void Finish::add_to_bias_gradient(const float* x, int64_t j) {
  if (!r_.transposed) return add(gradient_.data(), x, 1, size_t(p_.m));
  for (int64_t i = 0; i < p_.m; ++i) gradient_[size_t(j)] += x[i];
}

void Finish::column(float* x, int64_t j) {
  const size_t m = size_t(p_.m);
  scale(x, j);
  activate(x, j);
  if (!gradient_.empty()) add_to_bias_gradient(x, j);
  if (r_.desc.d_amax) largest_ = std::max(largest_, largest_magnitude(x, m));
  if (r_.desc.d_scale) times(x, *static_cast<const float*>(r_.desc.d_scale), m);
  from_float(p_.d.type, x, const_cast<char*>(column_of(p_.d, batch_, j)), m);
}

void Finish::end() {
  if (!gradient_.empty())
    from_float(
        r_.bias_type, gradient_.data(),
        static_cast<char*>(r_.desc.bias) + size_t(batch_ * r_.desc.bias_stride) * element_bytes(r_.bias_type),
        gradient_.size());
  if (!r_.desc.d_amax) return;
  auto* amax = static_cast<float*>(r_.desc.d_amax);
  *amax = batch_ == 0 ? largest_ : std::max(*amax, largest_);
}

void sum_input(const Request& r, int64_t batch) {
  const cublas::Product& p = r.product;
  // A is the product's a, unless D is computed transposed.
  const bool first = r.has(kBiasGradientOfA) != r.transposed;
  const cublas::Operand& x = first ? p.a : p.b;
  const bool straight = (first ? p.ta : p.tb) == CUBLAS_OP_N;
  const int64_t lines = first ? p.m : p.n;
  const bool sum_columns = first == straight;  // the sum goes from column to column of what lies in memory
  const int64_t height = sum_columns ? lines : p.k, width = sum_columns ? p.k : lines;
  std::vector<float> sums(size_t(lines), 0.0f), column(size_t(height), 0.0f);
  for (int64_t j = 0; j < width; ++j) {
    to_float(x.type, column_of(x, batch, j), column.data(), column.size());
    if (sum_columns)
      add(sums.data(), column.data(), 1, sums.size());
    else
      for (const float value : column) sums[size_t(j)] += value;
  }
  from_float(
      r.bias_type, sums.data(),
      static_cast<char*>(r.desc.bias) + size_t(batch * r.desc.bias_stride) * element_bytes(r.bias_type),
      sums.size());
}

}  // namespace ppu::cublaslt

// What happens to a column of op(A) op(B) until it is a column of D: scales, C, bias, activation, what is
// kept for training, rounding.
#pragma once
#include <vector>

#include "libs/cublaslt/request.h"

namespace ppu::cublaslt {

/// The activations in float: GELU by the tanh formula of the cuBLAS documentation (cublasLtEpilogue_t),
/// within 1e-6 of it relative to max(1, |x|).
void relu(float* x, size_t n);
void gelu(float* x, size_t n);
/// x *= GELU'(at).
void times_gelu_gradient(float* x, const float* at, size_t n);

/// Finishes the columns of one matrix of a batch.
class Finish {
 public:
  /// `alpha` and `beta` as the request's pointer mode says.
  Finish(const Request& request, const void* alpha, const void* beta, int64_t batch);
  /// `x` holds column j of op(A) op(B), m numbers, which it overwrites. For a request whose D is computed
  /// transposed, this is row j of D.
  void column(float* x, int64_t j);
  /// After the last column: bias gradient and largest magnitude.
  void end();

 private:
  void scale(float* x, int64_t j);
  void activate(float* x, int64_t j);
  void add_to_bias_gradient(const float* x, int64_t j);

  const Request& r_;
  const cublas::Product& p_;
  int64_t batch_;
  float beta_ = 0, largest_ = 0;
  std::vector<float> by_row_;     ///< factor of each of D's rows; one number where all are equal
  std::vector<float> by_column_;  ///< the same for D's columns
  std::vector<float> bias_;       ///< a number a row of D, as floats
  std::vector<float> gradient_, room_;
};

/// The bias gradient of an input: sums over k of op(A)'s rows or op(B)'s columns.
void sum_input(const Request& request, int64_t batch);

}  // namespace ppu::cublaslt

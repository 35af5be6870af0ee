// The one function of libppu_onednn.so: products of bfloat16 and 8-bit matrices by oneDNN, which knows the
// tensor units of the CPU (AMX, AVX512-BF16, VNNI). A library of its own, because oneDNN is large and few
// programs need it: libcublas and libcublasLt open it at the first such product.
#pragma once
#include <cstdint>

namespace ppu::onednn {

enum class Element : int32_t { kBf16, kS8, kF32, kS32 };
enum class Function : int32_t { kNone, kRelu, kGelu };

/// d = function(alpha (a b + bias) + beta d), bias only where alpha is 1. Element (i, j) of an operand lies
/// at i * row + j * column + batch * matrix; all in elements; d's rows are 1 apart. Every byte counts in the
/// cache's key: value-initialise it.
struct FastProduct {
  Element inputs = Element::kBf16, result = Element::kF32, bias = Element::kF32;
  Function function = Function::kNone;
  int64_t m = 0, n = 0, k = 0, count = 1;
  int64_t a_row = 0, a_column = 0, a_matrix = 0;
  int64_t b_row = 0, b_column = 0, b_matrix = 0;
  int64_t d_column = 0, d_matrix = 0;
  float alpha = 1, beta = 0;
  int32_t has_bias = 0;  ///< m numbers, one a row of d
  int32_t unused = 0;
};

/// 0: done; 1: oneDNN has no such product.
using Multiply = int (*)(const FastProduct* p, const void* a, const void* b, const void* bias, void* d);
constexpr const char* kMultiplyName = "ppu_onednn_multiply";

}  // namespace ppu::onednn

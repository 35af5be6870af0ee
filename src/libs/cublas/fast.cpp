// See fast.h.
#include "libs/cublas/fast.h"

#include <dlfcn.h>

#include <string>

#include "base/log.h"
#include "libs/cublas/numbers.h"

namespace ppu::cublas {
namespace {

using onednn::Element;
using onednn::FastProduct;

onednn::Multiply open_onednn() {
  Dl_info self;
  if (!dladdr(reinterpret_cast<const void*>(&open_onednn), &self)) return nullptr;
  std::string path = self.dli_fname;
  path = path.substr(0, path.find_last_of('/') + 1) + "libppu_onednn.so";
  void* library = dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL);
  if (!library) {
    log("cublas", LogLevel::kInfo, "bfloat16 and int8 products go as floats: %s", dlerror());
    return nullptr;
  }
  return reinterpret_cast<onednn::Multiply>(dlsym(library, onednn::kMultiplyName));
}

onednn::Multiply multiply_function() {
  static const onednn::Multiply function = open_onednn();
  return function;
}

bool element_of(cudaDataType type, Element* e) {
  switch (type) {
    case CUDA_R_16BF:
      *e = Element::kBf16;
      return true;
    case CUDA_R_8I:
      *e = Element::kS8;
      return true;
    case CUDA_R_32F:
      *e = Element::kF32;
      return true;
    case CUDA_R_32I:
      *e = Element::kS32;
      return true;
    default:
      return false;
  }
}

/// Whether the CPU has instructions for this product: elsewhere oneDNN's 8-bit sums may saturate, and its
/// bfloat16 is slower than float.
bool cpu_has(Element inputs) {
  return inputs == Element::kS8 ? __builtin_cpu_supports("avx512vnni") : __builtin_cpu_supports("avx512bf16");
}

/// Operands and sizes; false if these aren't inputs for oneDNN, or so few that they aren't worth its
/// overhead.
bool describe(const Product& p, FastProduct* f) {
  constexpr int64_t kFew = 32 * 1024;
  Element b;
  if (!element_of(p.a.type, &f->inputs) || !element_of(p.b.type, &b) || b != f->inputs) return false;
  if (f->inputs != Element::kBf16 && f->inputs != Element::kS8) return false;
  if (p.m * p.n * p.k < kFew || p.a.list || p.b.list || !cpu_has(f->inputs)) return false;
  f->m = p.m, f->n = p.n, f->k = p.k;
  f->a_row = p.ta == CUBLAS_OP_N ? 1 : p.a.ld, f->a_column = p.ta == CUBLAS_OP_N ? p.a.ld : 1;
  f->b_row = p.tb == CUBLAS_OP_N ? 1 : p.b.ld, f->b_column = p.tb == CUBLAS_OP_N ? p.b.ld : 1;
  return true;
}

template <class T>
bool multiply_dense(const Product& p, int64_t batch, T* result, Element inputs, Element type) {
  FastProduct f;
  if (!describe(p, &f) || f.inputs != inputs || !multiply_function()) return false;
  f.result = type;
  f.d_column = p.m, f.d_matrix = p.m * p.n;
  f.a_matrix = f.m * f.k, f.b_matrix = f.k * f.n;  // not used: one matrix
  return multiply_function()(&f, p.a.of(batch), p.b.of(batch), nullptr, result) == 0;
}

}  // namespace

bool fast_multiply(const Product& p, float alpha, float beta, const FastFinish& finish) {
  FastProduct f;
  if (!describe(p, &f) || p.d.list || p.count < 1 || (finish.bias && alpha != 1)) return false;
  if (!element_of(p.d.type, &f.result) || f.result == Element::kS8) return false;
  // oneDNN scales integers in float: exact only where there is nothing to scale.
  if ((f.inputs == Element::kS8) != (f.result == Element::kS32)) return false;
  if (f.inputs == Element::kS8 && (alpha != 1 || beta != 0)) return false;
  if (beta != 0 && (p.c.type != p.d.type || p.c.data != p.d.data || p.c.ld != p.d.ld)) return false;
  if (finish.bias &&
      (!element_of(finish.bias_type, &f.bias) || (f.bias != Element::kF32 && f.bias != Element::kBf16)))
    return false;
  f.alpha = alpha, f.beta = beta, f.function = finish.function, f.has_bias = finish.bias != nullptr;
  f.d_column = p.d.ld;
  // A matrix that all of a batch share, or a batch that overlaps, goes one at a time.
  const bool together = p.a.stride >= p.m * p.k && p.b.stride >= p.k * p.n && p.d.stride >= p.m * p.n;
  f.count = together ? p.count : 1;
  f.a_matrix = together ? p.a.stride : p.m * p.k, f.b_matrix = together ? p.b.stride : p.k * p.n,
  f.d_matrix = together ? p.d.stride : p.m * p.n;
  if (!multiply_function()) return false;
  for (int64_t i = 0; i < p.count; i += f.count)
    if (multiply_function()(&f, p.a.of(i), p.b.of(i), finish.bias, p.d.of(i)) != 0) return false;
  return true;
}

bool fast_multiply(const Product& p, int64_t batch, float* result) {
  return multiply_dense(p, batch, result, Element::kBf16, Element::kF32);
}

bool fast_multiply(const Product& p, int64_t batch, int32_t* result) {
  return multiply_dense(p, batch, result, Element::kS8, Element::kS32);
}

}  // namespace ppu::cublas

// See numbers.h. Every CPU that kernels run on has AVX2 and F16C.
#include "libs/cublas/numbers.h"

#include <immintrin.h>

#include <algorithm>
#include <bit>
#include <cmath>

namespace ppu::cublas {
namespace {

__attribute__((target("avx2,f16c"))) void from_half(const uint16_t* from, float* to, size_t n) {
  size_t i = 0;
  for (; i + 8 <= n; i += 8)
    _mm256_storeu_ps(to + i, _mm256_cvtph_ps(_mm_loadu_si128(reinterpret_cast<const __m128i*>(from + i))));
  for (; i < n; ++i) to[i] = _mm_cvtss_f32(_mm_cvtph_ps(_mm_cvtsi32_si128(from[i])));
}

__attribute__((target("avx2,f16c"))) void to_half(const float* from, uint16_t* to, size_t n) {
  constexpr int kNearest = _MM_FROUND_TO_NEAREST_INT;
  size_t i = 0;
  for (; i + 8 <= n; i += 8)
    _mm_storeu_si128(reinterpret_cast<__m128i*>(to + i),
                     _mm256_cvtps_ph(_mm256_loadu_ps(from + i), kNearest));
  for (; i < n; ++i) to[i] = uint16_t(_mm_extract_epi16(_mm_cvtps_ph(_mm_set_ss(from[i]), kNearest), 0));
}

void from_bfloat(const uint16_t* from, float* to, size_t n) {
  for (size_t i = 0; i < n; ++i) to[i] = std::bit_cast<float>(uint32_t(from[i]) << 16);
}

void to_bfloat(const float* from, uint16_t* to, size_t n) {
  for (size_t i = 0; i < n; ++i) {
    const uint32_t bits = std::bit_cast<uint32_t>(from[i]);
    const uint32_t rounded = (bits + 0x7fff + (bits >> 16 & 1)) >> 16;
    to[i] = uint16_t((bits & 0x7fffffff) > 0x7f800000 ? 0x7fff : rounded);
  }
}

/// The two 8-bit formats (OCP 8-bit floating point specification): exponent and mantissa bits, and their
/// ends.
struct Fp8 {
  int mantissa, bias;
  float largest;
  bool has_infinity;
};
constexpr Fp8 kE4m3 = {3, 7, 448.0f, false}, kE5m2 = {2, 15, 57344.0f, true};

float fp8_value(uint8_t bits, const Fp8& f) {
  const int magnitude = bits & 0x7f, exponent = magnitude >> f.mantissa,
            fraction = magnitude & ((1 << f.mantissa) - 1);
  float value;
  if (f.has_infinity && exponent == 31)
    value = fraction ? NAN : INFINITY;
  else if (!f.has_infinity && magnitude == 0x7f)
    value = NAN;
  else if (exponent == 0)
    value = std::ldexp(float(fraction), 1 - f.bias - f.mantissa);
  else
    value = std::ldexp(float(fraction + (1 << f.mantissa)), exponent - f.bias - f.mantissa);
  return bits & 0x80 ? -value : value;
}

uint8_t fp8_bits(float x, const Fp8& f) {
  const uint8_t sign = std::signbit(x) ? 0x80 : 0;
  const float a = std::fabs(x);
  if (std::isnan(x)) return 0x7f;
  const uint8_t top = f.has_infinity ? 0x7b : 0x7e;
  if (a >= f.largest) return sign | top;
  const int least = 1 - f.bias;  // exponent of the smallest normal number
  const int exponent = a == 0 ? least : std::max(least, std::ilogb(a));
  // In units of the last place; rint ties to even. A carry into the next binade adds up in the bits.
  const int units = int(std::rint(std::ldexp(a, f.mantissa - exponent)));
  const int bits = exponent == least && units < (1 << f.mantissa)
                       ? units
                       : ((exponent + f.bias) << f.mantissa) + units - (1 << f.mantissa);
  return sign | uint8_t(std::min<int>(bits, top));
}

void from_fp8(const uint8_t* from, float* to, size_t n, const Fp8& format) {
  float table[256];
  for (int i = 0; i < 256; ++i) table[i] = fp8_value(uint8_t(i), format);
  for (size_t i = 0; i < n; ++i) to[i] = table[from[i]];
}

}  // namespace

size_t element_bytes(cudaDataType type) {
  switch (type) {
    case CUDA_R_8I:
    case CUDA_R_8U:
    case CUDA_R_8F_E4M3:
    case CUDA_R_8F_E5M2:
      return 1;
    case CUDA_R_16F:
    case CUDA_R_16BF:
      return 2;
    case CUDA_R_32F:
    case CUDA_R_32I:
      return 4;
    case CUDA_R_64F:
    case CUDA_C_32F:
      return 8;
    case CUDA_C_64F:
      return 16;
    default:
      return 0;
  }
}

bool converts(cudaDataType type) {
  return type == CUDA_R_32F || type == CUDA_R_16F || type == CUDA_R_16BF || type == CUDA_R_8F_E4M3 ||
         type == CUDA_R_8F_E5M2 || type == CUDA_R_8I;
}

void to_float(cudaDataType type, const void* from, float* to, size_t n) {
  switch (type) {
    case CUDA_R_16F:
      return from_half(static_cast<const uint16_t*>(from), to, n);
    case CUDA_R_16BF:
      return from_bfloat(static_cast<const uint16_t*>(from), to, n);
    case CUDA_R_8F_E4M3:
      return from_fp8(static_cast<const uint8_t*>(from), to, n, kE4m3);
    case CUDA_R_8F_E5M2:
      return from_fp8(static_cast<const uint8_t*>(from), to, n, kE5m2);
    case CUDA_R_8I:
      for (size_t i = 0; i < n; ++i) to[i] = float(static_cast<const int8_t*>(from)[i]);
      return;
    default:
      std::copy_n(static_cast<const float*>(from), n, to);
  }
}

void from_float(cudaDataType type, const float* from, void* to, size_t n) {
  switch (type) {
    case CUDA_R_16F:
      return to_half(from, static_cast<uint16_t*>(to), n);
    case CUDA_R_16BF:
      return to_bfloat(from, static_cast<uint16_t*>(to), n);
    case CUDA_R_8F_E4M3:
    case CUDA_R_8F_E5M2:
      for (size_t i = 0; i < n; ++i)
        static_cast<uint8_t*>(to)[i] = fp8_bits(from[i], type == CUDA_R_8F_E4M3 ? kE4m3 : kE5m2);
      return;
    case CUDA_R_8I:
      for (size_t i = 0; i < n; ++i)
        static_cast<int8_t*>(to)[i] = int8_t(std::clamp(std::nearbyint(from[i]), -128.0f, 127.0f));
      return;
    default:
      std::copy_n(from, n, static_cast<float*>(to));
  }
}

}  // namespace ppu::cublas

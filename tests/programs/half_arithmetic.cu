// half and bfloat16: every conversion, arithmetic with one rounding, comparisons, pairs.
#include <cuda_bf16.h>
#include <cuda_fp16.h>

#include "check.h"

/// IEEE binary16 from its bits, exact.
double half_value(unsigned short h) {
  const int exponent = h >> 10 & 31, fraction = h & 1023;
  const double sign = h & 0x8000 ? -1.0 : 1.0;
  if (exponent == 31) return fraction ? NAN : sign * INFINITY;
  return sign * (exponent ? std::ldexp(1024 + fraction, exponent - 25) : std::ldexp(fraction, -24));
}

/// Nearest binary16, ties to even.
unsigned short half_bits(double v) {
  const unsigned short sign = std::signbit(v) ? 0x8000 : 0;
  v = std::fabs(v);
  if (std::isnan(v)) return 0x7fff;
  if (v >= 65520.0) return sign | 0x7c00;
  int exponent = 0;
  if (v >= std::ldexp(1.0, -14)) exponent = std::ilogb(v) + 15;
  const double unit = std::ldexp(1.0, (exponent ? exponent : 1) - 25);
  const unsigned steps = static_cast<unsigned>(std::nearbyint(v / unit));
  return static_cast<unsigned short>(sign | (exponent ? (exponent << 10) + (steps - 1024) : steps));
}

float bf16_value(unsigned short b) {
  const uint32_t wide = static_cast<uint32_t>(b) << 16;
  float f;
  std::memcpy(&f, &wide, 4);
  return f;
}

/// Nearest bfloat16, ties to even, with one rounding from double.
unsigned short bf16_bits(double v) {
  if (v != 0.0) {
    const double unit = std::ldexp(1.0, std::ilogb(v) - 7);
    v = std::nearbyint(v / unit) * unit;
  }
  const float f = static_cast<float>(v);
  uint32_t u;
  std::memcpy(&u, &f, 4);
  return static_cast<unsigned short>(u >> 16);
}

__global__ void convert(float* halves, float* bf16s, unsigned short* back) {
  const unsigned i = blockIdx.x * blockDim.x + threadIdx.x;
  const __half h = __ushort_as_half(static_cast<unsigned short>(i));
  halves[i] = __half2float(h);
  bf16s[i] = __bfloat162float(__ushort_as_bfloat16(static_cast<unsigned short>(i)));
  back[i] = __half_as_ushort(__float2half_rn(__half2float(h)));
}

__global__ void arithmetic(const unsigned short* a, const unsigned short* b, unsigned short* out, int n) {
  const int i = blockIdx.x * blockDim.x + threadIdx.x;
  if (i >= n) return;
  const __half x = __ushort_as_half(a[i]), y = __ushort_as_half(b[i]);
  out[i] = __half_as_ushort(__hadd_rn(x, y));
  out[n + i] = __half_as_ushort(__hmul_rn(x, y));
  out[2 * n + i] = __half_as_ushort(__hfma(x, y, x));
  out[3 * n + i] = __half_as_ushort(__hneg(x));
  out[4 * n + i] = __hlt(x, y) ? 1 : 0;
  const __half2 pair = __hadd2_rn(__halves2half2(x, y), __halves2half2(y, y));
  out[5 * n + i] = __half_as_ushort(__low2half(pair));
  out[6 * n + i] = __half_as_ushort(__float2half_rn(__half2float(x) * 1.0009765f));
}

__global__ void bf16_arithmetic(const unsigned short* a, const unsigned short* b, unsigned short* out,
                                int n) {
  const int i = blockIdx.x * blockDim.x + threadIdx.x;
  if (i >= n) return;
  const __nv_bfloat16 x = __ushort_as_bfloat16(a[i]), y = __ushort_as_bfloat16(b[i]);
  out[i] = __bfloat16_as_ushort(__hfma(x, y, x));
  out[n + i] = __bfloat16_as_ushort(__float2bfloat16_rn(__bfloat162float(x) * 1.01f));
}

int main() {
  const int all = 65536, n = 4000;
  DeviceArray<float> halves(all), bf16s(all);
  DeviceArray<unsigned short> back(all);
  convert<<<all / 256, 256>>>(halves, bf16s, back);
  CUDA_SYNC();
  const std::vector<float> h = halves.host(), b16 = bf16s.host();
  const std::vector<unsigned short> returned = back.host();
  for (int i = 0; i < all; ++i) {
    const double want = half_value(static_cast<unsigned short>(i));
    const float want16 = bf16_value(static_cast<unsigned short>(i));
    if (!(h[i] == want || (std::isnan(want) && std::isnan(h[i]))))
      check::fail("half %04x: %g, not %g\n", i, h[i], want);
    if (!(b16[i] == want16 || (std::isnan(want16) && std::isnan(b16[i]))))
      check::fail("bf16 %04x: %g\n", i, b16[i]);
    if (!std::isnan(want) && returned[i] != i) check::fail("half %04x came back as %04x\n", i, returned[i]);
  }

  check::Random random;
  std::vector<unsigned short> a(n), b(n), want(7 * n), want16(2 * n), a16(n), c16(n);
  for (int i = 0; i < n; ++i) {
    a[i] = half_bits((random.unit() - 0.5) * std::ldexp(1.0, static_cast<int>(random.below(24)) - 12));
    b[i] = half_bits((random.unit() - 0.5) * 8.0);
    const double x = half_value(a[i]), y = half_value(b[i]);
    want[i] = half_bits(x + y);
    want[n + i] = half_bits(x * y);
    want[2 * n + i] = half_bits(x * y + x);  // exact in double, then one rounding
    want[3 * n + i] = a[i] ^ 0x8000;
    want[4 * n + i] = x < y;
    want[5 * n + i] = half_bits(x + y);
    want[6 * n + i] = half_bits(static_cast<float>(x) * 1.0009765f);
    a16[i] = bf16_bits((random.unit() - 0.5f) * 100.0f);
    c16[i] = bf16_bits((random.unit() - 0.5f) * 3.0f);
    const float p = bf16_value(a16[i]), q = bf16_value(c16[i]);
    want16[i] = bf16_bits(static_cast<double>(p) * q + p);
    want16[n + i] = bf16_bits(p * 1.01f);
  }
  DeviceArray<unsigned short> da(a), db(b), out(7 * n), da16(a16), dc16(c16), out16(2 * n);
  arithmetic<<<(n + 127) / 128, 128>>>(da, db, out, n);
  bf16_arithmetic<<<(n + 127) / 128, 128>>>(da16, dc16, out16, n);
  CUDA_SYNC();
  check::equal(out.host(), want, "half");
  check::equal(out16.host(), want16, "bf16");
  return check::verdict("half_arithmetic");
}

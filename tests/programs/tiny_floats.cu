// 6-bit and 4-bit floating point: every value there and back, each rounding against the definition,
// saturation, pairs and fours; host and device agree.
#include <cuda_fp4.h>
#include <cuda_fp6.h>

#include "check.h"

constexpr int kInputs = 4096;
#ifdef __clang__  // ppucc
constexpr cudaRoundMode kModes[] = {cudaRoundNearest, cudaRoundZero, cudaRoundPosInf, cudaRoundMinInf};
#else  // NVIDIA's header stops at the others
constexpr cudaRoundMode kModes[] = {cudaRoundNearest, cudaRoundZero};
#endif

__global__ void convert(const float* in, unsigned char* out) {
  const int i = int(blockIdx.x * blockDim.x + threadIdx.x);
  out[i] = __nv_cvt_float_to_fp6(in[i], __NV_E2M3, cudaRoundNearest);
  out[kInputs + i] = __nv_cvt_float_to_fp6(in[i], __NV_E3M2, cudaRoundNearest);
  out[2 * kInputs + i] = __nv_cvt_float_to_fp4(in[i], __NV_E2M1, cudaRoundNearest);
}

/// The values of a format by its definition, by code without sign.
std::vector<double> values_of(int exponent_bits, int mantissa) {
  const int bias = (1 << (exponent_bits - 1)) - 1;
  std::vector<double> values;
  for (int code = 0; code < 1 << (exponent_bits + mantissa); ++code) {
    const int exponent = code >> mantissa, fraction = code & ((1 << mantissa) - 1);
    values.push_back(std::ldexp(exponent ? (1 << mantissa) + fraction : fraction,
                                (exponent ? exponent : 1) - bias - mantissa));
  }
  return values;
}

/// The code of x: the nearest value (even code at a tie), or its neighbour on the side of `mode`.
int wanted(const std::vector<double>& values, double x, cudaRoundMode mode) {
  const int count = int(values.size());
  const bool negative = std::signbit(x);
  const double a = std::fabs(x);
  int below = 0;
  while (below + 1 < count && values[below + 1] <= a) ++below;
  int code = below;
  if (below + 1 < count && values[below] != a) {
    const double middle = (values[below] + values[below + 1]) / 2;
    const bool away = mode == cudaRoundPosInf ? !negative : mode == cudaRoundMinInf ? negative : false;
    if (mode == cudaRoundNearest ? a > middle || (a == middle && below % 2) : away) code = below + 1;
  }
  return code | (negative ? count : 0);
}

int main() {
  std::vector<float> in(kInputs);
  for (int i = 0; i < kInputs; ++i) in[i] = float(i - kInputs / 2) / 64.0f;
  in[0] = INFINITY, in[1] = -INFINITY, in[2] = 1e-30f, in[3] = -1e-30f, in[4] = -0.0f, in[5] = 3e38f;
  const DeviceArray<float> x(in);
  const DeviceArray<unsigned char> out(3 * kInputs);
  convert<<<kInputs / 128, 128>>>(x, out);
  CUDA_SYNC();
  const std::vector<unsigned char> got = out.host();
  check::digest(got.data(), got.size());
  const std::vector<double> formats[] = {values_of(2, 3), values_of(3, 2), values_of(2, 1)};
  for (int i = 0; i < kInputs; ++i) {
    for (int f = 0; f < 3; ++f) EXPECT(got[f * kInputs + i] == wanted(formats[f], in[i], cudaRoundNearest));
    for (cudaRoundMode mode : kModes) {
      EXPECT(__nv_cvt_double_to_fp6(in[i], __NV_E2M3, mode) == wanted(formats[0], in[i], mode));
      EXPECT(__nv_cvt_double_to_fp6(in[i], __NV_E3M2, mode) == wanted(formats[1], in[i], mode));
      EXPECT(__nv_cvt_double_to_fp4(in[i], __NV_E2M1, mode) == wanted(formats[2], in[i], mode));
    }
  }
  for (int code = 0; code < 32; ++code) {
    __nv_fp6_e2m3 a;
    __nv_fp6_e3m2 b;
    a.__x = b.__x = static_cast<unsigned char>(code);
    EXPECT(float(a) == float(formats[0][size_t(code)]) && __nv_fp6_e2m3(float(a)).__x == code);
    EXPECT(float(b) == float(formats[1][size_t(code)]) && __nv_fp6_e3m2(float(b)).__x == code);
  }
  const __nv_fp4x2_e2m1 pair(make_float2(1.5f, -6.0f));
  EXPECT(pair.__x == 0xf3 && static_cast<float2>(pair).x == 1.5f && static_cast<float2>(pair).y == -6.0f);
  const __nv_fp4x4_e2m1 four(make_float4(0.5f, 1.0f, -2.0f, 4.0f));
  EXPECT(four.__x == 0x6c21 && static_cast<float4>(four).z == -2.0f);
  const __nv_fp6x4_e3m2 wide(make_float4(1.0f, 28.0f, -0.0625f, 100.0f));
  EXPECT(static_cast<float4>(wide).y == 28.0f && static_cast<float4>(wide).w == 28.0f);
  EXPECT(__nv_cvt_float_to_fp6(NAN, __NV_E2M3, cudaRoundNearest) == 0x1f);
  return check::verdict("tiny_floats");
}

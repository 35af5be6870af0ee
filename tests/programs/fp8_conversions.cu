// 8-bit floating point: every value there and back, rounding, saturation, pairs; host and device agree.
#include <cuda_fp8.h>

#include "check.h"

__global__ void convert(const float* in, unsigned char* e4m3, unsigned char* e5m2, float* back, int n) {
  const int i = blockIdx.x * blockDim.x + threadIdx.x;
  if (i >= n) return;
  e4m3[i] = __nv_cvt_float_to_fp8(in[i], __NV_SATFINITE, __NV_E4M3);
  e5m2[i] = __nv_cvt_float_to_fp8(in[i], __NV_NOSAT, __NV_E5M2);
  __nv_fp8_e4m3 value;
  value.__x = static_cast<unsigned char>(i);
  back[i] = static_cast<float>(value);
}

int main() {
  constexpr int kCount = 4096;
  float* in;
  unsigned char *e4m3, *e5m2;
  float* back;
  CUDA_CHECK(cudaMallocManaged(&in, kCount * 4));
  CUDA_CHECK(cudaMallocManaged(&back, kCount * 4));
  CUDA_CHECK(cudaMallocManaged(&e4m3, kCount));
  CUDA_CHECK(cudaMallocManaged(&e5m2, kCount));
  for (int i = 0; i < kCount; i++) {
    const float magnitude = __builtin_ldexpf(1.0f + (i % 61) / 61.0f, i % 40 - 20);
    in[i] = i & 1 ? -magnitude : magnitude;
  }
  in[0] = 0.0f, in[1] = -0.0f, in[2] = __builtin_inff(), in[3] = -__builtin_inff(),
  in[4] = __builtin_nanf("");
  in[5] = 464.0f, in[6] = 464.5f, in[7] = 61439.0f, in[8] = 61440.0f, in[9] = 0x1p-9f, in[10] = 0x1p-10f;
  convert<<<kCount / 128, 128>>>(in, e4m3, e5m2, back, kCount);
  CUDA_SYNC();
  for (int i = 0; i < kCount; i++) {
    EXPECT(e4m3[i] == __nv_cvt_float_to_fp8(in[i], __NV_SATFINITE, __NV_E4M3));
    EXPECT(e5m2[i] == __nv_cvt_float_to_fp8(in[i], __NV_NOSAT, __NV_E5M2));
  }
  const unsigned char wanted4[] = {0x00, 0x80, 0x7e, 0xfe, 0x7f, 0x7e, 0x7e, 0x7e, 0x7e, 0x01, 0x00};
  for (int i = 0; i < 11; i++) EXPECT(i == 4 ? (e4m3[i] & 0x7f) == 0x7f : e4m3[i] == wanted4[i]);
  EXPECT(e5m2[2] == 0x7c && e5m2[3] == 0xfc && e5m2[7] == 0x7b && e5m2[8] == 0x7c);
  EXPECT(__nv_cvt_float_to_fp8(500.0f, __NV_NOSAT, __NV_E4M3) == 0x7f);
  for (int i = 0; i < 256; i++) {
    if ((i & 0x7f) == 0x7f) continue;  // NaN
    EXPECT(static_cast<__nv_fp8_e4m3>(back[i]).__x == i);
  }
  EXPECT(back[0x38] == 1.0f && back[0x7e] == 448.0f && back[0x01] == 0x1p-9f);
  const __nv_fp8x2_e5m2 pair(make_float2(1.0f, -2.0f));
  EXPECT(pair.__x == 0xc03c);
  EXPECT(static_cast<float2>(pair).y == -2.0f);
  const __nv_fp8x4_e4m3 four(make_float4(1.0f, 2.0f, 3.0f, 4.0f));
  EXPECT(static_cast<float4>(four).z == 3.0f);
  CUDA_CHECK(cudaFree(in));
  return check::verdict("fp8_conversions");
}

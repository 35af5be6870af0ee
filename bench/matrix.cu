// The measured product on tensor instructions, in the way of CUTLASS and Triton: 64x64 of C a block, four
// warps of 32x32, two stages of cp.async, ldmatrix, mma.m16n8k16.
#include "kernels.h"

namespace bench::device {
namespace {

constexpr int kStep = 32, kStride = kStep + 8;  // of k; padded rows of shared memory

__device__ unsigned address(const void* p) {
  return static_cast<unsigned>(__cvta_generic_to_shared(p));
}

/// 64 rows of 32 elements.
__device__ void load_stage(unsigned short* to, const unsigned short* from, int k0) {
  for (int i = threadIdx.x; i < 256; i += 128)
    asm volatile("cp.async.cg.shared.global [%0], [%1], 16;" ::"r"(address(to + i / 4 * kStride + i % 4 * 8)),
                 "l"(from + i / 4 * kMatrixN + k0 + i % 4 * 8)
                 : "memory");
}

__device__ void load_fragments(unsigned (&f)[4], const unsigned short* at) {
  asm volatile("ldmatrix.sync.aligned.m8n8.x4.shared.b16 {%0, %1, %2, %3}, [%4];"
               : "=r"(f[0]), "=r"(f[1]), "=r"(f[2]), "=r"(f[3])
               : "r"(address(at)));
}

__global__ void matrix_kernel(const unsigned short* a, const unsigned short* b, float* c) {
  __shared__ __align__(16) unsigned short sa[2][64 * kStride], sb[2][64 * kStride];
  const int warp = threadIdx.x / 32, lane = threadIdx.x % 32;
  const int row0 = warp / 2 * 32, col0 = warp % 2 * 32;
  a += blockIdx.y * 64 * kMatrixN;
  b += blockIdx.x * 64 * kMatrixN;
  c += blockIdx.y * 64 * kMatrixN + blockIdx.x * 64;
  float sum[2][4][4] = {};
  load_stage(sa[0], a, 0);
  load_stage(sb[0], b, 0);
  asm volatile("cp.async.commit_group;");
  for (int k0 = 0, stage = 0; k0 < kMatrixN; k0 += kStep, stage ^= 1) {
    if (k0 + kStep < kMatrixN) {
      load_stage(sa[stage ^ 1], a, k0 + kStep);
      load_stage(sb[stage ^ 1], b, k0 + kStep);
    }
    asm volatile("cp.async.commit_group;");
    asm volatile("cp.async.wait_group 1;" ::: "memory");
    __syncthreads();
    for (int k = 0; k < kStep; k += 16) {
      unsigned fa[2][4], fb[2][4];
      for (int m = 0; m < 2; m++)
        load_fragments(fa[m], &sa[stage][(row0 + m * 16 + lane % 16) * kStride + k + lane / 16 * 8]);
      for (int n = 0; n < 2; n++)
        load_fragments(
            fb[n], &sb[stage][(col0 + n * 16 + lane / 16 * 8 + lane % 8) * kStride + k + lane / 8 % 2 * 8]);
      for (int m = 0; m < 2; m++)
        for (int n = 0; n < 4; n++)
          asm volatile(
              "mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {%0, %1, %2, %3}, {%4, %5, %6, %7}, {%8, "
              "%9}, "
              "{%0, %1, %2, %3};"
              : "+f"(sum[m][n][0]), "+f"(sum[m][n][1]), "+f"(sum[m][n][2]), "+f"(sum[m][n][3])
              : "r"(fa[m][0]), "r"(fa[m][1]), "r"(fa[m][2]), "r"(fa[m][3]), "r"(fb[n / 2][n % 2 * 2]),
                "r"(fb[n / 2][n % 2 * 2 + 1]));
    }
    __syncthreads();
  }
  for (int m = 0; m < 2; m++)
    for (int n = 0; n < 4; n++)
      for (int i = 0; i < 4; i += 2)
        *reinterpret_cast<float2*>(
            &c[(row0 + m * 16 + lane / 4 + i / 2 * 8) * kMatrixN + col0 + n * 8 + lane % 4 * 2]) =
            make_float2(sum[m][n][i], sum[m][n][i + 1]);
}

}  // namespace

void matrix(const unsigned short* a, const unsigned short* b, float* c) {
  matrix_kernel<<<dim3(kMatrixN / 64, kMatrixN / 64), 128>>>(a, b, c);
}

}  // namespace bench::device

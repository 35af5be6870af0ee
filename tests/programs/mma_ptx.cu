// A product of bf16 matrices as CUTLASS and Triton write it: cp.async in two stages, ldmatrix, mma.m16n8k16;
// then the tile goes back through stmatrix-like stores. Values are such that every sum is exact.
#include <cuda_bf16.h>
#include <cuda_pipeline.h>

#include "check.h"

constexpr int kM = 64, kN = 64, kK = 96, kStep = 32, kStride = kStep + 8;

__device__ unsigned address(const void* p) {
  return static_cast<unsigned>(__cvta_generic_to_shared(p));
}

__device__ void load_stage(__nv_bfloat16* to, const __nv_bfloat16* from, int k0) {
  // 64 rows of 32 elements: 256 copies of 16 bytes.
  for (int i = threadIdx.x; i < 256; i += blockDim.x)
    __pipeline_memcpy_async(to + i / 4 * kStride + i % 4 * 8, from + i / 4 * kK + k0 + i % 4 * 8, 16);
}

/// C (row-major) = A (row-major) B^T, four warps of 32x32.
__global__ void gemm(const __nv_bfloat16* a, const __nv_bfloat16* b, float* c) {
  __shared__ __align__(16) __nv_bfloat16 sa[2][kM * kStride], sb[2][kN * kStride];
  const int warp = threadIdx.x / 32, lane = threadIdx.x % 32;
  const int row0 = warp / 2 * 32, col0 = warp % 2 * 32;
  float sum[2][4][4] = {};
  load_stage(sa[0], a, 0);
  load_stage(sb[0], b, 0);
  __pipeline_commit();
  for (int k0 = 0, stage = 0; k0 < kK; k0 += kStep, stage ^= 1) {
    if (k0 + kStep < kK) {
      load_stage(sa[stage ^ 1], a, k0 + kStep);
      load_stage(sb[stage ^ 1], b, k0 + kStep);
    }
    __pipeline_commit();
    __pipeline_wait_prior(1);
    __syncthreads();
    for (int k = 0; k < kStep; k += 16) {
      unsigned fa[2][4], fb[2][4];
      for (int m = 0; m < 2; m++)
        asm volatile("ldmatrix.sync.aligned.m8n8.x4.shared.b16 {%0, %1, %2, %3}, [%4];"
                     : "=r"(fa[m][0]), "=r"(fa[m][1]), "=r"(fa[m][2]), "=r"(fa[m][3])
                     : "r"(address(&sa[stage][(row0 + m * 16 + lane % 16) * kStride + k + lane / 16 * 8])));
      for (int n = 0; n < 2; n++)
        asm volatile("ldmatrix.sync.aligned.m8n8.x4.shared.b16 {%0, %1, %2, %3}, [%4];"
                     : "=r"(fb[n][0]), "=r"(fb[n][1]), "=r"(fb[n][2]), "=r"(fb[n][3])
                     : "r"(address(&sb[stage][(col0 + n * 16 + lane / 16 * 8 + lane % 8) * kStride + k +
                                              lane / 8 % 2 * 8])));
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
      for (int i = 0; i < 4; i++)
        c[(row0 + m * 16 + lane / 4 + i / 2 * 8) * kN + col0 + n * 8 + lane % 4 * 2 + i % 2] = sum[m][n][i];
}

/// Each warp transposes its 8x8 tile of 16-bit numbers in four ways.
__global__ void transpose(const unsigned short* in, unsigned short* out) {
  __shared__ __align__(16) unsigned short tile[2][64];
  tile[0][threadIdx.x] = in[threadIdx.x];
  tile[0][threadIdx.x + 32] = in[threadIdx.x + 32];
  __syncwarp();
  unsigned plain, turned, moved;
  asm volatile("ldmatrix.sync.aligned.m8n8.x1.shared.b16 {%0}, [%1];"
               : "=r"(plain)
               : "r"(address(&tile[0][threadIdx.x % 8 * 8])));
  asm volatile("ldmatrix.sync.aligned.m8n8.x1.trans.shared.b16 {%0}, [%1];"
               : "=r"(turned)
               : "r"(address(&tile[0][threadIdx.x % 8 * 8])));
  asm volatile("movmatrix.sync.aligned.m8n8.trans.b16 %0, %1;" : "=r"(moved) : "r"(plain));
  reinterpret_cast<unsigned*>(out)[threadIdx.x] = plain;
  reinterpret_cast<unsigned*>(out)[32 + threadIdx.x] = turned;
  reinterpret_cast<unsigned*>(out)[64 + threadIdx.x] = moved;
}

int main() {
  std::vector<__nv_bfloat16> a(kM * kK), b(kN * kK);
  for (int i = 0; i < kM * kK; i++) a[i] = __nv_bfloat16(static_cast<float>(i * 7 % 31 - 15));
  for (int i = 0; i < kN * kK; i++) b[i] = __nv_bfloat16(static_cast<float>(i * 11 % 29 - 14));
  std::vector<float> got(kM * kN), want(kM * kN);
  for (int row = 0; row < kM; row++)
    for (int col = 0; col < kN; col++)
      for (int k = 0; k < kK; k++)
        want[row * kN + col] += static_cast<float>(a[row * kK + k]) * static_cast<float>(b[col * kK + k]);
  __nv_bfloat16 *da, *db;
  float* dc;
  CUDA_CHECK(cudaMalloc(&da, a.size() * 2));
  CUDA_CHECK(cudaMalloc(&db, b.size() * 2));
  CUDA_CHECK(cudaMalloc(&dc, got.size() * 4));
  CUDA_CHECK(cudaMemcpy(da, a.data(), a.size() * 2, cudaMemcpyHostToDevice));
  CUDA_CHECK(cudaMemcpy(db, b.data(), b.size() * 2, cudaMemcpyHostToDevice));
  gemm<<<1, 128>>>(da, db, dc);
  CUDA_SYNC();
  CUDA_CHECK(cudaMemcpy(got.data(), dc, got.size() * 4, cudaMemcpyDeviceToHost));
  check::equal(got, want, "bf16 product");

  std::vector<unsigned short> tile(64), turned(192), expected(192);
  for (int i = 0; i < 64; i++) tile[i] = static_cast<unsigned short>(i * 1021 + 7);
  for (int i = 0; i < 64; i++) {
    expected[i] = tile[i];
    expected[64 + i] = expected[128 + i] = tile[i % 8 * 8 + i / 8];
  }
  unsigned short *din, *dout;
  CUDA_CHECK(cudaMalloc(&din, 128));
  CUDA_CHECK(cudaMalloc(&dout, 384));
  CUDA_CHECK(cudaMemcpy(din, tile.data(), 128, cudaMemcpyHostToDevice));
  transpose<<<1, 32>>>(din, dout);
  CUDA_SYNC();
  CUDA_CHECK(cudaMemcpy(turned.data(), dout, 384, cudaMemcpyDeviceToHost));
  check::equal(turned, expected, "transposed tile");
  return check::verdict("mma_ptx");
}

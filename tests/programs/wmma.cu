// nvcuda::wmma with every element type: small products against the host, whole matrices in shared and global
// memory.
#include <cuda_bf16.h>
#include <cuda_fp16.h>
#include <mma.h>

#include "check.h"

using namespace nvcuda;
namespace small = wmma::experimental::precision;

/// D = A B + C of one tile; layouts of A, B by type, of C and D row-major. `ld` are in elements.
template <int M, int N, int K, class T, class In, class C, class LA, class LB>
__global__ void multiply(const In* a, const In* b, const C* c, C* d, int lda, int ldb) {
  __shared__ C tile[M * (N + 4)];
  wmma::fragment<wmma::matrix_a, M, N, K, T, LA> fa;
  wmma::fragment<wmma::matrix_b, M, N, K, T, LB> fb;
  wmma::fragment<wmma::accumulator, M, N, K, C> fc;
  for (int i = threadIdx.x; i < M * N; i += 32) tile[i / N * (N + 4) + i % N] = c[i];
  __syncwarp();
  wmma::load_matrix_sync(fa, a, lda);
  wmma::load_matrix_sync(fb, b, ldb);
  wmma::load_matrix_sync(fc, tile, N + 4, wmma::mem_row_major);
  for (int i = 0; i < fc.num_elements; i++) fc.x[i] = fc.x[i] + fc.x[i];
  wmma::mma_sync(fc, fa, fb, fc);
  wmma::store_matrix_sync(d, fc, N, wmma::mem_row_major);
}

__global__ void bits(const unsigned* a, const unsigned* b, int* d) {
  wmma::fragment<wmma::matrix_a, 8, 8, 128, small::b1, wmma::row_major> fa;
  wmma::fragment<wmma::matrix_b, 8, 8, 128, small::b1, wmma::col_major> fb;
  wmma::fragment<wmma::accumulator, 8, 8, 128, int> fc;
  wmma::fill_fragment(fc, 0);
  wmma::load_matrix_sync(fa, a, 128);
  wmma::load_matrix_sync(fb, b, 128);
  wmma::bmma_sync(fc, fa, fb, fc, wmma::experimental::bmmaBitOpXOR);
  wmma::bmma_sync(fc, fa, fb, fc, wmma::experimental::bmmaBitOpAND);
  wmma::store_matrix_sync(d, fc, 8, wmma::mem_col_major);
}

template <class T>
T* on_device(const std::vector<T>& host) {
  T* p = nullptr;
  CUDA_CHECK(cudaMalloc(&p, host.size() * sizeof(T)));
  CUDA_CHECK(cudaMemcpy(p, host.data(), host.size() * sizeof(T), cudaMemcpyHostToDevice));
  return p;
}

/// Values are small integers, so that every sum is exact in any order.
template <int M, int N, int K, class T, class In, class C, class LA, class LB>
void product(const char* what) {
  constexpr bool a_col = std::is_same<LA, wmma::col_major>::value,
                 b_col = std::is_same<LB, wmma::col_major>::value;
  std::vector<In> a(M * K), b(K * N);
  std::vector<C> c(M * N), got(M * N), want(M * N);
  const bool is_unsigned = std::is_same<In, unsigned char>::value;
  const auto value = [&](int i) { return is_unsigned ? i * 37 % 251 : i * 37 % 15 - 7; };
  for (int i = 0; i < M * K; i++) a[i] = In(static_cast<float>(value(i)));
  for (int i = 0; i < K * N; i++) b[i] = In(static_cast<float>(value(i + 5)));
  for (int i = 0; i < M * N; i++) c[i] = C(static_cast<float>(i % 9 - 4));
  for (int row = 0; row < M; row++)
    for (int col = 0; col < N; col++) {
      double sum = 2 * static_cast<double>(static_cast<float>(c[row * N + col]));
      for (int k = 0; k < K; k++)
        sum += static_cast<double>(static_cast<float>(a[a_col ? k * M + row : row * K + k])) *
               static_cast<double>(static_cast<float>(b[b_col ? col * K + k : k * N + col]));
      want[row * N + col] = C(static_cast<float>(sum));
    }
  In *da = on_device(a), *db = on_device(b);
  C *dc = on_device(c), *dd = on_device(got);
  multiply<M, N, K, T, In, C, LA, LB><<<1, 32>>>(da, db, dc, dd, a_col ? M : K, b_col ? K : N);
  CUDA_SYNC();
  CUDA_CHECK(cudaMemcpy(got.data(), dd, got.size() * sizeof(C), cudaMemcpyDeviceToHost));
  check::equal(got, want, what);
  for (void* p : {(void*)da, (void*)db, (void*)dc, (void*)dd}) CUDA_CHECK(cudaFree(p));
}

/// 4-bit integers, eight to a word.
void four_bits() {
  std::vector<int> a(32), b(32), c(64), got(64), want(64);
  for (int i = 0; i < 32; i++)
    a[i] = int(0x9abcdef0u * unsigned(i + 1)), b[i] = int(0x12345679u * unsigned(2 * i + 1));
  for (int i = 0; i < 64; i++) c[i] = i;
  const auto nibble = [](const std::vector<int>& v, int row, int k) {
    return int(unsigned(v[row * 4 + k / 8]) << (28 - k % 8 * 4)) >> 28;
  };
  for (int i = 0; i < 64; i++) {
    want[i] = 2 * i;
    for (int k = 0; k < 32; k++) want[i] += nibble(a, i / 8, k) * nibble(b, i % 8, k);
  }
  int *da = on_device(a), *db = on_device(b), *dc = on_device(c), *dd = on_device(got);
  multiply<8, 8, 32, small::s4, int, int, wmma::row_major, wmma::col_major>
      <<<1, 32>>>(da, db, dc, dd, 32, 32);
  CUDA_SYNC();
  CUDA_CHECK(cudaMemcpy(got.data(), dd, 256, cudaMemcpyDeviceToHost));
  check::equal(got, want, "s4");
}

void single_bits() {
  std::vector<unsigned> a(32), b(32);
  std::vector<int> got(64), want(64);
  for (unsigned i = 0; i < 32; i++) a[i] = 0x9e3779b9u * (i + 1), b[i] = 0x85ebca6bu * (3 * i + 1);
  for (int row = 0; row < 8; row++)
    for (int col = 0; col < 8; col++)
      for (int w = 0; w < 4; w++) {
        const unsigned x = a[row * 4 + w], y = b[col * 4 + w];
        want[col * 8 + row] += __builtin_popcount(x ^ y) + __builtin_popcount(x & y);
      }
  unsigned *da = on_device(a), *db = on_device(b);
  int* dd = on_device(got);
  bits<<<1, 32>>>(da, db, dd);
  CUDA_SYNC();
  CUDA_CHECK(cudaMemcpy(got.data(), dd, 256, cudaMemcpyDeviceToHost));
  check::equal(got, want, "b1");
}

int main() {
  using R = wmma::row_major;
  using L = wmma::col_major;
  product<16, 16, 16, half, half, float, R, L>("half, f32 sums");
  product<32, 8, 16, half, half, float, L, R>("half 32x8");
  product<8, 32, 16, half, half, half, R, R>("half 8x32, half sums");
  product<16, 16, 16, __nv_bfloat16, __nv_bfloat16, float, L, L>("bfloat16");
  product<32, 8, 16, __nv_bfloat16, __nv_bfloat16, float, R, R>("bfloat16 32x8");
  product<16, 16, 8, wmma::precision::tf32, float, float, R, L>("tf32");
  product<16, 16, 8, wmma::precision::tf32, float, float, L, R>("tf32, other layouts");
  product<8, 8, 4, double, double, double, R, L>("double");
  product<16, 16, 16, signed char, signed char, int, R, L>("s8");
  product<8, 32, 16, unsigned char, unsigned char, int, L, R>("u8 8x32");
  product<32, 8, 16, signed char, signed char, int, L, L>("s8 32x8");
  four_bits();
  single_bits();
  return check::verdict("wmma");
}

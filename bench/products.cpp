// cuBLAS beside the libraries that it stands on, called directly: what its calls cost above them. Those
// libraries are opened at run time; where one is missing a row says so.
#include "others.h"

#include <cublas_v2.h>
#include <dlfcn.h>

#include <string>

#include "harness.h"
#include "kernels.h"
#include "libs/onednn/fast_product.h"

namespace bench {
namespace {

using Sgemm = void (*)(int order, int ta, int tb, int m, int n, int k, float alpha, const float* a, int lda,
                       const float* b, int ldb, float beta, float* c, int ldc);
constexpr int kRowMajor = 101, kColumnMajor = 102, kNoTranspose = 111;  // CBLAS's values

/// A function of a library that lies beside libcublas; null if there is none.
template <class F>
F beside_cublas(const char* library, const char* name) {
  Dl_info self;
  if (!dladdr(reinterpret_cast<const void*>(&cublasCreate_v2), &self)) return nullptr;
  std::string path = self.dli_fname;
  path = path.substr(0, path.find_last_of('/') + 1) + library;
  void* handle = dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL);
  return handle ? reinterpret_cast<F>(dlsym(handle, name)) : nullptr;
}

void check(cublasStatus_t status) {
  if (status == CUBLAS_STATUS_SUCCESS) return;
  std::fprintf(stderr, "ppu-bench: cuBLAS status %d\n", int(status));
  std::exit(1);
}

void measure_sgemm(cublasHandle_t cublas, Sgemm direct, int n, int repeats) {
  const size_t size = size_t(n) * size_t(n);
  Arrays<float> a(size, unit), b(size, [](size_t i) { return unit(i * 3 + 1) - 0.5f; }), c(size);
  const float one = 1, zero = 0;
  const std::string name = "cuBLAS sgemm " + std::to_string(n);
  const Row row = {name.c_str(), "OpenBLAS", {2.0 * n * n * n, 12.0 * n * n}};
  measure(
      row, repeats,
      [&] {
        check(cublasSgemm(cublas, CUBLAS_OP_N, CUBLAS_OP_N, n, n, n, &one, a.device, n, b.device, n, &zero,
                          c.device, n));
      },
      [&] {
        direct(kColumnMajor, kNoTranspose, kNoTranspose, n, n, n, 1, a.host, n, b.host, n, 0, c.host, n);
      },
      [&] { return close(c, 1e-4); });
}

/// The tiled kernels beside the library that nobody tells how to tile.
void measure_tiles(const char* name, void (*tiled)(const float*, const float*, float*), Sgemm direct,
                   int repeats) {
  constexpr int n = kSgemmN;
  const size_t size = size_t{n} * n;
  Arrays<float> a(size, unit), b(size, [](size_t i) { return unit(i * 3 + 1) - 0.5f; }), c(size);
  measure(
      {name, "OpenBLAS", {2.0 * n * n * n, 12.0 * n * n}}, repeats,
      [&] { tiled(a.device, b.device, c.device); },
      [&] { direct(kRowMajor, kNoTranspose, kNoTranspose, n, n, n, 1, a.host, n, b.host, n, 0, c.host, n); },
      [&] { return close(c, 1e-4); });
}

void measure_bf16(cublasHandle_t cublas, ppu::onednn::Multiply direct, int n, int repeats) {
  const size_t size = size_t(n) * size_t(n);
  const auto number = [](size_t i) {  // the upper half of an f32
    const float x = unit(i) - 0.5f;
    unsigned word;
    std::memcpy(&word, &x, 4);
    return static_cast<unsigned short>(word >> 16);
  };
  Arrays<unsigned short> a(size, number), b(size, [&](size_t i) { return number(i * 3 + 1); });
  Arrays<float> c(size);
  const float one = 1, zero = 0;
  ppu::onednn::FastProduct p{};
  p.m = p.n = p.k = n;
  p.a_row = p.b_row = 1;
  p.a_column = p.b_column = p.d_column = n;
  p.a_matrix = p.b_matrix = p.d_matrix = int64_t(size);
  const std::string name = "cuBLAS bf16 " + std::to_string(n);
  const Row row = {name.c_str(), "oneDNN"};
  measure(
      row, repeats,
      [&] {
        check(cublasGemmEx(cublas, CUBLAS_OP_N, CUBLAS_OP_N, n, n, n, &one, a.device, CUDA_R_16BF, n,
                           b.device, CUDA_R_16BF, n, &zero, c.device, CUDA_R_32F, n, CUBLAS_COMPUTE_32F,
                           CUBLAS_GEMM_DEFAULT));
      },
      [&] { direct(&p, a.host, b.host, nullptr, c.host); }, [&] { return close(c, 1e-3); });
}

}  // namespace

void measure_products(int repeats) {
  cublasHandle_t cublas;
  check(cublasCreate(&cublas));
  if (const auto direct = beside_cublas<Sgemm>("libscipy_openblas.so", "scipy_cblas_sgemm")) {
    measure_tiles("sgemm 16x16 tiles", device::sgemm, direct, repeats);
    measure_tiles("sgemm 64x64 tiles", device::register_sgemm, direct, repeats);
    for (const int n : {64, 256, 1024}) measure_sgemm(cublas, direct, n, n < 512 ? repeats * 10 : repeats);
  } else
    absent("OpenBLAS", "libscipy_openblas.so isn't beside libcublas");
  const auto direct = beside_cublas<ppu::onednn::Multiply>("libppu_onednn.so", ppu::onednn::kMultiplyName);
  if (!direct)
    absent("oneDNN", "libppu_onednn.so isn't beside libcublas");
  else if (!__builtin_cpu_supports("avx512bf16"))
    absent("oneDNN", "the CPU has no bfloat16 products");
  else
    for (const int n : {256, 1024}) measure_bf16(cublas, direct, n, n < 512 ? repeats * 10 : repeats);
  check(cublasDestroy(cublas));
}

}  // namespace bench

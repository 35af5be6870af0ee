// The kernels that bench measures, each twice: as CUDA C++ on the device (kernels.cu, built by ppucc) and as
// OpenMP C++ (rivals.cpp, clang -O3 -march=native), on arrays of the same contents.
#pragma once
#include <cstddef>

namespace bench {

constexpr int kSaxpyN = 16 << 20;
constexpr int kReduceN = 4 << 20;
constexpr int kReduceBlock = 256;
constexpr int kSgemmN = 512;
constexpr int kMatrixN = 512;  ///< of the product on tensor instructions
constexpr int kMandelbrotSize = 1024;
constexpr int kMandelbrotLimit = 512;
constexpr int kSoftmaxRows = 2048;
constexpr int kSoftmaxColumns = 1024;
constexpr int kHistogramN = 16 << 20;
constexpr int kStencilN = 2048;
constexpr int kGatherN = 4 << 20, kTableN = 1 << 20;
constexpr int kScanN = 8 << 20, kScanSegment = 1024;
constexpr int kRopeRows = 512, kRopeColumns = 4096, kRopeHead = 128;
constexpr int kQueens = 11;
constexpr int kDp4aN = 512, kDp4aWords = 512;

// Each takes its arrays from the caller: device memory for the first, host memory for the second kind.
namespace device {
void saxpy(float a, const float* x, float* y);
void reduce(const float* x, float* sums);
void sgemm(const float* a, const float* b, float* c);
/// c = a b^T, bfloat16 bits by rows; mma.m16n8k16 with ldmatrix and cp.async.
void matrix(const unsigned short* a, const unsigned short* b, float* c);
void mandelbrot(int* out);
void softmax(const float* in, float* out);
void histogram(const unsigned char* data, unsigned* counts);
void stencil(const float* in, float* out);
void gather(const float* table, const int* at, float* out);
void scan(const float* in, float* out);
void layer_norm(const float* in, const float* scale, float* out);
void norm_rope(const float* in, const float* cosines, const float* sines, float* out);
void queens(unsigned* counts);
void dp4a(const int* a, const int* b, int* c);
/// As sgemm, with 4x4 of C a thread.
void register_sgemm(const float* a, const float* b, float* c);
/// `stream` is a cudaStream_t.
void empty(void* stream = nullptr);
}  // namespace device

namespace native {
void saxpy(float a, const float* x, float* y);
void reduce(const float* x, float* sums);
void sgemm(const float* a, const float* b, float* c);
void matrix(const unsigned short* a, const unsigned short* b, float* c);
void mandelbrot(int* out);
void softmax(const float* in, float* out);
void histogram(const unsigned char* data, unsigned* counts);
void stencil(const float* in, float* out);
void gather(const float* table, const int* at, float* out);
void scan(const float* in, float* out);
void layer_norm(const float* in, const float* scale, float* out);
void norm_rope(const float* in, const float* cosines, const float* sines, float* out);
void queens(unsigned* counts);
void dp4a(const int* a, const int* b, int* c);
/// Bandwidth of a[i] = b[i] + x c[i] on arrays far larger than caches, reads and writes counted once.
double triad_gb_s();
/// Floating point operations of fused multiply-adds in registers.
double fma_gflop_s();
}  // namespace native

}  // namespace bench

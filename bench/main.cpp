// Measures each kernel on the device and its rival in turns, in one process, and prints one JSON object a
// line.
//   ppu-bench REPEATS      kernels and launch latency; how many threads each side has comes from
//   OMP_NUM_THREADS and
//                          PPU_WORKERS
//   ppu-bench attach       one small launch, then this process's resident memory and whether the compiler was
//   loaded
#include <cuda_runtime_api.h>
#include <sys/mman.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <functional>
#include <new>
#include <string>
#include <vector>

#include "kernels.h"

namespace bench {
namespace {

double now_ms() {
  using namespace std::chrono;
  return duration<double, std::milli>(steady_clock::now().time_since_epoch()).count();
}

void check(cudaError_t status) {
  if (status == cudaSuccess) return;
  std::fprintf(stderr, "ppu-bench: %s\n", cudaGetErrorString(status));
  std::exit(1);
}

/// Host and device arrays of the same contents. The host's are on huge pages, as the device's are.
template <class T>
struct Arrays {
  explicit Arrays(size_t n) : size(n) {
    const size_t bytes = (n * sizeof(T) + (2 << 20) - 1) & ~size_t{(2 << 20) - 1};
    host = static_cast<T*>(std::aligned_alloc(2 << 20, bytes));
    madvise(host, bytes, MADV_HUGEPAGE);
    std::memset(static_cast<void*>(host), 0, bytes);
    check(cudaMalloc(reinterpret_cast<void**>(&device), n * sizeof(T)));
    check(cudaMemset(device, 0, n * sizeof(T)));
  }
  template <class Make>
  Arrays(size_t n, Make make) : Arrays(n) {
    for (size_t i = 0; i < n; ++i) host[i] = make(i);
    check(cudaMemcpy(device, host, n * sizeof(T), cudaMemcpyHostToDevice));
  }
  ~Arrays() {
    std::free(host);
    cudaFree(device);
  }
  std::vector<T> result() const {
    std::vector<T> copy(size);
    check(cudaMemcpy(copy.data(), device, size * sizeof(T), cudaMemcpyDeviceToHost));
    return copy;
  }
  T* host;
  T* device = nullptr;
  size_t size;
};

float unit(size_t i) {
  return static_cast<float>((i * 2654435761u >> 8) & 0xffff) / 65536.0f;
}

/// Runs both sides in turns; `same` tells after the first round whether they computed the same.
void measure(const char* name, int repeats, const std::function<void()>& device,
             const std::function<void()>& native, const std::function<bool()>& same) {
  const auto time = [](const std::function<void()>& work) {
    const double start = now_ms();
    work();
    return now_ms() - start;
  };
  const auto on_device = [&] {
    device();
    check(cudaGetLastError());
    check(cudaDeviceSynchronize());
  };
  const double first = time(on_device);
  native();
  const bool agree = same();
  double best_device = 1e30, best_native = 1e30;
  for (int r = 0; r < repeats; ++r) {
    best_native = std::min(best_native, time(native));
    best_device = std::min(best_device, time(on_device));
  }
  std::printf(
      "{\"kernel\": \"%s\", \"device_ms\": %.4f, \"native_ms\": %.4f, \"first_ms\": %.2f, \"agree\": %s}\n",
      name, best_device, best_native, first, agree ? "true" : "false");
  std::fflush(stdout);
}

template <class T>
bool close(const Arrays<T>& arrays, double tolerance) {
  const std::vector<T> got = arrays.result();
  for (size_t i = 0; i < arrays.size; ++i)
    if (!(std::fabs(double(got[i]) - double(arrays.host[i])) <=
          tolerance * std::max(1.0, std::fabs(double(arrays.host[i])))))
      return false;
  return true;
}

void measure_kernels(int repeats) {
  {
    Arrays<float> x(kSaxpyN, unit), y(kSaxpyN, [](size_t i) { return unit(i + 7); });
    measure(
        "saxpy", repeats, [&] { device::saxpy(1e-3f, x.device, y.device); },
        [&] { native::saxpy(1e-3f, x.host, y.host); }, [&] { return close(y, 1e-6); });
  }
  {
    Arrays<float> x(kReduceN, unit), sums(256);
    measure(
        "block reduction", repeats * 3, [&] { device::reduce(x.device, sums.device); },
        [&] { native::reduce(x.host, sums.host); },
        [&] {
          double total = 0;
          for (float s : sums.result()) total += s;
          return std::fabs(total / sums.host[0] - 1) < 1e-3;
        });
  }
  {
    const size_t n = size_t{kSgemmN} * kSgemmN;
    Arrays<float> a(n, unit), b(n, [](size_t i) { return unit(i * 3 + 1) - 0.5f; }), c(n);
    measure(
        "sgemm 16x16 tiles", repeats, [&] { device::sgemm(a.device, b.device, c.device); },
        [&] { native::sgemm(a.host, b.host, c.host); }, [&] { return close(c, 1e-4); });
  }
  {
    const size_t n = size_t{kMatrixN} * kMatrixN;
    const auto number = [](size_t i) {  // bfloat16: the upper half of an f32
      const float x = unit(i) - 0.5f;
      unsigned word;
      std::memcpy(&word, &x, 4);
      return static_cast<unsigned short>(word >> 16);
    };
    Arrays<unsigned short> a(n, number), b(n, [&](size_t i) { return number(i * 3 + 1); });
    Arrays<float> c(n);
    measure(
        "bf16 mma product", repeats, [&] { device::matrix(a.device, b.device, c.device); },
        [&] { native::matrix(a.host, b.host, c.host); }, [&] { return close(c, 1e-4); });
  }
  {
    Arrays<int> out(size_t{kMandelbrotSize} * kMandelbrotSize);
    measure(
        "mandelbrot", repeats / 3 + 1, [&] { device::mandelbrot(out.device); },
        [&] { native::mandelbrot(out.host); },
        [&] {  // contraction moves single pixels on the border of the set
          const std::vector<int> got = out.result();
          size_t differ = 0;
          for (size_t i = 0; i < got.size(); ++i) differ += got[i] != out.host[i];
          return differ < got.size() / 50;
        });
  }
  {
    const size_t n = size_t{kSoftmaxRows} * kSoftmaxColumns;
    Arrays<float> in(n, [](size_t i) { return unit(i) * 20 - 10; }), out(n);
    measure(
        "softmax", repeats, [&] { device::softmax(in.device, out.device); },
        [&] { native::softmax(in.host, out.host); }, [&] { return close(out, 1e-5); });
  }
  {
    Arrays<unsigned char> data(kHistogramN,
                               [](size_t i) { return static_cast<unsigned char>(i * 2654435761u >> 13); });
    Arrays<unsigned> counts(256);
    measure(
        "histogram", repeats, [&] { device::histogram(data.device, counts.device); },
        [&] { native::histogram(data.host, counts.host); }, [&] { return close(counts, 0); });
  }
}

void measure_streams(int repeats) {
  {
    const size_t n = size_t{kStencilN} * kStencilN;
    Arrays<float> in(n, unit), out(n);
    measure(
        "stencil", repeats, [&] { device::stencil(in.device, out.device); },
        [&] { native::stencil(in.host, out.host); }, [&] { return close(out, 1e-6); });
  }
  {
    Arrays<float> table(kTableN, unit), out(kGatherN);
    Arrays<int> at(kGatherN, [](size_t i) { return static_cast<int>((i * 2654435761u >> 7) % kTableN); });
    measure(
        "gather", repeats, [&] { device::gather(table.device, at.device, out.device); },
        [&] { native::gather(table.host, at.host, out.host); }, [&] { return close(out, 0); });
  }
  {
    Arrays<float> in(kScanN, unit), out(kScanN);
    measure(
        "scan", repeats, [&] { device::scan(in.device, out.device); },
        [&] { native::scan(in.host, out.host); }, [&] { return close(out, 1e-5); });
  }
}

void measure_rows(int repeats) {
  {
    const size_t n = size_t{kSoftmaxRows} * kSoftmaxColumns;
    Arrays<float> in(n, unit), scale(kSoftmaxColumns, unit), out(n);
    measure(
        "layer norm", repeats, [&] { device::layer_norm(in.device, scale.device, out.device); },
        [&] { native::layer_norm(in.host, scale.host, out.host); }, [&] { return close(out, 1e-4); });
  }
  {
    const size_t n = size_t{kRopeRows} * kRopeColumns, angles = size_t{kRopeRows} * kRopeHead / 2;
    Arrays<float> in(n, unit), out(n);
    Arrays<float> cosines(angles, [](size_t i) { return std::cos(unit(i) * 6); });
    Arrays<float> sines(angles, [](size_t i) { return std::sin(unit(i) * 6); });
    measure(
        "RMS norm + RoPE", repeats,
        [&] { device::norm_rope(in.device, cosines.device, sines.device, out.device); },
        [&] { native::norm_rope(in.host, cosines.host, sines.host, out.host); },
        [&] { return close(out, 1e-4); });
  }
}

void measure_compute(int repeats) {
  {
    Arrays<unsigned> counts(size_t{kQueens} * kQueens * kQueens);
    measure(
        "n-queens", repeats / 3 + 1, [&] { device::queens(counts.device); },
        [&] { native::queens(counts.host); }, [&] { return close(counts, 0); });
  }
  {
    const size_t n = size_t{kSgemmN} * kSgemmN;
    Arrays<float> a(n, unit), b(n, [](size_t i) { return unit(i * 3 + 1) - 0.5f; }), c(n);
    measure(
        "sgemm 64x64 tiles", repeats, [&] { device::register_sgemm(a.device, b.device, c.device); },
        [&] { native::sgemm(a.host, b.host, c.host); }, [&] { return close(c, 1e-4); });
  }
  {
    const size_t n = size_t{kDp4aN} * kDp4aWords;
    const auto bytes = [](size_t i) { return static_cast<int>(i * 2654435761u); };
    Arrays<int> a(n, bytes), b(n, [&](size_t i) { return bytes(i * 7 + 1); }), c(size_t{kDp4aN} * kDp4aN);
    measure(
        "dp4a product", repeats, [&] { device::dp4a(a.device, b.device, c.device); },
        [&] { native::dp4a(a.host, b.host, c.host); }, [&] { return close(c, 0); });
  }
}

void measure_latency() {
  std::vector<double> times;
  for (int i = 0; i < 5000; ++i) {
    const double start = now_ms();
    device::empty();
    check(cudaDeviceSynchronize());
    times.push_back((now_ms() - start) * 1000);
  }
  std::sort(times.begin(), times.end());
  std::printf("{\"latency_us\": {\"minimum\": %.2f, \"median\": %.2f, \"p99\": %.2f}}\n", times[0],
              times[times.size() / 2], times[times.size() * 99 / 100]);
}

void attach() {
  device::empty();
  check(cudaGetLastError());
  check(cudaDeviceSynchronize());
  std::string line;
  bool compiler = false;
  for (std::ifstream maps("/proc/self/maps"); std::getline(maps, line);)
    compiler |= line.find("libppu_compiler") != std::string::npos;
  long resident_kb = 0;
  for (std::ifstream status("/proc/self/status"); std::getline(status, line);)
    if (line.rfind("VmRSS:", 0) == 0) resident_kb = std::atol(line.c_str() + 6);
  std::printf("{\"resident_mb\": %.1f, \"compiler_loaded\": %s}\n", resident_kb / 1024.0,
              compiler ? "true" : "false");
}

}  // namespace
}  // namespace bench

int main(int argc, char** argv) {
  if (argc > 1 && std::strcmp(argv[1], "attach") == 0) {
    bench::attach();
    return 0;
  }
  const int repeats = argc > 1 ? std::atoi(argv[1]) : 20;
  bench::measure_kernels(repeats);
  bench::measure_streams(repeats);
  bench::measure_rows(repeats);
  bench::measure_compute(repeats);
  bench::measure_latency();
  return 0;
}

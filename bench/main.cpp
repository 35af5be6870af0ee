// Measures each kernel on the device and its rival in turns, in one process, and prints one JSON object a
// line.
//   ppu-bench REPEATS      kernels and launch latency; how many threads each side has comes from
//   OMP_NUM_THREADS and
//                          PPU_WORKERS
//   ppu-bench attach       one small launch, then this process's resident memory and whether the compiler was
//   loaded
#include <fstream>
#include <string>

#include "harness.h"
#include "kernels.h"
#include "others.h"

namespace bench {
namespace {

/// Of an n x n product in float.
Work gemm(double n) {
  return {2 * n * n * n, 12 * n * n};
}

void measure_kernels(int repeats) {
  {
    Arrays<float> x(kSaxpyN, unit), y(kSaxpyN, [](size_t i) { return unit(i + 7); });
    measure(
        {"saxpy", "OpenMP", {2.0 * kSaxpyN, 12.0 * kSaxpyN}}, repeats,
        [&] { device::saxpy(1e-3f, x.device, y.device); }, [&] { native::saxpy(1e-3f, x.host, y.host); },
        [&] { return close(y, 1e-6); });
  }
  {
    Arrays<float> x(kReduceN, unit), sums(256);
    measure(
        {"block reduction", "OpenMP", {1.0 * kReduceN, 4.0 * kReduceN}}, repeats * 3,
        [&] { device::reduce(x.device, sums.device); }, [&] { native::reduce(x.host, sums.host); },
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
        {"sgemm 16x16 tiles", "OpenMP", gemm(kSgemmN)}, repeats,
        [&] { device::sgemm(a.device, b.device, c.device); }, [&] { native::sgemm(a.host, b.host, c.host); },
        [&] { return close(c, 1e-4); });
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
        {"bf16 mma product"}, repeats, [&] { device::matrix(a.device, b.device, c.device); },
        [&] { native::matrix(a.host, b.host, c.host); }, [&] { return close(c, 1e-4); });
  }
  {
    Arrays<int> out(size_t{kMandelbrotSize} * kMandelbrotSize);
    measure(
        {"mandelbrot"}, repeats / 3 + 1, [&] { device::mandelbrot(out.device); },
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
        {"softmax", "OpenMP", {0, 8.0 * kSoftmaxRows * kSoftmaxColumns}}, repeats,
        [&] { device::softmax(in.device, out.device); }, [&] { native::softmax(in.host, out.host); },
        [&] { return close(out, 1e-5); });
  }
  {
    Arrays<unsigned char> data(kHistogramN,
                               [](size_t i) { return static_cast<unsigned char>(i * 2654435761u >> 13); });
    Arrays<unsigned> counts(256);
    measure(
        {"histogram", "OpenMP", {0, 1.0 * kHistogramN}}, repeats,
        [&] { device::histogram(data.device, counts.device); },
        [&] { native::histogram(data.host, counts.host); }, [&] { return close(counts, 0); });
  }
}

void measure_streams(int repeats) {
  {
    const size_t n = size_t{kStencilN} * kStencilN;
    Arrays<float> in(n, unit), out(n);
    measure(
        {"stencil", "OpenMP", {0, 8.0 * kStencilN * kStencilN}}, repeats,
        [&] { device::stencil(in.device, out.device); }, [&] { native::stencil(in.host, out.host); },
        [&] { return close(out, 1e-6); });
  }
  {
    Arrays<float> table(kTableN, unit), out(kGatherN);
    Arrays<int> at(kGatherN, [](size_t i) { return static_cast<int>((i * 2654435761u >> 7) % kTableN); });
    measure(
        {"gather", "OpenMP", {0, 12.0 * kGatherN}}, repeats,
        [&] { device::gather(table.device, at.device, out.device); },
        [&] { native::gather(table.host, at.host, out.host); }, [&] { return close(out, 0); });
  }
  {
    Arrays<float> in(kScanN, unit), out(kScanN);
    measure(
        {"scan", "OpenMP", {1.0 * kScanN, 8.0 * kScanN}}, repeats,
        [&] { device::scan(in.device, out.device); }, [&] { native::scan(in.host, out.host); },
        [&] { return close(out, 1e-5); });
  }
}

void measure_rows(int repeats) {
  {
    const size_t n = size_t{kSoftmaxRows} * kSoftmaxColumns;
    Arrays<float> in(n, unit), scale(kSoftmaxColumns, unit), out(n);
    measure(
        {"layer norm", "OpenMP", {0, 8.0 * kSoftmaxRows * kSoftmaxColumns}}, repeats,
        [&] { device::layer_norm(in.device, scale.device, out.device); },
        [&] { native::layer_norm(in.host, scale.host, out.host); }, [&] { return close(out, 1e-4); });
  }
  {
    const size_t n = size_t{kRopeRows} * kRopeColumns, angles = size_t{kRopeRows} * kRopeHead / 2;
    Arrays<float> in(n, unit), out(n);
    Arrays<float> cosines(angles, [](size_t i) { return std::cos(unit(i) * 6); });
    Arrays<float> sines(angles, [](size_t i) { return std::sin(unit(i) * 6); });
    measure(
        {"RMS norm + RoPE", "OpenMP", {0, 8.0 * kRopeRows * kRopeColumns}}, repeats,
        [&] { device::norm_rope(in.device, cosines.device, sines.device, out.device); },
        [&] { native::norm_rope(in.host, cosines.host, sines.host, out.host); },
        [&] { return close(out, 1e-4); });
  }
}

void measure_compute(int repeats) {
  {
    Arrays<unsigned> counts(size_t{kQueens} * kQueens * kQueens);
    measure(
        {"n-queens"}, repeats / 3 + 1, [&] { device::queens(counts.device); },
        [&] { native::queens(counts.host); }, [&] { return close(counts, 0); });
  }
  {
    const size_t n = size_t{kSgemmN} * kSgemmN;
    Arrays<float> a(n, unit), b(n, [](size_t i) { return unit(i * 3 + 1) - 0.5f; }), c(n);
    measure(
        {"sgemm 64x64 tiles", "OpenMP", gemm(kSgemmN)}, repeats,
        [&] { device::register_sgemm(a.device, b.device, c.device); },
        [&] { native::sgemm(a.host, b.host, c.host); }, [&] { return close(c, 1e-4); });
  }
  {
    const size_t n = size_t{kDp4aN} * kDp4aWords;
    const auto bytes = [](size_t i) { return static_cast<int>(i * 2654435761u); };
    Arrays<int> a(n, bytes), b(n, [&](size_t i) { return bytes(i * 7 + 1); }), c(size_t{kDp4aN} * kDp4aN);
    measure(
        {"dp4a product"}, repeats, [&] { device::dp4a(a.device, b.device, c.device); },
        [&] { native::dp4a(a.host, b.host, c.host); }, [&] { return close(c, 0); });
  }
}

/// What the threads that the rivals have can do at most.
void measure_peaks() {
  std::printf("{\"peaks\": {\"gb_s\": %.1f, \"gflop_s\": %.1f}}\n", native::triad_gb_s(),
              native::fma_gflop_s());
}

/// Microseconds that `count` calls of `work` and what ends them take each; minimum of several rounds.
double each_us(int count, const std::function<void()>& work) {
  double best = 1e30;
  for (int round = 0; round < 20; ++round) {
    const double start = now_ms();
    work();
    best = std::min(best, (now_ms() - start) * 1000 / count);
    check(cudaDeviceSynchronize());
  }
  return best;
}

/// A launch without waiting for it, and a node of a chain of empty kernels as a graph.
void measure_launches(double* launch_us, double* node_us) {
  constexpr int kCount = 200;
  *launch_us = each_us(kCount, [] {
    for (int i = 0; i < kCount; ++i) device::empty();
  });
  cudaStream_t stream;
  cudaGraph_t graph;
  cudaGraphExec_t exec;
  check(cudaStreamCreate(&stream));
  check(cudaStreamBeginCapture(stream, cudaStreamCaptureModeGlobal));
  for (int i = 0; i < kCount; ++i) device::empty(stream);
  check(cudaStreamEndCapture(stream, &graph));
  check(cudaGraphInstantiateWithFlags(&exec, graph, 0));
  *node_us = each_us(kCount, [&] {
    check(cudaGraphLaunch(exec, stream));
    check(cudaStreamSynchronize(stream));
  });
  check(cudaGraphExecDestroy(exec));
  check(cudaGraphDestroy(graph));
  check(cudaStreamDestroy(stream));
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
  double launch_us = 0, node_us = 0;
  measure_launches(&launch_us, &node_us);
  std::printf(
      "{\"latency_us\": {\"minimum\": %.2f, \"median\": %.2f, \"p99\": %.2f, \"launch\": %.2f, \"node\": "
      "%.2f}}\n",
      times[0], times[times.size() / 2], times[times.size() * 99 / 100], launch_us, node_us);
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
  bench::measure_products(repeats);
  bench::measure_pocl(repeats);
  bench::measure_peaks();
  bench::measure_latency();
  return 0;
}

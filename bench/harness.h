// What every measurement of the bench needs: arrays on both sides, and the two sides in turns.
#pragma once
#include <cuda_runtime_api.h>
#include <sys/mman.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <functional>
#include <new>
#include <vector>

namespace bench {

inline double now_ms() {
  using namespace std::chrono;
  return duration<double, std::milli>(steady_clock::now().time_since_epoch()).count();
}

inline void check(cudaError_t status) {
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

inline float unit(size_t i) {
  return static_cast<float>((i * 2654435761u >> 8) & 0xffff) / 65536.0f;
}

/// What has to be done at least, for the roofline; zeros: not known.
struct Work {
  double flops = 0, bytes = 0;
};

struct Row {
  const char* kernel;
  const char* rival = "OpenMP";
  Work work = {};
};

/// Runs both sides in turns; `same` tells after the first round whether they computed the same.
inline void measure(const Row& row, int repeats, const std::function<void()>& device,
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
      "{\"kernel\": \"%s\", \"rival\": \"%s\", \"device_ms\": %.4f, \"native_ms\": %.4f, \"first_ms\": %.2f, "
      "\"flops\": %.0f, \"bytes\": %.0f, \"agree\": %s}\n",
      row.kernel, row.rival, best_device, best_native, first, row.work.flops, row.work.bytes,
      agree ? "true" : "false");
  std::fflush(stdout);
}

/// Says that a rival isn't there.
inline void absent(const char* rival, const char* why) {
  std::printf("{\"absent\": \"%s\", \"why\": \"%s\"}\n", rival, why);
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

}  // namespace bench

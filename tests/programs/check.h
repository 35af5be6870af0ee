// What every test program here uses: checked CUDA calls, device arrays, comparisons with a host reference,
// and one verdict line "NAME: ok, bits HEX". The bits are a digest of all outputs:
// tests/programs/run_program.py wants the same bits from every engine.
#pragma once
#include <cuda_runtime.h>

#include <cmath>
#include <cstdarg>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <vector>

#define CUDA_CHECK(call)                                                                                  \
  do {                                                                                                    \
    const cudaError_t check_status = (call);                                                              \
    if (check_status != cudaSuccess) {                                                                    \
      std::fprintf(stderr, "%s:%d: %s: %s\n", __FILE__, __LINE__, #call, cudaGetErrorName(check_status)); \
      std::exit(1);                                                                                       \
    }                                                                                                     \
  } while (0)

/// After a launch: its own error, then those of the kernel's run.
#define CUDA_SYNC()                      \
  do {                                   \
    CUDA_CHECK(cudaGetLastError());      \
    CUDA_CHECK(cudaDeviceSynchronize()); \
  } while (0)

#define EXPECT(condition)                                                                       \
  do {                                                                                          \
    if (!(condition)) check::fail("%s:%d: %s does not hold\n", __FILE__, __LINE__, #condition); \
  } while (0)

/// The call must give this error, which is then cleared.
#define EXPECT_ERROR(call, wanted)                                                                          \
  do {                                                                                                      \
    const cudaError_t check_status = (call);                                                                \
    if (check_status != (wanted))                                                                           \
      check::fail("%s:%d: %s gave %s, not %s\n", __FILE__, __LINE__, #call, cudaGetErrorName(check_status), \
                  #wanted);                                                                                 \
    cudaGetLastError();                                                                                     \
  } while (0)

namespace check {

inline int failures = 0;
inline uint64_t bits = 14695981039346656037ull;

inline __attribute__((format(printf, 1, 2))) void fail(const char* format, ...) {
  if (++failures > 10) return;
  va_list arguments;
  va_start(arguments, format);
  std::vfprintf(stderr, format, arguments);
  va_end(arguments);
}

/// Adds outputs to the digest (FNV-1a). Not for values that may differ from run to run.
inline void digest(const void* data, size_t bytes) {
  for (size_t i = 0; i < bytes; ++i)
    bits = (bits ^ static_cast<const unsigned char*>(data)[i]) * 1099511628211ull;
}

template <class T>
void equal(const std::vector<T>& got, const std::vector<T>& want, const char* what) {
  if (got.size() != want.size()) fail("%s: %zu values, not %zu\n", what, got.size(), want.size());
  for (size_t i = 0; i < got.size() && i < want.size(); ++i)
    if (std::memcmp(&got[i], &want[i], sizeof(T)) != 0)
      fail("%s[%zu] = %g, not %g\n", what, i, static_cast<double>(got[i]), static_cast<double>(want[i]));
  digest(got.data(), got.size() * sizeof(T));
}

/// |got - want| <= tolerance * max(1, |want|).
template <class T>
void near(const std::vector<T>& got, const std::vector<double>& want, double tolerance, const char* what) {
  for (size_t i = 0; i < got.size(); ++i) {
    const double difference = std::fabs(static_cast<double>(got[i]) - want[i]);
    if (!(difference <= tolerance * std::fmax(1.0, std::fabs(want[i]))))
      fail("%s[%zu] = %.9g, not %.9g\n", what, i, static_cast<double>(got[i]), want[i]);
  }
  digest(got.data(), got.size() * sizeof(T));
}

/// Small reproducible numbers.
struct Random {
  uint64_t state = 0x9e3779b97f4a7c15ull;
  uint32_t next() {
    state = state * 6364136223846793005ull + 1442695040888963407ull;
    return static_cast<uint32_t>(state >> 32);
  }
  uint32_t below(uint32_t n) { return next() % n; }
  float unit() { return static_cast<float>(next() >> 8) * (1.0f / 16777216.0f); }
};

inline int verdict(const char* name) {
  if (failures) {
    std::printf("%s: FAILED, %d differences\n", name, failures);
    return 1;
  }
  std::printf("%s: ok, bits %016llx\n", name, static_cast<unsigned long long>(bits));
  return 0;
}

}  // namespace check

/// n elements of device memory.
template <class T>
class DeviceArray {
 public:
  explicit DeviceArray(size_t n) : size_(n) { CUDA_CHECK(cudaMalloc(&data_, n * sizeof(T))); }
  explicit DeviceArray(const std::vector<T>& host) : DeviceArray(host.size()) {
    CUDA_CHECK(cudaMemcpy(data_, host.data(), size_ * sizeof(T), cudaMemcpyHostToDevice));
  }
  DeviceArray(const DeviceArray&) = delete;
  DeviceArray& operator=(const DeviceArray&) = delete;
  ~DeviceArray() { cudaFree(data_); }
  operator T*() const { return data_; }
  void zero() { CUDA_CHECK(cudaMemset(data_, 0, size_ * sizeof(T))); }
  std::vector<T> host() const {
    std::vector<T> copy(size_);
    CUDA_CHECK(cudaMemcpy(copy.data(), data_, size_ * sizeof(T), cudaMemcpyDeviceToHost));
    return copy;
  }

 private:
  T* data_ = nullptr;
  size_t size_;
};

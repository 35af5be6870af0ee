// Streams, events, callbacks: what must run after what, and times that are times.
#include <atomic>
#include <chrono>
#include <thread>

#include "check.h"

__global__ void multiply_add(long long* x, int n, int factor, int term) {
  const int i = blockIdx.x * blockDim.x + threadIdx.x;
  if (i < n) x[i] = x[i] * factor + term;
}

__global__ void spin(long long* out, int rounds) {
  long long v = threadIdx.x;
  for (int i = 0; i < rounds; ++i) v = v * 6364136223846793005ll + 1442695040888963407ll;
  out[threadIdx.x] = v;
}

void order_within_streams() {
  const int n = 5000, streams = 4;
  cudaStream_t s[streams];
  for (auto& stream : s) CUDA_CHECK(cudaStreamCreateWithFlags(&stream, cudaStreamNonBlocking));
  DeviceArray<long long> x(n * streams);
  x.zero();
  for (int round = 0; round < 5; ++round)
    for (int k = 0; k < streams; ++k)
      multiply_add<<<(n + 255) / 256, 256, 0, s[k]>>>(x + k * n, n, 3, k + round);
  for (auto& stream : s) CUDA_CHECK(cudaStreamSynchronize(stream));
  std::vector<long long> want;
  for (int k = 0; k < streams; ++k) {
    long long v = 0;
    for (int round = 0; round < 5; ++round) v = v * 3 + k + round;
    want.insert(want.end(), n, v);
  }
  check::equal(x.host(), want, "streams");
  for (auto& stream : s) {
    EXPECT(cudaStreamQuery(stream) == cudaSuccess);
    CUDA_CHECK(cudaStreamDestroy(stream));
  }
}

void events_order_streams() {
  cudaStream_t a, b;
  cudaEvent_t done;
  CUDA_CHECK(cudaStreamCreateWithFlags(&a, cudaStreamNonBlocking));
  CUDA_CHECK(cudaStreamCreateWithPriority(&b, cudaStreamNonBlocking, 0));
  CUDA_CHECK(cudaEventCreateWithFlags(&done, cudaEventDisableTiming));
  DeviceArray<long long> x(1000), waste(64);
  x.zero();
  for (int round = 0; round < 10; ++round) {
    spin<<<1, 64, 0, a>>>(waste, 20000);
    multiply_add<<<4, 256, 0, a>>>(x, 1000, 2, 1);
    CUDA_CHECK(cudaEventRecord(done, a));
    CUDA_CHECK(cudaStreamWaitEvent(b, done, 0));
    multiply_add<<<4, 256, 0, b>>>(x, 1000, 5, 2);
    CUDA_CHECK(cudaEventRecord(done, b));
    CUDA_CHECK(cudaStreamWaitEvent(a, done, 0));
  }
  CUDA_CHECK(cudaStreamSynchronize(a));
  CUDA_CHECK(cudaStreamSynchronize(b));
  long long v = 0;
  for (int round = 0; round < 10; ++round) v = (v * 2 + 1) * 5 + 2;
  check::equal(x.host(), std::vector<long long>(1000, v), "events");
  CUDA_CHECK(cudaEventDestroy(done));
  CUDA_CHECK(cudaStreamDestroy(a));
  CUDA_CHECK(cudaStreamDestroy(b));
}

void times_are_real() {
  cudaEvent_t start, stop;
  CUDA_CHECK(cudaEventCreate(&start));
  CUDA_CHECK(cudaEventCreate(&stop));
  float ms = -1.0f;
  CUDA_CHECK(cudaEventRecord(start));
  CUDA_CHECK(cudaLaunchHostFunc(
      nullptr, [](void*) { std::this_thread::sleep_for(std::chrono::milliseconds(20)); }, nullptr));
  CUDA_CHECK(cudaEventRecord(stop));
  EXPECT_ERROR(cudaEventElapsedTime(&ms, start, stop), cudaErrorNotReady);
  CUDA_CHECK(cudaEventSynchronize(stop));
  EXPECT(cudaEventQuery(stop) == cudaSuccess);
  CUDA_CHECK(cudaEventElapsedTime(&ms, start, stop));
  EXPECT(ms >= 19.0f && ms < 5000.0f);
  cudaEvent_t never;
  CUDA_CHECK(cudaEventCreate(&never));
  EXPECT_ERROR(cudaEventElapsedTime(&ms, start, never), cudaErrorInvalidResourceHandle);
  for (cudaEvent_t e : {start, stop, never}) CUDA_CHECK(cudaEventDestroy(e));
}

/// The legacy default stream waits for blocking streams and they for it.
void default_stream() {
  cudaStream_t s;
  CUDA_CHECK(cudaStreamCreate(&s));
  DeviceArray<long long> x(256), waste(64);
  x.zero();
  for (int round = 0; round < 5; ++round) {
    spin<<<1, 64, 0, s>>>(waste, 20000);
    multiply_add<<<1, 256, 0, s>>>(x, 256, 2, 1);
    multiply_add<<<1, 256>>>(x, 256, 3, 1);
  }
  long long v = 0;
  for (int round = 0; round < 5; ++round) v = (v * 2 + 1) * 3 + 1;
  check::equal(x.host(), std::vector<long long>(256, v), "default stream");
  CUDA_CHECK(cudaStreamDestroy(s));
}

void callbacks() {
  static std::atomic<int> order{0};
  static int first = 0, second = 0;
  cudaStream_t s;
  CUDA_CHECK(cudaStreamCreate(&s));
  DeviceArray<long long> waste(64);
  spin<<<1, 64, 0, s>>>(waste, 20000);
  CUDA_CHECK(cudaLaunchHostFunc(s, [](void* p) { *static_cast<int*>(p) = ++order; }, &first));
  CUDA_CHECK(cudaStreamAddCallback(
      s,
      [](cudaStream_t, cudaError_t status, void* p) {
        *static_cast<int*>(p) = status == cudaSuccess ? ++order : -1;
      },
      &second, 0));
  CUDA_CHECK(cudaStreamSynchronize(s));
  EXPECT(first == 1 && second == 2);
  // A destroyed stream still finishes its work.
  first = 0;
  CUDA_CHECK(cudaLaunchHostFunc(s, [](void* p) { *static_cast<int*>(p) = 5; }, &first));
  CUDA_CHECK(cudaStreamDestroy(s));
  CUDA_CHECK(cudaDeviceSynchronize());
  EXPECT(first == 5);
}

int main() {
  order_within_streams();
  events_order_streams();
  times_are_real();
  default_stream();
  callbacks();
  return check::verdict("streams_events");
}

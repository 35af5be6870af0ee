// Bad input: each case in a child of its own, because most of these errors stay until the process or the
// reset.
//   errors          all cases        errors CASE    one, in this process
#include <spawn.h>
#include <sys/wait.h>

#include <cassert>
#include <string>

#include "check.h"

extern char** environ;

__global__ void store(int* p, int index) {
  p[index] = 1;
}
__global__ void load(const int* p, long long offset, int* out) {
  *out = *reinterpret_cast<const int*>(reinterpret_cast<const char*>(p) + offset);
}
__global__ void trap_if(int t) {
  if (static_cast<int>(threadIdx.x) == t) __trap();
}
__global__ void assert_small(int n) {
  assert(static_cast<int>(threadIdx.x) < n);
}
__global__ void nothing() {}

/// The kernel that was just launched fails with `wanted`; the error stays until the device is reset.
void sticky(cudaError_t wanted) {
  EXPECT(cudaGetLastError() == cudaSuccess);
  EXPECT(cudaDeviceSynchronize() == wanted);
  EXPECT(cudaGetLastError() == wanted);
  void* p;
  EXPECT(cudaMalloc(&p, 100) == wanted);
  nothing<<<1, 1>>>();
  EXPECT(cudaGetLastError() == wanted);
  EXPECT(cudaDeviceSynchronize() == wanted);
  EXPECT(cudaDeviceReset() == cudaSuccess);
  cudaGetLastError();
  int* after;
  CUDA_CHECK(cudaMalloc(&after, 100));
  store<<<1, 1>>>(after, 3);
  CUDA_SYNC();
}

void wild() {
  store<<<1, 32>>>(reinterpret_cast<int*>(0x123456789000ull), 0);
  sticky(cudaErrorIllegalAddress);
}

void null() {
  store<<<1, 32>>>(nullptr, 0);
  sticky(cudaErrorIllegalAddress);
}

void noncanonical() {
  store<<<1, 1>>>(reinterpret_cast<int*>(0xdead000000000000ull), 0);
  sticky(cudaErrorIllegalAddress);
}

void freed() {
  int* p;
  CUDA_CHECK(cudaMalloc(&p, 64 << 20));
  CUDA_CHECK(cudaFree(p));
  store<<<1, 1>>>(p, 5);
  sticky(cudaErrorIllegalAddress);
}

void out_of_range() {
  int* p;
  CUDA_CHECK(cudaMalloc(&p, 4096));
  store<<<1, 1>>>(p, 1 << 30);
  sticky(cudaErrorIllegalAddress);
}

void one_lane_reads_far() {
  int *p, *out;
  CUDA_CHECK(cudaMalloc(&p, 4096));
  CUDA_CHECK(cudaMalloc(&out, 4));
  load<<<4, 64>>>(p, 1ll << 45, out);
  sticky(cudaErrorIllegalAddress);
}

void misaligned() {
  int *p, *out;
  CUDA_CHECK(cudaMalloc(&p, 4096));
  CUDA_CHECK(cudaMalloc(&out, 4));
  load<<<1, 40>>>(p, 2, out);
  sticky(cudaErrorMisalignedAddress);
}

void trap() {
  trap_if<<<3, 64>>>(40);
  sticky(cudaErrorLaunchFailure);
}

void assertion() {
  assert_small<<<1, 64>>>(60);
  sticky(cudaErrorAssert);
}

/// Wrong launches are refused at once and leave nothing behind.
void launch_shape() {
  int* p;
  CUDA_CHECK(cudaMalloc(&p, 4096));
  const auto refused = [&](dim3 grid, dim3 block, size_t shared, cudaError_t wanted) {
    store<<<grid, block, shared>>>(p, 0);
    EXPECT(cudaPeekAtLastError() == wanted);
    EXPECT(cudaGetLastError() == wanted);
    EXPECT(cudaGetLastError() == cudaSuccess);
    EXPECT(cudaDeviceSynchronize() == cudaSuccess);
  };
  refused(0, 32, 0, cudaErrorInvalidConfiguration);
  refused(1, 0, 0, cudaErrorInvalidConfiguration);
  refused(1, 1025, 0, cudaErrorInvalidConfiguration);
  refused(1, dim3(1, 1, 65), 0, cudaErrorInvalidConfiguration);
  refused(1, dim3(32, 33), 0, cudaErrorInvalidConfiguration);
  refused(dim3(1, 65536), 1, 0, cudaErrorInvalidConfiguration);
  refused(1, 32, 1 << 20, cudaErrorInvalidValue);
  store<<<1, 32>>>(p, 0);
  CUDA_SYNC();
}

void arguments() {
  void* p;
  EXPECT_ERROR(cudaMalloc(nullptr, 10), cudaErrorInvalidValue);
  EXPECT_ERROR(cudaSetDevice(99), cudaErrorInvalidDevice);
  EXPECT_ERROR(cudaMemcpy(nullptr, nullptr, 10, cudaMemcpyHostToDevice), cudaErrorInvalidValue);
  EXPECT_ERROR(cudaMemset(nullptr, 0, 10), cudaErrorInvalidValue);
  CUDA_CHECK(cudaMalloc(&p, 100));
  char host[16];
  EXPECT_ERROR(cudaMemcpy(host, p, 16, static_cast<cudaMemcpyKind>(9)), cudaErrorInvalidMemcpyDirection);
  EXPECT(std::string(cudaGetErrorName(cudaErrorIllegalAddress)) == "cudaErrorIllegalAddress");
  EXPECT(std::string(cudaGetErrorString(cudaErrorMemoryAllocation)) == "out of memory");
  EXPECT(std::string(cudaGetErrorName(static_cast<cudaError_t>(12345))) == "unrecognized error code");
  cudaFuncAttributes about;
  EXPECT_ERROR(cudaFuncGetAttributes(&about, reinterpret_cast<const void*>(&arguments)),
               cudaErrorInvalidDeviceFunction);
}

const struct {
  const char* name;
  void (*run)();
} kCases[] = {
    {"wild", wild},
    {"null", null},
    {"noncanonical", noncanonical},
    {"freed", freed},
    {"out_of_range", out_of_range},
    {"one_lane_reads_far", one_lane_reads_far},
    {"misaligned", misaligned},
    {"trap", trap},
    {"assertion", assertion},
    {"launch_shape", launch_shape},
    {"arguments", arguments},
};

int main(int argc, char** argv) {
  if (argc > 1) {
    for (const auto& c : kCases)
      if (std::string(argv[1]) == c.name) c.run();
    return check::verdict(argv[1]);
  }
  // Children find the same device: the launcher's environment goes down the family.
  for (const auto& c : kCases) {
    char* arguments[] = {argv[0], const_cast<char*>(c.name), nullptr};
    pid_t child = 0;
    int status = 0;
    if (posix_spawn(&child, "/proc/self/exe", nullptr, nullptr, arguments, environ) != 0)
      check::fail("cannot spawn\n");
    waitpid(child, &status, 0);
    if (!WIFEXITED(status) || WEXITSTATUS(status) != 0) check::fail("case %s: status %#x\n", c.name, status);
  }
  return check::verdict("errors");
}

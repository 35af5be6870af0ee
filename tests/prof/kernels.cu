// Kernels whose counts can be worked out on paper (prof_test.py holds them), and the ends of a process that a
// profile must survive: kernels [all | time | exit | abort | fork | graph | ranges | scattered].
#include <cuda_runtime.h>
#include <nvtx3/nvToolsExt.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cstdio>
#include <cstdlib>
#include <cstring>

constexpr int kBlocks = 8, kThreads = 128, kN = kBlocks * kThreads;

#define CHECK(call)                                                   \
  do {                                                                \
    const cudaError_t e = (call);                                     \
    if (e != cudaSuccess) {                                           \
      std::fprintf(stderr, "%s: %s\n", #call, cudaGetErrorString(e)); \
      std::exit(1);                                                   \
    }                                                                 \
  } while (0)

__device__ int index() {
  return blockIdx.x * blockDim.x + threadIdx.x;
}

extern "C" {

__global__ void saxpy(float a, const float* x, float* y) {
  const int i = index();
  y[i] = fmaf(a, x[i], y[i]);
}

/// 32 sectors a warp.
__global__ void strided(float* out) {
  out[index() * 32] = 1.0f;
}

/// One sector a warp: all lanes the same address.
__global__ void broadcast(const float* x, float* y) {
  y[index()] = x[blockIdx.x];
}

/// Half the lanes one way, half the other.
__global__ void two_ways(int* out, int* other) {
  const int i = index();
  if (threadIdx.x & 1) {
    out[i] = i;
  } else {
    __threadfence();  // so that a compiler doesn't make one store of both
    other[i] = -i;
    __threadfence();
  }
}

/// A column of a 32 x 32 tile: every lane the same bank.
__global__ void bank_conflict(float* out) {
  __shared__ float tile[32 * 32];
  volatile float* t = tile;
  t[threadIdx.x % 32 * 32] = 1.0f;
  out[index()] = t[threadIdx.x % 32];
}

__global__ void barriers(int* out) {
  __shared__ int slot;
  for (int k = 0; k < 3; ++k) {
    if (threadIdx.x == 0) slot = k;
    __syncthreads();
  }
  out[index()] = slot;
}

__global__ void atomics(int* sum, int* own) {
  atomicExch(sum, 1);
  atomicExch(&own[index()], 2);
}

/// Lanes 0..9 of each warp go on.
__global__ void few_lanes(const float* x, float* y) {
  const int i = index();
  if (threadIdx.x % 32 < 10) y[i] = x[i] * 3.0f;
}

__device__ __noinline__ float through(const float* p) {
  return *(volatile const float*)p + 1.0f;
}

/// A generic pointer, to shared memory in odd warps and to global memory in even ones.
__global__ void generic(const float* x, float* y) {
  __shared__ float tile[kThreads];
  tile[threadIdx.x] = 2.0f;
  __syncthreads();
  const float* p = threadIdx.x / 32 % 2 ? &tile[threadIdx.x] : &x[index()];
  y[index()] = through(p);
}

/// Threads that don't fill their last warp.
__global__ void odd_block(int* out) {
  out[threadIdx.x] = 1;
}

__global__ void gather(const int* from, const float* x, float* y) {
  y[index()] = x[from[index()]];
}

constexpr int kRounds = 3000;
/// `rounds` times 32 sectors a warp, at addresses that only the run shows.
__global__ void scattered(const int* from, const float* x, float* y) {
  const int at = from[index()];
  float sum = 0;
  for (int k = 0; k < kRounds; ++k) sum += static_cast<const volatile float*>(x)[at];
  y[index()] = sum;
}

}  // extern "C"

/// All different, eight apart.
static void set_places(int* i) {
  int from[kN];
  for (int k = 0; k < kN; ++k) from[k] = k * 8 % kN + k / (kN / 8);
  CHECK(cudaMemcpy(i, from, sizeof from, cudaMemcpyHostToDevice));
}

static void run_all(float* x, float* y, int* i, int* j) {
  saxpy<<<kBlocks, kThreads>>>(2.0f, x, y);
  strided<<<kBlocks, kThreads>>>(x);
  broadcast<<<kBlocks, kThreads>>>(x, y);
  two_ways<<<kBlocks, kThreads>>>(i, j);
  bank_conflict<<<kBlocks, kThreads>>>(y);
  barriers<<<kBlocks, kThreads>>>(i);
  atomics<<<kBlocks, kThreads>>>(i, j);
  few_lanes<<<kBlocks, kThreads>>>(x, y);
  generic<<<kBlocks, kThreads>>>(x, y);
  odd_block<<<2, 40>>>(i);
  set_places(i);
  gather<<<kBlocks, kThreads>>>(i, x, y);
  CHECK(cudaDeviceSynchronize());
}

int main(int argc, char** argv) {
  const char* mode = argc > 1 ? argv[1] : "all";
  if (std::strcmp(mode, "fork") == 0 && fork() == 0)
    mode = "child";  // each process uses the device by itself
  float *x, *y;
  int *i, *j;
  CHECK(cudaMalloc(&x, kN * 32 * sizeof(float)));
  CHECK(cudaMalloc(&y, kN * sizeof(float)));
  CHECK(cudaMalloc(&i, kN * sizeof(int)));
  CHECK(cudaMalloc(&j, kN * sizeof(int)));
  CHECK(cudaMemset(x, 0, kN * 32 * sizeof(float)));
  CHECK(cudaMemset(y, 0, kN * sizeof(float)));
  if (std::strcmp(mode, "time") == 0) {
    cudaEvent_t begin, end;
    CHECK(cudaEventCreate(&begin));
    CHECK(cudaEventCreate(&end));
    saxpy<<<kBlocks, kThreads>>>(2.0f, x, y);
    CHECK(cudaEventRecord(begin));
    for (int k = 0; k < 10; ++k) saxpy<<<kBlocks, kThreads>>>(2.0f, x, y);
    CHECK(cudaEventRecord(end));
    CHECK(cudaEventSynchronize(end));
    float ms = 0;
    CHECK(cudaEventElapsedTime(&ms, begin, end));
    std::printf("%.9g\n", ms);
    return 0;
  }
  if (std::strcmp(mode, "graph") == 0) {
    cudaStream_t stream;
    cudaGraph_t graph;
    cudaGraphExec_t exec;
    CHECK(cudaStreamCreate(&stream));
    CHECK(cudaStreamBeginCapture(stream, cudaStreamCaptureModeGlobal));
    saxpy<<<kBlocks, kThreads, 0, stream>>>(2.0f, x, y);
    strided<<<kBlocks, kThreads, 0, stream>>>(x);
    CHECK(cudaStreamEndCapture(stream, &graph));
    CHECK(cudaGraphInstantiate(&exec, graph, 0));
    for (int k = 0; k < 3; ++k) CHECK(cudaGraphLaunch(exec, stream));
    CHECK(cudaStreamSynchronize(stream));
    return 0;
  }
  if (std::strcmp(mode, "scattered") == 0) {
    set_places(i);
    scattered<<<kBlocks, kThreads>>>(i, x, y);
    CHECK(cudaDeviceSynchronize());
    return 0;
  }
  if (std::strcmp(mode, "ranges") == 0) {
    nvtxRangePush("step");
    run_all(x, y, i, j);
    nvtxRangePop();
    return 0;
  }
  run_all(x, y, i, j);
  if (std::strcmp(mode, "exit") == 0) _exit(3);
  if (std::strcmp(mode, "abort") == 0) std::abort();
  if (std::strcmp(mode, "child") == 0) _exit(0);
  int status = 0;
  while (wait(&status) > 0) {
  }
  return 0;
}

// Kernels whose counts can be worked out on paper (prof_test.py holds them), and the ends of a process that a
// profile must survive: kernels [all | time | exit | abort | fork | graph | ranges | scattered | launches].
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

/// A kernel that launches another three times: twice in a row and once behind everything. As nvcc's PTX calls
/// the device runtime; clang has no dynamic parallelism.
static const char kLaunches[] = R"(
.version 7.8
.target sm_80
.address_size 64
.extern .func (.param .b64 r) __cudaCDP2GetParameterBufferV2(.param .b64 f, .param .align 4 .b8 g[12],
    .param .align 4 .b8 b[12], .param .b32 s);
.extern .func (.param .b32 r) __cudaCDP2LaunchDeviceV2(.param .b64 p, .param .b64 s);
.visible .entry launched(.param .u64 out) {
  .reg .b32 %r<2>; .reg .b64 %rd<4>;
  ld.param.u64 %rd1, [out]; mov.u32 %r1, %tid.x;
  mul.wide.u32 %rd2, %r1, 4; add.u64 %rd3, %rd1, %rd2;
  st.global.u32 [%rd3], %r1;
  ret;
}
.func launch(.param .b64 out, .param .b64 stream) {
  .reg .b32 %r<2>; .reg .b64 %rd<5>;
  ld.param.u64 %rd1, [out]; ld.param.u64 %rd2, [stream];
  mov.u64 %rd3, launched;
  { .param .b64 f; .param .align 4 .b8 g[12]; .param .align 4 .b8 b[12]; .param .b32 s; .param .b64 back;
    st.param.b64 [f], %rd3;
    st.param.b32 [g], 1; st.param.b32 [g+4], 1; st.param.b32 [g+8], 1;
    st.param.b32 [b], 64; st.param.b32 [b+4], 1; st.param.b32 [b+8], 1;
    st.param.b32 [s], 0;
    call.uni (back), __cudaCDP2GetParameterBufferV2, (f, g, b, s);
    ld.param.b64 %rd4, [back]; }
  st.u64 [%rd4], %rd1;
  { .param .b64 p; .param .b64 s; .param .b32 back;
    st.param.b64 [p], %rd4; st.param.b64 [s], %rd2;
    call.uni (back), __cudaCDP2LaunchDeviceV2, (p, s);
    ld.param.b32 %r1, [back]; }
  ret;
}
.visible .entry launches(.param .u64 out) {
  .reg .b32 %r<2>; .reg .b64 %rd<4>; .reg .pred %p;
  mov.u32 %r1, %tid.x; setp.ne.u32 %p, %r1, 0; @%p ret;
  ld.param.u64 %rd1, [out]; mov.u64 %rd2, 0; mov.u64 %rd3, 3;
  { .param .b64 o; .param .b64 s; st.param.b64 [o], %rd1; st.param.b64 [s], %rd3; call.uni launch, (o, s); }
  { .param .b64 o; .param .b64 s; st.param.b64 [o], %rd1; st.param.b64 [s], %rd2; call.uni launch, (o, s); }
  { .param .b64 o; .param .b64 s; st.param.b64 [o], %rd1; st.param.b64 [s], %rd2; call.uni launch, (o, s); }
  ret;
}
)";

static void launch_from_device(int* out) {
  cudaLibrary_t library;
  cudaKernel_t kernel;
  CHECK(cudaLibraryLoadData(&library, kLaunches, nullptr, nullptr, 0, nullptr, nullptr, 0));
  CHECK(cudaLibraryGetKernel(&kernel, library, "launches"));
  void* arguments[] = {&out};
  CHECK(cudaLaunchKernel(reinterpret_cast<const void*>(kernel), dim3(1), dim3(32), arguments, 0, nullptr));
  CHECK(cudaDeviceSynchronize());
}

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
  if (std::strcmp(mode, "launches") == 0) {
    launch_from_device(i);
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

// Kernels with one mistake each, and the same without it: what `ppu check` must find, and where it must keep
// quiet. The argument names the case; check_test.py knows what each is to give.
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>

#include <cuda_runtime.h>

#define CALL(x)                                                                            \
  do {                                                                                     \
    const cudaError_t e = (x);                                                             \
    if (e != cudaSuccess) std::printf("%s: %s\n", #x, cudaGetErrorName(e)), exit_code = 3; \
  } while (0)

int exit_code = 0;

__device__ int table[10];
__device__ int* kept;

// ---- memcheck
__global__ void write_behind(char* p, int n) {
  const int i = blockIdx.x * blockDim.x + threadIdx.x;
  if (i <= n) p[i] = 1;  // one too many
}
__global__ void read_int(const int* p, int i, int* out) {
  out[threadIdx.x] = p[i];
}
__global__ void write_int(int* p, int i) {
  p[i] = int(threadIdx.x);
}
__global__ void add_int(int* p, int i) {
  atomicAdd(p + i, 1);
}
__global__ void read_unaligned(const char* p, int* out) {
  *out = *reinterpret_cast<const int*>(p + 2);
}
__global__ void read_table(int i, int* out) {
  *out = table[i];
}
__global__ void write_shared(int i) {
  extern __shared__ int s[];
  s[i] = i;
}
__global__ void free_twice() {
  int* p = static_cast<int*>(malloc(16));
  free(p);
  free(p);
}
__global__ void write_heap(int i) {
  int* p = static_cast<int*>(malloc(16));
  static_cast<volatile int*>(p)[i] = i;
  free(p);
}
__global__ void leak_heap() {
  kept = static_cast<int*>(malloc(48));
}
__global__ void follow(int* const* p, int* out) {
  *out = **p;
}
__global__ void ignore(const int* p, int* out) {
  if (out == nullptr) *out = *p;
}

// ---- racecheck
__global__ void reverse(int* p, bool wait) {
  __shared__ int s[64];
  s[threadIdx.x] = p[threadIdx.x];
  if (wait) __syncthreads();
  p[threadIdx.x] = s[63 - threadIdx.x];
}
__global__ void shift(int* p, bool wait) {  // reads, then writes: the missing barrier is the second
  __shared__ int s[64];
  s[threadIdx.x] = p[threadIdx.x];
  __syncthreads();
  const int v = s[(threadIdx.x + 1) % 64];
  if (wait) __syncthreads();
  s[threadIdx.x] = v;
  __syncthreads();
  p[threadIdx.x] = s[threadIdx.x];
}
__global__ void all_write(int* p, bool one) {
  __shared__ int s;
  if (!one || threadIdx.x == 0) s = int(threadIdx.x);
  __syncthreads();
  p[threadIdx.x] = s;
}
__global__ void warp_exchange(int* p, bool wait) {
  __shared__ int s[32];
  s[threadIdx.x] = p[threadIdx.x];
  if (wait) __syncwarp();
  p[threadIdx.x] = s[31 - threadIdx.x];
}
__global__ void count_in_shared(int* p, bool wait) {
  __shared__ int s[4];
  if (threadIdx.x < 4) s[threadIdx.x] = 0;
  __syncthreads();
  atomicAdd(&s[threadIdx.x % 4], 1);
  if (wait) __syncthreads();
  if (threadIdx.x < 4) p[threadIdx.x] = s[threadIdx.x];
}
__global__ void hand_over(int* p) {  // by a flag, with fences: no race
  __shared__ int data;
  __shared__ volatile int flag;
  if (threadIdx.x == 0) flag = 0;
  __syncthreads();
  if (threadIdx.x == 0) {
    data = 42;
    __threadfence_block();
    flag = 1;
  } else if (threadIdx.x == 32) {
    while (!flag) {
    }
    __threadfence_block();
    *p = data;
  }
}
__global__ void named_barriers(int* p, bool wait) {  // warps 0, 1 fill, warps 2, 3 take
  __shared__ int s[64];
  if (threadIdx.x < 64) {
    s[threadIdx.x] = p[threadIdx.x];
    if (wait) asm volatile("bar.arrive 1, 128;" ::: "memory");
  } else {
    if (wait) asm volatile("bar.sync 1, 128;" ::: "memory");
    p[threadIdx.x] = s[threadIdx.x - 64];
  }
}
/// 16 bytes a thread in two stages; each takes the first while the second comes.
__global__ void copy_ahead(int* p, bool wait) {
  alignas(16) __shared__ int s[2][256];
  const unsigned at = unsigned(__cvta_generic_to_shared(&s[0][4 * threadIdx.x]));
  asm volatile("cp.async.ca.shared.global [%0], [%1], 16;" ::"r"(at), "l"(p + 4 * threadIdx.x) : "memory");
  asm volatile("cp.async.commit_group;" ::: "memory");
  asm volatile("cp.async.ca.shared.global [%0], [%1], 16;" ::"r"(at + 1024), "l"(p + 4 * threadIdx.x)
               : "memory");
  asm volatile("cp.async.commit_group;" ::: "memory");
  if (wait)
    asm volatile("cp.async.wait_group 1;" ::: "memory");
  else
    asm volatile("cp.async.wait_group 2;" ::: "memory");  // one too many
  __syncthreads();
  const int first = s[0][255 - 4 * threadIdx.x];
  __syncthreads();
  asm volatile("cp.async.wait_all;" ::: "memory");
  __syncthreads();
  p[4 * threadIdx.x] = first + s[1][255 - 4 * threadIdx.x];
}
/// The copying thread waits, but nothing tells the others.
__global__ void copy_alone(int* p, bool wait) {
  __shared__ int s[64];
  const unsigned at = unsigned(__cvta_generic_to_shared(&s[threadIdx.x]));
  asm volatile("cp.async.ca.shared.global [%0], [%1], 4;" ::"r"(at), "l"(p + threadIdx.x) : "memory");
  asm volatile("cp.async.wait_all;" ::: "memory");
  if (wait) __syncthreads();
  p[threadIdx.x] = s[63 - threadIdx.x];
}
/// The first warp's atomics come after its zero, those of the others needn't.
__global__ void zero_late(int* p, bool wait) {
  __shared__ int s;
  if (threadIdx.x == 0) s = 0;
  if (wait) __syncthreads();
  atomicAdd(&s, 1);
  __syncthreads();
  p[threadIdx.x] = s;
}
__global__ void arrive_early(int* p, bool wait) {
  __shared__ unsigned long long object;
  const unsigned at = unsigned(__cvta_generic_to_shared(&object));
  if (threadIdx.x == 0) asm volatile("mbarrier.init.shared.b64 [%0], 64;" ::"r"(at) : "memory");
  if (wait) __syncthreads();
  unsigned long long state;
  asm volatile("mbarrier.arrive.shared.b64 %0, [%1];" : "=l"(state) : "r"(at) : "memory");
  p[threadIdx.x] = int(state >> 63);
}

// ---- initcheck
__global__ void sum_two(const int* p, int* out) {
  out[threadIdx.x] = p[0] + p[1];
}
__global__ void read_shared(int* out, bool fill) {
  __shared__ int s[32];
  if (fill || threadIdx.x != 5) s[threadIdx.x] = 1;
  __syncthreads();
  out[threadIdx.x] = s[threadIdx.x];
}

// ---- synccheck
__global__ void some_wait(int* p, int limit) {
  if (int(threadIdx.x) < limit) __syncthreads();
  p[threadIdx.x] = 1;
}
__global__ void some_meet(int* p, unsigned mask) {
  if (threadIdx.x < 16) __syncwarp(mask);
  p[threadIdx.x] = 1;
}
__global__ void some_exchange(int* p, unsigned mask) {
  if (threadIdx.x < 16) p[threadIdx.x] = __shfl_xor_sync(mask, int(threadIdx.x), 1);
}

int* device(size_t bytes, bool clear = true) {
  void* p = nullptr;
  CALL(cudaMalloc(&p, bytes));
  if (clear) CALL(cudaMemset(p, 0, bytes));
  return static_cast<int*>(p);
}

int host_global = 7;

int *out, *p;  // 4096 and 400 bytes of device memory
bool good;     // without the mistake
bool stays_broken = false;

/// Prints what the work has come to, where that is part of the case.
void tell() {
  std::printf("%s\n", cudaGetErrorName(cudaDeviceSynchronize()));
}

bool allocations(const std::string& what) {
  int* q = nullptr;
  if (what == "bounds") {
    write_behind<<<4, 128>>>(reinterpret_cast<char*>(p), good ? 399 : 400);
  } else if (what == "read_before") {
    read_int<<<1, 1>>>(p, good ? 0 : -1, out);
  } else if (what == "atomic_behind") {
    add_int<<<1, 64>>>(p, good ? 99 : 100);
  } else if (what == "after_free") {
    if (!good) CALL(cudaFree(p));
    write_int<<<1, 1>>>(p, 3);
    if (good) CALL(cudaFree(p));
    p = nullptr;
  } else if (what == "pool") {
    CALL(cudaMallocAsync(reinterpret_cast<void**>(&q), 40, 0));
    write_int<<<1, 1>>>(q, good ? 9 : 10);
    CALL(cudaFreeAsync(q, 0));
  } else if (what == "pool_free") {
    CALL(cudaMallocAsync(reinterpret_cast<void**>(&q), 40, 0));
    if (!good) CALL(cudaFreeAsync(q, 0));
    write_int<<<1, 1>>>(q, 0);
    if (good) CALL(cudaFreeAsync(q, 0));
  } else if (what == "managed") {
    CALL(cudaMallocManaged(&q, 40));
    write_int<<<1, 1>>>(q, good ? 9 : 10);
    CALL(cudaDeviceSynchronize());
    CALL(cudaFree(q));
  } else if (what == "leak") {
    if (!good) device(1000);
  } else if (what == "two") {  // both are found
    write_int<<<1, 1>>>(p, 100);
    read_int<<<1, 1>>>(p, 101, out);
  } else {
    return false;
  }
  return true;
}

bool other_memory(const std::string& what) {
  if (what == "misaligned") {
    read_unaligned<<<1, 1>>>(reinterpret_cast<char*>(p) + (good ? 2 : 0), out);
  } else if (what == "variable") {
    read_table<<<1, 1>>>(good ? 9 : 10, out);
  } else if (what == "shared") {
    write_shared<<<1, 1, 64>>>(good ? 15 : 16);
  } else if (what == "null") {
    write_int<<<1, 1>>>(good ? p : nullptr, 0);
    stays_broken = !good;
  } else if (what == "heap") {
    write_heap<<<1, 1>>>(good ? 3 : 4);
  } else if (what == "heap_free") {
    free_twice<<<1, 1>>>();
    stays_broken = true;
  } else if (what == "heap_leak") {
    leak_heap<<<1, 1>>>();
  } else if (what == "api") {
    write_int<<<1, 2048>>>(p, 0);  // too many threads; nobody asks
  } else {
    return false;
  }
  return true;
}

bool host_memory(const std::string& what) {
  int on_stack = 7;
  int* heap = static_cast<int*>(std::malloc(64));
  *heap = 7;
  int* host = what == "host_stack" ? &on_stack : what == "host_global" ? &host_global : heap;
  if (what == "host_registered") CALL(cudaHostRegister(heap, 64, 0));
  if (what == "host_pinned") CALL(cudaMallocHost(&host, 64));
  if (what == "host_inside") {  // the pointer lies in device memory: nobody sees it at the launch
    CALL(cudaMemcpy(p, &heap, sizeof heap, cudaMemcpyHostToDevice));
    follow<<<1, 1>>>(reinterpret_cast<int* const*>(p), out);
  } else if (what == "host_unused") {
    ignore<<<1, 1>>>(heap, out);
  } else if (what.rfind("host", 0) == 0) {
    read_int<<<1, 32>>>(host, 0, out);
  } else {
    return false;
  }
  tell();  // while what it points to is there
  return stays_broken = true;
}

bool order_and_values(const std::string& what) {
  if (what == "raw") {
    reverse<<<2, 64>>>(p, good);
  } else if (what == "war") {
    shift<<<2, 64>>>(p, good);
  } else if (what == "waw") {
    all_write<<<1, 64>>>(p, good);
  } else if (what == "warp_raw") {
    warp_exchange<<<1, 32>>>(p, good);
  } else if (what == "count") {
    count_in_shared<<<1, 64>>>(p, good);
  } else if (what == "hand_over") {
    hand_over<<<1, 64>>>(p);
  } else if (what == "named") {
    named_barriers<<<1, 128>>>(out, good);
  } else if (what == "copy_ahead") {
    copy_ahead<<<1, 64>>>(out, good);
  } else if (what == "copy_alone") {
    copy_alone<<<1, 64>>>(p, good);
  } else if (what == "zero_late") {
    zero_late<<<1, 64>>>(p, good);
  } else if (what == "arrive_early") {
    arrive_early<<<1, 64>>>(p, good);
  } else if (what == "unwritten") {
    int* q = device(8, good);
    if (!good) CALL(cudaMemset(q, 0, 4));
    sum_two<<<1, 1>>>(q, out);
    CALL(cudaFree(q));
  } else if (what == "unwritten_shared") {
    read_shared<<<1, 32>>>(out, good);
  } else if (what == "divergent") {
    some_wait<<<1, 64>>>(p, good ? 64 : 40);
  } else if (what == "syncwarp") {
    some_meet<<<1, 32>>>(p, good ? 0xffffu : 0xffffffffu);
  } else if (what == "shuffle") {
    some_exchange<<<1, 32>>>(p, good ? 0xffffu : 0xffffffffu);
  } else {
    return false;
  }
  return true;
}

int main(int argc, char** argv) {
  const std::string name = argc > 1 ? argv[1] : "";
  good = name.rfind("good_", 0) == 0;
  const std::string what = good ? name.substr(5) : name;
  out = device(4096);
  p = device(400);
  if (!allocations(what) && !other_memory(what) && !order_and_values(what) && !host_memory(what)) {
    std::printf("no such case\n");
    return 2;
  }
  if (stays_broken) {
    if (what.rfind("host", 0) != 0) tell();
    return 0;
  }
  if (what == "api")
    cudaDeviceSynchronize();
  else
    CALL(cudaDeviceSynchronize());
  if (p) CALL(cudaFree(p));
  CALL(cudaFree(out));
  return exit_code;
}

// Mixed work from eight host threads for as long as asked, on the driver interface: launches, allocations of
// all kinds, streams, events, graphs, modules, host functions. Every result is checked, and nothing may grow:
// after a warm-up the process's memory, file handles and threads are taken at moments when nothing runs, and
// the last must not be more than the first by what one round of work holds.
//   soak [--seconds S] [--threads N] [--seed N]
#include <cuda.h>
#include <dirent.h>
#include <malloc.h>

#include <atomic>
#include <barrier>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <random>
#include <string>
#include <thread>
#include <vector>

namespace {

constexpr unsigned kCount = 2000;
/// Allocators keep pages that they may use again: some 60 KiB in half a minute.
constexpr long kAllowedGrowth = 768;  // KiB
/// Sanitizers keep what is freed.
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
constexpr bool kWeighed = false;
#else
constexpr bool kWeighed = true;
#endif

const char* const kPtx = R"(.version 7.0
.target sm_80
.address_size 64
.visible .global .u32 counter;
.visible .entry fill(.param .u64 p, .param .u32 v, .param .u32 n) {
  .reg .pred %p; .reg .b32 %r<6>; .reg .b64 %d<3>;
  ld.param.u64 %d0, [p]; ld.param.u32 %r0, [v]; ld.param.u32 %r1, [n];
  mov.u32 %r2, %ctaid.x; mov.u32 %r3, %ntid.x; mov.u32 %r4, %tid.x; mad.lo.u32 %r2, %r2, %r3, %r4;
  setp.ge.u32 %p, %r2, %r1; @%p bra END;
  mul.wide.u32 %d1, %r2, 4; add.u64 %d0, %d0, %d1; st.global.u32 [%d0], %r0;
END: ret;
}
.visible .entry add(.param .u64 p, .param .u32 v, .param .u32 n) {
  .reg .pred %p; .reg .b32 %r<6>; .reg .b64 %d<3>; .shared .b32 s[256];
  ld.param.u64 %d0, [p]; ld.param.u32 %r0, [v]; ld.param.u32 %r1, [n];
  mov.u32 %r2, %ctaid.x; mov.u32 %r3, %ntid.x; mov.u32 %r4, %tid.x; mad.lo.u32 %r2, %r2, %r3, %r4;
  bar.sync 0;
  setp.ge.u32 %p, %r2, %r1; @%p bra END;
  mul.wide.u32 %d1, %r2, 4; add.u64 %d0, %d0, %d1; ld.global.u32 %r5, [%d0]; add.u32 %r5, %r5, %r0;
  st.global.u32 [%d0], %r5; atom.global.add.u32 %r5, [counter], 1;
END: ret;
}
)";

std::atomic<bool> failed = false;

#define OK(call)                                                                     \
  do {                                                                               \
    const CUresult soak_result = (call);                                             \
    if (soak_result != CUDA_SUCCESS) {                                               \
      const char* soak_name = "?";                                                   \
      cuGetErrorName(soak_result, &soak_name);                                       \
      std::fprintf(stderr, "soak.cpp:%d: %s gave %s\n", __LINE__, #call, soak_name); \
      failed = true;                                                                 \
      return;                                                                        \
    }                                                                                \
  } while (0)

struct Held {
  long kib = 0, handles = 0, threads = 0;
};

Held held_now() {
  malloc_trim(0);
  Held h;
  std::ifstream in("/proc/self/status");
  for (std::string word; in >> word;) {
    if (word == "RssAnon:") in >> h.kib;
    if (word == "Threads:") in >> h.threads;
  }
  if (DIR* folder = opendir("/proc/self/fd")) {
    while (readdir(folder)) h.handles++;
    closedir(folder);
  }
  return h;
}

/// One thread's work; everything that an operation makes it gives back.
class Worker {
 public:
  Worker(CUcontext context, CUmodule module, unsigned seed) : random_(seed) {
    cuCtxSetCurrent(context);
    cuModuleGetFunction(&fill_, module, "fill");
    cuModuleGetFunction(&add_, module, "add");
  }

  void round() {
    for (int i = 0; i < 40 && !failed; i++) {
      switch (random_() % 10) {
        case 0:
          module();
          break;
        case 1:
          captured_graph();
          break;
        case 2:
          graph_by_hand();
          break;
        case 3:
          stream_ordered();
          break;
        case 4:
          host_memory();
          break;
        case 5:
          managed();
          break;
        case 6:
          events();
          break;
        case 7:
          errors();
          break;
        default:
          launches();
          break;
      }
    }
  }

 private:
  CUresult launch(CUfunction f, CUstream s, CUdeviceptr p, unsigned value) {
    unsigned n = kCount;
    void* params[] = {&p, &value, &n};
    const unsigned block = 32u << random_() % 4;
    return cuLaunchKernel(f, (kCount + block - 1) / block, 1, 1, block, 1, 1, 0, s, params, nullptr);
  }

  void check(const std::vector<unsigned>& values, unsigned want) {
    for (unsigned v : values)
      if (v != want && !failed.exchange(true)) std::fprintf(stderr, "soak: found %u, wanted %u\n", v, want);
  }

  void launches() {
    CUstream s;
    CUdeviceptr p;
    const unsigned value = unsigned(random_()), times = 1 + unsigned(random_() % 4);
    OK(cuStreamCreate(&s, CU_STREAM_NON_BLOCKING));
    OK(cuMemAlloc(&p, kCount * 4));
    OK(launch(fill_, s, p, value));
    for (unsigned i = 0; i < times; i++) OK(launch(add_, s, p, 3));
    std::vector<unsigned> back(kCount);
    OK(cuMemcpyDtoHAsync(back.data(), p, kCount * 4, s));
    OK(cuStreamSynchronize(s));
    check(back, value + 3 * times);
    OK(cuMemFree(p));
    OK(cuStreamDestroy(s));
  }

  void module() {
    CUmodule own;
    CUfunction f;
    CUdeviceptr p, counter;
    size_t bytes;
    OK(cuModuleLoadData(&own, kPtx));
    OK(cuModuleGetFunction(&f, own, "add"));
    OK(cuModuleGetGlobal(&counter, &bytes, own, "counter"));
    OK(cuMemAlloc(&p, kCount * 4));
    OK(cuMemsetD32(p, 5, kCount));
    OK(launch(f, nullptr, p, 2));
    unsigned count = 0;
    std::vector<unsigned> back(kCount);
    OK(cuMemcpyDtoH(back.data(), p, kCount * 4));
    OK(cuMemcpyDtoH(&count, counter, 4));
    check(back, 7);
    check({count}, kCount);
    OK(cuMemFree(p));
    OK(cuModuleUnload(own));
  }

  void captured_graph() {
    CUstream s;
    CUgraph graph;
    CUgraphExec exec;
    CUdeviceptr p;
    OK(cuStreamCreate(&s, CU_STREAM_NON_BLOCKING));
    OK(cuMemAlloc(&p, kCount * 4));
    OK(cuStreamBeginCapture(s, CU_STREAM_CAPTURE_MODE_THREAD_LOCAL));
    OK(cuMemsetD32Async(p, 1, kCount, s));
    OK(launch(add_, s, p, 1));
    OK(launch(add_, s, p, 1));
    OK(cuStreamEndCapture(s, &graph));
    OK(cuGraphInstantiate(&exec, graph, 0));
    for (int i = 0; i < 3; i++) OK(cuGraphLaunch(exec, s));
    OK(cuStreamSynchronize(s));
    std::vector<unsigned> back(kCount);
    OK(cuMemcpyDtoH(back.data(), p, kCount * 4));
    check(back, 3);
    OK(cuGraphExecDestroy(exec));
    OK(cuGraphDestroy(graph));
    OK(cuMemFree(p));
    OK(cuStreamDestroy(s));
  }

  void graph_by_hand() {
    CUgraph graph;
    CUgraphExec exec;
    CUgraphNode first, second;
    CUdeviceptr p;
    CUcontext context;
    OK(cuCtxGetCurrent(&context));
    OK(cuMemAlloc(&p, kCount * 4));
    OK(cuGraphCreate(&graph, 0));
    CUDA_MEMSET_NODE_PARAMS set = {};
    set.dst = p, set.elementSize = 4, set.value = 9, set.width = kCount, set.height = 1;
    OK(cuGraphAddMemsetNode(&first, graph, nullptr, 0, &set, context));
    unsigned value = 2, n = kCount;
    void* params[] = {&p, &value, &n};
    CUDA_KERNEL_NODE_PARAMS kernel = {};
    kernel.func = add_;
    kernel.gridDimX = (kCount + 63) / 64, kernel.gridDimY = kernel.gridDimZ = 1;
    kernel.blockDimX = 64, kernel.blockDimY = kernel.blockDimZ = 1;
    kernel.kernelParams = params;
    OK(cuGraphAddKernelNode(&second, graph, &first, 1, &kernel));
    OK(cuGraphInstantiate(&exec, graph, 0));
    value = 4;
    OK(cuGraphExecKernelNodeSetParams(exec, second, &kernel));
    OK(cuGraphLaunch(exec, nullptr));
    std::vector<unsigned> back(kCount);
    OK(cuMemcpyDtoH(back.data(), p, kCount * 4));
    check(back, 13);
    OK(cuGraphExecDestroy(exec));
    OK(cuGraphDestroy(graph));
    OK(cuMemFree(p));
  }

  void stream_ordered() {
    CUstream s;
    CUdeviceptr a, b;
    OK(cuStreamCreate(&s, CU_STREAM_NON_BLOCKING));
    OK(cuMemAllocAsync(&a, kCount * 4, s));
    OK(launch(fill_, s, a, 11));
    OK(cuMemAllocAsync(&b, kCount * 4 + random_() % 100000, s));
    OK(cuMemcpyDtoDAsync(b, a, kCount * 4, s));
    OK(cuMemFreeAsync(a, s));
    std::vector<unsigned> back(kCount);
    OK(cuMemcpyDtoHAsync(back.data(), b, kCount * 4, s));
    OK(cuMemFreeAsync(b, s));
    OK(cuStreamSynchronize(s));
    check(back, 11);
    OK(cuStreamDestroy(s));
  }

  void host_memory() {
    CUstream s;
    void* pinned;
    CUdeviceptr p;
    OK(cuStreamCreate(&s, 0));
    OK(cuMemHostAlloc(&pinned, kCount * 4, CU_MEMHOSTALLOC_DEVICEMAP));
    OK(cuMemHostGetDevicePointer(&p, pinned, 0));
    OK(launch(fill_, s, p, 21));
    std::atomic<int> called = 0;
    OK(cuLaunchHostFunc(s, [](void* c) { ++*static_cast<std::atomic<int>*>(c); }, &called));
    OK(cuStreamSynchronize(s));
    check({unsigned(called.load())}, 1);
    check(std::vector<unsigned>(static_cast<unsigned*>(pinned), static_cast<unsigned*>(pinned) + kCount), 21);
    OK(cuMemFreeHost(pinned));
    std::vector<unsigned> plain(kCount);
    OK(cuMemHostRegister(plain.data(), kCount * 4, 0));
    OK(cuMemHostUnregister(plain.data()));
    OK(cuStreamDestroy(s));
  }

  void managed() {
    CUdeviceptr p;
    OK(cuMemAllocManaged(&p, kCount * 4, CU_MEM_ATTACH_GLOBAL));
    OK(launch(fill_, nullptr, p, 31));
    OK(cuStreamSynchronize(nullptr));
    const unsigned* values = reinterpret_cast<unsigned*>(p);
    check(std::vector<unsigned>(values, values + kCount), 31);
    OK(cuMemFree(p));
  }

  void events() {
    CUstream a, b;
    CUevent start, end;
    CUdeviceptr p;
    OK(cuStreamCreate(&a, CU_STREAM_NON_BLOCKING));
    OK(cuStreamCreateWithPriority(&b, CU_STREAM_NON_BLOCKING, -1));
    OK(cuEventCreate(&start, 0));
    OK(cuEventCreate(&end, 0));
    OK(cuMemAlloc(&p, kCount * 4));
    OK(cuEventRecord(start, a));
    OK(launch(fill_, a, p, 41));
    OK(cuEventRecord(end, a));
    OK(cuStreamWaitEvent(b, end, 0));
    OK(launch(add_, b, p, 1));
    OK(cuStreamSynchronize(b));
    float ms = -1;
    OK(cuEventElapsedTime(&ms, start, end));
    std::vector<unsigned> back(kCount);
    OK(cuMemcpyDtoH(back.data(), p, kCount * 4));
    check(back, 42);
    OK(cuMemFree(p));
    OK(cuEventDestroy(start));
    OK(cuEventDestroy(end));
    OK(cuStreamDestroy(a));
    OK(cuStreamDestroy(b));
  }

  /// Calls that fail must not hold anything either.
  void errors() {
    CUdeviceptr p = 0;
    CUmodule none;
    CUfunction f;
    cuMemAlloc(&p, size_t(1) << 60);
    if (random_() % 64 == 0)  // each is a line on stderr
      cuModuleLoadData(&none, ".version 7.0\n.target sm_80\n.address_size 64\n.entry k() { nonsense; }\n");
    cuMemFree(CUdeviceptr(12345));
    cuModuleGetFunction(&f, nullptr, "x");
    OK(cuCtxSynchronize());
  }

  CUfunction fill_ = nullptr, add_ = nullptr;
  std::mt19937 random_;
};

int run(double seconds, unsigned threads, unsigned seed) {
  CUdevice device;
  CUcontext context;
  CUmodule module;
  if (cuInit(0) || cuDeviceGet(&device, 0) || cuDevicePrimaryCtxRetain(&context, device) ||
      cuCtxSetCurrent(context) || cuModuleLoadData(&module, kPtx)) {
    std::fprintf(stderr, "soak: no device\n");
    return 1;
  }
  const auto start = std::chrono::steady_clock::now();
  const auto elapsed = [&] {
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  };
  std::vector<Held> seen;
  std::atomic<bool> more = true;
  uint64_t rounds = 0;
  // All stand still between two rounds; memory is looked at behind each eighth of the time.
  std::barrier turn(threads, [&]() noexcept {
    rounds++;
    if (cuCtxSynchronize() != CUDA_SUCCESS) failed = true;
    if (elapsed() >= seconds * double(seen.size() + 2) / 8) seen.push_back(held_now());
    more = elapsed() < seconds && !failed;
  });
  std::vector<std::thread> all;
  for (unsigned i = 0; i < threads; i++)
    all.emplace_back([&, i] {
      Worker worker(context, module, seed + i);
      cuCtxSetCurrent(context);
      while (more) {
        worker.round();
        turn.arrive_and_wait();
      }
    });
  for (std::thread& t : all) t.join();
  cuModuleUnload(module);
  cuDevicePrimaryCtxRelease(device);
  if (failed || seen.size() < 2) return 1;
  const Held &first = seen.front(), &last = seen.back();
  std::printf("soak: %llu rounds of %u x 40 operations in %.0f s; KiB", (unsigned long long)rounds, threads,
              elapsed());
  for (const Held& h : seen) std::printf(" %ld", h.kib);
  std::printf("; file handles %ld, %ld; threads %ld, %ld\n", first.handles, last.handles, first.threads,
              last.threads);
  if ((kWeighed && last.kib > first.kib + kAllowedGrowth) || last.handles > first.handles ||
      last.threads > first.threads) {
    std::fprintf(stderr, "soak: grew\n");
    return 1;
  }
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  double seconds = 20;
  unsigned threads = 8, seed = 1;
  for (int i = 1; i + 1 < argc; i += 2) {
    const std::string a = argv[i];
    if (a == "--seconds") seconds = std::atof(argv[i + 1]);
    if (a == "--threads") threads = unsigned(std::max(1, std::atoi(argv[i + 1])));
    if (a == "--seed") seed = unsigned(std::atoi(argv[i + 1]));
  }
  return run(seconds, threads, seed);
}

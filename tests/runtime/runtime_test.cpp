// libcudart against a hand-registered program: registration, launches, errors, memory, threads. Built for
// both interface levels.
#include <gtest/gtest.h>

#include <atomic>
#include <thread>

#include "program.h"

namespace {

const char kPtx[] = R"(.version 8.0
.target sm_80
.address_size 64
.global .align 4 .u32 counter = 5;
.const .align 4 .u32 factor = 3;
.global .attribute(.managed) .align 4 .u32 shared_word = 17;
.visible .entry add(.param .u64 out, .param .u32 n, .param .u32 value) {
  .reg .b64 %rd<4>; .reg .b32 %r<8>; .reg .pred %p;
  ld.param.u64 %rd1, [out]; ld.param.u32 %r1, [n]; ld.param.u32 %r2, [value];
  mov.u32 %r3, %ctaid.x; mov.u32 %r4, %ntid.x; mov.u32 %r5, %tid.x;
  mad.lo.s32 %r6, %r3, %r4, %r5;
  setp.ge.u32 %p, %r6, %r1;
  @%p bra done;
  mul.wide.u32 %rd2, %r6, 4; add.s64 %rd3, %rd1, %rd2;
  ld.global.u32 %r7, [%rd3]; add.s32 %r7, %r7, %r2; st.global.u32 [%rd3], %r7;
done:
  ret;
}
.visible .entry variables(.param .u64 out) {
  .reg .b64 %rd<2>; .reg .b32 %r<5>;
  ld.param.u64 %rd1, [out];
  ld.global.u32 %r1, [counter]; ld.const.u32 %r2, [factor];
  mul.lo.s32 %r3, %r1, %r2; st.global.u32 [%rd1], %r3;
  ld.global.u32 %r4, [shared_word]; add.s32 %r4, %r4, 1; st.global.u32 [shared_word], %r4;
  ret;
}
.visible .entry store(.param .u64 out) {
  .reg .b64 %rd<2>; .reg .b32 %r<2>;
  ld.param.u64 %rd1, [out]; mov.u32 %r1, 1; st.global.u32 [%rd1], %r1;
  ret;
}
)";

char add_stub, variables_stub, store_stub, missing_stub, counter_shadow, factor_shadow;
unsigned* shared_word;

class Runtime : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    unit_ = new program::Unit(kPtx);
    unit_->kernel(&add_stub, "add");
    unit_->kernel(&variables_stub, "variables");
    unit_->kernel(&store_stub, "store");
    unit_->kernel(&missing_stub, "no_such_kernel");
    unit_->variable(&counter_shadow, "counter", 4);
    unit_->variable(&factor_shadow, "factor", 4);
    unit_->managed(reinterpret_cast<void**>(&shared_word), "shared_word", 4);
    unit_->end();
  }
  static void TearDownTestSuite() { delete unit_; }

  void SetUp() override {
    ASSERT_EQ(cudaMalloc(reinterpret_cast<void**>(&data_), kCount * 4), cudaSuccess);
    ASSERT_EQ(cudaMemset(data_, 0, kCount * 4), cudaSuccess);
  }
  void TearDown() override {
    EXPECT_EQ(cudaFree(data_), cudaSuccess);
    EXPECT_EQ(cudaGetLastError(), cudaSuccess);
  }

  cudaError_t add(unsigned value, cudaStream_t stream = nullptr) {
    unsigned n = kCount;
    void* params[] = {&data_, &n, &value};
    return cudaLaunchKernel(&add_stub, dim3((kCount + 63) / 64), dim3(64), params, 0, stream);
  }
  unsigned last_word() {
    unsigned value = 0;
    EXPECT_EQ(cudaMemcpy(&value, data_ + kCount - 1, 4, cudaMemcpyDeviceToHost), cudaSuccess);
    return value;
  }
  cudaError_t store_at(void* address) {
    void* params[] = {&address};
    return cudaLaunchKernel(&store_stub, dim3(1), dim3(1), params, 0, nullptr);
  }

  static constexpr unsigned kCount = 1000;
  static program::Unit* unit_;
  unsigned* data_ = nullptr;
};
program::Unit* Runtime::unit_ = nullptr;

TEST_F(Runtime, LaunchesByHostStub) {
  EXPECT_EQ(add(3), cudaSuccess);
  EXPECT_EQ(add(4), cudaSuccess);
  EXPECT_EQ(last_word(), 7u);
}

TEST_F(Runtime, LaunchesTheWayNewStubsDo) {
  EXPECT_EQ(__cudaPushCallConfiguration(dim3(16), dim3(64), 0, nullptr), 0u);
  cudaKernel_t kernel = nullptr;
  ASSERT_EQ(__cudaGetKernel(&kernel, &add_stub), cudaSuccess);
  dim3 grid, block;
  size_t shared_bytes = 1;
  cudaStream_t stream = cudaStreamPerThread;
  ASSERT_EQ(__cudaPopCallConfiguration(&grid, &block, &shared_bytes, &stream), cudaSuccess);
  EXPECT_EQ(grid.x, 16u);
  EXPECT_EQ(shared_bytes, 0u);
  EXPECT_EQ(stream, nullptr);
  unsigned n = kCount, value = 9;
  void* params[] = {&data_, &n, &value};
  EXPECT_EQ(__cudaLaunchKernel(kernel, grid, block, params, shared_bytes, stream), cudaSuccess);
  EXPECT_EQ(last_word(), 9u);
  EXPECT_EQ(__cudaPopCallConfiguration(&grid, &block, &shared_bytes, &stream), cudaErrorMissingConfiguration);
  EXPECT_EQ(cudaGetLastError(), cudaErrorMissingConfiguration);
}

TEST_F(Runtime, RefusesShapesTheDeviceCannotRun) {
  void* params[] = {&data_, &data_, &data_};
  EXPECT_EQ(cudaLaunchKernel(&add_stub, dim3(0), dim3(64), params, 0, nullptr),
            cudaErrorInvalidConfiguration);
  EXPECT_EQ(cudaLaunchKernel(&add_stub, dim3(1), dim3(2048), params, 0, nullptr),
            cudaErrorInvalidConfiguration);
  EXPECT_EQ(cudaLaunchKernel(&add_stub, dim3(1), dim3(1, 1, 65), params, 0, nullptr),
            cudaErrorInvalidConfiguration);
  EXPECT_EQ(cudaLaunchKernel(&add_stub, dim3(1, 70000), dim3(1), params, 0, nullptr),
            cudaErrorInvalidConfiguration);
  EXPECT_EQ(cudaGetLastError(), cudaErrorInvalidConfiguration);
}

TEST_F(Runtime, UnknownKernelsAndSymbolsAreNamedErrors) {
  void* params[] = {nullptr};
  int local = 0;
  EXPECT_EQ(cudaLaunchKernel(&local, dim3(1), dim3(1), params, 0, nullptr), cudaErrorInvalidDeviceFunction);
  EXPECT_EQ(cudaLaunchKernel(nullptr, dim3(1), dim3(1), params, 0, nullptr), cudaErrorInvalidDeviceFunction);
  EXPECT_EQ(cudaLaunchKernel(&missing_stub, dim3(1), dim3(1), params, 0, nullptr),
            cudaErrorInvalidDeviceFunction);
  cudaFuncAttributes attributes;
  EXPECT_EQ(cudaFuncGetAttributes(&attributes, &local), cudaErrorInvalidDeviceFunction);
  void* address = nullptr;
  EXPECT_EQ(cudaGetSymbolAddress(&address, &local), cudaErrorInvalidSymbol);
  EXPECT_EQ(cudaMemcpyToSymbol(&local, &local, 4, 0, cudaMemcpyHostToDevice), cudaErrorInvalidSymbol);
  EXPECT_EQ(cudaGetLastError(), cudaErrorInvalidSymbol);
}

TEST_F(Runtime, NotReadyIsNoLastError) {
  cudaStream_t stream;
  cudaEvent_t event;
  ASSERT_EQ(cudaStreamCreate(&stream), cudaSuccess);
  ASSERT_EQ(cudaEventCreate(&event), cudaSuccess);
  std::atomic<bool> go{false};
  const auto wait = [](void* flag) {
    while (!*static_cast<std::atomic<bool>*>(flag)) std::this_thread::yield();
  };
  ASSERT_EQ(cudaLaunchHostFunc(stream, wait, &go), cudaSuccess);
  ASSERT_EQ(cudaEventRecord(event, stream), cudaSuccess);
  EXPECT_EQ(cudaStreamQuery(stream), cudaErrorNotReady);
  EXPECT_EQ(cudaEventQuery(event), cudaErrorNotReady);
  EXPECT_EQ(cudaPeekAtLastError(), cudaSuccess);
  EXPECT_EQ(cudaSetDevice(99), cudaErrorInvalidDevice);
  EXPECT_EQ(cudaStreamQuery(stream), cudaErrorNotReady);
  EXPECT_EQ(cudaGetLastError(), cudaErrorInvalidDevice) << "nor does it take an error's place";
  go = true;
  EXPECT_EQ(cudaStreamSynchronize(stream), cudaSuccess);
  EXPECT_EQ(cudaEventQuery(event), cudaSuccess);
  EXPECT_EQ(cudaEventDestroy(event), cudaSuccess);
  EXPECT_EQ(cudaStreamDestroy(stream), cudaSuccess);
}

TEST_F(Runtime, LastErrorIsHandedOutOnceAndKeptPerThread) {
  EXPECT_EQ(cudaFree(reinterpret_cast<void*>(0x10)), cudaErrorInvalidValue);
  EXPECT_EQ(cudaSetDevice(1000), cudaErrorInvalidDevice);
  EXPECT_EQ(cudaPeekAtLastError(), cudaErrorInvalidDevice);
  std::thread([] { EXPECT_EQ(cudaGetLastError(), cudaSuccess); }).join();
  EXPECT_EQ(cudaSuccess, cudaDeviceSynchronize()) << "a success does not clear the last error";
  EXPECT_EQ(cudaGetLastError(), cudaErrorInvalidDevice);
  EXPECT_EQ(cudaGetLastError(), cudaSuccess);
}

TEST_F(Runtime, SymbolsAreBounded) {
  unsigned value = 0;
  EXPECT_EQ(cudaMemcpyFromSymbol(&value, &counter_shadow, 4, 0, cudaMemcpyDeviceToHost), cudaSuccess);
  EXPECT_EQ(value, 5u);
  size_t bytes = 0;
  EXPECT_EQ(cudaGetSymbolSize(&bytes, &factor_shadow), cudaSuccess);
  EXPECT_EQ(bytes, 4u);
  EXPECT_EQ(cudaMemcpyToSymbol(&factor_shadow, &value, 4, 1, cudaMemcpyHostToDevice), cudaErrorInvalidValue);
  EXPECT_EQ(cudaMemcpyToSymbol(&factor_shadow, &value, 4, 0, cudaMemcpyDeviceToHost),
            cudaErrorInvalidMemcpyDirection);
  (void)cudaGetLastError();
  value = 10;
  EXPECT_EQ(cudaMemcpyToSymbol(&factor_shadow, &value, 4, 0, cudaMemcpyHostToDevice), cudaSuccess);
  void* params[] = {&data_};
  EXPECT_EQ(cudaLaunchKernel(&variables_stub, dim3(1), dim3(1), params, 0, nullptr), cudaSuccess);
  EXPECT_EQ(cudaMemcpy(&value, data_, 4, cudaMemcpyDeviceToHost), cudaSuccess);
  EXPECT_EQ(value, 50u);
}

TEST_F(Runtime, ManagedVariablesAreSharedWithTheHost) {
  ASSERT_TRUE(__cudaInitModule(unit_->handle()));
  ASSERT_NE(shared_word, nullptr);
  *shared_word = 40;
  void* params[] = {&data_};
  EXPECT_EQ(cudaLaunchKernel(&variables_stub, dim3(1), dim3(1), params, 0, nullptr), cudaSuccess);
  EXPECT_EQ(cudaDeviceSynchronize(), cudaSuccess);
  EXPECT_EQ(*shared_word, 41u);
}

TEST_F(Runtime, FaultsStayUntilTheDeviceIsReset) {
  EXPECT_EQ(store_at(reinterpret_cast<void*>(0x40)), cudaSuccess);
  EXPECT_EQ(cudaDeviceSynchronize(), cudaErrorIllegalAddress);
  EXPECT_EQ(cudaGetLastError(), cudaErrorIllegalAddress);
  EXPECT_EQ(cudaGetLastError(), cudaErrorIllegalAddress);
  void* more = nullptr;
  EXPECT_EQ(cudaMalloc(&more, 4), cudaErrorIllegalAddress);
  EXPECT_EQ(cudaDeviceReset(), cudaSuccess);
  EXPECT_EQ(cudaGetLastError(), cudaSuccess);
  // Everything is as at the start: modules are loaded afresh.
  SetUp();
  EXPECT_EQ(add(2), cudaSuccess);
  EXPECT_EQ(last_word(), 2u);
  unsigned value = 0;
  EXPECT_EQ(cudaMemcpyFromSymbol(&value, &factor_shadow, 4, 0, cudaMemcpyDeviceToHost), cudaSuccess);
  EXPECT_EQ(value, 3u);
}

TEST_F(Runtime, MisalignedAddressesAreToldApart) {
  EXPECT_EQ(store_at(reinterpret_cast<char*>(data_) + 2), cudaSuccess);
  EXPECT_EQ(cudaDeviceSynchronize(), cudaErrorMisalignedAddress);
  EXPECT_EQ(cudaDeviceReset(), cudaSuccess);
  SetUp();
}

TEST_F(Runtime, CopiesCheckTheirArguments) {
  unsigned word = 0;
  EXPECT_EQ(cudaMemcpy(&word, data_, 4, static_cast<cudaMemcpyKind>(7)), cudaErrorInvalidMemcpyDirection);
  EXPECT_EQ(cudaMemcpy(&word, reinterpret_cast<void*>(0x100), 4, cudaMemcpyDeviceToHost),
            cudaErrorInvalidValue);
  EXPECT_EQ(cudaMemcpy2D(&word, 2, data_, 8, 4, 2, cudaMemcpyDeviceToHost), cudaErrorInvalidPitchValue);
  // One row has no next: programs give anything then.
  EXPECT_EQ(cudaMemcpy2D(&word, 2, data_, 0, 4, 1, cudaMemcpyDeviceToHost), cudaSuccess);
  (void)cudaGetLastError();
  EXPECT_EQ(cudaMemcpy(nullptr, nullptr, 0, cudaMemcpyDefault), cudaSuccess);
  EXPECT_EQ(cudaMemcpy(&word, data_, 4, cudaMemcpyDefault), cudaSuccess);
  EXPECT_EQ(cudaMemcpy(data_, data_ + 1, 4, cudaMemcpyDeviceToDevice), cudaSuccess);
}

TEST_F(Runtime, PointersAreKnownByKind) {
  cudaPointerAttributes a;
  EXPECT_EQ(cudaPointerGetAttributes(&a, data_ + 5), cudaSuccess);
  EXPECT_EQ(a.type, cudaMemoryTypeDevice);
  EXPECT_EQ(a.device, 0);
  EXPECT_EQ(a.devicePointer, data_ + 5);
  int local = 0;
  EXPECT_EQ(cudaPointerGetAttributes(&a, &local), cudaSuccess);
  EXPECT_EQ(a.type, cudaMemoryTypeUnregistered);
  void* pinned = nullptr;
  ASSERT_EQ(cudaHostAlloc(&pinned, 64, cudaHostAllocMapped), cudaSuccess);
  EXPECT_EQ(cudaPointerGetAttributes(&a, pinned), cudaSuccess);
  EXPECT_EQ(a.type, cudaMemoryTypeHost);
  EXPECT_EQ(cudaFreeHost(pinned), cudaSuccess);
  void* managed = nullptr;
  ASSERT_EQ(cudaMallocManaged(&managed, 64, cudaMemAttachGlobal), cudaSuccess);
  EXPECT_EQ(cudaPointerGetAttributes(&a, managed), cudaSuccess);
  EXPECT_EQ(a.type, cudaMemoryTypeManaged);
  EXPECT_EQ(cudaFree(managed), cudaSuccess);
}

TEST_F(Runtime, EventsMeasureStreams) {
  cudaStream_t stream;
  cudaEvent_t begin, end;
  ASSERT_EQ(cudaStreamCreate(&stream), cudaSuccess);
  ASSERT_EQ(cudaEventCreate(&begin), cudaSuccess);
  ASSERT_EQ(cudaEventCreate(&end), cudaSuccess);
  float milliseconds = -1;
  EXPECT_EQ(cudaEventElapsedTime(&milliseconds, begin, end), cudaErrorInvalidResourceHandle);
  (void)cudaGetLastError();
  EXPECT_EQ(cudaEventRecord(begin, stream), cudaSuccess);
  EXPECT_EQ(add(1, stream), cudaSuccess);
  EXPECT_EQ(cudaEventRecord(end, stream), cudaSuccess);
  EXPECT_EQ(cudaEventSynchronize(end), cudaSuccess);
  EXPECT_EQ(cudaEventElapsedTime(&milliseconds, begin, end), cudaSuccess);
  EXPECT_GE(milliseconds, 0);
  EXPECT_EQ(cudaEventDestroy(begin), cudaSuccess);
  EXPECT_EQ(cudaEventDestroy(end), cudaSuccess);
  EXPECT_EQ(cudaStreamDestroy(stream), cudaSuccess);
  EXPECT_EQ(last_word(), 1u);
}

TEST_F(Runtime, HostFunctionsRunInStreamOrder) {
  struct Seen {
    unsigned* data;
    unsigned value;
  } seen{nullptr, 0};
  ASSERT_EQ(cudaMallocHost(reinterpret_cast<void**>(&seen.data), 4), cudaSuccess);
  cudaStream_t stream;
  ASSERT_EQ(cudaStreamCreate(&stream), cudaSuccess);
  EXPECT_EQ(add(6, stream), cudaSuccess);
  EXPECT_EQ(cudaMemcpyAsync(seen.data, data_, 4, cudaMemcpyDeviceToHost, stream), cudaSuccess);
  EXPECT_EQ(cudaLaunchHostFunc(
                stream, [](void* user) { static_cast<Seen*>(user)->value = *static_cast<Seen*>(user)->data; },
                &seen),
            cudaSuccess);
  EXPECT_EQ(cudaStreamSynchronize(stream), cudaSuccess);
  EXPECT_EQ(seen.value, 6u);
  EXPECT_EQ(cudaStreamDestroy(stream), cudaSuccess);
  EXPECT_EQ(cudaFreeHost(seen.data), cudaSuccess);
}

TEST_F(Runtime, ThreadsWorkSideBySide) {
  std::vector<std::thread> threads;
  for (unsigned t = 0; t < 8; ++t) {
    threads.emplace_back([t] {
      unsigned* words = nullptr;
      unsigned n = 256;
      ASSERT_EQ(cudaMalloc(reinterpret_cast<void**>(&words), n * 4), cudaSuccess);
      ASSERT_EQ(cudaMemset(words, 0, n * 4), cudaSuccess);
      for (unsigned i = 0; i < 20; ++i) {
        unsigned value = t;
        void* params[] = {&words, &n, &value};
        EXPECT_EQ(cudaLaunchKernel(&add_stub, dim3(4), dim3(64), params, 0, cudaStreamPerThread),
                  cudaSuccess);
      }
      EXPECT_EQ(cudaStreamSynchronize(cudaStreamPerThread), cudaSuccess);
      unsigned last = ~0u;
      EXPECT_EQ(cudaMemcpy(&last, words + n - 1, 4, cudaMemcpyDeviceToHost), cudaSuccess);
      EXPECT_EQ(last, 20 * t);
      EXPECT_EQ(cudaFree(words), cudaSuccess);
    });
  }
  for (std::thread& t : threads) t.join();
}

TEST_F(Runtime, PropertiesAgreeWithAttributes) {
  cudaDeviceProp p;
  ASSERT_EQ(cudaGetDeviceProperties(&p, 0), cudaSuccess);
  EXPECT_STRNE(p.name, "");
  const auto attribute = [](cudaDeviceAttr which) {
    int value = -1;
    EXPECT_EQ(cudaDeviceGetAttribute(&value, which, 0), cudaSuccess);
    return value;
  };
  EXPECT_EQ(p.multiProcessorCount, attribute(cudaDevAttrMultiProcessorCount));
  EXPECT_EQ(p.major, attribute(cudaDevAttrComputeCapabilityMajor));
  EXPECT_EQ(p.warpSize, 32);
  EXPECT_EQ(p.maxThreadsDim[2], attribute(cudaDevAttrMaxBlockDimZ));
  EXPECT_EQ(int(p.sharedMemPerBlockOptin), attribute(cudaDevAttrMaxSharedMemoryPerBlockOptin));
  EXPECT_EQ(p.managedMemory, 1);
  EXPECT_EQ(cudaGetDeviceProperties(&p, 77), cudaErrorInvalidDevice);
  (void)cudaGetLastError();
  int version = 0;
  EXPECT_EQ(cudaRuntimeGetVersion(&version), cudaSuccess);
  EXPECT_EQ(version / 1000, CUDART_VERSION / 1000);
}

TEST_F(Runtime, LibrariesGiveLaunchableKernels) {
  cudaLibrary_t library;
  ASSERT_EQ(cudaLibraryLoadData(&library, kPtx, nullptr, nullptr, 0, nullptr, nullptr, 0), cudaSuccess);
  unsigned count = 0;
  EXPECT_EQ(cudaLibraryGetKernelCount(&count, library), cudaSuccess);
  EXPECT_EQ(count, 3u);
  cudaKernel_t kernel;
  ASSERT_EQ(cudaLibraryGetKernel(&kernel, library, "add"), cudaSuccess);
  unsigned n = kCount, value = 21;
  void* params[] = {&data_, &n, &value};
  EXPECT_EQ(cudaLaunchKernel(reinterpret_cast<const void*>(kernel), dim3(16), dim3(64), params, 0, nullptr),
            cudaSuccess);
  EXPECT_EQ(last_word(), 21u);
  EXPECT_EQ(cudaLibraryUnload(library), cudaSuccess);
}

TEST_F(Runtime, UnregisteredUnitsAreGone) {
  static char stub;
  {
    program::Unit unit(kPtx);
    unit.kernel(&stub, "store");
    void* params[] = {&data_};
    EXPECT_EQ(cudaLaunchKernel(&stub, dim3(1), dim3(1), params, 0, nullptr), cudaSuccess);
    EXPECT_EQ(cudaDeviceSynchronize(), cudaSuccess);
  }
  void* params[] = {&data_};
  EXPECT_EQ(cudaLaunchKernel(&stub, dim3(1), dim3(1), params, 0, nullptr), cudaErrorInvalidDeviceFunction);
  EXPECT_EQ(cudaGetLastError(), cudaErrorInvalidDeviceFunction);
}

TEST_F(Runtime, DamagedImagesAreRefused) {
  static char stub;
  program::Unit unit(".version 8.0\n.target sm_80\n.address_size 64\n.visible .entry store( { nonsense }\n");
  unit.kernel(&stub, "store");
  void* params[] = {&data_};
  EXPECT_EQ(cudaLaunchKernel(&stub, dim3(1), dim3(1), params, 0, nullptr), cudaErrorInvalidPtx);
  EXPECT_EQ(cudaGetLastError(), cudaErrorInvalidPtx);
}

TEST(RuntimeErrors, NamesAndTexts) {
  EXPECT_STREQ(cudaGetErrorName(cudaErrorInvalidConfiguration), "cudaErrorInvalidConfiguration");
  EXPECT_STREQ(cudaGetErrorString(cudaErrorInvalidConfiguration), "invalid configuration argument");
  EXPECT_STREQ(cudaGetErrorString(cudaSuccess), "no error");
  EXPECT_STREQ(cudaGetErrorString(cudaErrorMemoryAllocation), "out of memory");
  EXPECT_STREQ(cudaGetErrorString(cudaErrorNoKernelImageForDevice),
               "no kernel image is available for execution on the device");
  EXPECT_STREQ(cudaGetErrorName(static_cast<cudaError_t>(5555)), "unrecognized error code");
}

}  // namespace

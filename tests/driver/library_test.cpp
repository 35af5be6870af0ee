// Functions of modules and kernels of libraries: finding them, what they say of themselves, who may unload
// what, and occupancy.
#include <algorithm>
#include <cstdio>
#include <cstring>
#include <fstream>

#include "driver_fixture.h"

namespace {

const char kPtx[] = R"(
.version 7.8
.target sm_80
.address_size 64
.visible .global .align 4 .u32 plain[3] = {1, 2, 3};
.visible .global .attribute(.managed) .align 4 .u32 shared_by_all[2] = {8, 9};
.visible .entry one(.param .u64 out, .param .align 8 .b8 pair[12], .param .u16 small) { ret; }
.visible .entry two() .maxntid 96, 1, 1 { .shared .align 16 .b8 s[4096]; .reg .b32 %r<2>; ld.shared.u32 %r1, [s]; ret; }
)";

class LibraryTest : public DriverTest {
 protected:
  void SetUp() override {
    DriverTest::SetUp();
    OK(cuLibraryLoadData(&library, kPtx, nullptr, nullptr, 0, nullptr, nullptr, 0));
  }
  void TearDown() override {
    if (library) OK(cuLibraryUnload(library));
    DriverTest::TearDown();
  }
  CUkernel kernel(const char* name) {
    CUkernel k = nullptr;
    OK(cuLibraryGetKernel(&k, library, name));
    return k;
  }
  CUlibrary library = nullptr;
};

TEST_F(LibraryTest, KernelsAreListed) {
  unsigned count = 0;
  OK(cuLibraryGetKernelCount(&count, library));
  EXPECT_EQ(count, 2u);
  CUkernel all[3] = {};
  OK(cuLibraryEnumerateKernels(all, 3, library));
  EXPECT_TRUE((all[0] == kernel("one") && all[1] == kernel("two")) ||
              (all[0] == kernel("two") && all[1] == kernel("one")));
  EXPECT_EQ(all[2], nullptr);
  CUkernel first[2] = {};
  OK(cuLibraryEnumerateKernels(first, 1, library));
  EXPECT_EQ(first[0], all[0]);
  EXPECT_EQ(first[1], nullptr);
  IS(cuLibraryEnumerateKernels(nullptr, 1, library), CUDA_ERROR_INVALID_VALUE);
  IS(cuLibraryEnumerateKernels(all, 1, nullptr), CUDA_ERROR_INVALID_HANDLE);
}

TEST_F(LibraryTest, AKernelSaysWhatItIs) {
  const CUkernel one = kernel("one");
  const char* name = nullptr;
  OK(cuKernelGetName(&name, one));
  EXPECT_STREQ(name, "one");
  CUlibrary of = nullptr;
  OK(cuKernelGetLibrary(&of, one));
  EXPECT_EQ(of, library);
  size_t offset = 99, bytes = 99;
  OK(cuKernelGetParamInfo(one, 0, &offset, &bytes));
  EXPECT_EQ(offset, 0u);
  EXPECT_EQ(bytes, 8u);
  OK(cuKernelGetParamInfo(one, 1, &offset, &bytes));
  EXPECT_EQ(offset, 8u);
  EXPECT_EQ(bytes, 12u);
  OK(cuKernelGetParamInfo(one, 2, &offset, nullptr));
  EXPECT_EQ(offset, 20u);
  IS(cuKernelGetParamInfo(one, 3, &offset, &bytes), CUDA_ERROR_INVALID_VALUE);
  IS(cuKernelGetParamInfo(one, 0, nullptr, &bytes), CUDA_ERROR_INVALID_VALUE);
  IS(cuKernelGetName(nullptr, one), CUDA_ERROR_INVALID_VALUE);
  IS(cuKernelGetLibrary(nullptr, one), CUDA_ERROR_INVALID_VALUE);
  IS(cuKernelGetName(&name, nullptr), CUDA_ERROR_INVALID_HANDLE);
  CUfunction f = nullptr;
  OK(cuKernelGetFunction(&f, one));
  IS(cuKernelGetName(&name, reinterpret_cast<CUkernel>(f)),
     CUDA_ERROR_INVALID_HANDLE);  // a function is no kernel
}

TEST_F(LibraryTest, AttributesAreSetForADevice) {
  const CUkernel one = kernel("one");
  int value = 0;
  OK(cuKernelSetAttribute(CU_FUNC_ATTRIBUTE_MAX_DYNAMIC_SHARED_SIZE_BYTES, 100 << 10, one, device));
  OK(cuKernelGetAttribute(&value, CU_FUNC_ATTRIBUTE_MAX_DYNAMIC_SHARED_SIZE_BYTES, one, device));
  EXPECT_EQ(value, 100 << 10);
  CUfunction f = nullptr;
  OK(cuKernelGetFunction(&f, one));
  OK(cuFuncGetAttribute(&value, CU_FUNC_ATTRIBUTE_MAX_DYNAMIC_SHARED_SIZE_BYTES, f));
  EXPECT_EQ(value, 100 << 10);
  IS(cuKernelSetAttribute(CU_FUNC_ATTRIBUTE_MAX_DYNAMIC_SHARED_SIZE_BYTES, 1 << 20, one, device),
     CUDA_ERROR_INVALID_VALUE);
  IS(cuKernelSetAttribute(CU_FUNC_ATTRIBUTE_NUM_REGS, 1, one, device),
     CUDA_ERROR_INVALID_VALUE);  // read only
  IS(cuKernelSetAttribute(CU_FUNC_ATTRIBUTE_MAX_DYNAMIC_SHARED_SIZE_BYTES, 1, one, 99),
     CUDA_ERROR_INVALID_DEVICE);
  IS(cuKernelSetAttribute(CU_FUNC_ATTRIBUTE_MAX_DYNAMIC_SHARED_SIZE_BYTES, 1, nullptr, device),
     CUDA_ERROR_INVALID_HANDLE);
  OK(cuKernelSetCacheConfig(one, CU_FUNC_CACHE_PREFER_SHARED, device));
  IS(cuKernelSetCacheConfig(one, CUfunc_cache(4), device), CUDA_ERROR_INVALID_VALUE);
  IS(cuKernelSetCacheConfig(one, CU_FUNC_CACHE_PREFER_L1, 99), CUDA_ERROR_INVALID_DEVICE);
  IS(cuKernelSetCacheConfig(nullptr, CU_FUNC_CACHE_PREFER_L1, device), CUDA_ERROR_INVALID_HANDLE);
}

TEST_F(LibraryTest, ManagedVariables) {
  CUdeviceptr address = 0;
  size_t bytes = 0;
  OK(cuLibraryGetManaged(&address, &bytes, library, "shared_by_all"));
  EXPECT_EQ(bytes, 8u);
  EXPECT_EQ(reinterpret_cast<const uint32_t*>(address)[1], 9u);  // the host reads it
  int managed = 0;
  OK(cuPointerGetAttribute(&managed, CU_POINTER_ATTRIBUTE_IS_MANAGED, address));
  EXPECT_EQ(managed, 1);
  IS(cuLibraryGetManaged(&address, &bytes, library, "plain"), CUDA_ERROR_NOT_FOUND);
  IS(cuLibraryGetManaged(&address, &bytes, library, "nothing"), CUDA_ERROR_NOT_FOUND);
  IS(cuLibraryGetManaged(&address, &bytes, library, nullptr), CUDA_ERROR_INVALID_VALUE);
  IS(cuLibraryGetManaged(&address, &bytes, nullptr, "shared_by_all"), CUDA_ERROR_INVALID_HANDLE);
  // No function has one address for host and device.
  void* function = nullptr;
  IS(cuLibraryGetUnifiedFunction(&function, library, "plain"), CUDA_ERROR_NOT_FOUND);
  IS(cuLibraryGetUnifiedFunction(nullptr, library, "plain"), CUDA_ERROR_INVALID_VALUE);
  IS(cuLibraryGetUnifiedFunction(&function, nullptr, "plain"), CUDA_ERROR_INVALID_HANDLE);
}

TEST_F(LibraryTest, ItsModuleEndsWithIt) {
  CUmodule m = nullptr, again = nullptr, of = nullptr;
  OK(cuLibraryGetModule(&m, library));
  OK(cuLibraryGetModule(&again, library));
  EXPECT_EQ(m, again);
  CUfunction f = nullptr;
  OK(cuModuleGetFunction(&f, m, "two"));
  OK(cuFuncGetModule(&of, f));
  EXPECT_EQ(of, m);
  CUdeviceptr address = 0;
  OK(cuModuleGetGlobal(&address, nullptr, m, "plain"));
  EXPECT_EQ(read(address, 3)[2], 3u);
  IS(cuModuleUnload(m), CUDA_ERROR_NOT_PERMITTED);
  OK(cuModuleGetFunction(&f, m, "one"));
  IS(cuLibraryGetModule(nullptr, library), CUDA_ERROR_INVALID_VALUE);
  OK(cuLibraryUnload(library));
  IS(cuModuleGetFunction(&f, m, "one"), CUDA_ERROR_INVALID_HANDLE);
  IS(cuFuncGetModule(&of, f), CUDA_ERROR_INVALID_HANDLE);
  IS(cuLibraryGetModule(&m, library), CUDA_ERROR_INVALID_HANDLE);
  library = nullptr;
}

TEST_F(LibraryTest, IsReadFromAFile) {
  const std::string path = testing::TempDir() + "openppu_library_" + std::to_string(getpid()) + ".ptx";
  std::ofstream(path) << kPtx;
  CUlibrary l = nullptr;
  OK(cuLibraryLoadFromFile(&l, path.c_str(), nullptr, nullptr, 0, nullptr, nullptr, 0));
  unsigned count = 0;
  OK(cuLibraryGetKernelCount(&count, l));
  EXPECT_EQ(count, 2u);
  OK(cuLibraryUnload(l));
  // The linker reads files too.
  CUlinkState link = nullptr;
  void* image = nullptr;
  size_t bytes = 0;
  OK(cuLinkCreate(0, nullptr, nullptr, &link));
  OK(cuLinkAddFile(link, CU_JIT_INPUT_PTX, path.c_str(), 0, nullptr, nullptr));
  IS(cuLinkAddFile(link, CU_JIT_INPUT_PTX, nullptr, 0, nullptr, nullptr), CUDA_ERROR_INVALID_VALUE);
  IS(cuLinkAddFile(link, CU_JIT_INPUT_PTX, "/nowhere/at/all.ptx", 0, nullptr, nullptr),
     CUDA_ERROR_FILE_NOT_FOUND);
  OK(cuLinkComplete(link, &image, &bytes));
  CUmodule m = nullptr;
  OK(cuModuleLoadData(&m, image));
  OK(cuModuleGetFunctionCount(&count, m));
  EXPECT_EQ(count, 2u);
  OK(cuModuleUnload(m));
  OK(cuLinkDestroy(link));
  IS(cuLinkAddFile(link, CU_JIT_INPUT_PTX, path.c_str(), 0, nullptr, nullptr), CUDA_ERROR_INVALID_HANDLE);
  std::remove(path.c_str());
  IS(cuLibraryLoadFromFile(&l, path.c_str(), nullptr, nullptr, 0, nullptr, nullptr, 0),
     CUDA_ERROR_FILE_NOT_FOUND);
  IS(cuLibraryLoadFromFile(&l, nullptr, nullptr, nullptr, 0, nullptr, nullptr, 0), CUDA_ERROR_INVALID_VALUE);
  IS(cuLibraryLoadFromFile(nullptr, path.c_str(), nullptr, nullptr, 0, nullptr, nullptr, 0),
     CUDA_ERROR_INVALID_VALUE);
}

using FunctionTest = DriverTest;

TEST_F(FunctionTest, AreListedAndNamed) {
  CUmodule m = nullptr, of = nullptr;
  OK(cuModuleLoadFatBinary(&m, kPtx));
  unsigned count = 0;
  OK(cuModuleGetFunctionCount(&count, m));
  EXPECT_EQ(count, 2u);
  CUfunction all[3] = {};
  OK(cuModuleEnumerateFunctions(all, 3, m));
  EXPECT_EQ(all[2], nullptr);
  std::vector<std::string> names;
  for (CUfunction f : {all[0], all[1]}) {
    const char* name = nullptr;
    OK(cuFuncGetName(&name, f));
    names.push_back(name);
    OK(cuFuncGetModule(&of, f));
    EXPECT_EQ(of, m);
  }
  std::sort(names.begin(), names.end());
  EXPECT_EQ(names, (std::vector<std::string>{"one", "two"}));
  CUfunction first[2] = {};
  OK(cuModuleEnumerateFunctions(first, 1, m));
  EXPECT_EQ(first[1], nullptr);
  const char* name = nullptr;
  IS(cuFuncGetName(nullptr, all[0]), CUDA_ERROR_INVALID_VALUE);
  IS(cuFuncGetModule(nullptr, all[0]), CUDA_ERROR_INVALID_VALUE);
  IS(cuModuleEnumerateFunctions(nullptr, 1, m), CUDA_ERROR_INVALID_VALUE);
  IS(cuModuleGetFunctionCount(nullptr, m), CUDA_ERROR_INVALID_VALUE);
  OK(cuModuleUnload(m));
  IS(cuModuleUnload(m), CUDA_ERROR_INVALID_HANDLE);
  IS(cuModuleEnumerateFunctions(all, 1, m), CUDA_ERROR_INVALID_HANDLE);
  IS(cuModuleGetFunctionCount(&count, m), CUDA_ERROR_INVALID_HANDLE);
  IS(cuFuncGetName(&name, all[0]), CUDA_ERROR_INVALID_HANDLE);
  IS(cuModuleLoadFatBinary(nullptr, kPtx), CUDA_ERROR_INVALID_VALUE);
  IS(cuModuleLoadFatBinary(&m, nullptr), CUDA_ERROR_INVALID_VALUE);
}

TEST_F(FunctionTest, AModuleEndsWithItsContext) {
  CUcontext other;
  CUmodule m = nullptr;
  CUfunction f = nullptr;
  OK(cuCtxCreate(&other, 0, device));
  OK(cuModuleLoadData(&m, kPtx));
  OK(cuCtxDestroy(other));
  IS(cuModuleGetFunction(&f, m, "one"), CUDA_ERROR_INVALID_HANDLE);
  IS(cuModuleUnload(m), CUDA_ERROR_INVALID_HANDLE);
}

TEST_F(FunctionTest, AreLoadedWhenAskedOrLaunched) {
  CUmodule m = nullptr;
  OK(cuModuleLoadData(&m, kTestPtx));
  CUfunction asked = nullptr, launched = nullptr;
  OK(cuModuleGetFunction(&asked, m, "fill"));
  OK(cuModuleGetFunction(&launched, m, "empty"));
  CUfunctionLoadingState state = CU_FUNCTION_LOADING_STATE_LOADED;
  OK(cuFuncIsLoaded(&state, asked));
  EXPECT_EQ(state, CU_FUNCTION_LOADING_STATE_UNLOADED);
  OK(cuFuncLoad(asked));
  OK(cuFuncIsLoaded(&state, asked));
  EXPECT_EQ(state, CU_FUNCTION_LOADING_STATE_LOADED);
  OK(cuFuncIsLoaded(&state, launched));
  EXPECT_EQ(state, CU_FUNCTION_LOADING_STATE_UNLOADED);
  OK(cuLaunchKernel(launched, 1, 1, 1, 1, 1, 1, 0, nullptr, nullptr, nullptr));
  OK(cuFuncIsLoaded(&state, launched));
  EXPECT_EQ(state, CU_FUNCTION_LOADING_STATE_LOADED);
  IS(cuFuncIsLoaded(nullptr, asked), CUDA_ERROR_INVALID_VALUE);
  IS(cuFuncIsLoaded(&state, nullptr), CUDA_ERROR_INVALID_HANDLE);
  IS(cuFuncLoad(nullptr), CUDA_ERROR_INVALID_HANDLE);
  OK(cuModuleUnload(m));
  IS(cuFuncLoad(asked), CUDA_ERROR_INVALID_HANDLE);
}

TEST_F(FunctionTest, PreferencesAreChecked) {
  OK(cuFuncSetCacheConfig(function("fill"), CU_FUNC_CACHE_PREFER_EQUAL));
  IS(cuFuncSetCacheConfig(function("fill"), CUfunc_cache(4)), CUDA_ERROR_INVALID_VALUE);
  IS(cuFuncSetCacheConfig(nullptr, CU_FUNC_CACHE_PREFER_L1), CUDA_ERROR_INVALID_HANDLE);
  OK(cuFuncSetSharedMemConfig(function("fill"), CU_SHARED_MEM_CONFIG_EIGHT_BYTE_BANK_SIZE));
  IS(cuFuncSetSharedMemConfig(function("fill"), CUsharedconfig(3)), CUDA_ERROR_INVALID_VALUE);
  IS(cuFuncSetSharedMemConfig(nullptr, CU_SHARED_MEM_CONFIG_DEFAULT_BANK_SIZE), CUDA_ERROR_INVALID_HANDLE);
}

TEST_F(FunctionTest, LaunchesOnSeveralDevicesAtOnceAreGone) {
  CUDA_LAUNCH_PARAMS p = {};
  p.function = function("empty");
  p.gridDimX = p.gridDimY = p.gridDimZ = p.blockDimX = p.blockDimY = p.blockDimZ = 1;
  IS(cuLaunchCooperativeKernelMultiDevice(&p, 1, 0), CUDA_ERROR_NOT_SUPPORTED);
  IS(cuLaunchCooperativeKernelMultiDevice(nullptr, 1, 0), CUDA_ERROR_INVALID_VALUE);
  IS(cuLaunchCooperativeKernelMultiDevice(&p, 0, 0), CUDA_ERROR_INVALID_VALUE);
}

TEST_F(FunctionTest, Occupancy) {
  CUmodule m = nullptr;
  CUfunction two = nullptr;
  OK(cuModuleLoadData(&m, kPtx));
  OK(cuModuleGetFunction(&two, m, "two"));
  int blocks = 0, grid = 0, threads = 0, sms = 0, per_sm = 0;
  OK(cuDeviceGetAttribute(&sms, CU_DEVICE_ATTRIBUTE_MULTIPROCESSOR_COUNT, device));
  OK(cuDeviceGetAttribute(&per_sm, CU_DEVICE_ATTRIBUTE_MAX_THREADS_PER_MULTIPROCESSOR, device));
  OK(cuOccupancyMaxActiveBlocksPerMultiprocessorWithFlags(&blocks, function("fill"), 512, 0,
                                                          CU_OCCUPANCY_DISABLE_CACHING_OVERRIDE));
  EXPECT_EQ(blocks, per_sm / 512);
  IS(cuOccupancyMaxActiveBlocksPerMultiprocessorWithFlags(&blocks, function("fill"), 512, 0, 2),
     CUDA_ERROR_INVALID_VALUE);
  IS(cuOccupancyMaxActiveBlocksPerMultiprocessorWithFlags(&blocks, nullptr, 512, 0, 0),
     CUDA_ERROR_INVALID_HANDLE);
  IS(cuOccupancyMaxActiveBlocksPerMultiprocessorWithFlags(nullptr, two, 512, 0, 0), CUDA_ERROR_INVALID_VALUE);
  // The kernel's own limit of threads, the caller's, and shared memory that grows with the block.
  OK(cuOccupancyMaxPotentialBlockSizeWithFlags(&grid, &threads, two, nullptr, 0, 0, CU_OCCUPANCY_DEFAULT));
  EXPECT_LE(threads, 96);
  EXPECT_EQ(grid % sms, 0);
  OK(cuOccupancyMaxPotentialBlockSizeWithFlags(&grid, &threads, function("fill"), nullptr, 0, 64, 0));
  EXPECT_EQ(threads, 64);
  const CUoccupancyB2DSize each = [](int block) { return size_t(block) * 512; };
  OK(cuOccupancyMaxPotentialBlockSizeWithFlags(&grid, &threads, function("fill"), each, 0, 0, 0));
  EXPECT_LE(threads * 512, 48 << 10);
  EXPECT_GT(threads, 0);
  IS(cuOccupancyMaxPotentialBlockSizeWithFlags(&grid, &threads, two, nullptr, 0, 0, 4),
     CUDA_ERROR_INVALID_VALUE);
  IS(cuOccupancyMaxPotentialBlockSizeWithFlags(nullptr, &threads, two, nullptr, 0, 0, 0),
     CUDA_ERROR_INVALID_VALUE);
  // So much dynamic shared memory that the blocks asked for still fit: one byte of granularity more and they
  // don't.
  size_t bytes = 0;
  OK(cuFuncSetAttribute(two, CU_FUNC_ATTRIBUTE_MAX_DYNAMIC_SHARED_SIZE_BYTES, 100 << 10));
  OK(cuOccupancyAvailableDynamicSMemPerBlock(&bytes, two, 4, 96));
  EXPECT_GT(bytes, size_t(16) << 10);
  OK(cuOccupancyMaxActiveBlocksPerMultiprocessor(&blocks, two, 96, bytes));
  EXPECT_EQ(blocks, 4);
  OK(cuOccupancyMaxActiveBlocksPerMultiprocessor(&blocks, two, 96, bytes + 1024));
  EXPECT_EQ(blocks, 3);
  IS(cuOccupancyAvailableDynamicSMemPerBlock(&bytes, two, 0, 96), CUDA_ERROR_INVALID_VALUE);
  IS(cuOccupancyAvailableDynamicSMemPerBlock(&bytes, two, 1000, 96), CUDA_ERROR_INVALID_VALUE);
  IS(cuOccupancyAvailableDynamicSMemPerBlock(nullptr, two, 1, 96), CUDA_ERROR_INVALID_VALUE);
  IS(cuOccupancyAvailableDynamicSMemPerBlock(&bytes, nullptr, 1, 96), CUDA_ERROR_INVALID_HANDLE);
}

TEST_F(FunctionTest, ClustersAreSingleBlocks) {
  CUlaunchAttribute a = {};
  a.id = CU_LAUNCH_ATTRIBUTE_CLUSTER_DIMENSION;
  a.value.clusterDim.x = a.value.clusterDim.y = a.value.clusterDim.z = 1;
  CUlaunchConfig c = {};
  c.gridDimX = 64, c.gridDimY = c.gridDimZ = 1;
  c.blockDimX = 256, c.blockDimY = c.blockDimZ = 1;
  c.attrs = &a, c.numAttrs = 1;
  int size = 0, clusters = 0, blocks = 0, sms = 0;
  OK(cuDeviceGetAttribute(&sms, CU_DEVICE_ATTRIBUTE_MULTIPROCESSOR_COUNT, device));
  OK(cuOccupancyMaxActiveBlocksPerMultiprocessor(&blocks, function("fill"), 256, 0));
  OK(cuOccupancyMaxPotentialClusterSize(&size, function("fill"), &c));
  EXPECT_EQ(size, 1);
  OK(cuOccupancyMaxActiveClusters(&clusters, function("fill"), &c));
  EXPECT_EQ(clusters, blocks * sms);
  a.value.clusterDim.x = 2;
  IS(cuOccupancyMaxActiveClusters(&clusters, function("fill"), &c), CUDA_ERROR_INVALID_CLUSTER_SIZE);
  IS(cuOccupancyMaxActiveClusters(nullptr, function("fill"), &c), CUDA_ERROR_INVALID_VALUE);
  IS(cuOccupancyMaxActiveClusters(&clusters, function("fill"), nullptr), CUDA_ERROR_INVALID_VALUE);
  IS(cuOccupancyMaxActiveClusters(&clusters, nullptr, &c), CUDA_ERROR_INVALID_HANDLE);
  IS(cuOccupancyMaxPotentialClusterSize(nullptr, function("fill"), &c), CUDA_ERROR_INVALID_VALUE);
  IS(cuOccupancyMaxPotentialClusterSize(&size, nullptr, &c), CUDA_ERROR_INVALID_HANDLE);
}

// Instructions that only advise: they leave memory, registers and addresses as they are, and what follows
// them runs.
TEST_F(FunctionTest, HintsOfKernelsChangeNothing) {
  CUmodule m = nullptr;
  OK(cuModuleLoadData(&m, R"(
.version 7.8
.target sm_80
.address_size 64
.visible .entry hints(.param .u64 in, .param .u64 out) {
  .reg .b32 %r<8>; .reg .b64 %rd<8>; .reg .f32 %f<2>; .reg .pred %p;
  ld.param.u64 %rd1, [in]; ld.param.u64 %rd2, [out];
  mov.u32 %r1, %tid.x; mul.wide.u32 %rd3, %r1, 8; add.u64 %rd1, %rd1, %rd3; add.u64 %rd2, %rd2, %rd3;
  prefetch.global.L1 [%rd1];
  prefetch.global.L2 [%rd1];
  prefetch.global.L2::evict_last [%rd1];
  prefetch.L2 [%rd1];
  prefetchu.L1 [%rd1];
  setp.ne.u32 %p, %r1, 0;
  @%p prefetch.global.L1 [%rd1+4096];
  ldu.global.v2.u32 {%r2, %r3}, [%rd1];
  ldu.global.f32 %f1, [%rd1];
  mov.b32 %r4, %f1;
  createpolicy.fractional.L2::evict_last.b64 %rd4, 0.5;
  createpolicy.fractional.L2::evict_first.L2::evict_unchanged.b64 %rd5, 1.0;
  createpolicy.range.global.L2::evict_last.L2::evict_unchanged.b64 %rd6, [%rd2], 64, 128;
  createpolicy.cvt.L2.b64 %rd7, %rd5;
  add.u32 %r2, %r2, %r4;
  st.global.L2::cache_hint.u32 [%rd2], %r2, %rd4;
  st.global.L2::cache_hint.u32 [%rd2+4], %r3, %rd6;
  ld.global.L2::cache_hint.u32 %r5, [%rd2], %rd7;
  add.u32 %r5, %r5, 1;
  st.global.u32 [%rd2], %r5;
  applypriority.global.L2::evict_normal [%rd2], 128;
  pmevent 1;
  pmevent.mask 0x3;
  ret;
}
.visible .entry forget(.param .u64 out) {
  .reg .b32 %r<2>; .reg .b64 %rd<2>;
  ld.param.u64 %rd1, [out];
  discard.global.L2 [%rd1], 128;
  mov.u32 %r1, 77;
  st.global.u32 [%rd1+4], %r1;
  ret;
}
)"));
  CUfunction hints = nullptr, forget = nullptr;
  OK(cuModuleGetFunction(&hints, m, "hints"));
  OK(cuModuleGetFunction(&forget, m, "forget"));
  std::vector<uint32_t> in(80), wanted(81);
  for (uint32_t i = 0; i < 80; i++) in[i] = i * 3 + 1;
  for (uint32_t i = 0; i < 80; i += 2) wanted[i] = 2 * in[i] + 1, wanted[i + 1] = in[i + 1];
  CUdeviceptr a = allocate(8192), b = allocate(8192);
  OK(cuMemcpyHtoD(a, in.data(), 320));
  OK(cuMemsetD32(b, 0, 2048));
  void* params[] = {&a, &b};
  OK(cuLaunchKernel(hints, 1, 1, 1, 40, 1, 1, 0, nullptr, params, nullptr));
  EXPECT_EQ(read(b, 81), wanted);
  EXPECT_EQ(read(a, 80), in);
  void* param[] = {&b};
  OK(cuLaunchKernel(forget, 1, 1, 1, 1, 1, 1, 0, nullptr, param, nullptr));
  const auto after = read(b, 81);
  EXPECT_EQ(after[1], 77u);  // what is written after a discard is there
  EXPECT_EQ(std::vector<uint32_t>(after.begin() + 32, after.end()),  // and so is all behind the 128 bytes
            std::vector<uint32_t>(wanted.begin() + 32, wanted.end()));
}

}  // namespace

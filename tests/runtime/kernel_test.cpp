// What is asked about kernels: names, parameters, occupancy; kernels and variables of libraries; objects of
// textures and surfaces; kinds of arrays.
#include <array>
#include <cstdio>
#include <fstream>
#include <sstream>

#include "api_fixture.h"

#if CUDART_VERSION >= 13000
// Of CUDA 13.1.
extern "C" cudaError_t cudaFuncGetParamCount(const void*, size_t*);
#endif

namespace {

using KernelApi = api::Test;

TEST_F(KernelApi, NamesAndParameters) {
  const char* name = nullptr;
  EXPECT_OK(cudaFuncGetName(&name, &api::fma_words));
  EXPECT_STREQ(name, "fma_words");
  const size_t offsets[] = {0, 8, 12, 16}, sizes[] = {8, 4, 4, 4};
  for (size_t i = 0; i < 4; i++) {
    size_t offset = 99, bytes = 99;
    EXPECT_OK(cudaFuncGetParamInfo(&api::fma_words, i, &offset, &bytes));
    EXPECT_EQ(offset, offsets[i]);
    EXPECT_EQ(bytes, sizes[i]);
  }
  size_t offset = 99;
  EXPECT_OK(cudaFuncGetParamInfo(&api::fma_words, 1, &offset, nullptr));
  EXPECT_EQ(offset, 8u);
  EXPECT_FAILS(cudaFuncGetParamInfo(&api::fma_words, 4, &offset, nullptr), cudaErrorInvalidValue);
  EXPECT_FAILS(cudaFuncGetParamInfo(&api::fma_words, 0, nullptr, nullptr), cudaErrorInvalidValue);
  EXPECT_FAILS(cudaFuncGetParamInfo(&offset, 0, &offset, nullptr), cudaErrorInvalidDeviceFunction);
#if CUDART_VERSION >= 13000
  size_t count = 99;
  EXPECT_OK(cudaFuncGetParamCount(&api::fma_words, &count));
  EXPECT_EQ(count, 4u);
  EXPECT_OK(cudaFuncGetParamCount(&api::times_factor, &count));
  EXPECT_EQ(count, 1u);
  EXPECT_FAILS(cudaFuncGetParamCount(&api::fma_words, nullptr), cudaErrorInvalidValue);
  EXPECT_FAILS(cudaFuncGetParamCount(&offset, &count), cudaErrorInvalidDeviceFunction);
#endif
  EXPECT_FAILS(cudaFuncGetName(nullptr, &api::fma_words), cudaErrorInvalidValue);
  EXPECT_FAILS(cudaFuncGetName(&name, &offset), cudaErrorInvalidDeviceFunction);
}

TEST_F(KernelApi, SymbolsGiveHandlesThatLaunch) {
  cudaFunction_t function = nullptr;
  cudaKernel_t kernel = nullptr;
  ASSERT_OK(cudaGetFuncBySymbol(&function, &api::fma_words));
  ASSERT_OK(cudaGetKernel(&kernel, &api::fma_words));
  ASSERT_TRUE(function);
  unsigned n = kCount, multiplier = 1, addend = 5;
  void* params[] = {&data_, &n, &multiplier, &addend};
  EXPECT_OK(cudaLaunchKernel(reinterpret_cast<const void*>(kernel), dim3(2), dim3(128), params, 0, stream_));
  EXPECT_EQ(word(kCount - 1), 5u);
  // The function is the driver's: what its own launch takes.
  void* launch = nullptr;
  ASSERT_OK(cudaGetDriverEntryPoint("cuLaunchKernel", &launch, cudaEnableDefault, nullptr));
  using Launch = int (*)(cudaFunction_t, unsigned, unsigned, unsigned, unsigned, unsigned, unsigned, unsigned,
                         cudaStream_t, void**, void**);
  EXPECT_EQ(reinterpret_cast<Launch>(launch)(function, 2, 1, 1, 128, 1, 1, 0, stream_, params, nullptr), 0);
  EXPECT_EQ(word(kCount - 1), 10u);
  EXPECT_OK(cudaKernelSetAttributeForDevice(kernel, cudaFuncAttributeMaxDynamicSharedMemorySize, 50000, 0));
  cudaFuncAttributes attributes;
  EXPECT_OK(cudaFuncGetAttributes(&attributes, &api::fma_words));
  EXPECT_EQ(attributes.maxDynamicSharedSizeBytes, 50000);
  EXPECT_FAILS(
      cudaKernelSetAttributeForDevice(kernel, cudaFuncAttributeMaxDynamicSharedMemorySize, 1 << 24, 0),
      cudaErrorInvalidValue);
  EXPECT_FAILS(cudaKernelSetAttributeForDevice(kernel, static_cast<cudaFuncAttribute>(99), 1, 0),
               cudaErrorInvalidValue);
  EXPECT_FAILS(cudaKernelSetAttributeForDevice(kernel, cudaFuncAttributeMaxDynamicSharedMemorySize, 1000, 2),
               cudaErrorInvalidDevice);
  EXPECT_FAILS(cudaKernelSetAttributeForDevice(nullptr, cudaFuncAttributeMaxDynamicSharedMemorySize, 1000, 0),
               cudaErrorInvalidResourceHandle);
  EXPECT_FAILS(cudaGetFuncBySymbol(nullptr, &api::fma_words), cudaErrorInvalidValue);
  EXPECT_FAILS(cudaGetFuncBySymbol(&function, &n), cudaErrorInvalidDeviceFunction);
  EXPECT_FAILS(cudaGetKernel(nullptr, &api::fma_words), cudaErrorInvalidValue);
  EXPECT_FAILS(cudaGetKernel(&kernel, &n), cudaErrorInvalidDeviceFunction);
}

TEST_F(KernelApi, OccupancyFollowsThreadsAndSharedMemory) {
  cudaDeviceProp p;
  ASSERT_OK(cudaGetDeviceProperties(&p, 0));
  int blocks = -1;
  EXPECT_OK(cudaOccupancyMaxActiveBlocksPerMultiprocessorWithFlags(&blocks, &api::fma_words, 1024, 0,
                                                                   cudaOccupancyDisableCachingOverride));
  EXPECT_EQ(blocks, p.maxThreadsPerMultiProcessor / 1024);
  EXPECT_OK(cudaOccupancyMaxActiveBlocksPerMultiprocessorWithFlags(&blocks, &api::fma_words, 32, 0, 0));
  EXPECT_EQ(blocks, p.maxBlocksPerMultiProcessor);
  const size_t third = (p.sharedMemPerMultiprocessor / 3 - p.reservedSharedMemPerBlock) / 1024 * 1024;
  const size_t shared = std::min(third, p.sharedMemPerBlock);
  const int fit = int(p.sharedMemPerMultiprocessor / (shared + p.reservedSharedMemPerBlock));
  EXPECT_OK(cudaOccupancyMaxActiveBlocksPerMultiprocessorWithFlags(&blocks, &api::fma_words, 32, shared, 0));
  EXPECT_EQ(blocks, fit);
  EXPECT_FAILS(cudaOccupancyMaxActiveBlocksPerMultiprocessorWithFlags(&blocks, &api::fma_words, 32, 0, 2),
               cudaErrorInvalidValue);
  EXPECT_FAILS(cudaOccupancyMaxActiveBlocksPerMultiprocessorWithFlags(nullptr, &api::fma_words, 32, 0, 0),
               cudaErrorInvalidValue);
  EXPECT_FAILS(cudaOccupancyMaxActiveBlocksPerMultiprocessorWithFlags(&blocks, &api::fma_words, 0, 0, 0),
               cudaErrorInvalidValue);
  EXPECT_FAILS(cudaOccupancyMaxActiveBlocksPerMultiprocessorWithFlags(&blocks, &blocks, 32, 0, 0),
               cudaErrorInvalidDeviceFunction);

  // More than a block gets unasked counts for nothing until the kernel allows it.
  EXPECT_OK(cudaFuncSetAttribute(&api::fma_words, cudaFuncAttributeMaxDynamicSharedMemorySize,
                                 int(p.sharedMemPerBlockOptin)));
  // What is left to each of so many blocks, and that it is no less than what keeps them so many.
  size_t bytes = 0;
  for (const int wanted : {1, 2, 4}) {
    EXPECT_OK(cudaOccupancyAvailableDynamicSMemPerBlock(&bytes, &api::fma_words, wanted, 128));
    EXPECT_LE(bytes * size_t(wanted), p.sharedMemPerMultiprocessor);
    EXPECT_OK(cudaOccupancyMaxActiveBlocksPerMultiprocessor(&blocks, &api::fma_words, 128, bytes));
    EXPECT_GE(blocks, wanted);
    if (bytes + 1024 <= p.sharedMemPerBlockOptin) {
      EXPECT_OK(cudaOccupancyMaxActiveBlocksPerMultiprocessor(&blocks, &api::fma_words, 128, bytes + 1024));
      EXPECT_LT(blocks, wanted) << "the most that goes";
    }
  }
  EXPECT_FAILS(cudaOccupancyAvailableDynamicSMemPerBlock(nullptr, &api::fma_words, 1, 128),
               cudaErrorInvalidValue);
  EXPECT_FAILS(cudaOccupancyAvailableDynamicSMemPerBlock(&bytes, &api::fma_words, 0, 128),
               cudaErrorInvalidValue);
  EXPECT_FAILS(cudaOccupancyAvailableDynamicSMemPerBlock(&bytes, &blocks, 1, 128),
               cudaErrorInvalidDeviceFunction);

  // Clusters came with compute capability 9.0.
  cudaLaunchConfig_t config{};
  config.gridDim = dim3(4);
  config.blockDim = dim3(128);
  cudaLaunchAttribute cluster{};
  cluster.id = cudaLaunchAttributeClusterDimension;
  cluster.val.clusterDim = {2, 1, 1};
  config.attrs = &cluster;
  config.numAttrs = 1;
  int size = -1;
  if (p.major < 9) {
    EXPECT_NE(cudaOccupancyMaxActiveClusters(&size, &api::fma_words, &config), cudaSuccess);
    EXPECT_NE(cudaGetLastError(), cudaSuccess);
  } else {
    EXPECT_OK(cudaOccupancyMaxPotentialClusterSize(&size, &api::fma_words, &config));
    EXPECT_GE(size, 8);
    EXPECT_OK(cudaOccupancyMaxActiveClusters(&size, &api::fma_words, &config));
    EXPECT_GE(size, 1);
  }
  EXPECT_FAILS(cudaOccupancyMaxPotentialClusterSize(&size, &api::fma_words, nullptr), cudaErrorInvalidValue);
  EXPECT_FAILS(cudaOccupancyMaxActiveClusters(&size, &api::fma_words, nullptr), cudaErrorInvalidValue);
  EXPECT_FAILS(cudaOccupancyMaxActiveClusters(&size, &size, &config), cudaErrorInvalidDeviceFunction);
}

TEST_F(KernelApi, LibrariesFromFiles) {
  const std::string path = ::testing::TempDir() + "runtime_library.ptx";
  std::ofstream(path) << api::kPtx;
  cudaLibrary_t library = nullptr;
  ASSERT_OK(cudaLibraryLoadFromFile(&library, path.c_str(), nullptr, nullptr, 0, nullptr, nullptr, 0));
  std::remove(path.c_str());
  std::array<cudaKernel_t, 2> kernels{};
  EXPECT_OK(cudaLibraryEnumerateKernels(kernels.data(), 2, library));
  cudaKernel_t fma = nullptr;
  ASSERT_OK(cudaLibraryGetKernel(&fma, library, "fma_words"));
  EXPECT_NE(kernels[0], kernels[1]);
  EXPECT_TRUE(fma == kernels[0] || fma == kernels[1]);
  cudaKernel_t one[2] = {nullptr, nullptr};
  EXPECT_OK(cudaLibraryEnumerateKernels(one, 1, library));
  EXPECT_TRUE(one[0]);
  EXPECT_EQ(one[1], nullptr);

  void* address = nullptr;
  size_t bytes = 0;
  ASSERT_OK(cudaLibraryGetGlobal(&address, &bytes, library, "table"));
  EXPECT_EQ(bytes, 16u);
  const unsigned eleven = 11;
  EXPECT_OK(cudaMemcpy(static_cast<char*>(address) + 4, &eleven, 4, cudaMemcpyHostToDevice));
  void* params[] = {&data_};
  cudaKernel_t times = nullptr;
  ASSERT_OK(cudaLibraryGetKernel(&times, library, "times_factor"));
  EXPECT_OK(cudaLaunchKernel(reinterpret_cast<const void*>(times), dim3(1), dim3(1), params, 0, stream_));
  EXPECT_EQ(word(), 33u) << "this library's own table";
  EXPECT_OK(cudaLibraryGetManaged(&address, &bytes, library, "managed_word"));
  EXPECT_EQ(bytes, 4u);
  EXPECT_EQ(*static_cast<unsigned*>(address), 17u) << "the host sees it";

  EXPECT_FAILS(cudaLibraryGetGlobal(&address, &bytes, library, "no_such"), cudaErrorSymbolNotFound);
  EXPECT_FAILS(cudaLibraryGetManaged(&address, &bytes, library, "table"), cudaErrorSymbolNotFound);
  EXPECT_FAILS(cudaLibraryGetKernel(&fma, library, "no_such"), cudaErrorSymbolNotFound);
  // A unified function is one that host and device both have under one address.
  EXPECT_FAILS(cudaLibraryGetUnifiedFunction(&address, library, "fma_words"), cudaErrorSymbolNotFound);
  EXPECT_FAILS(cudaLibraryEnumerateKernels(nullptr, 2, library), cudaErrorInvalidValue);
  EXPECT_FAILS(cudaLibraryLoadFromFile(&library, path.c_str(), nullptr, nullptr, 0, nullptr, nullptr, 0),
               cudaErrorFileNotFound);
  EXPECT_FAILS(cudaLibraryLoadFromFile(nullptr, path.c_str(), nullptr, nullptr, 0, nullptr, nullptr, 0),
               cudaErrorInvalidValue);
  EXPECT_FAILS(cudaLibraryLoadFromFile(&library, nullptr, nullptr, nullptr, 0, nullptr, nullptr, 0),
               cudaErrorInvalidValue);
  ASSERT_OK(cudaLibraryUnload(library));
  EXPECT_FAILS(cudaLibraryGetGlobal(&address, &bytes, library, "table"), cudaErrorInvalidResourceHandle);
  EXPECT_FAILS(cudaLibraryGetManaged(&address, &bytes, library, "managed_word"),
               cudaErrorInvalidResourceHandle);
  EXPECT_FAILS(cudaLibraryGetUnifiedFunction(&address, library, "fma_words"), cudaErrorInvalidResourceHandle);
  EXPECT_FAILS(cudaLibraryEnumerateKernels(kernels.data(), 2, library), cudaErrorInvalidResourceHandle);
}

TEST_F(KernelApi, TexturesAndSurfacesTellHowTheyWereMade) {
  const cudaChannelFormatDesc half2 = {16, 16, 0, 0, cudaChannelFormatKindFloat};
  cudaArray_t array = nullptr;
  ASSERT_OK(cudaMallocArray(&array, &half2, 16, 8, cudaArraySurfaceLoadStore));
  cudaChannelFormatDesc format{};
  EXPECT_OK(cudaGetChannelDesc(&format, array));
  EXPECT_EQ(std::memcmp(&format, &half2, sizeof format), 0);
  EXPECT_FAILS(cudaGetChannelDesc(nullptr, array), cudaErrorInvalidValue);
  EXPECT_NE(cudaGetChannelDesc(&format, nullptr), cudaSuccess);
  EXPECT_NE(cudaGetLastError(), cudaSuccess);

  cudaResourceDesc resource{}, seen{};
  resource.resType = cudaResourceTypeArray;
  resource.res.array.array = array;
  cudaTextureDesc texture{}, as_made{};
  texture.addressMode[0] = cudaAddressModeWrap;
  texture.addressMode[1] = cudaAddressModeMirror;
  texture.addressMode[2] = cudaAddressModeBorder;
  texture.filterMode = cudaFilterModeLinear;
  texture.readMode = cudaReadModeElementType;
  texture.normalizedCoords = 1;
  texture.borderColor[2] = 0.25f;
  texture.maxAnisotropy = 4;
  texture.mipmapLevelBias = 0.5f;
  texture.maxMipmapLevelClamp = 3;
  texture.disableTrilinearOptimization = 1;
  cudaResourceViewDesc view{}, view_seen{};
  view.format = cudaResViewFormatHalf2;
  view.width = 16;
  view.height = 8;
  cudaTextureObject_t object = 0;
  ASSERT_OK(cudaCreateTextureObject(&object, &resource, &texture, &view));
  EXPECT_OK(cudaGetTextureObjectResourceDesc(&seen, object));
  EXPECT_EQ(seen.resType, cudaResourceTypeArray);
  EXPECT_EQ(seen.res.array.array, array);
  EXPECT_OK(cudaGetTextureObjectTextureDesc(&as_made, object));
  for (int i = 0; i < 3; i++) EXPECT_EQ(as_made.addressMode[i], texture.addressMode[i]) << i;
  EXPECT_EQ(as_made.filterMode, cudaFilterModeLinear);
  EXPECT_EQ(as_made.readMode, cudaReadModeElementType);
  EXPECT_EQ(as_made.normalizedCoords, 1);
  EXPECT_EQ(as_made.borderColor[2], 0.25f);
  EXPECT_EQ(as_made.maxAnisotropy, 4u);
  EXPECT_EQ(as_made.mipmapLevelBias, 0.5f);
  EXPECT_EQ(as_made.maxMipmapLevelClamp, 3.f);
  EXPECT_EQ(as_made.disableTrilinearOptimization, 1);
  EXPECT_OK(cudaGetTextureObjectResourceViewDesc(&view_seen, object));
  EXPECT_EQ(view_seen.format, cudaResViewFormatHalf2);
  EXPECT_EQ(view_seen.width, 16u);
  EXPECT_EQ(view_seen.height, 8u);
  EXPECT_FAILS(cudaGetTextureObjectResourceDesc(nullptr, object), cudaErrorInvalidValue);
  EXPECT_FAILS(cudaGetTextureObjectTextureDesc(nullptr, object), cudaErrorInvalidValue);
  EXPECT_FAILS(cudaGetTextureObjectResourceViewDesc(nullptr, object), cudaErrorInvalidValue);
  EXPECT_OK(cudaDestroyTextureObject(object));
  EXPECT_FAILS(cudaGetTextureObjectResourceDesc(&seen, object), cudaErrorInvalidValue);
  EXPECT_FAILS(cudaGetTextureObjectTextureDesc(&as_made, object), cudaErrorInvalidValue);
  EXPECT_FAILS(cudaGetTextureObjectResourceViewDesc(&view_seen, object), cudaErrorInvalidValue);
  EXPECT_OK(cudaFreeArray(array));
}

TEST_F(KernelApi, TexturesOfMemoryAndSurfacesTellThemToo) {
  cudaResourceDesc seen{};
  cudaResourceViewDesc view_seen{};
  cudaTextureObject_t object = 0;
  cudaResourceDesc linear{};
  linear.resType = cudaResourceTypeLinear;
  linear.res.linear = {data_, {32, 0, 0, 0, cudaChannelFormatKindUnsigned}, 1024};
  cudaTextureDesc plain{};
  ASSERT_OK(cudaCreateTextureObject(&object, &linear, &plain, nullptr));
  EXPECT_OK(cudaGetTextureObjectResourceDesc(&seen, object));
  EXPECT_EQ(seen.res.linear.devPtr, data_);
  EXPECT_EQ(seen.res.linear.sizeInBytes, 1024u);
  EXPECT_EQ(seen.res.linear.desc.x, 32);
  EXPECT_EQ(seen.res.linear.desc.f, cudaChannelFormatKindUnsigned);
  EXPECT_FAILS(cudaGetTextureObjectResourceViewDesc(&view_seen, object), cudaErrorInvalidValue);
  EXPECT_OK(cudaDestroyTextureObject(object));

  const cudaChannelFormatDesc half2 = {16, 16, 0, 0, cudaChannelFormatKindFloat};
  cudaArray_t array = nullptr;
  ASSERT_OK(cudaMallocArray(&array, &half2, 16, 8, cudaArraySurfaceLoadStore));
  cudaResourceDesc resource{};
  resource.resType = cudaResourceTypeArray;
  resource.res.array.array = array;
  cudaSurfaceObject_t surface = 0;
  ASSERT_OK(cudaCreateSurfaceObject(&surface, &resource));
  seen = {};
  EXPECT_OK(cudaGetSurfaceObjectResourceDesc(&seen, surface));
  EXPECT_EQ(seen.resType, cudaResourceTypeArray);
  EXPECT_EQ(seen.res.array.array, array);
  EXPECT_FAILS(cudaGetSurfaceObjectResourceDesc(nullptr, surface), cudaErrorInvalidValue);
  EXPECT_OK(cudaDestroySurfaceObject(surface));
  EXPECT_FAILS(cudaGetSurfaceObjectResourceDesc(&seen, surface), cudaErrorInvalidValue);
  EXPECT_OK(cudaFreeArray(array));
}

TEST_F(KernelApi, ArraysOfSpecialKinds) {
  const cudaChannelFormatDesc byte4 = {8, 8, 8, 8, cudaChannelFormatKindUnsigned};
  cudaArray_t array = nullptr, plane = nullptr;
  cudaMipmappedArray_t mipmap = nullptr;
  ASSERT_OK(cudaMallocArray(&array, &byte4, 16, 8, 0));
  ASSERT_OK(cudaMallocMipmappedArray(&mipmap, &byte4, {16, 8, 0}, 3, 0));
  // Only planar arrays have planes, only sparse ones sparse properties, only deferred ones requirements.
  EXPECT_FAILS(cudaArrayGetPlane(&plane, array, 0), cudaErrorInvalidValue);
  cudaArraySparseProperties sparse{};
  EXPECT_FAILS(cudaArrayGetSparseProperties(&sparse, array), cudaErrorInvalidValue);
  EXPECT_FAILS(cudaMipmappedArrayGetSparseProperties(&sparse, mipmap), cudaErrorInvalidValue);
  cudaArrayMemoryRequirements needs{};
  EXPECT_FAILS(cudaArrayGetMemoryRequirements(&needs, array, 0), cudaErrorInvalidValue);
  EXPECT_FAILS(cudaMipmappedArrayGetMemoryRequirements(&needs, mipmap, 0), cudaErrorInvalidValue);
  EXPECT_FAILS(cudaArrayGetPlane(nullptr, array, 0), cudaErrorInvalidValue);
  EXPECT_FAILS(cudaArrayGetSparseProperties(nullptr, array), cudaErrorInvalidValue);
  EXPECT_OK(cudaFreeMipmappedArray(mipmap));
  EXPECT_OK(cudaFreeArray(array));
}

// What nvcc registers beside kernels, and what needs no place of its own here: the kernel runs as without.
TEST_F(KernelApi, HostVariablesAndTablesOfFunctionsAreRegistered) {
  static char stub, host_variable;
  program::Unit unit(api::kPtx);
  unit.kernel(&stub, "fma_words");
  __cudaRegisterHostVar(unit.handle(), "host_variable", &host_variable, 1);
  __cudaRegisterUnifiedTable(unit.handle(), nullptr);
  unit.end();
  unsigned n = kCount, multiplier = 1, addend = 6;
  void* params[] = {&data_, &n, &multiplier, &addend};
  EXPECT_OK(cudaLaunchKernel(&stub, dim3(2), dim3(128), params, 0, stream_));
  EXPECT_EQ(word(kCount - 1), 6u);
  void* address = nullptr;
  EXPECT_FAILS(cudaGetSymbolAddress(&address, &host_variable), cudaErrorInvalidSymbol);  // no device variable
}

#if CUDART_VERSION >= 13000
TEST_F(KernelApi, CallbacksHearOfFailures) {
  std::string heard;
  const auto listen = [](void* user, cudaLogLevel level, char* text, size_t length) {
    EXPECT_TRUE(level == cudaLogLevelError || level == cudaLogLevelWarning);
    static_cast<std::string*>(user)->append(text, length);
  };
  cudaLogsCallbackHandle handle = nullptr;
  ASSERT_OK(cudaLogsRegisterCallback(listen, &heard, &handle));
  cudaLogIterator at = 0, begin = 0;
  EXPECT_OK(cudaLogsCurrent(&at, 0));
  begin = at;
  cudaLibrary_t library = nullptr;
  const char broken[] =
      ".version 8.0\n.target sm_80\n.address_size 64\n.visible .entry broken() { no_such_opcode; }\n";
  EXPECT_FAILS(cudaLibraryLoadData(&library, broken, nullptr, nullptr, 0, nullptr, nullptr, 0),
               cudaErrorInvalidPtx);
  EXPECT_NE(heard.find("no_such_opcode"), std::string::npos) << heard;
  // The log that is kept has the same lines, from where it was asked.
  std::vector<char> room(8192);
  size_t bytes = room.size();
  EXPECT_OK(cudaLogsDumpToMemory(&at, room.data(), &bytes, 0));
  EXPECT_NE(std::string(room.data()).find("no_such_opcode"), std::string::npos);
  EXPECT_EQ(bytes, std::strlen(room.data()));
  bytes = room.size();
  EXPECT_OK(cudaLogsDumpToMemory(&at, room.data(), &bytes, 0));
  EXPECT_EQ(bytes, 0u) << "it has advanced";
  const std::string path = ::testing::TempDir() + "runtime_log.txt";
  EXPECT_OK(cudaLogsDumpToFile(&begin, path.c_str(), 0));
  std::stringstream file;
  file << std::ifstream(path).rdbuf();
  std::remove(path.c_str());
  EXPECT_NE(file.str().find("no_such_opcode"), std::string::npos);
  EXPECT_FAILS(cudaLogsCurrent(nullptr, 0), cudaErrorInvalidValue);
  EXPECT_FAILS(cudaLogsDumpToFile(&at, nullptr, 0), cudaErrorInvalidValue);
  EXPECT_FAILS(cudaLogsDumpToMemory(&at, nullptr, &bytes, 0), cudaErrorInvalidValue);
  EXPECT_OK(cudaLogsUnregisterCallback(handle));
  heard.clear();
  EXPECT_FAILS(cudaLibraryLoadData(&library, broken, nullptr, nullptr, 0, nullptr, nullptr, 0),
               cudaErrorInvalidPtx);
  EXPECT_EQ(heard, "");
  EXPECT_FAILS(cudaLogsUnregisterCallback(handle), cudaErrorInvalidValue);
  EXPECT_FAILS(cudaLogsRegisterCallback(nullptr, &heard, &handle), cudaErrorInvalidValue);
}
#endif

}  // namespace

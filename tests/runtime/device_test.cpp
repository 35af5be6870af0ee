// Devices: choosing one, its flags, limits and caches, what it can do with another, its numbers, its driver
// entries.
#include <cstring>
#include <thread>

#include "api_fixture.h"

namespace {

using DeviceApi = api::Test;

/// Runs `body` on a thread that has made no call yet.
template <class F>
void in_fresh_thread(F&& body) {
  std::thread(body).join();
}

TEST_F(DeviceApi, InitializingADeviceDoesNotMakeItCurrent) {
  in_fresh_thread([] {
    EXPECT_OK(cudaInitDevice(1, 0, 0));
    int device = -1;
    EXPECT_OK(cudaGetDevice(&device));
    EXPECT_EQ(device, 0);
    // The flags count only where they are said to be valid.
    unsigned flags = 0;
    EXPECT_OK(cudaInitDevice(1, cudaDeviceScheduleYield, 0));
    EXPECT_OK(cudaSetDevice(1));
    EXPECT_OK(cudaGetDeviceFlags(&flags));
    EXPECT_EQ(flags & cudaDeviceScheduleMask, unsigned(cudaDeviceScheduleAuto));
    EXPECT_OK(cudaInitDevice(1, cudaDeviceScheduleYield, cudaInitDeviceFlagsAreValid));
    EXPECT_OK(cudaGetDeviceFlags(&flags));
    EXPECT_EQ(flags & cudaDeviceScheduleMask, unsigned(cudaDeviceScheduleYield));
    EXPECT_OK(cudaInitDevice(1, cudaDeviceScheduleAuto, cudaInitDeviceFlagsAreValid));
    EXPECT_FAILS(cudaInitDevice(2, 0, 0), cudaErrorInvalidDevice);
    EXPECT_FAILS(cudaInitDevice(-1, 0, 0), cudaErrorInvalidDevice);
    EXPECT_FAILS(cudaInitDevice(0, 0, 2), cudaErrorInvalidValue);
  });
}

TEST_F(DeviceApi, FlagsAreKeptByDevice) {
  unsigned flags = 0;
  EXPECT_OK(cudaSetDeviceFlags(cudaDeviceScheduleSpin));
  EXPECT_OK(cudaGetDeviceFlags(&flags));
  EXPECT_EQ(flags & cudaDeviceScheduleMask, unsigned(cudaDeviceScheduleSpin));
  EXPECT_TRUE(flags & cudaDeviceMapHost) << "host memory can always be mapped";
  EXPECT_OK(
      cudaSetDeviceFlags(cudaDeviceScheduleBlockingSync | cudaDeviceMapHost | cudaDeviceLmemResizeToMax));
  EXPECT_OK(cudaGetDeviceFlags(&flags));
  EXPECT_EQ(flags, unsigned(cudaDeviceScheduleBlockingSync | cudaDeviceMapHost | cudaDeviceLmemResizeToMax));
  in_fresh_thread([] {
    unsigned other = 0;
    EXPECT_OK(cudaGetDeviceFlags(&other));
    EXPECT_EQ(other & cudaDeviceScheduleMask, unsigned(cudaDeviceScheduleBlockingSync)) << "not by thread";
    EXPECT_OK(cudaSetDevice(1));
    EXPECT_OK(cudaGetDeviceFlags(&other));
    EXPECT_EQ(other & cudaDeviceScheduleMask, unsigned(cudaDeviceScheduleAuto));
  });
  EXPECT_FAILS(cudaSetDeviceFlags(cudaDeviceScheduleSpin | cudaDeviceScheduleYield), cudaErrorInvalidValue);
  EXPECT_FAILS(cudaSetDeviceFlags(0x100), cudaErrorInvalidValue);
  EXPECT_FAILS(cudaGetDeviceFlags(nullptr), cudaErrorInvalidValue);
  EXPECT_OK(cudaSetDeviceFlags(cudaDeviceScheduleAuto));
}

TEST_F(DeviceApi, ValidDevicesAreTriedInTheirOrder) {
  in_fresh_thread([] {
    int devices[] = {1, 0}, device = -1;
    EXPECT_OK(cudaSetValidDevices(devices, 2));
    EXPECT_OK(cudaGetDevice(&device));
    EXPECT_EQ(device, 1);
    EXPECT_OK(cudaSetValidDevices(nullptr, 0));
    EXPECT_OK(cudaGetDevice(&device));
    EXPECT_EQ(device, 0) << "none: the list of all of them again";
    int missing[] = {0, 7}, many[] = {0, 1, 0};
    EXPECT_FAILS(cudaSetValidDevices(missing, 2), cudaErrorInvalidDevice);
    EXPECT_FAILS(cudaSetValidDevices(many, 3), cudaErrorInvalidValue);
    EXPECT_FAILS(cudaSetValidDevices(nullptr, 1), cudaErrorInvalidValue);
    EXPECT_FAILS(cudaSetValidDevices(devices, -1), cudaErrorInvalidValue);
  });
  cudaDeviceProp wanted{};
  wanted.major = 8;
  int device = -1;
  EXPECT_OK(cudaChooseDevice(&device, &wanted));
  EXPECT_EQ(device, 0);
  EXPECT_FAILS(cudaChooseDevice(nullptr, &wanted), cudaErrorInvalidValue);
  EXPECT_FAILS(cudaChooseDevice(&device, nullptr), cudaErrorInvalidValue);
}

TEST_F(DeviceApi, LimitsAndCachePreferences) {
  cudaFuncCache cache = cudaFuncCachePreferL1;
  EXPECT_OK(cudaDeviceSetCacheConfig(cudaFuncCachePreferShared));
  EXPECT_OK(cudaDeviceGetCacheConfig(&cache));
  // Where shared memory and cache are of one piece the preference counts, elsewhere none is all there is.
  EXPECT_TRUE(cache == cudaFuncCachePreferShared || cache == cudaFuncCachePreferNone) << cache;
  EXPECT_FAILS(cudaDeviceSetCacheConfig(static_cast<cudaFuncCache>(4)), cudaErrorInvalidValue);
  EXPECT_FAILS(cudaDeviceGetCacheConfig(nullptr), cudaErrorInvalidValue);
  EXPECT_OK(cudaDeviceSetCacheConfig(cudaFuncCachePreferNone));

  cudaSharedMemConfig banks = cudaSharedMemBankSizeEightByte;
  EXPECT_OK(cudaDeviceSetSharedMemConfig(cudaSharedMemBankSizeEightByte));
  EXPECT_OK(cudaDeviceGetSharedMemConfig(&banks));
  EXPECT_EQ(banks, cudaSharedMemBankSizeFourByte) << "fixed since compute capability 5.0";
  EXPECT_FAILS(cudaDeviceSetSharedMemConfig(static_cast<cudaSharedMemConfig>(3)), cudaErrorInvalidValue);
  EXPECT_FAILS(cudaDeviceGetSharedMemConfig(nullptr), cudaErrorInvalidValue);

  EXPECT_OK(cudaFuncSetCacheConfig(&api::fma_words, cudaFuncCachePreferL1));
  EXPECT_FAILS(cudaFuncSetCacheConfig(&api::fma_words, static_cast<cudaFuncCache>(4)), cudaErrorInvalidValue);
  EXPECT_FAILS(cudaFuncSetCacheConfig(&banks, cudaFuncCachePreferL1), cudaErrorInvalidDeviceFunction);
  EXPECT_OK(cudaFuncSetSharedMemConfig(&api::fma_words, cudaSharedMemBankSizeFourByte));
  EXPECT_FAILS(cudaFuncSetSharedMemConfig(&api::fma_words, static_cast<cudaSharedMemConfig>(3)),
               cudaErrorInvalidValue);
  EXPECT_FAILS(cudaFuncSetSharedMemConfig(&banks, cudaSharedMemBankSizeFourByte),
               cudaErrorInvalidDeviceFunction);

  size_t before = 0, limit = 0;
  EXPECT_OK(cudaDeviceGetLimit(&before, cudaLimitPrintfFifoSize));
  EXPECT_OK(cudaDeviceSetLimit(cudaLimitPrintfFifoSize, 2 * before));
  EXPECT_OK(cudaDeviceGetLimit(&limit, cudaLimitPrintfFifoSize));
  EXPECT_GE(limit, 2 * before);
  EXPECT_OK(cudaDeviceSetLimit(cudaLimitPrintfFifoSize, before));
  EXPECT_FAILS(cudaDeviceGetLimit(nullptr, cudaLimitPrintfFifoSize), cudaErrorInvalidValue);
  EXPECT_EQ(cudaDeviceSetLimit(static_cast<cudaLimit>(77), 1), cudaErrorUnsupportedLimit);
  EXPECT_EQ(cudaGetLastError(), cudaErrorUnsupportedLimit);
  EXPECT_OK(cudaCtxResetPersistingL2Cache());
}

TEST_F(DeviceApi, PrioritiesRunFromNoneToANegativeNumber) {
  int least = 9, greatest = 9;
  EXPECT_OK(cudaDeviceGetStreamPriorityRange(&least, &greatest));
  EXPECT_EQ(least, 0);
  EXPECT_LT(greatest, 0);
  int again = 9;
  EXPECT_OK(cudaDeviceGetStreamPriorityRange(nullptr, &again));
  EXPECT_EQ(again, greatest);
  EXPECT_OK(cudaDeviceGetStreamPriorityRange(&again, nullptr));
  EXPECT_EQ(again, least);
}

TEST_F(DeviceApi, BusNumbersNameDevices) {
  char text[2][32] = {};
  for (int d = 0; d < 2; d++) {
    ASSERT_OK(cudaDeviceGetPCIBusId(text[d], 32, d));
    unsigned domain, bus, device, function;
    EXPECT_EQ(std::sscanf(text[d], "%4x:%2x:%2x.%x", &domain, &bus, &device, &function), 4) << text[d];
    EXPECT_EQ(std::strlen(text[d]), 12u) << text[d];
    int found = -1;
    EXPECT_OK(cudaDeviceGetByPCIBusId(&found, text[d]));
    EXPECT_EQ(found, d);
    cudaDeviceProp p;
    EXPECT_OK(cudaGetDeviceProperties(&p, d));
    EXPECT_EQ(unsigned(p.pciBusID), bus);
    EXPECT_EQ(unsigned(p.pciDeviceID), device);
  }
  EXPECT_STRNE(text[0], text[1]);
  // The shorter spellings of the manual.
  int found = -1;
  EXPECT_OK(cudaDeviceGetByPCIBusId(&found, text[1] + 5));  // bus:device.function
  EXPECT_EQ(found, 1);
  EXPECT_FAILS(cudaDeviceGetByPCIBusId(&found, "ffff:ff:1f.7"), cudaErrorInvalidDevice);
  EXPECT_FAILS(cudaDeviceGetByPCIBusId(&found, nullptr), cudaErrorInvalidValue);
  EXPECT_FAILS(cudaDeviceGetByPCIBusId(nullptr, text[0]), cudaErrorInvalidValue);
  EXPECT_FAILS(cudaDeviceGetPCIBusId(nullptr, 32, 0), cudaErrorInvalidValue);
  EXPECT_FAILS(cudaDeviceGetPCIBusId(text[0], 0, 0), cudaErrorInvalidValue);
  EXPECT_FAILS(cudaDeviceGetPCIBusId(text[0], 32, 2), cudaErrorInvalidDevice);
}

TEST_F(DeviceApi, PeersReachEachOther) {
  int value = -1;
  EXPECT_OK(cudaDeviceCanAccessPeer(&value, 0, 1));
  EXPECT_EQ(value, 1);
  EXPECT_OK(cudaDeviceCanAccessPeer(&value, 0, 0));
  EXPECT_EQ(value, 0) << "a device isn't its own peer";
  EXPECT_FAILS(cudaDeviceCanAccessPeer(&value, 0, 2), cudaErrorInvalidDevice);
  EXPECT_FAILS(cudaDeviceCanAccessPeer(&value, -1, 1), cudaErrorInvalidDevice);
  EXPECT_FAILS(cudaDeviceCanAccessPeer(nullptr, 0, 1), cudaErrorInvalidValue);

  EXPECT_OK(cudaDeviceGetP2PAttribute(&value, cudaDevP2PAttrAccessSupported, 0, 1));
  EXPECT_EQ(value, 1);
  EXPECT_OK(cudaDeviceGetP2PAttribute(&value, cudaDevP2PAttrNativeAtomicSupported, 1, 0));
  EXPECT_EQ(value, 1);
  EXPECT_FAILS(cudaDeviceGetP2PAttribute(&value, cudaDevP2PAttrAccessSupported, 0, 0),
               cudaErrorInvalidDevice);
  EXPECT_FAILS(cudaDeviceGetP2PAttribute(&value, cudaDevP2PAttrAccessSupported, 0, 2),
               cudaErrorInvalidDevice);
  EXPECT_FAILS(cudaDeviceGetP2PAttribute(&value, static_cast<cudaDeviceP2PAttr>(99), 0, 1),
               cudaErrorInvalidValue);
  EXPECT_FAILS(cudaDeviceGetP2PAttribute(nullptr, cudaDevP2PAttrAccessSupported, 0, 1),
               cudaErrorInvalidValue);

  EXPECT_FAILS(cudaDeviceDisablePeerAccess(1), cudaErrorPeerAccessNotEnabled);
  EXPECT_FAILS(cudaDeviceEnablePeerAccess(1, 1), cudaErrorInvalidValue);
  EXPECT_OK(cudaDeviceEnablePeerAccess(1, 0));
  EXPECT_FAILS(cudaDeviceEnablePeerAccess(1, 0), cudaErrorPeerAccessAlreadyEnabled);
  EXPECT_OK(cudaDeviceDisablePeerAccess(1));
  EXPECT_FAILS(cudaDeviceDisablePeerAccess(1), cudaErrorPeerAccessNotEnabled);
  EXPECT_FAILS(cudaDeviceEnablePeerAccess(0, 0), cudaErrorInvalidDevice);
  EXPECT_FAILS(cudaDeviceEnablePeerAccess(2, 0), cudaErrorInvalidDevice);
  EXPECT_FAILS(cudaDeviceDisablePeerAccess(2), cudaErrorInvalidDevice);
  int device = -1;
  EXPECT_OK(cudaGetDevice(&device));
  EXPECT_EQ(device, 0);
}

TEST_F(DeviceApi, AtomicsOfHostAndPeers) {
  const cudaAtomicOperation operations[] = {cudaAtomicOperationIntegerAdd, cudaAtomicOperationCAS,
                                            cudaAtomicOperationFloatAdd};
  const unsigned scalars = cudaAtomicCapabilityScalar32 | cudaAtomicCapabilityScalar64;
  unsigned host[3] = {}, peer[3] = {};
  EXPECT_OK(cudaDeviceGetHostAtomicCapabilities(host, operations, 3, 0));
  EXPECT_OK(cudaDeviceGetP2PAtomicCapabilities(peer, operations, 3, 0, 1));
  for (int i = 0; i < 3; i++) {
    EXPECT_EQ(host[i] & scalars, scalars) << i;
    EXPECT_EQ(peer[i], host[i]) << "one memory";
  }
  EXPECT_TRUE(host[0] & cudaAtomicCapabilityUnsigned);
  EXPECT_FAILS(cudaDeviceGetHostAtomicCapabilities(host, operations, 3, 2), cudaErrorInvalidDevice);
  EXPECT_FAILS(cudaDeviceGetHostAtomicCapabilities(nullptr, operations, 3, 0), cudaErrorInvalidValue);
  EXPECT_FAILS(cudaDeviceGetHostAtomicCapabilities(host, operations, 0, 0), cudaErrorInvalidValue);
  EXPECT_FAILS(cudaDeviceGetP2PAtomicCapabilities(peer, operations, 3, 0, 0), cudaErrorInvalidDevice);
  EXPECT_FAILS(cudaDeviceGetP2PAtomicCapabilities(peer, nullptr, 3, 0, 1), cudaErrorInvalidValue);
}

TEST_F(DeviceApi, LinearTexturesAreAsWideAsTheirElementAllows) {
  size_t one = 0, four = 0;
  const cudaChannelFormatDesc byte = {8, 0, 0, 0, cudaChannelFormatKindUnsigned};
  const cudaChannelFormatDesc float4 = {32, 32, 32, 32, cudaChannelFormatKindFloat};
  const cudaChannelFormatDesc three = {32, 32, 32, 0, cudaChannelFormatKindFloat};
  EXPECT_OK(cudaDeviceGetTexture1DLinearMaxWidth(&one, &byte, 0));
  EXPECT_OK(cudaDeviceGetTexture1DLinearMaxWidth(&four, &float4, 0));
  int attribute = 0;
  EXPECT_OK(cudaDeviceGetAttribute(&attribute, cudaDevAttrMaxTexture1DLinearWidth, 0));
  EXPECT_LE(four, one);
  EXPECT_GE(four, size_t(attribute)) << "the attribute holds for every element";
  EXPECT_FAILS(cudaDeviceGetTexture1DLinearMaxWidth(&one, &three, 0), cudaErrorInvalidChannelDescriptor);
  EXPECT_FAILS(cudaDeviceGetTexture1DLinearMaxWidth(&one, &byte, 2), cudaErrorInvalidDevice);
  EXPECT_FAILS(cudaDeviceGetTexture1DLinearMaxWidth(nullptr, &byte, 0), cudaErrorInvalidValue);
  EXPECT_FAILS(cudaDeviceGetTexture1DLinearMaxWidth(&one, nullptr, 0), cudaErrorInvalidValue);
}

TEST_F(DeviceApi, DriverEntriesAreFoundByNameAndVersion) {
  void* entry = nullptr;
  cudaDriverEntryPointQueryResult how = cudaDriverEntryPointVersionNotSufficent;
  ASSERT_OK(cudaGetDriverEntryPoint("cuDeviceGetCount", &entry, cudaEnableDefault, &how));
  ASSERT_TRUE(entry);
  EXPECT_EQ(how, cudaDriverEntryPointSuccess);
  int count = 0;
  EXPECT_EQ(reinterpret_cast<int (*)(int*)>(entry)(&count), 0);
  EXPECT_EQ(count, 2);

  EXPECT_OK(cudaGetDriverEntryPointByVersion("cuDeviceGetCount", &entry, 12000, cudaEnableDefault, &how));
  EXPECT_EQ(how, cudaDriverEntryPointSuccess);
  EXPECT_OK(cudaGetDriverEntryPointByVersion("cuGraphCreate", &entry, 5000, cudaEnableDefault, &how));
  EXPECT_EQ(how, cudaDriverEntryPointVersionNotSufficent) << "graphs came with CUDA 10";
  EXPECT_EQ(entry, nullptr);
  entry = &count;
  EXPECT_OK(cudaGetDriverEntryPoint("cuNoSuchCall", &entry, cudaEnableDefault, &how));
  EXPECT_EQ(how, cudaDriverEntryPointSymbolNotFound);
  EXPECT_EQ(entry, nullptr);

  // The forms of the thread's own default stream, by flag.
  void* legacy = nullptr;
  void* own = nullptr;
  EXPECT_OK(cudaGetDriverEntryPoint("cuStreamSynchronize", &legacy, cudaEnableLegacyStream, &how));
  EXPECT_OK(cudaGetDriverEntryPoint("cuStreamSynchronize", &own, cudaEnablePerThreadDefaultStream, &how));
  EXPECT_NE(legacy, own);
  EXPECT_FAILS(cudaGetDriverEntryPoint(nullptr, &entry, cudaEnableDefault, &how), cudaErrorInvalidValue);
  EXPECT_FAILS(cudaGetDriverEntryPoint("cuInit", nullptr, cudaEnableDefault, &how), cudaErrorInvalidValue);

  const void* private_table = &count;
  const cudaUUID_t id{};
  EXPECT_EQ(cudaGetExportTable(&private_table, &id), cudaErrorSymbolNotFound);
  EXPECT_EQ(private_table, nullptr);
  (void)cudaGetLastError();
  EXPECT_FAILS(cudaGetExportTable(nullptr, &id), cudaErrorInvalidValue);
}

TEST_F(DeviceApi, ProfilersMayBeSwitchedAroundAnyWork) {
  EXPECT_OK(cudaProfilerStart());
  unsigned n = kCount, multiplier = 1, addend = 4;
  void* params[] = {&data_, &n, &multiplier, &addend};
  EXPECT_OK(cudaLaunchKernel(&api::fma_words, dim3(2), dim3(128), params, 0, stream_));
  EXPECT_OK(cudaProfilerStop());
  EXPECT_OK(cudaProfilerStop());
  EXPECT_EQ(word(kCount - 1), 4u);
}

#if CUDART_VERSION < 13000
// The spellings of CUDA 3.
TEST_F(DeviceApi, OldNamesAreTheNewOnes) {
  size_t limit = 0;
  EXPECT_OK(cudaThreadSetLimit(cudaLimitStackSize, 2048));
  EXPECT_OK(cudaDeviceGetLimit(&limit, cudaLimitStackSize));
  EXPECT_EQ(limit, 2048u);
  EXPECT_OK(cudaDeviceSetLimit(cudaLimitStackSize, 4096));
  EXPECT_OK(cudaThreadGetLimit(&limit, cudaLimitStackSize));
  EXPECT_EQ(limit, 4096u);
  cudaFuncCache a, b;
  EXPECT_OK(cudaThreadSetCacheConfig(cudaFuncCachePreferEqual));
  EXPECT_OK(cudaThreadGetCacheConfig(&a));
  EXPECT_OK(cudaDeviceGetCacheConfig(&b));
  EXPECT_EQ(a, b);
  EXPECT_OK(cudaThreadSynchronize());
  double value = 0.1;
  EXPECT_OK(cudaSetDoubleForDevice(&value));
  EXPECT_OK(cudaSetDoubleForHost(&value));
  EXPECT_EQ(value, 0.1) << "doubles are doubles on every device";
  EXPECT_FAILS(cudaSetDoubleForDevice(nullptr), cudaErrorInvalidValue);
  // Gives up everything the process has on the device.
  EXPECT_OK(cudaThreadExit());
  EXPECT_FAILS(cudaFree(data_), cudaErrorInvalidValue);
  SetUp();
}
#endif

}  // namespace

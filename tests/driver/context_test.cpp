// Contexts and devices as objects: the current one, reference counts, preferences, primary contexts, and what
// a device says of itself and its peers. PeerTest wants two devices (PPU_DEVICES=2).
#include <cstring>
#include <thread>

#include "driver_fixture.h"

// Forms that cuda.h renames.
extern "C" {
CUresult cuDeviceTotalMem_v2(size_t*, CUdevice);
CUresult cuDevicePrimaryCtxSetFlags_v2(CUdevice, unsigned int);
}

namespace {

using ContextTest = DriverTest;

TEST_F(ContextTest, SaysWhatItIs) {
  CUdevice d = -1;
  OK(cuCtxGetDevice(&d));
  EXPECT_EQ(d, device);
  d = -1;
  OK(cuCtxGetDevice_v2(&d, context));
  EXPECT_EQ(d, device);
  IS(cuCtxGetDevice(nullptr), CUDA_ERROR_INVALID_VALUE);
  IS(cuCtxGetDevice_v2(&d, reinterpret_cast<CUcontext>(&d)), CUDA_ERROR_INVALID_CONTEXT);
  unsigned version = 0;
  OK(cuCtxGetApiVersion(context, &version));
  EXPECT_GE(version, 3020u);
  version = 0;
  OK(cuCtxGetApiVersion(nullptr, &version));
  EXPECT_GE(version, 3020u);
  IS(cuCtxGetApiVersion(context, nullptr), CUDA_ERROR_INVALID_VALUE);
  unsigned long long id = 0, other_id = 0;
  OK(cuCtxGetId(context, &id));
  CUcontext other;
  OK(cuCtxCreate(&other, 0, device));
  OK(cuCtxGetId(nullptr, &other_id));
  EXPECT_NE(id, other_id);
  OK(cuCtxDestroy(other));
  OK(cuCtxGetId(nullptr, &other_id));
  EXPECT_EQ(id, other_id);
  IS(cuCtxGetId(context, nullptr), CUDA_ERROR_INVALID_VALUE);
  without_context([&] {
    IS(cuCtxGetDevice(&d), CUDA_ERROR_INVALID_CONTEXT);
    IS(cuCtxGetId(nullptr, &id), CUDA_ERROR_INVALID_CONTEXT);
    IS(cuCtxGetApiVersion(nullptr, &version), CUDA_ERROR_INVALID_CONTEXT);
  });
}

TEST_F(ContextTest, FlagsAreKeptAndChecked) {
  unsigned flags = 0;
  CUcontext other;
  OK(cuCtxCreate(&other, CU_CTX_SCHED_BLOCKING_SYNC, device));
  OK(cuCtxGetFlags(&flags));
  EXPECT_EQ(flags & CU_CTX_SCHED_MASK, unsigned(CU_CTX_SCHED_BLOCKING_SYNC));
  OK(cuCtxSetFlags(CU_CTX_SCHED_YIELD | CU_CTX_SYNC_MEMOPS));
  OK(cuCtxGetFlags(&flags));
  EXPECT_EQ(flags, unsigned(CU_CTX_SCHED_YIELD | CU_CTX_SYNC_MEMOPS));
  IS(cuCtxSetFlags(CU_CTX_SCHED_YIELD | CU_CTX_SCHED_SPIN), CUDA_ERROR_INVALID_VALUE);
  IS(cuCtxSetFlags(1u << 20), CUDA_ERROR_INVALID_VALUE);
  IS(cuCtxGetFlags(nullptr), CUDA_ERROR_INVALID_VALUE);
  OK(cuCtxDestroy(other));
  OK(cuCtxGetFlags(&flags));
  EXPECT_EQ(flags & CU_CTX_SCHED_MASK, 0u);
  IS(cuCtxCreate(&other, CU_CTX_SCHED_YIELD | CU_CTX_SCHED_SPIN, device), CUDA_ERROR_INVALID_VALUE);
}

TEST_F(ContextTest, PreferencesAreKeptForEachContext) {
  CUfunc_cache cache = CU_FUNC_CACHE_PREFER_L1;
  OK(cuCtxGetCacheConfig(&cache));
  EXPECT_EQ(cache, CU_FUNC_CACHE_PREFER_NONE);
  OK(cuCtxSetCacheConfig(CU_FUNC_CACHE_PREFER_SHARED));
  CUcontext other;
  OK(cuCtxCreate(&other, 0, device));
  OK(cuCtxGetCacheConfig(&cache));
  EXPECT_EQ(cache, CU_FUNC_CACHE_PREFER_NONE);
  OK(cuCtxDestroy(other));
  OK(cuCtxGetCacheConfig(&cache));
  EXPECT_EQ(cache, CU_FUNC_CACHE_PREFER_SHARED);
  IS(cuCtxSetCacheConfig(CUfunc_cache(4)), CUDA_ERROR_INVALID_VALUE);
  IS(cuCtxGetCacheConfig(nullptr), CUDA_ERROR_INVALID_VALUE);
  // Banks have a fixed width since capability 5.0.
  CUsharedconfig banks = CU_SHARED_MEM_CONFIG_DEFAULT_BANK_SIZE;
  OK(cuCtxSetSharedMemConfig(CU_SHARED_MEM_CONFIG_EIGHT_BYTE_BANK_SIZE));
  OK(cuCtxGetSharedMemConfig(&banks));
  EXPECT_EQ(banks, CU_SHARED_MEM_CONFIG_FOUR_BYTE_BANK_SIZE);
  IS(cuCtxSetSharedMemConfig(CUsharedconfig(3)), CUDA_ERROR_INVALID_VALUE);
  IS(cuCtxGetSharedMemConfig(nullptr), CUDA_ERROR_INVALID_VALUE);
  OK(cuCtxResetPersistingL2Cache());
  without_context([&] {
    IS(cuCtxSetCacheConfig(CU_FUNC_CACHE_PREFER_L1), CUDA_ERROR_INVALID_CONTEXT);
    IS(cuCtxGetCacheConfig(&cache), CUDA_ERROR_INVALID_CONTEXT);
    IS(cuCtxResetPersistingL2Cache(), CUDA_ERROR_INVALID_CONTEXT);
  });
}

TEST_F(ContextTest, ThePriorityRangeIsTheOneStreamsAreHeldTo) {
  int least = 99, greatest = 99, priority = 99;
  OK(cuCtxGetStreamPriorityRange(&least, &greatest));
  EXPECT_EQ(least, 0);
  EXPECT_LT(greatest, least);
  OK(cuCtxGetStreamPriorityRange(nullptr, nullptr));
  CUstream s;
  OK(cuStreamCreateWithPriority(&s, CU_STREAM_NON_BLOCKING, greatest - 7));
  OK(cuStreamGetPriority(s, &priority));
  EXPECT_EQ(priority, greatest);
  OK(cuStreamDestroy(s));
  OK(cuStreamCreateWithPriority(&s, CU_STREAM_NON_BLOCKING, least + 7));
  OK(cuStreamGetPriority(s, &priority));
  EXPECT_EQ(priority, least);
  OK(cuStreamDestroy(s));
}

TEST_F(ContextTest, AttachingKeepsItAlive) {
  CUcontext own, attached = nullptr;
  OK(cuCtxCreate(&own, 0, device));
  IS(cuCtxAttach(nullptr, 0), CUDA_ERROR_INVALID_VALUE);
  IS(cuCtxAttach(&attached, 1), CUDA_ERROR_INVALID_VALUE);
  OK(cuCtxAttach(&attached, 0));
  EXPECT_EQ(attached, own);
  IS(cuCtxDetach(context), CUDA_ERROR_INVALID_CONTEXT);  // lives, but isn't the current one
  OK(cuCtxDetach(own));
  OK(cuCtxSynchronize());
  OK(cuCtxDetach(own));  // the last one: destroyed, and no longer current
  CUcontext now = nullptr;
  OK(cuCtxGetCurrent(&now));
  EXPECT_EQ(now, context);
  OK(cuCtxSetCurrent(own));
  IS(cuCtxDetach(own), CUDA_ERROR_CONTEXT_IS_DESTROYED);
  IS(cuCtxAttach(&attached, 0), CUDA_ERROR_CONTEXT_IS_DESTROYED);
  OK(cuCtxSetCurrent(context));
}

TEST_F(ContextTest, ThePrimaryContextsState) {
  unsigned flags = 99;
  int active = 99;
  OK(cuDevicePrimaryCtxGetState(device, &flags, &active));
  EXPECT_EQ(active, 0);
  OK(cuDevicePrimaryCtxSetFlags(device, CU_CTX_SCHED_SPIN));
  CUcontext primary, again;
  OK(cuDevicePrimaryCtxRetain(&primary, device));
  OK(cuDevicePrimaryCtxRetain(&again, device));
  EXPECT_EQ(primary, again);
  OK(cuDevicePrimaryCtxGetState(device, &flags, &active));
  EXPECT_EQ(active, 1);
  EXPECT_EQ(flags, unsigned(CU_CTX_SCHED_SPIN));
  OK(cuCtxPushCurrent(primary));
  OK(cuCtxGetFlags(&flags));
  EXPECT_EQ(flags, unsigned(CU_CTX_SCHED_SPIN));
  OK(cuDevicePrimaryCtxSetFlags_v2(device, CU_CTX_SCHED_BLOCKING_SYNC));  // allowed while it is active
  OK(cuCtxGetFlags(&flags));
  EXPECT_EQ(flags, unsigned(CU_CTX_SCHED_BLOCKING_SYNC));
  IS(cuDevicePrimaryCtxSetFlags(device, CU_CTX_SCHED_SPIN | CU_CTX_SCHED_YIELD), CUDA_ERROR_INVALID_VALUE);
  IS(cuDevicePrimaryCtxSetFlags(device, 1u << 20), CUDA_ERROR_INVALID_VALUE);
  IS(cuDevicePrimaryCtxSetFlags(99, 0), CUDA_ERROR_INVALID_DEVICE);
  OK(cuCtxPopCurrent(nullptr));
  OK(cuDevicePrimaryCtxRelease(device));
  OK(cuDevicePrimaryCtxGetState(device, &flags, &active));
  EXPECT_EQ(active, 1);
  OK(cuDevicePrimaryCtxRelease(device));
  OK(cuDevicePrimaryCtxGetState(device, &flags, &active));
  EXPECT_EQ(active, 0);
  IS(cuDevicePrimaryCtxRelease(device), CUDA_ERROR_INVALID_CONTEXT);
  IS(cuDevicePrimaryCtxGetState(device, nullptr, &active), CUDA_ERROR_INVALID_VALUE);
  IS(cuDevicePrimaryCtxGetState(99, &flags, &active), CUDA_ERROR_INVALID_DEVICE);
  OK(cuDevicePrimaryCtxSetFlags(device, 0));
}

using DeviceTest = DriverTest;

int attribute(CUdevice_attribute which, CUdevice device) {
  int value = -1;
  OK(cuDeviceGetAttribute(&value, which, device));
  return value;
}

TEST_F(DeviceTest, OldQuestionsAgreeWithAttributes) {
  CUdevprop p;
  OK(cuDeviceGetProperties(&p, device));
  EXPECT_EQ(p.maxThreadsPerBlock, attribute(CU_DEVICE_ATTRIBUTE_MAX_THREADS_PER_BLOCK, device));
  EXPECT_EQ(p.maxThreadsDim[2], attribute(CU_DEVICE_ATTRIBUTE_MAX_BLOCK_DIM_Z, device));
  EXPECT_EQ(p.maxGridSize[0], attribute(CU_DEVICE_ATTRIBUTE_MAX_GRID_DIM_X, device));
  EXPECT_EQ(p.maxGridSize[1], attribute(CU_DEVICE_ATTRIBUTE_MAX_GRID_DIM_Y, device));
  EXPECT_EQ(p.sharedMemPerBlock, attribute(CU_DEVICE_ATTRIBUTE_MAX_SHARED_MEMORY_PER_BLOCK, device));
  EXPECT_EQ(p.totalConstantMemory, attribute(CU_DEVICE_ATTRIBUTE_TOTAL_CONSTANT_MEMORY, device));
  EXPECT_EQ(p.SIMDWidth, attribute(CU_DEVICE_ATTRIBUTE_WARP_SIZE, device));
  EXPECT_EQ(p.memPitch, attribute(CU_DEVICE_ATTRIBUTE_MAX_PITCH, device));
  EXPECT_EQ(p.regsPerBlock, attribute(CU_DEVICE_ATTRIBUTE_MAX_REGISTERS_PER_BLOCK, device));
  EXPECT_EQ(p.clockRate, attribute(CU_DEVICE_ATTRIBUTE_CLOCK_RATE, device));
  EXPECT_EQ(p.textureAlign, attribute(CU_DEVICE_ATTRIBUTE_TEXTURE_ALIGNMENT, device));
  IS(cuDeviceGetProperties(nullptr, device), CUDA_ERROR_INVALID_VALUE);
  IS(cuDeviceGetProperties(&p, 99), CUDA_ERROR_INVALID_DEVICE);
  int major = 0, minor = -1;
  OK(cuDeviceComputeCapability(&major, &minor, device));
  EXPECT_EQ(major, attribute(CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MAJOR, device));
  EXPECT_EQ(minor, attribute(CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MINOR, device));
  IS(cuDeviceComputeCapability(&major, nullptr, device), CUDA_ERROR_INVALID_VALUE);
  IS(cuDeviceComputeCapability(&major, &minor, -1), CUDA_ERROR_INVALID_DEVICE);
  size_t bytes = 0, free_now = 0, total = 0;
  OK(cuDeviceTotalMem(&bytes, device));
  OK(cuMemGetInfo(&free_now, &total));
  EXPECT_EQ(bytes, total);
  EXPECT_LE(free_now, total);
  IS(cuDeviceTotalMem(nullptr, device), CUDA_ERROR_INVALID_VALUE);
  IS(cuDeviceTotalMem(&bytes, 99), CUDA_ERROR_INVALID_DEVICE);
}

TEST_F(DeviceTest, IsFoundByItsBusId) {
  char id[32] = "", small[8];
  OK(cuDeviceGetPCIBusId(id, sizeof id, device));
  ASSERT_EQ(std::strlen(id), 12u);  // domain:bus:device.function, 13 characters with the end
  unsigned domain, bus, slot;
  ASSERT_EQ(std::sscanf(id, "%x:%x:%x.0", &domain, &bus, &slot), 3);
  EXPECT_EQ(int(bus), attribute(CU_DEVICE_ATTRIBUTE_PCI_BUS_ID, device));
  EXPECT_EQ(int(slot), attribute(CU_DEVICE_ATTRIBUTE_PCI_DEVICE_ID, device));
  EXPECT_EQ(int(domain), attribute(CU_DEVICE_ATTRIBUTE_PCI_DOMAIN_ID, device));
  const std::string all = id;
  for (const std::string& form : {all, all.substr(0, 10), all.substr(5)}) {  // the three documented forms
    CUdevice found = -1;
    OK(cuDeviceGetByPCIBusId(&found, form.c_str()));
    EXPECT_EQ(found, device) << form;
  }
  CUdevice found = -1;
  IS(cuDeviceGetByPCIBusId(&found, "0000:77:00.0"), CUDA_ERROR_INVALID_DEVICE);
  IS(cuDeviceGetByPCIBusId(&found, nullptr), CUDA_ERROR_INVALID_VALUE);
  IS(cuDeviceGetPCIBusId(small, sizeof small, device), CUDA_ERROR_INVALID_VALUE);
  IS(cuDeviceGetPCIBusId(nullptr, 32, device), CUDA_ERROR_INVALID_VALUE);
  IS(cuDeviceGetPCIBusId(id, sizeof id, 99), CUDA_ERROR_INVALID_DEVICE);
  CUuuid a = {}, b = {}, none = {};
  OK(cuDeviceGetUuid(&a, device));
  OK(cuDeviceGetUuid_v2(&b, device));
  EXPECT_EQ(std::memcmp(&a, &b, sizeof a), 0);
  EXPECT_NE(std::memcmp(&a, &none, sizeof a), 0);
  IS(cuDeviceGetUuid(nullptr, device), CUDA_ERROR_INVALID_VALUE);
  char luid[8];
  unsigned mask = 0;
  IS(cuDeviceGetLuid(luid, &mask, device), CUDA_ERROR_NOT_SUPPORTED);  // Windows only
  IS(cuDeviceGetLuid(luid, &mask, 99), CUDA_ERROR_INVALID_DEVICE);
}

TEST_F(DeviceTest, WhatItCanAndCannot) {
  int yes = -1;
  OK(cuDeviceGetExecAffinitySupport(&yes, CU_EXEC_AFFINITY_TYPE_SM_COUNT, device));
  EXPECT_EQ(yes, 0);
  IS(cuDeviceGetExecAffinitySupport(nullptr, CU_EXEC_AFFINITY_TYPE_SM_COUNT, device),
     CUDA_ERROR_INVALID_VALUE);
  IS(cuDeviceGetExecAffinitySupport(&yes, CU_EXEC_AFFINITY_TYPE_MAX, device), CUDA_ERROR_INVALID_VALUE);
  size_t width = 0;
  OK(cuDeviceGetTexture1DLinearMaxWidth(&width, CU_AD_FORMAT_FLOAT, 4, device));
  EXPECT_EQ(width, size_t(attribute(CU_DEVICE_ATTRIBUTE_MAXIMUM_TEXTURE1D_LINEAR_WIDTH, device)));
  IS(cuDeviceGetTexture1DLinearMaxWidth(&width, CU_AD_FORMAT_FLOAT, 3, device), CUDA_ERROR_INVALID_VALUE);
  IS(cuDeviceGetTexture1DLinearMaxWidth(nullptr, CU_AD_FORMAT_FLOAT, 1, device), CUDA_ERROR_INVALID_VALUE);
  IS(cuFlushGPUDirectRDMAWrites(CU_FLUSH_GPU_DIRECT_RDMA_WRITES_TARGET_CURRENT_CTX,
                                CU_FLUSH_GPU_DIRECT_RDMA_WRITES_TO_OWNER),
     CUDA_ERROR_NOT_SUPPORTED);
  EXPECT_EQ(attribute(CU_DEVICE_ATTRIBUTE_GPU_DIRECT_RDMA_FLUSH_WRITES_OPTIONS, device), 0);
  CUmoduleLoadingMode mode = CU_MODULE_EAGER_LOADING;
  OK(cuModuleGetLoadingMode(&mode));
  EXPECT_EQ(mode, CU_MODULE_LAZY_LOADING);
  IS(cuModuleGetLoadingMode(nullptr), CUDA_ERROR_INVALID_VALUE);
  OK(cuProfilerStart());
  OK(cuProfilerStop());
  without_context([&] {
    IS(cuProfilerStart(), CUDA_ERROR_INVALID_CONTEXT);
    IS(cuProfilerStop(), CUDA_ERROR_INVALID_CONTEXT);
  });
}

TEST_F(DeviceTest, AtomicsWithTheHost) {
  const CUatomicOperation asked[] = {CU_ATOMIC_OPERATION_INTEGER_ADD, CU_ATOMIC_OPERATION_INTEGER_INCREMENT,
                                     CU_ATOMIC_OPERATION_CAS, CU_ATOMIC_OPERATION_FLOAT_MIN};
  unsigned can[4] = {};
  OK(cuDeviceGetHostAtomicCapabilities(can, asked, 4, device));
  EXPECT_TRUE(can[0] & CU_ATOMIC_CAPABILITY_SCALAR_64);
  EXPECT_TRUE(can[0] & CU_ATOMIC_CAPABILITY_SIGNED);
  EXPECT_TRUE(can[1] & CU_ATOMIC_CAPABILITY_SCALAR_32);
  EXPECT_FALSE(can[1] & CU_ATOMIC_CAPABILITY_SCALAR_64);
  EXPECT_FALSE(can[2] & CU_ATOMIC_CAPABILITY_REDUCTION);
  EXPECT_EQ(can[3], 0u);
  const CUatomicOperation wrong = CUatomicOperation(999);
  IS(cuDeviceGetHostAtomicCapabilities(can, &wrong, 1, device), CUDA_ERROR_INVALID_VALUE);
  IS(cuDeviceGetHostAtomicCapabilities(can, asked, 0, device), CUDA_ERROR_INVALID_VALUE);
  IS(cuDeviceGetHostAtomicCapabilities(nullptr, asked, 1, device), CUDA_ERROR_INVALID_VALUE);
  IS(cuDeviceGetHostAtomicCapabilities(can, asked, 1, 99), CUDA_ERROR_INVALID_DEVICE);
}

TEST_F(DeviceTest, IsNoPeerOfItself) {
  int value = -1;
  OK(cuDeviceCanAccessPeer(&value, device, device));
  EXPECT_EQ(value, 0);
  IS(cuDeviceCanAccessPeer(nullptr, device, device), CUDA_ERROR_INVALID_VALUE);
  IS(cuDeviceCanAccessPeer(&value, device, 99), CUDA_ERROR_INVALID_DEVICE);
  IS(cuDeviceGetP2PAttribute(&value, CU_DEVICE_P2P_ATTRIBUTE_ACCESS_SUPPORTED, device, device),
     CUDA_ERROR_INVALID_DEVICE);
  unsigned can = 0;
  const CUatomicOperation add = CU_ATOMIC_OPERATION_INTEGER_ADD;
  IS(cuDeviceGetP2PAtomicCapabilities(&can, &add, 1, device, device), CUDA_ERROR_INVALID_DEVICE);
}

class PeerTest : public DriverTest {
 protected:
  void SetUp() override {
    int count = 0;
    OK(cuInit(0));
    OK(cuDeviceGetCount(&count));
    if (count < 2) GTEST_SKIP() << "one device";
    DriverTest::SetUp();
    OK(cuCtxCreate(&there, 0, 1));
    OK(cuCtxSetCurrent(context));
  }
  void TearDown() override {
    if (there) OK(cuCtxDestroy(there));
    if (context) DriverTest::TearDown();
  }
  CUcontext there = nullptr;
};

TEST_F(PeerTest, DevicesReachEachOther) {
  int value = -1;
  OK(cuDeviceCanAccessPeer(&value, 0, 1));
  EXPECT_EQ(value, 1);
  OK(cuDeviceGetP2PAttribute(&value, CU_DEVICE_P2P_ATTRIBUTE_ACCESS_SUPPORTED, 0, 1));
  EXPECT_EQ(value, 1);
  OK(cuDeviceGetP2PAttribute(&value, CU_DEVICE_P2P_ATTRIBUTE_NATIVE_ATOMIC_SUPPORTED, 1, 0));
  EXPECT_EQ(value, 1);
  OK(cuDeviceGetP2PAttribute(&value, CU_DEVICE_P2P_ATTRIBUTE_PERFORMANCE_RANK, 1, 0));
  EXPECT_EQ(value, 0);
  IS(cuDeviceGetP2PAttribute(&value, CUdevice_P2PAttribute(99), 0, 1), CUDA_ERROR_INVALID_VALUE);
  IS(cuDeviceGetP2PAttribute(nullptr, CU_DEVICE_P2P_ATTRIBUTE_PERFORMANCE_RANK, 0, 1),
     CUDA_ERROR_INVALID_VALUE);
  IS(cuDeviceGetP2PAttribute(&value, CU_DEVICE_P2P_ATTRIBUTE_PERFORMANCE_RANK, 0, 2),
     CUDA_ERROR_INVALID_DEVICE);
  unsigned here = 0, across = 0;
  const CUatomicOperation add = CU_ATOMIC_OPERATION_INTEGER_ADD;
  OK(cuDeviceGetHostAtomicCapabilities(&here, &add, 1, 0));
  OK(cuDeviceGetP2PAtomicCapabilities(&across, &add, 1, 0, 1));
  EXPECT_EQ(here, across);
  char a[32], b[32];
  OK(cuDeviceGetPCIBusId(a, sizeof a, 0));
  OK(cuDeviceGetPCIBusId(b, sizeof b, 1));
  EXPECT_STRNE(a, b);
  CUdevice found = -1;
  OK(cuDeviceGetByPCIBusId(&found, b));
  EXPECT_EQ(found, 1);
  CUdevice d = -1;
  OK(cuCtxGetDevice_v2(&d, there));
  EXPECT_EQ(d, 1);
  OK(cuCtxGetDevice(&d));
  EXPECT_EQ(d, 0);
}

}  // namespace

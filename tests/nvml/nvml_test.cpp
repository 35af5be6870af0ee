// NVML: the device, its memory in use by this process, and what a software device doesn't have.
#include "nvml/nvml.h"

#include <cuda.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <cstring>

extern "C" {
nvmlReturn_t nvmlInit_v2();
nvmlReturn_t nvmlShutdown();
nvmlReturn_t nvmlDeviceGetCount_v2(unsigned*);
nvmlReturn_t nvmlDeviceGetHandleByIndex_v2(unsigned, nvmlDevice_t*);
nvmlReturn_t nvmlDeviceGetHandleByUUID(const char*, nvmlDevice_t*);
nvmlReturn_t nvmlDeviceGetName(nvmlDevice_t, char*, unsigned);
nvmlReturn_t nvmlDeviceGetUUID(nvmlDevice_t, char*, unsigned);
nvmlReturn_t nvmlDeviceGetMemoryInfo(nvmlDevice_t, nvmlMemory_t*);
nvmlReturn_t nvmlDeviceGetComputeRunningProcesses_v3(nvmlDevice_t, unsigned*, nvmlProcessInfo_v2_t*);
nvmlReturn_t nvmlDeviceGetTemperature(nvmlDevice_t, unsigned, unsigned*);
nvmlReturn_t nvmlDeviceGetTemperatureThreshold(nvmlDevice_t, unsigned, unsigned*);
nvmlReturn_t nvmlDeviceGetPowerUsage(nvmlDevice_t, unsigned*);
nvmlReturn_t nvmlDeviceGetClockInfo(nvmlDevice_t, unsigned, unsigned*);
nvmlReturn_t nvmlDeviceGetUtilizationRates(nvmlDevice_t, nvmlUtilization_t*);
nvmlReturn_t nvmlDeviceGetFanSpeed(nvmlDevice_t, unsigned*);
const char* nvmlErrorString(nvmlReturn_t);
}

namespace {

TEST(Nvml, AnswersAboutTheDevice) {
  unsigned count = 0;
  EXPECT_EQ(nvmlDeviceGetCount_v2(&count), NVML_ERROR_UNINITIALIZED);
  ASSERT_EQ(nvmlInit_v2(), NVML_SUCCESS);
  EXPECT_EQ(nvmlDeviceGetCount_v2(&count), NVML_SUCCESS);
  EXPECT_EQ(count, 1u);
  nvmlDevice_t device = nullptr, again = nullptr;
  EXPECT_EQ(nvmlDeviceGetHandleByIndex_v2(1, &device), NVML_ERROR_INVALID_ARGUMENT);
  ASSERT_EQ(nvmlDeviceGetHandleByIndex_v2(0, &device), NVML_SUCCESS);
  char text[96];
  EXPECT_EQ(nvmlDeviceGetName(device, text, 3), NVML_ERROR_INSUFFICIENT_SIZE);
  EXPECT_EQ(nvmlDeviceGetName(device, text, sizeof text), NVML_SUCCESS);
  EXPECT_STREQ(text, "PPU 810E");
  EXPECT_EQ(nvmlDeviceGetUUID(device, text, sizeof text), NVML_SUCCESS);
  EXPECT_EQ(std::strlen(text), 40u);
  EXPECT_EQ(nvmlDeviceGetHandleByUUID(text, &again), NVML_SUCCESS);
  EXPECT_EQ(device, again);
  unsigned percent = 0;
  EXPECT_EQ(nvmlDeviceGetFanSpeed(device, &percent), NVML_ERROR_NOT_SUPPORTED);
  EXPECT_STREQ(nvmlErrorString(NVML_SUCCESS), "The operation was successful");
  EXPECT_EQ(nvmlShutdown(), NVML_SUCCESS);
  EXPECT_EQ(nvmlShutdown(), NVML_ERROR_UNINITIALIZED);
}

TEST(Nvml, ModelsPowerHeatAndClocks) {
  unsigned value = 0;
  nvmlDevice_t device = nullptr;
  ASSERT_EQ(nvmlInit_v2(), NVML_SUCCESS);
  ASSERT_EQ(nvmlDeviceGetHandleByIndex_v2(0, &device), NVML_SUCCESS);
  EXPECT_EQ(nvmlDeviceGetTemperature(device, 0, &value), NVML_SUCCESS);
  EXPECT_GE(value, 20u);
  EXPECT_LE(value, 95u);
  EXPECT_EQ(nvmlDeviceGetTemperature(device, 1, &value), NVML_ERROR_INVALID_ARGUMENT);
  EXPECT_EQ(nvmlDeviceGetTemperature(device, 0, nullptr), NVML_ERROR_INVALID_ARGUMENT);
  EXPECT_EQ(nvmlDeviceGetPowerUsage(device, &value), NVML_SUCCESS);
  EXPECT_GE(value, 79000u);  // idle, milliwatts
  EXPECT_LE(value, 400000u);
  EXPECT_EQ(nvmlDeviceGetTemperatureThreshold(device, 0, &value), NVML_SUCCESS);
  EXPECT_EQ(value, 95u);
  EXPECT_EQ(nvmlDeviceGetTemperatureThreshold(device, 99, &value), NVML_ERROR_INVALID_ARGUMENT);
  EXPECT_EQ(nvmlDeviceGetClockInfo(device, 2, &value), NVML_SUCCESS);
  EXPECT_EQ(value, 1800u);
  nvmlUtilization_t utilization = {};
  EXPECT_EQ(nvmlDeviceGetUtilizationRates(device, &utilization), NVML_SUCCESS);
  EXPECT_LE(utilization.gpu, 100u);
  EXPECT_EQ(nvmlShutdown(), NVML_SUCCESS);
}

TEST(Nvml, SeesMemoryAndProcessesOfTheDriver) {
  ASSERT_EQ(nvmlInit_v2(), NVML_SUCCESS);
  nvmlDevice_t device = nullptr;
  ASSERT_EQ(nvmlDeviceGetHandleByIndex_v2(0, &device), NVML_SUCCESS);
  ASSERT_EQ(cuInit(0), CUDA_SUCCESS);
  CUcontext context;
  ASSERT_EQ(cuCtxCreate(&context, 0, 0), CUDA_SUCCESS);
  CUdeviceptr p;
  ASSERT_EQ(cuMemAlloc(&p, 10 << 20), CUDA_SUCCESS);
  nvmlMemory_t memory = {};
  EXPECT_EQ(nvmlDeviceGetMemoryInfo(device, &memory), NVML_SUCCESS);
  EXPECT_GE(memory.used, 10ull << 20);
  EXPECT_EQ(memory.total, memory.used + memory.free);
  nvmlProcessInfo_v2_t infos[64];
  unsigned count = 0;
  EXPECT_EQ(nvmlDeviceGetComputeRunningProcesses_v3(device, &count, nullptr), NVML_ERROR_INSUFFICIENT_SIZE);
  count = 64;
  EXPECT_EQ(nvmlDeviceGetComputeRunningProcesses_v3(device, &count, infos), NVML_SUCCESS);
  bool found = false;
  for (unsigned i = 0; i < count; i++)
    if (infos[i].pid == unsigned(getpid())) found = infos[i].usedGpuMemory == 10u << 20;
  EXPECT_TRUE(found);
  EXPECT_EQ(cuCtxDestroy(context), CUDA_SUCCESS);
  EXPECT_EQ(nvmlShutdown(), NVML_SUCCESS);
}

}  // namespace

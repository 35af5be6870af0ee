// A context, the test module, and short ways to use them.
#pragma once
#include <cuda.h>
#include <gtest/gtest.h>

#include <string>
#include <thread>
#include <vector>

/// Expects CUDA_SUCCESS, and names the result otherwise.
#define OK(call) EXPECT_EQ(name_of(call), "CUDA_SUCCESS")
#define IS(call, code) EXPECT_EQ(name_of(call), #code)

inline std::string name_of(CUresult r) {
  const char* name = nullptr;
  return cuGetErrorName(r, &name) == CUDA_SUCCESS ? name : std::to_string(int(r));
}

/// Kernels that all groups of tests use: fill, add, touch, trap, spin...
extern const char* const kTestPtx;

class DriverTest : public testing::Test {
 protected:
  void SetUp() override {
    ASSERT_EQ(cuInit(0), CUDA_SUCCESS);
    ASSERT_EQ(cuDeviceGet(&device, 0), CUDA_SUCCESS);
    ASSERT_EQ(cuCtxCreate(&context, 0, device), CUDA_SUCCESS);
    ASSERT_EQ(cuModuleLoadData(&module, kTestPtx), CUDA_SUCCESS);
  }
  void TearDown() override { cuCtxDestroy(context); }

  CUfunction function(const char* name) {
    CUfunction f = nullptr;
    EXPECT_EQ(cuModuleGetFunction(&f, module, name), CUDA_SUCCESS) << name;
    return f;
  }
  template <class... A>
  CUresult run(const char* name, unsigned grid, unsigned block, CUstream stream, A... args) {
    void* params[] = {&args..., nullptr};
    return cuLaunchKernel(function(name), grid, 1, 1, block, 1, 1, 0, stream, params, nullptr);
  }
  /// Runs `body` where no context is current.
  template <class F>
  static void without_context(F body) {
    std::thread(body).join();
  }
  CUdeviceptr allocate(size_t bytes) {
    CUdeviceptr p = 0;
    EXPECT_EQ(cuMemAlloc(&p, bytes), CUDA_SUCCESS);
    return p;
  }
  std::vector<uint32_t> read(CUdeviceptr p, size_t count) {
    std::vector<uint32_t> v(count);
    EXPECT_EQ(cuMemcpyDtoH(v.data(), p, count * 4), CUDA_SUCCESS);
    return v;
  }

  CUdevice device = 0;
  CUcontext context = nullptr;
  CUmodule module = nullptr;
};

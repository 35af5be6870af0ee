// Compiling from a string, and running what came out. ctest runs it twice: with whatever NVRTC the machine
// has, and with PPU_NVRTC=clang, so nothing here may depend on the compiler.
#include <cuda.h>
#include <gtest/gtest.h>
#define NVRTC_GET_TYPE_NAME 1
#include <nvrtc.h>

#include <algorithm>
#include <cstring>
#include <string>
#include <vector>

namespace {

struct Compiled {
  nvrtcProgram program = nullptr;
  nvrtcResult result = NVRTC_SUCCESS;
  std::string log;

  ~Compiled() { EXPECT_EQ(nvrtcDestroyProgram(&program), NVRTC_SUCCESS); }
};

struct Job {
  const char* source;
  std::vector<const char*> options;
  std::vector<const char*> names;
  std::vector<const char*> headers, include_names;
};

void compile(const Job& job, Compiled& out) {
  ASSERT_EQ(nvrtcCreateProgram(&out.program, job.source, "sample.cu", int(job.headers.size()),
                               job.headers.data(), job.include_names.data()),
            NVRTC_SUCCESS);
  for (const char* name : job.names) ASSERT_EQ(nvrtcAddNameExpression(out.program, name), NVRTC_SUCCESS);
  out.result = nvrtcCompileProgram(out.program, int(job.options.size()), job.options.data());
  size_t size = 0;
  ASSERT_EQ(nvrtcGetProgramLogSize(out.program, &size), NVRTC_SUCCESS);
  ASSERT_GE(size, 1u);
  out.log.resize(size);
  ASSERT_EQ(nvrtcGetProgramLog(out.program, out.log.data()), NVRTC_SUCCESS);
  out.log.pop_back();
}

std::string image_of(const Compiled& compiled, bool cubin) {
  size_t size = 0;
  EXPECT_EQ((cubin ? nvrtcGetCUBINSize : nvrtcGetPTXSize)(compiled.program, &size), NVRTC_SUCCESS);
  std::string image(size, '?');
  EXPECT_EQ((cubin ? nvrtcGetCUBIN : nvrtcGetPTX)(compiled.program, image.data()), NVRTC_SUCCESS);
  EXPECT_EQ(image.back(), '\0');
  return image;
}

/// A context and a module; runs kernels of the form (int* data, int n).
class Device {
 public:
  explicit Device(const std::string& image) {
    EXPECT_EQ(cuInit(0), CUDA_SUCCESS);
    EXPECT_EQ(cuCtxCreate(&context_, 0, 0), CUDA_SUCCESS);
    EXPECT_EQ(cuModuleLoadData(&module_, image.data()), CUDA_SUCCESS);
  }
  ~Device() {
    cuModuleUnload(module_);
    cuCtxDestroy(context_);
  }
  CUmodule module() const { return module_; }

  std::vector<int> run(const char* kernel, std::vector<int> data) {
    CUfunction function = nullptr;
    EXPECT_EQ(cuModuleGetFunction(&function, module_, kernel), CUDA_SUCCESS) << kernel;
    CUdeviceptr memory = 0;
    const size_t bytes = data.size() * sizeof(int);
    int count = int(data.size());
    EXPECT_EQ(cuMemAlloc(&memory, bytes), CUDA_SUCCESS);
    EXPECT_EQ(cuMemcpyHtoD(memory, data.data(), bytes), CUDA_SUCCESS);
    void* arguments[] = {&memory, &count};
    EXPECT_EQ(cuLaunchKernel(function, 1, 1, 1, 64, 1, 1, 0, nullptr, arguments, nullptr), CUDA_SUCCESS);
    EXPECT_EQ(cuMemcpyDtoH(data.data(), memory, bytes), CUDA_SUCCESS);
    cuMemFree(memory);
    return data;
  }

 private:
  CUcontext context_ = nullptr;
  CUmodule module_ = nullptr;
};

constexpr const char* kAddOne = R"(
extern "C" __global__ void add(int* data, int n) {
  const int i = blockIdx.x * blockDim.x + threadIdx.x;
  if (i < n) data[i] += STEP;
})";

TEST(Nvrtc, MachineCodeIsPtxThatTheDriverRuns) {
  const std::vector<std::vector<const char*>> spellings = {{"-DSTEP=3", "--gpu-architecture=sm_80"},
                                                           {"-D", "STEP=3", "-arch=sm_80"},
                                                           {"--define-macro=STEP=3", "-arch", "sm_80"},
                                                           {"-D STEP=3", "--gpu-architecture", "sm_80"},
                                                           {"-DSTEP=3", "-arch=compute_80"},
                                                           {"-DSTEP=3"}};
  for (const auto& options : spellings) {
    Compiled compiled;
    compile({kAddOne, options, {}, {}, {}}, compiled);
    ASSERT_EQ(compiled.result, NVRTC_SUCCESS) << options[1] << compiled.log;
    const std::string ptx = image_of(compiled, false), cubin = image_of(compiled, true);
    EXPECT_EQ(ptx, cubin);
    EXPECT_NE(ptx.find(".entry add"), std::string::npos);
    if (options.size() > 1) EXPECT_NE(ptx.find(".target sm_80"), std::string::npos) << ptx;
    EXPECT_EQ(Device(cubin).run("add", {1, 2, 3}), (std::vector<int>{4, 5, 6}));
  }
}

TEST(Nvrtc, OptionsForMachineCodeDoNoHarm) {
  Compiled compiled;
  compile({kAddOne,
           {"-arch=sm_80", "-DSTEP=1", "-std=c++17", "--use_fast_math", "-lineinfo", "--maxrregcount=64",
            "-default-device", "-dlto"},
           {},
           {},
           {}},
          compiled);
  ASSERT_EQ(compiled.result, NVRTC_SUCCESS) << compiled.log;
  EXPECT_EQ(Device(image_of(compiled, true)).run("add", {7}), std::vector<int>{8});
  size_t size = 0;  // PTX stands for the LTO-IR that was asked for
  ASSERT_EQ(nvrtcGetLTOIRSize(compiled.program, &size), NVRTC_SUCCESS);
  std::string lto(size, '?');
  ASSERT_EQ(nvrtcGetLTOIR(compiled.program, lto.data()), NVRTC_SUCCESS);
  EXPECT_EQ(Device(lto.substr(0, size - 1)).run("add", {7}), std::vector<int>{8});
}

TEST(Nvrtc, LogNamesPlaceOfErrors) {
  Compiled compiled;
  compile({"__global__ void f() {\n  no_such_name = 1;\n}\n", {}, {}, {}, {}}, compiled);
  EXPECT_EQ(compiled.result, NVRTC_ERROR_COMPILATION);
  EXPECT_NE(compiled.log.find("no_such_name"), std::string::npos) << compiled.log;
  EXPECT_NE(compiled.log.find("sample.cu"), std::string::npos) << compiled.log;
  size_t size = 0;
  EXPECT_EQ(nvrtcGetPTXSize(compiled.program, &size), NVRTC_ERROR_INVALID_PROGRAM);
}

TEST(Nvrtc, RefusesUnknownOptions) {
  Compiled compiled;
  compile({kAddOne, {"--no-such-option"}, {}, {}, {}}, compiled);
  EXPECT_EQ(compiled.result, NVRTC_ERROR_INVALID_OPTION);
  EXPECT_NE(compiled.log.find("no-such-option"), std::string::npos) << compiled.log;
}

TEST(Nvrtc, NamesOfTemplatesAndVariables) {
  const char* source = R"(
namespace part {
template <typename T, int N> __global__ void scale(T* data, int n) {
  if (threadIdx.x < n) data[threadIdx.x] *= N;
}
}
__global__ void plain(int* data, int n) {}
__device__ int counter = 5;
__constant__ int table[4];
)";
  const char* names[] = {"part::scale<int, 4>", "plain", "&counter", "&table"};
  Compiled compiled;
  compile({source, {"-arch=sm_80"}, {names[0], names[1], names[2], names[3]}, {}, {}}, compiled);
  ASSERT_EQ(compiled.result, NVRTC_SUCCESS) << compiled.log;
  EXPECT_EQ(nvrtcAddNameExpression(compiled.program, "late"),
            NVRTC_ERROR_NO_NAME_EXPRESSIONS_AFTER_COMPILATION);
  const char* lowered[4] = {};
  for (int i = 0; i < 4; ++i)
    ASSERT_EQ(nvrtcGetLoweredName(compiled.program, names[i], &lowered[i]), NVRTC_SUCCESS) << names[i];
  EXPECT_STREQ(lowered[0], "_ZN4part5scaleIiLi4EEEvPT_i");
  EXPECT_STREQ(lowered[1], "_Z5plainPii");
  const char* none = nullptr;
  EXPECT_EQ(nvrtcGetLoweredName(compiled.program, "other", &none), NVRTC_ERROR_NAME_EXPRESSION_NOT_VALID);
  const std::string image = image_of(compiled, true);
  EXPECT_EQ(image.find("ppu_nvrtc"), std::string::npos);
  Device device(image);
  EXPECT_EQ(device.run(lowered[0], {1, 2}), (std::vector<int>{4, 8}));
  CUdeviceptr address = 0;
  size_t bytes = 0;
  EXPECT_EQ(cuModuleGetGlobal(&address, &bytes, device.module(), lowered[2]), CUDA_SUCCESS);
  EXPECT_EQ(bytes, 4u);
  EXPECT_EQ(cuModuleGetGlobal(&address, &bytes, device.module(), lowered[3]), CUDA_SUCCESS);
  EXPECT_EQ(bytes, 16u);
}

TEST(Nvrtc, HeadersComeFromMemory) {
  const char* source = R"(
#include "inner/step.h"
#ifndef __CUDACC_RTC__
#error not a run-time compiler
#endif
extern "C" __global__ void add(int* data, int n) { if (threadIdx.x < n) data[threadIdx.x] += step(); })";
  Compiled compiled;
  compile({source,
           {},
           {},
           {"#include \"outer.h\"\n__device__ int step() { return kStep; }", "constexpr int kStep = 9;"},
           {"inner/step.h", "outer.h"}},
          compiled);
  ASSERT_EQ(compiled.result, NVRTC_SUCCESS) << compiled.log;
  EXPECT_EQ(Device(image_of(compiled, false)).run("add", {1}), std::vector<int>{10});
}

TEST(Nvrtc, BuiltinsNeedNoHeader) {
  const char* source = R"(
extern "C" __global__ void add(int* data, int n) {
  assert(n > 0);
  if (n < 0) printf("never\n");
  const size_t i = threadIdx.x;
  const int above = __shfl_down_sync(0xffffffffu, i < n ? data[i] : 0, 1);
  if (i < n) data[i] += above + max(n, 2) + __float2int_rn(sqrtf(16.0f));
})";
  Compiled compiled;
  compile({source, {"-arch=sm_80"}, {}, {}, {}}, compiled);
  ASSERT_EQ(compiled.result, NVRTC_SUCCESS) << compiled.log;
  EXPECT_EQ(Device(image_of(compiled, true)).run("add", {1, 10}), (std::vector<int>{17, 16}));
}

TEST(Nvrtc, CallbackCancels) {
  nvrtcProgram program = nullptr;
  ASSERT_EQ(nvrtcCreateProgram(&program, kAddOne, nullptr, 0, nullptr, nullptr), NVRTC_SUCCESS);
  const auto stop = [](void* payload, void*) { return ++*static_cast<int*>(payload), 1; };
  int calls = 0;
  const nvrtcResult set = nvrtcSetFlowCallback(program, stop, &calls);
  if (set == NVRTC_SUCCESS) {  // NVRTC 12.8 was the first to have it
    const char* option = "-DSTEP=1";
    EXPECT_EQ(nvrtcCompileProgram(program, 1, &option), NVRTC_ERROR_CANCELLED);
    EXPECT_GE(calls, 1);
  }
  EXPECT_EQ(nvrtcDestroyProgram(&program), NVRTC_SUCCESS);
}

TEST(Nvrtc, ChecksItsArguments) {
  int major = 0, minor = 0, count = 0;
  EXPECT_EQ(nvrtcVersion(&major, &minor), NVRTC_SUCCESS);
  EXPECT_GE(major, 11);
  EXPECT_EQ(nvrtcVersion(nullptr, &minor), NVRTC_ERROR_INVALID_INPUT);
  ASSERT_EQ(nvrtcGetNumSupportedArchs(&count), NVRTC_SUCCESS);
  ASSERT_GT(count, 0);
  std::vector<int> archs(size_t(count), 0);
  EXPECT_EQ(nvrtcGetSupportedArchs(archs.data()), NVRTC_SUCCESS);
  EXPECT_NE(std::find(archs.begin(), archs.end(), 80), archs.end());
  EXPECT_EQ(nvrtcCreateProgram(nullptr, "", "", 0, nullptr, nullptr), NVRTC_ERROR_INVALID_INPUT);
  EXPECT_EQ(nvrtcCompileProgram(nullptr, 0, nullptr), NVRTC_ERROR_INVALID_PROGRAM);
  nvrtcProgram program = nullptr;
  EXPECT_EQ(nvrtcDestroyProgram(&program), NVRTC_ERROR_INVALID_PROGRAM);
  EXPECT_STREQ(nvrtcGetErrorString(NVRTC_ERROR_COMPILATION), "NVRTC_ERROR_COMPILATION");
  EXPECT_STREQ(nvrtcGetErrorString(nvrtcResult(999)), "NVRTC_ERROR unknown");
  std::string text;
  EXPECT_EQ(nvrtcGetTypeName<const std::vector<int>&>(&text), NVRTC_SUCCESS);
  EXPECT_EQ(text.rfind("std::vector<int", 0), 0u) << text;
}

}  // namespace

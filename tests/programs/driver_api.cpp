// The driver API alone, no runtime: contexts, a module from PTX text with its JIT log, launches with both
// kinds of arguments, globals, copies, occupancy, attributes, errors.
#include <cuda.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <vector>

#define CU_CHECK(call) check((call), CUDA_SUCCESS, #call, __LINE__)
#define CU_EXPECT(call, wanted) check((call), (wanted), #call, __LINE__)

static int failures = 0;

static void check(CUresult got, CUresult wanted, const char* call, int line) {
  if (got == wanted) return;
  const char* name = "?";
  cuGetErrorName(got, &name);
  std::fprintf(stderr, "driver_api.cpp:%d: %s gave %s (%d), not %d\n", line, call, name, got, wanted);
  ++failures;
}

static void expect(bool condition, const char* what) {
  if (condition) return;
  std::fprintf(stderr, "driver_api.cpp: %s\n", what);
  ++failures;
}

static const char kSource[] = R"(
.version 7.0
.target sm_70
.address_size 64
.global .align 4 .u32 scale = 3;
.visible .entry scaled_add(.param .u64 p, .param .u32 n, .param .u32 term)
{
  .reg .pred %q;
  .reg .b32 %r<8>;
  .reg .b64 %d<4>;
  ld.param.u64 %d0, [p];
  ld.param.u32 %r0, [n];
  ld.param.u32 %r1, [term];
  mov.u32 %r2, %ctaid.x;
  mov.u32 %r3, %ntid.x;
  mov.u32 %r4, %tid.x;
  mad.lo.s32 %r5, %r2, %r3, %r4;
  setp.ge.u32 %q, %r5, %r0;
  @%q bra DONE;
  cvta.to.global.u64 %d0, %d0;
  mul.wide.u32 %d1, %r5, 4;
  add.s64 %d2, %d0, %d1;
  ld.global.u32 %r6, [%d2];
  ld.global.u32 %r7, [scale];
  mad.lo.s32 %r6, %r6, %r7, %r1;
  st.global.u32 [%d2], %r6;
DONE:
  ret;
}
)";

static void bad_source() {
  std::string source = kSource;
  source.replace(source.find("mad.lo.s32 %r6"), 10, "mda.lo.s32");
  char errors[2048] = "";
  CUjit_option options[] = {CU_JIT_ERROR_LOG_BUFFER, CU_JIT_ERROR_LOG_BUFFER_SIZE_BYTES};
  void* values[] = {errors, reinterpret_cast<void*>(sizeof errors)};
  CUmodule module;
  CU_EXPECT(cuModuleLoadDataEx(&module, source.c_str(), 2, options, values), CUDA_ERROR_INVALID_PTX);
  expect(std::strstr(errors, "mda") != nullptr, "the JIT log does not name the unknown instruction");
  expect(std::strstr(errors, "25") != nullptr, "the JIT log does not name line 25");
}

static void run(CUdevice device) {
  CUmodule module;
  CUfunction function;
  CU_CHECK(cuModuleLoadData(&module, kSource));
  CU_CHECK(cuModuleGetFunction(&function, module, "scaled_add"));
  CU_EXPECT(cuModuleGetFunction(&function, module, "no_such_kernel"), CUDA_ERROR_NOT_FOUND);
  CU_CHECK(cuModuleGetFunction(&function, module, "scaled_add"));

  unsigned n = 1000, term = 7, two = 2;
  std::vector<int> host(n), got(n);
  for (unsigned i = 0; i < n; ++i) host[i] = static_cast<int>(i) - 500;
  CUdeviceptr data, scale;
  size_t bytes = 0;
  CU_CHECK(cuMemAlloc(&data, n * 4));
  CU_CHECK(cuMemcpyHtoD(data, host.data(), n * 4));
  void* arguments[] = {&data, &n, &term};
  CU_CHECK(cuLaunchKernel(function, 8, 1, 1, 128, 1, 1, 0, nullptr, arguments, nullptr));

  CU_CHECK(cuModuleGetGlobal(&scale, &bytes, module, "scale"));
  expect(bytes == 4, "the variable has not 4 bytes");
  CU_CHECK(cuCtxSynchronize());
  CU_CHECK(cuMemcpyHtoD(scale, &two, 4));

  struct __attribute__((packed)) {
    CUdeviceptr data;
    unsigned n, term;
  } packed = {data, n, 100};
  size_t size = sizeof packed;
  void* extra[] = {CU_LAUNCH_PARAM_BUFFER_POINTER, &packed, CU_LAUNCH_PARAM_BUFFER_SIZE, &size,
                   CU_LAUNCH_PARAM_END};
  CUstream stream;
  CU_CHECK(cuStreamCreate(&stream, CU_STREAM_NON_BLOCKING));
  CU_CHECK(cuLaunchKernel(function, 1000, 1, 1, 1, 1, 1, 0, stream, nullptr, extra));
  CU_CHECK(cuMemcpyDtoHAsync(got.data(), data, n * 4, stream));
  CU_CHECK(cuStreamSynchronize(stream));
  CU_CHECK(cuStreamDestroy(stream));
  for (unsigned i = 0; i < n; ++i) expect(got[i] == (host[i] * 3 + 7) * 2 + 100, "a value is wrong");

  CU_EXPECT(cuLaunchKernel(function, 1, 1, 1, 2048, 1, 1, 0, nullptr, arguments, nullptr),
            CUDA_ERROR_INVALID_VALUE);
  CU_EXPECT(cuLaunchKernel(function, 0, 1, 1, 32, 1, 1, 0, nullptr, arguments, nullptr),
            CUDA_ERROR_INVALID_VALUE);
  int threads = 0, blocks = 0, sms = 0;
  CU_CHECK(cuFuncGetAttribute(&threads, CU_FUNC_ATTRIBUTE_MAX_THREADS_PER_BLOCK, function));
  CU_CHECK(cuOccupancyMaxActiveBlocksPerMultiprocessor(&blocks, function, 128, 0));
  CU_CHECK(cuDeviceGetAttribute(&sms, CU_DEVICE_ATTRIBUTE_MULTIPROCESSOR_COUNT, device));
  expect(threads == 1024 && blocks >= 1 && sms >= 1, "attributes");
  CU_CHECK(cuMemsetD32(data, 0x01020304, n));
  CU_CHECK(cuMemcpyDtoH(got.data(), data, n * 4));
  expect(got[n - 1] == 0x01020304, "cuMemsetD32");
  CU_CHECK(cuMemFree(data));
  CU_EXPECT(cuMemFree(data), CUDA_ERROR_INVALID_VALUE);
  CU_CHECK(cuModuleUnload(module));
}

int main() {
  int count = 0, version = 0;
  CU_EXPECT(cuDeviceGetCount(&count), CUDA_ERROR_NOT_INITIALIZED);
  CU_CHECK(cuInit(0));
  CU_CHECK(cuDriverGetVersion(&version));
  CU_CHECK(cuDeviceGetCount(&count));
  expect(count >= 1 && version >= 12000, "no device, or an old driver");
  CUdevice device;
  CUcontext context, current = nullptr;
  char name[100] = "";
  CU_CHECK(cuDeviceGet(&device, 0));
  CU_EXPECT(cuDeviceGet(&device, 1000), CUDA_ERROR_INVALID_DEVICE);
  CU_CHECK(cuDeviceGet(&device, 0));
  CU_CHECK(cuDeviceGetName(name, sizeof name, device));
  expect(name[0] != 0, "the device has no name");
  CUdeviceptr early;
  CU_EXPECT(cuMemAlloc(&early, 100), CUDA_ERROR_INVALID_CONTEXT);
  CU_CHECK(cuDevicePrimaryCtxRetain(&context, device));
  CU_CHECK(cuCtxSetCurrent(context));
  CU_CHECK(cuCtxGetCurrent(&current));
  expect(current == context, "the context is not current");
  run(device);
  bad_source();
  CU_CHECK(cuCtxSetCurrent(nullptr));
  CU_CHECK(cuDevicePrimaryCtxRelease(device));
  std::printf(failures ? "driver_api: FAILED, %d differences\n" : "driver_api: ok, bits 0\n", failures);
  return failures != 0;
}

// See opencl.h. The few functions of OpenCL 1.2 that are needed are looked up by name in the system's loader
// (libOpenCL.so.1), so that nothing of OpenCL is wanted to build the bench.
#include "opencl.h"

#include <dlfcn.h>

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <type_traits>
#include <vector>

namespace bench {
namespace {

using Handle = void*;
using Bits = uint64_t;
constexpr Bits kCpu = 2, kReadWrite = 1, kUseHostPointer = 8;
constexpr unsigned kPlatformName = 0x0902, kBuildLog = 0x1183;

/// OpenCL's functions by their names, with the types of OpenCL 1.2.
struct Functions {
  int (*clGetPlatformIDs)(unsigned, Handle*, unsigned*);
  int (*clGetPlatformInfo)(Handle, unsigned, size_t, void*, size_t*);
  int (*clGetDeviceIDs)(Handle, Bits, unsigned, Handle*, unsigned*);
  Handle (*clCreateContext)(const intptr_t*, unsigned, const Handle*, void*, void*, int*);
  Handle (*clCreateCommandQueue)(Handle, Handle, Bits, int*);
  Handle (*clCreateProgramWithSource)(Handle, unsigned, const char**, const size_t*, int*);
  int (*clBuildProgram)(Handle, unsigned, const Handle*, const char*, void*, void*);
  Handle (*clCreateKernel)(Handle, const char*, int*);
  Handle (*clCreateBuffer)(Handle, Bits, size_t, void*, int*);
  int (*clSetKernelArg)(Handle, unsigned, size_t, const void*);
  int (*clEnqueueNDRangeKernel)(Handle, Handle, unsigned, const size_t*, const size_t*, const size_t*,
                                unsigned, const Handle*, Handle*);
  int (*clGetProgramBuildInfo)(Handle, Handle, unsigned, size_t, void*, size_t*);
  int (*clFinish)(Handle);
  int (*clReleaseMemObject)(Handle);

  bool load(void* library) {
    bool all = true;
    const auto find = [&](auto& function, const char* name) {
      function = reinterpret_cast<std::remove_reference_t<decltype(function)>>(dlsym(library, name));
      all &= function != nullptr;
    };
#define FIND(name) find(name, #name)
    FIND(clGetPlatformIDs), FIND(clGetPlatformInfo), FIND(clGetDeviceIDs), FIND(clCreateContext);
    FIND(clCreateCommandQueue), FIND(clCreateProgramWithSource), FIND(clBuildProgram), FIND(clCreateKernel);
    FIND(clCreateBuffer), FIND(clSetKernelArg), FIND(clEnqueueNDRangeKernel);
    FIND(clGetProgramBuildInfo), FIND(clFinish), FIND(clReleaseMemObject);
#undef FIND
    return all;
  }
};

constexpr const char* kSource = R"(
kernel void saxpy(int n, float a, global const float* restrict x, global float* restrict y) {
  const int i = get_global_id(0);
  if (i < n) y[i] = a * x[i] + y[i];
}

kernel void sgemm(int n, global const float* restrict a, global const float* restrict b, global float* restrict c) {
  local float tile_a[16][16], tile_b[16][16];
  const int row = get_global_id(1), column = get_global_id(0), x = get_local_id(0), y = get_local_id(1);
  float sum = 0;
  for (int k = 0; k < n; k += 16) {
    tile_a[y][x] = a[row * n + k + x];
    tile_b[y][x] = b[(k + y) * n + column];
    barrier(CLK_LOCAL_MEM_FENCE);
    for (int i = 0; i < 16; ++i) sum += tile_a[y][i] * tile_b[i][x];
    barrier(CLK_LOCAL_MEM_FENCE);
  }
  c[row * n + column] = sum;
}

kernel void mandelbrot(int size, int limit, global int* out) {
  const int px = get_global_id(0), py = get_global_id(1);
  const float cx = -2.0f + px * (3.0f / size), cy = -1.5f + py * (3.0f / size);
  float x = 0, y = 0;
  int i = 0;
  while (i < limit && x * x + y * y <= 4.0f) {
    const float t = x * x - y * y + cx;
    y = 2.0f * x * y + cy;
    x = t;
    ++i;
  }
  out[py * size + px] = i;
}

float reduced(local float* scratch, float v, int largest) {
  const int t = get_local_id(0);
  scratch[t] = v;
  barrier(CLK_LOCAL_MEM_FENCE);
  for (int step = 128; step > 0; step /= 2) {
    if (t < step) scratch[t] = largest ? fmax(scratch[t], scratch[t + step]) : scratch[t] + scratch[t + step];
    barrier(CLK_LOCAL_MEM_FENCE);
  }
  const float result = scratch[0];
  barrier(CLK_LOCAL_MEM_FENCE);
  return result;
}

kernel void softmax(int columns, global const float* restrict in, global float* restrict out) {
  local float scratch[256];
  global const float* x = in + get_group_id(0) * columns;
  global float* y = out + get_group_id(0) * columns;
  float top = -INFINITY, sum = 0;
  for (int i = get_local_id(0); i < columns; i += 256) top = fmax(top, x[i]);
  top = reduced(scratch, top, 1);
  for (int i = get_local_id(0); i < columns; i += 256) {
    const float e = exp(x[i] - top);
    y[i] = e;
    sum += e;
  }
  sum = reduced(scratch, sum, 0);
  for (int i = get_local_id(0); i < columns; i += 256) y[i] /= sum;
}
)";

}  // namespace

class OpenClDevice {
 public:
  Functions cl;
  Handle context = nullptr, queue = nullptr, program = nullptr;
  /// Ends the process with the name of the call that failed.
  static void check(int status, const char* what) {
    if (status == 0) return;
    std::fprintf(stderr, "ppu-bench: %s: OpenCL status %d\n", what, status);
    std::exit(1);
  }
};

namespace {

Handle find_pocl(const Functions& cl) {
  Handle platforms[16];
  unsigned count = 0;
  if (cl.clGetPlatformIDs(16, platforms, &count) != 0) return nullptr;
  for (unsigned i = 0; i < count && i < 16; i++) {
    char name[128] = "";
    cl.clGetPlatformInfo(platforms[i], kPlatformName, sizeof name, name, nullptr);
    if (std::strstr(name, "Portable Computing Language")) return platforms[i];
  }
  return nullptr;
}

class Kernel : public OpenClKernel {
 public:
  Kernel(const std::shared_ptr<OpenClDevice>& device, const char* name, std::initializer_list<size_t> global,
         std::initializer_list<size_t> local, std::initializer_list<OpenClArgument> arguments)
      : device_(device), global_(global), local_(local) {
    int status = 0;
    kernel_ = device->cl.clCreateKernel(device->program, name, &status);
    OpenClDevice::check(status, name);
    unsigned index = 0;
    for (const OpenClArgument& a : arguments) set(index++, a);
  }
  ~Kernel() override {
    for (Handle b : buffers_) device_->cl.clReleaseMemObject(b);
  }
  void run() override {
    OpenClDevice::check(
        device_->cl.clEnqueueNDRangeKernel(device_->queue, kernel_, unsigned(global_.size()), nullptr,
                                           global_.data(), local_.data(), 0, nullptr, nullptr),
        "clEnqueueNDRangeKernel");
    OpenClDevice::check(device_->cl.clFinish(device_->queue), "clFinish");
  }

 private:
  void set(unsigned index, const OpenClArgument& a) {
    const Functions& cl = device_->cl;
    int status = 0;
    if (a.kind == OpenClArgument::Kind::kMemory) {
      // PoCL's CPU device works on the host's memory itself.
      Handle b =
          cl.clCreateBuffer(device_->context, kReadWrite | kUseHostPointer, a.bytes, a.memory, &status);
      OpenClDevice::check(status, "clCreateBuffer");
      buffers_.push_back(b);
      status = cl.clSetKernelArg(kernel_, index, sizeof b, &b);
    } else if (a.kind == OpenClArgument::Kind::kInt) {
      status = cl.clSetKernelArg(kernel_, index, sizeof a.number, &a.number);
    } else {
      status = cl.clSetKernelArg(kernel_, index, sizeof a.real, &a.real);
    }
    OpenClDevice::check(status, "clSetKernelArg");
  }

  std::shared_ptr<OpenClDevice> device_;
  std::vector<size_t> global_, local_;
  std::vector<Handle> buffers_;
  Handle kernel_ = nullptr;
};

}  // namespace

std::shared_ptr<OpenClDevice> open_pocl(std::string* why) {
  void* library = dlopen("libOpenCL.so.1", RTLD_NOW | RTLD_LOCAL);
  auto device = std::make_shared<OpenClDevice>();
  if (!library || !device->cl.load(library)) {
    *why = library ? "libOpenCL.so.1 lacks functions" : "there is no libOpenCL.so.1";
    return nullptr;
  }
  const Functions& cl = device->cl;
  Handle platform = find_pocl(cl), cpu = nullptr;
  if (!platform || cl.clGetDeviceIDs(platform, kCpu, 1, &cpu, nullptr) != 0) {
    *why = "PoCL isn't installed (Debian: pocl-opencl-icd)";
    return nullptr;
  }
  int status = 0;
  const char* source = kSource;
  device->context = cl.clCreateContext(nullptr, 1, &cpu, nullptr, nullptr, &status);
  OpenClDevice::check(status, "clCreateContext");
  device->queue = cl.clCreateCommandQueue(device->context, cpu, 0, &status);
  OpenClDevice::check(status, "clCreateCommandQueue");
  device->program = cl.clCreateProgramWithSource(device->context, 1, &source, nullptr, &status);
  OpenClDevice::check(status, "clCreateProgramWithSource");
  if (cl.clBuildProgram(device->program, 1, &cpu, "", nullptr, nullptr) != 0) {
    char log[4096] = "";
    cl.clGetProgramBuildInfo(device->program, cpu, kBuildLog, sizeof log, log, nullptr);
    std::fprintf(stderr, "ppu-bench: PoCL doesn't build its kernels: %s\n", log);
    *why = "PoCL doesn't build the kernels";
    return nullptr;
  }
  return device;
}

std::unique_ptr<OpenClKernel> make_kernel(const std::shared_ptr<OpenClDevice>& device, const char* name,
                                          std::initializer_list<size_t> global,
                                          std::initializer_list<size_t> local,
                                          std::initializer_list<OpenClArgument> arguments) {
  return std::make_unique<Kernel>(device, name, global, local, arguments);
}

}  // namespace bench

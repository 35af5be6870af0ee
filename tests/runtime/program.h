// What a compiler leaves in a program, by hand: a fat binary with one PTX entry, and its registration.
#pragma once
#include <cuda_runtime_api.h>

#include <cstdint>
#include <cstring>
#include <string>
#include <vector>

extern "C" {
void** __cudaRegisterFatBinary(void* wrapper);
void __cudaRegisterFatBinaryEnd(void** handle);
void __cudaUnregisterFatBinary(void** handle);
void __cudaRegisterFunction(void** handle, const char* host, char* device, const char* name, int, uint3*,
                            uint3*, dim3*, dim3*, int*);
void __cudaRegisterVar(void** handle, char* host, char* device, const char* name, int, size_t bytes, int,
                       int);
void __cudaRegisterManagedVar(void** handle, void** host, char* device, const char* name, int, size_t bytes,
                              int, int);
void __cudaRegisterHostVar(void** handle, const char* name, char* host, size_t bytes);
void __cudaRegisterUnifiedTable(void** handle, const void* table);
char __cudaInitModule(void** handle);
unsigned __cudaPushCallConfiguration(dim3 grid, dim3 block, size_t shared_bytes, cudaStream_t stream);
cudaError_t __cudaPopCallConfiguration(dim3* grid, dim3* block, size_t* shared_bytes, void* stream);
cudaError_t __cudaGetKernel(cudaKernel_t* kernel, const void* host);
cudaError_t __cudaLaunchKernel(cudaKernel_t kernel, dim3 grid, dim3 block, void** params, size_t shared_bytes,
                               cudaStream_t stream);
}

namespace program {

/// A fat binary image around one PTX text, uncompressed (docs/formats.md).
inline std::vector<uint64_t> fatbin(const std::string& ptx) {
  const size_t text_bytes = (ptx.size() + 1 + 7) / 8 * 8;
  std::vector<uint64_t> image((16 + 64 + text_bytes) / 8);
  char* p = reinterpret_cast<char*>(image.data());
  const auto put = [p](size_t at, auto value) { std::memcpy(p + at, &value, sizeof value); };
  put(0, uint32_t(0xBA55ED50));
  put(4, uint16_t(1));
  put(6, uint16_t(16));
  put(8, uint64_t(64 + text_bytes));
  put(16, uint16_t(1));  // PTX
  put(18, uint16_t(0x101));
  put(20, uint32_t(64));
  put(24, uint64_t(text_bytes));
  put(40, uint16_t(0));  // minor and major of the PTX ISA
  put(42, uint16_t(8));
  put(44, uint32_t(80));  // sm_80
  put(56, uint64_t(1));   // 64-bit
  std::memcpy(p + 80, ptx.data(), ptx.size());
  return image;
}

/// One registered translation unit. Kernels and variables are registered by the address of anything unique.
class Unit {
 public:
  explicit Unit(const std::string& ptx) : image_(fatbin(ptx)) {
    wrapper_ = {0x466243B1, 1, image_.data(), nullptr};
    handle_ = __cudaRegisterFatBinary(&wrapper_);
  }
  ~Unit() { __cudaUnregisterFatBinary(handle_); }
  Unit(const Unit&) = delete;
  Unit& operator=(const Unit&) = delete;

  void kernel(const void* host, const char* name) {
    __cudaRegisterFunction(handle_, static_cast<const char*>(host), const_cast<char*>(name), name, -1,
                           nullptr, nullptr, nullptr, nullptr, nullptr);
  }
  void variable(const void* host, const char* name, size_t bytes) {
    __cudaRegisterVar(handle_, static_cast<char*>(const_cast<void*>(host)), nullptr, name, 0, bytes, 0, 0);
  }
  void managed(void** host, const char* name, size_t bytes) {
    __cudaRegisterManagedVar(handle_, host, nullptr, name, 0, bytes, 0, 0);
  }
  void end() { __cudaRegisterFatBinaryEnd(handle_); }
  void** handle() { return handle_; }

 private:
  struct Wrapper {
    uint32_t magic;
    uint32_t version;
    const void* image;
    const void* pieces;
  };
  std::vector<uint64_t> image_;
  Wrapper wrapper_;
  void** handle_;
};

}  // namespace program

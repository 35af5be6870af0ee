// Device memory that frees itself, and CUDA errors as failures.
#pragma once
#include <cuda_runtime.h>

#include <cstddef>
#include <string>
#include <utility>

#include "failure.h"

namespace search {

inline void check(cudaError_t error, const char* what) {
  if (error != cudaSuccess) throw Failure(kDevice, std::string(what) + ": " + cudaGetErrorString(error));
}

/// An array on the device. Grows on demand, never shrinks.
template <class T>
class DeviceBuffer {
 public:
  DeviceBuffer() = default;
  DeviceBuffer(DeviceBuffer&& other) noexcept
      : data_(std::exchange(other.data_, nullptr)), capacity_(std::exchange(other.capacity_, 0)) {}
  DeviceBuffer& operator=(DeviceBuffer&& other) noexcept {
    std::swap(data_, other.data_);
    std::swap(capacity_, other.capacity_);
    return *this;
  }
  ~DeviceBuffer() {
    if (data_) cudaFree(data_);
  }

  /// Room for `count` elements; what was there is lost when it has to grow.
  void reserve(size_t count) {
    if (count <= capacity_) return;
    if (data_) check(cudaFree(data_), "cudaFree");
    data_ = nullptr;
    capacity_ = 0;
    void* fresh = nullptr;
    check(cudaMalloc(&fresh, count * sizeof(T)), "cudaMalloc");
    data_ = static_cast<T*>(fresh);
    capacity_ = count;
  }
  void upload(const T* source, size_t count) {
    reserve(count);
    check(cudaMemcpy(data_, source, count * sizeof(T), cudaMemcpyHostToDevice), "cudaMemcpy to the device");
  }
  void download(T* target, size_t count) const {
    check(cudaMemcpy(target, data_, count * sizeof(T), cudaMemcpyDeviceToHost), "cudaMemcpy from the device");
  }
  T* get() const { return data_; }

 private:
  T* data_ = nullptr;
  size_t capacity_ = 0;
};

}  // namespace search

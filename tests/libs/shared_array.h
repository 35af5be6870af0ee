// An array in managed memory, which tests of libraries and the libraries both see.
#pragma once
#include <cuda_runtime_api.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <initializer_list>

namespace libs_test {

template <class T>
class Shared {
 public:
  explicit Shared(size_t n) : size_(n) {
    EXPECT_EQ(cudaMallocManaged(reinterpret_cast<void**>(&data_), std::max<size_t>(n, 1) * sizeof(T),
                                cudaMemAttachGlobal),
              cudaSuccess);
    std::fill_n(data_, n, T{});
  }
  Shared(std::initializer_list<T> values) : Shared(values.size()) {
    std::copy(values.begin(), values.end(), data_);
  }
  Shared(const Shared&) = delete;
  ~Shared() { cudaFree(data_); }
  T* get() const { return data_; }
  T& operator[](size_t i) const { return data_[i]; }
  size_t size() const { return size_; }
  T* begin() const { return data_; }
  T* end() const { return data_ + size_; }

 private:
  T* data_ = nullptr;
  size_t size_;
};

}  // namespace libs_test

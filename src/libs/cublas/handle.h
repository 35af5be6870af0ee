// What a cuBLAS handle holds, and how its work gets into the stream: every call is checked at once and runs
// later, as a host function of the handle's stream, on the memory itself (device memory is host memory). Not
// here: the arithmetic.
#pragma once
#include <cuComplex.h>
#include <cuda_runtime_api.h>
#include <ppu/cublas_api.h>

#include <cstring>
#include <functional>

struct cublasContext {
  cudaStream_t stream = nullptr;
  cublasPointerMode_t pointer_mode = CUBLAS_POINTER_MODE_HOST;
  cublasAtomicsMode_t atomics = CUBLAS_ATOMICS_NOT_ALLOWED;
  cublasMath_t math = CUBLAS_DEFAULT_MATH;
  int sm_count_target = 0;
  void* workspace = nullptr;  ///< kept to be answered; the CPU needs none
  size_t workspace_bytes = 0;
};

namespace ppu::cublas {

using Status = cublasStatus_t;

/// Whether this is a handle that cublasCreate made and cublasDestroy hasn't taken back.
bool is_live(cublasHandle_t handle);
void add_live(cublasHandle_t handle);
bool remove_live(cublasHandle_t handle);

/// Runs `work` in the handle's stream. In a captured stream it becomes a host node of the graph, which owns
/// it.
Status enqueue(cublasHandle_t handle, std::function<void()> work);

/// A scalar operand: its value under CUBLAS_POINTER_MODE_HOST, read when the call is made; else its address,
/// read when the work runs.
template <class T>
class Scalar {
 public:
  Scalar(cublasHandle_t handle, const T* at) : at_(at) {
    if (handle->pointer_mode == CUBLAS_POINTER_MODE_HOST && at) value_ = read(), at_ = nullptr;
  }
  T get() const { return at_ ? read() : value_; }

 private:
  /// A program's own complex type may be aligned to its half.
  T read() const {
    T value;
    std::memcpy(&value, at_, sizeof value);
    return value;
  }
  T value_{};
  const void* at_;  // not a T*, which the compiler would take for aligned
};

/// Runs work that ends in a scalar result: under CUBLAS_POINTER_MODE_HOST the caller waits for it.
template <class T>
Status enqueue_result(cublasHandle_t handle, T* result, std::function<T()> work) {
  if (handle->pointer_mode == CUBLAS_POINTER_MODE_DEVICE) return enqueue(handle, [=] { *result = work(); });
  T value{};
  const Status status = enqueue(handle, [&] { value = work(); });
  if (status != CUBLAS_STATUS_SUCCESS) return status;
  if (cudaStreamSynchronize(handle->stream) != cudaSuccess) return CUBLAS_STATUS_EXECUTION_FAILED;
  *result = value;
  return CUBLAS_STATUS_SUCCESS;
}

/// True when all `bytes` from `at` on are memory that a device could reach. A wild pointer would end the
/// process: the work runs on the CPU outside of a kernel.
bool reachable(const void* at, size_t bytes);

/// While it lives, this thread's calls take operands in any memory that the process has, as cublasXt's do.
class AnyOperands {
 public:
  AnyOperands();
  ~AnyOperands();
};

/// Bytes of a column-major matrix from its first to its last element.
inline size_t matrix_bytes(int64_t rows, int64_t columns, int64_t ld, size_t element) {
  return rows <= 0 || columns <= 0 ? 0 : (size_t(ld) * size_t(columns - 1) + size_t(rows)) * element;
}
inline size_t vector_bytes(int64_t n, int64_t increment, size_t element) {
  return n <= 0 ? 0 : (size_t(n - 1) * size_t(increment < 0 ? -increment : increment) + 1) * element;
}

}  // namespace ppu::cublas

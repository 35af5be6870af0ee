// The objects behind cuSPARSE's handles and descriptors, and what every body shares: checks, scalars, the way
// into the stream.
#pragma once
#include <cuda.h>
#include <cusparse.h>

#include <complex>
#include <cstring>
#include <memory>
#include <vector>

#include "libs/shell/handles.h"
#include "libs/shell/stream_work.h"

struct cusparseContext {
  CUstream stream = nullptr;
  cusparsePointerMode_t pointer_mode = CUSPARSE_POINTER_MODE_HOST;
};
struct cusparseMatDescr {
  cusparseMatrixType_t type = CUSPARSE_MATRIX_TYPE_GENERAL;
  cusparseFillMode_t fill = CUSPARSE_FILL_MODE_LOWER;
  cusparseDiagType_t diagonal = CUSPARSE_DIAG_TYPE_NON_UNIT;
  cusparseIndexBase_t base = CUSPARSE_INDEX_BASE_ZERO;
};
struct cusparseSpVecDescr {
  int64_t size, nnz;
  void *indices, *values;
  cusparseIndexType_t index_type;
  cusparseIndexBase_t base;
  cudaDataType type;
};
struct cusparseDnVecDescr {
  int64_t size;
  void* values;
  cudaDataType type;
};
struct cusparseDnMatDescr {
  int64_t rows, columns, ld;
  void* values;
  cudaDataType type;
  cusparseOrder_t order;
  int count = 1;
  int64_t stride = 0;
};
/// Every format: `offsets` are CSR's rows, CSC's columns, COO's row indices, a slice's beginning.
struct cusparseSpMatDescr {
  cusparseFormat_t format;
  int64_t rows, columns, nnz;
  void *offsets, *indices, *values;
  cusparseIndexType_t offset_type, index_type;
  cusparseIndexBase_t base;
  cudaDataType type;
  int64_t row_block = 1, column_block = 1;     ///< BSR and blocked ELL
  cusparseOrder_t order = CUSPARSE_ORDER_ROW;  ///< inside a block
  int64_t ell_columns = 0, slice = 0, values_size = 0;
  int count = 1;
  int64_t offset_stride = 0, index_stride = 0, value_stride = 0;
  cusparseFillMode_t fill = CUSPARSE_FILL_MODE_LOWER;
  cusparseDiagType_t diagonal = CUSPARSE_DIAG_TYPE_NON_UNIT;
};

namespace ppu::cusparse {

using Status = cusparseStatus_t;
using Handle = cusparseHandle_t;
constexpr Status kOk = CUSPARSE_STATUS_SUCCESS, kBad = CUSPARSE_STATUS_INVALID_VALUE,
                 kNotDone = CUSPARSE_STATUS_NOT_SUPPORTED;

inline auto& contexts = shell::handles<cusparseContext>();
/// Null for what isn't a descriptor; C programs hold const ones too.
template <class T>
T* find(const T* descriptor) {
  return shell::handles<T>().find(const_cast<T*>(descriptor));
}

inline bool known(cusparseOperation_t op) {
  return op >= CUSPARSE_OPERATION_NON_TRANSPOSE && op <= CUSPARSE_OPERATION_CONJUGATE_TRANSPOSE;
}

/// Bytes asked for as an external buffer: the CPU needs none.
constexpr size_t kBuffer = 16;

inline Status enqueue(Handle handle, std::function<void()> work) {
  return shell::enqueue(handle->stream, std::move(work)) == CUDA_SUCCESS ? kOk
                                                                         : CUSPARSE_STATUS_EXECUTION_FAILED;
}
/// Waits for what the stream holds, for functions that answer on the host.
inline Status wait(Handle handle) {
  return cuStreamSynchronize(handle->stream) == CUDA_SUCCESS ? kOk : CUSPARSE_STATUS_EXECUTION_FAILED;
}
template <class T>
bool reach(const T* at, int64_t n) {
  return shell::reachable("cusparse", at, size_t(n > 0 ? n : 0) * sizeof(T));
}

/// A scalar operand: its value under CUSPARSE_POINTER_MODE_HOST, read when the call is made; else its
/// address, read when the work runs.
template <class T>
class Scalar {
 public:
  Scalar(Handle handle, const T* at) : at_(at) {
    if (handle->pointer_mode == CUSPARSE_POINTER_MODE_HOST && at) value_ = *at, at_ = nullptr;
  }
  T get() const { return at_ ? *at_ : value_; }

 private:
  T value_{};
  const T* at_;
};

template <class T>
constexpr bool is_complex = false;
template <class T>
constexpr bool is_complex<std::complex<T>> = true;
template <class T>
T conjugate_if(bool conjugate, T x) {
  if constexpr (is_complex<T>)
    return conjugate ? std::conj(x) : x;
  else
    return x;
}

}  // namespace ppu::cusparse

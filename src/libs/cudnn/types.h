// The objects behind cuDNN's handles and descriptors, and what every body shares: checks, scalars, the way
// into the stream.
#pragma once
#include <cuda.h>
#include <cudnn.h>

#include <algorithm>
#include <functional>

#include "libs/shell/handles.h"
#include "libs/shell/stream_work.h"

// The graph interface, which our headers don't have: enumerations are their numbers.
using cudnnBackendDescriptor_t = void*;
using cudnnBackendDescriptorType_t = int;
using cudnnBackendAttributeName_t = int;
using cudnnBackendAttributeType_t = int;

struct cudnnContext {
  CUstream stream = nullptr;
};
struct cudnnTensorStruct {
  cudnnDataType_t type = CUDNN_DATA_FLOAT;
  int count = 0;  ///< dimensions; 0: not set yet
  int dims[CUDNN_DIM_MAX] = {};
  int strides[CUDNN_DIM_MAX] = {};
};
struct cudnnFilterStruct {
  cudnnDataType_t type = CUDNN_DATA_FLOAT;
  cudnnTensorFormat_t format = CUDNN_TENSOR_NCHW;
  int count = 0;
  int dims[CUDNN_DIM_MAX] = {};  ///< outputs, inputs, window, whatever the format
};
struct cudnnConvolutionStruct {
  int count = 0;  ///< spatial dimensions
  int padding[CUDNN_DIM_MAX] = {}, stride[CUDNN_DIM_MAX] = {}, dilation[CUDNN_DIM_MAX] = {};
  cudnnConvolutionMode_t mode = CUDNN_CROSS_CORRELATION;
  cudnnDataType_t compute = CUDNN_DATA_FLOAT;
  cudnnMathType_t math = CUDNN_DEFAULT_MATH;
  cudnnReorderType_t reorder = CUDNN_DEFAULT_REORDER;
  int groups = 1;
};
struct cudnnPoolingStruct {
  cudnnPoolingMode_t mode = CUDNN_POOLING_MAX;
  cudnnNanPropagation_t nan = CUDNN_NOT_PROPAGATE_NAN;
  int count = 0;
  int window[CUDNN_DIM_MAX] = {}, padding[CUDNN_DIM_MAX] = {}, stride[CUDNN_DIM_MAX] = {};
};
struct cudnnLRNStruct {
  unsigned n = 5;
  double alpha = 1e-4, beta = 0.75, k = 2;
};
struct cudnnActivationStruct {
  cudnnActivationMode_t mode = CUDNN_ACTIVATION_RELU;
  cudnnNanPropagation_t nan = CUDNN_NOT_PROPAGATE_NAN;
  double coefficient = 0, swish_beta = 1;
};
struct cudnnOpTensorStruct {
  cudnnOpTensorOp_t which = CUDNN_OP_TENSOR_ADD;
  cudnnDataType_t compute = CUDNN_DATA_FLOAT;
  cudnnNanPropagation_t nan = CUDNN_NOT_PROPAGATE_NAN;
};
struct cudnnReduceTensorStruct {
  cudnnReduceTensorOp_t which = CUDNN_REDUCE_TENSOR_ADD;
  cudnnDataType_t compute = CUDNN_DATA_FLOAT;
  cudnnNanPropagation_t nan = CUDNN_NOT_PROPAGATE_NAN;
  cudnnReduceTensorIndices_t wants = CUDNN_REDUCE_TENSOR_NO_INDICES;
  cudnnIndicesType_t index = CUDNN_32BIT_INDICES;
};
struct cudnnDropoutStruct {
  float rate = 0;
  void* states = nullptr;
  unsigned long long seed = 0;
};

namespace ppu::cudnn {

using Status = cudnnStatus_t;
using Handle = cudnnHandle_t;
constexpr Status kOk = CUDNN_STATUS_SUCCESS, kBad = CUDNN_STATUS_BAD_PARAM,
                 kNotDone = CUDNN_STATUS_NOT_SUPPORTED;

/// Null for what isn't a descriptor.
template <class T>
T* find(const T* descriptor) {
  return shell::handles<T>().find(const_cast<T*>(descriptor));
}
template <class T>
Status make(T** descriptor) {
  if (!descriptor) return kBad;
  *descriptor = shell::handles<T>().make();
  return kOk;
}
template <class T>
Status destroy(T* descriptor) {
  return shell::handles<T>().destroy(descriptor) ? kOk : kBad;
}
/// Answers a value where it is asked for.
template <class T>
void answer(T* to, T value) {
  if (to) *to = value;
}

inline Status enqueue(Handle handle, std::function<void()> work) {
  const cudnnContext* context = find(handle);
  if (!context) return CUDNN_STATUS_NOT_INITIALIZED;
  return shell::enqueue(context->stream, std::move(work)) == CUDA_SUCCESS ? kOk
                                                                          : CUDNN_STATUS_EXECUTION_FAILED;
}

/// Bytes of an element; 0 for a type that no function here takes.
inline size_t element_bytes(cudnnDataType_t type) {
  switch (type) {
    case CUDNN_DATA_DOUBLE:
    case CUDNN_DATA_INT64:
      return 8;
    case CUDNN_DATA_FLOAT:
    case CUDNN_DATA_INT32:
      return 4;
    case CUDNN_DATA_HALF:
    case CUDNN_DATA_BFLOAT16:
      return 2;
    case CUDNN_DATA_INT8:
    case CUDNN_DATA_UINT8:
    case CUDNN_DATA_BOOLEAN:
    case CUDNN_DATA_FP8_E4M3:
    case CUDNN_DATA_FP8_E5M2:
      return 1;
  }
  return 0;
}

/// A scalar of the host's: a double for tensors of doubles, a float for all others.
inline double scalar(const void* at, cudnnDataType_t type) {
  return type == CUDNN_DATA_DOUBLE ? *static_cast<const double*>(at) : double(*static_cast<const float*>(at));
}

}  // namespace ppu::cudnn

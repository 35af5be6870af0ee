// Descriptors: made, set, asked.
#include "base/log.h"
#include "libs/cudnn/tensor.h"

namespace ppu::cudnn {
namespace {

bool positive(const int* values, int n) {
  return std::all_of(values, values + n, [](int v) { return v > 0; });
}
Status set_tensor(cudnnTensorDescriptor_t tensor, cudnnDataType_t type, int count, const int* dims,
                  const int* strides) {
  cudnnTensorStruct* t = find(tensor);
  if (!t || !dims || !strides || count < 1 || !positive(dims, count)) return kBad;
  if (count > CUDNN_DIM_MAX || !element_bytes(type)) return kNotDone;
  t->type = type, t->count = count;
  std::copy_n(dims, count, t->dims), std::copy_n(strides, count, t->strides);
  return kOk;
}
/// Strides of a packed tensor: the channels outermost after the batch, or innermost.
void packed(cudnnTensorFormat_t format, int count, const int* dims, int* strides) {
  int64_t next = 1;
  if (format == CUDNN_TENSOR_NHWC && count > 1) strides[1] = 1, next = dims[1];
  for (int d = count - 1; d >= 0; --d) {
    if (format == CUDNN_TENSOR_NHWC && d == 1) continue;
    strides[d] = int(next), next *= dims[d];
  }
}
Status refuse_vectors() {
  log_once("cudnn", "vect_c", "CUDNN_TENSOR_NCHW_VECT_C isn't written: CUDNN_STATUS_NOT_SUPPORTED");
  return kNotDone;
}
Status check_format(cudnnTensorFormat_t format) {
  if (format == CUDNN_TENSOR_NCHW_VECT_C) return refuse_vectors();
  return format == CUDNN_TENSOR_NCHW || format == CUDNN_TENSOR_NHWC ? kOk : kBad;
}

}  // namespace

Status cudnnCreateTensorDescriptor(cudnnTensorDescriptor_t* tensor) {
  return make(tensor);
}
Status cudnnDestroyTensorDescriptor(cudnnTensorDescriptor_t tensor) {
  return tensor ? destroy(tensor) : kOk;
}
Status cudnnSetTensorNdDescriptor(cudnnTensorDescriptor_t tensor, cudnnDataType_t type, int count,
                                  const int dims[], const int strides[]) {
  if (!strides || count < 1 || (count <= CUDNN_DIM_MAX && !positive(strides, count))) return kBad;
  return set_tensor(tensor, type, count, dims, strides);
}
Status cudnnSetTensorNdDescriptorEx(cudnnTensorDescriptor_t tensor, cudnnTensorFormat_t format,
                                    cudnnDataType_t type, int count, const int dims[]) {
  if (const Status bad = check_format(format); bad != kOk) return bad;
  if (!dims || count < 1 || count > CUDNN_DIM_MAX) return count > CUDNN_DIM_MAX ? kNotDone : kBad;
  int strides[CUDNN_DIM_MAX];
  packed(format, count, dims, strides);
  return set_tensor(tensor, type, count, dims, strides);
}
Status cudnnSetTensor4dDescriptor(cudnnTensorDescriptor_t tensor, cudnnTensorFormat_t format,
                                  cudnnDataType_t type, int n, int c, int h, int w) {
  const int dims[] = {n, c, h, w};
  return cudnn::cudnnSetTensorNdDescriptorEx(tensor, format, type, 4, dims);
}
Status cudnnSetTensor4dDescriptorEx(cudnnTensorDescriptor_t tensor, cudnnDataType_t type, int n, int c, int h,
                                    int w, int n_stride, int c_stride, int h_stride, int w_stride) {
  const int dims[] = {n, c, h, w}, strides[] = {n_stride, c_stride, h_stride, w_stride};
  return set_tensor(tensor, type, 4, dims, strides);
}
Status cudnnGetTensor4dDescriptor(const cudnnTensorDescriptor_t tensor, cudnnDataType_t* type, int* n, int* c,
                                  int* h, int* w, int* n_stride, int* c_stride, int* h_stride,
                                  int* w_stride) {
  const cudnnTensorStruct* t = find(tensor);
  if (!t || t->count != 4) return kBad;
  answer(type, t->type);
  answer(n, t->dims[0]), answer(c, t->dims[1]), answer(h, t->dims[2]), answer(w, t->dims[3]);
  answer(n_stride, t->strides[0]), answer(c_stride, t->strides[1]);
  answer(h_stride, t->strides[2]), answer(w_stride, t->strides[3]);
  return kOk;
}
Status cudnnGetTensorNdDescriptor(const cudnnTensorDescriptor_t tensor, int requested, cudnnDataType_t* type,
                                  int* count, int dims[], int strides[]) {
  const cudnnTensorStruct* t = find(tensor);
  if (!t || requested < 0) return kBad;
  answer(type, t->type), answer(count, t->count);
  const int n = std::min(requested, t->count);
  if (dims) std::copy_n(t->dims, n, dims);
  if (strides) std::copy_n(t->strides, n, strides);
  return kOk;
}
Status cudnnGetTensorSizeInBytes(const cudnnTensorDescriptor_t tensor, size_t* size) {
  const cudnnTensorStruct* t = find(tensor);
  if (!t || !size) return kBad;
  *size = t->count ? size_t(extent(*t)) * element_bytes(t->type) : 0;
  return kOk;
}

Status cudnnCreateFilterDescriptor(cudnnFilterDescriptor_t* filter) {
  return make(filter);
}
Status cudnnDestroyFilterDescriptor(cudnnFilterDescriptor_t filter) {
  return filter ? destroy(filter) : kOk;
}
Status cudnnSetFilterNdDescriptor(cudnnFilterDescriptor_t filter, cudnnDataType_t type,
                                  cudnnTensorFormat_t format, int count, const int dims[]) {
  cudnnFilterStruct* f = find(filter);
  if (const Status bad = check_format(format); bad != kOk) return bad;
  if (!f || !dims || count < 3 || (count <= CUDNN_DIM_MAX && !positive(dims, count))) return kBad;
  if (count > CUDNN_DIM_MAX || !element_bytes(type)) return kNotDone;
  f->type = type, f->format = format, f->count = count;
  std::copy_n(dims, count, f->dims);
  return kOk;
}
Status cudnnSetFilter4dDescriptor(cudnnFilterDescriptor_t filter, cudnnDataType_t type,
                                  cudnnTensorFormat_t format, int k, int c, int h, int w) {
  const int dims[] = {k, c, h, w};
  return cudnn::cudnnSetFilterNdDescriptor(filter, type, format, 4, dims);
}
Status cudnnGetFilter4dDescriptor(const cudnnFilterDescriptor_t filter, cudnnDataType_t* type,
                                  cudnnTensorFormat_t* format, int* k, int* c, int* h, int* w) {
  const cudnnFilterStruct* f = find(filter);
  if (!f || f->count != 4) return kBad;
  answer(type, f->type), answer(format, f->format);
  answer(k, f->dims[0]), answer(c, f->dims[1]), answer(h, f->dims[2]), answer(w, f->dims[3]);
  return kOk;
}
Status cudnnGetFilterNdDescriptor(const cudnnFilterDescriptor_t filter, int requested, cudnnDataType_t* type,
                                  cudnnTensorFormat_t* format, int* count, int dims[]) {
  const cudnnFilterStruct* f = find(filter);
  if (!f || requested < 0) return kBad;
  answer(type, f->type), answer(format, f->format), answer(count, f->count);
  if (dims) std::copy_n(f->dims, std::min(requested, f->count), dims);
  return kOk;
}
Status cudnnGetFilterSizeInBytes(const cudnnFilterDescriptor_t filter, size_t* size) {
  const cudnnFilterStruct* f = find(filter);
  if (!f || !size) return kBad;
  *size = element_bytes(f->type);
  for (int d = 0; d < f->count; ++d) *size *= size_t(f->dims[d]);
  return kOk;
}

Status cudnnCreateConvolutionDescriptor(cudnnConvolutionDescriptor_t* convolution) {
  return make(convolution);
}
Status cudnnDestroyConvolutionDescriptor(cudnnConvolutionDescriptor_t convolution) {
  return convolution ? destroy(convolution) : kOk;
}
#define PPU_FIELD(Name, type, field, valid)                                                 \
  Status cudnnSetConvolution##Name(cudnnConvolutionDescriptor_t convolution, type value) {  \
    cudnnConvolutionStruct* c = find(convolution);                                          \
    if (!c || !(valid)) return kBad;                                                        \
    c->field = value;                                                                       \
    return kOk;                                                                             \
  }                                                                                         \
  Status cudnnGetConvolution##Name(cudnnConvolutionDescriptor_t convolution, type* value) { \
    const cudnnConvolutionStruct* c = find(convolution);                                    \
    if (!c || !value) return kBad;                                                          \
    *value = c->field;                                                                      \
    return kOk;                                                                             \
  }
PPU_FIELD(MathType, cudnnMathType_t, math, unsigned(value) <= CUDNN_FMA_MATH)
PPU_FIELD(GroupCount, int, groups, value > 0)
PPU_FIELD(ReorderType, cudnnReorderType_t, reorder, unsigned(value) <= CUDNN_NO_REORDER)
#undef PPU_FIELD
Status cudnnSetConvolutionNdDescriptor(cudnnConvolutionDescriptor_t convolution, int count,
                                       const int padding[], const int stride[], const int dilation[],
                                       cudnnConvolutionMode_t mode, cudnnDataType_t compute) {
  cudnnConvolutionStruct* c = find(convolution);
  if (!c || count < 1 || !padding || !stride || !dilation || unsigned(mode) > CUDNN_CROSS_CORRELATION)
    return kBad;
  if (count > CUDNN_DIM_MAX - 2) return kNotDone;
  if (!positive(stride, count) || !positive(dilation, count) ||
      std::any_of(padding, padding + count, [](int p) { return p < 0; }))
    return kBad;
  c->count = count, c->mode = mode, c->compute = compute;
  std::copy_n(padding, count, c->padding), std::copy_n(stride, count, c->stride);
  std::copy_n(dilation, count, c->dilation);
  return kOk;
}
Status cudnnSetConvolution2dDescriptor(cudnnConvolutionDescriptor_t convolution, int pad_h, int pad_w,
                                       int stride_h, int stride_w, int dilation_h, int dilation_w,
                                       cudnnConvolutionMode_t mode, cudnnDataType_t compute) {
  const int padding[] = {pad_h, pad_w}, stride[] = {stride_h, stride_w},
            dilation[] = {dilation_h, dilation_w};
  return cudnn::cudnnSetConvolutionNdDescriptor(convolution, 2, padding, stride, dilation, mode, compute);
}
Status cudnnGetConvolution2dDescriptor(const cudnnConvolutionDescriptor_t convolution, int* pad_h, int* pad_w,
                                       int* stride_h, int* stride_w, int* dilation_h, int* dilation_w,
                                       cudnnConvolutionMode_t* mode, cudnnDataType_t* compute) {
  const cudnnConvolutionStruct* c = find(convolution);
  if (!c || c->count != 2) return kBad;
  answer(pad_h, c->padding[0]), answer(pad_w, c->padding[1]);
  answer(stride_h, c->stride[0]), answer(stride_w, c->stride[1]);
  answer(dilation_h, c->dilation[0]), answer(dilation_w, c->dilation[1]);
  answer(mode, c->mode), answer(compute, c->compute);
  return kOk;
}
Status cudnnGetConvolutionNdDescriptor(const cudnnConvolutionDescriptor_t convolution, int requested,
                                       int* count, int padding[], int stride[], int dilation[],
                                       cudnnConvolutionMode_t* mode, cudnnDataType_t* compute) {
  const cudnnConvolutionStruct* c = find(convolution);
  if (!c || requested < 0) return kBad;
  const int n = std::min(requested, c->count);
  answer(count, c->count), answer(mode, c->mode), answer(compute, c->compute);
  if (padding) std::copy_n(c->padding, n, padding);
  if (stride) std::copy_n(c->stride, n, stride);
  if (dilation) std::copy_n(c->dilation, n, dilation);
  return kOk;
}

Status cudnnCreatePoolingDescriptor(cudnnPoolingDescriptor_t* pooling) {
  return make(pooling);
}
Status cudnnDestroyPoolingDescriptor(cudnnPoolingDescriptor_t pooling) {
  return pooling ? destroy(pooling) : kOk;
}
Status cudnnSetPoolingNdDescriptor(cudnnPoolingDescriptor_t pooling, const cudnnPoolingMode_t mode,
                                   const cudnnNanPropagation_t nan, int count, const int window[],
                                   const int padding[], const int stride[]) {
  cudnnPoolingStruct* p = find(pooling);
  if (!p || unsigned(mode) > CUDNN_POOLING_MAX_DETERMINISTIC || unsigned(nan) > CUDNN_PROPAGATE_NAN ||
      count < 1 || !window || !padding || !stride)
    return kBad;
  if (count > CUDNN_DIM_MAX - 2) return kNotDone;
  if (!positive(window, count) || !positive(stride, count) ||
      std::any_of(padding, padding + count, [](int v) { return v < 0; }))
    return kBad;
  p->mode = mode, p->nan = nan, p->count = count;
  std::copy_n(window, count, p->window), std::copy_n(padding, count, p->padding),
      std::copy_n(stride, count, p->stride);
  return kOk;
}
Status cudnnSetPooling2dDescriptor(cudnnPoolingDescriptor_t pooling, cudnnPoolingMode_t mode,
                                   cudnnNanPropagation_t nan, int height, int width, int pad_h, int pad_w,
                                   int stride_h, int stride_w) {
  const int window[] = {height, width}, padding[] = {pad_h, pad_w}, stride[] = {stride_h, stride_w};
  return cudnn::cudnnSetPoolingNdDescriptor(pooling, mode, nan, 2, window, padding, stride);
}
Status cudnnGetPooling2dDescriptor(const cudnnPoolingDescriptor_t pooling, cudnnPoolingMode_t* mode,
                                   cudnnNanPropagation_t* nan, int* height, int* width, int* pad_h,
                                   int* pad_w, int* stride_h, int* stride_w) {
  const cudnnPoolingStruct* p = find(pooling);
  if (!p || p->count != 2) return kBad;
  answer(mode, p->mode), answer(nan, p->nan), answer(height, p->window[0]), answer(width, p->window[1]);
  answer(pad_h, p->padding[0]), answer(pad_w, p->padding[1]);
  answer(stride_h, p->stride[0]), answer(stride_w, p->stride[1]);
  return kOk;
}
Status cudnnGetPoolingNdDescriptor(const cudnnPoolingDescriptor_t pooling, int requested,
                                   cudnnPoolingMode_t* mode, cudnnNanPropagation_t* nan, int* count,
                                   int window[], int padding[], int stride[]) {
  const cudnnPoolingStruct* p = find(pooling);
  if (!p || requested < 0) return kBad;
  const int n = std::min(requested, p->count);
  answer(mode, p->mode), answer(nan, p->nan), answer(count, p->count);
  if (window) std::copy_n(p->window, n, window);
  if (padding) std::copy_n(p->padding, n, padding);
  if (stride) std::copy_n(p->stride, n, stride);
  return kOk;
}

Status cudnnCreateLRNDescriptor(cudnnLRNDescriptor_t* lrn) {
  return make(lrn);
}
Status cudnnDestroyLRNDescriptor(cudnnLRNDescriptor_t lrn) {
  return lrn ? destroy(lrn) : kOk;
}
Status cudnnSetLRNDescriptor(cudnnLRNDescriptor_t lrn, unsigned n, double alpha, double beta, double k) {
  cudnnLRNStruct* l = find(lrn);
  if (!l || n < CUDNN_LRN_MIN_N || n > CUDNN_LRN_MAX_N || beta < CUDNN_LRN_MIN_BETA || k < CUDNN_LRN_MIN_K)
    return kBad;
  l->n = n, l->alpha = alpha, l->beta = beta, l->k = k;
  return kOk;
}
Status cudnnGetLRNDescriptor(cudnnLRNDescriptor_t lrn, unsigned* n, double* alpha, double* beta, double* k) {
  const cudnnLRNStruct* l = find(lrn);
  if (!l) return kBad;
  answer(n, l->n), answer(alpha, l->alpha), answer(beta, l->beta), answer(k, l->k);
  return kOk;
}

Status cudnnCreateActivationDescriptor(cudnnActivationDescriptor_t* activation) {
  return make(activation);
}
Status cudnnDestroyActivationDescriptor(cudnnActivationDescriptor_t activation) {
  return activation ? destroy(activation) : kOk;
}
Status cudnnSetActivationDescriptor(cudnnActivationDescriptor_t activation, cudnnActivationMode_t mode,
                                    cudnnNanPropagation_t nan, double coefficient) {
  cudnnActivationStruct* a = find(activation);
  if (!a || unsigned(mode) > CUDNN_ACTIVATION_SWISH || unsigned(nan) > CUDNN_PROPAGATE_NAN) return kBad;
  a->mode = mode, a->nan = nan, a->coefficient = coefficient;
  return kOk;
}
Status cudnnGetActivationDescriptor(const cudnnActivationDescriptor_t activation, cudnnActivationMode_t* mode,
                                    cudnnNanPropagation_t* nan, double* coefficient) {
  const cudnnActivationStruct* a = find(activation);
  if (!a) return kBad;
  answer(mode, a->mode), answer(nan, a->nan), answer(coefficient, a->coefficient);
  return kOk;
}
Status cudnnSetActivationDescriptorSwishBeta(cudnnActivationDescriptor_t activation, double beta) {
  cudnnActivationStruct* a = find(activation);
  if (!a) return kBad;
  a->swish_beta = beta;
  return kOk;
}
Status cudnnGetActivationDescriptorSwishBeta(cudnnActivationDescriptor_t activation, double* beta) {
  const cudnnActivationStruct* a = find(activation);
  if (!a || !beta) return kBad;
  *beta = a->swish_beta;
  return kOk;
}

Status cudnnCreateOpTensorDescriptor(cudnnOpTensorDescriptor_t* op) {
  return make(op);
}
Status cudnnDestroyOpTensorDescriptor(cudnnOpTensorDescriptor_t op) {
  return op ? destroy(op) : kOk;
}
Status cudnnSetOpTensorDescriptor(cudnnOpTensorDescriptor_t op, cudnnOpTensorOp_t which,
                                  cudnnDataType_t compute, cudnnNanPropagation_t nan) {
  cudnnOpTensorStruct* o = find(op);
  if (!o || unsigned(which) > CUDNN_OP_TENSOR_NOT || unsigned(nan) > CUDNN_PROPAGATE_NAN) return kBad;
  o->which = which, o->compute = compute, o->nan = nan;
  return kOk;
}
Status cudnnGetOpTensorDescriptor(const cudnnOpTensorDescriptor_t op, cudnnOpTensorOp_t* which,
                                  cudnnDataType_t* compute, cudnnNanPropagation_t* nan) {
  const cudnnOpTensorStruct* o = find(op);
  if (!o) return kBad;
  answer(which, o->which), answer(compute, o->compute), answer(nan, o->nan);
  return kOk;
}

Status cudnnCreateReduceTensorDescriptor(cudnnReduceTensorDescriptor_t* reduce) {
  return make(reduce);
}
Status cudnnDestroyReduceTensorDescriptor(cudnnReduceTensorDescriptor_t reduce) {
  return reduce ? destroy(reduce) : kOk;
}
Status cudnnSetReduceTensorDescriptor(cudnnReduceTensorDescriptor_t reduce, cudnnReduceTensorOp_t which,
                                      cudnnDataType_t compute, cudnnNanPropagation_t nan,
                                      cudnnReduceTensorIndices_t wants, cudnnIndicesType_t index) {
  cudnnReduceTensorStruct* r = find(reduce);
  if (!r || unsigned(which) > CUDNN_REDUCE_TENSOR_MUL_NO_ZEROS || unsigned(nan) > CUDNN_PROPAGATE_NAN ||
      unsigned(wants) > CUDNN_REDUCE_TENSOR_FLATTENED_INDICES || unsigned(index) > CUDNN_8BIT_INDICES)
    return kBad;
  r->which = which, r->compute = compute, r->nan = nan, r->wants = wants, r->index = index;
  return kOk;
}
Status cudnnGetReduceTensorDescriptor(const cudnnReduceTensorDescriptor_t reduce,
                                      cudnnReduceTensorOp_t* which, cudnnDataType_t* compute,
                                      cudnnNanPropagation_t* nan, cudnnReduceTensorIndices_t* wants,
                                      cudnnIndicesType_t* index) {
  const cudnnReduceTensorStruct* r = find(reduce);
  if (!r) return kBad;
  answer(which, r->which), answer(compute, r->compute), answer(nan, r->nan), answer(wants, r->wants);
  answer(index, r->index);
  return kOk;
}

}  // namespace ppu::cudnn

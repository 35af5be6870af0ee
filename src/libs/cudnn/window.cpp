// What looks at neighbours: pooling over windows, normalization across channels.
#include <cmath>
#include <limits>

#include "libs/cudnn/tensor.h"

namespace ppu::cudnn {
namespace {

int pooled(const cudnnPoolingStruct& p, const cudnnTensorStruct& x, int d) {
  return 1 + (x.dims[d + 2] + 2 * p.padding[d] - p.window[d]) / p.stride[d];
}
/// dims of the result; false where the window doesn't fit.
bool pooled_shape(const cudnnPoolingStruct& p, const cudnnTensorStruct& x, int* dims) {
  if (x.count != p.count + 2) return false;
  dims[0] = x.dims[0], dims[1] = x.dims[1];
  for (int d = 0; d < p.count; ++d) {
    if (x.dims[d + 2] + 2 * p.padding[d] < p.window[d]) return false;
    dims[d + 2] = pooled(p, x, d);
  }
  return true;
}

/// Calls body(offset in x) for what output element `out` (its spatial index) sees. How many places the window
/// has, counting padding that lies inside of the padded input.
template <class Body>
int64_t look(const cudnnPoolingStruct& p, const cudnnTensorStruct& x, int64_t plane, const int* out,
             Body&& body) {
  int begin[CUDNN_DIM_MAX], size[CUDNN_DIM_MAX];
  int64_t whole = 1, first = plane;
  for (int d = 0; d < p.count; ++d) {
    const int from = out[d] * p.stride[d] - p.padding[d], n = x.dims[d + 2];
    const int to = std::min(from + p.window[d], n);
    whole *= std::min(from + p.window[d], n + p.padding[d]) - from;
    begin[d] = std::max(from, 0), size[d] = to - begin[d];
    first += int64_t(begin[d]) * x.strides[d + 2];
  }
  Place inside;
  for (int d = 0; d < p.count; ++d) inside.stride[d] = x.strides[d + 2];
  walk(p.count, size, {inside}, [&](const int64_t* at) { body(first + at[0]); });
  return whole;
}

/// Calls body(plane of x, spatial index, offsets in the others) for every output element.
template <size_t N, class Body>
void for_outputs(const cudnnTensorStruct& y, const cudnnTensorStruct& x, const Place (&places)[N],
                 Body&& body) {
  int index[CUDNN_DIM_MAX] = {};
  const int spatial = y.count - 2;
  for (int64_t n = 0; n < y.dims[0]; ++n)
    for (int64_t c = 0; c < y.dims[1]; ++c) {
      const int64_t plane = n * x.strides[0] + c * x.strides[1];
      std::fill_n(index, spatial, 0);
      while (true) {
        int64_t at[N];
        for (size_t k = 0; k < N; ++k) {
          at[k] = n * places[k].stride[0] + c * places[k].stride[1];
          for (int d = 0; d < spatial; ++d) at[k] += index[d] * places[k].stride[d + 2];
        }
        body(plane, index, at);
        int d = spatial - 1;
        for (; d >= 0 && ++index[d] == y.dims[d + 2]; --d) index[d] = 0;
        if (d < 0) break;
      }
    }
}
bool is_max(const cudnnPoolingStruct& p) {
  return p.mode == CUDNN_POOLING_MAX || p.mode == CUDNN_POOLING_MAX_DETERMINISTIC;
}
/// Where the largest of a window lies, the first one of equals; -1 for a window in the padding.
template <class C>
int64_t largest(const cudnnPoolingStruct& p, const cudnnTensorStruct& x, const Numbers<C>& in, int64_t plane,
                const int* index) {
  int64_t best = -1;
  look(p, x, plane, index, [&](int64_t at) {
    if (best < 0 || in[at] > in[best] || (std::isnan(in[at]) && p.nan == CUDNN_PROPAGATE_NAN) ||
        std::isnan(in[best]))
      if (!(best >= 0 && std::isnan(in[best]) && p.nan == CUDNN_PROPAGATE_NAN)) best = at;
  });
  return best;
}
Status check_pooling(Handle h, const cudnnPoolingStruct* p, const cudnnTensorStruct* x,
                     const cudnnTensorStruct* y, bool pointers) {
  if (!find(h)) return CUDNN_STATUS_NOT_INITIALIZED;
  int dims[CUDNN_DIM_MAX];
  if (!p || !p->count || !x || !y || !pointers || !pooled_shape(*p, *x, dims) || y->count != x->count ||
      !std::equal(dims, dims + x->count, y->dims))
    return kBad;
  return kOk;
}

}  // namespace

Status cudnnGetPoolingNdForwardOutputDim(const cudnnPoolingDescriptor_t pooling,
                                         const cudnnTensorDescriptor_t x_tensor, int count, int dims[]) {
  const cudnnPoolingStruct* p = find(pooling);
  const cudnnTensorStruct* x = find(x_tensor);
  int all[CUDNN_DIM_MAX];
  if (!p || !x || !dims || !p->count || count != x->count || !pooled_shape(*p, *x, all)) return kBad;
  std::copy_n(all, count, dims);
  return kOk;
}
Status cudnnGetPooling2dForwardOutputDim(const cudnnPoolingDescriptor_t pooling,
                                         const cudnnTensorDescriptor_t x_tensor, int* n, int* c, int* h,
                                         int* w) {
  int dims[4];
  const Status bad = cudnn::cudnnGetPoolingNdForwardOutputDim(pooling, x_tensor, 4, dims);
  if (bad != kOk) return bad;
  answer(n, dims[0]), answer(c, dims[1]), answer(h, dims[2]), answer(w, dims[3]);
  return kOk;
}
Status cudnnPoolingForward(Handle h, const cudnnPoolingDescriptor_t pooling, const void* alpha,
                           const cudnnTensorDescriptor_t x_tensor, const void* x, const void* beta,
                           const cudnnTensorDescriptor_t y_tensor, void* y) {
  const cudnnPoolingStruct* p = find(pooling);
  const cudnnTensorStruct *tx = find(x_tensor), *ty = find(y_tensor);
  if (const Status bad = check_pooling(h, p, tx, ty, alpha && beta && x && y); bad != kOk) return bad;
  if (!reach(*tx, x) || !reach(*ty, y)) return CUDNN_STATUS_EXECUTION_FAILED;
  const double al = scalar(alpha, ty->type), be = scalar(beta, ty->type);
  return enqueue(h, [=, how = *p, sx = *tx, sy = *ty] {
    with_compute(
        [&](auto one) {
          using C = decltype(one);
          const Numbers<C> in(sx, x), out(sy, y);
          for_outputs(sy, sx, {Place(sy)}, [&](int64_t plane, const int* index, const int64_t* at) {
            C value(0);
            if (is_max(how)) {
              const int64_t best = largest(how, sx, in, plane, index);
              value = best < 0 ? -std::numeric_limits<C>::infinity() : in[best];
            } else {
              int64_t seen = 0;
              const int64_t whole = look(how, sx, plane, index, [&](int64_t k) { value += in[k], ++seen; });
              value /=
                  C(how.mode == CUDNN_POOLING_AVERAGE_COUNT_INCLUDE_PADDING ? whole
                                                                            : std::max<int64_t>(seen, 1));
            }
            out[at[0]] = blend(C(al), value, C(be), out[at[0]]);
          });
          out.write_back();
        },
        sx.type, sy.type);
  });
}
Status cudnnPoolingBackward(Handle h, const cudnnPoolingDescriptor_t pooling, const void* alpha,
                            const cudnnTensorDescriptor_t y_tensor, const void* y,
                            const cudnnTensorDescriptor_t dy_tensor, const void* dy,
                            const cudnnTensorDescriptor_t x_tensor, const void* x, const void* beta,
                            const cudnnTensorDescriptor_t dx_tensor, void* dx) {
  const cudnnPoolingStruct* p = find(pooling);
  const cudnnTensorStruct *ty = find(y_tensor), *tdy = find(dy_tensor), *tx = find(x_tensor),
                          *tdx = find(dx_tensor);
  if (const Status bad = check_pooling(h, p, tx, tdy, alpha && beta && y && dy && x && dx); bad != kOk)
    return bad;
  if (!ty || !tdx || !same_shape(*ty, *tdy) || !same_shape(*tx, *tdx)) return kBad;
  if (!reach(*tdy, dy) || !reach(*tx, x) || !reach(*tdx, dx)) return CUDNN_STATUS_EXECUTION_FAILED;
  const double al = scalar(alpha, tdx->type), be = scalar(beta, tdx->type);
  return enqueue(h, [=, how = *p, sdy = *tdy, sx = *tx, sdx = *tdx] {
    with_compute(
        [&](auto one) {
          using C = decltype(one);
          const Numbers<C> dys(sdy, dy), in(sx, x), out(sdx, dx);
          // Gradients gather in x's own layout.
          std::vector<C> sums(size_t(extent(sx)), C(0));
          for_outputs(sdy, sx, {Place(sdy)}, [&](int64_t plane, const int* index, const int64_t* at) {
            const C d = dys[at[0]];
            if (is_max(how)) {
              if (const int64_t best = largest(how, sx, in, plane, index); best >= 0) sums[size_t(best)] += d;
              return;
            }
            int64_t seen = 0;
            const int64_t whole = look(how, sx, plane, index, [&](int64_t) { ++seen; });
            const C share =
                d / C(how.mode == CUDNN_POOLING_AVERAGE_COUNT_INCLUDE_PADDING ? whole
                                                                              : std::max<int64_t>(seen, 1));
            look(how, sx, plane, index, [&](int64_t k) { sums[size_t(k)] += share; });
          });
          walk(sdx, {Place(sx), Place(sdx)},
               [&](const int64_t* at) { out[at[1]] = blend(C(al), sums[size_t(at[0])], C(be), out[at[1]]); });
          out.write_back();
        },
        sdy.type, sx.type, sdx.type);
  });
}

namespace {

/// Calls body(offset of the column of channels in each tensor) for each place of a tensor.
template <size_t N, class Body>
void for_columns(const cudnnTensorStruct& shape, const Place (&places)[N], Body&& body) {
  int dims[CUDNN_DIM_MAX];
  std::copy_n(shape.dims, shape.count, dims);
  dims[1] = 1;
  walk(shape.count, dims, places, std::forward<Body>(body));
}
/// k + alpha / n times the sum of squares around channel c.
template <class C>
C surroundings(const cudnnLRNStruct& l, const Numbers<C>& x, int64_t column, int64_t stride, int channels,
               int c) {
  const int before = int(l.n - 1) / 2, after = int(l.n) - 1 - before;
  C sum(0);
  for (int j = std::max(0, c - before); j <= std::min(channels - 1, c + after); ++j)
    sum += x[column + j * stride] * x[column + j * stride];
  return C(l.k) + C(l.alpha) / C(l.n) * sum;
}

}  // namespace

Status cudnnLRNCrossChannelForward(Handle h, cudnnLRNDescriptor_t lrn, cudnnLRNMode_t mode, const void* alpha,
                                   const cudnnTensorDescriptor_t x_tensor, const void* x, const void* beta,
                                   const cudnnTensorDescriptor_t y_tensor, void* y) {
  const cudnnLRNStruct* l = find(lrn);
  const cudnnTensorStruct *tx = find(x_tensor), *ty = find(y_tensor);
  if (!find(h)) return CUDNN_STATUS_NOT_INITIALIZED;
  if (!l || mode != CUDNN_LRN_CROSS_CHANNEL_DIM1 || !tx || !ty || tx->count < 3 || !alpha || !beta || !x ||
      !y || !same_shape(*tx, *ty))
    return kBad;
  if (!reach(*tx, x) || !reach(*ty, y)) return CUDNN_STATUS_EXECUTION_FAILED;
  const double al = scalar(alpha, ty->type), be = scalar(beta, ty->type);
  return enqueue(h, [=, how = *l, sx = *tx, sy = *ty] {
    with_compute(
        [&](auto one) {
          using C = decltype(one);
          const Numbers<C> in(sx, x), out(sy, y);
          for_columns(sx, {Place(sx), Place(sy)}, [&](const int64_t* at) {
            for (int c = 0; c < sx.dims[1]; ++c) {
              const C s = surroundings(how, in, at[0], sx.strides[1], sx.dims[1], c);
              C& to = out[at[1] + int64_t(c) * sy.strides[1]];
              to =
                  blend(C(al), in[at[0] + int64_t(c) * sx.strides[1]] * std::pow(s, -C(how.beta)), C(be), to);
            }
          });
          out.write_back();
        },
        sx.type, sy.type);
  });
}
Status cudnnLRNCrossChannelBackward(Handle h, cudnnLRNDescriptor_t lrn, cudnnLRNMode_t mode,
                                    const void* alpha, const cudnnTensorDescriptor_t y_tensor, const void* y,
                                    const cudnnTensorDescriptor_t dy_tensor, const void* dy,
                                    const cudnnTensorDescriptor_t x_tensor, const void* x, const void* beta,
                                    const cudnnTensorDescriptor_t dx_tensor, void* dx) {
  const cudnnLRNStruct* l = find(lrn);
  const cudnnTensorStruct *ty = find(y_tensor), *tdy = find(dy_tensor), *tx = find(x_tensor),
                          *tdx = find(dx_tensor);
  if (!find(h)) return CUDNN_STATUS_NOT_INITIALIZED;
  if (!l || mode != CUDNN_LRN_CROSS_CHANNEL_DIM1 || !ty || !tdy || !tx || !tdx || tx->count < 3 || !alpha ||
      !beta || !y || !dy || !x || !dx || !same_shape(*ty, *tx) || !same_shape(*tdy, *tx) ||
      !same_shape(*tdx, *tx))
    return kBad;
  if (!reach(*tdy, dy) || !reach(*tx, x) || !reach(*tdx, dx)) return CUDNN_STATUS_EXECUTION_FAILED;
  const double al = scalar(alpha, tdx->type), be = scalar(beta, tdx->type);
  return enqueue(h, [=, how = *l, sdy = *tdy, sx = *tx, sdx = *tdx] {
    with_compute(
        [&](auto one) {
          using C = decltype(one);
          const Numbers<C> in(sx, x), dys(sdy, dy), out(sdx, dx);
          const int channels = sx.dims[1], before = int(how.n - 1) / 2, after = int(how.n) - 1 - before;
          std::vector<C> around(size_t(channels), C(0)), pull(size_t(channels), C(0));
          for_columns(sx, {Place(sx), Place(sdy), Place(sdx)}, [&](const int64_t* at) {
            for (int c = 0; c < channels; ++c) {
              const C s = surroundings(how, in, at[0], sx.strides[1], channels, c);
              around[size_t(c)] = std::pow(s, -C(how.beta));
              pull[size_t(c)] = dys[at[1] + int64_t(c) * sdy.strides[1]] *
                                in[at[0] + int64_t(c) * sx.strides[1]] * around[size_t(c)] / s;
            }
            for (int c = 0; c < channels; ++c) {  // the channels whose surroundings hold this one
              C sum(0);
              for (int j = std::max(0, c - after); j <= std::min(channels - 1, c + before); ++j)
                sum += pull[size_t(j)];
              const C value =
                  dys[at[1] + int64_t(c) * sdy.strides[1]] * around[size_t(c)] -
                  C(2) * C(how.alpha) * C(how.beta) / C(how.n) * in[at[0] + int64_t(c) * sx.strides[1]] * sum;
              C& to = out[at[2] + int64_t(c) * sdx.strides[1]];
              to = blend(C(al), value, C(be), to);
            }
          });
          out.write_back();
        },
        sdy.type, sx.type, sdx.type);
  });
}

}  // namespace ppu::cudnn

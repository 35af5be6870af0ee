// Convolutions in any number of dimensions, with groups and dilation: the windows of one image and group as
// the columns of a matrix, multiplied by OpenBLAS. Every algorithm that programs may ask for is this one.
#include <cblas.h>

#include <chrono>

#include "libs/cudnn/pointwise.h"

namespace ppu::cudnn {
namespace {

/// One convolution's sizes. The output of image n is W (outputs x depth) times columns (depth x places),
/// group by group.
struct Shape {
  cudnnTensorStruct x, y;
  cudnnFilterStruct w;
  cudnnConvolutionStruct c;
  int spatial = 0;
  int64_t inputs = 0, outputs = 0, window = 1, depth = 0, places = 1;  ///< of one group
};

int output_size(const cudnnConvolutionStruct& c, const cudnnTensorStruct& x, const cudnnFilterStruct& w,
                int d) {
  return 1 + (x.dims[d + 2] + 2 * c.padding[d] - ((w.dims[d + 2] - 1) * c.dilation[d] + 1)) / c.stride[d];
}
bool output_shape(const cudnnConvolutionStruct& c, const cudnnTensorStruct& x, const cudnnFilterStruct& w,
                  int* dims) {
  if (x.count != c.count + 2 || w.count != x.count || x.dims[1] != w.dims[1] * c.groups ||
      w.dims[0] % c.groups)
    return false;
  dims[0] = x.dims[0], dims[1] = w.dims[0];
  for (int d = 0; d < c.count; ++d) {
    if (x.dims[d + 2] + 2 * c.padding[d] < (w.dims[d + 2] - 1) * c.dilation[d] + 1) return false;
    dims[d + 2] = output_size(c, x, w, d);
  }
  return true;
}
Status shape_of(Handle h, const cudnnTensorDescriptor_t x, const cudnnFilterDescriptor_t w,
                const cudnnConvolutionDescriptor_t convolution, const cudnnTensorDescriptor_t y, Shape* s) {
  const cudnnTensorStruct *tx = find(x), *ty = find(y);
  const cudnnFilterStruct* fw = find(w);
  const cudnnConvolutionStruct* c = find(convolution);
  if (!find(h)) return CUDNN_STATUS_NOT_INITIALIZED;
  int dims[CUDNN_DIM_MAX];
  if (!tx || !ty || !fw || !c || !c->count || !output_shape(*c, *tx, *fw, dims) || ty->count != tx->count ||
      !std::equal(dims, dims + tx->count, ty->dims))
    return kBad;
  s->x = *tx, s->y = *ty, s->w = *fw, s->c = *c, s->spatial = c->count;
  s->inputs = fw->dims[1], s->outputs = fw->dims[0] / c->groups;
  for (int d = 0; d < c->count; ++d) s->window *= fw->dims[d + 2], s->places *= ty->dims[d + 2];
  s->depth = s->inputs * s->window;
  return kOk;
}
int64_t filter_elements(const cudnnFilterStruct& w) {
  int64_t n = 1;
  for (int d = 0; d < w.count; ++d) n *= w.dims[d];
  return n;
}
bool reach(const cudnnFilterStruct& w, const void* at) {
  return shell::reachable("cudnn", at, size_t(filter_elements(w)) * element_bytes(w.type));
}

/// Where element (output o, input i, window k) lies in the filter's memory: channels inside for NHWC, and the
/// window backwards for a convolution proper.
int64_t filter_at(const Shape& s, int64_t o, int64_t i, int64_t k) {
  if (s.c.mode == CUDNN_CONVOLUTION) k = s.window - 1 - k;
  return s.w.format == CUDNN_TENSOR_NHWC ? (o * s.window + k) * s.inputs + i
                                         : (o * s.inputs + i) * s.window + k;
}
template <class C>
std::vector<C> packed_filter(const Shape& s, const Numbers<C>& w, int64_t group) {
  std::vector<C> packed(size_t(s.outputs * s.depth));
  for (int64_t o = 0; o < s.outputs; ++o)
    for (int64_t i = 0; i < s.inputs; ++i)
      for (int64_t k = 0; k < s.window; ++k)
        packed[size_t(o * s.depth + i * s.window + k)] = w[filter_at(s, group * s.outputs + o, i, k)];
  return packed;
}

/// Calls body(row of the columns matrix, place, offset in the image's channel or -1 for padding).
template <class Body>
void for_window(const Shape& s, Body&& body) {
  int at_window[CUDNN_DIM_MAX], at_place[CUDNN_DIM_MAX];
  for (int64_t k = 0; k < s.window; ++k) {
    for (int64_t d = s.spatial - 1, rest = k; d >= 0; rest /= s.w.dims[d + 2], --d)
      at_window[d] = int(rest % s.w.dims[d + 2]);
    std::fill_n(at_place, s.spatial, 0);
    for (int64_t p = 0; p < s.places; ++p) {
      int64_t offset = 0;
      for (int d = 0; d < s.spatial; ++d) {
        const int in = at_place[d] * s.c.stride[d] - s.c.padding[d] + at_window[d] * s.c.dilation[d];
        if (in < 0 || in >= s.x.dims[d + 2]) {
          offset = -1;
          break;
        }
        offset += int64_t(in) * s.x.strides[d + 2];
      }
      body(k, p, offset);
      for (int d = s.spatial - 1; d >= 0 && ++at_place[d] == s.y.dims[d + 2]; --d) at_place[d] = 0;
    }
  }
}
/// The table of `for_window`: one for all images and channels.
std::vector<int64_t> window_offsets(const Shape& s) {
  std::vector<int64_t> offsets(size_t(s.window * s.places));
  for_window(s, [&](int64_t k, int64_t p, int64_t offset) { offsets[size_t(k * s.places + p)] = offset; });
  return offsets;
}
std::vector<int64_t> place_offsets(const Shape& s) {
  std::vector<int64_t> offsets;
  offsets.reserve(size_t(s.places));
  Place steps;
  for (int d = 0; d < s.spatial; ++d) steps.stride[d] = s.y.strides[d + 2];
  walk(s.spatial, s.y.dims + 2, {steps}, [&](const int64_t* at) { offsets.push_back(at[0]); });
  return offsets;
}
int64_t channel(const cudnnTensorStruct& t, int64_t n, int64_t c) {
  return n * t.strides[0] + c * t.strides[1];
}
template <class C>
void gather_columns(const Shape& s, const std::vector<int64_t>& window, const C* x, int64_t n, int64_t group,
                    std::vector<C>& columns) {
  const int64_t block = s.window * s.places;
  for (int64_t i = 0; i < s.inputs; ++i) {
    const C* from = x + channel(s.x, n, group * s.inputs + i);
    C* to = columns.data() + i * block;
    for (int64_t k = 0; k < block; ++k) to[k] = window[size_t(k)] < 0 ? C(0) : from[window[size_t(k)]];
  }
}

void multiply(CBLAS_TRANSPOSE ta, CBLAS_TRANSPOSE tb, int64_t m, int64_t n, int64_t k, const float* a,
              int64_t lda, const float* b, int64_t ldb, float beta, float* c) {
  scipy_cblas_sgemm(CblasRowMajor, ta, tb, int(m), int(n), int(k), 1, a, int(lda), b, int(ldb), beta, c,
                    int(n));
}
void multiply(CBLAS_TRANSPOSE ta, CBLAS_TRANSPOSE tb, int64_t m, int64_t n, int64_t k, const double* a,
              int64_t lda, const double* b, int64_t ldb, double beta, double* c) {
  scipy_cblas_dgemm(CblasRowMajor, ta, tb, int(m), int(n), int(k), 1, a, int(lda), b, int(ldb), beta, c,
                    int(n));
}

/// Calls done(offset in y, channel, value) for every output of the convolution.
template <class C, class Done>
void forward(const Shape& s, const Numbers<C>& x, const Numbers<C>& w, Done&& done) {
  const std::vector<int64_t> window = window_offsets(s), places = place_offsets(s);
  std::vector<C> columns(size_t(s.depth * s.places)), result(size_t(s.outputs * s.places));
  for (int64_t g = 0; g < s.c.groups; ++g) {
    const std::vector<C> filter = packed_filter(s, w, g);
    for (int64_t n = 0; n < s.x.dims[0]; ++n) {
      gather_columns(s, window, x.get(), n, g, columns);
      multiply(CblasNoTrans, CblasNoTrans, s.outputs, s.places, s.depth, filter.data(), s.depth,
               columns.data(), s.places, C(0), result.data());
      for (int64_t o = 0; o < s.outputs; ++o) {
        const int64_t c = g * s.outputs + o, at = channel(s.y, n, c);
        for (int64_t p = 0; p < s.places; ++p)
          done(at + places[size_t(p)], n, c, p, result[size_t(o * s.places + p)]);
      }
    }
  }
}
/// One image's and group's outputs as a matrix.
template <class C>
void gather_outputs(const Shape& s, const std::vector<int64_t>& places, const C* y, int64_t n, int64_t group,
                    std::vector<C>& rows) {
  for (int64_t o = 0; o < s.outputs; ++o) {
    const C* from = y + channel(s.y, n, group * s.outputs + o);
    for (int64_t p = 0; p < s.places; ++p) rows[size_t(o * s.places + p)] = from[places[size_t(p)]];
  }
}
/// Gradients of x, gathered in x's own layout.
template <class C>
std::vector<C> backward_data(const Shape& s, const Numbers<C>& w, const Numbers<C>& dy) {
  const std::vector<int64_t> window = window_offsets(s), places = place_offsets(s);
  std::vector<C> sums(size_t(extent(s.x)), C(0)), columns(size_t(s.depth * s.places)),
      rows(size_t(s.outputs * s.places));
  for (int64_t g = 0; g < s.c.groups; ++g) {
    const std::vector<C> filter = packed_filter(s, w, g);
    for (int64_t n = 0; n < s.x.dims[0]; ++n) {
      gather_outputs(s, places, dy.get(), n, g, rows);
      multiply(CblasTrans, CblasNoTrans, s.depth, s.places, s.outputs, filter.data(), s.depth, rows.data(),
               s.places, C(0), columns.data());
      const int64_t block = s.window * s.places;
      for (int64_t i = 0; i < s.inputs; ++i) {
        C* to = sums.data() + channel(s.x, n, g * s.inputs + i);
        for (int64_t k = 0; k < block; ++k)
          if (window[size_t(k)] >= 0) to[window[size_t(k)]] += columns[size_t(i * block + k)];
      }
    }
  }
  return sums;
}
/// Gradients of the filter, in its own layout.
template <class C>
std::vector<C> backward_filter(const Shape& s, const Numbers<C>& x, const Numbers<C>& dy) {
  const std::vector<int64_t> window = window_offsets(s), places = place_offsets(s);
  std::vector<C> columns(size_t(s.depth * s.places)), rows(size_t(s.outputs * s.places)),
      sums(size_t(s.outputs * s.depth)), result(size_t(filter_elements(s.w)));
  for (int64_t g = 0; g < s.c.groups; ++g) {
    std::fill(sums.begin(), sums.end(), C(0));
    for (int64_t n = 0; n < s.x.dims[0]; ++n) {
      gather_columns(s, window, x.get(), n, g, columns);
      gather_outputs(s, places, dy.get(), n, g, rows);
      multiply(CblasNoTrans, CblasTrans, s.outputs, s.depth, s.places, rows.data(), s.places, columns.data(),
               s.places, C(1), sums.data());
    }
    for (int64_t o = 0; o < s.outputs; ++o)
      for (int64_t i = 0; i < s.inputs; ++i)
        for (int64_t k = 0; k < s.window; ++k)
          result[size_t(filter_at(s, g * s.outputs + o, i, k))] =
              sums[size_t(o * s.depth + i * s.window + k)];
  }
  return result;
}

}  // namespace

Status cudnnGetConvolutionNdForwardOutputDim(const cudnnConvolutionDescriptor_t convolution,
                                             const cudnnTensorDescriptor_t x_tensor,
                                             const cudnnFilterDescriptor_t w_filter, int count, int dims[]) {
  const cudnnConvolutionStruct* c = find(convolution);
  const cudnnTensorStruct* x = find(x_tensor);
  const cudnnFilterStruct* w = find(w_filter);
  int all[CUDNN_DIM_MAX];
  if (!c || !x || !w || !dims || !c->count || count != x->count || !output_shape(*c, *x, *w, all))
    return kBad;
  std::copy_n(all, count, dims);
  return kOk;
}
Status cudnnGetConvolution2dForwardOutputDim(const cudnnConvolutionDescriptor_t convolution,
                                             const cudnnTensorDescriptor_t x_tensor,
                                             const cudnnFilterDescriptor_t w_filter, int* n, int* c, int* h,
                                             int* width) {
  int dims[4];
  const Status bad = cudnn::cudnnGetConvolutionNdForwardOutputDim(convolution, x_tensor, w_filter, 4, dims);
  if (bad != kOk) return bad;
  answer(n, dims[0]), answer(c, dims[1]), answer(h, dims[2]), answer(width, dims[3]);
  return kOk;
}

Status cudnnConvolutionForward(Handle h, const void* alpha, const cudnnTensorDescriptor_t x_tensor,
                               const void* x, const cudnnFilterDescriptor_t w_filter, const void* w,
                               const cudnnConvolutionDescriptor_t convolution,
                               cudnnConvolutionFwdAlgo_t algorithm, void*, size_t, const void* beta,
                               const cudnnTensorDescriptor_t y_tensor, void* y) {
  Shape s;
  if (const Status bad = shape_of(h, x_tensor, w_filter, convolution, y_tensor, &s); bad != kOk) return bad;
  if (unsigned(algorithm) >= CUDNN_CONVOLUTION_FWD_ALGO_COUNT || !alpha || !beta || !x || !w || !y)
    return kBad;
  if (!reach(s.x, x) || !reach(s.w, w) || !reach(s.y, y)) return CUDNN_STATUS_EXECUTION_FAILED;
  const double al = scalar(alpha, s.y.type), be = scalar(beta, s.y.type);
  return enqueue(h, [=] {
    with_compute(
        [&](auto one) {
          using C = decltype(one);
          const Numbers<C> in(s.x, x), filter(s.w.type, w, filter_elements(s.w)), out(s.y, y);
          forward(s, in, filter, [&](int64_t at, int64_t, int64_t, int64_t, C value) {
            out[at] = blend(C(al), value, C(be), out[at]);
          });
          out.write_back();
        },
        s.x.type, s.w.type, s.y.type);
  });
}
/// y = activation(alpha1 conv(x) + alpha2 z + bias).
Status cudnnConvolutionBiasActivationForward(Handle h, const void* alpha1,
                                             const cudnnTensorDescriptor_t x_tensor, const void* x,
                                             const cudnnFilterDescriptor_t w_filter, const void* w,
                                             const cudnnConvolutionDescriptor_t convolution,
                                             cudnnConvolutionFwdAlgo_t algorithm, void*, size_t,
                                             const void* alpha2, const cudnnTensorDescriptor_t z_tensor,
                                             const void* z, const cudnnTensorDescriptor_t bias_tensor,
                                             const void* bias, const cudnnActivationDescriptor_t activation,
                                             const cudnnTensorDescriptor_t y_tensor, void* y) {
  Shape s;
  if (const Status bad = shape_of(h, x_tensor, w_filter, convolution, y_tensor, &s); bad != kOk) return bad;
  const cudnnTensorStruct *tz = find(z_tensor), *tb = find(bias_tensor);
  const cudnnActivationStruct* a = find(activation);
  if (unsigned(algorithm) >= CUDNN_CONVOLUTION_FWD_ALGO_COUNT || !a || !tb || !tz || !alpha1 || !alpha2 ||
      !x || !w || !bias || !y || tb->count != s.y.count || tb->dims[1] != s.y.dims[1] ||
      elements(*tb) != s.y.dims[1] || !same_shape(*tz, s.y))
    return kBad;
  const double al = scalar(alpha1, s.y.type), more = scalar(alpha2, s.y.type);
  if (more != 0 && !z) return kBad;
  if (!reach(s.x, x) || !reach(s.w, w) || !reach(*tb, bias) || !reach(s.y, y) ||
      (more != 0 && !reach(*tz, z)))
    return CUDNN_STATUS_EXECUTION_FAILED;
  return enqueue(h, [=, sz = *tz, sb = *tb, how = *a] {
    with_compute(
        [&](auto one) {
          using C = decltype(one);
          const Numbers<C> in(s.x, x), filter(s.w.type, w, filter_elements(s.w)), out(s.y, y), b(sb, bias);
          const Numbers<C> added(more != 0 ? sz : s.y, more != 0 ? z : y);
          Place steps;
          for (int d = 0; d < s.spatial; ++d) steps.stride[d] = sz.strides[d + 2];
          std::vector<int64_t> places;
          walk(s.spatial, sz.dims + 2, {steps}, [&](const int64_t* at) { places.push_back(at[0]); });
          forward(s, in, filter, [&](int64_t at, int64_t n, int64_t c, int64_t p, C value) {
            C sum = C(al) * value + b[c * sb.strides[1]];
            if (more != 0) sum += C(more) * added[channel(sz, n, c) + places[size_t(p)]];
            out[at] = activate(how, sum);
          });
          out.write_back();
        },
        s.x.type, s.w.type, s.y.type, sb.type);
  });
}
Status cudnnConvolutionBackwardData(Handle h, const void* alpha, const cudnnFilterDescriptor_t w_filter,
                                    const void* w, const cudnnTensorDescriptor_t dy_tensor, const void* dy,
                                    const cudnnConvolutionDescriptor_t convolution,
                                    cudnnConvolutionBwdDataAlgo_t algorithm, void*, size_t, const void* beta,
                                    const cudnnTensorDescriptor_t dx_tensor, void* dx) {
  Shape s;
  if (const Status bad = shape_of(h, dx_tensor, w_filter, convolution, dy_tensor, &s); bad != kOk) return bad;
  if (unsigned(algorithm) >= CUDNN_CONVOLUTION_BWD_DATA_ALGO_COUNT || !alpha || !beta || !w || !dy || !dx)
    return kBad;
  if (!reach(s.x, dx) || !reach(s.w, w) || !reach(s.y, dy)) return CUDNN_STATUS_EXECUTION_FAILED;
  const double al = scalar(alpha, s.x.type), be = scalar(beta, s.x.type);
  return enqueue(h, [=] {
    with_compute(
        [&](auto one) {
          using C = decltype(one);
          const Numbers<C> filter(s.w.type, w, filter_elements(s.w)), dys(s.y, dy), out(s.x, dx);
          const std::vector<C> sums = backward_data(s, filter, dys);
          walk(s.x, {Place(s.x)},
               [&](const int64_t* at) { out[at[0]] = blend(C(al), sums[size_t(at[0])], C(be), out[at[0]]); });
          out.write_back();
        },
        s.x.type, s.w.type, s.y.type);
  });
}
Status cudnnConvolutionBackwardFilter(Handle h, const void* alpha, const cudnnTensorDescriptor_t x_tensor,
                                      const void* x, const cudnnTensorDescriptor_t dy_tensor, const void* dy,
                                      const cudnnConvolutionDescriptor_t convolution,
                                      cudnnConvolutionBwdFilterAlgo_t algorithm, void*, size_t,
                                      const void* beta, const cudnnFilterDescriptor_t dw_filter, void* dw) {
  Shape s;
  if (const Status bad = shape_of(h, x_tensor, dw_filter, convolution, dy_tensor, &s); bad != kOk) return bad;
  if (unsigned(algorithm) >= CUDNN_CONVOLUTION_BWD_FILTER_ALGO_COUNT || !alpha || !beta || !x || !dy || !dw)
    return kBad;
  if (!reach(s.x, x) || !reach(s.w, dw) || !reach(s.y, dy)) return CUDNN_STATUS_EXECUTION_FAILED;
  const double al = scalar(alpha, s.w.type), be = scalar(beta, s.w.type);
  return enqueue(h, [=] {
    with_compute(
        [&](auto one) {
          using C = decltype(one);
          const Numbers<C> in(s.x, x), dys(s.y, dy), out(s.w.type, dw, filter_elements(s.w));
          const std::vector<C> sums = backward_filter(s, in, dys);
          for (size_t i = 0; i < sums.size(); ++i)
            out[int64_t(i)] = blend(C(al), sums[i], C(be), out[int64_t(i)]);
          out.write_back();
        },
        s.x.type, s.w.type, s.y.type);
  });
}
Status cudnnConvolutionBackwardBias(Handle h, const void* alpha, const cudnnTensorDescriptor_t dy_tensor,
                                    const void* dy, const void* beta, const cudnnTensorDescriptor_t db_tensor,
                                    void* db) {
  const cudnnTensorStruct *tdy = find(dy_tensor), *tdb = find(db_tensor);
  if (!find(h)) return CUDNN_STATUS_NOT_INITIALIZED;
  if (!tdy || !tdb || !alpha || !beta || !dy || !db || tdy->count < 2 || tdb->count != tdy->count ||
      tdb->dims[1] != tdy->dims[1] || elements(*tdb) != tdy->dims[1])
    return kBad;
  if (!reach(*tdy, dy) || !reach(*tdb, db)) return CUDNN_STATUS_EXECUTION_FAILED;
  const double al = scalar(alpha, tdb->type), be = scalar(beta, tdb->type);
  return enqueue(h, [=, sdy = *tdy, sdb = *tdb] {
    with_compute(
        [&](auto one) {
          using C = decltype(one);
          const Numbers<C> in(sdy, dy), out(sdb, db);
          std::vector<C> sums(size_t(sdy.dims[1]), C(0));
          Place number;
          number.stride[1] = 1;
          walk(sdy, {Place(sdy), number}, [&](const int64_t* at) { sums[size_t(at[1])] += in[at[0]]; });
          for (int64_t c = 0; c < sdb.dims[1]; ++c) {
            C& to = out[c * sdb.strides[1]];
            to = blend(C(al), sums[size_t(c)], C(be), to);
          }
          out.write_back();
        },
        sdy.type, sdb.type);
  });
}

namespace {

/// Answers a query for algorithms: all are the same code, of which the first names come first.
template <class Perf, class Algorithm>
Status answer_algorithms(const Shape& s, Algorithm count, int requested, int* returned, Perf* results,
                         float time) {
  if (requested < 1 || !returned || !results) return kBad;
  *returned = std::min(requested, int(count));
  for (int i = 0; i < *returned; ++i)
    results[i] = {Algorithm(i), kOk, time, 0, CUDNN_DETERMINISTIC, s.c.math, {}};
  return kOk;
}
/// Milliseconds of one run on zeros.
template <class Run>
float measured(Run&& run) {
  const auto begin = std::chrono::steady_clock::now();
  run();
  return std::chrono::duration<float, std::milli>(std::chrono::steady_clock::now() - begin).count();
}
struct Zeros {
  explicit Zeros(const Shape& s)
      : x(size_t(extent(s.x)), 0.f), y(size_t(extent(s.y)), 0.f), w(size_t(filter_elements(s.w)), 0.f) {}
  std::vector<float> x, y, w;
  Numbers<float> numbers(const std::vector<float>& v) const {
    return {CUDNN_DATA_FLOAT, v.data(), int64_t(v.size())};
  }
};
float time_of(const Shape& s, cudnnConvolutionFwdAlgo_t) {
  const Zeros z(s);
  return measured(
      [&] { forward(s, z.numbers(z.x), z.numbers(z.w), [](int64_t, int64_t, int64_t, int64_t, float) {}); });
}
float time_of(const Shape& s, cudnnConvolutionBwdDataAlgo_t) {
  const Zeros z(s);
  return measured([&] { backward_data(s, z.numbers(z.w), z.numbers(z.y)); });
}
float time_of(const Shape& s, cudnnConvolutionBwdFilterAlgo_t) {
  const Zeros z(s);
  return measured([&] { backward_filter(s, z.numbers(z.x), z.numbers(z.y)); });
}

}  // namespace

// The queries of one direction. `x`, `w`, `y` are the descriptors in forward terms. A heuristic answer has no
// time (documented as -1), a search measures one.
#define PPU_QUERIES(Name, Short, COUNT, A, a, B, b, D, d, PA, PB, PD, x, w, y)                              \
  Status cudnnGetConvolution##Name##AlgorithmMaxCount(Handle h, int* count) {                               \
    if (!find(h)) return CUDNN_STATUS_NOT_INITIALIZED;                                                      \
    if (!count) return kBad;                                                                                \
    *count = COUNT;                                                                                         \
    return kOk;                                                                                             \
  }                                                                                                         \
  Status cudnnGetConvolution##Name##Algorithm_v7(                                                           \
      Handle h, const A a, const B b, const cudnnConvolutionDescriptor_t c, const D d, const int requested, \
      int* returned, cudnnConvolution##Short##AlgoPerf_t* results) {                                        \
    Shape s;                                                                                                \
    const Status bad = shape_of(h, x, w, c, y, &s);                                                         \
    return bad != kOk ? bad : answer_algorithms(s, COUNT, requested, returned, results, -1);                \
  }                                                                                                         \
  Status cudnnFindConvolution##Name##Algorithm(                                                             \
      Handle h, const A a, const B b, const cudnnConvolutionDescriptor_t c, const D d, const int requested, \
      int* returned, cudnnConvolution##Short##AlgoPerf_t* results) {                                        \
    Shape s;                                                                                                \
    const Status bad = shape_of(h, x, w, c, y, &s);                                                         \
    return bad != kOk ? bad : answer_algorithms(s, COUNT, requested, returned, results, time_of(s, COUNT)); \
  }                                                                                                         \
  Status cudnnFindConvolution##Name##AlgorithmEx(                                                           \
      Handle h, const A a, PA, const B b, PB, const cudnnConvolutionDescriptor_t c, const D d, PD,          \
      const int requested, int* returned, cudnnConvolution##Short##AlgoPerf_t* results, void*, size_t) {    \
    return cudnn::cudnnFindConvolution##Name##Algorithm(h, a, b, c, d, requested, returned, results);       \
  }                                                                                                         \
  Status cudnnGetConvolution##Name##WorkspaceSize(                                                          \
      Handle h, const A a, const B b, const cudnnConvolutionDescriptor_t c, const D d,                      \
      cudnnConvolution##Short##Algo_t algorithm, size_t* bytes) {                                           \
    Shape s;                                                                                                \
    const Status bad = shape_of(h, x, w, c, y, &s);                                                         \
    if (bad != kOk) return bad;                                                                             \
    if (unsigned(algorithm) >= COUNT || !bytes) return kBad;                                                \
    *bytes = 0;                                                                                             \
    return kOk;                                                                                             \
  }
#define PPU_TD cudnnTensorDescriptor_t
#define PPU_FD cudnnFilterDescriptor_t
PPU_QUERIES(Forward, Fwd, CUDNN_CONVOLUTION_FWD_ALGO_COUNT, PPU_TD, tx, PPU_FD, tw, PPU_TD, ty, const void*,
            const void*, void*, tx, tw, ty)
PPU_QUERIES(BackwardData, BwdData, CUDNN_CONVOLUTION_BWD_DATA_ALGO_COUNT, PPU_FD, tw, PPU_TD, ty, PPU_TD, tx,
            const void*, const void*, void*, tx, tw, ty)
PPU_QUERIES(BackwardFilter, BwdFilter, CUDNN_CONVOLUTION_BWD_FILTER_ALGO_COUNT, PPU_TD, tx, PPU_TD, ty,
            PPU_FD, tw, const void*, const void*, void*, tx, tw, ty)

}  // namespace ppu::cudnn

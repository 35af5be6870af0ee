// Functions of elements: sums and operations of tensors, reductions, activations, softmax, dropout.
#include "libs/cudnn/pointwise.h"

#include <limits>

#include "base/log.h"
#include "libs/curand/words.h"

namespace ppu::cudnn {
namespace {

bool ready(const cudnnTensorStruct* t) {
  return t && t->count > 0;
}
/// y = blend of alpha f(x) and beta y, element by element.
template <class F>
Status map(Handle h, const void* alpha, const cudnnTensorStruct* x, const void* from, const void* beta,
           const cudnnTensorStruct* y, void* to, F&& f) {
  if (!find(h)) return CUDNN_STATUS_NOT_INITIALIZED;
  if (!ready(x) || !ready(y) || !alpha || !beta || !from || !to || !spreads_over(*x, *y)) return kBad;
  if (!reach(*x, from) || !reach(*y, to)) return CUDNN_STATUS_EXECUTION_FAILED;
  const double al = scalar(alpha, y->type), be = scalar(beta, y->type);
  return enqueue(h, [=, tx = *x, ty = *y] {
    with_compute(
        [&](auto one) {
          using C = decltype(one);
          const Numbers<C> in(tx, from), out(ty, to);
          walk(ty, {Place(tx), Place(ty)},
               [&](const int64_t* at) { out[at[1]] = blend(C(al), f(in[at[0]]), C(be), out[at[1]]); });
          out.write_back();
        },
        tx.type, ty.type);
  });
}

}  // namespace

Status cudnnTransformTensor(Handle h, const void* alpha, const cudnnTensorDescriptor_t x_tensor,
                            const void* x, const void* beta, const cudnnTensorDescriptor_t y_tensor,
                            void* y) {
  const cudnnTensorStruct *tx = find(x_tensor), *ty = find(y_tensor);
  if (tx && ty && !same_shape(*tx, *ty)) return kBad;
  return map(h, alpha, tx, x, beta, ty, y, [](auto v) { return v; });
}
Status cudnnAddTensor(Handle h, const void* alpha, const cudnnTensorDescriptor_t a_tensor, const void* a,
                      const void* beta, const cudnnTensorDescriptor_t c_tensor, void* c) {
  return map(h, alpha, find(a_tensor), a, beta, find(c_tensor), c, [](auto v) { return v; });
}
/// `value` is the host's, of the tensor's type.
Status cudnnSetTensor(Handle h, const cudnnTensorDescriptor_t y_tensor, void* y, const void* value) {
  const cudnnTensorStruct* t = find(y_tensor);
  if (!find(h)) return CUDNN_STATUS_NOT_INITIALIZED;
  if (!ready(t) || !y || !value) return kBad;
  if (!reach(*t, y)) return CUDNN_STATUS_EXECUTION_FAILED;
  const size_t bytes = element_bytes(t->type);
  const char* from = static_cast<const char*>(value);
  return enqueue(h, [=, to = *t, kept = std::vector<char>(from, from + bytes)] {
    walk(to, {Place(to)}, [&](const int64_t* at) {
      std::memcpy(static_cast<char*>(y) + size_t(at[0]) * bytes, kept.data(), bytes);
    });
  });
}
Status cudnnScaleTensor(Handle h, const cudnnTensorDescriptor_t y_tensor, void* y, const void* alpha) {
  const double none = 0;
  return map(h, alpha, find(y_tensor), y, &none, find(y_tensor), y, [](auto v) { return v; });
}

namespace {

template <class C>
C combine(const cudnnOpTensorStruct& op, C a, C b) {
  const bool nan = op.nan == CUDNN_PROPAGATE_NAN && (std::isnan(a) || std::isnan(b));
  switch (op.which) {
    case CUDNN_OP_TENSOR_ADD:
      return a + b;
    case CUDNN_OP_TENSOR_MUL:
      return a * b;
    case CUDNN_OP_TENSOR_MIN:
      return nan ? a + b : std::fmin(a, b);
    case CUDNN_OP_TENSOR_MAX:
      return nan ? a + b : std::fmax(a, b);
    case CUDNN_OP_TENSOR_SQRT:
      return std::sqrt(a);
    case CUDNN_OP_TENSOR_NOT:
      return C(1) - a;
  }
  return a;
}

}  // namespace

/// A is of C's shape, B goes over it; square root and complement take A alone.
Status cudnnOpTensor(Handle h, const cudnnOpTensorDescriptor_t op, const void* alpha1,
                     const cudnnTensorDescriptor_t a_tensor, const void* a, const void* alpha2,
                     const cudnnTensorDescriptor_t b_tensor, const void* b, const void* beta,
                     const cudnnTensorDescriptor_t c_tensor, void* c) {
  const cudnnOpTensorStruct* o = find(op);
  if (!find(h)) return CUDNN_STATUS_NOT_INITIALIZED;
  if (!o) return kBad;
  const bool alone = o->which == CUDNN_OP_TENSOR_SQRT || o->which == CUDNN_OP_TENSOR_NOT;
  const cudnnTensorStruct *ta = find(a_tensor), *tb = alone ? ta : find(b_tensor), *tc = find(c_tensor);
  const void* from_b = alone ? a : b;
  if (!ready(ta) || !ready(tb) || !ready(tc) || !alpha1 || (!alone && !alpha2) || !beta || !a || !from_b ||
      !c || !same_shape(*ta, *tc) || !spreads_over(*tb, *tc))
    return kBad;
  if (!reach(*ta, a) || !reach(*tb, from_b) || !reach(*tc, c)) return CUDNN_STATUS_EXECUTION_FAILED;
  const cudnnDataType_t type = o->compute;
  const double al1 = scalar(alpha1, type), al2 = alone ? 0 : scalar(alpha2, type), be = scalar(beta, type);
  return enqueue(h, [=, which = *o, sa = *ta, sb = *tb, sc = *tc] {
    with_compute(
        [&](auto one) {
          using C = decltype(one);
          const Numbers<C> left(sa, a), right(sb, from_b), out(sc, c);
          walk(sc, {Place(sa), Place(sb), Place(sc)}, [&](const int64_t* at) {
            out[at[2]] =
                blend(C(1), combine(which, C(al1) * left[at[0]], C(al2) * right[at[1]]), C(be), out[at[2]]);
          });
          out.write_back();
        },
        sa.type, sb.type, sc.type, which.compute);
  });
}

namespace {

/// One result of a reduction, as its elements come.
template <class C>
struct Reduced {
  C value;
  int64_t index = -1, count = 0;
  explicit Reduced(cudnnReduceTensorOp_t which)
      : value(which == CUDNN_REDUCE_TENSOR_MUL || which == CUDNN_REDUCE_TENSOR_MUL_NO_ZEROS ? C(1) : C(0)) {}
  void take(const cudnnReduceTensorStruct& r, C x, int64_t at) {
    const C size = std::abs(x);
    ++count;
    switch (r.which) {
      case CUDNN_REDUCE_TENSOR_ADD:
      case CUDNN_REDUCE_TENSOR_AVG:
        value += x;
        break;
      case CUDNN_REDUCE_TENSOR_MUL:
        value *= x;
        break;
      case CUDNN_REDUCE_TENSOR_MUL_NO_ZEROS:
        value *= x == C(0) ? C(1) : x;
        break;
      case CUDNN_REDUCE_TENSOR_NORM1:
        value += size;
        break;
      case CUDNN_REDUCE_TENSOR_NORM2:
        value += x * x;
        break;
      case CUDNN_REDUCE_TENSOR_MIN:
        extreme(r, x, at, x < value);
        break;
      case CUDNN_REDUCE_TENSOR_MAX:
        extreme(r, x, at, x > value);
        break;
      case CUDNN_REDUCE_TENSOR_AMAX:
        extreme(r, size, at, size > value);
        break;
    }
  }
  C result(cudnnReduceTensorOp_t which) const {
    return which == CUDNN_REDUCE_TENSOR_AVG     ? value / C(count)
           : which == CUDNN_REDUCE_TENSOR_NORM2 ? std::sqrt(value)
                                                : value;
  }

 private:
  void extreme(const cudnnReduceTensorStruct& r, C x, int64_t at, bool better) {
    if (std::isnan(x) ? r.nan != CUDNN_PROPAGATE_NAN : index >= 0 && (std::isnan(value) || !better)) return;
    value = x, index = at;
  }
};
bool has_indices(const cudnnReduceTensorStruct& r) {
  return r.wants == CUDNN_REDUCE_TENSOR_FLATTENED_INDICES &&
         (r.which == CUDNN_REDUCE_TENSOR_MIN || r.which == CUDNN_REDUCE_TENSOR_MAX ||
          r.which == CUDNN_REDUCE_TENSOR_AMAX);
}
Status check_reduction(Handle h, const cudnnReduceTensorStruct* r, const cudnnTensorStruct* a,
                       const cudnnTensorStruct* c) {
  if (!find(h)) return CUDNN_STATUS_NOT_INITIALIZED;
  if (!r || !ready(a) || !ready(c) || !spreads_over(*c, *a)) return kBad;
  if (!has_indices(*r) || r->index == CUDNN_32BIT_INDICES) return kOk;  // as documented
  return kNotDone;
}

}  // namespace

Status cudnnGetReductionIndicesSize(Handle h, const cudnnReduceTensorDescriptor_t reduce,
                                    const cudnnTensorDescriptor_t a_tensor,
                                    const cudnnTensorDescriptor_t c_tensor, size_t* bytes) {
  const cudnnReduceTensorStruct* r = find(reduce);
  const cudnnTensorStruct* c = find(c_tensor);
  if (const Status bad = check_reduction(h, r, find(a_tensor), c); bad != kOk) return bad;
  if (!bytes) return kBad;
  *bytes = has_indices(*r) ? size_t(elements(*c)) * sizeof(uint32_t) : 0;
  return kOk;
}
Status cudnnGetReductionWorkspaceSize(Handle h, const cudnnReduceTensorDescriptor_t reduce,
                                      const cudnnTensorDescriptor_t a_tensor,
                                      const cudnnTensorDescriptor_t c_tensor, size_t* bytes) {
  if (const Status bad = check_reduction(h, find(reduce), find(a_tensor), find(c_tensor)); bad != kOk)
    return bad;
  if (!bytes) return kBad;
  *bytes = 0;
  return kOk;
}
/// Indices are positions among the elements that one result is made of, in their order.
Status cudnnReduceTensor(Handle h, const cudnnReduceTensorDescriptor_t reduce, void* indices,
                         size_t index_bytes, void*, size_t, const void* alpha,
                         const cudnnTensorDescriptor_t a_tensor, const void* a, const void* beta,
                         const cudnnTensorDescriptor_t c_tensor, void* c) {
  const cudnnReduceTensorStruct* r = find(reduce);
  const cudnnTensorStruct *ta = find(a_tensor), *tc = find(c_tensor);
  if (const Status bad = check_reduction(h, r, ta, tc); bad != kOk) return bad;
  if (!alpha || !beta || !a || !c) return kBad;
  const bool indexed = has_indices(*r);
  if (indexed && (!indices || index_bytes < size_t(elements(*tc)) * sizeof(uint32_t))) return kBad;
  if (!reach(*ta, a) || !reach(*tc, c)) return CUDNN_STATUS_EXECUTION_FAILED;
  const double al = scalar(alpha, tc->type), be = scalar(beta, tc->type);
  return enqueue(h, [=, how = *r, sa = *ta, sc = *tc] {
    with_compute(
        [&](auto one) {
          using C = decltype(one);
          const Numbers<C> in(sa, a), out(sc, c);
          int inner[CUDNN_DIM_MAX];  // what one result is made of
          for (int d = 0; d < sa.count; ++d) inner[d] = sc.dims[d] == 1 ? sa.dims[d] : 1;
          int64_t number = 0;
          Place steps;
          for (int d = 0; d < sa.count; ++d) steps.stride[d] = sc.dims[d] == 1 ? 0 : sa.strides[d];
          walk(sc, {steps, Place(sc)}, [&](const int64_t* at) {
            Reduced<C> result(how.which);
            Place inside;
            std::copy_n(sa.strides, sa.count, inside.stride);
            walk(sa.count, inner, {inside},
                 [&](const int64_t* k) { result.take(how, in[at[0] + k[0]], result.count); });
            out[at[1]] = blend(C(al), result.result(how.which), C(be), out[at[1]]);
            if (indexed)
              static_cast<uint32_t*>(indices)[number++] = uint32_t(std::max<int64_t>(result.index, 0));
          });
          out.write_back();
        },
        sa.type, sc.type, how.compute);
  });
}

Status cudnnActivationForward(Handle h, cudnnActivationDescriptor_t activation, const void* alpha,
                              const cudnnTensorDescriptor_t x_tensor, const void* x, const void* beta,
                              const cudnnTensorDescriptor_t y_tensor, void* y) {
  const cudnnActivationStruct* a = find(activation);
  const cudnnTensorStruct *tx = find(x_tensor), *ty = find(y_tensor);
  if (!a || (tx && ty && !same_shape(*tx, *ty))) return kBad;
  return map(h, alpha, tx, x, beta, ty, y, [how = *a](auto v) { return activate(how, v); });
}
Status cudnnActivationBackward(Handle h, cudnnActivationDescriptor_t activation, const void* alpha,
                               const cudnnTensorDescriptor_t y_tensor, const void* y,
                               const cudnnTensorDescriptor_t dy_tensor, const void* dy,
                               const cudnnTensorDescriptor_t x_tensor, const void* x, const void* beta,
                               const cudnnTensorDescriptor_t dx_tensor, void* dx) {
  const cudnnActivationStruct* a = find(activation);
  const cudnnTensorStruct *ty = find(y_tensor), *tdy = find(dy_tensor), *tx = find(x_tensor),
                          *tdx = find(dx_tensor);
  if (!find(h)) return CUDNN_STATUS_NOT_INITIALIZED;
  if (!a || !ready(ty) || !ready(tdy) || !ready(tx) || !ready(tdx) || !alpha || !beta || !y || !dy || !x ||
      !dx || !same_shape(*ty, *tdy) || !same_shape(*tx, *tdx) || !same_shape(*ty, *tx))
    return kBad;
  if (!reach(*ty, y) || !reach(*tdy, dy) || !reach(*tx, x) || !reach(*tdx, dx))
    return CUDNN_STATUS_EXECUTION_FAILED;
  const double al = scalar(alpha, tdx->type), be = scalar(beta, tdx->type);
  return enqueue(h, [=, how = *a, sy = *ty, sdy = *tdy, sx = *tx, sdx = *tdx] {
    with_compute(
        [&](auto one) {
          using C = decltype(one);
          const Numbers<C> ys(sy, y), dys(sdy, dy), xs(sx, x), out(sdx, dx);
          walk(sdx, {Place(sy), Place(sdy), Place(sx), Place(sdx)}, [&](const int64_t* at) {
            out[at[3]] = blend(C(al), slope(how, ys[at[0]], xs[at[2]]) * dys[at[1]], C(be), out[at[3]]);
          });
          out.write_back();
        },
        sy.type, sdy.type, sx.type, sdx.type);
  });
}

namespace {

/// Splits a shape into what a softmax goes over and what it is repeated for.
void split(cudnnSoftmaxMode_t mode, const cudnnTensorStruct& t, int* outer, int* inner) {
  for (int d = 0; d < t.count; ++d) {
    const bool over = mode == CUDNN_SOFTMAX_MODE_CHANNEL ? d == 1 : d > 0;
    outer[d] = over ? 1 : t.dims[d], inner[d] = over ? t.dims[d] : 1;
  }
}
bool known(cudnnSoftmaxAlgorithm_t algorithm, cudnnSoftmaxMode_t mode) {
  return unsigned(algorithm) <= CUDNN_SOFTMAX_LOG && unsigned(mode) <= CUDNN_SOFTMAX_MODE_CHANNEL;
}

}  // namespace

Status cudnnSoftmaxForward(Handle h, cudnnSoftmaxAlgorithm_t algorithm, cudnnSoftmaxMode_t mode,
                           const void* alpha, const cudnnTensorDescriptor_t x_tensor, const void* x,
                           const void* beta, const cudnnTensorDescriptor_t y_tensor, void* y) {
  const cudnnTensorStruct *tx = find(x_tensor), *ty = find(y_tensor);
  if (!find(h)) return CUDNN_STATUS_NOT_INITIALIZED;
  if (!known(algorithm, mode) || !ready(tx) || !ready(ty) || !alpha || !beta || !x || !y ||
      !same_shape(*tx, *ty))
    return kBad;
  if (!reach(*tx, x) || !reach(*ty, y)) return CUDNN_STATUS_EXECUTION_FAILED;
  const double al = scalar(alpha, ty->type), be = scalar(beta, ty->type);
  return enqueue(h, [=, sx = *tx, sy = *ty] {
    with_compute(
        [&](auto one) {
          using C = decltype(one);
          const Numbers<C> in(sx, x), out(sy, y);
          int outer[CUDNN_DIM_MAX], inner[CUDNN_DIM_MAX];
          split(mode, sx, outer, inner);
          walk(sx.count, outer, {Place(sx), Place(sy)}, [&](const int64_t* first) {
            C most = algorithm == CUDNN_SOFTMAX_FAST ? C(0) : -std::numeric_limits<C>::infinity(), sum(0);
            if (algorithm != CUDNN_SOFTMAX_FAST)
              walk(sx.count, inner, {Place(sx)},
                   [&](const int64_t* k) { most = std::fmax(most, in[first[0] + k[0]]); });
            walk(sx.count, inner, {Place(sx)},
                 [&](const int64_t* k) { sum += std::exp(in[first[0] + k[0]] - most); });
            const C log_sum = std::log(sum);
            walk(sx.count, inner, {Place(sx), Place(sy)}, [&](const int64_t* k) {
              const C v = in[first[0] + k[0]] - most;
              C& to = out[first[1] + k[1]];
              to = blend(C(al), algorithm == CUDNN_SOFTMAX_LOG ? v - log_sum : std::exp(v) / sum, C(be), to);
            });
          });
          out.write_back();
        },
        sx.type, sy.type);
  });
}
Status cudnnSoftmaxBackward(Handle h, cudnnSoftmaxAlgorithm_t algorithm, cudnnSoftmaxMode_t mode,
                            const void* alpha, const cudnnTensorDescriptor_t y_tensor, const void* y,
                            const cudnnTensorDescriptor_t dy_tensor, const void* dy, const void* beta,
                            const cudnnTensorDescriptor_t dx_tensor, void* dx) {
  const cudnnTensorStruct *ty = find(y_tensor), *tdy = find(dy_tensor), *tdx = find(dx_tensor);
  if (!find(h)) return CUDNN_STATUS_NOT_INITIALIZED;
  if (!known(algorithm, mode) || !ready(ty) || !ready(tdy) || !ready(tdx) || !alpha || !beta || !y || !dy ||
      !dx || !same_shape(*ty, *tdy) || !same_shape(*ty, *tdx))
    return kBad;
  if (!reach(*ty, y) || !reach(*tdy, dy) || !reach(*tdx, dx)) return CUDNN_STATUS_EXECUTION_FAILED;
  const double al = scalar(alpha, tdx->type), be = scalar(beta, tdx->type);
  return enqueue(h, [=, sy = *ty, sdy = *tdy, sdx = *tdx] {
    with_compute(
        [&](auto one) {
          using C = decltype(one);
          const Numbers<C> ys(sy, y), dys(sdy, dy), out(sdx, dx);
          int outer[CUDNN_DIM_MAX], inner[CUDNN_DIM_MAX];
          split(mode, sy, outer, inner);
          const bool log = algorithm == CUDNN_SOFTMAX_LOG;
          walk(sy.count, outer, {Place(sy), Place(sdy), Place(sdx)}, [&](const int64_t* first) {
            C sum(0);
            walk(sy.count, inner, {Place(sy), Place(sdy)}, [&](const int64_t* k) {
              const C d = dys[first[1] + k[1]];
              sum += log ? d : d * ys[first[0] + k[0]];
            });
            walk(sy.count, inner, {Place(sy), Place(sdy), Place(sdx)}, [&](const int64_t* k) {
              const C v = ys[first[0] + k[0]], d = dys[first[1] + k[1]];
              C& to = out[first[2] + k[2]];
              to = blend(C(al), log ? d - std::exp(v) * sum : v * (d - sum), C(be), to);
            });
          });
          out.write_back();
        },
        sy.type, sdy.type, sdx.type);
  });
}

namespace {

/// In the program's memory for states: how many calls' numbers were drawn before.
struct DropoutState {
  uint64_t seed, drawn;
};

}  // namespace

Status cudnnCreateDropoutDescriptor(cudnnDropoutDescriptor_t* dropout) {
  return make(dropout);
}
Status cudnnDestroyDropoutDescriptor(cudnnDropoutDescriptor_t dropout) {
  return dropout ? destroy(dropout) : kOk;
}
Status cudnnDropoutGetStatesSize(Handle h, size_t* bytes) {
  if (!find(h)) return CUDNN_STATUS_NOT_INITIALIZED;
  if (!bytes) return kBad;
  *bytes = sizeof(DropoutState);
  return kOk;
}
/// A byte an element: whether it is kept.
Status cudnnDropoutGetReserveSpaceSize(cudnnTensorDescriptor_t x_tensor, size_t* bytes) {
  const cudnnTensorStruct* t = find(x_tensor);
  if (!ready(t) || !bytes) return kBad;
  *bytes = size_t(elements(*t));
  return kOk;
}
/// Takes states as they are.
Status cudnnRestoreDropoutDescriptor(cudnnDropoutDescriptor_t dropout, Handle h, float rate, void* states,
                                     size_t bytes, unsigned long long seed) {
  cudnnDropoutStruct* d = find(dropout);
  if (!find(h)) return CUDNN_STATUS_NOT_INITIALIZED;
  if (!d || !(rate >= 0) || rate > 1) return kBad;
  if (states && (bytes < sizeof(DropoutState) || !shell::reachable("cudnn", states, sizeof(DropoutState))))
    return CUDNN_STATUS_BAD_PARAM_SIZE_INSUFFICIENT;
  d->rate = rate, d->states = states, d->seed = seed;
  return kOk;
}
Status cudnnSetDropoutDescriptor(cudnnDropoutDescriptor_t dropout, Handle h, float rate, void* states,
                                 size_t bytes, unsigned long long seed) {
  const Status restored = cudnn::cudnnRestoreDropoutDescriptor(dropout, h, rate, states, bytes, seed);
  if (restored != kOk || !states) return restored;
  return enqueue(h, [=] { *static_cast<DropoutState*>(states) = {seed, 0}; });
}
Status cudnnGetDropoutDescriptor(cudnnDropoutDescriptor_t dropout, Handle h, float* rate, void** states,
                                 unsigned long long* seed) {
  const cudnnDropoutStruct* d = find(dropout);
  if (!find(h)) return CUDNN_STATUS_NOT_INITIALIZED;
  if (!d) return kBad;
  answer(rate, d->rate), answer(states, d->states), answer(seed, d->seed);
  return kOk;
}
Status cudnnDropoutForward(Handle h, const cudnnDropoutDescriptor_t dropout,
                           const cudnnTensorDescriptor_t x_tensor, const void* x,
                           const cudnnTensorDescriptor_t y_tensor, void* y, void* reserve, size_t bytes) {
  const cudnnDropoutStruct* d = find(dropout);
  const cudnnTensorStruct *tx = find(x_tensor), *ty = find(y_tensor);
  if (!find(h)) return CUDNN_STATUS_NOT_INITIALIZED;
  if (!d || !d->states || !ready(tx) || !ready(ty) || !x || !y || !same_shape(*tx, *ty) || !reserve ||
      bytes < size_t(elements(*tx)))
    return kBad;
  if (!reach(*tx, x) || !reach(*ty, y) || !shell::reachable("cudnn", reserve, size_t(elements(*tx))))
    return CUDNN_STATUS_EXECUTION_FAILED;
  return enqueue(h, [=, how = *d, sx = *tx, sy = *ty] {
    DropoutState& state = *static_cast<DropoutState*>(how.states);
    uint8_t* kept = static_cast<uint8_t*>(reserve);
    with_compute(
        [&](auto one) {
          using C = decltype(one);
          const Numbers<C> in(sx, x), out(sy, y);
          const C scale = how.rate < 1 ? C(1) / (C(1) - C(how.rate)) : C(0);
          int64_t i = 0;
          curand::Words drawn(state.seed);
          walk(sx, {Place(sx), Place(sy)}, [&](const int64_t* at) {
            kept[i] = double(drawn.at(4 * state.drawn + uint64_t(i))) / 4294967296.0 >= double(how.rate);
            out[at[1]] = kept[i] ? in[at[0]] * scale : C(0);
            ++i;
          });
          out.write_back();
          state.drawn += uint64_t(i + 3) / 4;
        },
        sx.type, sy.type);
  });
}
Status cudnnDropoutBackward(Handle h, const cudnnDropoutDescriptor_t dropout,
                            const cudnnTensorDescriptor_t dy_tensor, const void* dy,
                            const cudnnTensorDescriptor_t dx_tensor, void* dx, void* reserve, size_t bytes) {
  const cudnnDropoutStruct* d = find(dropout);
  const cudnnTensorStruct *tdy = find(dy_tensor), *tdx = find(dx_tensor);
  if (!find(h)) return CUDNN_STATUS_NOT_INITIALIZED;
  if (!d || !ready(tdy) || !ready(tdx) || !dy || !dx || !same_shape(*tdy, *tdx) || !reserve ||
      bytes < size_t(elements(*tdy)))
    return kBad;
  if (!reach(*tdy, dy) || !reach(*tdx, dx) || !shell::reachable("cudnn", reserve, size_t(elements(*tdy))))
    return CUDNN_STATUS_EXECUTION_FAILED;
  return enqueue(h, [=, rate = d->rate, sdy = *tdy, sdx = *tdx] {
    const uint8_t* kept = static_cast<const uint8_t*>(reserve);
    with_compute(
        [&](auto one) {
          using C = decltype(one);
          const Numbers<C> in(sdy, dy), out(sdx, dx);
          const C scale = rate < 1 ? C(1) / (C(1) - C(rate)) : C(0);
          int64_t i = 0;
          walk(sdy, {Place(sdy), Place(sdx)},
               [&](const int64_t* at) { out[at[1]] = kept[i++] ? in[at[0]] * scale : C(0); });
          out.write_back();
        },
        sdy.type, sdx.type);
  });
}
}  // namespace ppu::cudnn

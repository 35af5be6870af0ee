// Batch normalization: per channel (spatial) or per activation, with an addition and an activation where the
// Ex functions ask for them. Parameters and saved statistics are floats, doubles for tensors of doubles.
#include "libs/cudnn/pointwise.h"

namespace ppu::cudnn {
namespace {

bool known(cudnnBatchNormMode_t mode) {
  return unsigned(mode) <= CUDNN_BATCHNORM_SPATIAL_PERSISTENT;
}
/// The shape of the parameters for x.
void parameter_shape(const cudnnTensorStruct& x, cudnnBatchNormMode_t mode, cudnnTensorStruct* p) {
  p->type = x.type == CUDNN_DATA_DOUBLE ? CUDNN_DATA_DOUBLE : CUDNN_DATA_FLOAT;
  p->count = x.count;
  for (int d = 0; d < x.count; ++d)
    p->dims[d] = d == 1 || (d > 0 && mode == CUDNN_BATCHNORM_PER_ACTIVATION) ? x.dims[d] : 1;
  for (int d = x.count - 1, next = 1; d >= 0; next *= p->dims[d--]) p->strides[d] = next;
}
/// Where x's elements lie that share one parameter.
void shared_part(const cudnnTensorStruct& x, const cudnnTensorStruct& p, int* dims) {
  for (int d = 0; d < x.count; ++d) dims[d] = p.dims[d] == 1 ? x.dims[d] : 1;
}
/// Steps over parameters, in a tensor of x's shape.
Place steps(const cudnnTensorStruct& t, const cudnnTensorStruct& p) {
  Place place;
  for (int d = 0; d < t.count; ++d) place.stride[d] = p.dims[d] == 1 ? 0 : t.strides[d];
  return place;
}

/// What normalization may end in.
struct Finish {
  cudnnBatchNormOps_t ops = CUDNN_BATCHNORM_OPS_BN;
  cudnnActivationStruct activation = {.mode = CUDNN_ACTIVATION_IDENTITY};
  bool adds() const { return ops == CUDNN_BATCHNORM_OPS_BN_ADD_ACTIVATION; }
};
Status finish_of(cudnnBatchNormOps_t ops, cudnnActivationDescriptor_t activation, Finish* finish) {
  finish->ops = ops;
  if (ops == CUDNN_BATCHNORM_OPS_BN) return kOk;
  const cudnnActivationStruct* a = find(activation);
  if (unsigned(ops) > CUDNN_BATCHNORM_OPS_BN_ADD_ACTIVATION || !a) return kBad;
  finish->activation = *a;
  return a->mode == CUDNN_ACTIVATION_RELU || a->mode == CUDNN_ACTIVATION_IDENTITY ? kOk : kNotDone;
}

Status check(Handle h, cudnnBatchNormMode_t mode, const cudnnTensorStruct* x, const cudnnTensorStruct* p,
             double epsilon) {
  if (!find(h)) return CUDNN_STATUS_NOT_INITIALIZED;
  if (!known(mode) || !x || !p || x->count < 2 || epsilon < CUDNN_BN_MIN_EPSILON) return kBad;
  cudnnTensorStruct want;
  parameter_shape(*x, mode, &want);
  return p->type == want.type && same_shape(*p, want) ? kOk : kBad;
}
template <class... P>
bool reach_all(const cudnnTensorStruct& p, P... at) {
  return ((!at || reach(p, at)) && ...);
}

}  // namespace

Status cudnnDeriveBNTensorDescriptor(cudnnTensorDescriptor_t derived, const cudnnTensorDescriptor_t x_tensor,
                                     cudnnBatchNormMode_t mode) {
  cudnnTensorStruct* d = find(derived);
  const cudnnTensorStruct* x = find(x_tensor);
  if (!d || !x || x->count < 2 || !known(mode)) return kBad;
  parameter_shape(*x, mode, d);
  return kOk;
}

Status cudnnBatchNormalizationForwardInference(Handle h, cudnnBatchNormMode_t mode, const void* alpha,
                                               const void* beta, const cudnnTensorDescriptor_t x_tensor,
                                               const void* x, const cudnnTensorDescriptor_t y_tensor, void* y,
                                               const cudnnTensorDescriptor_t p_tensor, const void* scale,
                                               const void* bias, const void* mean, const void* variance,
                                               double epsilon) {
  const cudnnTensorStruct *tx = find(x_tensor), *ty = find(y_tensor), *tp = find(p_tensor);
  if (const Status bad = check(h, mode, tx, tp, epsilon); bad != kOk) return bad;
  if (!ty || !same_shape(*tx, *ty) || !alpha || !beta || !x || !y || !scale || !bias || !mean || !variance)
    return kBad;
  if (!reach(*tx, x) || !reach(*ty, y) || !reach_all(*tp, scale, bias, mean, variance))
    return CUDNN_STATUS_EXECUTION_FAILED;
  const double al = scalar(alpha, ty->type), be = scalar(beta, ty->type);
  return enqueue(h, [=, sx = *tx, sy = *ty, sp = *tp] {
    with_compute(
        [&](auto one) {
          using C = decltype(one);
          const Numbers<C> in(sx, x), out(sy, y), g(sp, scale), b(sp, bias), m(sp, mean), v(sp, variance);
          walk(sx, {Place(sx), Place(sy), Place(sp)}, [&](const int64_t* at) {
            const int64_t p = at[2];
            const C value = g[p] * (in[at[0]] - m[p]) / std::sqrt(v[p] + C(epsilon)) + b[p];
            out[at[1]] = blend(C(al), value, C(be), out[at[1]]);
          });
          out.write_back();
        },
        sx.type, sy.type, sp.type);
  });
}

Status cudnnBatchNormalizationForwardTrainingEx(
    Handle h, cudnnBatchNormMode_t mode, cudnnBatchNormOps_t ops, const void* alpha, const void* beta,
    const cudnnTensorDescriptor_t x_tensor, const void* x, const cudnnTensorDescriptor_t z_tensor,
    const void* z, const cudnnTensorDescriptor_t y_tensor, void* y, const cudnnTensorDescriptor_t p_tensor,
    const void* scale, const void* bias, double factor, void* running_mean, void* running_variance,
    double epsilon, void* saved_mean, void* saved_inverse, cudnnActivationDescriptor_t activation, void*,
    size_t, void*, size_t) {
  const cudnnTensorStruct *tx = find(x_tensor), *ty = find(y_tensor), *tp = find(p_tensor);
  if (const Status bad = check(h, mode, tx, tp, epsilon); bad != kOk) return bad;
  Finish finish;
  if (const Status bad = finish_of(ops, activation, &finish); bad != kOk) return bad;
  const cudnnTensorStruct* tz = finish.adds() ? find(z_tensor) : tx;
  const void* added = finish.adds() ? z : x;
  if (!ty || !tz || !same_shape(*tx, *ty) || !same_shape(*tx, *tz) || !alpha || !beta || !x || !added || !y ||
      !scale || !bias || !running_mean != !running_variance || !saved_mean != !saved_inverse)
    return kBad;
  if (!reach(*tx, x) || !reach(*tz, added) || !reach(*ty, y) ||
      !reach_all(*tp, scale, bias, running_mean, running_variance, saved_mean, saved_inverse))
    return CUDNN_STATUS_EXECUTION_FAILED;
  const double al = scalar(alpha, ty->type), be = scalar(beta, ty->type);
  return enqueue(h, [=, sx = *tx, sz = *tz, sy = *ty, sp = *tp] {
    with_compute(
        [&](auto one) {
          using C = decltype(one);
          const Numbers<C> in(sx, x), more(sz, added), out(sy, y), g(sp, scale), b(sp, bias);
          int part[CUDNN_DIM_MAX];
          shared_part(sx, sp, part);
          const int64_t n = elements(sx) / elements(sp);
          C *mean_at = static_cast<C*>(running_mean), *variance_at = static_cast<C*>(running_variance),
            *saved = static_cast<C*>(saved_mean), *inverse_at = static_cast<C*>(saved_inverse);
          walk(sp, {steps(sx, sp), steps(sz, sp), steps(sy, sp), Place(sp)}, [&](const int64_t* first) {
            double sum = 0, squares = 0;
            walk(sx.count, part, {Place(sx)}, [&](const int64_t* k) { sum += double(in[first[0] + k[0]]); });
            const double mean = sum / double(n);
            walk(sx.count, part, {Place(sx)}, [&](const int64_t* k) {
              const double d = double(in[first[0] + k[0]]) - mean;
              squares += d * d;
            });
            const double variance = squares / double(n), inverse = 1 / std::sqrt(variance + epsilon);
            const int64_t p = first[3];
            if (mean_at) {  // the running variance is the unbiased one
              const double unbiased = n > 1 ? squares / double(n - 1) : variance;
              mean_at[p] = C((1 - factor) * double(factor == 1 ? C(0) : mean_at[p]) + factor * mean);
              variance_at[p] =
                  C((1 - factor) * double(factor == 1 ? C(0) : variance_at[p]) + factor * unbiased);
            }
            if (saved) saved[p] = C(mean), inverse_at[p] = C(inverse);
            walk(sx.count, part, {Place(sx), Place(sz), Place(sy)}, [&](const int64_t* k) {
              C value = g[p] * C((double(in[first[0] + k[0]]) - mean) * inverse) + b[p];
              if (finish.adds()) value += more[first[1] + k[1]];
              C& to = out[first[2] + k[2]];
              to = blend(C(al), activate(finish.activation, value), C(be), to);
            });
          });
          out.write_back();
        },
        sx.type, sy.type, sp.type);
  });
}
Status cudnnBatchNormalizationForwardTraining(Handle h, cudnnBatchNormMode_t mode, const void* alpha,
                                              const void* beta, const cudnnTensorDescriptor_t x_tensor,
                                              const void* x, const cudnnTensorDescriptor_t y_tensor, void* y,
                                              const cudnnTensorDescriptor_t p_tensor, const void* scale,
                                              const void* bias, double factor, void* running_mean,
                                              void* running_variance, double epsilon, void* saved_mean,
                                              void* saved_inverse) {
  return cudnn::cudnnBatchNormalizationForwardTrainingEx(
      h, mode, CUDNN_BATCHNORM_OPS_BN, alpha, beta, x_tensor, x, nullptr, nullptr, y_tensor, y, p_tensor,
      scale, bias, factor, running_mean, running_variance, epsilon, saved_mean, saved_inverse, nullptr,
      nullptr, 0, nullptr, 0);
}

namespace {

struct Backward {
  cudnnTensorStruct x, y, dy, dz, dx, p;
  const void *x_at, *y_at, *dy_at;
  void *dz_at, *dx_at;
  const void* scale;
  void *dscale, *dbias;
  const void *mean, *inverse;
  double alpha_data, beta_data, alpha_params, beta_params, epsilon;
  Finish finish;
};
template <class C>
void run(const Backward& w) {
  const bool activated = w.finish.ops != CUDNN_BATCHNORM_OPS_BN;
  const Numbers<C> xs(w.x, w.x_at), ys(activated ? w.y : w.x, activated ? w.y_at : w.x_at),
      dys(w.dy, w.dy_at), dxs(w.dx, w.dx_at),
      dzs(w.finish.adds() ? w.dz : w.dx, w.finish.adds() ? w.dz_at : w.dx_at), g(w.p, w.scale);
  const cudnnTensorStruct &sy = activated ? w.y : w.x, &sz = w.finish.adds() ? w.dz : w.dx;
  C *dscale = static_cast<C*>(w.dscale), *dbias = static_cast<C*>(w.dbias);
  const C *mean_at = static_cast<const C*>(w.mean), *inverse_at = static_cast<const C*>(w.inverse);
  int part[CUDNN_DIM_MAX];
  shared_part(w.x, w.p, part);
  const double n = double(elements(w.x) / elements(w.p));
  walk(w.p, {steps(w.x, w.p), steps(sy, w.p), steps(w.dy, w.p), steps(w.dx, w.p), steps(sz, w.p), Place(w.p)},
       [&](const int64_t* first) {
         const int64_t p = first[5];
         double mean = 0, inverse = 0, squares = 0;
         if (mean_at) {
           mean = double(mean_at[p]), inverse = double(inverse_at[p]);
         } else {
           walk(w.x.count, part, {Place(w.x)},
                [&](const int64_t* k) { mean += double(xs[first[0] + k[0]]) / n; });
           walk(w.x.count, part, {Place(w.x)},
                [&](const int64_t* k) { squares += std::pow(double(xs[first[0] + k[0]]) - mean, 2); });
           inverse = 1 / std::sqrt(squares / n + w.epsilon);
         }
         // The gradient before the activation: a ReLU's slope shows in y.
         const auto gradient = [&](const int64_t* k) {
           const C d = dys[first[2] + k[2]], y = ys[first[1] + k[1]];
           return double(activated ? d * slope(w.finish.activation, y, y) : d);
         };
         double sum = 0, weighted = 0;
         const Place inside[3] = {Place(w.x), Place(sy), Place(w.dy)};
         walk(w.x.count, part, inside, [&](const int64_t* k) {
           const double d = gradient(k);
           sum += d, weighted += d * (double(xs[first[0] + k[0]]) - mean) * inverse;
         });
         walk(w.x.count, part, {inside[0], inside[1], inside[2], Place(w.dx), Place(sz)},
              [&](const int64_t* k) {
                const double d = gradient(k), centred = (double(xs[first[0] + k[0]]) - mean) * inverse;
                const C value = C(double(g[p]) * inverse * (d - sum / n - centred * weighted / n));
                C& to = dxs[first[3] + k[3]];
                to = blend(C(w.alpha_data), value, C(w.beta_data), to);
                if (w.finish.adds()) dzs[first[4] + k[4]] = C(d);
              });
         dscale[p] = blend(C(w.alpha_params), C(weighted), C(w.beta_params), dscale[p]);
         dbias[p] = blend(C(w.alpha_params), C(sum), C(w.beta_params), dbias[p]);
       });
  dxs.write_back();
  if (w.finish.adds()) dzs.write_back();
}

}  // namespace

Status cudnnBatchNormalizationBackwardEx(
    Handle h, cudnnBatchNormMode_t mode, cudnnBatchNormOps_t ops, const void* alpha_data,
    const void* beta_data, const void* alpha_params, const void* beta_params,
    const cudnnTensorDescriptor_t x_tensor, const void* x, const cudnnTensorDescriptor_t y_tensor,
    const void* y, const cudnnTensorDescriptor_t dy_tensor, const void* dy,
    const cudnnTensorDescriptor_t dz_tensor, void* dz, const cudnnTensorDescriptor_t dx_tensor, void* dx,
    const cudnnTensorDescriptor_t p_tensor, const void* scale, const void*, void* dscale, void* dbias,
    double epsilon, const void* saved_mean, const void* saved_inverse, cudnnActivationDescriptor_t activation,
    void*, size_t, void*, size_t) {
  const cudnnTensorStruct *tx = find(x_tensor), *tdy = find(dy_tensor), *tdx = find(dx_tensor),
                          *tp = find(p_tensor);
  if (const Status bad = check(h, mode, tx, tp, epsilon); bad != kOk) return bad;
  Finish finish;
  if (const Status bad = finish_of(ops, activation, &finish); bad != kOk) return bad;
  const cudnnTensorStruct *ty = ops == CUDNN_BATCHNORM_OPS_BN ? tx : find(y_tensor),
                          *tdz = finish.adds() ? find(dz_tensor) : tdx;
  const void* y_at = ops == CUDNN_BATCHNORM_OPS_BN ? x : y;
  void* dz_at = finish.adds() ? dz : dx;
  if (!tdy || !tdx || !ty || !tdz || !same_shape(*tx, *tdy) || !same_shape(*tx, *tdx) ||
      !same_shape(*tx, *ty) || !same_shape(*tx, *tdz) || !alpha_data || !beta_data || !alpha_params ||
      !beta_params || !x || !y_at || !dy || !dz_at || !dx || !scale || !dscale || !dbias ||
      !saved_mean != !saved_inverse)
    return kBad;
  if (!reach(*tx, x) || !reach(*ty, y_at) || !reach(*tdy, dy) || !reach(*tdz, dz_at) || !reach(*tdx, dx) ||
      !reach_all(*tp, scale, static_cast<const void*>(dscale), static_cast<const void*>(dbias), saved_mean,
                 saved_inverse))
    return CUDNN_STATUS_EXECUTION_FAILED;
  const Backward w{*tx,
                   *ty,
                   *tdy,
                   *tdz,
                   *tdx,
                   *tp,
                   x,
                   y_at,
                   dy,
                   dz_at,
                   dx,
                   scale,
                   dscale,
                   dbias,
                   saved_mean,
                   saved_inverse,
                   scalar(alpha_data, tdx->type),
                   scalar(beta_data, tdx->type),
                   scalar(alpha_params, tp->type),
                   scalar(beta_params, tp->type),
                   epsilon,
                   finish};
  return enqueue(
      h, [w] { with_compute([&](auto one) { run<decltype(one)>(w); }, w.x.type, w.dx.type, w.p.type); });
}
Status cudnnBatchNormalizationBackward(Handle h, cudnnBatchNormMode_t mode, const void* alpha_data,
                                       const void* beta_data, const void* alpha_params,
                                       const void* beta_params, const cudnnTensorDescriptor_t x_tensor,
                                       const void* x, const cudnnTensorDescriptor_t dy_tensor, const void* dy,
                                       const cudnnTensorDescriptor_t dx_tensor, void* dx,
                                       const cudnnTensorDescriptor_t p_tensor, const void* scale,
                                       void* dscale, void* dbias, double epsilon, const void* saved_mean,
                                       const void* saved_inverse) {
  return cudnn::cudnnBatchNormalizationBackwardEx(
      h, mode, CUDNN_BATCHNORM_OPS_BN, alpha_data, beta_data, alpha_params, beta_params, x_tensor, x, nullptr,
      nullptr, dy_tensor, dy, nullptr, nullptr, dx_tensor, dx, p_tensor, scale, nullptr, dscale, dbias,
      epsilon, saved_mean, saved_inverse, nullptr, nullptr, 0, nullptr, 0);
}

namespace {
/// Nothing is kept between forward and backward but what has a parameter of its own.
Status no_space(Handle h, cudnnBatchNormMode_t mode, size_t* bytes) {
  if (!find(h)) return CUDNN_STATUS_NOT_INITIALIZED;
  if (!known(mode) || !bytes) return kBad;
  *bytes = 0;
  return kOk;
}
}  // namespace
Status cudnnGetBatchNormalizationForwardTrainingExWorkspaceSize(
    Handle h, cudnnBatchNormMode_t mode, cudnnBatchNormOps_t, const cudnnTensorDescriptor_t,
    const cudnnTensorDescriptor_t, const cudnnTensorDescriptor_t, const cudnnTensorDescriptor_t,
    const cudnnActivationDescriptor_t, size_t* bytes) {
  return no_space(h, mode, bytes);
}
Status cudnnGetBatchNormalizationBackwardExWorkspaceSize(
    Handle h, cudnnBatchNormMode_t mode, cudnnBatchNormOps_t, const cudnnTensorDescriptor_t,
    const cudnnTensorDescriptor_t, const cudnnTensorDescriptor_t, const cudnnTensorDescriptor_t,
    const cudnnTensorDescriptor_t, const cudnnTensorDescriptor_t, const cudnnActivationDescriptor_t,
    size_t* bytes) {
  return no_space(h, mode, bytes);
}
Status cudnnGetBatchNormalizationTrainingExReserveSpaceSize(Handle h, cudnnBatchNormMode_t mode,
                                                            cudnnBatchNormOps_t,
                                                            const cudnnActivationDescriptor_t,
                                                            const cudnnTensorDescriptor_t, size_t* bytes) {
  return no_space(h, mode, bytes);
}

}  // namespace ppu::cudnn

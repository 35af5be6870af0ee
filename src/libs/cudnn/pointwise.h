// What activations do to one number, shared by those that end in one.
#pragma once
#include <cmath>

#include "libs/cudnn/tensor.h"

namespace ppu::cudnn {

/// y of x. A NaN goes through where the descriptor says so, and in any case where arithmetic carries it.
template <class C>
C activate(const cudnnActivationStruct& a, C x) {
  const C c = C(a.coefficient);
  switch (a.mode) {
    case CUDNN_ACTIVATION_SIGMOID:
      return C(1) / (C(1) + std::exp(-x));
    case CUDNN_ACTIVATION_RELU:
      return x > C(0) ? x : a.nan == CUDNN_PROPAGATE_NAN && std::isnan(x) ? x : C(0);
    case CUDNN_ACTIVATION_TANH:
      return std::tanh(x);
    case CUDNN_ACTIVATION_CLIPPED_RELU:
      return std::isnan(x) && a.nan == CUDNN_PROPAGATE_NAN ? x : x > C(0) ? std::min(x, c) : C(0);
    case CUDNN_ACTIVATION_ELU:
      return x > C(0) ? x : c * std::expm1(x);
    case CUDNN_ACTIVATION_IDENTITY:
      return x;
    case CUDNN_ACTIVATION_SWISH:
      return x / (C(1) + std::exp(-C(a.swish_beta) * x));
  }
  return x;
}
/// dy/dx of y and x.
template <class C>
C slope(const cudnnActivationStruct& a, C y, C x) {
  const C c = C(a.coefficient);
  switch (a.mode) {
    case CUDNN_ACTIVATION_SIGMOID:
      return y * (C(1) - y);
    case CUDNN_ACTIVATION_RELU:
      return C(x > C(0));
    case CUDNN_ACTIVATION_TANH:
      return C(1) - y * y;
    case CUDNN_ACTIVATION_CLIPPED_RELU:
      return C(x > C(0) && x <= c);
    case CUDNN_ACTIVATION_ELU:
      return x > C(0) ? C(1) : c * std::exp(x);
    case CUDNN_ACTIVATION_IDENTITY:
      return C(1);
    case CUDNN_ACTIVATION_SWISH: {
      const C b = C(a.swish_beta), s = C(1) / (C(1) + std::exp(-b * x));
      return s + b * x * s * (C(1) - s);
    }
  }
  return C(1);
}

}  // namespace ppu::cudnn

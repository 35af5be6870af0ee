// Double-precision error functions, gamma functions, their inverses, and the normal distribution.
#pragma once
#include "math_double.h"

namespace ppu_math {

/// e^(-x^2) with the square carried in two doubles.
PPU_MATH double exp_minus_square(double x) {
  const double s = x * x;
  return exp_pair(-s, -fma(x, x, -s));
}
/// e^(x^2) erfc(x) for x >= 0.
PPU_MATH double erfcx_positive(double x) {
  constexpr double kP[] = {
      0x1.3ba5916e9fd7fp+0,   -0x1.1df1ad154a286p-3,  0x1.f7f5df66fd797p-7,   0x1.16ecefcfa4d10p-4,
      -0x1.9ddb23c3e8f13p-4,  0x1.7fee004e1eefep-4,   -0x1.0fb06dfe4c6c0p-4,  0x1.3079edf5181e4p-5,
      -0x1.09623884747d0p-6,  0x1.49c672e199323p-8,   -0x1.8d4a9a6465dcdp-11, -0x1.a1df5e81e9d13p-13,
      0x1.3be0432c0665ep-13,  -0x1.99537516575f9p-16, -0x1.7884d24aa8fddp-17, 0x1.7ef644cfa04d8p-18,
      0x1.393f4db9e17c3p-22,  -0x1.b8ce4982c56eap-21, 0x1.4dcd68e05ef38p-24,  0x1.c8a21407343bbp-24,
      -0x1.6411033926610p-26, -0x1.a7f4a7d57def9p-27, 0x1.bc41c36f1991fp-29,  0x1.ff2485cbf6cf5p-31,
      -0x1.2feae7b68c7f8p-32};
  if (x > 0x1p28) return (0x1.20dd750429b6dp-1 / x);  // 1 / (x sqrt(pi))
  return poly(kP, (x - 4.0) / (x + 4.0)) / fma(2.0, x, 1.0);
}
PPU_MATH double erf_small(double x) {  // |x| <= 1
  constexpr double kP[] = {0x1.06eba8214db69p-3,   -0x1.812746b0379e7p-2,  0x1.ce2f21a042bdep-4,
                           -0x1.b82ce312889bap-6,  0x1.565bcd0e6502dp-8,   -0x1.c02db3feeb579p-11,
                           0x1.f9a326c233146p-14,  -0x1.f4d2561aeafd4p-17, 0x1.b9e6509b9867dp-20,
                           -0x1.5f6d925a0bc7ap-23, 0x1.fc4356498c2d9p-27,  -0x1.4e607b41a6416p-30,
                           0x1.7f072188e194dp-34,  -0x1.29b9f1b3df556p-38};
  return fma(x, poly(kP, x * x), x);
}
PPU_MATH double erfc_positive(double x) {
  return x > 28.0 ? 0.0 : exp_minus_square(x) * erfcx_positive(x);
}
PPU_MATH double erf_double(double x) {
  const double a = abs(x);
  if (a <= 1.0) return erf_small(x);
  return a != a ? x + x : copysign(1.0 - erfc_positive(a), x);
}
PPU_MATH double erfc_double(double x) {
  if (x != x) return x + x;
  if (abs(x) <= 0.5) return 1.0 - erf_small(x);
  const double t = erfc_positive(abs(x));
  return x > 0.0 ? t : 2.0 - t;
}
PPU_MATH double erfcx_double(double x) {
  if (x >= 0.0) return x == kInf ? 0.0 : erfcx_positive(x);
  if (x != x) return x + x;
  if (x < -27.0) return kInf;
  const double s = x * x;
  return 2.0 * exp_pair(s, fma(x, x, -s)) - erfcx_positive(-x);
}

/// x with erfc(x) = y for y in (0, 1]: a start good to a few digits, then Halley's steps on log erfc.
PPU_MATH double erfcinv_upper(double y) {
  // Asymptotically erfc(x) ~ e^(-x^2) / (x sqrt(pi)); near 1 the line y = 1 - 2x/sqrt(pi).
  double x = (1.0 - y) * 0x1.c5bf891b4ef6ap-1;
  if (y < 0.5) {
    const double t = -log_double(y);
    x = sqrt(t - 0.5 * log_double(t * 3.141592653589793 + 1.0));
  }
#pragma unroll
  for (int i = 0; i < 4; ++i) {
    // f = erfc(x) - y, f' = -2/sqrt(pi) e^(-x^2), f''/f' = -2x
    const double slope = 0x1.20dd750429b6dp+0 * exp_minus_square(x);
    const double step = (erfc_double(x) - y) / slope;
    x += step / (1.0 + x * step);
  }
  return x;
}
PPU_MATH double erfcinv_double(double y) {
  if (!(y > 0.0 && y < 2.0)) return y == 0.0 ? kInf : (y == 2.0 ? -kInf : nan_d());
  return y <= 1.0 ? erfcinv_upper(y) : -erfcinv_upper(2.0 - y);
}
PPU_MATH double erfinv_double(double x) {
  const double a = abs(x);
  if (!(a < 1.0)) return a == 1.0 ? copysign(kInf, x) : nan_d();
  if (a >= 0.5) return copysign(erfcinv_upper(1.0 - a), x);
  double r = a * 0x1.c5bf891b4ef6ap-1;
#pragma unroll
  for (int i = 0; i < 4; ++i) {
    const double step = (erf_small(r) - a) / (0x1.20dd750429b6dp+0 * exp_minus_square(r));
    r -= step / (1.0 + r * step);
  }
  return a < 0x1p-30 ? x * 0x1.c5bf891b4ef6bp-1 : copysign(r, x);
}
PPU_MATH double normcdf_double(double x) {
  if (x < -40.0) return 0.0;
  // x / sqrt 2 in two parts; far out, the low part changes the result.
  const double h = x * -0x1.6a09e667f3bcdp-1;
  const double low = fma(x, -0x1.6a09e667f3bcdp-1, -h) + x * 0x1.bdd3413b26456p-55;
  const double value = erfc_double(h);
  const double slope = abs(h) < 28.0 ? -0x1.20dd750429b6dp+0 * exp_minus_square(h) : 0.0;
  return 0.5 * fma(slope, low, value);
}
PPU_MATH double normcdfinv_double(double y) {
  return -0x1.6a09e667f3bcdp+0 * erfcinv_double(2.0 * y);
}

/// 1/(12x) - 1/(360x^3) + ...: Stirling's series, x >= 12.
PPU_MATH double stirling(double x) {
  constexpr double kB[] = {1.0 / 12,   -1.0 / 360,      1.0 / 1260, -1.0 / 1680,
                           1.0 / 1188, -691.0 / 360360, 1.0 / 156};
  const double r = 1.0 / x;
  return r * poly(kB, r * r);
}
PPU_MATH double lgamma_two(double t) {  // lgamma(2 + t) / t, |t| <= 1/2
  constexpr double kP[] = {
      0x1.b0ee6072093cep-2,   0x1.4a34cc4a60fa6p-2,  -0x1.13e001a557607p-4,  0x1.51322ac7d8483p-6,
      -0x1.e404fc218f5eep-8,  0x1.7add6eadb6c2dp-9,  -0x1.38ac5c2bf9197p-10, 0x1.0b36af8639a56p-11,
      -0x1.d3fd4c768e899p-13, 0x1.a127b0f13b842p-14, -0x1.78de5bf0048f1p-15, 0x1.580dcefdc24cdp-16,
      -0x1.3cbc90ceb4d29p-17, 0x1.25979e6537ad7p-18, -0x1.11b3b7feecd0ep-19, 0x1.006592c4c81f2p-20,
      -0x1.e2380eca7eebbp-22, 0x1.c7453d6156e89p-23, -0x1.b1eb546f8e976p-24, 0x1.9c316988b82d9p-25,
      -0x1.6bc9f7cfed9fdp-26, 0x1.5b062f10bd4e9p-27, -0x1.fb10eb4db3351p-28, 0x1.e67f5639f8010p-29};
  return poly(kP, t);
}
PPU_MATH double lgamma_one(double t) {  // lgamma(1 + t) / t, -1/4 <= t <= 1/2
  constexpr double kP[] = {
      -0x1.2788cfc6fb619p-1, 0x1.a51a6625307d3p-1, -0x1.9a4d55beab2d7p-2, 0x1.151322ac7d827p-2,
      -0x1.a8b9c17aa61fap-3, 0x1.5b40cb100fe95p-3, -0x1.2703a1dcea8fcp-3, 0x1.010b36adff248p-3,
      -0x1.c80670676540cp-4, 0x1.9a01e42e26e77p-4, -0x1.748c3563e5415p-4, 0x1.556ac2e020323p-4,
      -0x1.3b1d2e1201fe6p-4, 0x1.2497d8753fa23p-4, -0x1.111cfea799314p-4, 0x1.000527ac12c29p-4,
      -0x1.e0f7709833f46p-5, 0x1.c4eb773bf43f4p-5, -0x1.b29a839513113p-5, 0x1.afed3e297dec8p-5,
      -0x1.a144faebb9556p-5, 0x1.4b3cfd0b94de4p-5, -0x1.5bed194908453p-6, 0x1.57f3e0cefd2edp-8};
  return poly(kP, t);
}
PPU_MATH double lgamma_positive(double x) {
  if (x < 0.5) {                         // two steps up
    const double r = lgamma_two(x) * x;  // lgamma(x + 2)
    return r - log_double(x) - log1p_double(x);
  }
  if (x < 0.75) return (x - 1.0) * lgamma_two(x - 1.0) - log_double(x);
  if (x < 1.5) return (x - 1.0) * lgamma_one(x - 1.0);
  if (x < 12.0) {
    double shifted = x, factors = 1.0;
    while (shifted >= 2.5) {
      shifted -= 1.0;
      factors *= shifted;
    }
    const double t = shifted - 2.0;
    return t * lgamma_two(t) + log_double(factors);
  }
  if (x > 0x1p900) return x < kInf ? x * (log_double(x) - 1.0) : x;
  const Pair l = log_pair(x);
  const Pair p = product({x - 0.5, 0.0}, l);
  const Pair s = two_sum(p.high, -x);
  return s.high + (s.low + p.low + 0x1.d67f1c864beb5p-1 + stirling(x));
}
PPU_MATH double lgamma_double(double x) {
  if (x > 0.0 || x != x) return x != x ? x + x : lgamma_positive(x);
  if (trunc(x) == x) return kInf;  // poles, and -inf
  // Reflection: Gamma(x) Gamma(1-x) = pi / sin(pi x)
  const double s = abs(sinpi_double(x));
  if (x > -0.5) return log_double(0x1.921fb54442d18p+1 / s) - lgamma_positive(1.0 - x);
  return log_double(0x1.921fb54442d18p+1 / (s * -x)) - lgamma_positive(-x);
}
PPU_MATH double tgamma_positive(double x) {
  constexpr double kP[] = {
      0x1.c5bf891b4ef6bp-1,  0x1.08ea88ee561b0p-5,   0x1.a8c4dba620c08p-2,  -0x1.b77ac1ca2e82ap-4,
      0x1.283bd37505389p-3,  -0x1.3d88cfe528c43p-4,  0x1.e022b72a04033p-5,  -0x1.374fd5bbb581fp-5,
      0x1.a752ccf6d9af4p-6,  -0x1.1a2c2dab649e5p-6,  0x1.7990f5370f825p-7,  -0x1.f7fb20be2bce9p-8,
      0x1.50637fe2d2087p-8,  -0x1.c0bdf0153ac91p-9,  0x1.29fe79163794cp-9,  -0x1.8d6653728eceap-10,
      0x1.15139c02edd48p-10, -0x1.71759e5b83295p-11, 0x1.5c3859742eb2bp-12, -0x1.d04ef72b50b52p-13,
      0x1.8dfdff69832dap-12, -0x1.09546451e99c8p-12};
  if (x < 1.0) return poly(kP, x - 0.5) / x;  // Gamma(x + 1) / x
  if (x < 12.0) {
    double shifted = x, factors = 1.0;
    while (shifted > 2.0) {
      shifted -= 1.0;
      factors *= shifted;
    }
    return factors * poly(kP, shifted - 1.5);
  }
  if (x > 172.0) return kInf;
  // sqrt(2 pi) x^(x - 1/2) e^(-x) e^(stirling), the exponent in two doubles
  const Pair p = product({x - 0.5, 0.0}, log_pair(x));
  const Pair s = two_sum(p.high, -x);
  return 0x1.40d931ff62706p+1 * exp_pair(s.high, s.low + p.low + stirling(x));
}
PPU_MATH double tgamma_double(double x) {
  if (x > 0.0 || x != x) return x != x ? x + x : tgamma_positive(x);
  if (x == 0.0) return copysign(kInf, x);
  if (trunc(x) == x) return nan_d();
  if (x < -184.0) return copysign(0.0, sinpi_double(x));
  // pi / (sin(pi x) Gamma(1 - x)); below -170 Gamma(1 - x) overflows, so in two steps
  const double s = sinpi_double(x);
  if (x > -170.0)
    return 0x1.921fb54442d18p+1 / (s * (x > -0.5 ? tgamma_positive(1.0 - x) : -x * tgamma_positive(-x)));
  return 0x1.921fb54442d18p+1 / (s * -x) / tgamma_positive(-x * 0.5 + 0.5) / tgamma_positive(-x * 0.5) *
         0x1.c5bf891b4ef6bp+1 * exp2_double(x);
}

}  // namespace ppu_math

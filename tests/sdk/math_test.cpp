// The device library's math, compiled for the host, against libm in a wider type: single precision against
// double, double against long double. The bounds are those of the CUDA C++ guide's accuracy tables.
#include <gtest/gtest.h>

#include <cmath>
#include <functional>
#include <random>

#include "sdk/device/math_double.h"
#include "sdk/device/math_float.h"
#include "sdk/device/math_parts.h"
#include "sdk/device/math_special.h"

namespace {

using namespace ppu_math;

/// Distance of `have` from the correctly rounded `want` in units of the last place, as the guide counts;
/// equal non-numbers are 0 apart.
template <class T, class Wide>
double ulps(T have, Wide want) {
  const T rounded = static_cast<T>(want);
  if (std::isnan(have) && std::isnan(rounded)) return 0;
  if (std::isinf(have) || std::isinf(rounded)) {
    // One rounding above the largest number is infinite; a neighbour of it is no error.
    const T biggest = std::numeric_limits<T>::max();
    return have == rounded || (std::abs(have) >= biggest && std::abs(rounded) >= biggest) ? 0 : 1e30;
  }
  if (std::isnan(have) || std::isnan(rounded)) return 1e30;
  const T size = std::max(std::abs(rounded), std::numeric_limits<T>::min());
  const Wide unit =
      static_cast<Wide>(std::nextafter(size, std::numeric_limits<T>::infinity())) - static_cast<Wide>(size);
  return static_cast<double>(std::abs(static_cast<Wide>(have) - static_cast<Wide>(rounded)) / unit);
}

struct Worst {
  double error = 0, at = 0;
};

template <class T>
Worst worst_of(const std::function<T(T)>& have, const std::function<long double(T)>& want,
               const std::vector<T>& points) {
  Worst worst;
  for (T x : points) {
    const double error = ulps(have(x), want(x));
    if (error > worst.error) worst = {error, static_cast<double>(x)};
  }
  return worst;
}

/// Random bit patterns over all exponents, numbers around `from`..`to`, and the special ones.
template <class T>
std::vector<T> points(double from, double to, size_t count) {
  std::mt19937_64 random(20260601);
  std::vector<T> all = {T(0),
                        T(-0.0),
                        T(1),
                        T(-1),
                        T(0.5),
                        T(2),
                        std::numeric_limits<T>::infinity(),
                        -std::numeric_limits<T>::infinity(),
                        std::numeric_limits<T>::quiet_NaN(),
                        std::numeric_limits<T>::min(),
                        std::numeric_limits<T>::denorm_min(),
                        std::numeric_limits<T>::max()};
  std::uniform_real_distribution<double> near(from, to);
  for (size_t i = 0; i < count; ++i) {
    if constexpr (sizeof(T) == 4)
      all.push_back(from_bits(static_cast<u32>(random())));
    else
      all.push_back(from_bits(static_cast<u64>(random())));
    all.push_back(static_cast<T>(near(random)));
    all.push_back(static_cast<T>(near(random)));
  }
  return all;
}

template <class T>
void expect_within(const char* name, double bound, double from, double to, T (*have)(T),
                   long double (*want)(T)) {
  const Worst worst = worst_of<T>(have, want, points<T>(from, to, 200000));
  EXPECT_LE(worst.error, bound) << name << "(" << std::hexfloat << worst.at << std::defaultfloat << " = "
                                << worst.at << ")";
  if (std::getenv("PPU_SHOW_ULPS")) std::printf("%-10s %6.2f ulp at %g\n", name, worst.error, worst.at);
}

#define FLOAT(name, bound, from, to, have, want)                               \
  expect_within<float>(                                                        \
      name, bound, from, to, [](float x) { return static_cast<float>(have); }, \
      [](float x) -> long double { return want; })
#define DOUBLE(name, bound, from, to, have, want)                                \
  expect_within<double>(                                                         \
      name, bound, from, to, [](double x) { return static_cast<double>(have); }, \
      [](double x) -> long double { return want; })

double d(float x) {
  return static_cast<double>(x);
}
long double l(double x) {
  return static_cast<long double>(x);
}

TEST(MathFloat, Exponentials) {
  FLOAT("expf", 1, -105, 90, exp_float(x), std::exp(d(x)));
  FLOAT("exp2f", 2, -152, 130, exp2_float(x), std::exp2(d(x)));
  FLOAT("tanhf", 2, -10, 10, tanh_float(x), std::tanh(d(x)));
}
TEST(MathFloat, Logarithms) {
  FLOAT("logf", 1, 0, 3, log_float(x), std::log(d(x)));
  FLOAT("log2f", 1, 0, 3, log2_float(x), std::log2(d(x)));
  FLOAT("log10f", 2, 0, 3, log10_float(x), std::log10(d(x)));
}
TEST(MathFloat, Trigonometry) {
  FLOAT("sinf", 2, -100, 100, sin_float(x), std::sin(d(x)));
  FLOAT("cosf", 2, -100, 100, cos_float(x), std::cos(d(x)));
  FLOAT("tanf", 4, -100, 100, tan_float(x), std::tan(d(x)));
  FLOAT("atanf", 2, -4, 4, atan_float(x), std::atan(d(x)));
}
TEST(MathFloat, Erf) {
  FLOAT("erff", 2, -4, 4, erf_float(x), std::erf(d(x)));
}

TEST(MathDouble, Exponentials) {
  DOUBLE("exp", 1, -746, 710, exp_double(x), std::exp(l(x)));
  DOUBLE("exp2", 1, -1076, 1025, exp2_double(x), std::exp2(l(x)));
  DOUBLE("exp10", 1, -324, 309, exp10_double(x), exp10l(l(x)));
  DOUBLE("expm1", 1, -2, 2, expm1_double(x), std::expm1(l(x)));
  DOUBLE("sinh", 2, -10, 10, sinh_double(x), std::sinh(l(x)));
  DOUBLE("cosh", 1, -10, 10, cosh_double(x), std::cosh(l(x)));
  DOUBLE("tanh", 2, -10, 10, tanh_double(x), std::tanh(l(x)));
}
TEST(MathDouble, Logarithms) {
  DOUBLE("log", 1, 0, 3, log_double(x), std::log(l(x)));
  DOUBLE("log2", 1, 0, 3, log2_double(x), std::log2(l(x)));
  DOUBLE("log10", 1, 0, 3, log10_double(x), std::log10(l(x)));
  DOUBLE("log1p", 1, -1, 1, log1p_double(x), std::log1p(l(x)));
  DOUBLE("asinh", 3, -4, 4, asinh_double(x), std::asinh(l(x)));
  DOUBLE("acosh", 3, 1, 4, acosh_double(x), std::acosh(l(x)));
  DOUBLE("atanh", 2, -1, 1, atanh_double(x), std::atanh(l(x)));
}
TEST(MathDouble, Trigonometry) {
  DOUBLE("sin", 1, -100, 100, sin_double(x), std::sin(l(x)));
  DOUBLE("cos", 1, -100, 100, cos_double(x), std::cos(l(x)));
  DOUBLE("tan", 2, -100, 100, tan_double(x), std::tan(l(x)));
  DOUBLE("asin", 2, -1, 1, asin_double(x), std::asin(l(x)));
  DOUBLE("acos", 2, -1, 1, acos_double(x), std::acos(l(x)));
  DOUBLE("atan", 2, -4, 4, atan_double(x), std::atan(l(x)));
  // libm has no sinpi; pi in 64 bits is good for small arguments.
  constexpr long double kPi = 3.14159265358979323846264338327950288L;
  DOUBLE("sinpi", 2, -0.25, 0.25, std::abs(x) <= 0.25 ? sinpi_double(x) : 0.0,
         std::abs(x) <= 0.25 ? std::sin(kPi * l(x)) : 0.0L);
  DOUBLE("cospi", 2, -0.25, 0.25, std::abs(x) <= 0.25 ? cospi_double(x) : 0.0,
         std::abs(x) <= 0.25 ? std::cos(kPi * l(x)) : 0.0L);
}
TEST(MathDouble, Special) {
  DOUBLE("cbrt", 1, -100, 100, cbrt_double(x), std::cbrt(l(x)));
  DOUBLE("erf", 2, -6, 6, erf_double(x), std::erf(l(x)));
  DOUBLE("erfc", 5, -6, 27, erfc_double(x), std::erfc(l(x)));
  DOUBLE("tgamma", 10, -20, 171, tgamma_double(x), x < 0 && std::trunc(x) == x ? NAN : std::tgamma(l(x)));
  // Near its zeros left of 0 lgamma loses relative accuracy, as documented: only the right side is bounded.
  DOUBLE("lgamma", 4, 0, 40, x >= 0 ? lgamma_double(x) : 0.0, x >= 0 ? std::lgamma(l(x)) : 0.0L);
  // Inverses: what comes back when the function is applied.
  for (double x = 1e-300; x < 1; x *= 1.7)
    EXPECT_NEAR(std::erfc(erfcinv_double(x)) / x, 1, 1e-13 * (1 - std::log(x))) << x;
  for (double x = -0.999; x < 1; x += 0.0101) EXPECT_NEAR(std::erf(erfinv_double(x)), x, 5e-16) << x;
  for (double x = -37; x < 8; x += 0.37)
    EXPECT_NEAR(normcdf_double(x) / (0.5 * double(erfcl(-l(x) / std::sqrt(2.0L)))), 1, 3e-15) << x;
}
TEST(MathDouble, PowerIsWithinOneUlp) {
  std::mt19937_64 random(7);
  Worst worst;
  double worst_y = 0;
  for (int i = 0; i < 400000; ++i) {
    const double x = i % 3 ? from_bits(static_cast<u64>(random()))
                           : std::uniform_real_distribution<double>(0.5, 2)(random);
    const double y = std::uniform_real_distribution<double>(-1, 1)(random) * std::pow(10.0, i % 7 - 2);
    const double error = ulps(pow_double(x, y), std::pow(l(x), l(y)));
    if (error > worst.error) worst = {error, x}, worst_y = y;
  }
  EXPECT_LE(worst.error, 1) << "pow(" << worst.at << ", " << worst_y << ")";
  const double special[] = {0.0, -0.0, 1,        -1,        2,   -2,    3,      -3,
                            0.5, -0.5, INFINITY, -INFINITY, NAN, 1e300, -1e300, 1e-310};
  for (double x : special)
    for (double y : special) {
      const double have = pow_double(x, y), want = std::pow(x, y);
      EXPECT_LE(ulps(have, l(want)), 1) << "pow(" << x << ", " << y << ") = " << have << ", libm " << want;
      EXPECT_TRUE(std::isnan(want) || std::signbit(have) == std::signbit(want))
          << "pow(" << x << ", " << y << ")";
    }
}
TEST(MathDouble, TwoArguments) {
  std::mt19937_64 random(8);
  const double special[] = {0.0,       -0.0, 1,     -1,     0.3,    -7,    INFINITY,
                            -INFINITY, NAN,  1e308, -1e308, 5e-324, 3e-310};
  std::vector<std::pair<double, double>> pairs;
  for (double x : special)
    for (double y : special) pairs.emplace_back(x, y);
  for (int i = 0; i < 200000; ++i) {
    pairs.emplace_back(from_bits(static_cast<u64>(random())), from_bits(static_cast<u64>(random())));
    pairs.emplace_back(std::uniform_real_distribution<double>(-9, 9)(random),
                       std::uniform_real_distribution<double>(-9, 9)(random));
  }
  double atan2_error = 0, hypot_error = 0;
  for (const auto& [x, y] : pairs) {
    atan2_error = std::max(atan2_error, ulps(atan2_double(x, y), std::atan2(l(x), l(y))));
    if (!(std::isnan(x) && std::isinf(y)) && !(std::isinf(x) && std::isnan(y)))
      hypot_error = std::max(hypot_error, ulps(hypot_double(x, y), std::hypot(l(x), l(y))));
    const double have = fmod_double(x, y), want = std::fmod(x, y);
    EXPECT_TRUE((std::isnan(have) && std::isnan(want)) ||
                (have == want && std::signbit(have) == std::signbit(want)))
        << x << " fmod " << y;
    i32 have_quotient;
    int want_quotient;
    const double have_rest = remquo_double(x, y, &have_quotient),
                 want_rest = std::remquo(x, y, &want_quotient);
    EXPECT_TRUE((std::isnan(have_rest) && std::isnan(want_rest)) ||
                (have_rest == want_rest && (have_quotient & 7) == (want_quotient & 7)))
        << x << " remquo " << y;
    EXPECT_TRUE(std::isnan(x) || std::isnan(y) || nextafter_double(x, y) == std::nextafter(x, y))
        << x << " nextafter " << y;
  }
  EXPECT_LE(atan2_error, 2);
  EXPECT_LE(hypot_error, 2);
}
TEST(MathParts, AreExact) {
  for (double x : points<double>(-100, 100, 50000)) {
    if (std::isnan(x)) continue;
    int have_exponent, want_exponent = 0;
    const double have = frexp_double(x, &have_exponent), want = std::frexp(x, &want_exponent);
    EXPECT_EQ(have, want) << x;
    if (std::isfinite(x)) {
      EXPECT_EQ(have_exponent, want_exponent) << x;
    }
    EXPECT_EQ(round_double(x), std::round(x)) << x;
    for (int n : {0, 1, -1, 100, -100, 1000, -1000, 2000, -2000, -1074, 1023, -1060})
      EXPECT_EQ(ldexp_double(x, n), std::ldexp(x, n)) << x << " " << n;
    double whole, want_whole;
    EXPECT_EQ(modf_double(x, &whole), std::modf(x, &want_whole)) << x;
    EXPECT_EQ(whole, want_whole) << x;
  }
}

}  // namespace

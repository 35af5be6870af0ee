// See exhaustive_truth.h.
#include "exhaustive_truth.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>
#include <string>

namespace ppu::isa::test {
namespace {

double same_value(double x) {
  return x;
}
double reciprocal(double x) {
  return 1 / x;
}
double reciprocal_root(double x) {
  return 1 / std::sqrt(x);
}

/// The approximate functions with the manual's bounds.
struct Approximate {
  std::string_view opcode;
  double (*value)(double);
  Bound bound;
  float low, high;
};
const Approximate kApproximate[] = {
    {"ex2.approx.f32", std::exp2, {.ulps = 2}, 0, 150},
    {"lg2.approx.f32",
     std::log2,
     {.absolute = 1.5749e-7, .relative = 1.5749e-7},  // 2^-22.6
     0,
     std::numeric_limits<float>::max()},
    {"sin.approx.f32", std::sin, {.absolute = 5.1096e-7}, 0, 100000},  // 2^-20.9
    {"cos.approx.f32", std::cos, {.absolute = 5.1096e-7}, 0, 100000},
    {"tanh.approx.f32", std::tanh, {.relative = 4.9269e-4}, 0x1p-126f, 100},  // 2^-10.987
    {"rcp.approx.f32", reciprocal, {.ulps = 1}, 0, std::numeric_limits<float>::max()},
    {"rsqrt.approx.f32", reciprocal_root, {.relative = 1.2777e-7}, 0, std::numeric_limits<float>::max()},
    {"sqrt.approx.f32", std::sqrt, {.relative = 0x1p-23}, 0, std::numeric_limits<float>::max()},
};

/// `cvt`'s destinations that aren't integers.
struct Format {
  std::string_view name;
  int precision, least_exponent, most_exponent, width, fraction_bits;
};
constexpr Format kFormats[] = {{"f32", 24, -126, 127, 32, 23},
                               {"f16", 11, -14, 15, 16, 10},
                               {"bf16", 8, -126, 127, 16, 7},
                               {"tf32", 11, -126, 127, 32, 23}};

std::optional<Rounding> rounding_of(std::string_view word) {
  if (word == "rn" || word == "rni") return Rounding::kNearest;
  if (word == "rna") return Rounding::kNearestAway;
  if (word == "rz" || word == "rzi") return Rounding::kZero;
  if (word == "rm" || word == "rmi") return Rounding::kDown;
  if (word == "rp" || word == "rpi") return Rounding::kUp;
  return std::nullopt;
}

double to_whole(double v, Rounding rounding) {
  switch (rounding) {
    case Rounding::kNearest:
      return std::nearbyint(v);
    case Rounding::kNearestAway:
      return std::round(v);
    case Rounding::kZero:
      return std::trunc(v);
    case Rounding::kDown:
      return std::floor(v);
    case Rounding::kUp:
      return std::ceil(v);
  }
  return v;
}

template <Rounding kMode>
double whole(double x) {
  return to_whole(x, kMode);
}

/// Takes ".word" off the front of `rest`; empty if there is none.
std::string_view next_word(std::string_view& rest) {
  if (rest.empty()) return {};
  const size_t end = rest.find('.', 1);
  const std::string_view word = rest.substr(1, end == rest.npos ? end : end - 1);
  rest = end == rest.npos ? std::string_view() : rest.substr(end);
  return word;
}

/// "cvt.rni.ftz.sat.s32.f32".
std::optional<Truth> conversion(std::string_view rest) {
  Truth t;
  t.exact = true;
  t.value = same_value;
  std::string_view word = next_word(rest);
  const bool whole_number = word.size() == 3 && word[2] == 'i';
  if (const auto rounding = rounding_of(word)) {
    t.rounding = *rounding;
    word = next_word(rest);
  }
  if (word == "ftz") t.ftz = true, word = next_word(rest);
  if (word == "sat") t.sat = true, word = next_word(rest);
  if (rest != ".f32") return std::nullopt;
  if (word[0] == 's' || word[0] == 'u') {
    t.is_signed = word[0] == 's';
    t.integer_bits = std::atoi(std::string(word.substr(1)).c_str());
    return t.integer_bits ? std::optional(t) : std::nullopt;
  }
  for (const Format& f : kFormats) {
    if (f.name != word) continue;
    t.precision = f.precision, t.least_exponent = f.least_exponent, t.most_exponent = f.most_exponent;
    t.width = f.width, t.fraction_bits = f.fraction_bits;
    if (!whole_number) return t;
    t.value = t.rounding == Rounding::kNearest ? whole<Rounding::kNearest>
              : t.rounding == Rounding::kZero  ? whole<Rounding::kZero>
              : t.rounding == Rounding::kDown  ? whole<Rounding::kDown>
                                               : whole<Rounding::kUp>;
    return t;
  }
  return std::nullopt;
}

}  // namespace

/// `v` in the destination's type. That `v` was itself rounded to double does no harm: a quotient or root of
/// 24-bit numbers isn't that close to a number of at most 25 bits without being one.
double Truth::rounded(double v) const {
  if (integer_bits) {
    // PTX ISA, cvt: NaN becomes 0, but 1 << 63 of 64 bits.
    if (std::isnan(v)) return integer_bits < 64 ? 0 : std::ldexp(is_signed ? -1.0 : 1.0, 63);
    const double top = std::ldexp(1.0, integer_bits - is_signed) - 1, bottom = is_signed ? -top - 1 : 0;
    return std::clamp(to_whole(v, rounding), bottom, top) + 0.0;
  }
  if (sat) v = std::isnan(v) ? 0 : std::clamp(v, 0.0, 1.0) + 0.0;
  if (!std::isfinite(v) || v == 0) return v;
  const double quantum = std::ldexp(1.0, std::max(std::ilogb(v), least_exponent) - precision + 1);
  const double r = std::copysign(to_whole(v / quantum, rounding) * quantum, v);
  const double most = (2 - std::ldexp(1.0, 1 - precision)) * std::ldexp(1.0, most_exponent);
  if (std::fabs(r) <= most) return r;
  const bool outwards = rounding == Rounding::kNearest || rounding == Rounding::kNearestAway ||
                        (rounding == Rounding::kUp && v > 0) || (rounding == Rounding::kDown && v < 0);
  return std::copysign(outwards ? std::numeric_limits<double>::infinity() : most, v);
}

double Truth::decoded(uint64_t bits) const {
  if (integer_bits) {
    const uint64_t low = integer_bits == 64 ? bits : bits & ((uint64_t(1) << integer_bits) - 1);
    if (is_signed && (low >> (integer_bits - 1) & 1))
      return -double(~low & ((uint64_t(1) << (integer_bits - 1)) - 1)) - 1;
    return double(low);
  }
  if (width == 32) return std::bit_cast<float>(uint32_t(bits));
  const int exponent = int(bits >> fraction_bits) & ((1 << (15 - fraction_bits)) - 1);
  const double fraction = double(bits & ((1u << fraction_bits) - 1));
  double v;
  if (exponent == (1 << (15 - fraction_bits)) - 1)
    v = fraction ? std::numeric_limits<double>::quiet_NaN() : std::numeric_limits<double>::infinity();
  else
    v = std::ldexp(exponent ? fraction + (1u << fraction_bits) : fraction,
                   std::max(exponent, 1) - 1 + least_exponent - fraction_bits);
  return bits >> 15 & 1 ? -v : v;
}

double Truth::error(uint32_t input, uint64_t got_bits) const {
  constexpr double kWrong = std::numeric_limits<double>::infinity();
  double x = std::bit_cast<float>(input);
  const auto flushed = [&](double v) {
    return ftz && std::fabs(v) < 0x1p-126 && width == 32 ? std::copysign(0.0, v) : v;
  };
  if (ftz && std::fabs(x) < 0x1p-126) x = std::copysign(0.0, x);
  const double v = value(x), got = decoded(got_bits);
  const bool special = !std::isfinite(x) || x == 0;
  if (exact || special) {
    double want = rounded(v);
    if (!integer_bits) want = flushed(want);
    if (std::isnan(want)) return std::isnan(got) ? 0 : kWrong;
    if (integer_bits == 64) return got == double(want) || std::fabs(want) >= 0x1p63 ? 0 : kWrong;
    return got == want && std::signbit(got) == std::signbit(want) ? 0 : kWrong;
  }
  if (std::fabs(x) < double(low) || std::fabs(x) > double(high)) return 0;
  if (std::isnan(v)) return std::isnan(got) ? 0 : kWrong;
  if (double(float(v)) == got || flushed(double(float(v))) == got) return 0;
  if (ftz && got == 0 && std::fabs(v) < 0x1.000002p-126) return 0;
  const double ulp = std::ldexp(1.0, std::max(v == 0 ? -126 : std::ilogb(v), -126) - 23);
  const double allowed = std::max({bound.absolute, bound.relative * std::fabs(v), bound.ulps * ulp});
  return std::fabs(got - v) / allowed;
}

std::optional<Truth> find_truth(std::string_view opcode) {
  if (opcode.starts_with("cvt.")) return conversion(opcode.substr(3));
  std::string plain(opcode);
  Truth t;
  if (const size_t at = plain.find(".ftz"); at != plain.npos) plain.erase(at, 4), t.ftz = true;
  for (const Approximate& a : kApproximate) {
    if (a.opcode != plain) continue;
    t.value = a.value, t.bound = a.bound, t.low = a.low, t.high = a.high;
    return t;
  }
  const bool root = plain.starts_with("sqrt."), inverse = plain.starts_with("rcp.");
  if (!plain.ends_with(".f32") || !(root || inverse)) return std::nullopt;
  const size_t dot = plain.find('.');
  const auto rounding = rounding_of(std::string_view(plain).substr(dot + 1, plain.rfind('.') - dot - 1));
  if (!rounding) return std::nullopt;
  t.exact = true;
  t.rounding = *rounding;
  t.value = reciprocal;
  if (root) t.value = std::sqrt;
  return t;
}

}  // namespace ppu::isa::test

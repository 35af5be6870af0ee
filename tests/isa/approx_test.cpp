// Errors of the approximate functions against the bounds of the PTX ISA, over the .f32 inputs (a stride of
// them; PPU_TEST_STRIDE=1 takes all). The truth is the C library's double, good to far better than is asked
// here.
#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <cstdlib>
#include <functional>

#include "isa/host_table.h"

namespace ppu::isa::test {
namespace {

uint32_t stride() {
  const char* text = std::getenv("PPU_TEST_STRIDE");
  return text ? uint32_t(std::strtoul(text, nullptr, 10)) : 4001;
}

struct Bound {
  double absolute = 0, relative = 0, ulps = 0;  ///< the error may be the largest of these
};

double ulp(double v) {
  const int e = v == 0 ? -126 : std::max(std::ilogb(v), -126);
  return std::ldexp(1.0, e - 23);
}

/// Checks `opcode` against `truth` for inputs in [low, high] and their negatives.
void check(const char* opcode, double (*truth)(double), float low, float high, bool negatives, Bound bound) {
  const std::optional<MatchResult> m = match(opcode);
  ASSERT_TRUE(m.has_value()) << opcode;
  double worst = 0;
  uint32_t worst_at = 0;
  const uint32_t step = stride();
  for (uint32_t sign = 0; sign <= (negatives ? 1u : 0u); sign++) {
    for (uint64_t i = std::bit_cast<uint32_t>(low); i <= std::bit_cast<uint32_t>(high); i += step) {
      const uint32_t bits = uint32_t(i) | sign << 31;
      const uint64_t arg = bits;
      const double got = std::bit_cast<float>(uint32_t(eval(m->row, m->mods, {&arg, 1}).out[0]));
      const double want = truth(double(std::bit_cast<float>(bits)));
      const double allowed =
          std::max({bound.absolute, bound.relative * std::fabs(want), bound.ulps * ulp(want)});
      const double error = float(want) == got ? 0 : std::fabs(got - want) / allowed;
      if (!(error <= worst)) {
        worst = error;
        worst_at = bits;
      }
    }
  }
  EXPECT_LE(worst, 1.0) << opcode << " of " << std::bit_cast<float>(worst_at) << " (bits " << std::hex
                        << worst_at << "): error is " << worst << " of the bound";
  std::printf("%-20s [%g, %g]: largest error %.2f of the bound\n", opcode, double(low), double(high), worst);
}

TEST(Approx, Ex2) {
  check("ex2.approx.f32", [](double x) { return std::exp2(x); }, 0, 150, true, {.ulps = 2});
}
// Flushed ones are computed another way: they are the same numbers.
TEST(Approx, Ex2WithFlushedResults) {
  const std::optional<MatchResult> kept = match("ex2.approx.f32"), flushed = match("ex2.approx.ftz.f32");
  ASSERT_TRUE(kept.has_value() && flushed.has_value());
  const auto of = [](const MatchResult& m, uint64_t arg) {
    return uint32_t(eval(m.row, m.mods, {&arg, 1}).out[0]);
  };
  const auto compare = [&](uint32_t bits) {
    const uint32_t want = of(*kept, bits), exponent = want & 0x7f800000;
    ASSERT_EQ(of(*flushed, bits), exponent ? want : 0) << std::hex << bits;
  };
  for (uint64_t bits = 0; bits <= UINT32_MAX; bits += stride()) compare(uint32_t(bits));
  for (const uint32_t edge :
       {0x43000000u, 0xc2fc0000u, 0xc2fd0000u, 0x7f800000u, 0xff800000u, 0x7fc00001u, 0u})
    for (int32_t near = -300; near <= 300; near++) compare(edge + uint32_t(near));
}
TEST(Approx, Lg2) {
  // Absolute 2^-22.6 around one, relative 2^-22.6 elsewhere.
  check("lg2.approx.f32", [](double x) { return std::log2(x); }, 0x1p-149f, 0x1.fffffep127f, false,
        {.absolute = std::exp2(-22.6), .relative = std::exp2(-22.6)});
}
TEST(Approx, SinAndCos) {
  const Bound bound{.absolute = std::exp2(-20.9)};
  check("sin.approx.f32", [](double x) { return std::sin(x); }, 0, float(M_PI), true, bound);
  check("cos.approx.f32", [](double x) { return std::cos(x); }, 0, float(M_PI), true, bound);
  check("sin.approx.f32", [](double x) { return std::sin(x); }, float(M_PI), 100000, true, bound);
  check("cos.approx.f32", [](double x) { return std::cos(x); }, float(M_PI), 100000, true, bound);
}
TEST(Approx, Tanh) {
  check("tanh.approx.f32", [](double x) { return std::tanh(x); }, 0x1p-126f, 100, true,
        {.relative = std::exp2(-10.987)});
}
TEST(Approx, ReciprocalAndRoots) {
  check("rcp.approx.f32", [](double x) { return 1 / x; }, 0x1p-149f, 0x1.fffffep127f, true, {.ulps = 1});
  check("rsqrt.approx.f32", [](double x) { return 1 / std::sqrt(x); }, 0x1p-149f, 0x1.fffffep127f, false,
        {.relative = std::exp2(-22.9)});
  check("sqrt.approx.f32", [](double x) { return std::sqrt(x); }, 0, 0x1.fffffep127f, false,
        {.relative = std::exp2(-23)});
}

}  // namespace
}  // namespace ppu::isa::test

// Draws of uncertainty.h. The effect of each number is asked for once, not in each draw: a few dozen
// evaluations instead of two hundred, and the tornado comes with them.
#include "chip/uncertainty.h"

#include <algorithm>
#include <cmath>
#include <random>

#include "chip/coefficients.h"

namespace ppu::chip {
namespace {

constexpr int kDraws = 200;
constexpr double kMatters = 0.001;

/// Rates, clocks, sizes of caches, power: what time and watts go by. Not temperatures, prices, years.
constexpr bool moves_time_or_power(std::string_view key, std::string_view unit) {
  if (key == "int4_tops" || key == "memory_clock_mhz" || key == "sustained_clock_mhz" || key == "clock_mhz")
    return false;
  for (const std::string_view one : {"TF/s", "TOPS", "GB/s", "MiB", "W", "pJ/FLOP", "pJ/bit", "MHz"})
    if (unit == one) return true;
  return false;
}

struct Field {
  const char* key;
  const char* unit;
  const Quantity Chip::* quantity;
  double Numbers::* number;
};

constexpr Field kFields[] = {
#define FIELD(key, unit, meaning) {#key, unit, &Chip::key, &Numbers::key},
#define OPEN_FIELD(key, unit, meaning)
#include "chip/chip_fields.inc"
#undef OPEN_FIELD
#undef FIELD
};

/// A sum of uniform draws is normal enough here, and the same on every library.
double normal(std::mt19937& engine) {
  double sum = -6;
  for (int i = 0; i < 12; ++i) sum += double(engine()) / 4294967296.0;
  return sum;
}

/// Triangular between -1 and 1, its peak at 0.
double triangular(std::mt19937& engine) {
  return (double(engine()) - double(engine())) / 4294967296.0;
}

}  // namespace

Spread spread_of(const Chip& chip, const std::function<double(const Numbers&)>& answer) {
  Spread spread;
  const Numbers values = values_of(chip);
  spread.value = answer(values);
  if (!(spread.value > 0)) return spread;
  for (const Field& field : kFields) {
    const Quantity& q = chip.*field.quantity;
    if (!moves_time_or_power(field.key, field.unit) || !q.has_number() || !(q.low < q.high)) continue;
    Sensitivity s{field.key, spread.value, spread.value};
    for (const bool high : {false, true}) {
      Numbers other = values;
      other.*field.number = high ? q.high : q.low;
      const double moved = answer(other);
      if (moved > 0 && std::isfinite(moved)) (high ? s.at_high : s.at_low) = moved;
    }
    if (!(s.at_low > 0) || !(s.at_high > 0)) continue;
    if (std::max(std::abs(s.at_low / spread.value - 1), std::abs(s.at_high / spread.value - 1)) > kMatters)
      spread.numbers.push_back(s);
  }
  std::sort(spread.numbers.begin(), spread.numbers.end(), [](const Sensitivity& a, const Sensitivity& b) {
    return std::abs(std::log(a.at_high / a.at_low)) > std::abs(std::log(b.at_high / b.at_low));
  });
  return spread;
}

Interval interval_of(const Spread& spread, double left, unsigned seed) {
  std::mt19937 engine(seed);
  std::vector<double> draws(kDraws);
  for (double& draw : draws) {
    double logarithm = left * normal(engine);
    for (const Sensitivity& s : spread.numbers) {
      const double u = triangular(engine);
      logarithm += std::abs(u) * std::log((u < 0 ? s.at_low : s.at_high) / spread.value);
    }
    draw = spread.value * std::exp(logarithm);
  }
  std::sort(draws.begin(), draws.end());
  return {draws[kDraws / 10], draws[kDraws / 2], draws[kDraws * 9 / 10 - 1]};
}

double left_over(std::string_view answers, const StackRow& stack, std::string_view maker) {
  const Coefficients& c = coefficients();
  const struct {
    std::string_view name;
    double left;
    bool of_stack;
  } rows[] = {{"gemm", c.left_gemm, false},          {"serving", c.left_serving, true},
              {"ttft", c.left_ttft, true},           {"tpot_load", c.left_tpot_load, true},
              {"ttft_load", c.left_ttft_load, true}, {"items", c.left_items, false},
              {"watts", c.left_watts, false}};
  for (const auto& row : rows)
    if (row.name == answers)
      return std::hypot(row.left, row.of_stack && !measured_on(stack, maker) ? stack.terms.spread : 0);
  return c.left_serving;
}

}  // namespace ppu::chip

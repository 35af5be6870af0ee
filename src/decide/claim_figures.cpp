// See claim_figures.h.
#include "decide/claim_figures.h"

#include <algorithm>
#include <cmath>
#include <cstdio>

#include "chip/cost.h"
#include "chip/power.h"
#include "chip/stack.h"
#include "chip/thermal.h"
#include "chip/uncertainty.h"

namespace ppu::decide {
namespace {

/// Two significant figures.
std::string short_text(double value) {
  if (!(value > 0)) return "0";
  const double unit = std::pow(10, std::floor(std::log10(value)) - 1);
  const double rounded = std::round(value / unit) * unit;
  char text[32];
  std::snprintf(text, sizeof text, "%.*f", std::max(0, -int(std::floor(std::log10(unit) + 0.5))), rounded);
  return text;
}

Range range_of(const chip::Quantity& q) {
  return q.has_number() ? Range{q.low, q.value, q.high} : Range{};
}

}  // namespace

const chip::Chip& chip_of(const std::string& id) {
  const chip::Chip* chip = chip::find(id);
  return chip ? *chip : chip::all().front();
}

chip::Op large_product() {
  chip::Op op{.kind = chip::OpKind::kGemm,
              .label = "product",
              .math = chip::Number::kBf16,
              .m = 8192,
              .n = 8192,
              .k = 8192};
  op.weight_bytes = 2 * op.n * op.k, op.read_bytes = op.write_bytes = 2 * op.m * op.k;
  return op;
}

const Measured& ClaimFigures::of(const std::string& chip, const std::string& model) {
  const auto [at, added] = known_.try_emplace(chip + " " + model);
  if (!added) return at->second;
  Result<workload::Model> found = workload::find_model(model);
  if (!found) {
    at->second.cannot = found.error().message;
    return at->second;
  }
  Work work{.model = found.value(), .precision = {}};
  const Result<Measured> measured = measure(work, chip_of(chip));
  if (measured)
    at->second = measured.value();
  else
    at->second.cannot = measured.error().message;
  return at->second;
}

Range ClaimFigures::ratio(const Range& a, const Range& b) {
  if (!a.known() || !b.known() || !(a.middle > 0) || !(b.middle > 0)) return {};
  const double middle = a.middle / b.middle;
  // Independent errors of both, as logarithms.
  const double up = std::hypot(std::log(a.high / a.middle), std::log(b.middle / b.low));
  const double down = std::hypot(std::log(a.middle / a.low), std::log(b.high / b.middle));
  return {middle * std::exp(-down), middle, middle * std::exp(up)};
}

Range ClaimFigures::ratio(const chip::Quantity& a, const chip::Quantity& b) {
  return ratio(range_of(a), range_of(b));
}

Range ClaimFigures::throughput_ratio(const std::string& chip, const std::string& other,
                                     const std::string& model) {
  return ratio(of(chip, model).per_chip, of(other, model).per_chip);
}

Range ClaimFigures::per_joule(const std::string& chip, const std::string& model) {
  return ratio(of(chip, model).per_chip, of(chip, model).watts);
}

Range ClaimFigures::hourly(const std::string& id) {
  const chip::Chip& chip = chip_of(id);
  if (chip.rent_usd_h.has_number()) return range_of(chip.rent_usd_h);
  if (!chip.price_usd.has_number()) return {};
  const auto hour = [&](double purchase) {
    chip::Pricing p;
    p.purchase = purchase;
    return chip::hourly_cost(p, 1, chip.tdp_w.value).total();
  };
  return {hour(chip.price_usd.low), hour(chip.price_usd.value), hour(chip.price_usd.high)};
}

Range ClaimFigures::break_even_rent(const std::string& chip, const std::string& other,
                                    const std::string& model) {
  const Range speed = throughput_ratio(chip, other, model), price = hourly(other);
  if (!speed.known() || !price.known()) return {};
  return {speed.low * price.low, speed.middle * price.middle, speed.high * price.high};
}

Range product_watts(const chip::Chip& chip) {
  const chip::Stack stack;
  const auto watts = [&](const chip::Numbers& n) {
    return chip::operate(chip::predict(large_product(), n, stack), n).watts;
  };
  const double left =
      chip::left_over("watts", chip::stack_row(stack.name, chip::values_of(chip)), chip.vendor);
  const chip::Interval spread = chip::interval_of(chip::spread_of(chip, watts), left);
  const double limit = chip.tdp_w.value;
  return {std::min(spread.p10, limit), std::min(spread.p50, limit), std::min(spread.p90, limit)};
}

double slowing_inlet(const chip::Numbers& chip, double watts) {
  return chip.slow_down_c - chip::steady_die_c(watts, chip::thermal_path_of(chip), {.inlet_c = 0});
}

std::string percent_text(const Range& r) {
  if (!r.known()) return "unknown";
  const Range p = {100 * r.low, 100 * r.middle, 100 * r.high};
  const std::string low = short_text(p.low), middle = short_text(p.middle), high = short_text(p.high);
  return low == high ? middle + " %" : middle + " % (" + low + "-" + high + ")";
}

std::string range_text(const Range& r, const char* unit) {
  if (!r.known()) return "unknown";
  const std::string low = short_text(r.low), middle = short_text(r.middle), high = short_text(r.high);
  const std::string tail = *unit ? std::string(" ") + unit : "";
  return low == high ? middle + tail : middle + tail + " (" + low + "-" + high + ")";
}

}  // namespace ppu::decide

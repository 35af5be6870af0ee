// Picks what a row asks for from what a run answers. See row_kinds.h.
#include <algorithm>
#include <cmath>

#include "chip/power.h"
#include "validate/row_kinds.h"

namespace ppu::validate {
namespace {

/// Figures that grow with the number of chips.
bool of_all_chips(Figure figure) {
  switch (figure) {
    case Figure::kOutputRate:
    case Figure::kInputRate:
    case Figure::kTotalRate:
    case Figure::kRequestRate:
    case Figure::kItemRate:
    case Figure::kStreams:
    case Figure::kChipPower:
    case Figure::kFlopRate:
    case Figure::kByteRate:
      return true;
    default:
      return false;
  }
}

std::string digits(double value) {
  char text[32];
  std::snprintf(text, sizeof text, "%g", value);
  return text;
}

}  // namespace

void Question::assume(const std::string& what) const {
  if (assumed && assumed->find(what) == std::string::npos) *assumed += (assumed->empty() ? "" : ", ") + what;
}

double Question::in_or(double otherwise) const {
  if (row.in <= 0) assume(digits(otherwise) + " tokens in");
  return row.in > 0 ? row.in : otherwise;
}

double Question::out_or(double otherwise) const {
  if (row.out <= 0) assume(digits(otherwise) + " tokens out");
  return row.out > 0 ? row.out : otherwise;
}

double Question::batch_or(double otherwise) const {
  if (row.batch <= 0) assume("batch " + digits(otherwise));
  return row.batch > 0 ? row.batch : otherwise;
}

Answers& Answers::set(Figure figure, double value) {
  if (value > 0 && std::isfinite(value)) values_[figure] = value;
  return *this;
}

Answers& Answers::set_rates(double tokens_per_second, double in, double out) {
  set(Figure::kOutputRate, tokens_per_second);
  set(Figure::kInputRate, tokens_per_second * in / out);
  set(Figure::kTotalRate, tokens_per_second * (in + out) / out);
  set(Figure::kItemRate, tokens_per_second / out);  // "samples/s" of a model that answers requests
  return set(Figure::kRequestRate, tokens_per_second / out);
}

Answers& Answers::set_watts(double chip_watts) {
  const double all = chip_watts * chips_;
  const double plug = chip::node_watts(chip_watts, chips_);
  set(Figure::kChipPower, all).set(Figure::kNodePower, plug);
  const auto rate = [&](Figure figure) { return values_.count(figure) ? values_.at(figure) : 0; };
  const double items = std::max(rate(Figure::kItemRate), rate(Figure::kRequestRate));
  if (const double tokens = rate(Figure::kOutputRate); tokens > 0)
    set(Figure::kEnergyToken, all / tokens).set(Figure::kTokensPerJoule, tokens / all);
  if (items > 0) set(Figure::kEnergyItem, all / items).set(Figure::kItemsPerJoule, items / all);
  return *this;
}

Answers& Answers::set_power(const chip::Cost& cost, const chip::Numbers& chip) {
  return set_watts(chip::operate(cost, chip).watts);
}

Result<double> Answers::pick(const Question& q) const {
  const Asked& asked = q.asked;
  const auto found = values_.find(asked.figure);
  if (found == values_.end()) {
    std::string there;
    for (const auto& [figure, value] : values_)
      there += (there.empty() ? "" : ", ") + std::string(name_of(figure));
    return unsupported("metric `" + q.row.metric + "` in " + q.row.unit + " of kind " + q.row.kind +
                       " has no answer; there are " + there);
  }
  double value = found->second;
  if (of_all_chips(asked.figure)) {
    if (asked.per_chip)
      value /= chips_;
    else if (asked.per_node)
      value *= std::min(8.0, std::max(chips_, q.row.chips)) / chips_;
  }
  if (asked.of_server && values_.count(Figure::kNodePower) && values_.count(Figure::kChipPower)) {
    const double more = values_.at(Figure::kNodePower) / values_.at(Figure::kChipPower);
    if (asked.figure == Figure::kEnergyToken || asked.figure == Figure::kEnergyItem) value *= more;
    if (asked.figure == Figure::kTokensPerJoule || asked.figure == Figure::kItemsPerJoule) value /= more;
  }
  return value / asked.unit;
}

}  // namespace ppu::validate

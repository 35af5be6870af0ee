// See report.h.
#include "validate/report.h"

#include <algorithm>
#include <cmath>
#include <map>

#include "chip/stack.h"

namespace ppu::validate {
namespace {

double median_of(std::vector<double> values) {
  if (values.empty()) return 0;
  std::sort(values.begin(), values.end());
  const size_t n = values.size();
  return n % 2 ? values[n / 2] : (values[n / 2 - 1] + values[n / 2]) / 2;
}

double mean_of(const std::vector<double>& values) {
  double sum = 0;
  for (const double value : values) sum += value;
  return values.empty() ? 0 : sum / double(values.size());
}

Errors errors_of(const std::string& name, const std::vector<const Judged*>& rows) {
  Errors out;
  out.name = name, out.rows = int(rows.size());
  std::vector<double> absolute, signed_ones, baseline;
  int inside = 0;
  for (const Judged* row : rows) {
    if (!row->modelled()) continue;
    absolute.push_back(std::abs(row->error()));
    signed_ones.push_back(row->error());
    if (row->baseline > 0) baseline.push_back(std::abs(row->baseline_error()));
    inside += row->inside();
  }
  out.modelled = int(absolute.size()), out.with_baseline = int(baseline.size());
  out.mape = mean_of(absolute), out.median = median_of(absolute), out.bias = median_of(signed_ones);
  out.baseline_mape = mean_of(baseline), out.baseline_median = median_of(baseline);
  if (out.modelled > 0) out.inside = double(inside) / out.modelled;
  return out;
}

/// Rows have no seed of their own; their words are one.
unsigned seed_of(const Row& row) {
  unsigned hash = 2166136261u;
  for (const std::string* text : {&row.model, &row.scenario, &row.metric, &row.chip})
    for (const char c : *text) hash = (hash ^ static_cast<unsigned char>(c)) * 16777619u;
  return hash;
}

}  // namespace

Judged judge(const Row& row, const chip::Chip* own, bool intervals) {
  Judged out{.row = row,
             .chip = "",
             .stack = "",
             .reason = "",
             .assumed = "",
             .predicted = 0,
             .baseline = 0,
             .interval = {}};
  Result<const chip::Chip*> found = own ? Result<const chip::Chip*>(own) : chip_of(row, &out.assumed);
  if (!found) {
    out.reason = found.error().message;
    return out;
  }
  const chip::Chip& chip = *found.value();
  out.chip = chip.id;
  const chip::Numbers numbers = chip::values_of(chip);
  const chip::StackRow& stack = chip::stack_row(stack_name_of(row), numbers);
  out.stack = std::string(stack.name) + " on " + stack.chip;
  const Result<double> value = predict_row(row, numbers, Model::kFull, &out.assumed);
  if (!value || !(value.value() > 0) || !std::isfinite(value.value())) {
    out.reason = value ? "the model gives no finite answer" : value.error().message;
    return out;
  }
  out.predicted = value.value();
  out.interval = {out.predicted, out.predicted, out.predicted};
  if (!intervals) return out;
  if (const Result<double> trivial = predict_row(row, numbers, Model::kTrivial);
      trivial && std::isfinite(trivial.value()))
    out.baseline = trivial.value();
  const chip::Spread spread = chip::spread_of(chip, [&row](const chip::Numbers& n) {
    const Result<double> moved = predict_row(row, n, Model::kFull);
    return moved ? moved.value() : 0;
  });
  const double left = chip::left_over(residual_of(row), stack, chip.vendor);
  out.interval = chip::interval_of(spread, left, seed_of(row));
  return out;
}

std::vector<Judged> judge(const std::vector<Row>& rows, const chip::Chip* own, bool intervals) {
  std::vector<Judged> out;
  out.reserve(rows.size());
  for (const Row& row : rows) out.push_back(judge(row, own, intervals));
  return out;
}

std::vector<Errors> errors_by(const std::vector<Judged>& rows, std::string (*key)(const Judged&)) {
  std::vector<std::string> order;
  std::map<std::string, std::vector<const Judged*>> groups;
  std::vector<const Judged*> everything;
  for (const Judged& row : rows) {
    const std::string name = key(row);
    if (!groups.count(name)) order.push_back(name);
    groups[name].push_back(&row);
    everything.push_back(&row);
  }
  std::vector<Errors> out;
  for (const std::string& name : order) out.push_back(errors_of(name, groups[name]));
  out.push_back(errors_of("all", everything));
  return out;
}

std::string group_of(const Judged& row) {
  return row.row.kind + "/" + row.row.metric;
}

std::string chip_group_of(const Judged& row) {
  return row.chip.empty() ? row.row.chip : row.chip;
}

}  // namespace ppu::validate

// Rows judged together: prediction and interval beside each value, errors by group and chip, the trivial
// roofline's beside them. Not here: how a row is predicted (predict_row.h), how a terminal shows it
// (src/tools/ppu).
#pragma once
#include <string>
#include <vector>

#include "chip/uncertainty.h"
#include "validate/predict_row.h"

namespace ppu::validate {

/// A row with what the model and the trivial roofline say.
struct Judged {
  Row row;
  std::string chip;      ///< its id; empty when the row names none that is known
  std::string stack;     ///< row of chips/model/stacks.toml that it takes, "vllm on *"
  std::string reason;    ///< why there is no prediction; empty when there is
  std::string assumed;   ///< what the row leaves open and the prediction takes for granted
  double predicted = 0;  ///< in the row's unit
  double baseline = 0;   ///< likewise; 0 where the roofline has no answer
  chip::Interval interval;
  bool modelled() const { return reason.empty(); }
  /// predicted / measured - 1
  double error() const { return predicted / row.value - 1; }
  double baseline_error() const { return baseline / row.value - 1; }
  bool inside() const { return row.value >= interval.p10 && row.value <= interval.p90; }
};

/// Errors of rows that belong together, as shares (0.1 = 10 %).
struct Errors {
  std::string name;
  int rows = 0, modelled = 0, with_baseline = 0;
  double mape = 0, median = 0, bias = 0;  ///< mean and median of |error|; median of the signed one
  double baseline_mape = 0, baseline_median = 0;
  double inside = 0;  ///< share of modelled rows between P10 and P90
};

/// Judges one row. `own`: a chip that stands for those the rows name (a file that was calibrated); else null.
/// Without `intervals` the model's values alone are asked for (scripts/fit asks thousands of times).
Judged judge(const Row& row, const chip::Chip* own = nullptr, bool intervals = true);

std::vector<Judged> judge(const std::vector<Row>& rows, const chip::Chip* own = nullptr,
                          bool intervals = true);

/// Sums over all rows whose `key` is the same, in the order in which keys appear; a last one over all of
/// them.
std::vector<Errors> errors_by(const std::vector<Judged>& rows, std::string (*key)(const Judged&));

std::string group_of(const Judged& row);  ///< "kernel/latency", "serving-e2e/tpot"
std::string chip_group_of(const Judged& row);

}  // namespace ppu::validate

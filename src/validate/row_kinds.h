// The kinds of rows, one function each; predict_row.cpp has the table. Each gives all figures that its run
// has; Answers picks the one that the row asks for. Private to this folder.
#pragma once
#include <map>

#include "validate/figure.h"
#include "validate/predict_row.h"
#include "validate/words.h"
#include "workload/serving.h"

namespace ppu::validate {

/// A row with the chip it is asked of. `stack` is the software as chip/stack.h looks it up. What a row leaves
/// open and the model takes for granted is told to `assumed`.
struct Question {
  const Row& row;
  const chip::Numbers& chip;
  chip::Stack stack;
  Asked asked;
  std::string* assumed = nullptr;

  void assume(const std::string& what) const;
  /// The row's length or batch, else the assumed one.
  double in_or(double otherwise) const;
  double out_or(double otherwise) const;
  double batch_or(double otherwise) const;
};

/// What a run answers, in SI units, of all chips together.
class Answers {
 public:
  /// Of `chips` chips.
  explicit Answers(double chips) : chips_(chips) {}
  /// A figure that isn't above 0 isn't there.
  Answers& set(Figure figure, double value);
  /// Rates that follow from the output rate `tokens_per_second` of requests of `in` and `out` tokens.
  Answers& set_rates(double tokens_per_second, double in, double out);
  /// Power and energy of chips that each do `cost` again and again.
  Answers& set_power(const chip::Cost& cost, const chip::Numbers& chip);
  /// The same from the watts of one chip.
  Answers& set_watts(double chip_watts);
  /// The figure asked for, in the row's unit; kUnsupported, with those that are there, when it isn't.
  Result<double> pick(const Question& question) const;

 private:
  double chips_;
  std::map<Figure, double> values_;
};

/// The row's model; kUnsupported names near ones when there is none like it.
Result<workload::Model> model_of(const Question& q);

Result<double> kernel_row(const Question& q);
/// A kernel that is attention by its words (attention_rows.cpp).
bool names_attention(const Row& row);
Result<double> attention_row(const Question& q);
/// A grouped product: each of `groups` experts has `rows` rows; one group of all rows where it is a plain
/// one.
struct Routed {
  double groups = 1, rows = 0;
};
Routed routed_of(const Row& row, const Shape& shape);
Result<double> collective_row(const Question& q);
Result<double> serving_max_row(const Question& q);
Result<double> serving_static_row(const Question& q);
Result<double> serving_load_row(const Question& q);
Result<double> serving_energy_row(const Question& q);
Result<double> serving_split_row(const Question& q);
Result<double> first_token_row(const Question& q);
Result<double> latency_row(const Question& q);
Result<double> mlperf_row(const Question& q);
Result<double> power_row(const Question& q);

/// Images, sentences, queries of a model that makes no tokens, whatever the row's kind.
Result<double> items_row(const Question& q, const workload::Model& model);

/// Whether the row's model is one of MLPerf's benchmarks.
bool is_benchmark(const Row& row);

}  // namespace ppu::validate

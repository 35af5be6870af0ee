// The kinds of rows, one function each; predict_row.cpp has the table. Private to this folder.
#pragma once
#include "validate/predict_row.h"

namespace ppu::validate {

/// A row with the chip it is asked of. `stack` is the software as chip/stack.h looks it up.
struct Question {
  const Row& row;
  const chip::Numbers& chip;
  chip::Stack stack;
};

Result<double> kernel_row(const Question& q);
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

}  // namespace ppu::validate

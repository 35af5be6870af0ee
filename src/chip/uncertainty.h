// Intervals: a chip's own (its file's low and high) and what the model leaves unexplained, drawn together.
// Not here: the model itself (predict.h).
#pragma once
#include <functional>
#include <string>
#include <vector>

#include "chip/predict.h"
#include "chip/stack.h"

namespace ppu::chip {

struct Interval {
  double p10 = 0, p50 = 0, p90 = 0;
};

/// What one uncertain number of the chip does to the answer.
struct Sensitivity {
  std::string key;
  double at_low = 0, at_high = 0;  ///< the answer at the ends of the number's interval
};

/// An answer with the numbers of the chip file, and how it moves with each that has an interval.
struct Spread {
  double value = 0;
  std::vector<Sensitivity> numbers;  ///< that move it by more than 0.1 %, the strongest first
};

/// Asks `answer` once with the chip's values and twice for each number that may matter to time, power or heat
/// and has an interval. `answer` gives 0 or less where there is none; such ends are left out.
Spread spread_of(const Chip& chip, const std::function<double(const Numbers&)>& answer);

/// P10, P50 and P90 of 200 seeded draws: each number of the chip triangular in its interval, its effects
/// taken from `spread` and multiplied, and a residual of `left` (one standard deviation, as a logarithm).
/// Same in, same out.
Interval interval_of(const Spread& spread, double left, unsigned seed = 1);

/// The residual for a class of answers ("gemm", "serving", "ttft", "tpot_load", "ttft_load", "items",
/// "watts") on a stack: wider where nothing was measured with that stack on chips of that maker.
double left_over(std::string_view answers, const StackRow& stack, std::string_view maker);

}  // namespace ppu::chip

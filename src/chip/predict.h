// How long a chip takes for work: the one function that everything with a time in it calls. Not here: where
// work comes from (src/workload), queues of requests (src/workload/serving.h), power and heat (power.h).
#pragma once
#include <string_view>

#include "chip/chip.h"
#include "chip/work.h"

namespace ppu::chip {

/// A chip's numbers as plain doubles: its values, or one draw from its intervals. Same names, same units.
struct Numbers {
#define FIELD(key, unit, meaning) double key = 0;
#include "chip/chip_fields.inc"
#undef FIELD
};

/// The `value` of each of the chip's numbers.
Numbers values_of(const Chip& chip);

/// Seconds by what limited them; the sum is the time.
struct Shares {
  double compute = 0, memory = 0, link = 0, launch = 0, host = 0;
  double total() const { return compute + memory + link + launch + host; }
  Shares& operator+=(const Shares& other);
  Shares operator*(double factor) const;
};

/// What running work took and moved.
struct Cost {
  Shares seconds;
  double flops = 0;         ///< all arithmetic
  double tensor_flops = 0;  ///< of it, in matrix units
  double memory_bytes = 0;  ///< device memory, both directions
  double link_bytes = 0;
  double launches = 0;
  Cost& operator+=(const Cost& other);
};

/// The software between a model and the chip: "eager", "graphs" (CUDA graphs, torch.compile), "trtllm",
/// "vllm" ... Unknown names take the wide default.
struct Stack {
  std::string_view name = "graphs";
};

/// The time of one operation (all its repeats) on one chip with these numbers.
Cost predict(const Op& op, const Numbers& chip, const Stack& stack);

/// The time of operations one after another.
Cost predict(const Work& work, const Numbers& chip, const Stack& stack);

/// The trivial roofline, `max(flops / 0.8 peak, bytes / 0.8 bandwidth) + 2.5 us`: the baseline that predict()
/// must beat and that every error table shows beside it.
Cost baseline(const Op& op, const Numbers& chip);

/// Dense peak in FLOP/s of the units that work on `math`; 0 when the chip has none.
double peak_flops(const Numbers& chip, Number math);

}  // namespace ppu::chip

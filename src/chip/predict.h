// How long a chip takes for work: the one function that everything with a time in it calls. Not here: where
// work comes from (src/workload), queues of requests (src/workload/serving.h), power and heat (power.h).
#pragma once
#include <string_view>

#include "chip/chip.h"
#include "chip/work.h"

namespace ppu::chip {

/// A chip's numbers as plain doubles: its values, or one draw from its intervals. Same names, same units.
struct Numbers {
  const char* id = "";      ///< the chip's, by which stacks.toml names it
  const char* vendor = "";  ///< likewise
  double cc = 0;            ///< compute capability, 8.9
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
  double tensor_work = 0;   ///< the same in FLOP of 16 bits: 8-bit ones count half, 32-bit ones twice
  double memory_bytes = 0;  ///< device memory, both directions
  double link_bytes = 0;
  double launches = 0;
  double clock = 1;  ///< of the highest, at which `seconds` hold
  Cost& operator+=(const Cost& other);
  Cost operator*(double times) const;  ///< the same again and again; the clock stays
};

/// The software between a model and the chip: "eager", "graphs" (CUDA graphs, torch.compile), "trtllm",
/// "vllm" ... as stack.h looks it up; unknown names take the wide default.
struct Stack {
  std::string_view name = "graphs";
};

/// The time of one operation (all its repeats) on one chip with these numbers, at full clock and without the
/// host's part.
Cost predict(const Op& op, const Numbers& chip, const Stack& stack);

/// One step: operations one after another, with the host's time for it where the device has to wait, at the
/// clock that the chip's power limit allows when such steps follow each other. `sequences` is what the host
/// handles in the step (requests in a decode batch; 0 for work that is no step of a server).
Cost predict(const Work& work, const Numbers& chip, const Stack& stack, double sequences = 0);

/// The trivial roofline, `max(flops / 0.8 peak, bytes / 0.8 bandwidth) + 2.5 us`: the baseline that predict()
/// must beat and that every error table shows beside it.
Cost baseline(const Op& op, const Numbers& chip);

/// What large matrix products approach on this chip, FLOP/s: the peak, or what was measured where that is
/// known (effective_bf16_tflops). Types that the chip has no units for run as 16-bit ones.
double effective_flops(const Numbers& chip, Number math);

/// Bytes a second of the memory that weights are in: where a chip has no device memory (Hanguang), of the one
/// on it.
double memory_rate(const Numbers& chip);

/// What of it error correction leaves, where it shares the memory with the data.
double corrected_memory_rate(const Numbers& chip);

/// Dense peak in FLOP/s of the units that work on `math`; 0 when the chip has none.
double peak_flops(const Numbers& chip, Number math);

}  // namespace ppu::chip

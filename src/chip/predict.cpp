// The trivial roofline, and predict() which starts as it. See predict.h.
#include "chip/predict.h"

#include <algorithm>

namespace ppu::chip {
namespace {

constexpr double kBaselineEfficiency = 0.8;
constexpr double kBaselineLaunch = 2.5e-6;  // seconds

double flops_of(const Op& op) {
  if (op.flops > 0) return op.flops;
  return op.kind == OpKind::kGemm ? 2 * op.m * op.n * op.k * op.groups : 0;
}

bool uses_tensor_units(const Op& op) {
  return op.kind == OpKind::kGemm || op.kind == OpKind::kAttention;
}

}  // namespace

Numbers values_of(const Chip& chip) {
  Numbers out;
#define FIELD(key, unit, meaning) out.key = chip.key.value;
#include "chip/chip_fields.inc"
#undef FIELD
  return out;
}

Shares& Shares::operator+=(const Shares& o) {
  compute += o.compute, memory += o.memory, link += o.link, launch += o.launch, host += o.host;
  return *this;
}

Shares Shares::operator*(double f) const {
  return {compute * f, memory * f, link * f, launch * f, host * f};
}

Cost& Cost::operator+=(const Cost& o) {
  seconds += o.seconds;
  flops += o.flops, tensor_flops += o.tensor_flops, memory_bytes += o.memory_bytes;
  link_bytes += o.link_bytes, launches += o.launches;
  return *this;
}

double peak_flops(const Numbers& chip, Number math) {
  switch (math) {
    case Number::kF32:
      return chip.fp32_tflops * 1e12;
    case Number::kTf32:
      return chip.bf16_tflops / 2 * 1e12;
    case Number::kF16:
    case Number::kBf16:
      return chip.bf16_tflops * 1e12;
    case Number::kFp8:
    case Number::kInt8:
    case Number::kFp4:
      return chip.int8_tops * 1e12;
  }
  return 0;
}

Cost baseline(const Op& op, const Numbers& chip) {
  Cost cost;
  cost.flops = flops_of(op) * op.repeat;
  cost.tensor_flops = uses_tensor_units(op) ? cost.flops : 0;
  cost.memory_bytes = (op.weight_bytes + op.read_bytes + op.write_bytes) * op.repeat;
  cost.link_bytes = op.payload_bytes * op.repeat;
  cost.launches = op.repeat;
  const double peak = peak_flops(chip, uses_tensor_units(op) ? op.math : Number::kF32);
  const double compute = peak > 0 ? cost.flops / (kBaselineEfficiency * peak) : 0;
  const double memory = cost.memory_bytes / (kBaselineEfficiency * chip.memory_gbps * 1e9);
  (compute > memory ? cost.seconds.compute : cost.seconds.memory) = std::max(compute, memory);
  if (chip.link_gbps > 0) cost.seconds.link = cost.link_bytes / (kBaselineEfficiency * chip.link_gbps * 1e9);
  cost.seconds.launch = kBaselineLaunch * op.repeat;
  return cost;
}

Cost predict(const Op& op, const Numbers& chip, const Stack&) {
  return baseline(op, chip);
}

Cost predict(const Work& work, const Numbers& chip, const Stack& stack) {
  Cost total;
  for (const Op& op : work) total += predict(op, chip, stack);
  return total;
}

}  // namespace ppu::chip

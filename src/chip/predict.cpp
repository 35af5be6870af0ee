// The time of operations by kind, their sum as a step, and the trivial roofline beside it. See predict.h.
#include "chip/predict.h"

#include <algorithm>
#include <cmath>

#include "chip/coefficients.h"
#include "chip/collective.h"
#include "chip/gemm.h"
#include "chip/power.h"
#include "chip/stack.h"

namespace ppu::chip {
namespace {

constexpr double kBaselineEfficiency = 0.8;
constexpr double kBaselineLaunch = 2.5e-6;  // seconds
constexpr double kWideBus = 2048;           // bits; narrower ones are GDDR's or LPDDR's

double flops_of(const Op& op) {
  if (op.flops > 0) return op.flops;
  return op.kind == OpKind::kGemm ? 2 * op.m * op.n * op.k * op.groups : 0;
}

bool uses_tensor_units(const Op& op) {
  return op.kind == OpKind::kGemm || op.kind == OpKind::kAttention;
}

bool is_collective(const Op& op) {
  return op.kind >= OpKind::kAllReduce;
}

void count(Cost& cost, const Op& op) {
  cost.flops = flops_of(op) * op.repeat;
  cost.tensor_flops = uses_tensor_units(op) ? cost.flops : 0;
  cost.tensor_work = cost.tensor_flops * bytes_of(op.math) / 2;
  cost.memory_bytes = (op.weight_bytes + op.read_bytes + op.write_bytes) * op.repeat;
  cost.link_bytes = is_collective(op) ? op.payload_bytes * op.repeat : 0;
  cost.launches = op.repeat;
}

/// Time that both arithmetic and memory need, as the share of the one that needs more.
void limited_by(Shares& shares, double compute, double memory, double exponent) {
  const double most = std::max(compute, memory), least = std::min(compute, memory);
  if (most <= 0) return;
  const double total = most * std::pow(1 + std::pow(least / most, exponent), 1 / exponent);
  (compute >= memory ? shares.compute : shares.memory) += total;
}

void price_gemm(Cost& cost, const Op& op, const Numbers& chip, const StackTerms& stack) {
  const GemmTime t = gemm_time(op, chip, stack, 1);
  const double limited = t.total - t.fixed;
  (t.compute >= std::max(t.memory, t.on_chip) ? cost.seconds.compute : cost.seconds.memory) += limited;
  cost.seconds.launch += t.fixed;
  cost.memory_bytes = t.memory_bytes * op.repeat;
}

void price_attention(Cost& cost, const Op& op, const Numbers& chip, const StackTerms& stack) {
  const Coefficients& c = coefficients();
  const double rate = effective_flops(chip, op.math) * c.attention_efficiency * stack.tensor_efficiency;
  const double compute = rate > 0 ? flops_of(op) / rate : 0;
  // Kernels of early engines read the cache for every query head anew.
  const double read = op.read_bytes * (1 + stack.cache_rereads * (op.readers - 1));
  const double memory = (op.weight_bytes + read + op.write_bytes) /
                        (corrected_memory_rate(chip) * c.attention_memory * stack.memory_efficiency);
  limited_by(cost.seconds, compute, memory, c.overlap);
  cost.seconds.launch += c.fill_us * 1e-6;
}

void price_vector(Cost& cost, const Op& op, const Numbers& chip, const StackTerms& stack) {
  const Coefficients& c = coefficients();
  double bytes = op.weight_bytes + op.read_bytes + op.write_bytes;
  const bool gathers = op.kind == OpKind::kGather && op.piece_bytes > 0;
  if (gathers)
    bytes += op.read_bytes * (std::max(op.piece_bytes, c.gather_sector_bytes) / op.piece_bytes - 1);
  const double on_chip = chip.l2_gbps > 0 ? bytes / (chip.l2_gbps * 1e9 * c.l2_efficiency) : 0;
  bytes *= 1 - l2_resident(op.loop_bytes > 0 ? op.loop_bytes : op.cold_inputs || gathers ? 0 : bytes, chip);
  cost.memory_bytes = bytes * op.repeat;
  const double memory =
      std::max(on_chip, bytes / (corrected_memory_rate(chip) * c.vector_memory * stack.memory_efficiency));
  const double compute = chip.fp32_tflops > 0 ? op.flops / (chip.fp32_tflops * 1e12 * c.vector_compute) : 0;
  limited_by(cost.seconds, compute, memory, c.overlap);
  cost.seconds.launch += c.vector_fill_us * 1e-6;
}

/// One operation with all its repeats, at full clock.
Cost price(const Op& op, const Numbers& chip, const StackTerms& terms) {
  if (terms.trivial > 0) return baseline(op, chip);
  Cost cost;
  count(cost, op);
  Cost once;  // seconds of one of the repeats
  once.memory_bytes = cost.memory_bytes;
  if (op.kind == OpKind::kGemm)
    price_gemm(once, op, chip, terms);
  else if (op.kind == OpKind::kAttention)
    price_attention(once, op, chip, terms);
  else if (is_collective(op))
    once.seconds.link = collective_seconds(op, chip) / terms.link_efficiency;
  else
    price_vector(once, op, chip, terms);
  once.seconds.launch += terms.launch_us * 1e-6;
  cost.memory_bytes = once.memory_bytes;
  cost.seconds = once.seconds * op.repeat;
  return cost;
}

/// The chip's clock under its power limit, applied to what goes with the clock.
void apply_power_limit(Cost& cost, const Numbers& chip) {
  const Operating state = operate(cost, chip);
  if (!state.capped) return;
  cost.seconds.compute /= state.clock_fraction;
  cost.clock = state.clock_fraction;
}

}  // namespace

Numbers values_of(const Chip& chip) {
  Numbers out;
  out.id = chip.id, out.vendor = chip.vendor;
  out.cc = chip.cc_major + 0.1 * chip.cc_minor;
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
  // Compute time at full clock adds up; the clock of the sum is what makes it the sum of both.
  const double compute = seconds.compute + o.seconds.compute;
  if (compute > 0) clock = (seconds.compute * clock + o.seconds.compute * o.clock) / compute;
  seconds += o.seconds;
  flops += o.flops, tensor_flops += o.tensor_flops, tensor_work += o.tensor_work;
  memory_bytes += o.memory_bytes, link_bytes += o.link_bytes, launches += o.launches;
  return *this;
}

Cost Cost::operator*(double times) const {
  Cost out = *this;
  out.seconds = seconds * times;
  out.flops *= times, out.tensor_flops *= times, out.tensor_work *= times;
  out.memory_bytes *= times, out.link_bytes *= times, out.launches *= times;
  return out;
}

double peak_flops(const Numbers& chip, Number math) {
  switch (math) {
    case Number::kF32:
      return chip.fp32_tflops * 1e12;
    case Number::kTf32:
      return chip.tf32_tflops * 1e12;
    case Number::kF16:
    case Number::kBf16:
      return chip.bf16_tflops * 1e12;
    case Number::kFp8:
      return chip.fp8_tflops * 1e12;
    case Number::kInt8:
      return chip.int8_tops * 1e12;
    case Number::kFp4:
      return chip.fp4_tflops * 1e12;
  }
  return 0;
}

double memory_rate(const Numbers& chip) {
  return (chip.memory_gbps > 0 ? chip.memory_gbps : chip.l2_gbps) * 1e9;
}

double corrected_memory_rate(const Numbers& chip) {
  const bool own_bits = chip.memory_gbps <= 0 || chip.memory_bus_bits >= kWideBus;
  return memory_rate(chip) * (own_bits ? 1 : coefficients().inline_correction);
}

double effective_flops(const Numbers& chip, Number math) {
  double peak = peak_flops(chip, math);
  if (!(peak > 0) && math == Number::kFp4) peak = peak_flops(chip, Number::kFp8);
  if (!(peak > 0) && math != Number::kF32) peak = peak_flops(chip, Number::kBf16);
  if (!(peak > 0)) peak = peak_flops(chip, Number::kInt8);  // Hanguang: nothing else
  const double measured = chip.bf16_tflops > 0 && chip.effective_bf16_tflops > 0
                              ? chip.effective_bf16_tflops / chip.bf16_tflops
                              : 1;
  return math == Number::kF32 ? peak : peak * measured;
}

Cost baseline(const Op& op, const Numbers& chip) {
  Cost cost;
  count(cost, op);
  if (op.kind == OpKind::kGemm && op.weight_bytes <= 0)
    cost.memory_bytes += op.groups * op.n * op.k * bytes_of(op.math) * op.repeat;
  double peak = peak_flops(chip, uses_tensor_units(op) ? op.math : Number::kF32);
  if (!(peak > 0)) peak = effective_flops(chip, op.math);
  const double compute = peak > 0 ? cost.flops / (kBaselineEfficiency * peak) : 0;
  const double memory = cost.memory_bytes / (kBaselineEfficiency * memory_rate(chip));
  (compute > memory ? cost.seconds.compute : cost.seconds.memory) = std::max(compute, memory);
  if (chip.link_gbps > 0) cost.seconds.link = cost.link_bytes / (kBaselineEfficiency * chip.link_gbps * 1e9);
  cost.seconds.launch = kBaselineLaunch * op.repeat;
  return cost;
}

Cost predict(const Op& op, const Numbers& chip, const Stack& stack) {
  return price(op, chip, stack_row(stack.name, chip).terms);
}

Cost predict(const Work& work, const Numbers& chip, const Stack& stack, double sequences) {
  const StackTerms& terms = stack_row(stack.name, chip).terms;
  Cost total;
  for (const Op& op : work) total += price(op, chip, terms);
  if (terms.trivial > 0) return total;
  apply_power_limit(total, chip);
  const double beside = std::min(total.seconds.link, total.seconds.total() - total.seconds.link);
  total.seconds.link -= terms.link_overlap * beside;
  const double starting = total.launches * terms.kernel_us * 1e-6;  // the device waits for a slower host
  total.seconds.host += std::max(0.0, starting - total.seconds.total());
  if (sequences > 0) total.seconds.host += (terms.step_us + sequences * terms.sequence_us) * 1e-6;
  return total;
}

}  // namespace ppu::chip

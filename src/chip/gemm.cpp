// Tiles, waves and the soft maximum of gemm.h. A multiprocessor works on whole tiles; tiles are as many as
// the output has, times the parts along k; the fastest of a table of shapes is taken, as a library's
// heuristic means to.
#include "chip/gemm.h"

#include <algorithm>
#include <cmath>

#include "chip/coefficients.h"

namespace ppu::chip {
namespace {

constexpr double kStepBytes = 128;          // along k, of one stage of a kernel's pipeline
constexpr double kLargestTile = 128 * 256;  // accumulators that fit the registers of a multiprocessor
constexpr double kMostResident = 4;         // tiles that a multiprocessor works on at once
constexpr double kLargeUnit = 8192;         // 16-bit FLOP a clock that keep one tile's pipeline busy
constexpr double kSmallestTile = 512;
constexpr double kVectorRows = 16;     // products this narrow have kernels of their own
constexpr double kManyRows = 16;       // of an expert
constexpr double kRowsInFlight = 4;    // of a matrix times a vector, that keep a multiprocessor's memory busy
constexpr double kShortestPart = 256;  // along k, worth a part of its own
constexpr double kMostParts = 16;
constexpr double kTileM[] = {8, 16, 32, 64, 128, 256}, kTileN[] = {8, 16, 32, 64, 128, 256};
// Warp-specialised kernels (capability 9.0 on) come in finer steps.
constexpr double kFineTileM[] = {8, 16, 32, 64, 96, 128, 192, 256};
constexpr double kFineTileN[] = {8, 16, 32, 64, 96, 128, 160, 192, 224, 256};

/// Units that work on a tile each: multiprocessors, or parts of cores far larger than one (NPUs).
double units_of(const Numbers& chip) {
  const double clock = chip.tensor_clock_mhz > 0 ? chip.tensor_clock_mhz : chip.clock_mhz;
  if (!(clock > 0)) return chip.sms;
  const double flops = effective_flops(chip, Number::kBf16);
  const double peak = chip.bf16_tflops > 0 ? flops : flops / 2;  // INT8 alone: two operations for one
  return chip.sms * std::max(1.0, std::floor(peak / (clock * 1e6) / chip.sms / kLargeUnit));
}

/// What of the product doesn't depend on the tile.
struct Problem {
  const Op& op;
  const Numbers& chip;
  double units;
  double bytes;         // one element of the activations
  double weight_bytes;  // one of the weights as stored, narrow ones too
  double tensor_rate;   // FLOP/s of one multiprocessor
  double moved_bytes;   // operands, each once
  double memory_bytes;  // of them, that reach device memory
  double memory_rate, on_chip_rate;
  double multicast;
};

/// What of the rates is left to products of experts. With few rows each streams its weights as any product
/// does; with many, rows are gathered by index and tiles padded, by kernels that differ from engine to
/// engine.
double routed_share(const Op& op, const StackTerms& stack) {
  if (!op.routed) return 1;
  return 1 / (1 + (1 / stack.routed_efficiency - 1) * op.m / (op.m + kManyRows));
}

Problem describe(const Op& op, const Numbers& chip, const StackTerms& stack, double tensor_clock) {
  const Coefficients& c = coefficients();
  Problem p{op, chip, units_of(chip), bytes_of(op.math), 0, 0, 0, 0, 0, 0, chip.cc >= 9 ? c.multicast : 1};
  const double routed = routed_share(op, stack);
  p.tensor_rate = effective_flops(chip, op.math) / p.units * c.tensor_efficiency * tensor_clock *
                  stack.tensor_efficiency * routed;
  const double weights = op.weight_bytes > 0 ? op.weight_bytes : op.groups * op.n * op.k * p.bytes;
  const double inputs = op.read_bytes > 0 ? op.read_bytes : op.groups * op.m * op.k * p.bytes;
  const double outputs = op.write_bytes > 0 ? op.write_bytes : op.groups * op.m * op.n * 2;
  p.weight_bytes = weights / (op.groups * op.n * op.k);
  // In a step the operation before has just written the inputs, and the next one will read the outputs. In a
  // loop over several copies of the weights, all copies share inputs and outputs: these are used again
  // sooner.
  const double passing = op.loop_bytes > 0 ? weights + inputs + outputs
                         : op.cold_inputs  ? 0
                                           : inputs + outputs;
  p.moved_bytes = weights + inputs + outputs;
  p.memory_bytes = weights * (1 - l2_resident(op.loop_bytes, chip)) +
                   (inputs + outputs) * (1 - l2_resident(passing, chip));
  p.memory_rate = corrected_memory_rate(chip) * c.memory_efficiency * stack.memory_efficiency * routed;
  p.on_chip_rate = chip.l2_gbps * 1e9 * c.l2_efficiency;
  return p;
}

double soft_maximum(double a, double b, double c, double exponent) {
  const double most = std::max({a, b, c});
  if (most <= 0) return 0;
  return most *
         std::pow(std::pow(a / most, exponent) + std::pow(b / most, exponent) + std::pow(c / most, exponent),
                  1 / exponent);
}

GemmTime with_tile(const Problem& p, double tile_m, double tile_n, double parts) {
  const Coefficients& c = coefficients();
  const Op& op = p.op;
  const double sms = p.units, depth = op.k / parts;
  const double tiles = std::ceil(op.m / tile_m) * std::ceil(op.n / tile_n) * op.groups * parts;
  const double edges = 1 + c.small_tile * (128 / tile_m + 128 / tile_n - 2) / 4;
  const double by_rate = 2 * tile_m * tile_n * depth / p.tensor_rate * std::max(edges, 0.5);
  const double by_steps = std::ceil(depth * p.bytes / kStepBytes) * c.k_step_us * 1e-6;
  const double even = tiles / sms;
  const double waves = std::ceil(even) * (1 - c.wave_smoothing) + std::max(1.0, even) * c.wave_smoothing;
  const double active = std::min(tiles, sms) / sms;
  // Tiles that share a multiprocessor hide each other's waits; with few of them there is nothing to share.
  const double resident = std::clamp(kLargestTile / (tile_m * tile_n), 1.0, kMostResident);
  const double waits = c.lone_tile * (1 / std::clamp(even, 1.0, resident) - 1 / resident);
  GemmTime t;
  t.tile_m = int(tile_m), t.tile_n = int(tile_n), t.parts = int(parts);
  t.compute = waves * std::max(by_rate, by_steps) * (1 + waits);
  t.memory_bytes = p.memory_bytes;
  if (p.memory_bytes > 0)
    t.memory = p.memory_bytes / (p.memory_rate * std::min(1.0, active * c.sm_bandwidth));
  const double partial = parts > 1 ? 2 * 4 * parts * op.m * op.n * op.groups : 0;
  // What of a tile lies beyond the product's edge is computed but not read.
  const double reread = tiles * (std::min(tile_m, op.m) * p.bytes + std::min(tile_n, op.n) * p.weight_bytes) *
                        depth / p.multicast;
  if (p.on_chip_rate > 0)
    t.on_chip = (reread + op.m * op.n * op.groups * 2 + partial) / (p.on_chip_rate * active);
  t.fixed =
      (c.fill_us + c.wave_us * std::max(0.0, even - 1) / resident + (parts > 1 ? c.split_us : 0)) * 1e-6;
  t.total = std::max({t.compute, t.memory, t.on_chip}) + t.fixed;  // at least; see gemm_time()
  return t;
}

/// A matrix times a vector has a kernel of its own: no tiles, no tensor units, each warp a few rows.
GemmTime as_vector_product(const Problem& p) {
  const Coefficients& c = coefficients();
  const double rows = std::max(p.op.m, p.op.n) * p.op.groups;
  const double active = std::min(1.0, rows / (p.units * kRowsInFlight));
  GemmTime t;
  t.compute = 2 * rows * p.op.k / (p.chip.fp32_tflops * 1e12 * c.vector_compute);
  t.memory_bytes = p.memory_bytes;
  t.memory = p.memory_bytes / (p.memory_rate * std::min(1.0, active * c.sm_bandwidth));
  if (p.on_chip_rate > 0) t.on_chip = p.moved_bytes / (p.on_chip_rate * active);
  t.fixed = c.fill_us * 1e-6;
  t.total = std::max({t.compute, t.memory, t.on_chip}) + t.fixed;
  return t;
}

}  // namespace

double bytes_of(Number math) {
  switch (math) {
    case Number::kF32:
    case Number::kTf32:
      return 4;
    case Number::kF16:
    case Number::kBf16:
      return 2;
    case Number::kFp8:
    case Number::kInt8:
      return 1;
    case Number::kFp4:
      return 0.5;
  }
  return 2;
}

double l2_resident(double loop_bytes, const Numbers& chip) {
  if (loop_bytes <= 0 || chip.l2_mib <= 0) return 0;
  // Two partitions each keep a copy of what both read; they came with HBM, whose buses are wide.
  const bool partitioned = chip.memory_bus_bits >= 2048;
  const Coefficients& c = coefficients();
  const double room = chip.l2_mib * 1048576 * (partitioned ? c.l2_partitioned : c.l2_whole);
  // A loop longer than the cache, whose replacement is as good as random: a line outlives the misses until it
  // is used again with probability (1 - 1/lines)^misses. Solved for the share of hits by iteration.
  const double over = loop_bytes / room;
  if (over <= 1) return 1;
  double hits = 0;
  for (int i = 0; i < 30; ++i) hits = std::exp(-(1 - hits) * over);
  return hits;
}

GemmTime gemm_time(const Op& op, const Numbers& chip, const StackTerms& stack, double tensor_clock) {
  const Problem problem = describe(op, chip, stack, tensor_clock);
  const bool fine = chip.cc >= 9;
  const std::span<const double> rows = fine ? std::span<const double>(kFineTileM) : kTileM;
  const std::span<const double> columns = fine ? std::span<const double>(kFineTileN) : kTileN;
  GemmTime best;
  best.total = -1;
  if (std::min(op.m, op.n) <= 1 && chip.fp32_tflops > 0) best = as_vector_product(problem);
  for (const double m : rows)
    for (const double n : columns) {
      if (m * n > kLargestTile || m * n < kSmallestTile) continue;
      if (m * n < stack.smallest_tile && std::min(op.m, op.n) > kVectorRows) continue;
      const double whole = std::ceil(op.m / m) * std::ceil(op.n / n) * op.groups;
      for (double parts = 1; parts <= (stack.split_k > 0 ? kMostParts : 1); parts *= 2) {
        // Parts fill what the tiles leave idle: up to the tiles that a multiprocessor holds at once.
        const double room = problem.units * std::clamp(kLargestTile / (m * n), 1.0, kMostResident);
        if (parts > 1 && (op.k / parts < kShortestPart || whole * parts > room)) break;
        GemmTime t = with_tile(problem, m, n, parts);
        if (best.total >= 0 && t.total >= best.total) continue;  // the soft maximum is no less
        t.total = soft_maximum(t.compute, t.memory, t.on_chip, coefficients().overlap) + t.fixed;
        if (best.total < 0 || t.total < best.total) best = t;
      }
    }
  return best;
}

}  // namespace ppu::chip

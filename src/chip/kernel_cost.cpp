// See kernel_cost.h. Rates of a multiprocessor that chips/*.toml doesn't give are those of the CUDA C++
// Programming Guide, "Arithmetic Instructions", for capability 8.0 and 9.0, where they are the same; for
// other makers' chips they are an assumption.
#include "chip/kernel_cost.h"

#include <algorithm>
#include <cmath>
#include <iterator>

namespace ppu::chip {
namespace {

constexpr double kThreadsPerSm = 2048, kBlocksPerSm = 32;
constexpr double kSchedulers = 4;        // instructions a clock
constexpr double kSpecialPerClock = 16;  // results a clock and multiprocessor
constexpr double kIntegerPerClock = 64;
constexpr double kSectorsPerClock = 4;  // 128 bytes a clock
constexpr double kAtomicLanesPerClock = 16;
constexpr double kFp64OfFp32 = 0.5;
constexpr double kHalfOfFp32 = 2;
constexpr double kReached = 0.8;     // of a pipe's peak: the baseline's share
constexpr double kCopyStart = 8e-6;  // seconds until the first byte of a copy over the bus moves

/// Number and flops of the tensor type with most work.
struct TensorWork {
  Number math;
  double flop;
};
TensorWork tensor_work(const exec::Counters& c) {
  const TensorWork all[] = {{Number::kF16, double(c.tensor_f16_flop)},
                            {Number::kBf16, double(c.tensor_bf16_flop)},
                            {Number::kTf32, double(c.tensor_tf32_flop)},
                            {Number::kFp8, double(c.tensor_fp8_flop)},
                            {Number::kInt8, double(c.tensor_int_ops)}};
  return *std::max_element(std::begin(all), std::end(all),
                           [](const TensorWork& a, const TensorWork& b) { return a.flop < b.flop; });
}

/// Share of the multiprocessors' time that has a block: small grids leave some idle, and so does a last wave.
double filled(const KernelRun& run, const Numbers& chip) {
  const double sms = std::max(1.0, chip.sms), blocks = double(std::max<uint64_t>(1, run.blocks));
  if (blocks <= sms) return blocks / sms;
  const double at_once = sms * blocks_at_once(run, chip);
  if (blocks <= at_once) return blocks / (sms * std::ceil(blocks / sms));
  return blocks / (at_once * std::ceil(blocks / at_once));
}

/// Bytes that reach device memory.
double memory_bytes(uint64_t sectors, uint64_t bytes, uint64_t footprint) {
  const double moved = std::max(double(sectors) * exec::kSectorBytes, double(sectors ? 0 : bytes));
  return footprint ? std::min(moved, double(footprint)) : moved;
}

}  // namespace

const char* limit_words(Limit limit) {
  static constexpr const char* kWords[] = {
#define LIMIT(name, words) words,
      PPU_KERNEL_LIMITS(LIMIT)
#undef LIMIT
  };
  return kWords[int(limit)];
}

double tensor_flop_of(const exec::Counters& c) {
  return double(c.tensor_f16_flop + c.tensor_bf16_flop + c.tensor_tf32_flop + c.tensor_fp8_flop +
                c.tensor_int_ops + c.tensor_f64_flop);
}

double flop_of(const exec::Counters& c) {
  return double(c.f32_ops + c.f32_fma + c.f64_ops + c.f64_fma + c.f16_ops + c.f16_fma + c.bf16_ops +
                c.bf16_fma + c.special_ops) +
         tensor_flop_of(c);
}

double blocks_at_once(const KernelRun& run, const Numbers& chip) {
  const double warps = std::ceil(run.block_threads / 32.0);
  double blocks = std::min(kBlocksPerSm, std::floor(kThreadsPerSm / (warps * 32)));
  if (run.shared_bytes)
    blocks = std::min(blocks, std::floor(chip.shared_kib_per_sm * 1024 / (run.shared_bytes + 1024)));
  return std::max(1.0, blocks);
}

double occupancy(const KernelRun& run, const Numbers& chip) {
  const double warps = std::ceil(run.block_threads / 32.0);
  return std::min(1.0, blocks_at_once(run, chip) * warps * 32 / kThreadsPerSm);
}

KernelCost predict_kernel(const KernelRun& run, const Numbers& chip) {
  const exec::Counters& c = run.counters;
  KernelCost cost;
  cost.flop = flop_of(c);
  const double read = memory_bytes(c.global_load_sectors, c.global_load_bytes, run.footprint_bytes);
  const double write = memory_bytes(c.global_store_sectors, c.global_store_bytes, run.footprint_bytes);
  cost.memory_bytes = read + write;

  // The whole chip: memory, launch, and the tensor units as a matrix product whose shape isn't known from
  // outside.
  Op op;
  op.read_bytes = read;
  op.write_bytes = write;
  const Shares shares = predict(op, chip, {}).seconds;
  double* t = cost.by_limit;
  const auto set = [&](Limit limit, double seconds) { t[int(limit)] = seconds; };
  set(Limit::kLaunch, shares.launch + shares.host);
  set(Limit::kMemory, shares.memory);
  const double fill = filled(run, chip);
  const double sms = std::max(1.0, chip.sms), clock = chip.clock_mhz * 1e6;
  const double pipes = sms * clock * kReached * fill;
  // A chip without FP32 units of its own would borrow the tensor units.
  const double fp32 =
      (chip.fp32_tflops > 0 ? chip.fp32_tflops : chip.bf16_tflops / 16) * 1e12 * kReached * fill;
  if (const TensorWork tensor = tensor_work(c); tensor.flop > 0) {
    Op product;
    product.kind = OpKind::kGemm;
    product.math = tensor.math;
    product.m = product.n = product.k = std::cbrt(tensor.flop / 2);
    set(Limit::kTensor, std::max(predict(product, chip, {}).seconds.compute,
                                 tensor.flop / (std::max(1.0, effective_flops(chip, tensor.math)) * fill)));
  }
  set(Limit::kFp32, double(c.f32_ops + c.f32_fma) / fp32);
  set(Limit::kFp64, double(c.f64_ops + c.f64_fma + c.tensor_f64_flop) / (fp32 * kFp64OfFp32));
  set(Limit::kHalf, double(c.f16_ops + c.f16_fma + c.bf16_ops + c.bf16_fma) / (fp32 * kHalfOfFp32));
  set(Limit::kInteger, double(c.int_ops) / (pipes * kIntegerPerClock));
  set(Limit::kSpecial, double(c.special_ops) / (pipes * kSpecialPerClock));
  set(Limit::kIssue, double(c.warp_instructions) / (pipes * kSchedulers));
  set(Limit::kCache, double(c.global_load_sectors + c.global_store_sectors) / (pipes * kSectorsPerClock));
  set(Limit::kShared, double(c.shared_load_passes + c.shared_store_passes + c.shared_atomic_passes) / pipes);
  set(Limit::kAtomics, std::max(double(c.global_atomics) / (pipes * kAtomicLanesPerClock),
                                double(c.global_atomic_passes) / pipes));
  const double* longest = std::max_element(t, t + kLimits);
  cost.limit = Limit(longest - t);
  cost.seconds = t[0] + *std::max_element(t + 1, t + kLimits);  // the launch, then all others at once
  static_assert(int(Limit::kLaunch) == 0);
  return cost;
}

const char* copy_words(CopyKind kind) {
  static constexpr const char* kWords[] = {"host to device", "device to host", "device to device",
                                           "host to host", "fill"};
  return kWords[int(kind)];
}

double copy_seconds(CopyKind kind, double bytes, const Numbers& chip) {
  const double memory = kReached * memory_rate(chip);
  // 16 lanes of PCIe: 8 GT/s in generation 3, twice as much in each later one; 128b/130b.
  const double bus = kReached * 15.75e9 * std::exp2(std::max(3.0, chip.pcie_generation) - 3);
  if (kind == CopyKind::kFill) return 2.5e-6 + bytes / memory;
  if (kind == CopyKind::kDeviceToDevice) return 2.5e-6 + 2 * bytes / memory;
  return kCopyStart + bytes / bus;
}

}  // namespace ppu::chip

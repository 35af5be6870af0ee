// Operators that a CPU library does in a kernel's place (the bridge to PyTorch): from what they move and
// compute, the launch that would do it at best, as `ppu prof` and the chip's clock take launches.
#include <algorithm>

#include "device/activity.h"
#include "device/chip_clock.h"
#include "device/copy.h"
#include "device/device.h"
#include "device/grid.h"
#include "device/profile.h"

namespace ppu::device {
namespace {

using activity::OperatorRun;

constexpr uint32_t kThreads = 256;            ///< of a block
constexpr uint64_t kElementsPerBlock = 1024;  ///< four a thread, as PyTorch's own kernels have it
constexpr uint64_t kBytesPerRequest = 128;    ///< 32 lanes of 4 bytes

uint64_t rounded_up(uint64_t value, uint64_t by) {
  return (value + by - 1) / by;
}

void count_operations(const OperatorRun& run, exec::Counters& c) {
  // Products of 16 bits go to the tensor units, those of f32 don't: PyTorch leaves TF32 off.
  const uint64_t fused = run.product_flop / 2;
  switch (run.number) {
    case OperatorRun::Number::kF32:
      c.f32_fma = fused;
      c.f32_ops = fused + run.elements;
      break;
    case OperatorRun::Number::kF64:
      c.f64_fma = fused;
      c.f64_ops = fused + run.elements;
      break;
    case OperatorRun::Number::kF16:
      c.tensor_f16_flop = run.product_flop;
      c.f16_ops = run.elements;
      break;
    case OperatorRun::Number::kBf16:
      c.tensor_bf16_flop = run.product_flop;
      c.bf16_ops = run.elements;
      break;
    case OperatorRun::Number::kInteger:
      c.tensor_int_ops = run.product_flop;
      c.int_ops = run.elements;
      break;
  }
}

chip::KernelRun launch_of(const OperatorRun& run) {
  chip::KernelRun launch;
  exec::Counters& c = launch.counters;
  count_operations(run, c);
  c.global_load_bytes = run.read_bytes;
  c.global_load_requests = rounded_up(run.read_bytes, kBytesPerRequest);
  c.global_load_sectors = rounded_up(run.read_bytes, exec::kSectorBytes);
  c.global_store_bytes = run.written_bytes;
  c.global_store_requests = rounded_up(run.written_bytes, kBytesPerRequest);
  c.global_store_sectors = rounded_up(run.written_bytes, exec::kSectorBytes);
  launch.blocks = std::max<uint64_t>(1, rounded_up(run.elements, kElementsPerBlock));
  launch.block_threads = kThreads;
  return launch;
}

bool is_copy(const OperatorRun& run) {
  return run.from != activity::Memory::kUnknown;
}

chip::CopyKind kind_of(const OperatorRun& run) {
  const bool from_device = run.from == activity::Memory::kDevice;
  const bool to_device = run.to == activity::Memory::kDevice;
  if (from_device) return to_device ? chip::CopyKind::kDeviceToDevice : chip::CopyKind::kDeviceToHost;
  return to_device ? chip::CopyKind::kHostToDevice : chip::CopyKind::kHostToHost;
}

}  // namespace

void price_operator(const OperatorRun& run) {
  const Device* const device = device_at(int(run.device));
  if (!device || !profile::counting()) return;
  const chip::KernelRun launch = launch_of(run);
  ChipClock& clock = ChipClock::instance();
  // The caller has waited for its stream, and waits for the operator.
  const ChipSpan chip = clock.place(
      device->ordinal,
      is_copy(run) ? chip_use_of(kind_of(run), run.written_bytes, *device) : chip_use_of(launch, *device),
      clock.host_ns());
  clock.host_saw(chip.end_ns);
  if (!profile::recording()) return;
  const uint32_t context = device->primary ? uint32_t(device->primary->id()) : 0;
  const profile::Span span = {
      run.device, context,       run.stream, profile::thread_number(), 0, run.begin_ns, run.begin_ns,
      run.end_ns, chip.begin_ns, chip.end_ns};
  if (is_copy(run)) return profile::record_copy(span, kind_of(run), run.written_bytes);
  const uint32_t grid[3] = {uint32_t(std::min<uint64_t>(launch.blocks, UINT32_MAX)), 1, 1};
  const uint32_t block[3] = {kThreads, 1, 1};
  profile::record_kernel(span, run.name, launch, grid, block, false);
}

}  // namespace ppu::device

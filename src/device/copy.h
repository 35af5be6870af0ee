// Copies and fills between all kinds of memory, with the checks and the synchrony that CUDA documents ("API
// synchronization behavior"): what the host can see must have happened when a call returns.
#pragma once
#include "chip/kernel_cost.h"
#include "device/chip_clock.h"
#include "device/context.h"
#include "exec/parallel_copy.h"

namespace ppu::device {

/// Whether an address must be, or must not be, the device's.
enum class Side : uint8_t { kAny, kHost, kDevice };

struct CopyRequest {
  exec::Transfer transfer;
  Side dst = Side::kAny, src = Side::kAny;
  bool read_now = false;  ///< the source may change once the call returns, whatever memory it is
};

/// Checks a request: every byte of a device-side range must lie in one live allocation.
/// CUDA_ERROR_INVALID_VALUE.
CUresult check_copy(const CopyRequest& request);

/// Runs it in `stream`. `async`: returns early when both sides are pinned or the device's; pageable memory is
/// read or written before it returns, as documented.
CUresult copy(const CopyRequest& request, Stream& stream, bool async);

/// Gives it to `stream` as it is: memory is looked at when the stream comes to it, pageable or not (graphs).
CUresult submit_copy(const CopyRequest& request, Stream& stream);

/// Fills `bytes` bytes at dst, rows `pitch` apart.
CUresult fill(uint64_t dst, size_t pitch, uint32_t value, uint32_t element_bytes, size_t width_elements,
              size_t height, Stream& stream, bool async);

/// What a copy takes of the chip.
ChipUse chip_use_of(chip::CopyKind kind, size_t bytes, const Device& device);

/// A contiguous copy.
CopyRequest linear_copy(uint64_t dst, Side dst_side, uint64_t src, Side src_side, size_t bytes);

}  // namespace ppu::device

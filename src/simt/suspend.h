// Where a warp stops so that others may run: barriers and yields. The warp function is cut there into
// regions; what lives across is kept in the block's frame, and a small scheduler runs the regions warp by
// warp.
#pragma once
#include <cstdint>
#include <string>

#include "llvm/ADT/StringRef.h"
#include "simt/shape.h"
#include "simt/simt.h"

namespace llvm {
class Function;
}

namespace ppu::simt {

inline constexpr unsigned kSuspendBarrier = 0, kSuspendYield = 1;
/// bar.red: a warp's packed (lanes << 16 | hits) before the barrier, and all warps' sum behind it.
inline constexpr llvm::StringLiteral kReducePut = "ppu.reduce.put", kReduceGet = "ppu.reduce.get";

/// Named barriers: (i32 id, i32 threads) of a warp about to wait, or only arriving.
inline constexpr llvm::StringLiteral kBarrierWait = "ppu.barrier.wait", kBarrierArrive = "ppu.barrier.arrive";

/// Builds `i32 NAME(ptr launch, ptr block)` (exec::BlockFunction) around the widened warp function
/// `void warp(ptr launch, ptr block, i32 first_warp, i32 threads)`, which runs `gang` warps in step; consumes
/// it. `in_step`: barriers_in_step (gang_size.h).
Outcome assemble_block(llvm::Function& warp_function, const std::string& name, const WarpLayout& layout,
                       unsigned gang, bool in_step);

/// The same around `void lane(ptr launch, ptr block, i32 thread, i32 threads, ptr lane_state)`, one thread of
/// a narrow kernel: exec's run_lanes schedules it.
Outcome assemble_lanes(llvm::Function& lane_function, const std::string& name, const WarpLayout& layout);

}  // namespace ppu::simt

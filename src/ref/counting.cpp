// Counting for `ppu prof`, the obvious way: each instruction as it runs, each access by its 32 addresses.
// Compiled code, which counts units and shapes, is judged by these numbers.
#include "exec/counters.h"
#include "ref/ops.h"

namespace ppu::ref {
namespace {

using exec::Counters;

void count_generic(Counters& c, const ptx::Access& a, const BlockRun& block, const uint64_t address[32],
                   uint32_t mask) {
  uint32_t shared = 0;
  for (uint32_t lane = 0; lane < 32; lane++)
    if (mask >> lane & 1 && address[lane] - uint64_t(block.state->shared) < block.launch->shared_bytes)
      shared |= 1u << lane;
  const uint32_t global = mask & ~shared;
  const bool load = a.kind == ptx::Access::Kind::kLoad;
  (load ? c.global_load_bytes : c.global_store_bytes) += uint64_t(__builtin_popcount(global)) * a.bytes;
  (load ? c.shared_load_bytes : c.shared_store_bytes) += uint64_t(__builtin_popcount(shared)) * a.bytes;
  (load ? c.shared_load_requests : c.shared_store_requests) += shared != 0;
  (load ? c.global_load_requests : c.global_store_requests) += shared == 0;
  (load ? c.global_load_sectors : c.global_store_sectors) += exec::count_sectors(address, global, a.bytes);
  (load ? c.shared_load_passes : c.shared_store_passes) += exec::count_bank_passes(address, shared, a.bytes);
}

}  // namespace

void WarpRun::count(const Op& op, uint32_t group, uint32_t mask) {
  const Lane& first = lanes[size_t(__builtin_ctz(group))];
  const ptx::Work& work = code(first).work[size_t(&op - code(first).ops.data())];
  Counters& c = *reinterpret_cast<Counters*>(block->state->counters);
  if (work.branches) {
    c.divergent_branches += mask != 0 && mask != group;
    mask = group;
  }
  if (!mask) return;
  c.add(work.per_lane, uint64_t(__builtin_popcount(mask)));
  c += work.per_warp;
  for (const ptx::Access& a : work.accesses) {
    uint64_t at[32] = {};
    Op in_space = op;
    in_space.space = a.space;
    for_lanes(*this, mask, [&](Lane& lane) {
      at[lane.thread % kWarp] = address(lane, in_space, op.args[size_t(a.operand)]);
    });
    const bool load = a.kind == ptx::Access::Kind::kLoad;
    if (a.kind == ptx::Access::Kind::kAtomic)
      (a.space == ptx::Space::kShared ? c.shared_atomic_passes : c.global_atomic_passes) +=
          exec::count_same_address(at, mask);
    else if (a.space == ptx::Space::kShared)
      (load ? c.shared_load_passes : c.shared_store_passes) += exec::count_bank_passes(at, mask, a.bytes);
    else if (a.space == ptx::Space::kNone)
      count_generic(c, a, *block, at, mask);
    else
      (load ? c.global_load_sectors : c.global_store_sectors) += exec::count_sectors(at, mask, a.bytes);
  }
}

}  // namespace ppu::ref

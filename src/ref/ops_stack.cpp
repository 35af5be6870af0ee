// alloca and its kin. PTX ISA, "Stack Manipulation Instructions".
#include "ref/ops.h"

namespace ppu::ref {

uint32_t ref_alloca(WarpRun& warp, const Op& op, uint32_t mask) {
  const uint64_t align = op.args.size() > 2 ? uint64_t(op.args[2].value) : ptx::kStackAlign;
  for_lanes(warp, mask, [&](Lane& lane) {
    const uint64_t base = uint64_t(lane.local) + warp.code(lane).dynamic_stack;
    const uint64_t size = warp.read(lane, op.args[1]);
    const uint64_t at = (base + lane.frames.back().stack_used + align - 1) & ~(align - 1);
    const uint64_t end = at + size - base;
    if (size > ptx::kDynamicStackBytes || end > ptx::kDynamicStackBytes)
      warp.trap(lane, exec::Trap::kStackOverflow, 0);
    lane.frames.back().stack_used = end;
    warp.write(lane, op.args[0], at, {isa::Kind::kU, 64, 1});
  });
  return mask;
}

uint32_t ref_stacksave(WarpRun& warp, const Op& op, uint32_t mask) {
  for_lanes(warp, mask, [&](Lane& lane) {
    warp.write(lane, op.args[0], lane.frame().stack_used, {isa::Kind::kU, 64, 1});
  });
  return mask;
}

uint32_t ref_stackrestore(WarpRun& warp, const Op& op, uint32_t mask) {
  for_lanes(warp, mask, [&](Lane& lane) { lane.frames.back().stack_used = warp.read(lane, op.args[0]); });
  return mask;
}

}  // namespace ppu::ref

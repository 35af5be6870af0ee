// Branches, calls, the end of a thread. PTX ISA, "Control Flow Instructions".
#include <algorithm>
#include <cstring>

#include "ref/ops.h"

namespace ppu::ref {
namespace {

/// Copies an argument of a call into the callee's parameter, or a result back. `.param` variables are memory
/// of the caller's frame; registers and constants are values.
void pass(WarpRun& warp, const Lane& lane, const Arg& from, const Place& to, uint8_t* memory,
          uint64_t* regs) {
  if (from.kind == Arg::Kind::kFrame) {
    const uint32_t bytes = std::min(to.bytes, from.bytes);
    if (to.slot >= 0)
      memcpy(regs + to.slot, lane.memory + from.value, std::min(bytes, 8u));
    else
      memcpy(memory + to.offset, lane.memory + from.value, bytes);
    return;
  }
  const uint64_t v = warp.read(lane, from);
  if (to.slot >= 0)
    regs[to.slot] = v;
  else
    memcpy(memory + to.offset, &v, to.bytes < 8 ? to.bytes : 8);
}

uint64_t argument(WarpRun& warp, const Lane& lane, const Op& op, size_t i) {
  const Arg& a = op.args[2].elements[i];
  if (a.kind != Arg::Kind::kFrame) return warp.read(lane, a);
  uint64_t v = 0;
  memcpy(&v, lane.memory + a.value, std::min(a.bytes, 8u));
  return v;
}

void give_result(WarpRun& warp, Lane& lane, const Op& op, uint64_t v, uint32_t bytes) {
  if (op.args[0].elements.empty()) return;
  const Arg& a = op.args[0].elements[0];
  if (a.kind == Arg::Kind::kFrame)
    memcpy(lane.memory + a.value, &v, std::min(bytes, a.bytes));
  else
    warp.write(lane, a, v, {isa::Kind::kB, uint8_t(bytes * 8), 1});
}

void run_builtin(WarpRun& warp, Lane& lane, const Op& op) {
  exec::BlockState* state = warp.block->state;
  const exec::RuntimeTable& rt = *warp.block->launch->rt;
  state->thread = lane.thread;
  const auto arg = [&](size_t i) { return argument(warp, lane, op, i); };
  if (warp.block->hook) {  // a diagnosing run must not print or allocate a second time
    give_result(warp, lane, op, 0, op.builtin == kMalloc || op.builtin == kDeviceCallBuiltin ? 8 : 4);
    return;
  }
  switch (op.builtin) {
    case kVprintf:
      give_result(warp, lane, op, uint32_t(rt.vprintf(state, arg(0), arg(1))), 4);
      break;
    case kAssertFail:
      rt.assertfail(state, arg(0), arg(1), uint32_t(arg(2)), arg(3), arg(4));
      break;
    case kMalloc:
      give_result(warp, lane, op, rt.malloc(state, arg(0)), 8);
      break;
    case kDeviceCallBuiltin:
      give_result(warp, lane, op, rt.device_call(state, uint32_t(arg(0)), arg(1)), 8);
      break;
    default:
      rt.free(state, arg(0));
      break;
  }
}

/// Enters `callee`: a new frame, arguments copied.
void enter(WarpRun& warp, Lane& lane, const Op& op, int32_t callee) {
  const Code& code = warp.block->program->functions[size_t(callee)];
  const uint32_t caller_memory = lane.frame().memory, caller_slots = lane.frame().slots;
  warp.push_frame(lane, callee, lane.pc);
  uint64_t* regs = lane.regs;
  uint8_t* memory = lane.memory;
  // Arguments are read with the caller's frame in place.
  lane.regs = reinterpret_cast<uint64_t*>(lane.stack.get() + caller_slots);
  lane.memory = lane.stack.get() + caller_memory;
  const Frame& frame = lane.frames[lane.frames.size() - 2];
  lane.local =
      warp.block->state->local + uint64_t(lane.thread) * warp.block->program->info.local_bytes + frame.local;
  for (size_t i = 0; i < code.params.size() && i < op.args[2].elements.size(); i++)
    pass(warp, lane, op.args[2].elements[i], code.params[i], memory, regs);
  lane.regs = regs;
  lane.memory = memory;
  lane.local = warp.block->state->local + uint64_t(lane.thread) * warp.block->program->info.local_bytes +
               lane.frame().local;
  lane.pc = 0;
}

}  // namespace

uint32_t ref_bra(WarpRun& warp, const Op& op, uint32_t mask) {
  for_lanes(warp, mask, [&](Lane& lane) { lane.pc = op.targets[0] - 1; });
  return mask;
}

uint32_t ref_brx(WarpRun& warp, const Op& op, uint32_t mask) {
  for_lanes(warp, mask, [&](Lane& lane) {
    const uint32_t i = uint32_t(warp.read(lane, op.args[0]));
    if (i >= op.targets.size()) warp.trap(lane, exec::Trap::kInvalidPc, i);
    lane.pc = op.targets[i] - 1;
  });
  return mask;
}

uint32_t ref_call(WarpRun& warp, const Op& op, uint32_t mask) {
  const Program& program = *warp.block->program;
  for_lanes(warp, mask, [&](Lane& lane) {
    int32_t callee = op.callee;
    if (callee < 0) {
      const uint64_t id = warp.read(lane, op.args[1]);
      if (id == 0 || id % 16 || id / 16 > program.functions.size())
        warp.trap(lane, exec::Trap::kInvalidPc, id);
      callee = int32_t(id / 16) - 1;
      if (!program.functions[size_t(callee)].has_body) warp.trap(lane, exec::Trap::kInvalidPc, id);
    }
    if (op.builtin) {
      run_builtin(warp, lane, op);
      return;
    }
    enter(warp, lane, op, callee);
    lane.pc = -1;
  });
  return mask;
}

uint32_t ref_ret(WarpRun& warp, const Op&, uint32_t mask) {
  uint32_t ended = 0;
  for_lanes(warp, mask, [&](Lane& lane) {
    if (lane.frames.size() == 1) {
      ended |= 1u << (lane.thread % kWarp);
      return;
    }
    const Frame callee = lane.frame();
    const Code& code = warp.code(lane);
    const uint64_t* regs = lane.regs;
    const uint8_t* memory = lane.memory;
    warp.pop_frame(lane);
    lane.pc = callee.return_pc;
    const Op& call = warp.code(lane).ops[size_t(lane.pc)];
    for (size_t i = 0; i < code.results.size() && i < call.args[0].elements.size(); i++) {
      const Place& from = code.results[i];
      const Arg& to = call.args[0].elements[i];
      uint64_t v = 0;
      const uint32_t bytes = from.bytes < 8 ? from.bytes : 8;
      if (from.slot >= 0)
        v = regs[from.slot];
      else
        memcpy(&v, memory + from.offset, bytes);
      if (to.kind == Arg::Kind::kFrame && from.slot < 0)
        memcpy(lane.memory + to.value, memory + from.offset, std::min(from.bytes, to.bytes));
      else if (to.kind == Arg::Kind::kFrame)
        memcpy(lane.memory + to.value, &v, std::min(bytes, to.bytes));
      else
        warp.write(lane, to, v, {isa::Kind::kB, uint8_t(bytes * 8), 1});
    }
  });
  warp.exit_lanes(ended);
  return mask & ~ended;
}

uint32_t ref_exit(WarpRun& warp, const Op&, uint32_t mask) {
  warp.exit_lanes(mask);
  return 0;
}

uint32_t ref_trap(WarpRun& warp, const Op&, uint32_t mask) {
  warp.trap(warp.lanes[size_t(__builtin_ctz(mask))], exec::Trap::kTrap, 0);
}

uint32_t ref_nanosleep(WarpRun&, const Op&, uint32_t mask) {
  return mask;
}

}  // namespace ppu::ref

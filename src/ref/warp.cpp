// One warp: which lanes run next, and one operation for them.
#include <x86intrin.h>

#include <cstring>

#include "isa/host_table.h"
#include "ref/machine.h"
#include "ref/ops.h"

namespace ppu::ref {
namespace {

constexpr uint32_t kTurnSteps = 20000;    ///< operations before the next warp has its turn
constexpr uint32_t kSpinsToPark = 256;    ///< polls of memory by some lanes before the others go on
constexpr uint32_t kSpinsToYield = 1024;  ///< polls before the next warp has its turn

uint64_t mask_bits(uint64_t v, int bits) {
  return bits >= 64 ? v : v & ((uint64_t(1) << bits) - 1);
}

}  // namespace

const Code& WarpRun::code(const Lane& lane) const {
  return block->program->functions[size_t(lane.frames.back().function)];
}

const Op& WarpRun::own_op(const Lane& lane) const {
  return code(lane).ops[size_t(lane.pc)];
}

// ---- Frames
// ---------------------------------------------------------------------------------------------------

void WarpRun::push_frame(Lane& lane, int32_t function, int32_t return_pc) {
  const Program& program = *block->program;
  const Code& c = program.functions[size_t(function)];
  Frame f;
  f.function = function;
  f.return_pc = return_pc;
  const uint32_t start = lane.frames.empty() ? 0 : lane.frame().end;
  f.slots = start;
  f.memory = (start + c.num_slots * 8 + 63) & ~63u;
  f.end = (f.memory + c.frame_bytes + 63) & ~63u;
  f.local = lane.frames.empty() ? 0 : lane.frame().local_end;
  f.local_end = f.local + c.local_bytes;
  if (f.end > lane.stack_bytes) {
    if (!lane.frames.empty()) trap(lane, exec::Trap::kStackOverflow, 0);
    lane.stack_bytes =
        program.has_calls ? std::max(program.call_stack_bytes * kRegistersBesideLocal, f.end) : f.end;
    lane.stack_bytes = (lane.stack_bytes + 63) & ~63u;
    lane.stack.reset(static_cast<uint8_t*>(std::aligned_alloc(64, lane.stack_bytes)));
    if (!lane.stack) trap(lane, exec::Trap::kStackOverflow, 0);
  }
  if (f.local_end > program.info.local_bytes && c.local_bytes) trap(lane, exec::Trap::kStackOverflow, 0);
  if (f.end > f.slots) memset(lane.stack.get() + f.slots, 0, f.end - f.slots);
  lane.frames.push_back(f);
  lane.regs = reinterpret_cast<uint64_t*>(lane.stack.get() + f.slots);
  lane.memory = lane.stack.get() + f.memory;
  lane.local = block->state->local + uint64_t(lane.thread) * program.info.local_bytes + f.local;
}

void WarpRun::pop_frame(Lane& lane) {
  lane.frames.pop_back();
  const Frame& f = lane.frame();
  lane.regs = reinterpret_cast<uint64_t*>(lane.stack.get() + f.slots);
  lane.memory = lane.stack.get() + f.memory;
  lane.local = block->state->local + uint64_t(lane.thread) * block->program->info.local_bytes + f.local;
}

void WarpRun::exit_lanes(uint32_t mask) {
  live &= ~mask;
  block->live_threads -= uint32_t(__builtin_popcount(mask));
  for_lanes(*this, mask, [](Lane& lane) { lane.state = Lane::State::kDone; });
  // A .sync that waited for them may be complete now.
  for_lanes(*this, live, [](Lane& lane) {
    if (lane.state == Lane::State::kAtWarpSync) lane.state = Lane::State::kReady;
  });
  block->check_barriers();
}

void WarpRun::trap(const Lane& lane, exec::Trap kind, uint64_t info) {
  if (block->hook) {
    AccessHook::Access access;
    access.address = info;
    access.thread = lane.thread;
    if (!lane.frames.empty()) access.function = code(lane).name.c_str();
    if (!lane.frames.empty() && lane.pc >= 0 && size_t(lane.pc) < code(lane).ops.size()) {
      const Op& op = own_op(lane);
      access.bytes = uint32_t(op.type.total_bits() / 8 * op.lanes);
      access.is_write = op.num_dests == 0;
      access.pos = op.pos;
    }
    block->hook->trapped(access, kind);
  } else {
    block->state->thread = lane.thread;
    block->launch->rt->trap(block->state, uint32_t(kind), info, lane.thread);
  }
  throw Stopped{};
}

// ---- Operands
// -------------------------------------------------------------------------------------------------

uint64_t WarpRun::special(const Lane& lane, ptx::Special which, int64_t number) const {
  using S = ptx::Special;
  const exec::LaunchArgs& l = *block->launch;
  const exec::BlockState& s = *block->state;
  const uint32_t id = lane.thread % kWarp;
  const auto dimension = [&](S x, const uint32_t v[3]) { return v[int(which) - int(x)]; };
  if (which >= S::kTidX && which <= S::kTidZ) return dimension(S::kTidX, lane.tid);
  if (which >= S::kNtidX && which <= S::kNtidZ) return dimension(S::kNtidX, l.block);
  if (which >= S::kCtaidX && which <= S::kCtaidZ) return dimension(S::kCtaidX, s.ctaid);
  if (which >= S::kNctaidX && which <= S::kNctaidZ) return dimension(S::kNctaidX, l.grid);
  switch (which) {
    case S::kLaneid:
      return id;
    case S::kWarpid:
      return index;
    case S::kNwarpid:
      return block->warps.size();
    case S::kSmid:
      return s.smid;
    case S::kNsmid:
      return l.num_sms;
    case S::kGridid:
      return l.grid_id;
    case S::kLanemaskEq:
      return 1u << id;
    case S::kLanemaskLt:
      return (1u << id) - 1;
    case S::kLanemaskLe:
      return (2u << id) - 1;
    case S::kLanemaskGt:
      return uint32_t(~((2u << id) - 1));
    case S::kLanemaskGe:
      return uint32_t(~((1u << id) - 1));
    case S::kClock:
      return uint32_t(__rdtsc());
    case S::kClockHi:
      return __rdtsc() >> 32;
    case S::kClock64:
      return __rdtsc();
    case S::kGlobaltimer:
      return l.rt->globaltimer(block->state);
    case S::kGlobaltimerLo:
      return uint32_t(l.rt->globaltimer(block->state));
    case S::kGlobaltimerHi:
      return l.rt->globaltimer(block->state) >> 32;
    case S::kDynamicSmemSize:
      return l.dynamic_shared_bytes;
    case S::kTotalSmemSize:
      return l.shared_bytes;
    case S::kClusterId: {  // a cluster is one block
      constexpr int64_t kRank = 12;
      if (number < 3) return s.ctaid[number];
      if (number < 6) return l.grid[number - 3];
      return number >= 9 && number != kRank;
    }
    case S::kEnvreg:
      return number >= 0 && number < 4 ? uint32_t(l.envreg[number]) : 0;
    default:
      return 0;
  }
}

/// A byte or half of a register, as a 32-bit number.
static uint64_t part_of(uint64_t value, const Arg& a) {
  const uint32_t top = uint32_t(value >> a.part_shift) << (32 - a.part_bits);
  return a.part_signed ? uint32_t(int32_t(top) >> (32 - a.part_bits)) : top >> (32 - a.part_bits);
}

uint64_t WarpRun::read(const Lane& lane, const Arg& a) const {
  switch (a.kind) {
    case Arg::Kind::kReg:
      if (a.part_bits) return part_of(lane.regs[a.slot], a);
      return a.negated ? lane.regs[a.slot] ^ 1 : lane.regs[a.slot];
    case Arg::Kind::kConst:
      return uint64_t(a.value);
    case Arg::Kind::kSpecial:
      return special(lane, a.special, a.value);
    case Arg::Kind::kGlobal:
      return block->launch->globals[a.slot] + uint64_t(a.value);
    case Arg::Kind::kLocal:
      return uint64_t(lane.local) + uint64_t(a.value);
    case Arg::Kind::kFrame:
      return uint64_t(lane.memory) + uint64_t(a.value);
    case Arg::Kind::kEntryParam:
      return uint64_t(block->launch->params) + uint64_t(a.value);
    default:
      return 0;
  }
}

unsigned __int128 WarpRun::read128(const Lane& lane, const Arg& a) const {
  if (a.kind == Arg::Kind::kReg && a.bits > 64)
    return lane.regs[a.slot] | (unsigned __int128)(lane.regs[a.slot + 1]) << 64;
  return read(lane, a);
}

void WarpRun::write(Lane& lane, const Arg& a, uint64_t bits, isa::Type type) {
  if (a.kind != Arg::Kind::kReg) return;  // `_`
  const int width = type.total_bits();
  if (a.bits > width && width && type.is_signed() && width < 64 && ((bits >> (width - 1)) & 1))
    bits |= ~uint64_t(0) << width;
  lane.regs[a.slot] = mask_bits(bits, a.bits);
  if (a.bits > 64) lane.regs[a.slot + 1] = type.is_signed() && int64_t(bits) < 0 ? ~uint64_t(0) : 0;
}

void WarpRun::write128(Lane& lane, const Arg& a, unsigned __int128 bits) {
  if (a.kind != Arg::Kind::kReg) return;
  lane.regs[a.slot] = mask_bits(uint64_t(bits), a.bits);
  if (a.bits > 64) lane.regs[a.slot + 1] = uint64_t(bits >> 64);
}

// ---- Memory
// ---------------------------------------------------------------------------------------------------

uint64_t WarpRun::address(const Lane& lane, const Op& op, const Arg& a) const {
  const Arg& base = a.elements[0];
  uint64_t v = read(lane, base) + uint64_t(a.value);
  const ptx::Space space = op.space == ptx::Space::kNone ? base.space : op.space;
  if (space == ptx::Space::kShared) {
    // Offsets in the window; 32-bit registers hold them too, so the sum wraps at 32 bits there.
    if (base.kind == Arg::Kind::kReg && base.bits == 32) v = uint32_t(v);
    v += uint64_t(block->state->shared);
  }
  if (base.kind != Arg::Kind::kReg || base.bits != 32) return v;
  if (space == ptx::Space::kLocal) return whole_local_address(lane, v);
  if (space == ptx::Space::kConst && block->program->const_anchor >= 0)
    return whole_address(v, block->launch->globals[block->program->const_anchor]);
  return v;
}

uint64_t WarpRun::whole_local_address(const Lane& lane, uint64_t address) {
  return whole_address(address, uint64_t(lane.local));
}

uint64_t WarpRun::whole_address(uint64_t address, uint64_t base) {
  return base + uint64_t(int64_t(int32_t(uint32_t(address) - uint32_t(base))));
}

void WarpRun::check_align(const Lane& lane, uint64_t address, uint32_t bytes) {
  if (block->program->checked) return;  // the checker looks
  if (bytes > 1 && address % bytes) trap(lane, exec::Trap::kMisaligned, address);
}

namespace {

/// One access where there is one of that width: other threads may write meanwhile. TSan would take a race of
/// the program for one of ours.
__attribute__((no_sanitize("thread"))) void copy_at_once(void* to, const void* from, uint32_t bytes) {
  switch (bytes) {
    case 1:
      *static_cast<volatile uint8_t*>(to) = *static_cast<const volatile uint8_t*>(from);
      return;
    case 2:
      *static_cast<volatile uint16_t*>(to) = *static_cast<const volatile uint16_t*>(from);
      return;
    case 4:
      *static_cast<volatile uint32_t*>(to) = *static_cast<const volatile uint32_t*>(from);
      return;
    case 8:
      *static_cast<volatile uint64_t*>(to) = *static_cast<const volatile uint64_t*>(from);
      return;
    default:
      memcpy(to, from, bytes);
  }
}

}  // namespace

void WarpRun::tell(const Lane& lane, const Op& op, uint64_t address, uint32_t bytes,
                   exec::CheckedAccess kind) {
  if (!block->program->checked || block->hook || lane.owns(address) || op.space == ptx::Space::kParam) return;
  uint64_t row[kWarp];
  const uint32_t l = lane.thread % kWarp;
  row[l] = address;
  block->launch->rt->check_access(block->state, op.place | uint64_t(kind) << 48, uint64_t(row), bytes,
                                  1u << l, lane.thread - l);
}

void WarpRun::load(const Lane& lane, const Op& op, uint64_t address, void* out, uint32_t bytes) {
  block->state->thread = lane.thread;
  if (block->hook && !lane.owns(address)) {
    if (!block->hook->load({address, bytes, false, lane.thread, op.pos, code(lane).name.c_str()}, out))
      throw Stopped{};
    return;
  }
  tell(lane, op, address, bytes, exec::CheckedAccess::kRead);
  copy_at_once(out, reinterpret_cast<const void*>(address), bytes);
}

void WarpRun::store(const Lane& lane, const Op& op, uint64_t address, const void* in, uint32_t bytes) {
  block->state->thread = lane.thread;
  if (block->hook && !lane.owns(address)) {
    if (!block->hook->store({address, bytes, true, lane.thread, op.pos, code(lane).name.c_str()}, in))
      throw Stopped{};
    return;
  }
  tell(lane, op, address, bytes, exec::CheckedAccess::kWrite);
  copy_at_once(reinterpret_cast<void*>(address), in, bytes);
}

// ---- Running
// --------------------------------------------------------------------------------------------------

/// The lanes to run next: of the ready ones those deepest in calls, and of these those lowest in the text.
/// Lanes waiting there for a .sync come along.
uint32_t WarpRun::choose_group() {
  const Lane* best = nullptr;
  for (int round = 0; round < 2 && !best; round++) {
    for_lanes(*this, live, [&](Lane& lane) {
      if (round == 1) lane.parked = false;
      if (lane.state != Lane::State::kReady || lane.parked) return;
      const auto before = [](const Lane& a, const Lane& b) {
        if (a.frames.size() != b.frames.size()) return a.frames.size() > b.frames.size();
        if (a.frame().function != b.frame().function) return a.frame().function < b.frame().function;
        return a.pc < b.pc;
      };
      if (!best || before(lane, *best)) best = &lane;
    });
  }
  if (!best) return 0;
  uint32_t group = 0;
  for_lanes(*this, live, [&](Lane& lane) {
    const bool can = lane.state == Lane::State::kReady || lane.state == Lane::State::kAtWarpSync;
    if (can && lane.pc == best->pc && lane.frames.size() == best->frames.size() &&
        lane.frame().function == best->frame().function)
      group |= 1u << (lane.thread % kWarp);
  });
  return group;
}

void WarpRun::run_element(const Op& op, uint32_t mask) {
  for_lanes(*this, mask, [&](Lane& lane) {
    uint64_t args[isa::kMaxOperands];
    size_t n = 0;
    for (size_t i = op.num_dests; i < op.args.size(); i++) args[n++] = read(lane, op.args[i]);
    const isa::HostResult r = op.value->run(std::span<const uint64_t>(args, n), lane.carry);
    if (op.writes_carry) lane.carry = r.carry;
    const Arg& dest = op.args[0];
    if (dest.kind == Arg::Kind::kPair) {
      write(lane, dest.elements[0], r.out[0], r.type[0]);
      write(lane, dest.elements[1], r.out[1], r.type[1]);
    } else {
      write(lane, dest, r.out[0], r.type[0]);
    }
  });
}

/// Lanes that poll memory while others of the warp could run step aside after a while; if these have stepped
/// aside before, it's their turn again.
void WarpRun::note_spin(uint32_t group, const Op& op) {
  if (!op.spins) return;
  block->state->poll_line = uint32_t(op.pos.line);
  bool others = false, parked = false;
  for_lanes(*this, live & ~group, [&](Lane& lane) {
    if (lane.state == Lane::State::kReady) (lane.parked ? parked : others) = true;
  });
  if (!(others || parked) || ++spins_ < kSpinsToPark) return;
  spins_ = 0;
  if (!others) for_lanes(*this, live & ~group, [](Lane& lane) { lane.parked = false; });
  for_lanes(*this, group, [](Lane& lane) { lane.parked = true; });
}

void WarpRun::step(uint32_t group) {
  const Lane& first = lanes[size_t(__builtin_ctz(group))];
  const Code& c = code(first);
  uint32_t fresh = 0;  // the others waited here for a .sync
  for_lanes(*this, group, [&](Lane& lane) {
    if (lane.state == Lane::State::kReady) fresh |= 1u << (lane.thread % kWarp);
    lane.state = Lane::State::kReady;
  });
  if (size_t(first.pc) >= c.ops.size()) {  // the end of the text is a ret
    static const Op kReturn;
    const uint32_t done = ref_ret(*this, kReturn, group);
    for_lanes(*this, done, [](Lane& lane) { lane.pc++; });
    return;
  }
  const Op& op = c.ops[size_t(first.pc)];
  uint32_t mask = group;
  if (op.guard >= 0) {
    for_lanes(*this, group, [&](Lane& lane) {
      if (bool(lane.regs[op.guard] & 1) == op.guard_negated) {
        mask &= ~(1u << (lane.thread % kWarp));
        lane.pc++;
      }
    });
  }
  if (block->state->counters && fresh) count(op, fresh, mask & fresh);
  if (!mask) return;
  note_spin(group, op);
  now = mask;
  uint32_t done = mask;
  if (op.run)
    done = op.run(*this, op, mask);
  else
    run_element(op, mask);
  for_lanes(*this, done, [](Lane& lane) { lane.pc++; });
}

/// All live lanes wait, some for a .sync whose partners came to another copy of it (compilers duplicate
/// code), or to no copy at all (an error of the program; hardware then goes on with those present, and so do
/// we).
bool WarpRun::merge_syncs() {
  uint32_t waiting = 0, at_barrier = 0;
  for_lanes(*this, live, [&](Lane& lane) {
    const uint32_t bit = 1u << (lane.thread % kWarp);
    if (lane.state == Lane::State::kAtWarpSync) waiting |= bit;
    if (lane.state == Lane::State::kAtBarrier) at_barrier |= bit;
  });
  if (!waiting) return false;
  const Op* op = nullptr;
  uint32_t same = 0;
  for (uint32_t left = waiting; left; left &= ~same) {
    op = &own_op(lanes[size_t(__builtin_ctz(left))]);
    same = 0;
    for_lanes(*this, left, [&](Lane& lane) {
      const Op& other = own_op(lane);
      if (other.row == op->row && other.mods.got == op->mods.got) same |= 1u << (lane.thread % kWarp);
    });
    merged_sync = false;
    now = same;
    const uint32_t done = op->run(*this, *op, same);
    for_lanes(*this, done, [](Lane& lane) {
      lane.state = Lane::State::kReady;
      lane.pc++;
    });
    if (done) return true;
  }
  if (at_barrier) return false;
  merged_sync = true;
  now = same;
  const uint32_t done = op->run(*this, *op, same);
  merged_sync = false;
  for_lanes(*this, done, [](Lane& lane) {
    lane.state = Lane::State::kReady;
    lane.pc++;
  });
  return done != 0;
}

bool WarpRun::run_turn() {
  spun = false;
  bool any = false;
  uint32_t polls = 0;
  block->state->warp = index;
  for (uint32_t steps = 0; steps < kTurnSteps && live; steps++) {
    const uint32_t group = choose_group();
    if (!group) {
      if (!merge_syncs()) return any;
      any = true;
      continue;
    }
    const Lane& first = lanes[size_t(__builtin_ctz(group))];
    const Code& c = code(first);
    const bool spins = size_t(first.pc) < c.ops.size() && c.ops[size_t(first.pc)].spins;
    step(group);
    any = true;
    if (spins && ++polls >= kSpinsToYield) {
      spun = true;
      return true;
    }
  }
  return any;
}

}  // namespace ppu::ref

// Runs a block of a narrow kernel: every thread goes on by itself until it must wait, in turn, so each one
// makes progress whatever the others wait for (PTX ISA, "Independent Thread Scheduling"). What lanes wait for
// lies in their LaneState; here the lanes of one member mask or barrier meet, and the results are made.
// Called from generated code and left by longjmp when a lane faults: nothing here owns anything.
#include "exec/lane_scheduler.h"

#include <algorithm>
#include <bit>

namespace ppu::exec {
namespace {

constexpr uint32_t kNotStarted = ~0u, kNobody = ~0u;
static_assert(sizeof(LaneState) == 64 && sizeof(LanesHeader) % 64 == 0);

LaneGroup group_of(LaneOp op) {
#define LANE_OP(enumerator, call, group) LaneGroup::group,
  static constexpr LaneGroup kGroups[] = {PPU_LANE_OPS(LANE_OP)};
#undef LANE_OP
  return kGroups[uint32_t(op)];
}

class Lanes {
 public:
  Lanes(BlockState* block, uint32_t lane_bytes)
      : block_(block),
        header_(reinterpret_cast<LanesHeader*>(block->frame)),
        first_(block->frame + sizeof(LanesHeader)),
        stride_(lane_bytes),
        threads_(block->launch->block[0] * block->launch->block[1] * block->launch->block[2]),
        warps_((threads_ + kWarpSize - 1) / kWarpSize) {}

  void start();
  /// 0: the block has ended; 1: all that can run poll memory.
  uint32_t run(LaneFunction function);

 private:
  LaneState& lane(uint32_t thread) {
    return *reinterpret_cast<LaneState*>(first_ + size_t(thread) * stride_);
  }
  LaneState& lane(uint32_t warp, uint32_t l) { return lane(warp * kWarpSize + l); }
  /// f(lane number, state) for each lane of `mask`.
  template <class F>
  void each(uint32_t warp, uint32_t mask, F f) {
    for (; mask; mask &= mask - 1)
      f(uint32_t(std::countr_zero(mask)), lane(warp, uint32_t(std::countr_zero(mask))));
  }
  void stopped(uint32_t thread);
  void ended(uint32_t thread);
  uint32_t companions(uint32_t warp, const LaneState& of);
  void meet(uint32_t thread);
  void exchange(uint32_t warp, uint32_t group);
  void shuffle(uint32_t warp, uint32_t group);
  void match(uint32_t warp, uint32_t group);
  void reduce(uint32_t warp, uint32_t group);
  void arrive(uint32_t thread);
  bool complete(const LanesHeader::Barrier& barrier) const;
  void release(uint32_t number);
  void release_complete();
  bool let_incomplete_go();

  BlockState* block_;
  LanesHeader* header_;
  char* first_;
  size_t stride_;
  uint32_t threads_, warps_;
  uint32_t met_ = 0;  ///< lanes of the warp whose turn it is that met in this turn
};

void Lanes::start() {
  *header_ = {};
  for (uint32_t t = 0; t < threads_; t++) {
    lane(t) = {};
    lane(t).from = kNotStarted;
    header_->live[t / kWarpSize] |= 1u << (t % kWarpSize);
  }
}

uint32_t Lanes::run(LaneFunction function) {
  for (;;) {
    uint32_t alive = 0;
    bool any = false, only_polls = true;
    for (uint32_t t = 0; t < threads_; t++) {
      LaneState& s = lane(t);
      if (t % kWarpSize == 0) met_ = 0;
      alive += s.from != 0;
      // Lanes that met go on from the first one, in the next turn. On hardware they are together then: what
      // the first of them does alone (`if (leader) *state = 0;`) is done when the others look.
      if (s.from == 0 || s.waits || (met_ >> t % kWarpSize & 1)) continue;
      any = true;
      block_->warp = t / kWarpSize;
      block_->thread = t;
      s.from = function(block_->launch, block_, t, threads_, &s, s.from == kNotStarted ? 0 : s.from);
      only_polls &= s.from != 0 && s.op == LaneOp::kYield;
      stopped(t);
    }
    if (!alive) return 0;
    if (!any && !let_incomplete_go()) {
      const uint32_t w = uint32_t(
          std::find_if(header_->live, header_->live + warps_, [](uint32_t m) { return m; }) - header_->live);
      block_->launch->rt->trap(block_, uint32_t(Trap::kBarrierDeadlock), 0,
                               w * kWarpSize + uint32_t(std::countr_zero(header_->live[w])));
    }
    if (any && only_polls) return 1;
  }
}

void Lanes::stopped(uint32_t thread) {
  LaneState& s = lane(thread);
  if (s.from == 0) return ended(thread);
  switch (group_of(s.op)) {
    case LaneGroup::kNone:
      return;
    case LaneGroup::kBlock:
      return arrive(thread);
    default:
      s.waits = 1;
      return meet(thread);
  }
}

void Lanes::ended(uint32_t thread) {
  const uint32_t w = thread / kWarpSize;
  header_->live[w] &= ~(1u << (thread % kWarpSize));
  // What waited for it may be complete now.
  each(w, header_->live[w], [&](uint32_t l, LaneState& s) {
    if (s.waits && group_of(s.op) != LaneGroup::kBlock) meet(w * kWarpSize + l);
  });
  release_complete();
}

// ---- Lanes of a member mask

/// The lanes of a warp that wait at an operation of the same group with the same member mask.
uint32_t Lanes::companions(uint32_t warp, const LaneState& of) {
  uint32_t group = 0;
  each(warp, header_->live[warp], [&](uint32_t l, LaneState& s) {
    if (s.waits && group_of(s.op) == group_of(of.op) && s.members == of.members) group |= 1u << l;
  });
  return group;
}

void Lanes::meet(uint32_t thread) {
  const uint32_t w = thread / kWarpSize;
  const LaneState& s = lane(thread);
  const uint32_t group = companions(w, s);
  if (s.members & header_->live[w] & ~group) return;
  exchange(w, group);
}

void Lanes::exchange(uint32_t warp, uint32_t group) {
  switch (group_of(lane(warp, uint32_t(std::countr_zero(group))).op)) {
    case LaneGroup::kVote: {
      uint32_t yes = 0;
      each(warp, group, [&](uint32_t l, LaneState& s) { yes |= uint32_t(s.value & 1) << l; });
      each(warp, group, [&](uint32_t, LaneState& s) { s.value = yes; });
      break;
    }
    case LaneGroup::kShfl:
      shuffle(warp, group);
      break;
    case LaneGroup::kMatch:
      match(warp, group);
      break;
    case LaneGroup::kRedux:
      reduce(warp, group);
      break;
    default:
      break;
  }
  each(warp, group, [](uint32_t, LaneState& s) { s.waits = 0; });
  met_ |= group;
}

// PTX ISA 9.7.9.6: c holds the clamp in bits 0-4 and the segment mask in bits 8-12.
void Lanes::shuffle(uint32_t warp, uint32_t group) {
  uint32_t values[kWarpSize] = {};
  each(warp, group, [&](uint32_t l, LaneState& s) { values[l] = uint32_t(s.value); });
  each(warp, group, [&](uint32_t l, LaneState& s) {
    const uint32_t segment = s.c >> 8 & 31, clamp = s.c & 31, by = s.b & 31;
    const int first = int(l & segment), last = int((l & segment) | (clamp & ~segment));
    const int from = s.op == LaneOp::kShflUp     ? int(l) - int(by)
                     : s.op == LaneOp::kShflDown ? int(l + by)
                     : s.op == LaneOp::kShflBfly ? int(l ^ by)
                                                 : first | int(by & ~segment);
    const bool in_range = s.op == LaneOp::kShflUp ? from >= last : from <= last;
    s.value = values[in_range ? uint32_t(from) : l];
    s.flag = in_range;
  });
}

void Lanes::match(uint32_t warp, uint32_t group) {
  uint64_t values[kWarpSize];
  each(warp, group, [&](uint32_t l, LaneState& s) { values[l] = s.value; });
  each(warp, group, [&](uint32_t l, LaneState& s) {
    uint32_t same = 0;
    each(warp, group,
         [&](uint32_t other, LaneState&) { same |= uint32_t(values[other] == values[l]) << other; });
    const bool all = s.op == LaneOp::kMatchAll32 || s.op == LaneOp::kMatchAll64;
    s.flag = same == group;
    s.value = all && !s.flag ? 0 : same;
  });
}

void Lanes::reduce(uint32_t warp, uint32_t group) {
  const uint32_t leader = uint32_t(std::countr_zero(group));
  const LaneOp op = lane(warp, leader).op;
  uint32_t sum = uint32_t(lane(warp, leader).value);
  each(warp, group & (group - 1), [&](uint32_t, LaneState& s) {
    const uint32_t v = uint32_t(s.value);
    const bool less = int32_t(v) < int32_t(sum);
    sum = op == LaneOp::kReduxAdd    ? sum + v
          : op == LaneOp::kReduxAnd  ? sum & v
          : op == LaneOp::kReduxOr   ? sum | v
          : op == LaneOp::kReduxXor  ? sum ^ v
          : op == LaneOp::kReduxMin  ? (less ? v : sum)
          : op == LaneOp::kReduxMax  ? (less ? sum : v)
          : op == LaneOp::kReduxUmin ? std::min(sum, v)
                                     : std::max(sum, v);
  });
  each(warp, group, [&](uint32_t, LaneState& s) { s.value = sum; });
}

// ---- Barriers of the block (PTX ISA 9.7.13.1): a warp whose lanes have all come counts 32 threads

void Lanes::arrive(uint32_t thread) {
  LaneState& s = lane(thread);
  const uint32_t w = thread / kWarpSize;
  if (s.members >= kNamedBarriers) block_->launch->rt->trap(block_, uint32_t(Trap::kTrap), s.members, thread);
  LanesHeader::Barrier& barrier = header_->barriers[s.members & (kNamedBarriers - 1)];
  barrier.in_use = 1;
  if (s.b) barrier.expected = s.b;
  barrier.arrived[w] |= 1u << (thread % kWarpSize);
  s.waits = s.op != LaneOp::kBarArrive;
  if (complete(barrier)) release(s.members);
}

bool Lanes::complete(const LanesHeader::Barrier& barrier) const {
  uint32_t came = 0;
  for (uint32_t w = 0; w < warps_; w++) {
    const uint32_t missing = header_->live[w] & ~barrier.arrived[w];
    if (!barrier.expected && missing) return false;
    if (barrier.arrived[w]) came += missing ? uint32_t(std::popcount(barrier.arrived[w])) : kWarpSize;
  }
  return came >= barrier.expected;
}

void Lanes::release(uint32_t number) {
  LanesHeader::Barrier& barrier = header_->barriers[number];
  const auto each_waiting = [&](auto f) {
    for (uint32_t w = 0; w < warps_; w++)
      each(w, header_->live[w], [&](uint32_t l, LaneState& s) {
        if (!s.waits || group_of(s.op) != LaneGroup::kBlock || s.members != number) return;
        f(s);
        if (w == block_->warp) met_ |= 1u << l;
      });
  };
  uint32_t yes = 0, voters = 0;
  each_waiting([&](LaneState& s) {
    if (s.op == LaneOp::kBarSync) return;
    voters++;
    yes += uint32_t(s.value & 1);
  });
  each_waiting([&](LaneState& s) {
    s.value = s.op == LaneOp::kBarRedPopc ? yes : s.op == LaneOp::kBarRedAnd ? yes == voters : yes != 0;
    s.waits = 0;
  });
  barrier = {};
}

void Lanes::release_complete() {
  for (uint32_t i = 0; i < kNamedBarriers; i++)
    if (header_->barriers[i].in_use && complete(header_->barriers[i])) release(i);
}

/// Nothing can run. Lanes whose member mask names others that will never come (an error of the program) go on
/// without them, as on hardware; false if there are none.
bool Lanes::let_incomplete_go() {
  for (uint32_t w = 0; w < warps_; w++) {
    uint32_t at_sync = kNobody;
    each(w, header_->live[w], [&](uint32_t l, LaneState& s) {
      if (at_sync == kNobody && s.waits && group_of(s.op) != LaneGroup::kBlock) at_sync = l;
    });
    if (at_sync == kNobody) continue;
    exchange(w, companions(w, lane(w, at_sync)));
    return true;
  }
  return false;
}

}  // namespace

uint32_t run_lanes(BlockState* block, LaneFunction function, uint32_t lane_bytes) {
  Lanes lanes(block, lane_bytes);
  if (block->resume == 0) lanes.start();
  const uint32_t waits = lanes.run(function);
  block->resume = waits;
  return waits;
}

}  // namespace ppu::exec

// Warp-wide exchange and barriers. PTX ISA, "Parallel Synchronization and Communication Instructions".
// Operations with a member mask run once all live lanes it names have come: `gather` below. They may stand at
// different copies of the instruction, so each lane's operands are those of its own copy.
#include "ref/ops.h"

namespace ppu::ref {
namespace {

/// Splits `mask` by member mask and calls f(group, members) for each complete group; returns the lanes that
/// ran. Lanes whose partners haven't come stay. In a merged run (see WarpRun::merged_sync) the groups are as
/// they are.
template <class F>
uint32_t gather(WarpRun& warp, const Op& op, size_t member_arg, uint32_t mask, F f) {
  uint32_t done = 0;
  for (uint32_t left = mask; left;) {
    const Lane& first = warp.lanes[size_t(__builtin_ctz(left))];
    const uint32_t members = uint32_t(warp.read(first, warp.own_op(first).args[member_arg]));
    uint32_t group = 0;
    for_lanes(warp, left, [&](Lane& lane) {
      if (uint32_t(warp.read(lane, warp.own_op(lane).args[member_arg])) == members)
        group |= 1u << (lane.thread % kWarp);
    });
    left &= ~group;
    const uint32_t wanted = members & warp.live;
    if ((wanted & ~group) != 0 && !warp.merged_sync) {
      for_lanes(warp, group, [&](Lane& lane) { lane.state = Lane::State::kAtWarpSync; });
      continue;
    }
    f(group, members);
    done |= group;
  }
  return done;
}

/// As gather, for the old forms without .sync: all lanes that run now.
template <class F>
uint32_t gather_or_all(WarpRun& warp, const Op& op, int member_arg, uint32_t mask, F f) {
  if (member_arg >= 0) return gather(warp, op, size_t(member_arg), mask, f);
  f(mask, mask);
  return mask;
}

bool is_sync(const Op& op) {
  return op.mods.has("sync");
}

/// The two halves of `d|p`, or `d` alone.
const Arg& first_of(const Arg& a) {
  return a.kind == Arg::Kind::kPair ? a.elements[0] : a;
}

constexpr isa::Type kPredType{isa::Kind::kPred, 1, 1};
constexpr isa::Type kWordType{isa::Kind::kB, 32, 1};

struct ShuffleSource {
  uint32_t lane;
  bool in_range;
};

/// PTX ISA, "shfl.sync": `c` holds the clamp (bits 0-4) and the segment mask (bits 8-12).
ShuffleSource shuffle_source(const isa::Mods& mods, uint32_t lane, uint32_t b, uint32_t c) {
  const uint32_t segment = (c >> 8) & 31, clamp = c & 31, by = b & 31;
  const uint32_t highest = (lane & segment) | (clamp & ~segment), lowest = lane & segment;
  int from = 0;
  bool ok = false;
  if (mods.has("up")) {
    from = int(lane) - int(by);
    ok = from >= int(highest);
  } else if (mods.has("down")) {
    from = int(lane + by);
    ok = from <= int(highest);
  } else if (mods.has("bfly")) {
    from = int(lane ^ by);
    ok = from <= int(highest);
  } else {
    from = int(lowest | (by & ~segment));
    ok = from <= int(highest);
  }
  return {ok ? uint32_t(from) : lane, ok};
}

}  // namespace

uint32_t ref_shfl(WarpRun& warp, const Op& op, uint32_t mask) {
  return gather_or_all(warp, op, is_sync(op) ? 4 : -1, mask, [&](uint32_t group, uint32_t) {
    uint32_t values[kWarp] = {};
    for_lanes(warp, warp.now, [&](Lane& lane) {
      values[lane.thread % kWarp] = uint32_t(warp.read(lane, warp.own_op(lane).args[1]));
    });
    for_lanes(warp, group, [&](Lane& lane) {
      const Op& own = warp.own_op(lane);
      const uint32_t b = uint32_t(warp.read(lane, own.args[2])), c = uint32_t(warp.read(lane, own.args[3]));
      const ShuffleSource from = shuffle_source(op.mods, lane.thread % kWarp, b, c);
      warp.write(lane, first_of(own.args[0]), values[from.lane], kWordType);
      if (own.args[0].kind == Arg::Kind::kPair)
        warp.write(lane, own.args[0].elements[1], from.in_range, kPredType);
    });
  });
}

uint32_t ref_vote(WarpRun& warp, const Op& op, uint32_t mask) {
  return gather_or_all(warp, op, is_sync(op) ? 2 : -1, mask, [&](uint32_t group, uint32_t) {
    uint32_t yes = 0;
    for_lanes(warp, group, [&](Lane& lane) {
      if (warp.read_pred(lane, warp.own_op(lane).args[1])) yes |= 1u << (lane.thread % kWarp);
    });
    const bool ballot = op.mods.has("ballot");
    uint32_t result = yes;
    if (op.mods.has("all")) result = yes == group;
    if (op.mods.has("any")) result = yes != 0;
    if (op.mods.has("uni")) result = yes == 0 || yes == group;
    for_lanes(warp, group, [&](Lane& lane) {
      warp.write(lane, warp.own_op(lane).args[0], result, ballot ? kWordType : kPredType);
    });
  });
}

uint32_t ref_match(WarpRun& warp, const Op& op, uint32_t mask) {
  return gather(warp, op, 2, mask, [&](uint32_t group, uint32_t) {
    const uint64_t width = op.type.bits == 64 ? ~uint64_t(0) : 0xffffffffu;
    uint64_t values[kWarp] = {};
    for_lanes(warp, group, [&](Lane& lane) {
      values[lane.thread % kWarp] = warp.read(lane, warp.own_op(lane).args[1]) & width;
    });
    const bool all = op.mods.has("all");
    for_lanes(warp, group, [&](Lane& lane) {
      uint32_t same = 0;
      for_lanes(warp, group, [&](Lane& other) {
        if (values[other.thread % kWarp] == values[lane.thread % kWarp]) same |= 1u << (other.thread % kWarp);
      });
      const bool everyone = same == group;
      const Op& own = warp.own_op(lane);
      warp.write(lane, first_of(own.args[0]), all && !everyone ? 0 : same, kWordType);
      if (own.args[0].kind == Arg::Kind::kPair)
        warp.write(lane, own.args[0].elements[1], everyone, kPredType);
    });
  });
}

uint32_t ref_redux(WarpRun& warp, const Op& op, uint32_t mask) {
  return gather(warp, op, 2, mask, [&](uint32_t group, uint32_t) {
    uint32_t sum = 0;
    bool first = true;
    for_lanes(warp, group, [&](Lane& lane) {
      const uint32_t v = uint32_t(warp.read(lane, warp.own_op(lane).args[1]));
      const bool is_less = op.type.is_signed() ? int32_t(v) < int32_t(sum) : v < sum;
      if (first)
        sum = v;
      else if (op.mods.has("add"))
        sum += v;
      else if (op.mods.has("and"))
        sum &= v;
      else if (op.mods.has("or"))
        sum |= v;
      else if (op.mods.has("xor"))
        sum ^= v;
      else if (op.mods.has("min"))
        sum = is_less ? v : sum;
      else
        sum = is_less ? sum : v;
      first = false;
    });
    for_lanes(warp, group, [&](Lane& lane) { warp.write(lane, warp.own_op(lane).args[0], sum, op.type); });
  });
}

uint32_t ref_activemask(WarpRun& warp, const Op& op, uint32_t mask) {
  for_lanes(warp, mask, [&](Lane& lane) { warp.write(lane, op.args[0], mask, op.type); });
  return mask;
}

uint32_t ref_bar_warp(WarpRun& warp, const Op& op, uint32_t mask) {
  return gather(warp, op, 0, mask, [](uint32_t, uint32_t) {});
}

// ---- Barriers of the block
// ------------------------------------------------------------------------------------

namespace {

/// Groups `mask` by barrier number and thread count, and lets each group arrive.
void arrive_groups(WarpRun& warp, const Op& op, size_t number_arg, int count_arg, uint32_t mask) {
  for (uint32_t left = mask; left;) {
    const Lane& first = warp.lanes[size_t(__builtin_ctz(left))];
    const auto number_of = [&](const Lane& l) { return uint32_t(warp.read(l, op.args[number_arg])); };
    const auto count_of = [&](const Lane& l) {
      return count_arg < 0 ? 0u : uint32_t(warp.read(l, op.args[size_t(count_arg)]));
    };
    const uint32_t number = number_of(first), count = count_of(first);
    uint32_t group = 0;
    for_lanes(warp, left, [&](Lane& lane) {
      if (number_of(lane) == number && count_of(lane) == count) group |= 1u << (lane.thread % kWarp);
    });
    left &= ~group;
    if (number >= kNumBarriers) warp.trap(first, exec::Trap::kTrap, number);
    for_lanes(warp, group, [&](Lane& lane) { lane.barrier = number; });
    warp.block->arrive(warp, number, count, group);
  }
}

}  // namespace

uint32_t ref_bar_sync(WarpRun& warp, const Op& op, uint32_t mask) {
  for_lanes(warp, mask, [](Lane& lane) { lane.state = Lane::State::kAtBarrier; });
  arrive_groups(warp, op, 0, op.args.size() > 1 ? 1 : -1, mask);
  return 0;  // the barrier moves them on
}

uint32_t ref_bar_arrive(WarpRun& warp, const Op& op, uint32_t mask) {
  arrive_groups(warp, op, 0, 1, mask);
  return mask;
}

/// `d, a{, b}, c`: BlockRun::release writes the result.
uint32_t ref_bar_red(WarpRun& warp, const Op& op, uint32_t mask) {
  const bool counted = op.args.size() > 3;
  const Arg& pred = op.args[counted ? 3 : 2];
  for_lanes(warp, mask, [&](Lane& lane) {
    lane.state = Lane::State::kAtBarrier;
    lane.barrier_pred = warp.read_pred(lane, pred);
  });
  arrive_groups(warp, op, 1, counted ? 2 : -1, mask);
  return 0;
}

}  // namespace ppu::ref

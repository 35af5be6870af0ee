// See block_checker.h.
#include "device/block_checker.h"

#include <algorithm>
#include <string>

#include "device/checking.h"
#include "device/kernel_checker.h"

namespace ppu::device {

using checking::Finding;
using exec::CheckedAccess;
using exec::CheckedSync;
using exec::CheckPlace;

namespace {

template <class Times>
void raise(Times& to, const Times& from) {
  for (size_t i = 0; i < to.size(); i++) to[i] = std::max(to[i], from[i]);
}

template <class F>
void for_lanes(uint32_t mask, F f) {
  for (; mask; mask &= mask - 1) f(uint32_t(__builtin_ctz(mask)));
}

bool is_alone(uint64_t place) {
  return CheckPlace::of(place).order & exec::kAlone;
}

std::string thread_name(const exec::BlockState& block, uint32_t t) {
  const uint32_t* b = block.launch->block;
  return "(" + std::to_string(t % b[0]) + "," + std::to_string(t / b[0] % b[1]) + "," +
         std::to_string(t / (b[0] * b[1])) + ")";
}

/// A side of a race.
struct Racer {
  uint64_t place = 0;
  uint32_t thread = 0;
};

void report_race(const KernelChecker& kernel, const exec::BlockState& block, const char* kind,
                 const std::string& key, const Racer& one, const Racer& other, uint32_t offset) {
  Finding f = kernel.finding("racecheck", kind, block, one.thread, one.place);
  f.add("where", "byte " + std::to_string(offset) + " of shared memory");
  f.add("other_thread", thread_name(block, other.thread));
  kernel.add_place(f, "other_", other.place);
  checking::report(key, f);
}

}  // namespace

BlockChecker& BlockChecker::of(exec::BlockState& block) {
  if (!block.check) block.check = new BlockChecker;  // as long as the storage it belongs to: for ever
  return *static_cast<BlockChecker*>(block.check);
}

/// Times go on from block to block, so that nothing of the last one has to be cleared: all of it is known.
void BlockChecker::start(const exec::BlockState& block, bool races, bool values) {
  races_ = races;
  values_ = values;
  threads_ = block.launch->block[0] * block.launch->block[1] * block.launch->block[2];
  const uint32_t warps = (threads_ + kLanes - 1) / kLanes;
  if (warps_.size() != warps) warps_.resize(warps);
  waits_at_.assign(warps, 0);
  suspects_.clear();
  for (Warp& w : warps_) w.exited = 0;
  if (threads_ % kLanes) warps_.back().exited = ~0u << (threads_ % kLanes);
  if (!races && !values) return;
  if (top_ > ~0u / 2) {
    bytes_.clear();
    top_ = 0;
  }
  if (bytes_.size() < block.launch->shared_bytes) bytes_.resize(block.launch->shared_bytes);
  const uint32_t before = top_;
  start_ = ++top_;
  for (Warp& w : warps_) {
    w.clock.fill(start_);
    w.knows.fill(before);
    w.pending.fill(0);
    w.fenced.fill(0);
    for (Times& t : w.lane_knows) t.fill(before);
  }
  barriers_ = {};
  told_.clear();
  copies_.clear();
}

bool BlockChecker::knows(uint32_t warp, uint32_t lane, const Access& of) const {
  if (of.time == 0) return true;
  const Warp& w = warps_[warp];
  if (of.warp != warp) return of.time <= w.knows[of.warp];
  bool all = true;
  for_lanes(of.lanes & ~(1u << lane), [&](uint32_t other) { all &= of.time <= w.lane_knows[lane][other]; });
  return all;
}

void BlockChecker::judge(const KernelChecker& kernel, const exec::BlockState& block, uint64_t place,
                         uint32_t thread, uint32_t offset, const Access& other) {
  const uint32_t warp = thread / kLanes, lane = thread % kLanes;
  if (knows(warp, lane, other)) return;
  const auto is_guess = [&](uint64_t read, uint64_t swap) {
    return CheckedAccess(CheckPlace::of(read).what) == CheckedAccess::kRead &&
           CheckedAccess(CheckPlace::of(swap).what) == CheckedAccess::kAtomic && kernel.feeds_swap(read);
  };
  if (is_guess(place, other.place) || is_guess(other.place, place)) return;
  // One instruction of one warp: no order to be had, nor needed.
  if (other.warp == warp && other.place == place && other.time == warps_[warp].clock[lane]) return;
  // Which of them comes first here is chance: the pair is named once, as the program's text has it.
  const auto in_text = [](uint64_t p) { return p & 0xffffffffffff; };
  const bool swapped = in_text(place) < in_text(other.place);
  const uint64_t first = swapped ? place : other.place, second = swapped ? other.place : place;
  const auto writes = [](uint64_t p) {
    return CheckedAccess(CheckPlace::of(p).what) != CheckedAccess::kRead;
  };
  const char* kind = !writes(second) ? "race-raw" : writes(first) ? "race-waw" : "race-war";
  const std::string key = kernel.key("race", first) + std::to_string(in_text(second));
  if (checking::seen(key)) return;
  uint32_t who = other.lanes;
  if (other.warp == warp) who &= ~(1u << lane);
  const uint32_t other_thread = other.warp * kLanes + uint32_t(__builtin_ctz(who ? who : 1));
  report_race(kernel, block, kind, key, {place, thread}, {other.place, other_thread}, offset);
}

void BlockChecker::shared_access(const KernelChecker& kernel, const exec::BlockState& block, uint64_t place,
                                 uint32_t offset, uint32_t bytes, uint32_t thread) {
  const CheckPlace p = CheckPlace::of(place);
  const auto kind = CheckedAccess(p.what);
  const bool strong = kind == CheckedAccess::kAtomic || (p.order & exec::kStrong);
  const uint32_t warp = thread / kLanes, lane = thread % kLanes, now = warps_[warp].clock[lane];
  const auto conflicts = [&](const Access& other) {
    return other.time >= start_ && !(strong && other.strong);
  };
  const bool copies = races_ && (p.order & exec::kAsync);
  const auto judged = [&](uint32_t at, Access& other) {
    if (!races_ || !conflicts(other)) return;
    if (!other.under_way)
      judge(kernel, block, place, thread, at, other);
    else if (!copies || other.warp != warp || other.lanes != 1u << lane) {
      judge_copy(kernel, block, place, thread, at, other);
      other.under_way = false;  // told once
    }
  };
  if (copies) copies_[thread].open.push_back({place, now, offset, bytes});
  for (uint32_t at = offset; at < offset + bytes; at++) {
    Byte& b = bytes_[at];
    if (kind != CheckedAccess::kWrite) {
      if (values_ && b.written() < start_) {
        const std::string key = kernel.key("uninitialized-shared", place);
        if (!checking::seen(key)) {
          Finding f = kernel.finding("initcheck", "uninitialized-shared", block, thread, place);
          checking::report(key, f.add("where", "byte " + std::to_string(at) + " of shared memory"));
        }
      }
      judged(at, b.write);
      judged(at, b.strong);
    }
    if (kind == CheckedAccess::kRead) {
      Access& r = b.reads[b.reads[0].time < start_ || b.reads[0].warp == warp ? 0 : 1];
      const bool together = r.warp == warp && r.time == now && r.place == place && r.strong == strong;
      r = {place, now, (together ? r.lanes : 0) | 1u << lane, uint16_t(warp), strong, false};
      continue;
    }
    if (kind == CheckedAccess::kWrite) judged(at, b.write), judged(at, b.strong);
    for (Access& r : b.reads) judged(at, r);
    (strong ? b.strong : b.write) = {place, now, 1u << lane, uint16_t(warp), strong, copies};
  }
  if (strong && races_) note_order(place, offset, warp, lane);
}

/// The bytes that a cp.async may still be writing: whoever comes, its thread hasn't waited for it.
void BlockChecker::judge_copy(const KernelChecker& kernel, const exec::BlockState& block, uint64_t place,
                              uint32_t thread, uint32_t offset, const Access& copy) {
  const std::string key = kernel.key("async-copy", copy.place) + std::to_string(place & 0xffffffffffff);
  if (checking::seen(key)) return;
  const uint32_t copying = copy.warp * kLanes + uint32_t(__builtin_ctz(copy.lanes));
  report_race(kernel, block, "async-copy", key, {place, thread}, {copy.place, copying}, offset);
}

/// The thread has waited for these: as if it had written them now.
void BlockChecker::finish(uint32_t thread, const std::vector<Copy>& copies) {
  const uint32_t warp = thread / kLanes, lane = thread % kLanes;
  for (const Copy& c : copies)
    for (uint32_t at = c.offset; at < c.offset + c.bytes; at++) {
      Access& w = bytes_[at].write;
      const bool still = w.under_way && w.place == c.place && w.time == c.time && w.warp == warp;
      if (!still || w.lanes != 1u << lane) continue;
      w.under_way = false;
      w.time = warps_[warp].clock[lane];
    }
}

void BlockChecker::finish_groups(uint32_t thread, size_t but_latest) {
  std::deque<std::vector<Copy>>& groups = copies_[thread].groups;
  for (; groups.size() > but_latest; groups.pop_front()) finish(thread, groups.front());
}

/// A strong access that others may act on: what was before the last fence is told to who reads it and has a
/// fence behind (PTX ISA, "Memory Consistency Model": release and acquire patterns).
void BlockChecker::note_order(uint64_t place, uint64_t offset, uint32_t warp, uint32_t lane) {
  const CheckPlace p = CheckPlace::of(place);
  Warp& w = warps_[warp];
  if (CheckedAccess(p.what) != CheckedAccess::kWrite) {
    if (const auto told = told_.find(offset); told != told_.end()) {
      if (p.order & exec::kAcquires)
        learn(warp, told->second);
      else
        raise(w.pending, told->second);
    }
  }
  if (CheckedAccess(p.what) == CheckedAccess::kRead) return;
  if (p.order & exec::kReleases)
    release(offset, warp, 1u << lane);
  else
    raise(told_[offset], w.fenced);
}

uint32_t BlockChecker::latest(const Warp& w, uint32_t lanes) const {
  uint32_t time = 0;
  for_lanes(lanes, [&](uint32_t l) { time = std::max(time, w.clock[l]); });
  return time;
}

/// What these lanes do from now on is later than all that they did.
void BlockChecker::tick(Warp& w, uint32_t lanes) {
  const uint32_t next = latest(w, lanes) + 1;
  for_lanes(lanes, [&](uint32_t l) { w.clock[l] = next; });
  top_ = std::max(top_, next);
}

/// Of its own warp: the lanes learn of each other.
void BlockChecker::learn(uint32_t number, const Times& times) {
  Warp& w = warps_[number];
  raise(w.knows, times);
  const uint32_t own = times[number];
  if (!own) return;
  for (Times& lane : w.lane_knows)
    for (uint32_t& t : lane) t = std::max(t, own);
}

void BlockChecker::come(uint32_t number, uint32_t warp, uint32_t lanes) {
  Barrier& b = barriers_[number % exec::kNamedBarriers];
  Warp& w = warps_[warp];
  Times& told = b.told[b.generation % 2];
  raise(told, w.knows);
  told[warp] = std::max(told[warp], latest(w, lanes));
  b.came_in[warp] = b.generation;
  tick(w, lanes);
}

/// The first that goes on closes the generation: all who belong to it have come.
void BlockChecker::go_on(uint32_t number, uint32_t warp) {
  Barrier& b = barriers_[number % exec::kNamedBarriers];
  if (b.came_in[warp] == b.generation) b.told[++b.generation % 2].fill(0);
  learn(warp, b.told[b.came_in[warp] % 2]);
}

void BlockChecker::meet(uint32_t warp, uint32_t members) {
  Warp& w = warps_[warp];
  Times told = {};
  for_lanes(members, [&](uint32_t l) {
    raise(told, w.lane_knows[l]);
    told[l] = std::max(told[l], w.clock[l]);
  });
  for_lanes(members, [&](uint32_t l) { raise(w.lane_knows[l], told); });
  tick(w, members);
}

void BlockChecker::fence(uint32_t warp, uint32_t lanes) {
  Warp& w = warps_[warp];
  learn(warp, w.pending);
  w.fenced = w.knows;
  w.fenced[warp] = std::max(w.fenced[warp], latest(w, lanes));
  tick(w, lanes);
}

void BlockChecker::release(uint64_t address, uint32_t warp, uint32_t lanes) {
  Warp& w = warps_[warp];
  Times& told = told_[address];
  raise(told, w.knows);
  told[warp] = std::max(told[warp], latest(w, lanes));
  tick(w, lanes);
}

/// All lanes of the warp that haven't ended must come together. Those that are about to end may still stand
/// in front of their return, where the warp's lanes meet: it shows when they do anything else.
void BlockChecker::note_absent(const KernelChecker& kernel, uint64_t place, uint32_t mask, uint32_t first) {
  const uint32_t absent = ~mask & ~warps_[first / kLanes].exited;
  if (!absent || !kernel.wants_whole_warps(place)) return;
  for (const Suspect& s : suspects_)
    if (s.place == place && s.first == first) return;
  suspects_.push_back({place, first, mask, absent});
}

void BlockChecker::lanes_go_on(const KernelChecker& kernel, const exec::BlockState& block, uint32_t mask,
                               uint32_t first) {
  const auto guilty = [&](const Suspect& s) { return s.first == first && (s.absent & mask); };
  for (const Suspect& s : suspects_) {
    const std::string key = guilty(s) ? kernel.key("divergent-barrier", s.place) : "";
    if (!guilty(s) || checking::seen(key)) continue;
    Finding f = kernel.finding("synccheck", "divergent-barrier", block,
                               first + uint32_t(__builtin_ctz(s.came)), s.place);
    f.add("where", "of its warp " + std::to_string(__builtin_popcount(s.came)) + " threads come and " +
                       std::to_string(__builtin_popcount(s.absent)) + " don't, the first of them " +
                       thread_name(block, first + uint32_t(__builtin_ctz(s.absent))));
    checking::report(key, f);
  }
  std::erase_if(suspects_, guilty);
}

void BlockChecker::check_members(const KernelChecker& kernel, const exec::BlockState& block, uint64_t place,
                                 const uint64_t* words, uint32_t mask, uint32_t first) {
  const bool alone = is_alone(place);
  const uint32_t exited = warps_[first / kLanes].exited;
  for_lanes(mask, [&](uint32_t l) {
    const uint32_t members = uint32_t(words[l]);
    const bool own = members >> l & 1;
    const uint32_t absent = members & (alone ? exited : ~mask);
    if (own && !absent) return;
    const char* kind = own ? "absent-lanes" : "not-a-member";
    const std::string key = kernel.key(kind, place);
    if (checking::seen(key)) return;
    char text[96];
    std::snprintf(text, sizeof text, "the mask is 0x%08x, the lanes here are 0x%08x", members,
                  alone ? ~exited : mask);
    Finding f = kernel.finding("synccheck", kind, block, first + l, place);
    checking::report(key, f.add("where", text));
  });
}

void BlockChecker::sync(const KernelChecker& kernel, const exec::BlockState& block, uint64_t place,
                        const uint64_t* words, uint32_t mask, uint32_t first) {
  const checking::Tools& tools = checking::tools();
  const uint32_t warp = first / kLanes;
  const uint64_t word = words[__builtin_ctz(mask)];
  if (suspects() && CheckedSync(CheckPlace::of(place).what) != CheckedSync::kExit)
    lanes_go_on(kernel, block, mask, first);
  switch (CheckedSync(CheckPlace::of(place).what)) {
    case CheckedSync::kExit:
      warps_[warp].exited |= mask;
      for (Suspect& s : suspects_)
        if (s.first == first) s.absent &= ~mask;
      return;
    case CheckedSync::kBarrier:
      if (tools.meetings && !is_alone(place)) note_absent(kernel, place, mask, first);
      waits_at_[warp] = place;
      return come(uint32_t(word & 0xff), warp, mask);
    case CheckedSync::kBehind:
      waits_at_[warp] = 0;
      return go_on(uint32_t(word & 0xff), warp);
    case CheckedSync::kArrive:
      return come(uint32_t(word & 0xff), warp, mask);
    case CheckedSync::kWarpSync:
      if (tools.meetings) check_members(kernel, block, place, words, mask, first);
      return for_lanes(mask, [&](uint32_t l) {
        // Once for each group that meets; where lanes come one by one, the last of them makes it true.
        const uint32_t members = uint32_t(words[l]) & (is_alone(place) ? ~0u : mask);
        if (is_alone(place) || (members && uint32_t(__builtin_ctz(members)) == l)) meet(warp, members);
      });
    case CheckedSync::kMembers:
      if (tools.meetings) check_members(kernel, block, place, words, mask, first);
      return;
    case CheckedSync::kFence:
      return fence(warp, mask);
    case CheckedSync::kRelease:
      return for_lanes(mask, [&](uint32_t l) { release(words[l], warp, 1u << l); });
    case CheckedSync::kCommit:
      if (!races_) return;
      return for_lanes(mask, [&](uint32_t l) {
        Copies& own = copies_[first + l];
        own.groups.push_back(std::move(own.open));
        own.open.clear();
      });
    case CheckedSync::kCopied:
      if (!races_) return;
      return for_lanes(mask, [&](uint32_t l) { finish_groups(first + l, words[l]); });
    case CheckedSync::kAllCopied:
      if (!races_) return;
      return for_lanes(mask, [&](uint32_t l) {
        finish_groups(first + l, 0);
        finish(first + l, copies_[first + l].open);
        copies_[first + l].open.clear();
      });
    case CheckedSync::kAcquire:
      return for_lanes(mask, [&](uint32_t l) {
        if (const auto told = told_.find(words[l]); told != told_.end()) learn(warp, told->second);
      });
  }
}

void BlockChecker::stuck(const KernelChecker& kernel, const exec::BlockState& block) {
  for (uint32_t w = 0; w < warps_.size(); w++) {
    const std::string key = waits_at_[w] ? kernel.key("missed-barrier", waits_at_[w]) : "";
    if (!waits_at_[w] || checking::seen(key)) continue;
    Finding f = kernel.finding("synccheck", "missed-barrier", block, w * kLanes, waits_at_[w]);
    checking::report(key, f.add("where", "its warp waits for ever: the others of the block wait elsewhere"));
  }
}

}  // namespace ppu::device

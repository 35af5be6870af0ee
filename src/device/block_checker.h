// What the checker knows of one running block: which of its threads have ended, where it last looked, and for
// shared memory who read and wrote each byte last. Two accesses race when neither thread can know of the
// other's: every lane has a clock, and for each warp and each lane of its own warp the time up to which it
// knows of their accesses. Barriers, syncwarp, fences with strong accesses and mbarriers pass such knowledge
// on (vector clocks, by warp between warps; Lamport 1978, FastTrack's epochs).
#pragma once
#include <algorithm>
#include <array>
#include <cstdint>
#include <deque>
#include <unordered_map>
#include <vector>

#include "exec/checker.h"

namespace ppu::device {

class KernelChecker;

/// Memory that a kernel may use, all of one kind.
struct KnownMemory {
  uint64_t begin = 0, end = 0;
  uint8_t* written = nullptr;  ///< Allocation's
  uint8_t blank = 0;
  bool holds(uint64_t address, uint32_t bytes) const {
    return address >= begin && address < end && bytes <= end - address;
  }
};

class BlockChecker {
 public:
  /// The block's, made when there is none.
  static BlockChecker& of(exec::BlockState& block);
  /// A block starts; its shared memory is to be watched for these.
  void start(const exec::BlockState& block, bool races, bool values);

  /// Of one lane, at `offset` in the shared window.
  void shared_access(const KernelChecker& kernel, const exec::BlockState& block, uint64_t place,
                     uint32_t offset, uint32_t bytes, uint32_t thread);
  void sync(const KernelChecker& kernel, const exec::BlockState& block, uint64_t place, const uint64_t* words,
            uint32_t mask, uint32_t first);

  /// Lanes that were absent at a barrier go on doing something: then they had not ended.
  bool suspects() const { return !suspects_.empty(); }
  void lanes_go_on(const KernelChecker& kernel, const exec::BlockState& block, uint32_t mask, uint32_t first);
  /// No warp of the block can go on.
  void stuck(const KernelChecker& kernel, const exec::BlockState& block);

  KnownMemory known;              ///< where it last looked
  uint64_t known_generation = 0;  ///< AddressSpace's at that time

 private:
  static constexpr uint32_t kWarps = exec::kMaxWarps, kLanes = exec::kWarpSize;
  using Times = std::array<uint32_t, kWarps>;  ///< for each warp: accesses up to this time are known

  struct Access {
    uint64_t place = 0;
    uint32_t time = 0;   ///< 0: none
    uint32_t lanes = 0;  ///< of one warp
    uint16_t warp = 0;
    bool strong = false;
    bool under_way = false;  ///< a cp.async that its thread hasn't waited for
  };
  /// A cp.async's bytes; place and time are those of their Access.
  struct Copy {
    uint64_t place = 0;
    uint32_t time = 0, offset = 0, bytes = 0;
  };
  /// A thread's: those since its last commit_group, and its groups, the oldest first.
  struct Copies {
    std::vector<Copy> open;
    std::deque<std::vector<Copy>> groups;
  };
  /// The last weak write and the last strong one. Strong writes need no order among themselves, so that one
  /// of them can't stand for a weak one before it.
  struct Byte {
    Access write, strong, reads[2];
    uint32_t written() const { return std::max(write.time, strong.time); }
  };
  struct Barrier {
    uint32_t generation = 0;
    Times told[2] = {};
    uint32_t came_in[kWarps] = {};  ///< the generation in which a warp came last
  };
  struct Warp {
    uint32_t exited = 0;
    std::array<uint32_t, kLanes> clock = {};
    std::array<Times, kLanes> lane_knows = {};  ///< [lane][other lane of the warp]
    Times knows = {}, fenced = {}, pending = {};
  };

  bool knows(uint32_t warp, uint32_t lane, const Access& of) const;
  void judge(const KernelChecker& kernel, const exec::BlockState& block, uint64_t place, uint32_t thread,
             uint32_t offset, const Access& other);
  void judge_copy(const KernelChecker& kernel, const exec::BlockState& block, uint64_t place, uint32_t thread,
                  uint32_t offset, const Access& copy);
  void finish(uint32_t thread, const std::vector<Copy>& copies);
  void finish_groups(uint32_t thread, size_t but_latest);
  void note_order(uint64_t place, uint64_t offset, uint32_t warp, uint32_t lane);
  uint32_t latest(const Warp& warp, uint32_t lanes) const;
  void tick(Warp& warp, uint32_t lanes);
  void learn(uint32_t number, const Times& times);
  void come(uint32_t number, uint32_t warp, uint32_t lanes);
  void go_on(uint32_t number, uint32_t warp);
  void meet(uint32_t warp, uint32_t members);
  void fence(uint32_t warp, uint32_t lanes);
  void release(uint64_t address, uint32_t warp, uint32_t lanes);
  void note_absent(const KernelChecker& kernel, uint64_t place, uint32_t mask, uint32_t first);
  void check_members(const KernelChecker& kernel, const exec::BlockState& block, uint64_t place,
                     const uint64_t* words, uint32_t mask, uint32_t first);

  /// A barrier that some lanes of a warp came to, and those of the others that haven't ended since.
  struct Suspect {
    uint64_t place = 0;
    uint32_t first = 0, came = 0, absent = 0;
  };
  std::vector<Suspect> suspects_;
  bool races_ = false, values_ = false;
  uint32_t threads_ = 0, start_ = 0, top_ = 0;
  std::vector<Warp> warps_;
  std::vector<uint64_t> waits_at_;  ///< the barrier a warp waits at, by its place
  std::vector<Byte> bytes_;
  std::array<Barrier, exec::kNamedBarriers> barriers_;
  std::unordered_map<uint32_t, Copies> copies_;  ///< by thread
  std::unordered_map<uint64_t, Times> told_;     ///< through strong accesses and mbarriers, by address
};

}  // namespace ppu::device

// What code built to be checked (`ppu check`) tells of its accesses and of where its threads meet: the packed
// word that names a place of the program. Shared by compiler, interpreter and checker.
#pragma once
#include <cstdint>

namespace ppu::exec {

enum class CheckedAccess : uint8_t { kRead, kWrite, kAtomic };

/// Of check_sync; what `words` (32 of them) and the lanes mean.
enum class CheckedSync : uint8_t {
  kBarrier,    ///< the lanes come to a barrier; words: its number | threads << 8 (0: all)
  kBehind,     ///< they go on behind it
  kArrive,     ///< bar.arrive: they come and don't wait
  kWarpSync,   ///< words: the member mask; memory is in order behind it
  kMembers,    ///< shfl, vote, match, redux: words: the member mask
  kExit,       ///< they end
  kFence,      ///< membar, fence
  kRelease,    ///< words: the address of an mbarrier that is told
  kAcquire,    ///< words: the address of an mbarrier that is asked
  kCommit,     ///< cp.async.commit_group
  kCopied,     ///< cp.async.wait_group; words: how many of the lane's latest groups may still be under way
  kAllCopied,  ///< all of the lane's copies are done, also those in no group yet
};

/// How an access orders others: bits of CheckPlace::order. kAsync: a cp.async, which may write until its
/// thread has waited for it.
constexpr uint32_t kStrong = 1, kAcquires = 2, kReleases = 4, kAsync = 8;
/// Of every call: the lanes of the warp run one by one, and this one speaks for itself.
constexpr uint32_t kAlone = 16;
/// Of an access: its bytes are no unit, so that its address need not be a multiple of them.
constexpr uint32_t kPieces = 32;

/// One place of the program. `function` counts those that the kernel reaches (ptx::reachable), `instruction`
/// is in its body, so that the word is the same wherever the same text stands in a module.
struct CheckPlace {
  uint32_t function = 0, instruction = 0;
  uint32_t what = 0;   ///< CheckedAccess or CheckedSync
  uint32_t space = 0;  ///< ptx::Space; of accesses
  uint32_t order = 0;

  constexpr uint64_t word() const {
    return uint64_t(instruction) | uint64_t(function) << 24 | uint64_t(what) << 48 | uint64_t(space) << 52 |
           uint64_t(order) << 56;
  }
  static constexpr CheckPlace of(uint64_t word) {
    return {uint32_t(word >> 24) & 0xffffff, uint32_t(word) & 0xffffff, uint32_t(word >> 48) & 15,
            uint32_t(word >> 52) & 15, uint32_t(word >> 56)};
  }
};

}  // namespace ppu::exec

#include "exec/kernel_job.h"

#include <sched.h>
#include <time.h>

#include <algorithm>
#include <utility>

#include "base/log.h"
#include "exec/block_storage.h"
#include "exec/checker.h"
#include "exec/checksum.h"
#include "exec/watchdog.h"

namespace ppu::exec {
namespace {

/// Most unfinished blocks that a grid which isn't cooperative keeps at first while they wait for each other.
/// Blocks are started in order, so a wait on an earlier block (the usual kind) always ends.
constexpr uint32_t kFirstRoom = 256;
constexpr uint32_t kSleepAfter = 4096;  ///< yields in vain
constexpr uint32_t kSleepNs = 50'000;
constexpr uint64_t kMostBlocks = 4096;  ///< of a share
constexpr uint64_t kShareNs = 2'000;    ///< shorter shares cost more to hand out than they gain in balance
constexpr uint64_t kWakeNs = 10'000;    ///< work that makes up for waking a thread

uint64_t now_ns(clockid_t clock = CLOCK_MONOTONIC) {
  timespec t;
  ::clock_gettime(clock, &t);
  return uint64_t(t.tv_sec) * 1'000'000'000 + uint64_t(t.tv_nsec);
}

/// The first two blocks of a share, of which the code on trial runs one.
class Pair {
 public:
  Pair(LiveEntry* live, uint64_t first, uint64_t count)
      : live_(live), tried_(live && count > 1 ? live->on_trial() : nullptr), tried_is_second_(first & 1) {}

  bool timed() const { return tried_; }
  template <class Run>
  void run(uint64_t i, BlockFunction now, Run run) {
    const bool tries = (i == 1) == tried_is_second_;
    const uint64_t begin = now_ns(CLOCK_THREAD_CPUTIME_ID);
    run(tries ? tried_ : now);
    ns_[tries] = now_ns(CLOCK_THREAD_CPUTIME_ID) - begin;
    if (i == 0) return;
    live_->compared(ns_[true], ns_[false]);
    tried_ = nullptr;
  }

 private:
  LiveEntry* live_;
  BlockFunction tried_;
  bool tried_is_second_;
  uint64_t ns_[2] = {};
};

/// What is to be known of a block before it starts, where the kernel is checked.
void tell_checker(BlockState& state) {
  const auto* services = static_cast<const LaunchServices*>(state.launch->user);
  if (services && services->checker) services->checker->block_starts(state);
}

}  // namespace

KernelJob::KernelJob(const KernelLaunch& launch) : launch_(launch) {
  const uint32_t* g = launch_.args.grid;
  total_ = uint64_t(g[0]) * g[1] * g[2];
  launch_.args.rt = runtime_table();
  if (launch_.may_yield) waiting_ = std::make_unique<std::deque<BlockStorage*>>();
  room_ = launch_.cooperative ? UINT32_MAX : kFirstRoom;
  launch_.args.stop = reinterpret_cast<const uint32_t*>(&stop_word_);
  // Shares get smaller towards the end, so that all threads end together; long runs of consecutive blocks
  // keep caches warm.
  const uint64_t width = Pool::instance().width();
  parts_ = width * 4;
  if (launch_.block_ns) known_ns_ = launch_.block_ns->load(std::memory_order_relaxed);
  if (const uint64_t ns = known_ns_)
    least_blocks_ = std::clamp<uint64_t>(kShareNs / ns, 1, (total_ + width - 1) / width);
}

KernelJob::~KernelJob() {
  if (waiting_)
    for (BlockStorage* s : *waiting_) BlockStorage::release(s);
}

void KernelJob::record_fault(const Fault& fault, const uint32_t ctaid[3]) {
  std::lock_guard lock(mutex_);
  if (faulted_) return;
  faulted_ = true;
  fault_.fault = fault;
  std::copy(ctaid, ctaid + 3, fault_.ctaid);
}

/// Abandons the blocks that haven't been handed out.
void KernelJob::stop(const Fault& fault, const uint32_t ctaid[3]) {
  record_fault(fault, ctaid);
  stopped_.store(true);
  const uint64_t handed_out = next_.exchange(total_);
  if (handed_out < total_) done(total_ - handed_out);
}

void KernelJob::expire() {
  if (stop_word_.exchange(1)) return;
  const uint32_t none[3] = {};
  stop({.kind = Trap::kTimeout}, none);
}

void KernelJob::done(uint64_t blocks) {
  if (done_.fetch_add(blocks, std::memory_order_acq_rel) + blocks != total_) return;
  unwatch(*this);
  finished(faulted_ ? &fault_ : nullptr);
  release();  // the creator's reference
}

uint64_t* KernelJob::lend_counters() {
  if (!launch_.counter_words) return nullptr;
  std::lock_guard lock(mutex_);
  if (free_counters_.empty()) {
    counters_.push_back(std::make_unique<uint64_t[]>(launch_.counter_words));
    return counters_.back().get();
  }
  uint64_t* counters = free_counters_.back();
  free_counters_.pop_back();
  return counters;
}

void KernelJob::return_counters(uint64_t* counters) {
  if (!counters) return;
  std::lock_guard lock(mutex_);
  free_counters_.push_back(counters);
}

std::vector<uint64_t> KernelJob::counted() const {
  std::vector<uint64_t> sum(launch_.counter_words);
  for (const auto& counters : counters_)
    for (size_t i = 0; i < sum.size(); i++) sum[i] += counters[i];
  return sum;
}

/// Points `storage` at block `index`; false when the host has no memory for it.
bool KernelJob::start_block(Runner& runner, BlockStorage& storage, uint64_t index) {
  if (!storage.prepare(launch_.local_bytes, launch_.frame_bytes)) return false;
  BlockState& s = storage.state;
  const uint32_t* g = launch_.args.grid;
  s.ctaid[0] = uint32_t(index % g[0]);
  s.ctaid[1] = uint32_t(index / g[0] % g[1]);
  s.ctaid[2] = uint32_t(index / (uint64_t(g[0]) * g[1]));
  s.smid = uint32_t(index % std::max(1u, launch_.args.num_sms));
  s.launch = &launch_.args;
  s.warp = 0;
  s.thread = 0;
  s.resume = 0;
  s.sleep_ns = 0;
  s.worker = this;
  tell_checker(s);
  return true;
}

Share KernelJob::run_share(Runner& runner) {
  if (!watched_.load(std::memory_order_relaxed) && !watched_.exchange(true)) watch(*this);
  if (launch_.may_yield) {
    BlockStorage* storage = nullptr;
    bool fresh = false;
    {
      std::lock_guard lock(mutex_);
      // A new block first: what the waiting ones wait for may be in it.
      if (next_.load() < total_ && has_room()) {
        fresh = true;
        resident_++;
      } else if (!waiting_->empty()) {
        storage = waiting_->front();
        waiting_->pop_front();
      } else {
        return next_.load() >= total_ && resident_ == 0 ? Share::kExhausted : Share::kNone;
      }
    }
    if (fresh) {
      const uint64_t index = next_.fetch_add(1);
      if (index >= total_) {
        std::lock_guard lock(mutex_);
        resident_--;
        return Share::kNone;
      }
      if (launch_.live) launch_.live->used();
      started_or_ended();
      storage = BlockStorage::acquire();
      if (!storage || !start_block(runner, *storage, index)) {
        BlockStorage::release(storage);
        const uint32_t none[3] = {};
        stop({.kind = Trap::kNoMemory}, none);
        {
          std::lock_guard lock(mutex_);
          resident_--;
        }
        done(1);
        return Share::kMore;
      }
    }
    return run_waiting_kind(runner, storage) || fresh ? Share::kMore : Share::kNone;
  }
  uint64_t first = 0;
  const uint64_t count = take_blocks(&first);
  if (count == 0) return Share::kExhausted;
  run_blocks(runner, first, count);
  return first + count >= total_ ? Share::kExhausted : Share::kMore;
}

/// The next share of a grid that doesn't yield: how many blocks, from *first on; 0 when there are none left.
uint64_t KernelJob::take_blocks(uint64_t* first) {
  uint64_t at = next_.load(std::memory_order_relaxed), count = 0;
  do {
    if (at >= total_) return 0;
    const uint64_t left = total_ - at;
    count = std::min(
        left, std::clamp<uint64_t>(left / parts_, least_blocks_, std::max(least_blocks_, kMostBlocks)));
  } while (!next_.compare_exchange_weak(at, at + count, std::memory_order_relaxed));
  *first = at;
  return count;
}

uint32_t KernelJob::worth_waking() const {
  const uint64_t at = next_.load(std::memory_order_relaxed);
  if (at >= total_) return 0;
  const uint64_t left = total_ - at;
  uint64_t threads = (left - 1) / least_blocks_;  // besides the one that takes the next share
  const uint64_t ns = known_ns_.load(std::memory_order_relaxed);
  if (ns && !launch_.may_yield) threads = std::min(threads, left * ns / kWakeNs);
  return uint32_t(std::min<uint64_t>(threads, UINT32_MAX));
}

bool KernelJob::is_brief() const {
  const uint64_t ns = known_ns_.load(std::memory_order_relaxed);
  return ns && !launch_.may_yield && total_ * ns < kWakeNs;
}

/// A quarter of what is known comes from the latest share.
void KernelJob::note_time(uint64_t ns, uint64_t blocks) {
  const uint64_t now = ns / blocks, before = launch_.block_ns->load(std::memory_order_relaxed);
  const uint64_t known = before ? (3 * before + now) / 4 : now;
  const auto kept = uint32_t(std::clamp<uint64_t>(known, 1, UINT32_MAX));
  launch_.block_ns->store(kept, std::memory_order_relaxed);
  known_ns_.store(kept, std::memory_order_relaxed);
}

/// Runs blocks [first, first + count), which belong to this thread now. Until they are done the grid isn't,
/// so that its code is there; a thread that finds no block mustn't look at it.
void KernelJob::run_blocks(Runner& runner, uint64_t first, uint64_t count) {
  if (launch_.live) launch_.live->used();
  if (!runner.storage) runner.storage = BlockStorage::acquire();
  BlockStorage* storage = runner.storage;
  if (!storage || !start_block(runner, *storage, first)) {
    const uint32_t none[3] = {};
    stop({.kind = Trap::kNoMemory}, none);
    return done(count);
  }
  BlockState& state = storage->state;
  char here;
  state.stack_limit =
      reinterpret_cast<uint64_t>(runner.stack_low ? runner.stack_low + (256 << 10) : &here - (512 << 10));
  state.counters = lend_counters();
  const BlockFunction entry = launch_.live ? launch_.live->now() : launch_.entry;
  Pair trial(launch_.live, first, count);
  const uint64_t begin = launch_.block_ns ? now_ns() : 0;
  ProtectedRegion region;
  region.block = &state;
  const InterruptibleThread thread(*this);
  const bool ok = run_protected(region, [&] {
    const uint32_t* g = launch_.args.grid;
    for (uint64_t i = 0; i < count && !stopped_.load(std::memory_order_relaxed); i++) {
      state.resume = 0;
      state.warp = 0;
      if (i) tell_checker(state);
      const auto run = [&](BlockFunction code) {
        while (call(code, state) != 0 && !stopped_.load(std::memory_order_relaxed)) ::sched_yield();
      };
      trial.timed() ? trial.run(i, entry, run) : run(entry);
      if (++state.ctaid[0] == g[0]) {
        state.ctaid[0] = 0;
        if (++state.ctaid[1] == g[1]) {
          state.ctaid[1] = 0;
          state.ctaid[2]++;
        }
      }
      if (++state.smid >= launch_.args.num_sms) state.smid = 0;
    }
  });
  return_counters(std::exchange(state.counters, nullptr));
  if (launch_.block_ns) {
    const uint64_t ns = now_ns() - begin;
    note_time(ns, count);
    if (launch_.live) launch_.live->took(ns);
  }
  if (!ok) stop(region.fault, state.ctaid);
  done(count);
}

/// A grid in which no block has started or ended for long, while all that are left poll memory, is named
/// once.
void KernelJob::say_if_stuck(const BlockState& state) {
  constexpr uint32_t kManyYields = 4096;
  constexpr time_t kLongSeconds = 10;
  timespec now;
  ::clock_gettime(CLOCK_MONOTONIC_COARSE, &now);
  time_t since = 0;
  if (stuck_since_.compare_exchange_strong(since, now.tv_sec)) return;
  if (fruitless_.load() < kManyYields || now.tv_sec - since < kLongSeconds) return;
  log_once("exec", launch_.kernel,
           "kernel %s, block (%u,%u,%u): polls memory at PTX line %u, and no block of the grid has started "
           "or ended "
           "for %d s. If a lane waits for another lane of its warp here, PPU_LANES=narrow lets it.",
           launch_.kernel, state.ctaid[0], state.ctaid[1], state.ctaid[2], state.poll_line,
           int(kLongSeconds));
}

/// Whether another block may start. Where all that have started wait, so may others, as far as a chip would
/// hold them all: programs build barriers of their own over as many blocks as fit. The caller holds the
/// mutex.
bool KernelJob::has_room() {
  const uint32_t resident = resident_.load(std::memory_order_relaxed);
  if (resident < room_) return true;
  if (room_ >= launch_.most_resident || waits_.load(std::memory_order_relaxed) <= 2 * resident) return false;
  room_ = std::min(2 * room_, launch_.most_resident);
  return true;
}

/// Whether the block that has just yielded is one more of many that wait in vain. Blocks of a grid that
/// synchronises neither start nor end for long, but what their warps keep in the frame changes from one round
/// to the next.
bool KernelJob::waits_in_vain(BlockStorage& storage) {
  waits_.fetch_add(1, std::memory_order_relaxed);
  const uint32_t fruitless = fruitless_.fetch_add(1) + 1;
  if (fruitless <= std::max<uint32_t>(16, 2 * resident_.load(std::memory_order_relaxed))) return false;
  if (launch_.frame_bytes == 0) return true;
  const uint64_t now = checksum(std::as_bytes(std::span(storage.state.frame, launch_.frame_bytes)));
  if (std::exchange(storage.frame_seen, now) == now) return true;
  got_on();
  return false;
}

/// Runs one block of a yielding grid until it ends or waits again. False if it waits in vain.
bool KernelJob::run_waiting_kind(Runner& runner, BlockStorage* storage) {
  BlockState& state = storage->state;
  char here;
  state.stack_limit =
      reinterpret_cast<uint64_t>(runner.stack_low ? runner.stack_low + (256 << 10) : &here - (512 << 10));
  state.counters = lend_counters();
  ProtectedRegion region;
  region.block = &state;
  uint32_t waits = 0;
  bool ok = true;
  const InterruptibleThread thread(*this);
  if (!stopped_.load(std::memory_order_relaxed))
    ok = run_protected(region, [&] {
      const uint32_t result = call(launch_.entry, state);
      *const_cast<volatile uint32_t*>(&waits) = result;
    });
  return_counters(std::exchange(state.counters, nullptr));
  if (!ok) stop(region.fault, state.ctaid);
  const bool over = !ok || waits == 0 || stopped_.load();
  if (!over) {
    const bool in_vain = waits_in_vain(*storage);
    // nanosleep may take from none to twice its time (PTX ISA 9.7.13.14): what else can run does so first,
    // and for a short one the CPU isn't given up, which may cost milliseconds on a busy machine.
    const bool sleeps = std::exchange(state.sleep_ns, 0) >= kSleepNs &&
                        (in_vain || resident_.load(std::memory_order_relaxed) == 1);
    say_if_stuck(state);
    {
      std::lock_guard lock(mutex_);
      waiting_->push_back(storage);
    }
    // Let the thread that all wait for (a host thread, another process's worker) have the CPU.
    if (sleeps || (in_vain && fruitless_.load(std::memory_order_relaxed) > kSleepAfter)) {
      const timespec t = {0, kSleepNs};
      ::nanosleep(&t, nullptr);
    } else if (in_vain) {
      ::sched_yield();
    }
    return !in_vain;
  }
  started_or_ended();
  {
    std::lock_guard lock(mutex_);
    resident_--;
  }
  BlockStorage::release(storage);
  done(1);
  return true;
}

}  // namespace ppu::exec

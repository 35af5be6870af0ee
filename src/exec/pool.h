// The worker pool: threads that take shares of jobs (grids, large copies), and the host threads that help
// while they wait. At most PPU_WORKERS threads run shares at any time, helpers included; no thread belongs to
// a stream.
#pragma once
#include <atomic>
#include <cstdint>
#include <mutex>
#include <vector>

#include "base/brief_mutex.h"
#include "exec/fault.h"

namespace ppu::exec {

class BlockStorage;

/// What a thread needs to run shares: a stack of its own (kernels never run on the application's stack, which
/// may be small, or a fiber's) and a block's memory.
struct Runner {
  Runner();
  Runner(const Runner&) = delete;
  Runner& operator=(const Runner&) = delete;
  char* stack_low = nullptr;   ///< lowest usable address
  char* stack_high = nullptr;  ///< null: no stack of its own, run in place
  BlockStorage* storage = nullptr;
};

enum class Share {
  kMore,       ///< ran something; there may be more to take
  kNone,       ///< nothing to take now, but blocks that wait may come back
  kExhausted,  ///< everything has been handed out
};

/// Work that is split into shares. Reference-counted: the creator holds one reference, the pool its own.
class Job {
 public:
  virtual ~Job() = default;
  /// Takes and runs one share. Called by many threads at once.
  virtual Share run_share(Runner& runner) = 0;
  /// How many threads more, besides one that is about to take a share, have something to gain by waking up.
  virtual uint32_t worth_waking() const { return UINT32_MAX; }
  /// Whether it is over sooner than another thread could begin it.
  virtual bool is_brief() const { return false; }
  void add_ref() { refs_.fetch_add(1, std::memory_order_relaxed); }
  void release() {
    if (refs_.fetch_sub(1, std::memory_order_acq_rel) == 1) delete this;
  }
  /// Who may help: Pool::help(owner) takes only jobs of that owner.
  const void* owner = nullptr;

 private:
  std::atomic<uint32_t> refs_{1};
};

class Pool {
 public:
  /// The process's pool; its threads start at the first submit. Never destroyed: work may be running at exit.
  static Pool& instance();

  void submit(Job* job);
  /// For what follows a job on the thread that has just completed it: runs `job` right there if it is brief
  /// and nobody else's turn, else submits it.
  void follow(Job* job);
  /// Says that this thread has more to start before it may stay at anything.
  static void others_wait(bool wait);
  /// Runs shares of one of `owner`'s jobs (any job if null) until it has none to take. False if there was
  /// nothing to run, or all slots are taken.
  bool help(const void* owner);
  /// Tells sleeping workers that a job has something to take again.
  void wake();
  /// Threads that run shares at the same time.
  uint32_t width() const { return width_; }

 private:
  Pool();
  Job* take(const void* owner);
  void give_back(Job* job, Share last, bool helper);
  bool drain(Job* job, Runner& runner, bool helper);
  bool run_here(Job* job);
  void wake_more(const Job& job);
  void start_threads();
  void worker_main();

  BriefMutex mutex_;
  std::vector<Job*> jobs_;
  size_t turn_ = 0;
  uint32_t active_ = 0;
  uint32_t width_ = 1;
  bool started_ = false;
  std::atomic<uint32_t> open_jobs_{0};  ///< jobs_.size(), readable without the mutex
  std::atomic<uint32_t> epoch_{0};
  std::atomic<uint32_t> sleepers_{0}, spinners_{0};
};

/// CPUs this process may use: affinity mask and cgroup quota, at least 1. PPU_WORKERS overrides.
uint32_t worker_count();

/// Calls `function` on a large stack that isn't the caller's (which may be a fiber's), in the default
/// floating-point mode.
void call_on_own_stack(void (*function)(void*), void* argument);

/// Sleeps until *word differs from `expected` (a futex; may wake early). Negative timeout: for ever.
void futex_wait(std::atomic<uint32_t>& word, uint32_t expected, int64_t timeout_ns = -1);
void futex_wake(std::atomic<uint32_t>& word, int count);

}  // namespace ppu::exec

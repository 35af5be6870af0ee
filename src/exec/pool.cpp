#include "exec/pool.h"

#include <linux/futex.h>
#include <pthread.h>
#include <sched.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "base/log.h"
#include "exec/block_storage.h"
#include "exec/tile_amx.h"

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define PPU_OWN_STACKS 0
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define PPU_OWN_STACKS 0
#endif
#endif
#ifndef PPU_OWN_STACKS
#define PPU_OWN_STACKS 1
#endif

namespace ppu::exec {
namespace {

constexpr size_t kStackBytes = size_t(64) << 20;
constexpr size_t kThreadStackBytes = size_t(1) << 20;
constexpr uint64_t kSpinNs = 30'000;      ///< how long a worker looks for new work before it sleeps
constexpr int64_t kRestNs = 100'000;      ///< how long it leaves blocks alone that other workers are running
constexpr unsigned kPlainMxcsr = 0x1f80;  ///< round to nearest, no flush to zero, no traps: for kernels
constexpr int kWakeAtOnce = 2;            ///< each thread wakes so many: all of n are up in log n steps

/// What the thread runs shares with, while it is at it.
thread_local Runner* current_runner __attribute__((tls_model("initial-exec"))) = nullptr;
thread_local bool more_to_start __attribute__((tls_model("initial-exec"))) = false;
/// Jobs that began within each other's last share: grids that kernels launch follow each other by recursion.
thread_local uint32_t nested_jobs __attribute__((tls_model("initial-exec"))) = 0;
constexpr uint32_t kMostNested = 32;

uint64_t now_ns() {
  timespec t;
  ::clock_gettime(CLOCK_MONOTONIC, &t);
  return uint64_t(t.tv_sec) * 1'000'000'000 + uint64_t(t.tv_nsec);
}

struct StackCall {
  Pool* pool;
  bool (Pool::*drain)(Job*, Runner&, bool);
  Job* job;
  Runner* runner;
  bool helper;
  bool ran = false;
};

void run_stack_call(void* argument) {
  auto* call = static_cast<StackCall*>(argument);
  call->ran = (call->pool->*call->drain)(call->job, *call->runner, call->helper);
}

/// Calls fn(argument) with the stack pointer at `top` (16-byte aligned).
void call_on_stack(void* top, void (*fn)(void*), void* argument) {
#if PPU_OWN_STACKS
  asm volatile(
      "movq %%rsp, %%rbx\n\t"
      "movq %[top], %%rsp\n\t"
      "callq *%[fn]\n\t"
      "movq %%rbx, %%rsp\n\t"
      : "+D"(argument)
      : [top] "r"(top), [fn] "r"(fn)
      : "rax", "rbx", "rcx", "rdx", "rsi", "r8", "r9", "r10", "r11", "memory", "cc", "xmm0", "xmm1", "xmm2",
        "xmm3", "xmm4", "xmm5", "xmm6", "xmm7", "xmm8", "xmm9", "xmm10", "xmm11", "xmm12", "xmm13", "xmm14",
        "xmm15");
#else
  fn(argument);
#endif
}

/// Runners of workers and of helping host threads, all that were made, and the free ones, which are reused.
/// Never destroyed: threads may still be waiting during exit.
std::mutex runner_mutex;
struct Runners {
  std::vector<Runner*> all, free;
};
Runners& runners() {
  static auto* lists = new Runners;
  return *lists;
}

Runner* acquire_runner() {
  {
    std::lock_guard lock(runner_mutex);
    if (!runners().free.empty()) {
      Runner* r = runners().free.back();
      runners().free.pop_back();
      return r;
    }
  }
  auto* r = new Runner;
  std::lock_guard lock(runner_mutex);
  runners().all.push_back(r);
  return r;
}

void release_runner(Runner* r) {
  std::lock_guard lock(runner_mutex);
  runners().free.push_back(r);
}

}  // namespace

Runner::Runner() {
#if PPU_OWN_STACKS
  constexpr size_t kGuard = 1 << 16;
  void* p =
      ::mmap(nullptr, kStackBytes + kGuard, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (p == MAP_FAILED) return;
  stack_low = static_cast<char*>(p) + kGuard;
  if (::mprotect(stack_low, kStackBytes, PROT_READ | PROT_WRITE) != 0) {
    ::munmap(p, kStackBytes + kGuard);
    stack_low = nullptr;
    return;
  }
  stack_high = stack_low + kStackBytes;
#endif
}

void futex_wait(std::atomic<uint32_t>& word, uint32_t expected, int64_t timeout_ns) {
  timespec t = {time_t(timeout_ns / 1'000'000'000), long(timeout_ns % 1'000'000'000)};
  ::syscall(SYS_futex, reinterpret_cast<uint32_t*>(&word), FUTEX_WAIT_PRIVATE, expected,
            timeout_ns < 0 ? nullptr : &t, nullptr, 0);
}

void futex_wake(std::atomic<uint32_t>& word, int count) {
  ::syscall(SYS_futex, reinterpret_cast<uint32_t*>(&word), FUTEX_WAKE_PRIVATE, count, nullptr, nullptr, 0);
}

Pool& Pool::instance() {
  static Pool* pool = new Pool;
  return *pool;
}

Pool::Pool() : width_(worker_count()) {}

void Pool::start_threads() {
  pthread_attr_t attr;
  pthread_attr_init(&attr);
  pthread_attr_setdetachstate(&attr, PTHREAD_CREATE_DETACHED);
  pthread_attr_setstacksize(&attr, PPU_OWN_STACKS ? kThreadStackBytes : kStackBytes);
  sigset_t all, before;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);  // new threads start with the application's signals blocked
  for (uint32_t i = 0; i < width_; i++) {
    pthread_t thread;
    const int rc = pthread_create(
        &thread, &attr,
        [](void* self) -> void* {
          static_cast<Pool*>(self)->worker_main();
          return nullptr;
        },
        this);
    if (rc == 0)
      pthread_setname_np(thread, "ppu-worker");
    else
      log("exec", LogLevel::kWarn, "started %u of %u workers: %s", i, width_, std::strerror(rc));
    if (rc != 0) break;
  }
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
  pthread_attr_destroy(&attr);
}

void Pool::submit(Job* job) {
  job->add_ref();
  bool start = false;
  {
    std::lock_guard lock(mutex_);
    jobs_.push_back(job);
    open_jobs_.store(uint32_t(jobs_.size()), std::memory_order_relaxed);
    if (!started_) start = started_ = true;
  }
  if (start) start_threads();
  wake();
}

void Pool::wake() {
  epoch_.fetch_add(1);
  if (spinners_.load() == 0 && sleepers_.load() != 0) futex_wake(epoch_, 1);
}

void Pool::others_wait(bool wait) {
  more_to_start = wait;
}

void Pool::follow(Job* job) {
  if (!current_runner || more_to_start || !run_here(job)) submit(job);
}

/// The job that this thread has just completed may still be in the list; any other has its turn first.
bool Pool::run_here(Job* job) {
  if (!job->is_brief() || nested_jobs >= kMostNested || open_jobs_.load(std::memory_order_relaxed) > 1)
    return false;
  ensure_fault_handlers();
  job->add_ref();
  nested_jobs++;
  while (job->run_share(*current_runner) != Share::kExhausted) {
  }
  nested_jobs--;
  job->release();
  return true;
}

void Pool::wake_more(const Job& job) {
  if (width_ == 1 || sleepers_.load() == 0 || spinners_.load() != 0) return;
  const uint32_t wanted = job.worth_waking();
  if (wanted == 0) return;
  epoch_.fetch_add(1);
  futex_wake(epoch_, int(std::min<uint32_t>(wanted, kWakeAtOnce)));
}

Job* Pool::take(const void* owner) {
  if (open_jobs_.load(std::memory_order_relaxed) == 0) return nullptr;
  std::lock_guard lock(mutex_);
  if (active_ >= width_) return nullptr;
  for (size_t i = 0; i < jobs_.size(); i++) {
    Job* job = jobs_[(turn_ + i) % jobs_.size()];
    if (owner && job->owner != owner) continue;
    turn_ = (turn_ + i + 1) % jobs_.size();
    active_++;
    job->add_ref();
    return job;
  }
  return nullptr;
}

void Pool::give_back(Job* job, Share last, bool helper) {
  bool more = false, removed = false;
  {
    std::lock_guard lock(mutex_);
    active_--;
    if (last == Share::kExhausted) {
      const auto it = std::find(jobs_.begin(), jobs_.end(), job);
      if (it != jobs_.end()) {
        jobs_.erase(it);
        removed = true;
        open_jobs_.store(uint32_t(jobs_.size()), std::memory_order_relaxed);
      }
    }
    more = !jobs_.empty();
  }
  // The slot is free again: somebody who found all slots taken may be asleep. A worker that found only
  // waiting blocks comes back by itself; a helper doesn't.
  if (more && (helper || last == Share::kExhausted)) wake();
  if (removed) job->release();
  job->release();
}

/// Runs shares until the job has none to take. Wakes more workers first, who wake the next. False if there
/// was none from the start.
bool Pool::drain(Job* job, Runner& runner, bool helper) {
  ensure_fault_handlers();  // the application may have installed its own since the launch
  Share last = Share::kMore;
  bool ran = false;
  uint32_t idle = 0;
  current_runner = &runner;
  while (true) {
    wake_more(*job);
    last = job->run_share(runner);
    ran |= last == Share::kMore;
    if (last == Share::kExhausted) break;
    // Only blocks that wait: another job may have what they wait for.
    idle = last == Share::kNone ? idle + 1 : 0;
    if (idle > 8) break;
  }
  current_runner = nullptr;
  release_amx();
  give_back(job, last, helper);
  return ran || last == Share::kExhausted;
}

void call_on_own_stack(void (*function)(void*), void* argument) {
  Runner* runner = acquire_runner();
  const uint32_t csr = __builtin_ia32_stmxcsr();
  __builtin_ia32_ldmxcsr(kPlainMxcsr);
  if (runner->stack_high)
    call_on_stack(runner->stack_high, function, argument);
  else
    function(argument);
  __builtin_ia32_ldmxcsr(csr);
  release_runner(runner);
}

bool Pool::help(const void* owner) {
  Job* job = take(owner);
  if (!job) return false;
  Runner* runner = acquire_runner();
  const uint32_t csr = __builtin_ia32_stmxcsr();
  __builtin_ia32_ldmxcsr(kPlainMxcsr);
  StackCall call = {this, &Pool::drain, job, runner, true};
  if (runner->stack_high)
    call_on_stack(runner->stack_high, run_stack_call, &call);
  else
    call.ran = drain(job, *runner, true);
  __builtin_ia32_ldmxcsr(csr);
  release_runner(runner);
  return call.ran;
}

void Pool::worker_main() {
  prepare_worker_signals();
  Runner* runner = acquire_runner();
  while (true) {
    uint32_t seen = epoch_.load();
    Job* job = take(nullptr);
    // One processor is left to the host thread, which has the next launch to prepare.
    const bool spin = spinners_.fetch_add(1) + 1 < std::max(2u, width_);
    for (uint64_t begin = 0; !job && spin;) {
      const uint64_t now = now_ns();
      if (begin == 0) begin = now;
      if (now - begin > kSpinNs) break;
      for (int i = 0; i < 32 && epoch_.load(std::memory_order_relaxed) == seen; i++) __builtin_ia32_pause();
      const uint32_t epoch = epoch_.load();
      if (epoch == seen) continue;
      seen = epoch;
      job = take(nullptr);
    }
    spinners_.fetch_sub(1);
    if (!job) {
      sleepers_.fetch_add(1);
      // A submit between take and here has moved the epoch: don't sleep then.
      futex_wait(epoch_, seen);
      sleepers_.fetch_sub(1);
      continue;
    }
    StackCall call = {this, &Pool::drain, job, runner, false};
    if (runner->stack_high)
      call_on_stack(runner->stack_high, run_stack_call, &call);
    else
      call.ran = drain(job, *runner, false);
    if (call.ran) continue;
    // All its blocks are in other hands, and wait for each other now and then: not worth a processor.
    sleepers_.fetch_add(1);
    futex_wait(epoch_, seen, kRestNs);
    sleepers_.fetch_sub(1);
  }
}

}  // namespace ppu::exec

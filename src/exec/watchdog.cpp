#include "exec/watchdog.h"

#include <pthread.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <mutex>
#include <vector>

#include "base/log.h"
#include "exec/kernel_job.h"

namespace ppu::exec {
namespace {

thread_local InterruptibleThread* this_thread __attribute__((tls_model("initial-exec"))) = nullptr;

uint64_t now_ns() {
  timespec t;
  ::clock_gettime(CLOCK_MONOTONIC, &t);
  return uint64_t(t.tv_sec) * 1'000'000'000 + uint64_t(t.tv_nsec);
}

/// Interrupts only what may be dropped: compiled code of a grid that is over its time. Helpers that hold
/// locks have their region suspended, the interpreter looks at LaunchArgs::stop itself; the watchdog comes
/// again.
void on_interrupt(int, siginfo_t*, void*) {
  const InterruptibleThread* thread = this_thread;
  if (!thread || !thread->job().expired() || !thread->job().launch().entry) return;
  if (!current_region || !current_region->active) return;
  Fault fault;
  fault.kind = Trap::kTimeout;
  leave_region(fault);
}

/// Installs on_interrupt on a real-time signal that the program doesn't use.
int take_signal() {
  for (int sig = SIGRTMAX - 2; sig > SIGRTMIN; sig--) {
    struct sigaction now = {};
    if (::sigaction(sig, nullptr, &now) != 0 || now.sa_handler != SIG_DFL) continue;
    struct sigaction ours = {};
    ours.sa_sigaction = on_interrupt;
    ours.sa_flags = SA_SIGINFO | SA_ONSTACK | SA_NODEFER | SA_RESTART;
    sigemptyset(&ours.sa_mask);
    if (::sigaction(sig, &ours, nullptr) == 0) return sig;
  }
  log("exec", LogLevel::kError, "PPU_TIMEOUT: the program uses every real-time signal, no kernel is timed");
  return 0;
}

/// Never destroyed: its thread may look at it during exit.
class Watchdog {
 public:
  static Watchdog& instance() {
    static auto* watchdog = new Watchdog;
    return *watchdog;
  }
  void add(KernelJob& job) {
    const std::lock_guard lock(mutex_);
    grids_.push_back({&job, now_ns() + kernel_time_limit_ns()});
  }
  void remove(KernelJob& job) {
    const std::lock_guard lock(mutex_);
    std::erase_if(grids_, [&job](const Grid& g) { return g.job == &job; });
  }
  void add(InterruptibleThread& thread) {
    const std::lock_guard lock(mutex_);
    threads_.push_back(&thread);
  }
  void remove(InterruptibleThread& thread) {
    const std::lock_guard lock(mutex_);
    std::erase(threads_, &thread);
  }
  int signal() const { return signal_; }

 private:
  struct Grid {
    KernelJob* job;
    uint64_t end_ns;
  };
  Watchdog() : signal_(take_signal()) {
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    pthread_t thread;
    const auto main = [](void* self) -> void* {
      static_cast<Watchdog*>(self)->main();
      return nullptr;
    };
    if (pthread_create(&thread, nullptr, main, this) == 0) {
      pthread_setname_np(thread, "ppu-watchdog");
      pthread_detach(thread);
    }
    pthread_sigmask(SIG_SETMASK, &before, nullptr);
  }
  [[noreturn]] void main() {
    const uint64_t tick = std::clamp<uint64_t>(kernel_time_limit_ns() / 20, 1'000'000, 100'000'000);
    while (true) {
      const timespec pause = {0, long(tick)};
      ::nanosleep(&pause, nullptr);
      look();
    }
  }
  void look() {
    std::vector<KernelJob*> late;
    {
      const std::lock_guard lock(mutex_);
      const uint64_t now = now_ns();
      for (const Grid& g : grids_) {
        if (now < g.end_ns) continue;
        g.job->add_ref();
        late.push_back(g.job);
      }
    }
    for (KernelJob* job : late) {
      job->expire();
      {
        const std::lock_guard lock(mutex_);
        for (const InterruptibleThread* t : threads_)
          if (&t->job() == job && signal_) ::syscall(SYS_tgkill, ::getpid(), t->thread(), signal_);
      }
      job->release();
    }
  }

  std::mutex mutex_;
  std::vector<Grid> grids_;
  std::vector<InterruptibleThread*> threads_;
  int signal_;
};

}  // namespace

uint64_t kernel_time_limit_ns() {
  static const uint64_t limit = [] {
    const char* env = std::getenv("PPU_TIMEOUT");
    if (!env || !*env) return uint64_t(0);
    char* end = nullptr;
    const double seconds = std::strtod(env, &end);
    if (*end || !(seconds > 0) || seconds > 1e9) {
      log("exec", LogLevel::kError, "PPU_TIMEOUT=%s: wanted seconds above 0; no kernel is timed", env);
      return uint64_t(0);
    }
    return uint64_t(seconds * 1e9);
  }();
  return limit;
}

void watch(KernelJob& job) {
  if (kernel_time_limit_ns()) Watchdog::instance().add(job);
}

void unwatch(KernelJob& job) {
  if (kernel_time_limit_ns()) Watchdog::instance().remove(job);
}

InterruptibleThread::InterruptibleThread(KernelJob& job) : job_(job) {
  if (!kernel_time_limit_ns()) return;
  thread_ = pid_t(::syscall(SYS_gettid));
  this_thread = this;
  Watchdog& watchdog = Watchdog::instance();
  watchdog.add(*this);
  // Workers block everything, and a program's own threads may.
  sigset_t ours;
  sigemptyset(&ours);
  if (watchdog.signal()) sigaddset(&ours, watchdog.signal());
  pthread_sigmask(SIG_UNBLOCK, &ours, nullptr);
}

InterruptibleThread::~InterruptibleThread() {
  if (!thread_) return;
  Watchdog::instance().remove(*this);
  this_thread = nullptr;
}

}  // namespace ppu::exec

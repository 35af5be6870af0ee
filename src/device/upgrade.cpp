#include "device/upgrade.h"

#include <pthread.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <condition_variable>
#include <cstdlib>
#include <cstring>
#include <deque>
#include <mutex>

#include "base/log.h"
#include "ptx/ptx.h"

namespace ppu::device {
namespace {

/// Instructions from which on full code takes more than about a tenth of a second.
constexpr size_t kManyInstructions = 400;
constexpr int kNiceness = 10;  ///< kernels go first

/// The thread that compiles, one kernel after the other. Leaked: it may be compiling when the process exits
/// (the compiler library destroys nothing at exit).
class Upgrader {
 public:
  static Upgrader& instance() {
    static auto* upgrader = new Upgrader;
    return *upgrader;
  }
  void add(std::shared_ptr<Upgrade> upgrade) {
    {
      const std::lock_guard lock(mutex_);
      queue_.push_back(std::move(upgrade));
    }
    wake_.notify_one();
  }

 private:
  Upgrader() {
    sigset_t all, before;
    sigfillset(&all);
    for (int fault : {SIGSEGV, SIGBUS, SIGFPE, SIGILL}) sigdelset(&all, fault);
    pthread_attr_t attributes;
    pthread_attr_init(&attributes);
    pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    pthread_t thread;
    const auto main = [](void* self) -> void* {
      static_cast<Upgrader*>(self)->main();
      return nullptr;
    };
    if (pthread_create(&thread, &attributes, main, this) == 0) pthread_setname_np(thread, "ppu-upgrade");
    pthread_sigmask(SIG_SETMASK, &before, nullptr);
    pthread_attr_destroy(&attributes);
  }
  [[noreturn]] void main() {
    ::setpriority(PRIO_PROCESS, id_t(::syscall(SYS_gettid)), kNiceness);
    while (true) {
      std::unique_lock lock(mutex_);
      wake_.wait(lock, [this] { return !queue_.empty(); });
      const std::shared_ptr<Upgrade> upgrade = std::move(queue_.front());
      queue_.pop_front();
      lock.unlock();
      // Nobody else holds it: the module has been unloaded.
      if (upgrade.use_count() > 1) upgrade->run();
    }
  }

  std::mutex mutex_;
  std::condition_variable wake_;
  std::deque<std::shared_ptr<Upgrade>> queue_;
};

/// Whether a launch that was laid out for one may run the other.
bool alike(const exec::KernelInfo& a, const exec::KernelInfo& b) {
  return a.static_shared_bytes == b.static_shared_bytes && a.local_bytes == b.local_bytes &&
         a.frame_bytes == b.frame_bytes && a.frame_per_warp == b.frame_per_warp &&
         a.may_yield == b.may_yield && a.globals == b.globals;
}

}  // namespace

TierChoice tier_choice() {
  static const TierChoice chosen = [] {
    const char* env = std::getenv("PPU_TIER");
    if (!env || !*env) return TierChoice::kBoth;
    if (std::strcmp(env, "quick") == 0) return TierChoice::kQuick;
    if (std::strcmp(env, "full") == 0) return TierChoice::kFull;
    log("device", LogLevel::kWarn, "PPU_TIER=%s is unknown (quick, full); both are used", env);
    return TierChoice::kBoth;
  }();
  return chosen;
}

bool wants_quick_code(const KernelSource& source) {
  size_t instructions = 0;
  for (const int32_t i : ptx::reachable(*source.tree, source.kernel).functions)
    instructions += source.tree->functions[size_t(i)].body.size();
  return instructions >= kManyInstructions;
}

Upgrade::Upgrade(KernelSource source, const exec::LoadedKernel& quick)
    : LiveEntry(quick.entry()), source_(std::move(source)), info_(quick.info()) {}

void Upgrade::ask_for_better() {
  Upgrader::instance().add(shared_from_this());
}

void Upgrade::run() {
  Result<std::unique_ptr<exec::LoadedKernel>> made = compile_code(source_, Tier::kFull);
  if (!made) {
    log("device", LogLevel::kWarn, "kernel %s stays on quick code: %s", source_.kernel.c_str(),
        made.error().message.c_str());
    return;
  }
  if (!alike((*made)->info(), info_)) {
    log("device", LogLevel::kWarn, "kernel %s stays on quick code: its full code is laid out differently",
        source_.kernel.c_str());
    return;
  }
  full_ = std::move(*made);
  replace(full_->entry());
  log("device", LogLevel::kInfo, "kernel %s runs on full code now", source_.kernel.c_str());
}

}  // namespace ppu::device

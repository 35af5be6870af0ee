#include "device/upgrade.h"

#include <pthread.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <condition_variable>
#include <cstdlib>
#include <cstring>
#include <deque>
#include <mutex>

#include "base/log.h"
#include "device/profile.h"
#include "isa/table.h"
#include "ptx/ptx.h"

namespace ppu::device {
namespace {

/// Instructions from which on full code takes more than about a tenth of a second.
constexpr size_t kManyInstructions = 400;
constexpr int kNiceness = 10;  ///< kernels go first

/// A trial costs a compilation, which takes about half a millisecond an instruction, and shall cost a tenth
/// of what its kernel has taken; nobody waits for that of a giant.
constexpr uint64_t kTrialNs = 400'000'000, kTrialNsPerInstruction = 5'000'000;
constexpr size_t kTooManyInstructions = 4000;

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

/// Whether a launch that was laid out for `launched` may run code of `other`.
bool alike(const exec::KernelInfo& other, const exec::KernelInfo& launched) {
  return other.static_shared_bytes == launched.static_shared_bytes &&
         other.local_bytes == launched.local_bytes && other.frame_bytes <= launched.frame_bytes &&
         other.frame_per_warp == launched.frame_per_warp && other.may_yield == launched.may_yield &&
         other.globals == launched.globals;
}

size_t instructions_of(const KernelSource& source) {
  size_t instructions = 0;
  for (const int32_t i : ptx::reachable(*source.tree, source.kernel).functions)
    instructions += source.tree->functions[size_t(i)].body.size();
  return instructions;
}

/// Of the chapters whose instructions lanes do together, or for others.
bool is_joint(const ptx::Instruction& i) {
  if (i.row == ptx::kNoRow) return true;
  const std::string_view file = isa::table()[i.row].file;
  return file == "isa/warp.inc" || file == "isa/matrix.inc" || file == "isa/async.inc";
}
bool goes_back(const ptx::Function& f, size_t at) {
  const std::vector<ptx::Operand>& to = f.body[at].operands;
  return f.body[at].guard >= 0 && to.size() == 1 && to[0].kind == ptx::Operand::Kind::kLabel &&
         to[0].index <= int32_t(at);
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
  return instructions_of(source) >= kManyInstructions;
}

bool may_suit_narrow_code(const KernelSource& source) {
  const char* chosen = std::getenv("PPU_LANES");
  if (source.check || profile::counting() || (chosen && *chosen) || !source.block[0]) return false;
  const ptx::Module& module = *source.tree;
  const ptx::Reach reach = ptx::reachable(module, source.kernel);
  const auto is_shared = [](const ptx::Variable& v) { return v.space == ptx::Space::kShared; };
  bool loops = false;
  for (const int32_t v : reach.variables)
    if (is_shared(module.variables[size_t(v)])) return false;
  for (const int32_t index : reach.functions) {
    const ptx::Function& f = module.functions[size_t(index)];
    // A function without a body is a service of the device: lines that lanes print come in their order.
    if (!f.has_body || std::ranges::any_of(f.locals, is_shared) || std::ranges::any_of(f.body, is_joint))
      return false;
    for (size_t i = 0; i < f.body.size(); i++) loops |= goes_back(f, i);
  }
  return loops && instructions_of(source) <= kTooManyInstructions;
}

uint32_t narrow_frame_bytes(const KernelSource& source) {
  return uint32_t(sizeof(exec::LanesHeader) +
                  sizeof(exec::LaneState) * source.block[0] * source.block[1] * source.block[2]);
}

Upgrade::Upgrade(KernelSource source, const exec::LoadedKernel& first, Tier tier,
                 const exec::KernelInfo& info)
    : LiveEntry(first.entry(), tier == Tier::kQuick), source_(std::move(source)), info_(info), tier_(tier) {
  if (tier_ == Tier::kFull) settle();
}

void Upgrade::ask_for_better() {
  Upgrader::instance().add(shared_from_this());
}

void Upgrade::run() {
  tier_ == Tier::kQuick ? use_full_code() : try_narrow_code();
}

void Upgrade::settle() {
  tier_ = Tier::kFull;
  if (may_suit_narrow_code(source_)) count_time(kTrialNs + kTrialNsPerInstruction * instructions_of(source_));
}

void Upgrade::use_full_code() {
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
  settle();
}

void Upgrade::try_narrow_code() {
  narrow_ = cached_code(source_, Tier::kNarrow);
  if (!narrow_) {
    Result<std::unique_ptr<exec::LoadedKernel>> made = compile_code(source_, Tier::kNarrow);
    if (made) narrow_ = std::move(*made);
  }
  if (narrow_ && alike(narrow_->info(), info_)) return try_out(narrow_->entry());
  log("device", LogLevel::kInfo, "kernel %s can't be tried one lane at a time", source_.kernel.c_str());
}

void Upgrade::trial_ended(bool won) {
  log("device", LogLevel::kInfo, "kernel %s %s", source_.kernel.c_str(),
      won ? "runs one lane at a time now: that is faster" : "isn't faster one lane at a time");
}

}  // namespace ppu::device

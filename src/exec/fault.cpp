// The signal side of fault.h: handler installation, claiming our faults, chaining the others.
//
// Applications may install their handler after us (JVMs, sanitizers, crash reporters). ensure_fault_handlers
// notices, puts ours back and keeps theirs as the next in the chain. A handler that chains back to us is met
// by the depth rule in forward(): each nested entry goes one handler further down, and the last is the
// default.
#include "exec/fault.h"

#include <sys/mman.h>
#include <ucontext.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <mutex>

#include "base/log.h"
#include "exec/overread.h"

namespace ppu::exec {

thread_local ProtectedRegion* current_region __attribute__((tls_model("initial-exec"))) = nullptr;

namespace {

constexpr int kSignals[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL};
constexpr int kSignalCount = 4;
constexpr int kMaxChain = 8;
constexpr size_t kSignalStackBytes = 64 << 10;

/// Handlers found in place before ours, oldest first. Read by the signal handler without a lock: entries are
/// written before the count.
struct Chain {
  struct sigaction next[kMaxChain];
  std::atomic<int> count{0};
};
Chain chains[kSignalCount];
std::mutex install_mutex;

thread_local char* forward_frame __attribute__((tls_model("initial-exec"))) = nullptr;
thread_local int forward_depth __attribute__((tls_model("initial-exec"))) = 0;

int index_of(int sig) {
  for (int i = 0; i < kSignalCount; i++)
    if (kSignals[i] == sig) return i;
  return 0;
}

void default_action(int sig, const siginfo_t* info) {
  struct sigaction dfl = {};
  dfl.sa_handler = SIG_DFL;
  ::sigaction(sig, &dfl, nullptr);
  // A hardware fault comes again when the instruction is retried; a sent signal must be sent again.
  if (info->si_code <= 0) ::raise(sig);
}

void call_handler(const struct sigaction& next, int sig, siginfo_t* info, void* context) {
  if (!(next.sa_flags & SA_SIGINFO)) {
    if (next.sa_handler == SIG_DFL) return default_action(sig, info);
    if (next.sa_handler == SIG_IGN) {
      if (info->si_code > 0) default_action(sig, info);  // ignoring a hardware fault would loop for ever
      return;
    }
  }
  sigset_t mask = next.sa_mask, before;
  if (!(next.sa_flags & SA_NODEFER)) sigaddset(&mask, sig);
  pthread_sigmask(SIG_BLOCK, &mask, &before);
  if (next.sa_flags & SA_SIGINFO)
    next.sa_sigaction(sig, info, context);
  else
    next.sa_handler(sig);
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
}

/// Hands a fault that isn't ours to the handler before ours. If that one calls us again (it chained too), we
/// are entered deeper on the same stack and go one further down.
void forward(int sig, siginfo_t* info, void* context) {
  char* const frame = static_cast<char*>(__builtin_frame_address(0));
  if (!forward_frame || frame >= forward_frame) {
    forward_frame = frame;
    forward_depth = 0;
  }
  char* const saved_frame = forward_frame;
  const int depth = forward_depth++;
  const Chain& chain = chains[index_of(sig)];
  const int at = chain.count.load(std::memory_order_acquire) - 1 - depth;
  if (at < 0)
    default_action(sig, info);
  else
    call_handler(chain.next[at], sig, info, context);
  forward_depth = depth;
  forward_frame = depth == 0 ? nullptr : saved_frame;
}

Fault classify(int sig, const siginfo_t* info, const ucontext_t* context) {
  Fault fault;
  fault.signal = sig;
  switch (sig) {
    case SIGFPE:
    case SIGILL:
      fault.kind = Trap::kTrap;
      break;
    default:
      fault.kind = Trap::kIllegalAddress;
      // A non-canonical address raises #GP: the kernel then gives no address.
      if (info->si_code != SI_KERNEL) {
        fault.has_address = true;
        fault.info = reinterpret_cast<uint64_t>(info->si_addr);
        if (fault.info == uint64_t(context->uc_mcontext.gregs[REG_RIP])) fault.kind = Trap::kInvalidPc;
      }
  }
  return fault;
}

std::atomic<OverreadHook> overread_hook{nullptr};

/// An access that may be tried again.
bool is_allowed(int sig, const Fault& fault, const ucontext_t* context) {
  constexpr greg_t kWrite = 2, kFetch = 16;  // of the page fault's error code
  const greg_t error = context->uc_mcontext.gregs[REG_ERR];
  const OverreadHook hook = overread_hook.load(std::memory_order_relaxed);
  return hook && sig == SIGSEGV && fault.has_address && !(error & kFetch) &&
         hook(fault.info, (error & kWrite) != 0);
}

void on_fault(int sig, siginfo_t* info, void* context) {
  const int saved_errno = errno;
  ProtectedRegion* region = current_region;
  // si_code > 0: raised by an instruction of this thread, not sent by kill().
  if (region && region->active && info->si_code > 0) {
    const auto* machine = static_cast<const ucontext_t*>(context);
    Fault fault = classify(sig, info, machine);
    if (is_allowed(sig, fault, machine)) {
      errno = saved_errno;
      return;
    }
    leave_region(fault);
  }
  forward(sig, info, context);
  errno = saved_errno;
}

void install(int i) {
  struct sigaction now = {};
  ::sigaction(kSignals[i], nullptr, &now);
  if ((now.sa_flags & SA_SIGINFO) && now.sa_sigaction == on_fault) return;
  Chain& chain = chains[i];
  int count = chain.count.load(std::memory_order_relaxed);
  if (count > 0 && std::memcmp(&chain.next[count - 1], &now, sizeof now) == 0) {
    // The same handler came back: an application that restores "its" handler after each use.
  } else {
    if (count == kMaxChain) {
      std::memmove(&chain.next[0], &chain.next[1], sizeof chain.next[0] * (kMaxChain - 1));
      count--;
    }
    chain.next[count] = now;
    chain.count.store(count + 1, std::memory_order_release);
  }
  struct sigaction ours = {};
  ours.sa_sigaction = on_fault;
  ours.sa_flags = SA_SIGINFO | SA_ONSTACK | SA_NODEFER;
  sigemptyset(&ours.sa_mask);
  ::sigaction(kSignals[i], &ours, nullptr);
}

}  // namespace

void set_overread_hook(OverreadHook hook) {
  overread_hook.store(hook, std::memory_order_relaxed);
}

void leave_region(const Fault& fault) {
  ProtectedRegion* region = current_region;
  PPU_CHECK(region != nullptr);
  region->fault = fault;
  if (region->block && !fault.has_thread) region->fault.warp = region->block->warp;
  siglongjmp(region->env, 1);
}

void after_fault() {
  // The handler may have been entered through another (a sanitizer's, a debugger's preload) that blocks
  // signals.
  sigset_t faults;
  sigemptyset(&faults);
  for (int sig : kSignals) sigaddset(&faults, sig);
  pthread_sigmask(SIG_UNBLOCK, &faults, nullptr);
  // The kernel may have changed the floating-point control word.
  __builtin_ia32_ldmxcsr(0x1f80);
}

void ensure_fault_handlers() {
  struct sigaction now = {};
  ::sigaction(SIGSEGV, nullptr, &now);
  static std::atomic<uint32_t> calls{0};
  const bool ours = (now.sa_flags & SA_SIGINFO) && now.sa_sigaction == on_fault;
  if (ours && calls.fetch_add(1, std::memory_order_relaxed) % 64 != 0) return;
  std::lock_guard lock(install_mutex);
  for (int i = 0; i < kSignalCount; i++) install(i);
}

void prepare_worker_signals() {
  sigset_t all;
  sigfillset(&all);
  for (int sig : kSignals) sigdelset(&all, sig);
  pthread_sigmask(SIG_SETMASK, &all, nullptr);
  void* stack =
      ::mmap(nullptr, kSignalStackBytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (stack == MAP_FAILED) return;
  stack_t alt = {};
  alt.ss_sp = stack;
  alt.ss_size = kSignalStackBytes;
  ::sigaltstack(&alt, nullptr);
}

}  // namespace ppu::exec

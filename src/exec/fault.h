// Hardware faults and traps inside running kernels. A fault on a thread that is inside a protected region
// ends that region and is reported; every other fault goes to the application's own handler, as if we weren't
// there.
#pragma once
#include <csetjmp>
#include <cstdint>

#include "exec/kernel_abi.h"

namespace ppu::exec {

/// What stopped a protected region.
struct Fault {
  Trap kind = Trap::kNone;
  uint64_t info = 0;  ///< address, or const char* for kUnsupported
  bool has_address = false;
  bool has_thread = false;
  uint32_t thread = 0;  ///< linear thread of the block, if has_thread
  uint32_t warp = 0;
  int signal = 0;  ///< 0 when generated code reported it
};

/// State of the protected region a thread is in. Lives on the stack of run_protected's caller.
struct ProtectedRegion {
  sigjmp_buf env;
  volatile bool active = false;
  BlockState* volatile block = nullptr;  ///< the block now running; null when copying memory
  Fault fault;
  ProtectedRegion* outer = nullptr;
};

/// The innermost region of this thread, or null. Initial-exec: the signal handler must not allocate TLS.
extern thread_local ProtectedRegion* current_region __attribute__((tls_model("initial-exec")));

/// Runs body() so that a fault or trap inside comes back as false with region.fault filled. body must not
/// hold locks or own memory while it touches kernel addresses: the frames between are dropped without
/// destructors.
template <class Body>
bool run_protected(ProtectedRegion& region, Body&& body);

/// Makes sure our handlers for SIGSEGV, SIGBUS, SIGFPE and SIGILL are the installed ones, and remembers those
/// an application installed since. Cheap; called at each launch.
void ensure_fault_handlers();

/// Gives this thread an alternate signal stack if it has none, and unblocks the fault signals. For our
/// threads.
void prepare_worker_signals();

/// Ends the protected region of this thread with `fault`. Must be inside one.
[[noreturn]] void leave_region(const Fault& fault);

/// After run_protected came back false: undoes what the longjmp out of a handler skipped.
void after_fault();

template <class Body>
__attribute__((noinline)) bool run_protected(ProtectedRegion& region, Body&& body) {
  region.outer = current_region;
  if (sigsetjmp(region.env, 0) != 0) {
    region.active = false;
    current_region = region.outer;
    after_fault();
    return false;
  }
  current_region = &region;
  region.active = true;
  body();
  region.active = false;
  current_region = region.outer;
  return true;
}

/// While it lives, faults on this thread are ours to answer for, not the kernel's: runtime helpers use it
/// around code that allocates or locks.
class SuspendRegion {
 public:
  SuspendRegion() : region_(current_region) {
    if (region_) region_->active = false;
  }
  ~SuspendRegion() {
    if (region_) region_->active = true;
  }
  SuspendRegion(const SuspendRegion&) = delete;
  SuspendRegion& operator=(const SuspendRegion&) = delete;

 private:
  ProtectedRegion* region_;
};

}  // namespace ppu::exec

// Ends grids that run too long (PPU_TIMEOUT): at the limit a grid's other blocks are dropped and the threads
// that run it are interrupted by a signal. Does nothing, and costs nothing, without a limit.
#pragma once
#include <sys/types.h>

#include <cstdint>

namespace ppu::exec {

class KernelJob;

/// Nanoseconds a grid may run from its first block on; 0: as long as it likes.
uint64_t kernel_time_limit_ns();

/// From here until unwatch the grid's time runs. Both do nothing without a limit.
void watch(KernelJob& job);
void unwatch(KernelJob& job);

/// While it lives the calling thread runs blocks of `job` and may be interrupted inside a protected region.
/// Outlives the region: a longjmp leaves it in place.
class InterruptibleThread {
 public:
  explicit InterruptibleThread(KernelJob& job);
  ~InterruptibleThread();
  InterruptibleThread(const InterruptibleThread&) = delete;
  InterruptibleThread& operator=(const InterruptibleThread&) = delete;
  KernelJob& job() const { return job_; }
  pid_t thread() const { return thread_; }

 private:
  KernelJob& job_;
  pid_t thread_ = 0;  ///< 0: not watched
};

}  // namespace ppu::exec

// Runs a C++ function as if it were a compiled kernel, and waits for it.
#pragma once
#include <condition_variable>
#include <mutex>
#include <optional>

#include "exec/kernel_job.h"

namespace ppu::exec {

struct HostKernelResult {
  bool failed = false;
  GridFault fault;
};

class WaitableJob : public KernelJob {
 public:
  struct Done {
    std::mutex mutex;
    std::condition_variable wake;
    std::optional<HostKernelResult> result;
  };
  WaitableJob(const KernelLaunch& launch, Done& done) : KernelJob(launch), done_(done) {}

 protected:
  void finished(const GridFault* fault) override {
    std::lock_guard lock(done_.mutex);
    HostKernelResult r;
    r.failed = fault != nullptr;
    if (fault) r.fault = *fault;
    done_.result = r;
    done_.wake.notify_all();
  }

 private:
  Done& done_;
};

struct Shape {
  uint32_t grid[3] = {1, 1, 1};
  uint32_t block[3] = {32, 1, 1};
};

inline HostKernelResult run_kernel(BlockFunction kernel, const Shape& shape, const void* params = nullptr,
                                   KernelLaunch launch = {}) {
  ensure_fault_handlers();
  launch.entry = kernel;
  launch.args.params = params;
  for (int i = 0; i < 3; i++) {
    launch.args.grid[i] = shape.grid[i];
    launch.args.block[i] = shape.block[i];
  }
  launch.args.num_sms = 64;
  launch.kernel = "host_kernel";
  WaitableJob::Done done;
  auto* job = new WaitableJob(launch, done);
  Pool::instance().submit(job);
  while (Pool::instance().help(nullptr)) {
  }
  std::unique_lock lock(done.mutex);
  done.wake.wait(lock, [&] { return done.result.has_value(); });
  return *done.result;
}

}  // namespace ppu::exec

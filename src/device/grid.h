// One grid that runs: a kernel with its parameters, its fault report, and the grids it launches itself. It is
// over when all of those are.
#pragma once
#include <atomic>
#include <functional>
#include <span>
#include <string>

#include "device/launch.h"
#include "device/operation.h"
#include "device/profile.h"
#include "exec/kernel_job.h"

namespace ppu::device {

class ChildGrids;
class KernelChecker;

/// The parameter block of one launch, aligned for any parameter type (CUtensorMap wants 128).
class ParamBlock {
 public:
  explicit ParamBlock(std::span<const std::byte> bytes);
  ~ParamBlock();
  ParamBlock(const ParamBlock&) = delete;
  ParamBlock& operator=(const ParamBlock&) = delete;
  const void* data() const { return data_; }

 private:
  alignas(128) char inline_[256];
  void* data_;
};

/// What a launch takes of the chip, from what it counted.
ChipUse chip_use_of(const chip::KernelRun& run, const Device& device);

class Grid {
 public:
  /// `depth` counts the kernels above it that were launched by kernels.
  Grid(Function& function, const Executable& executable, const LaunchConfig& config,
       std::span<const std::byte> params, uint32_t depth = 0);
  ~Grid();
  Grid(const Grid&) = delete;
  Grid& operator=(const Grid&) = delete;

  /// Runs it, as work of `owner` (exec::Job::owner). `done` is called once, on whatever thread ended the last
  /// of it; it may delete the grid.
  void start(const void* owner, std::function<void()> done);
  Function& function() const { return function_; }
  Context& context() const { return context_; }
  uint32_t depth() const { return depth_; }
  const exec::LaunchArgs& args() const { return launch_.args; }
  /// What its kernel launches, made at the first launch.
  ChildGrids& children();
  /// What it takes of the chip's time, from what it counted (only where kernels count).
  ChipUse chip_use() const;
  /// Completes `span` and records the kernel with its counters, if it counted.
  void record(profile::Span span) const;
  /// What it was, for a profiling tool; false if none listened when it was made.
  bool describe(activity::Record* record) const;
  /// Places the grids that it launched on the chip's clock, after its own span, and records them if asked to.
  /// The time at which the last of them is over.
  uint64_t place_children(const profile::Span& span) const;

 private:
  class Job;
  void blocks_ended();
  void complete();
  Function& function_;
  const Executable& executable_;
  std::string name_;
  Context& context_;
  const uint32_t depth_;
  chip::KernelRun run_;  ///< while kernels count, as the times
  uint64_t submit_ns_ = 0, begin_ns_ = 0, end_ns_ = 0;
  uint32_t thread_ = 0;
  activity::Origin origin_;  ///< while a profiling tool listens, as its begin and registers
  uint64_t activity_begin_ = 0;
  int registers_ = 0;
  ParamBlock params_;
  alignas(64) uint32_t grid_workspace_[16] = {};
  exec::LaunchServices services_;
  exec::KernelLaunch launch_;
  std::unique_ptr<KernelChecker> checker_;  ///< of code built to be checked
  std::atomic<ChildGrids*> children_{nullptr};
  const void* owner_ = nullptr;
  std::function<void()> done_;
};

/// Answers a call of the device runtime (ptx/device_runtime.inc) from a thread of `grid` (a Grid).
exec::DeviceAnswer answer_device_call(void* grid, const exec::BlockState& block, uint32_t call,
                                      const uint64_t* words);

}  // namespace ppu::device

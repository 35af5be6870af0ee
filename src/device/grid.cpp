#include "device/grid.h"

#include <algorithm>
#include <cinttypes>
#include <csignal>
#include <cstdio>
#include <cstring>
#include <new>

#include "base/log.h"
#include "base/recycled.h"
#include "device/address_space.h"
#include "device/child_grids.h"
#include "device/fault_diagnosis.h"
#include "device/kernel_checker.h"
#include "device/launch.h"
#include "device/overread.h"
#include "device/registry.h"
#include "exec/fault.h"

namespace ppu::device {

ParamBlock::ParamBlock(std::span<const std::byte> bytes) {
  data_ = bytes.size() <= sizeof inline_ ? inline_ : ::operator new(bytes.size(), std::align_val_t(128));
  if (!bytes.empty()) std::memcpy(data_, bytes.data(), bytes.size());
}

ParamBlock::~ParamBlock() {
  if (data_ != inline_) ::operator delete(data_, std::align_val_t(128));
}

namespace {

std::atomic<uint64_t> next_grid_id{1};

CUresult code_of(exec::Trap kind) {
  switch (kind) {
    case exec::Trap::kMisaligned:
      return CUDA_ERROR_MISALIGNED_ADDRESS;
    case exec::Trap::kIllegalAddress:
      return CUDA_ERROR_ILLEGAL_ADDRESS;
    case exec::Trap::kAssert:
      return CUDA_ERROR_ASSERT;
    case exec::Trap::kInvalidPc:
      return CUDA_ERROR_INVALID_PC;
    case exec::Trap::kUnsupported:
      return CUDA_ERROR_NOT_SUPPORTED;
    case exec::Trap::kTimeout:
      return CUDA_ERROR_LAUNCH_TIMEOUT;
    case exec::Trap::kStackOverflow:
      return CUDA_ERROR_HARDWARE_STACK_ERROR;
    case exec::Trap::kNoMemory:
      return CUDA_ERROR_LAUNCH_OUT_OF_RESOURCES;
    default:
      return CUDA_ERROR_LAUNCH_FAILED;
  }
}

const char* words_of(const exec::Fault& fault) {
  switch (fault.kind) {
    case exec::Trap::kTrap:
      return fault.signal == SIGFPE ? "arithmetic fault" : "trap instruction";
    case exec::Trap::kMisaligned:
      return "misaligned address";
    case exec::Trap::kIllegalAddress:
      // Without a signal a helper found it: free() of what malloc() never gave, or a dead texture or surface.
      return fault.signal ? "illegal address" : "illegal address or object handle";
    case exec::Trap::kAssert:
      return "failed assertion";
    case exec::Trap::kBarrierDeadlock:
      return "barrier that can't complete";
    case exec::Trap::kInvalidPc:
      return "call of an invalid address";
    case exec::Trap::kUnsupported:
      return "unsupported instruction";
    case exec::Trap::kStackOverflow:
      return "stack overflow";
    case exec::Trap::kTimeout:
      return "still running at the time limit (PPU_TIMEOUT)";
    case exec::Trap::kNoMemory:
      return "no host memory for local variables";
    default:
      return "fault";
  }
}

/// One line: kernel, block, thread or warp, what, address and the nearest allocation; a second one with the
/// thread and its PTX line where compiled code knows only the warp.
void report(const Function& function, const exec::LaunchArgs& args, const exec::GridFault& f) {
  const std::string& kernel = function.name();
  char who[96], where[256] = "";
  const uint32_t* b = args.block;
  if (f.fault.has_thread) {
    const uint32_t t = f.fault.thread;
    std::snprintf(who, sizeof who, "thread (%u,%u,%u)", t % b[0], t / b[0] % b[1], t / b[0] / b[1]);
  } else {
    std::snprintf(who, sizeof who, "warp %u", f.fault.warp);
  }
  if (f.fault.has_address)
    std::snprintf(where, sizeof where, " 0x%" PRIx64 ", %s", f.fault.info,
                  AddressSpace::instance().describe(f.fault.info).c_str());
  else if (f.fault.kind == exec::Trap::kUnsupported && f.fault.info)
    std::snprintf(where, sizeof where, " (%s)", reinterpret_cast<const char*>(f.fault.info));
  else if (f.fault.kind == exec::Trap::kIllegalAddress)
    std::snprintf(where, sizeof where, " (not a canonical address, the CPU doesn't tell which)");
  log("device", LogLevel::kError, "kernel %s, block (%u,%u,%u), %s: %s%s", kernel.c_str(), f.ctaid[0],
      f.ctaid[1], f.ctaid[2], who, words_of(f.fault), where);
  if (f.fault.has_thread || f.fault.kind != exec::Trap::kIllegalAddress) return;
  if (const std::string found = diagnose_fault(function, args, f.ctaid); !found.empty())
    log("device", LogLevel::kError, "kernel %s, block (%u,%u,%u): %s", kernel.c_str(), f.ctaid[0], f.ctaid[1],
        f.ctaid[2], found.c_str());
  if (f.fault.has_address && is_overread(f.fault.info))
    log("device", LogLevel::kError,
        "a GPU, whose pages are larger, lets a kernel read so little behind an allocation (not write): so "
        "does "
        "ppu run --overreads");
}

/// Bytes of the allocations that parameters point into: the most that the kernel finds through them.
uint64_t footprint(std::span<const std::byte> params) {
  std::vector<std::pair<uint64_t, uint64_t>> found;
  for (size_t at = 0; at + 8 <= params.size(); at += 8) {
    uint64_t word = 0;
    std::memcpy(&word, params.data() + at, 8);
    if (const auto a = word ? AddressSpace::instance().find(word) : std::nullopt)
      found.emplace_back(a->address, a->bytes);
  }
  std::sort(found.begin(), found.end());
  found.erase(std::unique(found.begin(), found.end()), found.end());
  uint64_t bytes = 0;
  for (const auto& [address, size] : found) bytes += size;
  return bytes;
}

}  // namespace

/// The grid's blocks on the worker pool.
class Grid::Job : public exec::KernelJob, public Recycled<Grid::Job> {
 public:
  Job(Grid& grid, const exec::KernelLaunch& launch) : KernelJob(launch), grid_(grid) {}

 protected:
  void finished(const exec::GridFault* fault) override {
    registry_ends(grid_.context_.device().ordinal, Activity::kKernels);
    if (const uint64_t at = take_overread())
      log_once("device", launch_.kernel,
               "kernel %s reads 0x%" PRIx64 ", %s: as on a GPU, it is let to (zeros)", launch_.kernel, at,
               AddressSpace::instance().describe(at).c_str());
    if (fault) {
      report(grid_.function_, launch_.args, *fault);
      grid_.context_.fail(code_of(fault->fault.kind));
    }
    if (launch_.counter_words) {
      grid_.run_.counters = grid_.executable_.counters(counted());
      grid_.run_.shared_bytes = launch_.args.shared_bytes;
    }
    grid_.blocks_ended();
  }

 private:
  Grid& grid_;
};

Grid::Grid(Function& function, const Executable& executable, const LaunchConfig& c,
           std::span<const std::byte> params, uint32_t depth)
    : function_(function),
      executable_(executable),
      name_(function.name()),
      context_(function.module().context()),
      depth_(depth),
      params_(params),
      services_(context_.services()) {
  allow_overreads_if_asked();
  const exec::KernelInfo& info = executable.info;
  const Device& device = context_.device();
  const uint32_t threads = c.block[0] * c.block[1] * c.block[2];
  const uint32_t warps = (threads + exec::kWarpSize - 1) / exec::kWarpSize;
  launch_.entry = executable.entry();
  launch_.live = executable.upgrade.get();
  launch_.block_ns = &executable.block_ns;
  launch_.interpreted = executable.interpreted;
  launch_.self = executable.interpreter.get();
  launch_.local_bytes = size_t(info.local_bytes) * warps * exec::kWarpSize;
  launch_.frame_bytes = size_t(info.frame_bytes) * (info.frame_per_warp ? warps : 1);
  launch_.may_yield = info.may_yield || c.cooperative;
  launch_.cooperative = c.cooperative;
  if (launch_.may_yield && !c.cooperative)
    launch_.most_resident = uint32_t(max_active_blocks(function, int(threads), c.dynamic_shared_bytes)) *
                            uint32_t(device.chip->sms.value);
  launch_.kernel = name_.c_str();
  launch_.counter_words = executable.counter_words();
  if (launch_.counter_words) {
    submit_ns_ = monotonic_ns();
    thread_ = profile::thread_number();
    run_.blocks = uint64_t(c.grid[0]) * c.grid[1] * c.grid[2];
    run_.block_threads = threads;
    run_.footprint_bytes = footprint(params);
  }
  if (activity_on()) {
    origin_ = activity_origin();
    function.get_attribute(CU_FUNC_ATTRIBUTE_NUM_REGS, &registers_);
  }
  exec::LaunchArgs& a = launch_.args;
  a.params = params_.data();
  a.globals = executable.globals.data();
  std::copy(c.grid, c.grid + 3, a.grid);
  std::copy(c.block, c.block + 3, a.block);
  // Dynamic shared memory follows the static variables, 16-byte aligned.
  a.shared_bytes = (info.static_shared_bytes + 15) / 16 * 16 + c.dynamic_shared_bytes;
  a.dynamic_shared_bytes = c.dynamic_shared_bytes;
  a.grid_id = next_grid_id.fetch_add(1, std::memory_order_relaxed);
  a.num_sms = uint32_t(device.chip->sms.value);
  a.flags = c.cooperative ? 1 : 0;
  a.counted_exactly = profile::exact() ? UINT64_MAX : exec::kCountedExactly;
  if (c.cooperative) {
    // Where a grid-wide barrier keeps its count: cooperative groups find it in %envreg1 (high) and 2 (low).
    const uint64_t workspace = reinterpret_cast<uint64_t>(grid_workspace_);
    a.envreg[1] = workspace >> 32;
    a.envreg[2] = workspace & 0xffffffff;
  }
  services_.grid = this;
  services_.device_call = answer_device_call;
  a.user = &services_;
  if (!executable.checked) return;
  const auto lent = [this](uint64_t address) {
    ChildGrids* children = children_.load();
    return children && children->lends(address);
  };
  checker_ =
      std::make_unique<KernelChecker>(function, info.local_bytes, std::as_bytes(std::span(grid_workspace_)),
                                      lent, executable.interpreted != nullptr);
  services_.checker = checker_.get();
}

Grid::~Grid() {
  delete children_.load();
}

void Grid::start(const void* owner, std::function<void()> done) {
  if (context_.error() != CUDA_SUCCESS) return done();  // an earlier failure ends everything in the context
  owner_ = owner;
  done_ = std::move(done);
  if (launch_.counter_words) begin_ns_ = monotonic_ns();
  if (origin_.correlation) activity_begin_ = activity_now();
  auto* job = new Job(*this, launch_);
  job->owner = owner;
  registry_begins(context_.device().ordinal, Activity::kKernels);
  exec::Pool::instance().follow(job);
}

ChipUse chip_use_of(const chip::KernelRun& run, const Device& device) {
  const chip::Numbers numbers = chip::values_of(*device.chip);
  const double seconds = chip::predict_kernel(run, numbers).seconds;
  const double at_once = std::max(1.0, numbers.sms) * chip::blocks_at_once(run, numbers);
  return {ChipUse::Engine::kCompute, std::min(1.0, double(run.blocks) / at_once), uint64_t(seconds * 1e9)};
}

ChipUse Grid::chip_use() const {
  return chip_use_of(run_, context_.device());
}

void Grid::record(profile::Span span) const {
  if (!begin_ns_) return;
  span.thread = thread_;
  span.submit_ns = submit_ns_;
  span.begin_ns = begin_ns_;
  if (depth_ > 0 || children_.load()) span.end_ns = end_ns_;
  span.depth = depth_;
  profile::record_kernel(span, name_, run_, launch_.args.grid, launch_.args.block, !launch_.entry);
}

bool Grid::describe(activity::Record* record) const {
  if (!activity_begin_) return false;
  record->kind = activity::Kind::kKernel;
  record->origin = origin_;
  record->begin = activity_begin_;
  record->name = name_.c_str();
  std::copy_n(launch_.args.grid, 3, record->grid);
  std::copy_n(launch_.args.block, 3, record->block);
  record->registers = uint32_t(registers_);
  record->static_shared_bytes = executable_.info.static_shared_bytes;
  record->dynamic_shared_bytes = launch_.args.dynamic_shared_bytes;
  return true;
}

uint64_t Grid::place_children(const profile::Span& span) const {
  const ChildGrids* children = children_.load();
  return children ? children->place_on_chip(span) : span.chip_end_ns;
}

void Grid::blocks_ended() {
  if (begin_ns_) end_ns_ = monotonic_ns();
  if (ChildGrids* children = children_.load()) return children->run(owner_, [this] { complete(); });
  complete();
}

void Grid::complete() {
  const std::function<void()> done = std::move(done_);
  done();  // may delete this
}

ChildGrids& Grid::children() {
  ChildGrids* now = children_.load();
  if (now) return *now;
  auto* fresh = new ChildGrids(context_);
  if (children_.compare_exchange_strong(now, fresh)) return *fresh;
  delete fresh;
  return *now;
}

}  // namespace ppu::device

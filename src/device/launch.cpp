#include "device/launch.h"

#include <algorithm>
#include <cinttypes>
#include <csignal>
#include <cstdio>
#include <cstring>
#include <new>

#include "base/log.h"
#include "device/address_space.h"
#include "device/capture.h"
#include "device/fault_diagnosis.h"
#include "device/registry.h"
#include "exec/fault.h"

namespace ppu::device {
namespace {

std::atomic<uint64_t> next_grid_id{1};

/// The parameter block of one launch, aligned for any parameter type (CUtensorMap wants 128).
class ParamBlock {
 public:
  explicit ParamBlock(std::span<const std::byte> bytes) {
    data_ = bytes.size() <= sizeof inline_ ? inline_ : ::operator new(bytes.size(), std::align_val_t(128));
    if (!bytes.empty()) std::memcpy(data_, bytes.data(), bytes.size());
  }
  ~ParamBlock() {
    if (data_ != inline_) ::operator delete(data_, std::align_val_t(128));
  }
  ParamBlock(const ParamBlock&) = delete;
  ParamBlock& operator=(const ParamBlock&) = delete;
  const void* data() const { return data_; }

 private:
  alignas(128) char inline_[256];
  void* data_;
};

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
}

/// A kernel in a stream.
class KernelOperation : public Operation {
 public:
  KernelOperation(Function& function, const Executable& executable, const LaunchConfig& c,
                  std::span<const std::byte> params)
      : function_(function), name_(function.name()), context_(function.module().context()), params_(params) {
    const exec::KernelInfo& info = executable.info;
    const Device& device = context_.device();
    const uint32_t threads = c.block[0] * c.block[1] * c.block[2];
    const uint32_t warps = (threads + exec::kWarpSize - 1) / exec::kWarpSize;
    launch_.entry = executable.code ? executable.code->entry() : nullptr;
    launch_.interpreted = executable.interpreted;
    launch_.self = executable.interpreter.get();
    launch_.local_bytes = size_t(info.local_bytes) * warps * exec::kWarpSize;
    launch_.frame_bytes = size_t(info.frame_bytes) * (info.frame_per_warp ? warps : 1);
    launch_.may_yield = info.may_yield || c.cooperative;
    launch_.cooperative = c.cooperative;
    launch_.kernel = name_.c_str();
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
    if (c.cooperative) {
      // Where a grid-wide barrier keeps its count: cooperative groups find it in %envreg1 (high) and 2 (low).
      const uint64_t workspace = reinterpret_cast<uint64_t>(grid_workspace_);
      a.envreg[1] = workspace >> 32;
      a.envreg[2] = workspace & 0xffffffff;
    }
    a.user = &context_.services();
  }

 protected:
  void start() override {
    if (context_.error() != CUDA_SUCCESS)
      return complete();  // an earlier failure ends everything in the context
    auto* job = new Job(*this, launch_);
    job->owner = stream_name();
    registry_begins(context_.device().ordinal, Activity::kKernels);
    exec::Pool::instance().submit(job);
  }

 private:
  class Job : public exec::KernelJob {
   public:
    Job(KernelOperation& operation, const exec::KernelLaunch& launch)
        : KernelJob(launch), operation_(operation) {}

   protected:
    void finished(const exec::GridFault* fault) override {
      registry_ends(operation_.context_.device().ordinal, Activity::kKernels);
      if (fault) {
        report(operation_.function_, launch_.args, *fault);
        operation_.context_.fail(code_of(fault->fault.kind));
      }
      operation_.complete();
    }

   private:
    KernelOperation& operation_;
  };
  const Function& function_;
  std::string name_;
  Context& context_;
  ParamBlock params_;
  alignas(64) uint32_t grid_workspace_[16] = {};
  exec::KernelLaunch launch_;
};

CUresult check_config(const Function& f, const LaunchConfig& c) {
  const Limits& l = f.module().context().device().limits;
  for (int i = 0; i < 3; i++) {
    if (c.grid[i] == 0 || c.block[i] == 0) return CUDA_ERROR_INVALID_VALUE;
    if (c.grid[i] > l.grid_dim[i] || c.block[i] > uint32_t(l.block_dim[i])) return CUDA_ERROR_INVALID_VALUE;
  }
  const uint64_t threads = uint64_t(c.block[0]) * c.block[1] * c.block[2];
  if (threads > uint64_t(l.threads_per_block)) return CUDA_ERROR_INVALID_VALUE;
  if (threads > uint64_t(f.max_threads())) return CUDA_ERROR_LAUNCH_OUT_OF_RESOURCES;
  const uint32_t* required = f.entry().reqntid;
  if (required[0] && (c.block[0] != required[0] || c.block[1] != std::max(1u, required[1]) ||
                      c.block[2] != std::max(1u, required[2])))
    return CUDA_ERROR_INVALID_VALUE;
  if (c.dynamic_shared_bytes > f.max_dynamic_shared() ||
      f.static_shared_bytes() + c.dynamic_shared_bytes > l.shared_per_block_optin)
    return CUDA_ERROR_INVALID_VALUE;
  if (c.cooperative) {
    const int per_sm = max_active_blocks(f, int(threads), c.dynamic_shared_bytes);
    const uint64_t blocks = uint64_t(c.grid[0]) * c.grid[1] * c.grid[2];
    if (blocks > uint64_t(per_sm) * uint64_t(f.module().context().device().chip->sms.value))
      return CUDA_ERROR_COOPERATIVE_LAUNCH_TOO_LARGE;
  }
  return CUDA_SUCCESS;
}

}  // namespace

CUresult gather_params(const Function& f, void* const* params, void* const* extra,
                       std::vector<std::byte>* block) {
  const ptx::ParamLayout& layout = f.params();
  block->assign(layout.total, std::byte(0));
  if (layout.offsets.empty()) return CUDA_SUCCESS;
  if (params) {
    for (size_t i = 0; i < layout.offsets.size(); i++) {
      if (!params[i]) return CUDA_ERROR_INVALID_VALUE;
      std::memcpy(block->data() + layout.offsets[i], params[i], layout.sizes[i]);
    }
    return CUDA_SUCCESS;
  }
  if (!extra) return CUDA_ERROR_INVALID_VALUE;
  const void* buffer = nullptr;
  size_t bytes = 0;
  for (size_t i = 0; extra[i] != CU_LAUNCH_PARAM_END; i += 2) {
    if (extra[i] == CU_LAUNCH_PARAM_BUFFER_POINTER)
      buffer = extra[i + 1];
    else if (extra[i] == CU_LAUNCH_PARAM_BUFFER_SIZE)
      bytes = *static_cast<const size_t*>(extra[i + 1]);
    else
      return CUDA_ERROR_INVALID_VALUE;
  }
  if (!buffer || bytes > std::max<size_t>(32764, layout.total)) return CUDA_ERROR_INVALID_VALUE;
  std::memcpy(block->data(), buffer, std::min<size_t>(bytes, layout.total));
  return CUDA_SUCCESS;
}

CUresult launch(Function& f, const LaunchConfig& c, std::span<const std::byte> params, Stream& stream,
                CUfunction handle) {
  CUresult result = check_config(f, c);
  if (result != CUDA_SUCCESS) return result;
  const auto node = [&] { return std::make_unique<KernelWork>(handle, f, c, params); };
  if (ask_capture(stream, &result, node) != Fate::kRun) return result;
  const Executable* e = f.executable(c.block, &result);
  if (!e) return result;
  exec::ensure_fault_handlers();
  registry_count_launch();
  Context& context = stream.context();
  context.flush_printf();
  stream.submit(new KernelOperation(f, *e, c, params));
  return CUDA_SUCCESS;
}

int max_active_blocks(const Function& f, int block_threads, size_t dynamic_shared_bytes) {
  const Limits& l = f.module().context().device().limits;
  if (block_threads <= 0 || block_threads > f.max_threads()) return 0;
  const int warps = (block_threads + 31) / 32;
  int blocks = std::min(l.blocks_per_sm, l.threads_per_sm / (warps * 32));
  // Registers are given out in units of 256 a warp.
  const int registers = (f.registers() * 32 + 255) / 256 * 256 * warps;
  blocks = std::min(blocks, l.registers_per_sm / std::max(1, registers));
  const size_t shared = f.static_shared_bytes() + dynamic_shared_bytes;
  if (shared > l.shared_per_block_optin) return 0;
  const size_t granule = (shared + l.reserved_shared_per_block + 127) / 128 * 128;
  if (granule) blocks = std::min(blocks, int(l.shared_per_sm / granule));
  return blocks;
}

}  // namespace ppu::device

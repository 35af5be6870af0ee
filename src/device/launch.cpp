#include "device/launch.h"

#include <algorithm>
#include <cstring>

#include "base/recycled.h"
#include "device/capture.h"
#include "device/checking.h"
#include "device/grid.h"
#include "device/kernel_checker.h"
#include "device/registry.h"

namespace ppu::device {
namespace {

/// A kernel in a stream.
class KernelOperation : public Operation, public Recycled<KernelOperation> {
 public:
  KernelOperation(Function& function, const Executable& executable, const LaunchConfig& config,
                  std::span<const std::byte> params)
      : grid_(function, executable, config, params) {}

 protected:
  void start() override {
    grid_.start(stream_name(), [this] { complete(); });
  }
  ChipUse chip_use() override { return grid_.chip_use(); }
  void record(profile::Span span) override { grid_.record(span); }
  bool describe(activity::Record* record) override { return grid_.describe(record); }
  uint64_t place_launched(const profile::Span& span) override { return grid_.place_children(span); }

 private:
  Grid grid_;
};

}  // namespace

CUresult check_launch(const Function& f, const LaunchConfig& c) {
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
  CUresult result = check_launch(f, c);
  if (result != CUDA_SUCCESS) return result;
  const auto node = [&] {
    auto work = std::make_unique<KernelWork>(handle, f, c, params);
    work->attributes[CU_LAUNCH_ATTRIBUTE_PRIORITY].priority = stream.priority();
    return work;
  };
  if (ask_capture(stream, &result, node) != Fate::kRun) return result;
  // A pointer of the host's: hardware would fault where it is followed, so this launch looks where it goes.
  const bool guard = !checking::on() && has_host_pointer(params, f.pointer_words());
  const Executable* e = guard ? f.checked_executable(c.block, &result) : f.executable(c.block, &result);
  if (!e) return result;
  registry_count_launch();
  Context& context = stream.context();
  context.flush_printf();
  stream.submit(new KernelOperation(f, *e, c, params));
  return CUDA_SUCCESS;
}

int max_active_blocks(const Function& f, int block_threads, size_t dynamic_shared_bytes) {
  const Limits& l = f.module().context().device().limits;
  if (block_threads <= 0 || block_threads > f.max_threads()) return 0;
  if (dynamic_shared_bytes > f.max_dynamic_shared()) return 0;  // a launch would be refused
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

// Runs a PTX kernel through the whole compiler on this thread, block after block: no device, no driver.
#pragma once
#include <gtest/gtest.h>

#include <csetjmp>
#include <cstring>
#include <initializer_list>
#include <map>
#include <memory>
#include <memory_resource>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "codegen/compiler.h"
#include "codegen/cpu.h"
#include "exec/kernel_abi.h"
#include "exec/kernel_image.h"
#include "exec/lane_scheduler.h"
#include "exec/mbarrier.h"
#include "exec/tile_products.h"
#include "isa/round.h"
#include "ptx/ptx.h"

namespace ppu::codegen {

struct Dim {
  uint32_t x = 1, y = 1, z = 1;
};

/// How a launch went.
struct RunResult {
  std::string error;  ///< compile or load error, empty if it ran
  exec::Trap trap = exec::Trap::kNone;
  uint64_t trap_info = 0;
  exec::KernelInfo info;
};

class KernelRunner {
 public:
  explicit KernelRunner(std::string_view ptx_text) {
    Result<ptx::Module> parsed = ptx::parse(ptx_text, "test");
    if (parsed)
      module_ = std::move(*parsed);
    else
      parse_error_ = parsed.error().message;
  }

  Cpu cpu = Cpu::kNative;
  int opt_level = 2;
  bool specialise = true;  ///< on blockDim
  uint32_t dynamic_shared_bytes = 0;
  /// Of module variables, which lie close together as on the device: 32-bit addresses of .const rely on it.
  std::unique_ptr<std::pmr::memory_resource> arena =
      std::make_unique<std::pmr::monotonic_buffer_resource>(1 << 20);
  std::map<std::string, std::pmr::vector<uint64_t>> globals;  ///< storage of module variables, by name

  /// Launches with parameters given as 8-, 4-, ... byte values.
  template <class... Args>
  RunResult run(const std::string& kernel, Dim grid, Dim block, Args... args);

 private:
  RunResult launch(const std::string& kernel, Dim grid, Dim block, const std::vector<char>& params);
  const uint64_t* bind_globals(const exec::KernelInfo& info);
  static void on_trap(exec::BlockState* block, uint32_t kind, uint64_t info, uint32_t thread);

  struct Trapped {
    std::jmp_buf back;
    RunResult* result;
  };

  ptx::Module module_;
  std::string parse_error_;
  std::vector<uint64_t> addresses_;
};

inline void KernelRunner::on_trap(exec::BlockState* block, uint32_t kind, uint64_t info, uint32_t) {
  auto* trapped = static_cast<Trapped*>(block->worker);
  trapped->result->trap = exec::Trap(kind);
  trapped->result->trap_info = info;
  std::longjmp(trapped->back, 1);
}

inline const uint64_t* KernelRunner::bind_globals(const exec::KernelInfo& info) {
  addresses_.clear();
  for (const std::string& name : info.globals) {
    std::pmr::vector<uint64_t>& storage = globals.try_emplace(name, arena.get()).first->second;
    if (const ptx::Variable* v = module_.find_variable(name); v && storage.empty()) {
      storage.resize(v->size() / 8 + 1);
      if (!v->init.empty()) std::memcpy(storage.data(), v->init.data(), v->init.size());
    }
    addresses_.push_back(reinterpret_cast<uint64_t>(storage.data()));
  }
  for (const std::string& name : info.globals) {
    const ptx::Variable* v = module_.find_variable(name);
    for (size_t r = 0; v && r < v->relocs.size(); r++) {
      // Function ids only: 16 * (index + 1), see simt.h.
      const ptx::Function* f = module_.find_function(v->relocs[r].symbol);
      if (!f) continue;
      const uint64_t id = 16 * uint64_t(f - module_.functions.data() + 1);
      std::memcpy(reinterpret_cast<char*>(globals[name].data()) + v->relocs[r].offset, &id, 8);
    }
  }
  return addresses_.data();
}

inline RunResult KernelRunner::launch(const std::string& kernel, Dim grid, Dim block,
                                      const std::vector<char>& params) {
  RunResult result;
  result.error = parse_error_;
  if (!result.error.empty()) return result;
  CompileRequest request;
  request.module = &module_;
  request.kernel = kernel;
  request.cpu = cpu;
  request.opt_level = uint8_t(opt_level);
  const uint32_t shape[3] = {block.x, block.y, block.z};
  if (specialise) std::memcpy(request.block, shape, sizeof shape);
  Result<std::vector<std::byte>> image = compile(request);
  if (!image) {
    result.error = image.error().message;
    return result;
  }
  auto loaded = exec::LoadedKernel::load(*image);
  if (!loaded) {
    result.error = loaded.error().message;
    return result;
  }
  const exec::KernelInfo& info = result.info = (*loaded)->info();
  const uint32_t threads = block.x * block.y * block.z, warps = (threads + 31) / 32;
  exec::RuntimeTable rt{};
  rt.trap = on_trap;
  rt.run_lanes = exec::run_lanes;
  rt.nanosleep = [](exec::BlockState*, uint32_t) {};
  rt.globaltimer = [](exec::BlockState*) { return uint64_t{1}; };
  rt.fround_f32 = [](uint32_t code, float a, float b, float c) {
    return isa::round_f32(isa::RoundOp(code / 4), isa::Round(code % 4), a, b, c);
  };
  rt.fround_f64 = [](uint32_t code, double a, double b, double c) {
    return isa::round_f64(isa::RoundOp(code / 4), isa::Round(code % 4), a, b, c);
  };
  rt.mbarrier_update = [](exec::BlockState*, uint64_t at, uint32_t arrivals, uint32_t tx, uint32_t drop) {
    auto* word = reinterpret_cast<uint64_t*>(at);
    return std::exchange(*word, exec::mbarrier_updated(*word, arrivals, int32_t(tx), drop != 0));
  };
  rt.tile_products = [](exec::TileQueue* queue, const void* const* units, void* tiles) {
    exec::run_tile_products(exec::tile_engine(), *queue, units, tiles);
  };
  rt.malloc = [](exec::BlockState*, uint64_t n) { return reinterpret_cast<uint64_t>(::malloc(n)); };
  rt.free = [](exec::BlockState*, uint64_t p) { ::free(reinterpret_cast<void*>(p)); };
  exec::LaunchArgs launch{};
  launch.params = params.data();
  launch.globals = bind_globals(info);
  launch.rt = &rt;
  launch.grid[0] = grid.x, launch.grid[1] = grid.y, launch.grid[2] = grid.z;
  std::memcpy(launch.block, shape, sizeof shape);
  launch.dynamic_shared_bytes = dynamic_shared_bytes;
  launch.shared_bytes = info.static_shared_bytes + dynamic_shared_bytes;
  launch.num_sms = 1;
  const auto aligned = [](size_t bytes) {
    void* p = std::aligned_alloc(256, (bytes + 4096 + 255) / 256 * 256);
    std::memset(p, 0xAB, bytes + 4096);
    return std::unique_ptr<char, decltype(&std::free)>(static_cast<char*>(p), &std::free);
  };
  const auto shared = aligned(launch.shared_bytes), local = aligned(size_t{info.local_bytes} * warps * 32),
             frame = aligned(size_t{info.frame_bytes} * (info.frame_per_warp ? warps : 1));
  Trapped trapped{{}, &result};
  exec::BlockState state{};
  state.shared = shared.get(), state.local = local.get(), state.frame = frame.get();
  state.launch = &launch;
  state.worker = &trapped;
  if (setjmp(trapped.back)) return result;
  for (uint32_t z = 0; z < grid.z; z++)
    for (uint32_t y = 0; y < grid.y; y++)
      for (uint32_t x = 0; x < grid.x; x++) {
        state.ctaid[0] = x, state.ctaid[1] = y, state.ctaid[2] = z;
        state.resume = 0;
        while ((*loaded)->entry()(&launch, &state) == 1) {
        }
      }
  return result;
}

template <class... Args>
RunResult KernelRunner::run(const std::string& kernel, Dim grid, Dim block, Args... args) {
  std::vector<char> params;
  const auto add = [&params](auto value) {
    params.resize((params.size() + sizeof value - 1) / sizeof value * sizeof value + sizeof value);
    std::memcpy(params.data() + params.size() - sizeof value, &value, sizeof value);
  };
  (add(args), ...);
  params.resize(params.size() + 16);
  return launch(kernel, grid, block, params);
}

}  // namespace ppu::codegen

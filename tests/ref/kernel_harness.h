// Runs one kernel on one thread with any engine: the reference interpreter or a compiled kernel. No device,
// no driver; buffers are plain host memory. All blocks are resident, and take turns when they wait for each
// other.
#pragma once
#include <csetjmp>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "exec/kernel_abi.h"
#include "exec/kernel_image.h"
#include "exec/kernel_job.h"
#include "ptx/ptx.h"

namespace ppu::harness {

struct Shape {
  uint32_t grid[3] = {1, 1, 1};
  uint32_t block[3] = {32, 1, 1};
  uint32_t dynamic_shared = 0;
};

struct Outcome {
  exec::Trap trap = exec::Trap::kNone;
  uint64_t info = 0;
  uint32_t thread = 0;
  int turns = 0;  ///< calls of the block function
};

/// A kernel behind either engine.
struct Engine {
  exec::KernelInfo info;
  std::function<uint32_t(const exec::LaunchArgs*, exec::BlockState*)> run;
};

/// Parameters of a kernel, appended in order with natural alignment.
class Params {
 public:
  template <class T>
  Params& add(T value) {
    const size_t at = (bytes_.size() + sizeof value - 1) / sizeof value * sizeof value;
    bytes_.resize(at + sizeof value);
    std::memcpy(bytes_.data() + at, &value, sizeof value);
    return *this;
  }
  const void* data() const { return bytes_.data(); }

 private:
  std::vector<uint8_t> bytes_ = std::vector<uint8_t>();
};

/// Storage of a module's variables, the same for every launch.
class Globals {
 public:
  explicit Globals(const ptx::Module& module) {
    for (const ptx::Variable& v : module.variables) {
      std::vector<uint64_t>& words = storage_[v.name];
      words.resize(v.size() / 8 + 2);
      if (!v.init.empty()) std::memcpy(words.data(), v.init.data(), v.init.size());
    }
    for (const ptx::Variable& v : module.variables)
      for (const ptx::Variable::Reloc& r : v.relocs) {
        const ptx::Function* f = module.find_function(r.symbol);
        uint64_t value =
            f ? ptx::function_id(int32_t(f - module.functions.data())) : uint64_t(storage_[r.symbol].data());
        value = (value + uint64_t(r.addend)) >> r.shift;
        std::memcpy(reinterpret_cast<char*>(storage_[v.name].data()) + r.offset, &value, r.bytes);
      }
  }
  std::vector<uint64_t> addresses(const exec::KernelInfo& info) {
    std::vector<uint64_t> out;
    for (const std::string& name : info.globals) out.push_back(uint64_t(storage_[name].data()));
    return out;
  }
  void* find(const std::string& name) { return storage_[name].data(); }

 private:
  std::map<std::string, std::vector<uint64_t>> storage_;
};

namespace detail {

struct Back {
  std::jmp_buf env;
  Outcome* outcome;
};

inline void on_trap(exec::BlockState* block, uint32_t kind, uint64_t info, uint32_t thread) {
  Back* back = static_cast<Back*>(block->launch->user);
  *back->outcome = {exec::Trap(kind), info, thread, back->outcome->turns};
  std::longjmp(back->env, 1);
}

struct Free {
  void operator()(char* p) const { std::free(p); }
};
using Memory = std::unique_ptr<char, Free>;

inline Memory allocate(size_t bytes) {
  const size_t size = (bytes + 4096 + 255) / 256 * 256;
  Memory m(static_cast<char*>(std::aligned_alloc(256, size)));
  std::memset(m.get(), 0, size);
  return m;
}

}  // namespace detail

/// Runs the whole grid. `globals` may be null for kernels without module variables.
inline Outcome launch(const Engine& engine, const Shape& shape, const void* params, Globals* globals,
                      int max_turns = 100000) {
  Outcome outcome;
  const exec::KernelInfo& info = engine.info;
  const uint32_t threads = shape.block[0] * shape.block[1] * shape.block[2], warps = (threads + 31) / 32;
  exec::RuntimeTable rt = *exec::runtime_table();
  rt.trap = detail::on_trap;
  rt.nanosleep = [](exec::BlockState*, uint32_t) {};
  rt.vprintf = [](exec::BlockState*, uint64_t, uint64_t) { return 0; };
  rt.malloc = [](exec::BlockState*, uint64_t n) { return reinterpret_cast<uint64_t>(std::malloc(n)); };
  rt.free = [](exec::BlockState*, uint64_t p) { std::free(reinterpret_cast<void*>(p)); };
  rt.assertfail = [](exec::BlockState* b, uint64_t, uint64_t, uint32_t line, uint64_t, uint64_t) {
    detail::on_trap(b, uint32_t(exec::Trap::kAssert), line, b->thread);
  };
  std::vector<uint64_t> addresses;
  if (globals) addresses = globals->addresses(info);
  exec::LaunchArgs args{};
  args.params = params;
  args.globals = addresses.data();
  args.rt = &rt;
  std::memcpy(args.grid, shape.grid, sizeof args.grid);
  std::memcpy(args.block, shape.block, sizeof args.block);
  args.dynamic_shared_bytes = shape.dynamic_shared;
  args.shared_bytes = info.static_shared_bytes + shape.dynamic_shared + 16;
  args.num_sms = 1;
  detail::Back back{{}, &outcome};
  args.user = &back;

  struct Resident {
    exec::BlockState state{};
    detail::Memory shared, local, frame;
    bool done = false;
  };
  const uint32_t blocks = shape.grid[0] * shape.grid[1] * shape.grid[2];
  std::vector<Resident> resident(info.may_yield ? blocks : 1);
  for (Resident& r : resident) {
    r.shared = detail::allocate(args.shared_bytes);
    r.local = detail::allocate(size_t(info.local_bytes) * warps * 32);
    r.frame = detail::allocate(size_t(info.frame_bytes) * (info.frame_per_warp ? warps : 1));
  }
  const auto prepare = [&](Resident& r, uint32_t b) {
    r.state = {};
    r.state.ctaid[0] = b % shape.grid[0];
    r.state.ctaid[1] = b / shape.grid[0] % shape.grid[1];
    r.state.ctaid[2] = b / (shape.grid[0] * shape.grid[1]);
    r.state.shared = r.shared.get();
    r.state.local = r.local.get();
    r.state.frame = r.frame.get();
    r.state.launch = &args;
  };
  if (setjmp(back.env)) return outcome;
  if (!info.may_yield) {
    for (uint32_t b = 0; b < blocks; b++) {
      prepare(resident[0], b);
      outcome.turns++;
      if (engine.run(&args, &resident[0].state) != 0) {
        outcome.trap = exec::Trap::kTimeout;
        return outcome;
      }
    }
    return outcome;
  }
  for (uint32_t b = 0; b < blocks; b++) prepare(resident[b], b);
  for (uint32_t left = blocks; left;) {
    for (Resident& r : resident) {
      if (r.done) continue;
      if (++outcome.turns > max_turns) {
        outcome.trap = exec::Trap::kTimeout;
        return outcome;
      }
      if (engine.run(&args, &r.state) == 0) {
        r.done = true;
        left--;
      }
    }
  }
  return outcome;
}

}  // namespace ppu::harness

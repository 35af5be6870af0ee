// One block: turns of its warps, and its barriers; the kernel's face.
#include <mutex>

#include "ref/machine.h"
#include "ref/ops.h"
#include "ref/ref.h"

namespace ppu::ref {

void BlockRun::start(const Program& p, const exec::LaunchArgs* l, exec::BlockState* s) {
  program = &p;
  launch = l;
  state = s;
  const uint32_t threads = l->block[0] * l->block[1] * l->block[2];
  warps.resize((threads + kWarp - 1) / kWarp);
  live_threads = threads;
  for (Barrier& b : barriers) {
    b.in_use = false;
    b.expected = 0;
    b.arrived.assign(warps.size(), 0);
  }
  for (uint32_t w = 0; w < warps.size(); w++) {
    WarpRun& warp = warps[w];
    warp.block = this;
    warp.index = w;
    warp.live = 0;
    for (uint32_t i = 0; i < kWarp && w * kWarp + i < threads; i++) {
      Lane& lane = warp.lanes[i];
      lane.thread = w * kWarp + i;
      lane.tid[0] = lane.thread % l->block[0];
      lane.tid[1] = lane.thread / l->block[0] % l->block[1];
      lane.tid[2] = lane.thread / (l->block[0] * l->block[1]);
      lane.state = Lane::State::kReady;
      lane.parked = lane.carry = false;
      lane.pc = 0;
      lane.frames.clear();
      warp.live |= 1u << i;
      warp.push_frame(lane, p.kernel, -1);
    }
  }
}

uint32_t BlockRun::run() {
  while (live_threads) {
    if (hook && rounds_left-- <= 0) throw Stopped{};
    bool any = false, only_spins = true;
    for (WarpRun& warp : warps) {
      if (!warp.live) continue;
      if (launch->stop && __atomic_load_n(launch->stop, __ATOMIC_RELAXED))
        warp.trap(warp.lanes[size_t(__builtin_ctz(warp.live))], exec::Trap::kTimeout, 0);
      const bool did = warp.run_turn();
      any |= did;
      if (did && !warp.spun) only_spins = false;
    }
    if (!any) {
      for (WarpRun& warp : warps)
        if (warp.live)
          warp.trap(warp.lanes[size_t(__builtin_ctz(warp.live))], exec::Trap::kBarrierDeadlock, 0);
    }
    if (live_threads && only_spins) return 1;
  }
  return 0;
}

// ---- Barriers (PTX ISA, "bar, barrier")
// -----------------------------------------------------------------------

void BlockRun::arrive(WarpRun& warp, uint32_t number, uint32_t threads, uint32_t mask) {
  Barrier& b = barriers[number];
  b.in_use = true;
  if (threads) b.expected = threads;
  b.arrived[warp.index] |= mask;
  if (complete(b)) release(number);
}

/// Without a count: all threads that still live. With one: whole warps count 32, as the hardware counts
/// warps.
bool BlockRun::complete(const Barrier& b) const {
  if (b.expected == 0) {
    for (const WarpRun& warp : warps)
      if (warp.live & ~b.arrived[warp.index]) return false;
    return true;
  }
  uint32_t threads = 0;
  for (const WarpRun& warp : warps) {
    const uint32_t came = b.arrived[warp.index];
    if (!came) continue;
    threads += (warp.live & ~came) == 0 ? kWarp : uint32_t(__builtin_popcount(came));
  }
  return threads >= b.expected;
}

void BlockRun::check_barriers() {
  for (uint32_t i = 0; i < kNumBarriers; i++)
    if (barriers[i].in_use && complete(barriers[i])) release(i);
}

void BlockRun::release(uint32_t number) {
  Barrier& b = barriers[number];
  b.in_use = false;
  b.expected = 0;
  uint32_t yes = 0, count = 0;
  for (uint32_t w = 0; w < warps.size(); w++) {
    for_lanes(warps[w], warps[w].live, [&](Lane& lane) {
      if (lane.state != Lane::State::kAtBarrier || lane.barrier != number) return;
      count++;
      yes += lane.barrier_pred;
    });
    b.arrived[w] = 0;
  }
  for (WarpRun& warp : warps) {
    for_lanes(warp, warp.live, [&](Lane& lane) {
      if (lane.state != Lane::State::kAtBarrier || lane.barrier != number) return;
      const Op& op = warp.own_op(lane);
      if (op.run == ref_bar_red) {
        uint64_t result = yes;
        if (op.mods.has("and")) result = yes == count;
        if (op.mods.has("or")) result = yes != 0;
        warp.write(lane, op.args[0], result, op.type);
      }
      lane.barrier_pred = false;
      lane.state = Lane::State::kReady;
      lane.pc++;
    });
  }
}

// ---- RefKernel
// ------------------------------------------------------------------------------------------------

/// Runs are kept here, not on the stack: a fault leaves run_block by longjmp, and only loses a run until the
/// kernel is destroyed.
struct RefKernel::Pool {
  std::mutex mutex;
  std::vector<std::unique_ptr<BlockRun>> all;
  std::vector<BlockRun*> free;
};

RefKernel::RefKernel() : pool_(std::make_unique<Pool>()) {}
RefKernel::~RefKernel() = default;

Result<std::unique_ptr<RefKernel>> RefKernel::make(const ptx::Module& module, const std::string& kernel,
                                                   bool count, bool check, uint32_t call_stack_bytes) {
  auto program = make_program(module, kernel, count, check, call_stack_bytes);
  if (!program) return program.error();
  std::unique_ptr<RefKernel> out(new RefKernel);
  out->program_ = std::move(*program);
  return out;
}

const exec::KernelInfo& RefKernel::info() const {
  return program_->info;
}

uint32_t RefKernel::param_bytes() const {
  return ptx::param_layout(program_->module.functions[size_t(program_->kernel)]).total;
}

BlockRun* RefKernel::acquire() {
  std::lock_guard lock(pool_->mutex);
  if (pool_->free.empty()) {
    pool_->all.push_back(std::make_unique<BlockRun>());
    return pool_->all.back().get();
  }
  BlockRun* run = pool_->free.back();
  pool_->free.pop_back();
  return run;
}

void RefKernel::release(BlockRun* run) {
  std::lock_guard lock(pool_->mutex);
  pool_->free.push_back(run);
}

uint32_t RefKernel::run_block(const exec::LaunchArgs* launch, exec::BlockState* block) {
  // Between calls a waiting block's run is found through its frame.
  BlockRun*& kept = *reinterpret_cast<BlockRun**>(block->frame);
  BlockRun* run = nullptr;
  if (block->resume == 0) {
    run = acquire();
    run->hook = nullptr;
    run->start(*program_, launch, block);
  } else {
    run = kept;
    run->state = block;
    run->launch = launch;
  }
  uint32_t result = 0;
  try {
    result = run->run();
  } catch (const Stopped&) {
    result = 0;  // the trap helper came back: the launch is over
  }
  if (result == 1) {
    kept = run;
    block->resume = 1;
    return 1;
  }
  block->resume = 0;
  release(run);
  return 0;
}

bool RefKernel::run_hooked(const exec::LaunchArgs* launch, exec::BlockState* block, AccessHook* hook,
                           int max_rounds) {
  BlockRun* run = acquire();
  run->hook = hook;
  run->rounds_left = max_rounds;
  bool ended = false;
  try {
    run->start(*program_, launch, block);
    while (run->run() == 1) {
    }
    ended = true;
  } catch (const Stopped&) {
  }
  run->hook = nullptr;
  release(run);
  return ended;
}

}  // namespace ppu::ref

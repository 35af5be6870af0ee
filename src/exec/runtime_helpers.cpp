// What compiled kernels call through LaunchArgs::rt. A helper runs inside the kernel's protected region: it
// reads kernel memory first, holding nothing (that may fault and longjmp away), and does the rest with the
// region suspended.
#include <sched.h>
#include <time.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstring>
#include <string>

#include "base/log.h"
#include "exec/checker.h"
#include "exec/counters.h"
#include "exec/device_heap.h"
#include "exec/device_printf.h"
#include "exec/fault.h"
#include "exec/kernel_job.h"
#include "exec/lane_scheduler.h"
#include "exec/mbarrier.h"
#include "exec/texture.h"
#include "exec/tile_products.h"

namespace ppu::exec {
namespace {

LaunchServices* services(const BlockState* block) {
  return static_cast<LaunchServices*>(block->launch->user);
}

[[noreturn]] void rt_trap(BlockState* block, uint32_t kind, uint64_t info, uint32_t thread) {
  if (const LaunchServices* s = services(block); s && s->checker && Trap(kind) == Trap::kBarrierDeadlock) {
    const SuspendRegion suspended;
    s->checker->deadlock(*block);
  }
  Fault fault;
  fault.kind = Trap(kind);
  fault.info = info;
  fault.has_address = fault.kind == Trap::kMisaligned || fault.kind == Trap::kIllegalAddress;
  fault.has_thread = true;
  fault.thread = thread;
  fault.warp = thread / kWarpSize;
  leave_region(fault);
}

int32_t rt_vprintf(BlockState* block, uint64_t format, uint64_t args) {
  const char* text = reinterpret_cast<const char*>(format);
  const char* values = reinterpret_cast<const char*>(args);
  const int count = check_printf(text, values);
  if (count < 0) return -1;
  SuspendRegion suspended;
  LaunchServices* s = services(block);
  if (!s || !s->printf_buffer) return -1;
  s->printf_buffer->append(format_printf(text, values));
  return count;
}

/// A string of 1- or 2-byte characters in kernel memory, cut at `room`.
void read_text(uint64_t address, uint64_t char_size, char* to, size_t room) {
  size_t n = 0;
  if (address) {
    for (; n + 1 < room; n++) {
      char c = char_size == 2 ? char(reinterpret_cast<const uint16_t*>(address)[n])
                              : reinterpret_cast<const char*>(address)[n];
      if (!c) break;
      to[n] = c;
    }
  }
  to[n] = 0;
}

void rt_assertfail(BlockState* block, uint64_t msg, uint64_t file, uint32_t line, uint64_t function,
                   uint64_t char_size) {
  char message[512], where[512], name[512];
  read_text(msg, char_size, message, sizeof message);
  read_text(file, char_size, where, sizeof where);
  read_text(function, char_size, name, sizeof name);
  SuspendRegion suspended;
  const uint32_t* dim = block->launch->block;
  const uint32_t t = block->thread;
  const uint32_t x = t % dim[0], y = t / dim[0] % dim[1], z = t / dim[0] / dim[1];
  std::fprintf(stderr, "%s:%u: %s: block: [%u,%u,%u], thread: [%u,%u,%u] Assertion `%s` failed.\n", where,
               line, name, block->ctaid[0], block->ctaid[1], block->ctaid[2], x, y, z, message);
  Fault fault;
  fault.kind = Trap::kAssert;
  fault.has_thread = true;
  fault.thread = t;
  fault.warp = t / kWarpSize;
  // Every failing thread prints; the launch ends when the thread traps, or at the end of the grid.
  static_cast<KernelJob*>(block->worker)->record_fault(fault, block->ctaid);
}

uint64_t rt_malloc(BlockState* block, uint64_t size) {
  SuspendRegion suspended;
  LaunchServices* s = services(block);
  return s && s->heap ? s->heap->malloc(size) : 0;
}

void rt_free(BlockState* block, uint64_t address) {
  bool known = false;
  {
    SuspendRegion suspended;
    LaunchServices* s = services(block);
    known = s && s->heap && s->heap->free(address);
  }
  if (known) return;
  if (LaunchServices* s = services(block); s && s->checker) {
    const SuspendRegion suspended;
    s->checker->bad_free(*block, address);
  }
  rt_trap(block, uint32_t(Trap::kIllegalAddress), address, block->thread);
}

uint64_t rt_device_call(BlockState* block, uint32_t call, uint64_t words) {
  DeviceAnswer answer;
  {
    SuspendRegion suspended;
    const LaunchServices* s = services(block);
    if (s && s->device_call)
      answer = s->device_call(s->grid, *block, call, reinterpret_cast<const uint64_t*>(words));
  }
  // In the open: an address that isn't there is the kernel's fault.
  if (answer.bytes) std::memcpy(reinterpret_cast<void*>(answer.address), answer.data, answer.bytes);
  return answer.value;
}

uint64_t rt_globaltimer(BlockState*) {
  timespec t;
  ::clock_gettime(CLOCK_REALTIME, &t);
  return uint64_t(t.tv_sec) * 1'000'000'000 + uint64_t(t.tv_nsec);
}

void rt_nanosleep(BlockState* block, uint32_t ns) {
  // The block's other warps go first: the executor sleeps, once for all that asked (kernel_job.cpp).
  block->sleep_ns = std::max(block->sleep_ns, ns);
}

// Called when no warp of the block can run: lets go the warps of every barrier that is complete (PTX ISA
// 9.7.13.1: barrier counts are in threads, whole warps at a time). None complete: the block would wait
// forever.
void rt_release_barriers(BlockState* block, uint32_t warps) {
  auto* frame = reinterpret_cast<FrameHeader*>(block->frame);
  uint32_t runnable = 0;
  for (uint32_t id = 0; id < kNamedBarriers; id++) {
    if (!frame->expected[id]) continue;
    uint32_t waiting = 0, alive = 0;
    for (uint32_t w = 0; w < warps; w++) {
      alive += frame->state[w] != 0;
      waiting += frame->state[w] != 0 && frame->barrier[w] == id + 1;
    }
    const bool complete =
        frame->expected[id] == kAllThreads ? waiting == alive : frame->arrived[id] >= frame->expected[id];
    if (!complete) continue;
    for (uint32_t w = 0; w < warps; w++)
      if (frame->barrier[w] == id + 1) {
        frame->barrier[w] = 0;
        runnable++;
      }
    frame->arrived[id] = frame->expected[id] = 0;
  }
  if (!runnable) rt_trap(block, uint32_t(Trap::kBarrierDeadlock), 0, block->warp * kWarpSize);
}

// No other thread of the host sees a block's shared memory, so plain accesses will do.
uint64_t rt_mbarrier_update(BlockState*, uint64_t address, uint32_t arrivals, uint32_t tx, uint32_t drop) {
  auto* word = reinterpret_cast<volatile uint64_t*>(address);
  const uint64_t before = *word;
  *word = mbarrier_updated(before, arrivals, int32_t(tx), drop != 0);
  return before;
}

uint32_t rt_texture(BlockState* block, uint64_t op, const uint64_t* handles, const uint32_t* in,
                    uint32_t* out, uint32_t lanes, uint32_t thread) {
  const TextureFault fault = run_texture(TextureOp::of(op), handles, in, out, lanes);
  if (!fault.trap) return 0;
  if (block) rt_trap(block, fault.trap, fault.info, thread + fault.lane);
  out[0] = uint32_t(fault.info);
  out[1] = uint32_t(fault.info >> 32);
  return fault.trap | fault.lane << 8;
}

void rt_tile_products(TileQueue* queue, const void* const* units, void* tiles) {
  run_tile_products(tile_engine(), *queue, units, tiles);
}

uint32_t rt_sums_by_tiles(uint32_t kind) {
  return sums_by_tiles(TileKind(kind));
}

uint64_t rt_count_access(BlockState* block, uint32_t how_and_bytes, uint64_t addresses, uint32_t mask) {
  const auto* address = reinterpret_cast<const uint64_t*>(addresses);
  const auto how = AccessCount(how_and_bytes % 4);
  const uint32_t bytes = how_and_bytes / 4;
  if (how != AccessCount::kGeneric) return count_access(how, address, mask, bytes);
  const auto shared = reinterpret_cast<uint64_t>(block->shared);
  uint32_t in_shared = 0;
  for (uint32_t left = mask; left; left &= left - 1)
    if (address[__builtin_ctz(left)] - shared < block->launch->shared_bytes) in_shared |= left & (0u - left);
  return count_sectors(address, mask & ~in_shared, bytes) |
         uint64_t(count_bank_passes(address, in_shared, bytes)) << 16 |
         uint64_t(__builtin_popcount(in_shared)) << 32 | uint64_t(in_shared != 0) << 48;
}

void rt_check_access(BlockState* block, uint64_t place, uint64_t addresses, uint32_t bytes, uint32_t mask,
                     uint32_t thread) {
  LaunchServices* s = services(block);
  if (!mask || !bytes || !s || !s->checker) return;
  uint64_t info = 0;
  uint32_t lane = 0;
  Trap trap = Trap::kNone;
  {
    const SuspendRegion suspended;
    trap = s->checker->access(*block, place, reinterpret_cast<const uint64_t*>(addresses), bytes, mask,
                              thread, &info, &lane);
  }
  if (trap != Trap::kNone) rt_trap(block, uint32_t(trap), info, thread + lane);
}

void rt_check_sync(BlockState* block, uint64_t place, uint64_t words, uint32_t mask, uint32_t thread) {
  LaunchServices* s = services(block);
  if (!mask || !s || !s->checker) return;
  const SuspendRegion suspended;
  s->checker->sync(*block, place, reinterpret_cast<const uint64_t*>(words), mask, thread);
}

}  // namespace

float round_f32(uint32_t op_and_mode, float a, float b, float c);
double round_f64(uint32_t op_and_mode, double a, double b, double c);

const RuntimeTable* runtime_table() {
  static const RuntimeTable table = {
      .trap = rt_trap,
      .vprintf = rt_vprintf,
      .assertfail = rt_assertfail,
      .malloc = rt_malloc,
      .free = rt_free,
      .globaltimer = rt_globaltimer,
      .fround_f32 = round_f32,
      .fround_f64 = round_f64,
      .nanosleep = rt_nanosleep,
      .release_barriers = rt_release_barriers,
      .run_lanes = run_lanes,
      .mbarrier_update = rt_mbarrier_update,
      .texture = rt_texture,
      .device_call = rt_device_call,
      .count_access = rt_count_access,
      .tile_products = rt_tile_products,
      .sums_by_tiles = rt_sums_by_tiles,
      .check_access = rt_check_access,
      .check_sync = rt_check_sync,
  };
  return &table;
}

}  // namespace ppu::exec

// The state of a running block: lanes, warps, barriers. Owned by the kernel's pool, because a fault leaves
// run_block by longjmp.
#pragma once
#include <array>
#include <cstdlib>
#include <memory>
#include <vector>

#include "exec/check_abi.h"
#include "exec/kernel_abi.h"
#include "ref/program.h"
#include "ref/ref.h"

namespace ppu::ref {

constexpr int kWarp = 32;
constexpr int kNumBarriers = 16;
/// Registers and parameters of nested calls take so much more than their .local memory.
constexpr uint32_t kRegistersBesideLocal = 16;

struct Frame {
  int32_t function = -1;
  int32_t return_pc = 0;
  uint32_t slots = 0;   ///< offset of the registers in Lane::stack
  uint32_t memory = 0;  ///< offset of the parameter memory in Lane::stack
  uint32_t local = 0;   ///< offset in the thread's local memory
  uint32_t end = 0;     ///< first free byte of Lane::stack
  uint32_t local_end = 0;
  uint64_t stack_used = 0;  ///< bytes that alloca has given out
};

struct FreeMemory {
  void operator()(uint8_t* p) const { std::free(p); }
};

struct Lane {
  enum class State : uint8_t { kReady, kAtBarrier, kAtWarpSync, kDone };
  State state = State::kDone;
  bool carry = false;
  bool parked = false;   ///< spinning: others first
  uint32_t barrier = 0;  ///< kAtBarrier: its number
  bool barrier_pred = false;
  uint32_t tid[3] = {0, 0, 0};
  uint32_t thread = 0;  ///< linear in the block
  int32_t pc = 0;
  uint64_t* regs = nullptr;  ///< of the newest frame
  uint8_t* memory = nullptr;
  char* local = nullptr;
  std::vector<Frame> frames;
  std::unique_ptr<uint8_t[], FreeMemory> stack;
  uint32_t stack_bytes = 0;
  const Frame& frame() const { return frames.back(); }
  /// Parameter memory of its calls.
  bool owns(uint64_t address) const { return address - uint64_t(stack.get()) < stack_bytes; }
};

struct Barrier {
  uint32_t expected = 0;  ///< threads; 0 = all of the block
  bool in_use = false;
  std::vector<uint32_t> arrived;  ///< a mask a warp
};

class WarpRun {
 public:
  BlockRun* block = nullptr;
  uint32_t index = 0;
  uint32_t live = 0;  ///< lanes that exist and haven't exited
  std::array<Lane, kWarp> lanes;

  /// Runs until all lanes have ended or wait, or the warp has had its turn. True if it did anything.
  bool run_turn();

  uint64_t read(const Lane& lane, const Arg& arg) const;
  unsigned __int128 read128(const Lane& lane, const Arg& arg) const;
  bool read_pred(const Lane& lane, const Arg& arg) const { return read(lane, arg) & 1; }
  /// Puts `bits` of type `type` into a register of any width.
  void write(Lane& lane, const Arg& arg, uint64_t bits, isa::Type type);
  void write128(Lane& lane, const Arg& arg, unsigned __int128 bits);
  /// The host address of a kAddress operand.
  uint64_t address(const Lane& lane, const Op& op, const Arg& arg) const;
  /// Traps if `address` isn't a multiple of `bytes`.
  void check_align(const Lane& lane, uint64_t address, uint32_t bytes);
  void load(const Lane& lane, const Op& op, uint64_t address, void* out, uint32_t bytes);
  void store(const Lane& lane, const Op& op, uint64_t address, const void* in, uint32_t bytes);
  /// Tells the checker, in a program made to check, of an access that is about to be made.
  void tell(const Lane& lane, const Op& op, uint64_t address, uint32_t bytes, exec::CheckedAccess kind);
  [[noreturn]] void trap(const Lane& lane, exec::Trap kind, uint64_t info);

  /// The operation `lane` stands at.
  const Op& own_op(const Lane& lane) const;
  void push_frame(Lane& lane, int32_t function, int32_t return_pc);
  void pop_frame(Lane& lane);
  void exit_lanes(uint32_t mask);
  uint64_t special(const Lane& lane, ptx::Special special, int64_t number) const;
  const Code& code(const Lane& lane) const;
  /// The address whose low half is that of `address` and which lies within 2 GiB of `base`.
  static uint64_t whole_address(uint64_t address, uint64_t base);
  /// The same for .local memory (ptx::has_short_local_addresses).
  static uint64_t whole_local_address(const Lane& lane, uint64_t address);
  uint32_t now = 0;  ///< the lanes running the current operation
  bool merged_sync =
      false;          ///< lanes at different places, or some only, do a .sync together: see merge_syncs
  bool spun = false;  ///< the last turn ended in a loop that waits for memory

 private:
  uint32_t choose_group();
  void step(uint32_t group);
  /// Adds one execution of `op`, issued for `group`, its guard true in `mask`, to BlockState::counters.
  void count(const Op& op, uint32_t group, uint32_t mask);
  void run_element(const Op& op, uint32_t mask);
  bool merge_syncs();
  void note_spin(uint32_t group, const Op& op);
  uint32_t spins_ = 0;  ///< of one group, while others could run
};

/// Thrown to leave a run whose trap handler or hook came back.
struct Stopped {};

class BlockRun {
 public:
  const Program* program = nullptr;
  const exec::LaunchArgs* launch = nullptr;
  exec::BlockState* state = nullptr;
  AccessHook* hook = nullptr;
  std::vector<WarpRun> warps;
  std::array<Barrier, kNumBarriers> barriers;
  uint32_t live_threads = 0;

  void start(const Program& p, const exec::LaunchArgs* l, exec::BlockState* s);
  /// 0 ended, 1 yields.
  uint32_t run();
  int rounds_left = 0;  ///< in a hooked run
  void arrive(WarpRun& warp, uint32_t number, uint32_t threads, uint32_t mask);
  void check_barriers();

 private:
  bool complete(const Barrier& b) const;
  void release(uint32_t number);
};

}  // namespace ppu::ref

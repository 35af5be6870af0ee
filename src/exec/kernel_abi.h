// The contract between compiled kernels (src/lower, src/simt, src/codegen), the reference interpreter and the
// executor. Plain C layout: generated code addresses these fields by the offsets in this file.
#pragma once
#include <cstddef>
#include <cstdint>

namespace ppu::exec {

struct TileQueue;

/// Why a lane stopped the launch; maps to a CUresult in src/device.
enum class Trap : uint32_t {
  kNone = 0,
  kTrap = 1,             ///< trap; or brkpt            -> CUDA_ERROR_LAUNCH_FAILED (719)
  kMisaligned = 2,       ///< info = address            -> CUDA_ERROR_MISALIGNED_ADDRESS (716)
  kIllegalAddress = 3,   ///< info = address            -> CUDA_ERROR_ILLEGAL_ADDRESS (700)
  kAssert = 4,           ///< device assert             -> CUDA_ERROR_ASSERT (710)
  kBarrierDeadlock = 5,  ///< a bar.sync never completes-> CUDA_ERROR_LAUNCH_FAILED
  kInvalidPc = 6,        ///< bad indirect call target  -> CUDA_ERROR_INVALID_PC (718)
  kUnsupported = 7,      ///< reached code we refuse; info = const char*  -> CUDA_ERROR_NOT_SUPPORTED
  kStackOverflow = 8,    ///< recursion too deep        -> CUDA_ERROR_LAUNCH_FAILED
  kTimeout = 9,          ///< PPU_TIMEOUT               -> CUDA_ERROR_LAUNCH_TIMEOUT (702)
  kNoMemory =
      10,  ///< no host memory for a block's local memory or frame -> CUDA_ERROR_LAUNCH_OUT_OF_RESOURCES
};

struct BlockState;
struct LaunchArgs;
struct LaneState;

/// A kernel whose lanes run one by one (src/simt/narrow.cpp): runs one thread from suspension `from` (0: the
/// start) to the next one, whose number it returns; 0 = the thread has ended.
using LaneFunction = uint32_t (*)(const LaunchArgs*, BlockState*, uint32_t thread, uint32_t threads,
                                  LaneState* lane, uint32_t from);

/// Helpers that generated code calls through LaunchArgs::rt, by slot. Each serves one lane (simt calls it
/// once for every active lane) unless said otherwise. One row = one slot: name, result, parameters. Slots are
/// only ever appended; kAbiVersion changes when a row changes.
///   RT(name, result, params...)   types: void, i32, i64, f32, f64, ptr
// clang-format off
#define PPU_RUNTIME_HELPERS(RT)                                                                      \
  RT(trap,            void, (BlockState* block, uint32_t kind, uint64_t info, uint32_t thread))      \
  RT(vprintf,         int32_t, (BlockState* block, uint64_t format, uint64_t args))                  \
  RT(assertfail,      void, (BlockState* block, uint64_t msg, uint64_t file, uint32_t line, uint64_t function, uint64_t char_size))\
  RT(malloc,          uint64_t, (BlockState* block, uint64_t size))                                  \
  RT(free,            void, (BlockState* block, uint64_t address))                                   \
  RT(globaltimer,     uint64_t, (BlockState* block))                                                 \
  RT(fround_f32,      float, (uint32_t op_and_mode, float a, float b, float c))                      \
  RT(fround_f64,      double, (uint32_t op_and_mode, double a, double b, double c))                  \
  RT(nanosleep,       void, (BlockState* block, uint32_t ns))                                        \
  RT(release_barriers, void, (BlockState* block, uint32_t warps))                                    \
  RT(run_lanes,       uint32_t, (BlockState* block, LaneFunction function, uint32_t lane_bytes))     \
  RT(mbarrier_update, uint64_t, (BlockState* block, uint64_t address, uint32_t arrivals, uint32_t tx, uint32_t drop))\
  RT(texture,         uint32_t, (BlockState* block, uint64_t op, const uint64_t* handles, const uint32_t* in, uint32_t* out, uint32_t lanes, uint32_t thread))\
  RT(device_call,     uint64_t, (BlockState* block, uint32_t call, uint64_t words))                  \
  RT(count_access,    uint64_t, (BlockState* block, uint32_t how_and_bytes, uint64_t addresses, uint32_t mask))\
  RT(tile_products,   void, (TileQueue* queue, const void* const* units, void* tiles))                 \
  RT(sums_by_tiles,   uint32_t, (uint32_t kind))                                                     \
  RT(check_access,    void, (BlockState* block, uint64_t place, uint64_t addresses, uint32_t bytes, uint32_t mask, uint32_t thread))\
  RT(check_sync,      void, (BlockState* block, uint64_t place, uint64_t words, uint32_t mask, uint32_t thread))
// clang-format on

/// count_access: once a warp; `addresses` = 32 of them, how_and_bytes = bytes * 4 + exec::AccessCount. What
/// the access of the lanes in `mask` takes; of a generic one four numbers of 16 bits, lowest first: sectors,
/// bank passes, lanes in shared memory, whether there are any.
/// check_access, check_sync: once a warp, of code built to be checked; see check_abi.h.
/// tile_products: once a warp; see tile_abi.h. sums_by_tiles: whether sums of a TileKind are in the order of
/// tiles, for the interpreter.
/// fround_*: op_and_mode = op * 4 + mode; op: 0 add, 1 sub, 2 mul, 3 div, 4 fma, 5 sqrt; mode: 0 rn, 1 rz, 2
/// rm, 3 rp.
///
/// texture: one instruction (TextureOp::bits) of a warp whose lane 0 is `thread`; rows as texture_abi.h says.
/// Traps if `block` isn't null; else returns the Trap (0 = none) | its lane << 8, its info in out[0], out[1].
struct RuntimeTable {
#define RT(name, result, params) result(*name) params;
  PPU_RUNTIME_HELPERS(RT)
#undef RT
};

/// One a launch, read-only while it runs, the same for all workers.
struct LaunchArgs {
  const void* params;       ///< parameter block, laid out by ptx::param_layout
  const uint64_t* globals;  ///< address of each variable in KernelInfo::globals, in that order
  const RuntimeTable* rt;
  uint32_t grid[3];       ///< %nctaid
  uint32_t block[3];      ///< %ntid
  uint32_t shared_bytes;  ///< static + dynamic
  uint32_t dynamic_shared_bytes;
  uint64_t grid_id;
  uint32_t num_sms;          ///< %nsmid
  uint32_t flags;            ///< kLaunchCooperative...
  void* user;                ///< the executor's own (fault reports, printf buffer)
  uint64_t envreg[4];        ///< %envreg1.. (cooperative launch)
  uint64_t counted_exactly;  ///< scattered accesses of a place by a worker that are judged each; then a
                             ///< sample is (counters.h). Code built to count only
  const uint32_t*
      stop;  ///< nonzero: the launch is over its time; the interpreter looks, the compiler doesn't
};

/// One a resident block. Reused by a worker from block to block.
struct BlockState {
  uint32_t ctaid[3];  ///< %ctaid
  uint32_t smid;
  char* shared;  ///< base of the shared window, >= 256-byte aligned; unmapped but for 228 KB and a page to
                 ///< read in front
  char* local;   ///< .local of thread t (linear in the block) at local + t * KernelInfo::local_bytes
  char* frame;   ///< KernelInfo::frame_bytes for this launch shape, 64-byte aligned
  const LaunchArgs* launch;
  uint32_t warp;         ///< warp now running: written by generated code before it may fault
  uint32_t resume;       ///< 0 on entry of a fresh block; the compiled code's own afterwards
  void* worker;          ///< the executor's own
  uint64_t stack_limit;  ///< lowest usable stack address: calls in recursive code check against it
  uint32_t thread;       ///< linear thread a runtime helper serves now: written before each helper call
  uint32_t poll_line;    ///< PTX line of the last access that waited for memory to change
  uint64_t* counters;    ///< of ptx::ProfilePlan's words, for code built to count; null otherwise
  void* check;           ///< what the checker knows of the block; null: it has seen none here yet
  uint32_t sleep_ns;     ///< how long warps asked to sleep since the block was last entered
};

constexpr uint32_t kMaxWarps = 32;  ///< of a block: 1024 threads
constexpr uint32_t kNamedBarriers = 16;
constexpr uint32_t kAllThreads = ~0u;

/// Head of BlockState::frame in compiled kernels that suspend warps; the warps' saved values follow.
struct FrameHeader {
  uint32_t state[kMaxWarps];  ///< suspension each warp waits at; 0 = ended
  uint32_t next[kMaxWarps];
  uint32_t reduce[2][kMaxWarps];      ///< bar.red: lanes << 16 | votes, odd and even ones in turn
  uint32_t reductions[kMaxWarps];     ///< how many bar.red the warp has reached
  uint32_t barrier[kMaxWarps];        ///< named barriers: 1 + the barrier a warp waits at; 0 = it may run
  uint32_t arrived[kNamedBarriers];   ///< threads, whole warps counted
  uint32_t expected[kNamedBarriers];  ///< 0 = barrier not in use; kAllThreads = every warp that hasn't ended
  uint64_t present;                   ///< states some warp is in, between calls of a block that yields
};

/// What a lane of a narrow kernel waits for: one row = the ppu.* call (src/simt/simt.h) it stands for. Lanes
/// meet at operations of one group, wherever in the program each of them stands.
///   LANE_OP(enumerator, call behind "ppu.", group)
// clang-format off
#define PPU_LANE_OPS(LANE_OP)                    \
  LANE_OP(kYield,       "yield",         kNone)  \
  LANE_OP(kBarSync,     "bar.sync",      kBlock) \
  LANE_OP(kBarArrive,   "bar.arrive",    kBlock) \
  LANE_OP(kBarRedPopc,  "bar.red.popc",  kBlock) \
  LANE_OP(kBarRedAnd,   "bar.red.and",   kBlock) \
  LANE_OP(kBarRedOr,    "bar.red.or",    kBlock) \
  LANE_OP(kWarpSync,    "warp.sync",     kSync)  \
  LANE_OP(kBallot,      "ballot",        kVote)  \
  LANE_OP(kShflUp,      "shfl.up",       kShfl)  \
  LANE_OP(kShflDown,    "shfl.down",     kShfl)  \
  LANE_OP(kShflBfly,    "shfl.bfly",     kShfl)  \
  LANE_OP(kShflIdx,     "shfl.idx",      kShfl)  \
  LANE_OP(kMatchAny32,  "match.any.i32", kMatch) \
  LANE_OP(kMatchAny64,  "match.any.i64", kMatch) \
  LANE_OP(kMatchAll32,  "match.all.i32", kMatch) \
  LANE_OP(kMatchAll64,  "match.all.i64", kMatch) \
  LANE_OP(kReduxAdd,    "redux.add",     kRedux) \
  LANE_OP(kReduxMin,    "redux.min",     kRedux) \
  LANE_OP(kReduxMax,    "redux.max",     kRedux) \
  LANE_OP(kReduxUmin,   "redux.umin",    kRedux) \
  LANE_OP(kReduxUmax,   "redux.umax",    kRedux) \
  LANE_OP(kReduxAnd,    "redux.and",     kRedux) \
  LANE_OP(kReduxOr,     "redux.or",      kRedux) \
  LANE_OP(kReduxXor,    "redux.xor",     kRedux)
// clang-format on
enum class LaneGroup : uint32_t { kNone, kBlock, kSync, kVote, kShfl, kMatch, kRedux };
enum class LaneOp : uint32_t {
#define LANE_OP(enumerator, call, group) enumerator,
  PPU_LANE_OPS(LANE_OP)
#undef LANE_OP
};

/// One thread of a narrow kernel, in BlockState::frame; its saved values follow.
struct LaneState {
  uint32_t from;     ///< suspension it stands at; 0 = ended, ~0 = not started
  LaneOp op;         ///< what it waits for there
  uint64_t value;    ///< operand a or the predicate; then the result
  uint32_t members;  ///< member mask; barriers: number
  uint32_t b, c;     ///< shfl's; barriers: b = threads
  uint32_t flag;     ///< second result
  uint32_t waits;    ///< 1: not to be run until the scheduler says so
  uint32_t unused[7];
};

/// Head of the frame of a narrow kernel; LaneState and values of each thread follow, `lane_bytes` apart.
struct LanesHeader {
  struct Barrier {
    uint32_t expected;  ///< threads; 0 = all that live
    uint32_t in_use;
    uint32_t arrived[kMaxWarps];  ///< lanes, a mask a warp
  };
  uint32_t live[kMaxWarps];  ///< lanes that exist and haven't ended
  Barrier barriers[kNamedBarriers];
  uint32_t unused[16];
};

/// A compiled kernel: runs one block until it ends or yields.
/// Returns 0 when the block has ended, 1 when it waits for another block (call again with the same state).
using BlockFunction = uint32_t (*)(const LaunchArgs*, BlockState*);

constexpr uint32_t kAbiVersion = 5;
constexpr uint32_t kWarpSize = 32;

}  // namespace ppu::exec

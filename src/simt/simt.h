// SIMT -> SIMD: turns the scalar IR of one thread into the IR of a whole block, a warp = 32-lane vectors.
//
// Contract of the scalar IR that src/lower hands over
// ---------------------------------------------------
// One llvm::Module a kernel. The kernel is `void @NAME(ptr %launch, ptr %block)`: exec::LaunchArgs*,
// exec::BlockState*. Device functions that were not inlined are `T @fn(ptr %launch, ptr %block, args...)`.
// Pointers are addrspace(0) and hold host addresses: a shared address is ppu.shared.base() + offset, a
// generic address is the same number, local is ppu.local.base() + offset. Plain
// load/store/atomicrmw/cmpxchg/fence, vectors `<2|4 x T>` for ld.v2/v4. Loads that never change (params,
// ctaid) carry !invariant.load. Accesses may carry !ppu.space !{i32 N} (ptx::Space) for aliasing and cheaper
// shared atomics.
//
// Intrinsics: external functions named below. C = convergent (a warp-level operation).
//   i32  @ppu.tid.x() .y .z          %tid; lanes of a warp are consecutive in x, then y, then z
//   i32  @ppu.laneid()  i32 @ppu.warpid()
//   ptr  @ppu.shared.base()          uniform in the block
//   ptr  @ppu.local.base()           this thread's .local
//   i32  @ppu.activemask()                                    C
//   i32  @ppu.ballot(i1 p, i32 membermask)                    C  lanes of membermask & active with p
//   {i32,i1} @ppu.shfl.{up,down,bfly,idx}(i32 a, i32 b, i32 c, i32 membermask)   C  PTX shfl.sync
//   i32  @ppu.match.any.i32|i64(T a, i32 membermask)          C
//   {i32,i1} @ppu.match.all.i32|i64(T a, i32 membermask)      C
//   i32  @ppu.redux.{add,min,max,umin,umax,and,or,xor}(i32 a, i32 membermask)    C
//   void @ppu.warp.sync(i32 membermask)                       C  bar.warp.sync
//   void @ppu.bar.sync(i32 id, i32 threads)                   C  threads 0 = all of the block
//   void @ppu.bar.arrive(i32 id, i32 threads)                 C
//   i32  @ppu.bar.red.{popc,and,or}(i32 id, i32 threads, i1 p) C
//   void @ppu.yield()                C  nanosleep, spin loops: other warps (and blocks) may run first
//   void @ppu.check.align(i64 low, i64 address)   traps kMisaligned if low != 0 in an active lane
//   void @ppu.check.access(i64 place, i32 bytes, ptr p)  tells the checker, before the access
//   (exec/check_abi.h) void @ppu.check.sync(i64 place, i64 word)     the same of meetings of threads void
//   @ppu.trap(i32 kind, i64 info)            any active lane: ends the launch (exec::Trap) T
//   @ppu.f{add,sub,mul,div,fma,sqrt}.{rz,rm,rp}.{f32,f64}(T...)   directed rounding T
//   @ppu.{mma,wmma,ldmatrix,stmatrix,movmatrix}.SPELLING(...)  C  PTX's matrix instructions by their PTX
//                                    spelling. Fragment registers (f32 and f64 as such, else i32) in operand
//                                    order without wmma's copies; results {D...}; memory: ptr first, wmma's
//                                    i32 stride second; sparse: metadata last, ".selectorN" ends the name
//   T    @ppu.rt.NAME(args...)       a helper of exec::PPU_RUNTIME_HELPERS, once for each active lane; a
//   leading
//                                    BlockState* parameter is passed as %block; globaltimer once for the warp
//   {i32 x4} @ppu.rt.texture.N(i64 op, i64 handle, i32 words...)   the helper `texture`, once for the warp:
//                                    the words are its input rows (exec/texture_abi.h); N = number of words
//   T    @ppu.call.indirect.N(i64 id, args...)   C  call through a function pointer; the callee is one of the
//                                    functions listed in !ppu.functions = !{!{ptr @fn, i64 id}, ...}
//   i64  @ppu.clock64()              uniform
//   void @ppu.count.unit(i32 word)   adds active lanes to BlockState::counters[word] and 1 to the next; lanes
//                                    that run it one by one to the one behind (exec::kUnitWords)
//   void @ppu.count.access(i32 word, i32 bytes * 4 + exec::AccessCount, ptr p)   adds what it takes
//   void @ppu.count.branch(i32 word, i1 taken)    adds 1 if lanes of the warp differ
// Kernel attributes: "ppu.block"="x,y,z" when specialised; "ppu.local.bytes"="n" (per thread). Named
// metadata !ppu.lockstep: warp operations without member masks, which mean the lanes that run together.
#pragma once
#include <cstdint>
#include <string>

namespace llvm {
class Module;
}

namespace ppu::simt {

/// How a warp runs: as 32-lane vectors, or each lane by itself (narrow.h). Chosen: narrow where lanes of a
/// warp wait for each other.
enum class Lanes : uint8_t { kChosen, kWide, kNarrow };

/// Loops that lanes leave by their own data (lane_loops.cpp): masked rounds of the warp, or one lane after
/// another. Chosen: what costs less.
enum class DataLoops : uint8_t { kChosen, kMasked, kByLane };

struct Options {
  uint32_t block[3] = {0, 0, 0};  ///< 0,0,0 = generic
  uint32_t gang = 0;              ///< warps run in step where that is legal; 0 = chosen by the kernel's loops
  Lanes lanes = Lanes::kChosen;
  DataLoops data_loops = DataLoops::kChosen;
  bool brief = false;  ///< wanted soon: one version for all blocks and launches, one warp at a time
  bool check = false;  ///< the code tells what it does (ppu.check.*): one warp at a time
  bool avx512 = true;  ///< use AVX-512 intrinsics (embedded rounding, compress, permutes)
};

struct Outcome {
  std::string error;         ///< empty on success; else what could not be done and at which PTX line
  uint32_t frame_bytes = 0;  ///< BlockState::frame need: per block if specialised, else per warp
  bool frame_per_warp = false;
  bool may_yield = false;
  bool narrow = false;             ///< each lane runs by itself
  bool lockstep_is_wrong = false;  ///< it isn't narrow although its results are others then
  std::string why_narrow = {};     ///< the reason; or, if it isn't narrow, why it can't be although it should
};

/// Replaces the kernel's body by `i32 @NAME.block(ptr %launch, ptr %block)` (exec::BlockFunction) and widened
/// device functions; erases the scalar ones. The input must be in the form `prepare` leaves.
Outcome widen_module(llvm::Module& module, const std::string& kernel, const Options& options);

}  // namespace ppu::simt

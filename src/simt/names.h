// The external functions of the scalar-IR contract (see simt.h), each spelled once.
#pragma once
#include "llvm/ADT/StringRef.h"

namespace ppu::simt {

inline constexpr llvm::StringLiteral kTidX = "ppu.tid.x", kTidY = "ppu.tid.y", kTidZ = "ppu.tid.z";
inline constexpr llvm::StringLiteral kLaneId = "ppu.laneid", kWarpId = "ppu.warpid";
inline constexpr llvm::StringLiteral kSharedBase = "ppu.shared.base", kLocalBase = "ppu.local.base";
inline constexpr llvm::StringLiteral kActiveMask = "ppu.activemask", kBallot = "ppu.ballot";
inline constexpr llvm::StringLiteral kShflPrefix = "ppu.shfl.", kShflIdx = "ppu.shfl.idx",
                                     kShflBfly = "ppu.shfl.bfly";
inline constexpr llvm::StringLiteral kMatchAnyPrefix = "ppu.match.any.", kMatchAllPrefix = "ppu.match.all.";
inline constexpr llvm::StringLiteral kReduxPrefix = "ppu.redux.";
inline constexpr llvm::StringLiteral kWarpSync = "ppu.warp.sync";
inline constexpr llvm::StringLiteral kBarPrefix = "ppu.bar.", kBarSync = "ppu.bar.sync",
                                     kBarArrive = "ppu.bar.arrive", kBarRedPrefix = "ppu.bar.red.";
inline constexpr llvm::StringLiteral kYield = "ppu.yield";
inline constexpr llvm::StringLiteral kCheckAlign = "ppu.check.align", kTrap = "ppu.trap";
inline constexpr llvm::StringLiteral kCheckAccess = "ppu.check.access", kCheckSync = "ppu.check.sync";
inline constexpr llvm::StringLiteral kFloatPrefix = "ppu.f";
inline constexpr llvm::StringLiteral kRuntimePrefix = "ppu.rt.";
inline constexpr llvm::StringLiteral kTexturePrefix = "ppu.rt.texture.";
inline constexpr llvm::StringLiteral kIndirectPrefix = "ppu.call.indirect.";
inline constexpr llvm::StringLiteral kMmaPrefix = "ppu.mma.", kWmmaPrefix = "ppu.wmma.",
                                     kWmmaLoadPrefix = "ppu.wmma.load.", kWmmaStorePrefix = "ppu.wmma.store.",
                                     kLdmatrixPrefix = "ppu.ldmatrix.", kStmatrixPrefix = "ppu.stmatrix.",
                                     kMovmatrixPrefix = "ppu.movmatrix.";
inline constexpr llvm::StringLiteral kClock64 = "ppu.clock64", kGlobaltimer = "ppu.rt.globaltimer";
inline constexpr llvm::StringLiteral kCountPrefix = "ppu.count.", kCountUnit = "ppu.count.unit",
                                     kCountAccess = "ppu.count.access", kCountBranch = "ppu.count.branch";
inline constexpr llvm::StringLiteral kFunctionsMetadata = "ppu.functions";
inline constexpr llvm::StringLiteral kLockstepMetadata = "ppu.lockstep";
/// The PTX line (i32) of a volatile or atomic access, and of a yield in the loop that polls by it.
inline constexpr llvm::StringLiteral kLineMetadata = "ppu.line";
/// A load that goes past the first cache (ld.cg): what other threads write is wanted.
inline constexpr llvm::StringLiteral kFreshMetadata = "ppu.fresh";
/// Internal to src/simt: marks stack memory that must survive suspensions of its warp.
inline constexpr llvm::StringLiteral kKeptMetadata = "ppu.kept";
/// Internal to src/simt: an extension to 64 bits whose operand doesn't wrap between the threads of the block.
inline constexpr llvm::StringLiteral kUnwrapped = "ppu.unwrapped";
/// Internal to src/simt: an extension whose operand isn't negative in lanes that use its result.
inline constexpr llvm::StringLiteral kNonNegative = "ppu.nonnegative";
/// Internal to src/simt: loads of one thread side by side, made one of a vector.
inline constexpr llvm::StringLiteral kJoined = "ppu.joined";
/// Internal to src/simt: where a warp is suspended (operands: kind, see suspend.h).
inline constexpr llvm::StringLiteral kSuspend = "ppu.suspend";

}  // namespace ppu::simt

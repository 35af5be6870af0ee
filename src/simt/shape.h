// What is known of a value across the 32 lanes of a warp: the lattice
//   unknown < linear (uniform when all offsets are 0) < varying
// A linear value is base + c[lane]: base is lane 0's value, a scalar at run time; c is known at compile time.
// That one element covers uniform, affine (c = lane * stride) and lane patterns (c = lane & 15).
#pragma once
#include <array>
#include <cstdint>
#include <optional>
#include <set>
#include <vector>

#include "llvm/ADT/DenseMap.h"
#include "llvm/Analysis/LoopInfo.h"
#include "llvm/Analysis/PostDominators.h"
#include "llvm/IR/Dominators.h"
#include "llvm/IR/Instructions.h"
#include "simt/simt.h"

namespace ppu::simt {

constexpr unsigned kLanes = 32;
constexpr uint8_t kAllLaneBits = 31;
using LaneOffsets = std::array<int64_t, kLanes>;

/// A 32-bit value base + c[lane] that is extended to 64 bits: extended(base) + c[lane] too, unless some
/// lane's value wraps. Nothing in PTX says that it doesn't; a test at run time does (versions.cpp).
struct Extension {
  const llvm::Instruction* extension = nullptr;
  int64_t factor = 0;  ///< how often its wrapping would be in the value
  bool operator==(const Extension& o) const { return extension == o.extension && factor == o.factor; }
};

struct Shape {
  enum class State : uint8_t { kUnknown, kLinear, kVarying };
  State state = State::kUnknown;
  bool has_offsets = false;  ///< false: uniform
  bool per_warp = false;     ///< may differ between the warps of a block (false: block-uniform, lane by lane)
  uint8_t same_across = 0;   ///< varying: lanes whose numbers differ in these bits only have the same value
  uint8_t base_zeros = 0;    ///< low bits of base known to be zero (64 = base is 0)
  /// All threads of the block have the same bits from this one up (block_values.cpp).
  uint8_t same_above = kNoSharedBits;
  static constexpr uint8_t kNoSharedBits = 64;
  LaneOffsets c{};                           ///< c[0] == 0 always; meaningful if has_offsets
  std::vector<Extension> if_unwrapped = {};  ///< linear only if these don't wrap; then has_offsets

  /// Varying: within so many lanes (16, 8, 4; 0: none) the value is first lane's + c[lane] (pieces.cpp).
  uint8_t piece = 0;

  static Shape varying() { return {State::kVarying, false, false, 0, 0, kNoSharedBits, {}, {}}; }
  static Shape uniform(unsigned zeros = 0) {
    return {State::kLinear, false, false, 0, uint8_t(zeros), kNoSharedBits, {}, {}};
  }
  bool is_unknown() const { return state == State::kUnknown; }
  bool is_varying() const { return state == State::kVarying; }
  bool is_linear() const { return state == State::kLinear; }
  bool is_uniform() const { return is_linear() && !has_offsets; }
  bool same_offsets(const Shape& o) const {
    return has_offsets == o.has_offsets && (!has_offsets || c == o.c) && if_unwrapped == o.if_unwrapped;
  }
  bool operator==(const Shape& o) const {
    return state == o.state && same_offsets(o) && base_zeros == o.base_zeros && per_warp == o.per_warp &&
           same_across == o.same_across && same_above == o.same_above && piece == o.piece;
  }
  /// Bits of the lane number that make no difference: same_across, or what the offsets say.
  uint8_t indifferent_bits() const;
  /// c[lane] = lane * c[1].
  bool is_stride() const;
  int64_t min_offset() const;
  int64_t max_offset() const;
  /// 0 <= c < 2^base_zeros: base + c never carries, so shifts, masks and extensions distribute over it.
  bool low_bits_free() const;
};

/// What is known of a value's pieces; lanes = 0: nothing.
struct Piece {
  unsigned lanes = 0;
  LaneOffsets c{};
  std::vector<Extension> if_unwrapped = {};
};

/// Adds what factor times another value rests on. False: too much.
bool add_extensions(std::vector<Extension>& to, const std::vector<Extension>& more, int64_t factor);

/// Every use is an address in shared memory: lanes that wrapped would be far outside that window, as lanes
/// that didn't are.
bool addresses_shared_memory(const llvm::Value* v, int depth);

/// Launch-shape facts the analysis starts from.
struct WarpLayout {
  uint32_t block[3] = {0, 0, 0};  ///< 0,0,0 = unknown
  uint64_t local_bytes = 0;       ///< .local bytes per thread
  bool specialised() const { return block[0] != 0; }
  uint32_t threads() const { return block[0] * block[1] * block[2]; }
  uint32_t warps() const { return (threads() + kLanes - 1) / kLanes; }
  bool full_warps() const { return specialised() && threads() % kLanes == 0; }
  /// %tid's component `axis` of a warp's lanes relative to lane 0, if the same for every warp.
  std::optional<Shape> tid_shape(int axis) const;
};

/// shfl.idx over the whole warp: every lane takes the value of lane b, one and the same where b is uniform.
bool is_broadcast(const llvm::CallInst& call);

/// x op y where y is another lane's x, or the other way round, and op doesn't care: the two operands. The bit
/// in which the lanes' numbers differ; 0 = not of this kind.
unsigned exchanged_bit(const llvm::Instruction& op);
/// Moves what is made of an exchanged value up to the exchange, so that one value of all lanes, not two of
/// each lane, is kept.
void join_exchanges(llvm::Function& f);

/// Shapes of all values of a scalar function, which of its branches are divergent, and its blocks in an order
/// that keeps every loop contiguous. The function must be in loop-simplify and LCSSA form with one return.
class ShapeAnalysis {
 public:
  /// `gang`: several warps run in step, so a branch that warps may take differently is divergent too.
  ShapeAnalysis(llvm::Function& function, const WarpLayout& layout, bool gang);

  Shape of(const llvm::Value* value) const;
  bool uniform(const llvm::Value* value) const { return of(value).is_uniform(); }
  bool divergent_branch(const llvm::BasicBlock* block) const { return divergent_branches_.contains(block); }
  bool divergent_loop(const llvm::Loop* loop) const {
    return divergent_loops_.contains(loop) || warp_loops_.contains(loop);
  }
  /// Lanes of a warp leave it in different rounds.
  bool lanes_part_in(const llvm::Loop* loop) const { return divergent_loops_.contains(loop); }
  /// Immediate post-dominator; null for the return block.
  llvm::BasicBlock* join_of(llvm::BasicBlock* block) const;
  /// Threads of the block differ in bits below this one only; 0: not at all (Shape::same_above).
  unsigned same_above(const llvm::Value* value) const;
  const std::vector<llvm::BasicBlock*>& order() const { return order_; }
  int index_of(const llvm::BasicBlock* block) const { return index_.lookup(block); }
  bool reachable(const llvm::BasicBlock* block) const { return index_.contains(block); }

  llvm::Function& function;
  const WarpLayout& layout;
  llvm::DominatorTree dom;
  llvm::PostDominatorTree post_dom;
  llvm::LoopInfo loops;

 private:
  void order_blocks();
  void order_loop(llvm::Loop* loop);
  bool propagate();
  void mark_divergent_control();
  const llvm::BasicBlock* meeting_of(llvm::BasicBlock* branch) const;
  bool round_ends_before(llvm::BasicBlock* branch, const llvm::BasicBlock* join) const;
  void mark_parted(llvm::BasicBlock* branch, const llvm::BasicBlock* join);
  uint8_t indifferent_bits(llvm::Instruction& inst) const;
  void mark_joins(llvm::BasicBlock* branch, const llvm::BasicBlock* join,
                  std::set<const llvm::BasicBlock*>& joins);
  size_t marks() const;
  Shape transfer(llvm::Instruction& inst) const;
  Shape lane_transfer(llvm::Instruction& inst) const;
  bool differs_by_warp(llvm::Instruction& inst) const;
  unsigned shared_bits(const llvm::Instruction& inst) const;
  unsigned shared_bits_of(const llvm::Instruction& inst) const;
  unsigned shared_sum(const llvm::Instruction& inst, unsigned a, unsigned b) const;
  unsigned shared_call(const llvm::CallInst& call) const;
  unsigned shared_phi(const llvm::PHINode& phi) const;
  bool one_of_block(const llvm::Instruction& inst, const Shape& s) const;
  Shape transfer_phi(llvm::PHINode& phi) const;
  Shape transfer_call(llvm::CallInst& call, bool all_uniform) const;
  Shape transfer_gep(llvm::GetElementPtrInst& gep) const;
  Shape transfer_mask(llvm::Instruction& inst, const Shape& a) const;
  Shape transfer_shift_right(llvm::Instruction& inst, const Shape& a) const;
  Shape transfer_arith(llvm::Instruction& inst) const;
  Shape transfer_extension(llvm::Instruction& inst, const Shape& a) const;
  bool extensions_hold_at(const llvm::PHINode& phi, const std::vector<Extension>& extensions) const;
  Piece piece_by_operation(llvm::Instruction& inst, unsigned bits) const;
  Piece piece_of_phi(const llvm::PHINode& phi, unsigned bits) const;
  Piece piece_of_equals(const llvm::Instruction& inst) const;
  void find_pieces(llvm::Instruction& inst, Shape& s) const;
  static void merge_pieces(const Shape& old, const Shape& next, Shape& merged, unsigned bits);
  bool compare_is_uniform(const llvm::ICmpInst& cmp) const;
  unsigned known_zeros(const llvm::Value* value) const;

  bool gang_;
  bool versions_ = false;  ///< small enough for code that exists twice
  std::vector<llvm::BasicBlock*> order_;
  llvm::DenseMap<const llvm::BasicBlock*, int> index_;
  llvm::DenseMap<const llvm::Value*, Shape> shapes_;
  // Divergent for lanes, and (in a gang) for whole warps only: the latter leave values uniform within a warp.
  std::set<const llvm::BasicBlock*> divergent_branches_, joins_, warp_joins_;
  std::set<const llvm::BasicBlock*> parted_;  ///< blocks that lanes may come to without the others
  std::set<const llvm::Loop*> divergent_loops_, warp_loops_;
};

}  // namespace ppu::simt

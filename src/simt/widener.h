// Builds the 32-lane version of one scalar function: uniform control flow stays, divergent regions become
// straight lines of masked blocks (partial linearisation; Moll & Hack, PLDI 2018). Values that cross blocks
// live in stack slots while building; SROA makes SSA of them again.
#pragma once
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <tuple>
#include <vector>

#include "llvm/IR/IRBuilder.h"
#include "simt/fragment_units.h"
#include "simt/places.h"
#include "simt/shape.h"
#include "simt/tile_webs.h"

namespace ppu::simt {

/// A set of blocks that lanes may walk differently: one entry, left only to `join`.
struct Region {
  llvm::BasicBlock* entry = nullptr;
  llvm::BasicBlock* join = nullptr;  ///< null: never left (the function ends inside)
  std::set<llvm::BasicBlock*> blocks;

  /// Whether the lanes are still together in `block`: the entry, unless lanes come back to it.
  bool all_walk(llvm::BasicBlock* block) const;
};

/// All divergent branches grouped into disjoint regions, closed under side entries and whole divergent loops.
std::vector<Region> find_regions(const ShapeAnalysis& shapes);

/// A value of one lane: base + constant, the base null where it is 0.
struct LaneTerm {
  llvm::Value* base = nullptr;
  uint64_t base_bits = 0;  ///< those that may be set in it
  int64_t constant = 0;
};

/// Matrix products of one warp that wait for the end of their stretch of code, and the memory they work in.
struct PendingTiles {
  struct Step {
    unsigned tile = 0;
    bool right = false;
    unsigned a = 0, b = 0;  ///< units
    bool from_zero = false;
  };
  struct UnitA {
    std::vector<llvm::Value*> registers;
    llvm::Value* memory = nullptr;
  };
  struct UnitB {
    std::vector<llvm::Value*> halves[2];
    llvm::Value* memory = nullptr;
    bool stored[2] = {};
  };
  exec::TileKind kind{};
  std::vector<Step> steps;
  std::set<const llvm::CallInst*> has_sum;  ///< products whose accumulators are in their tile already
  std::vector<UnitA> a;
  std::vector<UnitB> b;
  llvm::AllocaInst *memory = nullptr, *a_memory = nullptr, *b_memory = nullptr;
  llvm::AllocaInst* queue = nullptr;     ///< an exec::TileQueue
  llvm::AllocaInst* table = nullptr;     ///< of the units of its programs
  std::vector<llvm::AllocaInst*> units;  ///< by place
  // Where units of several rounds are wanted: memory for those of all places in each round, where in it loads
  // put them now (i32), and where the last load of each place has put its unit.
  llvm::AllocaInst *rounds = nullptr, *round = nullptr;
  std::vector<llvm::AllocaInst*> unit_at;
  llvm::AllocaInst *lone = nullptr, *lone_a = nullptr, *lone_b = nullptr, *lone_queue = nullptr,
                   *lone_table = nullptr;
  // Of the stretch, once it has a product: where its units go. Its program isn't known yet, so neither are
  // the sizes that the program's number in the queue is multiplied by, nor the layout that the queue must
  // have.
  llvm::Value *a_at = nullptr, *b_at = nullptr;
  llvm::Instruction *a_size = nullptr, *b_size = nullptr, *layout = nullptr;
};

/// Where what is loaded and taken of one place stands: its block, and how many programs of the block were put
/// into the queue before.
struct UnitEvents {
  using At = std::pair<const llvm::BasicBlock*, unsigned>;
  std::vector<At> loads, takes;
};

/// A program of tile products, as compiled code has it.
struct TileWords {
  llvm::Constant* program = nullptr;
  unsigned layout = 0;  ///< exec::TileQueue
  unsigned depth = 1;   ///< how many of its kind may wait together
};

constexpr unsigned kSmallestChunk = 8;  ///< lanes that are accessed at the address of their first one

constexpr unsigned kMovedTogether = 4;  ///< lanes in a register, where each moves 16 bytes

/// How many lanes from `first` on lie side by side, 16 bytes each.
unsigned lanes_in_a_row(const Shape& s, unsigned first);

class Widener {
 public:
  /// `gang`: warps that run in step, each with its own values and masks (1 for device functions).
  Widener(const ShapeAnalysis& shapes, const Options& options, llvm::Function& target, bool is_kernel,
          unsigned gang);
  /// Fills `target`. False: error() says why.
  bool run();
  const std::string& error() const { return error_; }
  unsigned suspends() const { return suspend_count_; }

  /// The vector function a scalar device function is widened to.
  static llvm::FunctionType* widened_type(llvm::FunctionType* scalar);
  std::function<llvm::Function*(llvm::Function*)>
      widened_function;  ///< scalar device function -> its vector one

 private:
  // Values (widen.cpp)
  llvm::Type* wide(llvm::Type* t) { return llvm::FixedVectorType::get(t, kLanes); }
  llvm::AllocaInst* new_slot(llvm::Type* t);
  llvm::AllocaInst* slot(llvm::Value* v, unsigned part, bool vector, llvm::Type* t);
  llvm::Value* scalar(llvm::Value* v);            ///< uniform value, or lane 0 of a linear one
  llvm::Value* vector(llvm::Value* v);            ///< <32 x T>
  llvm::Value* part(llvm::Value* v, unsigned k);  ///< component k of a vector or struct value, wide
  llvm::Value* splat(llvm::Value* x) { return b_.CreateVectorSplat(kLanes, x); }
  void set_scalar(llvm::Value* v, llvm::Value* x);
  void set_vector(llvm::Value* v, llvm::Value* x);
  void set_part(llvm::Value* v, unsigned k, llvm::Value* x);
  /// A vector type of one element has a part, too.
  void set_single(llvm::Value* v, llvm::Value* x) {
    llvm::isa<llvm::FixedVectorType>(v->getType()) ? set_part(v, 0, x) : set_vector(v, x);
  }
  llvm::Constant* offsets(const LaneOffsets& c, llvm::Type* t);
  llvm::Value* any(llvm::Value* mask);
  llvm::Value* all(llvm::Value* mask);
  llvm::Value* bits_of(llvm::Value* mask);
  llvm::Value* mask_of(llvm::Value* bits);
  llvm::Value* all_lanes() { return llvm::Constant::getAllOnesValue(wide(b_.getInt1Ty())); }
  llvm::Value* no_lanes() { return llvm::Constant::getNullValue(wide(b_.getInt1Ty())); }
  llvm::Value* mask_or_all() { return mask_ ? mask_ : all_lanes(); }
  llvm::Value* slice(llvm::Value* v, unsigned first, unsigned n);
  llvm::Value* concat(std::vector<llvm::Value*> parts);
  llvm::Value* by_chunks(llvm::ArrayRef<llvm::Value*> args, unsigned lanes,
                         llvm::function_ref<llvm::Value*(llvm::ArrayRef<llvm::Value*>)> f);
  llvm::BasicBlock* new_block(const llvm::Twine& name);
  void fail(const llvm::Twine& why, const llvm::Instruction* at);

  // The gang (gang.cpp). Code for one warp uses warp_ and mask_; these choose whose.
  using Masks = std::vector<llvm::Value*>;  ///< one a warp of the gang; a null entry = all its lanes
  void select_warp(unsigned g);
  void for_each_warp(llvm::function_ref<void()> f);
  void set_masks(Masks masks);
  /// Once for the gang: values are those of every warp, lanes are on if they are in any warp.
  void select_gang();
  llvm::Value* any_of(const Masks& masks);
  llvm::Value* all_of(const Masks& masks);
  Masks load_masks(llvm::BasicBlock* block);
  Masks load_next_masks(llvm::Loop* loop);
  void store_masks(llvm::BasicBlock* block, const Masks& masks);
  Masks same_masks(llvm::Value* mask) { return Masks(gang_, mask); }
  bool once_for_gang(const llvm::Instruction& inst) const;
  /// In a gang a warp may execute a block with no lane on: its uniform accesses go to a harmless place.
  llvm::Value* safe_if_off(llvm::Value* pointer);

  // Control (control.cpp)
  void convergent_block(llvm::BasicBlock* block);
  void emit_region(Region& region);
  void emit_sequence(Region& region, llvm::ArrayRef<llvm::BasicBlock*> blocks, llvm::Loop* current,
                     bool live);
  void emit_loop(Region& region, llvm::Loop* loop, llvm::ArrayRef<llvm::BasicBlock*> blocks, bool live);
  void emit_masked_loop(Region& region, llvm::Loop* loop, llvm::ArrayRef<llvm::BasicBlock*> blocks,
                        bool live);
  llvm::Value* surely_all(llvm::Value* condition, bool wanted);
  void emit_full_loop(Region& region, llvm::Loop* loop, llvm::BasicBlock* masked_loop);
  void masked_block(Region& region, llvm::BasicBlock* block, bool live);
  void edge(Region& region, llvm::BasicBlock* from, llvm::BasicBlock* to, const Masks& lanes);
  void assign_phis(llvm::BasicBlock* from, llvm::BasicBlock* to, const Masks* lanes);
  bool is_back_edge(llvm::BasicBlock* from, llvm::BasicBlock* to);
  bool worth_skipping(llvm::BasicBlock* block);
  llvm::AllocaInst* mask_slot(llvm::BasicBlock* block);
  llvm::AllocaInst* next_mask_slot(llvm::Loop* loop);
  llvm::Value* load_mask(llvm::AllocaInst* slot) { return b_.CreateLoad(wide(b_.getInt1Ty()), slot); }
  void emit_return(llvm::BasicBlock* block);

  // Versions where nothing wraps (versions.cpp)
  void emit_in_versions(std::vector<llvm::Instruction*> code);
  void emit_versions(llvm::ArrayRef<llvm::Instruction*> code);
  /// Linear for sure, at the insertion point.
  bool plainly_linear(const Shape& shape) const;
  /// None of what the shape rests on wraps, at the insertion point.
  bool unwraps(const Shape& shape) const;
  bool has_plan(const llvm::Instruction& access) const;
  llvm::Value* unwrapped(const llvm::Instruction& extension);
  llvm::Value* wrapping_of(const Shape& shape);
  llvm::Value* opaque(llvm::Value* x);

  // Loops by lane (lane_loops.cpp)
  struct LaneRun;
  bool better_by_lane(llvm::Loop* loop);
  void emit_loop_by_lane(Region& region, llvm::Loop* loop);
  void prepare_lane_run(LaneRun& run);
  void collect_lane_run(LaneRun& run, Region& region);
  void spill_for_lanes(LaneRun& run, llvm::Value* v);
  llvm::Value* brought_by_lane(LaneRun& run, llvm::Value* v);
  llvm::Value* lane_value(LaneRun& run, llvm::Value* v);
  void set_lane_value(LaneRun& run, llvm::Value* v, llvm::Value* x);
  void lane_edge(LaneRun& run, llvm::BasicBlock* from, llvm::BasicBlock* to);
  void lane_align_check(LaneRun& run, llvm::CallInst& call);
  void lane_instruction(LaneRun& run, llvm::Instruction& inst);
  void lane_block(LaneRun& run, llvm::BasicBlock* block);

  // Blocks that few lanes come to (few_lanes.cpp)
  uint32_t lanes_that_may(const llvm::Value* condition, bool wanted, int depth = 8) const;
  void find_possible_lanes(llvm::ArrayRef<llvm::BasicBlock*> blocks, const Region& region);
  uint32_t few_lanes(const Shape& pointer, bool in_a_row);
  void for_few_lanes(uint32_t lanes, llvm::Value* pointer,
                     llvm::function_ref<void(unsigned, llvm::Value*)> f);

  // Instructions (widen.cpp)
  llvm::Value* existing_lanes(llvm::Value* warp);
  void body(llvm::BasicBlock* block);
  void emit_all(llvm::ArrayRef<llvm::Instruction*> code);
  void emit(llvm::Instruction& inst);
  void emit_scalar(llvm::Instruction& inst);
  llvm::Value* wide_op(llvm::Instruction& inst);
  llvm::Value* quotient(llvm::Value* x, llvm::Value* y, llvm::Value* divisor, bool is_signed, bool is_rem);
  llvm::Value* quotients_by_one(llvm::Value* x, llvm::Value* y, bool is_signed);
  llvm::Value* wide_binary(llvm::BinaryOperator& op);
  llvm::Value* wide_intrinsic(llvm::CallInst& call);
  void emit_call(llvm::CallInst& call);
  void emit_aggregate(llvm::Instruction& inst);

  // Warp operations (warp_ops.cpp)
  bool emit_warp_op(llvm::CallInst& call, llvm::StringRef name);
  void emit_thread_index(llvm::CallInst& call, llvm::StringRef name);
  void emit_shuffle(llvm::CallInst& call, llvm::StringRef mode);
  void emit_match(llvm::CallInst& call, bool all);
  void emit_redux(llvm::CallInst& call, llvm::StringRef op);
  void emit_barrier(llvm::CallInst& call, llvm::StringRef name);
  void emit_suspend(unsigned kind);
  llvm::Value* directed_rounding(llvm::CallInst& call, llvm::StringRef name);
  void emit_texture_call(llvm::CallInst& call);
  void emit_runtime_call(llvm::CallInst& call, llvm::StringRef name);
  void emit_trap(llvm::Value* kind, llvm::Value* info, llvm::Value* lanes);
  void emit_align_check(llvm::CallInst& call);
  void emit_device_call(llvm::CallInst& call);
  void emit_indirect_call(llvm::CallInst& call);
  llvm::Value* runtime_helper(llvm::StringRef name);
  llvm::Value* thread_of(llvm::Value* lane);

  // Matrix instructions (matrix.cpp)
  void emit_matrix_op(llvm::CallInst& call, llvm::StringRef name);
  void emit_mma(llvm::CallInst& call, llvm::StringRef name);
  void emit_expanded_mma(llvm::CallInst& call, llvm::StringRef name);
  /// Where `spread` (matrix_expanded.h) has put these registers, `bytes` of it: now, or earlier in this
  /// block.
  llvm::Value* expanded(llvm::Function* spread, uint64_t bytes, llvm::ArrayRef<llvm::Value*> registers);
  /// Buffers hold what they held no longer: at the start of a block, and where the warp was suspended.
  void forget_expansions();
  // Products as tiles (tiles.cpp)
  std::set<llvm::BasicBlock*> blocks_with_lanes_off() const;
  void prepare_tiles(const std::set<llvm::BasicBlock*>& divergent);
  void emit_tile_product(llvm::CallInst& call, const TileWebs::Product& product);
  /// In divergent flow: one product, at once.
  void emit_lone_tile_product(llvm::CallInst& call, exec::TileKind kind);
  TileWords tile_program(exec::TileKind kind, size_t a_units, size_t b_units,
                         llvm::ArrayRef<PendingTiles::Step> steps);
  llvm::Value* tile_queue_field(llvm::AllocaInst* queue, size_t offset, llvm::Value* number = nullptr);
  void put_in_tile_queue(llvm::AllocaInst* queue, llvm::Value* number, const TileWords& words);
  void call_tile_products(llvm::AllocaInst* queue, llvm::AllocaInst* table, llvm::Value* tiles);
  void put_in_tile_table(llvm::AllocaInst* table, llvm::Value* number, llvm::ArrayRef<llvm::Value*> units);
  void call_tile_products_if(llvm::Value* condition);
  bool uses_tiles(const llvm::Instruction& inst) const;
  bool products_may_wait() const;
  void begin_tile_stretch();
  /// Tiles hold what they ought to: before other code reads or writes them, where products wait in queues.
  void settle_tiles();
  llvm::AllocaInst* tile_memory(uint64_t bytes);
  void keep(llvm::AllocaInst* memory);
  /// Ends a stretch of products: before their results are read, at the end of a block, and where the warp is
  /// suspended. They are made, or put into the warp's queue.
  void flush_tiles();
  bool reads_pending_tile(const llvm::Instruction& inst) const;
  unsigned tile_unit_a(llvm::ArrayRef<llvm::Value*> registers);
  unsigned tile_unit_b(const llvm::CallInst& call, const TileWebs::Product& product);
  // Units of tile_abi.h. `registers` are <32 x i32>.
  void store_unit_a(llvm::Value* memory, llvm::ArrayRef<llvm::Value*> registers);
  void store_unit_b(llvm::Value* memory, llvm::ArrayRef<llvm::Value*> registers, bool right);
  llvm::Value* rows_of_b(llvm::Value* reg);
  void copy_unit(llvm::Value* memory, llvm::Value* from);
  // Those that ldmatrix loads, see tile_units.cpp.
  void prepare_units();
  llvm::Value* new_unit(const FragmentUnits::Unit& unit);
  llvm::Value* taken_unit(const FragmentUnits::Unit& unit);
  llvm::Value* unit_of_round(const FragmentUnits::Unit& unit, llvm::Value* at);
  bool taken_in_place(const FragmentUnits::Unit& unit) const;
  bool is_pending(const FragmentUnits::Unit& unit) const;
  void next_round_of_units(unsigned depth);
  void size_units();
  std::vector<llvm::Value*> vectors(llvm::ArrayRef<llvm::Value*> values);
  llvm::Value* tile_piece(llvm::AllocaInst* tiles, const TileRegister& at, unsigned row);
  llvm::Value* load_tile_register(llvm::AllocaInst* tiles, const TileRegister& at, llvm::Type* element);
  void store_tile_register(llvm::AllocaInst* tiles, const TileRegister& at, llvm::Value* v);
  void store_tile(llvm::AllocaInst* tiles, unsigned tile, llvm::ArrayRef<llvm::Value*> registers);
  bool partner_has_sum(const llvm::CallInst& call, const TileWebs::Product& product);
  void store_sums(llvm::CallInst& call, const TileWebs::Product& product);
  void emit_wmma_memory(llvm::CallInst& call, llvm::StringRef name);
  void emit_ldmatrix(llvm::CallInst& call, bool transposed);
  llvm::Value* matrix_row(llvm::Value* pointer, unsigned lane);
  struct TwoRows {
    llvm::Value* words = nullptr;  ///< <8 x i32>
    bool second_first = false;
  };
  struct LaneOfPointer {
    llvm::Value* pointer = nullptr;
    unsigned lane = 0;
  };
  TwoRows two_rows(const LaneOfPointer& one, const LaneOfPointer& other);
  std::vector<llvm::Value*> words_of_columns(llvm::function_ref<TwoRows(unsigned half, unsigned n)> column);
  std::optional<int64_t> bytes_between(const LaneOfPointer& from, const LaneOfPointer& to);
  void load_unit(const FragmentUnits::Unit& unit, llvm::Value* memory, bool transposed);
  void emit_stmatrix(llvm::CallInst& call, bool transposed);
  llvm::Value* lane_pointer(llvm::Value* pointer, unsigned lane);
  /// What is the same for all lanes by the manual, though not known to be.
  llvm::Value* warp_value(llvm::Value* v);
  void if_any_lane(llvm::function_ref<void()> f);
  llvm::Value* linear_tid();

  // Counting for `ppu prof` (counting.cpp)
  void emit_count(llvm::CallInst& call, llvm::StringRef name);
  void count_unit(uint64_t word);
  llvm::Value* count_divergence(llvm::Value* taken);
  llvm::Value* count_warp_access(llvm::Value* pointer, unsigned how_and_bytes, uint64_t tick);
  llvm::Value* count_generic(llvm::Value* pointer, unsigned bytes, uint64_t tick);
  llvm::Value* count_full_warp(llvm::Value* base, const Shape& shape, unsigned how_and_bytes);
  llvm::Value* count_varying(llvm::Value* pointer, unsigned how_and_bytes, uint64_t tick);
  llvm::Value* count_masked(llvm::Value* pointer, const Shape& shape, unsigned how_and_bytes, uint64_t tick);
  llvm::Value* is_turn(llvm::Value* number, uint64_t period);
  llvm::Value* counts_as_warps();
  llvm::Value* sampled(uint64_t tick, llvm::function_ref<llvm::Value*()> count);
  llvm::Value* is_run(llvm::Value* bits);
  std::pair<llvm::Value*, llvm::Value*> sectors_of_run(llvm::Value* start, llvm::Value* bits, unsigned bytes);
  llvm::Value* ask_helper(llvm::Value* pointers, unsigned how_and_bytes);
  /// `fast()` if `test`, else `slow()`: both give an i64.
  llvm::Value* choose(llvm::Value* test, llvm::function_ref<llvm::Value*()> fast,
                      llvm::function_ref<llvm::Value*()> slow);
  llvm::Value* lanes_on();
  llvm::Value* constant_field(llvm::Value* object, size_t offset, llvm::Type* type);
  llvm::Value* add_to_counter(uint64_t word, llvm::Value* amount);
  void separate_counters();

  // For `ppu check` (checking.cpp)
  void emit_check(llvm::CallInst& call, llvm::StringRef name);

  // Memory (memory.cpp)
  void emit_load(llvm::LoadInst& load);
  void emit_prefetch(llvm::CallInst& call);
  void emit_store(llvm::StoreInst& store);
  void emit_atomic_rmw(llvm::AtomicRMWInst& rmw);
  /// One lane's update; what was there before.
  llvm::Value* rmw_at(llvm::AtomicRMWInst& rmw, llvm::Value* address, llvm::Value* operand);
  void emit_cmpxchg(llvm::AtomicCmpXchgInst& cas);
  bool update_one_place(llvm::AtomicRMWInst& rmw);
  void update_in_turn(llvm::AtomicRMWInst& rmw);
  llvm::Value* sums_before(llvm::Value* v);
  bool load_linear(llvm::Type* t, llvm::Value* base, const Shape& shape, unsigned parts,
                   std::vector<llvm::Value*>& out);
  llvm::Value* load_window(llvm::Type* t, unsigned elements, llvm::Value* at, std::vector<int>& order);
  /// Where half a warp's lanes load, as addresses or as numbers of elements.
  struct HalfPlaces {
    llvm::Value* at;  ///< <16 x i64> or <16 x i32>
    uint64_t step;    ///< from one lane to the next where they load contiguously
    llvm::function_ref<llvm::Value*(llvm::Value*)> pointer;  ///< to a place, or to each of a vector of them
  };
  llvm::Value* load_half(llvm::Type* t, unsigned first, const HalfPlaces& places);
  llvm::Value* load_varying(llvm::Type* t, llvm::Value* pointers);
  std::pair<llvm::Value*, llvm::Value*> first_places(llvm::Value* at, uint64_t step, llvm::Value* mask);
  struct IndexedAddress {
    std::vector<llvm::Value*> uniform;  ///< their sum is where the table begins
    llvm::Value* index = nullptr;       ///< i32, varying
    bool bytes = false;                 ///< the index counts bytes, not elements
  };
  std::optional<IndexedAddress> indexed_address(llvm::Value* pointer, uint64_t size) const;
  llvm::Value* load_indexed(llvm::Type* t, const IndexedAddress& at);
  llvm::Value* load_anywhere(llvm::Type* t, llvm::Value* pointer, uint64_t offset = 0);
  void store_anywhere(llvm::Value* value, llvm::Value* pointer);
  llvm::Value* load_chunks(llvm::Type* t, unsigned n, const Shape& shape,
                           llvm::function_ref<llvm::Value*(unsigned)> at);
  llvm::Value* load_pieces(llvm::Type* t, llvm::Value* pointer);
  unsigned register_elements(llvm::FixedVectorType* t);
  llvm::Value* load_registers(llvm::FixedVectorType* t, llvm::Value* at);
  void store_registers(llvm::Value* x, llvm::Value* at);
  llvm::Value* lane_scalar(llvm::Value* v, unsigned lane, int depth = 8);
  /// A phi of numbers whose pieces are even: what the first lane of each piece has is kept beside the vector,
  /// in slots of its own, so that loops count addresses as scalars.
  static constexpr unsigned kLaneSlots = 1 << 16;  ///< slot number of lane 0, above all parts
  bool has_lane_slots(const llvm::Value* v) const;
  bool in_lane_slots_only(const llvm::Value* v) const;
  // Lanes in runs of memory (runs.cpp)
  std::vector<std::vector<int>> runs_of(const Shape& shape, int64_t size) const;
  llvm::Value* load_runs(llvm::Type* t, llvm::Value* base, const Shape& shape);
  bool store_runs(llvm::Value* value, llvm::Value* base, const Shape& shape);
  // Addresses of single lanes (lane_terms.cpp)
  std::optional<LaneTerm> lane_term(llvm::Value* v, unsigned lane, int depth = 0);
  std::optional<LaneTerm> term_of_operands(llvm::Instruction& inst, unsigned lane, int depth);
  std::optional<LaneTerm> bits_term(llvm::Value* v, unsigned lane, int depth);
  std::optional<LaneTerm> product_of_terms(llvm::Instruction& product, const std::optional<LaneTerm>& a,
                                           const std::optional<LaneTerm>& b);
  std::optional<LaneTerm> extended_term(llvm::CastInst& extension, std::optional<LaneTerm> t);
  llvm::Value* whole_term(const LaneTerm& t, llvm::Type* type);
  std::optional<LaneTerm> sum_of_terms(std::optional<LaneTerm> a, const std::optional<LaneTerm>& b);
  std::optional<LaneTerm> exclusive_or_of_terms(const std::optional<LaneTerm>& a,
                                                const std::optional<LaneTerm>& b);
  llvm::Value* lane_address(llvm::Value* pointer, unsigned lane);
  bool store_linear(llvm::ArrayRef<llvm::Value*> values, const Shape& shape,
                    llvm::function_ref<llvm::Value*(unsigned)> at);
  bool store_window(llvm::Value* value, llvm::Value* pointer, const Shape& shape);
  void store_varying(llvm::Value* value, llvm::Value* pointers);
  llvm::Value* load_lanes(llvm::Type* t, llvm::Value* pointers);
  void store_lanes(llvm::Value* value, llvm::Value* pointers);
  bool many_irregular_accesses() const;
  // Objects of several parts (objects.cpp)
  enum class Whole { kNo, kElement, kTwoElements, kRegister };
  Whole moved_whole(llvm::Type* object) const;
  std::vector<llvm::Value*> parts_of(llvm::Value* lanes, unsigned parts);
  llvm::Value* lanes_of(llvm::ArrayRef<llvm::Value*> parts, unsigned first, unsigned n);
  std::vector<llvm::Value*> transposed(std::vector<llvm::Value*> v);
  void full_or_some(llvm::function_ref<void()> full, llvm::function_ref<void()> some_on);
  llvm::AllocaInst* object_memory(llvm::Type* object);
  bool is_moved(const llvm::LoadInst& load) const;
  void emit_move(llvm::LoadInst& load, llvm::StoreInst& store);
  llvm::Value* bytes_to_next_round(const llvm::LoadInst& load, llvm::Value* from);
  /// What a full warp moves, a register a lane.
  struct Moved {
    llvm::Type* type = nullptr;
    Shape source;
    std::function<llvm::Value*(unsigned)> place_of, source_of;
    bool apart = false;    ///< no lane reads what another writes
    bool even = false;     ///< `source` may be relied on
    bool in_rows = false;  ///< each four lanes read side by side
    llvm::Value* ahead = nullptr;
    std::vector<std::vector<unsigned>> order;  ///< order_of_places of lanes that are stored together
  };
  void emit_full_move(llvm::LoadInst& load, llvm::StoreInst& store, llvm::Value* from, bool usual);
  void move_lanes(const Moved& m);
  std::vector<unsigned> order_of_places(llvm::Value* pointer, unsigned first, unsigned lanes);
  llvm::Value* read_rows(llvm::Value* pointers);
  std::function<llvm::Value*(unsigned)> known_pointers(llvm::Value* pointer);
  void emit_move_of_some(llvm::LoadInst& load, llvm::StoreInst& store);
  std::function<llvm::Value*(unsigned)> object_pointers(llvm::Value* pointer);
  std::vector<llvm::Value*> load_registers(llvm::Type* object, llvm::Value* pointer);
  std::vector<llvm::Value*> load_objects(llvm::Type* object, llvm::Value* pointer);
  std::vector<llvm::Value*> load_joined(llvm::Type* object, llvm::Value* pointer);
  void store_registers(llvm::Type* object, llvm::ArrayRef<llvm::Value*> values, llvm::Value* pointer);
  // Rows of a gang side by side (row_accesses.cpp)
  using RowOfGang = std::pair<unsigned, unsigned>;  ///< a warp's lanes from this one on, 16 of them
  std::vector<std::vector<RowOfGang>> rows_of_gang() const;
  bool emit_rows(llvm::Instruction& access);
  void move_rows(llvm::Instruction& access, llvm::Value* pointers, unsigned offset,
                 llvm::ArrayRef<RowOfGang> rows, std::map<RowOfGang, llvm::Value*>& loaded);
  llvm::Value* half_mask(unsigned first);
  llvm::Value* half_pointers(llvm::Value* pointer, unsigned first, uint64_t offset);
  llvm::Value* gather_half(llvm::Type* t, llvm::Value* pointers, llvm::Value* mask);
  void scatter_half(llvm::Value* value, llvm::Value* pointers, llvm::Value* mask);
  llvm::Value* last_active(llvm::Value* v);
  llvm::Value* pointer_to(llvm::Value* address);
  /// Runs f once for each lane of `lanes`, in lane order; f gets the lane number (i64).
  void for_each_lane(llvm::Value* lanes, llvm::function_ref<void(llvm::Value*)> f);
  /// The same, without the loop where all lanes are on.
  void for_each_lane_of_full_warps(llvm::function_ref<void(llvm::Value*)> f);
  void add_one_by_one(llvm::AtomicRMWInst& rmw);
  std::function<llvm::Value*(llvm::Value*)> lane_index_in_memory(llvm::Value* index,
                                                                 llvm::AtomicRMWInst& rmw);
  void add_together(llvm::AtomicRMWInst& rmw,
                    llvm::function_ref<llvm::Value*(llvm::Value*, llvm::Value*)> one);
  /// A lane's element of what was spilled to the stack. Opaque: LLVM keeps it in memory, rather than making
  /// chains of extractions of it.
  llvm::Value* lane_of(llvm::AllocaInst* array, llvm::Type* t, llvm::Value* lane, bool opaque = false);
  llvm::AllocaInst* spilled(llvm::Value* v);

  const ShapeAnalysis& shapes_;
  const Options& options_;
  llvm::Function& source_;
  llvm::Function& target_;
  const llvm::DataLayout& layout_;
  llvm::LLVMContext& context_;
  llvm::IRBuilder<> b_;
  bool is_kernel_;
  std::set<const llvm::Instruction*> unwrapped_;  ///< extensions known not to wrap at the insertion point
  bool compact_ = false;         ///< so many irregular accesses that none gets a run-time test
  bool named_barriers_ = false;  ///< some barrier isn't one of the whole block
  std::string error_;
  llvm::BasicBlock* slots_block_ = nullptr;
  unsigned gang_, g_ = 0;
  std::vector<llvm::Value*> warps_;
  Masks entry_masks_;  ///< lanes that exist
  Masks masks_;        ///< lanes on at the insertion point
  llvm::Value* launch_ = nullptr;
  llvm::Value* block_ = nullptr;
  llvm::Value* warp_ = nullptr;  ///< number of the selected warp
  llvm::Value* mask_ = nullptr;  ///< of the selected warp; null = all
  std::map<std::tuple<llvm::Value*, unsigned, unsigned>, llvm::AllocaInst*> scalar_slots_, vector_slots_;
  std::map<llvm::BasicBlock*, llvm::BasicBlock*> block_map_;
  std::map<llvm::BasicBlock*, uint32_t> possible_lanes_;  ///< of the region being emitted
  unsigned scalars_ = 0;                                  ///< accesses of single lanes so far
  uint32_t possible_ = ~0u;                               ///< lanes that may be on at the insertion point
  std::map<std::pair<llvm::BasicBlock*, unsigned>, llvm::AllocaInst*> mask_slots_;
  std::map<std::pair<llvm::Loop*, unsigned>, llvm::AllocaInst*> next_masks_;
  std::vector<Region> regions_;
  /// Fragments of A and B spread out in memory, for the rest of the block being emitted; oldest first.
  struct Expansion {
    unsigned warp = 0;
    llvm::Function* spread = nullptr;
    std::vector<llvm::Value*> registers;
    llvm::AllocaInst* buffer = nullptr;
  };
  std::vector<Expansion> expansions_;
  std::map<llvm::Function*, std::vector<llvm::AllocaInst*>> spare_buffers_;
  std::optional<TileWebs> webs_;
  std::optional<FragmentUnits> fragments_;
  std::vector<PendingTiles> pending_;    ///< of each warp of the gang
  bool queued_tiles_ = false;            ///< some products of the kernel wait from round to round of a loop
  bool tiles_wait_ = false;              ///< those of the block being emitted do
  std::vector<UnitEvents> unit_events_;  ///< by place
  std::map<const llvm::BasicBlock*, unsigned> queued_programs_;
  const llvm::BasicBlock* body_ = nullptr;      ///< the block being emitted
  std::vector<llvm::Instruction*> unit_wraps_;  ///< compare with the number of units in a place's memory
  unsigned deepest_queue_ = 1;
  bool into_operands_ = false;  ///< lane_term goes to what all lanes have the same
  std::map<std::vector<uint16_t>, llvm::Constant*> tile_programs_;
  std::map<std::vector<uint16_t>, unsigned> tile_layouts_;
  unsigned suspend_count_ = 0;
  std::set<llvm::Instruction*> counter_accesses_;
};

/// mma, wmma, ldmatrix, stmatrix, movmatrix.
bool is_matrix_op(llvm::StringRef name);

/// ppu.count.*: right with no lane on.
bool is_count(const llvm::Instruction& inst);
/// The address of a load, a store, or an access that is counted; null: none of them.
const llvm::Value* accessed_pointer(const llvm::Instruction& inst);
/// ppu.bar.*; and whether every thread of the block must come to it.
bool is_barrier(const llvm::CallInst& call);
bool is_whole_block_barrier(const llvm::CallInst& barrier, const WarpLayout& layout);

/// Number of parts of a vector or struct type, and the type of part k; 0 for plain scalars.
unsigned part_count(llvm::Type* t);
llvm::Type* part_type(llvm::Type* t, unsigned k);

}  // namespace ppu::simt

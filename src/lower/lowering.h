// The state of lowering, shared by the emit_* functions that OP rows name. Not for use outside src/lower.
#pragma once
#include <llvm/IR/IRBuilder.h>
#include <llvm/IR/Module.h>

#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "exec/check_abi.h"
#include "lower/lower.h"
#include "lower/row_emit.h"
#include "ptx/ptx.h"
#include "ptx/tree.h"

namespace ppu::ptx {
class ProfilePlan;
}

namespace ppu::lower {

/// What all functions of one kernel share: where variables lie, and which LLVM function is which PTX
/// function.
class ModuleLowering {
 public:
  ModuleLowering(llvm::Module& ir, const ptx::Module& source, const ptx::Function& kernel,
                 const uint32_t block[3], const ptx::ProfilePlan* counting, bool check);
  /// Lowers the kernel and every function it may reach.
  Status run();
  Lowered result();

  llvm::Module& ir;
  const ptx::Module& source;
  const ptx::Function& kernel;
  uint32_t block[3];

  /// Index in LaunchArgs::globals; the variable is added on first use.
  uint32_t global_slot(const std::string& name);
  size_t global_count() const { return globals_.size(); }
  /// The .const variables that the kernel may use. 32-bit addresses of that space lie within 2 GiB of each.
  const std::vector<const ptx::Variable*>& const_variables();
  uint32_t static_shared_bytes() const { return static_shared_; }
  /// Offset in the shared window; nothing if `name` isn't shared.
  std::optional<uint32_t> shared_offset(const ptx::Function& in, const std::string& name) const;
  /// Offset in a thread's local memory; nothing if `name` isn't local.
  std::optional<uint32_t> local_offset(const ptx::Function& in, const std::string& name) const;
  /// The function's id (what its address evaluates to); 0 if there is none.
  uint64_t function_id(const std::string& name) const;
  llvm::Function* function(const ptx::Function& f) const;
  /// An external function `ppu.*` of the contract in simt/simt.h, with the attributes its meaning allows.
  llvm::FunctionCallee intrinsic(llvm::StringRef name, llvm::Type* result, llvm::ArrayRef<llvm::Type*> args);
  bool may_inline(const ptx::Function& f) const { return !recursive_.contains(&f); }
  /// Functions that may be active several times at once, or are called through pointers, have their .local
  /// variables in a frame whose address is their last argument.
  bool has_frame(const ptx::Function& f) const { return framed_.contains(&f); }
  /// Where to count; null: nowhere.
  const ptx::ProfilePlan* counting() const { return counting_; }
  /// Whether accesses and meetings of threads are told to the checker.
  bool checking() const { return checking_; }
  /// The function's number for exec::CheckPlace.
  uint32_t place_of(const ptx::Function& f) const;

 private:
  void find_reachable();
  void visit(const ptx::Function& f);
  void find_recursive();
  Status lay_out_shared();
  void lay_out_local();
  void declare(const ptx::Function& f);
  void list_indirect_targets();
  bool takes_address(const std::string& function) const;

  std::vector<const ptx::Function*> reachable_;  ///< kernel first
  std::map<const ptx::Function*, std::set<const ptx::Function*>> calls_;
  std::set<const ptx::Function*> indirect_callers_, recursive_, framed_;
  std::map<std::string, uint32_t> shared_module_;
  std::map<std::pair<const ptx::Function*, std::string>, uint32_t> shared_, local_;
  std::map<const ptx::Function*, llvm::Function*> functions_;
  std::map<const ptx::Function*, uint32_t> frame_bytes_;  ///< .local of functions with a frame
  std::vector<std::string> globals_;
  uint32_t static_shared_ = 0, local_bytes_ = 0, registers_ = 0;
  const ptx::ProfilePlan* counting_;
  bool checking_;
  std::optional<std::vector<const ptx::Variable*>> const_variables_;
  mutable std::vector<int32_t> places_;  ///< ptx::reachable's functions, once asked for
};

/// An address: what a load or store needs to know of it.
struct Address {
  llvm::Value* pointer = nullptr;  ///< host address
  llvm::Value* checked =
      nullptr;  ///< the integer whose low bits say whether the access is aligned; null: known
  ptx::Space space = ptx::Space::kNone;
};

/// One function's translation.
class FunctionLowering {
 public:
  FunctionLowering(ModuleLowering& module, const ptx::Function& source, llvm::Function& target);
  Status run();

  // ---- for emit_* functions ----
  ModuleLowering& module;
  const ptx::Function& source;
  llvm::IRBuilder<> ir;
  const ptx::Instruction* now = nullptr;  ///< the instruction being lowered

  bool is_kernel() const { return &source == &module.kernel; }
  llvm::Value* launch() const { return target_.getArg(0); }
  llvm::Value* block_state() const { return target_.getArg(1); }
  llvm::Value* i32(uint32_t v) { return ir.getInt32(v); }
  llvm::Value* i64(uint64_t v) { return ir.getInt64(v); }

  /// The first failure wins; run() returns it. kUnsupported: "<module>:<line>: <instruction>: <why>".
  void fail(const std::string& why);
  bool failed() const { return error_.has_value(); }

  /// A source operand as a value of `type` (see llvm_type); registers may be wider and are then truncated.
  llvm::Value* value(const ptx::Operand& operand, isa::Type type);
  /// A register, special register or constant as it is (registers in their own type, constants as `wanted`).
  llvm::Value* raw(const ptx::Operand& operand, isa::Type wanted);
  /// A predicate source, honouring `!p`.
  llvm::Value* predicate(const ptx::Operand& operand);
  /// Writes a destination (register or sink); kPair destinations are written one by one by the caller.
  void write(const ptx::Operand& dest, RowValue value);
  llvm::Value* special(ptx::Special which, int64_t number);
  llvm::Value* cluster_of_one(int64_t number);
  /// The address of a variable, function or parameter as PTX's mov sees it (i64; shared: the window offset).
  llvm::Value* symbol_address(const std::string& name);
  ptx::Space symbol_space(const std::string& name) const;
  /// An address operand of an access in `space` (kNone = generic).
  Address address(const ptx::Operand& operand, ptx::Space space);
  /// What every access of `bytes` to memory makes sure of: its alignment or, in code built to be checked, all
  /// that the checker knows. `order`: exec::kStrong and its like.
  void check_access(const Address& at, uint32_t bytes, exec::CheckedAccess kind, uint32_t order = 0);
  /// The same without alignment, of so many bytes at run time (i32; 0: none): nothing in other code.
  void tell_access(llvm::Value* pointer, ptx::Space space, llvm::Value* bytes, exec::CheckedAccess kind,
                   uint32_t order = 0);
  /// Tells the checker of a meeting of threads, or of one's end; nothing in other code.
  void tell_sync(exec::CheckedSync kind, llvm::Value* word);
  /// The alignment that LLVM may count on.
  llvm::Align alignment(uint32_t bytes) const { return llvm::Align(module.checking() ? 1 : bytes); }
  /// Adds the misalignment check of an access of `bytes`.
  void check_alignment(const Address& at, uint32_t bytes);
  llvm::Value* call(llvm::StringRef name, llvm::Type* result, llvm::ArrayRef<llvm::Value*> args);
  /// A field of LaunchArgs / BlockState that doesn't change while the kernel runs.
  llvm::Value* launch_field(llvm::Type* type, size_t offset);
  llvm::Value* block_field(llvm::Type* type, size_t offset);
  llvm::Value* shared_base() { return call("ppu.shared.base", ir.getPtrTy(), {}); }
  /// Where the frame of a called function may start (i64); finish_local_memory() gives it a value.
  llvm::Value* frame_end() { return call("ppu.frame.end", ir.getInt64Ty(), {}); }
  llvm::Value* frame() const { return target_.getArg(unsigned(target_.arg_size() - 1)); }
  /// Where the results go that don't fit a register.
  llvm::Value* result_slots() const {
    return target_.getArg(unsigned(target_.arg_size() - (module.has_frame(source) ? 2 : 1)));
  }
  llvm::Value* local_base() { return call("ppu.local.base", ir.getPtrTy(), {}); }
  /// The address (i64) whose low half is that of `address` and which lies within 2 GiB of `base`.
  llvm::Value* whole_address(llvm::Value* address, llvm::Value* base);
  /// All of a thread's .local addresses lie so close to each other.
  llvm::Value* whole_local_address(llvm::Value* address);
  bool has_short_local_addresses() const { return short_local_; }
  /// i64 -> ptr.
  llvm::Value* pointer(llvm::Value* address) { return ir.CreateIntToPtr(address, ir.getPtrTy()); }
  void set_space(llvm::Instruction* access, ptx::Space space);
  void set_line(llvm::Instruction* at);  ///< what a report of a kernel that waits for ever is to name
  llvm::BasicBlock* block_of(int32_t instruction) { return blocks_[size_t(instruction)]; }
  llvm::BasicBlock* new_block(const char* name);
  /// A fresh stack slot of the entry block, 8-byte aligned.
  llvm::AllocaInst* stack_slot(uint64_t bytes);
  /// Ends the block with a branch; what follows up to the next label is unreachable code.
  void return_now();
  isa::Type operand_type(int index) const;
  isa::Type register_type(int32_t index) const { return source.registers[size_t(index)].type; }
  /// The alloca of a .param variable or of a register-space parameter or result; null if there is none.
  llvm::AllocaInst* param_slot(const std::string& name) const;
  llvm::Value* read_register(int32_t index);
  /// Where the bytes that alloca has given out are counted (i64).
  llvm::AllocaInst* stack_used();

 private:
  void make_blocks();
  void make_registers();
  void make_params();
  void lower_instruction(const ptx::Instruction& instruction);
  void lower_branch(const ptx::Instruction& instruction, llvm::Value* guard);
  void lower_element(const ptx::Instruction& instruction);
  // Counting (counting.cpp): nothing unless module.counting().
  void count_unit(size_t instruction);
  void count_accesses(const ptx::Instruction& instruction);
  void count_branch(const ptx::Instruction& instruction, llvm::Value* taken);
  /// The unit of an instruction that is lowered without a branch around it.
  void count_guarded(llvm::Value* guard, size_t instruction);
  uint64_t place(uint32_t what, ptx::Space space, uint32_t order) const;
  void tell(llvm::Value* pointer, ptx::Space space, llvm::Value* bytes, exec::CheckedAccess kind,
            uint32_t order);
  llvm::Value* constant(const ptx::Operand& operand, isa::Type type);
  /// Says that the table at this field of LaunchArgs (if it was loaded) is readable for `bytes`.
  void mark_readable(size_t field, size_t bytes);
  /// A load that gives the same value all through the kernel, made once in the entry block.
  llvm::Value* entry_load(llvm::Type* type, llvm::Value* base, size_t offset);

  llvm::Function& target_;
  llvm::BasicBlock* entry_ = nullptr;  ///< stack slots and entry loads; falls into the first block when done
  std::map<std::pair<llvm::Value*, size_t>, llvm::Value*> entry_loads_;
  std::vector<llvm::AllocaInst*> registers_;
  std::map<std::string, llvm::AllocaInst*> params_;
  std::vector<llvm::BasicBlock*> blocks_;  ///< by instruction index; null where no label is
  llvm::AllocaInst* carry_ = nullptr;      ///< the CC.CF flag
  llvm::AllocaInst* stack_used_ = nullptr;
  llvm::Value* guard_ = nullptr;  ///< of an element row: results are selected by it
  std::optional<Error> error_;
  const bool short_local_ = ptx::has_short_local_addresses(source);
  int32_t plan_index_;  ///< of `source` in the module: what ptx::ProfilePlan calls it
};

/// What OP rows name. Each lowers one instruction (`f.now` is the same instruction).
using EmitFunction = void (*)(FunctionLowering& f, const ptx::Instruction& i);
/// The emit function of a table row; null for element rows.
EmitFunction emit_function(uint16_t row);

/// The read-modify-write that `mods` name (not cas) on one cell of `type`: the value before; null if there is
/// none, which has then been told by fail().
llvm::Value* atomic_update(FunctionLowering& f, const Address& at, llvm::Value* b, isa::Type type,
                           const isa::Mods& mods, llvm::AtomicOrdering order);
/// The bytes a PTX value of `type` takes in memory.
inline uint32_t byte_size(isa::Type type) {
  return uint32_t(type.total_bits() + 7) / 8;
}
/// The state space an instruction's modifiers name; kNone = generic.
ptx::Space space_of(const isa::Mods& mods);
/// How functions return their result: in a register if it is one value of up to 8 bytes, else through a
/// pointer to the caller's slots, passed after the arguments.
llvm::Type* result_type(llvm::LLVMContext& context, const ptx::Function& f);
bool returns_by_pointer(const ptx::Function& f);
/// The words (i64, the last ones smaller) that pass a by-value parameter of `bytes` to a function.
std::vector<llvm::Type*> parameter_words(llvm::LLVMContext& context, uint64_t bytes);

}  // namespace ppu::lower

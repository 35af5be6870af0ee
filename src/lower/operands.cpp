// Operands: constants, registers, special registers, the addresses of variables, and addresses of accesses.
// PTX ISA, "Instruction Operands" and "Special Registers".
#include <bit>
#include <cstddef>

#include "exec/kernel_abi.h"
#include "lower/lowering.h"
#include "simt/names.h"

namespace ppu::lower {

using ptx::Operand;
using ptx::Space;
using ptx::Special;

llvm::Value* FunctionLowering::constant(const Operand& operand, isa::Type type) {
  llvm::Type* want = llvm_type(ir.getContext(), type);
  if (want->isFloatTy() || want->isDoubleTy()) {
    // A float literal has its own width; an integer literal gives the bits.
    if (!operand.is_float)
      return ir.CreateBitCast(ir.getIntN(want->getPrimitiveSizeInBits(), uint64_t(operand.value)), want);
    double v = operand.is_double ? std::bit_cast<double>(operand.value)
                                 : double(std::bit_cast<float>(uint32_t(operand.value)));
    if (want->isFloatTy() && !operand.is_double)  // keep the bits of a NaN
      return ir.CreateBitCast(ir.getInt32(uint32_t(operand.value)), want);
    if (want->isFloatTy()) return llvm::ConstantFP::get(want, llvm::APFloat(float(v)));
    return operand.is_double ? ir.CreateBitCast(ir.getInt64(uint64_t(operand.value)), want)
                             : llvm::ConstantFP::get(want, v);
  }
  const unsigned bits = want->getIntegerBitWidth();
  if (bits > 64)
    return llvm::ConstantInt::get(ir.getContext(), llvm::APInt(bits, uint64_t(operand.value), true));
  // mov.b64 %rd, 0d... and mov.b32 %r, 0f... carry bits; a decimal float for a .b32 register is a float32.
  if (operand.is_float && operand.is_double && bits == 32)
    return ir.getInt32(std::bit_cast<uint32_t>(float(std::bit_cast<double>(operand.value))));
  return llvm::ConstantInt::get(ir.getContext(), llvm::APInt(64, uint64_t(operand.value)).trunc(bits));
}

llvm::Value* FunctionLowering::raw(const Operand& operand, isa::Type wanted) {
  switch (operand.kind) {
    case Operand::Kind::kReg: {
      llvm::Value* v = read_register(operand.index);
      if (operand.part) {
        llvm::Type* part = ir.getIntNTy(unsigned(operand.part_bits()));
        v = ir.CreateTrunc(ir.CreateLShr(v, uint64_t(operand.part_shift())), part);
        return wanted.is_signed() ? ir.CreateSExt(v, ir.getInt32Ty()) : ir.CreateZExt(v, ir.getInt32Ty());
      }
      return operand.negated ? ir.CreateNot(v) : v;
    }
    case Operand::Kind::kImm:
      return constant(operand, wanted);
    case Operand::Kind::kSpecial: {
      llvm::Value* v = special(operand.special, operand.value);
      // Special registers are 32 or 64 bits; other widths are taken as mov would.
      if (wanted.total_bits() && v && !wanted.is_float())
        v = ir.CreateZExtOrTrunc(v, ir.getIntNTy(unsigned(wanted.total_bits())));
      return v ? v : llvm::UndefValue::get(llvm_type(ir.getContext(), wanted));
    }
    case Operand::Kind::kSymbol: {
      llvm::Value* v = ir.CreateAdd(symbol_address(operand.symbol), i64(uint64_t(operand.value)));
      if (wanted.total_bits() == 32) return ir.CreateTrunc(v, ir.getInt32Ty());
      return v;
    }
    default:
      fail("operand isn't a value");
      return llvm::UndefValue::get(llvm_type(ir.getContext(), wanted));
  }
}

llvm::Value* FunctionLowering::value(const Operand& operand, isa::Type type) {
  llvm::Value* v = raw(operand, type);
  llvm::Type* want = llvm_type(ir.getContext(), type);
  if (v->getType() == want) return v;
  const unsigned bits = want->getPrimitiveSizeInBits();
  if (!v->getType()->isIntegerTy())
    v = ir.CreateBitCast(v, ir.getIntNTy(v->getType()->getPrimitiveSizeInBits()));
  if (v->getType()->getIntegerBitWidth() < bits) {
    fail("operand is narrower than the instruction");
    return llvm::UndefValue::get(want);
  }
  return ir.CreateBitCast(ir.CreateTrunc(v, ir.getIntNTy(bits)), want);
}

llvm::Value* FunctionLowering::predicate(const Operand& operand) {
  return value(operand, {isa::Kind::kPred, 1, 1});
}

Space FunctionLowering::symbol_space(const std::string& name) const {
  for (const ptx::Variable& v : source.locals)
    if (v.name == name) return v.space;
  for (const std::vector<ptx::Variable>* list : {&source.params, &source.results})
    for (const ptx::Variable& v : *list)
      if (v.name == name) return Space::kParam;
  if (const ptx::Variable* v = module.source.find_variable(name)) return v->space;
  return Space::kNone;
}

llvm::Value* FunctionLowering::symbol_address(const std::string& name) {
  if (const auto offset = module.shared_offset(source, name)) return i64(*offset);
  const auto local = module.local_offset(source, name);
  if (local && module.has_frame(source)) return ir.CreateAdd(frame(), i64(*local));
  if (const auto offset = local)
    return ir.CreateAdd(ir.CreatePtrToInt(local_base(), ir.getInt64Ty()), i64(*offset));
  if (llvm::AllocaInst* slot = param_slot(name)) return ir.CreatePtrToInt(slot, ir.getInt64Ty());
  if (is_kernel()) {
    const ptx::ParamLayout layout = ptx::param_layout(source);
    for (size_t p = 0; p < source.params.size(); p++) {
      if (source.params[p].name != name) continue;
      llvm::Value* params = launch_field(ir.getPtrTy(), offsetof(exec::LaunchArgs, params));
      return ir.CreateAdd(ir.CreatePtrToInt(params, ir.getInt64Ty()), i64(layout.offsets[p]));
    }
  }
  const Space space = symbol_space(name);
  if (space == Space::kGlobal || space == Space::kConst) {
    llvm::Value* table = launch_field(ir.getPtrTy(), offsetof(exec::LaunchArgs, globals));
    return entry_load(ir.getInt64Ty(), table, size_t{8} * module.global_slot(name));
  }
  if (const uint64_t id = module.function_id(name)) return i64(id);
  fail("'" + name + "' isn't a variable or function of this module");
  return i64(0);
}

llvm::Value* FunctionLowering::whole_local_address(llvm::Value* address) {
  return whole_address(address, ir.CreatePtrToInt(local_base(), ir.getInt64Ty()));
}

llvm::Value* FunctionLowering::whole_address(llvm::Value* address, llvm::Value* base) {
  llvm::Value* distance =
      ir.CreateSub(ir.CreateZExtOrTrunc(address, ir.getInt32Ty()), ir.CreateTrunc(base, ir.getInt32Ty()));
  return ir.CreateAdd(base, ir.CreateSExt(distance, ir.getInt64Ty()));
}

Address FunctionLowering::address(const Operand& operand, Space space) {
  const Operand& base = operand.elements[0];
  llvm::Value* offset = i64(uint64_t(operand.value));
  if (base.kind == Operand::Kind::kSymbol) {
    const Space own = symbol_space(base.symbol);
    if (space == Space::kNone) space = own;
    if (space == Space::kParam) {
      // Parameters keep a pointer that LLVM can follow: slots dissolve, kernel parameters are invariant
      // loads.
      if (llvm::AllocaInst* slot = param_slot(base.symbol))
        return {ir.CreateGEP(ir.getInt8Ty(), slot, offset), nullptr, space};
      llvm::Value* params = launch_field(ir.getPtrTy(), offsetof(exec::LaunchArgs, params));
      const ptx::ParamLayout layout = ptx::param_layout(source);
      for (size_t p = 0; p < source.params.size(); p++)
        if (source.params[p].name == base.symbol)
          return {ir.CreateConstInBoundsGEP1_64(ir.getInt8Ty(), params,
                                                layout.offsets[p] + uint64_t(operand.value)),
                  nullptr, space};
    }
  }
  llvm::Value* address = base.kind == Operand::Kind::kReg      ? read_register(base.index)
                         : base.kind == Operand::Kind::kSymbol ? symbol_address(base.symbol)
                                                               : i64(uint64_t(base.value));
  if (!address->getType()->isIntegerTy()) address = ir.CreateBitCast(address, ir.getInt64Ty());
  if (space == Space::kShared) {
    // A 32-bit shared address is an offset in a small window: sign-extending keeps `base - 4 + 4*tid` exact,
    // and what lies outside the window faults either way.
    address = ir.CreateAdd(ir.CreateSExtOrTrunc(address, ir.getInt64Ty()), offset);
    return {ir.CreateGEP(ir.getInt8Ty(), shared_base(), address), address, space};
  }
  if (address->getType()->getIntegerBitWidth() != 64) {
    if (space == Space::kLocal)
      address = whole_local_address(address);
    else if (space == Space::kConst && !module.const_variables().empty())
      address = whole_address(address, symbol_address(module.const_variables()[0]->name));
    else if (space != Space::kNone && space != Space::kGlobal && space != Space::kConst)
      fail("32-bit addresses are supported in the shared, local and const spaces only");
    address = ir.CreateZExtOrTrunc(address, ir.getInt64Ty());
  }
  address = ir.CreateAdd(address, offset);
  return {pointer(address), address, space};
}

void FunctionLowering::check_alignment(const Address& at, uint32_t bytes) {
  if (bytes < 2 || !at.checked) return;
  call("ppu.check.align", ir.getVoidTy(), {ir.CreateAnd(at.checked, i64(bytes - 1)), at.checked});
}

void FunctionLowering::set_line(llvm::Instruction* at) {
  llvm::Metadata* line = llvm::ConstantAsMetadata::get(ir.getInt32(now ? uint32_t(now->pos.line) : 0));
  at->setMetadata(simt::kLineMetadata, llvm::MDNode::get(ir.getContext(), {line}));
}

void FunctionLowering::set_space(llvm::Instruction* access, Space space) {
  if (access->isVolatile() || access->isAtomic()) set_line(access);
  if (space == Space::kNone) return;
  llvm::Metadata* number = llvm::ConstantAsMetadata::get(ir.getInt32(uint32_t(space)));
  access->setMetadata("ppu.space", llvm::MDNode::get(ir.getContext(), {number}));
}

namespace {

/// %ntid: a constant when the kernel is specialised on its block shape.
llvm::Value* block_size(FunctionLowering& f, unsigned dim) {
  if (f.module.block[dim]) return f.i32(f.module.block[dim]);
  return f.launch_field(f.ir.getInt32Ty(), offsetof(exec::LaunchArgs, block) + 4 * dim);
}

llvm::Value* lane_mask(FunctionLowering& f, Special which) {
  llvm::Value* lane = f.call("ppu.laneid", f.ir.getInt32Ty(), {});
  llvm::Value* below = f.ir.CreateSub(f.ir.CreateShl(f.i32(1), lane), f.i32(1));
  llvm::Value* up_to = f.ir.CreateSub(f.ir.CreateShl(f.i32(2), lane), f.i32(1));
  switch (which) {
    case Special::kLanemaskEq:
      return f.ir.CreateShl(f.i32(1), lane);
    case Special::kLanemaskLt:
      return below;
    case Special::kLanemaskLe:
      return up_to;
    case Special::kLanemaskGt:
      return f.ir.CreateNot(up_to);
    default:
      return f.ir.CreateNot(below);
  }
}

llvm::Value* special_64(FunctionLowering& f, Special which) {
  llvm::Type* word = f.ir.getInt64Ty();
  switch (which) {
    case Special::kClock:
    case Special::kClockHi:
    case Special::kClock64:
      return f.call("ppu.clock64", word, {});
    case Special::kGlobaltimer:
    case Special::kGlobaltimerLo:
    case Special::kGlobaltimerHi:
      return f.call("ppu.rt.globaltimer", word, {f.block_state()});
    case Special::kGridid:
      return f.launch_field(word, offsetof(exec::LaunchArgs, grid_id));
    default:
      return nullptr;
  }
}

}  // namespace

/// Without clusters every block is one: its id, their number, then the block's place in it and its size.
llvm::Value* FunctionLowering::cluster_of_one(int64_t number) {
  constexpr int64_t kClusterRank = 12;  // and the number of ranks behind it
  if (number < 3) return special(Special(int64_t(Special::kCtaidX) + number), 0);
  if (number < 6) return special(Special(int64_t(Special::kNctaidX) + number - 3), 0);
  return i32(number < 9 || number == kClusterRank ? 0 : 1);
}

llvm::Value* FunctionLowering::special(Special which, int64_t number) {
  llvm::Type* word = ir.getInt32Ty();
  const auto in_launch = [&](size_t offset) { return launch_field(word, offset); };
  const auto in_block = [&](size_t offset) { return block_field(word, offset); };
  const unsigned n = unsigned(which);
  constexpr const char* kTid[] = {"ppu.tid.x", "ppu.tid.y", "ppu.tid.z"};
  if (which <= Special::kTidZ) return call(kTid[n], word, {});
  if (which <= Special::kNtidZ) return block_size(*this, n - unsigned(Special::kNtidX));
  if (which <= Special::kCtaidZ)
    return in_block(offsetof(exec::BlockState, ctaid) + 4 * (n - unsigned(Special::kCtaidX)));
  if (which <= Special::kNctaidZ)
    return in_launch(offsetof(exec::LaunchArgs, grid) + 4 * (n - unsigned(Special::kNctaidX)));
  if (which >= Special::kLanemaskEq && which <= Special::kLanemaskGt) return lane_mask(*this, which);
  if (llvm::Value* wide = special_64(*this, which)) {
    if (which == Special::kClockHi || which == Special::kGlobaltimerHi)
      return ir.CreateTrunc(ir.CreateLShr(wide, 32), word);
    if (which == Special::kClock || which == Special::kGlobaltimerLo) return ir.CreateTrunc(wide, word);
    return wide;
  }
  switch (which) {
    case Special::kLaneid:
      return call("ppu.laneid", word, {});
    case Special::kWarpid:
      return call("ppu.warpid", word, {});
    case Special::kNwarpid: {
      llvm::Value* threads =
          ir.CreateMul(ir.CreateMul(block_size(*this, 0), block_size(*this, 1)), block_size(*this, 2));
      return ir.CreateLShr(ir.CreateAdd(threads, i32(exec::kWarpSize - 1)), 5);
    }
    case Special::kSmid:
      return in_block(offsetof(exec::BlockState, smid));
    case Special::kNsmid:
      return in_launch(offsetof(exec::LaunchArgs, num_sms));
    case Special::kDynamicSmemSize:
      return in_launch(offsetof(exec::LaunchArgs, dynamic_shared_bytes));
    case Special::kTotalSmemSize:
      return in_launch(offsetof(exec::LaunchArgs, shared_bytes));
    case Special::kIsExplicitCluster:
    case Special::kPm:
      return i32(0);
    case Special::kPm64:
    case Special::kCurrentGraphExec:
      return i64(0);
    case Special::kClusterId:
      return cluster_of_one(number);
    case Special::kEnvreg:
      // %envreg0..: the executor gives the first registers, the rest read as zero.
      if (number >= 4) return i32(0);
      return ir.CreateTrunc(
          launch_field(ir.getInt64Ty(), offsetof(exec::LaunchArgs, envreg) + 8 * size_t(number)), word);
    default:
      fail("special register isn't supported");
      return nullptr;
  }
}

}  // namespace ppu::lower

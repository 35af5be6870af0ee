// ld, st, mov, cvta, isspacep. PTX ISA, "Data Movement and Conversion Instructions".
#include <cstddef>

#include "exec/kernel_abi.h"
#include "lower/lowering.h"
#include "simt/names.h"

namespace ppu::lower {

using ptx::Operand;
using ptx::Space;

Space space_of(const isa::Mods& mods) {
  for (std::string_view m : mods.got) {
    const std::string_view first = m.substr(0, m.find(':'));
    if (first == "param") return Space::kParam;
    if (first == "const") return Space::kConst;
    if (first == "global") return Space::kGlobal;
    if (first == "local") return Space::kLocal;
    if (first == "shared") return Space::kShared;
  }
  return Space::kNone;
}

namespace {

/// How an access orders with others. Weak accesses are plain. The others are volatile (single copies on x86),
/// with fences for acquire and release: x86 keeps all other orders by itself.
struct Order {
  bool is_volatile = false, acquire = false, release = false;
  /// For the checker.
  uint32_t bits() const {
    return (is_volatile ? exec::kStrong : 0) | (acquire ? exec::kAcquires : 0) |
           (release ? exec::kReleases : 0);
  }
};

Order order_of(const isa::Mods& mods) {
  Order order;
  order.acquire = mods.has("acquire");
  order.release = mods.has("release");
  order.is_volatile = order.acquire || order.release || mods.has("volatile") || mods.has("relaxed") ||
                      mods.has("mmio") || mods.has("cv");
  return order;
}

/// The elements of a `{a, b}` operand, or the operand itself.
llvm::ArrayRef<Operand> elements_of(const Operand& operand) {
  if (operand.kind == Operand::Kind::kVector) return operand.elements;
  return operand;
}

llvm::Type* access_type(llvm::Type* element, size_t count) {
  return count == 1 ? element
                    : static_cast<llvm::Type*>(llvm::FixedVectorType::get(element, unsigned(count)));
}

}  // namespace

void emit_ld(FunctionLowering& f, const ptx::Instruction& i) {
  const isa::Type type = isa::types_of(isa::table()[i.row], i.mods)[0];
  const llvm::ArrayRef<Operand> dests = elements_of(i.operands[0]);
  const uint32_t bytes = byte_size(type) * uint32_t(dests.size());
  Space space = space_of(i.mods);
  const Address at = f.address(i.operands[1], space);
  if (f.failed()) return;
  const Order order = order_of(i.mods);
  f.check_access(at, bytes, exec::CheckedAccess::kRead, order.bits());
  llvm::Type* element = llvm_type(f.ir.getContext(), type);
  llvm::LoadInst* load = f.ir.CreateAlignedLoad(access_type(element, dests.size()), at.pointer,
                                                f.alignment(bytes), order.is_volatile);
  f.set_space(load, at.space);
  const bool constant = at.space == Space::kConst || i.mods.has("nc") ||
                        (at.space == Space::kParam && f.is_kernel() && !at.checked &&
                         !llvm::isa<llvm::AllocaInst>(at.pointer->stripInBoundsOffsets()));
  if (constant && !order.is_volatile)
    load->setMetadata(llvm::LLVMContext::MD_invariant_load, llvm::MDNode::get(f.ir.getContext(), {}));
  if (i.mods.has("cg")) {
    load->setMetadata(simt::kFreshMetadata, llvm::MDNode::get(f.ir.getContext(), {}));
    f.set_line(load);
  }
  if (order.acquire) f.ir.CreateFence(llvm::AtomicOrdering::Acquire);
  for (size_t k = 0; k < dests.size(); k++)
    f.write(dests[k],
            {dests.size() == 1 ? static_cast<llvm::Value*>(load) : f.ir.CreateExtractElement(load, k), type});
}

void emit_st(FunctionLowering& f, const ptx::Instruction& i) {
  const isa::Type type = isa::types_of(isa::table()[i.row], i.mods)[0];
  const llvm::ArrayRef<Operand> sources = elements_of(i.operands[1]);
  const uint32_t bytes = byte_size(type) * uint32_t(sources.size());
  const Address at = f.address(i.operands[0], space_of(i.mods));
  llvm::Value* data = nullptr;
  if (sources.size() > 1)
    data = llvm::PoisonValue::get(access_type(llvm_type(f.ir.getContext(), type), sources.size()));
  for (size_t k = 0; k < sources.size() && !f.failed(); k++) {
    llvm::Value* v = f.value(sources[k], type);
    data = data ? f.ir.CreateInsertElement(data, v, k) : v;
  }
  if (f.failed()) return;
  const Order order = order_of(i.mods);
  f.check_access(at, bytes, exec::CheckedAccess::kWrite, order.bits());
  if (order.release) f.ir.CreateFence(llvm::AtomicOrdering::Release);
  f.set_space(f.ir.CreateAlignedStore(data, at.pointer, f.alignment(bytes), order.is_volatile), at.space);
}

namespace {

/// Joins the elements of `{a, b, ...}`, lowest first, into one integer of `bits`.
llvm::Value* pack(FunctionLowering& f, const std::vector<Operand>& elements, unsigned bits) {
  const unsigned each = bits / unsigned(elements.size());
  llvm::Value* whole = nullptr;
  for (size_t k = 0; k < elements.size(); k++) {
    llvm::Value* part = f.value(elements[k], {isa::Kind::kB, uint8_t(each), 1});
    part = f.ir.CreateShl(f.ir.CreateZExt(part, f.ir.getIntNTy(bits)), uint64_t{each} * k);
    whole = whole ? f.ir.CreateOr(whole, part) : part;
  }
  return whole;
}

}  // namespace

void emit_mov(FunctionLowering& f, const ptx::Instruction& i) {
  const isa::Type type = isa::types_of(isa::table()[i.row], i.mods)[0];
  const Operand &dest = i.operands[0], &from = i.operands[1];
  const unsigned bits = unsigned(type.total_bits());
  llvm::Value* v = from.kind == Operand::Kind::kVector ? pack(f, from.elements, bits) : f.value(from, type);
  if (f.failed()) return;
  if (dest.kind != Operand::Kind::kVector) return f.write(dest, {v, type});
  const unsigned each = bits / unsigned(dest.elements.size());
  v = f.ir.CreateBitCast(v, f.ir.getIntNTy(bits));
  for (size_t k = 0; k < dest.elements.size(); k++) {
    llvm::Value* part = f.ir.CreateTrunc(f.ir.CreateLShr(v, uint64_t{each} * k), f.ir.getIntNTy(each));
    f.write(dest.elements[k], {part, {isa::Kind::kB, uint8_t(each), 1}});
  }
}

void emit_cvta(FunctionLowering& f, const ptx::Instruction& i) {
  const isa::Type type = isa::types_of(isa::table()[i.row], i.mods)[0];
  llvm::Value* v = f.value(i.operands[1], type);
  if (f.failed()) return;
  // Only the shared window has addresses of its own; all others are host addresses already.
  if (space_of(i.mods) == Space::kShared) {
    llvm::Value* base = f.ir.CreatePtrToInt(f.shared_base(), f.ir.getInt64Ty());
    v = f.ir.CreateSExtOrTrunc(v, f.ir.getInt64Ty());
    v = i.mods.has("to") ? f.ir.CreateSub(v, base) : f.ir.CreateAdd(base, v);
    v = f.ir.CreateTrunc(v, llvm_type(f.ir.getContext(), type));
  } else if (type.total_bits() != 64) {
    return f.fail("32-bit generic addresses aren't supported");
  } else if (space_of(i.mods) == Space::kLocal && !i.mods.has("to") && f.has_short_local_addresses()) {
    v = f.whole_local_address(v);
  }
  f.write(i.operands[0], {v, type});
}

namespace {

/// base <= v < base + size
llvm::Value* in_window(FunctionLowering& f, llvm::Value* v, llvm::Value* base, llvm::Value* size) {
  if (base->getType()->isPointerTy()) base = f.ir.CreatePtrToInt(base, f.ir.getInt64Ty());
  return f.ir.CreateICmpULT(f.ir.CreateSub(v, base), f.ir.CreateZExt(size, f.ir.getInt64Ty()));
}

}  // namespace

void emit_isspacep(FunctionLowering& f, const ptx::Instruction& i) {
  llvm::Value* v = f.value(i.operands[1], {isa::Kind::kU, 64, 1});
  if (f.failed()) return;
  const auto is_shared = [&] {
    // The part that the kernel declares has a known size: variables in it need no question at run time.
    llvm::Value* declared = in_window(f, v, f.shared_base(), f.i32(f.module.static_shared_bytes()));
    return f.ir.CreateOr(
        declared, in_window(f, v, f.shared_base(),
                            f.launch_field(f.ir.getInt32Ty(), offsetof(exec::LaunchArgs, shared_bytes))));
  };
  // This thread's own .local memory: another thread's can't be addressed by legal code.
  const auto is_local = [&] {
    return in_window(f, v, f.local_base(), f.call("ppu.local.size", f.ir.getInt32Ty(), {}));
  };
  const auto is_param = [&] {
    llvm::Value* params = f.launch_field(f.ir.getPtrTy(), offsetof(exec::LaunchArgs, params));
    return in_window(f, v, params, f.i32(ptx::param_layout(f.module.kernel).total));
  };
  // The kernel's own .const variables, which lie in device memory.
  const auto is_const = [&] {
    llvm::Value* any = f.ir.getFalse();
    for (const ptx::Variable* c : f.module.const_variables())
      any = f.ir.CreateOr(any, in_window(f, v, f.symbol_address(c->name), f.i64(c->size())));
    return any;
  };
  llvm::Value* answer = nullptr;
  switch (space_of(i.mods)) {
    case Space::kConst:
      answer = is_const();
      break;
    case Space::kShared:
      answer = is_shared();
      break;
    case Space::kLocal:
      answer = is_local();
      break;
    case Space::kParam:
      answer = is_param();
      break;
    case Space::kGlobal:
      answer = f.ir.CreateNot(
          f.ir.CreateOr(f.ir.CreateOr(is_shared(), is_local()), f.ir.CreateOr(is_param(), is_const())));
      break;
    default:
      return f.fail("isspacep knows const, global, shared, local and param");
  }
  f.write(i.operands[0], {answer, {isa::Kind::kPred, 1, 1}});
}

void emit_nop(FunctionLowering&, const ptx::Instruction&) {}

void emit_createpolicy(FunctionLowering& f, const ptx::Instruction& i) {
  // A policy only feeds hints, which are ignored: any value will do.
  f.write(i.operands[0], {f.i64(0), {isa::Kind::kB, 64, 1}});
}

}  // namespace ppu::lower

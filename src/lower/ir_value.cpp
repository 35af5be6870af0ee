// Ir operations: each records the LLVM instruction that does what the Host twin does.
#include "lower/ir_value.h"

#include <llvm/IR/Intrinsics.h>
#include <llvm/IR/Module.h>

#include <cmath>
#include <string>

#include "base/log.h"
#include "lower/row_emit.h"

namespace ppu::lower {
namespace {

using isa::Kind;
using isa::Type;

Ir with(Ir a, llvm::Value* v) {
  return {v, a.t, a.b};
}

Ir intrinsic(Ir a, llvm::Intrinsic::ID id, llvm::ArrayRef<llvm::Value*> args) {
  return with(a, a.b->CreateIntrinsic(id, {a.v->getType()}, args));
}

/// A function that only computes, so LLVM may merge, move and drop calls of it.
llvm::FunctionCallee pure_function(llvm::IRBuilderBase& b, const std::string& name,
                                   llvm::FunctionType* type) {
  llvm::FunctionCallee callee = b.GetInsertBlock()->getModule()->getOrInsertFunction(name, type);
  auto* function = llvm::cast<llvm::Function>(callee.getCallee());
  function->setDoesNotAccessMemory();
  function->setDoesNotThrow();
  function->setWillReturn();
  function->addFnAttr(llvm::Attribute::Speculatable);
  return callee;
}

/// A directed rounding: `ppu.fadd.rz.f32` (src/simt/simt.h).
Ir directed(const char* op, Round round, std::initializer_list<Ir> args) {
  const Ir& a = *args.begin();
  const char* mode = round == Round::kZero ? "rz" : round == Round::kDown ? "rm" : "rp";
  const std::string name = std::string("ppu.f") + op + "." + mode + (a.t.bits == 64 ? ".f64" : ".f32");
  llvm::SmallVector<llvm::Value*, 3> values;
  llvm::SmallVector<llvm::Type*, 3> types;
  for (const Ir& arg : args) {
    values.push_back(arg.v);
    types.push_back(arg.v->getType());
  }
  llvm::FunctionType* type = llvm::FunctionType::get(a.v->getType(), types, false);
  return with(a, a.b->CreateCall(pure_function(*a.b, name, type), values));
}

llvm::CmpInst::Predicate float_predicate(Compare op) {
  switch (op) {
    case Compare::kEq:
      return llvm::CmpInst::FCMP_OEQ;
    case Compare::kNe:
      return llvm::CmpInst::FCMP_ONE;
    case Compare::kLt:
      return llvm::CmpInst::FCMP_OLT;
    case Compare::kLe:
      return llvm::CmpInst::FCMP_OLE;
    case Compare::kGt:
      return llvm::CmpInst::FCMP_OGT;
    case Compare::kGe:
      return llvm::CmpInst::FCMP_OGE;
    case Compare::kEqu:
      return llvm::CmpInst::FCMP_UEQ;
    case Compare::kNeu:
      return llvm::CmpInst::FCMP_UNE;
    case Compare::kLtu:
      return llvm::CmpInst::FCMP_ULT;
    case Compare::kLeu:
      return llvm::CmpInst::FCMP_ULE;
    case Compare::kGtu:
      return llvm::CmpInst::FCMP_UGT;
    case Compare::kGeu:
      return llvm::CmpInst::FCMP_UGE;
    case Compare::kNum:
      return llvm::CmpInst::FCMP_ORD;
    case Compare::kNan:
      return llvm::CmpInst::FCMP_UNO;
  }
  return llvm::CmpInst::FCMP_FALSE;
}

llvm::CmpInst::Predicate int_predicate(Compare op, bool is_signed) {
  switch (op) {
    case Compare::kEq:
      return llvm::CmpInst::ICMP_EQ;
    case Compare::kLt:
      return is_signed ? llvm::CmpInst::ICMP_SLT : llvm::CmpInst::ICMP_ULT;
    case Compare::kLe:
      return is_signed ? llvm::CmpInst::ICMP_SLE : llvm::CmpInst::ICMP_ULE;
    case Compare::kGt:
      return is_signed ? llvm::CmpInst::ICMP_SGT : llvm::CmpInst::ICMP_UGT;
    case Compare::kGe:
      return is_signed ? llvm::CmpInst::ICMP_SGE : llvm::CmpInst::ICMP_UGE;
    default:
      return llvm::CmpInst::ICMP_NE;
  }
}

}  // namespace

Ir constant(const Ir& like, Type t, uint64_t bits) {
  llvm::LLVMContext& context = like.b->getContext();
  llvm::Value* v = llvm::ConstantInt::get(
      context, llvm::APInt(unsigned(t.total_bits()), isa::low_bits(bits, t.total_bits())));
  return {like.b->CreateBitCast(v, llvm_type(context, t)), t, like.b};
}
uint64_t known_bits(Ir a) {
  auto* number = llvm::dyn_cast<llvm::ConstantInt>(a.v);
  PPU_CHECK(number != nullptr && "the form asks for a constant");
  return number->getZExtValue();
}
Ir as_bits(Ir a, Type t) {
  return {a.b->CreateBitCast(a.v, llvm_type(a.b->getContext(), t)), t, a.b};
}
Ir resize(Ir a, Type t) {
  llvm::Type* to = llvm_type(a.b->getContext(), t);
  return {a.t.is_signed() ? a.b->CreateSExtOrTrunc(a.v, to) : a.b->CreateZExtOrTrunc(a.v, to), t, a.b};
}

Ir operator+(Ir a, Ir b) {
  return with(a, a.b->CreateAdd(a.v, b.v));
}
Ir operator-(Ir a, Ir b) {
  return with(a, a.b->CreateSub(a.v, b.v));
}
Ir operator*(Ir a, Ir b) {
  return with(a, a.b->CreateMul(a.v, b.v));
}
Ir operator&(Ir a, Ir b) {
  return with(a, a.b->CreateAnd(a.v, b.v));
}
Ir operator|(Ir a, Ir b) {
  return with(a, a.b->CreateOr(a.v, b.v));
}
Ir operator^(Ir a, Ir b) {
  return with(a, a.b->CreateXor(a.v, b.v));
}
Ir operator~(Ir a) {
  return with(a, a.b->CreateNot(a.v));
}
Ir shl_raw(Ir a, Ir n) {
  return with(a, a.b->CreateShl(a.v, n.v));
}
Ir shr_raw(Ir a, Ir n) {
  return with(a, a.t.is_signed() ? a.b->CreateAShr(a.v, n.v) : a.b->CreateLShr(a.v, n.v));
}
Ir div_raw(Ir a, Ir b) {
  return with(a, a.t.is_signed() ? a.b->CreateSDiv(a.v, b.v) : a.b->CreateUDiv(a.v, b.v));
}
Ir rem_raw(Ir a, Ir b) {
  return with(a, a.t.is_signed() ? a.b->CreateSRem(a.v, b.v) : a.b->CreateURem(a.v, b.v));
}
Ir popc(Ir a) {
  return intrinsic(a, llvm::Intrinsic::ctpop, {a.v});
}
Ir clz(Ir a) {
  return intrinsic(a, llvm::Intrinsic::ctlz, {a.v, a.b->getFalse()});
}
Ir brev(Ir a) {
  return intrinsic(a, llvm::Intrinsic::bitreverse, {a.v});
}

Ir compare(Compare op, Ir a, Ir b) {
  llvm::Value* v = a.t.kind == Kind::kF ? a.b->CreateFCmp(float_predicate(op), a.v, b.v)
                                        : a.b->CreateICmp(int_predicate(op, a.t.is_signed()), a.v, b.v);
  return {v, {Kind::kPred, 1, 1}, a.b};
}
Ir select(Ir predicate, Ir a, Ir b) {
  return with(a, a.b->CreateSelect(predicate.v, a.v, b.v));
}

Ir fadd(Ir a, Ir b, Round round) {
  return round == Round::kNearest ? with(a, a.b->CreateFAdd(a.v, b.v)) : directed("add", round, {a, b});
}
Ir fsub(Ir a, Ir b, Round round) {
  return round == Round::kNearest ? with(a, a.b->CreateFSub(a.v, b.v)) : directed("sub", round, {a, b});
}
Ir fmul(Ir a, Ir b, Round round) {
  return round == Round::kNearest ? with(a, a.b->CreateFMul(a.v, b.v)) : directed("mul", round, {a, b});
}
Ir fdiv(Ir a, Ir b, Round round) {
  return round == Round::kNearest ? with(a, a.b->CreateFDiv(a.v, b.v)) : directed("div", round, {a, b});
}
Ir ffma(Ir a, Ir b, Ir c, Round round) {
  return round == Round::kNearest ? intrinsic(a, llvm::Intrinsic::fma, {a.v, b.v, c.v})
                                  : directed("fma", round, {a, b, c});
}
Ir fsqrt(Ir a, Round round) {
  return round == Round::kNearest ? intrinsic(a, llvm::Intrinsic::sqrt, {a.v}) : directed("sqrt", round, {a});
}
Ir flush_subnormal(Ir a) {
  llvm::FunctionType* type = llvm::FunctionType::get(a.v->getType(), {a.v->getType()}, false);
  return with(a, a.b->CreateCall(pure_function(*a.b, "ppu.ftz.f32", type), {a.v}));
}
Ir fneg(Ir a) {
  return with(a, a.b->CreateFNeg(a.v));
}
Ir fabs(Ir a) {
  return intrinsic(a, llvm::Intrinsic::fabs, {a.v});
}

Ir round_to_integral(Ir a, Round round) {
  switch (round) {
    case Round::kZero:
      return intrinsic(a, llvm::Intrinsic::trunc, {a.v});
    case Round::kDown:
      return intrinsic(a, llvm::Intrinsic::floor, {a.v});
    case Round::kUp:
      return intrinsic(a, llvm::Intrinsic::ceil, {a.v});
    case Round::kAway:
      return intrinsic(a, llvm::Intrinsic::round, {a.v});
    case Round::kNearest:
      break;
  }
  return intrinsic(a, llvm::Intrinsic::roundeven, {a.v});
}

Ir extend(Ir a, Type t) {
  llvm::Value* v = a.t.bits == 16 ? a.b->CreateBitCast(a.v, a.b->getHalfTy()) : a.v;
  return {a.b->CreateFPExt(v, llvm_type(a.b->getContext(), t)), t, a.b};
}
Ir truncate(Ir a, Type t) {
  if (t.bits == 16) {
    llvm::Value* half = a.b->CreateFPTrunc(a.v, a.b->getHalfTy());
    return {a.b->CreateBitCast(half, a.b->getInt16Ty()), t, a.b};
  }
  return {a.b->CreateFPTrunc(a.v, llvm_type(a.b->getContext(), t)), t, a.b};
}
Ir int_to_float(Ir a, Type t) {
  llvm::Type* to = llvm_type(a.b->getContext(), t);
  return {a.t.is_signed() ? a.b->CreateSIToFP(a.v, to) : a.b->CreateUIToFP(a.v, to), t, a.b};
}
Ir float_to_int(Ir a, Type t) {
  // Not llvm.fptosi.sat: x86 takes vectors of it apart. Out of range counts as 0 first, then as the bound.
  const auto number = [&](double d) { return llvm::ConstantFP::get(a.v->getType(), d); };
  const double top = std::ldexp(1.0, t.is_signed() ? t.bits - 1 : t.bits);
  llvm::Type* to = llvm_type(a.b->getContext(), t);
  llvm::Value* above = a.b->CreateFCmpOGE(a.v, number(top));
  if (!t.is_signed()) {
    llvm::Value* inside =
        a.b->CreateAnd(a.b->CreateFCmpOGT(a.v, number(-1)), a.b->CreateFCmpOLT(a.v, number(top)));
    llvm::Value* v = a.b->CreateFPToUI(a.b->CreateSelect(inside, a.v, number(0)), to);
    return {a.b->CreateSelect(above, llvm::ConstantInt::getAllOnesValue(to), v), t, a.b};
  }
  llvm::Value* inside = a.b->CreateFCmpOLT(fabs(a).v, number(top));
  llvm::Value* v = a.b->CreateFPToSI(a.b->CreateSelect(inside, a.v, number(0)), to);
  const llvm::APInt smallest = llvm::APInt::getSignedMinValue(unsigned(t.bits));
  v = a.b->CreateSelect(above, llvm::ConstantInt::get(to, ~smallest), v);
  llvm::Value* below = a.b->CreateFCmpOLE(a.v, number(-top));
  return {a.b->CreateSelect(below, llvm::ConstantInt::get(to, smallest), v), t, a.b};
}

}  // namespace ppu::lower

// Rows through LLVM's ORC JIT, scalar, and through its constant folder.
#include "row_jit.h"

#include <llvm/Analysis/CGSCCPassManager.h>
#include <llvm/Analysis/LoopAnalysisManager.h>
#include <llvm/ExecutionEngine/Orc/LLJIT.h>
#include <llvm/IR/Constants.h>
#include <llvm/IR/Module.h>
#include <llvm/IR/Verifier.h>
#include <llvm/Passes/PassBuilder.h>
#include <llvm/Support/TargetSelect.h>
#include <llvm/Transforms/InstCombine/InstCombine.h>

#include <map>

#include "isa/round.h"
#include "lower/passes.h"
#include "lower/row_emit.h"

namespace ppu::isa::test {
namespace {

template <class T, RoundOp kOp, Round kRound>
T rounded1(T a) {
  if constexpr (sizeof(T) == 4)
    return round_f32(kOp, kRound, a, a, a);
  else
    return round_f64(kOp, kRound, a, a, a);
}
template <class T, RoundOp kOp, Round kRound>
T rounded2(T a, T b) {
  if constexpr (sizeof(T) == 4)
    return round_f32(kOp, kRound, a, b, a);
  else
    return round_f64(kOp, kRound, a, b, a);
}
template <class T, Round kRound>
T rounded3(T a, T b, T c) {
  if constexpr (sizeof(T) == 4)
    return round_f32(RoundOp::kFma, kRound, a, b, c);
  else
    return round_f64(RoundOp::kFma, kRound, a, b, c);
}

using Symbols = std::map<std::string, void*>;

/// The functions that directed roundings call (src/simt/simt.h).
template <class T, Round kRound>
void add_roundings(Symbols& symbols, const std::string& suffix) {
  symbols["ppu.fadd" + suffix] = reinterpret_cast<void*>(rounded2<T, RoundOp::kAdd, kRound>);
  symbols["ppu.fsub" + suffix] = reinterpret_cast<void*>(rounded2<T, RoundOp::kSub, kRound>);
  symbols["ppu.fmul" + suffix] = reinterpret_cast<void*>(rounded2<T, RoundOp::kMul, kRound>);
  symbols["ppu.fdiv" + suffix] = reinterpret_cast<void*>(rounded2<T, RoundOp::kDiv, kRound>);
  symbols["ppu.fsqrt" + suffix] = reinterpret_cast<void*>(rounded1<T, RoundOp::kSqrt, kRound>);
  symbols["ppu.ffma" + suffix] = reinterpret_cast<void*>(rounded3<T, kRound>);
}

/// Packs the results of a row, as i64, into `values`: two results and the carry flag, absent ones nullptr.
void collect(llvm::IRBuilder<>& b, const lower::RowResult& row, llvm::Value* (&values)[3]) {
  for (size_t i = 0; i < row.out.size(); i++) {
    llvm::Value* v = row.out[i].value;
    v = b.CreateBitCast(v, b.getIntNTy(unsigned(v->getType()->getPrimitiveSizeInBits())));
    values[i] = b.CreateZExt(v, b.getInt64Ty());
  }
  if (row.carry) values[2] = b.CreateZExt(row.carry, b.getInt64Ty());
}

void emit_lane(llvm::Module& module, const Spelling& s, const std::string& name) {
  llvm::LLVMContext& context = module.getContext();
  llvm::IRBuilder<> b(context);
  llvm::Type* types[] = {b.getPtrTy(), b.getPtrTy()};
  auto* function = llvm::Function::Create(llvm::FunctionType::get(b.getVoidTy(), types, false),
                                          llvm::Function::ExternalLinkage, name, module);
  b.SetInsertPoint(llvm::BasicBlock::Create(context, "", function));
  const Row& row = table()[s.row];
  std::vector<llvm::Value*> args;
  for (const Type& type : source_types(s)) {
    const uint64_t at = args.size();
    if (int(at) == constant_source(row)) {
      args.push_back(b.getInt64(s.constant));
      continue;
    }
    llvm::Value* v =
        b.CreateLoad(b.getInt64Ty(), b.CreateConstGEP1_64(b.getInt64Ty(), function->getArg(0), at));
    args.push_back(type.kind == Kind::kPred ? b.CreateTrunc(v, b.getInt1Ty()) : v);
  }
  llvm::Value* carry =
      b.CreateLoad(b.getInt64Ty(), b.CreateConstGEP1_64(b.getInt64Ty(), function->getArg(0), 7));
  llvm::Value* values[3] = {};
  collect(b, lower::emit_row(b, s.row, s.mods, args, b.CreateTrunc(carry, b.getInt1Ty())), values);
  for (uint64_t i = 0; i < 3; i++)
    if (values[i]) b.CreateStore(values[i], b.CreateConstGEP1_64(b.getInt64Ty(), function->getArg(1), i));
  b.CreateRetVoid();
}

}  // namespace

struct RowJit::Impl {
  std::unique_ptr<llvm::orc::LLJIT> jit;
  int next = 0;
};

RowJit::RowJit() : impl_(std::make_unique<Impl>()) {
  llvm::InitializeNativeTarget();
  llvm::InitializeNativeTargetAsmPrinter();
  auto target = llvm::cantFail(llvm::orc::JITTargetMachineBuilder::detectHost());
  target.setCodeGenOptLevel(llvm::CodeGenOptLevel::None);
  impl_->jit = llvm::cantFail(llvm::orc::LLJITBuilder().setJITTargetMachineBuilder(target).create());
  Symbols symbols;
  add_roundings<float, Round::kZero>(symbols, ".rz.f32");
  add_roundings<float, Round::kDown>(symbols, ".rm.f32");
  add_roundings<float, Round::kUp>(symbols, ".rp.f32");
  add_roundings<double, Round::kZero>(symbols, ".rz.f64");
  add_roundings<double, Round::kDown>(symbols, ".rm.f64");
  add_roundings<double, Round::kUp>(symbols, ".rp.f64");
  llvm::orc::SymbolMap map;
  for (const auto& [name, address] : symbols)
    map[impl_->jit->mangleAndIntern(name)] = {
        llvm::orc::ExecutorAddr::fromPtr(address),
        llvm::JITSymbolFlags::Exported | llvm::JITSymbolFlags::Callable};
  llvm::cantFail(impl_->jit->getMainJITDylib().define(llvm::orc::absoluteSymbols(map)));
}

RowJit::~RowJit() = default;

std::vector<LaneFunction> RowJit::compile(std::span<const Spelling> spellings) {
  auto context = std::make_unique<llvm::LLVMContext>();
  auto module = std::make_unique<llvm::Module>("rows", *context);
  module->setDataLayout(impl_->jit->getDataLayout());
  std::vector<std::string> names;
  for (const Spelling& s : spellings) {
    names.push_back("lane" + std::to_string(impl_->next++));
    emit_lane(*module, s, names.back());
  }
  lower::lower_flushes(*module);
  std::string error;
  llvm::raw_string_ostream stream(error);
  if (llvm::verifyModule(*module, &stream)) {
    std::fprintf(stderr, "%s: %s\n", spellings[0].opcode.c_str(), error.c_str());
    std::abort();
  }
  llvm::cantFail(impl_->jit->addIRModule({std::move(module), std::move(context)}));
  std::vector<LaneFunction> functions;
  for (const std::string& name : names)
    functions.push_back(llvm::cantFail(impl_->jit->lookup(name)).toPtr<LaneFunction>());
  return functions;
}

Folded fold(const Spelling& s, std::span<const uint64_t> args, bool carry) {
  llvm::LLVMContext context;
  llvm::Module module("fold", context);
  llvm::IRBuilder<> b(context);
  llvm::Type* words = llvm::ArrayType::get(b.getInt64Ty(), 3);
  auto* function = llvm::Function::Create(llvm::FunctionType::get(words, false),
                                          llvm::Function::ExternalLinkage, "fold", module);
  b.SetInsertPoint(llvm::BasicBlock::Create(context, "", function));
  const std::vector<Type> types = source_types(s);
  std::vector<llvm::Value*> values;
  for (size_t i = 0; i < args.size(); i++)
    values.push_back(llvm::ConstantInt::get(b.getIntNTy(unsigned(types[i].total_bits())), args[i]));
  const lower::RowResult emitted = lower::emit_row(b, s.row, s.mods, values, b.getInt1(carry));
  llvm::Value* out[3] = {};
  collect(b, emitted, out);
  llvm::Value* packed = llvm::ConstantAggregateZero::get(words);
  for (unsigned i = 0; i < 3; i++)
    if (out[i]) packed = b.CreateInsertValue(packed, out[i], i);
  b.CreateRet(packed);
  lower::lower_flushes(module);

  llvm::PassBuilder builder;
  llvm::LoopAnalysisManager loops;
  llvm::FunctionAnalysisManager functions;
  llvm::CGSCCAnalysisManager graphs;
  llvm::ModuleAnalysisManager modules;
  builder.registerModuleAnalyses(modules);
  builder.registerCGSCCAnalyses(graphs);
  builder.registerFunctionAnalyses(functions);
  builder.registerLoopAnalyses(loops);
  builder.crossRegisterProxies(loops, functions, graphs, modules);
  llvm::FunctionPassManager passes;
  passes.addPass(llvm::InstCombinePass());
  passes.run(*function, functions);

  Folded folded;
  auto* ret = llvm::dyn_cast<llvm::ReturnInst>(function->getEntryBlock().getTerminator());
  auto* constant = ret ? llvm::dyn_cast<llvm::Constant>(ret->getReturnValue()) : nullptr;
  folded.is_poison = !ret || (constant && constant->containsUndefOrPoisonElement());
  if (!constant || folded.is_poison) return folded;
  folded.is_constant = true;
  folded.result.count = int(emitted.out.size());
  uint64_t word[3] = {};
  for (unsigned i = 0; i < 3; i++)
    if (auto* c = llvm::dyn_cast_or_null<llvm::ConstantInt>(constant->getAggregateElement(i)))
      word[i] = c->getZExtValue();
    else
      folded.is_constant = false;
  for (int i = 0; i < folded.result.count; i++) {
    folded.result.out[i] = word[i];
    folded.result.type[i] = emitted.out[size_t(i)].type;
  }
  folded.result.carry = word[2] != 0;
  return folded;
}

}  // namespace ppu::isa::test

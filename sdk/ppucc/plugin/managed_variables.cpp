// `__managed__` for clang, which knows it in HIP only: a plugin of clang's that ppucc loads in both passes of
// a .cu file. Our headers put such a variable into a section of its own name, which is how it is found here.
// - Device: the variable becomes `.attribute(.managed)` (PTX ISA, "Variable and Function Attribute
// Directive").
// - Host: in place of the variable there is a pointer of its name, which __cudaRegisterManagedVar lets the
// runtime
//   fill; every use goes through it. As with nvcc, a use before the first CUDA call starts the device.
#include <llvm/IR/IRBuilder.h>
#include <llvm/IR/Module.h>
#include <llvm/IR/ReplaceConstant.h>
#include <llvm/TargetParser/Triple.h>

#include "passes.h"

namespace ppu::ppucc {
using namespace llvm;
namespace {

constexpr StringLiteral kSection = "ppu_managed";  // sdk/include/host_defines.h

void mark_for_ptx(Module& m, ArrayRef<GlobalVariable*> variables) {
  NamedMDNode* annotations = m.getOrInsertNamedMetadata("nvvm.annotations");
  auto* one = ConstantAsMetadata::get(ConstantInt::get(Type::getInt32Ty(m.getContext()), 1));
  for (GlobalVariable* v : variables)
    annotations->addOperand(MDNode::get(
        m.getContext(), {ConstantAsMetadata::get(v), MDString::get(m.getContext(), "managed"), one}));
}

/// ptr address(ptr slot): what the slot holds, once the runtime has filled it.
Function* address_function(Module& m) {
  LLVMContext& c = m.getContext();
  Type* ptr = PointerType::getUnqual(c);
  auto* f = Function::Create(FunctionType::get(ptr, {ptr}, false), GlobalValue::InternalLinkage,
                             "ppu.managed.address", m);
  f->addFnAttr(Attribute::AlwaysInline);
  auto* entry = BasicBlock::Create(c, "entry", f);
  auto* first = BasicBlock::Create(c, "first", f);
  auto* done = BasicBlock::Create(c, "done", f);
  IRBuilder<> b(entry);
  Value* held = b.CreateLoad(ptr, f->getArg(0));
  b.CreateCondBr(b.CreateIsNull(held), first, done);
  b.SetInsertPoint(first);
  b.CreateCall(m.getOrInsertFunction("__cudaInitModule", b.getInt8Ty(), ptr),
               ConstantPointerNull::get(PointerType::getUnqual(c)));
  Value* filled = b.CreateLoad(ptr, f->getArg(0));
  b.CreateBr(done);
  b.SetInsertPoint(done);
  PHINode* address = b.CreatePHI(ptr, 2);
  address->addIncoming(held, entry);
  address->addIncoming(filled, first);
  b.CreateRet(address);
  return f;
}

/// clang registers the shadow as any device variable: __cudaRegisterVar(handle, shadow, name, name, extern,
/// bytes, constant, global).
bool register_as_managed(Use& use, GlobalVariable* slot) {
  auto* call = dyn_cast<CallInst>(use.getUser());
  Function* callee = call ? call->getCalledFunction() : nullptr;
  if (!callee || callee->getName() != "__cudaRegisterVar") return false;
  call->setCalledFunction(
      call->getModule()->getOrInsertFunction("__cudaRegisterManagedVar", callee->getFunctionType()));
  use.set(slot);
  return true;
}

void go_through_pointer(Module& m, GlobalVariable* v, Function* address) {
  Type* ptr = PointerType::getUnqual(m.getContext());
  auto* slot = new GlobalVariable(m, ptr, false, v->getLinkage(),
                                  v->isDeclaration() ? nullptr : Constant::getNullValue(ptr), "", v);
  slot->setVisibility(v->getVisibility());
  slot->setDSOLocal(v->isDSOLocal());
  slot->setComdat(v->getComdat());
  slot->takeName(v);
  convertUsersOfConstantsToInstructions({v});
  for (Use& use : make_early_inc_range(v->uses())) {
    auto* user = dyn_cast<Instruction>(use.getUser());
    if (!user || register_as_managed(use, slot)) continue;
    auto* phi = dyn_cast<PHINode>(user);
    Instruction* before = phi ? phi->getIncomingBlock(use)->getTerminator() : user;
    use.set(IRBuilder<>(before).CreateCall(address, slot));
  }
  for (const User* user :
       v->users()) {  // what is left are constants: lists of clang's, or data of the program
    const auto* holder = dyn_cast<GlobalVariable>(user->user_empty() ? user : *user->user_begin());
    if (!holder || !(holder->getName().starts_with("llvm.") || holder->getName().starts_with("__clang_")))
      m.getContext().emitError("ppucc: the address of a __managed__ variable, " + slot->getName() +
                               ", in a static initializer: it is known only when the program runs");
  }
  v->replaceAllUsesWith(slot);
  v->eraseFromParent();
}

}  // namespace

PreservedAnalyses ManagedVariables::run(Module& m, ModuleAnalysisManager&) {
  SmallVector<GlobalVariable*> variables;
  for (GlobalVariable& v : m.globals())
    if (v.getSection() == kSection) variables.push_back(&v);
  if (variables.empty()) return PreservedAnalyses::all();
  for (GlobalVariable* v : variables) v->setSection("");
  if (Triple(m.getTargetTriple()).isNVPTX()) {
    mark_for_ptx(m, variables);
  } else {
    Function* address = address_function(m);
    for (GlobalVariable* v : variables) go_through_pointer(m, v, address);
  }
  return PreservedAnalyses::none();
}

}  // namespace ppu::ppucc

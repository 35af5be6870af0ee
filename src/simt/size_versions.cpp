// for (i = threadIdx.x; i < n; i += blockDim.x) is one loop of the whole block, without masks, if n is a
// multiple of blockDim.x, and so is what compilers make of it: rounds unrolled behind a first loop of (n - 1
// - threadIdx.x) / 256 % 4. Nothing in the kernel says that n is one. So a second version of the kernel takes
// n & -256 for n, from which block_values.cpp concludes the rest, and a test at the block's start chooses.
// See size_versions.h.
#include "simt/size_versions.h"

#include <algorithm>
#include <map>

#include "llvm/Analysis/ValueTracking.h"
#include "llvm/IR/IRBuilder.h"
#include "llvm/IR/InstIterator.h"
#include "llvm/IR/Module.h"
#include "llvm/Transforms/Utils/Cloning.h"
#include "simt/at_start.h"

using namespace llvm;

namespace ppu::simt {
namespace {

constexpr unsigned kMaxInstructions = 600;  ///< of a kernel that is compiled twice
constexpr size_t kMaxTests = 3;
constexpr unsigned kMaxLowBits = 10;  ///< 1024 threads
constexpr int kMaxExpression = 16;    ///< instructions that a block computes before it starts

/// The size itself: a multiple stays one when it is extended.
Instruction* size_behind(Value* v) {
  while (isa<SExtInst>(v) || isa<ZExtInst>(v)) v = cast<CastInst>(v)->getOperand(0);
  return dyn_cast<Instruction>(v);
}

// n - 1 of an even n isn't even: no kernel would ever take the version.
bool surely_odd(const Instruction& size, unsigned low_bits) {
  if (size.getOpcode() != Instruction::Add && size.getOpcode() != Instruction::Sub) return false;
  const auto* k = dyn_cast<ConstantInt>(size.getOperand(1));
  return k && k->getValue().countr_zero() < low_bits;
}

std::vector<SizeTest> find_tests(const ShapeAnalysis& shapes) {
  std::vector<SizeTest> tests;
  const DataLayout& layout = shapes.function.getParent()->getDataLayout();
  for (Instruction& inst : instructions(shapes.function)) {
    const auto* cmp = dyn_cast<ICmpInst>(&inst);
    if (!cmp || cmp->isEquality() || !cmp->getOperand(0)->getType()->isIntegerTy()) continue;
    Value *x = cmp->getOperand(0), *y = cmp->getOperand(1);
    if (shapes.same_above(x) == 0) std::swap(x, y);
    const unsigned low = shapes.same_above(x);
    if (low == 0 || low > kMaxLowBits || shapes.same_above(y) != 0) continue;
    Instruction* size = size_behind(y);
    int budget = kMaxExpression;
    if (!size || surely_odd(*size, low) || !computable_at_start(size, shapes.post_dom, budget)) continue;
    if (computeKnownBits(size, layout).countMinTrailingZeros() >= low) continue;
    const auto same =
        std::find_if(tests.begin(), tests.end(), [&](const SizeTest& t) { return t.size == size; });
    if (same == tests.end())
      tests.push_back({size, low});
    else
      same->low_bits = std::max(same->low_bits, low);
  }
  return tests;
}

Function* test_function(Function& kernel, ArrayRef<SizeTest> tests) {
  LLVMContext& c = kernel.getContext();
  Type* pointer = PointerType::getUnqual(c);
  auto* type = FunctionType::get(Type::getInt1Ty(c), {pointer, pointer}, false);
  Function* f = Function::Create(type, GlobalValue::InternalLinkage, kernel.getName() + ".even.sizes",
                                 *kernel.getParent());
  f->addFnAttr(Attribute::AlwaysInline);
  IRBuilder<> b(BasicBlock::Create(c, "entry", f));
  std::map<Value*, Value*> known{{kernel.getArg(0), f->getArg(0)}, {kernel.getArg(1), f->getArg(1)}};
  Value* even = b.getTrue();
  for (const SizeTest& t : tests) {
    Value* low = b.CreateAnd(computed_at_start(b, t.size, known), (uint64_t(1) << t.low_bits) - 1);
    even = b.CreateAnd(even, b.CreateIsNull(low));
  }
  b.CreateRet(even);
  return f;
}

}  // namespace

BlockVersions split_by_size(Function& kernel, const WarpLayout& layout) {
  if (!layout.full_warps() || kernel.getInstructionCount() > kMaxInstructions) return {};
  std::vector<SizeTest> tests;
  {
    const ShapeAnalysis shapes(kernel, layout, true);
    if (shapes.loops.empty()) return {};
    tests = find_tests(shapes);
  }
  if (tests.empty() || tests.size() > kMaxTests) return {};
  BlockVersions out;
  out.test = test_function(kernel, tests);
  ValueToValueMapTy map;
  out.fast = CloneFunction(&kernel, map);
  out.fast->setName(kernel.getName() + ".even");
  for (const SizeTest& t : tests) {
    auto* size = cast<Instruction>(static_cast<Value*>(map[t.size]));
    IRBuilder<> b(size->getParent(), std::next(size->getIterator()));
    Value* even = b.CreateAnd(size, ConstantInt::getSigned(size->getType(), -(int64_t(1) << t.low_bits)));
    size->replaceUsesWithIf(even, [&](const Use& use) { return use.getUser() != even; });
  }
  return out;
}

void choose_version(const BlockVersions& versions, Function& fast, Function& any, const std::string& name) {
  Function* f =
      Function::Create(fast.getFunctionType(), GlobalValue::ExternalLinkage, name, *fast.getParent());
  f->copyAttributesFrom(&fast);
  BasicBlock* entry = BasicBlock::Create(f->getContext(), "entry", f);
  IRBuilder<> b(entry);
  Value* args[] = {f->getArg(0), f->getArg(1)};
  Value* test = b.CreateCall(versions.test, args);
  BasicBlock* ways[2];
  for (Function* version : {&fast, &any}) {
    version->setLinkage(GlobalValue::InternalLinkage);
    BasicBlock*& way = ways[version == &any];
    way = BasicBlock::Create(f->getContext(), version->getName(), f);
    b.SetInsertPoint(way);
    CallInst* call = b.CreateCall(version, args);
    call->setTailCallKind(CallInst::TCK_Tail);
    b.CreateRet(call);
  }
  b.SetInsertPoint(entry);
  b.CreateCondBr(test, ways[0], ways[1]);
}

}  // namespace ppu::simt

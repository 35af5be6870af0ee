// Loops with more sums than registers become several; others stay as they are.
#include "codegen/split_sums.h"

#include <gtest/gtest.h>
#include <llvm/IR/IRBuilder.h>
#include <llvm/IR/InstIterator.h>
#include <llvm/IR/Module.h>
#include <llvm/IR/Verifier.h>

#include <cstddef>

#include "exec/kernel_abi.h"

namespace ppu::codegen {
namespace {

struct Shape {
  unsigned rows = 4, columns = 4;
  bool loop = true, writes = false, linked = false, guarded = false, picked = false;
};

/// rows x columns sums of 32 floats that stand in the frame: += a[row] * b[column], in a loop of eight rounds
/// or once. `writes`: something is stored on the way. `linked`: each sum takes the next one's old value.
/// `guarded`: it may be no round, and how many there were is returned. `picked`: each b is every fourth
/// element of what is loaded, the same for both halves.
class Sums {
 public:
  explicit Sums(const Shape& shape) : module_("m", context_), b_(context_), shape_(shape) {
    auto* ptr = b_.getPtrTy();
    f_ = llvm::Function::Create(llvm::FunctionType::get(b_.getInt32Ty(), {ptr, ptr}, false),
                                llvm::GlobalValue::ExternalLinkage, "f", module_);
    auto* entry = llvm::BasicBlock::Create(context_, "entry", f_);
    b_.SetInsertPoint(entry);
    llvm::Value* frame = b_.CreateLoad(ptr, at(f_->getArg(1), offsetof(exec::BlockState, frame)));
    llvm::Value* shared = b_.CreateLoad(ptr, at(f_->getArg(1), offsetof(exec::BlockState, shared)));
    for (unsigned s = 0; s < count(); s++) places_.push_back(at(frame, s * 128));
    std::vector<llvm::Value*> sums;
    for (llvm::Value* place : places_) sums.push_back(b_.CreateLoad(type(), place));
    if (shape.loop) {
      auto* body = llvm::BasicBlock::Create(context_, "body", f_);
      auto* exit = llvm::BasicBlock::Create(context_, "exit", f_);
      if (shape.guarded)
        b_.CreateCondBr(b_.CreateIsNull(f_->getArg(0)), exit, body);
      else
        b_.CreateBr(body);
      b_.SetInsertPoint(body);
      auto* round = b_.CreatePHI(b_.getInt64Ty(), 2);
      round->addIncoming(b_.getInt64(0), entry);
      std::vector<llvm::PHINode*> phis;
      for (llvm::Value*& sum : sums) {
        phis.push_back(b_.CreatePHI(type(), 2));
        phis.back()->addIncoming(sum, entry);
        sum = phis.back();
      }
      sums = added(sums, b_.CreateGEP(b_.getInt8Ty(), shared, b_.CreateShl(round, 10)));
      llvm::Value* next = b_.CreateAdd(round, b_.getInt64(1));
      round->addIncoming(next, body);
      for (unsigned s = 0; s < count(); s++) phis[s]->addIncoming(sums[s], body);
      b_.CreateCondBr(b_.CreateICmpULT(next, b_.getInt64(8)), body, exit);
      b_.SetInsertPoint(exit);
      if (shape.guarded) {
        rounds_ = merged(b_.getInt64(0), next, entry, body);
        for (unsigned s = 0; s < count(); s++)
          sums[s] = merged(phis[s]->getIncomingValueForBlock(entry), sums[s], entry, body);
      }
    } else {
      sums = added(sums, shared);
    }
    for (unsigned s = 0; s < count(); s++) b_.CreateStore(sums[s], places_[s]);
    b_.CreateRet(rounds_ ? b_.CreateTrunc(rounds_, b_.getInt32Ty()) : b_.getInt32(0));
    EXPECT_FALSE(llvm::verifyModule(module_, &llvm::errs()));
  }

  void split(bool avx512) {
    split_sums(module_, avx512);
    EXPECT_FALSE(llvm::verifyModule(module_, &llvm::errs()));
  }

  /// Whether something is used that no longer is.
  bool uses_poison() const {
    for (const llvm::Instruction& inst : llvm::instructions(f_))
      for (const llvm::Value* v : inst.operands())
        if (llvm::isa<llvm::PoisonValue>(v) && !llvm::isa<llvm::InsertElementInst>(inst) &&
            !llvm::isa<llvm::ShuffleVectorInst>(inst))
          return true;
    return false;
  }

  /// Of each loop, how many vectors it carries.
  std::vector<unsigned> loops() const {
    std::vector<unsigned> found;
    for (const llvm::BasicBlock& block : *f_)
      if (llvm::is_contained(llvm::successors(&block), &block)) {
        found.push_back(0);
        for (const llvm::PHINode& phi : block.phis()) found.back() += phi.getType()->isVectorTy();
      }
    return found;
  }

  /// Products of a piece between one store into the frame and another.
  std::vector<unsigned> products_between_stores() const {
    std::vector<unsigned> found;
    unsigned products = 0;
    for (const llvm::BasicBlock& block : *f_)
      for (const llvm::Instruction& inst : block) {
        products += llvm::isa<llvm::CallInst>(inst);
        if (llvm::isa<llvm::StoreInst>(inst) && products) found.push_back(std::exchange(products, 0));
      }
    return found;
  }

 private:
  unsigned count() const { return shape_.rows * shape_.columns; }
  llvm::Type* type() { return llvm::FixedVectorType::get(b_.getFloatTy(), 32); }
  llvm::Value* at(llvm::Value* p, uint64_t bytes) { return b_.CreateConstGEP1_64(b_.getInt8Ty(), p, bytes); }

  llvm::PHINode* merged(llvm::Value* a, llvm::Value* b, llvm::BasicBlock* from_a, llvm::BasicBlock* from_b) {
    llvm::PHINode* phi = b_.CreatePHI(a->getType(), 2);
    phi->addIncoming(a, from_a);
    phi->addIncoming(b, from_b);
    return phi;
  }

  std::vector<llvm::Value*> added(const std::vector<llvm::Value*>& sums, llvm::Value* from) {
    std::vector<llvm::Value*> a, b, out;
    for (unsigned i = 0; i < shape_.rows; i++)
      a.push_back(b_.CreateVectorSplat(32, b_.CreateLoad(b_.getFloatTy(), at(from, 4 * i))));
    for (unsigned j = 0; j < shape_.columns; j++) {
      if (!shape_.picked) {
        b.push_back(b_.CreateLoad(type(), at(from, 512 + 128 * j)));
        continue;
      }
      std::vector<int> mask;
      for (unsigned l = 0; l < 32; l++) mask.push_back(int(j + l % 16 * 4));
      llvm::Value* row = b_.CreateLoad(llvm::FixedVectorType::get(b_.getFloatTy(), 64), at(from, 512));
      b.push_back(b_.CreateShuffleVector(row, mask));
    }
    if (shape_.writes) b_.CreateStore(b_.getInt32(1), from);
    for (unsigned s = 0; s < count(); s++) {
      llvm::Value* sum = sums[shape_.linked ? (s + 1) % count() : s];
      out.push_back(b_.CreateIntrinsic(llvm::Intrinsic::fma, {type()},
                                       {a[s / shape_.columns], b[s % shape_.columns], sum}));
    }
    return out;
  }

  llvm::LLVMContext context_;
  llvm::Module module_;
  llvm::IRBuilder<> b_;
  const Shape shape_;
  llvm::Function* f_ = nullptr;
  llvm::Value* rounds_ = nullptr;
  std::vector<llvm::Value*> places_;
};

TEST(SplitSums, GroupsFitTheRegisters) {
  Sums four({}), eight({.rows = 8, .columns = 8}), narrow({});
  four.split(true);
  EXPECT_EQ(four.loops(), (std::vector<unsigned>{16, 16}));
  eight.split(true);
  EXPECT_EQ(eight.loops(), std::vector<unsigned>(8, 16));
  narrow.split(false);  // 64 registers of 256 bits, of which there are 16
  const std::vector<unsigned> loops = narrow.loops();
  EXPECT_GE(loops.size(), 6u);
  for (unsigned carried : loops) EXPECT_LE(carried, 12u);
}

TEST(SplitSums, WhatFitsStays) {
  Sums few({.rows = 2, .columns = 4});
  few.split(true);
  EXPECT_EQ(few.loops(), std::vector<unsigned>{8});
}

TEST(SplitSums, CountersAreReadBehindTheLoop) {
  Sums guarded({.guarded = true});
  guarded.split(true);
  EXPECT_EQ(guarded.loops(), (std::vector<unsigned>{16, 16}));
  EXPECT_FALSE(guarded.uses_poison());
}

TEST(SplitSums, PermutationsAreNotMadeTwiceToSpareAFewSpills) {
  Sums picked({.picked = true});
  picked.split(true);
  EXPECT_EQ(picked.loops(), std::vector<unsigned>{16});
}

TEST(SplitSums, LoopsThatWriteStay) {
  Sums writes({.writes = true});
  writes.split(true);
  EXPECT_EQ(writes.loops(), std::vector<unsigned>{16});
}

TEST(SplitSums, SumsThatHangOnEachOtherStayTogether) {
  Sums linked({.linked = true});
  linked.split(true);  // by lanes only
  EXPECT_EQ(linked.loops(), (std::vector<unsigned>{16, 16}));
  Sums many({.rows = 8, .columns = 8, .linked = true});
  many.split(true);
  EXPECT_EQ(many.loops(), (std::vector<unsigned>{64, 64}));
}

TEST(SplitSums, CodeInAStraightLineComesInGroups) {
  Sums straight({.loop = false});
  straight.split(true);
  EXPECT_TRUE(straight.loops().empty());
  EXPECT_EQ(straight.products_between_stores(), (std::vector<unsigned>{16, 16}));
  Sums writes({.loop = false, .writes = true});
  writes.split(true);
  EXPECT_TRUE(writes.loops().empty());
}

}  // namespace
}  // namespace ppu::codegen

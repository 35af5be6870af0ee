// Long blocks are cut, short ones and what a block computes stay.
#include "codegen/cut_blocks.h"

#include <gtest/gtest.h>
#include <llvm/IR/IRBuilder.h>
#include <llvm/IR/LegacyPassManager.h>
#include <llvm/IR/Module.h>
#include <llvm/IR/Verifier.h>
#include <llvm/Pass.h>

namespace ppu::codegen {
namespace {

/// void f(ptr p): `stores` times: load a vector of `bits`, add 1, store it, all in one block.
llvm::Function* straight_line(llvm::Module& module, unsigned stores, unsigned bits) {
  llvm::LLVMContext& context = module.getContext();
  llvm::IRBuilder<> b(context);
  auto* f = llvm::Function::Create(llvm::FunctionType::get(b.getVoidTy(), {b.getPtrTy()}, false),
                                   llvm::GlobalValue::ExternalLinkage, "f", module);
  b.SetInsertPoint(llvm::BasicBlock::Create(context, "", f));
  auto* type = llvm::FixedVectorType::get(b.getInt32Ty(), bits / 32);
  for (unsigned i = 0; i < stores; i++) {
    llvm::Value* at = b.CreateConstGEP1_64(b.getInt8Ty(), f->getArg(0), i * 256);
    llvm::Value* sum = b.CreateAdd(b.CreateLoad(type, at), llvm::ConstantInt::get(type, 1));
    b.CreateStore(sum, at);
  }
  b.CreateRetVoid();
  return f;
}

/// Numbers of instructions of f's blocks after the pass.
std::vector<size_t> lengths_after_cut(unsigned stores, unsigned bits) {
  llvm::LLVMContext context;
  llvm::Module module("m", context);
  llvm::Function* f = straight_line(module, stores, bits);
  const size_t before = f->getInstructionCount();
  llvm::legacy::PassManager passes;
  passes.add(create_cut_blocks_pass());
  passes.run(module);
  EXPECT_FALSE(llvm::verifyModule(module, &llvm::errs()));
  EXPECT_EQ(f->getInstructionCount(), before + f->size() - 1);  // a branch a cut
  std::vector<size_t> lengths;
  for (const llvm::BasicBlock& b : *f) lengths.push_back(b.size());
  return lengths;
}

TEST(CutBlocks, ShortBlocksStay) {
  EXPECT_EQ(lengths_after_cut(20, 1024).size(), 1u);
  EXPECT_EQ(lengths_after_cut(100, 128).size(), 1u);
}

TEST(CutBlocks, LongBlocksEndBehindStores) {
  const std::vector<size_t> lengths = lengths_after_cut(1000, 256);
  ASSERT_GT(lengths.size(), 5u);
  for (size_t i = 0; i + 1 < lengths.size(); i++) {
    EXPECT_LE(lengths[i], 602u);
    EXPECT_EQ(lengths[i] % 4, 1u) << "four instructions a store, then the branch";
  }
}

TEST(CutBlocks, WideValuesCountForMore) {
  EXPECT_GT(lengths_after_cut(1000, 2048).size(), 4 * lengths_after_cut(1000, 256).size());
}

}  // namespace
}  // namespace ppu::codegen

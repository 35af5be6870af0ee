// What the IR is changed into just before code generation.
#include "codegen/llvm_faults.h"

#include <gtest/gtest.h>
#include <llvm/AsmParser/Parser.h>
#include <llvm/IR/LLVMContext.h>
#include <llvm/IR/Module.h>
#include <llvm/Support/SourceMgr.h>
#include <llvm/Support/raw_ostream.h>

namespace ppu::codegen {
namespace {

std::string changed(const char* text) {
  llvm::LLVMContext context;
  llvm::SMDiagnostic error;
  const std::unique_ptr<llvm::Module> module = llvm::parseAssemblyString(text, error, context);
  EXPECT_TRUE(module) << error.getMessage().str();
  avoid_llvm_faults(*module);
  std::string out;
  llvm::raw_string_ostream(out) << *module;
  return out;
}

TEST(LlvmFaults, IndicesOfLanesThatAreOffAreDefined) {
  const std::string gather = changed(R"(
declare <2 x i32> @llvm.masked.gather.v2i32.v2p0(<2 x ptr>, i32, <2 x i1>, <2 x i32>)
define <2 x i32> @f(ptr %p) {
  %q = getelementptr i8, ptr %p, <2 x i64> <i64 64, i64 poison>
  %x = call <2 x i32> @llvm.masked.gather.v2i32.v2p0(<2 x ptr> %q, i32 1, <2 x i1> <i1 true, i1 false>, <2 x i32> zeroinitializer)
  ret <2 x i32> %x
})");
  EXPECT_NE(gather.find("<2 x i64> <i64 64, i64 0>"), std::string::npos) << gather;
  const std::string scatter = changed(R"(
declare void @llvm.masked.scatter.v2i32.v2p0(<2 x i32>, <2 x ptr>, i32, <2 x i1>)
define void @f(ptr %p, <2 x i32> %x) {
  %q = getelementptr i8, ptr %p, <2 x i64> <i64 undef, i64 -64>
  call void @llvm.masked.scatter.v2i32.v2p0(<2 x i32> %x, <2 x ptr> %q, i32 1, <2 x i1> <i1 false, i1 true>)
  ret void
})");
  EXPECT_NE(scatter.find("<2 x i64> <i64 0, i64 -64>"), std::string::npos) << scatter;
}

TEST(LlvmFaults, OrderedComparisonsOfHalvesAreMadeInFloat) {
  const std::string text = changed(R"(
define <2 x i1> @f(<2 x half> %a, <2 x half> %b) {
  %x = fcmp olt <2 x half> %a, %b
  %y = fcmp oeq <2 x half> %a, %b
  %z = and <2 x i1> %x, %y
  ret <2 x i1> %z
})");
  EXPECT_NE(text.find("fcmp olt <2 x float>"), std::string::npos) << text;
  EXPECT_NE(text.find("fcmp oeq <2 x half>"), std::string::npos) << text;
}

TEST(LlvmFaults, MasksOfNoLaneAreComplements) {
  const std::string text = changed(R"(
define <4 x i1> @f(i1 %c, <4 x i1> %m) {
  %no = select i1 %c, <4 x i1> zeroinitializer, <4 x i1> splat (i1 true)
  %yes = select i1 %c, <4 x i1> splat (i1 true), <4 x i1> zeroinitializer
  %some = select i1 %c, <4 x i1> zeroinitializer, <4 x i1> %m
  %all = or <4 x i1> %no, %yes
  %x = xor <4 x i1> %all, %some
  ret <4 x i1> %x
})");
  EXPECT_EQ(text.find("<4 x i1> zeroinitializer, <4 x i1> <i1 true"), std::string::npos) << text;
  EXPECT_NE(text.find("xor <4 x i1> %no, <i1 true"), std::string::npos) << text;
  EXPECT_NE(text.find("select i1 %c, <4 x i1> zeroinitializer, <4 x i1> %m"), std::string::npos) << text;
}

}  // namespace
}  // namespace ppu::codegen

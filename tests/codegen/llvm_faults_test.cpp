// What the IR is changed into just before code generation.
#include "codegen/llvm_faults.h"

#include <gtest/gtest.h>
#include <llvm/AsmParser/Parser.h>
#include <llvm/IR/LLVMContext.h>
#include <llvm/IR/Module.h>
#include <llvm/Support/SourceMgr.h>
#include <llvm/Support/raw_ostream.h>
#include <llvm/Target/TargetMachine.h>

#include "codegen/cpu.h"
#include "codegen/target.h"

namespace ppu::codegen {
namespace {

std::unique_ptr<llvm::Module> parsed(const std::string& text, llvm::LLVMContext& context) {
  llvm::SMDiagnostic error;
  std::unique_ptr<llvm::Module> module = llvm::parseAssemblyString(text, error, context);
  EXPECT_TRUE(module) << error.getMessage().str();
  return module;
}

std::string changed(const std::string& text) {
  llvm::LLVMContext context;
  const std::unique_ptr<llvm::Module> module = parsed(text, context);
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

TEST(LlvmFaults, MasksOfWordsAreNotSeenAsWords) {
  const char* two = R"(
define <16 x i1> @f(i16 %a, i16 %b, i128 %c, i1 %d) #0 {
  %x = bitcast i16 %a to <16 x i1>
  %y = bitcast i16 %b to <16 x i1>
  %z = bitcast i128 %c to <128 x i1>
  %low = shufflevector <128 x i1> %z, <128 x i1> poison, <16 x i32> <i32 0, i32 1, i32 2, i32 3, i32 4, i32 5, i32 6, i32 7, i32 8, i32 9, i32 10, i32 11, i32 12, i32 13, i32 14, i32 15>
  %or = or <16 x i1> %x, %y
  %r = and <16 x i1> %or, %low
  %s = select i1 %d, <16 x i1> %r, <16 x i1> zeroinitializer
  ret <16 x i1> %s
}
attributes #0 = { "target-features"="+avx512f,+avx512bw" })";
  std::string text = changed(two);
  size_t opaque = 0;
  for (size_t at = 0; (at = text.find(R"( asm "", "=k,0"(<)", at)) != std::string::npos; ++at) ++opaque;
  EXPECT_EQ(opaque, 5u) << text;  // %x, %y, both halves of %z, %s
  EXPECT_EQ(text.find("ret <16 x i1> %s"), std::string::npos) << text;
  std::string avx2 = two;
  avx2.replace(avx2.find("+avx512f,+avx512bw"), 18, "+avx2");
  text = changed(avx2);
  EXPECT_EQ(text.find("asm"), std::string::npos) << text;
}

// Each of these never came to an end: masks given as words, and masks that one condition chooses.
TEST(LlvmFaults, CodeOfJoinedMasksComesToAnEnd) {
  if (!cpu_supports(Cpu::kAvx512)) GTEST_SKIP() << "no AVX-512 here";
  const std::string head = "define void @f(i32 %a, i32 %b, i1 %c, i1 %d, <32 x i32> %v, ptr %p, ptr %q) {\n";
  const std::string words = "%x = bitcast i32 %a to <32 x i1>\n%y = bitcast i32 %b to <32 x i1>\n";
  const std::string choices = R"(
    %x = select i1 %c, <32 x i1> zeroinitializer, <32 x i1> splat (i1 true)
    %y = select i1 %c, <32 x i1> splat (i1 true), <32 x i1> zeroinitializer
)";
  const std::string logic = R"(
    %or = or <32 x i1> %x, %y
    %not = xor <32 x i1> %x, splat (i1 true)
    %and = and <32 x i1> %not, %y
    %r = select <32 x i1> %or, <32 x i32> %v, <32 x i32> zeroinitializer
    %s = select <32 x i1> %and, <32 x i32> %v, <32 x i32> zeroinitializer
    store <32 x i32> %r, ptr %p
    store <32 x i32> %s, ptr %q
    ret void
})";
  for (const std::string& masks : {words, choices})
    for (const int opt_level : {0, 2}) {
      llvm::LLVMContext context;
      const std::unique_ptr<llvm::Module> module = parsed(head + masks + logic, context);
      auto target = make_target(Cpu::kAvx512, opt_level);
      ASSERT_TRUE(target.ok()) << target.error().message;
      set_target_attributes(*module, **target, Cpu::kAvx512);
      avoid_llvm_faults(*module);
      EXPECT_FALSE(emit_object(*module, **target).empty());
    }
}

}  // namespace
}  // namespace ppu::codegen

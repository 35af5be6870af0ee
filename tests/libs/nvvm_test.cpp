// libnvvm over its C interface: NVVM IR in the dialect of its specification becomes PTX, and what can't be
// compiled is said. What the PTX does when it runs: numba's programs (docs/running.md).
#include <dlfcn.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <string>
#include <vector>

#include "libs/nvvm/dialect.h"

namespace {

using ppu::nvvm::modernised;

TEST(NvvmDialect, PointersLoseTheirTypes) {
  const std::pair<const char*, const char*> cases[] = {
      {"%a = load i32, i32* %p", "%a = load i32, ptr %p"},
      {"i8 addrspace(1)* %p", "ptr addrspace(1) %p"},
      {"i32**", "ptr"},
      {"i8 addrspace(3)* addrspace(1)*", "ptr addrspace(1)"},
      {"{ i8*, i64, [2 x float*] }* %s", "ptr %s"},
      {"<{ i8, i32 }>* %s", "ptr %s"},
      {"%\"class.a[b]\"* %s", "ptr %s"},
      {"%struct.x* %s", "ptr %s"},
      {"void (i32*, {}*)* @k", "ptr @k"},
      {"i8* (i64)* %f", "ptr %f"},
      {"i8 addrspace(1)* (i64) addrspace(0)* %f", "ptr addrspace(0) %f"},
      {"call i32 (i8*, i8*) @vprintf(i8* %f, i8* null)", "call i32 (ptr, ptr) @vprintf(ptr %f, ptr null)"},
      {"define void @\"f*i32\"(i32* %x) ; i32* here", "define void @\"f*i32\"(ptr %x) ; i32* here"},
      {"@s = constant [4 x i8] c\"a* \\00\"", "@s = constant [4 x i8] c\"a* \\00\""},
      {"target triple = \"nvptx64-unknown-cuda\"\n  target datalayout = \"e\"\nret void", "\n  \nret void"},
  };
  for (const auto& [nvvm, llvm] : cases) EXPECT_EQ(modernised(nvvm), llvm);
}

TEST(NvvmDialect, IntrinsicsOfNvvmAloneAreRenamed) {
  EXPECT_EQ(modernised("call {i32, i1} @llvm.nvvm.shfl.sync.i32(i32 -1)"),
            "call {i32, i1} @__ppu_nvvm_shfl_sync_i32(i32 -1)");
  EXPECT_EQ(modernised("@\"llvm.nvvm.vote.sync\"("), "@__ppu_nvvm_vote_sync(");
  EXPECT_EQ(modernised("@llvm.nvvm.vote.sync.x("), "@llvm.nvvm.vote.sync.x(");
}

TEST(NvvmDialect, AnyTextComesOutInOnePiece) {
  for (const char* text : {"*", "**", ")*", "\"*", "i32 addrspace(1", "(*", "]*", "@", "@\"", ";*", "% *"})
    EXPECT_FALSE(modernised(text).empty()) << text;
}

constexpr int kCompilation = 9, kInvalidOption = 7, kNoModule = 8, kInvalidProgram = 5;  // nvvmResult

// What numba and the specification's examples look like.
const std::string kKernel = R"(target triple = "nvptx64-nvidia-cuda"
target datalayout = "e-p:64:64:64-i1:8:8-i8:8:8-i16:16:16-i32:32:32-i64:64:64-f32:32:32-f64:64:64-n16:32:64"
declare i32 @llvm.nvvm.read.ptx.sreg.tid.x()
declare {i32, i1} @llvm.nvvm.shfl.sync.i32(i32, i32, i32, i32, i32)
declare float @__nv_expf(float)
define void @kernel(float addrspace(1)* %out, i32* %in) {
entry:
  %t = call i32 @llvm.nvvm.read.ptx.sreg.tid.x()
  %pi = getelementptr i32, i32* %in, i32 %t
  %v = load i32, i32* %pi
  %s = call {i32, i1} @llvm.nvvm.shfl.sync.i32(i32 -1, i32 3, i32 %v, i32 1, i32 31)
  %w = extractvalue {i32, i1} %s, 0
  %f = sitofp i32 %w to float
  %e = call float @__nv_expf(float %f)
  %po = getelementptr float, float addrspace(1)* %out, i32 %t
  store float %e, float addrspace(1)* %po
  ret void
}
!nvvm.annotations = !{!0}
!0 = !{void (float addrspace(1)*, i32*)* @kernel, !"kernel", i32 1}
!nvvmir.version = !{!1}
!1 = !{i32 2, i32 0, i32 3, i32 1}
)";

class Nvvm : public ::testing::Test {
 protected:
  void SetUp() override {
    library_ = dlopen(PPU_LIB_FOLDER "/libnvvm.so.4", RTLD_NOW | RTLD_LOCAL);
    ASSERT_NE(library_, nullptr) << dlerror();
    ASSERT_EQ(call("nvvmCreateProgram", &program_), 0);
  }
  void TearDown() override { EXPECT_EQ(call("nvvmDestroyProgram", &program_), 0); }
  // The library's own handle types are not the test's, which UBSan would report.
  template <class... A>
  [[clang::no_sanitize("function")]] int call(const char* name, A... arguments) {
    const auto f = reinterpret_cast<int (*)(A...)>(dlsym(library_, name));
    EXPECT_NE(f, nullptr) << name;
    return f ? f(arguments...) : -1;
  }
  void add(const std::string& text) {
    EXPECT_EQ(call("nvvmAddModuleToProgram", program_, text.data(), text.size(), "module"), 0);
  }
  int compile(std::vector<const char*> options) {
    return call("nvvmCompileProgram", program_, int(options.size()), options.data());
  }
  /// Of "CompiledResult" or "ProgramLog".
  std::string get(const std::string& what) {
    size_t size = 0;
    EXPECT_EQ(call(("nvvmGet" + what + "Size").c_str(), program_, &size), 0);
    std::string text(size, '?');
    EXPECT_EQ(call(("nvvmGet" + what).c_str(), program_, text.data()), 0);
    return text;
  }
  void* library_ = nullptr;
  void* program_ = nullptr;
};

TEST_F(Nvvm, TypedPointersShufflesAndLibdeviceBecomePtx) {
  add(kKernel);
  ASSERT_EQ(compile({"-arch=compute_80", "-opt=3", "-ftz=0"}), 0) << get("ProgramLog");
  const std::string ptx = get("CompiledResult");
  EXPECT_EQ(ptx.back(), '\0');
  EXPECT_NE(ptx.find(".visible .entry kernel("), ptx.npos) << ptx;
  EXPECT_NE(ptx.find("shfl.sync.bfly.b32"), ptx.npos);
  EXPECT_NE(ptx.find(".target sm_80"), ptx.npos);
  EXPECT_EQ(ptx.find("__nv_expf"), ptx.npos) << "our device library is inlined";
}

// NVRTC's list of architectures has some that clang 19 hasn't.
TEST_F(Nvvm, NamesTheTargetThatWasAskedFor) {
  add(kKernel);
  for (const std::string target : {"75", "88", "90a", "121"}) {
    ASSERT_EQ(compile({("-arch=compute_" + target).c_str()}), 0) << get("ProgramLog");
    EXPECT_NE(get("CompiledResult").find(".target sm_" + target + "\n"), std::string::npos) << target;
  }
}

// As numba writes cuda.activemask() in both branches of an if; nobody reads the assembly here.
TEST_F(Nvvm, WhatLanesDoTogetherStaysInItsBranch) {
  add(R"(target triple = "nvptx64-nvidia-cuda"
declare i32 @llvm.nvvm.read.ptx.sreg.tid.x()
define void @kernel(i32* %out) {
entry:
  %t = call i32 @llvm.nvvm.read.ptx.sreg.tid.x()
  %low = and i32 %t, 1
  %even = icmp eq i32 %low, 0
  %p = getelementptr i32, i32* %out, i32 %t
  br i1 %even, label %a, label %b
a:
  %m = call i32 asm sideeffect "together $0;", "=r"()
  store i32 %m, i32* %p
  br label %done
b:
  %n = call i32 asm sideeffect "together $0;", "=r"()
  store i32 %n, i32* %p
  br label %done
done:
  ret void
}
!nvvm.annotations = !{!0}
!0 = !{void (i32*)* @kernel, !"kernel", i32 1}
)");
  ASSERT_EQ(compile({"-arch=compute_80"}), 0) << get("ProgramLog");
  const std::string ptx = get("CompiledResult");
  const size_t first = ptx.find("together");
  ASSERT_NE(first, ptx.npos) << ptx;
  EXPECT_NE(ptx.find("together", first + 1), ptx.npos) << ptx;
}

TEST_F(Nvvm, WhereLtoIrIsAskedForNvJitLinkTakesTheAnswer) {
  add(kKernel);
  ASSERT_EQ(compile({"-arch=compute_80", "-gen-lto"}), 0) << get("ProgramLog");
  const std::string piece = get("CompiledResult");
  library_ = dlopen(PPU_LIB_FOLDER "/libnvJitLink.so.13", RTLD_NOW | RTLD_LOCAL);
  ASSERT_NE(library_, nullptr) << dlerror();
  void* link = nullptr;
  const char* options[] = {"-arch=sm_80", "-lto"};
  ASSERT_EQ(call("nvJitLinkCreate", &link, 2u, &options[0]), 0);
  constexpr int kLtoIr = 3;
  EXPECT_EQ(call("nvJitLinkAddData", link, kLtoIr, static_cast<const void*>(piece.data()), piece.size(), "p"),
            0);
  EXPECT_EQ(call("nvJitLinkComplete", link), 0);
  EXPECT_EQ(call("nvJitLinkDestroy", &link), 0);
  library_ = dlopen(PPU_LIB_FOLDER "/libnvvm.so.4", RTLD_NOW | RTLD_LOCAL);
}

TEST_F(Nvvm, SeveralModulesBecomeOnePtx) {
  add("declare i32 @far(i32*)\ndefine i32 @near(i32* %p) { %r = call i32 @far(i32* %p)\n ret i32 %r }\n");
  add("define i32 @far(i32* %p) noinline { %r = load i32, i32* %p\n ret i32 %r }\n");
  ASSERT_EQ(compile({"-opt=0"}), 0) << get("ProgramLog");
  const std::string ptx = get("CompiledResult");
  EXPECT_EQ(ptx.find(".extern"), ptx.npos) << ptx;
}

// numba verifies each program before it compiles it, and adds libdevice between the two.
TEST_F(Nvvm, WhatWasVerifiedIsNotCompiledAgain) {
  add(kKernel);
  const char* options[] = {"-arch=compute_80"};
  ASSERT_EQ(call("nvvmVerifyProgram", program_, 1, &options[0]), 0) << get("ProgramLog");
  const std::string libdevice = "BC\xC0\xDE __nv_sinf __nv_fast_sinf";
  EXPECT_EQ(call("nvvmLazyAddModuleToProgram", program_, libdevice.data(), libdevice.size(), "libdevice"), 0);
  setenv("TMPDIR", "/nonexistent", 1);  // no compiler can run
  EXPECT_EQ(compile({"-arch=compute_80"}), 0);
  EXPECT_NE(get("CompiledResult").find(".entry kernel("), std::string::npos);
  EXPECT_EQ(compile({"-arch=compute_86"}), kCompilation) << "other options, another program";
  unsetenv("TMPDIR");
  ASSERT_EQ(compile({"-arch=compute_86"}), 0);
  EXPECT_NE(get("CompiledResult").find(".target sm_86"), std::string::npos);
  add("define i32 @more(i32* %p) noinline { %r = load i32, i32* %p\n ret i32 %r }\n");
  ASSERT_EQ(compile({"-arch=compute_86"}), 0);
  EXPECT_NE(get("CompiledResult").find("more"), std::string::npos);
}

TEST_F(Nvvm, WhatIsWrongIsSaid) {
  EXPECT_EQ(compile({}), kNoModule);
  add("define void @f() { ret nothing }");
  EXPECT_EQ(compile({}), kCompilation);
  EXPECT_NE(get("ProgramLog").find("nothing"), std::string::npos) << get("ProgramLog");
  EXPECT_EQ(compile({"-opt=7"}), kInvalidOption);
  EXPECT_NE(get("ProgramLog").find("-opt=7 is an unsupported option"), std::string::npos);
  int x = 0;
  EXPECT_EQ(call("nvvmCompileProgram", &x, 0, nullptr), kInvalidProgram);
}

}  // namespace

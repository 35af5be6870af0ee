// Kernels as src/simt widens them, for tests that look at what became of them.
#pragma once
#include "simt/simt.h"

#include <gtest/gtest.h>
#include <llvm/IR/LLVMContext.h>
#include <llvm/IR/Module.h>
#include <llvm/Support/raw_ostream.h>
#include <llvm/Target/TargetMachine.h>

#include "codegen/cpu.h"
#include "codegen/optimise.h"
#include "codegen/prepare.h"
#include "codegen/target.h"
#include "exec/kernel_abi.h"
#include "lower/lower.h"
#include "ptx/ptx.h"

namespace ppu::simt {

struct Widened {
  std::string ir;
  Outcome outcome;
  size_t count(const std::string& text) const {
    size_t n = 0;
    for (size_t at = ir.find(text); at != std::string::npos; at = ir.find(text, at + 1)) n++;
    return n;
  }
};

inline constexpr const char* kHead =
    ".version 8.0\n.target sm_80\n.address_size 64\n"
    ".visible .entry k(.param .u64 p, .param .u64 q, .param .u32 n) {\n"
    ".reg .pred %p<8>; .reg .b32 %r<32>; .reg .f32 %f<32>; .reg .b64 %d<32>;\n"
    ".shared .align 4 .b8 sh[4096];\n"
    "ld.param.u64 %d0, [p]; ld.param.u64 %d1, [q]; ld.param.u32 %r0, [n];\n"
    "mov.u32 %r1, %tid.x; mov.u32 %r2, %ctaid.x; mov.u32 %r3, %ntid.x;\n"
    "mad.lo.s32 %r4, %r2, %r3, %r1;\n";

inline Widened widened(const std::string& body, uint32_t x, uint32_t y = 1, uint32_t gang = 1,
                       bool avx512 = true, bool brief = false) {
  Widened w;
  const auto cpu = codegen::Cpu::kAvx2;  // any: the plan of an access doesn't depend on it
  auto target = codegen::make_target(cpu, 2);
  EXPECT_TRUE(target.ok());
  auto module = ptx::parse(kHead + body + "ret;\n}\n", "test");
  EXPECT_TRUE(module.ok()) << module.error().message;
  llvm::LLVMContext context;
  Options options;
  options.block[0] = x, options.block[1] = y, options.block[2] = 1;
  options.gang = gang;
  options.avx512 = avx512;
  options.brief = brief;
  auto lowered = lower::lower_kernel(context, *module, "k", options.block);
  EXPECT_TRUE(lowered.ok()) << lowered.error().message;
  codegen::set_target_attributes(*lowered->module, **target, cpu);
  codegen::prepare(*lowered->module, **target, "k");
  w.outcome = widen_module(*lowered->module, "k", options);
  EXPECT_EQ(w.outcome.error, "");
  codegen::optimise(*lowered->module, **target, 2);
  llvm::raw_string_ostream out(w.ir);
  lowered->module->print(out, nullptr);
  return w;
}

/// %r8 and on: words of p, each lane its own; %d4: where it writes.
inline std::string load_words(int count) {
  std::string s = "mul.wide.s32 %d2, %r4, 4; add.s64 %d3, %d0, %d2; add.s64 %d4, %d1, %d2;\n";
  for (int i = 0; i < count; i++)
    s += "ld.global.u32 %r" + std::to_string(8 + i) + ", [%d3+" + std::to_string(i * 256) + "];\n";
  return s;
}

}  // namespace ppu::simt

// One small PTX program: a kernel `k` with parameters in, out (arrays of .b32, one element a thread of the
// grid unless the program indexes them otherwise) whose registers %in, %out and %t are set up.
#pragma once
#include <functional>
#include <string>

#include "tests/codegen/kernel_runner.h"

namespace ppu::lower {

using codegen::Cpu;
using codegen::Dim;
using codegen::KernelRunner;
using codegen::RunResult;

/// How a program is compiled: CPU tier and whether blockDim is known.
struct Variant {
  Cpu cpu;
  bool specialise;
};

class Program : public ::testing::TestWithParam<Variant> {
 protected:
  void SetUp() override {
    if (!codegen::cpu_supports(GetParam().cpu))
      GTEST_SKIP() << "this machine lacks " << cpu_name(GetParam().cpu);
  }

  /// PTX of a kernel with `body`; `before` is module text in front of it. %out points to this thread's
  /// element.
  static std::string kernel(const std::string& body, const std::string& before = "") {
    return ".version 8.0\n.target sm_80\n.address_size 64\n" + before + R"(
.visible .entry k(.param .u64 p_in, .param .u64 p_out) {
  .reg .pred %p<10>; .reg .b16 %h<10>; .reg .b32 %r<30>; .reg .b64 %d<30>; .reg .f32 %f<20>; .reg .f64 %g<10>;
  .reg .b32 %t, %a, %x; .reg .b64 %in, %out, %base, %o;
  ld.param.u64 %base, [p_in]; ld.param.u64 %o, [p_out];
  mov.u32 %t, %tid.x; mov.u32 %a, %ctaid.x; mov.u32 %x, %ntid.x; mad.lo.u32 %x, %a, %x, %t;
  mul.wide.u32 %in, %x, 4; add.u64 %out, %o, %in; add.u64 %in, %base, %in; ld.global.u32 %a, [%in];
)" + body + "\n  ret;\n}\n";
  }

  KernelRunner runner(const std::string& ptx) const {
    KernelRunner r(ptx);
    r.cpu = GetParam().cpu;
    r.specialise = GetParam().specialise;
    return r;
  }

  /// Runs the program with in[i] = i * 7 + 3 and compares out[i] with want(i, in[i]).
  void expect(const std::string& ptx, const std::function<uint32_t(uint32_t, uint32_t)>& want,
              uint32_t block = 64, uint32_t grid = 2) {
    KernelRunner k = runner(ptx);
    const uint32_t n = block * grid;
    std::vector<uint32_t> in(n), out(n, 0xdeadbeef);
    for (uint32_t i = 0; i < n; i++) in[i] = i * 7 + 3;
    const std::vector<uint32_t> given = in;
    const RunResult r = k.run("k", {grid}, {block}, in.data(), out.data());
    ASSERT_EQ(r.error, "");
    ASSERT_EQ(r.trap, exec::Trap::kNone);
    for (uint32_t i = 0; i < n; i++) ASSERT_EQ(out[i], want(i, given[i])) << "thread " << i;
  }
};

inline std::string variant_name(const ::testing::TestParamInfo<Variant>& info) {
  return std::string(cpu_name(info.param.cpu)) + (info.param.specialise ? "_block" : "_generic");
}

#define PPU_ALL_VARIANTS(suite)                                                                         \
  INSTANTIATE_TEST_SUITE_P(All, suite,                                                                  \
                           ::testing::Values(Variant{Cpu::kAvx512, true}, Variant{Cpu::kAvx512, false}, \
                                             Variant{Cpu::kAvx2, true}, Variant{Cpu::kAvx2, false}),    \
                           variant_name)

}  // namespace ppu::lower

// Loads, stores, moves and address conversions (PTX ISA, "Data Movement and Conversion Instructions").
#include <algorithm>

#include "tests/lower/program.h"

namespace ppu::lower {
namespace {

class Memory : public Program {};
PPU_ALL_VARIANTS(Memory);

TEST_P(Memory, WidensBySign) {
  expect(kernel(R"(
    ld.global.s8 %r1, [%in]; ld.global.u8 %r2, [%in+1]; ld.global.u16 %h1, [%in]; cvt.u32.u16 %r3, %h1;
    shl.b32 %r4, %r2, 16; add.u32 %r5, %r1, %r4; add.u32 %r5, %r5, %r3; st.global.u32 [%out], %r5;)"),
         [](uint32_t, uint32_t a) { return uint32_t(int8_t(a)) + ((a >> 8 & 255) << 16) + (a & 0xffff); });
}

TEST_P(Memory, StoresTheLowBytes) {
  expect(kernel(R"(
    st.global.u32 [%out], 0; shl.b32 %r1, %a, 3; st.global.u8 [%out+1], %r1; cvt.u16.u32 %h1, %a;
    st.global.u16 [%out+2], %h1;)"),
         [](uint32_t, uint32_t a) { return ((a << 3 & 255) << 8) | (a & 0xffff) << 16; });
}

TEST_P(Memory, Vectors) {
  expect(kernel(R"(
    and.b32 %r1, %x, 3; setp.ne.u32 %p1, %r1, 0; @%p1 bra DONE;
    ld.global.v4.u32 {%r2, %r3, %r4, %r5}, [%in];
    st.global.v2.u32 [%out], {%r5, %r4}; st.global.v2.u32 [%out+8], {%r3, %r2};
    DONE:)"),
         [](uint32_t i, uint32_t) { return (i ^ 3) * 7 + 3; });
}

TEST_P(Memory, VectorElementsMayBeDropped) {
  expect(kernel(R"(
    and.b32 %r1, %x, 1; setp.ne.u32 %p1, %r1, 0; st.global.u32 [%out], %r1; @%p1 bra DONE;
    ld.global.v2.u32 {_, %r2}, [%in]; st.global.u32 [%out], %r2;
    DONE:)"),
         [](uint32_t i, uint32_t) { return i & 1 ? 1 : (i + 1) * 7 + 3; });
}

TEST_P(Memory, PacksAndUnpacks) {
  expect(kernel(R"(
    mov.b64 %d1, {%a, %t}; mov.b64 {%r1, %r2}, %d1; mov.b32 {%h1, %h2}, %a; mov.b32 %r3, {%h2, %h1};
    add.u32 %r4, %r1, %r2; xor.b32 %r4, %r4, %r3; mov.b64 {%r5, _}, %d1; add.u32 %r4, %r4, %r5;
    st.global.u32 [%out], %r4;)"),
         [](uint32_t i, uint32_t a) { return ((a + i % 64) ^ (a >> 16 | a << 16)) + a; });
}

TEST_P(Memory, FloatBitsTravelThroughIntegerRegisters) {
  expect(kernel(R"(
    cvt.rn.f32.u32 %f1, %a; mov.b32 %r1, %f1; mov.f32 %f2, 0f40000000; mul.rn.f32 %f3, %f1, %f2;
    mov.b32 %r2, %f3; sub.u32 %r3, %r2, %r1; st.global.u32 [%out], %r3;)"),
         [](uint32_t, uint32_t) { return 0x00800000u; });
}

TEST_P(Memory, AllocaGivesEachThreadItsOwnArray) {
  expect(kernel(R"(
    and.b32 %r1, %a, 15; add.u32 %r1, %r1, 1; mul.wide.u32 %d1, %r1, 4;
    stacksave.u64 %d5; alloca.u64 %d2, %d1, 64; alloca.u64 %d3, %d1; and.b64 %d4, %d2, 63;
    mov.u32 %r2, 0; mov.u64 %d6, %d2; mov.u64 %d7, %d3;
    FILL: st.local.u32 [%d6], %r2; st.local.u32 [%d7], %x; add.u64 %d6, %d6, 4; add.u64 %d7, %d7, 4;
    add.u32 %r2, %r2, 1; setp.lt.u32 %p1, %r2, %r1; @%p1 bra FILL;
    ld.local.u32 %r3, [%d6+-4]; ld.local.u32 %r4, [%d3]; add.u32 %r3, %r3, %r4;
    cvt.u32.u64 %r5, %d4; add.u32 %r3, %r3, %r5;
    stackrestore.u64 %d5; alloca.u64 %d8, %d1, 64; setp.ne.u64 %p2, %d8, %d2; selp.u32 %r6, 1000, 0, %p2;
    add.u32 %r3, %r3, %r6; st.global.u32 [%out], %r3;)"),
         [](uint32_t i, uint32_t a) { return (a & 15) + i; });
}

TEST_P(Memory, AllocaOfMoreThanTheStackEndsTheLaunch) {
  KernelRunner k = runner(kernel("alloca.u32 %r1, 100000;"));
  std::vector<uint32_t> in(32), out(32);
  const RunResult r = k.run("k", {1}, {32}, in.data(), out.data());
  ASSERT_EQ(r.error, "");
  EXPECT_EQ(r.trap, exec::Trap::kStackOverflow);
}

TEST_P(Memory, SharedWithOffsetsBelowTheBase) {
  expect(kernel(R"(
    mov.u32 %r1, sh; shl.b32 %r2, %t, 2; add.u32 %r3, %r1, %r2; st.shared.u32 [%r3], %a; bar.sync 0;
    mov.u32 %r4, 0; setp.eq.u32 %p1, %t, 0; @!%p1 ld.shared.u32 %r4, [%r3+-4]; st.global.u32 [%out], %r4;)",
                ".shared .align 4 .b8 sh[256];"),
         [](uint32_t i, uint32_t a) { return i % 64 ? a - 7 : 0; });
}

TEST_P(Memory, DynamicSharedFollowsStatic) {
  KernelRunner k = runner(kernel(R"(
    mov.u32 %r1, dyn; mov.u32 %r5, fixed; sub.u32 %r6, %r1, %r5; shl.b32 %r2, %t, 2; add.u32 %r3, %r1, %r2;
    st.shared.u32 [%r3], %t; st.shared.u32 [fixed], 99; bar.sync 0; sub.u32 %r4, 63, %t; shl.b32 %r4, %r4, 2;
    add.u32 %r4, %r1, %r4; ld.shared.u32 %r7, [%r4]; mad.lo.u32 %r7, %r6, 1000, %r7; st.global.u32 [%out], %r7;)",
                                 ".extern .shared .align 16 .b8 dyn[];\n.shared .align 4 .b32 fixed;"));
  k.dynamic_shared_bytes = 256;
  std::vector<uint32_t> in(64), out(64);
  const RunResult r = k.run("k", {1}, {64}, in.data(), out.data());
  ASSERT_EQ(r.error, "");
  EXPECT_EQ(r.info.static_shared_bytes, 16u);
  for (uint32_t i = 0; i < 64; i++) EXPECT_EQ(out[i], 16000 + 63 - i);
}

TEST_P(Memory, GenericAddressesReachEverySpace) {
  expect(kernel(R"(
    .local .align 8 .b8 depot[16]; .reg .b64 %l;
    mov.u64 %l, depot; cvta.local.u64 %d1, %l; mov.u64 %d2, sh; cvta.shared.u64 %d3, %d2;
    mul.wide.u32 %d4, %t, 4; add.u64 %d5, %d3, %d4;
    st.u32 [%d1], %a; st.u32 [%d5], %t; bar.sync 0; ld.local.u32 %r1, [%l]; ld.shared.u32 %r2, [sh+4];
    ld.u32 %r3, [%in]; add.u32 %r1, %r1, %r2; add.u32 %r1, %r1, %r3; st.u32 [%out], %r1;)",
                ".shared .align 4 .b8 sh[256];"),
         [](uint32_t, uint32_t a) { return a + 1 + a; });
}

TEST_P(Memory, LocalAddressesInHalfARegister) {
  expect(kernel(R"(
    .local .align 8 .b8 depot[64]; .reg .b32 %l, %m;
    mov.b32 %l, depot; and.b32 %r1, %t, 7; shl.b32 %r1, %r1, 2; add.u32 %m, %l, %r1;
    st.local.v2.b32 [%l+48], {%a, %t}; st.local.b32 [%m], %a; add.u32 %r2, %l, 48; cvt.u64.u32 %d1, %r2;
    cvta.local.u64 %d2, %d1; ld.b32 %r3, [%d2+4]; ld.local.b32 %r4, [%m]; cvta.to.local.u64 %d3, %d2;
    cvt.u32.u64 %r5, %d3; ld.local.b32 %r6, [%r5]; add.u32 %r3, %r3, %r4; add.u32 %r3, %r3, %r6;
    st.global.u32 [%out], %r3;)"),
         [](uint32_t i, uint32_t a) { return i % 64 + a + a; });
}

TEST_P(Memory, ConstantAddressesInHalfARegister) {
  expect(kernel(R"(
    .reg .b32 %l; mov.u32 %l, table; and.b32 %r1, %t, 3; shl.b32 %r1, %r1, 2; add.u32 %l, %l, %r1;
    ld.const.u32 %r2, [%l]; mov.u32 %l, more; ld.const.u32 %r3, [%l+4]; add.u32 %r2, %r2, %r3;
    st.global.u32 [%out], %r2;)",
                ".const .align 4 .u32 table[4] = {10, 20, 30, 40};\n.const .u32 more[2] = {1, 500};"),
         [](uint32_t i, uint32_t) { return 510 + 10 * (i % 4); });
}

TEST_P(Memory, KnowsTheSpaceOfAnAddress) {
  expect(kernel(R"(
    .local .align 8 .b8 depot[16];
    mov.u64 %d1, depot; cvta.local.u64 %d1, %d1; mov.u64 %d2, sh; cvta.shared.u64 %d2, %d2;
    isspacep.shared %p1, %d2; isspacep.shared %p2, %d1; isspacep.local %p3, %d1; isspacep.local %p4, %in;
    isspacep.global %p5, %in; isspacep.global %p6, %d2; cvta.to.shared.u64 %d3, %d2; cvt.u32.u64 %r9, %d3;
    selp.u32 %r1, 1, 0, %p1; selp.u32 %r2, 2, 0, %p2; selp.u32 %r3, 4, 0, %p3; selp.u32 %r4, 8, 0, %p4;
    selp.u32 %r5, 16, 0, %p5; selp.u32 %r6, 32, 0, %p6; or.b32 %r1, %r1, %r2; or.b32 %r1, %r1, %r3;
    or.b32 %r1, %r1, %r4; or.b32 %r1, %r1, %r5; or.b32 %r1, %r1, %r6; mov.u32 %r7, sh; sub.u32 %r9, %r9, %r7;
    add.u32 %r1, %r1, %r9; st.global.u32 [%out], %r1;)",
                ".shared .align 4 .b8 sh[256];"),
         [](uint32_t, uint32_t) { return 1u + 4 + 16; });
}

TEST_P(Memory, ConstantVariablesAreAWindowOfTheirOwn) {
  expect(kernel(R"(
    mov.u64 %d1, table; cvta.const.u64 %d1, %d1; add.u64 %d2, %d1, 12; add.u64 %d3, %d1, 16; mov.u64 %d4, g;
    isspacep.const %p1, %d1; isspacep.const %p2, %d2; isspacep.const %p3, %d3; isspacep.const %p4, %d4;
    isspacep.global %p5, %d2; isspacep.global %p6, %d4; isspacep.const %p7, %in;
    selp.u32 %r1, 1, 0, %p1; selp.u32 %r2, 2, 0, %p2; selp.u32 %r3, 4, 0, %p3; selp.u32 %r4, 8, 0, %p4;
    selp.u32 %r5, 16, 0, %p5; selp.u32 %r6, 32, 0, %p6; selp.u32 %r7, 64, 0, %p7; or.b32 %r1, %r1, %r2;
    or.b32 %r1, %r1, %r3; or.b32 %r1, %r1, %r4; or.b32 %r1, %r1, %r5; or.b32 %r1, %r1, %r6; or.b32 %r1, %r1, %r7;
    st.global.u32 [%out], %r1;)",
                ".const .align 4 .u32 table[4] = {10, 20, 30, 40};\n.global .align 4 .u32 g[2] = {1, 500};"),
         [](uint32_t, uint32_t) { return 1u + 2 + 32; });
}

TEST_P(Memory, GlobalAndConstantVariables) {
  expect(kernel(R"(
    and.b32 %r1, %t, 3; mul.wide.u32 %d1, %r1, 4; mov.u64 %d2, table; add.u64 %d2, %d2, %d1;
    ld.const.u32 %r2, [%d2]; ld.global.u32 %r3, [g+4]; add.u32 %r2, %r2, %r3; st.global.u32 [%out], %r2;)",
                ".const .align 4 .u32 table[4] = {10, 20, 30, 40};\n.global .align 4 .u32 g[2] = {1, 500};"),
         [](uint32_t i, uint32_t) { return (i % 64 % 4 + 1) * 10 + 500; });
}

TEST_P(Memory, LocalArraysIndexedAtRunTime) {
  expect(kernel(R"(
    .local .align 16 .b8 depot[64];
    mov.u64 %d1, depot; mov.u32 %r1, 0;
    FILL: mul.wide.u32 %d2, %r1, 4; add.u64 %d2, %d1, %d2; mad.lo.u32 %r2, %r1, %t, %a; st.local.u32 [%d2], %r2;
    add.u32 %r1, %r1, 1; setp.lt.u32 %p1, %r1, 16; @%p1 bra FILL;
    and.b32 %r3, %a, 15; mul.wide.u32 %d2, %r3, 4; add.u64 %d2, %d1, %d2; ld.local.u32 %r4, [%d2];
    st.global.u32 [%out], %r4;)"),
         [](uint32_t i, uint32_t a) { return (a & 15) * (i % 64) + a; });
}

// A power of two from thread to thread would be one set of the first cache for all lanes that index alike.
TEST_P(Memory, LargeLocalArraysOfThreadsDoNotLieAPowerOfTwoApart) {
  KernelRunner k = runner(kernel(R"(
    .local .align 16 .b8 depot[4096];
    mov.u64 %d1, depot; mov.u32 %r1, 0;
    FILL: mul.wide.u32 %d2, %r1, 4; add.u64 %d2, %d1, %d2; add.u32 %r2, %r1, %t; st.local.u32 [%d2], %r2;
    add.u32 %r1, %r1, 1; setp.lt.u32 %p1, %r1, 1024; @%p1 bra FILL;
    and.b32 %r3, %a, 1023; mul.wide.u32 %d2, %r3, 4; add.u64 %d2, %d1, %d2; ld.local.u32 %r4, [%d2];
    st.global.u32 [%out], %r4;)"));
  std::vector<uint32_t> in(64), out(64);
  for (uint32_t i = 0; i < 64; i++) in[i] = i * 700;
  const RunResult r = k.run("k", {1}, {64}, in.data(), out.data());
  ASSERT_EQ(r.error, "");
  for (uint32_t i = 0; i < 64; i++) EXPECT_EQ(out[i], i * 700 % 1024 + i);
  EXPECT_GE(r.info.local_bytes, 4096u);
  EXPECT_NE(r.info.local_bytes % 512, 0u);
}

// Loads of one thread side by side, in any order, where lanes lie anywhere, turn out to lie in a row, or at
// one place of each warp.
TEST_P(Memory, ThreadsReadRowsOfTheirOwn) {
  const char* ways[] = {"mul.lo.u32 %r1, %a, 5; and.b32 %r1, %r1, 63;",
                        "sub.u32 %r1, %a, 3; div.u32 %r1, %r1, 7; min.u32 %r1, %r1, 100;",
                        "sub.u32 %r1, %a, 3; div.u32 %r1, %r1, 224;"};
  const auto first = [](int way, uint32_t i, uint32_t a) {
    return way == 0 ? a * 5 & 63 : way == 1 ? std::min(i, 100u) : i / 32;
  };
  for (int way = 0; way < 3; way++)
    for (const uint32_t odd : {0u, 1u})  // lanes whose number has this bit don't read
      expect(kernel("and.b32 %r2, %t, " + std::to_string(odd) + "; setp.ne.u32 %p1, %r2, 0; @%p1 bra END;" +
                    ways[way] + R"(
    mul.wide.u32 %d1, %r1, 4; add.u64 %d1, %base, %d1; and.b64 %d2, %d1, -8;
    ld.global.u32 %r2, [%d1+8]; ld.global.u32 %r3, [%d1]; ld.global.u32 %r4, [%d1+12]; ld.global.u32 %r5, [%d1+4];
    ld.global.u8 %r6, [%d1+17]; ld.global.u8 %r7, [%d1+16]; ld.global.u8 %r8, [%d1+18]; ld.global.u8 %r9, [%d1+19];
    ld.global.u64 %d3, [%d2+8]; ld.global.u64 %d4, [%d2]; ld.global.u16 %h1, [%d1+2]; ld.global.u16 %h2, [%d1];
    mad.lo.u32 %r3, %r5, 3, %r3; mad.lo.u32 %r3, %r2, 5, %r3; mad.lo.u32 %r3, %r4, 7, %r3;
    mad.lo.u32 %r3, %r7, 11, %r3; mad.lo.u32 %r3, %r6, 13, %r3; mad.lo.u32 %r3, %r8, 17, %r3;
    mad.lo.u32 %r3, %r9, 19, %r3; cvt.u32.u64 %r4, %d4; mad.lo.u32 %r3, %r4, 23, %r3;
    shr.u64 %d3, %d3, 32; cvt.u32.u64 %r4, %d3; mad.lo.u32 %r3, %r4, 29, %r3;
    cvt.u32.u16 %r4, %h1; mad.lo.u32 %r3, %r4, 31, %r3; cvt.u32.u16 %r4, %h2; mad.lo.u32 %r3, %r4, 37, %r3;
    st.global.u32 [%out], %r3; END:)"),
             [&](uint32_t i, uint32_t a) {
               if (i & odd) return 0xdeadbeef;
               const uint32_t n = first(way, i, a);
               const auto in = [](uint32_t k) { return k * 7 + 3; };
               const auto byte = [&](uint32_t k) { return in(n + 4) >> 8 * k & 255; };
               return in(n) + 3 * in(n + 1) + 5 * in(n + 2) + 7 * in(n + 3) + 11 * byte(0) + 13 * byte(1) +
                      17 * byte(2) + 19 * byte(3) + 23 * in(n & ~1u) + 29 * in((n & ~1u) + 3) +
                      31 * (in(n) >> 16) + 37 * (in(n) & 0xffff);
             });
}

// Transposes without shared memory, by what is read and by what is written: words of several warps are one
// access, in whole blocks or not.
TEST_P(Memory, ColumnsOfAMatrix) {
  const auto ptx = [](const std::string& type, const std::string& reg, uint32_t bytes, bool reads) {
    const std::string column = "mad.lo.u32 %r5, %r1, %r8, %r2;", row = "mad.lo.u32 %r6, %r2, %r7, %r1;",
                      size = std::to_string(bytes);
    return kernel(R"(
    ld.global.u32 %r7, [%base]; ld.global.u32 %r8, [%base+4]; add.u64 %base, %base, 8;
    mov.u32 %r3, %ctaid.x; mov.u32 %r4, %ntid.x; mad.lo.u32 %r1, %r3, %r4, %t;
    mov.u32 %r3, %ctaid.y; mov.u32 %r4, %ntid.y; mov.u32 %r2, %tid.y; mad.lo.u32 %r2, %r3, %r4, %r2;
    setp.ge.u32 %p1, %r1, %r7; @%p1 bra END; setp.ge.u32 %p1, %r2, %r8; @%p1 bra END;)" +
                  column + row + "mul.wide.u32 %d1, " + (reads ? "%r5, " : "%r6, ") + size +
                  "; mul.wide.u32 %d2, " + (reads ? "%r6, " : "%r5, ") + size +
                  "; add.u64 %d1, %base, %d1; add.u64 %d2, %o, %d2; ld.global." + type + " " + reg +
                  ", [%d1]; st.global." + type + " [%d2], " + reg + "; END:");
  };
  const auto run = [&](auto element, const std::string& type, const std::string& reg, Dim block, bool reads) {
    using T = decltype(element);
    const uint32_t columns = 3 * block.x - 5, rows = 2 * block.y + 3;
    std::vector<T> in(8 / sizeof(T) + columns * rows), out(columns * rows);
    for (size_t i = 0; i < in.size(); i++) in[i] = T(i * 0x9e3779b97f4a7c15u >> 7);
    std::memcpy(in.data(), &columns, 4);
    std::memcpy(reinterpret_cast<char*>(in.data()) + 4, &rows, 4);
    KernelRunner k = runner(ptx(type, reg, sizeof(T), reads));
    const RunResult r = k.run("k", {3, 3}, block, in.data(), out.data());
    ASSERT_EQ(r.error, "");
    ASSERT_EQ(r.trap, exec::Trap::kNone);
    for (uint32_t x = 0; x < columns; x++)
      for (uint32_t y = 0; y < rows; y++) {
        const size_t column = size_t(x) * rows + y, row = size_t(y) * columns + x;
        ASSERT_EQ(out[reads ? row : column], in[8 / sizeof(T) + (reads ? column : row)]) << x << ", " << y;
      }
  };
  for (const Dim block : {Dim{32, 8}, Dim{16, 16}, Dim{32, 4}, Dim{16, 4}})
    for (const bool reads : {false, true}) {
      run(uint32_t(), "u32", "%r9", block, reads);
      run(uint64_t(), "u64", "%d3", block, reads);
      run(uint16_t(), "u16", "%h1", block, reads);
    }
}

TEST_P(Memory, AsynchronousCopies) {
  expect(kernel(R"(
    mov.u32 %r1, sh; shl.b32 %r2, %t, 2; add.u32 %r3, %r1, %r2; st.shared.u32 [%r3], -1; and.b32 %r4, %t, 3;
    cp.async.ca.shared.global [%r3], [%in], 4, %r4; cp.async.commit_group; cp.async.wait_group 0;
    bar.sync 0; ld.shared.u32 %r5, [%r3]; st.global.u32 [%out], %r5;)",
                ".shared .align 16 .b8 sh[256];"),
         [](uint32_t i, uint32_t a) { return a & ((1u << 8 * (i % 64 % 4)) - 1); });
}

TEST_P(Memory, MisalignedAccessTraps) {
  KernelRunner k =
      runner(kernel("add.u64 %out, %out, 2; setp.eq.u32 %p1, %t, 5; @%p1 st.global.u32 [%out], %a;"));
  std::vector<uint32_t> in(64), out(64, 1);
  const RunResult r = k.run("k", {1}, {64}, in.data(), out.data());
  EXPECT_EQ(r.error, "");
  EXPECT_EQ(r.trap, exec::Trap::kMisaligned);
  EXPECT_EQ(r.trap_info & 3, 2u);
  EXPECT_EQ(out, std::vector<uint32_t>(64, 1)) << "nothing was written";
}

TEST_P(Memory, MisalignmentInDeadLanesIsNoFault) {
  expect(kernel(R"(
    add.u64 %d1, %in, 2; setp.gt.u32 %p1, %t, 100; @%p1 ld.global.u32 %a, [%d1]; st.global.u32 [%out], %a;)"),
         [](uint32_t, uint32_t a) { return a; });
}

}  // namespace
}  // namespace ppu::lower

// What the compiler takes for granted of lanes' values only after a test at run time, or makes one value of
// all of them: the results must not show it.
#include <sys/mman.h>

#include <algorithm>

#include "tests/lower/program.h"

namespace ppu::lower {
namespace {

class Lanes : public Program {};
PPU_ALL_VARIANTS(Lanes);

// row * n + column with n known at run time only: even steps from lane to lane, as far as nothing wraps.
TEST_P(Lanes, IndicesOf32BitsAreExtendedExactly) {
  expect(kernel(R"(
    ld.global.u32 %r1, [%base]; mov.u32 %r2, %ctaid.x; mov.u32 %r3, %ntid.x;
    mul.lo.s32 %r4, %r2, %r3; mad.lo.s32 %r5, %r2, %r1, %t; sub.s32 %r5, %r5, %r1; add.s32 %r5, %r5, 3;
    mad.lo.s32 %r6, %r2, %r1, %r4; sub.s32 %r6, %r4, %r6; add.s32 %r5, %r5, %r6; add.s32 %r5, %r5, %r4;
    mul.wide.s32 %d1, %r5, 4; add.s64 %d1, %d1, %base; ld.global.u32 %r7, [%d1]; st.global.u32 [%out], %r7;)"),
         // r5 = ctaid n + t - n + 3 - ctaid n + ctaid ntid = i + 3 - n with n = in[0] = 3
         [](uint32_t, uint32_t a) { return a; });
}

// The index of lane 0 is -1, which isn't 2^32 - 1 less than that of lane 1.
TEST_P(Lanes, UnsignedIndicesBelowZeroAreFarAway) {
  expect(kernel(R"(
    ld.global.u32 %r1, [%base]; sub.u32 %r2, %t, %r1; add.u32 %r2, %r2, 2; mov.u32 %r7, 11;
    setp.eq.u32 %p1, %t, 0; @%p1 bra SKIP;
    mul.wide.u32 %d1, %r2, 4; add.s64 %d1, %d1, %base; ld.global.u32 %r7, [%d1];
    SKIP: st.global.u32 [%out], %r7;)"),
         [](uint32_t i, uint32_t) { return i % 64 == 0 ? 11 : (i % 64 - 1) * 7 + 3; });
}

// Blocks at the ends of the grid, and those between, which know that no thread of theirs is near an end.
TEST_P(Lanes, EdgesOfAGridAreOnlyItsOwn) {
  static constexpr uint32_t kBlocks = 6, kThreads = 64, kLast = kBlocks * kThreads - 1;
  expect(
      kernel(R"(
    mov.u32 %r1, %nctaid.x; mov.u32 %r2, %ntid.x; mul.lo.s32 %r1, %r1, %r2; add.s32 %r2, %r1, -1;
    mov.u32 %r9, 77; setp.lt.s32 %p1, %x, 1; setp.ge.s32 %p2, %x, %r2; or.pred %p1, %p1, %p2; @%p1 bra DONE;
    add.s32 %r3, %x, -5; max.s32 %r3, %r3, 0; add.s32 %r4, %x, 70; min.s32 %r4, %r4, %r2;
    mul.wide.s32 %d1, %r3, 4; add.s64 %d1, %base, %d1; ld.global.u32 %r5, [%d1];
    mul.wide.s32 %d2, %r4, 4; add.s64 %d2, %base, %d2; ld.global.u32 %r6, [%d2];
    ld.global.u32 %r7, [%in+-4]; ld.global.u32 %r8, [%in+4];
    mad.lo.u32 %r9, %r6, 1000, %r5; mad.lo.u32 %r9, %r7, 10, %r9; add.u32 %r9, %r9, %r8;
    DONE: st.global.u32 [%out], %r9;)"),
      [](uint32_t i, uint32_t) {
        const auto in = [](uint32_t k) { return k * 7 + 3; };
        if (i < 1 || i >= kLast) return 77u;
        return in(std::min(i + 70, kLast)) * 1000 + in(i < 5 ? 0 : i - 5) + in(i - 1) * 10 + in(i + 1);
      },
      kThreads, kBlocks);
}

/// Memory where indices -2^31 ... and up to 2^31 - 1 ... of 32-bit words count from the middle.
class FarPages {
 public:
  FarPages() {
    void* p = mmap(nullptr, kBytes + kPage, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (p == MAP_FAILED) return;
    start_ = static_cast<char*>(p);
    mprotect(start_, kPage, PROT_READ | PROT_WRITE);
    mprotect(start_ + kBytes - kPage, 2 * kPage, PROT_READ | PROT_WRITE);
  }
  ~FarPages() {
    if (start_) munmap(start_, kBytes + kPage);
  }
  explicit operator bool() const { return start_; }
  uint32_t* lowest() const { return reinterpret_cast<uint32_t*>(start_); }
  uint32_t* behind_highest() const { return reinterpret_cast<uint32_t*>(start_ + kBytes); }
  uint64_t middle() const { return reinterpret_cast<uint64_t>(start_) + kBytes / 2; }

 private:
  static constexpr size_t kPage = 4096, kBytes = size_t{16} << 30;
  char* start_ = nullptr;
};

TEST_P(Lanes, IndicesThatWrapInAWarpAreFollowed) {
  FarPages pages;
  if (!pages) GTEST_SKIP() << "no address space for two pages 16 GiB apart";
  // Lanes 0 to 15 have the indices 2^31 - 16 ..., the others -2^31 ...
  KernelRunner k = runner(kernel(R"(
    ld.global.u64 %d1, [%base]; ld.global.u32 %r1, [%base+8]; add.s32 %r2, %r1, %t;
    mul.wide.s32 %d2, %r2, 4; add.s64 %d3, %d1, %d2; ld.global.u32 %r3, [%d3];
    mov.u32 %r4, 0;
    LOOP: add.u32 %r3, %r3, 1; st.global.u32 [%d3], %r3; add.s64 %d3, %d3, 128;
    add.u32 %r4, %r4, 1; setp.lt.u32 %p1, %r4, 3; @%p1 bra LOOP;
    st.global.u32 [%out], %r3;)"));
  const auto place = [&](uint32_t t) {
    return t < 16 ? pages.behind_highest() - 16 + t : pages.lowest() + (t - 16);
  };
  for (uint32_t t = 0; t < 32; t++) *place(t) = 100 * t;
  std::vector<uint32_t> in(32), out(32);
  const uint64_t middle = pages.middle();
  std::memcpy(in.data(), &middle, 8);
  in[2] = 0x7ffffff0;
  const RunResult r = k.run("k", {1}, {32}, in.data(), out.data());
  ASSERT_EQ(r.error, "");
  ASSERT_EQ(r.trap, exec::Trap::kNone);
  for (uint32_t t = 0; t < 32; t++) {
    EXPECT_EQ(out[t], 100 * t + 3);
    for (uint32_t round = 0; round < 3; round++) EXPECT_EQ(place(t)[32 * round], 100 * t + round + 1);
  }
}

// Lanes follow chains of their own; a lane that comes to its end by one way leaves a flag, else its place.
TEST_P(Lanes, LoopsOnTheirOwnDataMayRunLaneByLane) {
  expect(kernel(R"(
    mov.u32 %r1, %x; mov.u32 %r2, 0; mov.u64 %d5, 1; setp.gt.u32 %p5, %x, 9;
    LOOP: setp.gt.u32 %p1, %r2, 20; @%p1 bra LONG;
    mul.wide.u32 %d1, %r1, 4; add.s64 %d1, %d1, %base; ld.global.u32 %r3, [%d1];
    and.b32 %r4, %r3, 63; setp.eq.u32 %p2, %r4, 31; @%p2 bra FOUND;
    and.b32 %r5, %r4, 1; setp.eq.u32 %p3, %r5, 0; @%p3 bra EVEN;
    add.u32 %r4, %r4, 5; mul.lo.u64 %d5, %d5, 3; setp.eq.u32 %p5, %r5, 1;
    EVEN: mad.lo.u32 %r1, %r4, 3, 1; and.b32 %r1, %r1, 63; add.u32 %r2, %r2, 1; bra LOOP;
    LONG: mov.u32 %r2, 1000; bra DONE;
    FOUND: add.u32 %r2, %r2, 100; @%p5 add.u32 %r2, %r2, 1;
    DONE: cvt.u32.u64 %r6, %d5; add.u32 %r2, %r2, %r6; st.global.u32 [%out], %r2;)"),
         [](uint32_t i, uint32_t) {
           uint32_t at = i, steps = 0;
           uint64_t product = 1;
           bool flag = i > 9;
           for (;; steps++) {
             if (steps > 20) return 1000 + uint32_t(product);
             uint32_t v = (at * 7 + 3) & 63;
             if (v == 31) return steps + 100 + flag + uint32_t(product);
             if (v & 1) v += 5, product *= 3, flag = true;
             at = (v * 3 + 1) & 63;
           }
         });
}

// After exchanges across every bit of the lane number all lanes have one value, also in 8 lanes' share.
TEST_P(Lanes, ExchangesAcrossAllLanesAgree) {
  expect(
      kernel(R"(
    .shared .b32 part[8]; .reg .b32 %s;
    mov.u32 %r1, %a;
    shfl.sync.bfly.b32 %r2, %r1, 16, 31, -1; add.u32 %r1, %r1, %r2;
    shfl.sync.bfly.b32 %r2, %r1, 8, 31, -1; add.u32 %r1, %r1, %r2;
    shfl.sync.bfly.b32 %r2, %r1, 4, 31, -1; add.u32 %r1, %r1, %r2;
    shfl.sync.bfly.b32 %r2, %r1, 2, 31, -1; add.u32 %r1, %r1, %r2;
    shfl.sync.bfly.b32 %r2, %r1, 1, 31, -1; add.u32 %r1, %r1, %r2;
    and.b32 %r3, %t, 31; setp.ne.u32 %p1, %r3, 0; shr.u32 %r4, %t, 5; shl.b32 %r4, %r4, 2;
    mov.u32 %s, part; add.u32 %r5, %s, %r4; @%p1 bra MET; st.shared.u32 [%r5], %r1; MET: bar.sync 0;
    and.b32 %r6, %t, 7; shl.b32 %r6, %r6, 2; add.u32 %r6, %s, %r6; ld.shared.u32 %r7, [%r6];
    shfl.sync.bfly.b32 %r2, %r7, 4, 31, -1; max.u32 %r7, %r7, %r2;
    shfl.sync.bfly.b32 %r2, %r7, 2, 31, -1; max.u32 %r7, %r7, %r2;
    shfl.sync.bfly.b32 %r2, %r7, 1, 31, -1; bar.sync 0; max.u32 %r7, %r7, %r2;
    sub.u32 %r7, %r7, %r1; add.u32 %r7, %r7, %t; st.global.u32 [%out], %r7;)"),
      [](uint32_t i, uint32_t) {
        const auto sum = [](uint32_t warp) { return 32 * (warp * 32 * 7 + 3) + 7 * 31 * 16; };
        return sum(i / 256 * 8 + 7) - sum(i / 32) + i % 256;
      },
      256, 2);
}

// Within segments of 16 lanes, or where some lanes stay away, each group has a value of its own.
TEST_P(Lanes, ExchangesOfSomeLanesDont) {
  expect(kernel(R"(
    mov.u32 %r1, %a;
    shfl.sync.bfly.b32 %r2, %r1, 8, 31, -1; add.u32 %r1, %r1, %r2;
    shfl.sync.bfly.b32 %r2, %r1, 4, 31, -1; add.u32 %r1, %r1, %r2;
    shfl.sync.bfly.b32 %r2, %r1, 2, 31, -1; add.u32 %r1, %r1, %r2;
    shfl.sync.bfly.b32 %r2, %r1, 1, 31, -1; add.u32 %r1, %r1, %r2; st.global.u32 [%out], %r1;)"),
         [](uint32_t i, uint32_t) { return 16 * (i / 16 * 16 * 7 + 3) + 7 * 15 * 8; });
}

// Products of bytes summed by fours: as dp4a, and written out with shifts; every mixture of signs.
TEST_P(Lanes, ProductsOfBytesAreExact) {
  for (const bool a_signed : {false, true})
    for (const bool b_signed : {false, true}) {
      const std::string a = a_signed ? "s32" : "u32", b = b_signed ? "s32" : "u32";
      expect(kernel("mul.lo.u32 %r1, %a, 0x9e3779b9; mul.lo.u32 %r2, %r1, 0x85ebca6b; not.b32 %r3, %r2;\n"
                    "dp4a." +
                    a + "." + b + " %r4, %r1, %r2, %a; dp4a." + a + "." + b +
                    " %r4, %r2, %r3, %r4;\n"
                    "dp4a." +
                    a + "." + b + " %r5, %r4, %r4, 5; add.u32 %r4, %r4, %r5; st.global.u32 [%out], %r4;\n"),
             [&](uint32_t, uint32_t in) {
               const auto dot = [&](uint32_t x, uint32_t y, uint32_t sum) {
                 for (int i = 0; i < 4; i++) {
                   const uint8_t p = uint8_t(x >> 8 * i), q = uint8_t(y >> 8 * i);
                   sum +=
                       uint32_t((a_signed ? int(int8_t(p)) : int(p)) * (b_signed ? int(int8_t(q)) : int(q)));
                 }
                 return sum;
               };
               const uint32_t x = in * 0x9e3779b9u, y = x * 0x85ebca6bu;
               const uint32_t sum = dot(y, ~y, dot(x, y, in));
               return sum + dot(sum, sum, 5);
             });
    }
}

// Rounds of a loop with a step unknown to the compiler: what is fetched ahead lies behind the array at last.
TEST_P(Lanes, RoundsFarApartReadNothingElse) {
  expect(kernel(R"(
    ld.global.u32 %r4, [%base]; mul.lo.u32 %r4, %r4, 32; sub.u32 %r4, %r4, 32; mov.u32 %r1, %t; mov.u32 %r2, 0;
    LOOP: mul.wide.s32 %d1, %r1, 4; add.s64 %d1, %d1, %base; ld.global.u32 %r3, [%d1]; add.u32 %r2, %r2, %r3;
    add.s32 %r1, %r1, %r4; setp.lt.s32 %p1, %r1, 128; @%p1 bra LOOP; st.global.u32 [%out], %r2;)"),
         [](uint32_t i, uint32_t) { return 2 * (i % 64 * 7 + 3) + 64 * 7; });
}

}  // namespace
}  // namespace ppu::lower

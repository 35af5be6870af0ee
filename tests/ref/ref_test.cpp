// The reference interpreter on small kernels: divergence, barriers, warp operations, calls, atomics, traps.
#include "ref/ref.h"

#include <gtest/gtest.h>

#include <numeric>

#include "kernel_harness.h"
#include "ref/diagnose.h"
#include "ref_samples.h"

namespace ppu {
namespace {

using harness::Params;
using harness::Shape;

class Ref : public testing::Test {
 protected:
  void load(const std::string& text, const std::string& kernel = "k") {
    auto module = ptx::parse(".version 8.0\n.target sm_80\n.address_size 64\n" + text, "test.ptx");
    ASSERT_TRUE(module) << module.error().message;
    module_ = std::move(*module);
    auto made = ref::RefKernel::make(module_, kernel);
    ASSERT_TRUE(made) << made.error().message;
    kernel_ = std::move(*made);
    globals_ = std::make_unique<harness::Globals>(module_);
  }
  harness::Outcome run(const Shape& shape, const Params& params) {
    harness::Engine engine{kernel_->info(), [this](const exec::LaunchArgs* l, exec::BlockState* b) {
                             return kernel_->run_block(l, b);
                           }};
    return harness::launch(engine, shape, params.data(), globals_.get());
  }
  ptx::Module module_;
  std::unique_ptr<ref::RefKernel> kernel_;
  std::unique_ptr<harness::Globals> globals_;
};

Shape threads(uint32_t n, uint32_t blocks = 1) {
  Shape s;
  s.block[0] = n;
  s.grid[0] = blocks;
  return s;
}

TEST_F(Ref, SaxpyWritesEachElement) {
  load(kSaxpy);
  std::vector<float> x(100), y(100);
  std::iota(x.begin(), x.end(), 0.0f);
  std::iota(y.begin(), y.end(), 5.0f);
  const auto o = run(threads(32, 4), Params().add(100).add(2.0f).add(x.data()).add(y.data()));
  EXPECT_EQ(o.trap, exec::Trap::kNone);
  for (int i = 0; i < 100; i++) EXPECT_EQ(y[size_t(i)], 2.0f * float(i) + float(i) + 5);
}

TEST_F(Ref, LanesMeetAgainAfterDivergentLoops) {
  load(kDivergentLoop);
  std::vector<uint32_t> out(64);
  run(threads(64), Params().add(out.data()));
  // sum of 0..lane, then the lanes active behind the loop: all.
  for (uint32_t i = 0; i < 64; i++) EXPECT_EQ(out[i], (i % 32) * (i % 32 + 1) / 2 + 1000 * 32);
}

TEST_F(Ref, BarriersOrderSharedMemory) {
  load(kReverse);
  std::vector<uint32_t> data(200);
  std::iota(data.begin(), data.end(), 0u);
  run(threads(200), Params().add(data.data()));
  for (uint32_t i = 0; i < 200; i++) EXPECT_EQ(data[i], 199 - i);
}

TEST_F(Ref, ShufflesFollowTheManual) {
  load(kShuffles);
  std::vector<uint32_t> out(32 * 8);
  run(threads(32), Params().add(out.data()));
  for (uint32_t i = 0; i < 32; i++) {
    EXPECT_EQ(out[i * 8 + 0], i >= 3 ? i - 3 : i);                 // up 3
    EXPECT_EQ(out[i * 8 + 1], i + 5 < 32 ? i + 5 : i);             // down 5
    EXPECT_EQ(out[i * 8 + 2], i ^ 9);                              // bfly 9
    EXPECT_EQ(out[i * 8 + 3], (i & 24) | 2);                       // idx 2 in segments of 8
    EXPECT_EQ(out[i * 8 + 4], i >= 3);                             // up's predicate
    EXPECT_EQ(out[i * 8 + 5], 0x55555555u);                        // ballot of even lanes
    EXPECT_EQ(out[i * 8 + 6], i % 2 ? 0xaaaaaaaau : 0x55555555u);  // match.any of lane parity
    EXPECT_EQ(out[i * 8 + 7], 496u);                               // redux.add
  }
}

TEST_F(Ref, RecursionAndFunctionPointers) {
  load(kCalls);
  std::vector<uint32_t> out(32);
  run(threads(32), Params().add(out.data()));
  uint32_t fact = 1;
  for (uint32_t i = 0; i < 10; i++) {
    if (i > 1) fact *= i;
    EXPECT_EQ(out[i], fact + (i % 2 ? 3 * i : 2 * i)) << i;
  }
}

TEST_F(Ref, SpinLocksInsideAWarpProgress) {
  load(kSpinLock);
  uint32_t cells[2] = {0, 0};
  const auto o = run(threads(64, 2), Params().add(&cells[0]));
  EXPECT_EQ(o.trap, exec::Trap::kNone);
  EXPECT_EQ(cells[1], 128u);
}

TEST_F(Ref, BlocksWaitForEachOther) {
  load(kGridBarrier);
  std::vector<uint32_t> data(1 + 8);
  const auto o = run(threads(64, 8), Params().add(data.data()));
  EXPECT_EQ(o.trap, exec::Trap::kNone);
  for (int i = 1; i <= 8; i++) EXPECT_EQ(data[size_t(i)], 8u);
}

TEST_F(Ref, MisalignedAccessTraps) {
  load(kMisaligned);
  std::vector<uint32_t> data(4);
  const auto o = run(threads(8), Params().add(data.data()));
  EXPECT_EQ(o.trap, exec::Trap::kMisaligned);
  EXPECT_EQ(o.info, uint64_t(data.data()) + 2);
  EXPECT_EQ(o.thread, 5u);
}

TEST_F(Ref, BarrierThatNeverCompletesTraps) {
  load(kDeadlock);
  EXPECT_EQ(run(threads(64), Params()).trap, exec::Trap::kBarrierDeadlock);
}

TEST_F(Ref, NamedBarriersCountWarps) {
  load(kNamedBarrier);
  std::vector<uint32_t> data(128);
  const auto o = run(threads(128), Params().add(data.data()));
  EXPECT_EQ(o.trap, exec::Trap::kNone);
  for (uint32_t i = 64; i < 128; i++) EXPECT_EQ(data[i], 1000 + i - 64);
}

TEST_F(Ref, BarrierReductions) {
  load(kBarrierReduce);
  std::vector<uint32_t> data(96 * 3);
  run(threads(96), Params().add(data.data()));
  for (uint32_t i = 0; i < 96; i++) {
    EXPECT_EQ(data[i * 3], 32u);
    EXPECT_EQ(data[i * 3 + 1], 0u);
    EXPECT_EQ(data[i * 3 + 2], 1u);
  }
}

TEST_F(Ref, AtomicsOfAllKinds) {
  load(kAtomics);
  std::vector<uint64_t> cells(16);
  cells[4] = 100;
  cells[5] = 0xffff;
  const auto o = run(threads(64), Params().add(cells.data()));
  EXPECT_EQ(o.trap, exec::Trap::kNone);
  EXPECT_EQ(uint32_t(cells[0]), 64u);  // add.u32
  float sum = 0;
  std::memcpy(&sum, &cells[1], 4);
  EXPECT_EQ(sum, 32.0f);                        // add.f32 of 0.5
  EXPECT_EQ(uint32_t(cells[2]), 64u % 10);      // inc.u32 wrapping behind 9
  EXPECT_EQ(uint32_t(cells[3]), 63u);           // max.u32
  EXPECT_EQ(int32_t(uint32_t(cells[4])), -63);  // min.s32
  EXPECT_EQ(uint32_t(cells[5]), 0u);            // and
  EXPECT_EQ(cells[6], 64u * 0x100000000ull);    // add.u64
  EXPECT_EQ(uint32_t(cells[7]), 64u);           // cas loop
  EXPECT_EQ(uint32_t(cells[8]), 0x54005400u);   // add.noftz.f16x2: 64 times 1.0
}

TEST_F(Ref, ParametersByValueAndLocalMemory) {
  load(kStructs);
  std::vector<uint32_t> out(32);
  run(threads(32), Params().add(out.data()).add(uint64_t(0x0000000700000005)));
  for (uint32_t i = 0; i < 32; i++) EXPECT_EQ(out[i], 12 + i + 3 * (i & 3));
}

TEST_F(Ref, BranchTables) {
  load(kBranchTable);
  std::vector<uint32_t> out(32);
  run(threads(32), Params().add(out.data()));
  const uint32_t want[] = {10, 20, 30};
  for (uint32_t i = 0; i < 32; i++) EXPECT_EQ(out[i], want[i % 3]);
}

TEST_F(Ref, AllocaAndPartsOfRegisters) {
  load(kAllocaAndParts);
  std::vector<uint32_t> out(32);
  const auto o = run(threads(32), Params().add(out.data()));
  EXPECT_EQ(o.trap, exec::Trap::kNone);
  for (uint32_t i = 0; i < 32; i++) EXPECT_EQ(out[i], i + uint32_t(-2) + 0xff) << i;
}

TEST_F(Ref, AllocaOfMoreThanTheStackTraps) {
  load(".entry k() { .reg .b64 %d<2>; alloca.u64 %d1, 100000; ret; }");
  EXPECT_EQ(run(threads(32), Params()).trap, exec::Trap::kStackOverflow);
}

TEST_F(Ref, DuplicatedShufflesAreOne) {
  load(kDuplicatedShuffle);
  std::vector<uint32_t> out(32);
  const auto o = run(threads(32), Params().add(out.data()));
  EXPECT_EQ(o.trap, exec::Trap::kNone);
  for (uint32_t i = 0; i < 32; i++) EXPECT_EQ(out[i], i ^ 31);
}

TEST_F(Ref, DiagnosisNamesTheThreadAndTheLine) {
  load(kSaxpy);
  std::vector<float> x(64, 1.0f), y(40, 5.0f);
  Params params;
  params.add(64).add(2.0f).add(x.data()).add(y.data());
  exec::LaunchArgs launch{};
  const exec::RuntimeTable* rt = exec::runtime_table();
  launch.params = params.data();
  launch.rt = rt;
  launch.grid[0] = 2, launch.grid[1] = launch.grid[2] = 1;
  launch.block[0] = 32, launch.block[1] = launch.block[2] = 1;
  const auto within = [](const std::vector<float>& v, uint64_t address, uint32_t bytes) {
    return address >= uint64_t(v.data()) && address + bytes <= uint64_t(v.data() + v.size());
  };
  const ref::AddressCheck valid = [&](uint64_t a, uint32_t n, bool) {
    return within(x, a, n) || within(y, a, n);
  };
  const uint32_t first[3] = {0, 0, 0}, second[3] = {1, 0, 0};
  EXPECT_FALSE(ref::diagnose(*kernel_, launch, first, valid));
  const auto bad = ref::diagnose(*kernel_, launch, second, valid);
  ASSERT_TRUE(bad);
  EXPECT_EQ(bad->thread, 8u);
  EXPECT_EQ(bad->address, uint64_t(y.data() + 40));
  EXPECT_EQ(bad->pos.line, 15u);
  EXPECT_FALSE(bad->is_write);
  EXPECT_EQ(ref::describe(*bad, launch.block).substr(0, 32), "thread (8,0,0) read 4 bytes at 0");
  EXPECT_EQ(y[0], 5.0f);  // nothing was written
}

TEST(RefErrors, NameWhatIsMissing) {
  const auto m = ptx::parse(
      ".version 8.0\n.target sm_90a\n.address_size 64\n.entry k() { wgmma.fence.sync.aligned;\n ret; }",
      "a.ptx");
  ASSERT_TRUE(m) << m.error().message;
  const auto k = ref::RefKernel::make(m.value(), "k");
  ASSERT_FALSE(k);
  EXPECT_EQ(k.error().kind, ErrorKind::kUnsupported);
  EXPECT_EQ(k.error().message,
            "a.ptx:4:14: instruction 'wgmma.fence.sync.aligned' isn't supported (target sm_90a)");
}

}  // namespace
}  // namespace ppu

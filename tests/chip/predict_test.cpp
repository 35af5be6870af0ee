// The chip model's physics: what more work, more chip or less power must do, on every chip. Not here: how
// near it is to measurements (error_test.cpp).
#include <gtest/gtest.h>

#include "chip/coefficients.h"
#include "chip/collective.h"
#include "chip/gemm.h"
#include "chip/predict.h"
#include "chip/stack.h"
#include "chip/uncertainty.h"

namespace ppu::chip {
namespace {

Op gemm(double m, double n, double k, Number math = Number::kBf16) {
  return {.kind = OpKind::kGemm, .label = "gemm", .math = math, .m = m, .n = n, .k = k};
}

double seconds(const Op& op, const Numbers& chip, std::string_view stack = "kernel") {
  return predict(op, chip, {stack}).seconds.total();
}

TEST(Predict, NoProductIsFasterThanThePeakOrTheMemoryAllow) {
  for (const Chip& chip : all()) {
    const Numbers n = values_of(chip);
    for (const double m : {1.0, 48.0, 512.0, 8192.0}) {
      const Op op = gemm(m, 4096, 4096);
      const double flops = 2 * m * 4096 * 4096;
      EXPECT_GE(seconds(op, n), flops / effective_flops(n, Number::kBf16)) << chip.id << " m=" << m;
      if (n.memory_gbps > 0)
        EXPECT_GE(seconds(op, n), 4096.0 * 4096 * 2 / (n.memory_gbps * 1e9)) << chip.id << " m=" << m;
    }
  }
}

TEST(Predict, MoreWorkTakesNoLess) {
  const Numbers n = values_of(*find("a100"));
  double last = 0;
  for (double m = 1; m <= 16384; m *= 2) {
    const double now = seconds(gemm(m, 4096, 4096), n);
    EXPECT_GE(now, last * 0.999) << m;
    last = now;
  }
}

TEST(Predict, ATileMoreThanTheMultiprocessorsHoldTakesAnotherWave) {
  const Numbers n = values_of(*find("a100"));
  // 108 multiprocessors: 12 x 9 tiles of 128 x 128 fit, a column more does not.
  const double fits = seconds(gemm(1536, 1152, 8192), n), one_more = seconds(gemm(1536, 1280, 8192), n);
  EXPECT_GT(one_more / fits, 1.15);  // the work grows by 1.11
}

TEST(Predict, TilesAloneOnTheirMultiprocessorsWaitLonger) {
  const Numbers n = values_of(*find("ppu-810e"));
  const Coefficients fitted = coefficients();
  const auto slower = [&](const Op& op) {
    Coefficients changed = fitted;
    changed.lone_tile = 0;
    replace_coefficients(changed);
    const double without = seconds(op, n, "kernel torch");
    changed.lone_tile = 0.5;
    replace_coefficients(changed);
    const double with = seconds(op, n, "kernel torch");
    replace_coefficients(fitted);
    return with / without;
  };
  EXPECT_GT(slower(gemm(256, 4096, 4096)), 1.01);  // 64 tiles of 128 x 128, as many as multiprocessors
  EXPECT_LT(slower(gemm(8192, 8192, 8192)), 1.01);
}

TEST(Predict, AMatrixTimesAVectorReadsItsMatrixAndLittleElse) {
  for (const char* id : {"a100", "ppu-810e"}) {
    const Numbers n = values_of(*find(id));
    const double bytes = 65536.0 * 8192 * 2, least = bytes / (n.memory_gbps * 1e9);
    for (const Op& op : {gemm(1, 65536, 8192), gemm(65536, 1, 8192)}) {
      EXPECT_LT(seconds(op, n), 1.3 * least) << id;
      EXPECT_GT(seconds(op, n), least) << id;
    }
  }
}

TEST(Predict, CopiesOfTheWeightsShareTheirInputs) {
  // Five times 34 MB of weights don't fit an L2 of 96 MiB, the inputs between two of them do.
  const Numbers n = values_of(*find("l40s"));
  Op op = gemm(1024, 4096, 4096);
  op.loop_bytes = 5 * 34e6;
  EXPECT_LT(gemm_time(op, n, {}, 1).memory_bytes, 1.05 * 4096 * 4096 * 2);
}

TEST(Predict, EarlyEnginesReadTheCacheForEachQueryHead) {
  const Numbers n = values_of(*find("h100-sxm"));
  Op op{.kind = OpKind::kAttention, .label = "attn.decode", .flops = 1e9, .read_bytes = 1e9, .readers = 8};
  EXPECT_GT(seconds(op, n, "trtllm 0.6"), 3 * seconds(op, n, "trtllm"));
  op.readers = 1;
  EXPECT_NEAR(seconds(op, n, "trtllm 0.6"), seconds(op, n, "trtllm"), 5e-6);
}

TEST(Predict, NarrowWeightsSpeedUpWhatMemoryBounds) {
  const Numbers n = values_of(*find("ppu-810e"));
  Op wide = gemm(1, 16384, 16384), narrow = wide;
  narrow.weight_bytes = 16384.0 * 16384 * 0.5;
  EXPECT_LT(seconds(narrow, n), 0.4 * seconds(wide, n));
  EXPECT_GT(seconds(gemm(8192, 8192, 8192), n) / seconds(gemm(8192, 8192, 8192, Number::kInt8), n), 1.7);
}

TEST(Predict, OperandsInTheCacheNeedNoMemory) {
  const Numbers n = values_of(*find("l40s"));
  Op cold = gemm(16, 4096, 4096), hot = cold;
  hot.loop_bytes = 34e6;
  EXPECT_LT(seconds(hot, n), 0.7 * seconds(cold, n));
  EXPECT_LT(predict(hot, n, {"kernel"}).memory_bytes, 0.1 * predict(cold, n, {"kernel"}).memory_bytes);
  hot.loop_bytes = 1e9;
  EXPECT_NEAR(seconds(hot, n), seconds(cold, n), 0.01 * seconds(cold, n));
}

TEST(Predict, ALoopALittleLongerThanTheCacheStillHitsIt) {
  const Numbers n = values_of(*find("h100-sxm"));
  const double room = n.l2_mib * 1048576 * coefficients().l2_partitioned;
  EXPECT_DOUBLE_EQ(l2_resident(0.99 * room, n), 1);
  EXPECT_NEAR(l2_resident(1.2 * room, n), 0.686, 0.01);  // h = exp(-(1 - h) 1.2)
  EXPECT_LT(l2_resident(4 * room, n), 0.03);
  double last = 1;
  for (double loop = 0.5; loop < 8; loop *= 1.05) {
    EXPECT_LE(l2_resident(loop * room, n), last);
    last = l2_resident(loop * room, n);
  }
}

TEST(Predict, WhatLiesInTheCacheTakesTheCachesTime) {
  const Numbers n = values_of(*find("h100-sxm"));
  const double bytes = 8e6;
  const Op copy{.kind = OpKind::kVector, .label = "op", .read_bytes = bytes, .loop_bytes = bytes};
  EXPECT_GE(seconds(copy, n), bytes / (1.5 * n.l2_gbps * 1e9));
  Op vector = gemm(1, 2048, 2048);
  vector.loop_bytes = vector.weight_bytes = bytes;
  EXPECT_GE(seconds(vector, n), bytes / (1.5 * n.l2_gbps * 1e9));
}

TEST(Predict, ExpertsOfManyRowsReachTheirEnginesShare) {
  const Numbers n = values_of(*find("h100-sxm"));
  const double share = stack_row("vllm", n).terms.routed_efficiency;
  ASSERT_LT(share, 0.9);
  const auto slower = [&](double rows) {
    Op even = gemm(rows, 4096, 4096), routed = even;
    even.groups = routed.groups = 32, routed.routed = true;
    return seconds(routed, n, "vllm") / seconds(even, n, "vllm");
  };
  EXPECT_LT(slower(1), 1 + 0.1 / share);
  EXPECT_NEAR(slower(4096), 1 / share, 0.1 / share);
}

TEST(Predict, AStepTakesTheHostsTimeWhereItIsSlower) {
  const Numbers n = values_of(*find("ppu-810e"));
  const Work step(1, Op{.kind = OpKind::kVector, .label = "op", .repeat = 1985, .read_bytes = 1e4});
  const Cost eager = predict(step, n, {"eager"}, 1), graph = predict(step, n, {"graphs"}, 1);
  EXPECT_NEAR(eager.seconds.total(), 1985 * stack_row("eager", n).terms.kernel_us * 1e-6, 1e-3);
  EXPECT_GT(eager.seconds.host, 0.5 * eager.seconds.total());
  EXPECT_LT(graph.seconds.total(), eager.seconds.total());
}

TEST(Predict, ACostOfRepeatsIsTheirSum) {
  const Numbers n = values_of(*find("h20"));
  Op once = gemm(256, 4096, 4096), often = once;
  often.repeat = 61;
  const Cost a = predict(once, n, {"kernel"}), b = predict(often, n, {"kernel"});
  EXPECT_NEAR(b.seconds.total(), 61 * a.seconds.total(), 1e-9);
  EXPECT_DOUBLE_EQ(b.flops, 61 * a.flops);
  EXPECT_DOUBLE_EQ(b.launches, 61);
}

TEST(Predict, FourBitTypesRunAsWiderOnesWhereThereAreNoUnits) {
  const Numbers ppu = values_of(*find("ppu-810e"));
  EXPECT_DOUBLE_EQ(effective_flops(ppu, Number::kFp8), effective_flops(ppu, Number::kBf16));
  EXPECT_GT(effective_flops(ppu, Number::kInt8), effective_flops(ppu, Number::kBf16));
  EXPECT_DOUBLE_EQ(peak_flops(ppu, Number::kFp8), 0);
}

TEST(Collective, CostsMoreWithoutLinksAndNothingAlone) {
  Op op{.kind = OpKind::kAllReduce, .label = "op", .payload_bytes = 1e8, .ranks = 4};
  const double links = collective_seconds(op, values_of(*find("h100-sxm")));
  const double pcie = collective_seconds(op, values_of(*find("l40s")));
  EXPECT_GT(pcie, 5 * links);
  op.ranks = 1;
  EXPECT_DOUBLE_EQ(collective_seconds(op, values_of(*find("l40s"))), 0);
}

TEST(Collective, SmallMessagesAreBoundByStepsLargeOnesByBytes) {
  const Numbers n = values_of(*find("a100"));
  Op op{.kind = OpKind::kAllReduce, .label = "op", .payload_bytes = 1024, .ranks = 8};
  EXPECT_NEAR(collective_seconds(op, n), coefficients().one_shot_us * 1e-6, 2e-6);
  op.payload_bytes = 1e10;
  const double ideal = 2 * 7.0 / 8 * 1e10 / 300e9;
  EXPECT_GT(collective_seconds(op, n), ideal);
  EXPECT_LT(collective_seconds(op, n), 2 * ideal);
}

TEST(Stack, IsFoundByTheBeginningOfItsNameAndByTheNearestChip) {
  const Numbers ppu = values_of(*find("ppu-810e")), a100 = values_of(*find("a100"));
  EXPECT_STREQ(stack_row("Eager PyTorch 2.10", ppu).chip, "T-Head");
  EXPECT_STREQ(stack_row("eager", a100).chip, "*");
  EXPECT_STREQ(stack_row("an engine nobody knows", a100).name, "default");
}

TEST(Stack, IntervalsAreWideOnChipsOfMakersThatItWasNotMeasuredOn) {
  const Numbers h100 = values_of(*find("h100-sxm")), ppu = values_of(*find("ppu-810e"));
  const StackRow &there = stack_row("vllm", h100), &here = stack_row("vllm", ppu);
  EXPECT_TRUE(measured_on(there, h100.vendor));
  EXPECT_FALSE(measured_on(here, ppu.vendor));
  EXPECT_TRUE(measured_on(stack_row("graphs", ppu), ppu.vendor));
  EXPECT_GT(left_over("serving", here, ppu.vendor), 2 * left_over("serving", there, h100.vendor));
  EXPECT_DOUBLE_EQ(left_over("gemm", here, ppu.vendor), left_over("gemm", there, h100.vendor));
}

TEST(Coefficients, RefuseWhatIsNotPhysical) {
  Coefficients c = coefficients();
  EXPECT_TRUE(set_coefficient(c, "overlap", 3));
  EXPECT_DOUBLE_EQ(c.overlap, 3);
  const Status low = set_coefficient(c, "memory_efficiency", 1.2);
  ASSERT_FALSE(low);
  EXPECT_NE(low.error().message.find("0.5 to 0.98"), std::string::npos) << low.error().message;
  EXPECT_FALSE(set_coefficient(c, "no_such", 1));
}

}  // namespace
}  // namespace ppu::chip

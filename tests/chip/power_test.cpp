// Power, heat and money: the laws they follow, on numbers worked out by hand.
#include <gtest/gtest.h>

#include "chip/cost.h"
#include "chip/thermal.h"

namespace ppu::chip {
namespace {

Numbers chip(const char* id = "h100-sxm") {
  return values_of(*find(id));
}

Cost matrix_work(const Numbers& n) {
  return predict(Work{{.kind = OpKind::kGemm, .label = "gemm", .m = 8192, .n = 8192, .k = 8192}}, n,
                 {"kernel"});
}

TEST(Power, IdleWithoutWork) {
  EXPECT_DOUBLE_EQ(operate(Cost{}, chip()).watts, chip().idle_w);
}

TEST(Power, NeverAboveTheLimitNorBelowIdle) {
  for (const Chip& c : all()) {
    const Numbers n = values_of(c);
    const Operating state = operate(matrix_work(n), n);
    EXPECT_GT(state.watts, n.idle_w) << c.id;
    EXPECT_LE(state.watts, n.tdp_w * 1.001) << c.id;
  }
}

TEST(Power, ALowerLimitMeansLessClockAndMoreTime) {
  const Numbers n = chip();
  const Cost work = matrix_work(n);
  const Operating full = operate(work, n), less = operate(work, n, {.watts = 350, .clock_fraction = 1});
  EXPECT_TRUE(less.capped);
  EXPECT_NEAR(less.watts, 350, 1);
  EXPECT_LT(less.clock_fraction, full.clock_fraction);
  EXPECT_GT(less.seconds, full.seconds);
  EXPECT_LT(less.joules(), full.joules());  // slower, but for less energy
}

TEST(Power, AStepBoundByMemoryLosesNoTimeToTheClock) {
  const Numbers n = chip();
  const Cost decode =
      predict(Work{{.kind = OpKind::kGemm, .label = "gemv", .m = 1, .n = 16384, .k = 16384}}, n, {"kernel"});
  const Operating slow = operate(decode, n, {.watts = 0, .clock_fraction = 0.6});
  EXPECT_NEAR(slow.seconds, operate(decode, n).seconds, 0.02 * slow.seconds);
  EXPECT_LT(slow.watts, operate(decode, n).watts);
}

TEST(Power, MemoryThatWaitsTakesNothingFromTheUnits) {
  Numbers slow = chip(), fast = chip();
  fast.memory_gbps = 4800, fast.memory_bus_bits = 6144;
  const double before = matrix_work(slow).seconds.total();
  EXPECT_LT(matrix_work(slow).clock, 1);  // the limit holds it back
  EXPECT_LE(matrix_work(fast).seconds.total(), before);
}

TEST(Power, FasterMemoryOnTheSameDieIsNeverSlower) {
  for (const double m : {1.0, 16.0, 64.0, 256.0, 1024.0, 4096.0, 16384.0})
    for (const double nk : {2048.0, 8192.0, 28672.0}) {
      const Work work{{.kind = OpKind::kGemm, .label = "gemm", .m = m, .n = nk, .k = nk}};
      const auto seconds = [&](const char* id) {
        return predict(work, chip(id), {"kernel"}).seconds.total();
      };
      EXPECT_LE(seconds("h200-sxm"), seconds("h100-sxm") * (1 + 1e-9)) << m << " x " << nk;
    }
}

TEST(Power, AnA100IsAtItsLimitInLargeProducts) {
  // chips/a100.toml: published runs hold 1320 MHz of 1410 at 400 W.
  const Numbers n = chip("a100");
  EXPECT_GT(operate(matrix_work(n), n).watts, 0.95 * n.tdp_w);
}

TEST(Power, LessVoltageThanTheLiteratureMeasuredMeansLessEnergy) {
  Numbers slow = chip("ppu-810e"), fast = slow;
  slow.tensor_clock_mhz = 1410, fast.tensor_clock_mhz = 1700;
  const Cost work = matrix_work(slow);
  EXPECT_LT(operate(work, slow).watts, operate(work, fast).watts);
  fast.process_nm = 5;  // whose literature ran at 1800 MHz
  EXPECT_LT(operate(work, fast).watts, operate(work, slow).watts);
}

TEST(Power, TheSameCostAsksTheSameWattsAgain) {
  // predict() has applied the limit already: asking again changes nothing.
  const Numbers n = chip("l40s");
  const Cost work = matrix_work(n);
  const Operating state = operate(work, n);
  EXPECT_NEAR(state.seconds, work.seconds.total(), 1e-3 * state.seconds);
  EXPECT_NEAR(state.clock_fraction, work.clock, 1e-3);
}

TEST(Thermal, SettlesWhereResistancesSay) {
  const Numbers n = chip();
  const ThermalPath path = thermal_path_of(n);
  const Cooling cooling{.inlet_c = 25, .resistance_factor = 1};
  const Cost work = matrix_work(n);
  const ThermalRun run = run_hot(work, n, path, cooling, 3600);
  const double expected = steady_die_c(operate(work, n).watts, path, cooling);
  ASSERT_LT(expected, n.slow_down_c);
  EXPECT_NEAR(run.samples.back().die_c, expected, 0.5);
  EXPECT_LT(run.samples[1].die_c, expected - 1);
  EXPECT_DOUBLE_EQ(run.throughput_lost, 0);
  EXPECT_LT(run.throttled_after, 0);
}

TEST(Thermal, AHotRoomCostsThroughputAndHoldsTheThreshold) {
  const Numbers n = chip("ppu-810e");
  const Cooling hot{.inlet_c = 48, .resistance_factor = 1.5};
  const ThermalRun run = run_hot(matrix_work(n), n, thermal_path_of(n), hot, 4 * 3600);
  EXPECT_GT(run.throttled_after, 0);
  EXPECT_GT(run.throughput_lost, 0.01);
  EXPECT_LT(run.throughput_lost, 0.9);
  EXPECT_LT(run.stopped_after, 0);
  EXPECT_LT(run.samples.back().die_c, n.hw_slow_down_c);
}

TEST(Thermal, AChipThatCannotBeCooledStops) {
  const Numbers n = chip("ppu-810e");
  const ThermalRun run =
      run_hot(matrix_work(n), n, thermal_path_of(n), {.inlet_c = 96, .resistance_factor = 3}, 3600);
  EXPECT_GE(run.stopped_after, 0);
  EXPECT_GT(run.throughput_lost, 0.5);
  EXPECT_DOUBLE_EQ(run.samples.back().watts, 0);
}

TEST(Money, RentAndPurchaseAddUpByHand) {
  const HourlyCost rent = hourly_cost({.rent_per_hour = 2, .premium = 0.15}, 8, 700);
  EXPECT_NEAR(rent.total(), 8 * 2 * 1.15, 1e-12);
  const Pricing bought{.purchase = 35064,
                       .life_years = 4,
                       .host_share = 0.5,
                       .energy_per_kwh = 0.1,
                       .pue = 1.5,
                       .host_watts_share = 0};
  const HourlyCost own = hourly_cost(bought, 1, 1000);
  EXPECT_NEAR(own.capital, 1, 1e-9);  // 4 years are 35,064 hours
  EXPECT_NEAR(own.host, 0.5, 1e-9);
  EXPECT_NEAR(own.energy, 0.15, 1e-9);
  EXPECT_NEAR(cost_per_million(bought, 1, 1000, 1e6 / 3600), 1.65, 1e-9);
}

TEST(Money, IdleHoursArePaidForAndBreakEvenIsWhereCostsMeet) {
  Pricing p{.purchase = 10000, .utilisation = 1};
  const double busy = cost_per_million(p, 2, 400, 5000);
  p.utilisation = 0.5;
  EXPECT_GT(cost_per_million(p, 2, 400, 5000), 1.5 * busy);
  p.purchase = break_even_purchase(p, 2, 400, 5000, 0.7);
  EXPECT_NEAR(cost_per_million(p, 2, 400, 5000), 0.7, 1e-9);
}

}  // namespace
}  // namespace ppu::chip

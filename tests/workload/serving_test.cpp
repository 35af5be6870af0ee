// Servers against closed forms and each other. The chip is made up so that its times can be written down.
#include "workload/serving.h"

#include <gtest/gtest.h>

#include <cmath>

#include "chip/coefficients.h"

namespace ppu::workload {
namespace {

class Serving : public testing::Test {
 protected:
  Server serve(const char* name, Parallel parallel = {}, const char* precision = "bf16") {
    model_ = find_model(name).value();
    Server s;
    s.deployment = {&model_, find_precision(precision).value(), parallel};
    const chip::Chip* a100 = chip::find("a100");
    s.chip = chip::values_of(*a100);
    return s;
  }
  Model model_;
};

TEST_F(Serving, StaticBatchIsPrefillAndSteps) {
  const Server s = serve("llama-3.1-8b");
  const StaticRun run = static_batch(s, 8, 512, 128).value();
  const Piece prompt[] = {{8, 512, 0}};
  EXPECT_DOUBLE_EQ(run.ttft, step_cost(s, prompt).seconds.total());
  EXPECT_NEAR(run.seconds, run.ttft + 127 * run.tpot, 1e-12);
  EXPECT_NEAR(run.tokens_per_second, 8 * 128 / run.seconds, 1e-9);
  EXPECT_NEAR(run.cost.seconds.total(), run.seconds, 1e-9);
}

TEST_F(Serving, PrefillAloneEncodesToo) {
  const Server s = serve("whisper-large-v3");
  const SteadyRun run = prefill_only(s, 4).value();
  const double encoding =
      chip::predict(lower_items(s.deployment, run.batch, 1500), s.chip, s.stack).seconds.total();
  EXPECT_GT(run.cost.seconds.total(), 0.9 * encoding);  // one step of few tokens beside it
  model_.encodes_prompt = true;                         // the text is what the encoder reads
  EXPECT_DOUBLE_EQ(prefill_only(s, 4)->input_tokens_per_second, run.input_tokens_per_second * 1500 / 4);
}

TEST_F(Serving, WhatDoesntFitSaysHowManyChipsDo) {
  const auto run = static_batch(serve("llama-3.1-70b"), 1, 512, 128);
  ASSERT_FALSE(run);
  EXPECT_EQ(run.error().kind, ErrorKind::kResource);
  EXPECT_NE(run.error().message.find("needs 2 chips"), std::string::npos) << run.error().message;
}

TEST_F(Serving, ThroughputGrowsWithBatchAndShrinksWithContext) {
  const Server s = serve("llama-3.1-8b");
  double before = 0;
  for (const double batch : {1, 4, 16, 64}) {
    const double now = static_batch(s, batch, 256, 256)->tokens_per_second;
    EXPECT_GT(now, before);
    before = now;
  }
  EXPECT_GT(max_throughput(s, 128, 128)->tokens_per_second, max_throughput(s, 2048, 128)->tokens_per_second);
  EXPECT_GT(max_throughput(s, 128, 128)->tokens_per_second, static_batch(s, 16, 128, 128)->tokens_per_second);
}

TEST_F(Serving, ALoneRequestWaitsForNothing) {
  const Server s = serve("llama-3.1-8b");
  Load load{.in = 512, .out = 64, .spread = 0, .concurrency = 1};
  const LoadRun run = simulate(s, load).value();
  const StaticRun alone = static_batch(s, 1, 512, 64).value();
  EXPECT_NEAR(run.ttft.p50 / alone.ttft, 1, 0.02);
  EXPECT_NEAR(run.tpot.p50 / alone.tpot, 1, 0.02);
  EXPECT_NEAR(run.utilisation, 1, 1e-9);
}

TEST_F(Serving, AQueueOfOneIsMD1) {
  // One request at a time with equal lengths is M/D/1: the mean wait is rho / (2 (1 - rho)) services.
  const Server s = serve("llama-3.1-8b");
  const double service = static_batch(s, 1, 256, 16)->seconds;
  Load load{.in = 256, .out = 16, .spread = 0, .rate = 0.6 / service, .max_batch = 1, .requests = 20000};
  const LoadRun run = simulate(s, load).value();
  EXPECT_NEAR(run.utilisation, 0.6, 0.02);
  EXPECT_NEAR((run.latency.mean - service) / service, 0.6 / (2 * 0.4), 0.06);
}

TEST_F(Serving, OneFrontEndServesAllRequests) {
  Server s = serve("llama-3.1-8b");
  s.stack.name = "vllm";
  const auto first = [&](double concurrency, const char* stack) {
    s.stack.name = stack;
    Load load{
        .in = 1, .out = 64, .spread = 0, .concurrency = concurrency, .from_start = true, .requests = 64};
    return simulate(s, load)->ttft.p50;
  };
  const double each = chip::coefficients().front_end_us * 1e-6;
  EXPECT_GT(first(64, "vllm") - first(1, "vllm"), 63 * each);
  EXPECT_LT(first(64, "graphs") - first(1, "graphs"), 63 * each);  // no server, no front end
}

TEST_F(Serving, LoadRaisesLatencyAndSaturates) {
  const Server s = serve("llama-3.1-8b");
  const double most = max_throughput(s, 512, 128)->tokens_per_second / 128;
  double before = 0;
  for (const double share : {0.1, 0.5, 0.8}) {
    const LoadRun run = simulate(s, {.in = 512, .out = 128, .rate = share * most, .max_batch = 1024}).value();
    EXPECT_GT(run.latency.p50, before);
    EXPECT_GE(run.latency.p99, run.latency.p50);
    EXPECT_FALSE(run.saturated) << share;
    before = run.latency.p50;
  }
  EXPECT_TRUE(simulate(s, {.in = 512, .out = 128, .rate = 3 * most, .max_batch = 1024})->saturated);
}

TEST_F(Serving, SameSeedSameAnswer) {
  const Server s = serve("qwen3-8b");
  const Load load{.in = 512, .out = 128, .concurrency = 16, .seed = 5};
  EXPECT_EQ(simulate(s, load)->latency.p99, simulate(s, load)->latency.p99);
  Load other = load;
  other.seed = 6;
  EXPECT_NE(simulate(s, load)->latency.p99, simulate(s, other)->latency.p99);
}

TEST_F(Serving, AFullCacheSendsTheLatestBack) {
  Server s = serve("llama-3.1-8b");
  s.chip.memory_gib = 24;  // room for some 30 requests at their full length, and for twice as many prompts
  const Load load{.in = 1024, .out = 1024, .spread = 0.5, .concurrency = 64, .requests = 200};
  s.stack = {"vllm"};
  const LoadRun eager = simulate(s, load).value();
  s.stack = {"trtllm"};
  const LoadRun careful = simulate(s, load).value();
  EXPECT_LE(eager.kv_used, 1);
  EXPECT_LE(careful.kv_used, 1);
  EXPECT_GT(eager.mean_batch, careful.mean_batch);
}

TEST_F(Serving, DecodeAloneKeepsToItsLimit) {
  const Server s = serve("qwen3-8b");
  const SteadyRun free = decode_only(s, 2048, 512).value();
  const SteadyRun bound = decode_only(s, 2048, 512, free.tpot / 2).value();
  EXPECT_LE(bound.tpot, free.tpot / 2);
  EXPECT_LT(bound.batch, free.batch);
  EXPECT_GT(prefill_only(s, 2048)->input_tokens_per_second, free.tokens_per_second);
}

TEST_F(Serving, ItemsByScenario) {
  const Server s = serve("resnet-50", {}, "int8");
  const ItemRun offline = run_items(s, Scenario::kOffline, 1).value();
  const ItemRun server = run_items(s, Scenario::kServer, 1).value();
  const ItemRun single = run_items(s, Scenario::kSingleStream, 1).value();
  EXPECT_GT(offline.items_per_second, server.items_per_second);
  EXPECT_GT(server.items_per_second, single.items_per_second);
  EXPECT_LE(server.p99, 0.015);
  EXPECT_GT(offline.latency, single.latency);
  const Server two = serve("resnet-50", {.dp = 2}, "int8");
  EXPECT_NEAR(run_items(two, Scenario::kOffline, 1)->items_per_second, 2 * offline.items_per_second, 1);
}

TEST_F(Serving, ContradictoryLoadsAreRefused) {
  const Server s = serve("qwen3-8b");
  EXPECT_FALSE(simulate(s, {}));
  EXPECT_FALSE(simulate(s, {.concurrency = 4, .rate = 4}));
  EXPECT_FALSE(simulate(s, {.in = 0, .concurrency = 4}));
  EXPECT_FALSE(run_items(s, Scenario::kOffline, 1));
  EXPECT_FALSE(simulate(serve("bert-large"), {.concurrency = 4}));
}

}  // namespace
}  // namespace ppu::workload

// `ppu estimate`: answers hold together, reports are whole and self-contained, bad questions are refused by
// name with code 2 and leave no file.
#include "workload/estimate.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <nlohmann/json.hpp>

#include "tools/command.h"
#include "workload/svg_plot.h"

namespace ppu::workload {
namespace {

using test::Outcome;
using test::run_command;
const std::string kPpu = PPU_COMMAND;

Question question(const char* model) {
  Question q;
  q.model = find_model(model).value();
  q.hours = 1;
  return q;
}

Answer ask(const Question& q, const char* chip) {
  const Result<Answer> answer = estimate(q, *chip::find(chip));
  EXPECT_TRUE(answer) << (answer ? "" : answer.error().message);
  return answer ? answer.value() : Answer{};
}

TEST(Estimate, EveryFigureOfAPpuIsAnInterval) {
  for (const char* model : {"llama-3.1-8b", "resnet-50", "bge-base", "whisper-small", "sdxl", "dlrm-v2"}) {
    const Answer a = ask(question(model), "ppu-810e");
    ASSERT_TRUE(a.refusal.empty()) << a.refusal;
    EXPECT_GE(a.figures.size(), 6u) << model;
    for (const Figure& f : a.figures) {
      EXPECT_LE(f.value.p10, f.value.p50) << model << " " << f.key;
      EXPECT_LE(f.value.p50, f.value.p90) << model << " " << f.key;
      EXPECT_TRUE(std::isfinite(f.value.p90)) << model << " " << f.key;
      // What is counted rather than predicted has no interval; neither has what is nothing.
      const bool counted = f.key.ends_with("_batch") || f.value.p50 == 0;
      if (!counted) EXPECT_LT(f.value.p10, f.value.p90) << model << " " << f.key;
    }
    EXPECT_FALSE(a.price_known);
  }
}

TEST(Estimate, AnsweringTwiceIsTheSame) {
  Question q = question("qwen3-8b");
  q.concurrency = 8;
  const Answer once = ask(q, "h100-sxm"), again = ask(q, "h100-sxm");
  ASSERT_EQ(once.figures.size(), again.figures.size());
  for (size_t i = 0; i < once.figures.size(); ++i) {
    EXPECT_EQ(once.figures[i].value.p50, again.figures[i].value.p50);
    EXPECT_EQ(once.figures[i].value.p90, again.figures[i].value.p90);
  }
}

TEST(Estimate, EnergyAndCostFollowFromWattsAndRate) {
  Question q = question("llama-3.1-8b");
  q.pricing.rent_per_hour = 2;
  const Answer a = ask(q, "h100-sxm");
  const double rate = a.find("full_per_second")->value.p50;
  EXPECT_NEAR(a.find("joules")->value.p50 * rate / a.find("watts")->value.p50, 1, 0.1);
  EXPECT_NEAR(a.find("usd_per_million")->value.p50 * rate * 3600 / 1e6 / 2, 1, 0.1);
  EXPECT_TRUE(a.price_known);
  Question dear = q;
  dear.pricing.rent_per_hour = 4;
  EXPECT_NEAR(ask(dear, "h100-sxm").tornado_base / a.tornado_base, 2, 1e-9);
}

TEST(Estimate, SlowerUnderLoadThanAlone) {
  Question q = question("llama-3.1-8b");
  q.concurrency = 32;
  const Answer a = ask(q, "a100");
  EXPECT_GT(a.find("load_tpot_p50_ms")->value.p50, a.find("tpot_ms")->value.p50);
  EXPECT_LE(a.find("load_per_second")->value.p50, 1.1 * a.find("full_per_second")->value.p50);
  EXPECT_GE(a.find("load_latency_p99_ms")->value.p50, a.find("load_latency_p50_ms")->value.p50);
}

TEST(Estimate, ALightLoadDrawsLessAndCostsMore) {
  Question q = question("llama-3.1-8b");
  q.pricing.rent_per_hour = 2;
  const Answer full = ask(q, "h100-sxm");
  q.rate = 0.2;
  const Answer light = ask(q, "h100-sxm");
  EXPECT_LT(light.find("watts")->value.p50, full.find("watts")->value.p50);
  EXPECT_LT(light.find("die_hottest_c")->value.p50, full.find("die_hottest_c")->value.p50);
  EXPECT_GT(light.find("joules")->value.p50, full.find("joules")->value.p50);
  EXPECT_GT(light.find("usd_per_million")->value.p50, 5 * full.find("usd_per_million")->value.p50);
}

TEST(Estimate, HotAirLowersTheClock) {
  Question q = question("llama-3.1-8b");
  q.batch = 64;
  q.in = 4096, q.out = 16;
  const Answer mild = ask(q, "ppu-810e");
  q.cooling.inlet_c = 60;
  const Answer hot = ask(q, "ppu-810e");
  EXPECT_EQ(mild.find("throughput_lost_pct")->value.p50, 0);
  EXPECT_GT(hot.find("throughput_lost_pct")->value.p50, 0);
  // The power's interval is the temperature's as well: wider than the cooling's alone.
  const chip::Chip& c = *mild.chip;
  const chip::Interval rise = mild.find("die_hottest_c")->value;
  const double inlet = question("llama-3.1-8b").cooling.inlet_c;
  const double usual = c.die_c_per_w.value + c.sink_c_per_w.value;
  const double worst = c.die_c_per_w.high + c.sink_c_per_w.high;
  const double worse = 1 + 0.5528 * (worst / usual - 1);
  EXPECT_GT((rise.p90 - inlet) / (rise.p50 - inlet), 1.02 * worse);
  EXPECT_GE(hot.heat.throttled_after, 0);
}

TEST(Estimate, WhatAChipCantDoIsItsRefusal) {
  EXPECT_NE(ask(question("llama-3.1-70b"), "l40s").refusal.find("needs 4 chips"), std::string::npos);
  EXPECT_NE(ask(question("llama-3.1-8b"), "hanguang-800").refusal, "");
  Question q = question("llama-3.1-8b");
  q.parallel.tp = 3;
  EXPECT_FALSE(estimate(q, *chip::find("a100")));
}

TEST(Plot, ShowsWhatItCanAndEscapesText) {
  Plot plot;
  plot.x = {"<x>", true}, plot.y = {"y", false};
  plot.series.push_back({.name = "a", .x = {0, 1, 10}, .y = {1, 2, INFINITY}});
  const std::string svg = svg_of(plot);
  EXPECT_NE(svg.find("&lt;x&gt;"), std::string::npos);
  EXPECT_EQ(svg.find("nan"), std::string::npos);
  EXPECT_EQ(svg.find("inf"), std::string::npos);
  EXPECT_EQ(ticks_of(0, 10, false), (std::vector<double>{0, 2, 4, 6, 8, 10}));
  EXPECT_EQ(ticks_of(1, 1000, true), (std::vector<double>{1, 10, 100, 1000}));
  EXPECT_EQ(short_number(12345), "12.3k");
}

TEST(Command, JsonCsvAndReportAgree) {
  const test::TemporaryFolder folder;
  const Outcome json = run_command(
      kPpu + " estimate qwen3-8b --chip ppu --chip h100 --concurrency 4 --out 32 --json --html r.html",
      folder.path());
  ASSERT_EQ(json.code, 0) << json.err;
  const nlohmann::json root = nlohmann::json::parse(json.out);
  ASSERT_EQ(root["answers"].size(), 2u);
  const nlohmann::json& figures = root["answers"][0]["figures"];
  const Outcome csv =
      run_command(kPpu + " estimate qwen3-8b --chip ppu --chip h100 --concurrency 4 --out 32 --csv");
  char row[200];
  std::snprintf(row, sizeof row, "ppu-810e,ttft_ms,ms,%.6g,%.6g,%.6g\n",
                figures["ttft_ms"]["p10"].get<double>(), figures["ttft_ms"]["p50"].get<double>(),
                figures["ttft_ms"]["p90"].get<double>());
  EXPECT_NE(csv.out.find(row), std::string::npos) << csv.out.substr(0, 400);
  const std::string html = test::read_text(folder.path() + "/r.html");
  EXPECT_EQ(html.rfind("<!doctype html>", 0), 0u);
  EXPECT_NE(html.find("</html>"), std::string::npos);
  for (const char* elsewhere : {"http://", "https://", "<script", "<link", "<img", "url(", "@import"})
    EXPECT_EQ(html.find(elsewhere), std::string::npos) << elsewhere;
  EXPECT_NE(html.find("not verified by MLCommons"), std::string::npos);
}

TEST(Command, BadQuestionsAreRefusedWithCodeTwoAndNoFile) {
  const test::TemporaryFolder folder;
  folder.write("broken.json", R"({"model_type":"llama","hidden_size":64})");
  const std::pair<const char*, const char*> cases[] = {
      {"", "wants a model"},
      {"no-such-model", "no preset and no file"},
      {"broken.json", "`num_hidden_layers`"},
      {"llama-3.1-8b --chip nochip", "nochip"},
      {"llama-3.1-8b --precision int3", "is none of"},
      {"llama-3.1-8b --tp 5", "32 attention heads"},
      {"llama-3.1-8b --ep 2", "no experts"},
      {"llama-3.1-405b", "needs 16 chips"},
      {"llama-3.1-8b --rate 2 --concurrency 3", "--rate"},
      {"resnet-50 --out 4", "generates no tokens"},
      {"resnet-50 --tp 2", "isn't a transformer"},
      {"llama-3.1-8b --batch 0", "--batch"},
      {"llama-3.1-8b --training", "out of scope: use a training-class chip"},
  };
  for (const auto& [arguments, message] : cases) {
    const Outcome o = run_command(kPpu + " estimate " + arguments + " --html r.html", folder.path());
    EXPECT_EQ(o.code, 2) << arguments;
    EXPECT_EQ(o.out, "") << arguments;
    EXPECT_NE(o.err.find(message), std::string::npos) << arguments << ": " << o.err;
    EXPECT_NE(::access((folder.path() + "/r.html").c_str(), F_OK), 0) << arguments;
  }
  const Outcome nowhere = run_command(kPpu + " estimate minilm --html no/such/folder/r.html", folder.path());
  EXPECT_EQ(nowhere.code, 2);
  EXPECT_EQ(nowhere.out, "");
}

}  // namespace
}  // namespace ppu::workload

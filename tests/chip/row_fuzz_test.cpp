// Rows as nobody wrote them: measured ones with another chip, model, precision, spreading, scenario, unit, or
// with cells left out. Each ends in a finite prediction above 0 or in a reason; what must grow with a length
// or a batch does.
#include <gtest/gtest.h>

#include <cmath>
#include <functional>

#include "validate/report.h"

namespace ppu::validate {
namespace {

constexpr size_t kStride = 13;  // of the measured rows every thirteenth: all kinds are among them

const std::vector<Row>& seeds() {
  static const std::vector<Row> rows = [] {
    std::vector<Row> out;
    const auto all = read_rows(MEASURED);
    for (size_t i = 0; all && i < all.value().size(); i += kStride) out.push_back(all.value()[i]);
    return out;
  }();
  return rows;
}

std::string words_of(const Row& r) {
  return r.id + ": " + r.chip + " x" + std::to_string(r.chips) + " | " + r.model + " | " + r.precision +
         " | " + r.kind + " | " + r.scenario + " | " + r.metric + " | " + r.unit + " | " + r.software;
}

double expect_an_end(const Row& row) {
  const Judged j = judge(row, nullptr, false);
  EXPECT_EQ(j.modelled(), j.predicted > 0) << words_of(row);
  EXPECT_TRUE(std::isfinite(j.predicted)) << words_of(row);
  if (!j.modelled()) {
    EXPECT_GT(j.reason.size(), 10u) << words_of(row);
  }
  return j.predicted;
}

/// Every seed with every one of `values` in place of what `cell` names; the share of them that has a
/// prediction.
double modelled_with(const std::vector<std::string>& values,
                     const std::function<void(Row&, const std::string&)>& put) {
  int rows = 0, modelled = 0;
  for (const Row& seed : seeds())
    for (const std::string& value : values) {
      Row row = seed;
      put(row, value);
      modelled += expect_an_end(row) > 0, ++rows;
    }
  EXPECT_GT(rows, 0);
  return double(modelled) / std::max(1, rows);
}

TEST(RowFuzz, OtherChipsArePredictedOrRefusedWithAReason) {
  const double share = modelled_with({"H200 SXM", "NVIDIA L40S", "B200", "MI300X", "Ascend 910C", "PPU M890",
                                      "T4", "H100-NVL-94GB", "GB200 NVL72", "MLU590"},
                                     [](Row& r, const std::string& v) { r.chip = v; });
  EXPECT_GT(share, 0.7);  // the others don't fit a T4 or the like
}

TEST(RowFuzz, OtherModelsPrecisionsAndSoftwareLikewise) {
  modelled_with({"Qwen/Qwen3-235B-A22B", "DeepSeek-R1", "gpt-oss-120b", "bert-99.9", "resnet50", "idle",
                 "Yi-1.5-34B-Chat", "NoSuchModel", "Some-Model-13B"},
                [](Row& r, const std::string& v) { r.model = v; });
  EXPECT_GT(modelled_with({"", "FP8", "BF16", "INT8", "W4A16 (AWQ)", "NVFP4", "FP8 block-wise",
                           "closed division", "unknown"},
                          [](Row& r, const std::string& v) { r.precision = v; }),
            0.85);
  EXPECT_GT(
      modelled_with({"", "vLLM 0.11", "SGLang 0.5.2", "TensorRT-LLM 1.1", "MindIE", "LMDeploy", "an engine"},
                    [](Row& r, const std::string& v) { r.software = v; }),
      0.95);
}

TEST(RowFuzz, OtherSpreadingsAndScenariosLikewise) {
  modelled_with({"", "TP8", "tp=2, pp=2", "TP 4 EP4 DP1", "DP8+EP8", "EP32", "TP4 DP4 EP16",
                 "tensor parallel", "TP0", "PP64", "concurrency 64", "request rate 2.5", "prefill", "decode",
                 "MLPerf Server", "Interactive", "idle"},
                [](Row& r, const std::string& v) { r.scenario = v; });
  modelled_with({"1", "2", "3", "8", "384"}, [](Row& r, const std::string& v) { r.chips = std::stod(v); });
}

TEST(RowFuzz, OtherKindsMetricsAndUnitsLikewise) {
  const std::vector<std::string> kinds = {"claim", "vendor-claim",     "serving", "prefill",
                                          "gemm",  "MLPerf Inference", "e2e",     ""};
  modelled_with(kinds, [](Row& r, const std::string& v) { r.kind = v; });
  const struct {
    const char *metric, *unit;
  } asked[] = {{"output_tokens_per_second", "tokens/s"},
               {"p99_ttft", "s"},
               {"ITL", "ms"},
               {"throughput", "tok/s/GPU"},
               {"energy_per_request", "J"},
               {"efficiency", "tok/J"},
               {"power", "kW"},
               {"mfu", "%"},
               {"images/s", "images/sec"},
               {"latency", "fortnights"},
               {"colour", "red"}};
  for (const auto& [metric, unit] : asked)
    modelled_with({unit}, [metric](Row& r, const std::string& v) { r.metric = metric, r.unit = v; });
}

TEST(RowFuzz, CellsMayBeEmpty) {
  EXPECT_GT(modelled_with({""}, [](Row& r, const std::string&) { r.in = r.out = 0; }), 0.95);
  EXPECT_GT(modelled_with({""}, [](Row& r, const std::string&) { r.batch = 0; }), 0.95);
  modelled_with({""}, [](Row& r, const std::string&) { r.scenario = r.software = r.precision = ""; });
  modelled_with({"1e9"}, [](Row& r, const std::string& v) { r.batch = r.in = r.out = std::stod(v); });
}

TEST(RowFuzz, MoreWorkIsNotDoneSooner) {
  int compared = 0;
  for (const Row& seed : seeds()) {
    const double before = expect_an_end(seed);
    if (!(before > 0)) continue;
    Row longer = seed;
    longer.in *= 2;
    if (seed.in > 0 && seed.metric == "ttft") {
      if (const double after = expect_an_end(longer); after > 0) EXPECT_GE(after, before) << words_of(seed);
      ++compared;
    }
    if (seed.in > 0 && seed.metric == "output_throughput") {
      if (const double after = expect_an_end(longer); after > 0) EXPECT_LE(after, before) << words_of(seed);
      ++compared;
    }
    Row wider = seed;
    wider.batch *= 2;
    if (seed.kind == "serving-static" && seed.metric == "output_throughput") {
      if (const double after = expect_an_end(wider); after > 0) EXPECT_GE(after, before) << words_of(seed);
      ++compared;
    }
    if (seed.kind == "serving-e2e" && seed.metric == "tpot") {
      if (const double after = expect_an_end(wider); after > 0)
        EXPECT_GE(after, 0.98 * before) << words_of(seed);
      ++compared;
    }
  }
  EXPECT_GT(compared, 5);
}

TEST(RowFuzz, IntervalsHoldTheirOrder) {
  for (size_t i = 0; i < seeds().size(); i += 4) {
    const Judged j = judge(seeds()[i]);
    if (!j.modelled()) continue;
    EXPECT_GT(j.interval.p10, 0) << words_of(seeds()[i]);
    EXPECT_LT(j.interval.p10, j.interval.p50) << words_of(seeds()[i]);
    EXPECT_LT(j.interval.p50, j.interval.p90) << words_of(seeds()[i]);
    EXPECT_TRUE(std::isfinite(j.interval.p90)) << words_of(seeds()[i]);
  }
}

}  // namespace
}  // namespace ppu::validate

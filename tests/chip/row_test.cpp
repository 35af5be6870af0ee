// Reading measured rows: what is taken, and what is said to those that can't be.
#include <gtest/gtest.h>

#include "validate/calibrate.h"
#include "validate/figure.h"
#include "validate/report.h"
#include "validate/words.h"

namespace ppu::validate {
namespace {

constexpr char kHead[] =
    "id\tchip\tn_chips\tmodel\tprecision\tkind\tbatch\tin_len\tout_"
    "len\tscenario\tmetric\tvalue\tunit\tsoftware\n";

std::string complaint(const std::string& text) {
  const auto rows = parse_rows(text, "rows.tsv");
  return rows ? "" : rows.error().message;
}

Row row_of(const std::string& cells) {
  const auto rows = parse_rows(kHead + cells + "\n", "rows.tsv");
  EXPECT_TRUE(rows) << (rows ? "" : rows.error().message);
  return rows ? rows.value().front() : Row{};
}

TEST(Rows, AreReadWithEmptyCellsAndComments) {
  const auto rows = parse_rows(
      std::string("# a comment\n") + kHead +
          "a\tA100\t\tGEMM 8x8x8\tBF16\tkernel\t\t\t\tM=8 N=8 K=8\tlatency\t0.003\tms\tcuBLAS\r\n\n",
      "rows.tsv");
  ASSERT_TRUE(rows);
  ASSERT_EQ(rows.value().size(), 1u);
  EXPECT_EQ(rows.value()[0].chips, 1);
  EXPECT_EQ(rows.value()[0].software, "cuBLAS");
  const Row served = row_of("a\tH200\t8\tm\tFP8\tserving-e2e\t\t4K\t512\tTP8\ttpot\t9\tms\tsglang");
  EXPECT_EQ(served.in, 4096);
  EXPECT_EQ(served.out, 512);
}

TEST(Rows, MalformedOnesAreNamedByPlaceAndAllowedValues) {
  EXPECT_NE(complaint("").find("empty"), std::string::npos);
  EXPECT_NE(complaint("chip\tmodel\n").find("no column `kind`"), std::string::npos);
  EXPECT_NE(complaint("chip\tcolour\n").find("column `colour` is none of"), std::string::npos);
  EXPECT_NE(complaint(std::string(kHead) + "a\tA100\n").find("rows.tsv:2: 2 cells, but the header names 14"),
            std::string::npos);
  const std::string row = "a\tA100\t1\tGEMM\tBF16\tkernel\t\t\t\tM=8 N=8 K=8\tlatency\t";
  EXPECT_NE(complaint(kHead + row + "fast\tms\tx\n").find("rows.tsv:2: value is `fast`: a number above 0"),
            std::string::npos);
  EXPECT_NE(complaint(kHead + row + "-1\tms\tx\n").find("above 0"), std::string::npos);
  EXPECT_NE(complaint(kHead + row + "\tms\tx\n").find("value is empty"), std::string::npos);
  EXPECT_NE(complaint(kHead + row + "1k\tms\tx\n").find("value is `1k`"), std::string::npos);
}

TEST(Rows, NamesOfChipsAreTakenLoosely) {
  Row row;
  for (const auto& [name, id] : {std::pair{"PPU-ZW810E", "ppu-810e"},
                                 {"H20 96GB", "h20"},
                                 {"Ascend 910B2", "ascend-910b2"},
                                 {"HanGuang 800", "hanguang-800"},
                                 {"H100 NVL", "h100-nvl"},
                                 {"H200 SXM", "h200-sxm"},
                                 {"NVIDIA H100-SXM-80GB x8", "h100-sxm"},
                                 {"A100 SXM 80GB", "a100"},
                                 {"NVIDIA T4", "t4"},
                                 {"B200 SXM", "b200"},
                                 {"NVIDIA B300-SXM-270GB", "b300"},
                                 {"GB300 NVL72", "gb300"},
                                 {"GH200", "gh200"}}) {
    row.chip = name;
    const auto chip = chip_of(row);
    ASSERT_TRUE(chip) << name;
    EXPECT_STREQ(chip.value()->id, id) << name;
  }
  row.chip = "TPU v9";
  EXPECT_FALSE(chip_of(row));
}

TEST(Rows, SpreadingIsReadFromWords) {
  Row row;
  row.chips = 8, row.scenario = "TP4 DP2 EP8 vllm 0.18.0";
  auto p = parallel_of(row);
  ASSERT_TRUE(p);
  EXPECT_EQ(p.value().tp, 4);
  EXPECT_EQ(p.value().dp, 2);
  EXPECT_EQ(p.value().ep, 8);
  row.scenario = "max throughput";  // not "tp": all chips take part in tensor parallelism
  EXPECT_EQ(parallel_of(row).value().tp, 8);
  row.scenario = "TP2 EP64";
  EXPECT_FALSE(parallel_of(row));
}

TEST(Rows, ChipsThatAreCountedTwiceAreThereOnce) {
  Row row;
  row.chips = 4,
  row.scenario = "TP4 DP4 EP16 vllm 0.18.0";  // attention by requests, experts over the same four
  ASSERT_TRUE(attention_apart(row));
  const auto p = parallel_of(row);
  ASSERT_TRUE(p);
  EXPECT_EQ(p.value().tp, 1);
  EXPECT_EQ(p.value().dp, 4);
  EXPECT_EQ(p.value().ep, 4);
  row.chips = 16;
  EXPECT_FALSE(attention_apart(row));
  EXPECT_EQ(parallel_of(row).value().chips(), 16);
}

TEST(Rows, MetricsAndUnitsAreTakenAsTablesSpellThem) {
  Row row;
  const struct {
    const char *metric, *unit;
    Figure figure;
    double factor;
  } spellings[] = {{"output_throughput", "tok/s", Figure::kOutputRate, 1},
                   {"throughput", "ktok/s", Figure::kOutputRate, 1e3},
                   {"throughput", "images/sec", Figure::kItemRate, 1},
                   {"throughput", "req/s", Figure::kRequestRate, 1},
                   {"input_throughput", "tok/s/node", Figure::kInputRate, 1},
                   {"p90_latency", "ns", Figure::kLatency, 1e-9},
                   {"mean TTFT", "ms", Figure::kTtft, 1e-3},
                   {"ITL", "µs", Figure::kTpot, 1e-6},
                   {"node_power", "kW", Figure::kNodePower, 1e3},
                   {"energy_per_token", "mJ/tok", Figure::kEnergyToken, 1e-3},
                   {"efficiency", "tokens/J", Figure::kTokensPerJoule, 1},
                   {"efficiency", "IPS/W", Figure::kItemsPerJoule, 1},
                   {"achieved", "TFLOPS", Figure::kFlopRate, 1e12},
                   {"mfu", "%", Figure::kFlopShare, 0.01},
                   {"bus_bw", "GB/s", Figure::kBusByteRate, 1e9}};
  for (const auto& [metric, unit, figure, factor] : spellings) {
    row.metric = metric, row.unit = unit;
    const auto asked = asked_of(row);
    ASSERT_TRUE(asked) << metric << " in " << unit;
    EXPECT_EQ(asked.value().figure, figure) << metric << " in " << unit;
    EXPECT_DOUBLE_EQ(asked.value().unit, factor) << metric << " in " << unit;
  }
  row.metric = "latency", row.unit = "fortnights";
  EXPECT_FALSE(asked_of(row));
}

TEST(Rows, UnnamedKindsAreToldByWhatIsMeasured) {
  const Judged claim = judge(
      row_of("a\tHanGuang 800\t1\tresnet50\tINT8\tvendor claim\t\t\t\t\tthroughput\t78563\timages/s\tvendor"),
      nullptr, false);
  EXPECT_TRUE(claim.modelled()) << claim.reason;
  EXPECT_NE(claim.assumed.find("kind mlperf"), std::string::npos);
  const Judged unknown = judge(row_of("a\tA100\t1\tSome-13B-Chat\tFP16\tserving-static\t8\t128\t128\tTP1\t"
                                      "output_throughput\t500\ttok/s\tvLLM"),
                               nullptr, false);
  EXPECT_TRUE(unknown.modelled()) << unknown.reason;
  EXPECT_NE(unknown.assumed.find("layers as"), std::string::npos);
  const std::string load = "\tFP8\tserving-e2e\t8\t1024\t512\tTP8\ttpot\t9\tms\tsglang";
  const Judged experts = judge(row_of("a\tH200 SXM\t8\tNew-200B-A20B" + load), nullptr, false),
               dense = judge(row_of("a\tH200 SXM\t8\tNew-200B" + load), nullptr, false);
  ASSERT_TRUE(experts.modelled() && dense.modelled()) << experts.reason << dense.reason;
  EXPECT_LT(experts.predicted, 0.7 * dense.predicted);
}

TEST(Rows, WhatRanIsMadeToComeOutEven) {
  const auto assumed = [](const std::string& model_and_spreading) {
    const size_t bar = model_and_spreading.find('|');
    const Judged row = judge(row_of("a\tH200 SXM\t8\t" + model_and_spreading.substr(0, bar) +
                                    "\tFP8\tserving-e2e\t64\t1024\t1024\t" +
                                    model_and_spreading.substr(bar + 1) + "\ttpot\t9\tms\tsglang"),
                             nullptr, false);
    EXPECT_TRUE(row.modelled()) << model_and_spreading << row.reason;
    return row.assumed;
  };
  EXPECT_EQ(assumed("Qwen2.5-7B|TP8"), "heads filled up to 32");
  EXPECT_EQ(assumed("Llama-3.1-70B|TP8 EP8"), "no experts to spread");
  EXPECT_EQ(assumed("DeepSeek-R1|TP2 DP4"), "experts over all chips");
  EXPECT_EQ(assumed("DeepSeek-R1|TP8 EP8"), "");
}

TEST(Rows, NamesOfBenchmarksAndCollectivesAreTakenLoosely) {
  const auto predicted = [](const std::string& model, const std::string& rest) {
    const Judged row = judge(row_of("a\tH200 SXM\t8\t" + model + rest), nullptr, false);
    EXPECT_TRUE(row.modelled()) << model << row.reason;
    return row.predicted;
  };
  const std::string rules =
      "\t\tmlperf\t\t\t\tMLPerf Inference v5.1 closed Offline\tsample_rate\t9\tsamples/s\tx";
  EXPECT_EQ(predicted("llama3_1-8b", rules), predicted("llama3.1-8b", rules));
  const std::string sent = "\tBF16\tkernel\t\t\t\t8 cards\tbus_bw\t300\tGB/s\tNCCL";
  EXPECT_EQ(predicted("nccl all_reduce", sent), predicted("AllReduce", sent));
}

TEST(Rows, WhatCannotBeModelledSaysWhy) {
  const Judged kernel = judge(
      row_of("a\tA100\t1\tFlashAttention\tBF16\tkernel\t\t\t\tlong\tlatency\t1\tms\tx"), nullptr, false);
  EXPECT_FALSE(kernel.modelled());
  EXPECT_NE(kernel.reason.find("its sizes are wanted"), std::string::npos);
  const Judged chip =
      judge(row_of("a\tAbacus\t1\tGEMM 8x8x8\tBF16\tkernel\t\t\t\t\tlatency\t1\tms\tx"), nullptr, false);
  EXPECT_FALSE(chip.modelled());
  const auto groups = errors_by({kernel, chip}, group_of);
  EXPECT_EQ(groups.back().rows, 2);
  EXPECT_EQ(groups.back().modelled, 0);
}

TEST(Rows, ChipsThatOnlyLookLikeOnesWeKnowAreRefused) {
  Row row;
  for (const char* name : {"A16", "A40", "A10G", "L2", "RTX 3090", "P100", "Gaudi 4", "TPU v4"}) {
    row.chip = name;
    EXPECT_FALSE(chip_of(row)) << name;
  }
  for (const auto& [name, id] : {std::pair{"A100 PCIe 40GB", "a100-40gb"},
                                 {"L40S 48GB", "l40s"},
                                 {"NVIDIA L40", "l40"},
                                 {"A10", "a10"},
                                 {"A30 24GB", "a30"},
                                 {"H20 141GB", "h20-3e"},
                                 {"NVIDIA H20-3e", "h20-3e"},
                                 {"H20 96GB", "h20"},
                                 {"Tesla V100-SXM2-32GB", "v100"},
                                 {"GeForce RTX 4090", "rtx-4090"},
                                 {"Intel Gaudi 3", "gaudi-3"},
                                 {"TPU v6e", "tpu-v6e"},
                                 {"H800", "h800-sxm"},
                                 {"A100 80GB", "a100"},
                                 {"H20 SXM", "h20"}}) {
    row.chip = name;
    const auto chip = chip_of(row);
    ASSERT_TRUE(chip) << name << ": " << chip.error().message;
    EXPECT_EQ(chip.value()->id, std::string(id)) << name;
  }
}

TEST(Rows, AChipWithoutAFileOfItsOwnIsSaidToBeTakenAsAnother) {
  const auto taken = [](const char* name) {
    Row row;
    row.chip = name;
    std::string assumed;
    EXPECT_TRUE(chip_of(row, &assumed)) << name;
    return assumed;
  };
  EXPECT_EQ(taken("V100S"), "V100S as V100 SXM2 32GB");
  EXPECT_EQ(taken("RTX 4090 Laptop"), "RTX 4090 Laptop as RTX 4090 24GB");
  for (const char* name : {"A100 PCIe 80GB", "MLU370-X4", "H800 PCIe", "H100 SXM 64GB"})
    EXPECT_NE(taken(name), "") << name;
  for (const char* name :
       {"H100 NVL", "NVIDIA H100-SXM-80GB x8", "H200-SXM5-141GB", "RTX4090", "910C", "DGX H100",
        "NVIDIA L40S PCIe 48GB", "Ascend 910B2 x2", "MLU370-X8", "GH200-GraceHopper-Superchip-96GB"})
    EXPECT_EQ(taken(name), "") << name;
}

TEST(Rows, EightBitsAreOfTheKindThatTheChipHasUnitsFor) {
  const Judged row =
      judge(row_of("a\tGB300\t1\tresnet50\tclosed division (FP8/INT8 as submitted)\tmlperf\t\t\t\t"
                   "MLPerf Inference v5.1 closed Offline\tsample_rate\t1\tsamples/s\tx"),
            nullptr, false);
  EXPECT_GT(row.predicted, 1e5);  // its 307 TOPS of integers would make 20,000
}

TEST(Rows, ShapesAndTypesOfProductsAreReadAsWritten) {
  const auto latency = [](const char* scenario, const char* precision = "BF16") {
    return judge(row_of(std::string("a\tH200 SXM\t1\top\t") + precision + "\tkernel\t\t\t\t" + scenario +
                        "\tlatency\t1\tus\tx"),
                 nullptr, false);
  };
  const double square = latency("M=4096 N=4096 K=4096").predicted;
  for (const char* same : {"M=4k N=4k K=4k", "4096x4096x4096", "[4096, 4096, 4096]", "4096*4096*4096"})
    EXPECT_DOUBLE_EQ(latency(same).predicted, square) << same;
  EXPECT_GT(latency("batched b=8 M=4096 N=4096 K=4096").predicted, 7 * square);
  EXPECT_DOUBLE_EQ(latency("GEMV N=8192 K=8192").predicted, latency("M=1 N=8192 K=8192").predicted);
  EXPECT_FALSE(latency("M=0 N=4 K=4").modelled());
  EXPECT_GT(latency("M=4096 N=4096 K=4096", "float32").predicted, 5 * square);
  EXPECT_LT(latency("M=4096 N=4096 K=4096", "e5m2").predicted, 0.7 * square);
  EXPECT_FALSE(latency("M=4096 N=4096 K=4096", "FP64").modelled());
}

TEST(Rows, TrainingIsRefusedAndALatencyMayBeATokens) {
  const auto of = [](const char* kind, const char* figure) {
    return judge(row_of(std::string("a\tH200 SXM\t1\tLlama-3.1-8B\tFP8\t") + kind + "\t16\t1024\t256\tTP1\t" +
                        figure + "\tvLLM"),
                 nullptr, false);
  };
  EXPECT_NE(of("training", "output_throughput\t1\ttok/s").reason.find("out of scope"), std::string::npos);
  EXPECT_DOUBLE_EQ(of("serving-e2e", "normalized_latency\t1\tms/token").predicted,
                   of("serving-e2e", "tpot\t1\tms").predicted);
}

TEST(Rows, AttentionIsReadFromItsWords) {
  const auto answer = [](const std::string& model, const std::string& scenario,
                         const std::string& figure = "latency\t1\tus") {
    return judge(row_of("a\tH20 96GB\t1\t" + model + "\tBF16\tkernel\t\t\t\t" + scenario + "\t" + figure +
                        "\tInferSim"),
                 nullptr, false);
  };
  const Judged plain = answer("prefill attention", "b=4 s=2048 heads=32 kv_heads=8 d=128 causal");
  ASSERT_TRUE(plain.modelled()) << plain.reason;
  // 4 x 32 heads x 2048 x 2049 / 2 pairs of 512 FLOP each, at no more than the chip's 148 TFLOPS.
  EXPECT_GT(plain.predicted, 4 * 32 * 2048.0 * 2049 / 2 * 512 / 148e12 * 1e6);
  EXPECT_LT(plain.predicted, 3 * 4 * 32 * 2048.0 * 2049 / 2 * 512 / 148e12 * 1e6);
  EXPECT_DOUBLE_EQ(answer("FlashAttention fwd", "batch 4, seqlen 2k, nh32, hkv8, head_dim: 128").predicted,
                   plain.predicted);
  EXPECT_GT(answer("prefill attention", "b=4 s=2048 heads=32 d=128 non-causal").predicted,
            1.5 * plain.predicted);
  // Decoding reads the cache: 64 x 4096 tokens of 8 heads, at no more than 4 TB/s.
  const Judged decode = answer("decode attention", "b=64 kv=4096 h=32 kv_heads=8 d=128");
  ASSERT_TRUE(decode.modelled()) << decode.reason;
  EXPECT_GT(decode.predicted, 64 * 4096.0 * 8 * 256 * 2 / 4022e9 * 1e6);
  EXPECT_LT(decode.predicted, 2 * 64 * 4096.0 * 8 * 256 * 2 / 4000e9 * 1e6);
  // A model's name gives what the words leave open.
  EXPECT_DOUBLE_EQ(answer("Llama-3.1-8B", "decode attention b=64 kv=4096").predicted, decode.predicted);
  // MLA reads 576 numbers a token for all of its 128 heads, which multiply them: arithmetic bounds it here.
  const double latent = answer("MLA decode", "b=64 kv=4096").predicted;
  EXPECT_GT(latent, 64 * 4096.0 * 128 * (576 + 512) * 2 / 148e12 * 1e6);
  EXPECT_LT(latent, 3 * 64 * 4096.0 * 128 * (576 + 512) * 2 / 148e12 * 1e6);
  EXPECT_DOUBLE_EQ(answer("attention prefill 4x2048x32x128", "causal").predicted,
                   answer("prefill attention", "b=4 s=2048 heads=32 d=128").predicted);
  EXPECT_LE(answer("prefill attention", "b=4 s=2048 heads=32 d=128", "achieved\t1\tTFLOPS").predicted, 148);
}

TEST(Rows, MoreChipsThanHeadsHoldCopies) {
  const auto answer = [](const std::string& chips) {
    return judge(
        row_of("a\tGB200\t" + chips +
               "\tllama3.1-8b\t\tmlperf\t\t\t\tMLPerf Inference v5.1 closed Offline\toutput_throughput\t1"
               "\ttok/s\tTensorRT"),
        nullptr, false);
  };
  ASSERT_TRUE(answer("72").modelled()) << answer("72").reason;
  EXPECT_NEAR(answer("72").predicted / answer("8").predicted, 9, 0.5);
}

TEST(Rows, GroupedProductsSplitTheirRows) {
  const auto answer = [](const std::string& model, const std::string& scenario) {
    return judge(row_of("a\tH800 SXM\t1\t" + model + "\tFP8\tkernel\t\t\t\t" + scenario +
                        "\tlatency\t1\tus\tDeepGEMM"),
                 nullptr, false)
        .predicted;
  };
  const double plain = answer("GEMM", "M=64 N=4096 K=7168");
  EXPECT_DOUBLE_EQ(answer("gemm", "m64n4096k7168"), plain);
  EXPECT_GT(answer("grouped GEMM", "M=64 N=4096 K=7168 experts=32 topk=8"),
            10 * plain);  // all experts' weights
  EXPECT_EQ(answer("grouped GEMM", "M=1 N=4096 K=7168 experts=32 topk=8"),
            answer("grouped GEMM", "M=1 N=4096 K=7168 experts=8 topk=8"));  // a token reaches 8
}

TEST(Rows, MessagesHaveTheSizeTheirWordsSay) {
  const auto answer = [](const std::string& model, const std::string& scenario) {
    return judge(row_of("a\tH100 SXM\t8\t" + model + "\tBF16\tcollective\t\t\t\t" + scenario +
                        "\tlatency\t1\tus\tNCCL"),
                 nullptr, false);
  };
  const Judged small = answer("AllReduce 64 MB", ""), large = answer("AllReduce", "message 1 GiB");
  EXPECT_LT(small.predicted, large.predicted / 8);
  EXPECT_DOUBLE_EQ(answer("AllReduce", "8 cards").predicted, large.predicted);
  EXPECT_NE(answer("AllReduce", "8 cards").assumed.find("1 GiB"), std::string::npos);
  EXPECT_EQ(small.assumed.find("1 GiB"), std::string::npos);
}

TEST(Rows, KernelsThatAreNoProductsHaveNoFlopRate) {
  const auto answer = [](const std::string& model, const std::string& scenario) {
    return judge(row_of("a\tH20 96GB\t1\t" + model + "\tFP8\tkernel\t16\t\t\t" + scenario +
                        "\tachieved\t1\tTFLOPS\tDeepGEMM"),
                 nullptr, false);
  };
  for (const char* other : {"softmax", "memcpy"})
    EXPECT_NE(answer(other, "4096 rows").reason.find("matrix products"), std::string::npos) << other;
  for (const char* other : {"MLA", "FlashAttention"})
    EXPECT_NE(answer(other, "4096 rows").reason.find("its sizes are wanted"), std::string::npos) << other;
  EXPECT_TRUE(answer("GEMM peak", "as measured").modelled());
  const double stated = answer("GEMM 64x4096x7168", "").predicted;
  EXPECT_DOUBLE_EQ(answer("gemm_fp8_64x4096x7168", "").predicted, stated);
  EXPECT_DOUBLE_EQ(answer("matmul", "shape (64, 4096, 7168)").predicted, stated);
  EXPECT_DOUBLE_EQ(answer("mm", "[64, 7168] x [7168, 4096]").predicted, stated);
  EXPECT_FALSE(answer("mm", "[64, 7168] x [7000, 4096]").modelled());
}

TEST(Rows, CollectivesMoveWhatTheirNamesSay) {
  const auto rate = [](const std::string& name) {
    return judge(
        row_of("a\tH100 SXM\t8\t" + name + "\tBF16\tcollective\t\t\t\t8 cards\tbus_bw\t1\tGB/s\tNCCL"),
        nullptr, false);
  };
  EXPECT_GT(rate("sendrecv").predicted, 0);
  EXPECT_LT(rate("sendrecv").predicted, 450);  // one direction of the links
  EXPECT_NEAR(rate("broadcast").predicted, rate("all_gather").predicted, 1e-6);
  EXPECT_NE(rate("hypercube").reason.find("all-reduce"), std::string::npos);
}

TEST(Rows, InteractiveBenchmarksGiveFewerTokens) {
  const auto rate = [](const std::string& model, const std::string& scenario) {
    return judge(row_of("a\tH200 SXM\t8\t" + model +
                        "\tclosed division\tmlperf\t\t\t\tMLPerf Inference v5.1 closed " + scenario +
                        "\toutput_throughput\t1\ttok/s\tX submission"),
                 nullptr, false)
        .predicted;
  };
  EXPECT_LT(rate("llama2-70b-interactive-99", "Server"), 0.95 * rate("llama2-70b-99", "Server"));
  EXPECT_DOUBLE_EQ(rate("llama2-70b-99", "Interactive"), rate("llama2-70b-interactive-99", "Server"));
}

TEST(Rows, ExpertsMayBeSpreadByDiesAndARowMaySpeakOfOneChip) {
  Row row;
  row.chips = 16, row.scenario = "prefill EP32";
  EXPECT_FALSE(parallel_of(row));
  const auto by_dies = parallel_of(row, 2);
  ASSERT_TRUE(by_dies);
  EXPECT_EQ(by_dies.value().ep, 16);
  EXPECT_EQ(by_dies.value().chips(), 16);
  row.chips = 1;
  ASSERT_TRUE(parallel_of(row));
  EXPECT_EQ(parallel_of(row).value().chips(), 32);
  const Judged one = judge(row_of("a\tH100 SXM\t1\tDeepSeek-R1\tFP8\tserving-pd\t\t4096\t\tprefill EP32"
                                  "\tinput_throughput\t1\ttok/s/GPU\tSGLang"),
                           nullptr, false);
  ASSERT_TRUE(one.modelled()) << one.reason;
  EXPECT_NE(one.assumed.find("32 chips"), std::string::npos) << one.assumed;
}

TEST(Rows, FourBitsAreThoseOfTheModelOrOfTheChip) {
  const auto answer = [](const std::string& chip, const std::string& precision) {
    return judge(row_of("a\t" + chip + "\t1\tLlama-3.1-8B\t" + precision +
                        "\tserving-static\t16\t512\t128\t\toutput_throughput\t1\ttok/s\tTRT-LLM 1.0"),
                 nullptr, false);
  };
  EXPECT_DOUBLE_EQ(answer("B200", "FP4").predicted, answer("B200", "NVFP4").predicted);
  EXPECT_DOUBLE_EQ(answer("H100 SXM", "FP4").predicted, answer("H100 SXM", "W4A16").predicted);
  EXPECT_GT(answer("B200", "FP4").predicted, 1.2 * answer("B200", "BF16").predicted);
  // A precision that nobody knows is answered as the model's weights are, and said so.
  EXPECT_NE(answer("H100 SXM", "INT3").assumed.find("bf16"), std::string::npos);
  EXPECT_EQ(answer("H100 SXM", "BF16").assumed.find("bf16"), std::string::npos);
}

TEST(Rows, EncodedInputsAreItems) {
  const auto answer = [](const std::string& kind) {
    return judge(row_of("a\tA100 SXM 80GB\t1\twhisper-large-v3\tFP16\t" + kind +
                        "\t16\t\t\t\tthroughput\t1\taudio/s\tfaster-whisper"),
                 nullptr, false);
  };
  ASSERT_TRUE(answer("latency").modelled()) << answer("latency").reason;
  EXPECT_DOUBLE_EQ(answer("latency").predicted, answer("serving-max").predicted);
}

TEST(Rows, LatenciesOfBenchmarksAreThoseOfTheirQueries) {
  const auto answer = [](const std::string& model, const std::string& scenario, const std::string& chips) {
    const Judged j = judge(row_of("a\tL40S\t" + chips + "\t" + model +
                                  "\tclosed\tmlperf\t\t\t\tMLPerf Inference v5.1 edge closed " + scenario +
                                  "\tp99_latency\t1\tms\tx"),
                           nullptr, false);
    EXPECT_TRUE(j.modelled()) << j.reason;
    return j.predicted;
  };
  // Eight samples a query since v1.0, which several chips share; v0.5's interval of 50 ms is no latency.
  const double one = answer("resnet50", "SingleStream", "1"), eight = answer("resnet50", "MultiStream", "1");
  EXPECT_GT(eight, one);
  EXPECT_LT(eight, 8 * one);
  EXPECT_LT(answer("resnet50", "MultiStream", "4"), eight);
  // A language model's answer alone, not a full server's.
  const double answered = answer("gptj-99", "SingleStream", "1");
  EXPECT_GT(answered, 69 * 6e9 / 864e9 * 1e3);  // 69 tokens, each reading 6 GB of weights
  EXPECT_LT(answered, 3 * 69 * 6e9 / 864e9 * 1e3);
}

TEST(Rows, ABetterChipGivesABetterFigure) {
  const std::string words =
      "\t1\tLlama-3.1-8B\tFP8\tserving-max\t\t1000\t1000\tTP1\toutput_throughput\t15000\ttok/s\tTRT-LLM 1.0";
  const Judged h100 = judge(row_of("a\tH100 SXM" + words), nullptr, false),
               h200 = judge(row_of("a\tH200 SXM" + words), nullptr, false);
  ASSERT_TRUE(h100.modelled()) << h100.reason;
  EXPECT_GT(h200.predicted, 1.1 * h100.predicted);
}

TEST(Calibrate, FindsTheChipThatMadeTheRows) {
  // Rows made by the model itself with a slower chip: calibration of the plain chip must come near it.
  chip::Numbers slow = chip::values_of(*chip::find("ppu-810e"));
  slow.effective_bf16_tflops *= 0.8, slow.memory_gbps *= 0.9;
  std::vector<Row> rows;
  for (const char* shape : {"4096x4096x4096", "8192x8192x8192", "1x16384x8192", "4x65536x4096",
                            "2048x8192x4096", "16x8192x8192"}) {
    Row row = row_of(std::string("a\tPPU 810E\t1\tGEMM ") + shape +
                     "\tBF16\tkernel\t\t\t\t\tlatency\t1\tms\ttorch");
    row.value = predict_row(row, slow, Model::kFull).value();
    rows.push_back(row);
  }
  const auto done = calibrate(*chip::find("ppu-810e"), rows, "mine", "test");
  ASSERT_TRUE(done) << done.error().message;
  EXPECT_LT(done.value().after.mape, 0.2 * done.value().before.mape);
  EXPECT_NEAR(done.value().moved[0].after / done.value().moved[0].before, 0.8, 0.03);
  EXPECT_NE(done.value().text.find("base = \"ppu-810e\""), std::string::npos);
  EXPECT_EQ(done.value().text.find("step_us"), std::string::npos);  // of which no product tells
  rows.resize(2);
  EXPECT_FALSE(calibrate(*chip::find("ppu-810e"), rows, "mine", "test"));
}

}  // namespace
}  // namespace ppu::validate

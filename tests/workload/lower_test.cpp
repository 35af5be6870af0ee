// Operations of a step against sums done by hand.
#include "workload/lower.h"

#include <gtest/gtest.h>

#include "workload/memory.h"

namespace ppu::workload {
namespace {

double flops(const chip::Work& work) {
  double sum = 0;
  for (const chip::Op& op : work)
    sum += op.repeat * (op.flops > 0                     ? op.flops
                        : op.kind == chip::OpKind::kGemm ? 2 * op.m * op.n * op.k * op.groups
                                                         : 0);
  return sum;
}
double weight_bytes(const chip::Work& work) {
  double sum = 0;
  for (const chip::Op& op : work) sum += op.repeat * op.weight_bytes;
  return sum;
}
const chip::Op* find(const chip::Work& work, const std::string& label) {
  for (const chip::Op& op : work)
    if (op.label == label) return &op;
  return nullptr;
}

class Lower : public testing::Test {
 protected:
  Deployment deploy(const char* name, const char* precision = "bf16", Parallel parallel = {}) {
    model_ = find_model(name).value();
    return {&model_, find_precision(precision).value(), parallel};
  }
  Model model_;
};

TEST_F(Lower, DecodeReadsAllWeightsOnceAndTwoFlopsAParameter) {
  const Deployment d = deploy("llama-3.1-8b");
  const Piece one[] = {{1, 1, 0}};
  const chip::Work work = lower_step(d, one);
  const double active = model_.decoder->active_parameters();
  EXPECT_NEAR(weight_bytes(work), 2 * active, 1e-3 * active);
  EXPECT_NEAR(flops(work), 2 * active, 0.01 * active);
}

TEST_F(Lower, AttentionIsQuadraticInAPromptAndLinearInADecode) {
  const Deployment d = deploy("llama-3.1-8b");
  const Piece prompt[] = {{1, 1000, 0}}, decode[] = {{4, 1, 999}};
  // 1000 * 1001 / 2 pairs, 32 heads, 128 + 128 wide, two FLOP.
  EXPECT_DOUBLE_EQ(find(lower_step(d, prompt), "attn.prefill")->flops, 2 * 500500.0 * 32 * 256);
  const chip::Work step = lower_step(d, decode);
  EXPECT_DOUBLE_EQ(find(step, "attn.decode")->flops, 2 * 4 * 1000.0 * 32 * 256);
  // 8 KV heads of 256 elements of two bytes a cached token; queries of 32 x 128 beside.
  EXPECT_DOUBLE_EQ(find(step, "attn.decode")->read_bytes, 4 * 1000.0 * 8 * 256 * 2 + 4 * 32 * 128 * 2);
  EXPECT_DOUBLE_EQ(find(step, "attn.decode")->readers, 4);
}

TEST_F(Lower, ChunksAddUpToThePrompt) {
  const Deployment d = deploy("qwen3-8b");
  const Piece whole[] = {{1, 4096, 0}}, first[] = {{1, 1024, 0}}, second[] = {{1, 3072, 1024}};
  const double parts =
      find(lower_step(d, first), "attn.prefill")->flops + find(lower_step(d, second), "attn.prefill")->flops;
  EXPECT_DOUBLE_EQ(find(lower_step(d, whole), "attn.prefill")->flops, parts);
}

TEST_F(Lower, WindowsBoundWhatIsRead) {
  const Deployment d = deploy("gpt-oss-20b");
  const Piece decode[] = {{1, 1, 10000}};
  double window = 0, full = 0;
  for (const chip::Op& op : lower_step(d, decode))
    if (op.label == "attn.decode") (window == 0 ? window : full) = op.flops;
  EXPECT_DOUBLE_EQ(full / window, 10001.0 / 128);
}

TEST_F(Lower, TensorParallelSplitsTheWorkAndAddsTwoReductionsALayer) {
  const Piece step[] = {{16, 1, 1000}};
  const double whole = flops(lower_step(deploy("llama-3.1-70b"), step));
  const Deployment d = deploy("llama-3.1-70b", "bf16", {.tp = 8});
  const chip::Work work = lower_step(d, step);
  EXPECT_NEAR(flops(work) * 8 / whole, 1, 0.01);
  EXPECT_EQ(find(work, "attn.reduce")->repeat, 80);
  EXPECT_EQ(find(work, "ffn.reduce")->ranks, 8);
  EXPECT_DOUBLE_EQ(find(work, "ffn.reduce")->payload_bytes, 16 * 8192 * 2);
}

TEST_F(Lower, ExpertsReadOnlyWhatTheTokensReach) {
  const Deployment d = deploy("qwen3-30b-a3b");
  const Piece one[] = {{1, 1, 0}}, many[] = {{4096, 1, 0}};
  EXPECT_NEAR(find(lower_step(d, one), "experts.up")->groups, 8, 1e-9);
  EXPECT_NEAR(find(lower_step(d, many), "experts.up")->groups, 128, 1e-6);
}

TEST_F(Lower, ExpertParallelGroupsExchangeTokens) {
  const Deployment d = deploy("deepseek-v3", "fp8", {.ep = 32, .dp = 32});
  const Piece step[] = {{128, 1, 4096}};
  const chip::Work work = lower_step(d, step);
  EXPECT_EQ(find(work, "dispatch")->ranks, 32);
  EXPECT_TRUE(find(work, "dispatch")->between_nodes);
  EXPECT_EQ(find(work, "dispatch")->repeat, 58);
  EXPECT_NEAR(find(work, "experts.up")->groups, 8, 1e-3);  // 256 over 32 chips, all of them used
  EXPECT_NEAR(find(work, "experts.up")->m * 8, 128.0 * 8, 1);
  EXPECT_EQ(find(work, "ffn.reduce"), nullptr);
}

TEST_F(Lower, NarrowWeightsAreRead) {
  const Piece one[] = {{1, 1, 0}};
  const double wide = find(lower_step(deploy("llama-2-7b"), one), "ffn.up")->weight_bytes;
  EXPECT_DOUBLE_EQ(find(lower_step(deploy("llama-2-7b", "fp8"), one), "ffn.up")->weight_bytes, wide / 2);
  EXPECT_DOUBLE_EQ(find(lower_step(deploy("llama-2-7b", "w4a16"), one), "ffn.up")->weight_bytes,
                   wide * 4.5 / 16);
}

TEST_F(Lower, EagerLaunchesMoreKernels) {
  const Piece one[] = {{1, 1, 512}};
  Deployment d = deploy("qwen3.5-2b");
  const auto kernels = [&] {
    double n = 0;
    for (const chip::Op& op : lower_step(d, one)) n += op.repeat;
    return n;
  };
  const double fused = kernels();
  d.fused = false;
  EXPECT_GT(kernels(), 3 * fused);
}

TEST_F(Lower, NetworksCountTheirPublishedFlops) {
  // Multiply-adds count two: ResNet-50 4.1 GMAC, YOLOv8 as its makers state.
  EXPECT_NEAR(flops(lower_stages(deploy("resnet-50"), 1)) / 8.2e9, 1, 0.03);
  EXPECT_NEAR(flops(lower_stages(deploy("yolov8n"), 1)) / 8.7e9, 1, 0.05);
  EXPECT_NEAR(flops(lower_stages(deploy("yolov8x"), 1)) / 257.8e9, 1, 0.05);
  // SDXL: 2.98 TMAC a step and image in layers, 0.75 TFLOP in attention, which counters of layers leave out.
  const Deployment sdxl = deploy("sdxl");
  std::erase_if(model_.stages, [](const Stage& stage) { return stage.name != "unet"; });
  EXPECT_NEAR(flops(lower_stages(sdxl, 1)) / (2 * 20 * 6.71e12), 1, 0.03);
  // BERT: two FLOP a parameter of its layers and token, and attention.
  const double bert = 2 * (2 * 302e6 * 384 + 24 * 4 * 384.0 * 384 * 1024);
  EXPECT_NEAR(flops(lower_items(deploy("bert-large"), 2, 384)) / bert, 1, 0.01);
}

TEST_F(Lower, ContradictionsAreRefusedByName) {
  EXPECT_FALSE(check(deploy("llama-3.1-8b", "bf16", {.tp = 3})));
  EXPECT_FALSE(check(deploy("llama-3.1-8b", "bf16", {.ep = 2})));
  EXPECT_FALSE(check(deploy("qwen3-30b-a3b", "bf16", {.tp = 2, .ep = 4})));
  EXPECT_FALSE(check(deploy("llama-3.1-8b", "bf16", {.pp = 64})));
  EXPECT_FALSE(check(deploy("resnet-50", "int8", {.tp = 2})));
  const Status status = check(deploy("llama-3.1-8b", "bf16", {.tp = 3}));
  EXPECT_NE(status.error().message.find("32 attention heads"), std::string::npos);
  EXPECT_TRUE(check(deploy("deepseek-v3", "fp8", {.tp = 8, .ep = 8})));
}

TEST_F(Lower, MemoryIsWeightsAndCache) {
  chip::Numbers chip;
  chip.memory_gib = 80;
  const Memory m = memory_of(deploy("llama-3.1-8b"), chip, 2048);
  EXPECT_NEAR(m.weights, 8.03e9 * 2, 0.01e9);
  EXPECT_DOUBLE_EQ(m.kv_per_token, 32 * 8 * 256 * 2);
  EXPECT_EQ(memory_of(deploy("llama-3.1-405b"), chip, 2048).sequences(1000), 0);
  EXPECT_EQ(chips_needed(deploy("llama-3.1-70b"), chip, 4096), 2);
  const Memory mla = memory_of(deploy("deepseek-v3", "fp8"), chip, 2048);
  EXPECT_DOUBLE_EQ(mla.kv_per_token, 61 * 576 * 2);
}

}  // namespace
}  // namespace ppu::workload

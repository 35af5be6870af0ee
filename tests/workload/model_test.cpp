// Presets against published parameter counts, names as users write them, and configs that can't be sized.
#include "workload/model.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "workload/config.h"
#include "workload/presets.h"

namespace ppu::workload {
namespace {

Model preset(const char* name) {
  Result<Model> model = find_model(name);
  EXPECT_TRUE(model) << (model ? "" : model.error().message);
  return model ? std::move(model).value() : Model{};
}

TEST(Presets, CountTheParametersTheirMakersPublish) {
  for (const Preset& p : embedded_presets()) {
    const auto own = nlohmann::json::parse(p.text)["ppu"];
    const Result<Model> model = read_config(p.text, std::string(p.id));
    ASSERT_TRUE(model) << model.error().message;
    EXPECT_FALSE(model.value().source.empty()) << p.id;
    // An uncertain preset is near its published size, the others are within rounding and biases.
    const double within = model.value().uncertain.empty() ? 0.02 : 0.2;
    const double published = own["parameters"];
    EXPECT_NEAR(model.value().parameters() / published, 1, within) << p.id;
    if (own.contains("active_parameters"))
      EXPECT_NEAR(model.value().active_parameters() / own["active_parameters"].get<double>(), 1, 0.15)
          << p.id;
  }
}

TEST(Names, AreTakenAsUsersWriteThem) {
  const std::pair<const char*, const char*> spellings[] = {
      {"meta-llama/Llama-3.1-70B", "llama-3.1-70b"},
      {"meta-llama/Llama-3.1-8B-Instruct", "llama-3.1-8b"},
      {"Qwen/Qwen3-235B-A22B-FP8", "qwen3-235b-a22b"},
      {"Qwen/Qwen3-235B-A22B-Instruct-2507-FP8", "qwen3-235b-a22b"},
      {"llama2-70b-99.9", "llama-2-70b"},
      {"LLaMA-7B", "llama-7b"},
      {"GPT-J-6B", "gpt-j-6b"},
      {"gptj-99", "gpt-j-6b"},
      {"bert-99", "bert-large"},
      {"dlrm-v2-99.9", "dlrm-v2"},
      {"3d-unet-99", "3d-unet"},
      {"resnet50", "resnet-50"},
      {"RNN-T", "rnnt"},
      {"GNMT", "gnmt"},
      {"stable-diffusion-xl", "sdxl"},
      {"DeepSeek-R1", "deepseek-v3"},
      {"deepseek-ai/DeepSeek-V3-0324", "deepseek-v3"},
      {"MiniMaxAI/MiniMax-M2.5", "minimax-m2"},
      {"openai/gpt-oss-120b", "gpt-oss-120b"},
      {"mixtral-8x7b", "mixtral-8x7b"},
      {"sentence-transformers/all-MiniLM-L6-v2", "minilm-l6"},
      {"BAAI/bge-large-en-v1.5", "bge-large"},
      {"openai/whisper-large-v3", "whisper-large-v3"},
  };
  for (const auto& [spelling, id] : spellings) EXPECT_EQ(preset(spelling).id, id) << spelling;
}

TEST(Names, UnknownOnesNameNearOnes) {
  const Result<Model> model = find_model("llama-3.1-80b");
  ASSERT_FALSE(model);
  EXPECT_EQ(model.error().kind, ErrorKind::kBadInput);
  EXPECT_NE(model.error().message.find("llama-3.1-8b"), std::string::npos) << model.error().message;
}

TEST(Names, OnesThatNoShapesTellAreRefusedWithTheReason) {
  for (const char* name : {"rgat", "R-GAT", "pointpainting"}) {
    const Result<Model> model = find_model(name);
    ASSERT_FALSE(model) << name;
    EXPECT_NE(model.error().message.find("not modelled: "), std::string::npos) << model.error().message;
  }
}

constexpr const char* kSmall =
    R"({"model_type":"llama","hidden_size":64,"num_hidden_layers":2,"num_attention_heads":4,)"
    R"("intermediate_size":128,"vocab_size":1000})";

TEST(Config, MissingFieldsAreNamed) {
  ASSERT_TRUE(read_config(kSmall, "config.json"));
  for (const char* field :
       {"hidden_size", "num_hidden_layers", "num_attention_heads", "intermediate_size", "vocab_size"}) {
    nlohmann::json without = nlohmann::json::parse(kSmall);
    without.erase(field);
    const Result<Model> model = read_config(without.dump(), "config.json");
    ASSERT_FALSE(model) << field;
    EXPECT_EQ(model.error().kind, ErrorKind::kBadInput);
    EXPECT_NE(model.error().message.find(field), std::string::npos) << model.error().message;
    EXPECT_EQ(model.error().message.find("config.json"), 0u) << model.error().message;
  }
}

TEST(Config, BadInputIsRefused) {
  for (const char* text : {"", "{", "[]", "null", R"({"model_type":"llama"})", R"({"model_type":"mamba"})",
                           R"({"model_type":"resnet","depths":[1,2],"hidden_sizes":[8]})",
                           R"({"model_type":"stable-diffusion-xl","steps":20})"})
    EXPECT_FALSE(read_config(text, "config.json")) << text;
  const Result<Model> cut = read_config("{\n\"model_type\": \"llama\",", "config.json");
  ASSERT_FALSE(cut);
  EXPECT_NE(cut.error().message.find("config.json:2: isn't JSON"), std::string::npos) << cut.error().message;
  nlohmann::json odd = nlohmann::json::parse(kSmall);
  for (const nlohmann::json& value : {nlohmann::json(-5), nlohmann::json("many"), nlohmann::json(1e30),
                                      nlohmann::json(nlohmann::json::array())}) {
    odd["hidden_size"] = value;
    EXPECT_FALSE(read_config(odd.dump(), "config.json")) << value;
  }
}

TEST(Config, SizesOneLevelDownAreFound) {
  auto experts = read_config(
      R"({"model_type":"dbrx","d_model":6144,"n_layers":40,"n_heads":48,"vocab_size":100352,"attn_config":{"kv_n_heads":8},
          "ffn_config":{"ffn_hidden_size":10752,"moe_num_experts":16,"moe_top_k":4}})",
      "dbrx");
  ASSERT_TRUE(experts) << experts.error().message;
  EXPECT_NEAR(experts->parameters() / 132e9, 1, 0.02);  // as its maker publishes
  EXPECT_NEAR(experts->active_parameters() / 36e9, 1, 0.05);
  auto images = read_config(
      R"({"model_type":"clip","text_config":{"hidden_size":768},"vision_config":{"hidden_size":1024,
          "num_hidden_layers":24,"num_attention_heads":16,"intermediate_size":4096,"image_size":224,"patch_size":14}})",
      "clip");
  ASSERT_TRUE(images) << images.error().message;
  EXPECT_FALSE(images->decoder);
  EXPECT_NEAR(images->parameters() / 303e6, 1, 0.05);
  EXPECT_NE(images->uncertain.find("texts"), std::string::npos);
  auto both = read_config(
      R"({"model_type":"qwen2_5_vl","hidden_size":3584,"num_hidden_layers":28,"num_attention_heads":28,
          "num_key_value_heads":4,"intermediate_size":18944,"vocab_size":152064,"vision_config":{"depth":32}})",
      "vl");
  ASSERT_TRUE(both) << both.error().message;
  EXPECT_NE(both->uncertain.find("images"), std::string::npos);
}

TEST(Config, WhatIsLeftOutInsideIsItsClassDefault) {
  // The fields that google/gemma-3-4b-it's own file has, and those of llava-hf/llava-1.5-7b-hf's.
  auto gemma = read_config(
      R"({"model_type":"gemma3","architectures":["Gemma3ForConditionalGeneration"],"text_config":{"hidden_size":2560,
          "intermediate_size":10240,"model_type":"gemma3_text","num_hidden_layers":34,"sliding_window":1024}})",
      "gemma");
  ASSERT_TRUE(gemma) << gemma.error().message;
  EXPECT_NEAR(gemma->parameters() / 3.88e9, 1, 0.02);
  auto llava = read_config(
      R"({"model_type":"llava","text_config":{"model_type":"llama","vocab_size":32064},"vision_config":{"hidden_size":1024}})",
      "llava");
  ASSERT_TRUE(llava) << llava.error().message;
  EXPECT_NEAR(llava->parameters() / 6.74e9, 1, 0.02);
  // A pair of encoders whose file gives no size: those of the classes, 86 M in the encoder of images.
  auto siglip = read_config(
      R"({"model_type":"siglip","text_config":{"model_type":"siglip_text_model"},"vision_config":{"model_type":"siglip_vision_model"}})",
      "siglip");
  ASSERT_TRUE(siglip) << siglip.error().message;
  EXPECT_NEAR(siglip->parameters() / 86e6, 1, 0.05);
  EXPECT_EQ(siglip->item, "image");
}

TEST(Config, OnlyWhatWritesTextIsADecoder) {
  nlohmann::json c = nlohmann::json::parse(kSmall);
  c["model_type"] = "somebodys-own";
  for (const char* name : {"SomebodysForCausalLM", "SomebodysModel", "SomebodysForSequenceClassification"}) {
    c["architectures"] = {name};
    auto model = read_config(c.dump(), "config.json");
    ASSERT_TRUE(model) << name << model.error().message;
    EXPECT_TRUE(model->decoder) << name;
  }
  for (const char* name :
       {"SomebodysForCTC", "SomebodysForImageClassification", "SomebodysForObjectDetection"}) {
    c["architectures"] = {name};
    auto model = read_config(c.dump(), "config.json");
    ASSERT_FALSE(model) << name;
    EXPECT_NE(model.error().message.find("somebodys-own"), std::string::npos) << model.error().message;
  }
  c["architectures"] = {"SomebodysForMaskedLM"};
  EXPECT_TRUE(read_config(c.dump(), "config.json")->encoder);
  // Files of BERT's kin often name no class; those of encoders of texts beside images name one without a
  // task.
  c.erase("architectures");
  EXPECT_TRUE(read_config(c.dump(), "config.json")->decoder);
  c["type_vocab_size"] = 0;
  auto segments = read_config(c.dump(), "config.json");
  ASSERT_TRUE(segments) << segments.error().message;
  EXPECT_TRUE(segments->encoder && !segments->decoder);
  c.erase("type_vocab_size");
  c["model_type"] = "clip_text_model", c["architectures"] = {"CLIPTextModel"};
  EXPECT_TRUE(read_config(c.dump(), "config.json")->encoder);
  c["model_type"] = "somebodys-own";
  c["architectures"] = {"SomebodysForConditionalGeneration"};
  c["is_encoder_decoder"] = true;
  EXPECT_FALSE(read_config(c.dump(), "config.json"));
}

TEST(Config, TextToTextEncodesThePrompt) {
  auto bart = read_config(
      R"({"model_type":"bart","d_model":1024,"encoder_layers":12,"decoder_layers":12,"encoder_attention_heads":16,
          "decoder_attention_heads":16,"encoder_ffn_dim":4096,"decoder_ffn_dim":4096,"vocab_size":50265,
          "max_position_embeddings":1024})",
      "bart");
  ASSERT_TRUE(bart) << bart.error().message;
  EXPECT_NEAR(bart->parameters() / 406e6, 1, 0.02);
  EXPECT_TRUE(bart->encodes_prompt);
}

TEST(Config, SizesByLayerAreOneIfTheyAreTheSame) {
  nlohmann::json c = nlohmann::json::parse(kSmall);
  const double plain = read_config(c.dump(), "config.json")->parameters();
  c["intermediate_size"] = {128, 128};
  EXPECT_EQ(read_config(c.dump(), "config.json")->parameters(), plain);
  c["intermediate_size"] = {128, 64};
  EXPECT_FALSE(read_config(c.dump(), "config.json"));
}

TEST(Config, ReadsLayerKinds) {
  nlohmann::json c = nlohmann::json::parse(kSmall);
  c["layer_types"] = {"sliding_attention", "full_attention"};
  c["sliding_window"] = 16;
  c["model_type"] = "gpt_oss";
  const Result<Model> model = read_config(c.dump(), "config.json");
  ASSERT_TRUE(model);
  ASSERT_EQ(model.value().decoder->layers.size(), 2u);
  EXPECT_EQ(model.value().decoder->layers[0].attention.window, 16);
  EXPECT_EQ(model.value().decoder->layers[1].attention.window, 0);
  const Model hybrid = preset("qwen3-next-80b-a3b");
  ASSERT_EQ(hybrid.decoder->layers.size(), 2u);
  EXPECT_EQ(hybrid.decoder->layers[0].attention.kind, AttentionKind::kLinear);
  EXPECT_EQ(hybrid.decoder->layers[0].count, 36);
  EXPECT_EQ(hybrid.decoder->layers[1].count, 12);
  const Model latent = preset("deepseek-v3");
  EXPECT_EQ(latent.decoder->layers[0].count, 3);  // dense ones in front
  EXPECT_EQ(latent.decoder->layers[1].feed.experts, 256);
  EXPECT_EQ(latent.precision, "fp8");
}

}  // namespace
}  // namespace ppu::workload

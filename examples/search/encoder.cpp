// Forward pass of the encoder: embedding, then per layer attention and feed-forward, each followed by a
// residual sum and a LayerNorm (Devlin et al. 2018; post-norm), then pooling.
#include "encoder.h"

#include <algorithm>
#include <fstream>
#include <nlohmann/json.hpp>

namespace search {
namespace {

constexpr int kFeedForward = 1536;
constexpr int kPositions = 512;

/// The sizes are compiled into the kernels; another model has to be refused, not computed wrong.
nlohmann::json read_config(const std::filesystem::path& path) {
  std::ifstream in(path);
  if (!in) throw Failure(kBadModel, "can't read " + path.string());
  const auto config = nlohmann::json::parse(in, nullptr, false);
  const auto is = [&](const char* key, int expected) { return config.value(key, 0) == expected; };
  if (!config.is_object() || !is("hidden_size", kHidden) || !is("num_attention_heads", kHeads) ||
      !is("intermediate_size", kFeedForward) || !is("max_position_embeddings", kPositions) ||
      config.value("hidden_act", "") != "gelu" || config.value("num_hidden_layers", 0) < 1)
    throw Failure(kBadModel,
                  path.string() + ": expected a BERT of hidden size 384, 12 heads, 1536 feed-forward, gelu");
  return config;
}

}  // namespace

Encoder::Encoder(const std::filesystem::path& model, const Safetensors& weights) {
  const auto config = read_config(model / "config.json");
  epsilon_ = config.value("layer_norm_eps", 1e-12f);
  vocabulary_ = config.value("vocab_size", 0);
  const auto upload = [&](DeviceBuffer<float>& buffer, const char* name, std::vector<size_t> shape,
                          size_t used) { buffer.upload(weights.get(name, shape).data, used); };
  upload(word_, "embeddings.word_embeddings.weight", {size_t(vocabulary_), kHidden},
         size_t(vocabulary_) * kHidden);
  upload(position_, "embeddings.position_embeddings.weight", {kPositions, kHidden}, kPositions * kHidden);
  upload(type0_, "embeddings.token_type_embeddings.weight", {2, kHidden}, kHidden);
  embedding_norm_ = load_norm(weights, "embeddings.LayerNorm");
  for (int i = 0; i < config.value("num_hidden_layers", 0); ++i) {
    const std::string at = "encoder.layer." + std::to_string(i) + ".", self = at + "attention.self.";
    Layer layer;
    layer.qkv = load_linear(weights, {self + "query", self + "key", self + "value"}, kHidden, kHidden);
    layer.attention_out = load_linear(weights, {at + "attention.output.dense"}, kHidden, kHidden);
    layer.up = load_linear(weights, {at + "intermediate.dense"}, kFeedForward, kHidden);
    layer.down = load_linear(weights, {at + "output.dense"}, kHidden, kFeedForward);
    layer.after_attention = load_norm(weights, at + "attention.output.LayerNorm");
    layer.after_feed_forward = load_norm(weights, at + "output.LayerNorm");
    layers_.push_back(std::move(layer));
  }
}

Encoder::Linear Encoder::load_linear(const Safetensors& weights, const std::vector<std::string>& names,
                                     int outputs, int inputs) {
  Linear linear;
  linear.inputs = inputs;
  linear.outputs = outputs * int(names.size());
  std::vector<float> transposed(size_t(inputs) * linear.outputs), bias;
  int first = 0;
  for (const std::string& name : names) {
    const float* rows = weights.get(name + ".weight", {size_t(outputs), size_t(inputs)}).data;
    for (int o = 0; o < outputs; ++o)
      for (int i = 0; i < inputs; ++i)
        transposed[size_t(i) * linear.outputs + first + o] = rows[size_t(o) * inputs + i];
    const float* part = weights.get(name + ".bias", {size_t(outputs)}).data;
    bias.insert(bias.end(), part, part + outputs);
    first += outputs;
  }
  linear.weight.upload(transposed.data(), transposed.size());
  linear.bias.upload(bias.data(), bias.size());
  return linear;
}

Encoder::Norm Encoder::load_norm(const Safetensors& weights, const std::string& name) {
  Norm norm;
  norm.gamma.upload(weights.get(name + ".weight", {kHidden}).data, kHidden);
  norm.beta.upload(weights.get(name + ".bias", {kHidden}).data, kHidden);
  return norm;
}

void Encoder::apply(Epilogue epilogue, const Linear& linear, const float* in, const float* residual,
                    float* out, int tokens) {
  launch_gemm(epilogue, in, linear.weight.get(), linear.bias.get(), residual, out, tokens, linear.outputs,
              linear.inputs, nullptr);
}

void Encoder::embed(const std::vector<std::vector<int32_t>>& sentences, float* rows) {
  const int count = int(sentences.size());
  size_t longest = 0;
  std::vector<int32_t> lengths;
  for (const auto& sentence : sentences) {
    longest = std::max(longest, sentence.size());
    lengths.push_back(int32_t(sentence.size()));
  }
  const int length = int(longest), tokens = count * length;
  std::vector<int32_t> ids(size_t(tokens), 0);
  for (int s = 0; s < count; ++s) {
    for (int32_t id : sentences[size_t(s)])
      if (id < 0 || id >= vocabulary_)
        throw Failure(kBadModel, "vocab.txt and config.json disagree: id " + std::to_string(id));
    std::copy(sentences[size_t(s)].begin(), sentences[size_t(s)].end(), ids.begin() + size_t(s) * length);
  }
  ids_.upload(ids.data(), ids.size());
  lengths_.upload(lengths.data(), lengths.size());
  state_.reserve(size_t(tokens) * kHidden);
  context_.reserve(size_t(tokens) * kHidden);
  qkv_.reserve(size_t(tokens) * 3 * kHidden);
  wide_.reserve(size_t(tokens) * kFeedForward);

  float* state = state_.get();
  launch_embedding(ids_.get(), word_.get(), position_.get(), type0_.get(), embedding_norm_.gamma.get(),
                   embedding_norm_.beta.get(), epsilon_, state, count, length, nullptr);
  const auto normalize = [&](const Norm& norm) {
    launch_layer_norm(state, norm.gamma.get(), norm.beta.get(), epsilon_, state, tokens, nullptr);
  };
  for (const Layer& layer : layers_) {
    apply(Epilogue::kBias, layer.qkv, state, nullptr, qkv_.get(), tokens);
    launch_attention(qkv_.get(), lengths_.get(), context_.get(), count, length, nullptr);
    apply(Epilogue::kBiasResidual, layer.attention_out, context_.get(), state, state, tokens);
    normalize(layer.after_attention);
    apply(Epilogue::kBiasGelu, layer.up, state, nullptr, wide_.get(), tokens);
    apply(Epilogue::kBiasResidual, layer.down, wide_.get(), state, state, tokens);
    normalize(layer.after_feed_forward);
  }
  launch_pooling(state, lengths_.get(), rows, count, length, nullptr);
  check(cudaGetLastError(), "launching the encoder's kernels");
  check(cudaDeviceSynchronize(), "running the encoder");
}

}  // namespace search

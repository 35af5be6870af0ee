// Transformers by their config fields: decoders of all makes, BERT's and ViT's kin, Whisper, T5.
#include <algorithm>
#include <cmath>
#include <set>

#include "workload/config_fields.h"
#include "workload/model.h"

namespace ppu::workload {
namespace {

bool one_of(const std::string& type, std::initializer_list<const char*> types) {
  return std::any_of(types.begin(), types.end(), [&](const char* t) { return type == t; });
}

bool same(const Layers& x, const Layers& y) {
  const Attention &a = x.attention, &b = y.attention;
  const Feed &f = x.feed, &g = y.feed;
  return a.kind == b.kind && a.heads == b.heads && a.kv_heads == b.kv_heads && a.head_dim == b.head_dim &&
         a.window == b.window && f.width == g.width && f.experts == g.experts;
}

/// Layers of one make are lowered together, wherever in the model they are.
void add_layer(std::vector<Layers>& all, const Layers& one) {
  for (Layers& l : all)
    if (same(l, one)) {
      ++l.count;
      return;
    }
  all.push_back(one);
  all.back().count = 1;
}

Attention full_attention(ConfigFields& f, double hidden, const std::string& type) {
  Attention a;
  a.heads = f.need({"num_attention_heads", "n_head", "num_heads", "n_heads"});
  a.kv_heads = f.get(
      {"num_key_value_heads", "n_head_kv", "num_kv_heads", "kv_n_heads", "multi_query_group_num"}, a.heads);
  if (f.flag("multi_query", false) && !f.flag("new_decoder_architecture", false)) a.kv_heads = 1;
  a.head_dim = a.value_dim =
      f.get({"head_dim", "kv_channels", "d_kv"}, std::floor(hidden / std::max(1.0, a.heads)));
  a.gated = f.flag("attn_output_gate", type == "qwen3_next" || type.starts_with("qwen3_5"));
  if (f.has("kv_lora_rank")) {
    a.kind = AttentionKind::kLatent;
    a.kv_rank = f.need({"kv_lora_rank"});
    a.q_rank = f.get({"q_lora_rank"}, 0);
    a.rope_dim = f.need({"qk_rope_head_dim"});
    a.head_dim = f.need({"qk_nope_head_dim"}) + a.rope_dim;
    a.value_dim = f.get({"v_head_dim"}, a.value_dim);
  }
  return a;
}

Attention linear_attention(ConfigFields& f) {
  Attention a;
  a.kind = AttentionKind::kLinear;
  a.heads = f.need({"linear_num_value_heads"});
  a.kv_heads = f.need({"linear_num_key_heads"});
  a.head_dim = f.need({"linear_key_head_dim"});
  a.value_dim = f.need({"linear_value_head_dim"});
  a.conv_width = f.get({"linear_conv_kernel_dim"}, 4);
  return a;
}

/// How far layer `i` sees: 0 is everything.
double window_of(ConfigFields& f, const std::string& type, const std::vector<std::string>& kinds, size_t i) {
  const double window = f.get({"sliding_window", "attention_chunk_size"}, 0);
  if (window <= 0 || !f.flag("use_sliding_window", true)) return 0;
  if (i < kinds.size())
    return kinds[i] == "sliding_attention" || kinds[i] == "chunked_attention" ? window : 0;
  if (const double pattern = f.get({"sliding_window_pattern"}, 0); pattern > 1)
    return (i + 1) % size_t(pattern) ? window : 0;
  if (type == "gemma2") return i % 2 ? 0 : window;
  if (type == "gemma3_text") return (i + 1) % 6 ? window : 0;
  if (type == "llama4_text") return (i + 1) % 4 ? window : 0;
  return one_of(type, {"qwen2", "qwen3"}) ? 0 : window;
}

struct Experts {
  Feed feed;  ///< of a layer with experts
  double first = 0, step = 1;
  std::set<double> dense;
};

Experts experts_of(ConfigFields& f, const std::string& type, double width) {
  Experts e;
  Feed& feed = e.feed;
  feed.experts = f.get({"num_local_experts", "num_experts", "n_routed_experts", "moe_num_experts"}, 0);
  if (feed.experts <= 1) return {};
  feed.active = f.need({"num_experts_per_tok", "num_experts_per_token", "moe_top_k", "moe_topk", "moe_k",
                        "num_selected_experts"});
  feed.expert_width = f.get({"moe_intermediate_size", "expert_ffn_hidden_size"}, width);
  feed.shared_width =
      f.get({"n_shared_experts", "num_shared_experts", "num_shared_expert", "moe_num_shared_experts"}, 0) *
      feed.expert_width;
  feed.shared_width =
      f.get({"shared_expert_intermediate_size", "shared_intermediate_size"}, feed.shared_width);
  if (type == "llama4_text") feed.shared_width = width;
  e.first = f.get({"first_k_dense_replace", "moe_layer_start_index"}, 0);
  e.step = std::max(1.0, f.get({"decoder_sparse_step", "interleave_moe_layer_step"}, 1));
  for (const double i : f.numbers("mlp_only_layers")) e.dense.insert(i);
  if (feed.active > feed.experts) f.fail("more experts active than there are");
  return e;
}

bool linear_layer(ConfigFields& f, const std::vector<std::string>& kinds, size_t i) {
  if (i < kinds.size()) return kinds[i] == "linear_attention";
  const double interval = f.get({"full_attention_interval"}, 0);
  return interval > 1 && (i + 1) % size_t(interval) != 0 && f.has("linear_num_value_heads");
}

}  // namespace

Transformer read_decoder(ConfigFields& f, const std::string& type) {
  Transformer t;
  t.hidden = f.need({"hidden_size", "n_embd", "d_model", "dim"});
  const double count = f.need({"num_hidden_layers", "n_layer", "num_layers", "n_layers"});
  t.vocab = f.need({"vocab_size", "padded_vocab_size"});
  t.tied = f.flag("tie_word_embeddings",
                  one_of(type, {"gpt2", "gemma", "gemma2", "gemma3_text", "falcon", "bloom", "opt",
                                "gpt_bigcode", "starcoder2", "mpt", "gpt_neo", "cohere", "cohere2"}));
  if (one_of(type, {"gpt2", "opt", "gpt_bigcode"}))
    t.positions = f.get({"max_position_embeddings", "n_positions"}, 0);
  const bool gated = !one_of(type, {"gptj", "gpt2", "gpt_neox", "gpt_bigcode", "opt", "bloom", "falcon",
                                    "phi", "starcoder2", "mpt", "codegen", "gpt_neo", "nemotron"});
  Feed dense;
  dense.gated = gated;
  const bool four =
      one_of(type, {"gptj", "gpt2", "gpt_neo", "gpt_bigcode", "bloom", "falcon", "mpt", "codegen"});
  dense.width =
      four ? f.get({"n_inner", "ffn_hidden_size", "intermediate_size"}, 4 * t.hidden)
           : f.need({"intermediate_size", "ffn_dim", "ffn_hidden_size", "moe_intermediate_size", "d_ff"});
  const Attention full = full_attention(f, t.hidden, type);
  const Experts moe = experts_of(f, type, dense.width);
  dense.width = f.get({"intermediate_size_mlp"}, dense.width);
  if (count > 2000) f.fail("`num_hidden_layers` is more than 2000");
  const std::vector<std::string> kinds = f.texts("layer_types");
  const std::vector<double> frequency = f.numbers("moe_layer_freq");
  for (size_t i = 0; i < size_t(count) && !f.failed(); ++i) {
    Layers one;
    one.attention = linear_layer(f, kinds, i) ? linear_attention(f) : full;
    if (one.attention.kind == AttentionKind::kFull) one.attention.window = window_of(f, type, kinds, i);
    bool sparse = moe.feed.experts > 0 && double(i) >= moe.first && !moe.dense.count(double(i)) &&
                  (i + 1) % size_t(moe.step) == 0;
    if (i < frequency.size()) sparse = moe.feed.experts > 0 && frequency[i] > 0;
    one.feed = sparse ? moe.feed : dense;
    one.feed.gated = gated;
    add_layer(t.layers, one);
  }
  return t;
}

namespace {

Transformer plain_encoder(double hidden, double layers, double heads, double width, bool gated) {
  Transformer t;
  t.hidden = hidden;
  t.causal = t.has_head = false;
  Layers l;
  l.count = layers;
  l.attention.heads = l.attention.kv_heads = heads;
  l.attention.head_dim = l.attention.value_dim = hidden / std::max(1.0, heads);
  l.feed.width = width;
  l.feed.gated = gated;
  t.layers.push_back(l);
  return t;
}

}  // namespace

void read_bert(ConfigFields& f, const std::string& type, Model& model) {
  const double hidden = f.need({"hidden_size", "dim", "n_embd"});
  Transformer t = plain_encoder(hidden, f.need({"num_hidden_layers", "n_layers", "n_layer"}),
                                f.need({"num_attention_heads", "n_heads", "n_head"}),
                                f.need({"intermediate_size", "hidden_dim", "n_inner"}),
                                one_of(type, {"nomic_bert", "modernbert"}));
  t.vocab = f.need({"vocab_size"});
  const bool rotary = one_of(type, {"nomic_bert", "modernbert"});
  t.positions = rotary ? 0 : f.get({"max_position_embeddings"}, 512) + f.get({"type_vocab_size"}, 0);
  t.embedding_dim = f.get({"embedding_size"}, 0);
  model.encoder = t;
  model.task = Task::kEmbed;
  model.item = "sentence";
  model.context_limit = f.get({"max_position_embeddings", "n_positions"}, 0);
  model.default_in = 128, model.default_out = 0;
}

void read_vit(ConfigFields& f, const std::string&, Model& model) {
  const double hidden = f.need({"hidden_size"});
  Transformer t = plain_encoder(hidden, f.need({"num_hidden_layers"}), f.need({"num_attention_heads"}),
                                f.get({"intermediate_size"}, f.get({"mlp_ratio"}, 4) * hidden), false);
  const double image = f.need({"image_size"}), patch = f.need({"patch_size"}),
               channels = f.get({"num_channels"}, 3);
  const double patches = std::floor(image / std::max(1.0, patch)) * std::floor(image / std::max(1.0, patch));
  Kernel embed{.kind = chip::OpKind::kGemm,
               .label = "patches",
               .m = patches,
               .n = hidden,
               .k = channels * patch * patch};
  embed.weights = embed.n * embed.k;
  embed.reads = channels * image * image, embed.writes = patches * hidden;
  const double classes = f.get({"num_labels"}, 1000);
  model.stages.push_back({.name = "patches",
                          .kernels = {embed},
                          .parameters = embed.weights + hidden * classes + (patches + 2) * hidden});
  model.encoder = t;
  model.encoder_tokens = patches + 1;
  model.task = Task::kItems;
  model.item = "image";
}

void read_whisper(ConfigFields& f, const std::string&, Model& model) {
  const double hidden = f.need({"d_model"}), frames = f.get({"max_source_positions"}, 1500);
  const double mels = f.get({"num_mel_bins"}, 80);
  Transformer e = plain_encoder(hidden, f.need({"encoder_layers"}), f.need({"encoder_attention_heads"}),
                                f.need({"encoder_ffn_dim"}), false);
  e.positions = frames;
  Transformer d = plain_encoder(hidden, f.need({"decoder_layers"}), f.need({"decoder_attention_heads"}),
                                f.need({"decoder_ffn_dim"}), false);
  d.causal = d.has_head = d.tied = true;
  d.vocab = f.need({"vocab_size"});
  d.positions = f.get({"max_target_positions"}, 448);
  d.layers[0].cross = true;
  Kernel first{.kind = chip::OpKind::kGemm, .label = "conv1", .m = 2 * frames, .n = hidden, .k = 3 * mels};
  Kernel second{.kind = chip::OpKind::kGemm, .label = "conv2", .m = frames, .n = hidden, .k = 3 * hidden};
  double parameters = 0;
  for (Kernel* k : {&first, &second}) {
    k->weights = k->n * k->k, k->reads = k->m * k->k / 3, k->writes = k->m * k->n;
    parameters += k->weights;
  }
  model.stages.push_back({.name = "spectrogram", .kernels = {first, second}, .parameters = parameters});
  model.encoder = e, model.decoder = d;
  model.encoder_tokens = frames;
  model.task = Task::kTranscribe;
  model.item = "token";
  model.context_limit = d.positions;
  model.default_in = 4, model.default_out = 100;  // the prompt's special tokens; words of 30 s of speech
}

namespace {

/// A text of --in tokens is read once by the encoder, then the decoder writes.
void text_to_text(Model& model) {
  model.encodes_prompt = true;
  model.task = Task::kTranscribe;
  model.default_in = model.encoder_tokens = 512, model.default_out = 128;
}

}  // namespace

void read_t5(ConfigFields& f, const std::string&, Model& model) {
  const double hidden = f.need({"d_model"}), layers = f.need({"num_layers"});
  const bool gated = f.text({"feed_forward_proj"}, "relu").find("gated") != std::string::npos;
  Transformer e = plain_encoder(hidden, layers, f.need({"num_heads"}), f.need({"d_ff"}), gated);
  e.layers[0].attention.head_dim = e.layers[0].attention.value_dim = f.need({"d_kv"});
  Transformer d = e;
  d.vocab = f.need({"vocab_size"});  // one table for both: counted with the decoder
  d.layers[0].count = f.get({"num_decoder_layers"}, layers);
  d.layers[0].cross = true;
  d.causal = d.has_head = true;
  d.tied = f.flag("tie_word_embeddings", true);
  model.encoder = e, model.decoder = d;
  text_to_text(model);
}

void read_bart(ConfigFields& f, const std::string&, Model& model) {
  const double hidden = f.need({"d_model"});
  Transformer e = plain_encoder(hidden, f.need({"encoder_layers"}), f.need({"encoder_attention_heads"}),
                                f.need({"encoder_ffn_dim"}), false);
  e.positions = f.get({"max_position_embeddings"}, 0);
  Transformer d = plain_encoder(hidden, f.need({"decoder_layers"}), f.need({"decoder_attention_heads"}),
                                f.need({"decoder_ffn_dim"}), false);
  d.vocab = f.need({"vocab_size"});  // one table for both, as T5's
  d.positions = e.positions;
  d.layers[0].cross = true;
  d.causal = d.has_head = d.tied = true;
  model.encoder = e, model.decoder = d;
  text_to_text(model);
}

}  // namespace ppu::workload

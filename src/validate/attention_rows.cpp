// Rows of attention kernels and of products of experts, from the sizes that their words name. Sizes that they
// leave open are those of the row's model, if it names one.
#include <algorithm>
#include <cctype>
#include <cstdio>

#include "chip/stack.h"
#include "validate/row_kinds.h"
#include "validate/words.h"

namespace ppu::validate {
namespace {

struct Sizes {
  double batch = 1, queries = 0, keys = 0, heads = 0, kv_heads = 0, dim = 0, value_dim = 0;
  bool causal = true, latent = false;
};

/// MLA (DeepSeek-V2, V3): heads share compressed keys of 512 and 64 numbers, which decoding reads as they
/// are.
constexpr double kLatentHeads = 128, kLatentRank = 512, kLatentRope = 64, kLatentDim = 192,
                 kLatentValue = 128;

/// "1x4096x32x128": batch, tokens, heads, size of a head.
bool four_numbers(const std::string& text, double* b, double* l, double* h, double* d) {
  for (size_t at = 0; at < text.size(); ++at)
    if (std::isdigit(static_cast<unsigned char>(text[at])) &&
        std::sscanf(text.c_str() + at, "%lfx%lfx%lfx%lf", b, l, h, d) == 4)
      return true;
  return false;
}

Result<Sizes> sizes_of(const Question& q) {
  const Row& row = q.row;
  const NamedNumbers named(words_of(row));
  Sizes s;
  s.latent = names(row, {"mla"});
  s.batch = named.of({"b", "bs", "batch", "batch_size", "batchsize"});
  if (s.batch <= 0) s.batch = row.batch > 0 ? row.batch : 1;
  s.keys = named.of({"kv", "kv_len", "kvlen", "skv", "s_kv", "s_k", "sk", "seqlen_k", "seqlen_kv",
                     "kv_seqlen", "context", "ctx", "past", "cache", "cache_len", "kv_cache"});
  const double length =
      named.of({"s", "seq", "seqlen", "seq_len", "isl", "len", "length", "tokens", "n_ctx"});
  s.queries = named.of({"q", "sq", "s_q", "q_len", "qlen", "seqlen_q", "q_seqlen"});
  const bool decodes = names(row, {"decod", "generat", "paged"}) && !names(row, {"prefill"});
  if (s.keys <= 0) s.keys = length > 0 ? length : row.in > 0 ? row.in : s.queries;
  if (s.queries <= 0) s.queries = decodes ? 1 : length > 0 ? length : row.in > 0 ? row.in : s.keys;
  s.heads = named.of(
      {"h", "nh", "heads", "n_heads", "num_heads", "q_heads", "nq", "hq", "h_q", "num_attention_heads"});
  s.kv_heads = named.of(
      {"kv_heads", "hkv", "h_kv", "nkv", "kvh", "n_kv_heads", "num_kv_heads", "num_key_value_heads"});
  s.dim = named.of({"d", "hd", "dim", "head_dim", "headdim", "hdim", "d_head", "head_size"});
  if (double b, l, h, d; s.heads <= 0 && four_numbers(words_of(row), &b, &l, &h, &d))
    s.batch = b, s.queries = s.queries > 1 ? s.queries : decodes ? 1 : l, s.keys = l, s.heads = h, s.dim = d;
  s.causal = !names(row, {"non-causal", "noncausal", "non causal", "causal=false", "bidirectional"});
  if (auto model = model_of(q); model && model->decoder && !model->decoder->layers.empty()) {
    const workload::Attention& a = model->decoder->layers[0].attention;
    s.latent |= a.kind == workload::AttentionKind::kLatent;
    if (s.heads <= 0) s.heads = a.heads;
    if (s.kv_heads <= 0 && !s.latent) s.kv_heads = a.kv_heads;
    if (s.dim <= 0 && !s.latent) s.dim = a.head_dim;
  }
  if (s.latent) {
    if (s.heads <= 0) s.heads = kLatentHeads;
    s.dim = kLatentDim, s.value_dim = kLatentValue, s.kv_heads = s.heads;
    if (s.queries <= 1) s.dim = kLatentRank + kLatentRope, s.value_dim = kLatentRank, s.kv_heads = 1;
  } else {
    if (s.kv_heads <= 0) s.kv_heads = names(row, {"mqa"}) ? 1 : s.heads;
    s.value_dim = s.dim;
  }
  if (s.keys <= 0 || s.heads <= 0 || s.dim <= 0)
    return unsupported("attention `" + words_of(row) +
                       "`: its sizes are wanted in words: b= (batch), s= (tokens) or kv= " +
                       "(decode), h= (heads), kv_heads=, d= (of a head)");
  if (s.keys < s.queries) s.keys = s.queries;
  return s;
}

}  // namespace

bool names_attention(const Row& row) {
  return names(row, {"attention", "attn", "fmha", "mla", "mha", "gqa", "mqa"});
}

Result<double> attention_row(const Question& q) {
  const Result<Sizes> found = sizes_of(q);
  if (!found) return found.error();
  const Sizes& s = found.value();
  const std::string narrow = precision_in(q.row.precision);
  const bool bytes8 = narrow == "fp8" || narrow == "int8";
  chip::Op op{.kind = chip::OpKind::kAttention, .label = "attention"};
  // Decoding reads a narrow cache and multiplies in 16 bits; prefill multiplies in the cache's type.
  op.math = bytes8 && s.queries > 1 ? chip::Number::kFp8 : chip::Number::kBf16;
  const double pairs = s.queries * (s.causal && s.queries > 1 ? s.keys - (s.queries - 1) / 2 : s.keys);
  op.flops = 2 * s.batch * pairs * s.heads * (s.dim + s.value_dim);
  const double cached = s.latent && s.queries <= 1 ? s.dim : s.dim + s.value_dim;
  op.read_bytes =
      s.batch * s.keys * s.kv_heads * cached * (bytes8 ? 1 : 2) + s.batch * s.queries * s.heads * s.dim * 2;
  op.write_bytes = s.batch * s.queries * s.heads * s.value_dim * 2;
  op.readers = s.queries <= 1 && !s.latent ? s.heads / s.kv_heads : 1;
  const chip::Cost cost = chip::predict(chip::Work{op}, q.chip, q.stack);
  const double seconds = cost.seconds.total(), peak = chip::peak_flops(q.chip, op.math);
  Answers answers(1);
  answers.set(Figure::kLatency, seconds).set(Figure::kFlopRate, op.flops / seconds);
  answers.set(Figure::kByteRate, (op.read_bytes + op.write_bytes) / seconds);
  if (peak > 0) answers.set(Figure::kFlopShare, op.flops / seconds / peak);
  return answers.set_power(cost, q.chip).pick(q);
}

Routed routed_of(const Row& row, const Shape& shape) {
  const NamedNumbers named(words_of(row));
  Routed r;
  if (!names(row, {"group", "moe", "expert"})) return r;
  r.groups =
      std::max(1.0, named.of({"e", "experts", "num_experts", "n_experts", "g", "groups", "num_groups"}));
  const double each = std::max(1.0, named.of({"topk", "top_k", "top", "active"}));
  r.groups = std::min(r.groups, shape.m * each);  // no more than there are rows
  r.rows = shape.m * each / r.groups;
  return r;
}

}  // namespace ppu::validate

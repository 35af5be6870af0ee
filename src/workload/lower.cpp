// Layers to operations. Each function appends one part of a layer; repeats stand for the layers of one make,
// so a 61-layer model is some thirty operations.
#include "workload/lower.h"

#include <algorithm>
#include <cmath>

namespace ppu::workload {
namespace {

using chip::Op;
using chip::OpKind;
using chip::Work;

/// Kernels that eager PyTorch launches where a serving engine has one (or none): counted from the operators
/// of the reference model code. A chunk of the linear-attention reference is 64 tokens, its triangular solve
/// a loop.
constexpr double kEagerNorm = 7, kEagerRotary = 10, kEagerActivation = 2, kEagerAttention = 5;
constexpr double kEagerLinearStep = 60, kEagerLinearChunk = 12, kEagerLinearSolve = 190;
constexpr double kLinearChunk = 64;

/// Sum over a piece's new tokens of the tokens each one sees.
double pairs_of(const Piece& p, double window, bool causal) {
  const double n = p.tokens, c = p.context;
  if (!causal) return n * (n + c);
  if (window <= 0 || c + n <= window) return n * c + n * (n + 1) / 2;
  if (c >= window) return n * window;
  const double growing = window - c;  // the first tokens see less than the window
  return growing * c + growing * (growing + 1) / 2 + (n - growing) * window;
}

/// Cached tokens a piece reads once.
double span_of(const Piece& p, double window) {
  const double all = p.context + p.tokens;
  return window > 0 ? std::min(all, window + p.tokens - 1) : all;
}

class Lowering {
 public:
  Lowering(const Deployment& d, const Transformer& t, std::span<const Piece> pieces)
      : d_(d), t_(t), q_(d.precision), tp_(d.parallel.tp), pieces_(pieces) {
    for (const Piece& p : pieces) tokens_ += p.sequences * p.tokens, rows_ += p.sequences;
  }

  Work take() { return std::move(work_); }

  void embed() {
    if (t_.vocab <= 0) return;
    const double width = t_.embedding_dim > 0 ? t_.embedding_dim : t_.hidden;
    const double bytes = tokens_ * width * q_.residual_bytes;
    work_.push_back({.kind = OpKind::kGather,
                     .label = "embed",
                     .read_bytes = bytes,
                     .write_bytes = bytes,
                     .piece_bytes = width * q_.residual_bytes});
  }

  void layers(const Layers& l) {
    repeat_ = l.count;
    norm("norm");
    switch (l.attention.kind) {
      case AttentionKind::kFull:
        full_attention(l.attention);
        break;
      case AttentionKind::kLatent:
        latent_attention(l.attention);
        break;
      case AttentionKind::kLinear:
        linear_attention(l.attention);
        break;
    }
    reduce("attn.reduce");
    if (l.cross) cross_attention(l.attention);
    norm("norm");
    feed(l.feed);
  }

  void head() {
    if (!t_.has_head) return;
    repeat_ = 1;
    norm_of("head.norm", tokens_);
    const double vocab = t_.vocab / tp_;
    Op op{.kind = OpKind::kGemm,
          .label = "head",
          .math = q_.attention_math,
          .m = rows_,
          .n = vocab,
          .k = t_.hidden};
    if (op.math == chip::Number::kFp8) op.math = chip::Number::kBf16;  // heads stay at 16 bits
    op.weight_bytes = vocab * t_.hidden * q_.residual_bytes;
    op.read_bytes = rows_ * t_.hidden * q_.residual_bytes;
    op.write_bytes = rows_ * vocab * q_.residual_bytes;
    work_.push_back(op);
    collective(OpKind::kAllGather, "head.gather", rows_ * t_.vocab * q_.residual_bytes, int(tp_), 1);
    vector("sample", rows_ * t_.vocab * 4, rows_ * 8, 3);
  }

  void pipeline() {
    const int stages = d_.parallel.pp;
    if (stages <= 1) return;
    collective(OpKind::kSend, "pipeline", tokens_ * t_.hidden * q_.residual_bytes, 2, stages - 1.0);
  }

  void encoder_keys(const Layers& l, double encoder_rows) {
    repeat_ = l.count;
    gemm("cross.kv", encoder_rows, 2 * l.attention.heads * l.attention.head_dim / tp_, t_.hidden);
  }

  void set_encoder_tokens(double tokens) { encoder_tokens_ = tokens; }

 private:
  void gemm(const char* label, double m, double n, double k, double groups = 1) {
    Op op{.kind = OpKind::kGemm, .label = label, .repeat = repeat_, .math = q_.math, .m = m, .n = n, .k = k};
    op.groups = groups;
    op.weight_bytes = groups * n * k * q_.weight_bits / 8;
    op.read_bytes = groups * m * k * q_.input_bytes;
    op.write_bytes = groups * m * n * q_.residual_bytes;
    work_.push_back(op);
  }

  /// An element-wise kernel; without fusion, `eager` kernels that each pass over their share of the data.
  void vector(const char* label, double reads, double writes, double eager, double flops = 0) {
    Op op{.kind = OpKind::kVector,
          .label = label,
          .repeat = repeat_,
          .flops = flops,
          .read_bytes = reads,
          .write_bytes = writes};
    if (!d_.fused) op.repeat *= eager;
    if (op.repeat > 0) work_.push_back(op);
  }

  void norm_of(const char* label, double rows) {
    const double bytes = rows * t_.hidden * q_.residual_bytes;  // with the residual: two in, two out
    vector(label, 2 * bytes, 2 * bytes, kEagerNorm + 1, 6 * rows * t_.hidden);
  }
  void norm(const char* label) { norm_of(label, tokens_); }

  void collective(OpKind kind, const char* label, double bytes, int ranks, double repeat) {
    if (ranks <= 1 || bytes <= 0) return;
    Op op{.kind = kind, .label = label, .repeat = repeat, .payload_bytes = bytes, .ranks = ranks};
    op.between_nodes =
        ranks > d_.chips_per_node || (kind == OpKind::kSend && d_.parallel.chips() > d_.chips_per_node);
    work_.push_back(op);
  }

  void reduce(const char* label) {
    collective(OpKind::kAllReduce, label, tokens_ * t_.hidden * q_.residual_bytes, int(tp_), repeat_);
  }

  /// The attention kernel of the decoding pieces, or of the others: engines have one for each.
  void attend(bool decode, const Attention& a, double heads, double cached_per_token, double qk, double v) {
    Op op{.kind = OpKind::kAttention,
          .label = decode ? "attn.decode" : "attn.prefill",
          .repeat = repeat_,
          .math = q_.attention_math};
    if (decode && a.kind == AttentionKind::kFull) op.readers = std::max(1.0, a.heads / a.kv_heads);
    double query_rows = 0;
    for (const Piece& p : pieces_) {
      if (decodes(p) != decode) continue;
      op.flops += 2 * p.sequences * pairs_of(p, a.window, t_.causal) * heads * (qk + v);
      op.read_bytes += p.sequences * span_of(p, a.window) * cached_per_token;
      op.write_bytes += t_.causal ? p.sequences * p.tokens * cached_per_token : 0;
      query_rows += p.sequences * p.tokens;
    }
    if (query_rows <= 0) return;
    op.read_bytes += query_rows * heads * qk * q_.residual_bytes;
    op.write_bytes += query_rows * heads * v * q_.residual_bytes;
    work_.push_back(op);
    if (!d_.fused) vector("attn.parts", 0, 0, kEagerAttention);
  }

  bool decodes(const Piece& p) const { return t_.causal && p.tokens == 1; }

  void full_attention(const Attention& a) {
    const double heads = a.heads / tp_, kv = std::max(1.0, a.kv_heads / tp_);
    gemm("qkv", tokens_, heads * a.head_dim * (a.gated ? 2 : 1) + kv * (a.head_dim + a.value_dim), t_.hidden);
    if (t_.causal) {
      const double bytes = tokens_ * (heads + kv) * a.head_dim * q_.residual_bytes;
      vector("rope", bytes, bytes, kEagerRotary + 2 * kEagerNorm);
    }
    const double cached = kv * (a.head_dim + a.value_dim) * q_.kv_bytes;
    for (const bool decode : {true, false}) attend(decode, a, heads, cached, a.head_dim, a.value_dim);
    gemm("attn.out", tokens_, t_.hidden, heads * a.value_dim);
  }

  void latent_attention(const Attention& a) {
    const double heads = a.heads / tp_, nope = a.head_dim - a.rope_dim;
    const double down = a.q_rank + a.kv_rank + a.rope_dim;
    gemm("mla.down", tokens_, down, t_.hidden);
    vector("mla.norm", tokens_ * down * q_.residual_bytes, tokens_ * down * q_.residual_bytes,
           2 * kEagerNorm);
    gemm("mla.q", tokens_, heads * a.head_dim, a.q_rank > 0 ? a.q_rank : t_.hidden);
    double decode = 0, seen = 0;
    for (const Piece& p : pieces_)
      (decodes(p) ? decode : seen) += p.sequences * (p.tokens + (decodes(p) ? 0 : p.context));
    if (decode > 0) {  // queries and results move into the compressed space, whose rows all heads share
      gemm("mla.absorb", decode, a.kv_rank, nope, heads);
      gemm("mla.expand", decode, a.value_dim, a.kv_rank, heads);
      attend(true, a, heads, (a.kv_rank + a.rope_dim) * q_.kv_bytes, a.kv_rank + a.rope_dim, a.kv_rank);
    }
    if (seen > 0) {  // keys and values of all that is seen are expanded first
      gemm("mla.kv", seen, heads * (nope + a.value_dim), a.kv_rank);
      const double expanded = heads * (a.head_dim + a.value_dim) * q_.residual_bytes;
      attend(false, a, heads, expanded, a.head_dim, a.value_dim);
    }
    gemm("attn.out", tokens_, t_.hidden, heads * a.value_dim);
  }

  void linear_attention(const Attention& a) {
    const double values = a.heads / tp_, keys = std::max(1.0, a.kv_heads / tp_);
    const double mixed = 2 * keys * a.head_dim + values * a.value_dim;
    gemm("linear.in", tokens_, mixed + values * a.value_dim + 2 * values, t_.hidden);
    double chunks = 0, chunk_tokens = 0;
    for (const Piece& p : pieces_)
      if (p.tokens > 1) {
        chunks += std::ceil(p.tokens / kLinearChunk);
        chunk_tokens += p.sequences * p.tokens;
      }
    // The state is FP32 and passes through memory once a step and sequence. Within a chunk, products of 64
    // x 64.
    const double state = values * a.head_dim * a.value_dim;
    const double inner = chunk_tokens * values * kLinearChunk * 2 * (a.head_dim + a.value_dim);
    vector("linear.conv", tokens_ * mixed * q_.residual_bytes, tokens_ * mixed * q_.residual_bytes, 5);
    Op op{.kind = OpKind::kAttention, .label = "linear.state", .repeat = repeat_, .math = q_.attention_math};
    op.flops = 8 * tokens_ * state + inner;
    op.read_bytes = rows_ * state * 4 + tokens_ * mixed * q_.residual_bytes;
    op.write_bytes = rows_ * state * 4 + tokens_ * values * a.value_dim * q_.residual_bytes;
    work_.push_back(op);
    if (!d_.fused)
      vector("linear.parts", 0, 0,
             kEagerLinearStep + (chunks > 0 ? kEagerLinearSolve + chunks * kEagerLinearChunk : 0));
    gemm("attn.out", tokens_, t_.hidden, values * a.value_dim);
  }

  /// Keys and values of the encoder's output are cached; here they are only read.
  void cross_attention(const Attention& a) {
    const double heads = a.heads / tp_;
    norm("cross.norm");
    gemm("cross.q", tokens_, heads * a.head_dim, t_.hidden);
    Op op{.kind = OpKind::kAttention, .label = "cross.attn", .repeat = repeat_, .math = q_.attention_math};
    op.flops = 4 * tokens_ * encoder_tokens_ * heads * a.head_dim;
    op.read_bytes = rows_ * encoder_tokens_ * 2 * heads * a.head_dim * q_.kv_bytes;
    op.write_bytes = tokens_ * heads * a.head_dim * q_.residual_bytes;
    work_.push_back(op);
    gemm("cross.out", tokens_, t_.hidden, heads * a.head_dim);
    reduce("cross.reduce");
  }

  void dense(const char* up, const char* down, double width, bool gated) {
    gemm(up, tokens_, (gated ? 2 : 1) * width / tp_, t_.hidden);
    const double bytes = tokens_ * width / tp_ * q_.residual_bytes;
    vector("ffn.act", (gated ? 2 : 1) * bytes, bytes, kEagerActivation, 8 * tokens_ * width / tp_);
    gemm(down, tokens_, t_.hidden, width / tp_);
  }

  void feed(const Feed& f) {
    if (f.width > 0) dense("ffn.up", "ffn.down", f.width, f.gated);
    if (f.shared_width > 0) dense("shared.up", "shared.down", f.shared_width, f.gated);
    if (f.experts > 0) experts(f);
    if (f.experts <= 0 || d_.parallel.dp == 1 || d_.parallel.ep == 1) reduce("ffn.reduce");
  }

  /// Every chip of the tp x dp group has its part of the experts and serves the tokens of all groups.
  void experts(const Feed& f) {
    const double ep = d_.parallel.ep, dp = ep > 1 ? d_.parallel.dp : 1;
    const double within = ep > 1 ? tp_ * dp / ep : tp_;  // chips that share one expert's width
    const double all = tokens_ * dp;
    {
      Op op{.kind = OpKind::kGemm,
            .label = "router",
            .repeat = repeat_,
            .m = tokens_,
            .n = f.experts,
            .k = t_.hidden};
      op.weight_bytes = f.experts * t_.hidden * q_.residual_bytes;
      op.read_bytes = tokens_ * t_.hidden * q_.residual_bytes;
      op.write_bytes = tokens_ * f.experts * 4;
      work_.push_back(op);
    }
    vector("route", tokens_ * f.experts * 4, tokens_ * f.active * 8, 6);
    const bool exchange = dp > 1;
    // A token travels once to each chip that has one of its experts; between nodes, once to each node.
    const double places = ep > d_.chips_per_node ? std::ceil(ep / d_.chips_per_node) : ep;
    const double copies = tokens_ * std::min(f.active, places);
    if (exchange)
      collective(OpKind::kAllToAll, "dispatch", copies * t_.hidden * std::max(1.0, q_.input_bytes), int(ep),
                 repeat_);
    const double local = f.experts / ep;
    const double used = std::max(1.0, local * (1 - std::pow(1 - f.active / f.experts, all)));
    const double rows = all * f.active / ep;  // routed to this chip
    const double width = f.expert_width / within;
    vector("gather", rows * t_.hidden * q_.residual_bytes, rows * t_.hidden * q_.input_bytes, 4);
    expert_gemm("experts.up", rows / used, (f.gated ? 2 : 1) * width, t_.hidden, used);
    const double bytes = rows * width * q_.residual_bytes;
    vector("experts.act", (f.gated ? 2 : 1) * bytes, bytes, kEagerActivation, 8 * rows * width);
    expert_gemm("experts.down", rows / used, t_.hidden, width, used);
    vector("combine", rows * t_.hidden * q_.residual_bytes, tokens_ * t_.hidden * q_.residual_bytes, 4);
    if (exchange)
      collective(OpKind::kAllToAll, "return", copies * t_.hidden * q_.residual_bytes, int(ep), repeat_);
  }

  void expert_gemm(const char* label, double m, double n, double k, double groups) {
    gemm(label, m, n, k, groups);
    work_.back().math = q_.expert_math;
    work_.back().routed = true;
    work_.back().weight_bytes = groups * n * k * q_.expert_bits / 8;
  }

  const Deployment& d_;
  const Transformer& t_;
  const Precision& q_;
  const double tp_;
  std::span<const Piece> pieces_;
  double tokens_ = 0;  ///< new tokens of this chip's group
  double rows_ = 0;    ///< sequences
  double encoder_tokens_ = 0;
  double repeat_ = 1;
  Work work_;
};

}  // namespace

Work lower_step(const Deployment& d, std::span<const Piece> pieces) {
  if (!d.model->decoder) return {};
  const Transformer& t = *d.model->decoder;
  Lowering out(d, t, pieces);
  out.set_encoder_tokens(d.model->encoder_tokens);
  out.embed();
  for (const Layers& l : t.layers) out.layers(l);
  out.pipeline();
  out.head();
  return out.take();
}

Work lower_encoder(const Deployment& d, double batch, double tokens) {
  if (!d.model->encoder) return {};
  const Piece all[] = {{batch, tokens, 0}};
  Lowering out(d, *d.model->encoder, all);
  out.embed();
  for (const Layers& l : d.model->encoder->layers) out.layers(l);
  if (d.model->decoder)
    for (const Layers& l : d.model->decoder->layers)
      if (l.cross) out.encoder_keys(l, batch * tokens);
  out.pipeline();
  return out.take();
}

Work lower_stages(const Deployment& d, double batch) {
  const Precision& q = d.precision;
  Work work;
  for (const Stage& stage : d.model->stages) {
    const size_t first = work.size();
    for (const Kernel& k : stage.kernels) {
      const double items = batch * stage.width;
      Op op{.kind = k.kind, .label = k.label, .repeat = k.repeat * stage.runs};
      double in = q.residual_bytes, out = q.residual_bytes;
      if (k.kind == OpKind::kGemm) {
        op.math = q.math;
        op.m = k.batched ? k.m : k.m * items;
        op.n = k.n, op.k = k.k;
        op.groups = k.batched ? k.groups * items : k.groups;
        in = q.input_bytes;
        if (q.math == chip::Number::kInt8 || q.math == chip::Number::kFp8)
          out = 1;  // networks stay quantised
      } else if (k.kind == OpKind::kAttention) {
        op.math = q.attention_math;
      } else if (q.input_bytes < 2) {
        in = out = 1;
      }
      op.weight_bytes = k.weights * q.weight_bits / 8;
      op.flops = k.kind == OpKind::kGemm ? 0 : k.flops * items;
      op.read_bytes = k.reads * items * in;
      op.write_bytes = k.writes * items * out;
      op.piece_bytes = k.piece * in;
      work.push_back(op);
    }
    if (!stage.looped) continue;
    double bytes = 0;
    for (size_t i = first; i < work.size(); ++i)
      bytes +=
          (work[i].weight_bytes + work[i].read_bytes + work[i].write_bytes) * work[i].repeat / stage.runs;
    for (size_t i = first; i < work.size(); ++i) work[i].loop_bytes = bytes;
  }
  return work;
}

Work lower_items(const Deployment& d, double batch, double tokens) {
  Work work = lower_stages(d, batch);
  const double length = d.model->encoder_tokens > 0 ? d.model->encoder_tokens : tokens;
  for (Op& op : lower_encoder(d, batch, length)) work.push_back(std::move(op));
  return work;
}

}  // namespace ppu::workload

// Bytes of weights, caches and activations on one chip of a deployment.
#include "workload/memory.h"

#include <algorithm>
#include <cmath>

namespace ppu::workload {
namespace {

constexpr double kGiB = 1024.0 * 1024 * 1024;
constexpr double kUsable = 0.92;         // vLLM's default share of the memory
constexpr double kEngine = 1.0 * kGiB;   // context, CUDA graphs, workspaces
constexpr double kLiveActivations = 10;  // buffers of `hidden` per token alive at once

double transformer_weights(const Transformer& t, const Deployment& d) {
  const Precision& q = d.precision;
  const Parallel& p = d.parallel;
  const double ep = p.ep > 1 ? double(p.tp) * p.dp : p.tp;  // ep x the chips that share an expert's width
  double bytes = (t.embedding_parameters() + t.head_parameters()) * q.residual_bytes / p.tp;
  for (const Layers& l : t.layers) {
    const double matrices = l.feed.gated ? 3 : 2;
    const double experts = matrices * t.hidden * l.feed.experts * l.feed.expert_width;
    double attention = t.attention_parameters(l) / p.tp;
    if (l.attention.kind == AttentionKind::kFull &&
        l.attention.kv_heads < p.tp)  // each chip has a whole KV head
      attention +=
          t.hidden * (l.attention.head_dim + l.attention.value_dim) * (1 - l.attention.kv_heads / p.tp);
    const double dense = t.feed_parameters(l) - experts;
    bytes += l.count * ((attention + dense / p.tp) * q.weight_bits / 8 + experts / ep * q.expert_bits / 8);
  }
  return bytes / p.pp;
}

void add_cache(const Transformer& t, const Deployment& d, Memory& m) {
  const Precision& q = d.precision;
  const double tp = d.parallel.tp, pp = d.parallel.pp;
  for (const Layers& l : t.layers) {
    const Attention& a = l.attention;
    double token = 0;
    if (a.kind == AttentionKind::kFull)
      token = std::max(1.0, a.kv_heads / tp) * (a.head_dim + a.value_dim) * q.kv_bytes;
    else if (a.kind == AttentionKind::kLatent)
      token = (a.kv_rank + a.rope_dim) * q.kv_bytes;
    else
      m.state_per_sequence += l.count / pp * a.heads / tp * a.head_dim * a.value_dim * 4;
    if (a.window > 0)
      m.state_per_sequence += l.count / pp * a.window * token;
    else
      m.kv_per_token += l.count / pp * token;
    if (l.cross)
      m.state_per_sequence +=
          l.count / pp * d.model->encoder_tokens * 2 * a.heads / tp * a.head_dim * q.kv_bytes;
  }
}

}  // namespace

double Memory::sequences(double tokens) const {
  const double each = tokens * kv_per_token + state_per_sequence;
  if (room() <= 0) return 0;
  return each > 0 ? std::floor(room() / each) : 1e9;
}

Memory memory_of(const Deployment& d, const chip::Numbers& chip, double step_tokens) {
  Memory m;
  const bool on_chip = !(chip.memory_gib > 0);  // Hanguang: all of it in SRAM, placed by its compiler
  m.capacity = on_chip ? chip.sram_mib * 1024 * 1024 : kUsable * chip.memory_gib * kGiB;
  const Model& model = *d.model;
  double width = 0;
  for (const auto* t :
       {model.encoder ? &*model.encoder : nullptr, model.decoder ? &*model.decoder : nullptr}) {
    if (!t) continue;
    m.weights += transformer_weights(*t, d);
    width = std::max(width, t->hidden);
  }
  double widest = 0;
  for (const Stage& stage : model.stages) {
    m.weights += stage.parameters * d.precision.weight_bits / 8;
    for (const Kernel& k : stage.kernels) widest = std::max(widest, (k.reads + k.writes) * stage.width);
  }
  m.activations = (on_chip ? 0 : kEngine) +
                  step_tokens * width * kLiveActivations * d.precision.residual_bytes +
                  widest * d.precision.residual_bytes;
  if (model.decoder) add_cache(*model.decoder, d, m);
  return m;
}

int chips_needed(const Deployment& deployment, const chip::Numbers& chip, double tokens) {
  Deployment d = deployment;
  for (int n = 1; n <= 64 * d.chips_per_node; n *= 2) {
    d.parallel = {.tp = std::min(n, d.chips_per_node), .pp = std::max(1, n / d.chips_per_node)};
    if (!check(d)) continue;
    if (memory_of(d, chip, std::min(tokens, 2048.0)).sequences(tokens) >= 1) return n;
  }
  return 0;
}

}  // namespace ppu::workload

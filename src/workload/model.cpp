// Parameter counts: what must be in memory, and what one token passes through.
#include "workload/model.h"

namespace ppu::workload {

double Transformer::layer_count() const {
  double n = 0;
  for (const Layers& l : layers) n += l.count;
  return n;
}

double Transformer::attention_parameters(const Layers& layers) const {
  const Attention& a = layers.attention;
  const double queries = a.heads * a.head_dim, values = a.heads * a.value_dim;
  double n = 0;
  switch (a.kind) {
    case AttentionKind::kFull:
      n = hidden * (queries * (a.gated ? 2 : 1) + a.kv_heads * (a.head_dim + a.value_dim)) + values * hidden;
      break;
    case AttentionKind::kLatent:
      n = (a.q_rank > 0 ? a.q_rank * (hidden + queries) : hidden * queries) +
          hidden * (a.kv_rank + a.rope_dim) + a.kv_rank * a.heads * (a.head_dim - a.rope_dim + a.value_dim) +
          values * hidden;
      break;
    case AttentionKind::kLinear: {
      const double keys = a.kv_heads * a.head_dim;
      n = hidden * (2 * keys + values * 2 + 2 * a.heads) + (2 * keys + values) * a.conv_width +
          values * hidden;
      break;
    }
  }
  return layers.cross ? n + hidden * queries + 2 * hidden * queries + queries * hidden : n;
}

double Transformer::feed_parameters(const Layers& layers) const {
  const Feed& f = layers.feed;
  const double matrices = f.gated ? 3 : 2;
  return hidden * (matrices * (f.width + f.shared_width + f.experts * f.expert_width) + f.experts);
}

double Transformer::embedding_parameters() const {
  const double width = embedding_dim > 0 ? embedding_dim : hidden;
  return (vocab + positions) * width + (width != hidden ? 2 * width * hidden : 0);
}

double Transformer::head_parameters() const {
  return has_head && !tied ? vocab * (embedding_dim > 0 ? embedding_dim : hidden) : 0;
}

double Transformer::parameters() const {
  double n = embedding_parameters() + head_parameters();
  for (const Layers& l : layers) n += l.count * (attention_parameters(l) + feed_parameters(l) + 2 * hidden);
  return n;
}

double Transformer::active_parameters() const {
  double n = has_head ? vocab * hidden : 0;
  for (const Layers& l : layers) {
    const Feed& f = l.feed;
    const double idle = (f.gated ? 3 : 2) * hidden * (f.experts - f.active) * f.expert_width;
    n += l.count * (attention_parameters(l) + feed_parameters(l) - idle);
  }
  return n;
}

double Model::parameters() const {
  double n = 0;
  for (const Stage& s : stages) n += s.parameters;
  if (encoder) n += encoder->parameters();
  if (decoder) n += decoder->parameters();
  return n;
}

double Model::active_parameters() const {
  double n = 0;
  for (const Stage& s : stages) n += s.parameters;
  if (encoder) n += encoder->active_parameters();
  if (decoder) n += decoder->active_parameters();
  return n;
}

}  // namespace ppu::workload

// See diffusion.h.
#include "workload/diffusion.h"

#include <algorithm>
#include <cmath>

#include "workload/network_builder.h"

namespace ppu::workload {
namespace {

constexpr double kPromptTokens = 77;

class UNet {
 public:
  explicit UNet(ConfigFields& f)
      : f_(f),
        widths_(f.numbers("block_out_channels")),
        depth_(f.numbers("transformer_layers_per_block")),
        heads_(f.numbers("attention_head_dim")),
        downs_(f.texts("down_block_types")),
        net_("unet", f.get({"in_channels"}, 4), f.need({"sample_size"})) {
    if (widths_.empty()) f.fail("`block_out_channels` is missing; a UNet can't be sized without it");
    if (depth_.empty()) depth_.assign(widths_.size(), f.get({"transformer_layers_per_block"}, 1));
    if (heads_.empty()) heads_.assign(widths_.size(), 8);
    depth_.resize(widths_.size(), 1), heads_.resize(widths_.size(), 8);
    context_ = f.get({"cross_attention_dim"}, 768);
    layers_ = std::min(f.get({"layers_per_block"}, 2), 32.0);
  }

  Stage build() {
    if (f_.failed()) return {};
    const size_t n = widths_.size();
    time_ = 4 * widths_[0];
    net_.dense("time", 1, time_, widths_[0]);
    net_.conv("in", widths_[0], 3);
    std::vector<double> skips{widths_[0]};
    for (size_t i = 0; i < n; ++i) {
      for (double j = 0; j < layers_; ++j) {
        block(widths_[i], attends(i) ? depth_[i] : 0, i);
        skips.push_back(widths_[i]);
      }
      if (i + 1 < n) net_.conv("down", widths_[i], 3, 2), skips.push_back(widths_[i]);
    }
    block(widths_[n - 1], depth_[n - 1], n - 1);
    block(widths_[n - 1], 0, n - 1);
    for (size_t i = n; i-- > 0;) {
      for (double j = 0; j <= layers_; ++j) {
        net_.set_shape(net_.channels() + skips.back(), net_.edge());
        skips.pop_back();
        block(widths_[i], attends(i) ? depth_[i] : 0, i);
      }
      if (i > 0) net_.upsample(2), net_.conv("up", widths_[i], 3);
    }
    net_.normalise("norm");
    net_.conv("out", f_.get({"out_channels"}, 4), 3);
    return net_.take();
  }

 private:
  bool attends(size_t i) const { return i >= downs_.size() || downs_[i].starts_with("CrossAttn"); }

  void block(double out, double transformers, size_t level) {
    const double in = net_.channels();
    net_.normalise("group-norm");
    net_.conv("res.conv", out, 3);
    net_.dense("res.time", 1, out, time_);
    net_.normalise("group-norm");
    net_.conv("res.conv", out, 3);
    if (in != out) {
      net_.set_shape(in, net_.edge());
      net_.conv("res.shortcut", out, 1);
    }
    if (transformers > 0) transformer(out, transformers, heads_[level]);
  }

  void transformer(double c, double layers, double heads) {
    const double rows = net_.pixels(), head_dim = c / std::max(1.0, heads);
    net_.normalise("group-norm");
    net_.dense("proj", rows, c, c);
    for (double i = 0; i < std::min(layers, 64.0); ++i) {
      net_.normalise("layer-norm");
      net_.dense("self.qkv", rows, 3 * c, c);
      net_.attention("self.attn", rows, rows, heads, head_dim);
      net_.dense("self.out", rows, c, c);
      net_.normalise("layer-norm");
      net_.dense("cross.q", rows, c, c);
      net_.dense("cross.kv", kPromptTokens, 2 * c, context_);
      net_.attention("cross.attn", rows, kPromptTokens, heads, head_dim);
      net_.dense("cross.out", rows, c, c);
      net_.normalise("layer-norm");
      net_.dense("ffn.up", rows, 8 * c, c);
      net_.pass("ffn.geglu", 8 * c * rows, 4 * c * rows);
      net_.dense("ffn.down", rows, c, 4 * c);
    }
    net_.dense("proj", rows, c, c);
  }

  ConfigFields& f_;
  std::vector<double> widths_, depth_, heads_;
  std::vector<std::string> downs_;
  NetworkBuilder net_;
  double context_ = 0, layers_ = 0, time_ = 0;
};

Stage vae_decoder(ConfigFields& f, double latent_edge) {
  const std::vector<double> widths = f.numbers("block_out_channels");
  if (widths.empty()) {
    f.fail("`block_out_channels` is missing; a VAE can't be sized without it");
    return {};
  }
  NetworkBuilder net("vae", f.get({"latent_channels"}, 4), latent_edge);
  const double top = widths.back(), layers = std::min(f.get({"layers_per_block"}, 2), 32.0) + 1;
  const auto residual = [&](double out) {
    const double in = net.channels();
    net.normalise("group-norm");
    net.conv("vae.conv", out, 3);
    net.normalise("group-norm");
    net.conv("vae.conv", out, 3);
    if (in == out) return;
    net.set_shape(in, net.edge());
    net.conv("vae.shortcut", out, 1);
  };
  net.conv("vae.in", top, 3);
  residual(top);
  net.dense("vae.qkv", net.pixels(), 3 * top, top);
  net.attention("vae.attn", net.pixels(), net.pixels(), 1, top);
  net.dense("vae.out", net.pixels(), top, top);
  residual(top);
  for (size_t i = widths.size(); i-- > 0;) {
    for (double j = 0; j < layers; ++j) residual(widths[i]);
    if (i > 0) net.upsample(2), net.conv("vae.up", widths[i], 3);
  }
  net.normalise("group-norm");
  net.conv("vae.image", 3, 3);
  return net.take();
}

Stage text_encoder(ConfigFields& f) {
  const double h = f.need({"hidden_size"}), layers = std::min(f.need({"num_hidden_layers"}), 200.0);
  const double heads = f.need({"num_attention_heads"}), width = f.need({"intermediate_size"});
  NetworkBuilder net("text", 1, 1);
  net.gather("tokens", kPromptTokens, h, f.get({"vocab_size"}, 49408) + kPromptTokens);
  for (double i = 0; i < layers; ++i) {
    net.dense("text.qkv", kPromptTokens, 3 * h, h);
    net.attention("text.attn", kPromptTokens, kPromptTokens, heads, h / std::max(1.0, heads));
    net.dense("text.out", kPromptTokens, h, h);
    net.dense("text.up", kPromptTokens, width, h);
    net.dense("text.down", kPromptTokens, h, width);
  }
  return net.take();
}

}  // namespace

void read_unet(ConfigFields& f, Model& model) {
  Stage stage = UNet(f).build();
  model.stages.push_back(std::move(stage));
  model.task = Task::kItems;
  model.item = "step";
  model.default_out = 0;
}

void read_diffusion(ConfigFields& f, Model& model) {
  static const nlohmann::json kNothing = nlohmann::json::object();
  const auto part = [&](const char* name) -> const nlohmann::json& {
    const auto at = f.object().find(name);
    if (at != f.object().end() && at->is_object()) return *at;
    f.fail("`" + std::string(name) + "` is missing; a pipeline can't be sized without it");
    return kNothing;
  };
  ConfigFields unet(part("unet"), f.where() + " unet"), vae(part("vae"), f.where() + " vae");
  if (f.failed()) return;
  const double guidance = f.get({"guidance"}, 2);
  const auto encoders = f.object().find("text_encoders");
  if (encoders != f.object().end() && encoders->is_array())
    for (const nlohmann::json& one : *encoders) {
      ConfigFields text(one, f.where() + " text_encoders");
      Stage stage = text_encoder(text);
      stage.width = guidance;
      if (text.failed()) return f.fail(text.error().message);
      model.stages.push_back(std::move(stage));
    }
  Stage denoise = UNet(unet).build();
  denoise.runs = f.need({"steps"}), denoise.width = guidance;
  model.stages.push_back(std::move(denoise));
  model.stages.push_back(vae_decoder(vae, unet.need({"sample_size"})));
  for (const ConfigFields* inner : {&unet, &vae})
    if (inner->failed()) f.fail(inner->error().message);
  model.task = Task::kItems;
  model.item = "image";
  model.default_out = 0;
}

}  // namespace ppu::workload

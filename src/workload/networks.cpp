// Networks that aren't transformers, by the structure their papers and reference code give: ResNet and its
// kin, MobileNet, SSD, RetinaNet, YOLOv8, 3D-UNet, DLRM. Diffusion is in diffusion.cpp, LSTM in
// recurrent.cpp.
#include <algorithm>
#include <cmath>

#include "workload/config_fields.h"
#include "workload/diffusion.h"
#include "workload/model.h"
#include "workload/network_builder.h"
#include "workload/recurrent.h"

namespace ppu::workload {
namespace {

void as_items(Model& model, const char* item) {
  model.task = Task::kItems;
  model.item = item;
  model.default_in = 1, model.default_out = 0;
}

/// Stem and stages of a ResNet or ResNeXt; `taps` gets channels and edge after each stage.
struct Tap {
  double channels, edge;
};
std::vector<Tap> residual_stages(NetworkBuilder& net, ConfigFields& f) {
  std::vector<double> depths = f.numbers("depths"), widths = f.numbers("hidden_sizes");
  if (depths.empty() || depths.size() != widths.size()) {
    f.fail("`depths` and `hidden_sizes` want one number a stage each");
    return {};
  }
  const bool bottleneck = f.text({"layer_type"}, "bottleneck") == "bottleneck";
  std::vector<double> strides = f.numbers("strides");
  strides.resize(depths.size(), 0);  // 0: 1 for the first stage, 2 for the others
  const double groups = f.get({"cardinality"}, 1), factor = f.get({"width_factor"}, 1);
  net.conv("stem", f.get({"embedding_size"}, 64), 7, 2);
  const double before = net.channels() * net.pixels();
  net.set_shape(net.channels(), std::ceil(net.edge() / 2));
  net.pass("pool", before, net.channels() * net.pixels());
  std::vector<Tap> taps;
  for (size_t s = 0; s < depths.size(); ++s) {
    for (double block = 0; block < std::min(depths[s], 500.0); ++block) {
      const double wanted = strides[s] > 0 ? strides[s] : s > 0 ? 2 : 1;
      const double stride = block == 0 ? wanted : 1, in = net.channels(), edge = net.edge(), out = widths[s];
      if (block == 0 && (in != out || stride > 1)) {
        net.conv("shortcut", out, 1, stride);
        net.set_shape(in, edge);
      }
      if (bottleneck) {
        net.conv("reduce", out / 4 * factor, 1);
        net.conv("conv3x3", out / 4 * factor, 3, stride, groups);
        net.conv("expand", out, 1);
      } else {
        net.conv("conv3x3", out, 3, stride);
        net.conv("conv3x3", out, 3);
      }
      net.stage().kernels.back().reads += out * net.pixels();  // the residual, added in the last convolution
    }
    taps.push_back({net.channels(), net.edge()});
  }
  return taps;
}

void read_resnet(ConfigFields& f, Model& model) {
  NetworkBuilder net("resnet", f.get({"num_channels"}, 3), f.get({"image_size"}, 224));
  residual_stages(net, f);
  net.pass("pool", net.channels() * net.pixels(), net.channels());
  net.dense("classifier", 1, f.get({"num_labels"}, 1000), net.channels());
  model.stages.push_back(net.take());
  as_items(model, "image");
}

void read_retinanet(ConfigFields& f, Model& model) {
  NetworkBuilder net("retinanet", 3, f.need({"image_size"}));
  std::vector<Tap> taps = residual_stages(net, f);
  if (taps.size() < 4) return f.fail("`depths` wants four stages");
  const double width = f.get({"fpn_channels"}, 256), anchors = f.get({"anchors"}, 9);
  const double classes = f.need({"num_labels"});
  std::vector<Tap> levels;
  for (size_t i = taps.size(); i-- > 1;) {  // P5 to P3: lateral, sum with the level above, smoothing
    net.set_shape(taps[i].channels, taps[i].edge);
    net.conv("fpn.lateral", width, 1);
    net.conv("fpn.smooth", width, 3);
    levels.push_back({width, taps[i].edge});
  }
  net.set_shape(width, taps.back().edge);
  for (int extra = 0; extra < 2; ++extra) {  // P6 and P7, from P5
    net.conv("fpn.extra", width, 3, 2);
    levels.push_back({width, net.edge()});
  }
  bool first = true;
  for (const Tap& level : levels) {  // one set of head weights serves all levels
    for (const double out : {anchors * classes, anchors * 4}) {
      net.set_shape(width, level.edge);
      for (int i = 0; i < 4; ++i) net.conv("head.conv", width, 3, 1, 1, first);
      net.conv("head.out", out, 3, 1, 1, first);
    }
    first = false;
  }
  double scores = 0;
  for (const Tap& level : levels) scores += level.edge * level.edge * anchors * (classes + 4);
  net.pass("sigmoid+topk", scores, scores / 16);
  net.pass("nms", 5000 * 8, 1000 * 8);
  model.stages.push_back(net.take());
  as_items(model, "image");
}

/// MobileNet's blocks: each channel filtered by itself, then mixed. `hidden_sizes` and `strides` want one
/// number each.
void separable_blocks(NetworkBuilder& net, ConfigFields& f) {
  const std::vector<double> widths = f.numbers("hidden_sizes"), strides = f.numbers("strides");
  if (widths.empty() || widths.size() != strides.size())
    return f.fail("`hidden_sizes` and `strides` want one number a block each");
  net.conv("stem", f.get({"embedding_size"}, 32), 3, 2);
  for (size_t i = 0; i < widths.size(); ++i) {
    net.conv("depthwise", net.channels(), 3, strides[i], net.channels());
    net.conv("pointwise", widths[i], 1);
  }
}

void read_mobilenet(ConfigFields& f, Model& model) {
  NetworkBuilder net("mobilenet", 3, f.get({"image_size"}, 224));
  separable_blocks(net, f);
  net.pass("pool", net.channels() * net.pixels(), net.channels());
  net.dense("classifier", 1, f.get({"num_labels"}, 1000), net.channels());
  model.stages.push_back(net.take());
  as_items(model, "image");
}

/// A single-shot detector: a backbone, levels of half the edge each behind it, and a head on every level.
void read_ssd(ConfigFields& f, Model& model) {
  NetworkBuilder net("ssd", 3, f.need({"image_size"}));
  if (f.numbers("depths").empty())
    separable_blocks(net, f);
  else
    residual_stages(net, f);
  const double classes = f.need({"num_labels"}), anchors = f.get({"anchors"}, 6);
  std::vector<Tap> levels{{net.channels(), net.edge()}};
  for (const double width : f.numbers("extra_sizes")) {
    net.conv("extra.reduce", width / 2, 1);
    net.conv("extra", width, 3, 2);
    levels.push_back({width, net.edge()});
  }
  double boxes = 0;
  for (const Tap& level : levels) {
    net.set_shape(level.channels, level.edge);
    net.conv("head", anchors * (classes + 4), f.get({"head_kernel"}, 3));
    boxes += level.edge * level.edge * anchors;
  }
  net.pass("nms", boxes * (classes + 4), 200 * 6);
  model.stages.push_back(net.take());
  as_items(model, "image");
}

/// YOLOv8's split block: `n` pairs of convolutions whose results are all kept.
void c2f(NetworkBuilder& net, double out, double n) {
  const double half = out / 2, edge = net.edge();
  net.conv("c2f.in", out, 1);
  for (double i = 0; i < n; ++i) {
    net.set_shape(half, edge);
    net.conv("c2f.conv", half, 3);
    net.conv("c2f.conv", half, 3);
  }
  net.set_shape((2 + n) * half, edge);
  net.conv("c2f.out", out, 1);
}

void read_yolo(ConfigFields& f, Model& model) {
  const double depth = f.need({"depth_multiple"}), width = f.need({"width_multiple"});
  const double most = f.get({"max_channels"}, 1024), classes = f.get({"num_labels"}, 80);
  const auto channels = [&](double c) { return std::ceil(std::min(c, most) * width / 8) * 8; };
  const auto times = [&](double n) { return std::max(1.0, std::round(n * depth)); };
  NetworkBuilder net("yolov8", 3, f.get({"image_size"}, 640));
  net.conv("stem", channels(64), 3, 2);
  std::vector<Tap> taps;
  const double stages[][2] = {{128, 3}, {256, 6}, {512, 6}, {1024, 3}};
  for (const auto& [c, n] : stages) {
    net.conv("down", channels(c), 3, 2);
    c2f(net, channels(c), times(n));
    taps.push_back({net.channels(), net.edge()});
  }
  const double top = net.channels();  // SPPF: halve, three pools, join
  net.conv("sppf.in", top / 2, 1);
  net.pass("sppf.pool", 3 * net.channels() * net.pixels(), 3 * net.channels() * net.pixels());
  net.set_shape(2 * top, net.edge());
  net.conv("sppf.out", top, 1);
  net.upsample(2);
  net.set_shape(top + taps[2].channels, net.edge());
  c2f(net, channels(512), times(3));
  const Tap middle{net.channels(), net.edge()};
  net.upsample(2);
  net.set_shape(net.channels() + taps[1].channels, net.edge());
  c2f(net, channels(256), times(3));
  std::vector<Tap> levels{{net.channels(), net.edge()}};
  net.conv("down", net.channels(), 3, 2);
  net.set_shape(net.channels() + middle.channels, net.edge());
  c2f(net, channels(512), times(3));
  levels.push_back({net.channels(), net.edge()});
  net.conv("down", net.channels(), 3, 2);
  net.set_shape(net.channels() + top, net.edge());
  c2f(net, channels(1024), times(3));
  levels.push_back({net.channels(), net.edge()});
  const double box = std::max({16.0, levels[0].channels / 4, 64.0});
  const double score = std::max(levels[0].channels, std::min(classes, 100.0));
  for (const Tap& level : levels)
    for (const auto& [inner, out] : {std::pair{box, 64.0}, std::pair{score, classes}}) {
      net.set_shape(level.channels, level.edge);
      net.conv("detect.conv", inner, 3);
      net.conv("detect.conv", inner, 3);
      net.conv("detect.out", out, 1);
    }
  net.pass("nms", 8400 * (classes + 4), 300 * 6);
  model.stages.push_back(net.take());
  as_items(model, "image");
}

void read_unet3d(ConfigFields& f, Model& model) {
  std::vector<double> widths = f.numbers("hidden_sizes");
  if (widths.size() < 2) return f.fail("`hidden_sizes` wants the channels of two levels or more");
  NetworkBuilder net("3d-unet", f.get({"num_channels"}, 1), f.need({"window_size"}), 3);
  std::vector<Tap> skips;
  for (size_t i = 0; i < widths.size(); ++i) {
    net.conv("encode", widths[i], 3, i ? 2 : 1);
    net.normalise("instance-norm");
    net.conv("encode", widths[i], 3);
    net.normalise("instance-norm");
    skips.push_back({net.channels(), net.edge()});
  }
  for (size_t i = widths.size() - 1; i-- > 0;) {
    net.up_conv("up", widths[i], 2);
    net.set_shape(2 * widths[i], skips[i].edge);
    net.conv("decode", widths[i], 3);
    net.normalise("instance-norm");
    net.conv("decode", widths[i], 3);
    net.normalise("instance-norm");
  }
  net.conv("classes", f.get({"num_labels"}, 3), 1);
  Stage stage = net.take();
  stage.runs = f.get({"windows"}, 1);
  model.stages.push_back(stage);
  as_items(model, "volume");
}

void read_dlrm(ConfigFields& f, Model& model) {
  const double dim = f.need({"embedding_dim"}), tables = f.need({"num_tables"}),
               rows = f.need({"num_embeddings"});
  NetworkBuilder net("dlrm", 1, 1);
  double in = f.need({"num_dense"});
  for (const double out : f.numbers("bottom_mlp")) net.dense("bottom", 1, out, in), in = out;
  net.gather("embeddings", f.get({"lookups"}, tables), dim, rows);
  net.pass("pool", f.get({"lookups"}, tables) * dim, tables * dim);
  in = (tables + 1) * dim;
  const double rank = f.get({"cross_rank"}, 0);
  if (rank > 0) {
    for (double i = 0; i < std::min(f.get({"cross_layers"}, 3), 64.0); ++i) {
      net.dense("cross.down", 1, rank, in);
      net.dense("cross.up", 1, in, rank);
      net.pass("cross.mix", 3 * in, in);
    }
  } else {  // every pair of feature vectors
    net.pass("interact", in, (tables + 1) * tables / 2);
    in = dim + (tables + 1) * tables / 2;
  }
  for (const double out : f.numbers("top_mlp")) net.dense("top", 1, out, in), in = out;
  Stage stage = net.take();
  stage.width = f.get({"pairs"}, 1);
  model.stages.push_back(stage);
  as_items(model, "query");
}

using Read = void (*)(ConfigFields&, Model&);
struct NetworkRow {
  const char* type;
  Read read;
};
constexpr NetworkRow kNetworks[] = {
    {"resnet", read_resnet},
    {"mobilenet", read_mobilenet},
    {"ssd", read_ssd},
    {"retinanet", read_retinanet},
    {"yolov8", read_yolo},
    {"unet3d", read_unet3d},
    {"dlrm", read_dlrm},
    {"rnnt", read_rnnt},
    {"gnmt", read_gnmt},
    {"stable-diffusion-xl", read_diffusion},
    {"UNet2DConditionModel", read_unet},
};

}  // namespace

bool read_network(ConfigFields& f, const std::string& type, Model& model) {
  for (const NetworkRow& row : kNetworks)
    if (type == row.type) {
      row.read(f, model);
      return true;
    }
  return false;
}

}  // namespace ppu::workload

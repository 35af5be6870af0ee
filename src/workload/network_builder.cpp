// See network_builder.h.
#include "workload/network_builder.h"

#include <algorithm>
#include <cmath>

namespace ppu::workload {

using chip::OpKind;

namespace {

bool same(const Kernel& a, const Kernel& b) {
  return a.kind == b.kind && a.label == b.label && a.m == b.m && a.n == b.n && a.k == b.k &&
         a.groups == b.groups && a.batched == b.batched && a.weights == b.weights && a.flops == b.flops &&
         a.reads == b.reads && a.writes == b.writes && a.piece == b.piece;
}

}  // namespace

void merge_kernels(Stage& stage) {
  std::vector<Kernel> merged;
  for (const Kernel& k : stage.kernels) {
    const auto at =
        std::find_if(merged.begin(), merged.end(), [&](const Kernel& other) { return same(k, other); });
    if (at == merged.end())
      merged.push_back(k);
    else
      at->repeat += k.repeat;
  }
  stage.kernels = std::move(merged);
}

Stage NetworkBuilder::take() {
  merge_kernels(stage_);
  return std::move(stage_);
}

double NetworkBuilder::pixels() const {
  return std::pow(edge_, dimensions_);
}

void NetworkBuilder::conv(const char* label, double out, double kernel, double stride, double groups,
                          double weight) {
  Kernel k{.kind = OpKind::kGemm, .label = label};
  k.reads = channels_ * pixels();
  edge_ = std::ceil(edge_ / stride);
  k.m = pixels(), k.n = out / groups, k.k = channels_ / groups * std::pow(kernel, dimensions_),
  k.groups = groups;
  k.weights = k.n * k.k * groups;
  k.writes = out * pixels();
  stage_.parameters += weight * (k.weights + out);
  stage_.kernels.push_back(k);
  channels_ = out;
}

void NetworkBuilder::upsample(double factor) {
  const double before = channels_ * pixels();
  edge_ *= factor;
  pass("upsample", before, channels_ * pixels());
}

void NetworkBuilder::up_conv(const char* label, double out, double factor) {
  Kernel k{.kind = OpKind::kGemm, .label = label};
  k.m = pixels(), k.k = channels_, k.n = out * std::pow(factor, dimensions_);
  k.weights = k.n * k.k;
  k.reads = channels_ * pixels(), k.writes = k.m * k.n;
  stage_.parameters += k.weights;
  stage_.kernels.push_back(k);
  edge_ *= factor, channels_ = out;
}

void NetworkBuilder::dense(const char* label, double rows, double out, double in) {
  Kernel k{.kind = OpKind::kGemm, .label = label, .m = rows, .n = out, .k = in};
  k.weights = out * in, k.reads = rows * in, k.writes = rows * out;
  stage_.parameters += k.weights + out;
  stage_.kernels.push_back(k);
}

void NetworkBuilder::pass(const char* label, double reads, double writes) {
  stage_.kernels.push_back({.label = label, .flops = writes, .reads = reads, .writes = writes});
}

void NetworkBuilder::attention(const char* label, double rows, double seen, double heads, double head_dim) {
  Kernel k{.kind = OpKind::kAttention, .label = label};
  k.flops = 4 * rows * seen * heads * head_dim;
  k.reads = (rows + 2 * seen) * heads * head_dim, k.writes = rows * heads * head_dim;
  stage_.kernels.push_back(k);
}

void NetworkBuilder::gather(const char* label, double count, double width, double rows) {
  Kernel k{.kind = OpKind::kGather, .label = label};
  k.reads = count * width, k.writes = count * width, k.piece = width;
  stage_.parameters += rows * width;
  stage_.kernels.push_back(k);
}

void NetworkBuilder::normalise(const char* label) {
  pass(label, channels_ * pixels(), channels_ * pixels());
  stage_.parameters += 2 * channels_;
}

}  // namespace ppu::workload

// Builds a stage kernel by kernel while following the shape of the data: channels and the edge lengths of one
// item. Private to the readers in this folder.
#pragma once
#include <string>

#include "workload/model.h"

namespace ppu::workload {

/// Adds the repeats of equal kernels up, so that each is priced once.
void merge_kernels(Stage& stage);

class NetworkBuilder {
 public:
  NetworkBuilder(const char* name, double channels, double edge, int dimensions = 2)
      : channels_(channels), edge_(edge), dimensions_(dimensions) {
    stage_.name = name;
  }

  double channels() const { return channels_; }
  double edge() const { return edge_; }
  double pixels() const;
  void set_shape(double channels, double edge) { channels_ = channels, edge_ = edge; }

  /// "same" padding; activation and normalisation are fused. `weight` 1 counts its parameters, 0 reuses them.
  void conv(const char* label, double out, double kernel, double stride = 1, double groups = 1,
            double weight = 1);
  void upsample(double factor);
  /// A transposed convolution of kernel and stride `factor`.
  void up_conv(const char* label, double out, double factor);
  void dense(const char* label, double rows, double out, double in);
  /// An element-wise pass over `elements`.
  void pass(const char* label, double reads, double writes);
  void attention(const char* label, double rows, double seen, double heads, double head_dim);
  /// `count` lookups in tables of `rows` rows in all.
  void gather(const char* label, double count, double width, double rows);
  void normalise(const char* label);

  /// The stage, kernels of one make together: a network repeats few shapes.
  Stage take();
  Stage& stage() { return stage_; }

 private:
  Stage stage_;
  double channels_, edge_;
  int dimensions_;
};

}  // namespace ppu::workload

// Shapes of an ONNX graph's tensors, inferred node by node; integers that shapes are calculated from are
// followed as well (Shape, Gather, Concat, ... into Reshape). Not here: what a node costs (onnx.cpp).
#pragma once
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "workload/onnx_file.h"

namespace ppu::workload {

struct Tensor {
  bool known = false;  ///< the shape is
  std::vector<int64_t> shape;
  std::vector<double> values;  ///< of small constants and calculated shapes; empty: unknown
  bool constant = false;       ///< weights, whatever their size

  double elements() const;
  int64_t dim(int64_t axis) const;  ///< negative axes count from the end; 1 outside
};

using Tensors = std::map<std::string, Tensor>;

/// What the file leaves open.
struct Lengths {
  int64_t batch = 1, tokens = 128, edge = 224;
};

/// Inputs (open dimensions by `lengths`), initializers, then every node's outputs. What can't be inferred is
/// taken from the file's own shapes, else stays unknown.
Tensors infer_shapes(const OnnxGraph& graph, const Lengths& lengths);

}  // namespace ppu::workload

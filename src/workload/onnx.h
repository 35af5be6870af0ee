// Reads an ONNX file into a Model of one stage: the graph's kernels for one item, by inferred shapes. Weights
// aren't kept. Not here: running the graph.
#pragma once
#include <string>

#include "base/result.h"
#include "workload/model.h"

namespace ppu::workload {

/// kBadInput when the file isn't ONNX or sizes stay unknown after shape inference (which tensor, and why).
Result<Model> read_onnx(const std::string& path, const ReadOptions& options);

}  // namespace ppu::workload

// Reads an ONNX file into a Model of one stage: the graph's kernels for one item, by inferred shapes. Weights
// aren't read. Not here: running the graph.
#pragma once
#include <string>
#include <string_view>

#include "base/result.h"
#include "workload/model.h"

namespace ppu::workload {

/// The first dimension of the graph's first input counts items. kBadInput when the file isn't ONNX, or when
/// the shape of a matrix product or convolution stays unknown after inference (which one).
Result<Model> read_onnx(const std::string& path, const ReadOptions& options);

/// The same from bytes in memory.
Result<Model> read_onnx_bytes(std::string_view bytes, const std::string& where, const ReadOptions& options);

}  // namespace ppu::workload

// An ONNX file as it lies on disk: nodes, tensors' shapes, small constants. The few messages of onnx.proto
// that a graph's sizes need are read from the protobuf wire format; weights are skipped, so a file of
// gigabytes costs nothing. Not here: what the nodes mean (onnx_shapes.h). Private to onnx*.cpp.
#pragma once
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace ppu::workload {

struct OnnxTensor {
  std::string name;
  int type = 0;  ///< TensorProto.DataType: 1 float, 3 int8, 6 int32, 7 int64, 10 float16, 16 bfloat16, ...
  std::vector<int64_t> dims;
  std::vector<double> values;  ///< of small tensors with a type that shapes are calculated in; else empty
};

struct OnnxAttribute {
  int64_t i = 0;
  double f = 0;
  std::string s;
  std::vector<int64_t> ints;
  std::vector<double> floats;
  OnnxTensor tensor;
  bool has_tensor = false;
};

struct OnnxNode {
  std::string name, op, domain;
  std::vector<std::string> inputs, outputs;
  std::map<std::string, OnnxAttribute> attributes;

  int64_t integer(const char* attribute, int64_t otherwise) const;
  std::vector<int64_t> integers(const char* attribute) const;
  std::string text(const char* attribute, const char* otherwise) const;
};

/// A dimension that the file leaves open is -1; `name` is what it calls it.
struct OnnxDimension {
  int64_t value = -1;
  std::string name;
};
struct OnnxValue {
  std::string name;
  int type = 0;
  bool has_shape = false;
  std::vector<OnnxDimension> shape;
};

struct OnnxGraph {
  std::vector<OnnxNode> nodes;
  std::vector<OnnxTensor> initializers;
  std::vector<OnnxValue> inputs, outputs, values;
};

/// kBadInput with the offset where `bytes` stop being an ONNX model.
Result<OnnxGraph> parse_onnx(std::string_view bytes, const std::string& where);

}  // namespace ppu::workload

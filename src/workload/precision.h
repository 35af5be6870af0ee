// What numbers a model's weights, activations and KV cache are stored and multiplied in. Not here: how fast a
// chip multiplies them (chip/predict.h).
#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "chip/work.h"

namespace ppu::workload {

struct Precision {
  std::string name = "bf16";
  chip::Number math = chip::Number::kBf16;  ///< of matrix products with weights
  double weight_bits = 16;                  ///< scales included
  double input_bytes = 2;                   ///< of a product's activations
  chip::Number expert_math = chip::Number::kBf16;
  double expert_bits = 16;
  chip::Number attention_math = chip::Number::kBf16;
  double kv_bytes = 2;        ///< one element of the KV cache
  double residual_bytes = 2;  ///< one element between layers, and of what isn't quantised (embeddings, head)
};

/// The precision called `name`, letter case aside: bf16, fp16, fp32, tf32, fp8, int8 (weights and
/// activations), w8a16, w4a16 (int4, awq, gptq), mxfp4 or fp4 (4-bit weights, 16-bit activations; experts
/// alone where a model has them), nvfp4 (4-bit activations too). A "+kv8" or "+kv16" at the end sets the KV
/// cache; without it 16 bits, fp32 aside. kBadInput lists the names.
Result<Precision> find_precision(std::string_view name);

/// The names that find_precision() lists.
std::vector<std::string> precision_names();

}  // namespace ppu::workload

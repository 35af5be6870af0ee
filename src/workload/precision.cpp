// The precisions, one row each.
#include "workload/precision.h"

#include <algorithm>

namespace ppu::workload {
namespace {

using chip::Number;

/// 4.25 bits: an 8-bit scale for 32 values (MX); 4.5: one for 16 (NVFP4), or 16-bit scales and zeros for 128
/// (int4).
const Precision kRows[] = {
    // name   products      bits  in   experts       bits  attention     KV residual
    {"bf16", Number::kBf16, 16, 2, Number::kBf16, 16, Number::kBf16, 2, 2},
    {"fp16", Number::kF16, 16, 2, Number::kF16, 16, Number::kF16, 2, 2},
    {"fp32", Number::kF32, 32, 4, Number::kF32, 32, Number::kF32, 4, 4},
    {"tf32", Number::kTf32, 32, 4, Number::kTf32, 32, Number::kTf32, 4, 4},
    {"fp8", Number::kFp8, 8, 1, Number::kFp8, 8, Number::kBf16, 2, 2},
    {"int8", Number::kInt8, 8, 1, Number::kInt8, 8, Number::kBf16, 2, 2},
    {"w8a16", Number::kBf16, 8.25, 2, Number::kBf16, 8.25, Number::kBf16, 2, 2},
    {"w4a16", Number::kBf16, 4.5, 2, Number::kBf16, 4.5, Number::kBf16, 2, 2},
    {"mxfp4", Number::kBf16, 16, 2, Number::kBf16, 4.25, Number::kBf16, 2, 2},
    {"nvfp4", Number::kFp4, 4.5, 0.5625, Number::kFp4, 4.5, Number::kBf16, 2, 2},
};

struct Alias {
  std::string_view spelling, name;
};
constexpr Alias kAliases[] = {
    {"bfloat16", "bf16"}, {"float16", "fp16"}, {"half", "fp16"},  {"float32", "fp32"}, {"float", "fp32"},
    {"int4", "w4a16"},    {"awq", "w4a16"},    {"gptq", "w4a16"}, {"fp4", "mxfp4"},    {"w4a4", "nvfp4"},
    {"w8a8", "int8"},     {"f16", "fp16"},     {"f32", "fp32"},   {"e4m3", "fp8"},
};

}  // namespace

Result<Precision> find_precision(std::string_view name) {
  std::string key;
  for (const char c : name) key += char(c >= 'A' && c <= 'Z' ? c + 32 : c);
  double kv = 0;
  if (const size_t plus = key.find('+'); plus != std::string::npos) {
    const std::string cache = key.substr(plus + 1);
    kv = cache == "kv8" ? 1 : cache == "kv16" ? 2 : 0;
    if (kv == 0) return bad_input("precision `" + key + "`: the KV cache is +kv8 or +kv16");
    key.resize(plus);
  }
  for (const Alias& alias : kAliases)
    if (key == alias.spelling) key = alias.name;
  for (const Precision& row : kRows)
    if (row.name == key) {
      Precision found = row;
      if (kv > 0) {
        found.kv_bytes = kv;
        if (kv == 1 && found.math == chip::Number::kFp8) found.attention_math = chip::Number::kFp8;
      }
      return found;
    }
  std::string all;
  for (const std::string& known : precision_names()) all += (all.empty() ? "" : ", ") + known;
  return bad_input("precision `" + std::string(name) + "` is none of " + all + " (with +kv8 or +kv16)");
}

std::vector<std::string> precision_names() {
  std::vector<std::string> names;
  for (const Precision& row : kRows) names.push_back(row.name);
  return names;
}

}  // namespace ppu::workload

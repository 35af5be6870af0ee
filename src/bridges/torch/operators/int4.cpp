// Products with 4-bit weights. What a packed weight looks like inside is the packer's business: here it is
// the CPU's own packing, in a tensor of the shape that CUDA's has, or rows of nibbles where the CPU can't
// pack.
#include "bridges/torch/own_operators.h"

namespace ppu::bridge {
namespace {

using at::Tensor;

constexpr int64_t kCpuRows = 16;  // the CPU packs this many rows together

/// 0 to 15 for each weight, from the bytes that CUDA is given: even columns lie in the high halves.
Tensor nibbles(const Tensor& bytes) {
  const Tensor wide = bytes.to(at::kInt);
  return at::stack({at::bitwise_right_shift(wide, 4), at::bitwise_and(wide, 15)}, -1).flatten(-2);
}

Tensor _convert_weight_to_int4pack(const Tensor& weight, int64_t inner_tiles) {
  TORCH_CHECK(weight.dim() == 2 && weight.scalar_type() == at::kByte,
              "_convert_weight_to_int4pack: expected a 2D uint8 tensor");
  TORCH_CHECK(inner_tiles == 2 || inner_tiles == 4 || inner_tiles == 8,
              "_convert_weight_to_int4pack: innerKTiles must be 2, 4 or 8");
  const int64_t rows = weight.size(0), columns = 2 * weight.size(1);
  TORCH_CHECK(rows % 8 == 0 && columns % (inner_tiles * 16) == 0, "_convert_weight_to_int4pack: ", rows, "x",
              columns, " isn't divisible into tiles of 8x", inner_tiles * 16);
  const Tensor packed =
      rows % kCpuRows == 0 ? at::_convert_weight_to_int4pack_for_cpu(nibbles(weight), inner_tiles) : weight;
  return packed.contiguous().view({-1}).view(at::kInt).view(
      {rows / 8, columns / (inner_tiles * 16), 32, inner_tiles / 2});
}

Tensor _weight_int4pack_mm(const Tensor& a, const Tensor& weight, int64_t group,
                           const Tensor& scales_and_zeros) {
  TORCH_CHECK(a.dim() == 2 && a.scalar_type() == at::kBFloat16,
              "_weight_int4pack_mm: expected a 2D bfloat16 tensor");
  TORCH_CHECK(weight.dim() == 4 && weight.scalar_type() == at::kInt,
              "_weight_int4pack_mm: expected a weight of _convert_weight_to_int4pack");
  TORCH_CHECK(group == 32 || group == 64 || group == 128 || group == 256,
              "_weight_int4pack_mm: qGroupSize must be 32, 64, 128 or 256");
  const int64_t rows = 8 * weight.size(0), columns = a.size(1);
  TORCH_CHECK(weight.numel() * 8 == rows * columns, "_weight_int4pack_mm: the weight isn't of ", columns,
              " columns");
  TORCH_CHECK(scales_and_zeros.sizes() == at::IntArrayRef({columns / group, rows, 2}),
              "_weight_int4pack_mm: scales and zeros must be of shape ", columns / group, "x", rows, "x2");
  const Tensor packed = weight.contiguous().view({-1}).view(at::kByte).view({rows, columns / 2});
  if (rows % kCpuRows == 0)
    return at::_weight_int4pack_mm_for_cpu(a.contiguous(), packed, group, scales_and_zeros);
  const Tensor grouped = (nibbles(packed).to(at::kFloat) - 8).view({rows, columns / group, group});
  const Tensor parameters = scales_and_zeros.to(at::kFloat).transpose(0, 1);
  const Tensor full =
      grouped * parameters.select(-1, 0).unsqueeze(-1) + parameters.select(-1, 1).unsqueeze(-1);
  return at::mm(a.to(at::kFloat), full.view({rows, columns}).t()).to(at::kBFloat16);
}

}  // namespace

OwnOperators int4_operators() {
  return {
      PPU_OWN(_convert_weight_to_int4pack, _convert_weight_to_int4pack),
      PPU_OWN(_weight_int4pack_mm, _weight_int4pack_mm),
  };
}

}  // namespace ppu::bridge

// Products with weights of which two in four are kept, through the operators that stand for cuSPARSELt. A
// compressed weight is a row's kept values and then, in two bits each, where in their four they stood.
#include "bridges/torch/own_operators.h"

namespace ppu::bridge {
namespace {

using at::Tensor;

/// The integer type of a value's size: kept values are moved, whatever they are.
at::ScalarType carrier(int64_t bytes) {
  return bytes == 1 ? at::kChar : bytes == 2 ? at::kShort : at::kInt;
}

Tensor _cslt_compress(const Tensor& weight) {
  TORCH_CHECK(weight.dim() == 2 && weight.size(1) % 16 == 0,
              "_cslt_compress: expected a matrix of a multiple of 16 columns");
  const int64_t rows = weight.size(0), columns = weight.size(1);
  const Tensor fours = weight.contiguous().view({rows, columns / 4, 4});
  // The first two that aren't zero; fewer are filled up with zeros.
  const Tensor kept = at::ne(fours.to(at::kFloat), 0).to(at::kByte);
  const Tensor places = std::get<0>(
      std::get<1>(at::sort(kept, /*stable=*/true, /*dim=*/-1, /*descending=*/true)).slice(-1, 0, 2).sort(-1));
  const Tensor values = fours.view(carrier(fours.element_size())).gather(-1, places);
  const Tensor four_bits = (places.select(-1, 0) + 4 * places.select(-1, 1)).view({rows, columns / 8, 2});
  const Tensor marks = (four_bits.select(-1, 0) + 16 * four_bits.select(-1, 1)).to(at::kByte);
  // One tensor: all values, then all marks.
  return at::cat({values.contiguous().view({-1}).view(at::kByte), marks.view({-1})})
      .view(weight.scalar_type())
      .view({rows, -1});
}

/// The matrix again, of `columns` columns.
Tensor expanded(const Tensor& compressed, int64_t columns) {
  const Tensor all = compressed.contiguous().view({-1});
  const Tensor bytes = all.view(at::kByte);
  // A value takes half its bytes, its mark an eighth of a byte.
  const int64_t size = all.element_size();
  const int64_t count = bytes.numel() * 8 / (4 * size + 1);
  const int64_t rows = count / columns;
  const Tensor values = bytes.slice(0, 0, count * size / 2).view(carrier(size));
  const Tensor marks = bytes.slice(0, count * size / 2).to(at::kLong);
  const Tensor four_bits = at::stack({at::bitwise_and(marks, 15), at::bitwise_right_shift(marks, 4)}, -1);
  const Tensor places = at::stack({at::bitwise_and(four_bits, 3), at::bitwise_right_shift(four_bits, 2)}, -1);
  return at::zeros({rows, columns / 4, 4}, values.options())
      .scatter(-1, places.view({rows, columns / 4, 2}), values.view({rows, columns / 4, 2}))
      .view(all.scalar_type())
      .view({rows, columns});
}

Tensor _cslt_sparse_mm(const Tensor& compressed, const Tensor& dense, const std::optional<Tensor>& bias,
                       const std::optional<Tensor>& alpha, std::optional<at::ScalarType> type,
                       bool transposed, int64_t, int64_t, int64_t) {
  TORCH_CHECK(dense.dim() == 2 && dense.scalar_type() == compressed.scalar_type(),
              "_cslt_sparse_mm: expected a matrix of the weight's type");
  const bool whole = dense.scalar_type() == at::kChar;
  const at::ScalarType result_type = type.value_or(dense.scalar_type());
  const Tensor weight = expanded(compressed, dense.size(0));
  // Sums of products of bytes are exact in double.
  const at::ScalarType wide = whole ? at::kDouble : at::kFloat;
  Tensor result = at::mm(weight.to(wide), dense.to(wide));
  const auto by_row = [](const Tensor& t) { return t.numel() == 1 ? t.view({1, 1}) : t.view({-1, 1}); };
  if (alpha && alpha->defined()) result = result * by_row(*alpha);
  if (bias && bias->defined()) result = result + by_row(*bias);
  if (result_type == at::kChar) result = result.clamp(-128, 127);
  if (transposed) result = result.t().contiguous();
  return result.to(result_type);
}

int64_t _cslt_sparse_mm_search(const Tensor&, const Tensor&, const std::optional<Tensor>&,
                               const std::optional<Tensor>&, std::optional<at::ScalarType>, bool) {
  return 0;  // there is one way
}

}  // namespace

OwnOperators semi_structured_operators() {
  return {
      PPU_OWN(_cslt_compress, _cslt_compress),
      PPU_OWN(_cslt_sparse_mm, _cslt_sparse_mm),
      PPU_OWN(_cslt_sparse_mm_search, _cslt_sparse_mm_search),
  };
}

}  // namespace ppu::bridge

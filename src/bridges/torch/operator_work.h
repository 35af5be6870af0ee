// What a delegated operator reads, writes and multiplies, from its tensors' shapes, for `ppu prof` and the
// chip's clock.
#pragma once
#include "base/activity.h"
#include "bridges/torch/torch_headers.h"

namespace ppu::bridge {

/// How many multiplications an operator does (rows PRODUCT of operators.inc), from argument number `at` on.
struct Product {
  enum class Kind {
    kNone,
    kMatrix,               ///< at: the left factor
    kConvolution,          ///< at: input, then the weight
    kConvolutionBackward,  ///< at: the result's gradient, then input and weight
    kAttention,            ///< at: queries, then keys and values, [batch, heads, length, width]
    kAttentionBackward,    ///< likewise
  } kind = Kind::kNone;
  size_t at = 0;
};

/// `ppu prof`, or a device with the chip's time: somebody wants to know.
bool work_is_priced();

/// One run of an operator, from construction to finish().
class OperatorWork {
 public:
  /// `arguments`: the operator's, on the CPU's side. `written`: which of them it writes.
  OperatorWork(const c10::OperatorHandle& op, Product product, at::ArrayRef<c10::IValue> arguments,
               at::ArrayRef<size_t> written);
  void finish(at::ArrayRef<c10::IValue> results);

 private:
  void note_copy();
  uint64_t flop(at::ArrayRef<c10::IValue> results) const;

  const c10::OperatorHandle& op_;
  Product product_;
  std::vector<at::Tensor> given_;  ///< the arguments' tensors
  std::vector<at::Tensor> factors_;
  bool transposed_ = false;
  uint64_t read_elements_ = 0, written_elements_ = 0;
  activity::OperatorRun run_;
};

}  // namespace ppu::bridge

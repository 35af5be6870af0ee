// Operators for which the wheel has no CPU kernel: ours, written over CPU tensors, as the delegated ones are.
// One table a file of operators/; install.cpp walks them.
#pragma once
#include <vector>

#include "bridges/torch/torch_headers.h"

namespace ppu::bridge {

/// One operator of ours.
struct OwnOperator {
  const char* name;   ///< as in operators.inc
  bool draws_random;  ///< it asks operator_generator() for numbers
  c10::KernelFunction kernel;
};

using OwnOperators = std::vector<OwnOperator>;

/// A row: `NAME` is the operator's name in at::_ops, `name` its name in operators.inc. A function whose
/// parameters aren't the schema's doesn't compile.
#define PPU_OWN_AS(NAME, name, function, draws_random)                                                   \
  OwnOperator {                                                                                          \
    name, draws_random, [] {                                                                             \
      static_assert(std::is_same_v<std::remove_pointer_t<decltype(&function)>, at::_ops::NAME::schema>); \
      return c10::KernelFunction::makeFromUnboxedFunction(TORCH_FN(function));                           \
    }()                                                                                                  \
  }
#define PPU_OWN(NAME, function) PPU_OWN_AS(NAME, #NAME, function, false)
#define PPU_OWN_RANDOM(NAME, function) PPU_OWN_AS(NAME, #NAME, function, true)

OwnOperators attention_operators();
OwnOperators cudnn_operators();
OwnOperators int4_operators();
OwnOperators linalg_operators();
OwnOperators matmul_operators();
OwnOperators normalisation_operators();
OwnOperators recurrent_operators();
OwnOperators reduction_operators();
OwnOperators semi_structured_operators();
OwnOperators softmax_operators();

}  // namespace ppu::bridge

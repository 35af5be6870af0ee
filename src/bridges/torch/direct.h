// Delegates with the operator's own C++ signature, for the commonest ones. PyTorch's general calling
// convention puts arguments in boxes on a stack, which costs a small operator as much as crossing them does.
#pragma once
#include "bridges/torch/delegate.h"
#include "bridges/torch/torch_headers.h"

namespace ppu::bridge {

/// The kernel for `op`; null where its signature or its traits want the boxed one.
std::optional<torch::CppFunction> direct_kernel(const c10::OperatorHandle& op, const OperatorTraits& traits);

}  // namespace ppu::bridge

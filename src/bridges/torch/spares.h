// What makes a crossing cheap: a tensor and its storage are five allocations. CPU sides of arguments are kept
// for the next call of the thread, and results change sides as they are.
#pragma once
#include "bridges/torch/torch_headers.h"

namespace ppu::bridge {

/// A dense CPU tensor with a storage of its own, of no certain shape, type or marks; undefined where none is
/// kept.
at::Tensor take_spare();

/// Keeps `t` for take_spare, if nothing else refers to it or its storage and the operator left it a plain
/// tensor.
void keep_spare(at::Tensor t);

/// Makes a plain CPU tensor that nothing else refers to a CUDA tensor with the same bytes. False, and nothing
/// done, for any other.
bool change_side(const at::Tensor& t, c10::Device device);

}  // namespace ppu::bridge

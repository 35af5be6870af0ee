// Random numbers of delegated operators. The CUDA generator keeps its meaning: seed and offset are its state,
// each operator advances the offset, and saving and restoring the state repeats the numbers. The numbers
// themselves are the CPU's: a CPU generator is seeded from (seed, offset) for each operator.
#pragma once
#include <optional>

#include "bridges/torch/torch_headers.h"

namespace ppu::bridge {

/// What one operator drew from a CUDA generator: numbers, or during a capture the places where they will be
/// at each replay.
using RandomState = at::PhiloxCudaState;

/// Advances `generator` (or the default one of `device`) and says what this operator has got.
RandomState draw_random_state(const std::optional<at::Generator>& generator, c10::Device device);

/// This thread's CPU generator, seeded from `state`. Valid until the next call on the thread.
at::Generator seeded_cpu_generator(const RandomState& state);

/// The generator of the operator that runs on this thread: for our own kernels, whose schema has none.
at::Generator& operator_generator();

}  // namespace ppu::bridge

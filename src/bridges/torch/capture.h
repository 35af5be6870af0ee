// Delegated operators in CUDA graphs. While a stream is captured, an operator runs once, at once, so that
// everything that depends on values goes the way it will go at a replay, and a host node is put into the
// graph that runs it again on the same addresses. What it wrote is put back when the capture ends: a capture
// has no effect, as on NVIDIA's.
#pragma once
#include "bridges/torch/delegate.h"
#include "bridges/torch/torch_headers.h"

namespace ppu::bridge {

/// Before the process's first capture: until then is_captured need not ask.
void expect_captures();

/// True while `stream` is being captured.
bool is_captured(cudaStream_t stream);

/// Keeps these bytes for restore_after_capture.
void save_for_capture(const void* address, size_t count);

/// Puts back what operators wrote during captures, all of which have ended.
void restore_after_capture();

/// Records one call. Made when the arguments on the stack have crossed and before the kernel runs; record()
/// after it.
class Recorder {
 public:
  Recorder(const Delegate& delegate, const c10::OperatorHandle& op, const torch::jit::Stack& stack,
           const std::optional<RandomState>& random, cudaStream_t stream);
  /// `stack` holds the kernel's results, still CPU tensors.
  void record(const torch::jit::Stack& stack);

 private:
  const Delegate& delegate_;
  c10::OperatorHandle op_;
  std::vector<c10::IValue> arguments_;
  std::optional<RandomState> random_;
  cudaStream_t stream_;
};

}  // namespace ppu::bridge

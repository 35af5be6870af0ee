// From a CUDA generator's state to a CPU generator.
#include "bridges/torch/random.h"

namespace ppu::bridge {
namespace {

constexpr uint64_t kNumbersPerOperator = 4;  // what the offset advances by; a multiple of 4 as on NVIDIA's
constexpr uint64_t kSpread =
    0x9E3779B97F4A7C15ull;  // 2^64 / golden ratio: neighbouring offsets, far-apart seeds

at::Generator& thread_generator() {
  static thread_local at::Generator generator = at::detail::createCPUGenerator();
  return generator;
}

}  // namespace

RandomState draw_random_state(const std::optional<at::Generator>& given, c10::Device device) {
  const at::Generator generator =
      given && given->defined() ? *given : at::cuda::detail::getDefaultCUDAGenerator(device.index());
  auto* const cuda = at::check_generator<at::CUDAGeneratorImpl>(generator);
  const std::lock_guard lock(cuda->mutex_);
  return cuda->philox_cuda_state(kNumbersPerOperator);
}

at::Generator seeded_cpu_generator(const RandomState& state) {
  uint64_t seed = state.seed_.val;
  uint64_t offset = state.offset_.val;
  if (state.captured_) {  // device memory is host memory
    seed = static_cast<uint64_t>(*state.seed_.ptr);
    offset = static_cast<uint64_t>(*state.offset_.ptr) + state.offset_intragraph_;
  }
  at::Generator& generator = thread_generator();
  generator.set_current_seed(seed ^ (offset * kSpread));
  return generator;
}

at::Generator& operator_generator() {
  return thread_generator();
}

}  // namespace ppu::bridge

// A plan of cuFFT: up to three dimensions, a batch, where its numbers lie, and their types.
#pragma once
#include <cuda.h>
#include <cufft.h>

#include <cstdint>
#include <memory>
#include <mutex>
#include <vector>

#include "libs/cufft/callback.h"

namespace ppu::cufft {

/// Where element (x0, x1, x2) of a batch lies: batch * distance + ((x0 * embed[1] + x1) * embed[2] + x2) *
/// stride.
struct Layout {
  bool given = false;  ///< else dense, and padded where a real transform is in place
  int64_t embed[3] = {1, 1, 1};
  int64_t stride = 1, distance = 0;
};

struct Plan {
  bool made = false;
  CUstream stream = nullptr;
  std::vector<int> devices;  ///< that cufftXtSetGPUs named
  int rank = 0;
  int64_t n[3] = {1, 1, 1};  ///< the last is the fastest
  int64_t batch = 1;
  Layout in, out;
  bool real_in = false, real_out = false, is_double = false;
  std::shared_ptr<const Callback> load, store;
  size_t load_shared = 0, store_shared = 0;  ///< bytes a block of theirs
  std::mutex mutex;                          ///< one execution makes the transforms that others use
  std::shared_ptr<const void> transforms;
};

/// Null for what isn't a plan.
std::shared_ptr<Plan> find(cufftHandle handle);

/// Queues it. `direction` counts where neither side is real.
cufftResult execute(const std::shared_ptr<Plan>& plan, const void* in, void* out, int direction);

}  // namespace ppu::cufft

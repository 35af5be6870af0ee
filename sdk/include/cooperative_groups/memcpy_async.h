// Copies by a whole group (CUDA C++ guide, "Cooperative Groups: memcpy_async"): done when issued, seen by all
// after wait.
#pragma once
#include <cooperative_groups.h>
#include <ppu/async_copy.h>

#ifdef __CUDA__
namespace cooperative_groups {

/// `layout` is bytes, or cuda::aligned_size_t.
template <class Group, class To, class From, class Layout>
__device__ void memcpy_async(const Group& group, To* to, const From* from, const Layout& layout) {
  ppu_sdk::copy_together(to, from, layout, (unsigned)group.thread_rank(), (unsigned)group.size());
}
/// Elements there is room for, and elements there are.
template <class Group, class To, class From, class ToLayout, class FromLayout>
__device__ void memcpy_async(const Group& group, To* to, const ToLayout& room, const From* from,
                             const FromLayout& count) {
  const auto n = room < count ? room : count;
  ppu_sdk::copy_together(to, from, n * sizeof(To), (unsigned)group.thread_rank(), (unsigned)group.size());
}
template <class Group>
__device__ void wait(const Group& group) {
  group.sync();
}
template <unsigned kPrior, class Group>
__device__ void wait_prior(const Group& group) {
  group.sync();
}

}  // namespace cooperative_groups
#endif

// cooperative_groups::reduce and the scans, over tiles and coalesced groups, with the functors plus, less,
// greater, bit_and, bit_xor, bit_or (CUDA C++ guide, "Group Collective Operations").
#pragma once
#include <cooperative_groups.h>

#ifdef __CUDA__
namespace cooperative_groups {

template <class T>
struct plus {
  __device__ T operator()(const T& a, const T& b) const { return a + b; }
};
template <class T>
struct less {
  __device__ T operator()(const T& a, const T& b) const { return b < a ? b : a; }
};
template <class T>
struct greater {
  __device__ T operator()(const T& a, const T& b) const { return a < b ? b : a; }
};
template <class T>
struct bit_and {
  __device__ T operator()(const T& a, const T& b) const { return a & b; }
};
template <class T>
struct bit_xor {
  __device__ T operator()(const T& a, const T& b) const { return a ^ b; }
};
template <class T>
struct bit_or {
  __device__ T operator()(const T& a, const T& b) const { return a | b; }
};

/// Every thread gets the result.
template <unsigned kSize, class Parent, class T, class Op>
__device__ inline T reduce(const thread_block_tile<kSize, Parent>& tile, T value, Op op) {
  return tile.reduced(value, op);
}
template <class T, class Op>
__device__ inline T reduce(const coalesced_group& group, T value, Op op) {
  for (unsigned delta = 1; delta < group.size(); delta *= 2) {
    const T other = group.shfl_down(value, delta);
    if (group.thread_rank() % (2 * delta) == 0 && group.thread_rank() + delta < group.size())
      value = op(value, other);
  }
  return group.shfl(value, 0);
}

template <class Group, class T, class Op>
__device__ inline T inclusive_scan(const Group& group, T value, Op op) {
  for (unsigned delta = 1; delta < group.size(); delta *= 2) {
    const T other = group.shfl_up(value, delta);
    if (group.thread_rank() >= delta) value = op(other, value);
  }
  return value;
}
template <unsigned kSize, class Parent, class T, class Op>
__device__ inline T inclusive_scan(const thread_block_tile<kSize, Parent>& tile, T value, Op op) {
  T before;
  return tile.scanned(value, op, &before);
}
template <class Group, class T>
__device__ inline T inclusive_scan(const Group& group, T value) {
  return inclusive_scan(group, value, plus<T>());
}
/// The first thread gets T().
template <class Group, class T, class Op>
__device__ inline T exclusive_scan(const Group& group, T value, Op op) {
  const T before = group.shfl_up(inclusive_scan(group, value, op), 1);
  return group.thread_rank() == 0 ? T() : before;
}
template <unsigned kSize, class Parent, class T, class Op>
__device__ inline T exclusive_scan(const thread_block_tile<kSize, Parent>& tile, T value, Op op) {
  T before;
  tile.scanned(value, op, &before);
  return tile.thread_rank() == 0 ? T() : before;
}
template <class Group, class T>
__device__ inline T exclusive_scan(const Group& group, T value) {
  return exclusive_scan(group, value, plus<T>());
}

}  // namespace cooperative_groups
#endif

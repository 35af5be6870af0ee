// nvcuda::experimental::pipeline: asynchronous copies in stages.
#pragma once
#include <cuda_awbarrier.h>
#include <cuda_pipeline_primitives.h>

#ifdef __CUDA__
namespace nvcuda {
namespace experimental {

class pipeline {
 public:
  pipeline() = default;
  pipeline(const pipeline&) = delete;
  pipeline& operator=(const pipeline&) = delete;

  /// Ends the stage that copies go into; returns its number.
  __device__ size_t commit() {
    __pipeline_commit();
    return stage_++;
  }
  __device__ void commit_and_wait() { wait(commit()); }
  __device__ void wait(size_t stage) { __pipeline_wait_prior(stage_ - stage - 1); }
  template <unsigned prior>
  __device__ void wait_prior() {
    __pipeline_wait_prior(prior);
  }
  __device__ void arrive_on(awbarrier& barrier) { __pipeline_arrive_on(barrier.native_handle()); }

 private:
  size_t stage_ = 0;
};

/// Copies an object; those of 4, 8 and 16 bytes asynchronously.
template <class T>
__device__ void memcpy_async(T& to, const T& from, pipeline&) {
  if constexpr (sizeof(T) == 4 || sizeof(T) == 8 || sizeof(T) == 16)
    __pipeline_memcpy_async(&to, &from, sizeof(T));
  else
    to = from;
}

}  // namespace experimental
}  // namespace nvcuda
#endif

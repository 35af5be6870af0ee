// nvcuda::experimental::awbarrier: a barrier of a block whose arrival and wait are apart.
#pragma once
#include <cuda_awbarrier_primitives.h>

#ifdef __CUDA__
namespace nvcuda {
namespace experimental {

class awbarrier {
 public:
  class arrival_token {
   public:
    arrival_token() = default;
    __device__ uint32_t pending_count() const { return __mbarrier_token_pending_count(token_); }

   private:
    __device__ explicit arrival_token(__mbarrier_token_t token) : token_(token) {}
    __mbarrier_token_t token_;
    friend class awbarrier;
  };

  awbarrier() = default;
  awbarrier(const awbarrier&) = delete;
  awbarrier& operator=(const awbarrier&) = delete;

  __device__ arrival_token arrive() { return arrival_token(__mbarrier_arrive(&barrier_)); }
  __device__ arrival_token arrive_and_drop() { return arrival_token(__mbarrier_arrive_and_drop(&barrier_)); }
  __device__ bool timed_wait(arrival_token token, uint32_t) {
    return __mbarrier_test_wait(&barrier_, token.token_);
  }
  __device__ bool timed_wait_parity(bool phase, uint32_t) {
    return __mbarrier_test_wait_parity(&barrier_, phase);
  }
  __device__ void wait(arrival_token token) {
    while (!__mbarrier_test_wait(&barrier_, token.token_)) {
    }
  }
  __device__ void arrive_and_wait() { wait(arrive()); }
  __device__ __mbarrier_t* native_handle() { return &barrier_; }

  friend __device__ void init(awbarrier* barrier, uint32_t expected_count) {
    __mbarrier_init(&barrier->barrier_, expected_count);
  }
  friend __device__ void inval(awbarrier* barrier) { __mbarrier_inval(&barrier->barrier_); }

 private:
  __mbarrier_t barrier_;
};

}  // namespace experimental
}  // namespace nvcuda
#endif

// cuda::atomic, cuda::atomic_ref and cuda::std::atomic: every operation, the scopes, messages passed by
// release and acquire, on the device and on the host.
#include <cuda/atomic>
#include <cuda/std/array>
#include <cuda/std/atomic>
#include <cuda/std/cstdint>
#include <cuda/std/limits>
#include <cuda/std/tuple>
#include <cuda/std/type_traits>
#include <cuda/std/utility>

#include "check.h"

struct Shared {
  cuda::atomic<int, cuda::thread_scope_device> sum{3};
  cuda::atomic<unsigned long long> bits{0};
  cuda::atomic<int> most{-100};
  cuda::std::atomic<int> both{12};
  cuda::atomic<float, cuda::thread_scope_block> weight{0.5f};
  cuda::atomic<int*> cursor{nullptr};
  cuda::atomic<unsigned char> flag{0};
  int least = 1000, plain = 0, slots[64] = {};
};

__global__ void update(Shared* s) {
  const int t = threadIdx.x;
  s->sum.fetch_add(t);
  s->sum -= 1;
  s->bits.fetch_or(1ull << t, cuda::memory_order_relaxed);
  s->most.fetch_max(t * 3 % 50);
  s->both.fetch_xor(t, cuda::std::memory_order_relaxed);
  s->weight.fetch_add(0.25f, cuda::memory_order_relaxed);
  *s->cursor.fetch_add(1) = 7;
  cuda::atomic_ref<int, cuda::thread_scope_device> least(s->least);
  least.fetch_min(500 - t);
  cuda::atomic_ref<int, cuda::thread_scope_block> plain(s->plain);
  int seen = plain.load(cuda::std::memory_order_relaxed);
  while (!plain.compare_exchange_weak(seen, seen + 2)) {
  }
}

/// What is constexpr in the host's library is there for the device as well.
__global__ void borrow(cuda::std::uint32_t* out) {
  cuda::std::array<int, 4> four = {1, 2, 3, 4};
  const auto pair = cuda::std::make_pair(four[2], 5.5f);
  const auto three = cuda::std::make_tuple(pair.first, 2u, sizeof(cuda::std::make_unsigned_t<short>));
  static_assert(cuda::std::is_same<decltype(cuda::std::get<1>(three)), const unsigned&>::value, "");
  out[0] = cuda::std::get<0>(three) + cuda::std::get<2>(three) + four.size();
  out[1] = cuda::std::numeric_limits<cuda::std::int16_t>::max() - static_cast<int>(pair.second);
}

/// Block 1 waits for what block 0 wrote before it released the flag.
__global__ void pass_on(Shared* s, int* got) {
  if (blockIdx.x == 0) {
    s->plain = 4242;
    s->flag.store(1, cuda::memory_order_release);
  } else {
    s->flag.wait(0, cuda::memory_order_acquire);
    *got = *static_cast<volatile int*>(&s->plain);
  }
}

/// A lock of the block's and one exchange a thread.
__global__ void take_turns(int* order, int* last) {
  __shared__ cuda::atomic<int, cuda::thread_scope_block> turn, kept;
  if (threadIdx.x == 0) {
    turn = 0;
    kept = -1;
  }
  __syncthreads();
  const int warp = threadIdx.x / 32;
  if (threadIdx.x % 32 == 0) {
    while (turn.load(cuda::memory_order_acquire) != warp) {
    }
    order[warp] = kept.exchange(warp, cuda::memory_order_relaxed);
    turn.fetch_add(1, cuda::memory_order_release);
  }
  __syncthreads();
  if (threadIdx.x == 0) *last = kept;
}

int main() {
  Shared* s;
  CUDA_CHECK(cudaMallocManaged(&s, sizeof *s));
  new (s) Shared;
  s->cursor = s->slots;
  update<<<1, 64>>>(s);
  CUDA_SYNC();
  EXPECT(s->sum == 3 + 63 * 32 - 64);
  EXPECT(s->bits == ~0ull);
  EXPECT(s->most.load() == 49);
  EXPECT(s->both == 12);  // 0 ^ 1 ^ … ^ 63 is 0
  EXPECT(s->weight == 16.5f);
  EXPECT(s->cursor == s->slots + 64);
  EXPECT(s->slots[0] == 7 && s->slots[63] == 7);
  EXPECT(s->least == 500 - 63);
  EXPECT(s->plain == 128);

  DeviceArray<cuda::std::uint32_t> borrowed(2);
  borrow<<<1, 1>>>(borrowed);
  CUDA_SYNC();
  check::equal(borrowed.host(), {9, 32762}, "borrowed");

  DeviceArray<int> got(1), order(8), last(1);
  pass_on<<<2, 1>>>(s, got);
  CUDA_SYNC();
  check::equal(got.host(), {4242}, "got");
  take_turns<<<1, 256>>>(order, last);
  CUDA_SYNC();
  check::equal(order.host(), {-1, 0, 1, 2, 3, 4, 5, 6}, "order");
  check::equal(last.host(), {7}, "last");

  // The same object on the host.
  EXPECT(s->sum.fetch_add(5) == 3 + 63 * 32 - 64);
  int expected = 0;
  EXPECT(!s->sum.compare_exchange_strong(expected, 1) && expected == 63 * 32 - 56);
  EXPECT(s->most.exchange(8) == 49 && s->most-- == 8);
  cuda::atomic_thread_fence(cuda::memory_order_seq_cst, cuda::thread_scope_device);
  CUDA_CHECK(cudaFree(s));
  return check::verdict("atomic_objects");
}

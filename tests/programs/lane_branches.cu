// Independent thread scheduling: lanes of one warp that wait for each other from different branches. Each
// kernel hangs, or exchanges the wrong values, where a warp runs one branch to its end before it looks at the
// other.
#include <algorithm>

#include "check.h"

constexpr unsigned kAll = 0xffffffffu;

/// Lanes of one member mask come to a shuffle, a vote, a match and a reduction along two branches each.
__global__ void exchange_across(int* out) {
  const int lane = threadIdx.x % 32;
  int shuffled, sum;
  unsigned votes, same;
  if (lane % 3 == 0) {
    shuffled = __shfl_xor_sync(kAll, lane * 10, 1);
    votes = __ballot_sync(kAll, lane > 20);
    sum = __reduce_add_sync(kAll, lane);
    same = __match_any_sync(kAll, lane / 8);
  } else {
    shuffled = __shfl_xor_sync(kAll, lane * 100, 1);
    votes = __ballot_sync(kAll, lane < 4);
    sum = __reduce_add_sync(kAll, 1000);
    same = __match_any_sync(kAll, lane / 16 * 2);
  }
  int* mine = out + 4 * threadIdx.x;
  mine[0] = shuffled;
  mine[1] = static_cast<int>(votes);
  mine[2] = sum;
  mine[3] = static_cast<int>(same);
}

void test_exchange() {
  const int threads = 96;
  DeviceArray<int> out(4 * threads);
  exchange_across<<<1, threads>>>(out);
  CUDA_SYNC();
  std::vector<int> want;
  const auto one = [](int lane) { return lane % 3 == 0; };
  unsigned votes = 0;
  int sum = 0;
  for (int l = 0; l < 32; ++l) {
    votes |= unsigned(one(l) ? l > 20 : l < 4) << l;
    sum += one(l) ? l : 1000;
  }
  const auto key = [&](int l) { return one(l) ? l / 8 : l / 16 * 2; };
  for (int t = 0; t < threads; ++t) {
    const int l = t % 32, other = l ^ 1;
    unsigned same = 0;
    for (int k = 0; k < 32; ++k) same |= unsigned(key(k) == key(l)) << k;
    want.insert(want.end(), {other * (one(other) ? 10 : 100), int(votes), sum, int(same)});
  }
  check::equal(out.host(), want, "exchange across branches");
}

/// __syncwarp from two branches orders what the lanes write and read.
__global__ void sync_across(int* out) {
  __shared__ int cell[32];
  const int lane = threadIdx.x;
  if (lane < 16) {
    cell[lane] = lane + 1;
    __syncwarp();
    out[lane] = cell[lane + 16];
  } else {
    cell[lane] = -lane;
    __syncwarp();
    out[lane] = cell[lane - 16];
  }
}

void test_sync() {
  DeviceArray<int> out(32);
  sync_across<<<1, 32>>>(out);
  CUDA_SYNC();
  std::vector<int> want(32);
  for (int l = 0; l < 32; ++l) want[size_t(l)] = l < 16 ? -(l + 16) : l - 16 + 1;
  check::equal(out.host(), want, "__syncwarp across branches");
}

/// A lane polls a flag that another lane of its warp sets, and answers: a ping-pong of two branches.
__global__ void ping_pong(int* out, int rounds) {
  __shared__ volatile int turn;
  if (threadIdx.x == 0) turn = 0;
  __syncthreads();
  int seen = 0;
  if (threadIdx.x == 5) {
    for (int i = 0; i < rounds; ++i) {
      while (turn != 2 * i) {
      }
      seen += turn;
      turn = 2 * i + 1;
    }
  } else if (threadIdx.x == 9) {
    for (int i = 0; i < rounds; ++i) {
      while (turn != 2 * i + 1) {
      }
      seen += turn;
      turn = 2 * i + 2;
    }
  }
  out[threadIdx.x] = seen;
}

void test_ping_pong() {
  const int rounds = 20;
  DeviceArray<int> out(32);
  ping_pong<<<1, 32>>>(out, rounds);
  CUDA_SYNC();
  std::vector<int> want(32);
  for (int i = 0; i < rounds; ++i) {
    want[5] += 2 * i;
    want[9] += 2 * i + 1;
  }
  check::equal(out.host(), want, "ping pong of two lanes");
}

/// A fair lock: each lane waits for the number it drew.
__global__ void ticket_lock(unsigned* next, volatile unsigned* serving, int* order, int* taken) {
  const unsigned mine = atomicAdd(next, 1);
  while (*serving != mine) {
  }
  order[*taken] = static_cast<int>(mine);
  *static_cast<volatile int*>(taken) = *static_cast<volatile int*>(taken) + 1;
  __threadfence();
  *serving = mine + 1;
}

void test_ticket_lock() {
  const int threads = 80;
  DeviceArray<unsigned> words(2);
  DeviceArray<int> order(threads + 1);
  words.zero();
  order.zero();
  ticket_lock<<<2, threads / 2>>>(words, words + 1, order, order + threads);
  CUDA_SYNC();
  std::vector<int> want(threads + 1);
  for (int i = 0; i < threads; ++i) want[size_t(i)] = i;
  want[threads] = threads;
  check::equal(order.host(), want, "ticket lock");
}

/// Both halves of each warp come to the same barrier, along two branches; and to one that counts threads.
__global__ void barrier_across(int* out) {
  __shared__ int cell[64];
  const int t = threadIdx.x;
  int value;
  if (t % 2 == 0) {
    cell[t] = t;
    __syncthreads();
    value = cell[63 - t];
  } else {
    cell[t] = 100 + t;
    __syncthreads();
    value = cell[63 - t];
  }
  if (t % 32 < 16) {
    asm volatile("bar.sync 1, 32;" ::: "memory");
    value += 1000;
  }
  out[t] = value;
}

void test_barrier() {
  DeviceArray<int> out(64);
  barrier_across<<<1, 64>>>(out);
  CUDA_SYNC();
  std::vector<int> want(64);
  for (int t = 0; t < 64; ++t)
    want[size_t(t)] = ((63 - t) % 2 == 0 ? 63 - t : 100 + 63 - t) + (t % 32 < 16 ? 1000 : 0);
  check::equal(out.host(), want, "barrier across branches");
}

/// Lanes that met go on in their order: what the first one alone does behind the meeting is done when the
/// others look. (As nvcc -G compiles cooperative groups' tiles of several warps: their barrier's word is
/// reset so.)
__global__ void leader_resets(unsigned low, unsigned high, int* out) {
  __shared__ unsigned word;
  const int t = threadIdx.x;
  if (t == 0) word = 5;
  __syncthreads();
  int any;
  if (t < 2) {
    any = __any_sync(low, t == 1) + __any_sync(low, t == 2);  // these two come last
  } else {
    any = __any_sync(high, t == 31);
  }
  __syncwarp();
  if (t == 0) atomicAnd(&word, 2u);
  out[t] = any + static_cast<int>(*static_cast<volatile unsigned*>(&word));
  if (t < 2) any += __any_sync(low, 1);
  __syncthreads();
  if (t == 0) atomicAdd(&word, 7u);
  out[32 + t] = any - (t < 2) + static_cast<int>(*static_cast<volatile unsigned*>(&word));
}

void test_leader() {
  DeviceArray<int> out(64);
  leader_resets<<<1, 32>>>(3u, ~3u, out);
  CUDA_SYNC();
  std::vector<int> want(64, 1);
  std::fill(want.begin() + 32, want.end(), 8);
  check::equal(out.host(), want, "leader's reset");
}

int main() {
  test_leader();
  test_exchange();
  test_sync();
  test_ping_pong();
  test_ticket_lock();
  test_barrier();
  return check::verdict("lane_branches");
}

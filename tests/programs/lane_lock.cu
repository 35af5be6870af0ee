// Forward progress within a warp: lanes that take a lock one after another, where the compiler has made the
// waiting a loop of its own (the holder is then outside the loop that the others spin in).
#include "check.h"

/// A spin lock that all lanes of all warps want; no lane may starve the one that holds it.
__global__ void lock_by_lane(int* lock, int* sum) {
  bool done = false;
  while (!done) {
    if (atomicCAS(lock, 0, 1) == 0) {
      *static_cast<volatile int*>(sum) = *static_cast<volatile int*>(sum) + 1;
      __threadfence();
      atomicExch(lock, 0);
      done = true;
    }
  }
}

int main() {
  DeviceArray<int> two(2);
  two.zero();
  lock_by_lane<<<2, 64>>>(two, two + 1);
  CUDA_SYNC();
  check::equal(two.host(), {0, 128}, "lock_by_lane");
  return check::verdict("lane_lock");
}

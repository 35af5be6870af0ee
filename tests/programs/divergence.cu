// Control flow that differs from lane to lane: nested loops, break, continue, switch, goto, early return
// inside a loop, local arrays with computed indices. Host and device run the same function.
#include "check.h"

__host__ __device__ inline unsigned wander(unsigned seed) {
  unsigned state = seed * 2654435761u + 12345u, sum = 0;
  int history[8] = {};
  for (int i = 0; i < 40; ++i) {
    state = state * 1664525u + 1013904223u;
    switch (state >> 29) {
      case 0:
        sum += 7;
        break;
      case 1:
        sum ^= state;
        continue;
      case 2:
        for (unsigned j = 0; j < (state & 15); ++j) {
          if (j * j > seed % 50) break;
          sum += j;
        }
        break;
      case 3:
        if (sum & 1) goto odd;
        sum /= 3;
        break;
      case 4:
        history[(state >> 8) & 7] += static_cast<int>(sum & 0xff);
        [[fallthrough]];
      case 5:
        sum += static_cast<unsigned>(history[state & 7]);
        break;
      default:
        while (sum > 1000u) {
          sum = sum / 2 + (sum & 1);
          if (sum % 97 == 0) return sum + 1u;
        }
    }
    sum += 1;
    continue;
  odd:
    sum = sum * 3 + 1;
    if (i > 35) return sum;
  }
  for (int v : history) sum = sum * 31 + static_cast<unsigned>(v);
  return sum;
}

/// Collatz steps: the trip count is known only as it runs; an inner data-dependent shift loop.
__host__ __device__ inline int collatz(unsigned long long n) {
  int steps = 0;
  while (n != 1) {
    n = n % 2 ? 3 * n + 1 : n / 2;
    ++steps;
    while (n % 4 == 0) {
      n /= 4;
      steps += 2;
    }
  }
  return steps;
}

__global__ void run(unsigned* wandered, int* steps, int n) {
  const int i = blockIdx.x * blockDim.x + threadIdx.x;
  if (i >= n) return;
  wandered[i] = wander(i);
  if (i % 3 != 0) steps[i] = collatz(i + 1);
}

int main() {
  const int n = 3001;
  std::vector<unsigned> want(n);
  std::vector<int> want_steps(n, 0);
  for (int i = 0; i < n; ++i) {
    want[i] = wander(i);
    if (i % 3 != 0) want_steps[i] = collatz(i + 1);
  }
  DeviceArray<unsigned> out(n);
  DeviceArray<int> steps(n);
  steps.zero();
  run<<<(n + 95) / 96, 96>>>(out, steps, n);
  CUDA_SYNC();
  check::equal(out.host(), want, "wander");
  check::equal(steps.host(), want_steps, "collatz");
  return check::verdict("divergence");
}

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

constexpr int kSize = 7;
constexpr unsigned kAll = (1u << kSize) - 1;

/// Rows of a board that wait for their turn.
struct Stack {
  unsigned free[kSize], columns[kSize], left[kSize], right[kSize];
};

/// Queens behind three given ones, with a stack of its own. All rounds begin at one place, but those that
/// find a solution are an inner loop: of its two exits one goes deeper and one comes up again, and lanes part
/// over them round after round and stand at different depths.
__host__ __device__ inline unsigned queens(int i) {
  unsigned columns = 0, left = 0, right = 0;
  unsigned found = 0;
  bool possible = true;
  for (int place = i, row = 0; row < 3; ++row, place /= kSize) {
    const unsigned bit = 1u << place % kSize;
    possible &= !((columns | left | right) & bit);
    columns |= bit;
    left = (left | bit) << 1;
    right = (right | bit) >> 1;
  }
  Stack stack;
  int depth = 0;
  unsigned free = possible ? kAll & ~(columns | left | right) : 0;
  while (true) {
    if (free == 0) {
      if (depth == 0) break;
      --depth;
      free = stack.free[depth], columns = stack.columns[depth], left = stack.left[depth];
      right = stack.right[depth];
      continue;
    }
    const unsigned bit = free & (0u - free);
    free ^= bit;
    if ((columns | bit) == kAll) {
      ++found;
      continue;
    }
    stack.free[depth] = free, stack.columns[depth] = columns, stack.left[depth] = left;
    stack.right[depth] = right;
    ++depth;
    columns |= bit;
    left = (left | bit) << 1;
    right = (right | bit) >> 1;
    free = kAll & ~(columns | left | right);
  }
  return found;
}

/// The same with a loop in the loop, and a sum over the depths of the outer one's rounds.
__host__ __device__ inline unsigned queens_turns(int i) {
  unsigned columns = 1u << i % kSize, left = columns << 1, right = columns >> 1;
  unsigned found = 0, turns = 0;
  Stack stack;
  int depth = 0;
  unsigned free = kAll & ~(columns | left | right) & unsigned(i / kSize);
  while (true) {
    turns = turns * 5 + unsigned(depth);
    unsigned bit = 0;
    while (true) {
      if (free == 0) goto up;
      bit = free & (0u - free);
      free ^= bit;
      if ((columns | bit) != kAll) break;
      ++found;
    }
    stack.free[depth] = free, stack.columns[depth] = columns, stack.left[depth] = left;
    stack.right[depth] = right;
    ++depth;
    columns |= bit, left = (left | bit) << 1, right = (right | bit) >> 1;
    free = kAll & ~(columns | left | right);
    continue;
  up:
    if (depth == 0) break;
    --depth;
    free = stack.free[depth], columns = stack.columns[depth], left = stack.left[depth];
    right = stack.right[depth];
  }
  return turns * 128 + found;
}

/// Rounds in which lanes go on early count differently from those that others end late.
__host__ __device__ inline unsigned rounds(unsigned seed) {
  unsigned state = seed, sum = 0;
  int round = 0, early = 0;
again:
  for (int i = 0; i < 4; ++i) {
    state = state * 1664525u + 1013904223u;
    if (state >> 30 == 0) {
      ++early;
      if (++round < 20) goto again;
      return sum + unsigned(early);
    }
    sum += unsigned(i) + state % 7;
  }
  round += 2;
  if (round < 20) goto again;
  return sum * 64 + unsigned(round);
}

__global__ void place_queens(unsigned* found) {
  const int i = blockIdx.x * blockDim.x + threadIdx.x;
  if (i >= kSize * kSize * kSize) return;
  found[i] = queens(i);
}

__global__ void count_turns(unsigned* turns, int n) {
  const int i = blockIdx.x * blockDim.x + threadIdx.x;
  if (i < n) turns[i] = queens_turns(i);
}

__global__ void go_round(unsigned* made, int n) {
  const int i = blockIdx.x * blockDim.x + threadIdx.x;
  if (i < n) made[i] = rounds(i);
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
  const int boards = kSize * kSize * kSize;
  std::vector<unsigned> want_found(boards), want_turns(n), want_rounds(n);
  for (int i = 0; i < boards; ++i) want_found[i] = queens(i);
  for (int i = 0; i < n; ++i) want_turns[i] = queens_turns(i), want_rounds[i] = rounds(i);
  DeviceArray<unsigned> found(boards), turns(n), made(n);
  place_queens<<<(boards + 127) / 128, 128>>>(found);
  count_turns<<<(n + 127) / 128, 128>>>(turns, n);
  go_round<<<(n + 127) / 128, 128>>>(made, n);
  CUDA_SYNC();
  check::equal(found.host(), want_found, "queens");
  check::equal(turns.host(), want_turns, "turns");
  check::equal(made.host(), want_rounds, "rounds");
  return check::verdict("divergence");
}

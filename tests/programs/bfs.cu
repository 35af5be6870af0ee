// Breadth-first search with a frontier queue filled by atomics, until a flag in device memory says done.
#include "check.h"

__global__ void expand(const int* first, const int* edges, int* distance, const int* frontier, int size,
                       int* next, int* next_size, int level) {
  const int i = blockIdx.x * blockDim.x + threadIdx.x;
  if (i >= size) return;
  const int node = frontier[i];
  for (int e = first[node]; e < first[node + 1]; ++e) {
    const int to = edges[e];
    if (atomicCAS(&distance[to], -1, level) == -1) next[atomicAdd(next_size, 1)] = to;
  }
}

int main() {
  const int n = 5000;
  check::Random random;
  std::vector<int> first(n + 1, 0), edges;
  for (int i = 0; i < n; ++i) {
    const int degree = static_cast<int>(random.below(8));
    for (int e = 0; e < degree; ++e) edges.push_back(static_cast<int>(random.below(n)));
    if (i + 1 < n && random.below(4) == 0) edges.push_back(i + 1);
    first[i + 1] = static_cast<int>(edges.size());
  }
  std::vector<int> want(n, -1), queue{0};
  want[0] = 0;
  for (size_t q = 0; q < queue.size(); ++q)
    for (int e = first[queue[q]]; e < first[queue[q] + 1]; ++e)
      if (want[edges[e]] < 0) {
        want[edges[e]] = want[queue[q]] + 1;
        queue.push_back(edges[e]);
      }

  std::vector<int> start(n, -1);
  start[0] = 0;
  DeviceArray<int> dfirst(first), dedges(edges), distance(start), a(std::vector<int>(n, 0)), b(n), counter(1);
  int *frontier = a, *next = b, size = 1;
  for (int level = 1; size > 0; ++level) {
    counter.zero();
    expand<<<(size + 127) / 128, 128>>>(dfirst, dedges, distance, frontier, size, next, counter, level);
    CUDA_CHECK(cudaMemcpy(&size, counter, sizeof size, cudaMemcpyDeviceToHost));
    int* swap = frontier;
    frontier = next;
    next = swap;
  }
  check::equal(distance.host(), want, "distance");
  return check::verdict("bfs");
}

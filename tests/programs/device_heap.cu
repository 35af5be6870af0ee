// malloc, free, new and delete in kernels; memory from one kernel used and freed by the next; the heap's
// limit; arrays on the stack whose length is known at run time only.
#include <alloca.h>

#include "check.h"

struct Node {
  int value;
  Node* next;
};

__global__ void build(Node** lists, int length) {
  Node* head = nullptr;
  for (int i = 0; i < length; ++i) head = new Node{static_cast<int>(threadIdx.x) * 100 + i, head};
  lists[threadIdx.x] = head;
}

__global__ void consume(Node** lists, int* sums) {
  int sum = 0;
  for (Node* node = lists[threadIdx.x]; node;) {
    sum = sum * 3 + node->value;
    Node* next = node->next;
    delete node;
    node = next;
  }
  sums[threadIdx.x] = sum;
}

__global__ void arrays(int* out) {
  const int n = 1 + threadIdx.x % 7;
  int* data = static_cast<int*>(malloc(n * sizeof(int)));
  for (int i = 0; i < n; ++i) data[i] = i * threadIdx.x;
  int sum = 0;
  for (int i = 0; i < n; ++i) sum += data[i];
  out[threadIdx.x] = sum + (reinterpret_cast<unsigned long long>(data) % 16 != 0) * 1000000;
  free(data);
  free(nullptr);
}

__global__ void on_the_stack(int* out, int n) {
  const int own = n + threadIdx.x % 5;
  int* const data = static_cast<int*>(alloca(own * sizeof(int)));
  for (int i = 0; i < own; ++i) data[i] = i * threadIdx.x;
  int sum = 0;
  for (int i = own; i-- > 0;) sum = sum * 3 + data[i];
  out[threadIdx.x] = sum;
}

__global__ void too_much(int* out) {
  *out = malloc(1ull << 40) == nullptr;
}

int main() {
  const int threads = 50, length = 9;
  size_t limit = 0;
  CUDA_CHECK(cudaDeviceSetLimit(cudaLimitMallocHeapSize, 16 << 20));
  CUDA_CHECK(cudaDeviceGetLimit(&limit, cudaLimitMallocHeapSize));
  EXPECT(limit >= 16 << 20);
  DeviceArray<Node*> lists(threads);
  DeviceArray<int> out(threads);
  std::vector<int> want(threads);
  for (int round = 0; round < 3; ++round) {
    build<<<1, threads>>>(lists, length);
    consume<<<1, threads>>>(lists, out);
    CUDA_SYNC();
    for (int t = 0; t < threads; ++t) {
      want[t] = 0;
      for (int i = length - 1; i >= 0; --i) want[t] = want[t] * 3 + t * 100 + i;
    }
    check::equal(out.host(), want, "lists");
  }
  arrays<<<1, threads>>>(out);
  CUDA_SYNC();
  for (int t = 0; t < threads; ++t) {
    const int n = 1 + t % 7;
    want[t] = n * (n - 1) / 2 * t;
  }
  check::equal(out.host(), want, "arrays");
  on_the_stack<<<1, threads>>>(out, 4);
  CUDA_SYNC();
  for (int t = 0; t < threads; ++t) {
    want[t] = 0;
    for (int i = 4 + t % 5; i-- > 0;) want[t] = want[t] * 3 + i * t;
  }
  check::equal(out.host(), want, "stack");
  too_much<<<1, 1>>>(out);
  CUDA_SYNC();
  EXPECT(out.host()[0] == 1);
  return check::verdict("device_heap");
}

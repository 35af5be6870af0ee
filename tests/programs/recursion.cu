// Calls that cannot be inlined: recursion, mutual recursion, a recursive quicksort on local memory, records
// passed by value.
#include "check.h"

#include <algorithm>

__host__ __device__ __noinline__ int fibonacci(int n) {
  return n < 2 ? n : fibonacci(n - 1) + fibonacci(n - 2);
}

__host__ __device__ __noinline__ int ackermann(int m, int n) {
  if (m == 0) return n + 1;
  return n == 0 ? ackermann(m - 1, 1) : ackermann(m - 1, ackermann(m, n - 1));
}

__host__ __device__ bool is_odd(int n);
__host__ __device__ __noinline__ bool is_even(int n) {
  return n == 0 || is_odd(n - 1);
}
__host__ __device__ __noinline__ bool is_odd(int n) {
  return n != 0 && is_even(n - 1);
}

__device__ __noinline__ void quicksort(int* data, int low, int high) {
  if (low >= high) return;
  const int pivot = data[(low + high) / 2];
  int i = low, j = high;
  while (i <= j) {
    while (data[i] < pivot) ++i;
    while (data[j] > pivot) --j;
    if (i <= j) {
      const int swap = data[i];
      data[i++] = data[j];
      data[j--] = swap;
    }
  }
  quicksort(data, low, j);
  quicksort(data, i, high);
}

struct Record {
  int values[5];
  short flags;
  double weight;
  char name[3];
};

// Two copies on the stack, the caller's and its own, and nothing before them.
__host__ __device__ __noinline__ Record changed(Record r, int depth) {
  if (depth <= 0) return r;
  Record next = r;
  next.values[depth % 5] += depth;
  next.flags ^= depth;
  next.weight = next.weight * 0.5 + depth;
  next.name[depth % 3]++;
  if (depth & 1) return changed(next, depth - 2);
  Record other = changed(next, depth - 3);
  other.values[0] += next.flags;
  return other;
}

__host__ __device__ int of_record(int t) {
  const Record r =
      changed({{t, 1, 2, 3, 4}, static_cast<short>(t), static_cast<double>(t), {1, 2, 3}}, t % 11);
  int sum = 0;
  for (int v : r.values) sum = sum * 31 + v;
  return sum * 7 + r.flags + static_cast<int>(r.weight * 16) + r.name[0] + 3 * r.name[1] + 5 * r.name[2];
}

__global__ void records(int* out) {
  out[threadIdx.x] = threadIdx.x % 3 == 1 ? 0 : of_record(static_cast<int>(threadIdx.x));
}

// Writes into its caller's array, all of which must be there as deep as it goes.
__host__ __device__ __noinline__ int deep(int n, int* callers) {
  int own[8];
  for (int i = 0; i < 8; ++i) own[i] = n * i;
  callers[n & 7] += own[n & 7];
  return n == 0 ? 0 : deep(n - 1, own) + own[(n + 1) & 7] + 1;
}

__host__ __device__ int of_depth(int n) {
  int first[8] = {};
  return deep(n, first) + first[n & 7];
}

__global__ void depths(int* out, int n) {
  out[threadIdx.x] = of_depth(n + static_cast<int>(threadIdx.x % 4));
}

__global__ void numbers(int* out) {
  const int t = threadIdx.x;
  out[t * 3] = fibonacci(t % 13);
  out[t * 3 + 1] = ackermann(t % 3, t % 5);
  out[t * 3 + 2] = is_even(t);
}

__global__ void sort(const int* in, int* out, int each) {
  int local[24];
  for (int i = 0; i < each; ++i) local[i] = in[threadIdx.x * each + i];
  quicksort(local, 0, each - 1);
  for (int i = 0; i < each; ++i) out[threadIdx.x * each + i] = local[i];
}

int main() {
  const int threads = 70, each = 24;
  CUDA_CHECK(cudaDeviceSetLimit(cudaLimitStackSize, 8192));
  std::vector<int> want(threads * 3);
  for (int t = 0; t < threads; ++t) {
    want[t * 3] = fibonacci(t % 13);
    want[t * 3 + 1] = ackermann(t % 3, t % 5);
    want[t * 3 + 2] = t % 2 == 0;
  }
  DeviceArray<int> out(threads * 3);
  numbers<<<1, threads>>>(out);
  CUDA_SYNC();
  check::equal(out.host(), want, "numbers");

  // As deep as the limit allows, before and after it was raised.
  DeviceArray<int> depths_out(threads);
  for (const int depth : {50, 1500}) {
    CUDA_CHECK(cudaDeviceSetLimit(cudaLimitStackSize, static_cast<size_t>(depth) * 160));
    depths<<<1, threads>>>(depths_out, depth);
    CUDA_SYNC();
    std::vector<int> sums(threads);
    for (int t = 0; t < threads; ++t) sums[t] = of_depth(depth + t % 4);
    check::equal(depths_out.host(), sums, "depths");
  }

  std::vector<int> recorded(threads);
  for (int t = 0; t < threads; ++t) recorded[t] = t % 3 == 1 ? 0 : of_record(t);
  DeviceArray<int> records_out(threads);
  records<<<1, threads>>>(records_out);
  CUDA_SYNC();
  check::equal(records_out.host(), recorded, "records");

  check::Random random;
  std::vector<int> values(threads * each);
  for (int& v : values) v = static_cast<int>(random.below(1000));
  DeviceArray<int> in(values), sorted(threads * each);
  sort<<<1, threads>>>(in, sorted, each);
  CUDA_SYNC();
  for (int t = 0; t < threads; ++t) std::sort(values.begin() + t * each, values.begin() + (t + 1) * each);
  check::equal(sorted.host(), values, "sorted");
  return check::verdict("recursion");
}

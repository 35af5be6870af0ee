// Rows of sizes that the block divides evenly and of others, summed in every usual way: loops in steps of the
// block (unrolled or not), shuffles, trees in shared memory of blocks small and large; and running means,
// whose count is the same in all threads for some sizes only.
#include "check.h"

constexpr int kRows = 3;

template <int kBlock>
__global__ void sum_by_tree(const int* in, int* out, int n) {
  __shared__ int part[kBlock];
  const int t = threadIdx.x;
  int sum = 0;
#pragma unroll 4
  for (int i = t; i < n; i += kBlock) sum += in[blockIdx.x * n + i] * (i % 7 + 1);
  part[t] = sum;
  __syncthreads();
  for (int k = kBlock / 2; k > 0; k /= 2) {
    if (t < k) part[t] += part[t + k];
    __syncthreads();
  }
  if (t == 0) out[blockIdx.x] = part[0];
}

__global__ void sum_by_shuffles(const int4* in, int* out, int quads) {
  __shared__ int part[32];
  int sum = 0;
  for (int i = threadIdx.x; i < quads; i += blockDim.x) {
    const int4 v = in[blockIdx.x * quads + i];
    sum += v.x + 2 * v.y + 3 * v.z + 4 * v.w;
  }
  for (int d = 16; d > 0; d /= 2) sum += __shfl_xor_sync(~0u, sum, d);
  if (threadIdx.x % 32 == 0) part[threadIdx.x / 32] = sum;
  __syncthreads();
  if (threadIdx.x == 0) {
    for (int w = 1; w < blockDim.x / 32; ++w) sum += part[w];
    out[blockIdx.x] = sum;
  }
}

/// Of the whole grid, whose step is known at the launch only.
__global__ void sum_by_grid(const int* in, int* out, int n) {
  int sum = 0;
  for (int i = blockIdx.x * blockDim.x + threadIdx.x; i < n; i += gridDim.x * blockDim.x) sum += in[i] ^ i;
  sum = __reduce_add_sync(~0u, sum);
  if (threadIdx.x % 32 == 0) atomicAdd(out, sum);
}

/// A warp a row, by Welford's rule: lanes' counts differ where 32 doesn't divide n.
__global__ void spread(const float* in, float* out, int n) {
  const int row = threadIdx.x / 32, lane = threadIdx.x % 32;
  float mean = 0, squares = 0, count = 0;
  for (int i = lane; i < n; i += 32) {
    const float x = in[row * n + i], d = x - mean;
    count += 1;
    mean += d / count;
    squares += d * (x - mean);
  }
  for (int d = 16; d > 0; d /= 2) {
    const float other = __shfl_xor_sync(~0u, mean, d), more = __shfl_xor_sync(~0u, squares, d),
                others = __shfl_xor_sync(~0u, count, d), all = count + others;
    if (all > 0) {
      const float apart = other - mean;
      mean += apart * (others / all);
      squares += more + apart * apart * (count * (others / all));
    }
    count = all;
  }
  if (lane == 0) out[row * 3] = mean, out[row * 3 + 1] = squares, out[row * 3 + 2] = count;
}

/// Counts of bytes and of words in shared memory, the bins of a warp by themselves.
template <class T>
__global__ void count(const T* in, int* out, int n) {
  __shared__ int bins[4][64];
  for (int k = threadIdx.x; k < 256; k += blockDim.x) bins[k / 64][k % 64] = 0;
  __syncthreads();
  for (int i = threadIdx.x; i < n; i += blockDim.x) atomicAdd(&bins[threadIdx.x / 32][in[i]], 1);
  __syncthreads();
  for (int k = threadIdx.x; k < 64; k += blockDim.x)
    out[k] = bins[0][k] + 10 * bins[1][k] + 100 * bins[2][k] + 1000 * bins[3][k];
}

/// A table read before its middle and behind, in steps of one and in any order.
__global__ void look_up(const int* table, const int* at, int* out, int n) {
  const int i = blockIdx.x * blockDim.x + threadIdx.x;
  if (i < n) out[i] = table[at[i]];
}

template <int kBlock>
void trees(const std::vector<int>& values, int n) {
  DeviceArray<int> in(values), out(kRows);
  sum_by_tree<kBlock><<<kRows, kBlock>>>(in, out, n);
  CUDA_SYNC();
  std::vector<int> want(kRows);
  for (int r = 0; r < kRows; ++r)
    for (int i = 0; i < n; ++i) want[r] += values[r * n + i] * (i % 7 + 1);
  check::equal(out.host(), want, "tree");
}

void sums(int n) {
  check::Random random;
  std::vector<int> values(size_t(kRows) * n * 4);
  for (int& v : values) v = int(random.below(1000)) - 500;
  trees<32>(values, n);
  trees<64>(values, n);
  trees<256>(values, n);
  trees<512>(values, n);
  trees<1024>(values, n);
  DeviceArray<int> in(values), out(kRows), total(1);
  for (const int block : {64, 256, 1024}) {
    sum_by_shuffles<<<kRows, block>>>(reinterpret_cast<const int4*>(static_cast<int*>(in)), out, n);
    total.zero();
    sum_by_grid<<<5, block>>>(in, total, n);
    CUDA_SYNC();
    std::vector<int> want(kRows), all(1);
    for (int r = 0; r < kRows; ++r)
      for (int i = 0; i < 4 * n; ++i) want[r] += values[size_t(r) * n * 4 + i] * (i % 4 + 1);
    for (int i = 0; i < n; ++i) all[0] += values[i] ^ i;
    check::equal(out.host(), want, "shuffles");
    check::equal(total.host(), all, "grid");
  }
}

void spreads(int n) {
  check::Random random;
  std::vector<float> values(size_t(2) * n);
  for (float& v : values) v = float(random.below(4096)) / 64.0f;
  DeviceArray<float> in(values), out(6);
  spread<<<1, 64>>>(in, out, n);
  CUDA_SYNC();
  std::vector<double> want;
  for (int r = 0; r < 2; ++r) {
    double mean = 0, squares = 0;
    for (int i = 0; i < n; ++i) mean += values[r * n + i] / double(n);
    for (int i = 0; i < n; ++i) squares += (values[r * n + i] - mean) * (values[r * n + i] - mean);
    want.insert(want.end(), {mean, squares, double(n)});
  }
  check::near(out.host(), want, 1e-3, "spread");
}

template <class T>
void counts(int n) {
  check::Random random;
  std::vector<T> values(n);
  for (T& v : values) v = T(random.below(64));
  DeviceArray<T> in(values);
  DeviceArray<int> out(64);
  count<<<1, 128>>>(static_cast<const T*>(in), static_cast<int*>(out), n);
  CUDA_SYNC();
  std::vector<int> want(64);
  const int weight[] = {1, 10, 100, 1000};
  for (int i = 0; i < n; ++i) want[values[i]] += weight[i % 128 / 32];
  check::equal(out.host(), want, "count");
}

void tables(int n) {
  check::Random random;
  std::vector<int> table(2000), at(n), want(n);
  for (int& v : table) v = int(random.below(1 << 30));
  for (int i = 0; i < n; ++i) {
    const int run = i / 16 % 3;  // side by side, one and the same, anywhere
    at[i] = run == 0 ? i % 500 - 250 : run == 1 ? 7 : int(random.below(2000)) - 1000;
    want[i] = table[1000 + at[i]];
  }
  DeviceArray<int> values(table), places(at), out(n);
  look_up<<<(n + 127) / 128, 128>>>(static_cast<const int*>(values) + 1000, places, out, n);
  CUDA_SYNC();
  check::equal(out.host(), want, "table");
}

int main() {
  for (const int n : {1, 31, 96, 256, 1000, 1024, 4096}) {
    sums(n);
    spreads(n);
    counts<unsigned char>(n);
    counts<int>(n);
    tables(n);
  }
  return check::verdict("row_sizes");
}

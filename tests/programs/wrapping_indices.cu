// Unsigned indices of which some lanes' wrap below zero while their neighbours' don't: halos on the left,
// counters near 2^31 and 2^32, and indices extended in a loop and used behind it.
#include "check.h"

constexpr unsigned kSize = 4096;

/// The last index of a loop that warps leave in different rounds; the next one wouldn't wrap.
__host__ __device__ unsigned long long behind_loop(const int* values, const unsigned char* stop,
                                                   unsigned first) {
  unsigned long long last, sum = 0;
  int n = 0;
  do {
    last = first;
    sum = sum * 31 + last;
    n++;
    first += 1024;
  } while (!stop[n & 63]);
  if (last < kSize) sum += values[last];
  return sum + n;
}

__global__ void behind_warps_loops(const int* values, const unsigned char* stop, unsigned long long* out,
                                   unsigned back) {
  out[threadIdx.x] = behind_loop(values, stop + threadIdx.x / 32 * 64, threadIdx.x - back);
}

/// The same loop for all, in a branch that some lanes take.
__global__ void behind_a_branchs_loop(const int* values, const unsigned char* stop, unsigned long long* out,
                                      unsigned back) {
  out[threadIdx.x] = values[threadIdx.x] & 1 ? behind_loop(values, stop, threadIdx.x - back) : 0;
}

__host__ __device__ int halo(const int* values, unsigned n, unsigned i) {
  int sum = 0;
  if (i < n) sum += values[i];
  if (i + 2 < n) sum += 2 * values[i + 2];
  const unsigned mirrored = n - 1 - i;
  if (mirrored < n) sum += 5 * values[mirrored];
  return sum;
}

__global__ void halos(const int* values, int* out, unsigned n) {
  const unsigned t = blockIdx.x * blockDim.x + threadIdx.x;
  out[t] = halo(values, n, t - 3);
}

__host__ __device__ unsigned count(unsigned first, unsigned end, unsigned step) {
  unsigned rounds = 0, all = 0;
  for (unsigned i = first; i < end; i += step) {
    rounds++;
    all ^= i;
    if (i + step < i || rounds > 3000) break;
  }
  return rounds * 0x10001u ^ all;
}

__global__ void counters(unsigned* out, unsigned first, unsigned end, unsigned step) {
  out[threadIdx.x] = count(first + threadIdx.x, end, step);
}

int main() {
  check::Random random;
  std::vector<int> values(kSize);
  for (int& v : values) v = int(random.below(1000));
  DeviceArray<int> in(values);
  for (const unsigned block : {32u, 64u, 256u}) {
    DeviceArray<unsigned long long> sums(block);
    for (const unsigned back : {0u, 5u, 37u, 1031u})
      for (const bool rising : {false, true}) {
        std::vector<unsigned char> stop(512);
        for (unsigned i = 0; i < 512; ++i) stop[i] = rising ? i % 64 > 2 * (i / 64) : i % 64 + i / 64 > 8;
        DeviceArray<unsigned char> stops(stop);
        std::vector<unsigned long long> warps(block), branch(block);
        for (unsigned t = 0; t < block; ++t) {
          warps[t] = behind_loop(values.data(), &stop[t / 32 * 64], t - back);
          branch[t] = values[t] & 1 ? behind_loop(values.data(), stop.data(), t - back) : 0;
        }
        behind_warps_loops<<<1, block>>>(in, stops, sums, back);
        CUDA_SYNC();
        check::equal(sums.host(), warps, "behind warps' loops");
        behind_a_branchs_loop<<<1, block>>>(in, stops, sums, back);
        CUDA_SYNC();
        check::equal(sums.host(), branch, "behind a branch's loop");
      }
    DeviceArray<int> out(4 * block);
    for (const unsigned n : {3u, 256u, 1000u}) {
      std::vector<int> want(4 * block);
      for (unsigned t = 0; t < 4 * block; ++t) want[t] = halo(values.data(), n, t - 3);
      halos<<<4, block>>>(in, out, n);
      CUDA_SYNC();
      check::equal(out.host(), want, "halos");
    }
    DeviceArray<unsigned> counted(block);
    for (const unsigned step : {7u, 32u, 256u, 1000000u})
      for (const unsigned first : {0u, 0x7ffff000u, 0x7fffffe0u, 0xfffff000u, 0xffffffe0u}) {
        const unsigned end = first < 0x80000000u ? first + 0x1200u : 0xffffffffu;
        std::vector<unsigned> want(block);
        for (unsigned t = 0; t < block; ++t) want[t] = count(first + t, end, step);
        counters<<<1, block>>>(counted, first, end, step);
        CUDA_SYNC();
        check::equal(counted.host(), want, "counters");
      }
  }
  return check::verdict("wrapping_indices");
}

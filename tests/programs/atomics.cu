// Every atomic operation on every type, on global and shared memory, with the old values that come back.
#include "check.h"

template <class T>
struct Cells {
  T add, least, most, exchange, swapped;
};

template <class T>
__device__ void hit(Cells<T>* cells, T value, T* olds) {
  *olds = atomicAdd(&cells->add, value);
  atomicMin(&cells->least, value);
  atomicMax(&cells->most, value);
  atomicExch(&cells->exchange, static_cast<T>(7));
  // Adds by compare-and-swap.
  T old = cells->swapped, seen;
  do {
    seen = old;
    old = atomicCAS(&cells->swapped, seen, static_cast<T>(seen + value));
  } while (old != seen);
}

template <class T>
__global__ void hit_all(Cells<T>* global, const T* values, T* olds, int n) {
  __shared__ Cells<T> local;
  if (threadIdx.x == 0) local = {0, static_cast<T>(1000), 0, 0, 0};
  __syncthreads();
  const int i = blockIdx.x * blockDim.x + threadIdx.x;
  T unused;
  if (i < n) {
    hit(&global[0], values[i], &olds[i]);
    hit(&local, values[i], &unused);
  }
  __syncthreads();
  if (threadIdx.x == 0) {
    atomicAdd(&global[1].add, local.add);
    atomicMin(&global[1].least, local.least);
    atomicMax(&global[1].most, local.most);
    atomicExch(&global[1].exchange, local.exchange);
    atomicAdd(&global[1].swapped, local.swapped);
  }
}

template <class T>
void test(const char* name) {
  const int n = 1000;
  check::Random random;
  std::vector<T> values(n);
  T sum = 0, least = 1000, most = 0;
  for (T& v : values) {
    v = static_cast<T>(1 + random.below(500));
    sum += v;
    least = v < least ? v : least;
    most = v > most ? v : most;
  }
  const std::vector<Cells<T>> start(2, Cells<T>{0, static_cast<T>(1000), 0, 0, 0});
  DeviceArray<Cells<T>> cells(start);
  DeviceArray<T> in(values), olds(n);
  hit_all<T><<<8, 128>>>(cells, in, olds, n);
  CUDA_SYNC();
  for (const Cells<T>& c : cells.host()) {
    if (c.add != sum || c.least != least || c.most != most || c.exchange != 7 || c.swapped != sum)
      check::fail("%s\n", name);
    check::digest(&c, sizeof c);
  }
  // Each old value is a partial sum: they're all different, and old + value leads from one to the next.
  std::vector<T> before = olds.host();
  T total = 0;
  for (int i = 0; i < n; ++i) total = static_cast<T>(total + (before[i] + values[i] <= sum ? 1 : 0));
  EXPECT(total == static_cast<T>(n));
}

__global__ void bitwise(unsigned* a, unsigned long long* b) {
  const unsigned t = threadIdx.x;
  atomicAnd(&a[0], ~(1u << (t % 20)));
  atomicOr(&a[1], 1u << (t % 24));
  atomicXor(&a[2], t * 77777u);
  atomicInc(&a[3], 9u);
  atomicDec(&a[4], 9u);
  atomicSub(&a[5], t);
  atomicAnd(&b[0], ~(1ull << (t % 50)));
  atomicOr(&b[1], 1ull << (t % 60));
  atomicXor(&b[2], t * 777777777777ull);
}

__global__ void floats(float* a, double* b) {
  __shared__ float shared_sum;
  if (threadIdx.x == 0) shared_sum = 0.0f;
  __syncthreads();
  atomicAdd(a, 0.5f);
  atomicAdd(&shared_sum, 0.25f);
  atomicAdd(b, 0.125);
  __syncthreads();
  if (threadIdx.x == 0) atomicAdd(&a[1], shared_sum);
  atomicExch(&a[2], 3.0f);
}

/// Scopes and a 16-bit compare-and-swap.
__global__ void scoped(int* a, unsigned short* b) {
  atomicAdd_block(&a[0], 1);
  atomicAdd_system(&a[1], 1);
  unsigned short seen = *b, old;
  while ((old = atomicCAS(b, seen, static_cast<unsigned short>(seen + 3))) != seen) seen = old;
}

int main() {
  test<int>("int");
  test<unsigned>("unsigned");
  test<unsigned long long>("unsigned long long");

  DeviceArray<unsigned> a(std::vector<unsigned>{~0u, 0, 0, 0, 0, 0});
  DeviceArray<unsigned long long> b(std::vector<unsigned long long>{~0ull, 0, 0});
  bitwise<<<1, 100>>>(a, b);
  CUDA_SYNC();
  unsigned xor32 = 0;
  unsigned long long xor64 = 0;
  for (unsigned t = 0; t < 100; ++t) {
    xor32 ^= t * 77777u;
    xor64 ^= t * 777777777777ull;
  }
  check::equal(a.host(), {0xfff00000u, 0x00ffffffu, xor32, 0u, 0u, static_cast<unsigned>(-4950)}, "bitwise");
  check::equal(b.host(), {0xfffc000000000000ull, 0x0fffffffffffffffull, xor64}, "bitwise 64");

  DeviceArray<float> f(4);
  DeviceArray<double> d(1);
  f.zero();
  d.zero();
  floats<<<3, 100>>>(f, d);
  CUDA_SYNC();
  check::equal(f.host(), {150.0f, 75.0f, 3.0f, 0.0f}, "float");
  check::equal(d.host(), {37.5}, "double");

  DeviceArray<int> s(2);
  DeviceArray<unsigned short> h(2);
  s.zero();
  h.zero();
  scoped<<<1, 64>>>(s, h);
  CUDA_SYNC();
  check::equal(s.host(), {64, 64}, "scopes");
  EXPECT(h.host()[0] == 192);
  return check::verdict("atomics");
}

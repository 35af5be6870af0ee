// Loads and stores of every vector type, in rows and in no order; arrays of structures, unions, and copies of
// big structures.
#include "check.h"

struct __align__(16) Particle {
  float3 position;
  float mass;
  short2 tags;
  unsigned char flags[3];
};

template <class V, class T, int N>
__global__ void twice(const V* in, V* out, int n) {
  const int i = blockIdx.x * blockDim.x + threadIdx.x;
  if (i >= n) return;
  V v = in[i];
  T* parts = reinterpret_cast<T*>(&v);
  for (int k = 0; k < N; ++k) parts[k] = static_cast<T>(parts[k] * 2 + k);
  out[i] = v;
}

template <class V, class T, int N>
void test(const char* name) {
  const int n = 333;
  std::vector<T> in(n * N), want(n * N);
  for (int i = 0; i < n * N; ++i) {
    in[i] = static_cast<T>(i % 50);
    want[i] = static_cast<T>(in[i] * 2 + i % N);
  }
  DeviceArray<T> din(in), dout(n * N);
  twice<V, T, N><<<3, 128>>>(reinterpret_cast<V*>(static_cast<T*>(din)),
                             reinterpret_cast<V*>(static_cast<T*>(dout)), n);
  CUDA_SYNC();
  check::equal(dout.host(), want, name);
}

// Lanes in no order, and rows of `pitch`; lanes that do nothing in between.
template <class V>
__global__ void deal(const V* in, V* out, const int* from, const int* to, int pitch, int n, unsigned lanes) {
  const int i = blockIdx.x * blockDim.x + threadIdx.x;
  if (i >= n || !(lanes >> (i % 32) & 1)) return;
  out[to[i]] = in[from[i]];
  out[n + (i % 8) * pitch + i / 8] = in[(i % 8) * pitch + i / 8];
}

template <class V, class T, int N>
void test_places(const char* name) {
  const int n = 320, pitch = n / 8 + 3;
  std::vector<T> in((n + 24) * N);
  for (size_t i = 0; i < in.size(); ++i) in[i] = static_cast<T>(i * 7 % 120);
  std::vector<int> from(n), to(n);
  for (int i = 0; i < n; ++i) from[i] = i * 37 % n, to[i] = i * 51 % n;
  for (unsigned lanes : {~0u, 0x80010ff2u, 0xffffu, 0x000f000fu}) {
    DeviceArray<T> din(in), dout((2 * n + 24) * N);
    std::vector<T> want((2 * n + 24) * N);
    DeviceArray<int> dfrom(from), dto(to);
    dout.zero();
    deal<<<4, 96>>>(reinterpret_cast<const V*>(static_cast<T*>(din)),
                    reinterpret_cast<V*>(static_cast<T*>(dout)), static_cast<int*>(dfrom),
                    static_cast<int*>(dto), pitch, n, lanes);
    CUDA_SYNC();
    for (int i = 0; i < n; ++i) {
      if (!(lanes >> (i % 32) & 1)) continue;
      const int place = i % 8 * pitch + i / 8;
      for (int k = 0; k < N; ++k) {
        want[to[i] * N + k] = in[from[i] * N + k];
        want[(n + place) * N + k] = in[place * N + k];
      }
    }
    check::equal(dout.host(), want, name);
  }
}

__global__ void move(Particle* particles, int n, float dt) {
  const int i = blockIdx.x * blockDim.x + threadIdx.x;
  if (i >= n) return;
  Particle p = particles[i];
  p.position.x = fmaf(dt, p.mass, p.position.x);
  p.position.z += p.tags.y;
  p.flags[i % 3] ^= 0x5a;
  particles[n - 1 - i + n] = p;
}

int main() {
  test<char2, signed char, 2>("char2");
  test<char3, signed char, 3>("char3");
  test<uchar4, unsigned char, 4>("uchar4");
  test<short2, short, 2>("short2");
  test<ushort4, unsigned short, 4>("ushort4");
  test<int2, int, 2>("int2");
  test<int3, int, 3>("int3");
  test<uint4, unsigned, 4>("uint4");
  test<longlong2, long long, 2>("longlong2");
  test<float2, float, 2>("float2");
  test<float3, float, 3>("float3");
  test<float4, float, 4>("float4");
  test<double2, double, 2>("double2");
  test<double3, double, 3>("double3");
  test_places<uchar4, unsigned char, 4>("places of uchar4");
  test_places<float2, float, 2>("places of float2");
  test_places<float4, float, 4>("places of float4");
  test_places<double2, double, 2>("places of double2");

  const int n = 200;
  std::vector<Particle> particles(2 * n);
  std::memset(particles.data(), 0, particles.size() * sizeof(Particle));
  for (int i = 0; i < n; ++i) {
    Particle& p = particles[i];
    p.position = make_float3(i * 0.5f, i * 0.25f, -i);
    p.mass = 1.0f + i;
    p.tags = make_short2(i, -i);
    for (unsigned char& f : p.flags) f = static_cast<unsigned char>(i);
  }
  DeviceArray<Particle> d(particles);
  move<<<2, 128>>>(d, n, 0.1f);
  CUDA_SYNC();
  const std::vector<Particle> got = d.host();
  for (int i = 0; i < n; ++i) {
    const Particle &from = particles[i], &to = got[2 * n - 1 - i];
    EXPECT(to.position.x == fmaf(0.1f, from.mass, from.position.x) && to.position.y == from.position.y);
    EXPECT(to.position.z == from.position.z + from.tags.y && to.mass == from.mass &&
           to.tags.x == from.tags.x);
    for (int k = 0; k < 3; ++k) EXPECT(to.flags[k] == (from.flags[k] ^ (k == i % 3 ? 0x5a : 0)));
  }
  return check::verdict("vector_types");
}

// Surface objects: reads and writes of every element size and geometry, boundary modes, and the texture that
// reads what a surface wrote.
#include "check.h"

namespace {

cudaArray_t make_array(const cudaChannelFormatDesc& channel, int width, int height, int depth,
                       unsigned flags) {
  cudaArray_t array = nullptr;
  CUDA_CHECK(cudaMalloc3DArray(&array, &channel, make_cudaExtent(width, height, depth),
                               flags | cudaArraySurfaceLoadStore));
  return array;
}

cudaResourceDesc resource_of(cudaArray_t array) {
  cudaResourceDesc r{};
  r.resType = cudaResourceTypeArray;
  r.res.array.array = array;
  return r;
}

cudaSurfaceObject_t surface_of(cudaArray_t array) {
  const cudaResourceDesc r = resource_of(array);
  cudaSurfaceObject_t s = 0;
  CUDA_CHECK(cudaCreateSurfaceObject(&s, &r));
  return s;
}

template <class T>
__device__ T element(unsigned n) {
  T v;
  for (int i = 0; i < int(sizeof(T)); i++)
    reinterpret_cast<unsigned char*>(&v)[i] = (unsigned char)(n * 7 + i * 3);
  return v;
}

/// Writes a 6 x 4 surface mirrored, reads it back through both read forms and the boundary modes.
template <class T>
__global__ void mirror(cudaSurfaceObject_t s, T* out) {
  const int x = threadIdx.x, y = threadIdx.y;
  surf2Dwrite(element<T>(y * 6 + x), s, int(sizeof(T)) * (5 - x), 3 - y);
  surf2Dwrite(element<T>(99), s, int(sizeof(T)) * (6 + x), y, cudaBoundaryModeZero);  // dropped
  __syncthreads();
  T* mine = out + (y * 6 + x) * 3;
  mine[0] = surf2Dread<T>(s, int(sizeof(T)) * x, y);
  surf2Dread(&mine[1], s, int(sizeof(T)) * (x - 3), y + 2, cudaBoundaryModeClamp);
  mine[2] = surf2Dread<T>(s, int(sizeof(T)) * (x - 3), y, cudaBoundaryModeZero);
}

template <class T>
void two_dimensions() {
  cudaArray_t array = make_array(cudaCreateChannelDesc<T>(), 6, 4, 0, 0);
  const cudaSurfaceObject_t s = surface_of(array);
  DeviceArray<T> out(72);
  mirror<T><<<1, dim3(6, 4)>>>(s, out);
  CUDA_SYNC();
  const std::vector<T> got = out.host();
  const auto expect = [&](int i, int x, int y, bool zero) {
    unsigned char want[sizeof(T)] = {};
    const int n = (3 - y) * 6 + 5 - x;
    for (size_t b = 0; b < sizeof(T) && !zero; b++) want[b] = (unsigned char)(n * 7 + b * 3);
    EXPECT(std::memcmp(&got[i], want, sizeof(T)) == 0);
  };
  for (int y = 0; y < 4; y++)
    for (int x = 0; x < 6; x++) {
      const int i = (y * 6 + x) * 3;
      expect(i, x, y, false);
      expect(i + 1, x < 3 ? 0 : x - 3, y > 1 ? 3 : y + 2, false);
      expect(i + 2, x - 3, y, x < 3);
    }
  check::digest(got.data(), got.size() * sizeof(T));
  CUDA_CHECK(cudaDestroySurfaceObject(s));
  CUDA_CHECK(cudaFreeArray(array));
}

__global__ void write_shapes(cudaSurfaceObject_t line, cudaSurfaceObject_t layers, cudaSurfaceObject_t volume,
                             cudaSurfaceObject_t cube, cudaSurfaceObject_t lines) {
  const int i = threadIdx.x;
  surf1Dwrite(float(i), line, i * 4);
  surf2DLayeredwrite(float(100 + i), layers, i % 4 * 4, i / 4 % 4, i / 16);
  surf3Dwrite(float(200 + i), volume, i % 4 * 4, i / 4 % 4, i / 16);
  surfCubemapwrite(float(300 + i), cube, i % 2 * 4, i / 2 % 2, i / 4 % 6);
  surf1DLayeredwrite(float(400 + i), lines, i % 8 * 4, i / 8);
}

__global__ void read_shapes(cudaSurfaceObject_t line, cudaSurfaceObject_t layers, cudaSurfaceObject_t volume,
                            cudaSurfaceObject_t cube, cudaSurfaceObject_t lines, float* out) {
  const int i = threadIdx.x;
  out[i] = surf1Dread<float>(line, i * 4);
  out[32 + i] = surf2DLayeredread<float>(layers, i % 4 * 4, i / 4 % 4, i / 16);
  out[64 + i] = surf3Dread<float>(volume, i % 4 * 4, i / 4 % 4, i / 16);
  out[96 + i] = i < 24 ? surfCubemapread<float>(cube, i % 2 * 4, i / 2 % 2, i / 4) : float(300 + i);
  out[128 + i] = surf1DLayeredread<float>(lines, i % 8 * 4, i / 8);
}

void shapes() {
  const cudaChannelFormatDesc f = cudaCreateChannelDesc<float>();
  cudaArray_t a[] = {make_array(f, 32, 0, 0, 0), make_array(f, 4, 4, 2, cudaArrayLayered),
                     make_array(f, 4, 4, 2, 0), make_array(f, 2, 2, 6, cudaArrayCubemap),
                     make_array(f, 8, 0, 4, cudaArrayLayered)};
  cudaSurfaceObject_t s[5];
  for (int i = 0; i < 5; i++) s[i] = surface_of(a[i]);
  DeviceArray<float> out(160);
  // Of the cube, thread i and i + 24 write the same texel: the first 24 threads alone.
  write_shapes<<<1, 32>>>(s[0], s[1], s[2], s[3], s[4]);
  write_shapes<<<1, 24>>>(s[0], s[1], s[2], s[3], s[4]);
  read_shapes<<<1, 32>>>(s[0], s[1], s[2], s[3], s[4], out);
  CUDA_SYNC();
  std::vector<float> want(160);
  for (int i = 0; i < 160; i++) want[i] = float(i / 32 * 100 + i % 32);
  check::equal(out.host(), want, "shapes");
  for (int i = 0; i < 5; i++) {
    CUDA_CHECK(cudaDestroySurfaceObject(s[i]));
    CUDA_CHECK(cudaFreeArray(a[i]));
  }
}

__global__ void checkerboard(cudaSurfaceObject_t s, int n) {
  const int x = blockIdx.x * blockDim.x + threadIdx.x, y = blockIdx.y * blockDim.y + threadIdx.y;
  if (x < n && y < n) surf2Dwrite((x + y) & 1 ? 1.0f : 0.0f, s, x * 4, y);
}
__global__ void blur(cudaTextureObject_t t, float* out, int n) {
  const int x = blockIdx.x * blockDim.x + threadIdx.x, y = blockIdx.y * blockDim.y + threadIdx.y;
  if (x < n && y < n) out[y * n + x] = tex2D<float>(t, x + 1.0f, y + 1.0f);
}

void write_then_sample() {
  constexpr int n = 40;
  cudaArray_t array = make_array(cudaCreateChannelDesc<float>(), n, n, 0, 0);
  const cudaSurfaceObject_t s = surface_of(array);
  const cudaResourceDesc r = resource_of(array);
  cudaTextureDesc d{};
  for (auto& m : d.addressMode) m = cudaAddressModeClamp;
  d.filterMode = cudaFilterModeLinear;
  cudaTextureObject_t t = 0;
  CUDA_CHECK(cudaCreateTextureObject(&t, &r, &d, nullptr));
  DeviceArray<float> out(n * n);
  checkerboard<<<dim3(3, 3), dim3(16, 16)>>>(s, n);
  blur<<<dim3(3, 3), dim3(16, 16)>>>(t, out, n);
  CUDA_SYNC();
  const std::vector<float> got = out.host();
  for (int y = 0; y < n - 1; y++)
    for (int x = 0; x < n - 1; x++) EXPECT(got[y * n + x] == 0.5f);
  check::digest(got.data(), got.size() * sizeof(float));
  CUDA_CHECK(cudaDestroyTextureObject(t));
  CUDA_CHECK(cudaDestroySurfaceObject(s));
  CUDA_CHECK(cudaFreeArray(array));
}

}  // namespace

int main() {
  two_dimensions<unsigned char>();
  two_dimensions<char2>();
  two_dimensions<short>();
  two_dimensions<uchar4>();
  two_dimensions<float>();
  two_dimensions<int2>();
  two_dimensions<float4>();
  shapes();
  write_then_sample();
  return check::verdict("surfaces");
}

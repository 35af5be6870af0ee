// Texture objects: arrays, linear and pitched memory, element types, address and filter modes, layers, cubes,
// volumes, gathers; against the formulas of the programming guide.
#include "check.h"

namespace {

constexpr int kWidth = 13, kHeight = 9, kSamples = 512;

cudaTextureObject_t texture(const cudaResourceDesc& resource, cudaTextureAddressMode mode,
                            cudaTextureFilterMode filter, cudaTextureReadMode read, bool normalized) {
  cudaTextureDesc t{};
  for (auto& m : t.addressMode) m = mode;
  t.filterMode = filter;
  t.readMode = read;
  t.normalizedCoords = normalized;
  cudaTextureObject_t object = 0;
  CUDA_CHECK(cudaCreateTextureObject(&object, &resource, &t, nullptr));
  return object;
}

cudaResourceDesc of_array(cudaArray_t array) {
  cudaResourceDesc r{};
  r.resType = cudaResourceTypeArray;
  r.res.array.array = array;
  return r;
}

template <class T>
cudaArray_t make_array(const std::vector<T>& texels, int width, int height, int depth = 0,
                       unsigned flags = 0) {
  const cudaChannelFormatDesc channel = cudaCreateChannelDesc<T>();
  cudaArray_t array = nullptr;
  CUDA_CHECK(cudaMalloc3DArray(&array, &channel, make_cudaExtent(width, height, depth), flags));
  cudaMemcpy3DParms p{};
  p.srcPtr =
      make_cudaPitchedPtr(const_cast<T*>(texels.data()), width * sizeof(T), width, height ? height : 1);
  p.dstArray = array;
  p.extent = make_cudaExtent(width, height ? height : 1, depth ? depth : 1);
  p.kind = cudaMemcpyHostToDevice;
  CUDA_CHECK(cudaMemcpy3D(&p));
  return array;
}

std::vector<float2> places(float low, float high) {
  check::Random random;
  std::vector<float2> v(kSamples);
  for (float2& p : v) {
    p.x = low + (high - low) * random.unit();
    p.y = low + (high - low) * random.unit();
  }
  return v;
}

// ---- 2-D, all modes

__global__ void sample_2d(cudaTextureObject_t t, const float2* at, float* out, int n) {
  const int i = blockIdx.x * blockDim.x + threadIdx.x;
  if (i < n) out[i] = tex2D<float>(t, at[i].x, at[i].y);
}

int texel_of(int i, int n, int mode) {
  if (mode == cudaAddressModeClamp) return i < 0 ? 0 : i >= n ? n - 1 : i;
  if (mode == cudaAddressModeBorder) return i < 0 || i >= n ? -1 : i;
  const int period = mode == cudaAddressModeWrap ? n : 2 * n, m = ((i % period) + period) % period;
  return m < n ? m : 2 * n - 1 - m;
}

double reference(const std::vector<float>& image, double x, double y, int mode, bool linear) {
  const auto texel = [&](double fx, double fy) {
    const int i = texel_of(int(fx), kWidth, mode), j = texel_of(int(fy), kHeight, mode);
    return i < 0 || j < 0 ? 0.0 : double(image[j * kWidth + i]);
  };
  if (!linear) return texel(std::floor(x), std::floor(y));
  const auto fixed = [](double v) { return std::floor((v - 0.5) * 256 + 0.5) / 256; };
  const double fx = fixed(x), fy = fixed(y), i = std::floor(fx), j = std::floor(fy), a = fx - i, b = fy - j;
  return (1 - a) * (1 - b) * texel(i, j) + a * (1 - b) * texel(i + 1, j) + (1 - a) * b * texel(i, j + 1) +
         a * b * texel(i + 1, j + 1);
}

void two_dimensions(const std::vector<float>& image, const cudaResourceDesc& resource) {
  for (int mode = cudaAddressModeWrap; mode <= cudaAddressModeBorder; mode++)
    for (bool linear : {false, true}) {
      const bool normalized = mode == cudaAddressModeWrap || mode == cudaAddressModeMirror;
      const float low = normalized ? -1.3f : -3.0f, high = normalized ? 2.4f : 16.0f;
      const std::vector<float2> at = places(low, high);
      const DeviceArray<float2> where(at);
      DeviceArray<float> out(kSamples);
      const cudaTextureObject_t t =
          texture(resource, cudaTextureAddressMode(mode), linear ? cudaFilterModeLinear : cudaFilterModePoint,
                  cudaReadModeElementType, normalized);
      sample_2d<<<kSamples / 64, 64>>>(t, where, out, kSamples);
      CUDA_SYNC();
      std::vector<double> want;
      for (const float2& p : at)
        want.push_back(reference(image, p.x * (normalized ? double(kWidth) : 1.0),
                                 p.y * (normalized ? double(kHeight) : 1.0), mode, linear));
      check::near(out.host(), want, 1e-5, "tex2D");
      CUDA_CHECK(cudaDestroyTextureObject(t));
    }
}

// ---- Element types

template <class T>
__global__ void fetch_line(cudaTextureObject_t t, T* out, int n) {
  const int i = threadIdx.x;
  if (i < n) out[i] = tex1Dfetch<T>(t, i - 1);
}

template <class T>
void linear_memory(const std::vector<T>& texels) {
  DeviceArray<T> memory(texels), out(texels.size() + 2);
  cudaResourceDesc r{};
  r.resType = cudaResourceTypeLinear;
  r.res.linear.devPtr = memory;
  r.res.linear.desc = cudaCreateChannelDesc<T>();
  r.res.linear.sizeInBytes = texels.size() * sizeof(T);
  const cudaTextureObject_t t =
      texture(r, cudaAddressModeClamp, cudaFilterModePoint, cudaReadModeElementType, false);
  fetch_line<T><<<1, 64>>>(t, out, int(texels.size()) + 2);
  CUDA_SYNC();
  std::vector<T> want(texels.size() + 2);  // zero outside
  std::memcpy(&want[1], texels.data(), texels.size() * sizeof(T));
  const std::vector<T> got = out.host();
  EXPECT(std::memcmp(got.data(), want.data(), got.size() * sizeof(T)) == 0);
  check::digest(got.data(), got.size() * sizeof(T));
  CUDA_CHECK(cudaDestroyTextureObject(t));
}

template <class T>
std::vector<T> bytes_of(size_t n) {
  std::vector<T> v(n);
  for (size_t i = 0; i < n * sizeof(T); i++)
    reinterpret_cast<unsigned char*>(v.data())[i] = (unsigned char)(i * 37 + 11);
  return v;
}

__global__ void normalized_read(cudaTextureObject_t t, float4* out) {
  out[threadIdx.x] = tex2D<float4>(t, threadIdx.x % 4 + 0.5f, threadIdx.x / 4 + 0.5f);
}

void normalized_bytes() {
  std::vector<uchar4> texels(16);
  for (int i = 0; i < 16; i++) texels[i] = make_uchar4(i * 17, 255 - i, i, 128);
  cudaArray_t array = make_array(texels, 4, 4);
  const cudaTextureObject_t t =
      texture(of_array(array), cudaAddressModeClamp, cudaFilterModePoint, cudaReadModeNormalizedFloat, false);
  DeviceArray<float4> out(16);
  normalized_read<<<1, 16>>>(t, out);
  CUDA_SYNC();
  const std::vector<float4> got = out.host();
  for (int i = 0; i < 16; i++) {
    EXPECT(got[i].x == float(texels[i].x / 255.0) && got[i].y == float(texels[i].y / 255.0));
    EXPECT(got[i].z == float(texels[i].z / 255.0) && got[i].w == float(128 / 255.0));
  }
  check::digest(got.data(), got.size() * sizeof(float4));
  CUDA_CHECK(cudaDestroyTextureObject(t));
  CUDA_CHECK(cudaFreeArray(array));
}

// ---- Layers, cubes, volumes, gathers

__global__ void sample_shapes(cudaTextureObject_t layers, cudaTextureObject_t cube,
                              cudaTextureObject_t volume, cudaTextureObject_t flat, float* out) {
  const int i = threadIdx.x;
  const float u = i / 32.0f;
  bool resident = false;
  out[i] = tex2DLayered<float>(layers, 1.25f + u, 0.75f, i % 3);
  out[32 + i] = texCubemap<float>(cube, i % 3 - 1.0f, i / 3 % 3 - 1.0f, i / 9 - 1.5f);
  out[64 + i] = tex3D<float>(volume, u * 3, 1.5f - u, 0.5f + u);
  const float4 g = tex2Dgather<float4>(flat, 1.5f + u * 8, 2.5f + u * 4, 0);
  out[96 + i] = g.x + 2 * g.y + 3 * g.z + 4 * g.w;
  out[128 + i] = tex2D<float>(flat, 3.5f, 2.5f, &resident) + (resident ? 1000.0f : 0.0f);
}

void shapes(const std::vector<float>& image) {
  std::vector<float> numbers(96);
  for (size_t i = 0; i < numbers.size(); i++) numbers[i] = float(i * i % 101);
  cudaArray_t layers = make_array(numbers, 8, 4, 3, cudaArrayLayered),
              cube = make_array(numbers, 4, 4, 6, cudaArrayCubemap), volume = make_array(numbers, 4, 4, 6),
              flat = make_array(image, kWidth, kHeight, 0, cudaArrayTextureGather);
  const auto bind = [](cudaArray_t a, cudaTextureFilterMode filter) {
    return texture(of_array(a), cudaAddressModeClamp, filter, cudaReadModeElementType, false);
  };
  const cudaTextureObject_t t[] = {bind(layers, cudaFilterModeLinear), bind(cube, cudaFilterModePoint),
                                   bind(volume, cudaFilterModeLinear), bind(flat, cudaFilterModePoint)};
  DeviceArray<float> out(160);
  sample_shapes<<<1, 32>>>(t[0], t[1], t[2], t[3], out);
  CUDA_SYNC();
  const std::vector<float> got = out.host();
  // Layer 1, lane 1: u = 1/32: x - 0.5 = 0.78125, y - 0.5 = 0.25.
  const auto at = [&](int x, int y, int z) { return double(numbers[(z * 4 + y) * 8 + x]); };
  const double row0 = at(0, 0, 1) + 0.78125 * (at(1, 0, 1) - at(0, 0, 1));
  const double row1 = at(0, 1, 1) + 0.78125 * (at(1, 1, 1) - at(0, 1, 1));
  EXPECT(std::fabs(got[1] - (row0 + 0.25 * (row1 - row0))) < 1e-3);
  for (int i = 0; i < 32; i++) EXPECT(got[128 + i] == image[2 * kWidth + 3] + 1000.0f);
  // Lane 0: (1.5, 2.5) is the corner of texels 1 and 2 of both axes.
  const auto f = [&](int x, int y) { return image[y * kWidth + x]; };
  EXPECT(got[96] == f(1, 3) + 2 * f(2, 3) + 3 * f(2, 2) + 4 * f(1, 2));
  check::digest(got.data(), got.size() * sizeof(float));
  for (cudaTextureObject_t object : t) CUDA_CHECK(cudaDestroyTextureObject(object));
  for (cudaArray_t a : {layers, cube, volume, flat}) CUDA_CHECK(cudaFreeArray(a));
}

// ---- Mip levels

__global__ void sample_levels(cudaTextureObject_t t, float* out) {
  const int i = threadIdx.x;
  out[i] = tex2DLod<float>(t, 0.5f, 0.5f, i * 0.25f);
  out[32 + i] = tex2DGrad<float>(t, 0.3f, 0.6f, make_float2(i / 32.0f, 0), make_float2(0, 0.01f));
}

void mip_levels() {
  const cudaChannelFormatDesc channel = cudaCreateChannelDesc<float>();
  cudaMipmappedArray_t mipmap = nullptr;
  CUDA_CHECK(cudaMallocMipmappedArray(&mipmap, &channel, make_cudaExtent(16, 16, 0), 5));
  for (unsigned n = 0; n < 5; n++) {
    cudaArray_t level = nullptr;
    CUDA_CHECK(cudaGetMipmappedArrayLevel(&level, mipmap, n));
    cudaExtent extent{};
    CUDA_CHECK(cudaArrayGetInfo(nullptr, &extent, nullptr, level));
    EXPECT(extent.width == 16u >> n && extent.height == 16u >> n);
    const std::vector<float> texels(extent.width * extent.height, float(10 * n));
    CUDA_CHECK(cudaMemcpy2DToArray(level, 0, 0, texels.data(), extent.width * 4, extent.width * 4,
                                   extent.height, cudaMemcpyHostToDevice));
  }
  cudaResourceDesc r{};
  r.resType = cudaResourceTypeMipmappedArray;
  r.res.mipmap.mipmap = mipmap;
  cudaTextureDesc d{};
  d.filterMode = d.mipmapFilterMode = cudaFilterModeLinear;
  d.normalizedCoords = 1;
  d.maxMipmapLevelClamp = 3;
  cudaTextureObject_t t = 0;
  CUDA_CHECK(cudaCreateTextureObject(&t, &r, &d, nullptr));
  DeviceArray<float> out(64);
  sample_levels<<<1, 32>>>(t, out);
  CUDA_SYNC();
  const std::vector<float> got = out.host();
  for (int i = 0; i < 32; i++) EXPECT(got[i] == (i < 12 ? 2.5f * i : 30.0f));
  EXPECT(got[32 + 2] == 0.0f && got[32 + 4] == 10.0f && got[32 + 16] == 30.0f);  // 1, 2 and 8 texels a pixel
  check::digest(got.data(), got.size() * sizeof(float));
  CUDA_CHECK(cudaDestroyTextureObject(t));
  CUDA_CHECK(cudaFreeMipmappedArray(mipmap));
}

void errors(cudaArray_t array) {
  cudaTextureDesc d{};
  cudaTextureObject_t t = 0;
  cudaResourceDesc r = of_array(array);
  EXPECT_ERROR(cudaCreateTextureObject(nullptr, &r, &d, nullptr), cudaErrorInvalidValue);
  const std::vector<int> numbers(16);
  cudaArray_t integers = make_array(numbers, 4, 4);
  r = of_array(integers);
  d.filterMode = cudaFilterModeLinear;
  EXPECT_ERROR(cudaCreateTextureObject(&t, &r, &d, nullptr), cudaErrorInvalidFilterSetting);
  d.filterMode = cudaFilterModePoint;
  d.readMode = cudaReadModeNormalizedFloat;
  EXPECT_ERROR(cudaCreateTextureObject(&t, &r, &d, nullptr), cudaErrorInvalidNormSetting);
  cudaChannelFormatDesc three = cudaCreateChannelDesc(8, 8, 8, 0, cudaChannelFormatKindUnsigned);
  EXPECT_ERROR(cudaMallocArray(&integers, &three, 4, 4), cudaErrorInvalidChannelDescriptor);
  EXPECT_ERROR(cudaDestroyTextureObject(0x123456789), cudaErrorInvalidValue);
}

}  // namespace

int main() {
  check::Random random;
  std::vector<float> image(kWidth * kHeight);
  for (float& v : image) v = random.unit() * 100 - 50;
  cudaArray_t array = make_array(image, kWidth, kHeight);
  two_dimensions(image, of_array(array));

  // The same image in pitched memory.
  float* pitched = nullptr;
  size_t pitch = 0;
  CUDA_CHECK(cudaMallocPitch(&pitched, &pitch, kWidth * 4, kHeight));
  CUDA_CHECK(
      cudaMemcpy2D(pitched, pitch, image.data(), kWidth * 4, kWidth * 4, kHeight, cudaMemcpyHostToDevice));
  cudaResourceDesc r{};
  r.resType = cudaResourceTypePitch2D;
  r.res.pitch2D.devPtr = pitched;
  r.res.pitch2D.desc = cudaCreateChannelDesc<float>();
  r.res.pitch2D.width = kWidth;
  r.res.pitch2D.height = kHeight;
  r.res.pitch2D.pitchInBytes = pitch;
  two_dimensions(image, r);

  linear_memory(bytes_of<char>(20));
  linear_memory(bytes_of<uchar2>(20));
  linear_memory(bytes_of<short4>(20));
  linear_memory(bytes_of<ushort1>(20));
  linear_memory(bytes_of<int2>(20));
  linear_memory(bytes_of<uint4>(20));
  linear_memory(bytes_of<float4>(20));
  normalized_bytes();
  shapes(image);
  mip_levels();
  errors(array);
  return check::verdict("textures");
}

// Every kind of memory and copy: device, pitched, 3-D, host, mapped, registered, managed, stream-ordered;
// sets; pointer attributes; exhausted memory.
#include "check.h"

__global__ void fill(int* x, int n, int seed) {
  const int i = blockIdx.x * blockDim.x + threadIdx.x;
  if (i < n) x[i] = i * 3 + seed;
}

std::vector<int> filled(int n, int seed) {
  std::vector<int> v(n);
  for (int i = 0; i < n; ++i) v[i] = i * 3 + seed;
  return v;
}

void run_fill(int* x, int n, int seed) {
  fill<<<(n + 127) / 128, 128>>>(x, n, seed);
  CUDA_SYNC();
}

void host_memory() {
  const int n = 1000;
  int *pinned, *mapped, *view;
  CUDA_CHECK(cudaMallocHost(&pinned, n * sizeof(int)));
  DeviceArray<int> d(n);
  run_fill(d, n, 1);
  CUDA_CHECK(cudaMemcpyAsync(pinned, d, n * sizeof(int), cudaMemcpyDeviceToHost));
  CUDA_CHECK(cudaDeviceSynchronize());
  check::equal(std::vector<int>(pinned, pinned + n), filled(n, 1), "pinned");
  CUDA_CHECK(cudaFreeHost(pinned));

  CUDA_CHECK(cudaHostAlloc(&mapped, n * sizeof(int), cudaHostAllocMapped));
  CUDA_CHECK(cudaHostGetDevicePointer(&view, mapped, 0));
  run_fill(view, n, 2);
  check::equal(std::vector<int>(mapped, mapped + n), filled(n, 2), "mapped");
  CUDA_CHECK(cudaFreeHost(mapped));

  std::vector<int> own(n);
  CUDA_CHECK(cudaHostRegister(own.data(), n * sizeof(int), cudaHostRegisterMapped));
  CUDA_CHECK(cudaHostGetDevicePointer(&view, own.data(), 0));
  run_fill(view, n, 3);
  CUDA_CHECK(cudaHostUnregister(own.data()));
  check::equal(own, filled(n, 3), "registered");
  EXPECT_ERROR(cudaHostUnregister(own.data()), cudaErrorHostMemoryNotRegistered);

  int* managed;
  CUDA_CHECK(cudaMallocManaged(&managed, n * sizeof(int)));
  managed[5] = 7;
  run_fill(managed, n, 4);
  check::equal(std::vector<int>(managed, managed + n), filled(n, 4), "managed");
  CUDA_CHECK(cudaFree(managed));
}

void pitched() {
  const int width = 37, height = 11;
  int* data;
  size_t pitch;
  CUDA_CHECK(cudaMallocPitch(&data, &pitch, width * sizeof(int), height));
  EXPECT(pitch >= width * sizeof(int) && pitch % 256 == 0);
  std::vector<int> in = filled(width * height, 5), out(width * height);
  const size_t row = width * sizeof(int);
  CUDA_CHECK(cudaMemset2D(data, pitch, 0x11, row, height));
  CUDA_CHECK(cudaMemcpy2D(data, pitch, in.data(), row, row, height - 1, cudaMemcpyHostToDevice));
  CUDA_CHECK(cudaMemcpy2D(out.data(), row, data, pitch, row, height, cudaMemcpyDeviceToHost));
  for (int i = 0; i < width; ++i) in[(height - 1) * width + i] = 0x11111111;
  check::equal(out, in, "pitched");
  CUDA_CHECK(cudaFree(data));
  EXPECT_ERROR(cudaMemcpy2D(out.data(), 4, in.data(), row, row, height, cudaMemcpyHostToHost),
               cudaErrorInvalidPitchValue);
}

void three_dimensional() {
  const cudaExtent extent = make_cudaExtent(12 * sizeof(int), 5, 4);
  cudaPitchedPtr box;
  CUDA_CHECK(cudaMalloc3D(&box, extent));
  std::vector<int> in = filled(12 * 5 * 4, 6), out(12 * 5 * 4, -1);
  cudaMemcpy3DParms copy = {};
  copy.srcPtr = make_cudaPitchedPtr(in.data(), 12 * sizeof(int), 12, 5);
  copy.dstPtr = box;
  copy.extent = extent;
  copy.kind = cudaMemcpyHostToDevice;
  CUDA_CHECK(cudaMemcpy3D(&copy));
  copy.srcPtr = box;
  copy.dstPtr = make_cudaPitchedPtr(out.data(), 12 * sizeof(int), 12, 5);
  copy.srcPos = make_cudaPos(2 * sizeof(int), 1, 1);
  copy.dstPos = make_cudaPos(0, 0, 0);
  copy.extent = make_cudaExtent(10 * sizeof(int), 4, 3);
  copy.kind = cudaMemcpyDeviceToHost;
  CUDA_CHECK(cudaMemcpy3D(&copy));
  std::vector<int> want(12 * 5 * 4, -1);
  for (int z = 0; z < 3; ++z)
    for (int y = 0; y < 4; ++y)
      for (int x = 0; x < 10; ++x) want[(z * 5 + y) * 12 + x] = in[((z + 1) * 5 + y + 1) * 12 + x + 2];
  check::equal(out, want, "3-D copy");
  CUDA_CHECK(cudaMemset3D(box, 3, make_cudaExtent(12 * sizeof(int), 5, 4)));
  CUDA_CHECK(cudaFree(box.ptr));
}

void stream_ordered() {
  cudaStream_t s;
  CUDA_CHECK(cudaStreamCreate(&s));
  for (int round = 0; round < 4; ++round) {
    int* data;
    CUDA_CHECK(cudaMallocAsync(&data, 4000, s));
    fill<<<8, 128, 0, s>>>(data, 1000, round);
    std::vector<int> out(1000);
    CUDA_CHECK(cudaMemcpyAsync(out.data(), data, 4000, cudaMemcpyDeviceToHost, s));
    CUDA_CHECK(cudaFreeAsync(data, s));
    CUDA_CHECK(cudaStreamSynchronize(s));
    check::equal(out, filled(1000, round), "stream-ordered");
  }
  CUDA_CHECK(cudaStreamDestroy(s));
}

void attributes() {
  cudaPointerAttributes about;
  int* d;
  CUDA_CHECK(cudaMalloc(&d, 1000));
  CUDA_CHECK(cudaPointerGetAttributes(&about, d + 10));
  EXPECT(about.type == cudaMemoryTypeDevice && about.devicePointer == d + 10 && about.device == 0);
  int* h;
  CUDA_CHECK(cudaMallocHost(&h, 1000));
  CUDA_CHECK(cudaPointerGetAttributes(&about, h));
  EXPECT(about.type == cudaMemoryTypeHost && about.hostPointer == h);
  int local;
  CUDA_CHECK(cudaPointerGetAttributes(&about, &local));
  EXPECT(about.type == cudaMemoryTypeUnregistered);
  int* m;
  CUDA_CHECK(cudaMallocManaged(&m, 1000));
  CUDA_CHECK(cudaPointerGetAttributes(&about, m));
  EXPECT(about.type == cudaMemoryTypeManaged);
  CUDA_CHECK(cudaFree(m));
  CUDA_CHECK(cudaFreeHost(h));
  CUDA_CHECK(cudaFree(d));
  CUDA_CHECK(cudaFree(nullptr));
}

void limits() {
  size_t available = 0, total = 0, after = 0;
  CUDA_CHECK(cudaMemGetInfo(&available, &total));
  EXPECT(available > 0 && available <= total);
  void* p = nullptr;
  EXPECT_ERROR(cudaMalloc(&p, total * 2), cudaErrorMemoryAllocation);
  EXPECT(p == nullptr);
  CUDA_CHECK(cudaMalloc(&p, 64 << 20));
  CUDA_CHECK(cudaMemGetInfo(&after, &total));
  EXPECT(after <= available - (60 << 20));  // a little may come from what was reserved before
  CUDA_CHECK(cudaFree(p));
  CUDA_CHECK(cudaMemGetInfo(&after, &total));
  EXPECT(after >= available);  // the pool may have given back something too
  EXPECT_ERROR(cudaFree(reinterpret_cast<void*>(0x1234500)), cudaErrorInvalidValue);
  int *a, *b;
  CUDA_CHECK(cudaMalloc(&a, 3));
  CUDA_CHECK(cudaMalloc(&b, 3));
  EXPECT(reinterpret_cast<uintptr_t>(a) % 256 == 0 && reinterpret_cast<uintptr_t>(b) % 256 == 0 && a != b);
  CUDA_CHECK(cudaFree(a));
  CUDA_CHECK(cudaFree(b));
}

void copies() {
  const int n = 3000;
  DeviceArray<int> a(n), b(n);
  run_fill(a, n, 9);
  CUDA_CHECK(cudaMemcpy(b, a, n * sizeof(int), cudaMemcpyDeviceToDevice));
  check::equal(b.host(), filled(n, 9), "device to device");
  std::vector<int> out(n);
  CUDA_CHECK(cudaMemcpy(out.data(), b, n * sizeof(int), cudaMemcpyDefault));
  check::equal(out, filled(n, 9), "default kind");
  CUDA_CHECK(cudaMemset(b + 1, 0xab, 5));
  std::vector<int> want = filled(n, 9);
  std::memset(&want[1], 0xab, 5);
  check::equal(b.host(), want, "memset");
}

int main() {
  host_memory();
  pitched();
  three_dimensional();
  stream_ordered();
  attributes();
  limits();
  copies();
  return check::verdict("memory_kinds");
}

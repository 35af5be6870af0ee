// Variables of the program that live on the device: __device__, __constant__, __managed__, static,
// initialised ones, and pointers to them.
#include "check.h"

__device__ int counter = 5;
__device__ float table[4] = {1.0f, 2.5f, -3.0f, 4.0f};
__constant__ int weights[8] = {1, 2, 3, 4, 5, 6, 7, 8};
__constant__ struct {
  double scale;
  short shift;
} options = {0.5, -3};
__managed__ int shared_with_host = 11;
static __device__ __managed__ struct {
  double sum;
  int list[3];
} both = {0.25, {7, 8, 9}};
static __device__ unsigned char bytes[5] = {1, 2, 3, 4, 5};
__device__ int* pointer_to_counter = &counter;
__device__ const char* text = "twenty-one characters";

__global__ void use(float* out) {
  const int t = threadIdx.x;
  float v = table[t % 4] * weights[t % 8] + static_cast<float>(options.scale * options.shift) + bytes[t % 5];
  if (t == 0) {
    counter += 10;
    *pointer_to_counter += 100;
    shared_with_host *= 2;
    both.sum += both.list[1];
  }
  int length = 0;
  while (text[length]) ++length;
  out[t] = v + length;
}

int main() {
  EXPECT(shared_with_host == 11 && both.list[2] == 9);  // before any call of CUDA's
  both.list[1] = 16;
  const int n = 40;
  DeviceArray<float> out(n);
  const auto expect = [&](const float(&t)[4], const int(&w)[8]) {
    std::vector<float> want(n);
    for (int i = 0; i < n; ++i) want[i] = t[i % 4] * w[i % 8] - 1.5f + (i % 5 + 1) + 21;
    use<<<1, n>>>(out);
    CUDA_SYNC();
    check::equal(out.host(), want, "values");
  };
  float t[4] = {1.0f, 2.5f, -3.0f, 4.0f};
  int w[8] = {1, 2, 3, 4, 5, 6, 7, 8};
  expect(t, w);
  int value = 0;
  CUDA_CHECK(cudaMemcpyFromSymbol(&value, counter, sizeof value));
  EXPECT(value == 115);
  EXPECT(shared_with_host == 22);
  EXPECT(both.sum == 16.25);
  int* const place = check::failures ? nullptr : &shared_with_host;
  cudaPointerAttributes attributes = {};
  CUDA_CHECK(cudaPointerGetAttributes(&attributes, place));
  EXPECT(attributes.type == cudaMemoryTypeManaged);
  value = 33;
  CUDA_CHECK(cudaMemcpyToSymbol(shared_with_host, &value, sizeof value));
  EXPECT(*place == 33);

  t[2] = 9.0f;
  w[7] = -8;
  CUDA_CHECK(cudaMemcpyToSymbol(table, &t[2], sizeof(float), 2 * sizeof(float)));
  CUDA_CHECK(cudaMemcpyToSymbol(weights, w, sizeof w));
  expect(t, w);

  size_t size = 0;
  float* address = nullptr;
  CUDA_CHECK(cudaGetSymbolSize(&size, table));
  CUDA_CHECK(cudaGetSymbolAddress(reinterpret_cast<void**>(&address), table));
  EXPECT(size == sizeof t);
  t[0] = 100.0f;
  CUDA_CHECK(cudaMemcpy(address, t, sizeof(float), cudaMemcpyHostToDevice));
  expect(t, w);
  EXPECT_ERROR(cudaMemcpyToSymbol(table, t, sizeof t, 4), cudaErrorInvalidValue);
  int not_a_symbol;
  EXPECT_ERROR(cudaGetSymbolSize(&size, &not_a_symbol), cudaErrorInvalidSymbol);
  return check::verdict("symbols");
}

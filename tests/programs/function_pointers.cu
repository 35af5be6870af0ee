// Calls through pointers: a table in device memory, uniform and different from lane to lane, and virtual
// functions of objects that a kernel has made.
#include "check.h"

using Operation = int (*)(int, int);

__device__ __noinline__ int plus(int a, int b) {
  return a + b;
}
__device__ __noinline__ int minus(int a, int b) {
  return a - b;
}
__device__ __noinline__ int times(int a, int b) {
  return a * b;
}
__device__ __noinline__ int larger(int a, int b) {
  return a > b ? a : b;
}

__device__ Operation table[4] = {plus, minus, times, larger};
__device__ Operation chosen = times;

__global__ void by_lane(int* out) {
  const int t = threadIdx.x;
  out[t] = table[t % 4](t, 10);
}

__global__ void passed(int* out, Operation operation) {
  out[threadIdx.x] = operation(threadIdx.x, 3);
}

struct Shape {
  __device__ virtual ~Shape() {}
  __device__ virtual float area() const = 0;
  __device__ virtual int corners() const { return 0; }
};

struct Square : Shape {
  float side;
  __device__ explicit Square(float s) : side(s) {}
  __device__ float area() const override { return side * side; }
  __device__ int corners() const override { return 4; }
};

struct Disc : Shape {
  float radius;
  __device__ explicit Disc(float r) : radius(r) {}
  __device__ float area() const override { return 3.0f * radius * radius; }
};

__global__ void make(Shape** shapes, int n) {
  const int i = threadIdx.x;
  if (i < n) shapes[i] = i % 3 == 0 ? static_cast<Shape*>(new Disc(i)) : static_cast<Shape*>(new Square(i));
}

__global__ void measure(Shape** shapes, float* areas, int* corners, int n) {
  const int i = threadIdx.x;
  if (i >= n) return;
  areas[i] = shapes[i]->area();
  corners[i] = shapes[i]->corners();
  delete shapes[i];
}

int main() {
  const int n = 70;
  DeviceArray<int> out(n);
  by_lane<<<1, n>>>(out);
  CUDA_SYNC();
  std::vector<int> want(n);
  for (int t = 0; t < n; ++t)
    want[t] = t % 4 == 0 ? t + 10 : t % 4 == 1 ? t - 10 : t % 4 == 2 ? t * 10 : t > 10 ? t : 10;
  check::equal(out.host(), want, "by_lane");

  Operation operation;
  CUDA_CHECK(cudaMemcpyFromSymbol(&operation, chosen, sizeof operation));
  passed<<<1, n>>>(out, operation);
  CUDA_SYNC();
  for (int t = 0; t < n; ++t) want[t] = t * 3;
  check::equal(out.host(), want, "passed");

  DeviceArray<Shape*> shapes(n);
  DeviceArray<float> areas(n);
  make<<<1, 96>>>(shapes, n);
  measure<<<1, 96>>>(shapes, areas, out, n);
  CUDA_SYNC();
  std::vector<float> want_areas(n);
  for (int t = 0; t < n; ++t) {
    want_areas[t] = static_cast<float>(t) * t * (t % 3 == 0 ? 3 : 1);
    want[t] = t % 3 == 0 ? 0 : 4;
  }
  check::equal(areas.host(), want_areas, "areas");
  check::equal(out.host(), want, "corners");
  return check::verdict("function_pointers");
}

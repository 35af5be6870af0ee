// Every kind of shuffle, on every type, with all widths, whole and partial warps, and in divergent code.
#include "check.h"

enum Kind { kUp, kDown, kXor, kIndex };

template <class T>
__device__ T shuffle(int kind, unsigned mask, T value, int operand, int width) {
  switch (kind) {
    case kUp:
      return __shfl_up_sync(mask, value, operand, width);
    case kDown:
      return __shfl_down_sync(mask, value, operand, width);
    case kXor:
      return __shfl_xor_sync(mask, value, operand, width);
    default:
      return __shfl_sync(mask, value, operand, width);
  }
}

template <class T>
__global__ void shuffle_all(T* out, int operand) {
  const int lane = threadIdx.x;
  int at = 0;
  for (int kind = 0; kind < 4; ++kind)
    for (int width = 2; width <= 32; width *= 2)
      out[32 * at++ + lane] = shuffle(kind, 0xffffffffu, static_cast<T>(lane * 7 + 1), operand, width);
}

/// The rule of the programming guide: lanes outside the segment give one's own value.
int source(int kind, int lane, int operand, int width) {
  const int first = lane / width * width;
  int from = lane;
  if (kind == kUp) from = lane - operand < first ? lane : lane - operand;
  if (kind == kDown) from = lane + operand >= first + width ? lane : lane + operand;
  if (kind == kXor) from = (lane ^ operand) >= first + width ? lane : lane ^ operand;
  if (kind == kIndex) from = first + operand % width;
  return from;
}

template <class T>
void test(const char* name) {
  for (int operand : {0, 1, 2, 5, 16, 31}) {
    DeviceArray<T> out(32 * 20);
    shuffle_all<T><<<1, 32>>>(out, operand);
    CUDA_SYNC();
    std::vector<T> want;
    for (int kind = 0; kind < 4; ++kind)
      for (int width = 2; width <= 32; width *= 2)
        for (int lane = 0; lane < 32; ++lane)
          want.push_back(static_cast<T>(source(kind, lane, operand, width) * 7 + 1));
    check::equal(out.host(), want, name);
  }
}

/// Even lanes and odd lanes shuffle among themselves; the index differs from lane to lane.
__global__ void partial(int* out) {
  const int lane = threadIdx.x % 32;
  int value = threadIdx.x * 10;
  if (lane % 2 == 0)
    value = __shfl_sync(0x55555555u, value, (lane * 6 + 2) % 32);
  else
    value = __shfl_xor_sync(0xaaaaaaaau, value, 4) + 1;
  if (lane < 8) value += __shfl_down_sync(0xffu, value, 3, 8);
  out[threadIdx.x] = value;
}

/// The last warp of 72 threads has eight lanes.
__global__ void short_warp(int* out) {
  const unsigned mask = threadIdx.x < 64 ? 0xffffffffu : 0xffu;
  out[threadIdx.x] = __shfl_xor_sync(mask, static_cast<int>(threadIdx.x), 5, 8);
}

/// Exchanges of what was exchanged before, added up and not.
template <class T>
__global__ void in_a_row(const T* in, T* out) {
  T v = in[threadIdx.x];
  v = __shfl_xor_sync(0xffffffffu, v, 16);
  v += __shfl_xor_sync(0xffffffffu, v, 8);
  const T once = __shfl_xor_sync(0xffffffffu, v, 4), twice = __shfl_xor_sync(0xffffffffu, once, 2);
  v += once;
  v *= __shfl_xor_sync(0xffffffffu, twice, 1) + twice;
  out[threadIdx.x] = v;
}

template <class T>
void exchanges_in_a_row(const char* name) {
  std::vector<T> values(64), want(64);
  for (int t = 0; t < 64; ++t) values[t] = static_cast<T>(t * t % 23);
  for (int t = 0; t < 64; ++t) {
    const auto sum = [&](int l) { return values[l ^ 16] + values[l ^ 16 ^ 8]; };
    want[t] = (sum(t) + sum(t ^ 4)) * (sum(t ^ 1 ^ 2 ^ 4) + sum(t ^ 2 ^ 4));
  }
  DeviceArray<T> in(values), out(64);
  in_a_row<T><<<1, 64>>>(in, out);
  CUDA_SYNC();
  check::equal(out.host(), want, name);
}

int main() {
  test<int>("int");
  test<unsigned>("unsigned");
  test<float>("float");
  test<double>("double");
  test<long long>("long long");
  test<unsigned long long>("unsigned long long");

  DeviceArray<int> out(64);
  partial<<<1, 64>>>(out);
  CUDA_SYNC();
  std::vector<int> want(64);
  for (int w = 0; w < 64; w += 32) {
    int value[32], sum[32];
    for (int l = 0; l < 32; ++l) value[l] = l % 2 == 0 ? (w + (l * 6 + 2) % 32) * 10 : (w + (l ^ 4)) * 10 + 1;
    for (int l = 0; l < 32; ++l) sum[l] = value[l] + (l < 8 ? value[l + 3 < 8 ? l + 3 : l] : 0);
    for (int l = 0; l < 32; ++l) want[w + l] = sum[l];
  }
  check::equal(out.host(), want, "partial");

  DeviceArray<int> out72(72);
  short_warp<<<1, 72>>>(out72);
  CUDA_SYNC();
  std::vector<int> want72(72);
  for (int t = 0; t < 72; ++t) want72[t] = t ^ 5;
  check::equal(out72.host(), want72, "short_warp");
  exchanges_in_a_row<int>("exchanges of int in a row");
  exchanges_in_a_row<float>("exchanges of float in a row");
  return check::verdict("shuffles");
}

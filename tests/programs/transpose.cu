// Matrix transpose through a padded shared tile, 32x8 threads, ragged edges.
#include "check.h"

__global__ void transpose(const int* in, int* out, int rows, int columns) {
  __shared__ int tile[32][33];
  int x = blockIdx.x * 32 + threadIdx.x, y = blockIdx.y * 32 + threadIdx.y;
  for (int j = 0; j < 32; j += 8)
    if (x < columns && y + j < rows) tile[threadIdx.y + j][threadIdx.x] = in[(y + j) * columns + x];
  __syncthreads();
  x = blockIdx.y * 32 + threadIdx.x;
  y = blockIdx.x * 32 + threadIdx.y;
  for (int j = 0; j < 32; j += 8)
    if (x < rows && y + j < columns) out[(y + j) * rows + x] = tile[threadIdx.x][threadIdx.y + j];
}

int main() {
  const int shapes[][2] = {{64, 64}, {100, 70}, {1, 33}};
  for (const auto& [rows, columns] : shapes) {
    std::vector<int> in(rows * columns), want(rows * columns);
    for (int r = 0; r < rows; ++r)
      for (int c = 0; c < columns; ++c) want[c * rows + r] = in[r * columns + c] = r * 1000 + c;
    DeviceArray<int> din(in), dout(rows * columns);
    transpose<<<dim3((columns + 31) / 32, (rows + 31) / 32), dim3(32, 8)>>>(din, dout, rows, columns);
    CUDA_SYNC();
    check::equal(dout.host(), want, "transposed");
  }
  return check::verdict("transpose");
}

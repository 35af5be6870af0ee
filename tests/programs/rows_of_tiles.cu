// Blocks of 16x16, 8x8 and 8x8x8 threads: rows of a tile that end inside a warp, clamped rows, rows chosen in
// masked code by branches and loops that all lanes take alike, borders that few lanes load, strided stores.
#include "check.h"

constexpr int kWidth = 70, kHeight = 53, kCells = kWidth * kHeight;

__device__ __host__ int clamped(int i, int n) {
  return i < 0 ? 0 : i >= n ? n - 1 : i;
}

/// The mean cross of each cell, edges clamped.
__global__ void cross(const int* in, int* out) {
  const int x = int(blockIdx.x * blockDim.x + threadIdx.x), y = int(blockIdx.y * blockDim.y + threadIdx.y);
  if (x >= kWidth || y >= kHeight) return;
  const auto at = [&](int dx, int dy) {
    return in[clamped(y + dy, kHeight) * kWidth + clamped(x + dx, kWidth)];
  };
  out[y * kWidth + x] = 3 * at(0, 0) + at(-1, 0) + 5 * at(1, 0) + 7 * at(0, -1) + 11 * at(0, 1);
}

/// The same through a tile with a border, which few lanes of each row and column fetch.
template <int kSide>
__global__ void tiled_cross(const int* in, int* out) {
  __shared__ int tile[kSide + 2][kSide + 2];
  const int tx = int(threadIdx.x), ty = int(threadIdx.y);
  const int x = int(blockIdx.x) * kSide + tx, y = int(blockIdx.y) * kSide + ty;
  const auto at = [&](int cx, int cy) { return in[clamped(cy, kHeight) * kWidth + clamped(cx, kWidth)]; };
  tile[ty + 1][tx + 1] = at(x, y);
  if (tx == 0) tile[ty + 1][0] = at(x - 1, y);
  if (tx == kSide - 1) tile[ty + 1][kSide + 1] = at(x + 1, y);
  if (ty == 0) tile[0][tx + 1] = at(x, y - 1);
  if (ty == kSide - 1) tile[kSide + 1][tx + 1] = at(x, y + 1);
  __syncthreads();
  if (x < kWidth && y < kHeight) {
    // Past the picture's edges the tile holds clamped neighbours of clamped cells.
    const int right = x + 1 < kWidth ? tile[ty + 1][tx + 2] : tile[ty + 1][tx + 1];
    const int below = y + 1 < kHeight ? tile[ty + 2][tx + 1] : tile[ty + 1][tx + 1];
    out[y * kWidth + x] =
        3 * tile[ty + 1][tx + 1] + tile[ty + 1][tx] + 5 * right + 7 * tile[ty][tx + 1] + 11 * below;
  }
}

/// Rows that a branch and a loop choose which all lanes take alike, in code that the first lanes of a row
/// never reach.
__global__ void chosen_rows(const int* in, int* out, int mode, int turns, int skip) {
  const int tx = int(threadIdx.x), ty = int(threadIdx.y), y = int(blockIdx.x * blockDim.y) + ty;
  int sum = 0;
  if (tx >= skip) {
    int row;
    if (mode > 5) {
      row = y * 3 + mode;
      for (int k = 0; k < mode; k++) sum += in[(row + k) & 1023];
    } else {
      row = y * 5 - mode;
      for (int k = 0; k < 4; k++) sum ^= in[(row + 2 * k) & 1023];
    }
    row &= 63;
    for (int turn = 0; turn < turns; turn++) {
      for (int k = 0; k < mode; k++) row += ty + k;
      sum += in[(row & 127) * 16 + tx];
    }
    row &= 127;
    sum += 31 * in[row * 16 + tx];
    out[(row & 1) * 8192 + y * 16 + tx] = sum;
  }
}

int chosen(const std::vector<int>& in, int mode, int turns, int tx, int ty, int y, int* parity) {
  int sum = 0, row;
  if (mode > 5) {
    row = y * 3 + mode;
    for (int k = 0; k < mode; k++) sum += in[size_t((row + k) & 1023)];
  } else {
    row = y * 5 - mode;
    for (int k = 0; k < 4; k++) sum ^= in[size_t((row + 2 * k) & 1023)];
  }
  row &= 63;
  for (int turn = 0; turn < turns; turn++) {
    for (int k = 0; k < mode; k++) row += ty + k;
    sum += in[size_t((row & 127) * 16 + tx)];
  }
  row &= 127;
  *parity = row & 1;
  return sum + 31 * in[size_t(row * 16 + tx)];
}

/// Small cubes: neighbours in three directions, and every second or third word written.
__global__ void cubes(const short* in, short* out, int stride) {
  const int x = int(threadIdx.x), y = int(threadIdx.y), z = int(threadIdx.z), n = 8;
  const int i = int(blockIdx.x) * 512 + (z * n + y) * n + x;
  const int west = x ? i - 1 : i, north = y ? i - n : i, up = z ? i - n * n : i;
  const short v = short(in[i] + 2 * in[west] + 3 * in[north] + 5 * in[up]);
  out[i * stride] = v;
  if (x == 7) out[i * stride + 1] = short(v + 1);
}

int main() {
  check::Random random;
  std::vector<int> in(kCells), want(kCells);
  for (int& v : in) v = int(random.below(1000));
  for (int y = 0; y < kHeight; y++)
    for (int x = 0; x < kWidth; x++) {
      const auto at = [&](int dx, int dy) {
        return in[size_t(clamped(y + dy, kHeight) * kWidth + clamped(x + dx, kWidth))];
      };
      want[size_t(y * kWidth + x)] = 3 * at(0, 0) + at(-1, 0) + 5 * at(1, 0) + 7 * at(0, -1) + 11 * at(0, 1);
    }
  const DeviceArray<int> from(in);
  const auto blocks = [](int side) {
    return dim3(unsigned((kWidth + side - 1) / side), unsigned((kHeight + side - 1) / side));
  };
  for (int side : {16, 8, 4}) {
    DeviceArray<int> to(kCells);
    to.zero();
    cross<<<blocks(side), dim3(unsigned(side), unsigned(side))>>>(from, to);
    CUDA_SYNC();
    check::equal(to.host(), want, "cross");
  }
  for (int side : {16, 8}) {
    DeviceArray<int> to(kCells);
    to.zero();
    if (side == 16)
      tiled_cross<16><<<blocks(16), dim3(16, 16)>>>(from, to);
    else
      tiled_cross<8><<<blocks(8), dim3(8, 8)>>>(from, to);
    CUDA_SYNC();
    check::equal(to.host(), want, "tiled_cross");
  }

  for (int mode : {3, 9})
    for (int skip : {0, 1, 9})
      for (int turns : {0, 3}) {
        DeviceArray<int> to(16384);
        to.zero();
        chosen_rows<<<8, dim3(16, 16)>>>(from, to, mode, turns, skip);
        CUDA_SYNC();
        std::vector<int> rows(16384, 0);
        for (int y = 0; y < 128; y++)
          for (int tx = skip; tx < 16; tx++) {
            int parity = 0;
            const int sum = chosen(in, mode, turns, tx, y % 16, y, &parity);
            rows[size_t(parity * 8192 + y * 16 + tx)] = sum;
          }
        check::equal(to.host(), rows, "chosen_rows");
      }

  std::vector<short> small(4 * 512);
  for (short& v : small) v = short(random.below(100));
  const DeviceArray<short> cells(small);
  for (int stride : {2, 3}) {
    DeviceArray<short> to(small.size() * 3 + 2);
    to.zero();
    cubes<<<4, dim3(8, 8, 8)>>>(cells, to, stride);
    CUDA_SYNC();
    std::vector<short> sums(small.size() * 3 + 2, 0);
    for (int i = 0; i < int(small.size()); i++) {
      const int x = i % 8, y = i / 8 % 8, z = i / 64 % 8;
      const auto at = [&](int j) { return int(small[size_t(j)]); };
      const short v = short(at(i) + 2 * at(x ? i - 1 : i) + 3 * at(y ? i - 8 : i) + 5 * at(z ? i - 64 : i));
      sums[size_t(i * stride)] = v;
      if (x == 7) sums[size_t(i * stride + 1)] = short(v + 1);
    }
    check::equal(to.host(), sums, "cubes");
  }
  return check::verdict("rows_of_tiles");
}

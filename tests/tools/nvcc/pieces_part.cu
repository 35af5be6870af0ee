// The other half of the -rdc=true program.
__device__ int calls;
__constant__ float table[4];
__device__ float plus_one(float x) {
  return x + 1;
}

void fill_table() {
  const float values[4] = {1, 2, 3, 4};
  cudaMemcpyToSymbol(table, values, sizeof values);
}

int calls_so_far() {
  int value = -1;
  cudaMemcpyFromSymbol(&value, calls, sizeof value);
  return value;
}

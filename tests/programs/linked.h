// What linked_main.cu uses of linked_part.cu: a device function, a device variable and a kernel of another
// file.
#pragma once
struct Pair {
  int first;
  double second;
};
extern __device__ int shared_counter;
extern __managed__ int shared_managed;
extern __constant__ float shared_weights[4];
__device__ Pair combine(int a, double b);
__device__ int count_up(int by);
void launch_other(int* out, int n);

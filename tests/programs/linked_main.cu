// Relocatable device code: functions and variables of another file, and two static ones of the same name.
#include "linked.h"

#include "check.h"

static __device__ int private_value = 1000;

__global__ void use(double* out) {
  const int t = threadIdx.x;
  const Pair pair = combine(t, t * 3.0);
  out[t] = pair.first + pair.second + shared_weights[t % 4] + private_value;
  count_up(1);
  if (t == 0) shared_managed += 40;
}

int main() {
  EXPECT(shared_managed == 3);
  const int n = 50;
  DeviceArray<double> out(n);
  DeviceArray<int> ints(n);
  use<<<1, n>>>(out);
  CUDA_SYNC();
  std::vector<double> want(n);
  std::vector<int> want_ints(n);
  for (int t = 0; t < n; ++t) {
    want[t] = t * 2 + 1 + t * 1.5 + (t % 4 + 0.5) + 1000;
    want_ints[t] = t + 150 + 1000;
  }
  check::equal(out.host(), want, "use");
  EXPECT(shared_managed == 43);
  shared_managed = 1000;
  launch_other(ints, n);
  CUDA_SYNC();
  check::equal(ints.host(), want_ints, "other");
  int counter = 0;
  CUDA_CHECK(cudaMemcpyFromSymbol(&counter, shared_counter, sizeof counter));
  EXPECT(counter == 150);
  return check::verdict("linked");
}

// printf in kernels: its output, caught in a file, against what the host's printf makes of the same values.
#include <unistd.h>

#include <algorithm>
#include <fstream>
#include <string>

#include "check.h"

__global__ void speak() {
  const int t = threadIdx.x;
  printf("thread %d of %u: %5.2f %e %g|%s|%c|%%|%x|%08X|%lld|%llu|%-6d|%+d|%o\n", t, blockDim.x, t * 1.5,
         t * 1e10, t / 7.0, t % 2 ? "odd" : "even", 'a' + t, t * 255, t * 4096, -1234567890123ll * t,
         18446744073709551615ull - t, t, t, t * 8);
  if (t == 3) printf("no arguments\n");
}

__global__ void returns(int* out) {
  out[0] = printf("%d %d\n", 1, 2);
  out[1] = printf("nothing\n");
}

int main() {
  char path[] = "/tmp/openppu-printf-XXXXXX";
  const int file = mkstemp(path), old = dup(1);
  std::fflush(stdout);
  dup2(file, 1);
  speak<<<1, 10>>>();
  CUDA_SYNC();
  DeviceArray<int> counts(2);
  returns<<<1, 1>>>(counts);
  CUDA_SYNC();
  std::fflush(stdout);
  dup2(old, 1);

  std::vector<std::string> got, want;
  std::ifstream in(path);
  for (std::string line; std::getline(in, line);) got.push_back(line);
  unlink(path);
  for (int t = 0; t < 10; ++t) {
    char line[400];
    std::snprintf(line, sizeof line, "thread %d of %u: %5.2f %e %g|%s|%c|%%|%x|%08X|%lld|%llu|%-6d|%+d|%o", t,
                  10u, t * 1.5, t * 1e10, t / 7.0, t % 2 ? "odd" : "even", 'a' + t, t * 255, t * 4096,
                  -1234567890123ll * t, 18446744073709551615ull - t, t, t, t * 8);
    want.push_back(line);
  }
  want.push_back("no arguments");
  want.push_back("1 2");
  want.push_back("nothing");
  std::sort(got.begin(), got.end());
  std::sort(want.begin(), want.end());
  EXPECT(got.size() == want.size());
  for (size_t i = 0; i < got.size() && i < want.size(); ++i)
    if (got[i] != want[i]) check::fail("printed: %s\nwanted:  %s\n", got[i].c_str(), want[i].c_str());
  const std::vector<int> returned = counts.host();
  EXPECT(returned[0] == 2 && returned[1] == 0);  // the number of arguments, not of characters
  return check::verdict("device_printf");
}

// fork: a child made before the first CUDA call has a device of its own; one made after it gets an error, not
// a crash, and the parent goes on.
#include <sys/wait.h>
#include <unistd.h>

#include "check.h"

__global__ void square(int* x) {
  x[threadIdx.x] = threadIdx.x * threadIdx.x;
}

int compute() {
  std::vector<int> want(64);
  for (int t = 0; t < 64; ++t) want[t] = t * t;
  DeviceArray<int> x(64);
  square<<<1, 64>>>(x);
  CUDA_SYNC();
  check::equal(x.host(), want, "squares");
  return check::failures;
}

int status_of(pid_t child) {
  int status = 0;
  waitpid(child, &status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : 1000;
}

int main() {
  const pid_t early = fork();
  if (early == 0) _exit(compute());
  EXPECT(compute() == 0);
  EXPECT(status_of(early) == 0);

  const pid_t late = fork();
  if (late == 0) {
    void* p;
    _exit(cudaMalloc(&p, 100) == cudaErrorInitializationError ? 0 : 7);
  }
  EXPECT(status_of(late) == 0);
  EXPECT(compute() == 0);
  return check::verdict("fork_child");
}

// A program with its own SIGSEGV handler, put in place before the first CUDA call and again after it: its own
// faults reach it, those of kernels become CUDA errors.
#include <signal.h>
#include <sys/mman.h>
#include <unistd.h>

#include "check.h"

__global__ void store(int* p) {
  p[threadIdx.x] = threadIdx.x;
}

static void* page;
static volatile int caught = 0;

static void on_fault(int, siginfo_t* info, void*) {
  if (info->si_addr != page) _exit(9);
  ++caught;
  mprotect(page, 4096, PROT_READ | PROT_WRITE);
}

static void install() {
  struct sigaction action = {};
  action.sa_sigaction = on_fault;
  action.sa_flags = SA_SIGINFO;
  sigaction(SIGSEGV, &action, nullptr);
}

static void fault_on_host() {
  const int before = caught;
  mprotect(page, 4096, PROT_NONE);
  *static_cast<volatile int*>(page) = 5;
  EXPECT(caught == before + 1);
}

static void fault_on_device() {
  store<<<1, 32>>>(reinterpret_cast<int*>(0x10));
  EXPECT(cudaDeviceSynchronize() == cudaErrorIllegalAddress);
  EXPECT(cudaDeviceReset() == cudaSuccess);
  cudaGetLastError();
}

static void work() {
  DeviceArray<int> x(32);
  store<<<1, 32>>>(x);
  CUDA_SYNC();
  EXPECT(x.host()[31] == 31);
}

int main() {
  page = mmap(nullptr, 4096, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  install();
  fault_on_host();
  work();
  fault_on_host();
  fault_on_device();
  install();
  work();
  fault_on_host();
  fault_on_device();
  fault_on_host();
  work();
  return check::verdict("own_handler");
}

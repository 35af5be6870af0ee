// at::cuda::sleep is an exported function, called across libraries by its address. Its first instruction
// becomes a jump to ours, so that whoever calls it arrives there, however the call was bound.
#include "bridges/torch/sleep.h"

#include <ATen/cuda/Sleep.h>
#include <c10/cuda/CUDAException.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cstring>

#include "base/log.h"
#include "bridges/torch/torch_headers.h"

namespace ppu::bridge {
namespace {

/// One thread that watches the clock of its multiprocessor.
constexpr char kWaitPtx[] = R"(
.version 7.0
.target sm_80
.address_size 64
.visible .entry ppu_wait(.param .s64 cycles) {
  .reg .pred %p;
  .reg .s64 %wanted, %start, %now;
  ld.param.s64 %wanted, [cycles];
  mov.u64 %start, %clock64;
AGAIN:
  mov.u64 %now, %clock64;
  sub.s64 %now, %now, %start;
  setp.lt.s64 %p, %now, %wanted;
  @%p bra AGAIN;
  ret;
}
)";

cudaKernel_t wait_kernel() {
  static const cudaKernel_t kernel = [] {
    cudaLibrary_t library = nullptr;  // kept until the process ends
    cudaKernel_t found = nullptr;
    C10_CUDA_CHECK(cudaLibraryLoadData(&library, kWaitPtx, nullptr, nullptr, 0, nullptr, nullptr, 0));
    C10_CUDA_CHECK(cudaLibraryGetKernel(&found, library, "ppu_wait"));
    return found;
  }();
  return kernel;
}

void wait_on_stream(int64_t cycles) {
  void* parameters[] = {&cycles};
  C10_CUDA_CHECK(cudaLaunchKernel(reinterpret_cast<const void*>(wait_kernel()), 1, 1, parameters, 0,
                                  c10::cuda::getCurrentCUDAStream()));
}

/// Lets `function` begin with a jump to `other`; false when its code can't be written.
bool redirect(void (*function)(int64_t), void (*other)(int64_t)) {
  unsigned char jump[14] = {0xff, 0x25};  // jmp [rip+0], and the address behind it
  std::memcpy(jump + 6, &other, sizeof other);
  const auto at = reinterpret_cast<uintptr_t>(function);
  const uintptr_t page = static_cast<uintptr_t>(::sysconf(_SC_PAGESIZE));
  const uintptr_t first = at / page * page;
  void* const pages = reinterpret_cast<void*>(first);
  const size_t bytes = at + sizeof jump - first;
  if (::mprotect(pages, bytes, PROT_READ | PROT_WRITE | PROT_EXEC) != 0) return false;
  std::memcpy(reinterpret_cast<void*>(at), jump, sizeof jump);
  return ::mprotect(pages, bytes, PROT_READ | PROT_EXEC) == 0;
}

}  // namespace

void install_sleep() {
  if (!redirect(&at::cuda::sleep, &wait_on_stream))
    log("torch", LogLevel::kInfo, "torch.cuda._sleep stays as it is: its code can't be written");
}

}  // namespace ppu::bridge

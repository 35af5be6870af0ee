#include "device/fault_diagnosis.h"

#include <sys/uio.h>
#include <unistd.h>

#include <algorithm>

#include "device/kernel_build.h"
#include "ref/diagnose.h"

namespace ppu::device {
namespace {

/// Asks the kernel rather than our tables: a fault is what the page tables say it is, registered host memory
/// included.
bool readable(uint64_t address, uint32_t bytes) {
  char copy[64];
  iovec to = {copy, std::min<size_t>(bytes, sizeof copy)};
  iovec from = {reinterpret_cast<void*>(address), to.iov_len};
  return ::process_vm_readv(::getpid(), &to, 1, &from, 1, 0) == ssize_t(to.iov_len);
}

}  // namespace

std::string diagnose_fault(const Function& function, const exec::LaunchArgs& launch,
                           const uint32_t ctaid[3]) {
  const std::unique_ptr<Executable> judge = build_interpreter(function);
  if (!judge) return "";
  exec::LaunchArgs args = launch;
  args.globals = judge->globals.data();
  const auto valid = [](uint64_t address, uint32_t bytes, bool) { return readable(address, bytes); };
  const auto bad = ref::diagnose(*static_cast<ref::RefKernel*>(judge->interpreter.get()), args, ctaid, valid);
  return bad ? ref::describe(*bad, launch.block) : "";
}

}  // namespace ppu::device

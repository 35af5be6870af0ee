// Faults in kernels come back as reports; all others reach the application's handlers.
#include "exec/fault.h"

#include <gtest/gtest.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csetjmp>
#include <csignal>

#include "host_kernel.h"

namespace ppu::exec {
namespace {

/// Kernels touch memory no sanitizer knows of.
#define PPU_KERNEL __attribute__((no_sanitize("address", "thread"))) uint32_t

/// An address where nothing is mapped.
uint64_t unmapped() {
  void* p = mmap(nullptr, 1 << 20, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  return reinterpret_cast<uint64_t>(p);
}

PPU_KERNEL read_param_address(const LaunchArgs* launch, BlockState* block) {
  block->warp = 3;
  volatile int* p = *static_cast<int* const*>(launch->params);
  *p = *p + 1;
  return 0;
}

TEST(Fault, WildAddressEndsTheGridWithItsAddress) {
  const uint64_t wild = unmapped();
  for (int i = 0; i < 200; i++) {
    const HostKernelResult r = run_kernel(read_param_address, {{16, 1, 1}}, &wild);
    ASSERT_TRUE(r.failed);
    EXPECT_EQ(r.fault.fault.kind, Trap::kIllegalAddress);
    EXPECT_TRUE(r.fault.fault.has_address);
    EXPECT_EQ(r.fault.fault.info, wild);
    EXPECT_EQ(r.fault.fault.warp, 3u);
  }
}

TEST(Fault, NullAndNonCanonicalAddresses) {
  uint64_t address = 0;
  EXPECT_EQ(run_kernel(read_param_address, {}, &address).fault.fault.kind, Trap::kIllegalAddress);
  address = 0xdead000000000000;  // #GP: the CPU gives no address
  const HostKernelResult r = run_kernel(read_param_address, {}, &address);
  EXPECT_EQ(r.fault.fault.kind, Trap::kIllegalAddress);
  EXPECT_FALSE(r.fault.fault.has_address);
}

PPU_KERNEL shared_overrun(const LaunchArgs* launch, BlockState* block) {
  const int64_t offset = *static_cast<const int64_t*>(launch->params);
  volatile char* p = block->shared + offset;
  *p = 1;
  return 0;
}

TEST(Fault, SharedOffsetsFaultOnBothSidesForFourGigabytes) {
  for (int64_t offset : {int64_t(228) << 10, int64_t(-1), int64_t(1) << 31, -(int64_t(1) << 31),
                         (int64_t(1) << 32) - 1, -(int64_t(1) << 32)}) {
    const HostKernelResult r = run_kernel(shared_overrun, {{4, 1, 1}}, &offset);
    EXPECT_TRUE(r.failed) << offset;
  }
}

uint32_t trap_in_block_5(const LaunchArgs* launch, BlockState* block) {
  if (block->ctaid[0] == 5) launch->rt->trap(block, uint32_t(Trap::kMisaligned), 0x1002, 77);
  return 0;
}

TEST(Fault, TrapsNameBlockAndThread) {
  const HostKernelResult r = run_kernel(trap_in_block_5, {{100, 1, 1}, {128, 1, 1}});
  ASSERT_TRUE(r.failed);
  EXPECT_EQ(r.fault.fault.kind, Trap::kMisaligned);
  EXPECT_EQ(r.fault.fault.info, 0x1002u);
  EXPECT_EQ(r.fault.fault.thread, 77u);
  EXPECT_EQ(r.fault.ctaid[0], 5u);
}

uint32_t divide(const LaunchArgs* launch, BlockState*) {
  volatile int zero = *static_cast<const int*>(launch->params);
  volatile int x = 7;
  asm volatile("idivl %0" : : "r"(zero), "a"(x), "d"(0) : "cc");
  return 0;
}

TEST(Fault, ArithmeticFaultIsATrap) {
  const int zero = 0;
  EXPECT_EQ(run_kernel(divide, {}, &zero).fault.fault.kind, Trap::kTrap);
}

// UBSan would look for a type in front of the function before it calls it.
__attribute__((no_sanitize("function"))) PPU_KERNEL call_nowhere(const LaunchArgs* launch, BlockState*) {
  (*static_cast<void (*const*)()>(launch->params))();
  return 0;
}

TEST(Fault, CallOfUnmappedCodeIsAnInvalidPc) {
  const uint64_t nowhere = 0x300000;
  EXPECT_EQ(run_kernel(call_nowhere, {}, &nowhere).fault.fault.kind, Trap::kInvalidPc);
}

sigjmp_buf application_jump;
volatile int application_faults = 0;

void application_handler(int) {
  application_faults = application_faults + 1;
  siglongjmp(application_jump, 1);
}

__attribute__((no_sanitize("address", "thread"))) void touch(uint64_t address) {
  *reinterpret_cast<volatile int*>(address) = 1;
}

/// By the signal; a sanitizer's handler ends the process with a code of its own.
bool died(int status) {
  return (WIFSIGNALED(status) && WTERMSIG(status) == SIGSEGV) ||
         (WIFEXITED(status) && WEXITSTATUS(status) != 0);
}

struct sigaction chained_to;
void chaining_handler(int sig, siginfo_t* info, void* context) {
  application_faults = application_faults + 1;
  if (application_faults > 3) siglongjmp(application_jump, 1);
  if (chained_to.sa_flags & SA_SIGINFO) chained_to.sa_sigaction(sig, info, context);
}

// A handler that calls the one before it (ours) must not send us in circles: the chain ends at the default.
TEST(Fault, AHandlerThatChainsBackEndsAtTheDefault) {
  const pid_t child = fork();
  ASSERT_GE(child, 0);
  if (child == 0) {
    ensure_fault_handlers();
    struct sigaction action = {};
    action.sa_sigaction = chaining_handler;
    action.sa_flags = SA_SIGINFO;
    sigaction(SIGSEGV, &action, &chained_to);
    for (int i = 0; i < 130; i++) ensure_fault_handlers();
    application_faults = 0;
    if (sigsetjmp(application_jump, 1) == 0) touch(0x10);
    _exit(0);
  }
  int status = 0;
  waitpid(child, &status, 0);
  EXPECT_TRUE(died(status)) << status;
}

TEST(Fault, WithoutAHandlerTheProcessDiesAsUsual) {
  const pid_t child = fork();
  ASSERT_GE(child, 0);
  if (child == 0) {
    signal(SIGSEGV, SIG_DFL);
    ensure_fault_handlers();
    for (int i = 0; i < 130; i++) ensure_fault_handlers();
    touch(0x10);
    _exit(0);
  }
  int status = 0;
  waitpid(child, &status, 0);
  EXPECT_TRUE(died(status)) << status;
}

// An application's own handler, installed before or after us, gets its own faults, and kernels still get
// theirs.
TEST(Fault, TheApplicationsHandlerGetsItsOwnFaults) {
  const uint64_t wild = unmapped();
  struct sigaction action = {}, before = {};
  action.sa_handler = application_handler;
  sigaction(SIGSEGV, &action, &before);
  application_faults = 0;
  for (int i = 0; i < 3; i++) {
    EXPECT_TRUE(run_kernel(read_param_address, {}, &wild).failed);
    if (sigsetjmp(application_jump, 1) == 0) touch(0x10);
    EXPECT_EQ(application_faults, i + 1);
  }
  sigaction(SIGSEGV, &before, nullptr);
  EXPECT_TRUE(run_kernel(read_param_address, {}, &wild).failed);
}

}  // namespace
}  // namespace ppu::exec

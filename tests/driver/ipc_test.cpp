// Memory and events across processes: this program starts itself as the other one.
#include <unistd.h>

#include <cstdlib>
#include <cstring>
#include <thread>

#include "driver_fixture.h"

namespace {

std::string hex(const char* bytes, size_t count) {
  std::string text;
  for (size_t i = 0; i < count; i++) {
    char two[3];
    std::snprintf(two, sizeof two, "%02x", unsigned(uint8_t(bytes[i])));
    text += two;
  }
  return text;
}

template <class Handle>
Handle from_environment(const char* name) {
  Handle h = {};
  const char* text = std::getenv(name);
  for (size_t i = 0; text && i < sizeof h; i++)
    h.reserved[i] = char(std::stoi(std::string(text + 2 * i, 2), nullptr, 16));
  return h;
}

using IpcTest = DriverTest;

/// The other process: sees 1000 words of 5, waits for the event, then adds one to each.
TEST_F(IpcTest, DISABLED_ipc_child) {
  const auto memory = from_environment<CUipcMemHandle>("PPU_TEST_MEMORY");
  const auto event = from_environment<CUipcEventHandle>("PPU_TEST_EVENT");
  CUdeviceptr p = 0, again = 0;
  CUevent e = nullptr;
  OK(cuIpcOpenMemHandle(&p, memory, CU_IPC_MEM_LAZY_ENABLE_PEER_ACCESS));
  OK(cuIpcOpenMemHandle(&again, memory, CU_IPC_MEM_LAZY_ENABLE_PEER_ACCESS));
  EXPECT_EQ(p, again);
  OK(cuIpcCloseMemHandle(again));
  OK(cuIpcOpenEventHandle(&e, event));
  OK(cuStreamWaitEvent(nullptr, e, 0));
  OK(run("add_one", 4, 256, nullptr, p, 1000u));
  EXPECT_EQ(read(p, 1000)[999], 6u);
  IS(cuMemFree(p), CUDA_ERROR_INVALID_VALUE);
  OK(cuIpcCloseMemHandle(p));
  IS(cuIpcCloseMemHandle(p), CUDA_ERROR_INVALID_VALUE);
  std::_Exit(HasFailure() ? 1 : 9);
}

TEST_F(IpcTest, AnotherProcessSharesMemoryAndWaitsForAnEvent) {
  const CUdeviceptr p = allocate(4000);
  OK(cuMemsetD32(p, 5, 1000));
  CUipcMemHandle memory;
  OK(cuIpcGetMemHandle(&memory, p));
  EXPECT_EQ(read(p, 1000)[0], 5u);  // the contents moved along
  CUdeviceptr q = 0;
  IS(cuIpcOpenMemHandle(&q, memory, CU_IPC_MEM_LAZY_ENABLE_PEER_ACCESS), CUDA_ERROR_INVALID_CONTEXT);
  CUevent e;
  CUipcEventHandle event;
  OK(cuEventCreate(&e, CU_EVENT_INTERPROCESS | CU_EVENT_DISABLE_TIMING));
  OK(cuIpcGetEventHandle(&event, e));
  uint32_t* flag = nullptr;
  OK(cuMemHostAlloc(reinterpret_cast<void**>(&flag), 4, 0));
  *flag = 0;
  CUstream s;
  OK(cuStreamCreate(&s, CU_STREAM_NON_BLOCKING));
  OK(run("spin", 1, 1, s, CUdeviceptr(flag)));
  OK(cuEventRecord(e, s));
  IS(cuEventQuery(e), CUDA_ERROR_NOT_READY);
  char path[4096];
  const ssize_t n = readlink("/proc/self/exe", path, sizeof path - 1);
  path[n > 0 ? n : 0] = 0;
  const std::string command = "PPU_TEST_MEMORY=" + hex(memory.reserved, sizeof memory) +
                              " PPU_TEST_EVENT=" + hex(event.reserved, sizeof event) + " timeout 60 " + path +
                              " --gtest_also_run_disabled_tests --gtest_filter='*ipc_child' >&2";
  std::thread release([flag] {
    usleep(300000);
    __atomic_store_n(flag, 1u, __ATOMIC_RELEASE);
  });
  const int status = std::system(command.c_str());
  release.join();
  EXPECT_EQ(WIFEXITED(status) ? WEXITSTATUS(status) : -1, 9);
  OK(cuEventSynchronize(e));
  for (uint32_t v : read(p, 1000)) ASSERT_EQ(v, 6u);
  OK(cuMemFree(p));
  IS(cuIpcGetMemHandle(&memory, p), CUDA_ERROR_INVALID_VALUE);
  OK(cuCtxSynchronize());
  OK(cuMemFreeHost(flag));
}

}  // namespace

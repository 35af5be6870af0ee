// Processes: forks, exits with work running, several devices, the application's own signal handler.
#include <sys/wait.h>
#include <unistd.h>

#include <csetjmp>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <thread>

#include "driver_fixture.h"

namespace {

using ProcessTest = DriverTest;

/// Exit code of `body` in a child process.
template <class Body>
int in_child(Body&& body) {
  const pid_t child = fork();
  if (child == 0) {
    body();
    std::_Exit(99);
  }
  int status = 0;
  waitpid(child, &status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : 1000 + status;
}

TEST_F(ProcessTest, AForkedChildIsToldItHasNoDriver) {
  const CUdeviceptr p = allocate(100);
  const int code = in_child([&] {
    CUdeviceptr q = 0;
    const bool right = cuMemAlloc(&q, 4) == CUDA_ERROR_NOT_INITIALIZED &&
                       cuInit(0) == CUDA_ERROR_NOT_INITIALIZED &&
                       cuCtxSynchronize() == CUDA_ERROR_NOT_INITIALIZED;
    std::exit(right ? 7 : 8);
  });
  EXPECT_EQ(code, 7);
  OK(cuMemsetD8(p, 1, 100));
  OK(cuCtxSynchronize());
}

/// A fresh process of this program, running only one of its disabled tests.
int run_alone(const char* name, const char* environment = "") {
  char path[4096];
  const ssize_t n = readlink("/proc/self/exe", path, sizeof path - 1);
  path[n > 0 ? n : 0] = 0;
  const std::string command = std::string(environment) + " timeout 60 " + path +
                              " --gtest_also_run_disabled_tests --gtest_filter='*" + name +
                              "' >/dev/null 2>&1";
  const int status = std::system(command.c_str());
  return WIFEXITED(status) ? WEXITSTATUS(status) : 1000 + status;
}

TEST_F(ProcessTest, DISABLED_exit_while_running) {
  uint32_t* flag = nullptr;
  OK(cuMemHostAlloc(reinterpret_cast<void**>(&flag), 4, 0));
  *flag = 0;
  OK(run("spin", 4, 32, nullptr, CUdeviceptr(flag)));
  usleep(20000);
  std::exit(5);
}
TEST(Process, ExitWithWorkRunningNeitherHangsNorCrashes) {
  EXPECT_EQ(run_alone("exit_while_running"), 5);
}

TEST_F(ProcessTest, DISABLED_hang) {
  uint32_t* flag = nullptr;
  OK(cuMemHostAlloc(reinterpret_cast<void**>(&flag), 4, 0));
  *flag = 0;
  OK(run("spin", 4, 32, nullptr, CUdeviceptr(flag)));
  std::thread([] {
    usleep(50000);
    kill(getpid(), SIGINT);  // what Ctrl-C sends
  }).detach();
  cuCtxSynchronize();
  std::exit(3);
}
TEST(Process, ControlCEndsAProgramWhoseKernelHangs) {
  EXPECT_EQ(run_alone("hang"), 128 + SIGINT);
}

sigjmp_buf jump;
TEST_F(ProcessTest, DISABLED_own_handler) {
  struct sigaction action = {};
  action.sa_handler = [](int) { siglongjmp(jump, 1); };
  sigaction(SIGSEGV, &action, nullptr);
  OK(run("touch", 1, 1, nullptr, CUdeviceptr(0x20), 1u));
  IS(cuCtxSynchronize(), CUDA_ERROR_ILLEGAL_ADDRESS);
  int caught = 0;
  if (sigsetjmp(jump, 1) == 0)
    *reinterpret_cast<volatile int*>(0x30) = 1;
  else
    caught = 1;
  std::exit(caught && !HasFailure() ? 6 : 1);
}
TEST(Process, TheApplicationsSegvHandlerAndOursLiveTogether) {
  EXPECT_EQ(run_alone("own_handler"), 6);
}

TEST(Process, DISABLED_two_devices) {
  int count = 0;
  if (cuInit(0) != CUDA_SUCCESS || cuDeviceGetCount(&count) != CUDA_SUCCESS || count != 2) std::exit(1);
  CUcontext c[2];
  CUdeviceptr p[2];
  for (int i = 0; i < 2; i++) {
    if (cuDevicePrimaryCtxRetain(&c[i], i) || cuCtxSetCurrent(c[i]) || cuMemAlloc(&p[i], 4096)) std::exit(2);
    if (cuMemsetD8(p[i], (unsigned char)(i + 1), 4096)) std::exit(3);
  }
  if (cuMemcpyPeer(p[0], c[0], p[1], c[1], 4096)) std::exit(4);
  unsigned char byte = 0;
  if (cuMemcpyDtoH(&byte, p[0] + 4095, 1) || byte != 2) std::exit(5);
  int ordinal = -1;
  if (cuPointerGetAttribute(&ordinal, CU_POINTER_ATTRIBUTE_DEVICE_ORDINAL, p[1]) || ordinal != 1)
    std::exit(6);
  if (cuCtxDisablePeerAccess(c[0]) != CUDA_ERROR_PEER_ACCESS_NOT_ENABLED) std::exit(7);
  if (cuCtxEnablePeerAccess(c[0], 0)) std::exit(8);
  if (cuCtxEnablePeerAccess(c[0], 0) != CUDA_ERROR_PEER_ACCESS_ALREADY_ENABLED) std::exit(10);
  if (cuCtxDisablePeerAccess(c[0])) std::exit(11);
  std::exit(9);
}
TEST(Process, TwoDevices) {
  EXPECT_EQ(run_alone("two_devices", "PPU_DEVICES=2"), 9);
}

TEST(Process, DISABLED_no_device) {
  std::exit(cuInit(0) == CUDA_ERROR_NO_DEVICE ? 4 : 1);
}
TEST(Process, NoVisibleDevice) {
  EXPECT_EQ(run_alone("no_device", "CUDA_VISIBLE_DEVICES="), 4);
}

TEST(Process, DISABLED_small_memory) {
  CUcontext c;
  CUdeviceptr p, q;
  if (cuInit(0) || cuCtxCreate(&c, 0, 0)) std::exit(1);
  if (cuMemAlloc(&p, 60 << 20)) std::exit(2);
  if (cuMemAlloc(&q, 60 << 20) != CUDA_ERROR_OUT_OF_MEMORY) std::exit(3);
  if (cuMemFree(p) || cuMemAlloc(&q, 60 << 20)) std::exit(4);
  std::exit(9);
}
TEST(Process, ExhaustedMemory) {
  EXPECT_EQ(run_alone("small_memory", "PPU_MEMORY_MB=100"), 9);
}

TEST(Process, DISABLED_context_that_ends) {
  CUcontext c;
  if (cuInit(0) || cuCtxCreate(&c, 0, 0) || cuCtxDestroy(c)) std::exit(1);
  std::exit(7);
}
TEST(Process, LeaksAreLookedForAfterAContextsEnd) {
  std::string folder = testing::TempDir() + "openppu_check_XXXXXX";
  ASSERT_NE(mkdtemp(folder.data()), nullptr);
  EXPECT_EQ(run_alone("context_that_ends", ("PPU_CHECK_TOOLS=memcheck,leaks PPU_CHECK=" + folder).c_str()),
            7);
  std::filesystem::remove_all(folder);
}

}  // namespace

// Memory, events and pools across processes, through the runtime: this program starts itself as the other
// one.
#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>

#include "api_fixture.h"

namespace {

using IpcApi = api::Test;

constexpr char kChild[] = "PPU_TEST_RUNTIME_CHILD";
constexpr size_t kWords = 1024;

/// What the child is told, through a pipe.
struct Message {
  cudaIpcMemHandle_t memory;
  cudaIpcEventHandle_t event;
  cudaMemPoolPtrExportData pointer;
  int pool_fd;
};

cudaMemPoolProps shared_pool() {
  cudaMemPoolProps p{};
  p.allocType = cudaMemAllocationTypePinned;
  p.handleTypes = cudaMemHandleTypePosixFileDescriptor;
  p.location = {cudaMemLocationTypeDevice, 0};
  return p;
}

/// The other process: sees words of 5, waits for the event, and adds one to each; sees the pool's 0x03030303,
/// and writes 0x04040404.
TEST_F(IpcApi, DISABLED_ipc_child) {
  if (!std::getenv(kChild)) GTEST_SKIP();
  Message m;
  ASSERT_EQ(read(std::atoi(std::getenv(kChild)), &m, sizeof m), ssize_t(sizeof m));
  unsigned* words = nullptr;
  ASSERT_OK(cudaIpcOpenMemHandle(reinterpret_cast<void**>(&words), m.memory, cudaIpcMemLazyEnablePeerAccess));
  cudaEvent_t event = nullptr;
  ASSERT_OK(cudaIpcOpenEventHandle(&event, m.event));
  unsigned n = kWords, multiplier = 1, addend = 1;
  void* params[] = {&words, &n, &multiplier, &addend};
  EXPECT_OK(cudaStreamWaitEvent(stream_, event, 0));
  EXPECT_OK(cudaLaunchKernel(&api::fma_words, dim3(8), dim3(128), params, 0, stream_));
  EXPECT_OK(cudaStreamSynchronize(stream_));
  EXPECT_FAILS(cudaFree(words), cudaErrorInvalidValue);  // its owner frees it
  EXPECT_OK(cudaIpcCloseMemHandle(words));
  EXPECT_FAILS(cudaIpcCloseMemHandle(words), cudaErrorInvalidValue);
  EXPECT_OK(cudaEventDestroy(event));

  cudaMemPool_t pool = nullptr;
  ASSERT_OK(cudaMemPoolImportFromShareableHandle(&pool, reinterpret_cast<void*>(intptr_t(m.pool_fd)),
                                                 cudaMemHandleTypePosixFileDescriptor, 0));
  unsigned* block = nullptr;
  ASSERT_OK(cudaMemPoolImportPointer(reinterpret_cast<void**>(&block), pool, &m.pointer));
  EXPECT_OK(cudaMemcpy(data_, block, 64, cudaMemcpyDeviceToDevice));
  EXPECT_EQ(word(), 0x03030303u);
  EXPECT_OK(cudaMemset(block, 4, 64));
  // An imported pool allocates nothing, and is no device's current one.
  void* none = nullptr;
  EXPECT_FAILS(cudaMallocFromPoolAsync(&none, 64, pool, stream_), cudaErrorInvalidValue);
  EXPECT_FAILS(cudaDeviceSetMemPool(0, pool), cudaErrorInvalidValue);
  EXPECT_FAILS(cudaMemPoolImportPointer(nullptr, pool, &m.pointer), cudaErrorInvalidValue);
  EXPECT_FAILS(cudaMemPoolImportPointer(&none, pool, nullptr), cudaErrorInvalidValue);
  EXPECT_OK(cudaFreeAsync(block, stream_));
  EXPECT_OK(cudaStreamSynchronize(stream_));
  EXPECT_OK(cudaMemPoolDestroy(pool));
  std::_Exit(HasFailure() ? 1 : 9);
}

TEST_F(IpcApi, AnotherProcessSharesMemoryEventsAndPools) {
  unsigned* words = nullptr;
  ASSERT_OK(cudaMalloc(reinterpret_cast<void**>(&words), kWords * 4));
  Message m{};
  cudaIpcMemHandle_t again{};
  EXPECT_OK(cudaIpcGetMemHandle(&m.memory, words));
  EXPECT_OK(cudaIpcGetMemHandle(&again, words));
  EXPECT_EQ(std::memcmp(&m.memory, &again, sizeof again), 0) << "one allocation, one handle";
  cudaEvent_t event = nullptr;
  ASSERT_OK(cudaEventCreateWithFlags(&event, cudaEventInterprocess | cudaEventDisableTiming));
  EXPECT_OK(cudaIpcGetEventHandle(&m.event, event));
  const cudaMemPoolProps properties = shared_pool();
  cudaMemPool_t pool = nullptr;
  ASSERT_OK(cudaMemPoolCreate(&pool, &properties));
  int fd = -1;
  ASSERT_OK(cudaMemPoolExportToShareableHandle(&fd, pool, cudaMemHandleTypePosixFileDescriptor, 0));
  m.pool_fd = dup(fd);  // without FD_CLOEXEC
  unsigned* block = nullptr;
  ASSERT_OK(cudaMallocFromPoolAsync(reinterpret_cast<void**>(&block), 4096, pool, stream_));
  EXPECT_OK(cudaMemsetAsync(block, 3, 4096, stream_));
  EXPECT_OK(cudaStreamSynchronize(stream_));
  ASSERT_OK(cudaMemPoolExportPointer(&m.pointer, block));

  // The event says when the words are 5.
  unsigned n = kWords, multiplier = 0, addend = 5;
  void* params[] = {&words, &n, &multiplier, &addend};
  EXPECT_OK(cudaLaunchKernel(&api::fma_words, dim3(8), dim3(128), params, 0, stream_));
  EXPECT_OK(cudaEventRecord(event, stream_));
  int ends[2];
  ASSERT_EQ(pipe(ends), 0);
  ASSERT_EQ(write(ends[1], &m, sizeof m), ssize_t(sizeof m));
  char self[4096] = {};
  ASSERT_GT(readlink("/proc/self/exe", self, sizeof self - 1), 0);
  const std::string command = std::string(kChild) + "=" + std::to_string(ends[0]) + " timeout 60 " + self +
                              " --gtest_also_run_disabled_tests --gtest_filter='*ipc_child' >&2";
  const int status = std::system(command.c_str());
  EXPECT_EQ(WIFEXITED(status) ? WEXITSTATUS(status) : -1, 9);
  for (const int end : ends) close(end);
  unsigned last = 0;
  EXPECT_OK(cudaMemcpy(&last, words + kWords - 1, 4, cudaMemcpyDeviceToHost));
  EXPECT_EQ(last, 6u);
  EXPECT_OK(cudaMemcpy(&last, block, 4, cudaMemcpyDeviceToHost));
  EXPECT_EQ(last, 0x04040404u);
  close(m.pool_fd);
  close(fd);
  EXPECT_OK(cudaFreeAsync(block, stream_));
  EXPECT_OK(cudaStreamSynchronize(stream_));
  EXPECT_OK(cudaMemPoolDestroy(pool));
  EXPECT_OK(cudaEventDestroy(event));
  EXPECT_OK(cudaFree(words));
}

TEST_F(IpcApi, WhatIsNotShared) {
  cudaIpcMemHandle_t memory{};
  void* opened = nullptr;
  int local = 0;
  EXPECT_OK(cudaIpcGetMemHandle(&memory, data_));
  EXPECT_NE(cudaIpcOpenMemHandle(&opened, memory, cudaIpcMemLazyEnablePeerAccess), cudaSuccess)
      << "in its own process";
  EXPECT_NE(cudaGetLastError(), cudaSuccess);
  EXPECT_FAILS(cudaIpcOpenMemHandle(nullptr, memory, cudaIpcMemLazyEnablePeerAccess), cudaErrorInvalidValue);
  EXPECT_FAILS(cudaIpcCloseMemHandle(data_), cudaErrorInvalidValue);  // nothing that was opened
  EXPECT_FAILS(cudaIpcGetMemHandle(nullptr, data_), cudaErrorInvalidValue);
  EXPECT_FAILS(cudaIpcGetMemHandle(&memory, &local), cudaErrorInvalidValue);
  cudaEvent_t plain = nullptr;
  ASSERT_OK(cudaEventCreate(&plain));
  cudaIpcEventHandle_t handle{};
  EXPECT_FAILS(cudaIpcGetEventHandle(&handle, plain), cudaErrorInvalidResourceHandle);  // not made for it
  EXPECT_FAILS(cudaIpcGetEventHandle(nullptr, plain), cudaErrorInvalidValue);
  EXPECT_FAILS(cudaIpcOpenEventHandle(nullptr, handle), cudaErrorInvalidValue);
  EXPECT_OK(cudaEventDestroy(plain));

  cudaMemPoolProps properties = shared_pool();
  cudaMemPool_t shared = nullptr, hidden = nullptr;
  ASSERT_OK(cudaMemPoolCreate(&shared, &properties));
  properties.handleTypes = cudaMemHandleTypeNone;
  ASSERT_OK(cudaMemPoolCreate(&hidden, &properties));
  int fd = -1;
  EXPECT_FAILS(cudaMemPoolExportToShareableHandle(&fd, hidden, cudaMemHandleTypePosixFileDescriptor, 0),
               cudaErrorInvalidValue);
  EXPECT_FAILS(cudaMemPoolExportToShareableHandle(nullptr, shared, cudaMemHandleTypePosixFileDescriptor, 0),
               cudaErrorInvalidValue);
  EXPECT_FAILS(cudaMemPoolExportToShareableHandle(&fd, shared, cudaMemHandleTypePosixFileDescriptor, 1),
               cudaErrorInvalidValue);
  cudaMemPoolPtrExportData data;
  EXPECT_FAILS(cudaMemPoolExportPointer(&data, data_), cudaErrorInvalidValue);  // of no pool
  EXPECT_FAILS(cudaMemPoolExportPointer(nullptr, data_), cudaErrorInvalidValue);
  EXPECT_FAILS(cudaMemPoolImportPointer(&opened, shared, &data),
               cudaErrorInvalidValue);  // not an imported pool
  const int file = open("/dev/null", O_RDONLY);
  EXPECT_FAILS(cudaMemPoolImportFromShareableHandle(&hidden, reinterpret_cast<void*>(intptr_t(file)),
                                                    cudaMemHandleTypePosixFileDescriptor, 0),
               cudaErrorInvalidValue);
  close(file);
  EXPECT_FAILS(
      cudaMemPoolImportFromShareableHandle(nullptr, nullptr, cudaMemHandleTypePosixFileDescriptor, 0),
      cudaErrorInvalidValue);
  EXPECT_OK(cudaMemPoolDestroy(shared));
  EXPECT_OK(cudaMemPoolDestroy(hidden));
}

}  // namespace

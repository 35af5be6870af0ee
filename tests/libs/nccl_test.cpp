// NCCL between threads of one process (two devices) and between processes of one host, by shared memory and
// by TCP; groups in one thread; what it says when a rank is gone or the calls don't match.
#include <cuda_runtime.h>
#include <gtest/gtest.h>
#include <spawn.h>
#include <sys/wait.h>

#include <cstdlib>
#include <cstring>
#include <thread>
#include <vector>

#include "nccl_rank.h"

extern char** environ;

namespace {

using nccl_test::check_rank;

TEST(Nccl, ThreadsOfOneProcess) {
  for (const int size : {1, 2, 3}) {
    ncclUniqueId id;
    ASSERT_EQ(ncclGetUniqueId(&id), ncclSuccess);
    std::vector<std::string> said(static_cast<size_t>(size));
    std::vector<std::thread> ranks;
    for (int r = 0; r < size; ++r) ranks.emplace_back([&, r] { said[size_t(r)] = check_rank(id, r, size); });
    for (std::thread& rank : ranks) rank.join();
    for (const std::string& text : said) EXPECT_EQ(text, "") << size << " ranks";
  }
}

std::string hex_of(const ncclUniqueId& id) {
  std::string text;
  char two[3];
  for (const char c : id.internal) {
    std::snprintf(two, sizeof two, "%02x", static_cast<unsigned char>(c));
    text += two;
  }
  return text;
}

/// This program once more, as a rank; see main.
pid_t spawn_rank(const ncclUniqueId& id, int rank, int size, const char* mode) {
  const std::string text = hex_of(id), r = std::to_string(rank), n = std::to_string(size);
  const char* arguments[] = {"nccl_test", "--rank", text.c_str(), r.c_str(), n.c_str(), mode, nullptr};
  pid_t pid = -1;
  EXPECT_EQ(posix_spawn(&pid, "/proc/self/exe", nullptr, nullptr, const_cast<char**>(arguments), environ), 0);
  return pid;
}

int exit_code(pid_t pid) {
  int status = -1;
  waitpid(pid, &status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

TEST(Nccl, ProcessesOfOneHost) {
  for (const char* mode : {"memory", "tcp"}) {
    ncclUniqueId id;
    ASSERT_EQ(ncclGetUniqueId(&id), ncclSuccess);
    const pid_t a = spawn_rank(id, 0, 2, mode), b = spawn_rank(id, 1, 2, mode);
    EXPECT_EQ(exit_code(a), 0) << mode;
    EXPECT_EQ(exit_code(b), 0) << mode;
  }
}

TEST(Nccl, ARankThatEndsIsARemoteError) {
  for (const char* mode : {"memory-leave", "tcp-leave"}) {
    ncclUniqueId id;
    ASSERT_EQ(ncclGetUniqueId(&id), ncclSuccess);
    const pid_t stays = spawn_rank(id, 0, 2, mode), leaves = spawn_rank(id, 1, 2, mode);
    EXPECT_EQ(exit_code(leaves), 0);
    EXPECT_EQ(exit_code(stays), 0) << mode;
  }
}

/// Two devices in one thread, as single-process programs have it.
class OneThread : public testing::Test {
 protected:
  void SetUp() override {
    ASSERT_EQ(cudaGetDeviceCount(&devices), cudaSuccess);
    ASSERT_GE(devices, 2) << "main sets PPU_DEVICES";
    ASSERT_EQ(ncclCommInitAll(comms, 2, nullptr), ncclSuccess);
    for (int d = 0; d < 2; ++d) {
      ASSERT_EQ(cudaSetDevice(d), cudaSuccess);
      ASSERT_EQ(cudaStreamCreate(&streams[d]), cudaSuccess);
      ASSERT_EQ(cudaMallocManaged(&x[d], 1000 * sizeof(float), cudaMemAttachGlobal), cudaSuccess);
      for (int i = 0; i < 1000; ++i) x[d][i] = float(i + d);
    }
  }
  int devices = 0;
  ncclComm_t comms[2] = {};
  cudaStream_t streams[2] = {};
  float* x[2] = {};
};

TEST_F(OneThread, AGroupServesAllDevices) {
  for (int round = 0; round < 3; ++round) {
    ASSERT_EQ(ncclGroupStart(), ncclSuccess);
    for (int d = 0; d < 2; ++d)
      ASSERT_EQ(ncclAllReduce(x[d], x[d], 1000, ncclFloat32, ncclSum, comms[d], streams[d]), ncclSuccess);
    ASSERT_EQ(ncclGroupEnd(), ncclSuccess);
  }
  for (int d = 0; d < 2; ++d) ASSERT_EQ(cudaStreamSynchronize(streams[d]), cudaSuccess);
  for (int d = 0; d < 2; ++d)
    for (int i = 0; i < 1000; ++i) ASSERT_EQ(x[d][i], 4.0f * float(2 * i + 1));
  for (const ncclComm_t comm : comms) EXPECT_EQ(ncclCommDestroy(comm), ncclSuccess);
}

TEST_F(OneThread, SizesThatDisagreeAreAnInvalidUsage) {
  ASSERT_EQ(ncclSend(x[0], 10, ncclFloat32, 1, comms[0], streams[0]), ncclSuccess);
  ASSERT_EQ(ncclRecv(x[1], 11, ncclFloat32, 0, comms[1], streams[1]), ncclSuccess);
  ASSERT_EQ(cudaStreamSynchronize(streams[1]), cudaSuccess);
  ncclResult_t error;
  ASSERT_EQ(ncclCommGetAsyncError(comms[1], &error), ncclSuccess);
  EXPECT_EQ(error, ncclInvalidUsage);
  for (const ncclComm_t comm : comms) EXPECT_EQ(ncclCommAbort(comm), ncclSuccess);
}

TEST_F(OneThread, AnAbortReleasesTheStream) {
  ASSERT_EQ(ncclRecv(x[1], 10, ncclFloat32, 0, comms[1], streams[1]), ncclSuccess);  // nobody sends
  ASSERT_EQ(ncclCommAbort(comms[1]), ncclSuccess);
  EXPECT_EQ(cudaStreamSynchronize(streams[1]), cudaSuccess);
  EXPECT_EQ(ncclCommAbort(comms[0]), ncclSuccess);
}

TEST_F(OneThread, SaysWhatIsWrong) {
  EXPECT_EQ(ncclAllReduce(x[0], x[0], 1, ncclFloat32, ncclRedOp_t(77), comms[0], streams[0]),
            ncclInvalidArgument);
  EXPECT_EQ(ncclAllReduce(x[0], x[0], 1, ncclDataType_t(12), ncclSum, comms[0], streams[0]),
            ncclInvalidArgument);
  EXPECT_EQ(ncclSend(x[0], 1, ncclFloat32, 2, comms[0], streams[0]), ncclInvalidArgument);
  EXPECT_EQ(ncclSend(&devices, 1, ncclInt32, 1, comms[0], streams[0]), ncclInvalidArgument);
  EXPECT_EQ(ncclGroupEnd(), ncclInvalidUsage);
  ncclUniqueId none = {};
  ncclComm_t comm;
  EXPECT_EQ(ncclCommInitRank(&comm, 1, none, 0), ncclInvalidArgument);
  for (const ncclComm_t c : comms) EXPECT_EQ(ncclCommDestroy(c), ncclSuccess);
}

/// Rank 1 leaves after one collective; rank 0 must hear of it.
int run_leaving_rank(const ncclUniqueId& id, int rank, int size) {
  ncclComm_t comm;
  float* x = nullptr;
  if (ncclCommInitRank(&comm, size, id, rank) != ncclSuccess) return 2;
  if (cudaMallocManaged(&x, 400, cudaMemAttachGlobal) != cudaSuccess) return 3;
  for (int round = 0; round < 2; ++round) {
    if (round == 1 && rank == 1) std::_Exit(0);
    if (ncclAllReduce(x, x, 100, ncclFloat32, ncclSum, comm, nullptr) != ncclSuccess) return 4;
    if (cudaDeviceSynchronize() != cudaSuccess) return 5;
  }
  ncclResult_t error;
  ncclCommGetAsyncError(comm, &error);
  return error == ncclRemoteError ? 0 : 6;
}

int run_as_rank(char** arguments) {
  ncclUniqueId id;
  for (size_t i = 0; i < sizeof id; ++i) {
    const char two[3] = {arguments[0][2 * i], arguments[0][2 * i + 1], 0};
    id.internal[i] = char(std::strtol(two, nullptr, 16));
  }
  const int rank = std::atoi(arguments[1]), size = std::atoi(arguments[2]);
  const std::string mode = arguments[3];
  if (mode.starts_with("tcp")) setenv("NCCL_SHM_DISABLE", "1", 1);
  if (mode.ends_with("leave")) return run_leaving_rank(id, rank, size);
  const std::string said = check_rank(id, rank, size);
  if (said.empty()) return 0;
  std::fprintf(stderr, "%s: %s\n", mode.c_str(), said.c_str());
  return 1;
}

}  // namespace

int main(int argc, char** argv) {
  setenv("PPU_DEVICES", "3", 1);
  if (argc == 6 && std::strcmp(argv[1], "--rank") == 0) return run_as_rank(argv + 2);
  testing::InitGoogleTest(&argc, argv);
  return RUN_ALL_TESTS();
}

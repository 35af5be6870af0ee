// A kernel that takes long to compile: quick code first, full code in its place while it is used. And a
// kernel whose lanes go different ways: code that runs one lane at a time is tried beside it. The log, which
// the test reads, says when.
#include <fcntl.h>
#include <unistd.h>

#include <chrono>
#include <cstdlib>
#include <fstream>
#include <iterator>

#include "driver_fixture.h"

const char* const kTestPtx = R"(
.version 8.0
.target sm_80
.address_size 64
.visible .entry empty() { ret; }
)";

namespace {

constexpr int kSteps = 400;
constexpr unsigned kThreads = 4096;

/// x = x * 3 + k, then the odd ones take another way, for k = 0, 1, ...
uint32_t stepped(uint32_t x) {
  for (uint32_t k = 0; k < kSteps; k++) {
    x = x * 3 + k;
    if (x & 64) x ^= x >> 5;
  }
  return x;
}

std::string long_kernel() {
  std::string text = R"(
.version 8.0
.target sm_80
.address_size 64
.visible .entry long_one(.param .u64 data) {
  .reg .pred %p; .reg .b32 %r<6>; .reg .b64 %d<3>;
  ld.param.u64 %d1, [data];
  mov.u32 %r1, %ctaid.x; mov.u32 %r2, %ntid.x; mov.u32 %r3, %tid.x; mad.lo.s32 %r1, %r1, %r2, %r3;
  mul.wide.u32 %d2, %r1, 4; add.s64 %d1, %d1, %d2; ld.global.u32 %r4, [%d1];
)";
  for (int k = 0; k < kSteps; k++) {
    const std::string n = std::to_string(k);
    text += "mad.lo.u32 %r4, %r4, 3, " + n + "; and.b32 %r5, %r4, 64; setp.eq.u32 %p, %r5, 0; @%p bra L" + n +
            "; shr.u32 %r5, %r4, 5; xor.b32 %r4, %r4, %r5; L" + n + ":\n";
  }
  return text + "st.global.u32 [%d1], %r4; ret; }\n";
}

class UpgradeTest : public DriverTest {
 protected:
  void SetUp() override {
    DriverTest::SetUp();
    ASSERT_EQ(cuModuleLoadData(&long_module, long_kernel().c_str()), CUDA_SUCCESS);
    ASSERT_EQ(cuModuleGetFunction(&kernel, long_module, "long_one"), CUDA_SUCCESS);
    data = allocate(kThreads * 4);
  }
  void launch(CUdeviceptr on) {
    void* params[] = {&on, nullptr};
    ASSERT_EQ(cuLaunchKernel(kernel, kThreads / 128, 1, 1, 128, 1, 1, 0, nullptr, params, nullptr),
              CUDA_SUCCESS);
  }
  /// Launches on fresh numbers and looks at all results.
  void launch_and_check() {
    std::vector<uint32_t> numbers(kThreads);
    for (uint32_t i = 0; i < kThreads; i++) numbers[i] = i * 2654435761u;
    ASSERT_EQ(cuMemcpyHtoD(data, numbers.data(), kThreads * 4), CUDA_SUCCESS);
    ASSERT_NO_FATAL_FAILURE(launch(data));
    const std::vector<uint32_t> got = read(data, kThreads);
    for (uint32_t i = 0; i < kThreads; i++) ASSERT_EQ(got[i], expected(numbers[i])) << i;
  }
  /// Launches until `words` are in the log; false if they aren't within minutes: on a busy machine the thread
  /// that compiles gets little.
  bool launch_until(const std::string& log, const char* words) {
    const auto begin = std::chrono::steady_clock::now();
    while (std::chrono::steady_clock::now() - begin < std::chrono::seconds(240)) {
      launch_and_check();
      std::ifstream in(log);
      const std::string text{std::istreambuf_iterator<char>(in), {}};
      if (HasFatalFailure() || text.find(words) != text.npos) return !HasFatalFailure();
      usleep(5000);
    }
    return false;
  }
  uint32_t (*expected)(uint32_t) = stepped;
  CUmodule long_module = nullptr;
  CUfunction kernel = nullptr;
  CUdeviceptr data = 0;
};

/// Sends standard error to a file while it lives.
class ErrorsToFile {
 public:
  ErrorsToFile() {
    char name[] = "/tmp/openppu-upgrade-XXXXXX";
    const int file = mkstemp(name);
    path = name;
    before_ = dup(2);
    dup2(file, 2);
    close(file);
  }
  ~ErrorsToFile() {
    dup2(before_, 2);
    close(before_);
    unlink(path.c_str());
  }
  std::string path;

 private:
  int before_;
};

TEST_F(UpgradeTest, FullCodeTakesThePlaceOfQuickCode) {
  const ErrorsToFile errors;
  EXPECT_TRUE(launch_until(errors.path, "long_one runs on full code now"));
  for (int i = 0; i < 10; i++) launch_and_check();
}

/// As many steps as x's low bits say: where both bits 0 and 3 are set a step is another.
uint32_t wandered(uint32_t x) {
  for (uint32_t left = x & 1023; left; left--) x = (x & 9) == 9 ? x * 5 + left : x ^ (x >> 3) ^ left * 977;
  return x;
}

const char* const kWanderer = R"(
.version 8.0
.target sm_80
.address_size 64
.visible .entry wander(.param .u64 data) {
  .reg .pred %p; .reg .b32 %r<8>; .reg .b64 %d<3>;
  ld.param.u64 %d1, [data];
  mov.u32 %r1, %ctaid.x; mov.u32 %r2, %ntid.x; mov.u32 %r3, %tid.x; mad.lo.s32 %r1, %r1, %r2, %r3;
  mul.wide.u32 %d2, %r1, 4; add.s64 %d1, %d1, %d2; ld.global.u32 %r4, [%d1];
  and.b32 %r5, %r4, 1023;
  setp.eq.u32 %p, %r5, 0; @%p bra DONE;
STEP:
  and.b32 %r6, %r4, 9; setp.ne.u32 %p, %r6, 9; @%p bra OTHER;
  mad.lo.u32 %r4, %r4, 5, %r5; bra NEXT;
OTHER:
  shr.u32 %r6, %r4, 3; xor.b32 %r4, %r4, %r6; mul.lo.u32 %r6, %r5, 977; xor.b32 %r4, %r4, %r6;
NEXT:
  sub.u32 %r5, %r5, 1; setp.ne.u32 %p, %r5, 0; @%p bra STEP;
DONE:
  st.global.u32 [%d1], %r4; ret;
}
)";

TEST_F(UpgradeTest, OneLaneAtATimeIsTriedBesideWideCode) {
  OK(cuModuleUnload(long_module));
  OK(cuModuleLoadData(&long_module, kWanderer));
  OK(cuModuleGetFunction(&kernel, long_module, "wander"));
  expected = wandered;
  const ErrorsToFile errors;
  // A trial comes when the kernel has run for half a second; these launches nobody looks at.
  const CUdeviceptr unseen = allocate(kThreads * 4);
  launch_and_check();
  OK(cuMemcpyDtoD(unseen, data, kThreads * 4));
  for (int i = 0; i < 300; i++) launch(unseen);
  EXPECT_TRUE(launch_until(errors.path, " one lane at a time"));  // it is faster or it isn't
  for (int i = 0; i < 10; i++) launch_and_check();
}

TEST_F(UpgradeTest, AModuleMayBeUnloadedMeanwhile) {
  launch_and_check();
  usleep(60000);
  launch_and_check();  // asks for full code
  OK(cuModuleUnload(long_module));
  OK(cuCtxSynchronize());
  OK(run("empty", 1, 32, nullptr));
  OK(cuCtxSynchronize());
}

TEST_F(UpgradeTest, DISABLED_exit_while_compiling) {
  launch_and_check();
  usleep(60000);
  launch_and_check();
  usleep(20000);
  std::exit(HasFailure() ? 1 : 5);
}
TEST(Upgrade, ExitWhileCompilingNeitherHangsNorCrashes) {
  char path[4096];
  const ssize_t n = readlink("/proc/self/exe", path, sizeof path - 1);
  path[n > 0 ? n : 0] = 0;
  const std::string command =
      std::string("timeout 60 ") + path +
      " --gtest_also_run_disabled_tests --gtest_filter='*exit_while_compiling' >/dev/null 2>&1";
  const int status = std::system(command.c_str());
  EXPECT_EQ(WIFEXITED(status) ? WEXITSTATUS(status) : -1, 5);
}

}  // namespace

// What the tests of the runtime's functions share: a registered unit with two kernels and two variables, a
// buffer of zeros, a stream. The process has two devices.
#pragma once
#include <gtest/gtest.h>

#include <cstdlib>

#include "program.h"

// The way a call is spelled in its row: what the test of a failing call expects, and that it is the last
// error.
#define EXPECT_FAILS(call, code)                  \
  do {                                            \
    EXPECT_EQ(call, code);                        \
    EXPECT_EQ(cudaGetLastError(), code) << #call; \
  } while (false)
#define ASSERT_OK(call) ASSERT_EQ(call, cudaSuccess)
#define EXPECT_OK(call) EXPECT_EQ(call, cudaSuccess)

namespace api {

inline const char kPtx[] = R"(.version 8.0
.target sm_80
.address_size 64
.global .align 4 .b8 table[16] = {1, 0, 0, 0, 2, 0, 0, 0, 3, 0, 0, 0, 4, 0, 0, 0};
.const .align 4 .u32 factor = 3;
.global .attribute(.managed) .align 4 .u32 managed_word = 17;
.visible .entry fma_words(.param .u64 out, .param .u32 n, .param .u32 factor, .param .u32 addend) {
  .reg .b64 %rd<4>; .reg .b32 %r<9>; .reg .pred %p;
  ld.param.u64 %rd1, [out]; ld.param.u32 %r1, [n]; ld.param.u32 %r2, [factor]; ld.param.u32 %r8, [addend];
  mov.u32 %r3, %ctaid.x; mov.u32 %r4, %ntid.x; mov.u32 %r5, %tid.x;
  mad.lo.s32 %r6, %r3, %r4, %r5;
  setp.ge.u32 %p, %r6, %r1;
  @%p bra done;
  mul.wide.u32 %rd2, %r6, 4; add.s64 %rd3, %rd1, %rd2;
  ld.global.u32 %r7, [%rd3]; mad.lo.s32 %r7, %r7, %r2, %r8; st.global.u32 [%rd3], %r7;
done:
  ret;
}
.visible .entry times_factor(.param .u64 out) {
  .reg .b64 %rd<2>; .reg .b32 %r<4>;
  ld.param.u64 %rd1, [out];
  ld.global.u32 %r1, [table+4]; ld.const.u32 %r2, [factor]; mul.lo.s32 %r3, %r1, %r2; st.global.u32 [%rd1], %r3;
  ret;
}
)";

inline char fma_words, times_factor, table, factor;  // what stands for them on the host
inline const int kTwoDevices = setenv("PPU_DEVICES", "2", 1);

// One for each meaning of stream 0 that a file may be compiled with.
#ifdef CUDA_API_PER_THREAD_DEFAULT_STREAM
inline namespace per_thread {
#else
inline namespace legacy {
#endif

class Test : public ::testing::Test {
 protected:
  static constexpr unsigned kCount = 256;

  static void SetUpTestSuite() {
    unit_ = new program::Unit(kPtx);
    unit_->kernel(&fma_words, "fma_words");
    unit_->kernel(&times_factor, "times_factor");
    unit_->variable(&table, "table", 16);
    unit_->variable(&factor, "factor", 4);
    unit_->end();
  }
  static void TearDownTestSuite() { delete unit_; }
  void SetUp() override {
    ASSERT_OK(cudaMalloc(reinterpret_cast<void**>(&data_), kCount * 4));
    ASSERT_OK(cudaMemset(data_, 0, kCount * 4));
    ASSERT_OK(cudaStreamCreateWithFlags(&stream_, cudaStreamNonBlocking));
  }
  void TearDown() override {
    EXPECT_OK(cudaStreamDestroy(stream_));
    EXPECT_OK(cudaFree(data_));
    EXPECT_EQ(cudaGetLastError(), cudaSuccess) << "a failure that no line above expects";
  }

  /// Word `at` of the buffer, once all work is done.
  unsigned word(unsigned at = 0) {
    unsigned value = ~0u;
    EXPECT_OK(cudaDeviceSynchronize());
    EXPECT_OK(cudaMemcpy(&value, data_ + at, 4, cudaMemcpyDeviceToHost));
    return value;
  }

  static program::Unit* unit_;
  unsigned* data_ = nullptr;
  cudaStream_t stream_ = nullptr;
};
inline program::Unit* Test::unit_ = nullptr;

}  // namespace
}  // namespace api

// Grids on the worker pool: every block once, in any number of dimensions; waiting blocks; block memory.
#include <gtest/gtest.h>
#include <sys/mman.h>

#include <atomic>
#include <chrono>
#include <cstring>
#include <mutex>
#include <thread>
#include <vector>

#include "exec/block_storage.h"
#include "exec/device_heap.h"
#include "exec/live_entry.h"
#include "exec/parallel_copy.h"
#include "host_kernel.h"

namespace ppu::exec {
namespace {

struct CountParams {
  std::atomic<uint32_t>* count;
  const uint32_t* grid;
};

uint32_t count_block(const LaunchArgs* launch, BlockState* block) {
  const auto* p = static_cast<const CountParams*>(launch->params);
  const uint64_t i =
      block->ctaid[0] + uint64_t(p->grid[0]) * (block->ctaid[1] + uint64_t(p->grid[1]) * block->ctaid[2]);
  p->count[i].fetch_add(1);
  if (block->smid >= launch->num_sms) p->count[i].fetch_add(100);
  return 0;
}

TEST(Exec, RunsEveryBlockOnce) {
  for (const Shape& shape : {Shape{{1, 1, 1}}, Shape{{1000, 1, 1}}, Shape{{7, 11, 13}}, Shape{{1, 1, 300}}}) {
    const size_t n = size_t(shape.grid[0]) * shape.grid[1] * shape.grid[2];
    std::vector<std::atomic<uint32_t>> count(n);
    const CountParams params = {count.data(), shape.grid};
    const HostKernelResult r = run_kernel(count_block, shape, &params);
    EXPECT_FALSE(r.failed);
    for (size_t i = 0; i < n; i++) ASSERT_EQ(count[i].load(), 1u) << "block " << i;
  }
}

TEST(Exec, ManyThreadsLaunchAtOnce) {
  std::vector<std::thread> threads;
  std::atomic<int> wrong{0};
  for (int t = 0; t < 8; t++) {
    threads.emplace_back([&wrong] {
      for (int i = 0; i < 100; i++) {
        const Shape shape = {{64, 1, 1}};
        std::vector<std::atomic<uint32_t>> count(64);
        const CountParams params = {count.data(), shape.grid};
        if (run_kernel(count_block, shape, &params).failed) wrong++;
        for (auto& c : count) wrong += c.load() != 1;
      }
    });
  }
  for (auto& t : threads) t.join();
  EXPECT_EQ(wrong.load(), 0);
}

/// A brief job that a chain of others follows; remembers which thread ran it, and whether that thread was at
/// another one.
class Step : public Job {
 public:
  struct Log {
    std::mutex mutex;
    std::vector<std::thread::id> threads;
    int nested = 0;
    std::atomic<bool> over{false};
  };
  Step(Log& log, int more, bool others_wait) : log_(log), more_(more), others_wait_(others_wait) {}
  bool is_brief() const override { return true; }
  Share run_share(Runner&) override {
    if (taken_.exchange(true)) return Share::kExhausted;
    static thread_local int depth = 0;
    depth++;
    {
      const std::lock_guard lock(log_.mutex);
      log_.threads.push_back(std::this_thread::get_id());
      log_.nested += depth > 1;
    }
    Pool::others_wait(others_wait_);
    if (more_ > 0)
      Pool::instance().follow(new Step(log_, more_ - 1, others_wait_));
    else
      log_.over = true;
    Pool::others_wait(false);
    depth--;
    release();
    return Share::kExhausted;
  }

 private:
  Log& log_;
  const int more_;
  const bool others_wait_;
  std::atomic<bool> taken_{false};
};

TEST(Exec, ABriefJobFollowsOnTheThreadThatEndedTheLastOne) {
  static Step::Log log;
  Pool::instance().submit(new Step(log, 20, false));
  while (!log.over) std::this_thread::yield();
  const std::lock_guard lock(log.mutex);
  ASSERT_EQ(log.threads.size(), 21u);
  EXPECT_EQ(log.nested, 20);
  for (const auto& t : log.threads) EXPECT_EQ(t, log.threads[0]);
}

TEST(Exec, AChainOfBriefJobsTakesNoMoreStackTheLongerItIs) {
  static Step::Log log;
  Pool::instance().submit(new Step(log, 100'000, false));
  while (!log.over) std::this_thread::yield();
  const std::lock_guard lock(log.mutex);
  EXPECT_EQ(log.threads.size(), 100'001u);
  EXPECT_LT(log.nested, 100'000);
}

TEST(Exec, ABriefJobDoesNotKeepAThreadThatHasMoreToStart) {
  static Step::Log log;
  Pool::instance().submit(new Step(log, 20, true));
  while (!log.over) std::this_thread::yield();
  const std::lock_guard lock(log.mutex);
  EXPECT_EQ(log.threads.size(), 21u);
  EXPECT_EQ(log.nested, 0);
}

TEST(Exec, KeepsWhatABlockTakes) {
  const auto slow = [](const LaunchArgs*, BlockState*) -> uint32_t {
    std::this_thread::sleep_for(std::chrono::microseconds(500));
    return 0;
  };
  std::atomic<uint32_t> block_ns{0};
  KernelLaunch launch;
  launch.block_ns = &block_ns;
  for (int i = 0; i < 3; i++) EXPECT_FALSE(run_kernel(slow, {{20, 1, 1}}, nullptr, launch).failed);
  EXPECT_GE(block_ns.load(), 400'000u);
  // A short kernel of few blocks is handed out at once, and all of its blocks run.
  block_ns = 100;
  std::vector<std::atomic<uint32_t>> count(50);
  const Shape shape = {{50, 1, 1}};
  const CountParams params = {count.data(), shape.grid};
  EXPECT_FALSE(run_kernel(count_block, shape, &params, launch).failed);
  for (auto& c : count) EXPECT_EQ(c.load(), 1u);
}

struct BarrierParams {
  std::atomic<uint32_t>* arrived;
  uint32_t blocks;
};

/// All blocks of the grid must be resident to get past this.
uint32_t grid_barrier(const LaunchArgs* launch, BlockState* block) {
  const auto* p = static_cast<const BarrierParams*>(launch->params);
  if (block->resume == 0) {
    p->arrived->fetch_add(1);
    block->resume = 1;
  }
  return p->arrived->load() < p->blocks ? 1 : 0;
}

TEST(Exec, BlocksThatWaitForEachOtherAllGetOn) {
  std::atomic<uint32_t> arrived{0};
  const Shape shape = {{512, 1, 1}};
  const BarrierParams params = {&arrived, 512};
  KernelLaunch launch;
  launch.may_yield = true;
  launch.cooperative = true;
  EXPECT_FALSE(run_kernel(grid_barrier, shape, &params, launch).failed);
  EXPECT_EQ(arrived.load(), 512u);
}

/// Each block waits for its predecessor: no limit on resident blocks may stop it.
uint32_t chain(const LaunchArgs* launch, BlockState* block) {
  auto* done = static_cast<std::atomic<uint32_t>*>(const_cast<void*>(launch->params));
  if (done->load() != block->ctaid[0]) return 1;
  done->fetch_add(1);
  return 0;
}

TEST(Exec, AChainOfBlocksLongerThanWhatIsResident) {
  std::atomic<uint32_t> done{0};
  KernelLaunch launch;
  launch.may_yield = true;
  EXPECT_FALSE(run_kernel(chain, {{3000, 1, 1}}, &done, launch).failed);
  EXPECT_EQ(done.load(), 3000u);
}

uint32_t use_block_memory(const LaunchArgs*, BlockState* block) {
  if (reinterpret_cast<uint64_t>(block->shared) % 256 != 0) return 0;
  std::memset(block->shared, 1, kMaxSharedBytes);
  std::memset(block->local, 2, 1 << 20);
  std::memset(block->frame, 3, 4 << 20);
  return 0;
}

TEST(Exec, BlockMemoryIsThere) {
  KernelLaunch launch;
  launch.local_bytes = 1 << 20;
  launch.frame_bytes = 4 << 20;
  EXPECT_FALSE(run_kernel(use_block_memory, {{64, 1, 1}}, nullptr, launch).failed);
}

// What lanes that are off seem to touch in front of a block's shared memory: `sh[tid - 1]`.
TEST(Exec, AnAccessJustBelowSharedMemoryMeetsAPage) {
  BlockStorage* storage = BlockStorage::acquire();
  ASSERT_NE(storage, nullptr);
  ASSERT_TRUE(storage->prepare(64, 64));
  unsigned char present = 0;
  // Brought in already: an access without lanes never does, and is slow until then.
  ASSERT_EQ(::mincore(storage->state.shared - 4096, 4096, &present), 0);
  EXPECT_EQ(present & 1, 1);
  BlockStorage::release(storage);
}

TEST(Exec, LargeTransfersAreSplitAndComplete) {
  class Copy : public TransferJob {
   public:
    Copy(const Transfer& t, std::atomic<int>& done) : TransferJob(t), done_(done) {}
    void finished(const Fault* fault) override { done_ = fault ? 2 : 1; }
    std::atomic<int>& done_;
  };
  std::vector<uint32_t> from(4 << 20), to(4 << 20);
  for (size_t i = 0; i < from.size(); i++) from[i] = uint32_t(i * 2654435761u);
  Transfer t;
  t.dst = reinterpret_cast<uint64_t>(to.data());
  t.src = reinterpret_cast<uint64_t>(from.data());
  t.width = from.size() * 4;
  std::atomic<int> done{0};
  Pool::instance().submit(new Copy(t, done));
  while (!done) std::this_thread::yield();
  EXPECT_EQ(done.load(), 1);
  EXPECT_EQ(from, to);

  Transfer pitched;  // 100 rows of 30000 bytes, 40000 apart
  pitched.dst = t.dst;
  pitched.fill = true;
  pitched.value = 0xabcd;
  pitched.element_bytes = 2;
  pitched.width = 30000;
  pitched.height = 100;
  pitched.dst_pitch = 40000;
  done = 0;
  Pool::instance().submit(new Copy(pitched, done));
  while (!done) std::this_thread::yield();
  const auto* bytes = reinterpret_cast<const uint8_t*>(to.data());
  const auto* old = reinterpret_cast<const uint8_t*>(from.data());
  for (size_t i = 0; i < 100 * 40000; i++) {
    const uint8_t want = i % 40000 < 30000 ? (i % 2 ? 0xab : 0xcd) : old[i];
    ASSERT_EQ(bytes[i], want) << i;
  }
}

TEST(DeviceHeap, GivesMergesAndRefuses) {
  std::vector<char> memory(1 << 20);
  DeviceHeap heap([&](size_t) { return reinterpret_cast<uint64_t>(memory.data()); });
  ASSERT_TRUE(heap.set_limit(1 << 20));
  const uint64_t a = heap.malloc(1000), b = heap.malloc(1), c = heap.malloc(500000);
  ASSERT_TRUE(a && b && c);
  EXPECT_EQ(b - a, 1008u);
  EXPECT_EQ(heap.malloc(600000), 0u);
  EXPECT_FALSE(heap.free(a + 16));
  EXPECT_TRUE(heap.free(a));
  EXPECT_FALSE(heap.free(a));
  EXPECT_TRUE(heap.free(c));
  EXPECT_TRUE(heap.free(b));
  EXPECT_TRUE(heap.free(0));
  EXPECT_NE(heap.malloc(1 << 20), 0u);  // all of it again: neighbours were merged
  EXPECT_FALSE(heap.set_limit(2 << 20));
}

uint32_t code_a(const LaunchArgs*, BlockState*) {
  return 0;
}
uint32_t code_b(const LaunchArgs*, BlockState*) {
  return 0;
}
constexpr uint64_t kMs = 1'000'000;
struct Tried : LiveEntry {
  Tried() : LiveEntry(code_a, false) { count_time(400 * kMs); }
  void ask_for_better() override { ADD_FAILURE() << "it was not to ask"; }
  void ask_for_trial() override {
    asked++;
    try_out(code_b);
  }
  void trial_ended(bool won) override {
    ended++;
    last_won = won;
  }
  int asked = 0, ended = 0;
  bool last_won = false;
};

TEST(LiveEntry, IsWorthATrialOnceItsBlocksTookLong) {
  Tried entry;
  for (int i = 0; i < 39; i++) entry.took(10 * kMs), entry.used();
  EXPECT_EQ(entry.asked, 0);
  for (int i = 0; i < 100; i++) entry.took(10 * kMs);
  EXPECT_EQ(entry.asked, 1);
  EXPECT_EQ(entry.on_trial(), code_b);
  EXPECT_EQ(entry.now(), code_a);
}

TEST(LiveEntry, ATrialIsWonByWhatIsClearlyFaster) {
  // Times of a block in the code on trial and in the one before it, and which stays.
  const struct {
    uint64_t trial, before;
    BlockFunction stays;
  } cases[] = {{kMs / 10, kMs / 5, code_b}, {kMs / 10, kMs / 9, code_a}, {kMs / 5, kMs / 10, code_a}};
  for (const auto& c : cases) {
    Tried entry;
    entry.took(1000 * kMs);
    int pairs = 0;
    for (; entry.on_trial(); pairs++) entry.compared(c.trial, c.before);
    EXPECT_GT(pairs, 10) << "of neighbours that take a fraction of a millisecond several are needed";
    EXPECT_EQ(entry.now(), c.stays);
    EXPECT_EQ(entry.ended, 1);
    EXPECT_EQ(entry.last_won, c.stays == code_b);
    entry.compared(0, 1000 * kMs);  // of a thread that was still at it
    EXPECT_EQ(entry.now(), c.stays);
    EXPECT_EQ(entry.ended, 1);
  }
}

std::atomic<uint32_t> tried_blocks;
uint32_t count_tried_block(const LaunchArgs* launch, BlockState* block) {
  tried_blocks++;
  return count_block(launch, block);
}

TEST(LiveEntry, ATrialRunsEveryBlockOnce) {
  struct OnTrial : Tried {
    OnTrial() {
      replace(count_block);
      try_out(count_tried_block);
    }
  } entry;
  const Shape shape{{1000, 3, 1}};
  std::vector<std::atomic<uint32_t>> count(3000);
  const CountParams params = {count.data(), shape.grid};
  KernelLaunch launch;
  launch.live = &entry;
  tried_blocks = 0;
  EXPECT_FALSE(run_kernel(count_block, shape, &params, launch).failed);
  for (size_t i = 0; i < count.size(); i++) ASSERT_EQ(count[i].load(), 1u) << "block " << i;
  EXPECT_GT(tried_blocks, 0u);
  EXPECT_LT(tried_blocks, 1500u);
}

TEST(LiveEntry, ATrialWithoutHopeEndsAtOnce) {
  Tried entry;
  entry.took(1000 * kMs);
  entry.compared(2 * kMs, kMs / 10);
  EXPECT_EQ(entry.on_trial(), nullptr);
  EXPECT_EQ(entry.now(), code_a);
}

TEST(RuntimeTable, RoundsInEachDirection) {
  const RuntimeTable* rt = runtime_table();
  const float third_down = rt->fround_f32(3 * 4 + 2, 1, 3, 0), third_up = rt->fround_f32(3 * 4 + 3, 1, 3, 0);
  EXPECT_LT(third_down, third_up);
  EXPECT_EQ(rt->fround_f32(3 * 4 + 1, 1, 3, 0), third_down);
  EXPECT_EQ(rt->fround_f32(3 * 4 + 0, 1, 3, 0), 1.0f / 3.0f);
  EXPECT_EQ(rt->fround_f32(3 * 4 + 1, -1, 3, 0), -third_down);
  EXPECT_EQ(rt->fround_f64(4 * 4 + 0, 3, 4, 5), 17.0);
  EXPECT_LT(rt->fround_f64(5 * 4 + 2, 2, 0, 0), rt->fround_f64(5 * 4 + 3, 2, 0, 0));
  EXPECT_EQ(rt->fround_f32(0 * 4 + 3, 1.0f, 1e-30f, 0), 1.0f + 0x1p-23f);
}

}  // namespace
}  // namespace ppu::exec

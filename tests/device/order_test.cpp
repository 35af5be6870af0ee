// What runs after what: streams, the legacy default stream's rules, events across streams.
#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <mutex>
#include <random>
#include <thread>
#include <vector>

#include "device/context.h"
#include "device/operation.h"

namespace ppu::device {
namespace {

Context& context() {
  static Context* c = [] {
    initialize();
    return new Context(*device_at(0), 0);
  }();
  return *c;
}

/// Notes its number when it runs; takes a while, on a thread of its own.
class Slow : public Operation {
 public:
  Slow(std::vector<int>& log, std::mutex& mutex, int number, int microseconds)
      : log_(log), mutex_(mutex), number_(number), microseconds_(microseconds) {}

 protected:
  void start() override {
    std::thread([this] {
      std::this_thread::sleep_for(std::chrono::microseconds(microseconds_));
      {
        std::lock_guard lock(mutex_);
        log_.push_back(number_);
      }
      complete();
    }).detach();
  }

 private:
  std::vector<int>& log_;
  std::mutex& mutex_;
  int number_, microseconds_;
};

struct Log {
  std::vector<int> order;
  std::mutex mutex;
  Operation* op(int number, int microseconds = 200) { return new Slow(order, mutex, number, microseconds); }
};

TEST(Order, AStreamIsInOrder) {
  Log log;
  auto* s = new Stream(context(), CU_STREAM_NON_BLOCKING, 0);
  for (int i = 0; i < 20; i++) s->submit(log.op(i, i % 2 ? 300 : 0));
  EXPECT_EQ(s->query(), CUDA_ERROR_NOT_READY);
  EXPECT_EQ(s->synchronize(), CUDA_SUCCESS);
  EXPECT_EQ(s->query(), CUDA_SUCCESS);
  for (int i = 0; i < 20; i++) EXPECT_EQ(log.order[size_t(i)], i);
  s->close();
}

TEST(Order, TheLegacyStreamWaitsForBlockingStreamsAndTheyForIt) {
  Log log;
  auto* a = new Stream(context(), 0, 0);
  auto* b = new Stream(context(), 0, 0);
  auto* n = new Stream(context(), CU_STREAM_NON_BLOCKING, 0);
  a->submit(log.op(1, 5000));
  context().legacy_stream()->submit(log.op(2));
  b->submit(log.op(3));
  n->submit(log.op(0, 0));
  EXPECT_EQ(context().synchronize(), CUDA_SUCCESS);
  EXPECT_EQ(log.order, (std::vector<int>{0, 1, 2, 3}));
  a->close();
  b->close();
  n->close();
}

TEST(Order, EventsJoinStreams) {
  Log log;
  auto* a = new Stream(context(), CU_STREAM_NON_BLOCKING, 0);
  auto* b = new Stream(context(), CU_STREAM_NON_BLOCKING, 0);
  Event start(0, &context()), event(0, &context());
  start.record(*a);
  a->submit(log.op(1, 4000));
  event.record(*a);
  EXPECT_EQ(event.query(), CUDA_ERROR_NOT_READY);
  event.block(*b);
  b->submit(log.op(2, 0));
  EXPECT_EQ(b->synchronize(), CUDA_SUCCESS);
  EXPECT_EQ(log.order, (std::vector<int>{1, 2}));
  EXPECT_EQ(event.query(), CUDA_SUCCESS);
  float ms = 0;
  EXPECT_EQ(Event::elapsed(start, event, &ms), CUDA_SUCCESS);
  EXPECT_GE(ms, 3.9f);
  a->close();
  b->close();
}

TEST(Order, AHundredThousandSmallOperationsNeedNoDeepStack) {
  Log log;
  auto* s = new Stream(context(), CU_STREAM_NON_BLOCKING, 0);
  s->submit(log.op(1, 20000));
  for (int i = 0; i < 100000; i++) s->submit(new Marker);
  EXPECT_EQ(s->synchronize(), CUDA_SUCCESS);
  s->close();
}

TEST(Order, ManyThreadsAndStreams) {
  std::atomic<int> ran{0};
  class Count : public Operation {
   public:
    explicit Count(std::atomic<int>& n) : n_(n) {}
    void start() override {
      n_++;
      complete();
    }
    std::atomic<int>& n_;
  };
  std::vector<std::thread> threads;
  for (int t = 0; t < 8; t++) {
    threads.emplace_back([&ran, t] {
      std::mt19937 random{unsigned(t)};
      auto* s = new Stream(context(), t % 2 ? CU_STREAM_NON_BLOCKING : 0, 0);
      Event e(0, &context());
      for (int i = 0; i < 2000; i++) {
        switch (random() % 5) {
          case 0:
            context().legacy_stream()->submit(new Count(ran));
            break;
          case 1:
            e.record(*s);
            s->submit(new Count(ran));
            break;
          case 2:
            e.block(*context().legacy_stream());
            s->submit(new Count(ran));
            break;
          case 3:
            s->synchronize();
            [[fallthrough]];
          default:
            s->submit(new Count(ran));
        }
      }
      s->synchronize();
      s->close();
    });
  }
  for (auto& t : threads) t.join();
  context().synchronize();
  EXPECT_EQ(ran.load(), 16000);
}

}  // namespace
}  // namespace ppu::device

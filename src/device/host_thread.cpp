#include "device/host_thread.h"

#include <pthread.h>
#include <signal.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <mutex>
#include <utility>

#include "exec/pool.h"

namespace ppu::device {
namespace {

/// After so many functions in a row that threads which waited for them have run, the next one is left to such
/// a thread, too: waking one of ours for nothing costs microseconds, on both processors. If nobody comes one
/// that looks this often begins it, and those behind it begin at once again.
constexpr uint32_t kSurelyHelped = 8;
constexpr std::chrono::microseconds kLeftAlone(200);

/// Threads that take functions from a queue, first come, first served. Leaked: they may be running one when
/// the process exits.
class HostThreads {
 public:
  explicit HostThreads(uint32_t most) : most_(most) {}
  void add(void (*run)(void*), void* argument, const void* stream) {
    bool start = false, wake = false, others = false;
    {
      std::lock_guard lock(mutex_);
      queue_.push_back({run, argument, stream, ++added_});
      waiting_.store(queue_.size(), std::memory_order_relaxed);
      start = idle_ < queue_.size() && threads_ < most_;
      threads_ += start;
      wake = !watched_ || queue_.size() > 1;
      others = std::exchange(left_alone_, !wake);
    }
    if (start) start_thread();
    if (wake && others)
      wake_.notify_all();
    else if (wake)
      wake_.notify_one();
  }
  bool help(const void* stream) {
    if (waiting_.load(std::memory_order_relaxed) == 0) return false;
    std::unique_lock lock(mutex_);
    const auto at =
        std::find_if(queue_.begin(), queue_.end(), [stream](const Entry& e) { return e.stream == stream; });
    if (at == queue_.end()) return false;
    const Entry entry = take(at);
    helped_++;
    lock.unlock();
    exec::call_on_own_stack(entry.run, entry.argument);
    return true;
  }

 private:
  struct Entry {
    void (*run)(void*);
    void* argument;
    const void* stream;
    uint64_t number;  ///< in the order of all
  };
  void start_thread() {
    pthread_attr_t attr;
    pthread_attr_init(&attr);
    pthread_attr_setdetachstate(&attr, PTHREAD_CREATE_DETACHED);
    sigset_t all, before;
    sigfillset(&all);
    for (int sig : {SIGSEGV, SIGBUS, SIGFPE, SIGILL}) sigdelset(&all, sig);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    pthread_t thread;
    const auto main = [](void* self) -> void* {
      static_cast<HostThreads*>(self)->main();
      return nullptr;
    };
    if (pthread_create(&thread, &attr, main, this) == 0) pthread_setname_np(thread, "ppu-host-func");
    pthread_sigmask(SIG_SETMASK, &before, nullptr);
    pthread_attr_destroy(&attr);
  }
  [[noreturn]] void main() {
    std::unique_lock lock(mutex_);
    while (true) {
      idle_++;
      bool found = !queue_.empty();
      while (!found) found = found_after_rest(lock);
      idle_--;
      const Entry entry = take(queue_.begin());
      helped_ = 0;
      lock.unlock();
      entry.run(entry.argument);
      lock.lock();
    }
  }
  /// Sleeps until there may be something to do; whether there is. One thread keeps watch over functions that
  /// are left alone: those that have been there all its time.
  bool found_after_rest(std::unique_lock<std::mutex>& lock) {
    const bool watches = helped_ >= kSurelyHelped && !watched_;
    if (!watches) {
      if (watched_ || queue_.empty()) wake_.wait(lock);
      return !queue_.empty();
    }
    watched_ = true;
    const uint64_t before = added_;
    const bool told = wake_.wait_for(lock, kLeftAlone) == std::cv_status::no_timeout;
    watched_ = false;
    if (added_ == before) helped_ = 0;
    return !queue_.empty() && (told || queue_.front().number <= before);
  }
  /// Caller holds the mutex.
  Entry take(std::deque<Entry>::iterator at) {
    const Entry entry = *at;
    queue_.erase(at);
    waiting_.store(queue_.size(), std::memory_order_relaxed);
    return entry;
  }

  const uint32_t most_;
  std::mutex mutex_;
  std::condition_variable wake_;
  std::deque<Entry> queue_;
  uint32_t threads_ = 0, idle_ = 0;
  uint32_t helped_ = 0;             ///< functions in a row that `help` has run
  uint64_t added_ = 0;              ///< ever
  bool watched_ = false;            ///< a thread looks at the queue soon without being told
  bool left_alone_ = false;         ///< the function added last, if it's still in the queue
  std::atomic<size_t> waiting_{0};  ///< queue_.size(), readable without the mutex
};

/// Of the program.
HostThreads& host_thread() {
  static auto* thread = new HostThreads(1);
  return *thread;
}

/// Of our libraries: as many streams as there are processors get on at once.
HostThreads& library_threads() {
  static auto* threads = new HostThreads(exec::Pool::instance().width());
  return *threads;
}

/// The functions that have been declared: a few a library, written before they are used.
constexpr size_t kMostFunctions = 64;
std::atomic<void (*)(void*)> library_functions[kMostFunctions];

bool is_library_work(void (*function)(void*)) {
  for (const auto& known : library_functions) {
    const auto f = known.load(std::memory_order_acquire);
    if (!f) return false;
    if (f == function) return true;
  }
  return false;
}

}  // namespace

void declare_library_work(void (*function)(void*)) {
  for (auto& known : library_functions) {
    void (*free)(void*) = nullptr;
    if (known.load() == function || known.compare_exchange_strong(free, function) || free == function) return;
  }
}

void run_on_host_thread(void (*function)(void*), const void* stream, void (*run)(void*), void* argument) {
  (is_library_work(function) ? library_threads() : host_thread()).add(run, argument, stream);
}

bool help_library_work(const void* stream) {
  return library_threads().help(stream);
}

}  // namespace ppu::device

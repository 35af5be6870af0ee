// Operations that hold a stream until something outside has happened: a value in memory, another process's
// event.
#pragma once
#include <time.h>

#include <mutex>
#include <utility>

#include "device/context.h"
#include "device/operation.h"
#include "exec/pool.h"

namespace ppu::device {

/// Completes once ready() is true. A worker looks now and then; no thread is tied up by it. Gives up when the
/// context has failed.
class PollingOperation : public Operation {
 public:
  explicit PollingOperation(Context& context) : context_(context) {}

 protected:
  virtual bool ready() const = 0;
  void start() override {
    if (over()) return complete();
    auto* job = new Poll(*this);
    job->owner = stream_name();
    exec::Pool::instance().submit(job);
  }

 private:
  bool over() const { return context_.error() != CUDA_SUCCESS || ready(); }
  class Poll : public exec::Job {
   public:
    explicit Poll(PollingOperation& operation) : operation_(&operation) {}
    exec::Share run_share(exec::Runner&) override {
      std::unique_lock lock(mutex_, std::try_to_lock);
      if (!lock) return exec::Share::kNone;
      if (!operation_) return exec::Share::kExhausted;
      if (!operation_->over()) {
        lock.unlock();
        const timespec pause = {0, 20'000};
        ::nanosleep(&pause, nullptr);
        return exec::Share::kNone;
      }
      PollingOperation* done = std::exchange(operation_, nullptr);
      lock.unlock();
      done->complete();
      release();  // the creator's reference
      return exec::Share::kExhausted;
    }

   private:
    std::mutex mutex_;
    PollingOperation* operation_;
  };
  Context& context_;
};

}  // namespace ppu::device

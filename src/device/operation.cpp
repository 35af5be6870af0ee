// One lock for the order of all work of the process: dependencies may cross streams and contexts, and the
// critical sections are a few pointer writes.
#include "device/operation.h"

#include <time.h>

#include <algorithm>
#include <climits>
#include <mutex>
#include <utility>

#include "base/brief_mutex.h"
#include "device/context.h"
#include "device/host_thread.h"
#include "device/ipc.h"
#include "device/polling.h"
#include "device/profile.h"
#include "exec/pool.h"

namespace ppu::device {
namespace {

BriefMutex order_lock;
constexpr uint64_t kSpinNs = 50'000;

/// Operations that became ready while this thread was starting others: a queue instead of recursion, so that
/// a thousand small operations in a row don't need a thousand stack frames.
thread_local std::vector<Operation*>* ready_queue = nullptr;

std::atomic<uint64_t> next_stream_id{1};

}  // namespace

uint64_t monotonic_ns() {
  timespec t;
  ::clock_gettime(CLOCK_MONOTONIC, &t);
  return uint64_t(t.tv_sec) * 1'000'000'000 + uint64_t(t.tv_nsec);
}

void Operation::depend_on(Operation* before) {
  if (!before || before == this) return;
  if (before->done()) {
    chip_ready_ns_ = std::max(chip_ready_ns_, before->chip_end_ns_);
    return;
  }
  before->successors_.push_back(this);
  missing_++;
}

void Operation::start_ready(std::vector<Operation*>& ready) {
  if (ready.empty()) return;
  if (ready_queue) {
    ready_queue->insert(ready_queue->end(), ready.begin(), ready.end());
    return;
  }
  ready_queue = &ready;
  for (size_t i = 0; i < ready.size(); i++) {
    Operation* op = ready[i];  // start() may grow the vector
    exec::Pool::others_wait(i + 1 < ready.size());
    op->start();
  }
  ready_queue = nullptr;
}

void Operation::complete() {
  end_ns_ = monotonic_ns();
  if (profile::counting()) place_on_chip();
  if (activity_on()) tell_activity();
  std::vector<Operation*> ready;
  uint32_t before = 0;
  {
    std::lock_guard lock(order_lock);
    before = state_.exchange(kDone, std::memory_order_acq_rel);
    for (Operation* s : successors_) {
      s->chip_ready_ns_ = std::max(s->chip_ready_ns_, chip_end_ns_);
      if (--s->missing_ == 0) ready.push_back(s);
    }
    successors_.clear();
  }
  if (before == kAwaited) exec::futex_wake(state_, INT_MAX);
  start_ready(ready);
  stream_->release();
  release();
}

void Operation::place_on_chip() {
  const int device = owner_->device().ordinal;
  const ChipSpan span = ChipClock::instance().place(device, chip_use(), chip_ready_ns_);
  profile::Span all = {};
  all.device = uint32_t(device);
  all.context = uint32_t(owner_->id());
  all.stream = stream_->id();
  all.end_ns = end_ns_;
  all.chip_begin_ns = span.begin_ns;
  all.chip_end_ns = span.end_ns;
  if (profile::recording()) record(all);
  chip_end_ns_ = place_launched(all);
}

void Operation::tell_activity() {
  activity::Record record;
  if (!describe(&record)) return;
  record.end = activity_now();
  record.device = uint32_t(owner_->device().ordinal);
  record.context = uint32_t(owner_->id());
  record.stream = uint32_t(stream_->id());
  deliver_activity(record);
}

void Operation::wait() {
  wait_until_done();
  if (profile::counting()) ChipClock::instance().host_saw(chip_end_ns_);
}

void Operation::wait_until_done() {
  if (done()) return;
  exec::Pool& pool = exec::Pool::instance();
  const uint64_t begin = monotonic_ns();
  while (true) {
    if (done()) return;
    if (pool.help(stream_) || help_library_work(stream_)) continue;
    if (monotonic_ns() - begin > kSpinNs) break;
    for (int i = 0; i < 64 && !done(); i++) __builtin_ia32_pause();
  }
  while (!done()) {
    uint32_t expected = kPending;
    state_.compare_exchange_strong(expected, kAwaited);
    if (expected == kDone) return;
    exec::futex_wait(state_, kAwaited);
  }
}

Stream::Stream(Context& context, unsigned flags, int priority)
    : context_(context), flags_(flags), priority_(priority), id_(next_stream_id.fetch_add(1)) {
  std::lock_guard lock(order_lock);
  context_.streams_.push_back(this);
}

Stream::~Stream() {
  {
    std::lock_guard lock(order_lock);
    auto& all = context_.streams_;
    all.erase(std::remove(all.begin(), all.end(), this), all.end());
  }
  if (tail_) tail_->release();
}

bool Stream::get_attribute(CUstreamAttrID attribute, CUstreamAttrValue* value) {
  const std::lock_guard lock(attributes_mutex_);
  const auto found = attributes_.find(int(attribute));
  if (found == attributes_.end()) return false;
  *value = found->second;
  return true;
}

void Stream::set_attribute(CUstreamAttrID attribute, const CUstreamAttrValue& value) {
  const std::lock_guard lock(attributes_mutex_);
  attributes_[int(attribute)] = value;
}

void Stream::copy_attributes(Stream& from) {
  if (&from == this) return;
  const std::scoped_lock lock(attributes_mutex_, from.attributes_mutex_);
  attributes_ = from.attributes_;
  priority_ = from.priority_.load();
}

bool Stream::is_legacy() const {
  return context_.legacy_stream() == this;
}

void Stream::close() {
  release();
}

bool Stream::add_ref_unless_dying() {
  uint32_t refs = refs_.load(std::memory_order_relaxed);
  while (refs != 0)
    if (refs_.compare_exchange_weak(refs, refs + 1, std::memory_order_relaxed)) return true;
  return false;
}

void Stream::collect(Context& context, std::vector<Stream*>* all) {
  std::lock_guard lock(order_lock);
  for (Stream* s : context.streams_)
    if (s->add_ref_unless_dying()) all->push_back(s);
}

void Stream::abandon(Context& context) {
  std::vector<Operation*> tails;
  {
    std::lock_guard lock(order_lock);
    for (Stream* s : context.streams_)
      if (Operation* tail = std::exchange(s->tail_, nullptr)) tails.push_back(tail);
    context.streams_.clear();
  }
  for (Operation* tail : tails) tail->release();
}

void Stream::renew() {
  std::lock_guard lock(order_lock);
  id_ = next_stream_id.fetch_add(1);
  context_.streams_.push_back(this);
}

void Stream::submit(Operation* op, std::span<Operation* const> after) {
  op->stream_ = this;
  op->owner_ = &context_;
  if (profile::counting()) op->chip_ready_ns_ = ChipClock::instance().host_ns();
  add_ref();
  op->add_ref();  // the tail's reference
  Operation* old_tail = nullptr;
  bool ready = false;
  {
    std::lock_guard lock(order_lock);
    op->depend_on(tail_);
    if (is_legacy()) {
      for (Stream* s : context_.streams_)
        if (s != this && s->is_blocking()) op->depend_on(s->tail_);
    } else if (is_blocking()) {
      op->depend_on(context_.legacy_stream()->tail_);
    }
    for (Operation* a : after) op->depend_on(a);
    old_tail = tail_;
    tail_ = op;
    ready = --op->missing_ == 0;
  }
  if (old_tail) old_tail->release();
  if (ready) {
    std::vector<Operation*> one = {op};
    Operation::start_ready(one);
  }
}

/// Unfinished last operations, each with a reference.
std::vector<Operation*> Stream::tails() {
  std::vector<Operation*> all;
  std::lock_guard lock(order_lock);
  const auto add = [&all](Operation* op) {
    if (!op) return;
    if (op->done()) return ChipClock::instance().host_saw(op->chip_end_ns());
    op->add_ref();
    all.push_back(op);
  };
  add(tail_);
  if (is_legacy())
    for (Stream* s : context_.streams_)
      if (s != this && s->is_blocking()) add(s->tail_);
  return all;
}

CUresult Stream::synchronize() {
  for (Operation* op : tails()) {
    op->wait();
    op->release();
  }
  context_.flush_printf();
  return context_.error();
}

bool Stream::idle() {
  bool idle = true;
  for (Operation* op : tails()) {
    idle = false;
    op->release();
  }
  return idle;
}

CUresult Stream::query() {
  if (!idle()) return CUDA_ERROR_NOT_READY;
  context_.flush_printf();
  return context_.error();
}

namespace {

/// Tells other processes that record `number` of a shared event has been reached.
class SharedRecord : public Operation {
 public:
  SharedRecord(SharedEvent& event, uint64_t number) : event_(event), number_(number) {}

 protected:
  void start() override {
    event_.complete(number_);
    complete();
  }

 private:
  SharedEvent& event_;
  uint64_t number_;
};

/// Holds a stream until another process has reached a record.
class SharedWait : public PollingOperation {
 public:
  SharedWait(SharedEvent& event, uint64_t number, Context& context)
      : PollingOperation(context), event_(event), number_(number) {}

 protected:
  bool ready() const override { return event_.reached(number_); }

 private:
  SharedEvent& event_;
  uint64_t number_;
};

}  // namespace

Event::Event(SharedEvent* shared, int fd, Context* context)
    : context_(context),
      flags_(CU_EVENT_INTERPROCESS | CU_EVENT_DISABLE_TIMING),
      shared_(shared),
      shared_fd_(fd) {}

Event::~Event() {
  if (record_) record_->release();
  // A shared event's page stays mapped: operations and other processes may still be at it.
}

int Event::share() {
  if (!shared_) shared_ = create_shared_event(&shared_fd_);
  return shared_ ? shared_fd_ : -1;
}

Operation* Event::last() {
  std::lock_guard lock(order_lock);
  if (record_) record_->add_ref();
  return record_;
}

void Event::record(Stream& stream) {
  Operation* marker = nullptr;
  if (shared_)
    marker = new SharedRecord(*shared_, shared_->recorded.fetch_add(1) + 1);
  else
    marker = new Marker;
  marker->add_ref();  // the event's
  stream.submit(marker);
  Operation* old = nullptr;
  {
    std::lock_guard lock(order_lock);
    old = record_;
    record_ = marker;
  }
  if (old) old->release();
}

CUresult Event::query() {
  if (shared_ && !shared_->reached(shared_->recorded.load())) return CUDA_ERROR_NOT_READY;
  if (shared_) return error();
  Operation* op = last();
  const bool done = !op || op->done();
  if (op && done) ChipClock::instance().host_saw(op->chip_end_ns());
  if (op) op->release();
  return done ? error() : CUDA_ERROR_NOT_READY;
}

CUresult Event::synchronize() {
  for (const uint64_t target = shared_ ? shared_->recorded.load() : 0; target && !shared_->reached(target);) {
    if (error() != CUDA_SUCCESS) break;
    const timespec pause = {0, 20'000};
    ::nanosleep(&pause, nullptr);
  }
  if (Operation* op = last()) {
    op->wait();
    op->release();
  }
  if (context_) context_->flush_printf();
  return error();
}

CUresult Event::error() const {
  return context_ ? context_->error() : CUDA_SUCCESS;
}

void Event::block(Stream& stream) {
  if (shared_) {
    const uint64_t target = shared_->recorded.load();
    if (!shared_->reached(target)) stream.submit(new SharedWait(*shared_, target, stream.context()));
    return;
  }
  Operation* op = last();
  if (!op) return;
  if (!op->done() || profile::counting()) stream.submit(new Marker, {&op, 1});
  op->release();
}

CUresult Event::elapsed(Event& start, Event& end, float* milliseconds) {
  if (start.error() != CUDA_SUCCESS) return start.error();
  if (!start.has_timing() || !end.has_timing()) return CUDA_ERROR_INVALID_HANDLE;
  Operation* a = start.last();
  Operation* b = end.last();
  CUresult result = CUDA_SUCCESS;
  if (!a || !b)
    result = CUDA_ERROR_INVALID_HANDLE;
  else if (!a->done() || !b->done())
    result = CUDA_ERROR_NOT_READY;
  else
    *milliseconds = float(double(profile::chip_time() ? int64_t(b->chip_end_ns() - a->chip_end_ns())
                                                      : int64_t(b->end_ns() - a->end_ns())) *
                          1e-6);
  if (a) a->release();
  if (b) b->release();
  return result;
}

}  // namespace ppu::device

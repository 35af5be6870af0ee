// Work in streams: what runs after what. Everything a stream is given is an operation; it starts when the
// operations it depends on have completed, on whatever thread completed the last one. No thread waits inside.
#pragma once
#include <atomic>
#include <cstdint>
#include <map>
#include <mutex>
#include <span>
#include <vector>

#include "device/activity.h"
#include "device/chip_clock.h"
#include "device/cuda_types.h"
#include "device/profile_file.h"

namespace ppu::device {

class Context;
class Stream;
struct GreenContext;
struct SharedEvent;

class Operation {
 public:
  Operation() = default;
  virtual ~Operation() = default;
  Operation(const Operation&) = delete;
  Operation& operator=(const Operation&) = delete;

  void add_ref() { refs_.fetch_add(1, std::memory_order_relaxed); }
  void release() {
    if (refs_.fetch_sub(1, std::memory_order_acq_rel) == 1) delete this;
  }
  bool done() const { return state_.load(std::memory_order_acquire) == kDone; }
  /// Sleeps until done; runs work of the operation's stream meanwhile. Not from a host function.
  void wait();
  /// CLOCK_MONOTONIC time at which it completed.
  uint64_t end_ns() const { return end_ns_; }
  /// Time of the modelled chip at which it completed; kept only while kernels count (profile.h).
  uint64_t chip_end_ns() const { return chip_end_ns_; }
  Context& context() const { return *owner_; }

 protected:
  /// Called when everything before it has completed. Calls complete(), now or later, from any thread.
  virtual void start() = 0;
  void complete();
  /// What it took of the chip; asked when it has completed, while kernels count.
  virtual ChipUse chip_use() { return {}; }
  /// Records it; called after chip_use(), under `ppu prof`. Host times but the end are the callee's to fill
  /// in.
  virtual void record(profile::Span) {}
  /// Says what it was, for a profiling tool; false: nothing that such tools show, or it began before one
  /// listened. Device, context, stream and end are the caller's to fill in.
  virtual bool describe(activity::Record*) { return false; }
  /// Places what it launched itself on the chip's clock, from `span.chip_end_ns` on, and records that too.
  /// The time at which all of it is over.
  virtual uint64_t place_launched(const profile::Span& span) { return span.chip_end_ns; }
  /// Tells jobs of this operation's stream from others (exec::Job::owner).
  const void* stream_name() const { return stream_; }

 private:
  friend class Stream;
  static constexpr uint32_t kPending = 0, kAwaited = 1, kDone = 2;
  static void start_ready(std::vector<Operation*>& ready);
  /// Makes this depend on `before` unless that has completed. Caller holds the order lock.
  void depend_on(Operation* before);
  void place_on_chip();
  void tell_activity();
  void wait_until_done();

  std::atomic<uint32_t> refs_{1};
  std::atomic<uint32_t> state_{kPending};
  uint32_t missing_ = 1;                ///< dependencies that haven't completed, +1 while being submitted
  std::vector<Operation*> successors_;  ///< under the order lock
  Stream* stream_ = nullptr;            ///< with a reference until completed; afterwards only a name
  Context* owner_ = nullptr;
  uint64_t end_ns_ = 0;
  uint64_t chip_ready_ns_ = 0, chip_end_ns_ = 0;  ///< the first under the order lock
};

/// Completes as soon as it may start: events, waits, joins.
class Marker : public Operation {
 protected:
  void start() override { complete(); }
};

/// A CUDA stream. Reference-counted: the handle holds one reference, each unfinished operation another.
class Stream {
 public:
  Stream(Context& context, unsigned flags, int priority);

  /// Appends `op` and takes the caller's reference. It will run after everything before it in this stream,
  /// after `after`, and as the legacy default stream's rules say (CUDA API, "Stream synchronization
  /// behavior").
  void submit(Operation* op, std::span<Operation* const> after = {});
  /// Waits for everything submitted so far (for the legacy stream: of all blocking streams). The context's
  /// error.
  CUresult synchronize();
  /// CUDA_ERROR_NOT_READY while work is unfinished.
  CUresult query();
  bool idle();

  Context& context() const { return context_; }
  unsigned flags() const { return flags_; }
  int priority() const { return priority_; }
  void set_priority(int priority) { priority_ = priority; }
  uint64_t id() const { return id_; }
  /// The green context it was made in; null for all others.
  GreenContext* green() const { return green_; }
  void set_green(GreenContext* green) { green_ = green; }
  bool is_legacy() const;
  /// Advice about caches, waiting and memory, kept for whoever asks. False if it was never given.
  bool get_attribute(CUstreamAttrID attribute, CUstreamAttrValue* value);
  void set_attribute(CUstreamAttrID attribute, const CUstreamAttrValue& value);
  /// All that `from` was given, and its priority.
  void copy_attributes(Stream& from);
  bool is_blocking() const { return !(flags_ & CU_STREAM_NON_BLOCKING); }
  /// The handle is gone; work goes on, and synchronising the context still waits for it.
  void close();
  /// Streams of `context` that are open or have unfinished work, each with a reference.
  static void collect(Context& context, std::vector<Stream*>* all);
  /// Takes all streams out of a context that is being destroyed, and their last operations out of them; their
  /// handles stay until they are closed.
  static void abandon(Context& context);
  /// Puts an abandoned stream into its context again, as a new one.
  void renew();

  void add_ref() { refs_.fetch_add(1, std::memory_order_relaxed); }
  void release() {
    if (refs_.fetch_sub(1, std::memory_order_acq_rel) == 1) delete this;
  }

 private:
  friend class Context;
  ~Stream();
  bool add_ref_unless_dying();
  std::vector<Operation*> tails();
  Context& context_;
  unsigned flags_;
  std::atomic<int> priority_;
  uint64_t id_;
  GreenContext* green_ = nullptr;
  std::atomic<uint32_t> refs_{1};
  Operation* tail_ = nullptr;  ///< under the order lock
  std::mutex attributes_mutex_;
  std::map<int, CUstreamAttrValue> attributes_;
};

class Event {
 public:
  /// With a context, calls answer its error even before a record.
  explicit Event(unsigned flags, Context* context = nullptr) : context_(context), flags_(flags) {}
  ~Event();
  /// Marks what `stream` has been given so far.
  void record(Stream& stream);
  /// CUDA_SUCCESS when the last record has completed, or there was none.
  CUresult query();
  CUresult synchronize();
  /// Lets later work of `stream` wait for the last record.
  void block(Stream& stream);
  /// Milliseconds between two completed records.
  static CUresult elapsed(Event& start, Event& end, float* milliseconds);
  /// Makes a CU_EVENT_INTERPROCESS event one that other processes can open; -1 when the host refuses. Its
  /// file.
  int share();
  /// An event of another process. Takes both.
  Event(SharedEvent* shared, int fd, Context* context);
  unsigned flags() const { return flags_; }
  bool has_timing() const { return !(flags_ & CU_EVENT_DISABLE_TIMING); }

 private:
  Operation* last();  ///< with a reference; null if never recorded
  CUresult error() const;
  Context* context_;
  unsigned flags_;
  Operation* record_ = nullptr;  ///< under the order lock
  SharedEvent* shared_ = nullptr;
  int shared_fd_ = -1;
};

uint64_t monotonic_ns();

}  // namespace ppu::device

#include "device/activity.h"

#include <time.h>

#include <vector>

#include "device/profile.h"

namespace ppu::device {
namespace {

std::atomic<activity::Sink> listener{nullptr};
std::atomic<activity::Clock> listeners_clock{nullptr};
std::atomic<activity::ContextWatcher> context_watcher{nullptr};
std::atomic<uint32_t> next_correlation{1};
thread_local std::vector<uint64_t> external_numbers[activity::kExternalKinds];

void listen(activity::Sink sink, activity::Clock clock) {
  listeners_clock = clock;
  listener = sink;
  activity_wanted = sink != nullptr;
}

void push(uint32_t kind, uint64_t number) {
  external_numbers[kind].push_back(number);
}

bool pop(uint32_t kind, uint64_t* number) {
  std::vector<uint64_t>& stack = external_numbers[kind];
  if (stack.empty()) return false;
  if (number) *number = stack.back();
  stack.pop_back();
  return true;
}

void watch_contexts(activity::ContextWatcher watcher) {
  context_watcher = watcher;
}

}  // namespace

void tell_context(Context& context, bool made) {
  // A context's handle is its address (driver/handles.h).
  if (const auto watcher = context_watcher.load(std::memory_order_acquire)) watcher(&context, made);
}

uint64_t activity_now() {
  if (const activity::Clock clock = listeners_clock.load(std::memory_order_relaxed)) return clock();
  timespec t;
  ::clock_gettime(CLOCK_REALTIME, &t);
  return uint64_t(t.tv_sec) * 1'000'000'000 + uint64_t(t.tv_nsec);
}

activity::Origin activity_origin() {
  activity::Origin origin;
  origin.time = activity_now();
  do origin.correlation = next_correlation.fetch_add(1, std::memory_order_relaxed);
  while (origin.correlation == 0);
  origin.thread = profile::thread_number();
  for (uint32_t kind = 0; kind < activity::kExternalKinds; kind++) {
    if (external_numbers[kind].empty()) continue;
    origin.external_kinds |= 1u << kind;
    origin.external[kind] = external_numbers[kind].back();
  }
  return origin;
}

void deliver_activity(const activity::Record& record) {
  if (const activity::Sink sink = listener.load(std::memory_order_acquire)) sink(record);
}

const activity::Interface& activity_interface() {
  static const activity::Interface table = {sizeof table,
                                            &activity_wanted,
                                            listen,
                                            push,
                                            pop,
                                            activity_now,
                                            activity_origin,
                                            deliver_activity,
                                            profile::counting(),
                                            price_operator,
                                            watch_contexts};
  return table;
}

}  // namespace ppu::device

// Counters of the bridge and their report.
#include "bridges/torch/counters.h"

#include <algorithm>
#include <cstdlib>
#include <deque>
#include <mutex>
#include <sstream>

#include "base/log.h"

namespace ppu::bridge {
namespace {

constexpr const char* kChannel = "torch";
constexpr const char* kWays[] = {"delegated", "own", "up-cast"};

std::mutex mutex;
std::atomic<uint64_t> copies{0};
std::atomic<uint64_t> copied_bytes{0};

// A deque: counters keep their address. Never destroyed: operators may run while the process ends.
std::deque<OperatorCounter>& counters() {
  static auto* const all = new std::deque<OperatorCounter>;
  return *all;
}

struct Row {
  const std::string* name;
  int way;
  uint64_t calls;
};

void print_counters() {
  std::vector<Row> rows;
  uint64_t totals[3] = {};
  {
    const std::lock_guard lock(mutex);
    for (const OperatorCounter& counter : counters())
      for (int way = 0; way < 3; ++way)
        if (const uint64_t calls = counter.calls[way]; calls > 0) {
          rows.push_back({&counter.name, way, calls});
          totals[way] += calls;
        }
  }
  std::sort(rows.begin(), rows.end(), [](const Row& a, const Row& b) { return a.calls > b.calls; });
  log(kChannel, LogLevel::kInfo,
      "operators: %llu calls delegated to CPU kernels, %llu by own functions, %llu up-cast; "
      "%llu results copied (%llu bytes)",
      static_cast<unsigned long long>(totals[0]), static_cast<unsigned long long>(totals[1]),
      static_cast<unsigned long long>(totals[2]), static_cast<unsigned long long>(copies.load()),
      static_cast<unsigned long long>(copied_bytes.load()));
  for (const Row& row : rows)
    log(kChannel, LogLevel::kInfo, "%10llu %-9s %s", static_cast<unsigned long long>(row.calls),
        kWays[row.way], row.name->c_str());
}

void describe(std::ostringstream& text, const c10::IValue& value, size_t& bytes) {
  if (value.isTensor()) {
    const at::Tensor& t = value.toTensor();
    if (!t.defined()) return;
    text << ' ' << t.scalar_type() << '[';
    if (!t.is_nested())
      for (int64_t i = 0; i < t.dim(); ++i) text << (i ? "," : "") << t.size(i);
    text << ']';
    if (t.layout() == c10::kStrided && !t.is_nested()) bytes += t.nbytes();
  } else if (value.isTensorList()) {
    for (const at::Tensor& t : value.toTensorVector()) describe(text, t, bytes);
  }
}

}  // namespace

OperatorCounter* add_counter(std::string name) {
  const std::lock_guard lock(mutex);
  counters().emplace_back().name = std::move(name);
  return &counters().back();
}

void count_copy(size_t bytes) {
  copies.fetch_add(1, std::memory_order_relaxed);
  copied_bytes.fetch_add(bytes, std::memory_order_relaxed);
}

bool calls_are_logged() {
  static const bool logged = log_enabled(kChannel, LogLevel::kDebug);
  return logged;
}

void log_call(const OperatorCounter& counter, Way way, at::ArrayRef<c10::IValue> arguments) {
  std::ostringstream text;
  size_t bytes = 0;
  for (const c10::IValue& value : arguments) describe(text, value, bytes);
  log(kChannel, LogLevel::kDebug, "%s %s%s, %zu bytes", kWays[static_cast<int>(way)], counter.name.c_str(),
      text.str().c_str(), bytes);
}

void print_counters_at_exit() {
  if (log_enabled(kChannel, LogLevel::kInfo)) std::atexit(&print_counters);
}

}  // namespace ppu::bridge

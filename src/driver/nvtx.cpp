// Ranges and marks that programs set with NVTX, for the trace of `ppu prof`. NVTX is a header: it opens the
// library that NVTX_INJECTION64_PATH names, which `ppu prof` sets to this one, and hands it a table in which
// to put its functions. Only what names a stretch of time is taken; categories, colours, payloads and
// resources are not. The interface is that of NVTX 3 ("Implementing a tool", nvtx3/nvtxDetail/nvtxTypes.h).
#include <cstdint>
#include <cstring>
#include <deque>
#include <mutex>
#include <string>
#include <unordered_map>
#include <vector>

#include "device/operation.h"
#include "device/profile.h"

namespace ppu::driver {
namespace {

using device::monotonic_ns;
using device::profile::record_range;

using Slot = void (*)();
struct CallbackTable {
  size_t struct_size;
  int (*get_functions)(uint32_t module, Slot*** table, unsigned* size);
};
constexpr uint32_t kCallbacks = 1, kCore = 1, kCore2 = 5;

/// nvtxEventAttributes_t, version 2.
struct Attributes {
  uint16_t version, size;
  uint32_t category;
  int32_t color_type;
  uint32_t color;
  int32_t payload_type, reserved;
  uint64_t payload;
  int32_t message_type;  ///< 1: char*, 2: wchar_t*, 3: what register_a or register_w gave
  const void* message;
};

struct Open {
  std::string name;
  uint64_t begin_ns;
};
thread_local std::vector<Open> pushed;
std::mutex mutex;  // of `started` and `strings`
std::unordered_map<uint64_t, Open> started;
std::deque<std::string> strings;
uint64_t next_range = 1;

std::string narrow(const wchar_t* text) {
  std::string out;
  for (; text && *text; text++) out += *text < 128 ? char(*text) : '?';
  return out;
}

std::string name_of(const Attributes* a) {
  if (!a || !a->message) return "range";
  if (a->message_type == 2) return narrow(static_cast<const wchar_t*>(a->message));
  if (a->message_type == 3) return *static_cast<const std::string*>(a->message);
  return a->message_type == 1 ? static_cast<const char*>(a->message) : "range";
}

void mark(const std::string& name) {
  const uint64_t now = monotonic_ns();
  record_range(name.c_str(), now, now);
}

int push(std::string name) {
  pushed.push_back({std::move(name), monotonic_ns()});
  return int(pushed.size()) - 1;
}

int pop() {
  if (pushed.empty()) return -1;
  record_range(pushed.back().name.c_str(), pushed.back().begin_ns, monotonic_ns());
  pushed.pop_back();
  return int(pushed.size());
}

uint64_t start(std::string name) {
  std::lock_guard lock(mutex);
  started[next_range] = {std::move(name), monotonic_ns()};
  return next_range++;
}

void end(uint64_t range) {
  std::lock_guard lock(mutex);
  const auto at = started.find(range);
  if (at == started.end()) return;
  record_range(at->second.name.c_str(), at->second.begin_ns, monotonic_ns());
  started.erase(at);
}

const void* keep(std::string text) {
  std::lock_guard lock(mutex);
  return &strings.emplace_back(std::move(text));
}

std::string plain(const char* text) {
  return text ? text : "range";
}

struct Row {
  uint32_t module, number;
  Slot function;
};
template <class F>
Slot slot(F* function) {
  return reinterpret_cast<Slot>(function);
}

/// The functions of the two modules that name ranges, by their numbers in NVTX's tables.
std::vector<Row> rows() {
  using Domain = void*;
  return {
      {kCore, 1, slot(+[](const Attributes* a) { mark(name_of(a)); })},
      {kCore, 2, slot(+[](const char* text) { mark(plain(text)); })},
      {kCore, 3, slot(+[](const wchar_t* text) { mark(narrow(text)); })},
      {kCore, 4, slot(+[](const Attributes* a) { return start(name_of(a)); })},
      {kCore, 5, slot(+[](const char* text) { return start(plain(text)); })},
      {kCore, 6, slot(+[](const wchar_t* text) { return start(narrow(text)); })},
      {kCore, 7, slot(+[](uint64_t range) { end(range); })},
      {kCore, 8, slot(+[](const Attributes* a) { return push(name_of(a)); })},
      {kCore, 9, slot(+[](const char* text) { return push(plain(text)); })},
      {kCore, 10, slot(+[](const wchar_t* text) { return push(narrow(text)); })},
      {kCore, 11, slot(+[] { return pop(); })},
      {kCore2, 1, slot(+[](Domain, const Attributes* a) { mark(name_of(a)); })},
      {kCore2, 2, slot(+[](Domain, const Attributes* a) { return start(name_of(a)); })},
      {kCore2, 3, slot(+[](Domain, uint64_t range) { end(range); })},
      {kCore2, 4, slot(+[](Domain, const Attributes* a) { return push(name_of(a)); })},
      {kCore2, 5, slot(+[](Domain) { return pop(); })},
      {kCore2, 10, slot(+[](Domain, const char* text) { return keep(plain(text)); })},
      {kCore2, 11, slot(+[](Domain, const wchar_t* text) { return keep(narrow(text)); })},
      {kCore2, 12, slot(+[](const char* text) { return keep(plain(text)); })},
      {kCore2, 13, slot(+[](const wchar_t* text) { return keep(narrow(text)); })},
  };
}

}  // namespace
}  // namespace ppu::driver

/// What NVTX calls first; 0 leaves it switched off.
extern "C" __attribute__((visibility("default"))) int InitializeInjectionNvtx2(
    const void* (*get_table)(uint32_t number)) {
  using namespace ppu::driver;
  if (!ppu::device::profile::recording()) return 0;
  const auto* callbacks = static_cast<const CallbackTable*>(get_table(kCallbacks));
  if (!callbacks || callbacks->struct_size < sizeof *callbacks) return 0;
  for (const Row& row : rows()) {
    Slot** table = nullptr;
    unsigned size = 0;
    if (callbacks->get_functions(row.module, &table, &size) && table && row.number < size &&
        table[row.number])
      *table[row.number] = row.function;
  }
  return 1;
}

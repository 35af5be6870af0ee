// See checking.h. A line is "name=value" fields between tabs; "count" lines at the end of a process say how
// often a finding came again. Failed calls of the API and what is still allocated at the end are found here.
#include "device/checking.h"

#include <fcntl.h>
#include <pthread.h>
#include <unistd.h>

#include <cinttypes>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <mutex>
#include <unordered_map>

#include "base/call_trace.h"
#include "base/log.h"
#include "device/address_space.h"
#include "device/context.h"
#include "device/cuda_types.h"

namespace ppu::device::checking {
namespace {

const char* folder() {
  static const char* text = [] {
    const char* env = std::getenv("PPU_CHECK");
    return env && *env ? env : nullptr;
  }();
  return text;
}

Tools tools_from_environment() {
  Tools tools;
  if (!folder()) return tools;
  const char* env = std::getenv("PPU_CHECK_TOOLS");
  const std::string text = "," + std::string(env ? env : "memcheck") + ",";
  const auto has = [&](const char* word) { return text.find("," + std::string(word) + ",") != text.npos; };
  tools.memory = has("memcheck");
  tools.races = has("racecheck");
  tools.values = has("initcheck");
  tools.meetings = has("synccheck");
  tools.leaks = has("leaks");
  return tools;
}

struct Record {
  std::mutex mutex;
  int file = -1;
  bool failed = false;
  struct Known {
    uint64_t number = 0, count = 0;
  };
  std::unordered_map<std::string, Known> known;

  static Record& instance() {
    static auto* record = [] {
      auto* r = new Record;
      // A child starts a file of its own, with what it finds itself.
      ::pthread_atfork([] { instance().mutex.lock(); }, [] { instance().mutex.unlock(); },
                       [] {
                         Record& now = instance();
                         now.file = -1;
                         now.known.clear();
                         now.mutex.unlock();
                       });
      return r;
    }();
    return *record;
  }

  void write(const std::string& line) {
    if (file < 0 && !failed) {
      const std::string path = std::string(folder()) + "/" + std::to_string(::getpid()) + ".check";
      file = ::open(path.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
      failed = file < 0;
      if (failed)
        log("check", LogLevel::kError, "%s can't be written: %s", path.c_str(), std::strerror(errno));
    }
    const std::string text = line + "\n";
    if (file >= 0 && ::write(file, text.data(), text.size()) != ssize_t(text.size())) failed = true;
  }
};

/// Results that tell of the state of work rather than of a mistake.
bool is_answer(const char* name, int result, bool is_runtime) {
  if (result == 0 || (is_runtime ? result == 600 : result == CUDA_ERROR_NOT_READY)) return true;
  return std::strcmp(name, "cudaGetLastError") == 0 || std::strcmp(name, "cudaPeekAtLastError") == 0;
}

CallObserver next_observer = nullptr;

void note_call(const char* name, uint64_t begin_ns, int result, bool is_runtime) {
  if (next_observer) next_observer(name, begin_ns, result, is_runtime);
  // What the runtime asks of the driver on its own behalf is no call of the program's.
  if (!is_runtime || is_answer(name, result, is_runtime)) return;
  const std::string key = std::string("api ") + name + " " + std::to_string(result);
  if (seen(key)) return;
  Finding f("memcheck", "api-error");
  report(key, f.add("call", name).add("result", uint64_t(result)));
}

void write_leaks() {
  for (const Allocation& a : AddressSpace::instance().leaked())
    report("leak " + std::to_string(a.id),
           Finding("memcheck", "leak").add_hex("address", a.address).add("bytes", uint64_t(a.usable)));
  for (const auto& [address, bytes] : live_heap_blocks())
    report("heap leak " + std::to_string(address),
           Finding("memcheck", "heap-leak").add_hex("address", address).add("bytes", uint64_t(bytes)));
}

/// Before anything else of the library runs.
__attribute__((constructor)) void observe() {
  if (!folder() || !tools().memory) return;
  next_observer = call_observer;
  call_observer = note_call;
}

__attribute__((destructor)) void finish() {
  if (!folder() || !tools().any()) return;
  if (tools().leaks) write_leaks();
  Record& r = Record::instance();
  std::lock_guard lock(r.mutex);
  for (const auto& [key, known] : r.known)
    if (known.count > 1)
      r.write("again=" + std::to_string(known.number) + "\tcount=" + std::to_string(known.count));
}

}  // namespace

const Tools& tools() {
  static const Tools chosen = tools_from_environment();
  return chosen;
}

Finding::Finding(std::string_view tool, std::string_view kind) {
  add("tool", tool);
  add("kind", kind);
}

Finding& Finding::add(std::string_view name, std::string_view text) {
  if (!line_.empty()) line_ += '\t';
  line_ += name;
  line_ += '=';
  for (const char c : text) line_ += c == '\t' || c == '\n' ? ' ' : c;
  return *this;
}

Finding& Finding::add(std::string_view name, uint64_t number) {
  return add(name, std::to_string(number));
}

Finding& Finding::add_hex(std::string_view name, uint64_t number) {
  char text[32];
  std::snprintf(text, sizeof text, "0x%" PRIx64, number);
  return add(name, std::string_view(text));
}

void report(const std::string& key, const Finding& finding) {
  Record& r = Record::instance();
  std::lock_guard lock(r.mutex);
  Record::Known& known = r.known[key];
  if (known.count++) return;
  known.number = r.known.size();
  r.write("id=" + std::to_string(known.number) + "\t" + finding.line());
}

bool seen(const std::string& key) {
  Record& r = Record::instance();
  std::lock_guard lock(r.mutex);
  const auto at = r.known.find(key);
  if (at == r.known.end()) return false;
  at->second.count++;
  return true;
}

}  // namespace ppu::device::checking

#include "base/log.h"

#include <unistd.h>

#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <mutex>
#include <set>
#include <string>
#include <string_view>

namespace ppu {
namespace {

LogLevel parse_level(std::string_view s) {
  if (s == "debug") return LogLevel::kDebug;
  if (s == "info") return LogLevel::kInfo;
  if (s == "error") return LogLevel::kError;
  return LogLevel::kWarn;
}

LogLevel threshold(std::string_view channel) {
  const char* env = std::getenv("PPU_LOG");
  LogLevel level = LogLevel::kWarn;
  if (!env) return level;
  for (std::string_view rest = env; !rest.empty();) {
    const size_t comma = rest.find(',');
    const std::string_view item = rest.substr(0, comma);
    const size_t eq = item.find('=');
    if (eq == item.npos)
      level = parse_level(item);
    else if (item.substr(0, eq) == channel)
      return parse_level(item.substr(eq + 1));
    if (comma == rest.npos) break;
    rest.remove_prefix(comma + 1);
  }
  return level;
}

std::atomic<LogListener> log_listener{nullptr};

void write_line(const char* channel, LogLevel level, const char* format, va_list args) {
  char text[4096];
  int n = std::snprintf(text, sizeof text, "openppu: %s: ", channel);
  const int m = std::vsnprintf(text + n, sizeof text - size_t(n) - 1, format, args);
  n = m < 0 ? n : std::min(n + m, int(sizeof text) - 2);
  text[n++] = '\n';
  [[maybe_unused]] const ssize_t written = ::write(2, text, size_t(n));
  const LogListener listener = log_listener.load(std::memory_order_acquire);
  if (listener && level <= LogLevel::kWarn) listener(level, std::string_view(text, size_t(n) - 1));
}

}  // namespace

bool log_enabled(const char* channel, LogLevel level) {
  return level <= threshold(channel);
}

void log(const char* channel, LogLevel level, const char* format, ...) {
  if (!log_enabled(channel, level)) return;
  va_list args;
  va_start(args, format);
  write_line(channel, level, format, args);
  va_end(args);
}

void log_once(const char* channel, const char* key, const char* format, ...) {
  if (!log_enabled(channel, LogLevel::kWarn)) return;
  static std::mutex mutex;
  static std::set<std::string>* seen = new std::set<std::string>;
  {
    const std::lock_guard lock(mutex);
    if (!seen->insert(std::string(channel) + ":" + key).second) return;
  }
  va_list args;
  va_start(args, format);
  write_line(channel, LogLevel::kWarn, format, args);
  va_end(args);
}

void listen_to_log(LogListener listener) {
  log_listener.store(listener, std::memory_order_release);
}

void check_failed(const char* condition, const char* file, int line, const char* function) {
  std::fprintf(stderr, "openppu: bug: %s failed in %s (%s:%d)\n", condition, function, file, line);
  std::abort();
}

}  // namespace ppu

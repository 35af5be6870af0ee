#include "base/call_trace.h"

#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>

namespace ppu {

bool trace_enabled() {
  static const bool enabled = [] {
    const char* env = std::getenv("PPU_TRACE");
    return env && std::strstr(env, "api") != nullptr;
  }();
  return enabled;
}

void append_argument(std::string& text, const char* value) {
  if (!value) {
    text += "null";
    return;
  }
  text += '"';
  text.append(value, strnlen(value, 80));
  text += '"';
}

void append_argument(std::string& text, const void* value) {
  char digits[24];
  std::snprintf(digits, sizeof digits, "%p", value);
  text += digits;
}

void append_argument(std::string& text, unsigned long long value) {
  char digits[24];
  std::snprintf(digits, sizeof digits, value < 0x10000 ? "%llu" : "0x%llx", value);
  text += digits;
}

void trace_call(const char* name, const std::string& arguments, const char* result) {
  std::string line = "openppu: api: ";
  line += name;
  line += '(';
  line += arguments;
  line += ") = ";
  line += result ? result : "?";
  line += '\n';
  [[maybe_unused]] const ssize_t written = ::write(2, line.data(), line.size());
}

}  // namespace ppu

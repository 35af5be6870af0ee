// The trace of calls (PPU_TRACE=api) and the one line a missing entry point writes.
#include <unistd.h>

#include <cstdio>

#include "driver/entry.h"

namespace ppu::driver {

void append_argument(std::string& text, const char* value) {
  if (!value) {
    text += "null";
    return;
  }
  text += '"';
  text.append(value, 0, 80);
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

void trace_call(const char* name, const std::string& arguments, CUresult result) {
  const char* result_word = result_name(result);
  std::string line = "openppu: api: ";
  line += name;
  line += '(';
  line += arguments;
  line += ") = ";
  line += result_word ? result_word : "?";
  line += '\n';
  [[maybe_unused]] const ssize_t written = ::write(2, line.data(), line.size());
}

CUresult not_implemented(const char* name) {
  log_once("driver", name, "%s is not implemented; it returned CUDA_ERROR_NOT_SUPPORTED", name);
  return CUDA_ERROR_NOT_SUPPORTED;
}

}  // namespace ppu::driver

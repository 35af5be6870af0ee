#include "exec/device_printf.h"

#include <cstdio>
#include <cstring>

namespace ppu::exec {
namespace {

/// One conversion specification of a format string.
struct Conversion {
  const char* begin = nullptr;  ///< at '%'
  const char* end = nullptr;    ///< after the conversion letter
  char letter = 0;              ///< 0: malformed, print as it stands
  bool star_width = false, star_precision = false;
  bool wide = false;  ///< an 8-byte integer (l, ll, z, t, j)
  int shorts = 0;     ///< 1: h, 2: hh
};

Conversion parse_conversion(const char* p) {
  Conversion c;
  c.begin = p++;
  while (*p && std::strchr("-+ #0", *p)) p++;
  if (*p == '*') {
    c.star_width = true;
    p++;
  }
  while (*p >= '0' && *p <= '9') p++;
  if (*p == '.') {
    p++;
    if (*p == '*') {
      c.star_precision = true;
      p++;
    }
    while (*p >= '0' && *p <= '9') p++;
  }
  for (; *p && std::strchr("hlzjtLq", *p); p++) {
    if (*p == 'h') c.shorts++;
    if (*p == 'l' || *p == 'z' || *p == 'j' || *p == 't' || *p == 'q') c.wide = true;
  }
  if (*p && std::strchr("diouxXcsfFeEgGaAp%", *p)) c.letter = *p++;
  c.end = p;
  return c;
}

/// Walks packed arguments: each at its natural alignment.
class Arguments {
 public:
  explicit Arguments(const char* base) : base_(base) {}
  template <class T>
  T next() {
    offset_ = (offset_ + sizeof(T) - 1) / sizeof(T) * sizeof(T);
    T value = {};
    if (base_) std::memcpy(&value, base_ + offset_, sizeof(T));
    offset_ += sizeof(T);
    return value;
  }

 private:
  const char* base_;
  size_t offset_ = 0;
};

template <class T>
void print_one(std::string& out, const std::string& spec, const Conversion& c, int width, int precision,
               T value) {
  char text[512];
  int n = 0;
  const auto print = [&](char* to, size_t room) {
    if (c.star_width && c.star_precision)
      return std::snprintf(to, room, spec.c_str(), width, precision, value);
    if (c.star_width) return std::snprintf(to, room, spec.c_str(), width, value);
    if (c.star_precision) return std::snprintf(to, room, spec.c_str(), precision, value);
    return std::snprintf(to, room, spec.c_str(), value);
  };
  n = print(text, sizeof text);
  if (n < 0) return;
  if (size_t(n) < sizeof text) {
    out.append(text, size_t(n));
    return;
  }
  std::string big(size_t(n) + 1, '\0');
  print(big.data(), big.size());
  out.append(big.data(), size_t(n));
}

bool is_float_letter(char c) {
  return std::strchr("fFeEgGaA", c) != nullptr;
}

}  // namespace

int check_printf(const char* format, const char* args) {
  if (!format) return -1;
  Arguments arguments(args);
  int count = 0;
  volatile size_t touched = 0;
  for (const char* p = format; *p;) {
    if (*p != '%') {
      p++;
      continue;
    }
    const Conversion c = parse_conversion(p);
    p = c.end;
    if (c.letter == '%' || c.letter == 0) continue;
    count++;
    if (c.star_width) arguments.next<int32_t>();
    if (c.star_precision) arguments.next<int32_t>();
    if (c.letter == 's') {
      const char* s = arguments.next<const char*>();
      if (s) touched = touched + std::strlen(s);
    } else if (c.letter == 'p' || is_float_letter(c.letter) || c.wide) {
      arguments.next<uint64_t>();
    } else {
      arguments.next<uint32_t>();
    }
  }
  return count;
}

std::string format_printf(const char* format, const char* args) {
  std::string out;
  Arguments arguments(args);
  for (const char* p = format; *p;) {
    if (*p != '%') {
      const char* next = std::strchr(p, '%');
      const size_t n = next ? size_t(next - p) : std::strlen(p);
      out.append(p, n);
      p += n;
      continue;
    }
    const Conversion c = parse_conversion(p);
    p = c.end;
    if (c.letter == 0) {
      out.append(c.begin, c.end);
      continue;
    }
    if (c.letter == '%') {
      out += '%';
      continue;
    }
    const int width = c.star_width ? arguments.next<int32_t>() : 0;
    const int precision = c.star_precision ? arguments.next<int32_t>() : 0;
    const std::string spec(c.begin, c.end);
    if (c.letter == 's') {
      const char* s = arguments.next<const char*>();
      print_one(out, spec, c, width, precision, s ? s : "(null)");
    } else if (c.letter == 'p') {
      print_one(out, spec, c, width, precision, arguments.next<void*>());
    } else if (is_float_letter(c.letter)) {
      print_one(out, spec, c, width, precision, arguments.next<double>());
    } else if (c.wide) {
      print_one(out, spec, c, width, precision, arguments.next<long long>());
    } else {
      print_one(out, spec, c, width, precision, arguments.next<int32_t>());
    }
  }
  return out;
}

void PrintfBuffer::append(std::string text) {
  std::lock_guard lock(mutex_);
  bytes_ += text.size();
  lines_.push_back(std::move(text));
  while (bytes_ > limit_ && lines_.size() > 1) {
    bytes_ -= lines_.front().size();
    lines_.pop_front();
  }
  empty_ = false;
}

void PrintfBuffer::flush() {
  if (empty_) return;
  std::deque<std::string> lines;
  {
    std::lock_guard lock(mutex_);
    lines.swap(lines_);
    bytes_ = 0;
    empty_ = true;
  }
  for (const std::string& s : lines) std::fwrite(s.data(), 1, s.size(), stdout);
  std::fflush(stdout);
}

void PrintfBuffer::set_limit(size_t bytes) {
  std::lock_guard lock(mutex_);
  limit_ = bytes;
}

}  // namespace ppu::exec

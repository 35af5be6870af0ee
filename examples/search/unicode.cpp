// Look-ups in sorted tables. Hangul syllables are decomposed by arithmetic (Unicode 3.12), all else by table.
#include "unicode.h"

#include <algorithm>
#include <cstdint>
#include <iterator>

namespace search {
namespace {

struct Range {
  char32_t first, last;
};
struct Mapped {
  char32_t from;
  uint16_t start, length;
};

#include "unicode_tables.inc"

template <size_t n>
bool contains(const Range (&ranges)[n], char32_t c) {
  const Range* after =
      std::upper_bound(std::begin(ranges), std::end(ranges), c,
                       [](char32_t value, const Range& range) { return value < range.first; });
  return after != std::begin(ranges) && c <= (after - 1)->last;
}

void append_hangul(std::u32string& out, char32_t c) {
  const char32_t index = c - 0xac00;
  out += char32_t(0x1100 + index / 588);
  out += char32_t(0x1161 + index % 588 / 28);
  if (index % 28) out += char32_t(0x11a7 + index % 28);
}

void append_normalized(std::u32string& out, char32_t c) {
  if (c < 0x80) {  // nearly all of it; the tables say the same
    if (c >= 'A' && c <= 'Z')
      out += c + 32;
    else if (c == '\t' || c == '\n' || c == '\r' || c == ' ')
      out += U' ';
    else if (c >= 32 && c != 127)
      out += c;
    return;
  }
  if (contains(kRemoved, c)) return;
  if (contains(kSpaces, c)) {
    out += U' ';
  } else if (contains(kSpaced, c)) {
    out += U' ';
    out += c;
    out += U' ';
  } else if (c >= 0xac00 && c <= 0xd7a3) {
    append_hangul(out, c);
  } else {
    const Mapped* row =
        std::lower_bound(std::begin(kMapped), std::end(kMapped), c,
                         [](const Mapped& mapped, char32_t value) { return mapped.from < value; });
    if (row != std::end(kMapped) && row->from == c)
      out.append(kMappedPool + row->start, row->length);
    else
      out += c;
  }
}

}  // namespace

std::u32string decode_utf8(std::string_view text) {
  std::u32string out;
  out.reserve(text.size());
  for (size_t i = 0; i < text.size();) {
    const unsigned char lead = text[i];
    const size_t length = lead < 0x80                   ? 1
                          : lead >= 0xf0 && lead < 0xf5 ? 4
                          : lead >= 0xe0                ? 3
                          : lead >= 0xc2                ? 2
                                                        : 0;
    char32_t c = length == 1 ? lead : length == 2 ? lead & 0x1f : length == 3 ? lead & 0x0f : lead & 0x07;
    size_t used = 1;
    while (used < length && i + used < text.size() && (text[i + used] & 0xc0) == 0x80)
      c = c << 6 | (text[i + used++] & 0x3f);
    const bool overlong = (length == 3 && c < 0x800) || (length == 4 && c < 0x10000);
    const bool valid =
        length && used == length && lead < 0xf5 && !overlong && c < 0x110000 && !(c >= 0xd800 && c < 0xe000);
    out += valid ? c : U'\ufffd';
    i += valid ? length : 1;
  }
  return out;
}

void append_utf8(std::string& out, char32_t c) {
  if (c < 0x80) {
    out += char(c);
  } else if (c < 0x800) {
    out += {char(0xc0 | c >> 6), char(0x80 | (c & 0x3f))};
  } else if (c < 0x10000) {
    out += {char(0xe0 | c >> 12), char(0x80 | (c >> 6 & 0x3f)), char(0x80 | (c & 0x3f))};
  } else {
    out += {char(0xf0 | c >> 18), char(0x80 | (c >> 12 & 0x3f)), char(0x80 | (c >> 6 & 0x3f)),
            char(0x80 | (c & 0x3f))};
  }
}

std::u32string normalize(std::u32string_view text) {
  std::u32string out;
  out.reserve(text.size());
  for (char32_t c : text) append_normalized(out, c);
  return out;
}

bool is_punctuation(char32_t c) {
  return contains(kPunctuation, c);
}

}  // namespace search

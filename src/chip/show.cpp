// See show.h.
#include "chip/show.h"

#include <algorithm>
#include <cmath>
#include <cstdio>

namespace ppu::chip {

const char* confidence_name(Confidence confidence) {
  switch (confidence) {
    case Confidence::kOfficial:
      return "official";
    case Confidence::kPress:
      return "press";
    case Confidence::kCommunity:
      return "community";
    case Confidence::kInferred:
      return "inferred";
    case Confidence::kUser:
      return "user";
    case Confidence::kAssumed:
      return "assumed";
    case Confidence::kUnknown:
      return "unknown";
  }
  return "unknown";
}

const char* confidence_mark(Confidence confidence) {
  switch (confidence) {
    case Confidence::kOfficial:
      return "";
    case Confidence::kPress:
      return "p";
    case Confidence::kCommunity:
      return "c";
    case Confidence::kInferred:
      return "i";
    case Confidence::kUser:
      return "u";
    case Confidence::kAssumed:
    case Confidence::kUnknown:
      return "?";
  }
  return "?";
}

const char* legend_of_marks() {
  return "no mark: official  p: press  c: community measurement  i: inferred  u: yours  ?: unknown, assumed "
         "by the "
         "model";
}

std::string number_text(double value) {
  if (value == 0) return "0";
  const int before_point = 1 + int(std::floor(std::log10(std::fabs(value))));
  char text[64];
  std::snprintf(text, sizeof text, "%.*f", std::clamp(4 - before_point, 0, 12), value);
  std::string out = text;
  if (out.find('.') != out.npos) {
    while (out.back() == '0') out.pop_back();
    if (out.back() == '.') out.pop_back();
  }
  return out;
}

std::string interval_of(const Quantity& q) {
  if (!q.has_number() || q.low == q.high) return {};
  return number_text(q.low) + "-" + number_text(q.high);
}

std::string text_of(const Quantity& q) {
  if (!q.has_number()) return "unknown";
  if (q.high == 0) return "none";
  std::string out = number_text(q.value);
  if (const std::string interval = interval_of(q); !interval.empty()) out += " (" + interval + ")";
  if (const std::string mark = confidence_mark(q.confidence); !mark.empty()) out += " " + mark;
  return out;
}

std::string text_of(const Fact& fact) {
  const std::string mark = fact.confidence == Confidence::kUnknown ? "" : confidence_mark(fact.confidence);
  return mark.empty() ? fact.value : fact.value + (" " + mark);
}

}  // namespace ppu::chip

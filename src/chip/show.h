// Numbers of chips as texts: with interval and confidence mark, so that no report prints them bare.
#pragma once
#include <string>

#include "chip/chip.h"

namespace ppu::chip {

/// "official" none, "press" p, "community" c, "inferred" i, "user" u, "assumed" ?; unknown has no number.
const char* confidence_mark(Confidence confidence);
/// One line that explains the marks.
const char* legend_of_marks();

/// "3350", "140 (119-223) i", "40 (16-96) ?", "none", "unknown".
std::string text_of(const Quantity& quantity);
/// "SMIC 7 nm ?": the fact with its mark.
std::string text_of(const Fact& fact);
/// The interval alone, "119-223"; empty when it is a point or unknown.
std::string interval_of(const Quantity& quantity);
/// At most four significant digits, no exponent: "0.075", "12.3", "2765", "30000".
std::string number_text(double value);

}  // namespace ppu::chip

// The answers as one HTML page with inline SVG plots: no script, no font, no other file; light and dark; from
// phone to desk width. Not here: text, JSON and CSV (src/tools/ppu/estimate.cpp).
#pragma once
#include <span>
#include <string>

#include "workload/estimate.h"

namespace ppu::workload {

std::string html_report(const Question& question, std::span<const Answer> answers);

/// "8.03B", "22.7M".
std::string count_text(double parameters);

/// What every report ends with: how the figures came about.
const char* provenance_text();

}  // namespace ppu::workload

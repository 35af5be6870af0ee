// What a user asks of `ppu decide`, from a TOML file and from options; docs/decide.md describes the file. Not
// here: what comes out (decide.h).
#pragma once
#include <map>
#include <string>
#include <vector>

#include "base/result.h"
#include "decide/decide.h"

namespace ppu::decide {

struct Request {
#define TEXT(key, standard, allowed, meaning) std::string key = standard;
#define NUMBER(key, standard, least, most, meaning) double key = standard;
#define FLAG(key, standard, meaning) bool key = standard;
#include "decide/wishes.inc"
  std::vector<std::string> chips;           ///< names or paths; empty: all
  std::map<std::string, double> weights;    ///< by criterion; others keep their default
  std::map<std::string, Range> rent_usd_h;  ///< by chip, as the chips are named here
  std::map<std::string, Range> price_usd;   ///< by chip
  std::map<std::string, Range> supply_pct;  ///< by chip
};

/// Reads the file over what `request` has. The error names file, line and what is allowed.
Status read_request(const std::string& path, Request* request);

/// Checks texts and limits, wherever they came from.
Status check(const Request& request);

/// "1.2", or "0.8,1.2,2" for low, middle, high.
Result<Range> range_of(const std::string& text);

/// The vetoes and weights of a request.
Wishes wishes_of(const Request& request);

}  // namespace ppu::decide

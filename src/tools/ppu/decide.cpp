// See decide.h. The engine is src/decide; here it is asked, and its answer printed.
#include "tools/ppu/decide.h"

#include <CLI/CLI.hpp>
#include <cmath>
#include <cstdio>
#include <cstdlib>

#include "decide/candidates.h"
#include "tools/ppu/commands.h"
#include "tools/ppu/decide_report.h"

namespace ppu::tools {
namespace {

using decide::Request;

std::string option_name(std::string key) {
  for (char& c : key)
    if (c == '_') c = '-';
  return "--" + key;
}

/// "KEY=VALUE" in two; kBadInput without a `=`.
Result<std::pair<std::string, std::string>> split(const std::string& text, const char* option) {
  const size_t equals = text.find('=');
  if (equals == text.npos || equals == 0)
    return bad_input(std::string(option) + " " + text + ": wants NAME=VALUE");
  return std::pair{text.substr(0, equals), text.substr(equals + 1)};
}

Status set_number(const std::string& key, const std::string& text, double* out) {
  char* end = nullptr;
  *out = std::strtod(text.c_str(), &end);
  if (end == text.c_str() || *end != 0) return bad_input(option_name(key) + " " + text + ": wants a number");
  return Unit{};
}

Status set_row(const std::string& key, const std::string& text, Request* r) {
#define TEXT(name, standard, allowed, meaning) \
  if (key == #name) {                          \
    r->name = text;                            \
    return Unit{};                             \
  }
#define NUMBER(name, standard, least, most, meaning) \
  if (key == #name) return set_number(key, text, &r->name);
#define FLAG(name, standard, meaning) \
  if (key == #name) {                 \
    r->name = true;                   \
    return Unit{};                    \
  }
#include "decide/wishes.inc"
  return bug("no row " + key + " in wishes.inc");
}

Status set_ranges(const std::vector<std::string>& given, const char* option,
                  std::map<std::string, decide::Range>* out) {
  for (const std::string& text : given) {
    const auto pair = split(text, option);
    if (!pair) return pair.error();
    const Result<decide::Range> range =
        decide::range_of((*pair.value().second.c_str()) ? pair.value().second : "");
    if (!range) return bad_input(std::string(option) + " " + text + ": " + range.error().message);
    (*out)[pair.value().first] = range.value();
  }
  return Unit{};
}

/// The file's wishes with the command line's over them.
Result<Request> request_of(const DecideOptions& options) {
  Request r;
  if (!options.file.empty())
    if (const Status read = decide::read_request(options.file, &r); !read) return read.error();
  for (const auto& [key, text] : options.given)
    if (const Status set = set_row(key, text, &r); !set) return set.error();
  if (!options.chips.empty()) r.chips = options.chips;
  for (const std::string& text : options.weights) {
    const auto pair = split(text, "--weight");
    if (!pair) return pair.error();
    if (const Status set = set_number("weight", pair.value().second, &r.weights[pair.value().first]); !set)
      return set.error();
  }
  for (const auto& [given, option, map] : {std::tuple{&options.rents, "--rent", &r.rent_usd_h},
                                           std::tuple{&options.prices, "--price", &r.price_usd},
                                           std::tuple{&options.supplies, "--supply", &r.supply_pct}})
    if (const Status set = set_ranges(*given, option, map); !set) return set.error();
  if (const Status ok = decide::check(r); !ok) return ok.error();
  return r;
}

int refuse(const Error& error) {
  std::fprintf(stderr, "ppu: decide: %s\n", error.message.c_str());
  return kUsage;
}

}  // namespace

void add_decide(CLI::App& app, DecideOptions& options) {
  CLI::App* command =
      app.add_subcommand("decide", "which chip to take: the choice, why, and what would change it");
  command->add_option("FILE", options.file, "wishes, a TOML file; see docs/decide.md")->type_name("");
  const auto add_row = [&](const char* key, const std::string& meaning, const char* type) {
    command
        ->add_option_function<std::string>(
            option_name(key), [&options, key](const std::string& text) { options.given[key] = text; },
            meaning)
        ->type_name(type);
  };
#define TEXT(key, standard, allowed, meaning) \
  add_row(#key, std::string(meaning) + (*allowed ? " (" allowed ")" : ""), *standard ? standard : "TEXT");
#define NUMBER(key, standard, least, most, meaning) add_row(#key, meaning, "N");
#define FLAG(key, standard, meaning) \
  command->add_flag_callback(option_name(#key), [&options] { options.given[#key] = "true"; }, meaning);
#include "decide/wishes.inc"
  command
      ->add_option("--chip", options.chips,
                   "a candidate: a name, or a file of your own (repeatable; default: all)")
      ->allow_extra_args(false)
      ->type_name("NAME");
  command->add_option("--weight", options.weights, "performance, cost, supply, rules or trade (repeatable)")
      ->allow_extra_args(false)
      ->type_name("CRITERION=N");
  command->add_option("--rent", options.rents, "your rent of a chip in USD an hour (repeatable)")
      ->allow_extra_args(false)
      ->type_name("CHIP=N|LOW,MIDDLE,HIGH");
  command->add_option("--price", options.prices, "your price of a chip in USD (repeatable)")
      ->allow_extra_args(false)
      ->type_name("CHIP=N|LOW,MIDDLE,HIGH");
  command->add_option("--supply", options.supplies, "your view of deliveries in percent (repeatable)")
      ->allow_extra_args(false)
      ->type_name("CHIP=N|LOW,MIDDLE,HIGH");
  command->add_flag("--json", options.json, "print JSON");
}

int decide(const DecideOptions& options) {
  const Result<Request> request = request_of(options);
  if (!request) return refuse(request.error());
  const decide::Wishes wishes = decide::wishes_of(request.value());
  Result<decide::Contest> contest = decide::Contest{};
  if (!wishes.training) contest = decide::gather(request.value());
  if (!contest) return refuse(contest.error());
  constexpr int kDraws = 2000;
  const decide::Decision decision = decide::decide(contest.value().candidates, wishes, kDraws);
  const std::vector<decide::Flip> flips = decide::find_flips(contest.value().candidates, wishes);
  const DecideReport report{request.value(), wishes, contest.value(), decision, flips};
  std::fputs((options.json ? json_of(report) : text_of(report)).c_str(), stdout);
  return kOk;
}

}  // namespace ppu::tools

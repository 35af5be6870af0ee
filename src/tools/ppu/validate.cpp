// `ppu chips validate`: measured rows beside the model's answers, and its errors beside the trivial
// roofline's.
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <iostream>

#include <nlohmann/json.hpp>

#include "chip/coefficients.h"
#include "tools/ppu/commands.h"
#include "tools/ppu/table.h"
#include "validate/report.h"

namespace ppu::tools {
namespace {

using validate::Errors;
using validate::Judged;

std::string digits(double value) {
  char text[32];
  std::snprintf(text, sizeof text, std::abs(value) >= 1e4 ? "%.0f" : "%.4g", value);
  return text;
}

std::string percent(double share, bool sign = false) {
  char text[32];
  std::snprintf(text, sizeof text, sign ? "%+.1f%%" : "%.1f%%", 100 * share);
  return text;
}

Table table_of_rows(const std::vector<Judged>& rows) {
  Table table{.head = {"id", "chip", "model", "what", "measured", "predicted", "P10", "P90", "error",
                       "roofline", "inside", "unit"},
              .rows = {}};
  for (const Judged& r : rows) {
    if (!r.modelled()) continue;
    table.rows.push_back(
        {r.row.id, r.chip, r.row.model, validate::group_of(r), digits(r.row.value), digits(r.predicted),
         digits(r.interval.p10), digits(r.interval.p90), percent(r.error(), true),
         r.baseline > 0 ? percent(r.baseline_error(), true) : "none", r.inside() ? "yes" : "no", r.row.unit});
  }
  return table;
}

Table table_of_errors(const std::string& what, const std::vector<Errors>& errors) {
  Table table{.head = {what, "rows", "modelled", "MAPE", "median", "bias", "roofline MAPE", "roofline median",
                       "in P10-P90"},
              .rows = {}};
  for (const Errors& e : errors)
    table.rows.push_back({e.name, std::to_string(e.rows), std::to_string(e.modelled), percent(e.mape),
                          percent(e.median), percent(e.bias, true),
                          e.with_baseline > 0 ? percent(e.baseline_mape) : "none",
                          e.with_baseline > 0 ? percent(e.baseline_median) : "none", percent(e.inside)});
  return table;
}

Table table_of_left_out(const std::vector<Judged>& rows) {
  Table table{.head = {"id", "chip", "model", "what", "why there is no prediction"}, .rows = {}};
  for (const Judged& r : rows)
    if (!r.modelled())
      table.rows.push_back({r.row.id, r.row.chip, r.row.model, validate::group_of(r), r.reason});
  return table;
}

Table table_of_assumed(const std::vector<Judged>& rows) {
  Table table{.head = {"id", "model", "what", "taken for granted"}, .rows = {}};
  for (const Judged& r : rows)
    if (r.modelled() && !r.assumed.empty())
      table.rows.push_back({r.row.id, r.row.model, validate::group_of(r), r.assumed});
  return table;
}

nlohmann::json json_of(const std::vector<Errors>& errors) {
  nlohmann::json out = nlohmann::json::array();
  for (const Errors& e : errors)
    out.push_back({{"name", e.name},
                   {"rows", e.rows},
                   {"modelled", e.modelled},
                   {"mape", e.mape},
                   {"median", e.median},
                   {"bias", e.bias},
                   {"roofline_mape", e.baseline_mape},
                   {"roofline_median", e.baseline_median},
                   {"inside", e.inside}});
  return out;
}

void print_json(const std::vector<Judged>& rows, const std::vector<Errors>& groups,
                const std::vector<Errors>& chips) {
  nlohmann::json out;
  for (const Judged& r : rows) {
    nlohmann::json row = {{"id", r.row.id},          {"line", r.row.line},
                          {"chip", r.chip},          {"model", r.row.model},
                          {"kind", r.row.kind},      {"metric", r.row.metric},
                          {"measured", r.row.value}, {"unit", r.row.unit},
                          {"stack", r.stack},        {"residual", validate::residual_of(r.row)}};
    if (r.modelled()) {
      row.update({{"predicted", r.predicted},
                  {"p10", r.interval.p10},
                  {"p50", r.interval.p50},
                  {"p90", r.interval.p90},
                  {"roofline", r.baseline > 0 ? nlohmann::json(r.baseline) : nlohmann::json()},
                  {"inside", r.inside()}});
      if (!r.assumed.empty()) row["assumed"] = r.assumed;
    } else {
      row["reason"] = r.reason;
    }
    out["rows"].push_back(std::move(row));
  }
  out["groups"] = json_of(groups), out["chips"] = json_of(chips);
  out["coefficients_fitted_on"] = chip::coefficients_fitted_on();
  std::printf("%s\n", out.dump(1).c_str());
}

void print_text(const std::vector<Judged>& rows, const std::vector<Errors>& groups,
                const std::vector<Errors>& chips) {
  std::printf("%s\n", as_text(table_of_rows(rows)).c_str());
  const Table left_out = table_of_left_out(rows);
  if (!left_out.rows.empty())
    std::printf("Rows that the model has no answer for:\n%s\n", as_text(left_out).c_str());
  const Table assumed = table_of_assumed(rows);
  if (!assumed.rows.empty())
    std::printf("Rows that leave something open, and what was taken for granted:\n%s\n",
                as_text(assumed).c_str());
  std::printf("%s\n%s\n", as_text(table_of_errors("group", groups)).c_str(),
              as_text(table_of_errors("chip", chips)).c_str());
  const Errors& all = groups.back();
  std::printf("%d of %d rows modelled (%s); %s of them inside P10-P90.\n", all.modelled, all.rows,
              percent(double(all.modelled) / all.rows).c_str(), percent(all.inside).c_str());
  std::printf(
      "Roofline: max(FLOP / 0.8 peak, bytes / 0.8 bandwidth) + 2.5 us a kernel, through the same scenarios.\n"
      "MLPerf names and figures: predictions are not verified by MLCommons.\n");
}

std::vector<std::string> words_of(const std::string& line) {
  std::vector<std::string> words(1);
  for (const char c : line) {
    if (c == '\t')
      words.emplace_back();
    else
      words.back() += c;
  }
  return words;
}

/// `KEY VALUE` replaces a coefficient, `stack NAME CHIP TERM VALUE` a term, tabs between the words.
Status take(const std::vector<std::string>& words, chip::Coefficients& values) {
  char* end = nullptr;
  const double value = std::strtod(words.back().c_str(), &end);
  if (end != words.back().c_str() && *end == 0) {
    if (words.size() == 2) return chip::set_coefficient(values, words[0], value);
    if (words.size() == 5 && words[0] == "stack")
      return chip::set_stack_term(words[1], words[2], words[3], value);
  }
  return bad_input("KEY and VALUE, or stack, NAME, CHIP, TERM and VALUE are expected, tabs between them");
}

/// How scripts/fit tries other values thousands of times: stdin says which (take()), which `rows` (numbers
/// from 0, none: all), and `go`, after which stdout has a line with the prediction of each of these rows, 0
/// where there is none.
int serve_fit(const std::vector<validate::Row>& rows) {
  chip::Coefficients values = chip::coefficients();
  std::vector<bool> wanted(rows.size(), true);
  std::string line;
  for (int number = 1; std::getline(std::cin, line); ++number) {
    const std::vector<std::string> words = words_of(line);
    if (words[0] == "rows") {
      wanted.assign(rows.size(), words.size() == 1);
      for (size_t i = 1; i < words.size(); ++i)
        if (const size_t at = std::strtoul(words[i].c_str(), nullptr, 10); at < rows.size())
          wanted[at] = true;
    } else if (words[0] == "go") {
      chip::replace_coefficients(values);
      for (size_t i = 0; i < rows.size(); ++i)
        if (wanted[i]) std::printf("%.9g\n", validate::judge(rows[i], nullptr, false).predicted);
      std::fflush(stdout);
    } else if (const Status taken = take(words, values); !taken) {
      std::fprintf(stderr, "ppu: chips: stdin:%d: %s\n", number, taken.error().message.c_str());
      return kUsage;
    }
  }
  return kOk;
}

}  // namespace

int validate_chips(const ValidateOptions& options) {
  const Result<std::vector<validate::Row>> rows = validate::read_rows(options.file);
  if (!rows) {
    std::fprintf(stderr, "ppu: chips: %s\n", rows.error().message.c_str());
    return kUsage;
  }
  if (options.serve) return serve_fit(rows.value());
  const chip::Chip* own = nullptr;
  if (!options.chip.empty()) {
    const Result<const chip::Chip*> chip = chip::resolve(options.chip);
    if (!chip) {
      std::fprintf(stderr, "ppu: chips: %s\n", chip.error().message.c_str());
      return kUsage;
    }
    own = chip.value();
  }
  const std::vector<Judged> judged = validate::judge(rows.value(), own, !options.values_only);
  const auto groups = validate::errors_by(judged, validate::group_of);
  const auto chips = validate::errors_by(judged, validate::chip_group_of);
  if (options.json) {
    print_json(judged, groups, chips);
  } else if (options.csv) {
    std::printf("%s", as_csv(table_of_rows(judged)).c_str());
    const Table left_out = table_of_left_out(judged);
    if (!left_out.rows.empty()) std::printf("\n%s", as_csv(left_out).c_str());
  } else {
    print_text(judged, groups, chips);
  }
  return kOk;
}

}  // namespace ppu::tools

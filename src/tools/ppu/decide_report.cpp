// See decide_report.h.
#include "tools/ppu/decide_report.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <nlohmann/json.hpp>

#include "chip/show.h"
#include "tools/ppu/table.h"

namespace ppu::tools {
namespace {

using chip::number_text;
using decide::Candidate;
using decide::Criterion;
using decide::Flip;
using decide::kCriteria;
using decide::Range;
using decide::Verdict;
using nlohmann::ordered_json;

std::string interval(const Range& r) {
  if (!r.known()) return "unknown";
  const std::string low = number_text(r.low), middle = number_text(r.middle), high = number_text(r.high);
  return low == high ? middle : middle + " (" + low + "-" + high + ")";
}

std::string percent(double share) {
  char text[16];
  std::snprintf(text, sizeof text, "%.0f %%", 100 * share);
  return text;
}

std::string score(const Range& r) {
  char text[48];
  if (r.low == r.high)
    std::snprintf(text, sizeof text, "%.2f", r.middle);
  else
    std::snprintf(text, sizeof text, "%.2f (%.2f-%.2f)", r.middle, r.low, r.high);
  return text;
}

std::string question(const DecideReport& r) {
  const decide::Request& q = r.request;
  std::string out = r.contest.work.model.name + " for " + q.purpose + ", in " +
                    (q.market == "china" ? "mainland China" : "the rest of the world");
  const auto bound = [&](double value, const char* what) {
    if (value > 0) out += std::string(", ") + what + " <= " + number_text(value) + " ms";
  };
  bound(q.ttft_ms, "time to first token"), bound(q.tpot_ms, "time per token"),
      bound(q.latency_ms, "p99 latency");
  return out;
}

/// Where the first differs most from the second, weighted: up to two criteria for it, and two against.
std::string why(const DecideReport& r) {
  const auto& v = r.decision.verdicts;
  const std::string first = r.contest.candidates[v[0].candidate].name;
  if (v.size() < 2 || !v[1].vetoes.empty()) return first + " is the only candidate that no veto takes out.";
  const std::string second = r.contest.candidates[v[1].candidate].name;
  std::vector<std::pair<double, std::string>> differences;
  for (size_t i = 0; i < kCriteria; ++i) {
    const double d = v[0].scores[i].middle - v[1].scores[i].middle;
    char text[80];
    std::snprintf(text, sizeof text, "%s (%.2f against %.2f)", decide::criterion_name(Criterion(i)),
                  v[0].scores[i].middle, v[1].scores[i].middle);
    differences.emplace_back(d * r.wishes.weights[i], text);
  }
  std::sort(differences.begin(), differences.end(),
            [](const auto& a, const auto& b) { return a.first > b.first; });
  std::string better, worse;
  for (const auto& [d, text] : differences) {
    if (d > 1e-9) better += (better.empty() ? "" : ", ") + text;
    if (d < -1e-9) worse += (worse.empty() ? "" : ", ") + text;
  }
  std::string out = first + " is ahead of " + second + " in " + (better.empty() ? "nothing (a tie)" : better);
  return out + (worse.empty() ? "." : "; behind in " + worse + ".");
}

std::string flip_text(const Flip& f) {
  const std::string to = f.to.empty() ? "none is left" : f.to;
  if (std::isnan(f.at)) return f.what + ": " + to;
  const std::string unit = f.unit.empty() ? "" : " " + f.unit;
  std::string out = f.what + (f.upwards ? " above " : " below ") + number_text(f.at) + unit;
  out += std::isnan(f.now) ? " (unknown now)" : " (now " + number_text(f.now) + ")";
  return out + ": " + to;
}

Table ranking(const DecideReport& r) {
  Table table{{"", "chip", "score"}, {}};
  for (size_t i = 0; i < kCriteria; ++i) table.head.push_back(decide::criterion_name(Criterion(i)));
  const std::string unit = decide::unit_of(r.contest.work.model);
  for (const std::string& name :
       {unit + "/s a chip", "USD/M " + unit, std::string("chips"), std::string("first in")})
    table.head.push_back(name);
  int place = 0;
  for (const Verdict& v : r.decision.verdicts) {
    if (!v.vetoes.empty()) continue;
    const Candidate& c = r.contest.candidates[v.candidate];
    std::vector<std::string> row = {std::to_string(++place), c.name, score(v.total)};
    for (size_t i = 0; i < kCriteria; ++i) row.push_back(score(v.scores[i]));
    row.push_back(interval(c.throughput));
    row.push_back(interval(v.unit_cost));
    row.push_back(std::to_string(c.chips));
    row.push_back(percent(v.wins));
    table.rows.push_back(std::move(row));
  }
  return table;
}

ordered_json json_range(const Range& r) {
  if (!r.known()) return nullptr;
  return {{"low", r.low}, {"middle", r.middle}, {"high", r.high}};
}

ordered_json json_number(double x) {
  return std::isfinite(x) ? ordered_json(x) : ordered_json(nullptr);
}

ordered_json json_verdict(const DecideReport& r, const Verdict& v) {
  const Candidate& c = r.contest.candidates[v.candidate];
  ordered_json out = {{"chip", c.id}, {"name", c.name}, {"eligible", v.vetoes.empty()}};
  out["vetoes"] = ordered_json::array();
  for (const decide::Reason& reason : v.vetoes) out["vetoes"].push_back(reason.text);
  if (v.vetoes.empty()) {
    out["score"] = json_range(v.total);
    for (size_t i = 0; i < kCriteria; ++i)
      out["scores"][decide::criterion_name(Criterion(i))] = json_range(v.scores[i]);
    out["first_in"] = v.wins;
  }
  const decide::Measured& m = r.contest.measured[v.candidate];
  out["precision"] = m.precision;
  out["chips"] = c.chips;
  out["per_second_and_chip"] = json_range(c.throughput);
  out["usd_per_hour"] = json_range(c.hourly);
  out["usd_per_million"] = json_range(v.unit_cost);
  out["watts"] = json_range(m.watts);
  out["ttft_s"] = json_range(m.ttft);
  out["tpot_s"] = json_range(m.tpot);
  out["supply_pct"] = json_range(c.supply_pct);
  return out;
}

}  // namespace

std::string text_of(const DecideReport& r) {
  if (!r.decision.out_of_scope.empty()) return "No choice: " + r.decision.out_of_scope + ".\n";
  std::string out = question(r) + "\n\n";
  if (!r.decision.found()) {
    out += "Choice: none; every candidate is out.\n";
  } else {
    const Verdict& first = r.decision.verdicts.front();
    out += "Choice: " + r.contest.candidates[first.candidate].name + ", first in " + percent(first.wins) +
           " of draws from all intervals\nWhy:    " + why(r) + "\n\n" + as_text(ranking(r));
  }
  std::string vetoed;
  for (const Verdict& v : r.decision.verdicts)
    for (size_t i = 0; i < v.vetoes.size(); ++i)
      vetoed += "  " +
                (i == 0 ? r.contest.candidates[v.candidate].name + ": " : std::string(4, ' ') + "and ") +
                v.vetoes[i].text + "\n";
  if (!vetoed.empty()) out += "\nOut:\n" + vetoed;
  if (!r.flips.empty()) out += "\nWhat would change the choice, one thing at a time:\n";
  for (const Flip& f : r.flips) out += "  " + flip_text(f) + "\n";
  if (!r.contest.asked.empty()) out += "\nWhat only you can know:\n";
  for (const std::string& line : r.contest.asked) out += "  " + line + "\n";
  return out;
}

std::string json_of(const DecideReport& r) {
  ordered_json out;
  out["out_of_scope"] =
      r.decision.out_of_scope.empty() ? ordered_json(nullptr) : ordered_json(r.decision.out_of_scope);
  out["model"] = r.contest.work.model.id;
  out["purpose"] = r.request.purpose;
  out["market"] = r.request.market;
  out["choice"] = nullptr;
  if (r.decision.found()) {
    out["choice"] = r.contest.candidates[r.decision.verdicts.front().candidate].id;
    out["why"] = why(r);
  }
  for (size_t i = 0; i < kCriteria; ++i)
    out["weights"][decide::criterion_name(Criterion(i))] = r.wishes.weights[i];
  out["candidates"] = ordered_json::array();
  for (const Verdict& v : r.decision.verdicts) out["candidates"].push_back(json_verdict(r, v));
  out["flips"] = ordered_json::array();
  for (const Flip& f : r.flips)
    out["flips"].push_back({{"what", f.what},
                            {"unit", f.unit},
                            {"now", json_number(f.now)},
                            {"at", json_number(f.at)},
                            {"upwards", f.upwards},
                            {"to", f.to}});
  out["asked"] = r.contest.asked;
  return out.dump(2) + "\n";
}

}  // namespace ppu::tools

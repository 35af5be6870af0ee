// Vetoes, scores and the ranking. See decide.h.
#include "decide/decide.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <random>

namespace ppu::decide {
namespace {

size_t index(Criterion c) {
  return static_cast<size_t>(c);
}

std::string with_numbers(const char* format, double a, double b) {
  char text[160];
  std::snprintf(text, sizeof text, format, a, b);
  return text;
}

/// USD for a million units of work.
double unit_cost(double hourly, double throughput) {
  return throughput > 0 ? hourly / 3600 / throughput * 1e6 : std::numeric_limits<double>::infinity();
}

Range unit_cost(const Candidate& c) {
  if (!c.hourly.known() || !c.throughput.known()) return {};
  return {unit_cost(c.hourly.low, c.throughput.high), unit_cost(c.hourly.middle, c.throughput.middle),
          unit_cost(c.hourly.high, c.throughput.low)};
}

/// The vetoes that look at a candidate alone.
std::vector<Reason> own_vetoes(const Candidate& c, const Wishes& w, double best_throughput) {
  std::vector<Reason> out;
  const auto veto = [&out](Veto kind, std::string text) { out.push_back({kind, std::move(text)}); };
  if (!c.cannot.empty()) veto(Veto::kCannot, c.cannot);
  if (c.cannot.empty() && !c.meets_floor) veto(Veto::kFloor, "misses the service level: " + c.floor);
  if (c.cannot.empty() && c.throughput.middle < w.least_share_of_best * best_throughput)
    veto(Veto::kShareOfBest,
         with_numbers("%.0f %% of the best candidate's throughput; at least %.0f %% is wanted",
                      100 * c.throughput.middle / best_throughput, 100 * w.least_share_of_best));
  if (c.channel == Channel::kNotSold) veto(Veto::kNotSold, "is no longer sold");
  if (c.channel == Channel::kRentOnly && w.buys)
    veto(Veto::kMustBuy, "can only be rented, and cards are to be bought");
  if (c.export_control == Export::kBanned && !w.bears_export_risk)
    veto(Veto::kExportBan, "barred from this market by export control");
  if (c.rules == Rules::kDiscouraged && w.must_follow_rules)
    veto(Veto::kRules, "procurement rules of this market speak against it");
  if (c.supply_pct.middle < w.least_supply_pct)
    veto(Veto::kSupply, with_numbers("%.0f %% of an order is expected to arrive; at least %.0f %% is wanted",
                                     c.supply_pct.middle, w.least_supply_pct));
  return out;
}

double rules_score(Rules rules) {
  return rules == Rules::kPreferred ? 1 : rules == Rules::kNeutral ? 0.5 : 0;
}

Range export_score(Export control) {
  if (control == Export::kLicence) return {0, 0.5, 1};
  return Range::exactly(control == Export::kFree ? 1 : 0);
}

/// What a candidate is compared with.
struct Field {
  double best_throughput = 0;  ///< among the eligible
  double cheapest = std::numeric_limits<double>::infinity();
};

double share(double part, double whole) {
  return whole > 0 ? std::clamp(part / whole, 0.0, 1.0) : 0;
}

void score(const Candidate& c, const Wishes& w, const Field& field, Verdict& v) {
  auto& s = v.scores;
  const Range& t = c.throughput;
  s[index(Criterion::performance)] = {share(t.low, field.best_throughput),
                                      share(t.middle, field.best_throughput),
                                      share(t.high, field.best_throughput)};
  // Where nobody's cost is known, all are equally open.
  s[index(Criterion::cost)] = {0, 0.5, 1};
  if (v.unit_cost.known())
    s[index(Criterion::cost)] = {share(field.cheapest, v.unit_cost.high),
                                 share(field.cheapest, v.unit_cost.middle),
                                 share(field.cheapest, v.unit_cost.low)};
  s[index(Criterion::supply)] = {c.supply_pct.low / 100, c.supply_pct.middle / 100, c.supply_pct.high / 100};
  s[index(Criterion::rules)] = Range::exactly(rules_score(c.rules));
  s[index(Criterion::trade)] = export_score(c.export_control);
  double sum = 0;
  v.total = Range::exactly(0);
  for (size_t i = 0; i < kCriteria; ++i) {
    sum += w.weights[i];
    v.total.low += w.weights[i] * s[i].low;
    v.total.middle += w.weights[i] * s[i].middle;
    v.total.high += w.weights[i] * s[i].high;
  }
  if (sum > 0) v.total.low /= sum, v.total.middle /= sum, v.total.high /= sum;
}

Field field_of(const std::vector<Candidate>& candidates, const std::vector<Verdict>& verdicts) {
  Field field;
  for (const Verdict& v : verdicts) {
    if (!v.vetoes.empty()) continue;
    field.best_throughput = std::max(field.best_throughput, candidates[v.candidate].throughput.middle);
    if (v.unit_cost.known()) field.cheapest = std::min(field.cheapest, v.unit_cost.middle);
  }
  return field;
}

/// The veto that depends on the others: dearer than the cheapest eligible one by more than the premium.
void veto_premium(const Wishes& wishes, const Field& field, Verdict& v) {
  if (!v.vetoes.empty() || !v.unit_cost.known() || !std::isfinite(wishes.premium)) return;
  if (v.unit_cost.middle <= field.cheapest * (1 + wishes.premium)) return;
  v.vetoes.push_back(
      {Veto::kPremium, with_numbers("costs %.0f %% more than the cheapest; at most %.0f %% is in the budget",
                                    100 * (v.unit_cost.middle / field.cheapest - 1), 100 * wishes.premium)});
}

double draw(const Range& range, std::mt19937& random) {
  if (!range.known() || range.low == range.high) return range.middle;
  // Triangular: the middle is the likeliest.
  const double u = double(random()) / double(std::mt19937::max());
  const double split = (range.middle - range.low) / (range.high - range.low);
  return u < split ? range.low + std::sqrt(u * (range.high - range.low) * (range.middle - range.low))
                   : range.high - std::sqrt((1 - u) * (range.high - range.low) * (range.high - range.middle));
}

/// The share of draws from all ranges in which each verdict comes first. Vetoes stay as they are.
void count_wins(const std::vector<Candidate>& candidates, const Wishes& wishes, int draws,
                std::vector<Verdict>& verdicts) {
  std::mt19937 random(1);
  std::vector<double> cost(verdicts.size()), throughput(verdicts.size());
  for (int n = 0; n < draws; ++n) {
    Field field;
    for (size_t i = 0; i < verdicts.size(); ++i) {
      if (!verdicts[i].vetoes.empty()) continue;
      const Candidate& c = candidates[verdicts[i].candidate];
      throughput[i] = draw(c.throughput, random);
      cost[i] = c.hourly.known() ? unit_cost(draw(c.hourly, random), throughput[i])
                                 : std::numeric_limits<double>::quiet_NaN();
      field.best_throughput = std::max(field.best_throughput, throughput[i]);
      if (c.hourly.known()) field.cheapest = std::min(field.cheapest, cost[i]);
    }
    size_t best = verdicts.size();
    double best_total = -1;
    for (size_t i = 0; i < verdicts.size(); ++i) {
      if (!verdicts[i].vetoes.empty()) continue;
      double total = 0;
      for (size_t k = 0; k < kCriteria; ++k) {
        double s = draw(verdicts[i].scores[k], random);
        if (k == index(Criterion::performance)) s = share(throughput[i], field.best_throughput);
        if (k == index(Criterion::cost))
          s = std::isnan(cost[i]) ? double(random()) / double(std::mt19937::max())
                                  : share(field.cheapest, cost[i]);
        total += wishes.weights[k] * s;
      }
      if (total > best_total) best_total = total, best = i;
    }
    if (best < verdicts.size()) verdicts[best].wins += 1.0 / draws;
  }
}

}  // namespace

const char* criterion_name(Criterion criterion) {
  switch (criterion) {
#define CRITERION(key, weight, meaning) \
  case Criterion::key:                  \
    return #key;
#include "decide/criteria.inc"
#undef CRITERION
  }
  return "";
}

Decision decide(const std::vector<Candidate>& candidates, const Wishes& wishes, int draws) {
  Decision out;
  if (wishes.training) {
    out.out_of_scope =
        "training is out of scope: the chips compared here are judged by inference, and training needs what "
        "isn't "
        "modelled (gradients, optimizer state, scale-out over thousands of chips): use a training-class chip";
    return out;
  }
  double best = 0;
  for (const Candidate& c : candidates)
    if (c.cannot.empty()) best = std::max(best, c.throughput.middle);
  for (size_t i = 0; i < candidates.size(); ++i) {
    Verdict v;
    v.candidate = i;
    v.vetoes = own_vetoes(candidates[i], wishes, best);
    v.unit_cost = candidates[i].cannot.empty() ? unit_cost(candidates[i]) : Range{};
    out.verdicts.push_back(std::move(v));
  }
  const Field before = field_of(candidates, out.verdicts);
  for (Verdict& v : out.verdicts) veto_premium(wishes, before, v);
  const Field field = field_of(candidates, out.verdicts);
  for (Verdict& v : out.verdicts)
    if (v.vetoes.empty()) score(candidates[v.candidate], wishes, field, v);
  if (draws > 0) count_wins(candidates, wishes, draws, out.verdicts);
  // Ties are kept in the order the candidates were given in.
  std::sort(out.verdicts.begin(), out.verdicts.end(), [](const Verdict& a, const Verdict& b) {
    if (a.vetoes.empty() != b.vetoes.empty()) return a.vetoes.empty();
    if (a.vetoes.empty() && a.total.middle != b.total.middle) return a.total.middle > b.total.middle;
    return a.candidate < b.candidate;
  });
  return out;
}

}  // namespace ppu::decide

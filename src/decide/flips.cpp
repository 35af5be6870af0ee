// What would change the choice: every input is moved away from where it is, down and up, until another chip
// comes first. See decide.h.
#include <cmath>
#include <functional>

#include "decide/decide.h"

namespace ppu::decide {
namespace {

struct Inputs {
  std::vector<Candidate> candidates;
  Wishes wishes;
};

/// One input that can be moved.
struct Knob {
  std::string what;
  std::string unit;
  double now;  ///< NaN: unknown
  double least, most;
  bool by_ratio;  ///< steps multiply (prices) instead of adding (shares)
  std::function<void(Inputs&, double)> set;
};

constexpr size_t kNobody = size_t(-1);

size_t winner(const Inputs& in) {
  const Decision d = decide(in.candidates, in.wishes);
  return d.found() ? d.verdicts.front().candidate : kNobody;
}

size_t winner_with(const Inputs& in, const Knob& knob, double value) {
  Inputs moved = in;
  knob.set(moved, value);
  return winner(moved);
}

/// Moves a range to a new middle, its width with it.
void move_middle(Range& range, double to) {
  if (!range.known() || range.middle <= 0) {
    range = Range::exactly(to);
    return;
  }
  const double f = to / range.middle;
  range = {range.low * f, to, range.high * f};
}

std::string name_of(const Inputs& in, size_t candidate) {
  return candidate == kNobody ? "" : in.candidates[candidate].name;
}

/// The first change between `from` and `end`; to a flip's accuracy of a thousandth.
void search(const Inputs& in, const Knob& knob, double from, double end, std::vector<Flip>* flips) {
  constexpr int kSteps = 160;
  if (from == end) return;
  const auto at = [&](double share) {
    return knob.by_ratio ? from * std::pow(end / from, share) : from + (end - from) * share;
  };
  const size_t before = winner_with(in, knob, from);
  double last = 0;
  for (int step = 1; step <= kSteps; ++step) {
    double next = double(step) / kSteps;
    if (winner_with(in, knob, at(next)) == before) {
      last = next;
      continue;
    }
    while (next - last > 1e-5) {
      const double middle = (last + next) / 2;
      (winner_with(in, knob, at(middle)) == before ? last : next) = middle;
    }
    flips->push_back(
        {knob.what, knob.unit, knob.now, at(next), end > from, name_of(in, winner_with(in, knob, at(next)))});
    return;
  }
}

void search(const Inputs& in, const Knob& knob, std::vector<Flip>* flips) {
  if (std::isnan(knob.now)) {
    // Nobody knows where it is: from the dear end down to where the choice changes.
    search(in, knob, knob.most, knob.least, flips);
    return;
  }
  search(in, knob, knob.now, knob.least, flips);
  search(in, knob, knob.now, knob.most, flips);
}

void add_candidate_knobs(const Inputs& in, std::vector<Knob>* knobs) {
  for (size_t i = 0; i < in.candidates.size(); ++i) {
    const Candidate& c = in.candidates[i];
    if (!c.cannot.empty()) continue;
    const double hourly = c.hourly.middle;
    const bool known = c.hourly.known() && hourly > 0;
    knobs->push_back({"cost of an hour of " + c.name, "USD/h", known ? hourly : std::nan(""),
                      known ? hourly / 20 : 0.01, known ? hourly * 20 : 50, true,
                      [i](Inputs& m, double x) { move_middle(m.candidates[i].hourly, x); }});
    knobs->push_back({"throughput of " + c.name, "/s and chip", c.throughput.middle, c.throughput.middle / 10,
                      c.throughput.middle * 10, true,
                      [i](Inputs& m, double x) { move_middle(m.candidates[i].throughput, x); }});
    knobs->push_back({"expected supply of " + c.name, "%", c.supply_pct.middle, 0, 100, false,
                      [i](Inputs& m, double x) { m.candidates[i].supply_pct = Range::exactly(x); }});
  }
}

void add_wish_knobs(const Inputs& in, std::vector<Knob>* knobs) {
  double sum = 0;
  for (const double w : in.wishes.weights) sum += w;
  for (size_t k = 0; k < kCriteria; ++k)
    knobs->push_back({std::string("weight of ") + criterion_name(Criterion(k)), "", in.wishes.weights[k], 0,
                      10 * sum, false, [k](Inputs& m, double x) { m.wishes.weights[k] = x; }});
  const double premium = in.wishes.premium;
  knobs->push_back({"budget for a premium", "%", std::isfinite(premium) ? 100 * premium : 1000, 0, 1000,
                    false, [](Inputs& m, double x) { m.wishes.premium = x / 100; }});
  knobs->push_back({"least share of the best candidate's throughput", "%",
                    100 * in.wishes.least_share_of_best, 0, 100, false,
                    [](Inputs& m, double x) { m.wishes.least_share_of_best = x / 100; }});
  knobs->push_back({"least supply wanted", "%", in.wishes.least_supply_pct, 0, 100, false,
                    [](Inputs& m, double x) { m.wishes.least_supply_pct = x; }});
}

/// Vetoes that others than the chip's own numbers can lift.
void add_vetoes(const Inputs& in, size_t before, std::vector<Flip>* flips) {
  struct Lift {
    Veto veto;
    const char* what;
    void (*set)(Inputs&, size_t);
  };
  const Lift lifts[] = {
      {Veto::kExportBan, "export ban of %",
       [](Inputs& m, size_t i) { m.candidates[i].export_control = Export::kFree; }},
      {Veto::kRules, "rules against %", [](Inputs& m, size_t i) { m.candidates[i].rules = Rules::kNeutral; }},
      {Veto::kNotSold, "end of sale of %",
       [](Inputs& m, size_t i) { m.candidates[i].channel = Channel::kSold; }},
      {Veto::kMustBuy, "rent-only offer of %",
       [](Inputs& m, size_t i) { m.candidates[i].channel = Channel::kSold; }},
      {Veto::kFloor, "missed service level of %",
       [](Inputs& m, size_t i) { m.candidates[i].meets_floor = true; }},
  };
  const Decision now = decide(in.candidates, in.wishes);
  for (const Verdict& v : now.verdicts)
    for (const Lift& lift : lifts) {
      bool has = false;
      for (const Reason& r : v.vetoes) has |= r.veto == lift.veto;
      if (!has) continue;
      Inputs moved = in;
      lift.set(moved, v.candidate);
      const size_t after = winner(moved);
      if (after == before) continue;
      std::string what = lift.what;
      what.replace(what.find('%'), 1, name_of(in, v.candidate));
      flips->push_back({what + " lifted", "", std::nan(""), std::nan(""), false, name_of(in, after)});
    }
}

}  // namespace

std::vector<Flip> find_flips(const std::vector<Candidate>& candidates, const Wishes& wishes) {
  std::vector<Flip> flips;
  if (wishes.training) return flips;
  const Inputs in{candidates, wishes};
  std::vector<Knob> knobs;
  add_candidate_knobs(in, &knobs);
  add_wish_knobs(in, &knobs);
  for (const Knob& knob : knobs) search(in, knob, &flips);
  add_vetoes(in, winner(in), &flips);
  return flips;
}

}  // namespace ppu::decide

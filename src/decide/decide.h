// Which chip to take: candidates with their measures, wishes with vetoes and weights, a ranking with reasons
// and what would change it. A pure function: no files, no chips table, no clock. Not here: how fast or dear a
// candidate is (candidates.h), how wishes are written (wishes_file.h).
#pragma once
#include <array>
#include <limits>
#include <string>
#include <vector>

namespace ppu::decide {

/// An uncertain number: low <= middle <= high. Unknown when middle is NaN.
struct Range {
  double low = std::numeric_limits<double>::quiet_NaN();
  double middle = low;
  double high = low;
  static Range exactly(double x) { return {x, x, x}; }
  bool known() const { return middle == middle; }
};

enum class Criterion {
#define CRITERION(key, weight, meaning) key,
#include "decide/criteria.inc"
#undef CRITERION
};
constexpr size_t kCriteria = 0
#define CRITERION(key, weight, meaning) +1
#include "decide/criteria.inc"
#undef CRITERION
    ;
const char* criterion_name(Criterion criterion);

enum class Export { kFree, kLicence, kBanned };
enum class Rules { kPreferred, kNeutral, kDiscouraged };
enum class Channel { kSold, kRentOnly, kNotSold };

/// A chip with what it does for the workload in question.
struct Candidate {
  std::string id;
  std::string name;
  std::string cannot;       ///< why it can't do the work at all (memory, precision); empty: it can
  bool meets_floor = true;  ///< keeps to the service level that was asked for
  std::string floor;        ///< what it reaches of it: "TTFT 0.8 s of 2 s"
  int chips = 1;            ///< that work together as one server
  Range throughput;         ///< units of work (tokens, images) a second and chip, at the service level
  Range hourly;             ///< USD for an hour of one chip, all in; unknown: nobody publishes it
  Range supply_pct;         ///< of a large order, in the market in question
  Export export_control = Export::kFree;  ///< in the market in question
  Rules rules = Rules::kNeutral;          ///< of the market in question
  Channel channel = Channel::kSold;
};

/// What the chooser wants: vetoes first, then weights.
struct Wishes {
  bool training = false;
  bool must_follow_rules = false;  ///< a discouraged chip is out
  bool bears_export_risk = false;  ///< a banned chip is not out for that
  bool buys = false;               ///< cards of one's own: what is only rented out is out
  double least_supply_pct = 0;     ///< below it a chip is out
  double least_share_of_best = 0;  ///< of the best candidate's throughput, banned ones counted
  double premium =
      std::numeric_limits<double>::infinity();  ///< over the cheapest eligible cost that one pays; 1 = 100 %
  std::array<double, kCriteria> weights = {
#define CRITERION(key, weight, meaning) weight,
#include "decide/criteria.inc"
#undef CRITERION
  };
};

enum class Veto { kCannot, kFloor, kShareOfBest, kNotSold, kMustBuy, kExportBan, kRules, kSupply, kPremium };

struct Reason {
  Veto veto;
  std::string text;  ///< one line
};

/// What became of a candidate.
struct Verdict {
  size_t candidate = 0;        ///< its place among the candidates
  std::vector<Reason> vetoes;  ///< empty: eligible
  std::array<Range, kCriteria> scores;
  Range total;      ///< weighted mean of the scores
  Range unit_cost;  ///< USD for a million units of work; unknown with `hourly`
  double wins = 0;  ///< share of draws from all ranges in which it comes first
};

/// A change of one thing that changes the choice.
struct Flip {
  std::string what;  ///< "rent of H20 96GB"
  std::string unit;  ///< "USD/h"; empty for weights and shares
  double now = 0;    ///< NaN: unknown
  double at = 0;     ///< from there on; NaN for a veto that falls
  bool upwards = false;
  std::string to;  ///< the name of the chip that is chosen then; empty: none is left
};

struct Decision {
  std::string out_of_scope;       ///< why there is no answer; empty: there is one
  std::vector<Verdict> verdicts;  ///< eligible ones by total, best first; then the others
  bool found() const { return !verdicts.empty() && verdicts.front().vetoes.empty(); }
};

/// Applies vetoes, scores what is left and ranks it. A cost that nobody knows scores 0.5 with the range 0
/// to 1. With `draws` the shares `wins` are filled in (seeded: same in, same out).
Decision decide(const std::vector<Candidate>& candidates, const Wishes& wishes, int draws = 0);

/// The nearest changes, one input at a time, that change the choice: prices, throughputs and supply of each
/// candidate, each weight, premium and floor, and each veto that stands alone.
std::vector<Flip> find_flips(const std::vector<Candidate>& candidates, const Wishes& wishes);

}  // namespace ppu::decide

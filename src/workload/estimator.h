// The measurements behind estimate(): one set of figures from one set of a chip's numbers, asked again and
// again for the interval's sake. Private to estimate*.cpp.
#pragma once
#include <map>
#include <string>
#include <vector>

#include "workload/estimate.h"

namespace ppu::workload {

/// How a figure is shown and how well it is known.
struct FigureRow {
  const char* key;
  const char* name;
  const char* unit;      ///< "item" stands for the model's
  const char* residual;  ///< class of chip::left_over()
  double scale;          ///< from seconds, per second, to the unit
};

/// Values by key, in base units; what a question doesn't have isn't there.
using Values = std::map<std::string, double>;

class Estimator {
 public:
  Estimator(const Question& question, const chip::Chip& chip, const Precision& precision);

  /// Why this chip can't do it, or that it can.
  Status possible() const;
  /// All analytic figures with these numbers of the chip.
  const Values& values(const chip::Numbers& numbers);
  Server server(const chip::Numbers& numbers) const;
  bool generates() const { return question_.model.decoder.has_value(); }
  double in() const { return in_; }
  double out() const { return out_; }
  int chips() const { return question_.parallel.chips(); }
  /// What a chip does again and again at the operating point, from the values of the chip file.
  const chip::Cost& operating_cost() const { return operating_; }
  void set_operating_cost(const chip::Cost& cost) { operating_ = cost; }
  /// The load that was asked for; nothing when none was.
  Result<LoadRun> load(double slowdown) const;
  /// The same at `rate` requests (items) a second.
  Result<LoadRun> load_at(double rate, double slowdown) const;
  /// USD for a million items; 0 when nobody knows a price.
  double cost(double watts, double per_second, const chip::Pricing& pricing) const;

 private:
  Values generate(const Server& server);
  Values items(const Server& server);
  void operate(Values& v, const Server& server, const chip::Cost& cost, double per_second);

  const Question& question_;
  const chip::Chip& chip_;
  Precision precision_;
  const std::string stack_;
  double in_, out_;
  chip::Cost operating_;
  double batch_ = 0;         ///< of items: the best with the chip file's values
  double server_share_ = 0;  ///< of the offline rate that a bound on latency leaves, likewise
  std::map<std::string, Values> known_;
};

/// The prices to calculate with: the question's, else the chip file's, else the range of the chips whose rent
/// is known.
struct Price {
  chip::Pricing low, middle, high;
  std::string basis;
  bool known = false;
};
Price price_of(const Question& question, const chip::Chip& chip);

/// Adds what the plots need to a finished answer.
void add_roofline(const Question& question, Estimator& estimator, Answer& answer);
void add_curve(Estimator& estimator, Answer& answer, double most_per_second);
void add_heat(const Question& question, Estimator& estimator, Answer& answer);

}  // namespace ppu::workload

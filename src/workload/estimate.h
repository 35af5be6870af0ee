// The answer of `ppu estimate`: what a model does on one chip (or a group of it), every figure as
// P10-P50-P90, and what the plots are drawn from. Not here: how it is printed (report_*.h), which chip to
// take (`ppu decide`).
#pragma once
#include <string>
#include <vector>

#include "chip/cost.h"
#include "chip/thermal.h"
#include "chip/uncertainty.h"
#include "workload/serving.h"

namespace ppu::workload {

struct Question {
  Model model;
  std::string precision;  ///< precision.h; empty: what the model's weights are published in
  Parallel parallel;
  std::string stack;  ///< chip/stack.h; empty: vllm for tokens, trtllm's kin of compiled networks for items
  double batch = 0;   ///< a static batch; 0: one request, and a full server
  double in = 0, out = 0;            ///< tokens of a request; 0: the model's usual ones
  double concurrency = 0, rate = 0;  ///< a load: one of them
  double latency_bound = 0;          ///< seconds a server of items must keep to (p99); 0: see run_items()
  double hours = 24;                 ///< of the same work, for temperature
  chip::Cooling cooling;
  chip::Pricing pricing;  ///< without rent and purchase: the chip file's
  unsigned seed = 1;
  bool curve = false;  ///< latency against load as well
};

/// One number of the answer.
struct Figure {
  std::string key;   ///< "ttft_ms": what JSON and CSV call it
  std::string name;  ///< "time to first token"
  std::string unit;
  chip::Interval value;
};

/// Which limit the time of a phase goes to.
struct Phase {
  std::string name;
  chip::Shares seconds;
};

/// One kind of operation in the roofline: what it does per byte moved, and per second.
struct RooflinePoint {
  std::string label;
  double intensity = 0;  ///< FLOP a byte
  double flops = 0;      ///< FLOP/s
  double share = 0;      ///< of the phase's time
  bool prefill = false;
};

struct LoadPoint {
  double rate = 0;  ///< requests (items) a second offered
  Percentiles latency;
  double per_second = 0;  ///< tokens (items)
};

struct Bar {
  std::string name;
  double at_low = 0, at_high = 0;
};

struct Answer {
  const chip::Chip* chip = nullptr;
  std::string
      refusal;  ///< why there is no answer (doesn't fit, can't multiply that type); empty: there is one
  Precision precision;
  int chips = 1;
  std::vector<std::string> notes;
  std::vector<Figure> figures;
  std::vector<Phase> phases;
  Memory memory;
  double requests_that_fit = 0;
  bool price_known = false;
  std::string price_basis;  ///< "rent 2-4 USD/h (press)"
  chip::ThermalRun heat;
  double slow_down_c = 0;
  std::vector<LoadPoint> curve;
  std::vector<RooflinePoint> roofline;
  double peak_flops = 0, bandwidth = 0;  ///< roofs: effective FLOP/s of the precision, bytes/s
  std::vector<Bar> tornado;              ///< USD per million
  double tornado_base = 0;

  const Figure* find(const std::string& key) const;
};

/// kBadInput for a question that contradicts itself or the model on any chip; what only this chip can't do is
/// the answer's refusal.
Result<Answer> estimate(const Question& question, const chip::Chip& chip);

/// The question's stack, or what models of its kind are usually run with.
std::string stack_of(const Question& question);

/// What a million of the model's items is called: "tokens", "images".
std::string plural_item(const Model& model);

}  // namespace ppu::workload

// Spellings of metrics and units, one row each. See figure.h.
#include "validate/figure.h"

#include <cctype>
#include <optional>
#include <string_view>

#include "validate/words.h"

namespace ppu::validate {
namespace {

struct MetricRow {
  std::string_view word;  ///< found in the metric, all that isn't a letter or digit made _
  Figure figure;
};
/// The first that is found counts: longer and rarer words stand before what they contain.
constexpr MetricRow kMetrics[] = {
    {"energy_per_tok", Figure::kEnergyToken},
    {"energy_per_output_tok", Figure::kEnergyToken},
    {"j_per_tok", Figure::kEnergyToken},
    {"joules_per_tok", Figure::kEnergyToken},
    {"tok_per_j", Figure::kTokensPerJoule},
    {"tok_per_w", Figure::kTokensPerJoule},
    {"tokens_per_j", Figure::kTokensPerJoule},
    {"tokens_per_w", Figure::kTokensPerJoule},
    {"tokens_per_s_per_w", Figure::kTokensPerJoule},
    {"per_watt", Figure::kItemsPerJoule},
    {"per_joule", Figure::kItemsPerJoule},
    {"efficiency", Figure::kItemsPerJoule},
    {"energy", Figure::kEnergyItem},
    {"ttft", Figure::kTtft},
    {"first_tok", Figure::kTtft},
    {"prefill_lat", Figure::kTtft},
    {"prefill_time", Figure::kTtft},
    {"tpot", Figure::kTpot},
    {"itl", Figure::kTpot},
    {"inter_tok", Figure::kTpot},
    {"tbt", Figure::kTpot},
    {"time_between", Figure::kTpot},
    {"time_per_out", Figure::kTpot},
    {"time_per_tok", Figure::kTpot},
    {"per_token_lat", Figure::kTpot},
    {"token_lat", Figure::kTpot},
    {"decode_lat", Figure::kTpot},
    {"decode_time", Figure::kTpot},
    {"decode_step", Figure::kTpot},
    {"step_time", Figure::kTpot},
    {"per_user", Figure::kUserRate},
    {"interactivity", Figure::kUserRate},
    {"request_throughput", Figure::kRequestRate},
    {"request_rate", Figure::kRequestRate},
    {"requests", Figure::kRequestRate},
    {"req_s", Figure::kRequestRate},
    {"input", Figure::kInputRate},
    {"prefill", Figure::kInputRate},
    {"prompt", Figure::kInputRate},
    {"total_t", Figure::kTotalRate},
    {"node_power", Figure::kNodePower},
    {"system_power", Figure::kNodePower},
    {"server_power", Figure::kNodePower},
    {"wall_power", Figure::kNodePower},
    {"power", Figure::kChipPower},
    {"watt", Figure::kChipPower},
    {"bus_bw", Figure::kBusByteRate},
    {"busbw", Figure::kBusByteRate},
    {"bus_bandwidth", Figure::kBusByteRate},
    {"bandwidth", Figure::kByteRate},
    {"_bw", Figure::kByteRate},
    {"algbw", Figure::kByteRate},
    {"mfu", Figure::kFlopShare},
    {"utilization", Figure::kFlopShare},
    {"utilisation", Figure::kFlopShare},
    {"flops", Figure::kFlopRate},
    {"tops", Figure::kFlopRate},
    {"achieved", Figure::kFlopRate},
    {"streams", Figure::kStreams},
    {"sample", Figure::kItemRate},
    {"quer", Figure::kItemRate},
    {"qps", Figure::kItemRate},
    {"image", Figure::kItemRate},
    {"fps", Figure::kItemRate},
    {"ips", Figure::kItemRate},
    {"sentence", Figure::kItemRate},
    {"rate_under_cap", Figure::kItemRate},
    {"throughput", Figure::kOutputRate},
    {"tok", Figure::kOutputRate},
    {"tps", Figure::kOutputRate},
    {"generation", Figure::kOutputRate},
    {"rate", Figure::kItemRate},
    {"latency", Figure::kLatency},
    {"time", Figure::kLatency},
    {"duration", Figure::kLatency},
};

struct FigureRow {
  Figure figure;
  const char* name;
  char
      measure;  ///< what its units measure: s, t(okens), r(equests), i(tems), W, J, F(LOP/s), B(ytes/s), %, #
};
constexpr FigureRow kFigures[] = {
    {Figure::kLatency, "latency", 's'},
    {Figure::kTtft, "time to first token", 's'},
    {Figure::kTpot, "time per output token", 's'},
    {Figure::kOutputRate, "output tokens/s", 't'},
    {Figure::kInputRate, "input tokens/s", 't'},
    {Figure::kTotalRate, "tokens/s in and out", 't'},
    {Figure::kUserRate, "tokens/s of a user", 't'},
    {Figure::kRequestRate, "requests/s", 'r'},
    {Figure::kItemRate, "items/s", 'i'},
    {Figure::kStreams, "streams", '#'},
    {Figure::kChipPower, "power of the chips", 'W'},
    {Figure::kNodePower, "power of the server", 'W'},
    {Figure::kEnergyToken, "J/token", 'J'},
    {Figure::kEnergyItem, "J/item", 'J'},
    {Figure::kTokensPerJoule, "tokens/J", 'j'},
    {Figure::kItemsPerJoule, "items/J", 'j'},
    {Figure::kFlopRate, "FLOP/s", 'F'},
    {Figure::kFlopShare, "share of the peak", '%'},
    {Figure::kByteRate, "bytes/s", 'B'},
    {Figure::kBusByteRate, "bus bytes/s", 'B'},
};

const FigureRow& figure_row(Figure figure) {
  return kFigures[size_t(figure)];
}

struct UnitRow {
  std::string_view unit;
  char measure;
  double factor;
};
constexpr UnitRow kUnits[] = {
    {"s", 's', 1},
    {"sec", 's', 1},
    {"secs", 's', 1},
    {"second", 's', 1},
    {"seconds", 's', 1},
    {"ms", 's', 1e-3},
    {"msec", 's', 1e-3},
    {"milliseconds", 's', 1e-3},
    {"us", 's', 1e-6},
    {"usec", 's', 1e-6},
    {"µs", 's', 1e-6},
    {"μs", 's', 1e-6},
    {"microseconds", 's', 1e-6},
    {"ns", 's', 1e-9},
    {"min", 's', 60},
    {"w", 'W', 1},
    {"watt", 'W', 1},
    {"watts", 'W', 1},
    {"kw", 'W', 1e3},
    {"mw", 'W', 1e-3},
    {"j", 'J', 1},
    {"mj", 'J', 1e-3},
    {"kj", 'J', 1e3},
    {"wh", 'J', 3600},
    {"kwh", 'J', 3.6e6},
    {"tflops", 'F', 1e12},
    {"tflop/s", 'F', 1e12},
    {"tf/s", 'F', 1e12},
    {"tf", 'F', 1e12},
    {"tops", 'F', 1e12},
    {"gflops", 'F', 1e9},
    {"gflop/s", 'F', 1e9},
    {"pflops", 'F', 1e15},
    {"pflop/s", 'F', 1e15},
    {"gb/s", 'B', 1e9},
    {"gbps", 'B', 1e9},
    {"gib/s", 'B', 1073741824},
    {"tb/s", 'B', 1e12},
    {"mb/s", 'B', 1e6},
    {"%", '%', 0.01},
    {"percent", '%', 0.01},
    {"ratio", '%', 1},
    {"fraction", '%', 1},
    {"streams", '#', 1},
    {"stream", '#', 1},
    {"qps", 'i', 1},
    {"fps", 'i', 1},
    {"ips", 'i', 1},
    {"rps", 'r', 1},
    {"tps", 't', 1},
    {"t/s", 't', 1},
    {"it/s", 'i', 1},
};

/// What is counted in "THING/s": the first letters decide.
struct ThingRow {
  std::string_view begins;
  char measure;
};
constexpr ThingRow kThings[] = {{"tok", 't'},  {"req", 'r'},   {"samp", 'i'}, {"im", 'i'},  {"quer", 'i'},
                                {"sent", 'i'}, {"infer", 'i'}, {"item", 'i'}, {"seq", 'i'}, {"frame", 'i'},
                                {"doc", 'i'},  {"audio", 'i'}, {"vol", 'i'}};

std::string letters_of(std::string_view metric) {
  std::string out;
  for (const char c : metric)
    out +=
        std::isalnum(static_cast<unsigned char>(c)) ? char(std::tolower(static_cast<unsigned char>(c))) : '_';
  return out;
}

/// Removes every `part` from `text`; whether there was one.
bool take(std::string& text, std::string_view part) {
  const size_t at = text.find(part);
  if (at == text.npos) return false;
  text.erase(at, part.size());
  return true;
}

std::optional<char> thing_of(std::string_view text) {
  for (const ThingRow& row : kThings)
    if (text.starts_with(row.begins)) return row.measure;
  return std::nullopt;
}

struct Unit {
  char measure = 0;
  double factor = 1;
  bool per_chip = false, per_node = false;
  char thing = 0;  ///< of energies: what a J is for
};

/// "tok/s/GPU", "ktok/s", "J/token", "samples/s/W", "ms/token" by parts.
std::optional<Unit> unit_of(std::string text) {
  Unit unit;
  text = lower_case(text);
  for (const char* word : {" per second", " per sec", "/seconds", "/second", "/secs", "/sec"})
    if (take(text, word)) text += "/s";
  for (size_t at; (at = text.find(" per ")) != text.npos;) text.replace(at, 5, "/");
  std::erase(text, ' ');
  for (const char* part : {"/gpu", "/npu", "/chip", "/card", "/device", "/accelerator", "/ppu", "/die"})
    unit.per_chip |= take(text, part);
  for (const char* part : {"/node", "/server", "/system"}) unit.per_node |= take(text, part);
  take(text, "/user");
  for (const UnitRow& row : kUnits)
    if (text == row.unit) {
      unit.measure = row.measure, unit.factor = row.factor;
      return unit;
    }
  const size_t slash = text.find('/');
  if (slash == text.npos) return std::nullopt;
  std::string head = text.substr(0, slash), tail = text.substr(slash + 1);
  for (const UnitRow& row : kUnits)  // a time or an energy of one thing
    if (head == row.unit && (row.measure == 's' || row.measure == 'J')) {
      if (const auto thing = thing_of(tail)) {
        unit.measure = row.measure, unit.factor = row.factor, unit.thing = *thing;
        return unit;
      }
    }
  auto thing = thing_of(head);
  if (!thing && !head.empty() && (head[0] == 'k' || head[0] == 'm')) {
    unit.factor = head[0] == 'k' ? 1e3 : 1e6;
    thing = thing_of(std::string_view(head).substr(1));
  }
  if (!thing)
    for (const UnitRow& row : kUnits)  // "ips/W"
      if (head == row.unit && (row.measure == 'i' || row.measure == 't') && tail == "w") thing = row.measure;
  if (!thing) return std::nullopt;
  unit.thing = *thing;
  if (tail == "s" || tail == "min" || tail == "h" || tail == "hour") {
    unit.measure = *thing, unit.factor /= tail == "s" ? 1 : tail == "min" ? 60 : 3600;
    return unit;
  }
  if (tail == "j" || tail == "s/w" || tail == "w" || tail == "joule" || tail == "watt" || tail == "s/watt") {
    unit.measure = 'j';
    return unit;
  }
  return std::nullopt;
}

/// The figure that a unit alone tells.
std::optional<Figure> figure_of_unit(const Unit& unit) {
  switch (unit.measure) {
    case 's':
      return unit.thing == 't' ? Figure::kTpot : Figure::kLatency;
    case 't':
      return Figure::kOutputRate;
    case 'r':
      return Figure::kRequestRate;
    case 'i':
      return Figure::kItemRate;
    case 'W':
      return Figure::kChipPower;
    case 'J':
      return unit.thing == 't' ? Figure::kEnergyToken : Figure::kEnergyItem;
    case 'j':
      return unit.thing == 't' ? Figure::kTokensPerJoule : Figure::kItemsPerJoule;
    case 'F':
      return Figure::kFlopRate;
    case 'B':
      return Figure::kByteRate;
    case '#':
      return Figure::kStreams;
    default:
      return std::nullopt;
  }
}

double percentile_in(std::string_view metric) {
  if (metric.find("p50") != metric.npos || metric.find("median") != metric.npos) return 0.5;
  if (metric.find("p90") != metric.npos) return 0.9;
  if (metric.find("p95") != metric.npos) return 0.95;
  if (metric.find("p99") != metric.npos || metric.find("99th") != metric.npos) return 0.99;
  return 0;
}

}  // namespace

const char* name_of(Figure figure) {
  return figure_row(figure).name;
}

Result<Asked> asked_of(const Row& row) {
  const std::optional<Unit> unit = unit_of(row.unit);
  if (!unit)
    return unsupported(
        "unit `" + row.unit + "` of " + row.metric +
        ": a time (s, ms, us, ns), a rate (tok/s, req/s, samples/s), W, J/tok, tok/J, TFLOPS, GB/s, "
        "% or streams is expected, /GPU or /node behind it where it is of one");
  const std::string metric = letters_of(row.metric);
  std::optional<Figure> figure;
  for (const MetricRow& m : kMetrics)
    if (metric.find(m.word) != metric.npos) {
      figure = m.figure;
      break;
    }
  // A metric's word may be loose ("throughput" of images); its unit says what is counted.
  const std::optional<Figure> by_unit = figure_of_unit(*unit);
  if (!figure || figure_row(*figure).measure != unit->measure) {
    if (!by_unit)
      return unsupported("metric `" + row.metric + "` in `" + row.unit + "` is none that is modelled");
    figure = by_unit;
  }
  if (unit->measure == 'j' || unit->measure == 'J') figure = by_unit;
  if (figure == Figure::kLatency && unit->thing == 't') figure = Figure::kTpot;  // "ms/token"
  Asked out{.figure = *figure, .unit = unit->factor, .percentile = percentile_in(metric)};
  out.per_chip = unit->per_chip || metric.find("per_gpu") != metric.npos ||
                 metric.find("per_npu") != metric.npos || metric.find("per_chip") != metric.npos ||
                 metric.find("per_card") != metric.npos;
  out.per_node = unit->per_node || metric.find("per_node") != metric.npos;
  for (const char* word : {"node", "system", "server", "wall"})
    out.of_server |= metric.find(word) != metric.npos;
  return out;
}

}  // namespace ppu::validate

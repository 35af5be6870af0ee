// `ppu estimate`: the question from the command line, asked of each chip; the answers as a table, JSON, CSV
// and an HTML report. Not here: the estimate itself (src/workload/estimate.h).
#include "workload/estimate.h"

#include <unistd.h>

#include <cstdio>
#include <fstream>
#include <nlohmann/json.hpp>

#include "chip/show.h"
#include "tools/ppu/commands.h"
#include "tools/ppu/table.h"
#include "workload/report_html.h"

namespace ppu::tools {
namespace {

using nlohmann::ordered_json;
using workload::Answer;
using workload::Figure;
using workload::Question;

int refuse(const std::string& message) {
  std::fprintf(stderr, "ppu: estimate: %s\n", message.c_str());
  return kUsage;
}

std::string interval_text(const chip::Interval& i) {
  if (i.p10 == i.p90) return chip::number_text(i.p50);
  return chip::number_text(i.p50) + " (" + chip::number_text(i.p10) + "-" + chip::number_text(i.p90) + ")";
}

Question question_of(const EstimateOptions& o, workload::Model model) {
  Question q;
  q.model = std::move(model);
  q.precision = o.precision, q.stack = o.stack;
  q.parallel = {.tp = o.tp, .pp = o.pp, .ep = o.ep, .dp = o.dp};
  q.batch = o.batch, q.in = o.in, q.out = o.out;
  q.concurrency = o.concurrency, q.rate = o.rate;
  q.latency_bound = o.latency_bound_ms / 1000;
  q.hours = o.hours;
  q.cooling.inlet_c = o.inlet, q.cooling.resistance_factor = o.cooling;
  q.pricing.rent_per_hour = o.rent, q.pricing.purchase = o.price;
  q.pricing.life_years = o.life, q.pricing.energy_per_kwh = o.energy, q.pricing.pue = o.pue;
  q.pricing.premium = o.premium / 100;
  q.seed = o.seed;
  q.curve = o.json || !o.html.empty();
  return q;
}

std::string heading(const Question& q, const Answer& a) {
  std::string out = std::to_string(a.chips) + (a.chips == 1 ? " chip" : " chips");
  const std::pair<const char*, int> ways[] = {
      {"tp", q.parallel.tp}, {"pp", q.parallel.pp}, {"ep", q.parallel.ep}, {"dp", q.parallel.dp}};
  for (const auto& [name, n] : ways)
    if (n > 1) out += std::string(", ") + name + " " + std::to_string(n);
  return out + ", " + a.precision.name + ", " + workload::stack_of(q);
}

std::string gib(double bytes) {
  return chip::number_text(bytes / (1024.0 * 1024 * 1024)) + " GiB";
}

/// Rows that aren't figures: memory, limits, money's basis.
void add_words(const std::vector<Answer>& answers, Table& table) {
  const auto row = [&](const char* name, auto text) {
    std::vector<std::string> cells{name};
    bool any = false;
    for (const Answer& a : answers) {
      cells.push_back(a.refusal.empty() ? text(a) : "-");
      any |= cells.back() != "-" && !cells.back().empty();
    }
    if (any) table.rows.push_back(cells);
  };
  row("memory of a chip: weights", [](const Answer& a) { return gib(a.memory.weights); });
  row("memory of a chip: usable", [](const Answer& a) { return gib(a.memory.capacity); });
  row("requests that fit", [](const Answer& a) {
    return a.requests_that_fit > 0 ? chip::number_text(a.requests_that_fit) : std::string("-");
  });
}

/// What each phase of each chip's time goes to, in percent.
void print_limits(const std::vector<Answer>& answers) {
  Table table{{"limits, % of the time", "phase", "compute", "memory", "link", "launch", "host"}, {}};
  for (const Answer& a : answers)
    for (const workload::Phase& p : a.phases) {
      const chip::Shares& s = p.seconds;
      std::vector<std::string> cells{a.chip->name, p.name};
      for (const double part : {s.compute, s.memory, s.link, s.launch, s.host}) {
        char text[16];
        std::snprintf(text, sizeof text, "%.0f", 100 * part / std::max(s.total(), 1e-300));
        cells.emplace_back(text);
      }
      table.rows.push_back(cells);
    }
  if (!table.rows.empty()) std::printf("\n%s", as_text(table).c_str());
}

void print_table(const Question& q, const std::vector<Answer>& answers) {
  const workload::Model& m = q.model;
  const double in = q.in > 0 ? q.in : m.default_in, out = q.out > 0 ? q.out : m.default_out;
  std::printf("%s: %s parameters", m.name.c_str(), workload::count_text(m.parameters()).c_str());
  if (m.active_parameters() < 0.9 * m.parameters() && m.decoder)
    std::printf(", %s active", workload::count_text(m.active_parameters()).c_str());
  if (m.decoder)
    std::printf("; %g tokens in, %g out", in, out);
  else if (m.task == workload::Task::kEmbed)
    std::printf("; %g tokens a sentence", in);
  std::printf("\nEvery figure: P50 (P10-P90).\n\n");
  Table table{{""}, {}};
  std::vector<std::string> setup{"setup"};
  std::vector<std::pair<std::string, std::string>> keys;  // key, "name, unit" in the order of the answers
  for (const Answer& a : answers) {
    table.head.push_back(a.chip->name);
    setup.push_back(heading(q, a));
    for (const Figure& f : a.figures) {
      const std::string name = f.name + (f.unit.empty() ? "" : ", " + f.unit);
      if (std::find(keys.begin(), keys.end(), std::pair(f.key, name)) == keys.end())
        keys.emplace_back(f.key, name);
    }
  }
  table.rows.push_back(setup);
  for (const auto& [key, name] : keys) {
    std::vector<std::string> cells{name};
    for (const Answer& a : answers) {
      const Figure* f = a.find(key);
      cells.push_back(f ? interval_text(f->value) : "-");
    }
    table.rows.push_back(cells);
  }
  add_words(answers, table);
  std::fputs(as_text(table).c_str(), stdout);
  print_limits(answers);
  std::printf("\n");
  for (const Answer& a : answers) {
    if (!a.refusal.empty())
      std::printf("%s: no estimate: %s\n", a.chip->name, a.refusal.c_str());
    else
      std::printf("%s: cost by %s\n", a.chip->name, a.price_basis.c_str());
    for (const std::string& note : a.notes) std::printf("%s: %s\n", a.chip->name, note.c_str());
  }
  std::printf("%s\n", workload::provenance_text());
}

ordered_json json_of(const Answer& a) {
  ordered_json out = {
      {"chip", a.chip->id}, {"name", a.chip->name}, {"chips", a.chips}, {"precision", a.precision.name}};
  if (!a.refusal.empty()) {
    out["refusal"] = a.refusal;
    return out;
  }
  for (const Figure& f : a.figures)
    out["figures"][f.key] = {
        {"name", f.name}, {"unit", f.unit}, {"p10", f.value.p10}, {"p50", f.value.p50}, {"p90", f.value.p90}};
  for (const workload::Phase& p : a.phases) {
    const chip::Shares& s = p.seconds;
    const double total = std::max(s.total(), 1e-300);
    out["limits"][p.name] = {{"seconds", s.total()},       {"compute", s.compute / total},
                             {"memory", s.memory / total}, {"link", s.link / total},
                             {"launch", s.launch / total}, {"host", s.host / total}};
  }
  out["memory"] = {{"capacity_bytes", a.memory.capacity},
                   {"weights_bytes", a.memory.weights},
                   {"activations_bytes", a.memory.activations},
                   {"kv_bytes_per_token", a.memory.kv_per_token},
                   {"state_bytes_per_request", a.memory.state_per_sequence},
                   {"requests_that_fit", a.requests_that_fit}};
  out["cost"] = {{"basis", a.price_basis}, {"price_known", a.price_known}};
  for (const workload::Bar& b : a.tornado)
    out["cost"]["tornado"].push_back({{"name", b.name}, {"at_low", b.at_low}, {"at_high", b.at_high}});
  for (const chip::ThermalSample& s : a.heat.samples)
    out["heat"].push_back({{"seconds", s.seconds},
                           {"die_c", s.die_c},
                           {"memory_c", s.memory_c},
                           {"watts", s.watts},
                           {"clock_fraction", s.clock_fraction},
                           {"speed", s.speed}});
  for (const workload::LoadPoint& p : a.curve)
    out["load_curve"].push_back({{"rate", p.rate},
                                 {"latency_p50_s", p.latency.p50},
                                 {"latency_p99_s", p.latency.p99},
                                 {"per_second", p.per_second}});
  for (const workload::RooflinePoint& p : a.roofline)
    out["roofline"].push_back({{"operation", p.label},
                               {"phase", p.prefill ? "prefill" : "decode"},
                               {"flop_per_byte", p.intensity},
                               {"flop_per_s", p.flops},
                               {"share", p.share}});
  out["notes"] = a.notes;
  return out;
}

void print_json(const Question& q, const std::vector<Answer>& answers) {
  const workload::Model& m = q.model;
  ordered_json out;
  out["model"] = {{"name", m.name},
                  {"id", m.id},
                  {"parameters", m.parameters()},
                  {"active_parameters", m.active_parameters()},
                  {"source", m.source},
                  {"uncertain", m.uncertain}};
  out["question"] = {{"in", q.in > 0 ? q.in : m.default_in},
                     {"out", q.out > 0 ? q.out : m.default_out},
                     {"batch", q.batch},
                     {"concurrency", q.concurrency},
                     {"rate", q.rate},
                     {"stack", workload::stack_of(q)},
                     {"tp", q.parallel.tp},
                     {"pp", q.parallel.pp},
                     {"ep", q.parallel.ep},
                     {"dp", q.parallel.dp},
                     {"hours", q.hours},
                     {"inlet_c", q.cooling.inlet_c},
                     {"seed", q.seed}};
  out["answers"] = ordered_json::array();
  for (const Answer& a : answers) out["answers"].push_back(json_of(a));
  out["provenance"] = workload::provenance_text();
  std::printf("%s\n", out.dump(2).c_str());
}

void print_csv(const std::vector<Answer>& answers) {
  Table table{{"chip", "figure", "unit", "p10", "p50", "p90"}, {}};
  const auto number = [](double v) {
    char text[40];
    std::snprintf(text, sizeof text, "%.6g", v);
    return std::string(text);
  };
  for (const Answer& a : answers) {
    for (const Figure& f : a.figures)
      table.rows.push_back(
          {a.chip->id, f.key, f.unit, number(f.value.p10), number(f.value.p50), number(f.value.p90)});
    for (const workload::Phase& p : a.phases) {
      const chip::Shares& s = p.seconds;
      const std::pair<const char*, double> parts[] = {{"compute", s.compute},
                                                      {"memory", s.memory},
                                                      {"link", s.link},
                                                      {"launch", s.launch},
                                                      {"host", s.host}};
      for (const auto& [name, seconds] : parts) {
        const std::string share = number(seconds / std::max(s.total(), 1e-300));
        table.rows.push_back(
            {a.chip->id, "share " + std::string(name) + ", " + p.name, "", share, share, share});
      }
    }
  }
  std::fputs(as_csv(table).c_str(), stdout);
}

/// Beside the file first, so that a reader never sees half of it.
bool write_whole(const std::string& path, const std::string& text) {
  const std::string beside = path + "." + std::to_string(getpid()) + ".new";
  {
    std::ofstream out(beside, std::ios::binary);
    out << text;
    if (!out.flush()) {
      std::remove(beside.c_str());
      return false;
    }
  }
  if (std::rename(beside.c_str(), path.c_str()) == 0) return true;
  std::remove(beside.c_str());
  return false;
}

int list_models() {
  Table table{{"id", "name", "parameters", "active", "sizes from"}, {}};
  for (const std::string& id : workload::preset_ids()) {
    const auto model = workload::find_model(id);
    if (!model) return refuse(model.error().message);
    const workload::Model& m = model.value();
    table.rows.push_back({id, m.name, workload::count_text(m.parameters()),
                          m.decoder ? workload::count_text(m.active_parameters()) : "-",
                          m.source + (m.uncertain.empty() ? "" : " (uncertain: " + m.uncertain + ")")});
  }
  std::fputs(as_text(table).c_str(), stdout);
  return kOk;
}

/// Mixed-precision Adam: weights and gradients in 16 bits, master weights and two moments in 32.
int training(const workload::Model& m) {
  return refuse("training " + m.name +
                " is out of scope: use a training-class chip. Training keeps 16 bytes a parameter (" +
                gib(16 * m.parameters()) + " here, " + gib(2 * m.parameters()) +
                " for inference), exchanges gradients every step, and no training run on a PPU is published "
                "to calibrate "
                "on. `ppu estimate` answers for inference.");
}

}  // namespace

int estimate(const EstimateOptions& o) {
  if (o.models) return list_models();
  if (o.model.empty())
    return refuse("wants a model: a preset (--models lists them), a config.json or an .onnx file");
  workload::ReadOptions read{.tokens = double(o.in)};
  auto model = workload::load_model(o.model, read);
  if (!model) return refuse(model.error().message);
  if (o.training) return training(model.value());
  const Question q = question_of(o, std::move(model).value());
  std::vector<Answer> answers;
  std::vector<std::string> names = o.chips;
  if (names.empty()) names.push_back(chip::current().id);
  for (const std::string& name : names) {
    const Result<const chip::Chip*> chip = chip::resolve(name);
    if (!chip) return refuse(chip.error().message);
    Result<Answer> answer = workload::estimate(q, *chip.value());
    if (!answer) return refuse(answer.error().message);
    answers.push_back(std::move(answer).value());
  }
  bool any = false;
  for (const Answer& a : answers) any |= a.refusal.empty();
  if (!any) {  // nothing is written for nothing
    for (const Answer& a : answers) refuse(std::string(a.chip->name) + ": " + a.refusal);
    return kUsage;
  }
  if (!o.html.empty() && !write_whole(o.html, workload::html_report(q, answers)))
    return refuse(o.html + ": can't be written");
  if (o.json)
    print_json(q, answers);
  else if (o.csv)
    print_csv(answers);
  else
    print_table(q, answers);
  return kOk;
}

}  // namespace ppu::tools

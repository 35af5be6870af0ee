// `ppu chips`: lists chips, shows every number of one with its source, compares several. Chips are those of
// chips/*.toml and the user's own files. Not here: predictions.
#include <cstdio>
#include <nlohmann/json.hpp>

#include "chip/chip.h"
#include "chip/show.h"
#include "tools/ppu/commands.h"
#include "tools/ppu/table.h"

namespace ppu::tools {
namespace {

using chip::Chip;
using nlohmann::ordered_json;

void print(const Table& table, bool csv) {
  std::fputs((csv ? as_csv(table) : as_text(table)).c_str(), stdout);
}

std::string kind_of(chip::Confidence confidence) {
  return confidence == chip::Confidence::kAssumed ? "unknown (assumed)" : chip::confidence_name(confidence);
}

void say_kind(ordered_json& out, chip::Confidence confidence) {
  const bool assumed = confidence == chip::Confidence::kAssumed;
  out["kind"] = assumed ? "unknown" : chip::confidence_name(confidence);
  out["assumed"] = assumed;
}

ordered_json json_of(const chip::Quantity& q, const char* unit) {
  ordered_json out;
  const auto number = [&](double v) { return q.has_number() ? ordered_json(v) : ordered_json(nullptr); };
  out["value"] = number(q.value), out["low"] = number(q.low), out["high"] = number(q.high);
  out["unit"] = unit;
  say_kind(out, q.confidence);
  out["source"] = q.source;
  return out;
}

ordered_json json_of(const Chip& c) {
  ordered_json out = {{"id", c.id}, {"name", c.name}, {"vendor", c.vendor}};
  out["compute_capability"] =
      c.runs_cuda() ? ordered_json(std::to_string(c.cc_major) + "." + std::to_string(c.cc_minor))
                    : ordered_json(nullptr);
#define FACT(key, allowed, meaning)               \
  out["facts"][#key]["value"] = c.key.value;      \
  say_kind(out["facts"][#key], c.key.confidence); \
  out["facts"][#key]["source"] = c.key.source;
#include "chip/chip_facts.inc"
#undef FACT
#define FIELD(key, unit, meaning) out["numbers"][#key] = json_of(c.key, unit);
#include "chip/chip_fields.inc"
#undef FIELD
  return out;
}

std::string capability(const Chip& c) {
  return c.runs_cuda() ? std::to_string(c.cc_major) + "." + std::to_string(c.cc_minor) : "-";
}

void list(bool csv) {
  Table table{
      {"id", "name", "cc", "year", "memory GiB", "GB/s", "BF16 TF/s", "INT8 TOPS", "link GB/s", "TDP W"}, {}};
  for (const Chip& c : chip::all())
    table.rows.push_back({c.id, c.name, capability(c), text_of(c.launch_year), text_of(c.memory_gib),
                          text_of(c.memory_gbps), text_of(c.bf16_tflops), text_of(c.int8_tops),
                          text_of(c.link_gbps), text_of(c.tdp_w)});
  print(table, csv);
  if (csv) return;
  std::printf(
      "\n%s\n`ppu chips show NAME` prints every number with its source; `ppu chips compare A B` sets them "
      "side by side.\nA chip of your own is a file: docs/chips.md.\n",
      chip::legend_of_marks());
}

void show(const Chip& c, bool csv) {
  Table table{{"number", "value", "unit", "interval", "kind", "source"}, {}};
  if (csv) table.head.insert(table.head.begin(), "chip");
  const auto add = [&](std::vector<std::string> row) {
    if (csv) row.insert(row.begin(), c.id);
    table.rows.push_back(std::move(row));
  };
#define FACT(key, allowed, meaning) add({#key, c.key.value, "", "", kind_of(c.key.confidence), c.key.source});
#include "chip/chip_facts.inc"
#undef FACT
#define FIELD(key, unit, meaning)                                                                       \
  add({#key, c.key.has_number() ? chip::number_text(c.key.value) : "unknown", unit, interval_of(c.key), \
       kind_of(c.key.confidence), c.key.source});
#include "chip/chip_fields.inc"
#undef FIELD
  if (!csv)
    std::printf("%s (%s): %s, %s\n\n", c.name, c.id, c.vendor,
                c.runs_cuda() ? ("compute capability " + capability(c)).c_str() : "runs no CUDA programs");
  print(table, csv);
}

void compare(const std::vector<const Chip*>& chips, bool csv) {
  Table table{{"number", "unit"}, {}};
  for (const Chip* c : chips) table.head.push_back(c->id);
  const auto add = [&](const char* key, const char* unit, const auto& cell) {
    std::vector<std::string> row = {key, unit};
    for (const Chip* c : chips) row.push_back(cell(*c));
    table.rows.push_back(std::move(row));
  };
#define FIELD(key, unit, meaning) add(#key, unit, [](const Chip& c) { return text_of(c.key); });
#include "chip/chip_fields.inc"
#undef FIELD
#define FACT(key, allowed, meaning) add(#key, "", [](const Chip& c) { return text_of(c.key); });
#include "chip/chip_facts.inc"
#undef FACT
  print(table, csv);
  if (!csv) std::printf("\n%s\n", chip::legend_of_marks());
}

/// The chips of the command line; false (with a message) when one isn't there.
bool resolve_all(const std::vector<std::string>& names, std::vector<const Chip*>* chips) {
  for (const std::string& name : names) {
    const Result<const Chip*> chip = chip::resolve(name);
    if (!chip) {
      std::fprintf(stderr, "ppu: chips: %s\n", chip.error().message.c_str());
      return false;
    }
    chips->push_back(chip.value());
  }
  return true;
}

}  // namespace

int chips(const ChipsOptions& options) {
  std::vector<const Chip*> wanted;
  if (!resolve_all(options.names, &wanted)) return kUsage;
  if (options.json) {
    if (options.names.empty())
      for (const Chip& c : chip::all()) wanted.push_back(&c);
    ordered_json out = ordered_json::array();
    for (const Chip* c : wanted) out.push_back(json_of(*c));
    std::printf("%s\n", out.dump(2).c_str());
    return kOk;
  }
  if (options.compare)
    compare(wanted, options.csv);
  else if (wanted.empty())
    list(options.csv);
  else
    for (const Chip* c : wanted) show(*c, options.csv);
  return kOk;
}

}  // namespace ppu::tools

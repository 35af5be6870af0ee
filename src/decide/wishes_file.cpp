// See wishes_file.h.
#include "decide/wishes_file.h"

#define TOML_EXCEPTIONS 0
#include <toml++/toml.h>

#include <cmath>
#include <cstdio>
#include <cstdlib>

namespace ppu::decide {
namespace {

std::string number(double value) {
  char text[32];
  std::snprintf(text, sizeof text, "%g", value);
  return text;
}

Error at(const std::string& path, const toml::node& node, const std::string& what) {
  return bad_input(path + ":" + std::to_string(node.source().begin.line) + ": " + what);
}

/// The same error with the place in the file.
Status placed(const std::string& path, const toml::node& node, const Status& status) {
  return status ? status : Status(at(path, node, status.error().message));
}

std::string known_keys() {
  std::string out;
#define TEXT(key, standard, allowed, meaning) out += #key ", ";
#define NUMBER(key, standard, least, most, meaning) out += #key ", ";
#define FLAG(key, standard, meaning) out += #key ", ";
#include "decide/wishes.inc"
  return out + "chips, [weights], [rent_usd_h], [price_usd], [supply_pct]";
}

Status text_allowed(const char* key, const std::string& value, const std::string& allowed) {
  if (allowed.empty() || ("|" + allowed + "|").find("|" + value + "|") != std::string::npos) return Unit{};
  return bad_input(std::string(key) + ": `" + value + "` is none of " + allowed);
}

Status number_allowed(const char* key, double value, double least, double most) {
  if (value >= least && value <= most) return Unit{};
  return bad_input(std::string(key) + ": " + number(value) + " is outside " + number(least) + " to " +
                   number(most));
}

Status weight_allowed(const std::string& key, double weight) {
  std::string criteria;
  for (size_t i = 0; i < kCriteria; ++i)
    criteria += (i ? ", " : "") + std::string(criterion_name(Criterion(i)));
  if ((", " + criteria + ",").find(", " + key + ",") == std::string::npos)
    return bad_input("weight of `" + key + "`: the criteria are " + criteria);
  if (!(weight >= 0 && std::isfinite(weight)))
    return bad_input("weight of " + key + ": wants a finite number of at least 0");
  return Unit{};
}

Status in_order(const Range& r) {
  if (r.low >= 0 && r.low <= r.middle && r.middle <= r.high && std::isfinite(r.high)) return Unit{};
  return bad_input("wants 0 <= low <= middle <= high, not " + number(r.low) + ", " + number(r.middle) + ", " +
                   number(r.high));
}

/// A number, or [low, middle, high].
Status read_range(const std::string& path, const toml::node& node, Range* out) {
  if (node.is_number()) {
    *out = Range::exactly(*node.value<double>());
  } else {
    const toml::array* list = node.as_array();
    if (!list || list->size() != 3 || !(*list)[0].is_number() || !(*list)[1].is_number() ||
        !(*list)[2].is_number())
      return at(path, node, "wants a number or [low, middle, high]");
    *out = {*(*list)[0].value<double>(), *(*list)[1].value<double>(), *(*list)[2].value<double>()};
  }
  return placed(path, node, in_order(*out));
}

Status read_ranges(const std::string& path, const toml::node& node, std::map<std::string, Range>* out) {
  const toml::table* table = node.as_table();
  if (!table) return at(path, node, "wants a table: \"ppu-810e\" = [0.8, 1.2, 2.0]");
  for (const auto& [chip, value] : *table)
    if (const Status ok = read_range(path, value, &(*out)[std::string(chip.str())]); !ok) return ok;
  return Unit{};
}

Status read_weights(const std::string& path, const toml::node& node, std::map<std::string, double>* out) {
  const toml::table* table = node.as_table();
  if (!table) return at(path, node, "wants a table: performance = 1");
  for (const auto& [key, value] : *table) {
    if (!value.is_number()) return at(path, value, "`" + std::string(key.str()) + "` wants a number");
    const double weight = (*out)[std::string(key.str())] = *value.value<double>();
    if (const Status ok = weight_allowed(std::string(key.str()), weight); !ok) return placed(path, value, ok);
  }
  return Unit{};
}

Status read_chips(const std::string& path, const toml::node& node, std::vector<std::string>* out) {
  const toml::array* list = node.as_array();
  if (!list) return at(path, node, "chips wants a list: [\"ppu-810e\", \"h20\"]");
  out->clear();
  for (const toml::node& one : *list) {
    if (!one.is_string()) return at(path, one, "chips wants names or paths in quotes");
    out->push_back(*one.value<std::string>());
  }
  return Unit{};
}

Status read_key(const std::string& path, const std::string& name, const toml::node& node, Request* r) {
#define TEXT(key, standard, allowed, meaning)                                     \
  if (name == #key) {                                                             \
    if (!node.is_string()) return at(path, node, #key " wants a text in quotes"); \
    r->key = *node.value<std::string>();                                          \
    return placed(path, node, text_allowed(#key, r->key, allowed));               \
  }
#define NUMBER(key, standard, least, most, meaning)                       \
  if (name == #key) {                                                     \
    if (!node.is_number()) return at(path, node, #key " wants a number"); \
    r->key = *node.value<double>();                                       \
    return placed(path, node, number_allowed(#key, r->key, least, most)); \
  }
#define FLAG(key, standard, meaning)                                            \
  if (name == #key) {                                                           \
    if (!node.is_boolean()) return at(path, node, #key " wants true or false"); \
    r->key = *node.value<bool>();                                               \
    return Unit{};                                                              \
  }
#include "decide/wishes.inc"
  if (name == "chips") return read_chips(path, node, &r->chips);
  if (name == "weights") return read_weights(path, node, &r->weights);
  if (name == "rent_usd_h") return read_ranges(path, node, &r->rent_usd_h);
  if (name == "price_usd") return read_ranges(path, node, &r->price_usd);
  if (name == "supply_pct") return read_ranges(path, node, &r->supply_pct);
  return at(path, node, "`" + name + "` is none of " + known_keys());
}

}  // namespace

Status read_request(const std::string& path, Request* request) {
  const toml::parse_result parsed = toml::parse_file(path);
  if (!parsed) {
    const toml::parse_error& e = parsed.error();
    return bad_input(path + ":" + std::to_string(e.source().begin.line) + ": " +
                     std::string(e.description()));
  }
  for (const auto& [key, node] : parsed.table())
    if (const Status ok = read_key(path, std::string(key.str()), node, request); !ok) return ok;
  return Unit{};
}

Status check(const Request& r) {
#define TEXT(key, standard, allowed, meaning) \
  if (const Status ok = text_allowed(#key, r.key, allowed); !ok) return ok;
#define NUMBER(key, standard, least, most, meaning) \
  if (const Status ok = number_allowed(#key, r.key, least, most); !ok) return ok;
#define FLAG(key, standard, meaning)
#include "decide/wishes.inc"
  for (const auto& [key, weight] : r.weights)
    if (const Status ok = weight_allowed(key, weight); !ok) return ok;
  double sum = 0;
  for (const double w : wishes_of(r).weights) sum += w;
  if (!(sum > 0)) return bad_input("weights: at least one has to be above 0");
  for (const auto& [chip, range] : r.supply_pct)
    if (range.high > 100) return bad_input("supply of " + chip + ": wants percent, 0 to 100");
  return Unit{};
}

Result<Range> range_of(const std::string& text) {
  std::vector<double> v;
  for (const char* p = text.c_str();; ++p) {
    char* end = nullptr;
    v.push_back(std::strtod(p, &end));
    const bool is_number = end != p && (*end == ',' || *end == 0);
    p = end;
    if (!is_number || v.size() > 3 || (*p == 0 && v.size() == 2))
      return bad_input("`" + text + "` wants a number, or low,middle,high");
    if (*p == 0) break;
  }
  const Range out = v.size() == 1 ? Range::exactly(v[0]) : Range{v[0], v[1], v[2]};
  if (const Status ok = in_order(out); !ok) return ok.error();
  return out;
}

Wishes wishes_of(const Request& r) {
  Wishes w;
  w.training = r.purpose == "training";
  w.must_follow_rules = r.must_follow_rules;
  w.bears_export_risk = r.bears_export_risk;
  w.buys = r.buys;
  w.least_supply_pct = r.least_supply_pct;
  w.least_share_of_best = r.least_share_of_best_pct / 100;
  if (r.premium_pct >= 0) w.premium = r.premium_pct / 100;
  for (const auto& [key, weight] : r.weights)
    for (size_t i = 0; i < kCriteria; ++i)
      if (key == criterion_name(Criterion(i))) w.weights[i] = weight;
  return w;
}

}  // namespace ppu::decide

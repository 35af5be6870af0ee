// See config_fields.h.
#include "workload/config_fields.h"

#include <algorithm>
#include <cmath>

namespace ppu::workload {

using nlohmann::json;

const json* ConfigFields::find(std::initializer_list<const char*> names) const {
  for (const char* name : names) {
    const auto at = json_.find(name);
    if (at != json_.end() && !at->is_null()) return &*at;
  }
  return nullptr;
}

void ConfigFields::fail(const std::string& message) {
  if (message_.empty()) message_ = where_ + ": " + message;
}

double ConfigFields::need(std::initializer_list<const char*> names) {
  if (find(names)) return get(names, 1);
  std::string all;
  for (const char* name : names) all += (all.empty() ? "`" : " or `") + std::string(name) + "`";
  fail(all + " is missing; this kind of model can't be sized without it");
  return 1;
}

double ConfigFields::get(std::initializer_list<const char*> names, double otherwise) {
  const json* value = find(names);
  if (!value) return otherwise;
  // A size given layer by layer is one if they all are the same.
  if (value->is_array() && !value->empty() &&
      std::all_of(value->begin(), value->end(), [&](const json& one) { return one == (*value)[0]; }))
    value = &(*value)[0];
  // Sizes beyond 1e9 are nobody's; they would overflow the counts they are multiplied into.
  const double number = value->is_number() ? value->get<double>() : -1;
  if (number >= 0 && number <= 1e9) return number;
  fail("`" + std::string(*names.begin()) + "` is " + value->dump().substr(0, 40) +
       "; a number from 0 to 1e9 is allowed");
  return otherwise;
}

bool ConfigFields::flag(const char* name, bool otherwise) const {
  const json* value = find({name});
  return value && value->is_boolean() ? value->get<bool>() : otherwise;
}

std::string ConfigFields::text(std::initializer_list<const char*> names, const char* otherwise) const {
  const json* value = find(names);
  return value && value->is_string() ? value->get<std::string>() : otherwise;
}

std::vector<double> ConfigFields::numbers(const char* name) {
  std::vector<double> all;
  const json* value = find({name});
  if (!value || !value->is_array()) return all;
  for (const json& one : *value) {
    const double n = one.is_number() ? one.get<double>() : -1;
    if (!(n >= 0 && n <= 1e9)) fail("`" + std::string(name) + "` wants numbers from 0 to 1e9");
    all.push_back(n);
  }
  return all;
}

std::vector<std::string> ConfigFields::texts(const char* name) const {
  std::vector<std::string> all;
  if (const json* value = find({name}); value && value->is_array())
    for (const json& one : *value) all.push_back(one.is_string() ? one.get<std::string>() : "");
  return all;
}

bool ConfigFields::has(const char* name) const {
  return find({name}) != nullptr;
}

}  // namespace ppu::workload

// Names to models: presets by loose spelling, files by path.
#include "workload/presets.h"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <nlohmann/json.hpp>

#include "workload/config.h"
#include "workload/model.h"
#include "workload/onnx.h"

namespace ppu::workload {
namespace {

/// What may follow a model's name without making it another size. Longer ones first where one ends another.
constexpr std::string_view kSuffixes[] = {
    "instruct", "chat",     "hf",      "base",  "it",      "fp8",    "bf16", "fp16",        "int8", "int4",
    "fp4",      "mxfp4",    "nvfp4",   "w4a16", "w8a8",    "awq",    "gptq", "999",         "99",   "v01",
    "v02",      "v03",      "v1",      "v15",   "2507",    "0528",   "0324", "interactive", "1106", "2512",
    "think",    "thinking", "dynamic", "kv",    "preview", "latest", "0905"};

std::string squeezed(std::string_view name) {
  std::string key;
  for (const char c : name) {
    if (c >= 'A' && c <= 'Z') key += char(c + 32);
    if ((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9')) key += c;
  }
  return key;
}

/// "org/Name-7B-Instruct-FP8" -> "name7b"; words go from the end as long as they are suffixes.
std::string trimmed(std::string_view name) {
  if (const size_t slash = name.rfind('/'); slash != name.npos) name.remove_prefix(slash + 1);
  for (bool more = true; more;) {
    more = false;
    const size_t cut = name.find_last_of("-_: ");
    if (cut == name.npos || cut == 0) break;
    const std::string last = squeezed(name.substr(cut + 1));
    for (const std::string_view suffix : kSuffixes)
      if (last == suffix) more = true;
    if (more) name = name.substr(0, cut);
  }
  return squeezed(name);
}

/// Networks that people ask for and whose time no shapes of layers tell.
constexpr struct {
  std::string_view key, why;
} kNotModelled[] = {
    {"rgat",
     "a graph network: its time is that of sampling neighbours and fetching their features from the host's "
     "memory"},
    {"pointpainting", "its time is that of the points' scatter into pillars, which the scene decides"},
    {"minigo", "its time is that of a tree search on the host"},
    {"ncf", "only its training is a benchmark"},
};

std::string why_not(const std::string& key) {
  for (const auto& [name, why] : kNotModelled)
    if (key.starts_with(name)) return std::string(why);
  return "";
}

struct Names {
  const Preset* preset;
  std::vector<std::string> keys;
};

const std::vector<Names>& all_names() {
  static const std::vector<Names> all = [] {
    std::vector<Names> rows;
    for (const Preset& p : embedded_presets()) {
      Names row{&p, {squeezed(p.id)}};
      const auto root = nlohmann::json::parse(p.text, nullptr, false);
      if (!root.is_discarded() && root.contains("ppu")) {
        row.keys.push_back(squeezed(root["ppu"].value("name", "")));
        for (const auto& alias : root["ppu"].value("aliases", std::vector<std::string>{}))
          row.keys.push_back(squeezed(alias));
      }
      rows.push_back(std::move(row));
    }
    return rows;
  }();
  return all;
}

const Preset* preset_of(const std::string& key) {
  for (const Names& row : all_names())
    if (std::find(row.keys.begin(), row.keys.end(), key) != row.keys.end()) return row.preset;
  return nullptr;
}

size_t distance(const std::string& a, const std::string& b) {
  std::vector<size_t> row(b.size() + 1);
  for (size_t j = 0; j <= b.size(); ++j) row[j] = j;
  for (size_t i = 1; i <= a.size(); ++i) {
    size_t diagonal = row[0]++;
    for (size_t j = 1; j <= b.size(); ++j) {
      const size_t swap = diagonal + (a[i - 1] != b[j - 1]);
      diagonal = row[j];
      row[j] = std::min({row[j] + 1, row[j - 1] + 1, swap});
    }
  }
  return row[b.size()];
}

std::string nearest(const std::string& key) {
  std::vector<std::pair<size_t, std::string_view>> near;
  for (const Names& row : all_names())
    near.emplace_back(distance(key, squeezed(row.preset->id)), row.preset->id);
  std::sort(near.begin(), near.end());
  std::string list;
  for (size_t i = 0; i < std::min<size_t>(4, near.size()); ++i)
    list += (i ? ", " : "") + std::string(near[i].second);
  return list;
}

Result<std::string> file_text(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  if (!in) return bad_input(path + ": can't be read");
  return std::string(std::istreambuf_iterator<char>(in), {});
}

}  // namespace

Result<Model> find_model(std::string_view name) {
  const Preset* preset = preset_of(squeezed(name));
  if (!preset && name.find('/') != name.npos) preset = preset_of(squeezed(name.substr(name.rfind('/') + 1)));
  if (!preset) preset = preset_of(trimmed(name));
  if (const std::string why = preset ? "" : why_not(trimmed(name)); !why.empty())
    return bad_input(std::string(name) + ": not modelled: " + why +
                     "; an ONNX export of its dense part can be read");
  if (!preset)
    return bad_input(std::string(name) + ": no preset and no file of that name; near ones: " +
                     nearest(trimmed(name)) + " (`ppu estimate --models` lists all)");
  Result<Model> model = read_config(preset->text, "models/" + std::string(preset->id) + ".json");
  if (model) model->id = preset->id;
  return model;
}

Result<Model> load_model(const std::string& what, const ReadOptions& options) {
  namespace fs = std::filesystem;
  std::error_code ignored;
  std::string path = what;
  if (fs::is_directory(path, ignored)) path += "/config.json";
  if (path.ends_with(".onnx")) return read_onnx(path, options);
  if (!path.ends_with(".json") && !fs::is_regular_file(path, ignored)) return find_model(what);
  const Result<std::string> text = file_text(path);
  if (!text) return text.error();
  Result<Model> model = read_config(text.value(), path);
  if (model && model.value().encodes_prompt && options.tokens > 0)
    model.value().encoder_tokens = options.tokens;
  return model;
}

std::vector<std::string> preset_ids() {
  std::vector<std::string> ids;
  for (const Preset& p : embedded_presets()) ids.emplace_back(p.id);
  std::sort(ids.begin(), ids.end());
  return ids;
}

}  // namespace ppu::workload

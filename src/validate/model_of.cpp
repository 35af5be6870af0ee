// Which model a row names. One that no preset has, but whose name says its size, is taken for the nearest
// preset of dense layers, with as many of them as make that size.
#include <algorithm>
#include <cctype>
#include <cmath>

#include "validate/row_kinds.h"
#include "validate/words.h"

namespace ppu::validate {
namespace {

constexpr double kFamily = 0.7;  // of a logarithm of sizes, that a name with the same beginning is worth
constexpr size_t kFamilyLetters = 4;

/// Parameters by a name such as "Yi-1.5-34B-Chat"; 0 when it says none, or names a mixture of experts.
double size_in(const std::string& name) {
  for (size_t i = 1; i < name.size(); ++i) {
    if (name[i] != 'b' || !std::isdigit(static_cast<unsigned char>(name[i - 1]))) continue;
    if (i + 1 < name.size() && std::isalnum(static_cast<unsigned char>(name[i + 1]))) continue;
    size_t first = i;
    while (first > 0 && (std::isdigit(static_cast<unsigned char>(name[first - 1])) || name[first - 1] == '.'))
      --first;
    const bool experts = first > 0 && (name[first - 1] == 'x' || name[first - 1] == 'a');
    if (experts) return 0;
    return std::strtod(name.c_str() + first, nullptr) * 1e9;
  }
  return 0;
}

bool is_dense(const workload::Model& model) {
  if (!model.decoder || model.encoder) return false;
  for (const workload::Layers& layers : model.decoder->layers)
    if (layers.feed.experts > 0) return false;
  return true;
}

Result<workload::Model> of_size(const std::string& name, double size, const Question& q,
                                const Error& unknown) {
  Result<workload::Model> best = unknown;
  double least = 1e9;
  for (const std::string& id : workload::preset_ids()) {
    Result<workload::Model> model = workload::find_model(id);
    if (!model || !is_dense(model.value())) continue;
    double distance = std::abs(std::log(model.value().parameters() / size));
    if (id.substr(0, kFamilyLetters) == name.substr(0, kFamilyLetters)) distance -= kFamily;
    if (distance < least) least = distance, best = std::move(model);
  }
  if (!best) return unknown;
  workload::Transformer& decoder = *best->decoder;
  const double fixed = decoder.embedding_parameters() + decoder.head_parameters();
  const double scale = (size - fixed) / (decoder.parameters() - fixed);
  if (!(scale > 0)) return unknown;
  for (workload::Layers& layers : decoder.layers)
    layers.count = std::max(1.0, std::round(layers.count * scale));
  q.assume("layers as " + best->name + "'s");
  return best;
}

}  // namespace

Result<workload::Model> model_of(const Question& q) {
  Result<workload::Model> known = workload::find_model(q.row.model);
  if (known) return known;
  std::string name = lower_case(q.row.model);
  if (const size_t slash = name.rfind('/'); slash != name.npos) name.erase(0, slash + 1);
  const Error unknown = unsupported(known.error().message);
  const double size = size_in(name);
  if (size < 1e8) return unknown;
  return of_size(name, size, q, unknown);
}

}  // namespace ppu::validate

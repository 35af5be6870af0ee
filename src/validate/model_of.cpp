// Which model a row names. One that no preset has, but whose name says its size, is taken for the nearest
// preset of its kind, dense or of experts, with as many layers as make that size.
#include <algorithm>
#include <cctype>
#include <cmath>

#include "validate/row_kinds.h"
#include "validate/words.h"

namespace ppu::validate {
namespace {

constexpr double kFamily = 0.7;  // of a logarithm of sizes, that a name with the same beginning is worth
constexpr size_t kFamilyLetters = 4;

/// Parameters, all and those that a token passes through; `active` is 0 where the model has no experts.
struct Size {
  double all = 0, active = 0;
};

/// By a name such as "Yi-1.5-34B-Chat" or "Foo-100B-A10B"; nothing for one that says less or otherwise
/// ("8x7B").
Size size_in(const std::string& name) {
  Size size;
  for (size_t i = 1; i < name.size(); ++i) {
    const double unit = name[i] == 'b' ? 1e9 : name[i] == 't' ? 1e12 : 0;
    if (unit == 0 || !std::isdigit(static_cast<unsigned char>(name[i - 1]))) continue;
    if (i + 1 < name.size() && std::isalnum(static_cast<unsigned char>(name[i + 1]))) continue;
    size_t first = i;
    while (first > 0 && (std::isdigit(static_cast<unsigned char>(name[first - 1])) || name[first - 1] == '.'))
      --first;
    const char before = first > 0 ? name[first - 1] : ' ';
    if (before == 'x') return {};
    (before == 'a' ? size.active : size.all) = std::strtod(name.c_str() + first, nullptr) * unit;
  }
  return size.active < size.all ? size : Size{};
}

bool has_experts(const workload::Model& model) {
  for (const workload::Layers& layers : model.decoder->layers)
    if (layers.feed.experts > 0) return true;
  return false;
}

Result<workload::Model> of_size(const std::string& name, const Size& size, const Question& q,
                                const Error& unknown) {
  Result<workload::Model> best = unknown;
  double least = 1e9;
  for (const std::string& id : workload::preset_ids()) {
    Result<workload::Model> model = workload::find_model(id);
    if (!model || !model->decoder || model->encoder) continue;
    if (has_experts(model.value()) != size.active > 0) continue;
    double distance = std::abs(std::log(model->parameters() / size.all));
    if (size.active > 0) distance += std::abs(std::log(model->active_parameters() / size.active));
    if (id.substr(0, kFamilyLetters) == name.substr(0, kFamilyLetters)) distance -= kFamily;
    if (distance < least) least = distance, best = std::move(model);
  }
  if (!best) return unknown;
  workload::Transformer& decoder = *best->decoder;
  const double fixed = decoder.embedding_parameters() + decoder.head_parameters();
  const double scale = (size.all - fixed) / (decoder.parameters() - fixed);
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
  const Size size = size_in(name);
  if (size.all < 1e8) return unknown;
  return of_size(name, size, q, unknown);
}

}  // namespace ppu::validate

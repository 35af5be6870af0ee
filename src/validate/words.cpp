// See words.h.
#include "validate/words.h"

#include <algorithm>
#include <cctype>
#include <cmath>
#include <cstdlib>

namespace ppu::validate {

std::string lower_case(std::string_view text) {
  std::string out;
  for (const char c : text) out += char(std::tolower(static_cast<unsigned char>(c)));
  return out;
}

std::string letters_and_digits(std::string_view text) {
  std::string out;
  for (const char c : lower_case(text))
    if (std::isalnum(static_cast<unsigned char>(c))) out += c;
  return out;
}

bool contains(std::string_view text, std::string_view part) {
  return lower_case(text).find(lower_case(part)) != std::string::npos;
}

std::string words_of(const Row& row) {
  return row.model + " " + row.scenario;
}

bool names(const Row& row, std::initializer_list<const char*> words) {
  return std::any_of(words.begin(), words.end(),
                     [said = words_of(row)](const char* one) { return contains(said, one); });
}

std::optional<double> number_at(std::string_view text, std::string_view word) {
  const std::string in = lower_case(text), wanted = lower_case(word);
  for (size_t at = in.find(wanted); at != in.npos; at = in.find(wanted, at + 1)) {
    // A word of its own: "tp" is not found in "output".
    if (at > 0 && std::isalpha(static_cast<unsigned char>(in[at - 1]))) continue;
    size_t digits = at + wanted.size();
    while (digits < in.size() && std::string_view(" =:-_").find(in[digits]) != std::string_view::npos)
      ++digits;
    if (digits >= in.size() || !std::isdigit(static_cast<unsigned char>(in[digits]))) continue;
    char* end = nullptr;
    const double number = std::strtod(in.c_str() + digits, &end);
    return *end == 'k' && !std::isalnum(static_cast<unsigned char>(end[1])) ? 1024 * number : number;  // "4k"
  }
  return std::nullopt;
}

NamedNumbers::NamedNumbers(std::string_view text) {
  const std::string in = lower_case(text);
  const auto letter = [&](size_t at) {
    return at < in.size() && (std::isalpha(static_cast<unsigned char>(in[at])) || in[at] == '_');
  };
  const auto digit = [&](size_t at) {
    return at < in.size() && std::isdigit(static_cast<unsigned char>(in[at]));
  };
  std::string name;
  for (size_t at = 0; at < in.size();) {
    if (digit(at)) {
      char* end = nullptr;
      double number = std::strtod(in.c_str() + at, &end);
      at = size_t(end - in.c_str());
      if (at < in.size() && in[at] == 'k' && !letter(at + 1) && !digit(at + 1)) number *= 1024, ++at;
      if (!name.empty()) numbers_.emplace(name, number);
      name.clear();
    } else if (letter(at)) {
      for (name.clear(); letter(at); ++at) name += in[at];
    } else {
      if (std::string_view("=: ").find(in[at]) == std::string_view::npos) name.clear();
      ++at;
    }
  }
}

double NamedNumbers::of(Names names) const {
  for (const char* name : names)
    if (const auto at = numbers_.find(name); at != numbers_.end()) return at->second;
  return 0;
}

std::optional<double> bytes_in(std::string_view text) {
  const std::string in = lower_case(text);
  for (size_t at = 0; at < in.size(); ++at) {
    if (!std::isdigit(static_cast<unsigned char>(in[at]))) continue;
    char* end = nullptr;
    const double number = std::strtod(in.c_str() + at, &end);
    at = size_t(end - in.c_str());
    const size_t unit = in.find_first_not_of(' ', at);
    if (unit == in.npos) continue;
    const size_t power = std::string_view("kmg").find(in[unit]);
    const std::string_view rest = std::string_view(in).substr(unit + 1);
    const size_t letters = rest.starts_with("ib") ? 2 : rest.starts_with("b") ? 1 : 0;
    const bool ends = rest.size() == letters || !std::isalnum(static_cast<unsigned char>(rest[letters]));
    // "64 GB/s" is a rate.
    if (power == std::string_view::npos || letters == 0 || !ends || rest.substr(letters).starts_with("/"))
      continue;
    return std::ldexp(number, 10 * (int(power) + 1));
  }
  return std::nullopt;
}

bool names_expert_exchange(const Row& row) {
  const std::string words = row.model + " " + row.scenario + " " + row.metric;
  return contains(words, "dispatch") || contains(words, "combine");
}

bool attention_apart(const Row& row) {
  const double tp = number_at(row.scenario, "tp").value_or(0), dp = number_at(row.scenario, "dp").value_or(1);
  const double pp = number_at(row.scenario, "pp").value_or(1);
  return dp > 1 && tp * pp == row.chips && std::fmod(tp, dp) == 0;
}

Result<workload::Parallel> parallel_of(const Row& row, double dies) {
  workload::Parallel p;
  const auto tp = number_at(row.scenario, "tp"), pp = number_at(row.scenario, "pp");
  const auto dp = number_at(row.scenario, "dp");
  auto ep = number_at(row.scenario, "ep");
  for (const auto& part : {tp, pp, dp, ep})
    if (part && (*part < 1 || *part > 4096 || *part != int(*part)))
      return bad_input("scenario `" + row.scenario +
                       "`: degrees of parallelism are whole numbers from 1 to 4096");
  p.pp = int(pp.value_or(1)), p.dp = int(dp.value_or(1));
  double chips = row.chips;
  if (ep && dies > 1 && *ep == chips * dies) ep = chips;
  if (ep && chips <= 1) chips = std::max(chips, *ep);
  if (attention_apart(row)) {
    p.tp = int(*tp / *dp);
    p.ep = ep && *ep > 1 ? p.tp * p.dp : 1;
    return p;
  }
  // Experts over all chips and no word of tensors split: attention runs on each chip for itself.
  const bool wide = !tp && !pp && !dp && ep && *ep == chips;
  if (wide) p.dp = int(chips);
  p.tp = tp ? int(*tp) : std::max(1, int(chips / (p.pp * p.dp)));
  p.ep = int(ep.value_or(1));
  // Engines name EP by the whole group; one that is as large as tp x dp says that all of these chips are
  // there, whatever n_chips counts.
  if (p.chips() != int(chips) && p.ep != p.tp * p.dp && p.tp * p.pp <= int(chips))
    p.dp = int(chips) / (p.tp * p.pp);
  if (p.ep > p.tp * p.dp) {
    if (p.ep > int(chips))
      return bad_input("scenario `" + row.scenario + "` on " + std::to_string(int(chips)) +
                       " chip(s): experts are spread over at most tp x dp chips");
    p.dp = p.ep / p.tp;
  }
  return p;
}

std::string precision_in(std::string_view text) {
  struct Word {
    const char* word;
    const char* precision;
  };
  // Narrower ones first: "W4A16 with BF16 activations".
  constexpr Word kWords[] = {
      {"nvfp4", "nvfp4"}, {"mxfp4", "mxfp4"},   {"w4a8", "w4a16"},  {"w4a16", "w4a16"},  {"w4afp8", "w4a16"},
      {"int4", "w4a16"},  {"awq", "w4a16"},     {"gptq", "w4a16"},  {"fp4", "mxfp4"},    {"w8a16", "w8a16"},
      {"wo8", "w8a16"},   {"e2m1", "mxfp4"},    {"fp8", "fp8"},     {"e4m3", "fp8"},     {"e5m2", "fp8"},
      {"f8", "fp8"},      {"u8", "int8"},       {"int8", "int8"},   {"w8a8", "int8"},    {"i8", "int8"},
      {"bf16", "bf16"},   {"bfloat16", "bf16"}, {"fp16", "fp16"},   {"float16", "fp16"}, {"half", "fp16"},
      {"tf32", "tf32"},   {"fp32", "fp32"},     {"float32", "fp32"}};
  const std::string in = lower_case(text);
  for (const Word& w : kWords)
    if (in.find(w.word) != in.npos) return w.precision;
  return "";
}

bool names_precision(const Row& row) {
  return workload::find_precision(lower_case(row.precision)) || !precision_in(row.precision).empty();
}

Result<workload::Precision> precision_of(const Row& row, const workload::Model& model,
                                         const chip::Numbers& chip) {
  std::string name = lower_case(row.precision);
  if (name.empty()) {
    const std::string called = lower_case(row.model);
    for (const char* known : {"fp8", "int8", "int4", "awq", "gptq", "mxfp4", "nvfp4"})
      if (called.find(known) != called.npos) name = known;
    if (name.empty()) name = model.precision;
  }
  if (!workload::find_precision(
          name)) {  // "FP8 (block-wise)", "closed division": what they contain, or the model's own
    name = precision_in(name);
    if (name.empty()) name = model.precision;
  }
  if (name == "w8a8" && contains(row.software, "trt")) name = "fp8";
  if ((name == "fp4" || name == "mxfp4") && !contains(row.precision, "mx") && model.precision != "mxfp4")
    name = chip.fp4_tflops > 0 ? "nvfp4" : "w4a16";
  const bool engine_keeps_8_bits = contains(row.software, "trt");
  if (name == "fp8" && engine_keeps_8_bits) name += "+kv8";
  return workload::find_precision(name);
}

namespace {

/// "gemm 8x16x32", "gemm_fp8_8x16x32", "matmul (8, 16, 32)": three numbers with x or a comma between them.
std::optional<Shape> three_numbers(const std::string& text, std::string_view word) {
  const size_t begin = text.find(word);
  if (begin == text.npos) return std::nullopt;
  for (size_t at = begin + word.size(); at < text.size(); ++at) {
    if (!std::isdigit(static_cast<unsigned char>(text[at]))) continue;
    Shape shape;
    for (const char* form : {"%lf x%lf x%lf", "%lf ,%lf ,%lf", "%lf *%lf *%lf"})
      if (std::sscanf(text.c_str() + at, form, &shape.m, &shape.n, &shape.k) == 3 && shape.m > 0 &&
          shape.n > 0 && shape.k > 0)
        return shape;
    while (at < text.size() && std::isdigit(static_cast<unsigned char>(text[at]))) ++at;
  }
  return std::nullopt;
}

/// "[8, 32] x [32, 16]", "(8, 32) @ (32, 16)": the shapes of both operands.
std::optional<Shape> two_operands(std::string text) {
  std::replace_if(text.begin(), text.end(), [](unsigned char c) { return !std::isdigit(c); }, ' ');
  Shape shape;
  double inner = 0;
  int end = 0;
  const int found =
      std::sscanf(text.c_str(), "%lf %lf %lf %lf %n", &shape.m, &shape.k, &inner, &shape.n, &end);
  const bool whole = found == 4 && size_t(end) == text.size() && inner == shape.k;
  return whole && shape.m > 0 && shape.n > 0 && shape.k > 0 ? std::optional(shape) : std::nullopt;
}

}  // namespace

std::optional<Shape> shape_of(const Row& row) {
  const NamedNumbers named(words_of(row));
  Shape s{number_at(row.scenario, "M").value_or(named.of({"m"})),
          number_at(row.scenario, "N").value_or(named.of({"n"})),
          number_at(row.scenario, "K").value_or(named.of({"k"}))};
  if (s.m <= 0 && names(row, {"gemv"})) s.m = 1;
  if (s.m > 0 && s.n > 0 && s.k > 0) return s;
  // Nothing but numbers.
  if (row.scenario.find_first_not_of("0123456789xX*@,()[] ") == std::string::npos) {
    if (const auto found = two_operands(row.scenario)) return found;
    if (const auto found = three_numbers(lower_case(row.scenario), "")) return found;
  }
  for (const std::string* text : {&row.model, &row.scenario}) {
    Shape shape;
    for (const char* word : {"gemm", "matmul", "shape"})
      if (const auto found = three_numbers(lower_case(*text), word)) return found;
    const size_t head = lower_case(*text).find("lm head ");
    if (head != text->npos && std::sscanf(text->c_str() + head + 8, "%lfx%lf", &shape.n, &shape.k) == 2) {
      shape.m = row.batch > 0 ? row.batch : 1;
      return shape;
    }
  }
  return std::nullopt;
}

Result<double> seconds_in(const Row& row) {
  const std::string unit = lower_case(row.unit);
  if (unit == "s") return 1.0;
  if (unit == "ms") return 1e-3;
  if (unit == "us" || unit == "µs") return 1e-6;
  if (unit == "ns") return 1e-9;
  return unsupported("unit `" + row.unit + "` for " + row.metric + ": s, ms, us or ns is expected");
}

}  // namespace ppu::validate

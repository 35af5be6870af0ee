// The instruction table: all rows as data, and the matcher from an opcode's text to its row.
#include "isa/table.h"

#include <cstring>
#include <unordered_map>

namespace ppu::isa {
namespace {

/// Forms and vectors of every row, one pair of constants each.
#define ROW(id, text, meaning, ...)             \
  constexpr Form kForm_##id = parse_form(text); \
  constexpr std::string_view kVectors_##id[] = {__VA_ARGS__};
#define OP(id, text, emit, ref, program) constexpr Form kForm_##id = parse_form(text);
#include "isa/all_rows.inc"
#undef ROW
#undef OP

/// "isa/int.inc" of a path that ends so: the same text wherever the tree was built.
constexpr const char* short_file(const char* path) {
  const std::string_view s = path;
  const size_t at = s.rfind("isa/");
  return at == s.npos ? path : path + at;
}

constexpr Row kRows[] = {
#define ROW(id, text, meaning, ...) \
  {#id, text, kForm_##id, RowKind::kElement, kVectors_##id, short_file(__FILE__), __LINE__},
#define OP(id, text, emit, ref, program) \
  {#id, text, kForm_##id, RowKind::kOp, {}, short_file(__FILE__), __LINE__},
#include "isa/all_rows.inc"
#undef ROW
#undef OP
};

using Index = std::unordered_map<std::string_view, std::vector<uint16_t>>;

const Index& index_by_mnemonic() {
  static const Index* index = [] {
    Index* made = new Index;
    for (uint16_t i = 0; i < std::size(kRows); i++) (*made)[kRows[i].form.mnemonic].push_back(i);
    return made;
  }();
  return *index;
}

/// The choice of `slot` that `word` spells, as a view into the form; empty if none.
std::string_view take(const Slot& slot, std::string_view word) {
  if (!slot.choice) return slot.text == word ? slot.text : std::string_view{};
  for (std::string_view rest = slot.text;;) {
    const size_t bar = rest.find('|');
    if (rest.substr(0, bar) == word) return rest.substr(0, bar);
    if (bar == rest.npos) return {};
    rest.remove_prefix(bar + 1);
  }
}

/// Matches ".a.b.c" against the slots from `k` on; an optional slot is first taken, then left out.
bool match_slots(const Form& form, int k, std::string_view suffix, Mods& mods) {
  if (k == form.num_slots) return suffix.empty();
  if (!suffix.empty()) {
    const size_t end = suffix.find('.', 1);
    const std::string_view word = suffix.substr(1, end == suffix.npos ? end : end - 1);
    mods.got[k] = take(form.slots[k], word);
    if (!mods.got[k].empty() && match_slots(form, k + 1, suffix.substr(word.size() + 1), mods)) return true;
    mods.got[k] = {};
  }
  return form.slots[k].optional && match_slots(form, k + 1, suffix, mods);
}

/// Modifiers whose order says which operand they belong to.
int order_class(std::string_view word) {
  if (parse_type(word).kind != Kind::kNone) return 1;
  return word == "row" || word == "col" ? 2 : 0;
}

/// Gives each of `words` from `i` on a slot of its own.
bool match_words(const Form& form, std::span<const std::string_view> words, size_t i, Mods& mods) {
  if (i == words.size()) {
    for (int k = 0; k < form.num_slots; k++)
      if (mods.got[k].empty() && !form.slots[k].optional) return false;
    return true;
  }
  const int order = order_class(words[i]);
  int first = 0;
  for (int k = 0; order && k < form.num_slots; k++)
    if (!mods.got[k].empty() && order_class(mods.got[k]) == order) first = k + 1;
  for (int k = first; k < form.num_slots; k++) {
    if (!mods.got[k].empty()) continue;
    mods.got[k] = take(form.slots[k], words[i]);
    if (!mods.got[k].empty() && match_words(form, words, i + 1, mods)) return true;
    mods.got[k] = {};
  }
  return false;
}

}  // namespace

std::span<const Row> table() {
  return kRows;
}

std::optional<MatchResult> match(std::string_view opcode) {
  const size_t dot = opcode.find('.');
  const std::string_view mnemonic = opcode.substr(0, dot);
  const std::string_view suffix = dot == opcode.npos ? std::string_view{} : opcode.substr(dot);
  const Index& index = index_by_mnemonic();
  const auto found = index.find(mnemonic);
  if (found == index.end()) return std::nullopt;
  for (uint16_t row : found->second) {
    Mods mods;
    if (match_slots(kRows[row].form, 0, suffix, mods)) return MatchResult{row, mods};
  }
  return std::nullopt;
}

std::optional<MatchResult> match_any_order(std::string_view opcode) {
  std::vector<std::string_view> words;
  for (size_t dot = opcode.find('.'); dot != opcode.npos;) {
    const size_t end = opcode.find('.', dot + 1);
    words.push_back(opcode.substr(dot + 1, end == opcode.npos ? end : end - dot - 1));
    dot = end;
  }
  const Index& index = index_by_mnemonic();
  const auto found = index.find(opcode.substr(0, opcode.find('.')));
  if (found == index.end() || words.size() > kMaxSlots) return std::nullopt;
  for (uint16_t row : found->second) {
    Mods mods;
    if (match_words(kRows[row].form, words, 0, mods)) return MatchResult{row, mods};
  }
  return std::nullopt;
}

std::string forms_of(std::string_view mnemonic) {
  std::string forms;
  const Index& index = index_by_mnemonic();
  const auto found = index.find(mnemonic);
  if (found == index.end()) return forms;
  for (uint16_t row : found->second) {
    if (!forms.empty()) forms += "; ";
    forms += kRows[row].text;
  }
  return forms;
}

std::array<Type, 4> types_of(const Row& row, const Mods& mods) {
  std::array<Type, 4> types{};
  size_t n = 0;
  for (int k = 0; k < row.form.num_slots && n < types.size(); k++) {
    const Type type = parse_type(mods.got[k]);
    if (type.kind != Kind::kNone) types[n++] = type;
  }
  return types;
}

Type operand_type(const Row& row, const Mods& mods, int index) {
  return operand_type(row, types_of(row, mods), index);
}

Type operand_type(const Row& row, const std::array<Type, 4>& types, int index) {
  const FormOperand& operand = row.form.operands[index];
  using Rule = FormOperand::TypeRule;
  switch (operand.rule) {
    case Rule::kFixed:
      return operand.type;
    case Rule::kArgument:
      return types[operand.argument];
    case Rule::kAny:
      return {};
    case Rule::kWide:
      return {types[0].kind, uint8_t(types[0].bits * 2), types[0].packed};
    case Rule::kDefault:
      break;
  }
  switch (operand.shape) {
    case Shape::kAddress:
    case Shape::kObject:
      return {Kind::kU, 64, 1};
    case Shape::kConstant:
      return {Kind::kU, 32, 1};
    case Shape::kLabel:
    case Shape::kSymbol:
    case Shape::kList:
    case Shape::kRegisters:
      return {};
    case Shape::kValue:
    case Shape::kVector:
    case Shape::kTuple:
      break;
  }
  if (operand.is_dest) return types[0];
  Type last{};
  for (const Type& type : types)
    if (type.kind != Kind::kNone) last = type;
  return last;
}

bool reads_carry(const Row& row) {
  return row.form.mnemonic == "addc" || row.form.mnemonic == "subc" || row.form.mnemonic == "madc";
}

bool writes_carry(const Mods& mods) {
  return mods.has("cc");
}

}  // namespace ppu::isa

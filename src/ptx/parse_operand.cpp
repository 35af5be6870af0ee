// Operands of instructions (PTX ISA, "Instruction Operands").
#include "ptx/parser.h"
#include "ptx/special.h"

namespace ppu::ptx {
namespace {

constexpr int kMaxNesting = 8;  ///< of braces and brackets in one operand

Operand make_register(int32_t index) {
  Operand o;
  o.kind = Operand::Kind::kReg;
  o.index = index;
  return o;
}

Operand make_immediate(const Constant& c) {
  Operand o;
  o.kind = Operand::Kind::kImm;
  o.value = c.value;
  o.is_float = c.is_float;
  o.is_double = c.is_double;
  return o;
}

/// `.b0` ... `.h1` behind a register: part number of the video instructions; 0 if it is none.
uint8_t part_of(std::string_view directive) {
  constexpr std::string_view kParts[] = {".b0", ".b1", ".b2", ".b3", ".h0", ".h1"};
  for (size_t i = 0; i < std::size(kParts); i++)
    if (directive == kParts[i]) return uint8_t(i + 1);
  return 0;
}

/// Component of a vector register: .x .y .z .w or .r .g .b .a; -1 if it is none.
int component_of(std::string_view directive) {
  if (directive.size() != 2) return -1;
  const size_t xyzw = std::string_view("xyzw").find(directive[1]);
  if (xyzw != std::string_view::npos) return int(xyzw);
  const size_t rgba = std::string_view("rgba").find(directive[1]);
  return rgba == std::string_view::npos ? -1 : int(rgba);
}

/// The number a register's name ends in, of which `digits` is all; -1 with a leading zero or other
/// characters.
int64_t number_of(std::string_view digits) {
  if (digits.empty() || digits.size() > 9 || (digits.size() > 1 && digits[0] == '0')) return -1;
  int64_t n = 0;
  for (char c : digits) {
    if (c < '0' || c > '9') return -1;
    n = n * 10 + (c - '0');
  }
  return n;
}

}  // namespace

int32_t Parser::find_register(std::string_view name) {
  constexpr int64_t kMaxDirect = 1 << 20;  // beyond, numbers are looked up by name
  for (int s = scope_; s >= 0; s = scopes_[s].parent) {
    Scope& scope = scopes_[s];
    for (Scope::Range& range : scope.ranges) {
      if (!name.starts_with(range.prefix) || range.vector_length > 1) continue;
      const int64_t number = number_of(name.substr(range.prefix.size()));
      if (number < 0 || number >= int64_t(range.count) || number >= kMaxDirect) continue;
      if (size_t(number) >= range.indices.size()) range.indices.resize(size_t(number) + 1, -1);
      int32_t& index = range.indices[size_t(number)];
      if (index < 0) index = new_register(name, range.type);
      return index;
    }
    const auto it = scope.registers.find(name);
    if (it != scope.registers.end()) return it->second;
    for (const Scope::Range& range : scope.ranges) {
      if (range.count <= kMaxDirect || !name.starts_with(range.prefix) || range.vector_length > 1) continue;
      const int64_t number = number_of(name.substr(range.prefix.size()));
      if (number < kMaxDirect || number >= int64_t(range.count)) continue;
      const int32_t index = new_register(name, range.type);
      scope.registers.emplace(name, index);
      return index;
    }
  }
  return -1;
}

const std::vector<int32_t>& Parser::add_vector(Scope& scope, std::string_view name, isa::Type type,
                                               int length) {
  std::vector<int32_t>& parts = scope.vectors[name];
  for (int i = 0; i < length; i++)
    parts.push_back(new_register(std::string(name) + "_" + "xyzwabcd"[i], type));
  return parts;
}

const std::vector<int32_t>* Parser::find_vector(std::string_view name) {
  for (int s = scope_; s >= 0; s = scopes_[s].parent) {
    const auto it = scopes_[s].vectors.find(name);
    if (it != scopes_[s].vectors.end()) return &it->second;
    for (const Scope::Range& range : scopes_[s].ranges) {
      if (range.vector_length == 1 || !name.starts_with(range.prefix)) continue;
      const int64_t number = number_of(name.substr(range.prefix.size()));
      if (number >= 0 && number < int64_t(range.count))
        return &add_vector(scopes_[s], name, range.type, range.vector_length);
    }
  }
  return nullptr;
}

const std::string* Parser::find_local(std::string_view name) const {
  for (int s = scope_; s >= 0; s = scopes_[s].parent) {
    const auto it = scopes_[s].variables.find(name);
    if (it != scopes_[s].variables.end()) return &it->second;
  }
  return nullptr;
}

/// The constant behind `+` or `-` in an address or a symbol expression; 0 if there is none. Behind a variable
/// also `[i]`: the address of its i-th element.
int64_t Parser::parse_offset(const std::string& symbol) {
  if (!symbol.empty() && accept('[')) {
    const int64_t index = parse_constant().as_integer();
    expect(']', "behind an index");
    return index * ((type_of_variable(symbol).total_bits() + 7) / 8);
  }
  if (lex_.peek().is('+')) {
    lex_.next();
    return parse_constant(10).as_integer();
  }
  if (lex_.peek().is('-')) return parse_constant(10).as_integer();
  return 0;
}

Operand Parser::symbol_operand(std::string symbol) {
  Operand o;
  o.kind = Operand::Kind::kSymbol;
  o.symbol = std::move(symbol);
  return o;
}

/// %reserved_smem_offset_*: the bytes of shared memory that the system keeps (cooperative groups put the
/// state of big tiles there). A variable of the module, so that nothing behind the parser need know; nullopt
/// if `name` is none of these.
std::optional<Operand> Parser::reserved_shared(std::string_view name) {
  struct Row {
    std::string_view name;
    int64_t offset;
  };
  constexpr int64_t kBytes = 1024, kSize = -1;
  static constexpr Row kRows[] = {{"begin", 0}, {"0", 0}, {"1", kBytes / 2}, {"end", kBytes}, {"cap", kSize}};
  constexpr std::string_view kPrefix = "%reserved_smem_offset_", kVariable = "__ppu_reserved_smem";
  if (!name.starts_with(kPrefix)) return std::nullopt;
  for (const Row& row : kRows) {
    if (name.substr(kPrefix.size()) != row.name) continue;
    Operand o;
    if (row.offset == kSize) {
      o.kind = Operand::Kind::kImm;
      o.value = kBytes;
      return o;
    }
    if (!is_module_name(kVariable)) {
      Variable v;
      v.name = kVariable;
      v.space = Space::kShared;
      v.type = {isa::Kind::kB, 8, 1};
      v.count = kBytes;
      v.align = 128;
      v.is_weak = v.is_array = true;
      variable_index_.emplace(v.name, int32_t(module_.variables.size()));
      module_.variables.push_back(std::move(v));
    }
    o = symbol_operand(std::string(kVariable));
    o.value = row.offset;
    return o;
  }
  return std::nullopt;
}

/// A special register; `%tid` and its like are vectors of four, whose last element is always zero.
std::optional<Operand> Parser::special_operand(const std::string& name) {
  Operand o;
  if (const auto special = find_special(name)) {
    o.kind = Operand::Kind::kSpecial;
    o.special = special->special;
    o.value = special->number;
    return o;
  }
  const auto element = [](const std::string& vector, const char* part) {
    return find_special(vector + part);
  };
  if (name.ends_with(".w") && element(name.substr(0, name.size() - 2), ".x")) {
    o.kind = Operand::Kind::kImm;
    return o;
  }
  if (!element(name, ".x")) return std::nullopt;
  o.kind = Operand::Kind::kVector;
  o.symbol = name;
  for (const char* part : {".x", ".y", ".z", ".w"}) o.elements.push_back(*special_operand(name + part));
  return o;
}

Operand Parser::parse_word_operand() {
  const Token t = lex_.next();
  if (t.text == "_") {
    Operand o;
    o.kind = Operand::Kind::kSink;
    return o;
  }
  const int32_t reg = find_register(t.text);
  if (reg >= 0) {
    Operand o = make_register(reg);
    if (lex_.peek().kind == Token::Kind::kDirective) {
      o.part = part_of(lex_.peek().text);
      if (const auto choice = element_choice(lex_.peek().text); choice && !o.part) {
        o.part = kElements;
        o.value = choice->selector | int64_t(choice->digits) << 32;
      }
      if (o.part) lex_.next();
    }
    return o;
  }
  if (const std::vector<int32_t>* vector = find_vector(t.text)) {
    const int component = lex_.peek().kind == Token::Kind::kDirective ? component_of(lex_.peek().text) : -1;
    if (component >= 0) {
      if (size_t(component) >= vector->size()) fail_expected("a component of a shorter vector");
      lex_.next();
      return make_register((*vector)[size_t(component)]);
    }
    Operand o;
    o.kind = Operand::Kind::kVector;
    for (int32_t index : *vector) o.elements.push_back(make_register(index));
    return o;
  }
  if (t.text[0] == '%') {
    std::string name(t.text);
    if (lex_.peek().kind == Token::Kind::kDirective && component_of(lex_.peek().text) >= 0) {
      name += lex_.next().text;
    }
    if (const std::optional<Operand> reserved = reserved_shared(name)) return *reserved;
    if (const std::optional<Operand> special = special_operand(name)) return *special;
    fail(t.pos(), "expected a declared register or a special register, found '" + name + "'");
  }
  if (const std::string* local = find_local(t.text)) return symbol_operand(*local);
  if (is_module_name(t.text)) return symbol_operand(std::string(t.text));
  fail(t.pos(), "expected a declared name, found '" + std::string(t.text.substr(0, 100)) + "'");
}

Operand Parser::parse_list(char close, Operand::Kind kind) {
  Operand list;
  list.kind = kind;
  lex_.next();
  if (accept(close)) return list;
  for (;;) {
    list.elements.push_back(parse_operand());
    if (accept(close)) return list;
    if (!lex_.peek().is(',')) fail_expected(std::string("',' or '") + close + "'");
    lex_.next();
  }
}

Operand Parser::parse_address() {
  Operand o;
  o.kind = Operand::Kind::kAddress;
  lex_.next();
  if (starts_constant()) {
    Operand base = make_immediate(parse_constant());
    if (base.is_float) fail(lex_.peek().pos(), "expected an integer address, found a float");
    o.elements.push_back(base);
  } else if (lex_.peek().kind == Token::Kind::kWord) {
    o.elements.push_back(parse_word_operand());
    o.value = parse_offset();
  } else {
    fail_expected("a register, a variable or a constant in an address");
  }
  while (lex_.peek().is(',')) {  // texture coordinates and the like
    lex_.next();
    o.elements.push_back(parse_operand());
  }
  expect(']', "at the end of an address");
  if (lex_.peek().is(".unified")) lex_.next();
  return o;
}

Operand Parser::parse_operand() {
  if (++depth_ > kMaxNesting)
    fail(lex_.peek().pos(), "expected a simpler operand, found too many nested brackets");
  Operand o;
  const Token t = lex_.peek();
  if (t.kind == Token::Kind::kWord && t.text != "WARP_SZ") {
    o = parse_word_operand();
    if (o.kind == Operand::Kind::kSymbol) o.value += parse_offset(o.symbol);
  } else if (t.is('!')) {
    lex_.next();
    if (lex_.peek().kind == Token::Kind::kWord) {
      o = parse_word_operand();
      if (o.kind != Operand::Kind::kReg) fail(t.pos(), "expected a predicate register behind '!'");
      o.negated = true;
    } else {
      o = make_immediate(parse_constant());
      o.value = o.value == 0;
    }
  } else if (t.is('-') && lex_.followed_by('%')) {  // vmad's: see take_signs()
    lex_.next();
    o = parse_word_operand();
    if (o.kind != Operand::Kind::kReg) fail(t.pos(), "expected a register behind '-'");
    o.negated = true;
  } else if (t.is('{')) {
    o = parse_list('}', Operand::Kind::kVector);
  } else if (t.is('[')) {
    o = parse_address();
  } else if (starts_constant()) {
    o = make_immediate(parse_constant());
  } else {
    fail_expected("an operand");
  }
  depth_--;
  if (!lex_.peek().is('|') || depth_ != 0) return o;
  lex_.next();
  if (lex_.peek().kind != Token::Kind::kWord) fail_expected("a predicate register behind '|'");
  Operand pair;
  pair.kind = Operand::Kind::kPair;
  pair.elements.push_back(std::move(o));
  pair.elements.push_back(parse_word_operand());
  return pair;
}

}  // namespace ppu::ptx

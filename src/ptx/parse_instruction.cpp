// One instruction: guard, opcode, operands, and the checks that they fit the row's form.
#include <algorithm>
#include <cstring>
#include <utility>

#include "ptx/parser.h"

namespace ppu::ptx {
namespace {

using isa::Shape;

bool is_value(const Operand& o) {
  using K = Operand::Kind;
  return o.kind == K::kReg || o.kind == K::kImm || o.kind == K::kSpecial || o.kind == K::kSymbol;
}

/// A value, or a vector of values.
bool is_tuple(const Operand& o) {
  if (o.kind != Operand::Kind::kVector) return is_value(o);
  return !o.elements.empty() && std::all_of(o.elements.begin(), o.elements.end(), is_value);
}

const char* shape_name(const isa::FormOperand& f) {
  switch (f.shape) {
    case Shape::kValue:
      return f.is_dest ? "a register" : "a register or a constant";
    case Shape::kConstant:
      return "a constant";
    case Shape::kAddress:
      return "an address in brackets";
    case Shape::kVector:
      return "a register or a vector in braces";
    case Shape::kLabel:
      return "a label";
    case Shape::kSymbol:
      return "a name";
    case Shape::kList:
      return "a list in parentheses";
    case Shape::kRegisters:
      return "registers in braces";
    case Shape::kObject:
      return "a texture or surface and its coordinates in brackets";
    case Shape::kTuple:
      return "a register, a constant or a vector in braces";
  }
  return "an operand";
}

bool shape_fits(const isa::FormOperand& f, const Operand& o) {
  using K = Operand::Kind;
  switch (f.shape) {
    case Shape::kValue:
      return f.is_dest ? (o.kind == K::kReg || o.kind == K::kSink) : is_value(o);
    case Shape::kConstant:
      return o.kind == K::kImm;
    case Shape::kAddress:
      return o.kind == K::kAddress && o.elements.size() == 1;
    case Shape::kVector:
      return o.kind == K::kVector || (f.is_dest ? (o.kind == K::kReg || o.kind == K::kSink) : is_value(o));
    case Shape::kLabel:
      return o.kind == K::kLabel || o.kind == K::kTargets;
    case Shape::kSymbol:
      return o.kind == K::kSymbol || o.kind == K::kReg || o.kind == K::kTargets;
    case Shape::kList:
      return o.kind == K::kArgs;
    case Shape::kRegisters:
      return o.kind == K::kVector || o.kind == K::kReg;
    case Shape::kObject:
      return o.kind == K::kAddress && o.elements.size() >= 2 && o.elements.size() <= 3 &&
             std::all_of(o.elements.begin() + 1, o.elements.end(), is_tuple);
    case Shape::kTuple:
      return is_tuple(o);
  }
  return false;
}

/// The scalar video instructions, whose sources may be `a.b2` or `a.h1`.
bool takes_parts(std::string_view mnemonic) {
  return mnemonic[0] == 'v' && mnemonic != "vote" && mnemonic.find_first_of("24") == mnemonic.npos;
}

int vector_length(const isa::Mods& mods) {
  return mods.has("v2") ? 2 : mods.has("v4") ? 4 : mods.has("v8") ? 8 : 1;
}

}  // namespace

void Parser::parse_guard(Instruction& in) {
  lex_.next();
  in.guard_negated = accept('!');
  const Token t = expect_word("a predicate register");
  in.guard = find_register(t.text);
  if (in.guard < 0 || f_->registers[size_t(in.guard)].type.kind != isa::Kind::kPred)
    fail(t.pos(), "expected a predicate register behind '@', found " + describe(t));
}

void Parser::match_opcode(Instruction& in, const Token& opcode) {
  const auto& match = matcher_.match(opcode.text);
  if (match) {
    in.row = match->row;
    in.mods = match->mods;
    return;
  }
  const std::string_view mnemonic = mnemonic_of(opcode.text);
  const std::string text(opcode.text.substr(0, 100));
  if (!is_ptx_mnemonic(mnemonic)) fail(opcode.pos(), "expected an instruction, found '" + text + "'");
  // Of instructions we know nothing about, not even their modifiers are judged.
  const std::string forms = isa::forms_of(mnemonic);
  for (std::string_view rest = opcode.text.substr(mnemonic.size()); !forms.empty() && !rest.empty();) {
    const size_t end = rest.find('.', 1);
    const std::string_view word = rest.substr(1, end == rest.npos ? end : end - 1);
    if (!is_ptx_modifier(word))
      fail(opcode.pos(), "expected " + forms.substr(0, 400) + ", found '" + text + "'");
    rest = end == rest.npos ? std::string_view() : rest.substr(end);
  }
  in.row = kNoRow;
  in.opcode = std::string(opcode.text);
}

void Parser::parse_instruction() {
  Instruction in;
  depth_ = 0;
  const Lexer::Source source = lex_.source();
  std::vector<SourceLines::Entry>& lines = f_->source.entries;
  if (source.file && (lines.empty() || lines.back().file != source.file || lines.back().line != source.line))
    lines.push_back({int32_t(f_->body.size()), source.file, source.line});
  if (lex_.peek().is('@')) parse_guard(in);
  if (lex_.peek().kind != Token::Kind::kWord) fail_expected("an instruction");
  const Token opcode = lex_.next_opcode();
  in.pos = opcode.pos();
  match_opcode(in, opcode);
  const std::string_view mnemonic = mnemonic_of(opcode.text);
  if (mnemonic == "call") {
    parse_call(in);
  } else if (mnemonic == "bra") {
    parse_label_operand(in);
  } else if (mnemonic == "brx") {
    in.operands.push_back(parse_operand());
    if (!accept(',')) fail_expected("','");
    parse_label_operand(in);
    in.operands.back().kind = Operand::Kind::kTargets;
  } else if (!lex_.peek().is(';')) {
    parse_operands(in);
  }
  if (!lex_.peek().is(';')) fail_expected(in.operands.empty() ? "an operand or ';'" : "',' or ';'");
  lex_.next();
  if (in.row != kNoRow) {
    if (split_video(in, opcode)) return;
    take_indexed_addresses(in);
    check_operands(in, opcode);
  }
  if (mnemonic == "alloca" && in.row != kNoRow) take_alloca(in, opcode);
  if (mnemonic == "mov" && vector_length(in.mods) > 1) return split_vector_move(in, opcode);
  f_->body.push_back(std::move(in));
}

/// `ld.global.u32 r, array[2]`: an address without brackets of its own.
void Parser::take_indexed_addresses(Instruction& in) {
  const isa::Form& form = isa::table()[in.row].form;
  for (size_t i = 0; i < std::min(in.operands.size(), size_t(form.num_operands)); i++) {
    Operand& o = in.operands[i];
    if (form.operands[i].shape != Shape::kAddress || o.kind != Operand::Kind::kSymbol) continue;
    Operand address;
    address.kind = Operand::Kind::kAddress;
    address.value = std::exchange(o.value, 0);
    address.elements.push_back(std::move(o));
    o = std::move(address);
  }
}

/// `mov.v2.f32 {a, b}, {c, d}` as one mov an element. All sources are read before a destination is written.
void Parser::split_vector_move(const Instruction& in, const Token& opcode) {
  const std::string scalar = "mov." + std::string(in.mods.got[1]);
  const isa::Type type = isa::types_of(isa::table()[in.row], in.mods)[0];
  const std::optional<isa::MatchResult> match = isa::match(scalar);
  const auto move = [&](const Operand& to, const Operand& from) {
    if (to.kind == Operand::Kind::kSink) return;
    Instruction one;
    one.pos = in.pos, one.guard = in.guard, one.guard_negated = in.guard_negated;
    one.row = match->row, one.mods = match->mods;
    one.operands = {to, from};
    check_operands(one, opcode);
    f_->body.push_back(std::move(one));
  };
  const std::vector<Operand>&to = in.operands[0].elements, &from = in.operands[1].elements;
  bool overlaps = false;
  for (size_t i = 0; i < to.size(); i++)
    for (size_t k = i + 1; k < from.size(); k++)
      overlaps |= to[i].kind == Operand::Kind::kReg && from[k].kind == Operand::Kind::kReg &&
                  to[i].index == from[k].index;
  std::vector<Operand> values = from;
  for (size_t i = 0; overlaps && i < values.size(); i++) {
    Operand kept;
    kept.kind = Operand::Kind::kReg;
    kept.index = new_register("%kept" + std::to_string(f_->registers.size()), type);
    move(kept, values[i]);
    values[i] = kept;
  }
  for (size_t i = 0; i < to.size(); i++) move(to[i], values[i]);
}

/// The function gets the area; an alignment of 0, which LLVM 19 writes for the natural one, becomes the
/// default.
void Parser::take_alloca(Instruction& in, const Token& opcode) {
  if (in.operands.size() > 2) {
    int64_t& align = in.operands[2].value;
    if (align == 0) align = kStackAlign;
    if (align < 0 || (align & (align - 1)))
      fail(opcode.pos(), "expected a power of two as alignment of alloca");
  }
  if (!used_names_.try_emplace(kDynamicStack, 1).second) return;
  Variable v;
  v.name = kDynamicStack;
  v.space = Space::kLocal;
  v.type = {isa::Kind::kB, 8, 1};
  v.count = kDynamicStackBytes;
  v.align = 16;
  v.is_array = true;
  f_->locals.push_back(std::move(v));
}

void Parser::parse_operands(Instruction& in) {
  in.operands.reserve(4);
  for (;;) {
    in.operands.push_back(parse_operand());
    if (!lex_.peek().is(',')) return;
    lex_.next();
  }
}

/// The target of bra, or the table of brx.idx; resolved when the function ends.
void Parser::parse_label_operand(Instruction& in) {
  const Token t = expect_word("a label");
  Operand o;
  o.kind = Operand::Kind::kLabel;
  label_uses_.push_back({int32_t(f_->body.size()), int32_t(in.operands.size()), {}, t.text, scope_, t.pos()});
  in.operands.push_back(std::move(o));
}

void Parser::parse_call(Instruction& in) {
  const Token start = lex_.peek();
  Operand results;
  results.kind = Operand::Kind::kArgs;
  if (start.is('(')) {
    results = parse_list(')', Operand::Kind::kArgs);
    if (!accept(',')) fail_expected("',' behind the results of a call");
  }
  const Token name = lex_.peek();
  if (name.kind != Token::Kind::kWord) fail_expected("a function name or a register");
  Operand callee;
  const bool is_function = find_register(name.text) < 0;
  if (is_function) {
    lex_.next();
    const std::string text(name.text);
    if (!function_index_.contains(text) && !module_.aliases.contains(text))
      fail(name.pos(), "expected a declared function, found " + describe(name));
    callee = symbol_operand(text);
  } else {
    callee = parse_word_operand();
  }
  Operand arguments;
  arguments.kind = Operand::Kind::kArgs;
  bool has_prototype = false;
  if (accept(',')) {
    if (lex_.peek().is('(')) {
      arguments = parse_list(')', Operand::Kind::kArgs);
      has_prototype = accept(',');
    } else {
      has_prototype = true;
    }
  }
  in.operands.push_back(std::move(results));
  in.operands.push_back(std::move(callee));
  in.operands.push_back(std::move(arguments));
  if (has_prototype) {
    parse_label_operand(in);
    in.operands.back().kind = Operand::Kind::kTargets;
  } else if (!is_function) {
    fail(name.pos(), "expected a .callprototype behind an indirect call");
  }
  if (!is_function) return;
  const auto found = function_index_.find(std::string(name.text));
  if (found == function_index_.end()) return;
  const Function& f = module_.functions[size_t(found->second)];
  const size_t given = in.operands[2].elements.size(), wanted = f.params.size();
  const bool open_ended = wanted && f.params.back().is_array && f.params.back().count == 0;
  if (given != wanted && !(open_ended && given + 1 >= wanted))
    fail(name.pos(), "expected " + std::to_string(wanted) + " arguments of '" + f.name + "', found " +
                         std::to_string(given));
  if (in.operands[0].elements.size() != f.results.size())
    fail(name.pos(), "expected " + std::to_string(f.results.size()) + " results of '" + f.name + "', found " +
                         std::to_string(in.operands[0].elements.size()));
}

void Parser::check_operands(const Instruction& in, const Token& opcode) {
  const isa::Row& row = isa::table()[in.row];
  const isa::Form& form = row.form;
  int least = 0;
  for (int i = 0; i < form.num_operands; i++) least += !form.operands[i].optional;
  const int given = int(in.operands.size());
  if (given < least || given > form.num_operands) {
    const std::string range = least == form.num_operands
                                  ? std::to_string(least)
                                  : std::to_string(least) + " to " + std::to_string(form.num_operands);
    const char* operands = strchr(row.text, ' ');
    fail(opcode.pos(), "expected " + range + " operands (" + (operands ? operands + 1 : "none") + ") of '" +
                           std::string(opcode.text) + "', found " + std::to_string(given));
  }
  for (int i = 0; i < given; i++) {
    const isa::FormOperand& f = form.operands[i];
    const Operand& o = in.operands[size_t(i)];
    if (o.kind != Operand::Kind::kPair) {
      if (!f.second.empty() && !f.second_optional)
        fail(opcode.pos(), "expected a pair 'd|p' as operand " + std::to_string(i + 1) + " of '" +
                               std::string(opcode.text) + "'");
      check_operand(in, opcode, o, i);
      continue;
    }
    if (f.second.empty())
      fail(opcode.pos(),
           "expected no '|' in operand " + std::to_string(i + 1) + " of '" + std::string(opcode.text) + "'");
    check_operand(in, opcode, o.elements[0], i);
    const Operand& second = o.elements[1];
    const bool is_pred = second.kind == Operand::Kind::kReg &&
                         f_->registers[size_t(second.index)].type.kind == isa::Kind::kPred;
    if (!is_pred && second.kind != Operand::Kind::kSink)
      fail(opcode.pos(), "expected a predicate register behind '|' in '" + std::string(opcode.text) + "'");
  }
}

/// What a `{a, b}` list should have been; empty if it's right.
std::string Parser::wrong_register_list(const Instruction& in, const Operand& o, int index) const {
  const isa::Row& row = isa::table()[in.row];
  const isa::ListLength want = isa::list_length(row, in.mods, index);
  const std::span<const Operand> list =
      o.kind == Operand::Kind::kVector ? std::span(o.elements) : std::span(&o, 1);
  bool right = int(list.size()) == want.registers;
  for (const Operand& e : list) {
    const bool sink = e.kind == Operand::Kind::kSink && row.form.operands[index].is_dest;
    right &= sink || (e.kind == Operand::Kind::kReg && !e.negated &&
                      f_->registers[size_t(e.index)].type.total_bits() == want.bits);
  }
  if (right) return {};
  return std::to_string(want.registers) + " registers of " + std::to_string(want.bits) + " bits in braces";
}

void Parser::check_operand(const Instruction& in, const Token& opcode, const Operand& o, int index) {
  const isa::Row& row = isa::table()[in.row];
  const isa::FormOperand& f = row.form.operands[index];
  const auto complain = [&](const std::string& expected) {
    fail(opcode.pos(), "expected " + expected + " as operand " + std::to_string(index + 1) + " of '" +
                           std::string(opcode.text) + "'");
  };
  if (!shape_fits(f, o)) complain(shape_name(f));
  if (o.part && (f.is_dest || o.part == kElements || !takes_parts(row.form.mnemonic)))
    complain("a whole register");
  if (f.shape == Shape::kLabel || f.shape == Shape::kSymbol || f.shape == Shape::kList) return;
  if (f.shape == Shape::kRegisters) {
    const std::string wrong = wrong_register_list(in, o, index);
    return wrong.empty() ? void() : complain(wrong);
  }
  if (f.shape == Shape::kTuple) return;  // the row's own code checks
  if (o.kind == Operand::Kind::kAddress) {
    const Operand& base = o.elements[0];
    if (base.kind == Operand::Kind::kReg) {
      const isa::Type type = f_->registers[size_t(base.index)].type;
      if (type.kind == isa::Kind::kPred || (type.bits != 32 && type.bits != 64))
        complain("a 32-bit or 64-bit address register");
    } else if (base.kind != Operand::Kind::kSymbol && base.kind != Operand::Kind::kImm) {
      complain("a register, a variable or a constant in brackets");
    }
    return;
  }
  const isa::Type type = isa::operand_type(row, in.mods, index);
  const int lanes = vector_length(in.mods);
  const auto check_register = [&](const Operand& r, int bits) {
    if (r.kind != Operand::Kind::kReg || type.kind == isa::Kind::kNone) return;
    const isa::Type have = f_->registers[size_t(r.index)].type;
    const bool want_pred = type.kind == isa::Kind::kPred;
    if (want_pred != (have.kind == isa::Kind::kPred))
      complain(want_pred ? "a predicate register" : "a register that isn't a predicate");
    if (r.negated && !want_pred) complain("no '!' or '-' before a register");
    if (!want_pred && have.total_bits() < bits)
      complain("a register of at least " + std::to_string(bits) + " bits, not '" +
               f_->registers[size_t(r.index)].name + "',");
  };
  if (o.kind != Operand::Kind::kVector) {
    if (f.shape == Shape::kVector && lanes > 1)
      complain("a vector of " + std::to_string(lanes) + " in braces");
    check_register(o, type.total_bits());
    return;
  }
  const int count = int(o.elements.size());
  const bool packs = lanes == 1;  // mov.b64 {a,b}: the parts make up one value
  const int bits = packs && count ? type.total_bits() / count : type.total_bits();
  if (packs && !o.symbol.empty()) complain("a single element of " + o.symbol);
  if (packs ? (count == 0 || count > 16 || bits * count != type.total_bits()) : count != lanes)
    complain(packs ? "a vector whose parts make up the type" : "a vector of " + std::to_string(lanes));
  for (const Operand& e : o.elements) {
    if (f.is_dest ? (e.kind != Operand::Kind::kReg && e.kind != Operand::Kind::kSink) : !is_value(e))
      complain("registers in braces");
    check_register(e, bits);
  }
}

}  // namespace ppu::ptx

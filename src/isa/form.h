// The form of an instruction row, read at compile time: `add{.<rn|rz|rm|rp>}{.ftz}{.sat}.f32 d, a, b`.
//
//   .lo            this suffix               .<u16|u32>     one of these
//   {.ftz}         may be left out           {.<rn|rz>}     one of these, or none
// Operands, separated by commas, destination first. The first letter of the name tells a destination
// (d, p, q) from a source (any other):
//   a              register, constant, special register or variable address
//   #a             constant only             [a]            address `[reg+imm]`
//   *a             register or `{...}`       @t             label
//   &f             function or symbol name   (r)            `(a, b)` list of a call
//   [a;c]          texture or surface and its coordinates: `[a, {x, y}]`
//   ~e             register, constant or `{...}` of any length: the row's own code checks
//   d|p            pair (p is always a predicate); d|?p: the second may be left out
//   ?a             may be left out (with all that follow)
// and the type of an operand, where the opcode doesn't give it:
//   a:u32  c:pred  this type                 d:T1           the instruction's second type argument
//   d:wide         twice as wide as the instruction's first type
//   d:any          any register: the row's own code checks
// Without one: destinations have the first type argument, sources the last.
// A malformed form is a compile error at its row: form_error(...) isn't a constant expression.
#pragma once
#include <array>
#include <cstdint>
#include <string_view>

#include "isa/type.h"

namespace ppu::isa {

constexpr int kMaxSlots = 14;     ///< modifiers of one instruction
constexpr int kMaxOperands = 12;  ///< operands of one instruction

/// One `.modifier` place of a form.
struct Slot {
  std::string_view text;  ///< "lo", or the choices "u16|u32"
  bool choice = false;
  bool optional = false;
};

enum class Shape : uint8_t {
  kValue,  ///< destination: register or `_`; source: register, constant, special register, symbol
  kConstant,
  kAddress,
  kVector,  ///< as kValue, or `{...}`
  kLabel,
  kSymbol,
  kList,       ///< `(a, b)`
  kRegisters,  ///< `{a, b}`
  kObject,     ///< `[a, {x, y}]`
  kTuple,      ///< as kValue, or `{...}` of any length
};

struct FormOperand {
  std::string_view name;    ///< "d"
  std::string_view second;  ///< "p" of `d|p`; empty if no pair
  Shape shape = Shape::kValue;
  bool is_dest = false;
  bool optional = false;
  bool second_optional = false;
  /// How operand_type() finds the type: kDefault, kFixed (`type`), kArgument (`argument`), kWide, kAny.
  enum class TypeRule : uint8_t { kDefault, kFixed, kArgument, kWide, kAny } rule = TypeRule::kDefault;
  Type type{};
  uint8_t argument = 0;
};

struct Form {
  std::string_view mnemonic;  ///< "add"
  std::array<Slot, kMaxSlots> slots{};
  std::array<FormOperand, kMaxOperands> operands{};
  uint8_t num_slots = 0;
  uint8_t num_operands = 0;
};

/// Never defined: reaching it makes a consteval parse fail, and the compiler prints `why`.
void form_error(const char* why);

namespace detail {

constexpr std::string_view trim(std::string_view s) {
  while (!s.empty() && s.front() == ' ') s.remove_prefix(1);
  while (!s.empty() && s.back() == ' ') s.remove_suffix(1);
  return s;
}

constexpr bool is_word(std::string_view s) {
  if (s.empty()) return false;
  for (char c : s) {
    const bool ok =
        (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == ':';
    if (!ok) return false;
  }
  return true;
}

/// Takes one slot off `s`, which starts with "." or "{."; braces hold exactly one slot.
constexpr Slot take_slot(std::string_view& s) {
  Slot slot;
  if (s.front() == '{') {
    slot.optional = true;
    s.remove_prefix(1);
  }
  if (s.empty() || s.front() != '.') form_error("a slot starts with '.'");
  s.remove_prefix(1);
  if (!s.empty() && s.front() == '<') {
    const size_t end = s.find('>');
    if (end == s.npos) form_error("'<' without '>'");
    slot.text = s.substr(1, end - 1);
    slot.choice = true;
    s.remove_prefix(end + 1);
    for (std::string_view rest = slot.text;;) {
      const size_t bar = rest.find('|');
      if (!is_word(rest.substr(0, bar))) form_error("a choice is empty or has an odd character");
      if (bar == rest.npos) break;
      rest.remove_prefix(bar + 1);
    }
  } else {
    size_t end = 0;
    while (end < s.size() && s[end] != '.' && s[end] != '{' && s[end] != '}') end++;
    slot.text = s.substr(0, end);
    if (!is_word(slot.text)) form_error("a modifier is empty or has an odd character");
    s.remove_prefix(end);
  }
  if (slot.optional) {
    if (s.empty() || s.front() != '}') form_error("'{' without '}'");
    s.remove_prefix(1);
  }
  return slot;
}

/// Reads the `:type` of an operand.
constexpr void set_type(FormOperand& o, std::string_view type) {
  if (type == "wide") {
    o.rule = FormOperand::TypeRule::kWide;
  } else if (type == "any") {
    o.rule = FormOperand::TypeRule::kAny;
  } else if (type.size() == 2 && type[0] == 'T' && type[1] >= '0' && type[1] <= '3') {
    o.rule = FormOperand::TypeRule::kArgument;
    o.argument = uint8_t(type[1] - '0');
  } else {
    o.rule = FormOperand::TypeRule::kFixed;
    o.type = parse_type(type);
    if (o.type.kind == Kind::kNone) form_error("unknown operand type after ':'");
  }
}

constexpr FormOperand parse_operand(std::string_view s) {
  FormOperand o;
  if (s.starts_with('?')) {
    o.optional = true;
    s.remove_prefix(1);
  }
  if (const size_t colon = s.find(':'); colon != s.npos) {
    set_type(o, trim(s.substr(colon + 1)));
    s = trim(s.substr(0, colon));
  }
  if (s.empty()) form_error("an operand is empty");
  const char first = s.front();
  if (first == '[' || first == '(' || first == '{') {
    if (s.back() != (first == '[' ? ']' : first == '(' ? ')' : '}')) form_error("bracket not closed");
    o.shape = first == '[' ? Shape::kAddress : first == '(' ? Shape::kList : Shape::kRegisters;
    s = s.substr(1, s.size() - 2);
    if (const size_t semicolon = s.find(';'); semicolon != s.npos && first == '[') {
      o.shape = Shape::kObject;
      s = s.substr(0, semicolon);
    }
  } else if (first == '#' || first == '*' || first == '@' || first == '&' || first == '~') {
    o.shape = first == '#'   ? Shape::kConstant
              : first == '*' ? Shape::kVector
              : first == '~' ? Shape::kTuple
              : first == '@' ? Shape::kLabel
                             : Shape::kSymbol;
    s.remove_prefix(1);
  }
  if (const size_t bar = s.find('|'); bar != s.npos) {
    o.second = s.substr(bar + 1);
    if (o.second.starts_with('?')) {
      o.second_optional = true;
      o.second.remove_prefix(1);
    }
    if (!is_word(o.second)) form_error("odd second name of a pair");
    s = s.substr(0, bar);
  }
  if (!is_word(s)) form_error("odd operand name");
  o.name = s;
  o.is_dest =
      (s[0] == 'd' || s[0] == 'p' || s[0] == 'q') && o.shape != Shape::kAddress && o.shape != Shape::kObject;
  return o;
}

}  // namespace detail

/// Parses a form; see the top of this file.
consteval Form parse_form(std::string_view text) {
  using namespace detail;
  Form form;
  const size_t space = text.find(' ');
  std::string_view opcode = text.substr(0, space);
  size_t end = 0;
  while (end < opcode.size() && opcode[end] != '.' && opcode[end] != '{') end++;
  form.mnemonic = opcode.substr(0, end);
  if (!is_word(form.mnemonic)) form_error("the form starts with no mnemonic");
  for (opcode.remove_prefix(end); !opcode.empty();) {
    if (form.num_slots == kMaxSlots) form_error("too many slots: raise kMaxSlots");
    form.slots[form.num_slots++] = take_slot(opcode);
  }
  if (space == text.npos) return form;
  bool optional_seen = false;
  for (std::string_view rest = text.substr(space + 1);;) {
    const size_t comma = rest.find(',');
    if (form.num_operands == kMaxOperands) form_error("too many operands: raise kMaxOperands");
    const FormOperand operand = parse_operand(trim(rest.substr(0, comma)));
    if (optional_seen && !operand.optional) form_error("operands after an optional one must be optional");
    optional_seen = operand.optional;
    form.operands[form.num_operands++] = operand;
    if (comma == rest.npos) break;
    rest.remove_prefix(comma + 1);
  }
  return form;
}

}  // namespace ppu::isa

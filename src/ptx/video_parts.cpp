// The parts of registers that video instructions write, and the elements that their SIMD forms choose (PTX
// ISA, "Scalar Video Instructions", "SIMD Video Instructions"), in terms of instructions on whole registers:
//   vadd.u32.u32.u32 d.b1, a, b, c       vadd t, a, b; bfi d, t, c, 8, 8
//   vadd4.u32.u32.u32 d.b20, a.b7531, b, c   prmt t, a, b, 0x7531; vadd4 t, t, b; lop3 d, t, c, 0x00ff00ff,
//   ...
#include <utility>

#include "ptx/parser.h"

namespace ppu::ptx {
namespace {

Operand immediate(int64_t value) {
  Operand o;
  o.kind = Operand::Kind::kImm;
  o.value = value;
  return o;
}

Operand whole(Operand o) {
  o.part = 0;
  if (o.kind == Operand::Kind::kReg) o.value = 0;
  return o;
}

/// 8 or 16 bits wide, from this bit on, for `.b0`...`.h1`.
struct Field {
  int first, bits;
};
Field field_of(uint8_t part) {
  return part <= 4 ? Field{8 * (part - 1), 8} : Field{16 * (part - 5), 16};
}

int digits_of(const Operand& choice) {
  return int(choice.value >> 32);
}

}  // namespace

std::optional<ElementChoice> element_choice(std::string_view directive) {
  if (directive.size() < 3 || directive.size() > 6 || (directive[1] != 'b' && directive[1] != 'h')) return {};
  const bool bytes = directive[1] == 'b';
  const std::string_view digits = directive.substr(2);
  if (digits.size() > (bytes ? 4u : 2u)) return {};
  ElementChoice choice{bytes, int(digits.size()), 0};
  for (char c : digits) {
    if (c < '0' || c >= (bytes ? '8' : '4')) return {};
    choice.selector = choice.selector << 4 | (c - '0');
  }
  return choice;
}

/// Appends `opcode operands` under the guard of `like`.
void Parser::append_like(const Instruction& like, const Token& token, const std::string& opcode,
                         std::vector<Operand> operands) {
  std::optional<isa::MatchResult> match = isa::match(opcode);
  if (!match) match = isa::match_any_order(opcode);
  if (!match)
    fail(token.pos(), "expected a video instruction without parts to be known, found '" + opcode + "'");
  Instruction one;
  one.pos = like.pos, one.guard = like.guard, one.guard_negated = like.guard_negated;
  one.row = match->row, one.mods = match->mods;
  one.operands = std::move(operands);
  check_operands(one, token);
  f_->body.push_back(std::move(one));
}

Operand Parser::new_word() {
  Operand o;
  o.kind = Operand::Kind::kReg;
  o.index = new_register("%part" + std::to_string(f_->registers.size()), {isa::Kind::kB, 32, 1});
  return o;
}

/// `vop.t.t.t d.part, a, b, c`: the result goes into that part of c. False if `in` isn't of this form.
bool Parser::merge_part(const Instruction& in, const Token& opcode) {
  const bool has_second = in.mods.has("add") || in.mods.has("min") || in.mods.has("max");
  if (in.operands.size() != 4 || has_second) return false;
  const Operand &d = in.operands[0], &c = in.operands[3];
  const std::string text(opcode.text);
  if (d.part == 0) {  // the whole result: c has no part in it
    append_like(in, opcode, text, {d, in.operands[1], in.operands[2]});
    return true;
  }
  const Field field = field_of(d.part);
  const Operand t = new_word();
  append_like(in, opcode, text, {t, in.operands[1], in.operands[2]});
  if (in.mods.has("sat")) {  // the part's range lies within the word's, to which the result was clamped
    const bool is_signed = isa::types_of(isa::table()[in.row], in.mods)[0].is_signed();
    const int64_t top = (int64_t(1) << (field.bits - is_signed)) - 1;
    append_like(in, opcode, is_signed ? "min.s32" : "min.u32", {t, t, immediate(top)});
    if (is_signed) append_like(in, opcode, "max.s32", {t, t, immediate(-top - 1)});
  }
  append_like(in, opcode, "bfi.b32", {whole(d), t, whole(c), immediate(field.first), immediate(field.bits)});
  return true;
}

/// The SIMD forms with chosen elements or a mask.
bool Parser::choose_elements(const Instruction& in, const Token& opcode) {
  const bool bytes = mnemonic_of(opcode.text).ends_with('4');
  if (in.operands.size() != 4) return false;
  bool plain = true;
  for (const Operand& o : in.operands) plain &= o.part == 0;
  if (plain) return false;
  const auto choice = [&](const Operand& o) {  // as kElements, or `.b1` or `.h1` read as such
    return o.part == kElements ? int(o.value & 0xffff) : int((o.part - 1) % 4);
  };
  const int lanes = bytes ? 4 : 2, bits = 32 / lanes;
  uint32_t mask = in.operands[0].part ? 0 : ~0u;
  if (const Operand& d = in.operands[0]; d.part) {
    const int digits = d.part == kElements ? digits_of(d) : 1;
    for (int i = 0; i < digits; i++) {
      const int lane = choice(d) >> (4 * i) & 15;
      if (lane >= lanes)
        fail(opcode.pos(),
             "expected elements of one register in the mask of '" + std::string(opcode.text) + "'");
      mask |= ((uint64_t(1) << bits) - 1) << (bits * lane);
    }
  }
  Operand sources[2];
  for (size_t i = 0; i < 2; i++) {
    const Operand& o = in.operands[i + 1];
    sources[i] = whole(o);
    if (o.part == 0) continue;
    if (o.part != kElements || digits_of(o) != lanes)
      fail(opcode.pos(), "expected " + std::to_string(lanes) + " elements to be chosen in '" +
                             std::string(opcode.text) + "'");
    int64_t selector = 0;  // prmt's: of bytes
    for (int lane = 0; lane < lanes; lane++) {
      const int64_t from = o.value >> (4 * lane) & 15;
      selector |= (bytes ? from : from * 2 + ((from * 2 + 1) << 4)) << (lane * (bytes ? 4 : 8));
    }
    sources[i] = new_word();
    append_like(in, opcode, "prmt.b32",
                {sources[i], whole(in.operands[1]), whole(in.operands[2]), immediate(selector)});
  }
  apply_mask(in, opcode, mask, sources);
  return true;
}

void Parser::apply_mask(const Instruction& in, const Token& opcode, uint32_t mask, Operand (&sources)[2]) {
  const Operand d = whole(in.operands[0]), c = whole(in.operands[3]);
  std::string text(opcode.text);
  const bool adds = in.mods.has("add");
  if (mask == ~0u) return append_like(in, opcode, text, {d, sources[0], sources[1], c});
  const Operand t = new_word();
  const bool sets = text.starts_with("vset");
  if (adds && !sets) {  // elements that aren't wanted are zero, and so are their results
    for (Operand& s : sources) {
      const Operand masked = new_word();
      append_like(in, opcode, "and.b32", {masked, s, immediate(mask)});
      s = masked;
    }
    return append_like(in, opcode, text, {d, sources[0], sources[1], c});
  }
  if (adds) text.erase(text.find(".add"), 4);
  append_like(in, opcode, text, {t, sources[0], sources[1], immediate(0)});
  if (!adds)  // t where the mask is, c elsewhere
    return append_like(in, opcode, "lop3.b32", {d, t, c, immediate(mask), immediate(0xe4)});
  append_like(in, opcode, "and.b32", {t, t, immediate(mask)});
  const char* sum =
      mnemonic_of(opcode.text).ends_with('4') ? "vadd4.u32.u32.u32.add" : "vadd2.u32.u32.u32.add";
  append_like(in, opcode, sum, {d, t, immediate(0), c});
}

/// vmad with `-a` or `-b`, or with `-c`: the row's modifier says which is subtracted.
bool Parser::take_signs(const Instruction& in, const Token& opcode) {
  if (in.operands.size() != 4) return false;
  std::vector<Operand> operands = in.operands;
  const auto take = [&](size_t i) { return std::exchange(operands[i].negated, false); };
  const bool a = take(1), b = take(2), c = take(3), minus_ab = a != b;
  if (!a && !b && !c) return false;
  if (minus_ab && c)
    fail(opcode.pos(), "expected '-' before one of the factors or before the summand of '" +
                           std::string(opcode.text) + "', not both");
  if (in.mods.has("po"))
    fail(opcode.pos(),
         "expected no '-' before operands of '" + std::string(opcode.text) + "', which adds one");
  const char* sign = minus_ab ? ".minus_ab" : c ? ".minus_c" : "";
  append_like(in, opcode, std::string(opcode.text) + sign, std::move(operands));
  return true;
}

/// True if `in` was written with parts or signs that its row doesn't take, and now stands there as other
/// instructions.
bool Parser::split_video(const Instruction& in, const Token& opcode) {
  const std::string_view mnemonic = mnemonic_of(opcode.text);
  if (mnemonic[0] != 'v' || mnemonic == "vote" || in.operands.empty()) return false;
  if (mnemonic == "vmad") return take_signs(in, opcode);
  return mnemonic.ends_with('2') || mnemonic.ends_with('4') ? choose_elements(in, opcode)
                                                            : merge_part(in, opcode);
}

}  // namespace ppu::ptx

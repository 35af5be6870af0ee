// Declarations of variables and their initialisers (PTX ISA, "State Spaces, Types, and Variables").
#include <algorithm>
#include <bit>
#include <cstdlib>
#include <cstring>

#include "ptx/parser.h"
#include "ptx/texref_state.h"

namespace ppu::ptx {
namespace {

constexpr uint64_t kMaxBytes = 1ull << 40;         ///< of one variable; more is a typing error
constexpr uint64_t kMaxInitialBytes = 1ull << 30;  ///< of its initial values, which we hold in memory

bool is_opaque(std::string_view directive) {
  return directive == ".texref" || directive == ".samplerref" || directive == ".surfref";
}

/// Number of `word` among `words`; -1 if it isn't there.
int index_of(std::initializer_list<std::string_view> words, std::string_view word) {
  const auto* at = std::find(words.begin(), words.end(), word);
  return at == words.end() ? -1 : int(at - words.begin());
}

/// ".b32" -> {kB,32}; texture handles are 64-bit numbers to us.
isa::Type type_of(std::string_view directive) {
  if (directive.size() < 2) return {};
  const std::string_view word = directive.substr(1);
  if (is_opaque(directive)) return {isa::Kind::kB, 64, 1};
  return isa::parse_type(word);
}

int bytes_of(isa::Type type) {
  return (type.total_bits() + 7) / 8;
}

int escape(char c) {
  switch (c) {
    case 'n':
      return '\n';
    case 't':
      return '\t';
    case 'r':
      return '\r';
    case '0':
      return 0;
    default:
      return c;
  }
}

}  // namespace

std::optional<Space> Parser::space_of(std::string_view d) const {
  if (d == ".global") return Space::kGlobal;
  if (d == ".shared" || d == ".shared::cta") return Space::kShared;
  if (d == ".const") return Space::kConst;
  if (d == ".local") return Space::kLocal;
  if (d == ".param") return Space::kParam;
  if (d == ".reg") return Space::kReg;
  if (d == ".tex") return Space::kTex;
  return {};
}

/// The number behind `.align`.
uint32_t Parser::parse_alignment() {
  const Token where = lex_.peek();
  const uint64_t align = parse_size("an alignment");
  if (align == 0 || !std::has_single_bit(align) || align > (1u << 20))
    fail(where.pos(), "expected an alignment that is a power of two, found " + describe(where));
  return uint32_t(align);
}

/// `.attribute(.managed) .align 8 .v4 .f32` and `.ptr .global .align 4`, in any order; the type must come.
void Parser::parse_variable_prefix(Variable& v, int& vector_length) {
  vector_length = 1;
  for (;;) {
    const Token t = lex_.peek();
    if (t.kind != Token::Kind::kDirective) {
      if (v.type.kind == isa::Kind::kNone) fail_expected("a type such as .b32");
      break;
    }
    lex_.next();
    if (t.text == ".align") {
      const uint32_t align = parse_alignment();
      if (v.type.kind == isa::Kind::kNone) v.align = align;  // behind .ptr: of the pointee
    } else if (t.text == ".v2" || t.text == ".v4" || t.text == ".v8") {
      vector_length = t.text[2] - '0';
    } else if (t.text == ".attribute") {
      expect('(', "behind .attribute");
      while (!lex_.peek().is(')')) {
        if (lex_.peek().kind == Token::Kind::kEnd) fail_expected("')'");
        if (lex_.next().text == ".managed") v.is_managed = true;
      }
      lex_.next();
    } else if (t.text == ".ptr") {
      const auto space = space_of(lex_.peek().text);
      if (space) lex_.next();
    } else if (type_of(t.text).kind != isa::Kind::kNone) {
      v.type = type_of(t.text);
      opaque_ = is_opaque(t.text) ? t.text : std::string_view();
    } else {
      fail(t.pos(), "expected a type such as .b32, found " + describe(t));
    }
  }
  if (v.type.kind == isa::Kind::kPred && v.space != Space::kReg) fail_expected("a type other than .pred");
}

void Parser::parse_dimensions(Variable& v, std::vector<uint64_t>& dims) {
  while (lex_.peek().is('[')) {
    lex_.next();
    v.is_array = true;
    const SourcePos pos = lex_.peek().pos();
    uint64_t n = 0;
    if (!lex_.peek().is(']')) {
      n = parse_size("an array length");
    } else if (!dims.empty()) {
      fail_expected("an array length");
    }
    expect(']', "behind an array length");
    if (n > kMaxBytes || (n && v.count > kMaxBytes / n))
      fail(pos, "expected an array of at most 2^40 elements");
    dims.push_back(n);
    v.count *= n;
  }
}

/// One declaration up to its ';' (not read here for parameters: they end in ',' or ')'). `align`: an .align
/// before the state space.
std::vector<Variable> Parser::parse_variables(Space space, const Linkage& linkage, bool single,
                                              uint32_t align) {
  std::vector<Variable> out;
  Variable proto;
  proto.space = space;
  proto.align = align;
  proto.is_extern = linkage.is_extern;
  proto.is_visible = linkage.is_visible;
  proto.is_weak = linkage.is_weak;
  proto.is_common = linkage.is_common;
  int vector_length = 1;
  parse_variable_prefix(proto, vector_length);
  const int natural = bytes_of(proto.type) * vector_length;
  if (proto.align == 0 || space == Space::kReg)  // a register has no address to align
    proto.align = uint32_t(std::bit_ceil(unsigned(natural)));
  for (;;) {
    Variable v = proto;
    const Token name = expect_word("a variable name");
    v.name = std::string(name.text);
    v.pos = name.pos();
    v.count = uint64_t(vector_length);
    std::vector<uint64_t> dims;
    if (lex_.peek().is('<')) {  // `.b32 %r<10>` outside .reg: ten variables
      fail_expected("';': only registers may be declared in ranges");
    }
    parse_dimensions(v, dims);
    if (vector_length > 1) dims.push_back(uint64_t(vector_length));
    if (dims.empty()) dims.push_back(1);
    if (accept('=')) {
      if (space != Space::kGlobal && space != Space::kConst)
        fail(v.pos, "expected an initialiser only in .global and .const space");
      parse_initializer(v, dims);
    }
    if (v.count * uint64_t(bytes_of(v.type)) > kMaxBytes)
      fail(v.pos, "expected a variable of at most 2^40 bytes");
    out.push_back(std::move(v));
    if (single || !lex_.peek().is(',')) return out;
    lex_.next();
  }
}

void Parser::parse_initializer(Variable& v, const std::vector<uint64_t>& dims) {
  uint64_t element = 0;
  std::vector<uint64_t> open = dims;
  if (open[0] == 0) open[0] = UINT64_MAX;
  if (!opaque_.empty() && accept('{')) {
    parse_opaque_fields(v);
  } else if (lex_.peek().is('{') || lex_.peek().kind == Token::Kind::kString) {
    parse_init_level(v, open, 0, element);
  } else {
    parse_init_element(v, 0);
    element = 1;
  }
  if (dims[0] == 0) {
    uint64_t inner = 1;
    for (size_t i = 1; i < dims.size(); i++) inner *= dims[i];
    v.count = inner ? (element + inner - 1) / inner * inner : 0;
  }
  while (!v.init.empty() && v.init.back() == 0) v.init.pop_back();
}

/// `{ addr_mode_0 = wrap, filter_mode = linear, width = 64 }` of a .texref, .samplerref or .surfref.
void Parser::parse_opaque_fields(Variable& v) {
  TexrefState state;
  do {
    const Token field = expect_word("a field such as filter_mode");
    const int number =
        index_of({"addr_mode_0", "addr_mode_1", "addr_mode_2", "filter_mode", "normalized_coords", "width",
                  "height", "depth", "channel_data_type", "channel_order", "force_unnormalized_coords",
                  "array_size", "num_mipmap_levels", "num_samples", "memory_layout"},
                 field.text);
    if (number < 0)
      fail(field.pos(), "expected a field of " + std::string(opaque_) + ", found " + describe(field));
    expect('=', "behind a field");
    const Token value = lex_.peek();
    const bool is_word = value.kind == Token::Kind::kWord;
    const int64_t n = is_word ? (lex_.next(), 0) : parse_constant().as_integer();
    const int mode =
        index_of({"wrap", "clamp_to_edge", "mirror", "clamp_to_border", "clamp_ogl"}, value.text);
    const int filter = index_of({"nearest", "linear"}, value.text);
    if ((number < 3 && mode < 0) || (number == 3 && filter < 0))
      fail(value.pos(), "expected " + std::string(number < 3 ? "an address" : "a filter") + " mode, found " +
                            describe(value));
    if (number < 3) state.address[number] = uint8_t(mode == 4 ? 1 : mode);
    if (number == 3) state.linear = filter == 1;
    if (number == 4) state.normalized = n != 0;
  } while (accept(','));
  expect('}', "behind the fields");
  if (opaque_ != ".texref") return;
  const uint64_t bits = pack_texref_state(state);
  v.init.resize(sizeof bits);
  std::memcpy(v.init.data(), &bits, sizeof bits);
}

/// `{1, 2, {3, 4}}`: a nested list fills one row of the next dimension; flat lists run over all of them.
void Parser::parse_init_level(Variable& v, const std::vector<uint64_t>& dims, size_t level,
                              uint64_t& element) {
  if (lex_.peek().kind == Token::Kind::kString) {
    parse_init_string(v, element);
    return;
  }
  if (level > 8) fail_expected("a less deeply nested initialiser");
  const uint64_t start = element;
  uint64_t capacity = 1, row = 1;
  for (size_t i = level; i < dims.size(); i++) {
    const uint64_t n = dims[i];
    capacity = n != 0 && capacity > UINT64_MAX / n ? UINT64_MAX : capacity * n;
    if (i > level) row *= n;
  }
  lex_.next();
  while (!accept('}')) {
    const Token t = lex_.peek();
    if (element - start >= capacity)
      fail(t.pos(), "expected at most " + std::to_string(capacity) + " initial values");
    if (t.is('{') || t.kind == Token::Kind::kString) {
      const uint64_t row_start = element;
      parse_init_level(v, dims, level + 1, element);
      if (t.is('{')) element = row_start + row;
    } else {
      parse_init_element(v, element);
      element++;
    }
    if (accept('}')) return;
    if (!lex_.peek().is(',')) fail_expected("',' or '}' in an initialiser");
    lex_.next();
  }
}

void Parser::parse_init_string(Variable& v, uint64_t& element) {
  const Token t = lex_.next();
  if (v.type.total_bits() != 8) fail(t.pos(), "expected a string only for 8-bit elements");
  const std::string_view body = t.text.substr(1, t.text.size() - 2);
  for (size_t i = 0; i < body.size(); i++) {
    Constant c;
    c.value = uint8_t(body[i]);
    if (body[i] == '\\' && i + 1 < body.size()) c.value = escape(body[++i]);
    put_element(v, element++, c, t);
  }
}

void Parser::put_element(Variable& v, uint64_t element, const Constant& c, const Token& where) {
  const size_t bytes = size_t(bytes_of(v.type));
  if (v.count && element >= v.count)
    fail(where.pos(), "expected at most " + std::to_string(v.count) + " initial values");
  uint64_t bits = uint64_t(c.value);
  const bool float_type = v.type.is_float();
  if (float_type && v.type.bits == 64) {
    bits = std::bit_cast<uint64_t>(c.as_double());
  } else if (float_type && v.type.bits == 32) {
    // 0f... keeps its bits, NaN payloads included.
    bits = c.is_float && !c.is_double ? uint64_t(uint32_t(c.value))
                                      : std::bit_cast<uint32_t>(float(c.as_double()));
  } else if (float_type && c.is_float) {
    fail(where.pos(),
         "expected an integer (the bits) to initialise a 16-bit float, found " + describe(where));
  } else if (c.is_float && c.is_double && bytes < 8) {
    bits = uint64_t(c.as_integer());
  }
  const size_t offset = size_t(element) * bytes;
  if (offset + bytes > kMaxInitialBytes)
    fail(where.pos(), "expected an initial value within the first GiB of '" + v.name + "'");
  if (bits == 0 && offset >= v.init.size()) return;
  if (v.init.size() < offset + bytes) v.init.resize(offset + bytes);
  const size_t n = bytes < 8 ? bytes : 8;
  std::memcpy(v.init.data() + offset, &bits, n);
  if (bytes > 8) std::memset(v.init.data() + offset + 8, c.value < 0 && !c.is_float ? 0xff : 0, bytes - 8);
}

/// `symbol`, `generic(symbol)`, each with `+ constant`; under `mask`, as in `0xff00(symbol)`.
bool Parser::parse_init_address(Variable& v, uint64_t element, const Token* mask) {
  const Token t = lex_.peek();
  if (t.kind != Token::Kind::kWord || t.is("WARP_SZ")) return false;
  Variable::Reloc r;
  const size_t bytes = size_t(bytes_of(v.type));
  r.offset = element * bytes;
  r.bytes = uint8_t(bytes);
  if (mask) {
    const uint64_t bits = std::strtoull(std::string(mask->text).c_str(), nullptr, 0);
    const int low = std::countr_zero(bits);
    if (bits == 0 || low % 8 != 0 || (bits >> low) != 0xff || bytes != 1)
      fail(mask->pos(), "expected a mask such as 0xFF00 over an 8-bit element, found " + describe(*mask));
    r.shift = uint8_t(low);
  } else if (bytes != 8 && bytes != 4) {
    fail(t.pos(), "expected an address only in 32-bit and 64-bit elements");
  }
  if (v.count && element >= v.count)
    fail(t.pos(), "expected at most " + std::to_string(v.count) + " initial values");
  if (t.is("generic")) {
    lex_.next();
    r.generic = true;
    expect('(', "behind 'generic'");
    r.symbol = std::string(expect_word("a variable name").text);
    if (lex_.peek().is('+') || lex_.peek().is('-')) r.addend = parse_offset();
    expect(')', "behind 'generic(name'");
  } else {
    r.symbol = std::string(expect_word("a variable name").text);
  }
  r.addend += parse_offset();
  v.relocs.push_back(std::move(r));
  return true;
}

void Parser::parse_init_element(Variable& v, uint64_t element) {
  if (parse_init_address(v, element, nullptr)) return;
  const Token t = lex_.peek();
  if (!starts_constant() && !lex_.peek().is('!')) fail_expected("an initial value");
  if (t.kind == Token::Kind::kInteger && lex_.followed_by('(')) {
    lex_.next();
    lex_.next();
    if (!parse_init_address(v, element, &t)) fail_expected("a variable name under a mask");
    expect(')', "behind a masked address");
    return;
  }
  put_element(v, element, parse_constant(), t);
}

}  // namespace ppu::ptx

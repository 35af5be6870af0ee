// Constant expressions (PTX ISA, "Constant Expressions"): C operators over 64-bit integers and doubles.
#include <bit>
#include <charconv>
#include <cmath>
#include <cstdlib>

#include "ptx/parser.h"

namespace ppu::ptx {
namespace {

constexpr int kMaxDepth =
    200;  ///< of nested parentheses and unary operators: a parser must not run out of stack

Constant parse_float_token(std::string_view text) {
  Constant c;
  c.is_float = true;
  const char mark = text.size() > 1 ? text[1] : ' ';
  if (mark == 'f' || mark == 'F') {
    c.value = int64_t(std::strtoul(std::string(text.substr(2)).c_str(), nullptr, 16));
  } else if (mark == 'd' || mark == 'D') {
    c.is_double = true;
    c.value = int64_t(std::strtoull(std::string(text.substr(2)).c_str(), nullptr, 16));
  } else {
    c.is_double = true;
    c.value = std::bit_cast<int64_t>(std::strtod(std::string(text).c_str(), nullptr));
  }
  return c;
}

bool parse_integer_token(std::string_view text, int64_t& value) {
  int base = 10;
  if (text.size() > 1 && text[0] == '0') {
    const char c = text[1];
    base = (c == 'x' || c == 'X') ? 16 : (c == 'b' || c == 'B') ? 2 : 8;
    text.remove_prefix(base == 8 ? 1 : 2);
  }
  uint64_t v = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), v, base);
  value = int64_t(v);
  return error == std::errc() && end == text.data() + text.size();
}

int precedence_of(std::string_view op) {
  if (op == "?") return 1;
  if (op == "||") return 2;
  if (op == "&&") return 3;
  if (op == "|") return 4;
  if (op == "^") return 5;
  if (op == "&") return 6;
  if (op == "==" || op == "!=") return 7;
  if (op == "<" || op == ">" || op == "<=" || op == ">=") return 8;
  if (op == "<<" || op == ">>") return 9;
  if (op == "+" || op == "-") return 10;
  if (op == "*" || op == "/" || op == "%") return 11;
  return -1;
}

Constant of_double(double d) {
  return {std::bit_cast<int64_t>(d), true, true};
}
Constant of_integer(int64_t v) {
  return {v, false, false};
}

Constant apply_float(std::string_view op, double a, double b) {
  if (op == "+") return of_double(a + b);
  if (op == "-") return of_double(a - b);
  if (op == "*") return of_double(a * b);
  if (op == "/") return of_double(a / b);
  if (op == "<") return of_integer(a < b);
  if (op == ">") return of_integer(a > b);
  if (op == "<=") return of_integer(a <= b);
  if (op == ">=") return of_integer(a >= b);
  if (op == "==") return of_integer(a == b);
  return of_integer(a != b);
}

int64_t apply_integer(std::string_view op, int64_t a, int64_t b) {
  const uint64_t ua = uint64_t(a), ub = uint64_t(b);
  if (op == "+") return int64_t(ua + ub);
  if (op == "-") return int64_t(ua - ub);
  if (op == "*") return int64_t(ua * ub);
  if (op == "/") return b == -1 ? int64_t(-ua) : a / b;
  if (op == "%") return b == -1 ? 0 : a % b;
  if (op == "<<") return ub > 63 ? 0 : int64_t(ua << ub);
  if (op == ">>") return a >> (ub > 63 ? 63 : ub);
  if (op == "<") return a < b;
  if (op == ">") return a > b;
  if (op == "<=") return a <= b;
  if (op == ">=") return a >= b;
  if (op == "==") return a == b;
  if (op == "!=") return a != b;
  if (op == "&") return a & b;
  if (op == "|") return a | b;
  if (op == "^") return a ^ b;
  if (op == "&&") return a && b;
  return a || b;
}

}  // namespace

double Constant::as_double() const {
  if (!is_float) return double(value);
  return is_double ? std::bit_cast<double>(value) : double(std::bit_cast<float>(uint32_t(value)));
}

int64_t Constant::as_integer() const {
  if (!is_float) return value;
  const double d = as_double();
  if (!(std::fabs(d) < 9.2e18)) return 0;
  return int64_t(d);
}

bool Parser::starts_constant() const {
  const Token& t = lex_.peek();
  return t.kind == Token::Kind::kInteger || t.kind == Token::Kind::kFloat || t.is('-') || t.is('~') ||
         t.is('(') || t.is('+') || t.is("WARP_SZ");
}

std::string Parser::peek_operator() const {
  const Token& t = lex_.peek();
  if (t.kind != Token::Kind::kPunct) return {};
  const char c = t.text[0];
  const auto with = [&](char second) { return lex_.followed_by(second); };
  std::string op(1, c);
  if ((c == '<' || c == '>' || c == '&' || c == '|') && with(c)) return op + c;
  if ((c == '<' || c == '>' || c == '=' || c == '!') && with('=')) return op + '=';
  return precedence_of(op) < 0 ? std::string() : op;
}

Constant Parser::parse_unary() {
  if (++depth_ > kMaxDepth)
    fail(lex_.peek().pos(), "expected a simpler expression, found more than 200 levels");
  struct Leave {
    int& depth;
    ~Leave() { depth--; }
  } leave{depth_};
  const Token t = lex_.peek();
  if (t.kind == Token::Kind::kFloat) {
    lex_.next();
    return parse_float_token(t.text);
  }
  if (t.kind == Token::Kind::kInteger) {
    lex_.next();
    Constant c;
    if (!parse_integer_token(t.text, c.value))
      fail(t.pos(), "expected an integer of at most 64 bits, found " + describe(t));
    return c;
  }
  if (t.is("WARP_SZ")) {
    lex_.next();
    return of_integer(32);
  }
  if (t.kind != Token::Kind::kPunct) fail_expected("a constant");
  switch (t.text[0]) {
    case '+':
      lex_.next();
      return parse_unary();
    case '-': {
      lex_.next();
      Constant c = parse_unary();
      if (!c.is_float) return of_integer(int64_t(-uint64_t(c.value)));
      c.value ^= c.is_double ? int64_t(1ull << 63) : int64_t(1u << 31);
      return c;
    }
    case '~':
      lex_.next();
      return of_integer(~parse_unary().as_integer());
    case '!':
      lex_.next();
      return of_integer(!parse_unary().as_integer());
    case '(': {
      lex_.next();
      if (lex_.peek().is(".s64") || lex_.peek().is(".u64")) {  // a cast
        lex_.next();
        expect(')', "behind a cast");
        return of_integer(parse_unary().as_integer());
      }
      const Constant c = parse_constant();
      expect(')', "in an expression");
      return c;
    }
    default:
      fail_expected("a constant");
  }
}

Constant Parser::parse_constant(int min_precedence) {
  Constant left = parse_unary();
  for (;;) {
    const std::string op = peek_operator();
    const int precedence = op.empty() ? -1 : precedence_of(op);
    if (precedence < 0 || precedence < min_precedence) return left;
    const SourcePos pos = lex_.peek().pos();
    lex_.next();
    if (op.size() == 2) lex_.next();
    if (op == "?") {
      const Constant yes = parse_constant();
      expect(':', "in an expression");
      const Constant no = parse_constant(precedence);
      left = left.as_integer() ? yes : no;
      continue;
    }
    const Constant right = parse_constant(precedence + 1);
    if (left.is_float || right.is_float) {
      left = apply_float(op, left.as_double(), right.as_double());
      continue;
    }
    if ((op == "/" || op == "%") && right.value == 0) fail(pos, "expected a divisor that isn't zero");
    left = of_integer(apply_integer(op, left.value, right.value));
  }
}

uint64_t Parser::parse_size(const char* what) {
  const Token t = lex_.peek();
  if (!starts_constant()) fail_expected(what);
  const Constant c = parse_constant();
  if (c.is_float || c.value < 0)
    fail(t.pos(), std::string("expected ") + what + ", found a negative number or a float");
  return uint64_t(c.value);
}

}  // namespace ppu::ptx

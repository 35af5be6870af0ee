// The tokens of PTX. Hand-written: a module of 5,000 lines has to be read in a few milliseconds.
#include "ptx/lexer.h"

#include <array>

namespace ppu::ptx {
namespace {

enum CharClass : uint8_t { kOther, kBlank, kStart, kDigit };

constexpr std::array<uint8_t, 256> make_classes() {
  std::array<uint8_t, 256> t{};
  for (int c = 'a'; c <= 'z'; c++) t[c] = kStart;
  for (int c = 'A'; c <= 'Z'; c++) t[c] = kStart;
  t['_'] = t['$'] = t['%'] = kStart;
  for (int c = '0'; c <= '9'; c++) t[c] = kDigit;
  t[' '] = t['\t'] = t['\r'] = t['\n'] = t['\f'] = t['\v'] = kBlank;
  return t;
}
constexpr std::array<uint8_t, 256> kClass = make_classes();

uint8_t class_of(char c) {
  return kClass[uint8_t(c)];
}
bool is_follow(char c) {
  return (class_of(c) == kStart && c != '%') || class_of(c) == kDigit;
}
bool is_hex(char c) {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

}  // namespace

std::string describe(const Token& token) {
  if (token.kind == Token::Kind::kEnd) return "the end of the file";
  std::string_view text = token.text.substr(0, 60);
  std::string out = "'";
  for (char c : text) out += (uint8_t(c) < 32 || uint8_t(c) > 126) ? '?' : c;
  return out + (token.text.size() > text.size() ? "...'" : "'");
}

Lexer::Lexer(std::string_view text) : text_(text) {
  scan();
}

void Lexer::fail(const std::string& message) const {
  throw ParseError{{line_, uint32_t(pos_ - line_start_ + 1)}, message};
}

void Lexer::skip_line() {
  while (pos_ < text_.size() && text_[pos_] != '\n') pos_++;
}

/// `.section .debug_info { .b8 1, 2 ... }`: DWARF, of no use to us.
void Lexer::skip_section() {
  while (pos_ < text_.size() && text_[pos_] != '{' && text_[pos_] != '\n') pos_++;
  skip_blank();
  if (at(pos_) != '{') return;
  while (pos_ < text_.size() && text_[pos_] != '}') {
    if (text_[pos_] == '\n') line_++, line_start_ = pos_ + 1;
    pos_++;
  }
  if (pos_ == text_.size()) fail("expected '}' at the end of .section, found the end of the file");
  pos_++;
}

void Lexer::skip_blank() {
  for (;;) {
    const char c = at(pos_);
    if (pos_ >= text_.size()) return;
    if (c == '\n') {
      pos_++;
      line_++;
      line_start_ = pos_;
    } else if (class_of(c) == kBlank || c == '\0') {
      pos_++;  // a trailing NUL is common: PTX handed over as a C string with its length + 1
    } else if (c == '/' && at(pos_ + 1) == '/') {
      skip_line();
    } else if (c == '/' && at(pos_ + 1) == '*') {
      const size_t end = text_.find("*/", pos_ + 2);
      if (end == text_.npos) fail("expected '*/' at the end of the comment, found the end of the file");
      for (; pos_ < end + 2; pos_++)
        if (text_[pos_] == '\n') line_++, line_start_ = pos_ + 1;
    } else if (c == '#' || (c == '@' && at(pos_ + 1) == '@')) {
      skip_line();  // `# 1 "file.cu"` of a preprocessor, `@@DWARF` of old compilers
    } else {
      return;
    }
  }
}

/// Behind `.loc` (file, line, column...) or `.file` (number, "name", ...). What isn't like that says nothing.
void Lexer::read_debug_line(bool is_file) {
  const std::string_view rest = text_.substr(pos_, text_.find('\n', pos_) - pos_);
  size_t at = 0;
  const auto number = [&] {
    while (at < rest.size() && (rest[at] == ' ' || rest[at] == '\t')) at++;
    uint32_t n = 0;
    for (; at < rest.size() && class_of(rest[at]) == kDigit; at++) n = n * 10 + uint32_t(rest[at] - '0');
    return n;
  };
  const uint32_t file = number();
  if (!is_file) {
    source_ = {file, number()};
    return;
  }
  const size_t open = rest.find('"', at), close = open == rest.npos ? open : rest.find('"', open + 1);
  if (close != rest.npos) files_[file] = std::string(rest.substr(open + 1, close - open - 1));
}

bool Lexer::followed_by(char c) const {
  return at(pos_) == c;
}

bool Lexer::label_follows() const {
  size_t p = pos_;
  while (class_of(at(p)) == kBlank) p++;
  return at(p) == ':' && at(p + 1) != ':';
}

void Lexer::scan_number() {
  const size_t start = pos_;
  token_.kind = Token::Kind::kInteger;
  const char second = at(pos_ + 1);
  if (text_[pos_] == '0' && (second == 'f' || second == 'F' || second == 'd' || second == 'D')) {
    const size_t digits = (second == 'f' || second == 'F') ? 8 : 16;
    pos_ += 2;
    while (is_hex(at(pos_))) pos_++;
    if (pos_ - start - 2 != digits) {
      fail("expected " + std::to_string(digits) + " hexadecimal digits in a float constant, found " +
           std::to_string(pos_ - start - 2));
    }
    token_.kind = Token::Kind::kFloat;
  } else if (text_[pos_] == '0' && (second == 'x' || second == 'X')) {
    pos_ += 2;
    while (is_hex(at(pos_))) pos_++;
    if (pos_ == start + 2) fail("expected hexadecimal digits behind '0x'");
  } else if (text_[pos_] == '0' && (second == 'b' || second == 'B')) {
    pos_ += 2;
    while (at(pos_) == '0' || at(pos_) == '1') pos_++;
  } else {
    while (class_of(at(pos_)) == kDigit) pos_++;
    const bool fraction = at(pos_) == '.' && class_of(at(pos_ + 1)) == kDigit;
    const bool bare_dot = at(pos_) == '.' && class_of(at(pos_ + 1)) != kStart;
    if (fraction || bare_dot) {
      token_.kind = Token::Kind::kFloat;
      pos_++;
      while (class_of(at(pos_)) == kDigit) pos_++;
    }
    if (at(pos_) == 'e' || at(pos_) == 'E') {
      size_t p = pos_ + 1;
      if (at(p) == '+' || at(p) == '-') p++;
      if (class_of(at(p)) == kDigit) {
        token_.kind = Token::Kind::kFloat;
        while (class_of(at(p)) == kDigit) p++;
        pos_ = p;
      }
    }
  }
  token_.text = text_.substr(start, pos_ - start);
  if (token_.kind == Token::Kind::kInteger && at(pos_) == 'U') pos_++;
  if (is_follow(at(pos_)))
    fail("expected a number, found '" + std::string(text_.substr(start, pos_ + 1 - start)) + "'");
}

void Lexer::scan() {
  for (;;) {
    skip_blank();
    token_.line = line_;
    token_.column = uint32_t(pos_ - line_start_ + 1);
    if (pos_ >= text_.size()) {
      token_.kind = Token::Kind::kEnd;
      token_.text = {};
      return;
    }
    const size_t start = pos_;
    const char c = text_[pos_];
    const uint8_t k = class_of(c);
    if (k == kStart) {
      pos_++;
      while (is_follow(at(pos_))) pos_++;
      token_.kind = Token::Kind::kWord;
    } else if (k == kDigit || (c == '.' && class_of(at(pos_ + 1)) == kDigit)) {  // `.5`
      scan_number();
      return;
    } else if (c == '.' && class_of(at(pos_ + 1)) == kStart) {
      pos_++;
      while (is_follow(at(pos_)) || (at(pos_) == ':' && at(pos_ + 1) == ':')) pos_ += at(pos_) == ':' ? 2 : 1;
      token_.kind = Token::Kind::kDirective;
      const std::string_view word = text_.substr(start, pos_ - start);
      if (word == ".loc" || word == ".file") {
        read_debug_line(word == ".file");
        skip_line();
        continue;
      }
      if (word == ".section") {
        skip_section();
        continue;
      }
    } else if (c == '"') {
      pos_++;
      while (pos_ < text_.size() && text_[pos_] != '"' && text_[pos_] != '\n')
        pos_ += text_[pos_] == '\\' ? 2 : 1;
      if (at(pos_) != '"') fail("expected '\"' at the end of the string");
      pos_++;
      token_.kind = Token::Kind::kString;
    } else {
      pos_++;
      token_.kind = Token::Kind::kPunct;
    }
    token_.text = text_.substr(start, pos_ - start);
    return;
  }
}

Token Lexer::next() {
  Token t = token_;
  scan();
  return t;
}

Token Lexer::next_opcode() {
  Token t = token_;
  const size_t start = size_t(t.text.data() - text_.data());
  size_t p = start + t.text.size();
  while ((at(p) == '.' && (is_follow(at(p + 1)))) || (at(p) == ':' && at(p + 1) == ':')) {
    p += at(p) == '.' ? 1 : 2;
    while (is_follow(at(p))) p++;
  }
  t.text = text_.substr(start, p - start);
  pos_ = p;
  scan();
  return t;
}

}  // namespace ppu::ptx

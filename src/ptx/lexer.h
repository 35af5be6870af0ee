// Splits PTX text into tokens. Views point into the text, nothing is copied. Debug information (.file, .loc,
// .section and its contents) is no token; of the first two the lexer remembers what they say. Lexical rules:
// PTX ISA, "Syntax".
#pragma once
#include <cstdint>
#include <map>
#include <stdexcept>
#include <string>
#include <string_view>

#include "ptx/tree.h"

namespace ppu::ptx {

/// Stops the parser at a place; never leaves src/ptx (parse() turns it into an Error).
struct ParseError {
  SourcePos pos;
  std::string message;
  bool unsupported = false;
};

struct Token {
  enum class Kind : uint8_t {
    kEnd,
    kWord,       ///< identifier, register, special register: foo, %r1, %tid.x is three tokens
    kDirective,  ///< .visible, .b32 (with the dot)
    kInteger,    ///< 12, 0x1F, 0b11, 017, with optional U
    kFloat,      ///< 0f3F800000, 0d..., 1.5, 1e-3
    kString,     ///< with its quotes
    kPunct,      ///< one character
  };
  Kind kind = Kind::kEnd;
  std::string_view text;
  uint32_t line = 1;
  uint32_t column = 1;
  bool is(char c) const { return kind == Kind::kPunct && text[0] == c; }
  bool is(std::string_view s) const { return text == s && kind != Kind::kString; }
  SourcePos pos() const { return {line, column}; }
};

class Lexer {
 public:
  explicit Lexer(std::string_view text);

  const Token& peek() const { return token_; }
  /// Returns the current token and moves to the next one.
  Token next();
  /// Extends the current word to a whole opcode, "add.sat.s32" or "ld.global.L2::128B.b32", and moves behind
  /// it.
  Token next_opcode();
  /// True when the character right behind the current token is `c`.
  bool followed_by(char c) const;
  /// True when the current word is a label's definition: blanks and one ':' come next.
  bool label_follows() const;
  /// What the last .loc before the current token says; file 0: there was none.
  struct Source {
    uint32_t file = 0, line = 0;
  };
  Source source() const { return source_; }
  void forget_source() { source_ = {}; }  ///< a function starts
  /// Names of files by number, from the .file directives so far.
  const std::map<uint32_t, std::string>& files() const { return files_; }

 private:
  void skip_blank();
  void skip_line();
  void read_debug_line(bool is_file);
  void skip_section();
  void scan();
  void scan_number();
  char at(size_t i) const { return i < text_.size() ? text_[i] : '\0'; }
  [[noreturn]] void fail(const std::string& message) const;

  std::string_view text_;
  size_t pos_ = 0;         ///< behind token_
  size_t line_start_ = 0;  ///< offset of the current line's first character
  uint32_t line_ = 1;
  Token token_;
  Source source_;
  std::map<uint32_t, std::string> files_;
};

/// Words for a token in messages: "';'", "'foo'", "the end of the file".
std::string describe(const Token& token);

}  // namespace ppu::ptx

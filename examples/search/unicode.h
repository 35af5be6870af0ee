// The character rules of BERT's uncased tokenizer: cleaning, lower case, accents off, what is punctuation.
// One table per rule, made from the reference implementation (tests/make_unicode_tables.py).
#pragma once
#include <string>
#include <string_view>

namespace search {

/// UTF-8 to code points. Bytes that are no UTF-8 become U+FFFD, which the normaliser drops.
std::u32string decode_utf8(std::string_view text);

/// Appends `c` as UTF-8.
void append_utf8(std::string& out, char32_t c);

/// Cleaned, lower-cased, without accents, with spaces around Chinese characters.
std::u32string normalize(std::u32string_view text);

/// ' ' after normalize(): every kind of white space has become one.
inline bool is_space(char32_t c) {
  return c == U' ';
}

/// Characters that are words of their own.
bool is_punctuation(char32_t c);

}  // namespace search

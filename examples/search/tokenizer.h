// BERT's WordPiece tokenizer (uncased), giving the same ids as the `tokenizers` package with this model's
// tokenizer.json: the model is only as good as the match.
#pragma once
#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace search {

class Tokenizer {
 public:
  /// Reads vocab.txt: one piece a line, the line's number is its id. Fails with kBadModel.
  explicit Tokenizer(const std::filesystem::path& vocabulary);

  /// [CLS] pieces... [SEP], at most `max_tokens` long (the text's end is cut, never the marks).
  std::vector<int32_t> encode(std::string_view text, size_t max_tokens) const;

  size_t vocabulary_size() const { return ids_.size(); }

 private:
  void encode_plain(std::string_view text, std::vector<int32_t>& ids, size_t limit) const;
  void encode_word(std::u32string_view word, std::vector<int32_t>& ids) const;
  int32_t id_of(const std::string& piece) const;

  std::unordered_map<std::string, int32_t> ids_;
  std::vector<std::pair<std::string, int32_t>>
      special_;  ///< "[MASK]" and so on, recognised in the text as they are
  int32_t unknown_, start_, end_;
};

}  // namespace search

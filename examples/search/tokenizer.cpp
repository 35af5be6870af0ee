// Text -> normalised words -> longest pieces of the vocabulary. Rules as in Devlin et al.'s BERT and the
// tokenizer.json that comes with the model: words over 100 characters and words that can't be pieced together
// are [UNK].
#include "tokenizer.h"

#include <fstream>

#include "failure.h"
#include "unicode.h"

namespace search {
namespace {

constexpr size_t kLongestWord = 100;

}  // namespace

Tokenizer::Tokenizer(const std::filesystem::path& vocabulary) {
  std::ifstream in(vocabulary);
  if (!in) throw Failure(kBadModel, "can't read the vocabulary " + vocabulary.string());
  int32_t next = 0;
  for (std::string line; std::getline(in, line); ++next) {
    if (!line.empty() && line.back() == '\r') line.pop_back();
    ids_.emplace(line, next);
  }
  unknown_ = id_of("[UNK]");
  start_ = id_of("[CLS]");
  end_ = id_of("[SEP]");
  if (unknown_ < 0 || start_ < 0 || end_ < 0)
    throw Failure(kBadModel, vocabulary.string() + " is no BERT vocabulary: no [UNK], [CLS] or [SEP]");
  for (const char* name : {"[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"})
    if (id_of(name) >= 0) special_.emplace_back(name, id_of(name));
}

int32_t Tokenizer::id_of(const std::string& piece) const {
  const auto found = ids_.find(piece);
  return found == ids_.end() ? -1 : found->second;
}

std::vector<int32_t> Tokenizer::encode(std::string_view text, size_t max_tokens) const {
  std::vector<int32_t> ids = {start_};
  const size_t limit = max_tokens - 1;
  // Special pieces written out in the text stand for themselves and split it.
  while (!text.empty() && ids.size() < limit) {
    size_t first = text.size(), length = 0;
    int32_t id = 0;
    for (const auto& [name, special_id] : special_) {
      const size_t at = text.find(name);
      if (at < first) first = at, length = name.size(), id = special_id;
    }
    encode_plain(text.substr(0, first), ids, limit);
    if (length) ids.push_back(id);
    text.remove_prefix(first + length);
  }
  if (ids.size() > limit) ids.resize(limit);
  ids.push_back(end_);
  return ids;
}

void Tokenizer::encode_plain(std::string_view text, std::vector<int32_t>& ids, size_t limit) const {
  const std::u32string normal = normalize(decode_utf8(text));
  for (size_t i = 0; i < normal.size() && ids.size() < limit;) {
    if (is_space(normal[i])) {
      ++i;
      continue;
    }
    size_t end = i + 1;
    if (!is_punctuation(normal[i]))
      while (end < normal.size() && !is_space(normal[end]) && !is_punctuation(normal[end])) ++end;
    encode_word(std::u32string_view(normal).substr(i, end - i), ids);
    i = end;
  }
}

void Tokenizer::encode_word(std::u32string_view word, std::vector<int32_t>& ids) const {
  const size_t before = ids.size();
  if (word.size() > kLongestWord) {
    ids.push_back(unknown_);
    return;
  }
  for (size_t start = 0; start < word.size();) {
    // The longest piece that fits; pieces inside a word are written with ## in front.
    std::string piece = start ? "##" : "";
    std::vector<size_t> ends;
    for (size_t i = start; i < word.size(); ++i) {
      append_utf8(piece, word[i]);
      ends.push_back(piece.size());
    }
    int32_t id = -1;
    size_t taken = ends.size();
    for (; taken > 0; --taken) {
      id = id_of(piece.substr(0, ends[taken - 1]));
      if (id >= 0) break;
    }
    if (id < 0) {
      ids.resize(before);
      ids.push_back(unknown_);
      return;
    }
    ids.push_back(id);
    start += taken;
  }
}

}  // namespace search

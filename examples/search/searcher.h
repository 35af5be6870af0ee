// Tokenizer, encoder and index put together: embeds a corpus and answers questions about it.
#pragma once
#include <filesystem>
#include <string>
#include <vector>

#include "corpus.h"
#include "device_buffer.h"
#include "encoder.h"
#include "tokenizer.h"

namespace search {

struct Hit {
  size_t document;
  float score;  ///< cosine of the angle to the question, at most 1
};

/// What embedding a corpus cost.
struct EmbedReport {
  size_t documents = 0, tokens = 0, batches = 0;
  double seconds = 0;
};

class Searcher {
 public:
  explicit Searcher(const std::filesystem::path& model);

  /// Fingerprint of weights and vocabulary.
  uint64_t model_fingerprint() const { return fingerprint_; }

  /// Token ids as the encoder gets them.
  std::vector<int32_t> encode(const std::string& text) const {
    return tokenizer_.encode(text, kLongestSentence);
  }

  /// Embeds all documents, `batch` at a time, sorted by length so that little is padding;
  /// rows[documents][kHidden] come back and stay on the device for find().
  std::vector<float> embed_corpus(const std::vector<Document>& documents, size_t batch, bool quiet,
                                  EmbedReport& report);

  /// Takes rows from an index instead.
  void use_rows(const std::vector<float>& rows);

  /// The `top` nearest documents, best first.
  std::vector<Hit> find(const std::string& question, size_t top);

 private:
  Safetensors weights_;
  Tokenizer tokenizer_;
  Encoder encoder_;
  uint64_t fingerprint_;
  size_t count_ = 0;
  DeviceBuffer<float> rows_, query_, scores_, top_scores_[2];
  DeviceBuffer<int32_t> top_ids_[2];
};

}  // namespace search

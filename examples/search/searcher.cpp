// Batches for the encoder, and the search: scores of all rows, then rounds of top-k until one block is left.
#include "searcher.h"

#include <algorithm>
#include <fstream>
#include <numeric>
#include <sstream>

#include "hash.h"
#include "progress.h"

namespace search {
namespace {

uint64_t fingerprint_of(const Safetensors& weights, const std::filesystem::path& vocabulary) {
  std::ifstream in(vocabulary, std::ios::binary);
  std::stringstream text;
  text << in.rdbuf();
  return fingerprint(text.str(), fingerprint(weights.bytes(), weights.byte_count()));
}

}  // namespace

Searcher::Searcher(const std::filesystem::path& model)
    : weights_(model / "model.safetensors"),
      tokenizer_(model / "vocab.txt"),
      encoder_(model, weights_),
      fingerprint_(fingerprint_of(weights_, model / "vocab.txt")) {}

std::vector<float> Searcher::embed_corpus(const std::vector<Document>& documents, size_t batch, bool quiet,
                                          EmbedReport& report) {
  std::vector<std::vector<int32_t>> ids;
  ids.reserve(documents.size());
  for (const Document& document : documents) ids.push_back(encode(document.text));
  std::vector<size_t> order(documents.size());
  std::iota(order.begin(), order.end(), size_t(0));
  std::sort(order.begin(), order.end(), [&](size_t a, size_t b) {
    return ids[a].size() != ids[b].size() ? ids[a].size() > ids[b].size() : a < b;
  });

  Progress progress(documents.size(), quiet);
  report = {};
  report.documents = documents.size();
  std::vector<float> rows(documents.size() * kHidden), part(batch * kHidden);
  DeviceBuffer<float> device_part;
  device_part.reserve(batch * kHidden);
  for (size_t first = 0; first < order.size(); first += batch) {
    const size_t count = std::min(batch, order.size() - first);
    std::vector<std::vector<int32_t>> sentences;
    for (size_t i = 0; i < count; ++i) {
      sentences.push_back(ids[order[first + i]]);
      report.tokens += sentences.back().size();
    }
    encoder_.embed(sentences, device_part.get());
    device_part.download(part.data(), count * kHidden);
    for (size_t i = 0; i < count; ++i)
      std::copy_n(part.begin() + long(i * kHidden), kHidden, rows.begin() + long(order[first + i] * kHidden));
    ++report.batches;
    progress.show(first + count, report.tokens);
  }
  report.seconds = progress.seconds();
  use_rows(rows);
  return rows;
}

void Searcher::use_rows(const std::vector<float>& rows) {
  count_ = rows.size() / kHidden;
  rows_.upload(rows.data(), rows.size());
}

std::vector<Hit> Searcher::find(const std::string& question, size_t top) {
  top = std::min(top, count_);
  query_.reserve(kHidden);
  encoder_.embed({encode(question)}, query_.get());
  scores_.reserve(count_);
  launch_scores(rows_.get(), query_.get(), scores_.get(), int(count_), nullptr);

  const float* scores = scores_.get();
  const int32_t* ids = nullptr;
  int left = int(count_), side = 0;
  do {
    const size_t room = (size_t(left) + kTopTile - 1) / kTopTile * top;
    top_scores_[side].reserve(room);
    top_ids_[side].reserve(room);
    const bool last = left <= kTopTile;
    left = launch_top(scores, ids, left, int(top), top_scores_[side].get(), top_ids_[side].get(), nullptr);
    scores = top_scores_[side].get();
    ids = top_ids_[side].get();
    if (last) break;
    side ^= 1;
  } while (true);
  check(cudaGetLastError(), "launching the search");

  std::vector<float> best_scores(top);
  std::vector<int32_t> best_ids(top);
  top_scores_[side].download(best_scores.data(), top);
  top_ids_[side].download(best_ids.data(), top);
  std::vector<Hit> hits;
  for (size_t i = 0; i < top; ++i) hits.push_back({size_t(best_ids[i]), best_scores[i]});
  return hits;
}

}  // namespace search

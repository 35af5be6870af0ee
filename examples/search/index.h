// The embeddings of a corpus, kept in a file and used again while model and corpus are the same.
#pragma once
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace search {

/// What an index was made from; any difference means it has to be made anew.
struct IndexKey {
  uint64_t model = 0;   ///< fingerprint of weights and vocabulary
  uint64_t corpus = 0;  ///< fingerprint of all documents
  uint64_t count = 0;   ///< documents
};

/// The rows[count][kHidden] of the file if it is whole and for this key. Otherwise nothing, and `why` says
/// why: there is none, it is for something else, or it is damaged.
std::optional<std::vector<float>> load_index(const std::filesystem::path& path, const IndexKey& key,
                                             std::string& why);

/// Writes beside it and renames, so that a killed or full-disk run never leaves half an index. Fails with
/// kFile.
void save_index(const std::filesystem::path& path, const IndexKey& key, const std::vector<float>& rows);

/// Where the index of a corpus is kept by default: $XDG_CACHE_HOME or ~/.cache, ppu-search/<corpus>.index.
std::filesystem::path default_index_path(const IndexKey& key);

}  // namespace search

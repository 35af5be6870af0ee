// The documents that are searched: Debian's package descriptions, or a text file with one document a line.
#pragma once
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

namespace search {

struct Document {
  std::string title;  ///< the package's name; empty for lines of a file
  std::string text;   ///< what is embedded and shown
};

/// Packages from `apt-cache dumpavail`, by name, each once. `limit` of them, evenly spread over the archive;
/// 0 takes all. Fails with kBadCorpus when there are none ("run apt-get update").
std::vector<Document> read_packages(size_t limit);

/// The non-empty lines of a UTF-8 text file, the first `limit` (0: all). Fails with kBadCorpus.
std::vector<Document> read_lines(const std::filesystem::path& path, size_t limit);

/// Fingerprint of all titles and texts in order.
uint64_t fingerprint(const std::vector<Document>& documents);

}  // namespace search

// File: a 64-byte header, then the rows. The header carries the rows' fingerprint, so damage anywhere is
// seen.
#include "index.h"

#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>

#include "failure.h"
#include "hash.h"
#include "kernels.h"

namespace search {
namespace {

constexpr char kMagic[8] = {'P', 'P', 'U', 'S', 'R', 'C', 'H', '1'};

struct Header {
  char magic[8];
  uint64_t model, corpus, count, width, rows_hash;
  uint64_t reserved;
  uint64_t header_hash;  ///< of all bytes before it
};
static_assert(sizeof(Header) == 64);

uint64_t hash_of(const Header& header) {
  return fingerprint(&header, offsetof(Header, header_hash));
}
uint64_t hash_of(const std::vector<float>& rows) {
  return fingerprint(rows.data(), rows.size() * sizeof(float));
}

}  // namespace

std::optional<std::vector<float>> load_index(const std::filesystem::path& path, const IndexKey& key,
                                             std::string& why) {
  std::ifstream in(path, std::ios::binary);
  if (!in) return why = "none yet", std::nullopt;
  Header header;
  if (!in.read(reinterpret_cast<char*>(&header), sizeof header) ||
      std::memcmp(header.magic, kMagic, sizeof kMagic) != 0 || header.header_hash != hash_of(header) ||
      header.width != kHidden)
    return why = "damaged or of another version", std::nullopt;
  if (header.model != key.model) return why = "made with another model", std::nullopt;
  if (header.corpus != key.corpus || header.count != key.count)
    return why = "made from another corpus", std::nullopt;
  std::vector<float> rows(size_t(key.count) * kHidden);
  const std::streamsize bytes = std::streamsize(rows.size() * sizeof(float));
  if (!in.read(reinterpret_cast<char*>(rows.data()), bytes) || hash_of(rows) != header.rows_hash)
    return why = "damaged", std::nullopt;
  return rows;
}

void save_index(const std::filesystem::path& path, const IndexKey& key, const std::vector<float>& rows) {
  std::error_code error;
  if (path.has_parent_path()) std::filesystem::create_directories(path.parent_path(), error);
  Header header{};
  std::memcpy(header.magic, kMagic, sizeof kMagic);
  header.model = key.model;
  header.corpus = key.corpus;
  header.count = key.count;
  header.width = kHidden;
  header.rows_hash = hash_of(rows);
  header.header_hash = hash_of(header);
  const std::filesystem::path fresh = path.string() + "." + std::to_string(getpid()) + ".tmp";
  std::ofstream out(fresh, std::ios::binary);
  out.write(reinterpret_cast<const char*>(&header), sizeof header);
  out.write(reinterpret_cast<const char*>(rows.data()), std::streamsize(rows.size() * sizeof(float)));
  out.close();
  if (out) std::filesystem::rename(fresh, path, error);
  if (!out || error) {
    std::filesystem::remove(fresh, error);
    throw Failure(kFile, "can't write the index " + path.string());
  }
}

std::filesystem::path default_index_path(const IndexKey& key) {
  const char* cache = std::getenv("XDG_CACHE_HOME");
  const char* home = std::getenv("HOME");
  std::filesystem::path base = cache && *cache ? std::filesystem::path(cache)
                               : home && *home ? std::filesystem::path(home) / ".cache"
                                               : std::filesystem::temp_directory_path();
  char name[40];
  std::snprintf(name, sizeof name, "%016llx.index", static_cast<unsigned long long>(key.corpus));
  return base / "ppu-search" / name;
}

}  // namespace search

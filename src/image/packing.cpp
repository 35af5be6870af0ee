// Decompression and compression of fatbin payloads: raw LZ4 blocks and zstd frames. A header's sizes are
// claims: memory grows with the bytes that really come out, never with what a header says.
#include <lz4.h>
#include <zstd.h>

#include <algorithm>

#include "image/fatbin.h"
#include "image/fatbin_layout.h"

namespace ppu::image {
namespace {

Error damaged(const std::string& what) {
  return bad_input("fatbin: " + what + "; the file is damaged");
}

Result<std::string> expand_lz4(const Entry& entry) {
  // A block can't grow by more than 255 (LZ4 block format: a length byte stands for at most 255 bytes).
  if (entry.expanded_size > 255 * uint64_t(entry.payload.size()) + 64)
    return damaged("an LZ4 entry claims " + std::to_string(entry.expanded_size) + " bytes from " +
                   std::to_string(entry.payload.size()));
  std::string out(entry.expanded_size, '\0');
  const int n = LZ4_decompress_safe(reinterpret_cast<const char*>(entry.payload.data()), out.data(),
                                    int(entry.payload.size()), int(out.size()));
  if (n < 0 || uint64_t(n) != entry.expanded_size)
    return damaged("an LZ4 entry doesn't unpack to its stated size");
  return out;
}

Result<std::string> expand_zstd(const Entry& entry) {
  struct Stream {
    ZSTD_DStream* handle = ZSTD_createDStream();
    ~Stream() { ZSTD_freeDStream(handle); }
  } stream;
  if (!stream.handle) return resource("fatbin: no memory to unpack a zstd entry");
  constexpr int kMaxWindowLog = 27;  // 128 MiB: what `zstd` itself accepts by default
  ZSTD_DCtx_setParameter(stream.handle, ZSTD_d_windowLogMax, kMaxWindowLog);
  ZSTD_inBuffer in{entry.payload.data(), entry.payload.size(), 0};
  std::string out;
  constexpr uint64_t kStep = 1 << 20;
  size_t left = 1;
  while (left != 0) {
    const uint64_t before = out.size();
    const uint64_t room = std::min<uint64_t>(kStep + before, entry.expanded_size + 1 - before);
    if (room == 0) return damaged("a zstd entry unpacks to more than its stated size");
    out.resize(before + room);
    ZSTD_outBuffer piece{out.data() + before, room, 0};
    const size_t read_before = in.pos;
    left = ZSTD_decompressStream(stream.handle, &piece, &in);
    out.resize(before + piece.pos);
    if (ZSTD_isError(left)) return damaged(std::string("a zstd entry: ") + ZSTD_getErrorName(left));
    if (left != 0 && piece.pos == 0 && in.pos == read_before) return damaged("a zstd entry is cut off");
  }
  if (out.size() != entry.expanded_size) return damaged("a zstd entry doesn't unpack to its stated size");
  return out;
}

}  // namespace

Result<std::string> expand(const Entry& entry) {
  if (entry.packing == Packing::kStored)
    return std::string(reinterpret_cast<const char*>(entry.payload.data()), entry.payload.size());
  if (entry.expanded_size > kMaxExpanded)
    return damaged("an entry claims " + std::to_string(entry.expanded_size) + " bytes");
  return entry.packing == Packing::kLz4 ? expand_lz4(entry) : expand_zstd(entry);
}

}  // namespace ppu::image

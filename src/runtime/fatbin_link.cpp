#include "runtime/fatbin_link.h"

#include <cstdint>
#include <cstring>

#include "base/log.h"

namespace ppu::runtime {
namespace {

constexpr uint32_t kWrapperMagic = 0x466243B1;
constexpr uint32_t kImageMagic = 0xBA55ED50;

struct Wrapper {
  uint32_t magic;
  uint32_t version;  ///< 1: one image; 2: `pieces` too
  const void* image;
  void* const* pieces;  ///< version 2: images of the objects that were linked, null-terminated
};

struct ImageHeader {
  uint32_t magic;
  uint16_t version;
  uint16_t header_bytes;
  uint64_t payload_bytes;
};

/// Bytes of a fat binary image including its header; 0 if it isn't one or is empty.
size_t image_bytes(const void* image) {
  ImageHeader header;
  if (!image) return 0;
  std::memcpy(&header, image, sizeof header);
  if (header.magic != kImageMagic || header.payload_bytes == 0) return 0;
  return header.header_bytes + header.payload_bytes;
}

CUresult link_pieces(const Driver& driver, void* const* pieces, CUlibrary* library) {
  char log_text[4096] = "";
  CUjit_option options[] = {CU_JIT_ERROR_LOG_BUFFER, CU_JIT_ERROR_LOG_BUFFER_SIZE_BYTES};
  void* values[] = {log_text, reinterpret_cast<void*>(sizeof log_text)};
  CUlinkState link = nullptr;
  CUresult result = driver.cuLinkCreate_v2(2, options, values, &link);
  if (result != CUDA_SUCCESS) return result;
  for (; *pieces && result == CUDA_SUCCESS; ++pieces) {
    const size_t bytes = image_bytes(*pieces);
    if (!bytes) continue;
    result =
        driver.cuLinkAddData_v2(link, CU_JIT_INPUT_FATBINARY, *pieces, bytes, "fatbin", 0, nullptr, nullptr);
  }
  void* image = nullptr;
  size_t bytes = 0;
  if (result == CUDA_SUCCESS) result = driver.cuLinkComplete(link, &image, &bytes);
  if (result == CUDA_SUCCESS)
    result = driver.cuLibraryLoadData(library, image, nullptr, nullptr, 0, nullptr, nullptr, 0);
  if (result != CUDA_SUCCESS)
    log("runtime", LogLevel::kWarn, "linking relocatable device code failed: %s", log_text);
  driver.cuLinkDestroy(link);
  return result;
}

}  // namespace

CUresult load_wrapper(const Driver& driver, const void* wrapper, CUlibrary* library) {
  Wrapper w;
  std::memcpy(&w, wrapper, sizeof w);
  if (w.magic != kWrapperMagic) return CUDA_ERROR_INVALID_IMAGE;
  // Of relocatable code, w.image is empty or holds machine code linked at build time; the PTX is in the
  // pieces.
  if (w.version == 2 && w.pieces && *w.pieces) return link_pieces(driver, w.pieces, library);
  return driver.cuLibraryLoadData(library, w.image, nullptr, nullptr, 0, nullptr, nullptr, 0);
}

}  // namespace ppu::runtime

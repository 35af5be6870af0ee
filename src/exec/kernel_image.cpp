// See kernel_image.h. File layout: Header, then KernelInfo as counted fields, then the ELF object at a
// multiple of 16. The checksum covers everything but itself and is checked before any other field is
// believed.
#include "exec/kernel_image.h"

#include <cstring>

#include "exec/checksum.h"
#include "exec/elf_loader.h"

namespace ppu::exec {
namespace {

constexpr char kMagic[8] = {'O', 'P', 'P', 'U', 'K', 'I', 'M', '1'};
constexpr size_t kObjectAlign = 16;

struct Header {
  char magic[8];
  uint64_t checksum;  ///< of all bytes after this field
  uint32_t abi_version;
  uint32_t info_bytes;    ///< KernelInfo fields follow the header
  uint64_t object_bytes;  ///< the ELF object, at align16(sizeof(Header) + info_bytes)
};
constexpr size_t kChecksummedFrom = offsetof(Header, abi_version);

class Writer {
 public:
  void u32(uint32_t v) { raw(&v, 4); }
  void text(const std::string& s) {
    u32(uint32_t(s.size()));
    raw(s.data(), s.size());
  }
  void raw(const void* p, size_t n) {
    const auto* b = static_cast<const std::byte*>(p);
    bytes_.insert(bytes_.end(), b, b + n);
  }
  std::vector<std::byte> take() { return std::move(bytes_); }

 private:
  std::vector<std::byte> bytes_;
};

/// Reads what Writer wrote; after a read past the end everything is zero and ok() false.
class Reader {
 public:
  explicit Reader(std::span<const std::byte> bytes) : bytes_(bytes) {}
  uint32_t u32() {
    uint32_t v = 0;
    if (!take(4)) return 0;
    std::memcpy(&v, bytes_.data() + at_ - 4, 4);
    return v;
  }
  std::string text() {
    const uint32_t n = u32();
    if (!take(n)) return {};
    return {reinterpret_cast<const char*>(bytes_.data()) + at_ - n, n};
  }
  bool ok() const { return ok_; }
  bool at_end() const { return at_ == bytes_.size(); }

 private:
  bool take(size_t n) {
    if (n > bytes_.size() - at_) ok_ = false;
    if (ok_) at_ += n;
    return ok_;
  }
  std::span<const std::byte> bytes_;
  size_t at_ = 0;
  bool ok_ = true;
};

constexpr uint32_t kFramePerWarp = 1, kMayYield = 2;

std::vector<std::byte> write_info(const KernelInfo& info) {
  Writer w;
  w.text(info.kernel);
  for (uint32_t b : info.block) w.u32(b);
  w.u32(info.static_shared_bytes);
  w.u32(info.local_bytes);
  w.u32(info.frame_bytes);
  w.u32((info.frame_per_warp ? kFramePerWarp : 0) | (info.may_yield ? kMayYield : 0));
  w.u32(info.registers);
  w.u32(uint32_t(info.globals.size()));
  for (const std::string& g : info.globals) w.text(g);
  return w.take();
}

Result<KernelInfo> read_info(std::span<const std::byte> bytes) {
  Reader r(bytes);
  KernelInfo info;
  info.kernel = r.text();
  for (uint32_t& b : info.block) b = r.u32();
  info.static_shared_bytes = r.u32();
  info.local_bytes = r.u32();
  info.frame_bytes = r.u32();
  const uint32_t flags = r.u32();
  info.frame_per_warp = flags & kFramePerWarp;
  info.may_yield = flags & kMayYield;
  info.registers = r.u32();
  const uint32_t globals = r.u32();
  for (uint32_t i = 0; i < globals && r.ok(); i++) info.globals.push_back(r.text());
  if (!r.ok() || !r.at_end()) return bad_input("kernel image is damaged: its description has a wrong length");
  return info;
}

constexpr size_t align_up(size_t n, size_t to) {
  return (n + to - 1) / to * to;
}

}  // namespace

std::vector<std::byte> serialize(const KernelInfo& info, std::span<const std::byte> elf_object) {
  const std::vector<std::byte> description = write_info(info);
  Header header{};
  std::memcpy(header.magic, kMagic, sizeof kMagic);
  header.abi_version = kAbiVersion;
  header.info_bytes = uint32_t(description.size());
  header.object_bytes = elf_object.size();
  const size_t object_at = align_up(sizeof header + description.size(), kObjectAlign);
  std::vector<std::byte> image(object_at + elf_object.size());
  std::memcpy(image.data() + sizeof header, description.data(), description.size());
  if (!elf_object.empty()) std::memcpy(image.data() + object_at, elf_object.data(), elf_object.size());
  std::memcpy(image.data(), &header, sizeof header);
  header.checksum = checksum(std::span(image).subspan(kChecksummedFrom));
  std::memcpy(image.data(), &header, sizeof header);
  return image;
}

Result<std::unique_ptr<LoadedKernel>> LoadedKernel::load(std::span<const std::byte> image) {
  Header header;
  if (image.size() < sizeof header) return bad_input("kernel image is damaged: too short");
  std::memcpy(&header, image.data(), sizeof header);
  if (std::memcmp(header.magic, kMagic, sizeof kMagic))
    return bad_input("kernel image is damaged: wrong magic");
  if (header.checksum != checksum(image.subspan(kChecksummedFrom)))
    return bad_input("kernel image is damaged: wrong checksum");
  if (header.abi_version != kAbiVersion)
    return bad_input("kernel image was made for ABI version " + std::to_string(header.abi_version) +
                     ", this is version " + std::to_string(kAbiVersion));
  if (header.info_bytes > image.size() - sizeof header) return bad_input("kernel image is damaged: lengths");
  const size_t object_at = align_up(sizeof header + header.info_bytes, kObjectAlign);
  if (object_at > image.size() || header.object_bytes != image.size() - object_at)
    return bad_input("kernel image is damaged: lengths");
  Result<KernelInfo> info = read_info(image.subspan(sizeof header, header.info_bytes));
  if (!info) return info.error();
  // A copy: the caller's bytes may lie at any address, the object's tables want alignment.
  const std::vector<std::byte> object(image.begin() + ptrdiff_t(object_at), image.end());
  Result<MappedObject> mapped = map_object(object, info->kernel + ".block");
  if (!mapped) return mapped.error();
  std::unique_ptr<LoadedKernel> kernel(new LoadedKernel);
  kernel->info_ = std::move(*info);
  kernel->entry_ = reinterpret_cast<BlockFunction>(mapped->entry);
  kernel->code_ = mapped->base;
  kernel->code_bytes_ = mapped->bytes;
  return kernel;
}

LoadedKernel::~LoadedKernel() {
  unmap_object({code_, code_bytes_, nullptr});
}

}  // namespace ppu::exec

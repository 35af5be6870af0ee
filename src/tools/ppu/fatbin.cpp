// `ppu fatbin`: packs PTX into a fat binary (what ppucc embeds), and lists the device code of a file.
#include "image/fatbin.h"

#include <cstdio>
#include <fstream>
#include <iterator>
#include <optional>

#include "image/elf_view.h"
#include "tools/ppu/commands.h"

namespace ppu::tools {
namespace {

std::optional<std::string> file_text(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  if (!in) {
    std::fprintf(stderr, "ppu: fatbin: %s: can't be read\n", path.c_str());
    return std::nullopt;
  }
  return std::string(std::istreambuf_iterator<char>(in), {});
}

int complain(const std::string& path, const Error& error) {
  std::fprintf(stderr, "ppu: fatbin: %s: %s\n", path.c_str(), error.message.c_str());
  return kFailed;
}

void print_image(const image::CodeImage& code) {
  for (const image::Piece& piece : code.pieces)
    for (const image::Entry& e : piece) {
      const char* kind = e.kind == image::CodeKind::kPtx    ? "ptx"
                         : e.kind == image::CodeKind::kSass ? "sass"
                                                            : "other";
      const char* packing = e.packing == image::Packing::kStored ? "stored"
                            : e.packing == image::Packing::kLz4  ? "lz4"
                                                                 : "zstd";
      std::printf("%-5s sm_%u%.1s version %u.%u %s %zu -> %llu bytes flags 0x%llx %.*s\n", kind, e.arch,
                  &e.arch_suffix, e.version_major, e.version_minor, packing, e.payload.size(),
                  static_cast<unsigned long long>(e.expanded_size), static_cast<unsigned long long>(e.flags),
                  int(e.options.size()), e.options.data());
    }
}

int list_elf(const std::string& path, const image::ElfView& elf) {
  for (const char* name : {".nv_fatbin", "__nv_relfatbin"}) {
    Elf64_Shdr section;
    if (!elf.find_section(name, &section)) continue;
    const image::ElfBytes bytes = elf.section_bytes(section);
    const auto images = image::read_section({reinterpret_cast<const std::byte*>(bytes.data), bytes.size});
    if (!images) return complain(path, images.error());
    size_t n = 0;
    for (const image::CodeImage& code : images.value()) {
      std::printf("%s container %zu: %s\n", name, n++, code.describe().c_str());
      print_image(code);
    }
  }
  return kOk;
}

int list_file(const std::string& path) {
  const auto text = file_text(path);
  if (!text) return kFailed;
  const image::ElfView elf(reinterpret_cast<const unsigned char*>(text->data()), text->size());
  if (elf.valid() && elf.header().e_machine == EM_X86_64) return list_elf(path, elf);
  const auto code = image::read_bytes({reinterpret_cast<const std::byte*>(text->data()), text->size()});
  if (!code) return complain(path, code.error());
  std::printf("%s\n", code.value().describe().c_str());
  print_image(code.value());
  return kOk;
}

int write_file(const FatbinOptions& options) {
  std::vector<std::string> texts;
  for (const std::string& path : options.ptx) {
    auto text = file_text(path);
    if (!text) return kFailed;
    texts.push_back(std::move(*text));
  }
  std::vector<image::NewEntry> entries;
  for (size_t i = 0; i < texts.size(); ++i)
    entries.push_back({image::CodeKind::kPtx, options.arch[i], texts[i], {}});
  const image::Packing packing = options.packing == "zstd"  ? image::Packing::kZstd
                                 : options.packing == "lz4" ? image::Packing::kLz4
                                                            : image::Packing::kStored;
  const auto bytes = image::write_fatbin(entries, packing);
  if (!bytes) return complain(options.out, bytes.error());
  std::ofstream out(options.out, std::ios::binary);
  out.write(reinterpret_cast<const char*>(bytes.value().data()), std::streamsize(bytes.value().size()));
  if (out.flush()) return kOk;
  std::fprintf(stderr, "ppu: fatbin: %s: can't be written\n", options.out.c_str());
  return kFailed;
}

}  // namespace

int fatbin(const FatbinOptions& options) {
  if (!options.list.empty()) return list_file(options.list);
  if (options.ptx.empty() || options.out.empty() || options.ptx.size() != options.arch.size()) {
    std::fprintf(stderr,
                 "ppu: fatbin: wants --ptx FILE --arch NN for each entry and -o OUT, or --list FILE\n");
    return kUsage;
  }
  return write_file(options);
}

}  // namespace ppu::tools

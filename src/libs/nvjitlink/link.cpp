// See link.h. The linking itself is src/ptx's, as for programs built with -rdc=true.
#include "libs/nvjitlink/link.h"

#include <cstdlib>

#include "image/cubin.h"
#include "image/elf_view.h"
#include "image/fatbin.h"
#include "ptx/ptx.h"

namespace ppu::nvjitlink {

bool Link::take_option(const std::string& option) {
  if (option.size() < 2 || option[0] != '-') return false;
  for (const char* prefix : {"-arch=sm_", "-arch=compute_", "--arch=sm_", "--arch=compute_"})
    if (option.rfind(prefix, 0) == 0)
      arch_ = unsigned(std::atoi(option.c_str() + std::char_traits<char>::length(prefix)));
  return true;
}

Status Link::add_image(std::span<const std::byte> bytes, const std::string& name) {
  const Result<image::CodeImage> code = image::read_bytes(bytes);
  if (!code) return code.error();
  const auto texts = image::choose_ptx(code.value(), arch_);
  if (!texts) return texts.error();
  for (const image::PtxText& text : texts.value()) pieces_.push_back({text.text, name});
  return Unit{};
}

/// A host object: the fat binaries inside it.
Status Link::add_object(std::span<const std::byte> bytes, const std::string& name) {
  const image::ElfView elf(reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size());
  for (const char* wanted : {".nv_fatbin", "__nv_relfatbin"}) {
    Elf64_Shdr section;
    if (!elf.find_section(wanted, &section)) continue;
    const image::ElfBytes found = elf.section_bytes(section);
    const auto images = image::read_section({reinterpret_cast<const std::byte*>(found.data), found.size});
    if (!images) return images.error();
    for (const image::CodeImage& code : images.value()) {
      const auto texts = image::choose_ptx(code, arch_);
      if (!texts) return texts.error();
      for (const image::PtxText& text : texts.value()) pieces_.push_back({text.text, name});
    }
  }
  return Unit{};
}

Status Link::add(Input kind, std::span<const std::byte> bytes, const std::string& name) {
  switch (kind) {
    case Input::kPtx:
    case Input::kCubin:
    case Input::kFatbin:
    case Input::kAny:
      return add_image(bytes, name);
    case Input::kObject:
      return add_object(bytes, name);
    case Input::kLtoIr:
      // Our libnvvm and NVRTC answer with PTX where they are asked for LTO-IR.
      if (add_image(bytes, name)) return Unit{};
      return unsupported("LTO-IR can't be compiled here: compile to PTX instead (without -lto, -dlto)");
    case Input::kLibrary:
    case Input::kIndex:
      // Device libraries hold machine code; what is really missing is named by complete().
      info_log += name + ": libraries aren't searched\n";
      return Unit{};
  }
  return bad_input("an input of kind " + std::to_string(int(kind)) + ", which nvJitLink doesn't have");
}

Status Link::complete() {
  std::vector<ptx::Module> modules;
  for (const Piece& piece : pieces_) {
    Result<ptx::Module> module = ptx::parse(piece.text, piece.name);
    if (!module) return module.error();
    modules.push_back(std::move(module.value()));
  }
  if (modules.empty()) return bad_input("nothing to link");
  const Result<ptx::Module> linked = ptx::link(modules);
  if (!linked) return linked.error();
  ptx_ = pieces_.size() == 1 ? pieces_[0].text : ptx::print(linked.value());
  cubin_ = image::write_cubin(ptx_, arch_);
  return Unit{};
}

}  // namespace ppu::nvjitlink

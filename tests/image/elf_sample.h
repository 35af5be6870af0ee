// Builds tiny ELF executables byte by byte, so that tests need no compiler: sections .dynamic, .dynstr,
// .symtab, .nv_fatbin, .rodata as asked for. They are for readers only; nobody runs them.
#pragma once
#include <elf.h>

#include <cstddef>
#include <cstring>
#include <string>
#include <vector>

namespace ppu::image {

struct ElfSample {
  unsigned char elf_class = ELFCLASS64;
  uint16_t machine = EM_X86_64;
  bool interpreter = true;
  std::vector<std::string> needed{};
  std::vector<std::string> symbols{};  ///< none: the file is stripped
  std::vector<std::byte> fatbin{};
  std::string rodata{};
  std::string loader = "/lib64/ld-linux-x86-64.so.2";  ///< PT_INTERP's text

  std::vector<std::byte> build() const {
    std::vector<std::byte> out(sizeof(Elf64_Ehdr) + 2 * sizeof(Elf64_Phdr));
    std::vector<Elf64_Shdr> sections(1);
    std::string names(1, '\0');
    auto add = [&](const char* name, uint32_t type, const void* data, size_t size, uint32_t link = 0) {
      while (out.size() % 8) out.push_back({});
      Elf64_Shdr s{};
      s.sh_name = uint32_t(names.size());
      names.append(name).push_back('\0');
      s.sh_type = type;
      s.sh_offset = out.size();
      s.sh_size = size;
      s.sh_link = link;
      sections.push_back(s);
      const std::byte* bytes = static_cast<const std::byte*>(data);
      out.insert(out.end(), bytes, bytes + size);
    };
    std::string dynamic_names(1, '\0');
    std::vector<Elf64_Dyn> dynamic;
    for (const std::string& name : needed) {
      dynamic.push_back({DT_NEEDED, {dynamic_names.size()}});
      dynamic_names += name + '\0';
    }
    dynamic.push_back({DT_NULL, {0}});
    add(".dynstr", SHT_STRTAB, dynamic_names.data(), dynamic_names.size());
    add(".dynamic", SHT_DYNAMIC, dynamic.data(), dynamic.size() * sizeof(Elf64_Dyn), 1);
    if (!symbols.empty()) {
      std::string text(1, '\0');
      std::vector<Elf64_Sym> rows(1);
      for (const std::string& name : symbols) {
        Elf64_Sym row{};
        row.st_name = uint32_t(text.size());
        row.st_shndx = 1;
        rows.push_back(row);
        text += name + '\0';
      }
      add(".strtab", SHT_STRTAB, text.data(), text.size());
      add(".symtab", SHT_SYMTAB, rows.data(), rows.size() * sizeof(Elf64_Sym), 3);
    }
    if (!fatbin.empty()) add(".nv_fatbin", SHT_PROGBITS, fatbin.data(), fatbin.size());
    add(".interp", SHT_PROGBITS, loader.c_str(), loader.size() + 1);
    const Elf64_Shdr interp = sections.back();
    add(".rodata", SHT_PROGBITS, rodata.data(), rodata.size());
    const size_t loaded = out.size();
    add(".shstrtab", SHT_STRTAB, "", 0);
    sections.back().sh_size = names.size();
    for (const char c : names) out.push_back(std::byte(c));
    finish(out, sections, loaded, interp);
    return out;
  }

 private:
  void finish(std::vector<std::byte>& out, const std::vector<Elf64_Shdr>& sections, size_t loaded,
              const Elf64_Shdr& interp) const {
    Elf64_Ehdr header{};
    std::memcpy(header.e_ident, ELFMAG, SELFMAG);
    header.e_ident[EI_CLASS] = elf_class;
    header.e_ident[EI_DATA] = ELFDATA2LSB;
    header.e_type = ET_DYN;
    header.e_machine = machine;
    header.e_phoff = sizeof header;
    header.e_phentsize = sizeof(Elf64_Phdr);
    header.e_phnum = 2;
    header.e_shoff = out.size();
    header.e_shentsize = sizeof(Elf64_Shdr);
    header.e_shnum = uint16_t(sections.size());
    header.e_shstrndx = uint16_t(sections.size() - 1);
    Elf64_Phdr segments[2]{};
    segments[0].p_type = interpreter ? PT_INTERP : PT_NULL;
    segments[0].p_offset = interp.sh_offset;
    segments[0].p_filesz = interp.sh_size;
    segments[1].p_type = PT_LOAD;
    segments[1].p_flags = PF_R;
    segments[1].p_filesz = loaded;
    std::memcpy(out.data(), &header, sizeof header);
    std::memcpy(out.data() + sizeof header, segments, sizeof segments);
    const std::byte* rows = reinterpret_cast<const std::byte*>(sections.data());
    out.insert(out.end(), rows, rows + sections.size() * sizeof(Elf64_Shdr));
  }
};

}  // namespace ppu::image

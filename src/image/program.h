// What a program or library file is, as far as running it on OpenPPU goes: its kind, the device code it
// carries and the CUDA runtime it uses. `ppu run` looks before it starts a program; nothing is loaded or
// executed here.
#pragma once
#include <string>
#include <vector>

#include "base/result.h"
#include "image/fatbin.h"

namespace ppu::image {

enum class FileKind {
  kScript,    ///< starts with #!
  kElf,       ///< a 64-bit x86-64 ELF program or library
  kElf32,     ///< a 32-bit ELF
  kElfOther,  ///< an ELF for another machine
  kUnknown,   ///< anything else; the kernel will say
};

/// Where a program's CUDA runtime is.
enum class CudartUse {
  kNone,      ///< uses none, or loads it later
  kShared,    ///< libcudart.so.N by DT_NEEDED
  kKept,      ///< embedded, symbol table kept: redirected at load
  kStripped,  ///< embedded, names stripped: can't be redirected
  kOurs,      ///< embedded and OpenPPU's own
};

struct ProgramFacts {
  FileKind kind = FileKind::kUnknown;
  unsigned machine = 0;       ///< ELF e_machine
  bool fully_static = false;  ///< no program interpreter: LD_AUDIT can't work
  std::string interpreter;    ///< the dynamic loader's path (PT_INTERP)
  bool set_id = false;        ///< setuid or setgid to another user: the dynamic loader ignores LD_AUDIT
  bool has_symbol_table = false;
  CudartUse cudart = CudartUse::kNone;
  int cudart_major = 0;             ///< 11, 12 or 13; 0 when unknown
  std::vector<std::string> needed;  ///< DT_NEEDED
  CodeImage code;                   ///< all entries of the fatbin sections; payloads are gone, do not expand
  bool has_fatbin = false;          ///< has a .nv_fatbin or __nv_relfatbin section with entries
  bool has_ptx = false;             ///< any of them is PTX that belongs to the program
};

/// Facts about an open file's bytes (mode: st_mode, or 0). Never fails: a damaged file gives kUnknown or no
/// code.
ProgramFacts inspect_bytes(std::span<const std::byte> bytes, unsigned mode);

/// Facts about a file. Errors: kBadInput when it can't be opened.
Result<ProgramFacts> inspect_program(const std::string& path);

}  // namespace ppu::image

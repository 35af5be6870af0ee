// The rules of why_not, most fundamental first. tests/errors holds each message word by word.
#include "tools/ppu/diagnose.h"

namespace ppu::tools {
namespace {

using image::CudartUse;
using image::FileKind;

std::string about_file(const image::ProgramFacts& facts) {
  if (facts.kind == FileKind::kElf32)
    return "a 32-bit program; OpenPPU, like CUDA since version 12, is 64-bit only: rebuild it for x86-64";
  if (facts.kind == FileKind::kElfOther)
    return "a program for another processor (ELF machine " + std::to_string(facts.machine) +
           "); OpenPPU runs x86-64 programs";
  if (facts.fully_static)
    return "a fully static program, which loads no libraries, so no libcuda either: link it dynamically "
           "(without -static); CUDA's own runtime may stay static";
  if (facts.interpreter.find("ld-musl") != facts.interpreter.npos)
    return "a program for the C library musl, whose loader can't be told about OpenPPU: build it for glibc";
  if (facts.set_id)
    return "a setuid or setgid program, for which the system ignores OpenPPU's settings: put `ppu run` "
           "behind it "
           "(sudo ppu run PROGRAM), or take the bit away";
  return {};
}

std::string about_runtime(const image::ProgramFacts& facts) {
  if (facts.cudart == CudartUse::kStripped)
    return "carries NVIDIA's CUDA runtime with its names stripped, which can't be redirected to OpenPPU: "
           "keep the "
           "symbol table (no strip, no -s), or build with nvcc -cudart shared";
  const bool old = facts.cudart_major != 0 && facts.cudart_major < 12;
  if (facts.cudart == CudartUse::kKept && old)
    return "carries the runtime of CUDA 11 or older; OpenPPU has those of CUDA 12 and 13: rebuild it with "
           "one of them";
  if (facts.cudart == CudartUse::kShared && old)
    return "needs libcudart.so." + std::to_string(facts.cudart_major) +
           "; OpenPPU has those of CUDA 12 and 13: rebuild it with one of them";
  return {};
}

}  // namespace

std::string why_not(const image::ProgramFacts& facts) {
  if (std::string text = about_file(facts); !text.empty()) return text;
  if (facts.kind != FileKind::kElf) return {};
  if (std::string text = about_runtime(facts); !text.empty()) return text;
  if (facts.has_fatbin && !facts.has_ptx)
    return "found " + facts.code.describe() +
           "; OpenPPU compiles PTX and doesn't translate SASS: rebuild with "
           "-gencode arch=compute_80,code=compute_80";
  return {};
}

}  // namespace ppu::tools

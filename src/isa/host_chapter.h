// The body of a host_<chapter>.cpp, which defines PPU_CHAPTER (an .inc file) and PPU_CHAPTER_ROWS (a name):
// compiles each row's meaning over Host. One chapter a file, so that they build side by side.
#include "isa/host_rows.h"
#include "isa/meaning.h"
#include "isa/meaning_convert.h"
#include "isa/meaning_float.h"
#include "isa/meaning_half.h"
#include "isa/meaning_video.h"

namespace ppu::isa {
namespace {

#define ROW(id, form, meaning, ...)                           \
  [[maybe_unused]] Out<Host> mean_##id(const Args<Host>& x) { \
    return meaning;                                           \
  }
#define OP(id, form, emit, ref, program)
#include PPU_CHAPTER
#undef ROW
#undef OP

constexpr HostRow kMeanings[] = {
#define ROW(id, form, meaning, ...) {kRow_##id, mean_##id},
#define OP(id, form, emit, ref, program)
#include PPU_CHAPTER
#undef ROW
#undef OP
};

}  // namespace

std::span<const HostRow> PPU_CHAPTER_ROWS() {
  return kMeanings;
}

}  // namespace ppu::isa

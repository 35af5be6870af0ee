// The body of a rows_<chapter>.cpp, which defines PPU_CHAPTER (an .inc file) and PPU_CHAPTER_ROWS (a name):
// compiles each row's meaning over Ir. One chapter a file, so that they build side by side.
#include "isa/meaning_convert.h"
#include "isa/meaning_float.h"
#include "isa/meaning_half.h"
#include "isa/meaning_video.h"
#include "lower/ir_rows.h"

namespace ppu::lower {
namespace {

using namespace isa;  // the words of the rows

#define ROW(id, form, meaning, ...)                       \
  [[maybe_unused]] Out<Ir> mean_##id(const Args<Ir>& x) { \
    return meaning;                                       \
  }
#define OP(id, form, emit, ref, program)
#include PPU_CHAPTER
#undef ROW
#undef OP

constexpr IrRow kMeanings[] = {
#define ROW(id, form, meaning, ...) {kRow_##id, mean_##id},
#define OP(id, form, emit, ref, program)
#include PPU_CHAPTER
#undef ROW
#undef OP
};

}  // namespace

std::span<const IrRow> PPU_CHAPTER_ROWS() {
  return kMeanings;
}

}  // namespace ppu::lower

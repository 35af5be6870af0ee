// What statements of random kernels are drawn with: numbers, registers, constants, and the text they go to.
#pragma once
#include <bit>
#include <cstdint>
#include <cstdio>
#include <random>
#include <string>

#include "isa/type.h"
#include "tests/fuzz/random_kernel.h"

namespace ppu::fuzz {

class Draw {
 public:
  explicit Draw(uint64_t seed) : random_(seed) {}

  size_t below(size_t n) { return random_() % n; }
  bool chance(int percent) { return int(below(100)) < percent; }

  // ---- Text: `line` writes to the piece at hand

  template <class... T>
  void line(const char* format, T... values) {
    char text[400];
    snprintf(text, sizeof text, format, values..., 0);
    *text_ += "  ";
    *text_ += text;
    *text_ += "\n";
  }
  void label(int n) { *text_ += "L" + std::to_string(n) + ":\n"; }

  template <class F>
  std::string written(F f) {
    std::string text, *const before = text_;
    text_ = &text;
    f();
    text_ = before;
    return text;
  }

  std::string long_word() { return "%d" + std::to_string(below(size_t(longs_))); }
  std::string half() { return "%h" + std::to_string(below(size_t(halves_))); }
  std::string word() { return "%r" + std::to_string(below(size_t(words_))); }
  std::string pred() { return "%p" + std::to_string(below(size_t(preds_))); }

  std::string register_of(isa::Type type) {
    const int bits = type.total_bits();
    if (type.kind == isa::Kind::kPred) return pred();
    if (bits == 64) return "%d" + std::to_string(below(size_t(longs_)));
    if (bits <= 16) return "%h" + std::to_string(below(size_t(halves_)));
    return word();
  }

  std::string constant_of(isa::Type type) {
    char text[40];
    static const double kFloats[] = {0.0, 1.0, -1.0, 0.5, 3.14159, 1e10, -1e-10, 65504.0};
    static const int64_t kInts[] = {0,  1,  -1,  2,   3,    7,      31,      32,        33,
                                    63, 64, 127, 255, -128, 0x7fff, -0x8000, 0x7fffffff};
    if (type.is_float() && type.packed == 1 && type.bits == 32) {
      snprintf(text, sizeof text, "0f%08X",
               std::bit_cast<uint32_t>(float(kFloats[below(std::size(kFloats))])));
    } else if (type.is_float() && type.bits == 64) {
      snprintf(text, sizeof text, "0d%016llX",
               (unsigned long long)std::bit_cast<uint64_t>(kFloats[below(std::size(kFloats))]));
    } else {
      snprintf(text, sizeof text, "%lld",
               (long long)(chance(70) ? kInts[below(std::size(kInts))] : int64_t(int32_t(random_()))));
    }
    return text;
  }

  /// Which NaN an operation gives is not defined: makes it one and the same before anything sees its bits.
  void canonical_nan(const std::string& reg, isa::Type type) {
    if (!type.is_float() || type.bits < 16) return;
    const bool brain = type.kind == isa::Kind::kBF;
    const char* r = reg.c_str();
    const char* half = brain ? "bf16" : "f16";
    const char* nan = brain ? "0x7fc0" : "0x7e00";
    if (type.packed == 2 && type.bits == 16) {
      line("mov.b32 {%%s0, %%s1}, %s;", r);
      for (int i = 0; i < 2; i++)
        line("setp.nan.%s %%q39, %%s%d, %%s%d; @%%q39 mov.b16 %%s%d, %s;", half, i, i, i, nan);
      line("mov.b32 %s, {%%s0, %%s1};", r);
    } else if (type.packed == 2 && type.bits == 32) {
      line("mov.b64 {%%t13, %%t15}, %s;", r);
      for (int t : {13, 15})
        line("setp.nan.f32 %%q39, %%t%d, %%t%d; @%%q39 mov.b32 %%t%d, 0x7fc00000;", t, t, t);
      line("mov.b64 %s, {%%t13, %%t15};", r);
    } else if (type.bits == 16) {
      line("setp.nan.%s %%q39, %s, %s; @%%q39 mov.b16 %s, %s;", half, r, r, r, nan);
    } else if (type.bits == 64) {
      line("setp.nan.f64 %%q39, %s, %s; @%%q39 mov.b64 %s, 0x7ff8000000000000;", r, r, r);
    } else {
      line("setp.nan.f32 %%q39, %s, %s; @%%q39 mov.b32 %s, 0x7fc00000;", r, r, r);
    }
  }

 protected:
  int words_ = kNumWords, longs_ = kNumLongs, halves_ = kNumHalves, preds_ = kNumPreds;
  std::mt19937_64 random_;
  std::string* text_ = nullptr;
};

}  // namespace ppu::fuzz

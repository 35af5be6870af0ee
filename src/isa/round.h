// Floating-point helpers of the host value: arithmetic in a given rounding direction, and the small formats
// (f16, bf16, fp8) that the host has no type for.
#pragma once
#include <cstdint>

namespace ppu::isa {

/// PTX rounding directions: to nearest even, to zero, down, up, nearest with ties away (cvt.rna).
enum class Round : uint8_t { kNearest = 0, kZero = 1, kDown = 2, kUp = 3, kAway = 4 };

enum class RoundOp : uint8_t { kAdd = 0, kSub = 1, kMul = 2, kDiv = 3, kFma = 4, kSqrt = 5 };

/// One IEEE operation in direction `round` (not kAway). `b`, `c` are ignored where the operation has fewer
/// operands. Numbers of op and round are those of exec::RuntimeTable::fround_f32.
float round_f32(RoundOp op, Round round, float a, float b, float c);
double round_f64(RoundOp op, Round round, double a, double b, double c);

/// A binary float format of up to 16 bits.
struct SmallFormat {
  int exponent_bits, fraction_bits;
  bool has_infinity;  ///< e4m3 has none: its top pattern 0x7f is NaN, its largest number 448
};
constexpr SmallFormat kHalf{5, 10, true}, kBrain{8, 7, true}, kE4M3Format{4, 3, false},
    kE5M2Format{5, 2, true};

/// The value of `bits` in `format`; exact. NaN gives NaN.
double from_small(uint32_t bits, SmallFormat format);

/// `value` rounded to `format`; NaN gives the canonical NaN (all exponent and fraction bits set).
/// Too large a value gives infinity, or by direction the largest finite number.
uint32_t to_small(double value, SmallFormat format, Round round);

}  // namespace ppu::isa

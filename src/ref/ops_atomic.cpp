// atom, red, membar, fence. Real atomic operations on host memory: other workers run other blocks meanwhile.
// PTX ISA, "Parallel Synchronization and Communication Instructions".
#include <atomic>
#include <bit>
#include <cmath>
#include <cstring>

#include "ref/ops.h"

namespace ppu::ref {
namespace {

using Wide = unsigned __int128;

// ---- 16-bit floats: sums in f32 rounded once more are exact enough (24 >= 2 * 11 + 2 bits)
// ---------------------

float half_to_float(uint16_t h) {
  const uint32_t sign = uint32_t(h & 0x8000) << 16;
  const int exponent = (h >> 10) & 31;
  const uint32_t fraction = h & 0x3ff;
  if (exponent == 31) return std::bit_cast<float>(sign | 0x7f800000 | (fraction << 13));
  const float magnitude =
      exponent == 0 ? std::ldexp(float(fraction), -24) : std::ldexp(float(fraction | 0x400), exponent - 25);
  return sign ? -magnitude : magnitude;
}

uint16_t float_to_half(float f) {
  if (std::isnan(f)) return 0x7fff;
  const uint16_t sign = std::signbit(f) ? 0x8000 : 0;
  const float a = std::fabs(f);
  if (a >= 65520.0f) return sign | 0x7c00;
  if (a < 0x1p-14f) return uint16_t(sign | uint16_t(std::nearbyint(a * 0x1p24f)));
  const uint32_t bits = std::bit_cast<uint32_t>(a);
  const uint32_t rounded = bits + 0xfff + ((bits >> 13) & 1);
  return uint16_t(sign | ((rounded - (112u << 23)) >> 13));
}

float bf16_to_float(uint16_t b) {
  return std::bit_cast<float>(uint32_t(b) << 16);
}

uint16_t float_to_bf16(float f) {
  if (std::isnan(f)) return 0x7fff;
  const uint32_t bits = std::bit_cast<uint32_t>(f);
  return uint16_t((bits + 0x7fff + ((bits >> 16) & 1)) >> 16);
}

uint16_t add16(isa::Kind kind, uint16_t a, uint16_t b) {
  return kind == isa::Kind::kBF ? float_to_bf16(bf16_to_float(a) + bf16_to_float(b))
                                : float_to_half(half_to_float(a) + half_to_float(b));
}

// ---- One operation
// --------------------------------------------------------------------------------------------

enum class Act { kAnd, kOr, kXor, kExch, kCas, kAdd, kInc, kDec, kMin, kMax };

Act act_of(const isa::Mods& mods) {
  constexpr std::pair<std::string_view, Act> kNames[] = {
      {"and", Act::kAnd}, {"or", Act::kOr},   {"xor", Act::kXor}, {"exch", Act::kExch}, {"cas", Act::kCas},
      {"add", Act::kAdd}, {"inc", Act::kInc}, {"dec", Act::kDec}, {"min", Act::kMin},   {"max", Act::kMax}};
  for (const auto& [name, act] : kNames)
    if (mods.has(name)) return act;
  return Act::kAdd;
}

uint64_t add_floats(isa::Type type, uint64_t old, uint64_t b) {
  if (type.bits == 64) return std::bit_cast<uint64_t>(std::bit_cast<double>(old) + std::bit_cast<double>(b));
  if (type.bits == 32)
    return std::bit_cast<uint32_t>(std::bit_cast<float>(uint32_t(old)) + std::bit_cast<float>(uint32_t(b)));
  uint64_t out = add16(type.kind, uint16_t(old), uint16_t(b));
  if (type.packed == 2) out |= uint64_t(add16(type.kind, uint16_t(old >> 16), uint16_t(b >> 16))) << 16;
  return out;
}

bool less(isa::Type type, uint64_t a, uint64_t b) {
  if (!type.is_signed()) return a < b;
  return type.bits == 64 ? int64_t(a) < int64_t(b) : int32_t(a) < int32_t(b);
}

/// The new value of a cell that holds `old`.
Wide next_value(Act act, isa::Type type, Wide old, Wide b, Wide c) {
  switch (act) {
    case Act::kAnd:
      return old & b;
    case Act::kOr:
      return old | b;
    case Act::kXor:
      return old ^ b;
    case Act::kExch:
      return b;
    case Act::kCas:
      return old == b ? c : old;
    case Act::kAdd:
      return type.is_float() ? Wide(add_floats(type, uint64_t(old), uint64_t(b))) : old + b;
    case Act::kInc:
      return old >= b ? 0 : old + 1;
    case Act::kDec:
      return old == 0 || old > b ? b : old - 1;
    case Act::kMin:
      return less(type, uint64_t(b), uint64_t(old)) ? b : old;
    case Act::kMax:
      return less(type, uint64_t(old), uint64_t(b)) ? b : old;
  }
  return old;
}

template <class T>
Wide swap_loop(uint64_t address, Act act, isa::Type type, Wide b, Wide c) {
  T* cell = reinterpret_cast<T*>(address);
  T old = __atomic_load_n(cell, __ATOMIC_RELAXED);
  while (!__atomic_compare_exchange_n(cell, &old, T(next_value(act, type, old, b, c)), false,
                                      __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST)) {
  }
  return old;
}

/// The only 128-bit atomic of x86-64; the compiler's builtin would need a library.
bool swap128(Wide* cell, Wide& expected, Wide wanted) {
  uint64_t low = uint64_t(expected), high = uint64_t(expected >> 64);
  bool done = false;
  asm volatile("lock cmpxchg16b %1"
               : "=@ccz"(done), "+m"(*cell), "+a"(low), "+d"(high)
               : "b"(uint64_t(wanted)), "c"(uint64_t(wanted >> 64))
               : "memory");
  expected = low | Wide(high) << 64;
  return done;
}

Wide swap_loop128(uint64_t address, Act act, isa::Type type, Wide b, Wide c) {
  Wide* cell = reinterpret_cast<Wide*>(address);
  Wide old = 0;
  while (!swap128(cell, old, next_value(act, type, old, b, c))) {
  }
  return old;
}

Wide run_atomic(uint64_t address, uint32_t bytes, Act act, isa::Type type, Wide b, Wide c) {
  switch (bytes) {
    case 2:
      return swap_loop<uint16_t>(address, act, type, b, c);
    case 4:
      return swap_loop<uint32_t>(address, act, type, b, c);
    case 8:
      return swap_loop<uint64_t>(address, act, type, b, c);
    default:
      return swap_loop128(address, act, type, b, c);
  }
}

}  // namespace

Wide atomic_cell(WarpRun& warp, const Lane& lane, const Op& op, uint64_t address, Wide b, Wide c) {
  const Act act = act_of(op.mods);
  const uint32_t bytes = uint32_t(op.type.total_bits()) / 8;
  if (!warp.block->hook) {
    warp.block->state->thread = lane.thread;
    warp.tell(lane, op, address, bytes, exec::CheckedAccess::kAtomic);
    return run_atomic(address, bytes, act, op.type, b, c);
  }
  Wide old = 0;
  warp.load(lane, op, address, &old, bytes);
  const Wide changed = next_value(act, op.type, old, b, c);
  warp.store(lane, op, address, &changed, bytes);
  return old;
}

/// atom and red: `red` has no destination.
uint32_t ref_atom(WarpRun& warp, const Op& op, uint32_t mask) {
  const bool reduces = isa::table()[op.row].form.mnemonic == "red";
  const size_t first = reduces ? 0 : 1;
  const Act act = act_of(op.mods);
  const int bits = op.type.total_bits();
  const uint32_t bytes = uint32_t(bits) / 8;
  const Wide width = bits == 128 ? ~Wide(0) : (Wide(1) << bits) - 1;
  for_lanes(warp, mask, [&](Lane& lane) {
    const Wide b = warp.read128(lane, op.args[first + 1]) & width;
    const Wide c = act == Act::kCas ? warp.read128(lane, op.args[first + 2]) & width : 0;
    const uint64_t address = warp.address(lane, op, op.args[first]);
    warp.check_align(lane, address, bytes);
    const Wide old = atomic_cell(warp, lane, op, address, b, c);
    if (reduces) return;
    if (bits == 128)
      warp.write128(lane, op.args[0], old);
    else
      warp.write(lane, op.args[0], uint64_t(old), op.type);
  });
  return mask;
}

uint32_t ref_fence(WarpRun&, const Op&, uint32_t mask) {
  std::atomic_thread_fence(std::memory_order_seq_cst);
  return mask;
}

}  // namespace ppu::ref

// See random_statements.h.
#include "tests/fuzz/random_statements.h"

#include <iterator>
#include <vector>

namespace ppu::fuzz {
namespace {

/// `n` different registers in braces.
std::string list_of(Draw& d, int n, bool longs, bool distinct) {
  std::vector<std::string> names;
  for (int tries = 0; int(names.size()) < n; tries++) {
    const std::string name = longs ? d.long_word() : d.word();
    bool again = false;
    for (const std::string& other : names) again |= other == name;
    if (!distinct || !again || tries > 400) names.push_back(name);
  }
  std::string text = "{";
  for (const std::string& name : names) text += (text.size() > 1 ? ", " : "") + name;
  return text + "}";
}

/// Makes the NaNs of the f32 (or f64) registers of a list one and the same.
void canonical_list(Draw& d, const std::string& list, isa::Type type) {
  for (size_t at = 0; (at = list.find('%', at)) != list.npos; at++)
    d.canonical_nan(list.substr(at, list.find_first_of(",}", at) - at), type);
}

struct Mma {
  const char* form;
  int d, a, b;  ///< registers of d and c, a, b
  char result;  ///< 'i'nteger, 'f'loat, 'h'alf pairs, 'd'ouble
};
constexpr Mma kMmas[] = {{"m8n8k16.row.col.s32.s8.s8.s32", 2, 1, 1, 'i'},
                         {"m16n8k16.row.col.s32.u8.s8.s32", 4, 2, 1, 'i'},
                         {"m16n8k32.row.col.satfinite.s32.s8.u8.s32", 4, 4, 2, 'i'},
                         {"m8n8k32.row.col.s32.s4.u4.s32", 2, 1, 1, 'i'},
                         {"m16n8k64.row.col.s32.u4.u4.s32", 4, 4, 2, 'i'},
                         {"m8n8k128.row.col.s32.b1.b1.s32.xor.popc", 2, 1, 1, 'i'},
                         {"m16n8k256.row.col.s32.b1.b1.s32.and.popc", 4, 4, 2, 'i'},
                         {"m16n8k8.row.col.f32.f16.f16.f32", 4, 2, 1, 'f'},
                         {"m16n8k16.row.col.f32.f16.f16.f32", 4, 4, 2, 'f'},
                         {"m16n8k16.row.col.f32.bf16.bf16.f32", 4, 4, 2, 'f'},
                         {"m16n8k8.row.col.f32.tf32.tf32.f32", 4, 4, 2, 'f'},
                         {"m16n8k16.row.col.f16.f16.f16.f16", 2, 4, 2, 'h'},
                         {"m8n8k4.row.col.f64.f64.f64.f64", 2, 1, 1, 'd'}};

void product(Draw& d) {
  const Mma& m = kMmas[d.below(std::size(kMmas))];
  const bool longs = m.result == 'd';
  const std::string result = list_of(d, m.d, longs, true), a = list_of(d, m.a, longs, false),
                    b = list_of(d, m.b, longs, false), c = list_of(d, m.d, longs, false);
  d.line("mma.sync.aligned.%s %s, %s, %s, %s;", m.form, result.c_str(), a.c_str(), b.c_str(), c.c_str());
  if (m.result == 'f') canonical_list(d, result, {isa::Kind::kF, 32, 1});
  if (m.result == 'h') canonical_list(d, result, {isa::Kind::kF, 16, 2});
  if (m.result == 'd') canonical_list(d, result, {isa::Kind::kF, 64, 1});
}

}  // namespace

void atomic(Draw& d, const std::string& guard) {
  struct Op {
    const char* text;
    int bytes;
    bool third;
  };
  static const Op kOps[] = {{"add.u32", 4, false},  {"add.s32", 4, false}, {"min.s32", 4, false},
                            {"max.u32", 4, false},  {"inc.u32", 4, false}, {"dec.u32", 4, false},
                            {"exch.b32", 4, false}, {"and.b32", 4, false}, {"or.b32", 4, false},
                            {"xor.b32", 4, false},  {"cas.b32", 4, true},  {"add.u64", 8, false},
                            {"min.s64", 8, false},  {"max.u64", 8, false}, {"exch.b64", 8, false},
                            {"and.b64", 8, false},  {"cas.b64", 8, true},  {"add.f32", 4, false}};
  static const char* const kOrders[] = {"", ".relaxed.gpu", ".acquire.cta", ".release.sys", ".acq_rel.gpu"};
  const Op& op = kOps[d.below(std::size(kOps))];
  const bool floats = op.text[4] == 'f';
  const int where = int(d.below(3)), offset = int(d.below(kOwnBytes / size_t(op.bytes))) * op.bytes;
  static const char* const kSpaces[] = {".global", ".shared", ""};
  const char* base = where == 1 ? "%t8" : "%a1";
  const auto value = [&] { return op.bytes == 8 ? d.long_word() : d.word(); };
  const std::string result = value(), a = value(), third = op.third ? ", " + value() : "";
  const char* order = kOrders[d.below(std::size(kOrders))];
  if (floats) {  // which NaN lies in memory must not be seen: a number for it first, one NaN for all behind
    d.line("st%s.u32 [%s+%d], 0f3F800000;", kSpaces[where], base, offset);
    d.line("atom%s%s.add.f32 %%t12, [%s+%d], %s;", order, kSpaces[where], base, offset, a.c_str());
    d.line("ld%s.f32 %%t12, [%s+%d];", kSpaces[where], base, offset);
    d.canonical_nan("%t12", {isa::Kind::kF, 32, 1});
    d.line("st%s.f32 [%s+%d], %%t12;", kSpaces[where], base, offset);
    return;
  }
  d.line("%satom%s%s.%s %s, [%s+%d], %s%s;", guard.c_str(), order, kSpaces[where], op.text, result.c_str(),
         base, offset, a.c_str(), third.c_str());
}

void copy_in_background(Draw& d) {
  const int size = 4 << d.below(3);
  const size_t slots = kOwnBytes / size_t(size);
  std::string fill;
  if (d.chance(30)) fill = ", " + std::to_string(d.below(size_t(size) + 1));
  const bool around = size == 16 && d.chance(50);  // .cg is of 16 bytes only
  d.line("cp.async.%s.shared.global [%%t8+%d], [%%a0+%d], %d%s;", around ? "cg" : "ca",
         size * int(d.below(slots)), size * int(d.below(slots)), size, fill.c_str());
  if (d.chance(50)) {
    d.line("cp.async.wait_all;");
  } else {
    d.line("cp.async.commit_group;");
    d.line("cp.async.wait_group 0;");
  }
  d.line("ld.shared.u32 %s, [%%t8+%d];", d.word().c_str(), 4 * int(d.below(kOwnBytes / 4)));
}

void dynamic_stack(Draw& d) {
  d.line("stacksave.u64 %%a6; alloca.u64 %%a5, %d, 16;", 16 << d.below(3));
  d.line("st.local.v2.u32 [%%a5], {%s, %s};", d.word().c_str(), d.word().c_str());
  d.line("st.local.u64 [%%a5+8], %s;", d.long_word().c_str());
  d.line("ld.local.u16 %s, [%%a5+%d];", d.half().c_str(), 2 * int(d.below(8)));
  d.line("ld.local.u64 %s, [%%a5+%d]; stackrestore.u64 %%a6;", d.long_word().c_str(), 8 * int(d.below(2)));
}

void pack_and_unpack(Draw& d, const std::string& guard) {
  const char* g = guard.c_str();
  switch (d.below(6)) {
    case 0:
      return d.line("%smov.b64 %s, {%s, %s};", g, d.long_word().c_str(), d.word().c_str(), d.word().c_str());
    case 1:
      return d.line("%smov.b64 %s, %s;", g, list_of(d, 2, false, true).c_str(), d.long_word().c_str());
    case 2:
      return d.line("%smov.b64 {%s, _}, %s;", g, d.word().c_str(), d.long_word().c_str());
    case 3:
      return d.line("%smov.b32 %s, {%s, %s};", g, d.word().c_str(), d.half().c_str(), d.half().c_str());
    case 4:
      return d.line("%smov.b32 {_, %s}, %s;", g, d.half().c_str(), d.word().c_str());
    default:
      return d.line("%smov.b64 %s, {%s, %s, %s, %s};", g, d.long_word().c_str(), d.half().c_str(),
                    d.half().c_str(), d.half().c_str(), d.half().c_str());
  }
}

void special_register(Draw& d) {
  static const char* const kNames[] = {"%tid.x",       "%tid.y",       "%tid.z",       "%ntid.x",
                                       "%ntid.y",      "%ctaid.x",     "%nctaid.x",    "%laneid",
                                       "%lanemask_lt", "%lanemask_eq", "%lanemask_ge", "%lanemask_le",
                                       "%lanemask_gt", "%tid.w",       "%ctaid.y"};
  d.line("mov.u32 %s, %s;", d.word().c_str(), kNames[d.below(std::size(kNames))]);
}

void matrix(Draw& d) {
  switch (d.below(4)) {
    case 0: {
      static const int kCounts[] = {1, 2, 4};
      const int n = kCounts[d.below(3)];
      const std::string to = list_of(d, n, false, true);
      d.line("and.b32 %%t12, %s, 112; add.u32 %%t12, %%t12, %%t8; bar.sync 0;", d.word().c_str());
      d.line("ldmatrix.sync.aligned.m8n8.x%d%s.shared.b16 %s, [%%t12];", n, d.chance(50) ? ".trans" : "",
             to.c_str());
      return d.line("bar.sync 0;");
    }
    case 1:
      return d.line("movmatrix.sync.aligned.m8n8.trans.b16 %s, %s;", d.word().c_str(), d.word().c_str());
    default:
      return product(d);
  }
}

void transaction_barrier(Draw& d, int label, uint32_t threads) {
  d.line("mov.u32 %%t12, gate; setp.eq.u32 %%q37, %%t5, 0;");
  d.line("@%%q37 mbarrier.init.shared.b64 [%%t12], %u; bar.sync 0;", threads);
  d.line("st.shared.u32 [%%t8+12], %s;", d.word().c_str());
  d.line("mbarrier.arrive.shared.b64 %%a5, [%%t12];");
  d.label(label);
  d.line("mbarrier.test_wait.shared.b64 %%q38, [%%t12], %%a5; @!%%q38 bra L%d;", label);
  d.line("add.u32 %%t13, %%t5, %zu; rem.u32 %%t13, %%t13, %u; mov.u32 %%t14, own;", 1 + d.below(40), threads);
  d.line("mad.lo.u32 %%t13, %%t13, %u, %%t14; ld.shared.u32 %s, [%%t13+12]; bar.sync 0;", kOwnBytes,
         d.word().c_str());
  d.line("@%%q37 mbarrier.inval.shared.b64 [%%t12]; bar.sync 0;");
}

}  // namespace ppu::fuzz

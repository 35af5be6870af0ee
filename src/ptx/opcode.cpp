// See opcode.h. The word lists follow the chapter list of the PTX ISA manual, version 9.0.
#include "ptx/opcode.h"

#include <algorithm>
#include <array>
#include <unordered_set>
#include <vector>

namespace ppu::ptx {
namespace {

// clang-format off
constexpr std::string_view kMnemonics[] = {
    "abs", "activemask", "add", "addc", "alloca", "and", "applypriority", "atom", "bar", "barrier", "bfe", "bfi",
    "bfind", "bmsk", "bra", "brev", "brkpt", "brx", "call", "clusterlaunchcontrol", "clz", "cnot", "copysign", "cos",
    "cp", "createpolicy", "cvt", "cvta", "discard", "div", "dp2a", "dp4a", "elect", "ex2", "exit", "fence", "fma",
    "fns", "getctarank", "griddepcontrol", "isspacep", "istypep", "ld", "ldmatrix", "ldu", "lg2", "lop3", "mad",
    "mad24", "madc", "mapa", "match", "max", "mbarrier", "membar", "min", "mma", "mov", "movmatrix", "mul", "mul24",
    "multimem", "nanosleep", "neg", "not", "or", "pmevent", "popc", "prefetch", "prefetchu", "prmt", "rcp", "red",
    "redux", "rem", "ret", "rsqrt", "sad", "selp", "set", "setmaxnreg", "setp", "shf", "shfl", "shl", "shr", "sin",
    "slct", "sqrt", "st", "stackrestore", "stacksave", "stmatrix", "sub", "subc", "suld", "suq", "sured", "sust",
    "szext", "tanh", "tcgen05", "tensormap", "testp", "tex", "tld4", "trap", "txq", "vabsdiff", "vabsdiff2",
    "vabsdiff4", "vadd", "vadd2", "vadd4", "vavrg2", "vavrg4", "vmad", "vmax", "vmax2", "vmax4", "vmin", "vmin2",
    "vmin4", "vote", "vset", "vset2", "vset4", "vshl", "vshr", "vsub", "vsub2", "vsub4", "wgmma", "wmma", "xor"};

/// Modifiers that aren't types, shapes (m16n8k16) or qualified by `::`.
constexpr std::string_view kModifiers[] = {
    "1d", "2d", "3d", "a1d", "a2d", "acube", "cube", "2dms", "a2dms", "a", "b", "c", "d", "acc", "accum", "acq_rel", "acquire",
    "add", "alias", "alignsync", "aligned", "all", "alloc", "always", "and", "any", "approx", "arrive", "arrive_drop",
    "async", "array_size", "async_group", "any_sync", "ballot", "base", "bfly", "block_scale", "bulk", "bulk_group",
    "b4e", "ca", "cas", "cc", "cg", "channel_data_type", "channel_order", "clamp", "col", "collector", "commit",
    "commit_group", "complete_tx", "cond", "const", "cp", "cs", "cta", "cluster", "cta_group", "cta_mask",
    "cv", "dealloc", "dec", "default", "depth", "down", "ecl", "ecr", "eq", "equ", "exch", "exit", "expect_tx", "f4e",
    "fence", "finite", "floor", "from", "ftz", "full", "ge", "geu", "global", "gl", "gpu", "gt", "gtu", "height", "hi",
    "hs", "i8x16", "idx", "im2col", "im2col_no_offs", "inc", "infinite", "init", "inval", "init_count", "is_canceled",
    "ld", "ldu", "le", "left", "leu", "level", "lg2", "lo", "local", "ls", "lt", "ltu", "lu", "l", "max", "min", "mma",
    "mma_async", "mbarrier", "mio", "mmio", "multicast", "multimem", "nan", "NaN", "nc", "ne", "neu", "noftz", "noComplete",
    "normal", "normalized_coords", "notanumber", "noinc", "num", "num_mipmap_levels", "num_samples", "op", "or", "p",
    "param", "parity", "pending_count", "popc", "pred", "prefetch", "proxy", "query_cancel", "r", "range", "rc8", "rc16", "read",
    "red", "reduce", "relaxed", "release", "relinquish_alloc_permit", "relu", "replace", "req", "right", "rm", "rmi",
    "rn", "rna", "rni", "rp", "rpi", "row", "rs", "rz", "rzi", "s", "sat", "satfinite", "sc", "scale_vec", "shared",
    "sp", "sparse", "shift", "shiftamt", "split", "st", "store", "subnormal", "sync", "sync_restrict", "sys", "tensor",
    "tensormap", "test_wait", "tile", "to", "trans", "trap", "try_cancel", "try_wait", "uni", "unified", "up", "v2",
    "v4", "v8", "volatile", "wait", "wait_all", "wait_group", "warp", "warpsync", "weak", "wide", "width", "wrap", "write",
    "ws", "x1", "x2", "x4", "x8", "x16", "x32", "x64", "x128", "xor", "xorsign", "zero", "zfill", "abs", "b0", "b1",
    "b2", "b3", "h0", "h1", "h2", "h3", "h10", "h20", "h21", "h30", "h31", "h32", "lower", "launch_dependents",
    "texref", "surfref", "samplerref", "memory_layout", "addr_mode_0", "addr_mode_1", "addr_mode_2", "filter_mode",
    "force_unnormalized_coords", "ignore_src", "kind", "instruction", "generic", "tmem", "down_sync", "spread",
    "sp_meta", "L2", "cp_mask", "oob", "b8x16", "b4x16_p64", "b6x16_p32", "s2t", "unpack", "pack", "shl", "shr", "mask", "fractional", "evict_last", "evict_first", "evict_normal"};
// clang-format on

/// Place of a modifier in the syntax line of ld/st/atom/red.
int rank_of(std::string_view m) {
  static const std::unordered_map<std::string_view, int> kRank = {
      {"mmio", 0},    {"weak", 1},   {"volatile", 1}, {"relaxed", 1}, {"acquire", 1}, {"release", 1},
      {"acq_rel", 1}, {"cta", 2},    {"cluster", 2},  {"gpu", 2},     {"sys", 2},     {"param", 3},
      {"const", 3},   {"global", 3}, {"local", 3},    {"shared", 3},  {"and", 4},     {"or", 4},
      {"xor", 4},     {"cas", 4},    {"exch", 4},     {"add", 4},     {"inc", 4},     {"dec", 4},
      {"min", 4},     {"max", 4},    {"ca", 4},       {"cg", 4},      {"cs", 4},      {"lu", 4},
      {"cv", 4},      {"wb", 4},     {"wt", 4},       {"nc", 5},      {"noftz", 5},   {"v2", 9},
      {"v4", 9},      {"v8", 9}};
  const auto it = kRank.find(m);
  if (it != kRank.end()) return it->second;
  if (m.starts_with("shared::") || m.starts_with("param::") || m.starts_with("const::")) return 3;
  if (m.starts_with("L1::")) return 6;
  if (m.starts_with("L2::evict")) return 6;
  if (m == "L2::cache_hint") return 7;
  if (m.starts_with("L2::")) return 8;
  if (isa::parse_type(m).kind != isa::Kind::kNone) return 10;
  return -1;
}

bool is_shape(std::string_view w) {  // m16n8k16, 16x64b, 128x256b
  const bool digits = std::any_of(w.begin(), w.end(), [](char c) { return c >= '0' && c <= '9'; });
  return digits && w.find_first_not_of("mnkxb0123456789") == w.npos;
}

}  // namespace

std::string_view mnemonic_of(std::string_view opcode) {
  return opcode.substr(0, opcode.find('.'));
}

bool is_ptx_mnemonic(std::string_view word) {
  static const std::unordered_set<std::string_view> kSet(std::begin(kMnemonics), std::end(kMnemonics));
  return kSet.contains(word);
}

bool is_ptx_modifier(std::string_view word) {
  static const std::unordered_set<std::string_view> kSet(std::begin(kModifiers), std::end(kModifiers));
  const size_t qualified = word.find("::");
  if (qualified != word.npos) {
    static const std::unordered_set<std::string_view> kHeads = {
        "L1",   "L2",          "shared",        "param",         "const",     "cta_group",
        "kind", "async",       "mbarrier",      "tensormap",     "cluster",   "cta",
        "read", "proxy",       "collector",     "sem",           "multicast", "im2col",
        "tile", "op_restrict", "sync_restrict", "shared_memory", "unpack",    "pack",
        "bulk", "global",      "num",           "spread",        "sp",        "scale_vec"};
    return kHeads.contains(word.substr(0, qualified)) && qualified + 2 < word.size();
  }
  if (kSet.contains(word) || isa::parse_type(word).kind != isa::Kind::kNone || is_shape(word)) return true;
  static const std::unordered_set<std::string_view> kTypes = {
      "e2m1",   "e2m1x2", "e2m1x4",  "e2m3",  "e2m3x2", "e2m3x4", "e3m2", "e3m2x2",
      "e3m2x4", "ue8m0",  "ue8m0x2", "ue4m3", "s2f6",   "f32x2",  "tf32"};
  return kTypes.contains(word);
}

std::string canonical_opcode(std::string_view opcode) {
  const std::string_view name = mnemonic_of(opcode);
  if (name != "ld" && name != "st" && name != "atom" && name != "red" && name != "ldu")
    return std::string(opcode);
  struct Part {
    int rank;
    std::string_view text;
  };
  std::vector<Part> parts;
  std::string_view rest = opcode.substr(name.size());
  while (!rest.empty()) {
    const size_t end = rest.find('.', 1);
    const std::string_view word = rest.substr(1, end == rest.npos ? end : end - 1);
    const int rank = rank_of(word);
    if (rank < 0) return std::string(opcode);
    // Insertion sort, stable: there are few.
    size_t place = parts.size();
    while (place > 0 && parts[place - 1].rank > rank) place--;
    parts.insert(parts.begin() + ptrdiff_t(place), {rank, word});
    rest = end == rest.npos ? std::string_view() : rest.substr(end);
  }
  std::string out(name);
  for (const Part& p : parts) out.append(".").append(p.text);
  return out;
}

const std::optional<isa::MatchResult>& OpcodeMatcher::match(std::string_view opcode) {
  const auto it = cache_.find(opcode);
  if (it != cache_.end()) return it->second;
  std::optional<isa::MatchResult> m = isa::match(opcode);
  if (!m) m = isa::match(canonical_opcode(opcode));
  if (!m) m = isa::match_any_order(opcode);
  return cache_.emplace(opcode, m).first->second;
}

}  // namespace ppu::ptx

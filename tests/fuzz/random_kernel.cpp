// See random_kernel.h.
#include "tests/fuzz/random_kernel.h"

#include <bit>
#include <cstdio>
#include <random>
#include <span>

#include "isa/table.h"
#include "tests/fuzz/random_draw.h"
#include "tests/fuzz/random_statements.h"

namespace ppu::fuzz {
namespace {

constexpr int kNumFunctions = 2;

void print(const Node& n, std::string& to) {
  if (n.left_out) return;
  to += n.head;
  for (const Node& b : n.body) print(b, to);
  to += n.middle;
  for (const Node& b : n.other) print(b, to);
  to += n.tail;
}

std::string text_of(std::span<const Node> nodes) {
  std::string out;
  for (const Node& n : nodes) print(n, out);
  return out;
}

bool mentions(const std::string& text, const std::string& name) {
  for (size_t at = 0; (at = text.find(name, at)) != text.npos; at += name.size()) {
    const size_t end = at + name.size();
    if (end == text.size() || text[end] < '0' || text[end] > '9') return true;
  }
  return false;
}

/// Where a statement stands.
struct Context {
  int depth = 0;
  bool uniform = true;  ///< all threads of the block come together
  std::string members;  ///< mask of the lanes that come together; empty: not known
};

class Generator : Draw {
 public:
  explicit Generator(uint64_t seed) : Draw(seed) {}

  RandomKernel make(int statements) {
    RandomKernel k;
    static const uint32_t kBlocks[][3] = {{32, 1, 1}, {64, 1, 1},  {48, 1, 1},  {1, 1, 1},
                                          {33, 1, 1}, {16, 4, 1},  {8, 8, 1},   {5, 3, 2},
                                          {96, 1, 1}, {128, 1, 1}, {16, 16, 1}, {4, 4, 4}};
    const auto& shape = kBlocks[below(std::size(kBlocks))];
    for (int i = 0; i < 3; i++) k.block[i] = shape[i];
    k.grid[0] = 1 + uint32_t(below(2));
    threads_ = shape[0] * shape[1] * shape[2];
    all_ = threads_ * k.grid[0];
    by_pointer_ = chance(10);
    alone_ = chance(70);
    // Small kernels use few registers, so that their statements meet; and filling and storing all of them
    // would be most of their code.
    if (statements <= 20) words_ = 6, longs_ = halves_ = preds_ = 3;
    add(k.root.body, ".version 8.6\n.target sm_80\n.address_size 64\n", true);
    for (int i = 0; i < kNumFunctions; i++) function(k.root.body, i);
    budget_ = statements;
    const size_t start = k.root.body.size();
    add(k.root.body, "", true);
    while (budget_ > 0) statement(k.root.body, {0, true, "-1"});
    const std::string body = text_of(std::span(k.root.body).subspan(start));
    leave_out_uncalled(std::span(k.root.body).first(start), body);
    k.root.body[start].head = head() + written([&] { prologue(body); });
    add(k.root.body, written([&] { epilogue(body); }) + "}\n", true);
    return k;
  }

 private:
  static Node& add(std::vector<Node>& to, std::string text, bool fixed = false) {
    Node n;
    n.head = std::move(text);
    n.fixed = fixed;
    to.push_back(std::move(n));
    return to.back();
  }

  std::string head() const {
    return ".visible .entry k(.param .u64 data, .param .u64 out) {\n" + registers() +
           "  .shared .align 16 .b8 own[" + std::to_string(kOwnBytes * threads_) +
           "];\n"
           "  .shared .align 16 .b8 sums[64];\n"
           "  .shared .align 8 .b64 gate;\n"
           "  .local .align 16 .b8 depot[" +
           std::to_string(kOwnBytes) + "];\n";
  }

  /// `field` bytes into a thread's values, `size` wide: threads lie side by side there.
  uint32_t place(uint32_t field) const { return field * all_; }

  static std::string numbered(const char* prefix, int n) { return prefix + std::to_string(n); }

  /// `body`: what the kernel does with its registers and memory. Filling them is much code, and left out
  /// where nothing reads them.
  void prologue(const std::string& body) {
    line("ld.param.u64 %%a0, [data];");
    line("ld.param.u64 %%a1, [out];");
    line("mov.u32 %%t0, %%tid.x;");
    line("mov.u32 %%t1, %%tid.y;");
    line("mov.u32 %%t2, %%tid.z;");
    line("mov.u32 %%t3, %%ntid.x;");
    line("mov.u32 %%t4, %%ntid.y;");
    line("mad.lo.u32 %%t1, %%t2, %%t4, %%t1;");
    line("mad.lo.u32 %%t5, %%t1, %%t3, %%t0;");  // %t5: thread of the block
    line("mov.u32 %%t6, %%ctaid.x;");
    line("mad.lo.u32 %%t7, %%t6, %u, %%t5;", threads_);
    line("cvta.to.global.u64 %%a0, %%a0;");
    for (int i = 0; i < 4; i++) {  // %b0..3: data for values of 1, 2, 4, 8 bytes; %b4..7: out
      line("mul.wide.u32 %%a2, %%t7, %d;", 1 << i);
      line("add.u64 %%b%d, %%a0, %%a2;", i);
      line("add.u64 %%b%d, %%a1, %%a2;", i + 4);
    }
    const bool shared = mentions(body, "%t8"), local = mentions(body, "%a3");
    for (int i = 0; i < words_; i++)
      if (mentions(body, numbered("%r", i)) || mentions(body, numbered("%p", i)) || (local && i < 4))
        line("ld.global.u32 %%r%d, [%%b2+%u];", i, place(uint32_t(4 * i)));
    for (int i = 0; i < longs_; i++)
      if (mentions(body, numbered("%d", i)) || (shared && i < 2))
        line("ld.global.u64 %%d%d, [%%b3+%u];", i, place(uint32_t(64 + 8 * i)));
    for (int i = 0; i < halves_; i++)
      if (mentions(body, numbered("%h", i)))
        line("ld.global.u16 %%h%d, [%%b1+%u];", i, place(uint32_t(128 + 2 * i)));
    for (int i = 0; i < preds_; i++)
      if (mentions(body, numbered("%p", i))) line("setp.gt.s32 %%p%d, %%r%d, %d;", i, i, int(below(20)) - 10);
    own_memory(body, shared, local);
    if (by_pointer_) line("P: .callprototype (.param .b32 _) _ (.param .b32 _, .param .b64 _);");
    if (shared || mentions(body, "%t9")) line("bar.sync 0;");
  }

  /// Behind the values: bytes of each thread's own, as shared and local memory have them.
  void own_memory(const std::string& body, bool shared, bool local) {
    line("mul.wide.u32 %%a2, %%t7, %u;", kOwnBytes);
    line("add.u64 %%a2, %%a2, %u;", place(kValueBytes));
    line("add.u64 %%a0, %%a0, %%a2;");
    line("add.u64 %%a1, %%a1, %%a2;");
    line("mov.u32 %%t8, own;");
    line("mad.lo.u32 %%t8, %%t5, %u, %%t8;", kOwnBytes);
    line("mov.u64 %%a3, depot;");
    if (shared || local) {
      line("mov.u32 %%t14, 0; mov.u32 %%t12, %%t8; mov.u64 %%a4, %%a3;");
      line(".pragma \"nounroll\";");
      line("FILL:");
      if (shared) line("st.shared.v2.u64 [%%t12], {%%d0, %%d1}; add.u32 %%t12, %%t12, 16;");
      if (local) line("st.local.v4.u32 [%%a4], {%%r0, %%r1, %%r2, %%r3}; add.u64 %%a4, %%a4, 16;");
      line("add.u32 %%t14, %%t14, 16; setp.lt.u32 %%q37, %%t14, %u; @%%q37 bra FILL;", kOwnBytes);
    }
    if (!mentions(body, "%t9")) return;
    line("setp.lt.u32 %%q0, %%t5, 16;");
    line("mov.u32 %%t9, sums;");
    line("shl.b32 %%t10, %%t5, 2;");
    line("add.u32 %%t10, %%t9, %%t10;");
    line("@%%q0 st.shared.u32 [%%t10], 0;");
  }

  void epilogue(const std::string& body) {
    if (mentions(body, "%t9")) {
      line("bar.sync 0;");
      line("mov.u32 %%t11, 0;");
      line("@%%q0 ld.shared.u32 %%t11, [%%t10];");
      line("st.global.u32 [%%b6+%u], %%t11;", place(160));
    }
    for (int i = 0; i < words_; i++)
      if (mentions(body, numbered("%r", i)))
        line("st.global.u32 [%%b6+%u], %%r%d;", place(uint32_t(4 * i)), i);
    for (int i = 0; i < longs_; i++)
      if (mentions(body, numbered("%d", i)))
        line("st.global.u64 [%%b7+%u], %%d%d;", place(uint32_t(64 + 8 * i)), i);
    for (int i = 0; i < halves_; i++)
      if (mentions(body, numbered("%h", i)))
        line("st.global.u16 [%%b5+%u], %%h%d;", place(uint32_t(128 + 2 * i)), i);
    for (int i = 0; i < preds_; i++)
      if (mentions(body, numbered("%p", i)))
        line("selp.u32 %%t12, 1, 0, %%p%d; st.global.u8 [%%b4+%u], %%t12;", i, place(uint32_t(144 + i)));
    line("ret;");
  }

  /// A function that nobody calls costs as much to compile.
  static void leave_out_uncalled(std::span<Node> functions, const std::string& body) {
    std::string callers = body;
    for (int i = kNumFunctions; i-- > 0;) {
      Node& f = functions[functions.size() - size_t(kNumFunctions - i)];
      f.left_out = !mentions(callers, "f" + std::to_string(i));
      print(f, callers);
    }
  }

  // ---- Element-wise rows ----

  std::string spell(const isa::Row& row) {
    std::string opcode(row.form.mnemonic);
    for (int i = 0; i < row.form.num_slots; i++) {
      const isa::Slot& slot = row.form.slots[size_t(i)];
      if (slot.optional && chance(60)) continue;
      std::vector<std::string_view> choices;
      for (std::string_view rest = slot.text;;) {
        const size_t bar = slot.choice ? rest.find('|') : rest.npos;
        choices.push_back(rest.substr(0, bar));
        if (bar == rest.npos) break;
        rest.remove_prefix(bar + 1);
      }
      opcode += "." + std::string(choices[below(choices.size())]);
    }
    return opcode;
  }

  /// Writes one element-wise instruction; false if the one drawn doesn't suit.
  bool element(const std::string& guard) {
    const auto rows = isa::table();
    const isa::Row& row = rows[below(rows.size())];
    if (row.kind != isa::RowKind::kElement) return false;
    const std::string opcode = spell(row);
    const auto match = isa::match(opcode);
    if (!match || match->row != &row - rows.data()) return false;
    if (isa::reads_carry(row))
      line("%s add.cc.u32 %s, %s, %s;", guard.c_str(), word().c_str(), word().c_str(), word().c_str());
    std::string operands, result;
    isa::Type result_type;
    for (int i = 0; i < row.form.num_operands; i++) {
      const isa::FormOperand& o = row.form.operands[size_t(i)];
      if (o.optional && chance(50)) break;
      const isa::Type type = isa::operand_type(row, match->mods, i);
      if (type.total_bits() > 64) return false;
      if (i) operands += ", ";
      if (o.shape == isa::Shape::kConstant) {
        operands += std::to_string(below(256));
      } else if (o.is_dest) {
        result = register_of(type);
        result_type = type;
        if (type.packed > 2) return false;
        operands += result;
        if (!o.second.empty() && (!o.second_optional || chance(50)))
          operands += "|" + (chance(80) ? pred() : std::string("_"));
      } else if (type.kind == isa::Kind::kPred) {
        operands += (chance(30) ? "!" : "") + pred();
      } else {
        operands += chance(20) && type.kind != isa::Kind::kNone ? constant_of(type) : register_of(type);
      }
    }
    line("%s%s %s;", guard.c_str(), opcode.c_str(), operands.c_str());
    canonical_nan(result, result_type);
    return true;
  }

  // ---- Memory of the thread's own ----

  void memory(const std::string& guard) {
    static const char* const kTypes[] = {"u8",  "s8",  "b16", "u16", "s16", "b32",
                                         "f32", "u32", "s32", "b64", "u64", "f64"};
    static const int kBytes[] = {1, 1, 2, 2, 2, 4, 4, 4, 4, 8, 8, 8};
    const size_t t = below(std::size(kTypes));
    const int bytes = kBytes[t], lanes = chance(25) ? (bytes < 8 && chance(50) ? 4 : 2) : 1;
    const int offset = int(below(kOwnBytes / size_t(bytes * lanes))) * bytes * lanes;
    const int where = int(below(3));
    static const char* const kSpaces[] = {".global", ".shared", ".local"};
    const bool store = chance(50);
    const char* base = where == 1 ? "%t8" : where == 2 ? "%a3" : store || chance(50) ? "%a1" : "%a0";
    std::string values;
    const isa::Type type = isa::parse_type(kTypes[t]);
    for (int i = 0; i < lanes; i++) {
      std::string reg = register_of(bytes <= 2 && chance(50) ? isa::Type{isa::Kind::kB, 32, 1} : type);
      // A load must not write one register twice: which write wins is not defined.
      for (int k = 0; !store && k < 20 && values.find(reg + ",") != values.npos; k++) reg = register_of(type);
      if (!store && values.find(reg + ",") != values.npos) return;
      values += reg + ",";
    }
    values.pop_back();
    if (lanes > 1) values = "{" + values + "}";
    const std::string vector = lanes > 1 ? ".v" + std::to_string(lanes) : "";
    if (store)
      line("%sst%s%s.%s [%s+%d], %s;", guard.c_str(), kSpaces[where], vector.c_str(), kTypes[t], base, offset,
           values.c_str());
    else
      line("%sld%s%s.%s %s, [%s+%d];", guard.c_str(), kSpaces[where], vector.c_str(), kTypes[t],
           values.c_str(), base, offset);
  }

  /// A load whose address depends on a value, as tables are read.
  void indexed() {
    line("and.b32 %%t12, %s, 15;", word().c_str());
    if (chance(50)) {
      line("shl.b32 %%t12, %%t12, 2;");
      line("add.u32 %%t12, %%t12, %%t8;");
      line("ld.shared.u32 %s, [%%t12];", word().c_str());
    } else {
      line("mul.wide.u32 %%a4, %%t12, 8;");
      line("add.u64 %%a4, %%a4, %s;", chance(50) ? "%a3" : "%a0");
      line("ld.u64 %%d%zu, [%%a4];", below(size_t(longs_)));
    }
  }

  /// Sums whose order doesn't matter.
  void reduction(const std::string& guard) {
    static const char* const kOps[] = {"add.u32", "min.u32", "max.s32", "and.b32", "or.b32", "xor.b32"};
    const size_t op = below(std::size(kOps));
    line("%sred.shared.%s [%%t9+%d], %s;", guard.c_str(), kOps[op], int(4 * op), word().c_str());
  }

  /// A sum kept by a lock that one lane after another takes, given back inside or behind the loop that waits.
  void lock() {
    const int start = labels_++, skip = labels_++;
    const std::string by = word();
    const auto critical = [&] {
      line("ld.volatile.shared.u32 %%t13, [%%t9+36]; add.u32 %%t13, %%t13, %s;", by.c_str());
      line("st.volatile.shared.u32 [%%t9+36], %%t13; membar.cta;");
      line("atom.shared.exch.b32 %%t12, [%%t9+32], 0;");
    };
    const bool inside = chance(50);
    label(start);
    line("atom.shared.cas.b32 %%t12, [%%t9+32], 0, 1; setp.ne.u32 %%q37, %%t12, 0;");
    line("@%%q37 bra L%d;", inside ? skip : start);
    critical();
    if (!inside) return;
    label(skip);
    line("@%%q37 bra L%d;", start);
  }

  // ---- Warps: operations of the lanes that come together ----

  /// %t12 = the lowest of the lanes, the same in each of them.
  void lowest_of(const std::string& members) {
    line("setp.eq.u32 %%q38, %%t6, %%t6;");
    line("vote.sync.ballot.b32 %%t12, %%q38, %s; brev.b32 %%t12, %%t12; clz.b32 %%t12, %%t12;",
         members.c_str());
  }

  void together(const Context& c) {
    const std::string d = word(), a = word(), p = pred();
    const char* m = c.members.c_str();
    switch (below(7)) {
      case 0:
        shuffle(d, a, m);
        break;
      case 1:
        lowest_of(c.members);
        line("shfl.sync.idx.b32 %s, %s, %%t12, 31, %s;", d.c_str(), a.c_str(), m);
        break;
      case 2:
        line("vote.sync.ballot.b32 %s, %s, %s;", d.c_str(), p.c_str(), m);
        break;
      case 3: {
        static const char* const kModes[] = {"all", "any", "uni"};
        line("vote.sync.%s.pred %s, %s, %s;", kModes[below(3)], p.c_str(), pred().c_str(), m);
        break;
      }
      case 4: {
        static const char* const kOps[] = {"add.u32", "min.s32", "max.u32", "and.b32",
                                           "or.b32",  "xor.b32", "max.s32", "min.u32"};
        line("redux.sync.%s %s, %s, %s;", kOps[below(8)], d.c_str(), a.c_str(), m);
        break;
      }
      case 5:
        line("and.b32 %%t12, %s, 3;", a.c_str());
        line(chance(50) ? "match.any.sync.b32 %s, %%t12, %s;" : "match.all.sync.b32 %s|%%p0, %%t12, %s;",
             d.c_str(), m);
        break;
      default:
        line("match.any.sync.b64 %s, %%d%zu, %s;", d.c_str(), below(size_t(longs_)), m);
        break;
    }
  }

  /// What comes from a lane that isn't among those together is replaced: it is undefined.
  void shuffle(const std::string& d, const std::string& a, const char* members) {
    static const char* const kModes[] = {"up", "down", "bfly", "idx"};
    const size_t mode = below(4);
    const uint32_t width = 1u << below(6), by = uint32_t(below(32));
    const uint32_t c = ((32 - width) << 8) | (mode == 0 ? 0 : 31);
    const bool computed = chance(30);
    if (computed)
      line("and.b32 %%t14, %s, 31;", word().c_str());
    else
      line("mov.u32 %%t14, %u;", by);
    char amount[8];
    snprintf(amount, sizeof amount, "%u", by);
    // Where each value comes from: the lanes' numbers go the same way.
    line("mov.u32 %%t12, %%laneid; setp.eq.u32 %%q38, %%t6, %%t6; vote.sync.ballot.b32 %%t15, %%q38, %s;",
         members);
    line("shfl.sync.%s.b32 %%t13|%%q38, %%t12, %s, %u, %s;", kModes[mode], computed ? "%t14" : amount, c,
         members);
    line("shfl.sync.%s.b32 %%t13|%s, %s, %s, %u, %s;", kModes[mode], pred().c_str(), a.c_str(),
         computed ? "%t14" : amount, c, members);
    // The source by hand, because the numbers of absent lanes are as undefined as their values.
    const char* kSources[] = {
        "sub.u32 %%t12, %%t12, %%t14;", "add.u32 %%t12, %%t12, %%t14;", "xor.b32 %%t12, %%t12, %%t14;",
        "and.b32 %%t12, %%t12, %u; and.b32 %%t14, %%t14, %u; or.b32 %%t12, %%t12, %%t14;"};
    line(kSources[mode], 32 - width, ~(32 - width) & 31);
    line("@!%%q38 mov.u32 %%t12, %%laneid;");
    line("shr.b32 %%t15, %%t15, %%t12; and.b32 %%t15, %%t15, 1; setp.ne.u32 %%q38, %%t15, 0;");
    line("selp.b32 %s, %%t13, %s, %%q38;", d.c_str(), a.c_str());
  }

  /// Everybody writes, everybody reads a neighbour; or counts. Only where the whole block comes.
  void block_wide() {
    const std::string d = word();
    if (chance(40)) return line("bar.red.popc.u32 %s, 0, %s;", d.c_str(), pred().c_str());
    line("bar.sync 0;");
    line("st.shared.u32 [%%t8+%d], %s;", 4 * int(below(4)), word().c_str());
    line("bar.sync 0;");
    line("add.u32 %%t12, %%t5, %zu;", 1 + below(40));
    line("rem.u32 %%t12, %%t12, %u;", threads_);
    line("mov.u32 %%t13, own;");
    line("mad.lo.u32 %%t12, %%t12, %u, %%t13;", kOwnBytes);
    line("ld.shared.u32 %s, [%%t12+%d];", d.c_str(), 4 * int(below(4)));
    line("bar.sync 0;");
  }

  /// The lanes part, and each side does its half of one operation of all.
  void meeting(Node& n, const Context& c) {
    const int other = labels_++, end = labels_++, kind = int(below(4));
    const char* m = c.members.c_str();
    static const char* const kOps[] = {"add.u32", "min.s32", "or.b32", "max.u32"};
    const size_t op = below(4);
    const auto half = [&] {
      if (kind == 0) line("shfl.sync.idx.b32 %s, %s, %%t12, 31, %s;", word().c_str(), word().c_str(), m);
      if (kind == 1) line("vote.sync.ballot.b32 %s, %s, %s;", word().c_str(), pred().c_str(), m);
      if (kind == 2) line("redux.sync.%s %s, %s, %s;", kOps[op], word().c_str(), word().c_str(), m);
      if (kind == 3) line("match.any.sync.b32 %s, %s, %s;", word().c_str(), word().c_str(), m);
    };
    const Context inner{c.depth + 1, false, ""};
    n.head = written([&] {
      lowest_of(c.members);
      line("mov.u32 %%u%d, %%t12;", c.depth);
      line("@%s bra L%d;", pred().c_str(), other);
    });
    statements(n.body, inner);
    n.middle = written([&] {
      line("mov.u32 %%t12, %%u%d;", c.depth);
      half();
      line("bra L%d;", end);
      label(other);
    });
    statements(n.other, inner);
    n.tail = written([&] {
      line("mov.u32 %%t12, %%u%d;", c.depth);
      half();
      label(end);
    });
  }

  // ---- Device functions ----

  /// f0 and f1: a word and a long in, a word out; f1 may call f0.
  void function(std::vector<Node>& to, int number) {
    in_function_ = true;
    defined_ = number;
    budget_ = words_ < kNumWords ? 4 : 8;
    Node f;
    f.fixed = true;
    const std::string n = std::to_string(number);
    f.head = ".func (.param .b32 f" + n + "_result) f" + n + "(.param .b32 f" + n + "_word, .param .b64 f" +
             n + "_long) {\n" + registers() + "  ld.param.b32 %r0, [f" + n +
             "_word];\n  ld.param.b64 %d0, [f" + n + "_long];\n";
    for (int i = 1; i < words_; i++)
      f.head +=
          "  mad.lo.u32 %r" + std::to_string(i) + ", %r" + std::to_string(i - 1) + ", 1664525, 1013904223;\n";
    for (int i = 1; i < longs_; i++)
      f.head += "  add.u64 %d" + std::to_string(i) + ", %d" + std::to_string(i - 1) + ", %d0;\n";
    for (int i = 0; i < halves_; i++)
      f.head += "  cvt.u16.u32 %h" + std::to_string(i) + ", %r" + std::to_string(i) + ";\n";
    for (int i = 0; i < preds_; i++)
      f.head += "  setp.gt.s32 %p" + std::to_string(i) + ", %r" + std::to_string(i) + ", 0;\n";
    while (budget_ > 0) statement(f.body, {1, false, ""});
    f.tail = "  st.param.b32 [f" + n + "_result], %r1;\n  ret;\n}\n";
    to.push_back(std::move(f));
    in_function_ = false;
    defined_ = number + 1;
  }

  static std::string registers() {
    return "  .reg .b32 %r<" + std::to_string(kNumWords) +
           ">, %c<40>, %t<16>, %m<8>, %u<8>;\n  .reg .b64 %d<" + std::to_string(kNumLongs) +
           ">, %a<8>, %b<8>;\n  .reg .b16 %h<" + std::to_string(kNumHalves) + ">, %s<2>;\n  .reg .pred %p<" +
           std::to_string(kNumPreds) + ">, %q<40>;\n";
  }

  void call(const std::string& guard) {
    const int which = int(below(size_t(defined_)));
    const std::string result = word();
    std::string callee = "f" + std::to_string(which), prototype;
    if (by_pointer_ && !in_function_) {
      line("mov.u64 %%a5, f0; mov.u64 %%a6, f%d; selp.b64 %%a5, %%a5, %%a6, %s;", defined_ - 1,
           pred().c_str());
      callee = "%a5", prototype = ", P";
    }
    line("{ .param .b32 in0; .param .b64 in1; .param .b32 back;");
    line("st.param.b32 [in0], %s; st.param.b64 [in1], %%d%zu;", word().c_str(), below(size_t(longs_)));
    line("%scall (back), %s, (in0, in1)%s; %sld.param.b32 %s, [back]; }", guard.c_str(), callee.c_str(),
         prototype.c_str(), guard.c_str(), result.c_str());
  }

  // ---- Control flow ----

  void statement(std::vector<Node>& to, const Context& c) {
    budget_--;
    Node n;
    const size_t what = below(1000);
    if (what < 90 && c.depth < 4) {
      branch(n, c);
    } else if (what < 130 && c.depth < 3) {
      loop(n, c);
    } else if (what < 150 && c.depth < 4) {
      table(n, c);
    } else if (what < 156 && c.depth < 4 && !c.members.empty() && alone_) {
      meeting(n, c);
    } else {
      n.head = written([&] { simple(what, c); });
    }
    to.push_back(std::move(n));
  }

  void simple(size_t what, const Context& c) {
    const std::string guard = chance(15) ? "@" + std::string(chance(50) ? "!" : "") + pred() + " " : "";
    const auto drawn = [&](size_t from, size_t to) { return what >= from && what < to; };
    if (drawn(150, 170) && defined_ > 0) return call(guard);
    if (drawn(170, 270) && !c.members.empty()) return c.uniform && chance(25) ? block_wide() : together(c);
    if (drawn(270, 274) && !in_function_ && alone_) return lock();
    if (drawn(274, 420) && !in_function_) return memory(guard);
    if (drawn(420, 460) && !in_function_) return indexed();
    if (drawn(460, 490) && !in_function_) return reduction(guard);
    if (drawn(490, 515) && !in_function_) return atomic(*this, guard);
    if (drawn(515, 530) && !in_function_) return copy_in_background(*this);
    if (drawn(530, 540)) return dynamic_stack(*this);
    if (drawn(540, 560)) return pack_and_unpack(*this, guard);
    if (drawn(560, 570)) return special_register(*this);
    // A kernel whose lanes wait for each other runs one lane at a time, and matrix operations have no form
    // then.
    const bool whole_block = c.uniform && !c.members.empty();
    if (drawn(570, 600) && whole_block && threads_ % 32 == 0 && !alone_) return matrix(*this);
    if (drawn(600, 606) && whole_block && alone_) return transaction_barrier(*this, labels_++, threads_);
    for (int i = 0; i < 50 && !element(guard); i++) {
    }
  }

  void statements(std::vector<Node>& to, const Context& c) {
    for (size_t n = 1 + below(5); n; n--) statement(to, c);
  }

  /// The context inside a divergent statement; its mask register if lanes inside shall know each other.
  Context inside(const Context& c) {
    const bool known = !c.members.empty() && alone_ && chance(70);
    return {c.depth + 1, false, known ? "%m" + std::to_string(c.depth + 1) : ""};
  }

  void branch(Node& n, const Context& c) {
    const int other = labels_++, end = labels_++;
    const bool same = c.uniform && chance(30);
    const Context inner = same ? Context{c.depth + 1, true, "-1"} : inside(c);
    const char* m = inner.members.c_str();
    const bool knows = !same && !inner.members.empty();
    n.head = written([&] {
      // The condition is kept apart: the bodies may change the predicates.
      const int q = c.depth + 1;
      if (same)
        line("setp.%s.u32 %%q%d, %%t6, 1;", chance(50) ? "lt" : "ge", q);
      else
        line("and.pred %%q%d, %s, %s;", q, pred().c_str(), pred().c_str());
      const bool flip = chance(50);  // the body is for those with q, or without
      if (knows) line("vote.sync.ballot.b32 %s, %s%%q%d, %s;", m, flip ? "!" : "", q, c.members.c_str());
      line("@%s%%q%d bra L%d;", flip ? "" : "!", q, other);
    });
    statements(n.body, inner);
    const bool has_else = chance(60);
    n.middle = written([&] {
      if (has_else) line("bra L%d;", end);
      label(other);
      if (has_else && knows) line("not.b32 %s, %s; and.b32 %s, %s, %s;", m, m, m, m, c.members.c_str());
    });
    if (has_else) {
      statements(n.other, inner);
      n.tail = written([&] { label(end); });
    }
  }

  void loop(Node& n, const Context& c) {
    const int start = labels_++, end = labels_++;
    const bool same = c.uniform && chance(50);
    const Context inner = same ? Context{c.depth + 1, true, "-1"} : inside(c);
    const char* m = inner.members.c_str();
    const bool knows = !same && !inner.members.empty();
    const int counter = loops_++ % 40;
    n.head = written([&] {
      if (same)
        line("mov.u32 %%c%d, %zu;", counter, 1 + below(5));
      else
        line("and.b32 %%c%d, %s, 7;", counter, word().c_str());
      if (knows) line("mov.b32 %s, %s;", m, c.members.c_str());
      label(start);
    });
    statements(n.body, inner);
    if (!same && chance(40))
      add(n.body, written([&] {
            const std::string p = pred();
            if (knows) line("vote.sync.ballot.b32 %s, !%s, %s;", m, p.c_str(), m);
            line("@%s bra L%d;", p.c_str(), end);
          }));
    if (!same && chance(20)) statements(n.body, inner);
    n.tail = written([&] {
      line("sub.u32 %%c%d, %%c%d, 1;", counter, counter);
      line("setp.gt.s32 %%q%d, %%c%d, 0;", 20 + c.depth, counter);
      if (knows) line("vote.sync.ballot.b32 %s, %%q%d, %s;", m, 20 + c.depth, m);
      line("@%%q%d bra L%d;", 20 + c.depth, start);
      label(end);
    });
  }

  void table(Node& n, const Context& c) {
    const int end = labels_++, name = labels_++;
    int targets[3];
    for (int& t : targets) t = labels_++;
    Context inner = inside(c);
    n.head = written([&] {
      line("rem.u32 %%t14, %s, 3;", word().c_str());
      if (!inner.members.empty())
        line("match.any.sync.b32 %s, %%t14, %s;", inner.members.c_str(), c.members.c_str());
      line("T%d: .branchtargets L%d, L%d, L%d;", name, targets[0], targets[1], targets[2]);
      line("brx.idx %%t14, T%d;", name);
    });
    for (int i = 0; i < 3; i++) {
      Node target;
      target.fixed = true;
      target.head = written([&] { label(targets[i]); });
      statements(target.body, inner);
      if (chance(70))
        target.tail = written([&] { line("bra L%d;", end); });
      else
        inner.members.clear();  // others fall in behind
      n.body.push_back(std::move(target));
    }
    n.tail = written([&] { label(end); });
  }

  uint32_t threads_ = 32, all_ = 32;  ///< of a block, of the grid
  int budget_ = 0, labels_ = 0, loops_ = 0;
  bool in_function_ = false, by_pointer_ = false;
  bool alone_ = false;  ///< lanes may wait for each other: polls, masks in branches
  int defined_ = 0;     ///< functions that may be called
};

}  // namespace

std::string RandomKernel::text() const {
  std::string out;
  print(root, out);
  return out;
}

RandomKernel make_random_kernel(uint64_t seed, int statements) {
  return Generator(seed).make(statements);
}

std::vector<uint32_t> make_random_data(uint64_t seed, size_t words) {
  std::mt19937_64 random(seed ^ 0x5eed);
  std::vector<uint32_t> out(words);
  static const uint32_t kSpecial[] = {0,          1,          0xffffffff, 0x80000000, 0x7fffffff,
                                      0x7f800000, 0xff800000, 0x7fc00000, 0x00000001, 0x007fffff,
                                      0x00800000, 0x3f800000, 0xbf800000, 0x7c003c00};
  for (uint32_t& w : out) {
    switch (random() % 4) {
      case 0:
        w = uint32_t(random() % 64);
        break;
      case 1:
        w = std::bit_cast<uint32_t>(float(int64_t(random() % 2000) - 1000) / 16);
        break;
      case 2:
        w = kSpecial[random() % std::size(kSpecial)];
        break;
      default:
        w = uint32_t(random());
        break;
    }
  }
  return out;
}

}  // namespace ppu::fuzz

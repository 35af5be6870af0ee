// See random_kernel.h.
#include "tests/fuzz/random_kernel.h"

#include <bit>
#include <cstdio>
#include <random>

#include "isa/table.h"

namespace ppu::fuzz {
namespace {

constexpr int kNumFunctions = 2;

class Generator {
 public:
  explicit Generator(uint64_t seed) : random_(seed) {}

  RandomKernel make(int statements) {
    RandomKernel k;
    static const uint32_t kBlocks[][3] = {{32, 1, 1}, {64, 1, 1},  {48, 1, 1},  {1, 1, 1},
                                          {33, 1, 1}, {16, 4, 1},  {8, 8, 1},   {5, 3, 2},
                                          {96, 1, 1}, {128, 1, 1}, {16, 16, 1}, {4, 4, 4}};
    const auto& shape = kBlocks[below(std::size(kBlocks))];
    for (int i = 0; i < 3; i++) k.block[i] = shape[i];
    k.grid[0] = 1 + uint32_t(below(2));
    threads_ = shape[0] * shape[1] * shape[2];
    for (int i = 0; i < kNumFunctions; i++) function(i);
    budget_ = statements;
    prologue();
    while (budget_ > 0) statement(0, true);
    epilogue();
    k.text = ".version 8.6\n.target sm_80\n.address_size 64\n" + functions_ + head() + body_ + "}\n";
    return k;
  }

 private:
  size_t below(size_t n) { return random_() % n; }
  bool chance(int percent) { return int(below(100)) < percent; }

  template <class... T>
  void line(const char* format, T... values) {
    char text[400];
    snprintf(text, sizeof text, format, values..., 0);
    body_ += joined_ ? " " : "  ";
    body_ += text;
    if (!joined_) body_ += "\n";
  }
  /// The lines written while it lives are one: whoever reduces the text keeps or drops them together.
  struct Joined {
    explicit Joined(Generator& g) : g(g) { g.joined_ = true; }
    ~Joined() {
      g.joined_ = false;
      g.body_ += "\n";
    }
    Generator& g;
  };
  void label(int n) { body_ += "L" + std::to_string(n) + ":\n"; }

  std::string head() const {
    return ".visible .entry k(.param .u64 data, .param .u64 out) {\n" + registers() +
           "  .shared .align 16 .b8 own[" + std::to_string(kSlotBytes * threads_) +
           "];\n"
           "  .shared .align 16 .b8 sums[64];\n"
           "  .local .align 16 .b8 depot[" +
           std::to_string(kSlotBytes) + "];\n";
  }

  void prologue() {
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
    line("mul.wide.u32 %%a2, %%t7, %u;", kSlotBytes);
    line("add.u64 %%a0, %%a0, %%a2;");
    line("add.u64 %%a1, %%a1, %%a2;");
    line("mov.u32 %%t8, own;");
    line("mad.lo.u32 %%t8, %%t5, %u, %%t8;", kSlotBytes);  // %t8: own slot of shared memory
    line("mov.u64 %%a3, depot;");
    line("cvta.to.global.u64 %%a0, %%a0;");
    for (int i = 0; i < kNumWords; i++) line("ld.global.u32 %%r%d, [%%a0+%d];", i, 4 * i);
    for (int i = 0; i < kNumLongs; i++) line("ld.global.u64 %%d%d, [%%a0+%d];", i, 64 + 8 * i);
    for (int i = 0; i < kNumHalves; i++) line("ld.global.u16 %%h%d, [%%a0+%d];", i, 128 + 2 * i);
    for (int i = 0; i < kNumPreds; i++) line("setp.gt.s32 %%p%d, %%r%d, %d;", i, i, int(below(20)) - 10);
    // Known contents of shared and local memory.
    for (int i = 0; i < 256; i += 16) {
      line("st.shared.v2.u64 [%%t8+%d], {%%d%d, %%d%d};", i, i / 16 % kNumLongs, (i / 16 + 1) % kNumLongs);
      line("st.local.v4.u32 [%%a3+%d], {%%r0, %%r1, %%r2, %%r3};", i);
    }
    line("setp.lt.u32 %%q0, %%t5, 16;");
    line("mov.u32 %%t9, sums;");
    line("shl.b32 %%t10, %%t5, 2;");
    line("add.u32 %%t10, %%t9, %%t10;");
    line("@%%q0 st.shared.u32 [%%t10], 0;");
    line("bar.sync 0;");
    body_ += kBodyMark;
  }

  void epilogue() {
    body_ += kBodyMark;
    line("bar.sync 0;");
    line("@%%q0 ld.shared.u32 %%t11, [%%t10];");
    line("@%%q0 st.global.u32 [%%a1+160], %%t11;");
    for (int i = 0; i < kNumWords; i++) line("st.global.u32 [%%a1+%d], %%r%d;", 4 * i, i);
    for (int i = 0; i < kNumLongs; i++) line("st.global.u64 [%%a1+%d], %%d%d;", 64 + 8 * i, i);
    for (int i = 0; i < kNumHalves; i++) line("st.global.u16 [%%a1+%d], %%h%d;", 128 + 2 * i, i);
    for (int i = 0; i < kNumPreds; i++) {
      line("selp.u32 %%t12, 1, 0, %%p%d;", i);
      line("st.global.u8 [%%a1+%d], %%t12;", 144 + i);
    }
    line("ret;");
  }

  std::string word() { return "%r" + std::to_string(below(kNumWords)); }
  std::string pred() { return "%p" + std::to_string(below(kNumPreds)); }

  std::string register_of(isa::Type type) {
    const int bits = type.total_bits();
    if (type.kind == isa::Kind::kPred) return pred();
    if (bits == 64) return "%d" + std::to_string(below(kNumLongs));
    if (bits <= 16) return "%h" + std::to_string(below(kNumHalves));
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
    Joined joined(*this);
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
    const int offset = int(below(128 / size_t(bytes * lanes))) * bytes * lanes;
    const int where = int(below(3));
    static const char* const kSpaces[] = {".global", ".shared", ".local"};
    // `out` from byte 168 on belongs to nobody else in the epilogue; data is read only.
    const bool store = chance(50);
    char address[40];
    if (where == 0) {
      const int step = bytes * lanes, start = 176;
      const int at = start + int(below(size_t(256 - start) / size_t(step))) * step;
      snprintf(address, sizeof address, "[%s+%d]", store ? "%a1" : (chance(50) ? "%a1" : "%a0"), at);
    } else {
      snprintf(address, sizeof address, "[%s+%d]", where == 1 ? "%t8" : "%a3",
               offset + (chance(50) ? 128 : 0));
    }
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
      line("%sst%s%s.%s %s, %s;", guard.c_str(), kSpaces[where], vector.c_str(), kTypes[t], address,
           values.c_str());
    else
      line("%sld%s%s.%s %s, %s;", guard.c_str(), kSpaces[where], vector.c_str(), kTypes[t], values.c_str(),
           address);
  }

  /// A load whose address depends on a value, as tables are read.
  void indexed() {
    Joined joined(*this);
    line("and.b32 %%t12, %s, 31;", word().c_str());
    if (chance(50)) {
      line("shl.b32 %%t12, %%t12, 2;");
      line("add.u32 %%t12, %%t12, %%t8;");
      line("ld.shared.u32 %s, [%%t12];", word().c_str());
    } else {
      line("mul.wide.u32 %%a4, %%t12, 8;");
      line("add.u64 %%a4, %%a4, %s;", chance(50) ? "%a3" : "%a0");
      line("ld.u64 %%d%zu, [%%a4];", below(kNumLongs));
    }
  }

  /// Sums whose order doesn't matter.
  void reduction(const std::string& guard) {
    static const char* const kOps[] = {"add.u32", "min.u32", "max.s32", "and.b32", "or.b32", "xor.b32"};
    const size_t op = below(std::size(kOps));
    line("%sred.shared.%s [%%t9+%d], %s;", guard.c_str(), kOps[op], int(4 * op), word().c_str());
  }

  // ---- Warps and blocks; only where all threads are together ----

  void together() {
    Joined joined(*this);
    const std::string d = word(), a = word(), p = pred();
    switch (below(8)) {
      case 0: {
        static const char* const kModes[] = {"up", "down", "bfly", "idx"};
        // Up reads lower lanes only: those of a warp that isn't full exist.
        const size_t mode = threads_ % 32 == 0 ? below(4) : 0;
        const uint32_t width = 1u << below(6);
        const uint32_t c = ((32 - width) << 8) | (mode == 0 ? 0 : 31);
        line("shfl.sync.%s.b32 %s|%s, %s, %zu, %u, -1;", kModes[mode], d.c_str(), p.c_str(), a.c_str(),
             below(32), c);
        break;
      }
      case 1:
        line("shfl.sync.idx.b32 %s, %s, %s, 31, -1;", d.c_str(), a.c_str(), whole_source().c_str());
        break;
      case 2:
        line("vote.sync.ballot.b32 %s, %s, -1;", d.c_str(), p.c_str());
        break;
      case 3: {
        static const char* const kModes[] = {"all", "any", "uni"};
        line("vote.sync.%s.pred %s, %s, -1;", kModes[below(3)], p.c_str(), pred().c_str());
        break;
      }
      case 4: {
        static const char* const kOps[] = {"add.u32", "min.s32", "max.u32", "and.b32",
                                           "or.b32",  "xor.b32", "max.s32"};
        line("redux.sync.%s %s, %s, -1;", kOps[below(7)], d.c_str(), a.c_str());
        break;
      }
      case 5:
        line("and.b32 %%t12, %s, 3;", a.c_str());
        line(chance(50) ? "match.any.sync.b32 %s, %%t12, -1;" : "match.all.sync.b32 %s|%%p0, %%t12, -1;",
             d.c_str());
        break;
      case 6: {  // everybody writes, everybody reads a neighbour
        line("bar.sync 0;");
        line("st.shared.u32 [%%t8+%d], %s;", 4 * int(below(4)), a.c_str());
        line("bar.sync 0;");
        line("add.u32 %%t12, %%t5, %zu;", 1 + below(40));
        line("rem.u32 %%t12, %%t12, %u;", threads_);
        line("mov.u32 %%t13, own;");
        line("mad.lo.u32 %%t12, %%t12, %u, %%t13;", kSlotBytes);
        line("ld.shared.u32 %s, [%%t12+%d];", d.c_str(), 4 * int(below(4)));
        line("bar.sync 0;");
        break;
      }
      default:
        line("bar.red.%s %s, 0, %s;", chance(50) ? "popc.u32" : "popc.u32", d.c_str(), p.c_str());
        break;
    }
  }

  /// A lane number that exists: shuffles from lanes that don't give what one likes.
  std::string whole_source() {
    line("and.b32 %%t12, %s, %u;", word().c_str(), threads_ >= 32 && threads_ % 32 == 0 ? 31u : 0u);
    return "%t12";
  }

  // ---- Device functions ----

  /// f0 and f1: a word and a long in, a word out; f1 may call f0.
  void function(int number) {
    in_function_ = true;
    defined_ = number;
    budget_ = 8;
    while (budget_ > 0) statement(1, false);
    in_function_ = false;
    defined_ = number + 1;
    const std::string n = std::to_string(number);
    functions_ += ".func (.param .b32 f" + n + "_result) f" + n + "(.param .b32 f" + n +
                  "_word, .param .b64 f" + n + "_long) {\n" + registers() + "  ld.param.b32 %r0, [f" + n +
                  "_word];\n  ld.param.b64 %d0, [f" + n + "_long];\n";
    for (int i = 1; i < kNumWords; i++)
      functions_ +=
          "  mad.lo.u32 %r" + std::to_string(i) + ", %r" + std::to_string(i - 1) + ", 1664525, 1013904223;\n";
    for (int i = 1; i < kNumLongs; i++)
      functions_ += "  add.u64 %d" + std::to_string(i) + ", %d" + std::to_string(i - 1) + ", %d0;\n";
    for (int i = 0; i < kNumHalves; i++)
      functions_ += "  cvt.u16.u32 %h" + std::to_string(i) + ", %r" + std::to_string(i) + ";\n";
    for (int i = 0; i < kNumPreds; i++)
      functions_ += "  setp.gt.s32 %p" + std::to_string(i) + ", %r" + std::to_string(i) + ", 0;\n";
    functions_ += body_ + "  st.param.b32 [f" + n + "_result], %r1;\n  ret;\n}\n";
    body_.clear();
  }

  static std::string registers() {
    return "  .reg .b32 %r<" + std::to_string(kNumWords) + ">, %c<40>, %t<16>;\n  .reg .b64 %d<" +
           std::to_string(kNumLongs) + ">, %a<8>;\n  .reg .b16 %h<" + std::to_string(kNumHalves) +
           ">, %s<2>;\n  .reg .pred %p<" + std::to_string(kNumPreds) + ">, %q<40>;\n";
  }

  void call() {
    Joined joined(*this);
    const int which = int(below(size_t(defined_)));
    line("{ .param .b32 in0; .param .b64 in1; .param .b32 back;");
    line("st.param.b32 [in0], %s; st.param.b64 [in1], %%d%zu;", word().c_str(), below(kNumLongs));
    line("call (back), f%d, (in0, in1); ld.param.b32 %s, [back]; }", which, word().c_str());
  }

  // ---- Control flow ----

  void statement(int depth, bool uniform) {
    budget_--;
    const size_t what = below(100);
    if (what < 9 && depth < 4) return branch(depth, uniform);
    if (what < 13 && depth < 3) return loop(depth, uniform);
    if (what < 15 && depth < 4) return table(depth);
    if (what < 17 && defined_ > 0) return call();
    if (what < 27 && uniform) return together();
    const std::string guard = chance(15) ? "@" + std::string(chance(50) ? "!" : "") + pred() + " " : "";
    if (what < 42 && !in_function_) return memory(guard);
    if (what < 46 && !in_function_) return indexed();
    if (what < 49 && !in_function_) return reduction(guard);
    for (int i = 0; i < 50 && !element(guard); i++) {
    }
  }

  void statements(int depth, bool uniform) {
    for (size_t n = 1 + below(5); n; n--) statement(depth, uniform);
  }

  void branch(int depth, bool uniform) {
    const int other = labels_++, end = labels_++;
    // The condition is kept apart: the bodies may change the predicates.
    const bool same = uniform && chance(30);
    if (same)
      line("setp.%s.u32 %%q%d, %%t6, 1;", chance(50) ? "lt" : "ge", depth + 1);
    else
      line("and.pred %%q%d, %s, %s;", depth + 1, pred().c_str(), pred().c_str());
    line("@%s%%q%d bra L%d;", chance(50) ? "!" : "", depth + 1, other);
    statements(depth + 1, same);
    if (chance(60)) {
      line("bra L%d;", end);
      label(other);
      statements(depth + 1, same);
      label(end);
    } else {
      label(other);
      label(end);
    }
  }

  void loop(int depth, bool uniform) {
    const int start = labels_++, end = labels_++;
    const bool same = uniform && chance(50);
    const int counter = loops_++ % 40;
    if (same)
      line("mov.u32 %%c%d, %zu;", counter, 1 + below(5));
    else
      line("and.b32 %%c%d, %s, 7;", counter, word().c_str());
    label(start);
    statements(depth + 1, same);
    if (!same && chance(40)) line("@%s bra L%d;", pred().c_str(), end);
    if (!same && chance(20)) statements(depth + 1, false);
    {
      Joined joined(*this);
      line("sub.u32 %%c%d, %%c%d, 1;", counter, counter);
      line("setp.gt.s32 %%q%d, %%c%d, 0;", 20 + depth, counter);
      line("@%%q%d bra L%d;", 20 + depth, start);
    }
    label(end);
  }

  void table(int depth) {
    const int end = labels_++, name = labels_++;
    int targets[3];
    for (int& t : targets) t = labels_++;
    {
      Joined joined(*this);
      line("rem.u32 %%t14, %s, 3;", word().c_str());
      line("T%d: .branchtargets L%d, L%d, L%d;", name, targets[0], targets[1], targets[2]);
      line("brx.idx %%t14, T%d;", name);
    }
    for (int i = 0; i < 3; i++) {
      label(targets[i]);
      statements(depth + 1, false);
      if (chance(70)) line("bra L%d;", end);
    }
    label(end);
  }

  std::mt19937_64 random_;
  std::string body_, functions_;
  uint32_t threads_ = 32;
  int budget_ = 0, labels_ = 0, loops_ = 0;
  bool joined_ = false, in_function_ = false;
  int defined_ = 0;  ///< functions that may be called
};

}  // namespace

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

// Random programs of matrix products: accumulators that go through loops, branches, barriers, copies and
// other arithmetic, so that the compiler's plan of what stays in tiles (src/simt/tile_webs.h) is put to the
// test. The interpreter knows no such plan: results must agree bit by bit. PPU_TEST_SEED and
// PPU_TEST_PROGRAMS widen it.
#include <gtest/gtest.h>

#include <bit>
#include <cstdlib>

#include "cases.h"
#include "codegen/compiler.h"
#include "exec/tile_products.h"
#include "isa/round.h"
#include "ref/ref.h"
#include "tests/codegen/kernel_runner.h"
#include "tests/ref/kernel_harness.h"

namespace ppu::isa::test {
namespace {

constexpr size_t kThreads = 64, kAccumulators = 8, kA = 3, kB = 4, kSources = 48, kResults = 96;
constexpr size_t kShared = 16;  ///< sources that are in shared memory, too

struct Kind {
  const char* opcode;
  bool is_float;
  SmallFormat format;  ///< of halves; tf32 and integers: none
  int halves;          ///< of a word; 0: other elements
};
const Kind kKinds[] = {
    {"mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32", true, kBrain, 2},
    {"mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32", true, kHalf, 2},
    {"mma.sync.aligned.m16n8k8.row.col.f32.tf32.tf32.f32", true, {}, 1},
    {"mma.sync.aligned.m16n8k32.row.col.s32.s8.s8.s32", false, {}, 0},
    {"mma.sync.aligned.m16n8k32.row.col.s32.u8.s8.s32", false, {}, 0},
};

/// Writes one program.
class Writer {
 public:
  Writer(const Kind& kind, uint64_t seed) : kind_(kind), rng_(seed), crossed_(seed / 7 % 2) {}

  std::string kernel() {
    std::string body;
    for (size_t i = 0; i < kShared; i++)
      body += "ld.global.b32 %i0, [%in+" + slot(i) + "]; st.shared.b32 [%own+" + slot(i) + "], %i0;\n";
    body += "bar.sync 0;\n";
    for (size_t i = 0; i < kA; i++) body += reload("a", i, 4);
    for (size_t i = 0; i < kB; i++) body += reload("b", i, 2);
    for (size_t i = 0; i < kAccumulators; i++) body += pick(2) ? zero(i) : load(i);
    body += statements(12, 0);
    for (size_t i = 0; i < kAccumulators; i++) body += store(i);
    std::string text =
        ".version 8.0\n.target sm_80\n.address_size 64\n.visible .entry k(.param .u64 p, .param .u64 q, "
        ".param "
        ".u32 n) {\n.reg .pred %p<2>; .reg .b32 %n, %t, %lane, %i<8>; .reg .b64 %in, %out;\n"
        ".reg .b32 %own, %row<3>; .shared .align 16 .b8 words[" +
        slot(kShared) + "];\n";
    for (const auto& [name, count] : {std::pair("a", kA), {"b", kB}, {"c", kAccumulators}})
      for (size_t i = 0; i < count; i++)
        text += ".reg " + std::string(*name == 'c' && kind_.is_float ? ".f32" : ".b32") + " %" + name +
                std::to_string(i) + "_<4>;\n";
    return text +
           "ld.param.u64 %in, [p]; ld.param.u64 %out, [q]; ld.param.u32 %n, [n];\nmov.u32 %t, %tid.x; "
           "mov.u32 "
           "%lane, %laneid;\nmov.u32 %own, words; mad.lo.u32 %own, %t, 4, %own;\n"
           "mov.u32 %row0, words; mad.lo.u32 %row1, %lane, 80, %row0; shr.u32 %i0, %t, 5; shl.b32 %i0, %i0, "
           "5;\n"
           "and.b32 %i1, %lane, 7; shl.b32 %i1, %i1, 4; xor.b32 %i1, %i0, %i1; add.u32 %row0, %row0, %i1;\n"
           "shl.b32 %i1, %lane, 3; and.b32 %i1, %i1, 16; or.b32 %i1, %i1, %i0; and.b32 %i0, %lane, 16; "
           "xor.b32 "
           "%i1, %i1, %i0;\n"
           "and.b32 %i0, %lane, 15; shl.b32 %i0, %i0, 6; or.b32 %i1, %i1, %i0; mov.u32 %row2, words; add.u32 "
           "%row2, %row2, %i1;\n"
           "mad.wide.u32 %in, %t, 4, %in; mad.wide.u32 %out, %t, 4, %out;\n" +
           body + "ret;\n}\n";
  }

 private:
  size_t pick(size_t n) { return rng_() % n; }
  std::string reg(const char* name, size_t i, size_t k) {
    return "%" + std::string(name) + std::to_string(i) + "_" + std::to_string(k);
  }
  std::string list(const char* name, size_t i, size_t count) {
    std::string s = "{";
    for (size_t k = 0; k < count; k++) s += (k ? ", " : "") + reg(name, i, k);
    return s + "}";
  }
  std::string slot(size_t n) { return std::to_string(n * kThreads * 4); }
  /// Sources 0..31 are words of A and B, the rest accumulators.
  std::string reload(const char* name, size_t i, size_t count) {
    if (pick(2)) return load_matrices(name, i);
    std::string s;
    for (size_t k = 0; k < count; k++)
      s += "ld.global.b32 " + reg(name, i, k) + ", [%in+" + slot(pick(32)) + "];\n";
    return s;
  }
  /// Four matrices from shared memory, for A or for two fragments of B: side by side, swizzled and the same
  /// again for each eight lanes, or swizzled with two matrices in a row. Fragments of B that are columns of
  /// one tile come from one load, or half of it from each of two.
  std::string load_matrices(const char* name, size_t i) {
    const bool of_b = *name == 'b', transposed = kind_.halves != 1 && pick(2), swapped = pick(3) == 0;
    const size_t row = pick(3), at = pick(64);
    const auto load = [&](std::vector<std::string> to, size_t further) {
      if (swapped) std::swap(to[1], to[2]);
      return "ldmatrix.sync.aligned.m8n8.x4" + std::string(transposed ? ".trans" : "") + ".shared.b16 {" +
             to[0] + ", " + to[1] + ", " + to[2] + ", " + to[3] + "}, [%row" + std::to_string(row) + "+" +
             std::to_string((at ^ further) * 16) + "];\n";
    };
    const auto fragments = [&](size_t one, size_t other) {
      return std::vector<std::string>{reg("b", one, 0), reg("b", one, 1), reg("b", other, 0),
                                      reg("b", other, 1)};
    };
    if (!of_b) return load({reg("a", i, 0), reg("a", i, 1), reg("a", i, 2), reg("a", i, 3)}, 0);
    if (!crossed_) return load(fragments(i / 2 * 2, i / 2 * 2 + 1), 0);
    return load(fragments(0, 2), 0) + load(fragments(1, 3), 1 + pick(2) * 3);
  }
  std::string for_parts(size_t i, const std::string& before, const std::string& after) {
    std::string s;
    for (size_t k = 0; k < 4; k++) s += before + reg("c", i, k) + after;
    return s;
  }
  std::string zero(size_t i) { return for_parts(i, "mov.b32 ", ", 0;\n"); }
  std::string load(size_t i) {
    std::string s;
    for (size_t k = 0; k < 4; k++)
      s += "ld.global.b32 " + reg("c", i, k) + ", [%in+" + slot(32 + pick(16)) + "];\n";
    return s;
  }
  std::string store(size_t i) {
    std::string s;
    for (size_t k = 0; k < 4; k++)
      s += "st.global.b32 [%out+" + slot(results_++ % kResults) + "], " + reg("c", i, k) + ";\n";
    return s;
  }
  std::string scale(size_t i) {
    std::string s;
    for (size_t k = 0; k < 4; k++) {
      const std::string r = reg("c", i, k);
      s += (kind_.is_float ? "mul.rn.f32 " + r + ", " + r + ", 0f3f400000;\n"
                           : "add.s32 " + r + ", " + r + ", 3;\n");
    }
    return s;
  }
  std::string copy(size_t to, size_t from) {
    std::string s;
    for (size_t k = 0; k < 4; k++) s += "mov.b32 " + reg("c", to, k) + ", " + reg("c", from, k) + ";\n";
    return s;
  }
  std::string product() {
    const size_t d = pick(kAccumulators), c = pick(5) ? d : pick(kAccumulators);
    return std::string(kind_.opcode) + " " + list("c", d, 4) + ", " + list("a", pick(kA), 4) + ", " +
           list("b", pick(kB), 2) + ", " + list("c", c, 4) + ";\n";
  }
  /// A step of k of a whole warp: some of A with some of B, as rows and columns of tiles.
  std::string grid_of_products() {
    const size_t rows = 1 + pick(2), columns = rows == 2 ? 2 + 2 * pick(2) : 2 + pick(7);
    std::string s;
    for (size_t i = 0; i < rows; i++)
      for (size_t j = 0; j < columns; j++)
        s += std::string(kind_.opcode) + " " + list("c", i * columns + j, 4) + ", " + list("a", i, 4) + ", " +
             list("b", (j + j / 4) % kB, 2) + ", " + list("c", i * columns + j, 4) + ";\n";
    return s;
  }
  /// Rounds that only add up, as a product's main loop does: with no more than barriers and new operands
  /// between.
  std::string sum_over_rounds(const std::string& counter, const std::string& label) {
    const bool carried = pick(2);  // operands of a round are loaded in the one before
    const bool moves = pick(2);    // each round loads what lies further on
    const std::string step =
        "add.u32 %row0, %row0, 16; add.u32 %row1, %row1, 16; add.u32 %row2, %row2, 16;\n";
    std::string back = "shl.b32 " + counter + ", " + counter + ", 4;\n";
    for (const char* row : {"%row0, ", "%row1, ", "%row2, "})
      back += "sub.u32 " + std::string(row) + row + counter + ";\n";
    const std::string next = carried ? load_matrices("a", 0) + load_matrices("b", pick(4)) : "";
    std::string s = next + "mov.u32 " + counter + ", 0;\n" + label + ":\n";
    for (size_t k = 0, n = 1 + pick(3); k < n; k++) {
      s += grid_of_products();
      if (pick(2)) s += "bar.sync 0;\n";
      if (pick(2)) s += reload("b", pick(2), 2);
    }
    return s + (moves ? step : "") + next + "add.u32 " + counter + ", " + counter + ", 1; setp.lt.u32 %p1, " +
           counter + ", " + std::to_string(1 + pick(20)) + "; @%p1 bra " + label + ";\n" +
           (moves ? back : "");
  }
  std::string statements(size_t count, int depth) {
    std::string s;
    for (size_t k = 0; k < count; k++) s += statement(depth);
    return s;
  }
  std::string statement(int depth) {
    const size_t i = pick(kAccumulators);
    const std::string label = "L" + std::to_string(labels_++);
    switch (pick(depth < 3 ? 18 : 13)) {
      case 0:
        return store(i);
      case 1:
        return scale(i);
      case 2:
        return copy(i, pick(kAccumulators));
      case 3:
        return "bar.sync 0;\n";
      case 4:
        return reload("a", pick(kA), 4);
      case 5:
        return zero(i);
      case 6:  // some lanes only
        return "setp.gt.u32 %p0, %lane, " + std::to_string(pick(32)) + "; @%p0 bra " + label + ";\n" +
               scale(i) + label + ":\n";
      case 7:
      case 8:
        return grid_of_products();
      case 13: {
        const std::string counter = "%i" + std::to_string(depth);
        return "mov.u32 " + counter + ", 0;\n" + label + ":\n" + statements(4, depth + 1) + "add.u32 " +
               counter + ", " + counter + ", 1; setp.lt.u32 %p1, " + counter + ", %n; @%p1 bra " + label +
               ";\n";
      }
      case 16:
      case 17:
        return sum_over_rounds("%i" + std::to_string(depth), label);
      case 14:
      case 15:
        return "setp.gt.u32 %p1, %n, " + std::to_string(pick(5)) + "; @%p1 bra " + label + ";\n" +
               statements(2, depth + 1) + "bra " + label + "e;\n" + label + ":\n" + statements(2, depth + 1) +
               label + "e:\n";
      default:
        return product();
    }
  }

  const Kind& kind_;
  std::mt19937_64 rng_;
  bool crossed_;
  size_t labels_ = 0, results_ = 0;
};

std::vector<uint32_t> inputs(const Kind& kind, std::mt19937_64& rng) {
  std::vector<uint32_t> in(kSources * kThreads);
  const auto number = [&] { return std::ldexp(double(int64_t(rng() % 4001) - 2000), -int(rng() % 8) - 9); };
  for (size_t n = 0; n < in.size(); n++) {
    if (n >= 32 * kThreads)
      in[n] = kind.is_float ? std::bit_cast<uint32_t>(float(number())) : uint32_t(rng());
    else if (kind.halves == 2)
      in[n] = uint32_t(to_small(number(), kind.format, Round::kNearest) |
                       to_small(number(), kind.format, Round::kNearest) << 16);
    else
      in[n] = kind.halves ? std::bit_cast<uint32_t>(float(number())) : uint32_t(rng());
  }
  return in;
}

/// Code for a CPU, with a unit for matrix products.
struct Machine {
  codegen::Cpu cpu;
  exec::TileEngine engine;
  const char* name;
};

class MatrixPrograms : public ::testing::TestWithParam<Machine> {};

TEST_P(MatrixPrograms, AgreeWithTheReference) {
  if (!codegen::cpu_supports(GetParam().cpu) || !exec::tile_engine_works(GetParam().engine))
    GTEST_SKIP() << "this machine lacks " << GetParam().name;
  exec::set_tile_engine(GetParam().engine);
  const auto setting = [](const char* name, uint64_t otherwise) {
    const char* text = std::getenv(name);
    return text ? std::strtoull(text, nullptr, 10) : otherwise;
  };
  const uint64_t first = setting("PPU_TEST_SEED", 1), count = setting("PPU_TEST_PROGRAMS", 10);
  for (uint64_t seed = first; seed < first + count; seed++) {
    const Kind& kind = kKinds[seed % std::size(kKinds)];
    std::mt19937_64 rng(seed);
    const std::string text = Writer(kind, seed).kernel();
    const std::vector<uint32_t> in = inputs(kind, rng);
    std::vector<uint32_t> want(kResults * kThreads), got(want);
    const uint32_t n = uint32_t(rng() % 4);
    auto module = ptx::parse(text, "test");
    ASSERT_TRUE(module) << module.error().message << "\n" << text;
    auto made = ref::RefKernel::make(*module, "k");
    ASSERT_TRUE(made) << made.error().message;
    harness::Engine engine{(*made)->info(), [&](const exec::LaunchArgs* l, exec::BlockState* b) {
                             return (*made)->run_block(l, b);
                           }};
    const harness::Outcome o =
        harness::launch(engine, {.block = {kThreads, 1, 1}},
                        harness::Params().add(in.data()).add(want.data()).add(n).data(), nullptr);
    ASSERT_EQ(o.trap, exec::Trap::kNone);
    codegen::KernelRunner runner(text);
    runner.cpu = GetParam().cpu;
    const codegen::RunResult r = runner.run("k", {1}, {kThreads}, in.data(), got.data(), n);
    ASSERT_EQ(r.error, "") << text;
    ASSERT_EQ(r.trap, exec::Trap::kNone);
    const Type type = kind.is_float ? parse_type("f32") : parse_type("b32");
    for (size_t i = 0; i < want.size(); i++)
      ASSERT_TRUE(same(want[i], got[i], type))
          << "PPU_TEST_SEED=" << seed << " n=" << n << ": result " << i / kThreads << " of thread "
          << i % kThreads << ": ref " << hex(want[i]) << " compiled " << hex(got[i]) << "\n"
          << text;
  }
}

INSTANTIATE_TEST_SUITE_P(All, MatrixPrograms,
                         ::testing::Values(Machine{codegen::Cpu::kAvx512, exec::TileEngine::kAmx, "amx"},
                                           Machine{codegen::Cpu::kAvx512, exec::TileEngine::kAvx512,
                                                   "avx512"},
                                           Machine{codegen::Cpu::kAvx2, exec::TileEngine::kAvx2, "avx2"}),
                         [](const auto& info) { return std::string(info.param.name); });

}  // namespace
}  // namespace ppu::isa::test

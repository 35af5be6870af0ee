// Every row of isa/matrix.inc: random fragments and memory through the reference interpreter and the compiled
// engines, bit by bit. The interpreter works element by element; the compiler shuffles whole warps. Where
// elements lie is judged by fragment_test.cpp, what comes out by tests/programs. PPU_TEST_SEED, and
// PPU_TEST_SPELLINGS (a row, 0 = all), widen the search.
#include <gtest/gtest.h>

#include <bit>
#include <cstdlib>

#include "cases.h"
#include "codegen/compiler.h"
#include "exec/tile_products.h"
#include "isa/fragment.h"
#include "isa/round.h"
#include "ref/ref.h"
#include "tests/codegen/kernel_runner.h"
#include "tests/ref/kernel_harness.h"

namespace ppu::isa::test {
namespace {

constexpr size_t kWarp = 32;
constexpr size_t kSlots = 48;           // registers of a case in the input and in the output
constexpr size_t kMemoryBytes = 16384;  // memory a case may read or write, behind its registers
constexpr size_t kCaseBytes = kSlots * kWarp * 8 + kMemoryBytes;
constexpr size_t kInKernel = 8;

uint64_t setting(const char* name, uint64_t otherwise) {
  const char* text = std::getenv(name);
  return text ? std::strtoull(text, nullptr, 10) : otherwise;
}

std::string number(uint64_t v) {
  return std::to_string(v);
}

/// The element types of the fragments that a case reads from registers, and of its result.
struct Case {
  Spelling spelling;
  uint32_t stride = 0;  ///< of wmma memory
  std::vector<Type> sources;
  Type result;
};

bool touches_memory(const Case& c) {
  return !c.spelling.mods.has("mma") && table()[c.spelling.row].form.mnemonic != "mma" &&
         table()[c.spelling.row].form.mnemonic != "movmatrix";
}
bool writes_memory(const Case& c) {
  return table()[c.spelling.row].form.mnemonic == "stmatrix" || c.spelling.mods.has("store");
}

/// PTX of case `n`, in a scope of its own; registers are 64-bit slots of the input and output, lane by lane.
std::string text_of(const Case& c, size_t n) {
  const Row& row = table()[c.spelling.row];
  const Mods& mods = c.spelling.mods;
  const bool shared = mods.has("shared") || mods.has("shared::cta");
  std::string before, after, operands;
  size_t in_slot = 0, out_slot = 0;
  const auto slot = [&](size_t k) { return number(n * kCaseBytes + k * kWarp * 8); };
  const size_t memory = n * kCaseBytes + kSlots * kWarp * 8;
  int name = 0;
  for (int i = 0; i < row.form.num_operands; i++) {
    const FormOperand& o = row.form.operands[i];
    if (o.optional && !c.stride) break;
    if (i) operands += ", ";
    if (o.shape == Shape::kAddress) {
      // Lane l of ldmatrix and stmatrix gives rows 80 bytes apart, so that tiles aren't contiguous.
      const bool rows = row.form.mnemonic != "wmma";
      before += ".reg .b64 %m; mov.u64 %m, sh;\n";
      if (!shared) before += writes_memory(c) ? "add.u64 %m, %outb, " : "add.u64 %m, %inb, ";
      if (!shared) before += number(memory) + ";\n";
      if (rows) before += "mad.wide.u32 %m, %lane, 80, %m;\n";
      operands += "[%m]";
    } else if (o.shape == Shape::kConstant) {
      operands += number(c.spelling.constant);
    } else if (o.name == "s") {
      operands += number(c.stride);
    } else {
      const ListLength want = o.shape == Shape::kRegisters ? list_length(row, mods, i) : ListLength{1, 32};
      std::string list;
      for (int k = 0; k < want.registers; k++) {
        const std::string r = "%v" + number(size_t(name++));
        before += ".reg .b" + number(size_t(want.bits)) + " " + r + ";\n";
        if (o.is_dest)
          after +=
              "st.global.b" + number(size_t(want.bits)) + " [%out+" + slot(out_slot++) + "], " + r + ";\n";
        else
          before +=
              "ld.global.b" + number(size_t(want.bits)) + " " + r + ", [%in+" + slot(in_slot++) + "];\n";
        list += (k ? ", " : "") + r;
      }
      operands += o.shape == Shape::kRegisters ? "{" + list + "}" : list;
    }
  }
  std::string copy_in, copy_out;
  if (shared && touches_memory(c))
    for (size_t at = 0; at < kMemoryBytes; at += kWarp * 16) {
      const std::string in_memory = number(memory + at), in_shared = "[%sh+" + number(at) + "]";
      copy_in += "ld.global.v4.b32 {%c0, %c1, %c2, %c3}, [%in16+" + in_memory + "]; st.shared.v4.b32 " +
                 in_shared + ", {%c0, %c1, %c2, %c3};\n";
      copy_out += "ld.shared.v4.b32 {%c0, %c1, %c2, %c3}, " + in_shared + "; st.global.v4.b32 [%out16+" +
                  in_memory + "], {%c0, %c1, %c2, %c3};\n";
    }
  if (!writes_memory(c)) copy_out.clear();
  return "{\n" + copy_in + before + "bar.sync 0;\n" + c.spelling.opcode + " " + operands +
         ";\nbar.sync 0;\n" + after + copy_out + "}\n";
}

std::string kernel_of(const std::vector<Case>& cases) {
  std::string text =
      ".version 8.7\n.target sm_90\n.address_size 64\n.visible .entry k(.param .u64 p_in, .param .u64 p_out) "
      "{\n"
      ".shared .align 16 .b8 sh[" +
      number(kMemoryBytes) +
      "];\n.reg .b32 %lane, %c<4>; .reg .b64 %in, %out, %inb, %outb, %in16, %out16, %sh;\n"
      "ld.param.u64 %inb, [p_in]; ld.param.u64 %outb, [p_out]; mov.u32 %lane, %tid.x;\n"
      "mad.wide.u32 %in, %lane, 8, %inb; mad.wide.u32 %out, %lane, 8, %outb;\n"
      "mad.wide.u32 %in16, %lane, 16, %inb; mad.wide.u32 %out16, %lane, 16, %outb;\n"
      "mov.u64 %sh, sh; mad.wide.u32 %sh, %lane, 16, %sh;\n";
  for (size_t n = 0; n < cases.size(); n++) text += text_of(cases[n], n);
  return text + "ret;\n}\n";
}

/// A register of elements of `type`: mostly numbers that don't drown each other.
uint64_t register_value(Type type, bool wild, std::mt19937_64& rng) {
  const uint64_t bits = rng();
  if (wild || !type.is_float()) return bits;
  const auto small = [&](SmallFormat format) {
    return to_small(std::ldexp(double(int64_t(rng() % 4001) - 2000), -int(rng() % 12) - 8), format,
                    Round::kNearest);
  };
  if (type.bits == 64) return std::bit_cast<uint64_t>(double(int64_t(bits % 2000001) - 1000000) / 4096.0);
  if (type.bits == 32) return std::bit_cast<uint32_t>(float(int64_t(bits % 2000001) - 1000000) / 4096.0f);
  if (type.bits == 16) {
    const SmallFormat format = type.kind == Kind::kBF ? kBrain : kHalf;
    return small(format) | small(format) << 16;
  }
  uint64_t v = 0;
  for (int e = 0; e < 4; e++) v = v << 8 | small(type.kind == Kind::kE4M3 ? kE4M3Format : kE5M2Format);
  return v;
}

/// Element types by operand: a list's registers, one after another.
Case make_case(const Spelling& s, std::mt19937_64& rng) {
  Case c{s, 0, {}, {}};
  const Row& row = table()[s.row];
  const MatrixOp op = parse_matrix_op(s.opcode);
  const Type word = {Kind::kB, 32, 1};
  if (row.form.mnemonic == "wmma" && !s.mods.has("mma")) {
    const FragmentOp f = parse_fragment_op(s.opcode);
    c.result = f.op.d;
    if (s.mods.has("store")) c.sources.assign(size_t(num_registers(f.op, f.role)), f.op.d);
    const uint32_t step = f.op.d.bits < 8 ? 32u / f.op.d.bits : 8;
    if (rng() % 4)
      c.stride = (uint32_t(f.line_length()) + step - 1) / step * step + uint32_t(rng() % 3) * step;
    return c;
  }
  if (!op.valid() || row.form.mnemonic.ends_with("matrix")) {
    c.result = word;
    c.sources.assign(4, word);
    return c;
  }
  c.result = op.d;
  for (const MatrixRole role : {MatrixRole::kA, MatrixRole::kB, MatrixRole::kC})
    c.sources.insert(c.sources.end(), size_t(num_registers(op, role)), element_type(op, role));
  c.sources.push_back(word);
  if (op.sparse) {
    const int chunks = op.k / sparse_chunk(op);
    c.spelling.constant = rng() % uint64_t(op.a.bits >= 16 ? (chunks == 4 ? 4 : 2) : (chunks == 8 ? 2 : 1));
  }
  return c;
}

using Buffer = std::vector<uint64_t>;

Buffer inputs_of(const std::vector<Case>& cases, std::mt19937_64& rng) {
  Buffer in(cases.size() * kCaseBytes / 8);
  for (uint64_t& v : in) v = rng();
  for (size_t n = 0; n < cases.size(); n++) {
    const bool wild = rng() % 4 == 0;
    for (size_t k = 0; k < cases[n].sources.size(); k++)
      for (size_t lane = 0; lane < kWarp; lane++)
        in[n * kCaseBytes / 8 + k * kWarp + lane] = register_value(cases[n].sources[k], wild, rng);
  }
  return in;
}

void run_reference(const std::string& text, const Buffer& in, Buffer& out) {
  auto module = ptx::parse(text, "test");
  ASSERT_TRUE(module) << module.error().message << "\n" << text;
  auto made = ref::RefKernel::make(*module, "k");
  ASSERT_TRUE(made) << made.error().message;
  harness::Engine engine{(*made)->info(), [&](const exec::LaunchArgs* l, exec::BlockState* b) {
                           return (*made)->run_block(l, b);
                         }};
  const harness::Outcome o =
      harness::launch(engine, {}, harness::Params().add(in.data()).add(out.data()).data(), nullptr);
  ASSERT_EQ(o.trap, exec::Trap::kNone);
}

void expect_equal(const Case& c, size_t n, const Buffer& want, const Buffer& got) {
  const Type type = c.result.bits == 32 && c.result.is_float() ? c.result : Type{Kind::kB, 64, 1};
  for (size_t i = 0; i < kCaseBytes / 8; i++) {
    const uint64_t w = want[n * kCaseBytes / 8 + i], g = got[n * kCaseBytes / 8 + i];
    const bool both_nan =
        c.result.bits == 64 && std::isnan(std::bit_cast<double>(w)) && std::isnan(std::bit_cast<double>(g));
    if (both_nan || w == g || (i < kSlots * kWarp && same(w, g, type))) continue;
    ADD_FAILURE() << c.spelling.opcode << " (" << place(table()[c.spelling.row]) << ", stride " << c.stride
                  << ", selector " << c.spelling.constant << "): "
                  << (i < kSlots * kWarp ? "register " + number(i / kWarp) + " of lane " + number(i % kWarp)
                                         : "memory at " + number((i - kSlots * kWarp) * 8))
                  << ": ref " << hex(w) << " compiled " << hex(g);
    return;
  }
}

/// Code for a CPU, with a unit for matrix products.
struct Machine {
  codegen::Cpu cpu;
  exec::TileEngine engine;
  const char* name;
};

class MatrixRows : public ::testing::TestWithParam<Machine> {};

TEST_P(MatrixRows, AgreeWithTheReference) {
  if (!codegen::cpu_supports(GetParam().cpu) || !exec::tile_engine_works(GetParam().engine))
    GTEST_SKIP() << "this machine lacks " << GetParam().name;
  exec::set_tile_engine(GetParam().engine);
  std::mt19937_64 rng(setting("PPU_TEST_SEED", 1));
  const size_t per_row = setting("PPU_TEST_SPELLINGS", 1);
  std::vector<Spelling> all;
  for (uint16_t r = 0; r < table().size(); r++) {
    if (!std::string_view(table()[r].file).ends_with("matrix.inc")) continue;
    std::vector<Spelling> of_row = spellings(r, 1000);
    std::shuffle(of_row.begin(), of_row.end(), rng);
    if (per_row && of_row.size() > per_row) of_row.resize(per_row);
    all.insert(all.end(), of_row.begin(), of_row.end());
  }
  ASSERT_GE(all.size(), 40u);
  for (size_t begin = 0; begin < all.size(); begin += kInKernel) {
    std::vector<Case> cases;
    for (size_t i = begin; i < std::min(begin + kInKernel, all.size()); i++)
      cases.push_back(make_case(all[i], rng));
    const std::string text = kernel_of(cases);
    Buffer in = inputs_of(cases, rng), want(in.size(), 0), got(in.size(), 0);
    run_reference(text, in, want);
    if (HasFatalFailure()) return;
    codegen::KernelRunner runner(text);
    runner.cpu = GetParam().cpu;
    const codegen::RunResult r = runner.run("k", {1}, {kWarp}, in.data(), got.data());
    ASSERT_EQ(r.error, "") << text;
    ASSERT_EQ(r.trap, exec::Trap::kNone);
    for (size_t n = 0; n < cases.size(); n++) expect_equal(cases[n], n, want, got);
  }
}

INSTANTIATE_TEST_SUITE_P(All, MatrixRows,
                         ::testing::Values(Machine{codegen::Cpu::kAvx512, exec::TileEngine::kAmx, "amx"},
                                           Machine{codegen::Cpu::kAvx512, exec::TileEngine::kAvx512,
                                                   "avx512"},
                                           Machine{codegen::Cpu::kAvx2, exec::TileEngine::kAvx2, "avx2"}),
                         [](const auto& info) { return std::string(info.param.name); });

}  // namespace
}  // namespace ppu::isa::test

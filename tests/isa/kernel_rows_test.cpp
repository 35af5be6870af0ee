// Element rows through the whole compiler: kernels drawn from the table, many instructions each, run on warps
// of every CPU tier and compared with the host's meaning. Finds what scalar code can't: widening, and the
// vector code of the target. PPU_TEST_SEED and PPU_TEST_SPELLINGS (a row) widen the search.
#include <gtest/gtest.h>

#include <cstdlib>

#include "cases.h"
#include "tests/codegen/kernel_runner.h"

namespace ppu::isa::test {
namespace {

constexpr size_t kLanes = 128;    // threads of a launch: 4 blocks of a warp
constexpr size_t kOperands = 6;   // input words of an instruction; the last is the carry flag
constexpr size_t kInKernel = 24;  // instructions of a kernel

uint64_t setting(const char* name, uint64_t otherwise) {
  const char* text = std::getenv(name);
  return text ? std::strtoull(text, nullptr, 10) : otherwise;
}

/// One instruction of a kernel with its operands for every thread.
struct Case {
  Spelling spelling;
  std::vector<Type> sources;
  std::vector<std::array<uint64_t, kOperands>> in;
};

int register_bits(Type t) {
  return t.kind == Kind::kPred ? 1 : t.total_bits() <= 16 ? 16 : t.total_bits();
}

/// A byte's register is wider: 32 bits, so that results are seen extended.
std::string register_name(const std::string& name, Type t) {
  return t.kind == Kind::kPred ? "%p_" + name : "%" + name;
}
std::string declare(const std::string& name, Type t) {
  if (t.kind == Kind::kPred) return ".reg .pred %p_" + name + "; .reg .b32 %" + name + ";\n";
  return ".reg .b" + std::to_string(register_bits(t)) + " %" + name + ";\n";
}

/// The PTX that loads the operands of case `n`, runs it and stores its results, in a scope of its own.
std::string text_of(const Case& c, size_t n) {
  const Row& row = table()[c.spelling.row];
  std::string declarations, loads, operands, stores;
  const auto offset = [&](size_t slot) { return std::to_string((n * kOperands + slot) * kLanes * 8); };
  size_t source = 0, result = 0;
  const auto add_result = [&](const std::string& name, Type t) {
    declarations += declare(name, t);
    const std::string where = "[%out+" + offset(result++) + "], %" + name + ";\n";
    if (t.kind == Kind::kPred) stores += "selp.b32 %" + name + ", 1, 0, %p_" + name + ";\n";
    stores += "st.global.b" + std::to_string(t.kind == Kind::kPred ? 32 : register_bits(t)) + " " + where;
  };
  for (int i = 0; i < row.form.num_operands; i++) {
    const FormOperand& o = row.form.operands[i];
    const Type t = operand_type(row, c.spelling.mods, i);
    if (!o.is_dest && source == c.sources.size()) break;
    if (!operands.empty()) operands += ", ";
    if (o.is_dest) {
      add_result("d", t);
      operands += register_name("d", t);
      if (!o.second.empty()) {
        add_result("e", parse_type("pred"));
        operands += "|%p_e";
      }
      continue;
    }
    const std::string name = "s" + std::to_string(source);
    if (o.shape == Shape::kConstant) {
      operands += std::to_string(c.in[0][source++]);
      continue;
    }
    declarations += declare(name, t);
    const int bits = t.kind == Kind::kPred ? 32 : register_bits(t);
    loads += "ld.global.b" + std::to_string(bits) + " %" + name + ", [%in+" + offset(source++) + "];\n";
    if (t.kind == Kind::kPred) loads += "setp.ne.b32 %p_" + name + ", %" + name + ", 0;\n";
    operands += register_name(name, t);
  }
  if (reads_carry(row)) {
    declarations += ".reg .b32 %cc;\n";
    loads += "ld.global.b32 %cc, [%in+" + offset(kOperands - 1) + "];\nadd.cc.u32 %cc, %cc, 4294967295;\n";
  }
  if (writes_carry(c.spelling.mods)) {
    declarations += ".reg .b32 %out_cc;\n";
    stores =
        "addc.u32 %out_cc, 0, 0;\nst.global.b32 [%out+" + offset(kOperands - 1) + "], %out_cc;\n" + stores;
  }
  return "{\n" + declarations + loads + c.spelling.opcode + " " + operands + ";\n" + stores + "}\n";
}

std::string kernel_of(const std::vector<Case>& cases) {
  std::string text =
      ".version 8.6\n.target sm_90\n.address_size 64\n"
      ".visible .entry k(.param .u64 p_in, .param .u64 p_out) {\n"
      ".reg .b32 %t, %c; .reg .b64 %in, %out, %at;\n"
      "ld.param.u64 %in, [p_in]; ld.param.u64 %out, [p_out];\n"
      "mov.u32 %t, %tid.x; mov.u32 %c, %ctaid.x; mad.lo.u32 %t, %c, 32, %t; mul.wide.u32 %at, %t, 8;\n"
      "add.u64 %in, %in, %at; add.u64 %out, %out, %at;\n";
  for (size_t n = 0; n < cases.size(); n++) text += text_of(cases[n], n);
  return text + "ret;\n}\n";
}

Case make_case(const Spelling& s, std::mt19937_64& rng) {
  Case c{s, source_types(s), {}};
  c.in.resize(kLanes);
  for (size_t lane = 0; lane < kLanes; lane++) {
    for (size_t k = 0; k < c.sources.size(); k++) c.in[lane][k] = operand_value(c.sources[k], lane, rng);
    c.in[lane][kOperands - 1] = rng() & 1;
  }
  if (const int constant = constant_source(table()[s.row]); constant >= 0)
    for (std::array<uint64_t, kOperands>& in : c.in) in[size_t(constant)] = s.constant;
  return c;
}

/// The first lane of case `n` whose results differ from the host's, in words; empty if none.
std::string first_difference(const Case& c, size_t n, const std::vector<uint64_t>& out) {
  const Row& row = table()[c.spelling.row];
  const Type dest = operand_type(row, c.spelling.mods, 0);
  for (size_t lane = 0; lane < kLanes; lane++) {
    const bool carry = c.in[lane][kOperands - 1] != 0;
    const HostResult host =
        eval(c.spelling.row, c.spelling.mods, {c.in[lane].data(), c.sources.size()}, carry);
    std::string text;
    for (size_t i = 0; i < size_t(host.count); i++) {
      if (i > 0 && row.form.operands[0].second.empty()) continue;
      const uint64_t want =
          i == 0 ? to_register(host.out[0], host.type[0], register_bits(dest)) : host.out[1];
      const uint64_t got = out[(n * kOperands + i) * kLanes + lane];
      if (!same(want, got, host.type[i]))
        text += "\n  result " + std::to_string(i) + " want " + hex(want) + " kernel " + hex(got);
    }
    if (writes_carry(c.spelling.mods) &&
        host.carry != (out[(n * kOperands + kOperands - 1) * kLanes + lane] != 0))
      text += std::string("\n  carry want ") + (host.carry ? "1" : "0");
    if (text.empty()) continue;
    std::string operands;
    for (size_t k = 0; k < c.sources.size(); k++) operands += " " + hex(c.in[lane][k]);
    return place(row) + ": " + c.spelling.opcode + operands + (carry ? " cc:1" : "") + " (lane " +
           std::to_string(lane % 32) + ")" + text;
  }
  return {};
}

class KernelRows : public ::testing::TestWithParam<codegen::Cpu> {};

TEST_P(KernelRows, AgreeWithTheHost) {
  if (!codegen::cpu_supports(GetParam())) GTEST_SKIP() << "this machine lacks " << cpu_name(GetParam());
  std::mt19937_64 rng(setting("PPU_TEST_SEED", 1));
  const size_t per_row = setting("PPU_TEST_SPELLINGS", 4);
  std::vector<Spelling> all;
  for (uint16_t r = 0; r < table().size(); r++)
    if (table()[r].kind == RowKind::kElement)
      for (const Spelling& s : spellings(r, per_row)) all.push_back(s);
  for (size_t begin = 0; begin < all.size(); begin += kInKernel) {
    std::vector<Case> cases;
    for (size_t i = begin; i < std::min(begin + kInKernel, all.size()); i++)
      cases.push_back(make_case(all[i], rng));
    std::vector<uint64_t> in(cases.size() * kOperands * kLanes), out(in.size(), 0);
    for (size_t n = 0; n < cases.size(); n++)
      for (size_t lane = 0; lane < kLanes; lane++)
        for (size_t k = 0; k < kOperands; k++) in[(n * kOperands + k) * kLanes + lane] = cases[n].in[lane][k];
    const std::string text = kernel_of(cases);
    codegen::KernelRunner runner(text);
    runner.cpu = GetParam();
    const codegen::RunResult r = runner.run("k", {kLanes / 32}, {32}, in.data(), out.data());
    ASSERT_EQ(r.error, "") << text;
    ASSERT_EQ(r.trap, exec::Trap::kNone);
    for (size_t n = 0; n < cases.size(); n++) EXPECT_EQ(first_difference(cases[n], n, out), "");
  }
}

INSTANTIATE_TEST_SUITE_P(All, KernelRows, ::testing::Values(codegen::Cpu::kAvx512, codegen::Cpu::kAvx2),
                         [](const auto& info) { return std::string(cpu_name(info.param)); });

}  // namespace
}  // namespace ppu::isa::test

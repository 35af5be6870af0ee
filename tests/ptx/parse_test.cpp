// The PTX parser and printer: each construct of the language once, and what wrong input is answered.
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cstring>
#include <set>

#include "ptx/ptx.h"
#include "ptx/texref_state.h"

namespace ppu::ptx {
namespace {

std::string with_header(const std::string& body) {
  return ".version 8.4\n.target sm_80\n.address_size 64\n" + body;
}

/// Parses, prints, parses again and expects the same tree.
Module round_trip(const std::string& body) {
  Result<Module> first = parse(with_header(body), "a.ptx");
  if (!first) {
    ADD_FAILURE() << first.error().message;
    return {};
  }
  const std::string text = print(*first);
  Result<Module> second = parse(text, "printed.ptx");
  if (!second) {
    ADD_FAILURE() << second.error().message << "\n" << text;
    return {};
  }
  EXPECT_TRUE(*first == *second) << text << "\n---\n" << print(*second);
  return std::move(*first);
}

std::string error_of(const std::string& body) {
  Result<Module> m = parse(with_header(body), "a.ptx");
  return m ? "no error" : m.error().message;
}

Module kernel(const std::string& body) {
  return round_trip(".visible .entry k(.param .u64 p0)\n{\n" + body + "\nret;\n}\n");
}
std::string kernel_error(const std::string& body) {
  return error_of(".entry k(.param .u64 p0)\n{\n" + body + "\nret;\n}\n");
}

std::string opcode_at(const Module& m, size_t i) {
  return isa::table()[m.functions[0].body[i].row].id;
}

TEST(Parse, HeaderAndComments) {
  const auto m =
      parse("// c\n.version 7.0 /* x\n */ .target sm_75, texmode_independent\n.address_size 64\n", "h");
  ASSERT_TRUE(m);
  EXPECT_EQ(m.value().version_major, 7);
  EXPECT_EQ(m.value().target, "sm_75");
}

TEST(Parse, TextWithItsTrailingNul) {
  EXPECT_TRUE(parse(std::string_view(".version 7.0\n.target sm_75\n.address_size 64\n\0\0", 46), "h"));
}

TEST(Parse, Variables) {
  const Module m = round_trip(R"(
.visible .global .align 4 .u32 a = 5;
.global .f32 b[3] = {1.5, 0f40000000, -2};
.global .f64 c = 0d3FF8000000000000;
.const .align 16 .b8 d[4] = {1, 2};
.global .u32 e[2][3] = {{1, 2}, {4, 5, 6}};
.extern .shared .align 16 .b8 dynamic[];
.shared .align 8 .b64 s[4];
.weak .global .u64 w;
.common .global .u32 cm[10];
.global .attribute(.managed) .align 4 .u32 managed;
.global .v4 .f32 v;
.global .u64 pointers[3] = {a, generic(b)+4, e+8};
.global .u8 bytes[] = {0xff(a), 0xff00(a), 0xff0000(generic(b))};
.global .b8 text[6] = "hi\n";
.global .s16 sums[2] = {1 + 2 * 3, ~0 & 0xff};
.global .u64 open[] = {1, 2, 3};
)");
  ASSERT_EQ(m.variables.size(), 16u);
  EXPECT_EQ(m.variables[0].init, (std::vector<uint8_t>{5}));
  float f[3];
  ASSERT_EQ(m.variables[1].init.size(), 12u);
  memcpy(f, m.variables[1].init.data(), 12);
  EXPECT_EQ(f[0], 1.5f);
  EXPECT_EQ(f[1], 2.0f);
  EXPECT_EQ(f[2], -2.0f);
  EXPECT_EQ(m.variables[4].count, 6u);
  EXPECT_EQ(m.variables[4].init[12], 4);  // row two starts at element three
  EXPECT_EQ(m.variables[5].count, 0u);
  EXPECT_TRUE(m.variables[5].is_extern);
  EXPECT_TRUE(m.variables[9].is_managed);
  EXPECT_EQ(m.variables[10].align, 16u);
  EXPECT_EQ(m.variables[10].size(), 16u);
  ASSERT_EQ(m.variables[11].relocs.size(), 3u);
  EXPECT_TRUE(m.variables[11].relocs[1].generic);
  EXPECT_EQ(m.variables[11].relocs[1].addend, 4);
  EXPECT_EQ(m.variables[12].relocs[1].shift, 8);
  EXPECT_EQ(m.variables[12].count, 3u);
  EXPECT_EQ(m.variables[13].init, (std::vector<uint8_t>{'h', 'i', '\n'}));
  EXPECT_EQ(m.variables[14].init, (std::vector<uint8_t>{7, 0, 0xff}));
  EXPECT_EQ(m.variables[15].count, 3u);
}

TEST(Parse, DirectivesOfKernels) {
  const Module m = round_trip(
      ".entry k(.param .align 8 .b8 s[12], .param .u64 .ptr .global .align 4 p) .maxntid 128, 2, 1 "
      ".minnctapersm 3 .maxnreg 40 { ret; }\n"
      ".entry r() .reqntid 32 { ret; }\n.func n() .noreturn;\n");
  EXPECT_EQ(m.functions[0].maxntid[1], 2u);
  EXPECT_EQ(m.functions[0].minnctapersm, 3u);
  EXPECT_EQ(m.functions[0].maxnreg, 40u);
  EXPECT_EQ(m.functions[1].reqntid[2], 1u);
  EXPECT_TRUE(m.functions[2].noreturn);
  const ParamLayout layout = param_layout(m.functions[0]);
  EXPECT_EQ(layout.offsets, (std::vector<uint32_t>{0, 16}));
  EXPECT_EQ(layout.total, 24u);
}

TEST(Parse, DebugInformationIsDropped) {
  round_trip(
      ".file 1 \"a.cu\", 12, 13\n.entry k() { .loc 1 2 3, function_name $L__info0, inlined_at 1 2 3\n ret; "
      "}\n"
      ".section .debug_info\n{\n.b8 1, 2, 3\n.b32 .debug_abbrev\n}\n.section .debug_str { $L: .b8 0 }\n");
}

TEST(Parse, SourceLinesOfInstructions) {
  const Module m = round_trip(
      ".entry k()\n{\n .reg .b32 %r<2>;\n .loc 2 10 1\n mov.u32 %r0, 1;\n mov.u32 %r1, 2;\n .loc 1 20 1\n"
      " ret;\n}\n.entry without()\n{\n ret;\n}\n.file 1 \"a.cu\"\n.file 2 \"b.h\"\n");
  const SourceLines& lines = m.functions[0].source;
  ASSERT_NE(lines.of(1), nullptr);
  EXPECT_EQ(m.files.at(lines.of(1)->file), "b.h");
  EXPECT_EQ(lines.of(1)->line, 10u);
  EXPECT_EQ(m.files.at(lines.of(2)->file), "a.cu");
  EXPECT_EQ(lines.of(2)->line, 20u);
  EXPECT_EQ(m.functions[1].source.of(0), nullptr);
}

TEST(Parse, WordsOfParametersThatBecomeAddresses) {
  const Module m = round_trip(R"(
.visible .entry k(.param .u64 a, .param .u64 n, .param .f64 x, .param .align 8 .b8 s[24], .param .u64 b)
{
  .reg .b64 %d<12>;
  .reg .f64 %f<3>;
  .reg .b32 %r<2>;
  ld.param.u64 %d0, [a];
  cvta.to.global.u64 %d1, %d0;
  ld.param.u64 %d2, [n];
  ld.param.f64 %f0, [x];
  ld.param.u64 %d3, [s+8];
  ld.param.u64 %d4, [b];
  mov.u32 %r0, %tid.x;
  mad.wide.u32 %d5, %r0, 8, %d4;
  ld.f64 %f1, [%d5];
  cvt.rn.f64.u64 %f2, %d2;
  add.f64 %f2, %f2, %f1;
  st.global.f64 [%d1], %f2;
  st.global.u64 [%d1+8], %d3;
  ret;
}
)");
  // a, the second word of s (stored: who reads it may follow it), b; not the count and the number.
  EXPECT_EQ(pointer_words(m.functions[0]), (std::vector<uint32_t>{0, 32, 48}));
  const Module taken = round_trip(
      ".entry k(.param .align 8 .b8 s[16])\n{\n .reg .b64 %d<3>;\n mov.b64 %d0, s;\n"
      " ld.param.u64 %d1, [%d0+8];\n ret;\n}\n");
  EXPECT_EQ(pointer_words(taken.functions[0]), (std::vector<uint32_t>{0, 8}));
}

TEST(Parse, RegistersInRangesAndScopes) {
  const Module m = kernel(R"(
  .reg .b32 %r<4>, x;
  .reg .pred %p;
  mov.u32 %r3, 7;
  {
    .reg .b32 %r<4>;
    mov.u32 %r3, 8;
    mov.u32 x, %r3;
  }
  mov.u32 %r1, %r3;)");
  const Function& f = m.functions[0];
  EXPECT_NE(f.body[0].operands[0].index, f.body[1].operands[0].index);
  EXPECT_EQ(f.body[3].operands[1].index, f.body[0].operands[0].index);
}

// What inlined assembly declares over and over, beside a name that looks like one given to it.
TEST(Parse, ManyScopesOfTheSameNames) {
  std::string body = ".reg .b32 p$2;\n";
  for (int n = 0; n < 30000; n++) body += "{ .reg .b32 p; mov.u32 p, 1; L: mov.u32 p$2, p; }\n";
  const Module m = kernel(body);
  const Function& f = m.functions[0];
  std::set<std::string> names;
  for (const Register& r : f.registers) names.insert(r.name);
  EXPECT_EQ(names.size(), f.registers.size());
  EXPECT_EQ(f.registers.size(), 30001u);
  EXPECT_EQ(f.registers[2].name, "p$1");
  EXPECT_EQ(f.registers[3].name, "p$3");
  EXPECT_EQ(f.labels.size(), 30000u);
}

TEST(Parse, LabelsOfNestedScopes) {
  const Module m = kernel(R"(
  .reg .pred %p;
  bra L;
  { L: @%p bra L; }
  { L: @!%p bra L; }
  L:)");
  const Function& f = m.functions[0];
  EXPECT_EQ(f.body[0].operands[0].index, 3);
  EXPECT_EQ(f.body[1].operands[0].index, 1);
  EXPECT_EQ(f.body[2].operands[0].index, 2);
  EXPECT_TRUE(f.body[2].guard_negated);
}

TEST(Parse, EverySpecialRegisterOfTheManual) {
  const char* const kNames[] = {"laneid",
                                "warpid",
                                "nwarpid",
                                "smid",
                                "nsmid",
                                "gridid",
                                "is_explicit_cluster",
                                "cluster_ctarank",
                                "cluster_nctarank",
                                "lanemask_eq",
                                "lanemask_le",
                                "lanemask_lt",
                                "lanemask_ge",
                                "lanemask_gt",
                                "clock",
                                "clock_hi",
                                "clock64",
                                "pm0",
                                "pm7",
                                "pm0_64",
                                "pm7_64",
                                "envreg0",
                                "envreg31",
                                "globaltimer",
                                "globaltimer_lo",
                                "globaltimer_hi",
                                "reserved_smem_offset_begin",
                                "reserved_smem_offset_end",
                                "reserved_smem_offset_cap",
                                "reserved_smem_offset_0",
                                "reserved_smem_offset_1",
                                "total_smem_size",
                                "aggr_smem_size",
                                "dynamic_smem_size",
                                "current_graph_exec"};
  std::string text = ".reg .b32 %r<9>; .reg .b64 %rd<9>; .reg .pred %p<4>;\n";
  for (const char* name : kNames) text += std::string("mov.u32 %r1, %") + name + ";\n";
  for (const char* name :
       {"tid", "ntid", "ctaid", "nctaid", "clusterid", "nclusterid", "cluster_ctaid", "cluster_nctaid"})
    for (const char* axis : {".x", ".y", ".z"}) text += std::string("mov.u32 %r1, %") + name + axis + ";\n";
  const Module m = kernel(text);
  const Result<Module> again = parse(print(m), "printed");
  ASSERT_TRUE(again.ok()) << again.error().message;
  EXPECT_TRUE(m == again.value());
  for (const char* unknown : {"%pm8", "%pm7_65", "%envreg32", "%reserved_smem_offset_2", "%tid"})
    EXPECT_FALSE(
        parse(".version 8.0\n.target sm_80\n.address_size 64\n.entry k() { .reg .b32 %r1;\nmov.u32 %r1, " +
                  std::string(unknown) + ";\n}\n",
              "unknown")
            .ok())
        << unknown;
}

TEST(Parse, Operands) {
  const Module m = kernel(R"(
  .reg .b32 %r<9>; .reg .b64 %rd<9>; .reg .f32 %f<9>; .reg .pred %p<4>;
  .shared .align 4 .b8 s[64];
  ld.param.u64 %rd1, [p0+-0];
  ld.global.v4.u32 {%r1, %r2, %r3, _}, [%rd1+16];
  ld.global.u32 %r1, [%rd1-4];
  ld.shared.u32 %r1, [s+8];
  ld.global.u32 %r1, [4096];
  mov.b64 {%r1, %r2}, %rd1;
  mov.b64 %rd2, {%r1, %r2};
  mov.f32 %f1, 1.5;
  mov.f32 %f1, 0fC0000000;
  mov.u32 %r1, %tid.x;
  mov.u32 %r1, %envreg3;
  mov.u64 %rd3, s+4;
  mov.u32 %r4, WARP_SZ;
  mov.u32 %r5, (1 << 4) | 0x3;
  setp.lt.and.s32 %p1|%p2, %r1, -5, !%p3;
  mov.u32 %r6, 4294967295U;)");
  const Function& f = m.functions[0];
  EXPECT_EQ(f.body[1].operands[0].elements[3].kind, Operand::Kind::kSink);
  EXPECT_EQ(f.body[2].operands[1].value, -4);
  EXPECT_EQ(f.body[3].operands[1].elements[0].symbol, "s");
  EXPECT_EQ(f.body[4].operands[1].elements[0].value, 4096);
  EXPECT_TRUE(f.body[7].operands[1].is_double);
  EXPECT_EQ(std::bit_cast<double>(f.body[7].operands[1].value), 1.5);
  EXPECT_EQ(f.body[8].operands[1].value, 0xC0000000);
  EXPECT_EQ(f.body[9].operands[1].special, Special::kTidX);
  EXPECT_EQ(f.body[10].operands[1].value, 3);
  EXPECT_EQ(f.body[11].operands[1].value, 4);
  EXPECT_EQ(f.body[12].operands[1].value, 32);
  EXPECT_EQ(f.body[13].operands[1].value, 19);
  EXPECT_EQ(f.body[14].operands[0].kind, Operand::Kind::kPair);
  EXPECT_TRUE(f.body[14].operands[3].negated);
  EXPECT_EQ(f.body[15].operands[1].value, 0xffffffffll);
}

TEST(Parse, ModifiersInAnyOrder) {
  const Module m = kernel(R"(
  .reg .b32 %r<9>; .reg .b64 %rd<3>;
  atom.add.release.gpu.u32 %r1, [%rd1], 1;
  atom.relaxed.sys.shared.add.u32 %r1, [%r2], 1;
  atom.global.sys.add.u32 %r1, [%rd1], 1;
  ld.global.nc.L1::no_allocate.L2::128B.v4.u32 {%r1, %r2, %r3, %r4}, [%rd1];
  red.and.release.cta.b32 [%rd1], %r1;)");
  EXPECT_EQ(opcode_at(m, 0), "atom_num");
  EXPECT_EQ(opcode_at(m, 1), "atom_num");
  EXPECT_TRUE(m.functions[0].body[0].mods.has("release"));
  EXPECT_EQ(opcode_at(m, 3), "ld");
  EXPECT_EQ(opcode_at(m, 4), "red");
}

TEST(Parse, AnyOrderKeepsTypesAndLayouts) {
  const Module m = kernel(R"(
  .reg .b32 %r<9>; .reg .f32 %f<3>; .reg .b16 %h; .reg .pred %p<3>;
  setp.and.lt.f32 %p1, %f1, %f2, %p2;
  cvt.u16.rzi.f32.sat %h, %f1;
  mul.u32.lo %r1, %r2, %r3;
  redux.add.sync.s32 %r1, %r2, -1;
  set.xor.geu.f16.f32 %h, %f1, %f2, %p1;)");
  EXPECT_EQ(opcode_at(m, 0), "setp_f_b");
  const std::array<isa::Type, 4> types =
      isa::types_of(isa::table()[m.functions[0].body[1].row], m.functions[0].body[1].mods);
  EXPECT_EQ(types[0].kind, isa::Kind::kU);
  EXPECT_EQ(types[1].kind, isa::Kind::kF);
  EXPECT_TRUE(m.functions[0].body[1].mods.has("rzi") && m.functions[0].body[1].mods.has("sat"));
  EXPECT_EQ(opcode_at(m, 2), "mul_lo");
  EXPECT_EQ(opcode_at(m, 4), "set_to_half_f_b");
  // Which operand is .row and which .col is the order's business: this one doesn't exist.
  const Module mma = kernel(
      "  .reg .b32 %r<9>;\n"
      "mma.sync.aligned.m8n8k16.col.row.s32.s8.s8.s32 {%r0, %r1}, {%r2}, {%r3}, {%r4, %r5};");
  EXPECT_EQ(mma.functions[0].body[0].row, kNoRow);
}

TEST(Parse, CallsHaveOneShape) {
  const Module m = round_trip(R"(
.func (.param .b32 r) f(.param .b32 a);
.func g() { ret; }
.entry k() {
  .reg .b32 %r<3>; .reg .b64 %fp;
  { .param .b32 r0; .param .b32 a0; st.param.b32 [a0], 1; call.uni (r0), f, (a0); ld.param.b32 %r1, [r0]; }
  call g;
  call g, ();
  proto: .callprototype (.param .b32 _) _ (.param .b32 _) .noreturn;
  { .param .b32 r0; .param .b32 a0; call (r0), %fp, (a0), proto; }
  list: .calltargets g;
  call %fp, list;
  ret;
})");
  const Function& k = m.functions[2];
  for (const Instruction& in : k.body)
    if (in.row == isa::kRow_call) {
      ASSERT_GE(in.operands.size(), 3u);
      EXPECT_EQ(in.operands[0].kind, Operand::Kind::kArgs);
      EXPECT_EQ(in.operands[2].kind, Operand::Kind::kArgs);
    }
  EXPECT_EQ(k.body[5].operands[3].kind, Operand::Kind::kSymbol);
  EXPECT_EQ(k.body[6].operands[3].kind, Operand::Kind::kTargets);
  EXPECT_EQ(k.prototypes.size(), 1u);
  EXPECT_TRUE(k.prototypes.begin()->second.noreturn);
}

TEST(Parse, BranchTables) {
  const Module m = kernel("  .reg .b32 %r;\n ts: .branchtargets A, B;\n brx.idx %r, ts;\n A: trap;\n B:");
  const Operand& table = m.functions[0].body[0].operands[1];
  ASSERT_EQ(table.kind, Operand::Kind::kTargets);
  EXPECT_EQ(table.elements[0].index, 1);
  EXPECT_EQ(table.elements[1].index, 2);
}

TEST(Parse, PragmasMarkLoops) {
  const Module m = kernel("  .pragma \"nounroll\";\n L: bra L;");
  EXPECT_EQ(m.functions[0].nounroll, (std::vector<int32_t>{0}));
}

TEST(Parse, VectorRegisters) {
  const Module m =
      kernel("  .reg .v4 .f32 v; .reg .b64 %rd; ld.global.v4.f32 v, [%rd]; add.f32 v.x, v.y, v.w;");
  EXPECT_EQ(m.functions[0].body[0].operands[0].elements.size(), 4u);
  EXPECT_EQ(m.functions[0].body[1].operands[2].index, 3);
}

TEST(Parse, VectorRegistersInRanges) {
  const Module m =
      kernel("  .reg .v2 .f32 v<3>; .reg .b64 %rd; ld.global.v2.f32 v1, [%rd]; add.f32 v2.x, v1.y, v1.x;");
  const std::vector<Instruction>& body = m.functions[0].body;
  EXPECT_EQ(body[0].operands[0].elements[1].index, body[1].operands[1].index);
}

TEST(Parse, MovesOfVectorsAreMovesOfTheirElements) {
  const Module m = kernel(R"(
  .reg .v4 .u32 t; .reg .v2 .b32 v; .reg .b32 %r<3>; .reg .pred %p;
  mov.v4.u32 t, %ntid;
  @%p mov.v2.b32 {%r1, %r2}, {%r2, %r1};
  mov.v2.b32 v, {%r1, 7};
  mov.u32 %r0, %tid.w;)");
  const std::vector<Instruction>& body = m.functions[0].body;
  ASSERT_EQ(body.size(), 12u);
  EXPECT_EQ(body[1].operands[1].special, Special::kNtidY);
  EXPECT_EQ(body[3].operands[1].kind, Operand::Kind::kImm);
  // A swap: both values are kept before one is overwritten.
  EXPECT_EQ(body[4].operands[1].index, body[7].operands[0].index);
  EXPECT_EQ(body[6].operands[1].index, body[4].operands[0].index);
  EXPECT_EQ(body[7].guard, body[4].guard);
  EXPECT_EQ(body[9].operands[1].value, 7);
}

TEST(Parse, ElementsOfArraysAsOperands) {
  const Module m = round_trip(
      ".align 8 .global .u16 g[8];\n.target sm_75\n"
      ".entry k() { .reg .b64 %d; .reg .b32 %r; .reg .f32 %f; mov.u64 %d, g[3]; ld.global.u16 %r, g[2]; "
      "add.f32 %f, %f, .5; ret; }\n");
  EXPECT_EQ(m.variables[0].align, 8u);
  EXPECT_EQ(m.functions[0].body[0].operands[1].value, 6);
  EXPECT_EQ(m.functions[0].body[1].operands[1].value, 4);
  EXPECT_EQ(std::bit_cast<double>(m.functions[0].body[2].operands[2].value), 0.5);
}

TEST(Parse, AliasesAndWeakFunctions) {
  const Module m = round_trip(".weak .func f() { ret; }\n.alias g, f;\n.entry k() { call g; ret; }\n");
  EXPECT_EQ(m.find_function("g")->name, "f");
}

TEST(Parse, LocalNamesThatHideModuleNames) {
  const Module m = round_trip(
      ".entry k(.param .u32 x) { .reg .b32 y; ld.param.u32 y, [x]; ret; }\n.global .u32 x;\n.global .u32 "
      "y;\n");
  EXPECT_NE(m.functions[0].params[0].name, "x");
}

TEST(Parse, TextureReferencesWithInitialisers) {
  const Module m = round_trip(
      ".global .texref t = { addr_mode_0 = clamp_to_border, addr_mode_2 = mirror, filter_mode = linear };\n"
      ".global .surfref s = { width = 4 };\n.global .u32 z = !0, y = !5;\n");
  uint64_t holds = 0;
  std::memcpy(&holds, m.variables[0].init.data(), std::min(sizeof holds, m.variables[0].init.size()));
  ASSERT_TRUE(is_texref_state(holds));
  const TexrefState state = unpack_texref_state(holds);
  EXPECT_EQ(state.address[0], 3);
  EXPECT_EQ(state.address[1], 0);
  EXPECT_EQ(state.address[2], 2);
  EXPECT_TRUE(state.linear);
  EXPECT_FALSE(state.normalized);
  EXPECT_TRUE(m.variables[1].init.empty());
  EXPECT_EQ(m.variables[2].init, std::vector<uint8_t>{1});
  EXPECT_TRUE(m.variables[3].init.empty());
  EXPECT_NE(error_of(".global .texref t = { colour = 4 };\n").find("expected a field of .texref"),
            std::string::npos);
  EXPECT_NE(error_of(".global .texref t = { filter_mode = wrap };\n").find("expected a filter mode"),
            std::string::npos);
}

TEST(Parse, InstructionsWithoutRowAreKept) {
  const Module m = kernel(
      "  .reg .f32 %f<5>; .reg .b32 %r; .reg .b64 %t;\n"
      "mapa.u64 %t, %t, %r;\n wgmma.fence.sync.aligned;");
  EXPECT_EQ(m.functions[0].body[0].row, kNoRow);
  EXPECT_EQ(m.functions[0].body[0].opcode, "mapa.u64");
}

TEST(Parse, TextureOperands) {
  const Module m = kernel(
      "  .reg .f32 %f<5>; .reg .b32 %r; .reg .b64 %t; .reg .pred %p;\n"
      "tex.a2d.v4.f32.f32 {%f1, _, %f3, %f4}|%p, [%t, {%r, %f1, %f2, %f2}], {1, -2};\n"
      "tex.1d.v4.f32.s32 {%f1, %f2, %f3, %f4}, [%t, %r];\n"
      "sust.b.2d.v2.b32.clamp [%t, {%r, %r}], {%r, 7};");
  const std::vector<Instruction>& body = m.functions[0].body;
  ASSERT_EQ(body[0].operands.size(), 3u);
  EXPECT_EQ(body[0].operands[0].kind, Operand::Kind::kPair);
  EXPECT_EQ(body[0].operands[1].elements[1].elements.size(), 4u);
  EXPECT_EQ(body[1].operands[1].elements[1].kind, Operand::Kind::kReg);
  EXPECT_EQ(body[2].operands[1].kind, Operand::Kind::kVector);
}

TEST(Parse, PrintReachableLeavesOutTheRest) {
  const Module m = round_trip(
      ".global .u32 used; .global .u32 unused; .global .u64 p = used;\n"
      ".func f() { ret; }\n.func g() { ret; }\n.entry k() { .reg .b64 %r; mov.u64 %r, p; call f; ret; "
      "}\n.entry other() { ret; }\n");
  const std::string text = print_reachable(m, "k");
  EXPECT_NE(text.find(" used"), text.npos);
  EXPECT_EQ(text.find("unused"), text.npos);
  EXPECT_EQ(text.find(" g "), text.npos);
  EXPECT_EQ(text.find("other"), text.npos);
}

TEST(Parse, FiveThousandLinesTakeMilliseconds) {  // not timed: only that nothing is quadratic
  std::string body = "  .reg .b32 %r<20000>;\n";
  for (int i = 0; i < 20000 - 2; i++)
    body += "  add.u32 %r" + std::to_string(i + 1) + ", %r" + std::to_string(i) + ", 1;\nL" +
            std::to_string(i) + ":\n";
  EXPECT_EQ(kernel(body).functions[0].body.size(), 19999u);
}

// ---- Errors: place, what was expected, what was found
// ---------------------------------------------------------

TEST(ParseErrors, Header) {
  EXPECT_EQ(parse("", "e.ptx").error().message, "e.ptx:1:1: expected '.version', found the end of the file");
  EXPECT_EQ(parse("hello", "e.ptx").error().message, "e.ptx:1:1: expected '.version', found 'hello'");
  EXPECT_EQ(parse(".version 8.0\n.target gfx90", "e.ptx").error().message,
            "e.ptx:2:9: expected a target such as sm_80, found 'gfx90'");
  const auto m = parse(".version 8.0\n.target sm_80\n.address_size 32", "e.ptx");
  EXPECT_EQ(m.error().kind, ErrorKind::kUnsupported);
}

TEST(ParseErrors, Instructions) {
  EXPECT_EQ(kernel_error("  .reg .b32 %r<3>;\n  add.u32 %r1, %r2;"),
            "a.ptx:7:3: expected 3 operands (d, a, b) of 'add.u32', found 2");
  EXPECT_EQ(kernel_error("  .reg .b32 %r<3>;\n  add.u32 %r1, %r2, %r7;"),
            "a.ptx:7:21: expected a declared register or a special register, found '%r7'");
  EXPECT_EQ(kernel_error("  .reg .b32 %r<3>;\n  add.u32 %r1, %r2, 1"),
            "a.ptx:8:1: expected ',' or ';', found 'ret'");
  EXPECT_EQ(kernel_error("  .reg .b64 %d<3>;\n  alloca.u64 %d1, %d2, 12;"),
            "a.ptx:7:3: expected a power of two as alignment of alloca");
  EXPECT_EQ(kernel_error("  foo.bar %r1;"), "a.ptx:6:3: expected an instruction, found 'foo.bar'");
  EXPECT_NE(kernel_error("  .reg .b32 %r<3>;\n  add.u33 %r1, %r2, 1;").find("a.ptx:7:3: expected add"),
            std::string::npos);
  EXPECT_EQ(kernel_error("  bra NOWHERE;"), "a.ptx:6:7: expected a label of this function, found 'NOWHERE'");
  EXPECT_EQ(kernel_error("  .reg .b16 %s; .reg .b32 %r;\n  add.u32 %s, %r, 1;"),
            "a.ptx:7:3: expected a register of at least 32 bits, not '%s', as operand 1 of 'add.u32'");
  EXPECT_EQ(kernel_error("  .reg .b32 %r;\n  @%r bra L; L:"),
            "a.ptx:7:4: expected a predicate register behind '@', found '%r'");
  EXPECT_EQ(kernel_error("  .reg .b32 %r<3>; .reg .b64 %d;\n  ld.global.v2.u32 {%r1}, [%d];"),
            "a.ptx:7:3: expected a vector of 2 as operand 1 of 'ld.global.v2.u32'");
  EXPECT_EQ(kernel_error("  .reg .b32 %r;\n  add.u32 %r, %r, 99999999999999999999;"),
            "a.ptx:7:19: expected an integer of at most 64 bits, found '99999999999999999999'");
  EXPECT_EQ(kernel_error("  .reg .b32 %r;\n  mov.b32 %r, 0f3F;"),
            "a.ptx:7:19: expected 8 hexadecimal digits in a float constant, found 2");
}

TEST(ParseErrors, Names) {
  EXPECT_EQ(kernel_error("  .reg .b32 x; .reg .b32 x;"),
            "a.ptx:6:26: expected a new register name, found 'x' again");
  EXPECT_EQ(kernel_error("  L: L:"), "a.ptx:6:6: expected a new label, found 'L' again");
  EXPECT_EQ(kernel_error("  call nothing;"), "a.ptx:6:8: expected a declared function, found 'nothing'");
  EXPECT_EQ(error_of(".func f(.param .b32 a);\n.entry k() { call f; }"),
            "a.ptx:5:19: expected 1 arguments of 'f', found 0");
  EXPECT_EQ(error_of(".entry k() { ret; }\n.entry k() { ret; }"),
            "a.ptx:5:8: expected a new name, found 'k' defined again");
  EXPECT_EQ(error_of(".global .u64 p = q;"),
            "a.ptx:4:14: expected a declared name, found 'q' in the initialiser of 'p'");
}

TEST(ParseErrors, Structure) {
  EXPECT_EQ(error_of(".entry k() { ret;"),
            "a.ptx:4:18: expected '}' at the end of function 'k', found the end of the file");
  EXPECT_EQ(error_of(".entry k() ret;"),
            "a.ptx:4:12: expected '{' or ';' behind a function's signature, found 'ret'");
  EXPECT_EQ(error_of(".global u32 x;"), "a.ptx:4:9: expected a type such as .b32, found 'u32'");
  EXPECT_EQ(error_of(".global .align 3 .u32 x;"),
            "a.ptx:4:16: expected an alignment that is a power of two, found '3'");
  EXPECT_EQ(error_of(".global .u32 x[2] = {1, 2, 3};"), "a.ptx:4:28: expected at most 2 initial values");
  EXPECT_EQ(error_of(".global .u32 x = 1 / 0;"), "a.ptx:4:20: expected a divisor that isn't zero");
  EXPECT_EQ(error_of("/* open"),
            "a.ptx:4:1: expected '*/' at the end of the comment, found the end of the file");
}

}  // namespace
}  // namespace ppu::ptx

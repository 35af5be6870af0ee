// The PTX linker: pieces as `nvcc -rdc=true` makes them.
#include <gtest/gtest.h>

#include "ptx/ptx.h"

namespace ppu::ptx {
namespace {

Module piece(const std::string& body, const std::string& name) {
  Result<Module> m = parse(".version 8.0\n.target sm_80\n.address_size 64\n" + body, name);
  if (!m) ADD_FAILURE() << m.error().message;
  return m ? std::move(*m) : Module{};
}

Result<Module> link_texts(const std::vector<std::string>& texts) {
  std::vector<Module> pieces;
  for (size_t i = 0; i < texts.size(); i++)
    pieces.push_back(piece(texts[i], "piece" + std::to_string(i) + ".ptx"));
  return link(pieces);
}

TEST(Link, BindsExternFunctionsAndVariables) {
  const auto m =
      link_texts({".extern .func (.param .b32 r) f(.param .b32 a);\n.extern .global .u32 v;\n"
                  ".visible .entry k() { .reg .b64 %d; .param .b32 r; .param .b32 a; call (r), f, (a); "
                  "mov.u64 %d, v; ret; }",
                  ".visible .func (.param .b32 r) f(.param .b32 a) { ret; }\n.visible .global .u32 v = 7;"});
  ASSERT_TRUE(m) << m.error().message;
  EXPECT_TRUE(m.value().find_function("f")->has_body);
  EXPECT_FALSE(m.value().find_variable("v")->is_extern);
  EXPECT_EQ(m.value().find_variable("v")->init[0], 7);
  const auto again = parse(print(m.value()), "printed");
  ASSERT_TRUE(again) << again.error().message;
  EXPECT_TRUE(again.value() == m.value());
}

TEST(Link, SourceLinesKeepTheirFiles) {
  const auto m = link_texts({".visible .entry k() { .loc 1 5 1\n ret; }\n.file 1 \"first.cu\"\n",
                             ".visible .entry l() { .loc 1 6 1\n ret; }\n.file 1 \"second.cu\"\n"});
  ASSERT_TRUE(m) << m.error().message;
  for (const char* name : {"k", "l"}) {
    const SourceLines::Entry* at = m.value().find_function(name)->source.of(0);
    ASSERT_NE(at, nullptr);
    EXPECT_EQ(m.value().files.at(at->file), *name == 'k' ? "first.cu" : "second.cu");
  }
}

TEST(Link, MissingDefinitionIsNamed) {
  const auto m = link_texts({".extern .func f();\n.visible .entry k() { call f; ret; }"});
  ASSERT_FALSE(m);
  EXPECT_EQ(m.error().message, "'f' is called, and no piece defines it: add the file that does");
  EXPECT_FALSE(link_texts({".extern .global .u32 v;"}));
}

TEST(Link, BuiltinsMayStayUndefined) {
  EXPECT_TRUE(link_texts(
      {".extern .func (.param .b32 r) vprintf(.param .b64 a, .param .b64 b);\n"
       ".entry k() { .param .b32 r; .param .b64 a; .param .b64 b; call (r), vprintf, (a, b); ret; }"}));
}

TEST(Link, TwoDefinitionsAreAnError) {
  const auto m = link_texts({".visible .func f() { ret; }", ".visible .func f() { ret; }"});
  ASSERT_FALSE(m);
  EXPECT_EQ(m.error().message,
            "piece1.ptx: 'f' is already defined in another piece: expected one definition");
}

TEST(Link, WeakDefinitionsYield) {
  const auto m =
      link_texts({".weak .func f() { ret; }", ".weak .func f() { ret; }", ".visible .func f() { trap; }"});
  ASSERT_TRUE(m) << m.error().message;
  EXPECT_EQ(m.value().functions.size(), 1u);
  EXPECT_EQ(m.value().functions[0].body[0].row, isa::kRow_trap);
}

TEST(Link, CommonVariablesMerge) {
  const auto m = link_texts({".common .global .u32 c[2];", ".common .global .u32 c[4];"});
  ASSERT_TRUE(m) << m.error().message;
  EXPECT_EQ(m.value().variables[0].count, 4u);
}

TEST(Link, FileLocalNamesStayApart) {
  const auto m =
      link_texts({".global .u32 x = 1;\n.func f() { .reg .b64 %d; mov.u64 %d, x; ret; }\n.visible .entry a() "
                  "{ call f; ret; }",
                  ".global .u32 x = 2;\n.func f() { .reg .b64 %d; mov.u64 %d, x; ret; }\n.visible .entry b() "
                  "{ call f; ret; }"});
  ASSERT_TRUE(m) << m.error().message;
  EXPECT_EQ(m.value().variables.size(), 2u);
  EXPECT_EQ(m.value().functions.size(), 4u);
  const Reach a = reachable(m.value(), "a"), b = reachable(m.value(), "b");
  EXPECT_NE(a.variables, b.variables);
}

TEST(Link, LocalNameAgainstAnotherPiecesGlobal) {
  const auto m = link_texts({".global .u32 x = 1;\n.visible .entry a() { .reg .b64 %d; mov.u64 %d, x; ret; }",
                             ".visible .global .u32 x = 2;"});
  ASSERT_TRUE(m) << m.error().message;
  EXPECT_EQ(m.value().find_variable("x")->init[0], 2);
  EXPECT_EQ(m.value().variables.size(), 2u);
}

TEST(Link, DynamicSharedMemoryIsShared) {
  const auto m = link_texts({".extern .shared .align 4 .b8 s[];\n.visible .entry a() { ret; }",
                             ".extern .shared .align 16 .b8 s[];\n.visible .entry b() { ret; }"});
  ASSERT_TRUE(m) << m.error().message;
  EXPECT_EQ(m.value().variables.size(), 1u);
  EXPECT_EQ(m.value().variables[0].align, 16u);
}

TEST(Link, DifferentSignaturesAreAnError) {
  EXPECT_FALSE(link_texts({".extern .func f(.param .b32 a);\n.entry k() { .param .b32 a; call f, (a); ret; }",
                           ".visible .func f() { ret; }"}));
}

}  // namespace
}  // namespace ppu::ptx

// The table itself: every spelling matches one row, every element row has vectors, and they hold on the host.
#include <gtest/gtest.h>

#include <set>

#include "cases.h"

namespace ppu::isa::test {
namespace {

TEST(Table, IdsAreUnique) {
  std::set<std::string> seen;
  for (const Row& row : table()) EXPECT_TRUE(seen.insert(row.id).second) << place(row) << ": " << row.id;
}

TEST(Table, EverySpellingMatchesItsRowOnly) {
  for (uint16_t r = 0; r < table().size(); r++) {
    const Row& row = table()[r];
    int failures = 0;
    for (const Spelling& s : spellings(r, 3000)) {
      const std::optional<MatchResult> m = match(s.opcode);
      if (m && m->row == r) continue;
      ADD_FAILURE() << place(row) << ": " << s.opcode << " matches "
                    << (m ? place(table()[m->row]) + " (" + table()[m->row].id + ")" : "no row");
      if (++failures == 3) break;
    }
  }
}

TEST(Table, ModifiersAreThoseWritten) {
  const std::optional<MatchResult> m = match("fma.rn.ftz.f32");
  ASSERT_TRUE(m.has_value());
  EXPECT_TRUE(m->mods.has("rn"));
  EXPECT_TRUE(m->mods.has("ftz"));
  EXPECT_FALSE(m->mods.has("sat"));
  EXPECT_EQ(types_of(table()[m->row], m->mods)[0], parse_type("f32"));
}

TEST(Table, UnknownSpellingsMatchNothing) {
  for (const char* opcode : {"", "add", "add.", "add.f33", "add.sat.u32", "frob.u32", "add.s32.", "add..s32"})
    EXPECT_FALSE(match(opcode).has_value()) << opcode;
  EXPECT_EQ(forms_of("frob"), "");
  EXPECT_NE(forms_of("add").find("add{.sat}.s32 d, a, b"), std::string::npos);
}

TEST(Table, OperandTypes) {
  const MatchResult wide = *match("mad.wide.s32");
  EXPECT_EQ(operand_type(table()[wide.row], wide.mods, 0), parse_type("s64"));
  EXPECT_EQ(operand_type(table()[wide.row], wide.mods, 1), parse_type("s32"));
  EXPECT_EQ(operand_type(table()[wide.row], wide.mods, 3), parse_type("s64"));
  const MatchResult cvt = *match("cvt.rn.f32.s64");
  EXPECT_EQ(operand_type(table()[cvt.row], cvt.mods, 0), parse_type("f32"));
  EXPECT_EQ(operand_type(table()[cvt.row], cvt.mods, 1), parse_type("s64"));
}

TEST(Table, ElementRowsHaveVectorsAndTheHostAgrees) {
  for (const Row& row : table()) {
    if (row.kind != RowKind::kElement) continue;
    EXPECT_FALSE(row.vectors.empty()) << place(row) << ": " << row.id << " has no vector";
    for (std::string_view text : row.vectors) {
      const Vector v = parse_vector(text);
      const std::optional<MatchResult> m = match(v.opcode);
      ASSERT_TRUE(m && &table()[m->row] == &row)
          << place(row) << ": vector '" << text << "' is not of this row";
      const size_t sources = source_types(row, m->mods).size();
      const bool optional = row.form.operands[row.form.num_operands - 1].optional;
      ASSERT_TRUE(v.in.size() == sources || (optional && v.in.size() + 1 == sources))
          << place(row) << ": operands of '" << text << "'";
      const HostResult got = eval(m->row, m->mods, v.in, v.carry_in);
      ASSERT_EQ(size_t(got.count), v.out.size()) << place(row) << ": results of '" << text << "'";
      for (size_t i = 0; i < v.out.size(); i++)
        EXPECT_TRUE(same(v.out[i], got.out[i], got.type[i]))
            << place(row) << ": " << text << "\n  result " << i << " want " << hex(v.out[i]) << " host "
            << hex(got.out[i]);
      EXPECT_EQ(writes_carry(m->mods) && v.checks_carry, v.checks_carry) << place(row) << ": " << text;
      if (v.checks_carry) EXPECT_EQ(got.carry, v.carry_out) << place(row) << ": " << text << " (carry)";
    }
  }
}

}  // namespace
}  // namespace ppu::isa::test

// Element rows through LLVM: the vectors, random operands (host = native code), and folding with constant
// operands (host = folded, never poison). PPU_TEST_SEED and PPU_TEST_LANES widen the search.
#include <gtest/gtest.h>

#include <cstdlib>

#include "row_jit.h"

namespace ppu::isa::test {
namespace {

uint64_t setting(const char* name, uint64_t otherwise) {
  const char* text = std::getenv(name);
  return text ? std::strtoull(text, nullptr, 10) : otherwise;
}

struct Lane {
  std::vector<uint64_t> args;
  bool carry = false;
};

std::string describe(const Spelling& s, const Lane& lane) {
  std::string text = place(table()[s.row]) + ": " + s.opcode;
  for (uint64_t a : lane.args) text += " " + hex(a);
  if (reads_carry(table()[s.row])) text += lane.carry ? " cc:1" : " cc:0";
  return text;
}

/// The first difference between the host's result and another's, in words; empty if none.
std::string difference(const HostResult& host, const HostResult& other, const char* name, bool carry) {
  for (int i = 0; i < host.count; i++)
    if (!same(host.out[i], other.out[i], host.type[i]))
      return "\n  result " + std::to_string(i) + " host " + hex(host.out[i]) + " " + name + " " +
             hex(other.out[i]);
  if (carry && host.carry != other.carry)
    return std::string("\n  carry host ") + (host.carry ? "1 " : "0 ") + name + (other.carry ? " 1" : " 0");
  return {};
}

HostResult run(LaneFunction function, const HostResult& like, const Lane& lane) {
  uint64_t in[8] = {}, out[3] = {};
  std::copy(lane.args.begin(), lane.args.end(), in);
  in[7] = lane.carry;
  function(in, out);
  HostResult result = like;
  result.out[0] = out[0];
  result.out[1] = out[1];
  result.carry = out[2] != 0;
  return result;
}

Lane random_lane(const Spelling& s, size_t n, std::mt19937_64& rng) {
  Lane lane;
  for (const Type& type : source_types(s))
    lane.args.push_back(operand_value(type, rng() % 3 ? n : rng() % 64, rng));
  if (const int constant = constant_source(table()[s.row]); constant >= 0)
    lane.args[size_t(constant)] = s.constant;
  lane.carry = rng() & 1;
  return lane;
}

std::vector<uint16_t> element_rows() {
  std::vector<uint16_t> rows;
  for (uint16_t r = 0; r < table().size(); r++)
    if (table()[r].kind == RowKind::kElement) rows.push_back(r);
  return rows;
}

TEST(Rows, VectorsHoldInNativeCode) {
  RowJit jit;
  for (uint16_t r : element_rows()) {
    std::vector<Spelling> asked;
    std::vector<Vector> vectors;
    for (std::string_view text : table()[r].vectors) {
      vectors.push_back(parse_vector(text));
      const std::optional<MatchResult> m = match(vectors.back().opcode);
      ASSERT_TRUE(m.has_value()) << place(table()[r]) << ": " << text;
      const int constant = constant_source(table()[r]);
      const std::vector<uint64_t>& in = vectors.back().in;
      asked.push_back({r, vectors.back().opcode, m->mods, constant < 0 ? 0 : in[size_t(constant)],
                       source_types(table()[r], m->mods).size() - in.size()});
    }
    const std::vector<LaneFunction> functions = jit.compile(asked);
    for (size_t i = 0; i < vectors.size(); i++) {
      const Lane lane{vectors[i].in, vectors[i].carry_in};
      HostResult want = eval(r, asked[i].mods, lane.args, lane.carry);
      for (size_t k = 0; k < vectors[i].out.size(); k++) want.out[k] = vectors[i].out[k];
      if (vectors[i].checks_carry) want.carry = vectors[i].carry_out;
      EXPECT_EQ(difference(want, run(functions[i], want, lane), "jit", vectors[i].checks_carry), "")
          << describe(asked[i], lane) << " (host shows the vector)";
    }
  }
}

TEST(Rows, HostAndNativeCodeAgreeOnRandomOperands) {
  RowJit jit;
  const uint64_t lanes = setting("PPU_TEST_LANES", 150);
  std::mt19937_64 rng(setting("PPU_TEST_SEED", 1));
  size_t count = 0;
  for (uint16_t r : element_rows()) {
    const std::vector<Spelling> all = spellings(r, 400);
    const std::vector<LaneFunction> functions = jit.compile(all);
    for (size_t i = 0; i < all.size(); i++) {
      for (uint64_t n = 0; n < lanes; n++) {
        const Lane lane = random_lane(all[i], n, rng);
        const HostResult host = eval(r, all[i].mods, lane.args, lane.carry);
        const std::string wrong =
            difference(host, run(functions[i], host, lane), "jit", writes_carry(all[i].mods));
        if (!wrong.empty()) {
          ADD_FAILURE() << describe(all[i], lane) << wrong;
          break;
        }
      }
      count++;
    }
  }
  RecordProperty("spellings", int(count));
}

TEST(Rows, FoldingConstantsGivesTheSameAndNoPoison) {
  const uint64_t lanes = setting("PPU_TEST_FOLDS", 4);
  std::mt19937_64 rng(setting("PPU_TEST_SEED", 1));
  for (uint16_t r : element_rows()) {
    for (const Spelling& s : spellings(r, 60)) {
      for (uint64_t n = 0; n < lanes; n++) {
        const Lane lane = random_lane(s, n, rng);
        const Folded folded = fold(s, lane.args, lane.carry);
        EXPECT_FALSE(folded.is_poison) << describe(s, lane) << ": folds to poison";
        if (!folded.is_constant) continue;
        const HostResult host = eval(r, s.mods, lane.args, lane.carry);
        EXPECT_EQ(difference(host, folded.result, "folded", writes_carry(s.mods)), "") << describe(s, lane);
      }
    }
  }
}

}  // namespace
}  // namespace ppu::isa::test

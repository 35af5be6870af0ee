// `ppu decide` as a user calls it: answers, and wrong questions.
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "command.h"

namespace ppu::test {
namespace {

const std::string kDecide =
    PPU_COMMAND " decide --chip ppu-810e --chip h20 --chip h100-sxm --chip hanguang-800 ";

nlohmann::json answer(const std::string& options) {
  const Outcome outcome = run_command(kDecide + options + " --json");
  EXPECT_EQ(outcome.code, 0) << outcome.err;
  return nlohmann::json::parse(outcome.out, nullptr, false);
}

const nlohmann::json& chip(const nlohmann::json& a, const std::string& id) {
  for (const auto& c : a["candidates"])
    if (c["chip"] == id) return c;
  static const nlohmann::json none;
  return none;
}

TEST(DecideCommand, VetoesWhatCannotBeHad) {
  const auto a = answer("");
  EXPECT_EQ(chip(a, "h100-sxm")["eligible"], false);
  EXPECT_EQ(chip(a, "hanguang-800")["eligible"], false);
  EXPECT_EQ(chip(a, "ppu-810e")["eligible"], true);
  EXPECT_TRUE(chip(a, "ppu-810e")["usd_per_million"].is_null());  // never a price that nobody knows
  EXPECT_FALSE(a["asked"].empty());
  // In the rest of the world it is the other way round.
  const auto world = answer("--market world --least-supply-pct 50");
  EXPECT_EQ(world["choice"], "h100-sxm");
  EXPECT_EQ(chip(world, "ppu-810e")["eligible"], false);
}

TEST(DecideCommand, ARentDecides) {
  const auto cheap = answer("--rent ppu-810e=0.1 --weight supply=0"),
             dear = answer("--rent ppu-810e=9 --weight supply=0");
  EXPECT_EQ(cheap["choice"], "ppu-810e");
  EXPECT_GT(double(dear["candidates"][0]["first_in"]), 0.5);
  EXPECT_LT(double(chip(cheap, "ppu-810e")["usd_per_million"]["middle"]),
            double(chip(dear, "ppu-810e")["usd_per_million"]["middle"]));
  bool named = false;
  for (const auto& flip : cheap["flips"])
    named |= flip["what"] == "cost of an hour of PPU 810E" && flip["to"] != "";
  EXPECT_TRUE(named);
}

TEST(DecideCommand, AServiceLevelThatNobodyReachesLeavesNone) {
  const auto a = answer("--tpot-ms 0.001");
  EXPECT_TRUE(a["choice"].is_null());
  EXPECT_EQ(chip(a, "ppu-810e")["eligible"], false);
}

TEST(DecideCommand, TrainingIsOutOfScope) {
  const Outcome outcome = run_command(kDecide + "--purpose training");
  EXPECT_EQ(outcome.code, 0);
  EXPECT_NE(outcome.out.find("use a training-class chip"), std::string::npos);
}

TEST(DecideCommand, TextNamesReasonsAndFlips) {
  const std::string out = run_command(kDecide).out;
  for (const char* part : {"Choice: ", "Why: ", "Out:\n", "barred from this market by export control",
                           "What would change the choice", "What only you can know:\n", "rent of PPU 810E"})
    EXPECT_NE(out.find(part), std::string::npos) << part << "\n" << out;
}

TEST(DecideCommand, WrongQuestionsAreRefused) {
  const TemporaryFolder folder;
  const std::string file = folder.write("wishes.toml", "market = \"china\"\nbuys = 3\n");
  const std::pair<std::string, const char*> cases[] = {
      {file, "wishes.toml:2: buys wants true or false"},
      {"/no/such.toml", "/no/such.toml"},
      {"--market moon", "china|world"},
      {"--model no-such-model", "no-such-model"},
      {"--chip h999", "no such chip"},
      {"--rent t4=1", "no such chip is among the candidates"},
      {"--rent ppu-810e", "NAME=VALUE"},
      {"--rent ppu-810e=cheap", "wants a number, or low,middle,high"},
      {"--weight beauty=1", "the criteria are performance, cost, supply, rules, trade"},
      {"--premium-pct much", "wants a number"},
  };
  for (const auto& [options, message] : cases) {
    const Outcome refused = run_command(kDecide + options);
    EXPECT_EQ(refused.code, 2) << options;
    EXPECT_NE(refused.err.find(message), std::string::npos) << refused.err;
    EXPECT_EQ(refused.out, "") << options;
  }
}

}  // namespace
}  // namespace ppu::test

// The decision engine on made-up candidates: what is vetoed and why, who wins, and where the choice flips.
#include "decide/decide.h"

#include <gtest/gtest.h>

#include <cmath>

namespace ppu::decide {
namespace {

/// Half as fast as `Fast`, at a quarter of its cost, at home and delivered.
Candidate home_chip() {
  Candidate c;
  c.id = "home", c.name = "Home";
  c.throughput = {900, 1000, 1100};
  c.hourly = Range::exactly(1);
  c.supply_pct = {80, 90, 100};
  c.rules = Rules::kPreferred;
  return c;
}

Candidate fast_chip() {
  Candidate c;
  c.id = "fast", c.name = "Fast";
  c.throughput = {1800, 2000, 2200};
  c.hourly = Range::exactly(4);
  c.supply_pct = {0, 10, 20};
  c.export_control = Export::kBanned;
  c.rules = Rules::kDiscouraged;
  return c;
}

Candidate licensed_chip() {
  Candidate c;
  c.id = "licensed", c.name = "Licensed";
  c.throughput = {1100, 1200, 1300};
  c.hourly = Range::exactly(1.5);
  c.supply_pct = {0, 40, 60};
  c.export_control = Export::kLicence;
  return c;
}

const std::vector<Candidate> kThree = {home_chip(), fast_chip(), licensed_chip()};

const Verdict& of(const Decision& d, size_t candidate) {
  for (const Verdict& v : d.verdicts)
    if (v.candidate == candidate) return v;
  return d.verdicts.front();
}

bool vetoed(const Decision& d, size_t candidate, Veto veto) {
  for (const Reason& r : of(d, candidate).vetoes)
    if (r.veto == veto) return true;
  return false;
}

double score(const Verdict& v, Criterion c) {
  return v.scores[size_t(c)].middle;
}

const Flip* find(const std::vector<Flip>& flips, const std::string& what, const std::string& to) {
  for (const Flip& f : flips)
    if (f.what == what && f.to == to) return &f;
  return nullptr;
}

TEST(Decide, TrainingIsOutOfScopeWithTheReason) {
  Wishes w;
  w.training = true;
  const Decision d = decide(kThree, w);
  EXPECT_FALSE(d.found());
  EXPECT_NE(d.out_of_scope.find("use a training-class chip"), std::string::npos);
  EXPECT_TRUE(find_flips(kThree, w).empty());
}

TEST(Decide, ScoresAreSharesOfTheBestEligible) {
  const Decision d = decide(kThree, Wishes{});
  ASSERT_TRUE(d.found());
  EXPECT_EQ(d.verdicts.front().candidate, 0u);
  const Verdict& home = of(d, 0);
  EXPECT_NEAR(score(home, Criterion::performance), 1000.0 / 1200, 1e-9);  // the banned one is no measure
  EXPECT_NEAR(score(home, Criterion::cost), 1, 1e-9);
  EXPECT_NEAR(score(home, Criterion::supply), 0.9, 1e-9);
  EXPECT_NEAR(home.total.middle, (1000.0 / 1200 + 1 + 0.9 + 0.5 + 0.5) / 4, 1e-9);
  EXPECT_NEAR(home.unit_cost.middle, 1 / 3600.0 / 1000 * 1e6, 1e-9);
  EXPECT_LT(home.unit_cost.low, home.unit_cost.middle);
  EXPECT_NEAR(score(of(d, 2), Criterion::trade), 0.5, 1e-9);
}

TEST(Decide, AnExportBanIsAVetoUnlessTheRiskIsBorne) {
  Wishes w;
  EXPECT_TRUE(vetoed(decide(kThree, w), 1, Veto::kExportBan));
  w.bears_export_risk = true;
  EXPECT_TRUE(of(decide(kThree, w), 1).vetoes.empty());
  // Who wants speed alone and bears the risk takes it.
  w.weights = {1, 0, 0, 0, 0};
  EXPECT_EQ(decide(kThree, w).verdicts.front().candidate, 1u);
}

TEST(Decide, EachVetoBitesAtItsThreshold) {
  Wishes w;
  w.least_supply_pct = 40;
  EXPECT_FALSE(vetoed(decide(kThree, w), 2, Veto::kSupply));
  w.least_supply_pct = 40.1;
  EXPECT_TRUE(vetoed(decide(kThree, w), 2, Veto::kSupply));

  w = {};
  w.least_share_of_best = 0.5;  // of the fast one's, banned or not
  EXPECT_FALSE(vetoed(decide(kThree, w), 0, Veto::kShareOfBest));
  w.least_share_of_best = 0.51;
  EXPECT_TRUE(vetoed(decide(kThree, w), 0, Veto::kShareOfBest));

  w = {};
  w.premium = 0.26;  // 1.5 / 1200 is 25 % above 1 / 1000
  EXPECT_FALSE(vetoed(decide(kThree, w), 2, Veto::kPremium));
  w.premium = 0.24;
  EXPECT_TRUE(vetoed(decide(kThree, w), 2, Veto::kPremium));

  w = {};
  w.must_follow_rules = true;
  w.bears_export_risk = true;
  EXPECT_TRUE(vetoed(decide(kThree, w), 1, Veto::kRules));
  EXPECT_FALSE(vetoed(decide(kThree, w), 2, Veto::kRules));

  std::vector<Candidate> rented = kThree;
  rented[0].channel = Channel::kRentOnly;
  rented[2].channel = Channel::kNotSold;
  EXPECT_FALSE(vetoed(decide(rented, Wishes{}), 0, Veto::kMustBuy));
  EXPECT_TRUE(vetoed(decide(rented, Wishes{}), 2, Veto::kNotSold));
  w = {};
  w.buys = true;
  EXPECT_TRUE(vetoed(decide(rented, w), 0, Veto::kMustBuy));
}

TEST(Decide, WhatCannotDoTheWorkIsOutWithTheReason) {
  std::vector<Candidate> c = kThree;
  c[0].cannot = "has no units that multiply bf16";
  c[2].meets_floor = false;
  c[2].floor = "TPOT 80 ms of 50 ms";
  const Decision d = decide(c, Wishes{});
  EXPECT_FALSE(d.found());
  EXPECT_EQ(of(d, 0).vetoes.front().text, "has no units that multiply bf16");
  EXPECT_TRUE(vetoed(d, 2, Veto::kFloor));
  EXPECT_NE(of(d, 2).vetoes.front().text.find("80 ms of 50 ms"), std::string::npos);
  EXPECT_EQ(d.verdicts.size(), 3u);  // nobody is dropped silently
}

TEST(Decide, AnUnknownCostIsOpenNotFree) {
  std::vector<Candidate> c = kThree;
  c[0].hourly = {};
  const Decision d = decide(c, Wishes{}, 400);
  const Verdict& home = of(d, 0);
  EXPECT_FALSE(home.unit_cost.known());
  EXPECT_EQ(home.scores[size_t(Criterion::cost)].low, 0);
  EXPECT_EQ(home.scores[size_t(Criterion::cost)].high, 1);
  EXPECT_GT(home.wins, 0.3);
  EXPECT_NEAR(home.wins + of(d, 2).wins, 1, 1e-9);
  // The price at which it would be the choice is what the user has to find out.
  const std::vector<Flip> flips = find_flips(c, Wishes{});
  const Flip* price = find(flips, "cost of an hour of Home", "Home");
  ASSERT_TRUE(price);
  EXPECT_TRUE(std::isnan(price->now));
  c[0].hourly = Range::exactly(price->at * 0.99);
  EXPECT_EQ(decide(c, Wishes{}).verdicts.front().candidate, 0u);
  c[0].hourly = Range::exactly(price->at * 1.01);
  EXPECT_EQ(decide(c, Wishes{}).verdicts.front().candidate, 2u);
}

TEST(Decide, DrawsAreTheSameEveryTime) {
  EXPECT_EQ(of(decide(kThree, Wishes{}, 200), 0).wins, of(decide(kThree, Wishes{}, 200), 0).wins);
}

TEST(Flips, AreWhereTheChoiceChanges) {
  const std::vector<Flip> flips = find_flips(kThree, Wishes{});
  const Flip* dearer = find(flips, "cost of an hour of Home", "Licensed");
  ASSERT_TRUE(dearer);
  EXPECT_TRUE(dearer->upwards);
  EXPECT_EQ(dearer->now, 1);
  std::vector<Candidate> c = kThree;
  c[0].hourly = Range::exactly(dearer->at * 1.01);
  EXPECT_EQ(decide(c, Wishes{}).verdicts.front().candidate, 2u);
  c[0].hourly = Range::exactly(dearer->at * 0.99);
  EXPECT_EQ(decide(c, Wishes{}).verdicts.front().candidate, 0u);

  const Flip* weight = find(flips, "weight of performance", "Licensed");
  ASSERT_TRUE(weight);
  Wishes w;
  w.weights[0] = weight->at * 1.01;
  EXPECT_EQ(decide(kThree, w).verdicts.front().candidate, 2u);
  w.weights[0] = weight->at * 0.99;
  EXPECT_EQ(decide(kThree, w).verdicts.front().candidate, 0u);

  const Flip* supply = find(flips, "least supply wanted", "");
  ASSERT_TRUE(supply);  // above 90 % nobody is left
  EXPECT_NEAR(supply->at, 90, 0.1);
}

TEST(Flips, NameTheVetoThatDecides) {
  Wishes w;
  w.weights = {1, 0, 0, 0, 0};
  EXPECT_EQ(decide(kThree, w).verdicts.front().candidate, 2u);
  EXPECT_TRUE(find(find_flips(kThree, w), "export ban of Fast lifted", "Fast"));
}

}  // namespace
}  // namespace ppu::decide

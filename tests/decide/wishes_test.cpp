// The wishes file: what it sets, and what is said about a wrong one.
#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "decide/wishes_file.h"

namespace ppu::decide {
namespace {

class WishesFile {
 public:
  explicit WishesFile(const std::string& text) {
    char name[] = "/tmp/openppu-wishes-XXXXXX";
    const int fd = ::mkstemp(name);
    if (fd < 0) std::abort();
    ::close(fd);
    std::ofstream(path_ = name) << text;
  }
  ~WishesFile() { std::filesystem::remove(path_); }
  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

TEST(WishesFile, SetsWhatItNames) {
  const WishesFile file(
      "market = \"world\"\nchips = [\"ppu-810e\", \"./mine.toml\"]\npremium_pct = 150\nbuys = true\n"
      "[weights]\nsupply = 3\n[rent_usd_h]\n\"ppu-810e\" = [0.8, 1.2, 2.0]\nh20 = 1.5\n");
  Request r;
  const Status ok = read_request(file.path(), &r);
  ASSERT_TRUE(ok) << ok.error().message;
  EXPECT_TRUE(check(r));
  EXPECT_EQ(r.market, "world");
  EXPECT_EQ(r.chips.size(), 2u);
  EXPECT_EQ(r.rent_usd_h["ppu-810e"].high, 2.0);
  EXPECT_EQ(r.rent_usd_h["h20"].low, 1.5);
  const Wishes w = wishes_of(r);
  EXPECT_TRUE(w.buys);
  EXPECT_EQ(w.premium, 1.5);
  EXPECT_EQ(w.weights[size_t(Criterion::supply)], 3);
  EXPECT_EQ(w.weights[size_t(Criterion::cost)], 1);
}

TEST(WishesFile, SaysWhatIsWrongAndWhere) {
  const struct {
    const char* text;
    const char* message;
  } cases[] = {
      {"market = china", ":1: "},
      {"\nmarket = 1", ":2: market wants a text in quotes"},
      {"\nmarket = \"mars\"", ":2: market: `mars` is none of china|world"},
      {"pue = 0.5", ":1: pue: 0.5 is outside 1 to "},
      {"[weights]\nsupply = -3", ":2: weight of supply: wants a finite number of at least 0"},
      {"[weights]\nluck = 1", ":2: weight of `luck`: the criteria are performance"},
      {"supply = 1", ":1: `supply` is none of purpose, market"},
      {"buys = 1", ":1: buys wants true or false"},
      {"chips = \"h20\"", ":1: chips wants a list"},
      {"[rent_usd_h]\nh20 = [2, 1, 3]", ":2: wants 0 <= low <= middle <= high, not 2, 1, 3"},
      {"[rent_usd_h]\nh20 = \"cheap\"", ":2: wants a number or [low, middle, high]"},
  };
  for (const auto& c : cases) {
    const WishesFile file(c.text);
    Request r;
    const Status read = read_request(file.path(), &r);
    ASSERT_FALSE(read) << c.text;
    EXPECT_EQ(read.error().message.find(file.path() + c.message), 0u) << read.error().message;
  }
  Request r;
  EXPECT_FALSE(read_request("/no/such/wishes.toml", &r));
}

TEST(Wishes, AreChecked) {
  Request r;
  EXPECT_TRUE(check(r));
  r.market = "moon";
  EXPECT_NE(check(r).error().message.find("china|world"), std::string::npos);
  r = {};
  r.least_supply_pct = 120;
  EXPECT_NE(check(r).error().message.find("0 to 100"), std::string::npos);
  r = {};
  r.weights["beauty"] = 1;
  EXPECT_NE(check(r).error().message.find("performance, cost, supply, rules, trade"), std::string::npos);
  r.weights = {{"performance", 0}, {"cost", 0}, {"supply", 0}, {"rules", 0}, {"trade", 0}};
  EXPECT_NE(check(r).error().message.find("above 0"), std::string::npos);
}

TEST(Wishes, RangesAreOneNumberOrThree) {
  EXPECT_EQ(range_of("1.5")->middle, 1.5);
  EXPECT_EQ(range_of("1,2,4")->high, 4);
  for (const char* wrong : {"", "x", "1,2", "1,2,3,4", "3,2,1", "-1", "1,", "1;2"})
    EXPECT_FALSE(range_of(wrong)) << wrong;
}

}  // namespace
}  // namespace ppu::decide

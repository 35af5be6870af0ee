// The chips that ship, and chip files of a user's own: what is accepted, and what is said about the rest.
#include "chip/chip.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <set>
#include <sstream>

#include "chip/chip_file.h"
#include "chip/show.h"

namespace ppu::chip {
namespace {

struct NamedNumber {
  const char* key;
  const Quantity* number;
};

std::vector<NamedNumber> numbers_of(const Chip& chip) {
  return {
#define FIELD(key, unit, meaning) {#key, &chip.key},
#include "chip/chip_fields.inc"
#undef FIELD
  };
}

std::set<std::string> open_keys() {
  std::set<std::string> keys;
#define FIELD(key, unit, meaning)
#define OPEN_FIELD(key, unit, meaning) keys.insert(#key);
#include "chip/chip_fields.inc"
#undef FIELD
  return keys;
}

TEST(Chips, EveryNumberHasASourceAndLiesInItsInterval) {
  const std::set<std::string> open = open_keys();
  ASSERT_FALSE(open.empty());
  for (const Chip& chip : all())
    for (const auto& [key, q] : numbers_of(chip)) {
      SCOPED_TRACE(std::string(chip.id) + " " + key);
      EXPECT_GT(std::string(q->source).size(), 3u);
      EXPECT_NE(q->confidence, Confidence::kUser);
      if (q->has_number()) {
        EXPECT_LE(q->low, q->value);
        EXPECT_LE(q->value, q->high);
      } else {
        EXPECT_EQ(q->confidence, Confidence::kUnknown);
        EXPECT_TRUE(open.count(key)) << "the model needs an interval here";
      }
    }
}

TEST(Chips, NumbersAreThoseThatWerePublished) {
  std::ifstream in(PUBLISHED);
  ASSERT_TRUE(in) << PUBLISHED;
  size_t stated = 0;
  for (std::string line; std::getline(in, line);) {
    if (line.starts_with("#") || line.starts_with("chip\t")) continue;
    std::istringstream cells(line);
    std::string id, key, value;
    std::getline(cells, id, '\t'), std::getline(cells, key, '\t'), std::getline(cells, value, '\t');
    const Chip* chip = find(id);
    ASSERT_NE(chip, nullptr) << id;
    const auto numbers = numbers_of(*chip);
    const auto at = std::find_if(numbers.begin(), numbers.end(), [&](const auto& n) { return n.key == key; });
    ASSERT_NE(at, numbers.end()) << key;
    const double published = std::stod(value);
    EXPECT_NEAR(at->number->value, published, 0.01 * published) << id << " " << key;  // sheets round
    EXPECT_NE(at->number->confidence, Confidence::kUnknown) << id << " " << key;
    ++stated;
  }
  EXPECT_GT(stated, 100u);
}

TEST(Chips, EachFileIsInTheTableUnderItsName) {
  size_t files = 0;
  for (const auto& entry : std::filesystem::directory_iterator(CHIPS_FOLDER)) {
    if (entry.path().extension() != ".toml") continue;
    ++files;
    const Chip* chip = find(entry.path().stem().string());
    ASSERT_TRUE(chip) << entry.path();
    EXPECT_EQ(chip->id, entry.path().stem().string());
  }
  EXPECT_EQ(files, all().size());
  EXPECT_STREQ(all().front().id, "ppu-810e");
}

TEST(Chips, PeakIsUnitsTimesClockTimesOperations) {
  int checked = 0;
  for (const Chip& c : all()) {
    if (!c.bf16_tflops.known() || !c.tensor_flop_per_clock.known() || !c.sms.known() ||
        !c.tensor_clock_mhz.known() || c.tensor_flop_per_clock.value == 0)
      continue;
    const double peak = c.sms.value * c.tensor_flop_per_clock.value * c.tensor_clock_mhz.value * 1e6 / 1e12;
    EXPECT_NEAR(peak / c.bf16_tflops.value, 1, 0.13) << c.id;  // bins of the 910B clash by that much
    if (c.bf16_tflops.confidence == Confidence::kOfficial && c.runs_cuda())
      EXPECT_NEAR(peak / c.bf16_tflops.value, 1, 0.01) << c.id;
    ++checked;
  }
  EXPECT_GE(checked, 15);
}

TEST(Chips, BandwidthIsClockTimesBus) {
  for (const Chip& c : all()) {
    if (!c.memory_gbps.known() || !c.memory_clock_mhz.known() || !c.memory_bus_bits.known()) continue;
    const double gbps = c.memory_clock_mhz.value * 2 * c.memory_bus_bits.value / 8 / 1000;
    if (c.memory_gbps.value == 0)
      EXPECT_EQ(gbps, 0) << c.id;
    else
      EXPECT_NEAR(gbps / c.memory_gbps.value, 1, 0.03) << c.id;
  }
}

TEST(Chips, HeatComesInOrder) {
  for (const Chip& c : all()) {
    EXPECT_LE(c.slow_down_c.value, c.hw_slow_down_c.value) << c.id;
    EXPECT_LE(c.hw_slow_down_c.value, c.shut_down_c.value) << c.id;
    EXPECT_LT(c.idle_w.value, c.tdp_w.value) << c.id;
    EXPECT_LE(c.sustained_clock_mhz.value, c.clock_mhz.value) << c.id;
  }
}

TEST(Chips, ThePpuHasNoBareRates) {
  for (const char* id : {"ppu-810e", "ppu-m890"}) {
    const Chip* c = find(id);
    ASSERT_TRUE(c);
    for (const Quantity* q : {&c->bf16_tflops, &c->effective_bf16_tflops, &c->int8_tops, &c->memory_gbps})
      EXPECT_LT(q->low, q->high) << id;
    EXPECT_FALSE(c->price_usd.has_number());
    EXPECT_FALSE(c->rent_usd_h.has_number());
  }
}

TEST(Chips, AreFoundByEveryNameNobodyElseHas) {
  std::set<const Chip*> found;
  for (const char* name : {"PPU-ZW810E", "A100 SXM 80GB", "A800 SXM 80GB", "Ascend 910B2", "Ascend 910C",
                           "H100 PCIe", "H100 SXM", "H100 NVL", "H20 96GB", "H200 SXM", "H800 SXM",
                           "HanGuang 800", "L40S", "L20", "L4", "T4", "MLU370-X8", "MLU590"}) {
    const Chip* chip = find(name);
    ASSERT_TRUE(chip) << name;
    EXPECT_TRUE(found.insert(chip).second) << name;
  }
  EXPECT_EQ(find("h100_sxm"), find("H100"));
  std::set<std::string> names;
  for (const Chip& chip : all()) EXPECT_TRUE(names.insert(chip.name).second) << chip.name;
  EXPECT_EQ(find("no such chip"), nullptr);
  EXPECT_EQ(find(""), nullptr);
}

TEST(Chips, TheDefaultIsThePpu810E) {
  const Chip& chip = current();
  EXPECT_STREQ(chip.name, "PPU 810E");
  EXPECT_EQ(chip.cc_major, 8);
  EXPECT_EQ(chip.cc_minor, 0);
  EXPECT_EQ(chip.sms.value, 64);
  EXPECT_EQ(chip.memory_gib.value, 96);
  EXPECT_EQ(find("ppu_810e"), &chip);
  EXPECT_EQ(find("pp"), nullptr);
}

TEST(Chips, ResolveNamesTheClosest) {
  const auto missing = resolve("h200-smx");
  ASSERT_FALSE(missing);
  EXPECT_NE(missing.error().message.find("h200-sxm"), std::string::npos) << missing.error().message;
}

/// A file of that text in a folder of its own, gone at the end.
class ChipFile {
 public:
  explicit ChipFile(const std::string& text, const char* name = "mine.toml") {
    char folder[] = "/tmp/openppu-chip-XXXXXX";
    if (!::mkdtemp(folder)) std::abort();
    folder_ = folder;
    std::ofstream(path_ = folder_ / name) << text;
  }
  ~ChipFile() { std::filesystem::remove_all(folder_); }
  std::string path() const { return path_.string(); }

 private:
  std::filesystem::path folder_, path_;
};

TEST(ChipFiles, ChangeNumbersOfABase) {
  const ChipFile file(
      "base = \"h100-sxm\"\nname = \"H100, ours\"\nmemory_gib = 64\nbf16_tflops = { value = 800, low = 700, "
      "high = "
      "900, kind = \"community\", source = \"our runs\" }\nchannel = \"rent-only\"\n");
  const auto read = resolve(file.path());
  ASSERT_TRUE(read) << read.error().message;
  const Chip& c = *read.value();
  EXPECT_STREQ(c.id, "mine");
  EXPECT_STREQ(c.name, "H100, ours");
  EXPECT_EQ(c.memory_gib.value, 64);
  EXPECT_EQ(c.memory_gib.confidence, Confidence::kUser);
  EXPECT_EQ(c.bf16_tflops.high, 900);
  EXPECT_EQ(c.effective_bf16_tflops.value, 800);  // the base's large products reach its peak
  EXPECT_STREQ(c.bf16_tflops.source, "our runs");
  EXPECT_STREQ(c.channel.value, "rent-only");
  EXPECT_EQ(c.memory_gbps.value, find("h100-sxm")->memory_gbps.value);
  EXPECT_EQ(c.cc_major, 9);
}

TEST(ChipFiles, AreWholeWithoutABase) {
  const auto copy = load_file(CHIPS_FOLDER "/ppu-810e.toml");
  ASSERT_TRUE(copy) << copy.error().message;
  const auto theirs = numbers_of(*copy.value()), ours = numbers_of(*find("ppu-810e"));
  for (size_t i = 0; i < ours.size(); ++i) {
    if (ours[i].number->has_number())
      EXPECT_EQ(theirs[i].number->value, ours[i].number->value) << ours[i].key;
    EXPECT_EQ(theirs[i].number->confidence, ours[i].number->confidence) << ours[i].key;
    EXPECT_STREQ(theirs[i].number->source, ours[i].number->source) << ours[i].key;
  }
}

TEST(ChipFiles, SayWhatIsWrongAndWhere) {
  const std::string base = "base = \"a100\"\n";
  const struct {
    std::string text;
    const char* where;
    const char* what;
  } cases[] = {
      {"name = ", ":1:", ""},
      {base + "memory_gib = \"80\"", ":2: ", "wants { value"},
      {base + "\nmemory_gib = -80", ":3: ", "at least 0"},
      {base + "memory_gib = { value = 80, low = 81, high = 82, kind = \"press\", source = \"s\" }",
       ":2: ", "low <= value <= high"},
      {base + "memory_gib = { value = 80, low = 80, kind = \"press\", source = \"s\" }", ":2: ", "`high`"},
      {base + "memory_gib = { value = 80, low = 80, high = 80, kind = \"press\" }", ":2: ", "`source`"},
      {base + "memory_gib = { value = 80, low = 80, high = 80, kind = \"rumour\", source = \"s\" }",
       ":2: ", "official, press, community, inferred, user, unknown"},
      {base + "memory_gib = { kind = \"unknown\", source = \"s\" }", ":2: ", "interval to assume"},
      {base + "memory_gib = { value = 80, low = 80, high = 80, kind = \"press\", source = \"s\", sure = 1 }",
       ":2: ", "`sure`"},
      {base + "memory_gbs = 2000", ":2: ", "`memory_gbs`"},
      {base + "channel = \"stolen\"", ":2: ", "sold|rent-only|not-sold"},
      {base + "cc = \"80\"", ":2: ", "\"8.0\""},
      {"base = \"b999\"", ":1: ", "base wants"},
      {"name = \"X\"\nvendor = \"Y\"\ncc = \"none\"", ": ", "missing: sms, dies"},
  };
  for (const auto& c : cases) {
    const ChipFile file(c.text);
    const auto read = load_file(file.path());
    ASSERT_FALSE(read) << c.text;
    EXPECT_EQ(read.error().message.find(file.path() + c.where), 0u) << read.error().message;
    EXPECT_NE(read.error().message.find(c.what), std::string::npos) << read.error().message;
  }
  EXPECT_FALSE(load_file("/no/such/chip.toml"));
  EXPECT_FALSE(load_file("/tmp"));
}

TEST(ChipFiles, OfThisRepositoryGiveEveryNumberInFull) {
  const ChipFile file("base = \"a100\"\n");
  const auto read = read_chip_file(file.path(), nullptr);
  ASSERT_FALSE(read);
  EXPECT_NE(read.error().message.find("`base`"), std::string::npos) << read.error().message;
}

TEST(Texts, NumbersCarryTheirInterval) {
  EXPECT_EQ(text_of({140, 119, 223, Confidence::kInferred, "s"}), "140 (119-223) i");
  EXPECT_EQ(text_of({3350, 3350, 3350, Confidence::kOfficial, "s"}), "3350");
  EXPECT_EQ(text_of({40, 16, 96, Confidence::kAssumed, "s"}), "40 (16-96) ?");
  EXPECT_EQ(text_of({0, 0, 0, Confidence::kOfficial, "s"}), "none");
  EXPECT_EQ(text_of({kNoNumber, kNoNumber, kNoNumber, Confidence::kUnknown, "s"}), "unknown");
  EXPECT_EQ(number_text(0.0751), "0.0751");
  EXPECT_EQ(number_text(614.4), "614.4");
  EXPECT_EQ(number_text(30000), "30000");
}

}  // namespace
}  // namespace ppu::chip

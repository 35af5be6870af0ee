// Every chip's numbers are intervals with a source, and the default chip is what DESIGN promises.
#include "chip/chip.h"

#include <gtest/gtest.h>

namespace ppu::chip {
namespace {

TEST(Chip, EveryNumberIsAnIntervalWithASource) {
  for (const Chip& chip : all()) {
#define FIELD(key, unit, meaning)                                                                        \
  EXPECT_TRUE(chip.key.low <= chip.key.value && chip.key.value <= chip.key.high) << chip.id << " " #key; \
  EXPECT_GT(std::string(chip.key.source).size(), 4u) << chip.id << " " #key;
#include "chip/chip_fields.inc"
#undef FIELD
  }
}

TEST(Chip, BandwidthIsClockTimesBus) {
  for (const Chip& chip : all()) {
    const double gbps = chip.memory_clock_mhz.value * 2 * chip.memory_bus_bits.value / 8 / 1000;
    EXPECT_NEAR(gbps, chip.memory_gbps.value, 0.02 * gbps) << chip.id;
  }
}

TEST(Chip, DefaultIsThePpu810E) {
  const Chip& chip = current();
  EXPECT_STREQ(chip.name, "PPU 810E");
  EXPECT_EQ(chip.cc_major, 8);
  EXPECT_EQ(chip.cc_minor, 0);
  EXPECT_EQ(chip.sms.value, 64);
  EXPECT_EQ(chip.memory_gib.value, 96);
}

TEST(Chip, NamesMayBeWrittenLoosely) {
  EXPECT_EQ(find("ppu810e"), &all().front());
  EXPECT_EQ(find("PPU_810E"), &all().front());
  EXPECT_EQ(find("ppu"), nullptr);
  EXPECT_EQ(find(""), nullptr);
}

}  // namespace
}  // namespace ppu::chip

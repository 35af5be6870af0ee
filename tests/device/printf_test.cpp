// Device printf's formatting: C's rules, packed arguments, long is 64 bits.
#include <gtest/gtest.h>

#include <cstring>
#include <string>
#include <vector>

#include "exec/device_printf.h"

namespace ppu::exec {
namespace {

class Args {
 public:
  template <class T>
  Args& add(T value) {
    while (bytes_.size() % sizeof(T)) bytes_.push_back(0x55);
    const char* p = reinterpret_cast<const char*>(&value);
    bytes_.insert(bytes_.end(), p, p + sizeof(T));
    return *this;
  }
  const char* data() const { return bytes_.data(); }

 private:
  std::vector<char> bytes_;
};

TEST(DevicePrintf, FormatsEveryConversion) {
  EXPECT_EQ(format_printf("plain 100%%\n", nullptr), "plain 100%\n");
  EXPECT_EQ(format_printf("%d %5d|%-5d|%05d", Args().add(1).add(-2).add(3).add(4).data()),
            "1    -2|3    |00004");
  EXPECT_EQ(format_printf("%u %x %X %o", Args().add(4000000000u).add(255).add(255).add(8).data()),
            "4000000000 ff FF 10");
  EXPECT_EQ(format_printf("%d %ld %lld", Args().add(1).add(int64_t(1) << 40).add(int64_t(-5)).data()),
            "1 1099511627776 -5");
  EXPECT_EQ(format_printf("%f %.2e %g", Args().add(1.5).add(12345.678).add(0.1).data()),
            "1.500000 1.23e+04 0.1");
  EXPECT_EQ(format_printf("%c%c", Args().add(int('h')).add(int('i')).data()), "hi");
  EXPECT_EQ(format_printf("%s|%5.2s|%s", Args().add("abc").add("xyz").add((const char*)nullptr).data()),
            "abc|   xy|(null)");
  EXPECT_EQ(format_printf("%*d|%.*f", Args().add(4).add(7).add(1).add(2.25).data()), "   7|2.2");
  EXPECT_EQ(format_printf("%p", Args().add((void*)0x1234).data()), "0x1234");
  EXPECT_EQ(format_printf("%hd %hhd", Args().add(65537).add(257).data()), "1 1");
  EXPECT_EQ(format_printf("%y %d", Args().add(3).data()), "%y 3");
  EXPECT_EQ(format_printf("%600d", Args().add(1).data()).size(), 600u);
}

TEST(DevicePrintf, CountsConversions) {
  EXPECT_EQ(check_printf("a %d %% %s\n", Args().add(1).add("x").data()), 2);
  EXPECT_EQ(check_printf(nullptr, nullptr), -1);
}

TEST(DevicePrintf, TheBufferKeepsTheNewestLines) {
  PrintfBuffer buffer;
  buffer.set_limit(30);
  for (int i = 0; i < 10; i++) buffer.append("line " + std::to_string(i) + "\n");
  testing::internal::CaptureStdout();
  buffer.flush();
  EXPECT_EQ(testing::internal::GetCapturedStdout(), "line 6\nline 7\nline 8\nline 9\n");
  EXPECT_TRUE(buffer.empty());
}

}  // namespace
}  // namespace ppu::exec

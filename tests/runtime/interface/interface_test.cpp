// Our headers against a toolkit's. That driver_rows.cpp and runtime_rows.cpp compile is part of the test.
#include <gtest/gtest.h>

#include <sstream>
#include <string>
#include <vector>

std::string driver_layout_ours();
std::string driver_layout_theirs();
std::string runtime_layout_ours();
std::string runtime_layout_theirs();

namespace {

std::vector<std::string> lines(const std::string& text) {
  std::vector<std::string> out;
  std::istringstream in(text);
  for (std::string line; std::getline(in, line);) out.push_back(line);
  return out;
}

void expect_same(const std::string& ours, const std::string& theirs, size_t at_least) {
  const auto a = lines(ours);
  const auto b = lines(theirs);
  ASSERT_EQ(a.size(), b.size());
  EXPECT_GE(a.size(), at_least) << "the list of things to compare was not generated";
  for (size_t i = 0; i < a.size(); ++i) EXPECT_EQ(a[i], b[i]);
}

TEST(Interface, DriverLayoutsAndNumbers) {
  expect_same(driver_layout_ours(), driver_layout_theirs(), 950);
}

TEST(Interface, RuntimeLayoutsAndNumbers) {
  expect_same(runtime_layout_ours(), runtime_layout_theirs(), 600);
}

}  // namespace

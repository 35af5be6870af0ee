// Quotas of control groups, both versions, on a made-up tree.
#include "exec/cpu_limits.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

namespace ppu::exec {
namespace {

class CpuLimits : public testing::Test {
 protected:
  void SetUp() override {
    char name[] = "/tmp/openppu-cgroup-XXXXXX";
    ASSERT_NE(mkdtemp(name), nullptr);
    root = name;
  }
  void TearDown() override { std::filesystem::remove_all(root); }
  void write(const std::string& path, const char* text) {
    const std::filesystem::path file = root + "/" + path;
    std::filesystem::create_directories(file.parent_path());
    std::ofstream(file) << text;
  }
  std::string root;
};

TEST_F(CpuLimits, NoQuotaIsNoLimit) {
  EXPECT_EQ(cgroup_cpus("", root), 0u);
  EXPECT_EQ(cgroup_cpus("0::/a/b\n", root), 0u);
  write("a/cpu.max", "max 100000\n");
  EXPECT_EQ(cgroup_cpus("0::/a/b\n", root), 0u);
}

TEST_F(CpuLimits, TheSmallestQuotaOfAllGroupsAboveCounts) {
  write("cpu.max", "800000 100000\n");
  write("a/cpu.max", "250000 100000\n");
  write("a/b/cpu.max", "max 100000\n");
  EXPECT_EQ(cgroup_cpus("0::/a/b\n", root), 3u);
  EXPECT_EQ(cgroup_cpus("0::/\n", root), 8u);
  EXPECT_EQ(cgroup_cpus("0::/not/mounted/here\n", root), 8u);
}

TEST_F(CpuLimits, VersionOneHasATreeAController) {
  write("cpu,cpuacct/job/cpu.cfs_quota_us", "150000\n");
  write("cpu,cpuacct/job/cpu.cfs_period_us", "100000\n");
  write("cpu,cpuacct/free/cpu.cfs_quota_us", "-1\n");
  write("cpu,cpuacct/free/cpu.cfs_period_us", "100000\n");
  EXPECT_EQ(cgroup_cpus("5:memory:/job\n4:cpu,cpuacct:/job\n", root), 2u);
  EXPECT_EQ(cgroup_cpus("4:cpu,cpuacct:/free\n", root), 0u);
  EXPECT_EQ(cgroup_cpus("5:memory:/job\n3:cpuset:/job\n", root), 0u);
}

}  // namespace
}  // namespace ppu::exec

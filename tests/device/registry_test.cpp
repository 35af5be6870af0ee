// The record of processes: seen by others, gone with the process, however it ends.
#include "device/registry.h"

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstdlib>

namespace ppu::device {
namespace {

const ProcessUse* find(const std::vector<ProcessUse>& all, pid_t pid) {
  for (const ProcessUse& u : all)
    if (u.pid == pid) return &u;
  return nullptr;
}

TEST(Registry, AKilledProcessDisappears) {
  char directory[] = "/tmp/ppu-registry-test-XXXXXX";
  ASSERT_NE(mkdtemp(directory), nullptr);
  setenv("XDG_RUNTIME_DIR", directory, 1);
  int ready[2];
  ASSERT_EQ(pipe(ready), 0);
  const pid_t child = fork();
  if (child == 0) {
    registry_open(0);
    registry_set_used(0, 12345);
    [[maybe_unused]] const ssize_t n = write(ready[1], "x", 1);
    pause();
    _exit(0);
  }
  char c;
  ASSERT_EQ(read(ready[0], &c, 1), 1);
  std::vector<ProcessUse> all = registry_read();
  const ProcessUse* use = find(all, child);
  ASSERT_NE(use, nullptr);
  EXPECT_EQ(use->used[0], 12345u);
  EXPECT_TRUE(use->open[0]);
  EXPECT_FALSE(use->open[1]);
  EXPECT_FALSE(use->name.empty());
  kill(child, SIGKILL);
  waitpid(child, nullptr, 0);
  all = registry_read();
  EXPECT_EQ(find(all, child), nullptr);
  [[maybe_unused]] const int rc = std::system((std::string("rm -rf ") + directory).c_str());
}

}  // namespace
}  // namespace ppu::device

// See cpu_limits.h. Version 2 of control groups has one tree ("0::/path", cpu.max), version 1 one a
// controller
// ("4:cpu,cpuacct:/path", cpu.cfs_quota_us). In a container the path may be the host's, which isn't mounted
// there: then the mounted root is the container's own group.
#include "exec/cpu_limits.h"

#include <sched.h>

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <sstream>

#include "exec/pool.h"

namespace ppu::exec {
namespace {

std::string read_text(const std::string& path) {
  std::ifstream in(path);
  std::stringstream text;
  text << in.rdbuf();
  return text.str();
}

uint32_t cpus_of(double quota, double period) {
  return quota > 0 && period > 0 ? uint32_t(std::max(1.0, (quota + period - 1) / period)) : 0;
}

/// The quota of one group; 0 if it has none.
uint32_t group_cpus(const std::string& folder) {
  std::istringstream text(read_text(folder + "/cpu.max"));
  double quota = 0, period = 0;
  if (text >> quota >> period) return cpus_of(quota, period);  // "max" isn't a number
  std::istringstream(read_text(folder + "/cpu.cfs_quota_us")) >> quota;
  std::istringstream(read_text(folder + "/cpu.cfs_period_us")) >> period;
  return cpus_of(quota, period);
}

/// The least of a group and those above it.
uint32_t least_cpus(const std::string& mount, std::string path) {
  uint32_t least = 0;
  while (true) {
    if (const uint32_t cpus = group_cpus(mount + path)) least = least ? std::min(least, cpus) : cpus;
    if (path.empty()) return least;
    path.erase(path.find_last_of('/') == path.npos ? 0 : path.find_last_of('/'));
  }
}

}  // namespace

uint32_t cgroup_cpus(const std::string& membership, const std::string& mount) {
  uint32_t least = 0;
  std::istringstream lines(membership);
  for (std::string line; std::getline(lines, line);) {
    const size_t first = line.find(':'), second = line.find(':', first + 1);
    if (first == line.npos || second == line.npos) continue;
    const std::string controllers = line.substr(first + 1, second - first - 1);
    const std::string path = line.substr(second + 1) == "/" ? "" : line.substr(second + 1);
    const bool unified = controllers.empty();
    if (!unified && ("," + controllers + ",").find(",cpu,") == std::string::npos) continue;
    const uint32_t cpus = least_cpus(unified ? mount : mount + "/" + controllers, path);
    if (cpus) least = least ? std::min(least, cpus) : cpus;
  }
  return least;
}

uint32_t worker_count() {
  if (const char* env = std::getenv("PPU_WORKERS")) {
    const long n = std::atol(env);
    if (n >= 1 && n <= 1024) return uint32_t(n);
  }
  cpu_set_t set;
  uint32_t cpus = 1;
  if (::sched_getaffinity(0, sizeof set, &set) == 0) cpus = uint32_t(std::max(1, CPU_COUNT(&set)));
  if (const uint32_t quota = cgroup_cpus(read_text("/proc/self/cgroup"), "/sys/fs/cgroup"))
    cpus = std::min(cpus, quota);
  return cpus;
}

}  // namespace ppu::exec

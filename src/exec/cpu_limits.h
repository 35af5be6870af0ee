// How many CPUs this process may use.
#pragma once
#include <cstdint>
#include <string>

namespace ppu::exec {

/// CPUs that the quotas of a control group and all groups above it allow, rounded up; 0: no limit.
/// `membership` is the text of /proc/self/cgroup, `mount` where the group tree is mounted (usually
/// /sys/fs/cgroup).
uint32_t cgroup_cpus(const std::string& membership, const std::string& mount);

}  // namespace ppu::exec

// Who uses the devices: one small file a process in a directory only this user can write, read by `ppu smi`
// and NVML. Survives crashes: a file whose process is gone (or whose pid now belongs to another) is ignored
// and removed by the next reader.
#pragma once
#include <sys/types.h>

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace ppu::device {

constexpr int kRegistryDevices = 16;

/// What one process says about itself.
struct ProcessUse {
  pid_t pid = 0;
  std::string name;                      ///< command name
  uint64_t used[kRegistryDevices] = {};  ///< bytes of device memory
  bool open[kRegistryDevices] = {};      ///< has a context on the device
  uint64_t launches = 0;                 ///< kernels started so far
  uint64_t busy_ns = 0;                  ///< time with at least one grid running, reserved
};

/// Makes this process visible. Cheap to call again. No effect when no directory is writable.
void registry_open(int device);
void registry_set_used(int device, uint64_t bytes);
void registry_count_launch();
/// In the child after fork: the parent's record isn't the child's.
void registry_forget();

/// All live processes of this user that have a context.
std::vector<ProcessUse> registry_read();

}  // namespace ppu::device

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

/// What a device can be busy with.
enum class Activity { kKernels, kCopies };
constexpr int kActivities = 2;

/// What one process says about itself.
struct ProcessUse {
  pid_t pid = 0;
  std::string name;                      ///< command name
  uint64_t used[kRegistryDevices] = {};  ///< bytes of device memory
  bool open[kRegistryDevices] = {};      ///< has a context on the device
  uint64_t launches = 0;                 ///< kernels started so far
  /// By device and Activity, measured on the host: nanoseconds with at least one at work since the process
  /// began, and the share of the last second.
  uint64_t busy_ns[kRegistryDevices][kActivities] = {};
  double busy_share[kRegistryDevices][kActivities] = {};
};

/// Makes this process visible. Cheap to call again. No effect when no directory is writable.
void registry_open(int device);
void registry_set_used(int device, uint64_t bytes);
void registry_count_launch();
/// Around each kernel and each larger copy, from any thread.
void registry_begins(int device, Activity activity);
void registry_ends(int device, Activity activity);
/// In the child after fork: the parent's record isn't the child's.
void registry_forget();

/// The directory that the records are in, made if need be; empty when there is none that is this user's
/// alone.
std::string registry_folder();

/// All live processes of this user that have a context.
std::vector<ProcessUse> registry_read();

}  // namespace ppu::device

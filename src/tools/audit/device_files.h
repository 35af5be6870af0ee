// Programs look for NVIDIA's device files before they ask a driver (JAX does not load its CUDA plugin without
// one). On a machine without them stat(2) and access(2) answer for them as for /dev/null, so that the driver
// is asked; opening one fails as before.
#pragma once
#include <link.h>

namespace ppu::audit {

/// Makes a just mapped libc answer so. Call before any of its code runs. Changes nothing when the system
/// forbids changes to code or the functions aren't there (a libc other than glibc 2.33 or later).
void show_device_files(const struct link_map* libc);

}  // namespace ppu::audit

// The device behind an NVML handle.
#pragma once
#include "nvml/nvml.h"

namespace ppu::device {
struct Device;
}

namespace ppu::nvml {

/// Null when the library isn't initialised or the handle is none of ours, with the code to answer.
device::Device* find(nvmlDevice_t handle, nvmlReturn_t* result);

}  // namespace ppu::nvml

// The driver's table of what it tells tools (base/activity.h).
#pragma once
#include "base/activity.h"

namespace ppu::cupti {

/// Null when the driver in this process isn't ours.
const activity::Interface* driver();

}  // namespace ppu::cupti

// Host functions in streams (cuLaunchHostFunc, cuStreamAddCallback, host nodes of graphs).
#pragma once
#include "device/operation.h"

namespace ppu::device {

/// Runs `function(user)` on the host thread when `stream` comes to it. Unless `always`, it is left out in a
/// context that has failed.
void submit_host_function(Stream& stream, CUhostFn function, void* user, bool always);

}  // namespace ppu::device

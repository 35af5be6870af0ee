// Does a lane of this kernel wait for another lane of its warp that has gone another way? Then the warp can't
// run as one: see narrow.h. Conservative towards speed only where the PTX memory model lets it be: a lane is
// taken to signal by atomic and volatile (relaxed, release) stores; weak ones that race are undefined there.
#pragma once
#include <string>

#include "simt/shape.h"

namespace ppu::simt {

/// The reason in words; empty if lanes never wait for each other. `shapes`: of the kernel, without gang.
std::string lanes_wait(const ShapeAnalysis& shapes);

}  // namespace ppu::simt

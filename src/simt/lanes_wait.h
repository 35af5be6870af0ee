// Does a lane of this kernel wait for another lane of its warp that has gone another way? Then the warp can't
// run as one: see narrow.h. Conservative towards speed only where the PTX memory model lets it be: a lane is
// taken to signal by atomic and volatile (relaxed, release) stores; weak ones that race are undefined there.
#pragma once
#include <string>

#include "simt/shape.h"

namespace ppu::simt {

struct LanesWait {
  std::string why;  ///< in words; empty if lanes never wait for each other
  bool surely =
      false;  ///< in lockstep they compute something else; else a loop that polls, and might end by itself
};

/// `shapes`: of the kernel, without gang.
LanesWait lanes_wait(const ShapeAnalysis& shapes);

}  // namespace ppu::simt

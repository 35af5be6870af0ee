// The time of a collective among chips: links, PCIe where a chip has none, or the network between servers.
// Not here: which collectives a model needs (src/workload).
#pragma once
#include "chip/predict.h"

namespace ppu::chip {

/// Seconds of one execution of a collective op, from the latest rank's start. 0 for one rank.
double collective_seconds(const Op& op, const Numbers& chip);

/// Bytes a second that one chip sends to its neighbours, in one direction, before any efficiency.
double link_rate(const Numbers& chip, bool between_nodes);

}  // namespace ppu::chip

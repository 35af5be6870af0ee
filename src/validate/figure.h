// What a row asks for and in which unit: its metric and unit as one figure in SI units. Not here: how the
// figure is predicted (row_kinds.h).
#pragma once
#include "base/result.h"
#include "validate/row.h"

namespace ppu::validate {

enum class Figure {
  kLatency,         ///< s, of a kernel, an image, a whole request
  kTtft,            ///< s
  kTpot,            ///< s, between tokens of one answer
  kOutputRate,      ///< tokens/s made
  kInputRate,       ///< tokens/s of prompts
  kTotalRate,       ///< tokens/s of both
  kUserRate,        ///< tokens/s that one user sees
  kRequestRate,     ///< requests/s
  kItemRate,        ///< images, sentences, queries a second
  kStreams,         ///< of one item each, all within their interval
  kChipPower,       ///< W of the row's chips together
  kNodePower,       ///< W of the server at the plug
  kEnergyToken,     ///< J/token, chips only
  kEnergyItem,      ///< J/item or request, chips only
  kTokensPerJoule,  ///< chips only where the metric doesn't name the server
  kItemsPerJoule,
  kFlopRate,     ///< FLOP/s of a kernel
  kFlopShare,    ///< of the chip's peak
  kByteRate,     ///< bytes/s of a kernel or a collective
  kBusByteRate,  ///< the same as collectives' benchmarks count it
};

/// A figure with what makes the row's number of it: value in SI units / `unit`.
struct Asked {
  Figure figure = Figure::kLatency;
  double unit = 1;         ///< SI units in one of the row's
  double percentile = 0;   ///< 0.5, 0.9, 0.99 where the metric names one; 0: the mean
  bool per_chip = false;   ///< of one chip's share
  bool per_node = false;   ///< of one server's share
  bool of_server = false;  ///< power and energy at the plug
};

/// kUnsupported, with the row's words, for a metric or unit that is none of these.
Result<Asked> asked_of(const Row& row);

/// The name of a figure, for messages: "output tokens/s".
const char* name_of(Figure figure);

}  // namespace ppu::validate

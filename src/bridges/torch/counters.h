// Which operator ran how often and how: PPU_LOG=torch=info prints it at the end of the process,
// PPU_LOG=torch=debug a line a call, with shapes, types and bytes.
#pragma once
#include <atomic>
#include <cstdint>
#include <string>

#include "bridges/torch/torch_headers.h"

namespace ppu::bridge {

/// How an operator is carried out.
enum class Way : uint8_t {
  kDelegated,  ///< by the wheel's CPU kernel
  kOwn,        ///< by a function of ours: the wheel has no CPU kernel for it
  kUpcast,     ///< by the wheel's CPU kernel in a wider type: it has none for this one
};

/// One operator that the bridge took over. Lives until the process ends.
struct OperatorCounter {
  std::string name;
  std::atomic<uint64_t> calls[3] = {};
};

/// A new counter for the operator `name`.
OperatorCounter* add_counter(std::string name);

/// Counts a result that had to be copied because its memory wasn't device memory.
void count_copy(size_t bytes);

/// True when each call shall be logged.
bool calls_are_logged();

/// Logs one call: its name and what it was given.
void log_call(const OperatorCounter& counter, Way way, at::ArrayRef<c10::IValue> arguments);

/// Arranges that the counters are printed when the process ends, if PPU_LOG asks for it.
void print_counters_at_exit();

}  // namespace ppu::bridge

// A kernel in the form the interpreter runs: names replaced by places, constants by bits. Made once a kernel.
#pragma once
#include <array>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/result.h"
#include "exec/kernel_image.h"
#include "isa/host_table.h"
#include "ptx/profile_plan.h"
#include "ptx/ptx.h"
#include "ptx/texture_access.h"
#include "ptx/tree.h"

namespace ppu::ref {

class WarpRun;
struct Op;

/// Runs `op` for the lanes of `mask`. Returns the lanes that are done with it: their program counter then
/// moves on (unless the function set it); the others stay and wait.
using OpFunction = uint32_t (*)(WarpRun& warp, const Op& op, uint32_t mask);

/// An operand.
struct Arg {
  enum class Kind : uint8_t {
    kNone,        ///< left out
    kReg,         ///< slot
    kConst,       ///< value (and high, for 128 bits)
    kSpecial,     ///< special, value
    kGlobal,      ///< LaunchArgs::globals[slot] + value
    kLocal,       ///< this frame's local memory + value
    kFrame,       ///< this frame's parameter memory + value: .param variables, parameters of functions
    kEntryParam,  ///< LaunchArgs::params + value
    kAddress,     ///< elements[0] + value
    kVector,
    kList,
    kPair,
    kSink,
  };
  Kind kind = Kind::kNone;
  bool negated = false;
  bool part_signed = false;
  uint8_t part_bits = 0, part_shift = 0;  ///< kReg: only this much of it, if not 0; widened to 32 bits
  uint8_t bits = 0;                       ///< of a register; 1 for predicates
  uint32_t slot = 0;  ///< register: index into the frame's 64-bit slots (128-bit registers have two)
  int64_t value = 0;
  uint32_t bytes = 0;  ///< kFrame, kEntryParam: of the variable, behind `value`
  ptx::Special special = ptx::Special::kCount;
  ptx::Space space = ptx::Space::kNone;  ///< of a variable's address
  std::vector<Arg> elements;
};

struct Op {
  uint16_t row = 0;
  OpFunction run = nullptr;          ///< null: element row
  std::optional<isa::HostOp> value;  ///< of an element row
  isa::Mods mods;
  std::array<isa::Type, 4> types{};
  isa::Type type;  ///< types[0]
  int lanes = 1;   ///< of .v2 .v4 .v8
  ptx::Space space = ptx::Space::kNone;
  int32_t guard = -1;  ///< slot
  bool guard_negated = false;
  bool writes_carry = false;
  uint8_t num_dests = 0;                              ///< leading operands that are results
  std::vector<Arg> args;                              ///< as in the tree
  std::vector<int32_t> targets;                       ///< bra: one; brx: the table
  int32_t callee = -1;                                ///< direct call: index into Program::functions, or -1
  int builtin = 0;                                    ///< Builtin, if not 0
  std::shared_ptr<const ptx::TextureAccess> texture;  ///< of a texture or surface instruction
  bool spins = false;                                 ///< a loop around it may wait for another thread
  ptx::SourcePos pos;
  uint64_t place = 0;  ///< exec::CheckPlace without what it does; 0 unless made to check
};

enum Builtin { kNotBuiltin, kVprintf, kAssertFail, kMalloc, kFree, kDeviceCallBuiltin };

/// Where a function's parameters and results live in its frame's parameter memory.
struct Place {
  uint32_t offset = 0, bytes = 0;
  int32_t slot = -1;  ///< a parameter in .reg space: its register
};

struct Code {
  std::string name;
  std::vector<Op> ops;
  std::vector<ptx::Work> work;  ///< parallel to `ops`; empty unless made to count
  std::vector<Place> params, results;
  uint32_t num_slots = 0;
  uint32_t frame_bytes = 0;  ///< parameter memory
  uint32_t local_bytes = 0;
  uint32_t dynamic_stack = 0;  ///< offset of the area of alloca in the frame's local memory
  bool has_body = false;
  bool short_local = false;  ///< ptx::has_short_local_addresses
};

struct Program {
  ptx::Module module;
  exec::KernelInfo info;
  std::vector<Code> functions;  ///< parallel to module.functions; unreachable ones empty
  int32_t kernel = -1;
  bool has_calls = false;
  uint32_t call_stack_bytes = exec::kCallStackBytes;
  std::vector<std::pair<uint32_t, uint64_t>> const_variables;  ///< places in info.globals, bytes
  int32_t const_anchor = -1;  ///< in info.globals: a .const variable, close to all others of that space
  bool checked = false;       ///< tells LaunchServices::checker what it does
};

Result<std::unique_ptr<Program>> make_program(const ptx::Module& module, const std::string& kernel,
                                              bool count, bool check = false,
                                              uint32_t call_stack_bytes = exec::kCallStackBytes);

/// The function of an OP row, or null for element rows.
OpFunction op_function(uint16_t row);

}  // namespace ppu::ref

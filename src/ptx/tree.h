// The PTX tree: what the parser makes of a module's text, and the only form the rest of OpenPPU sees.
// Values, no inheritance. Names keep PTX's spelling. See PTX ISA, "State Spaces, Types, and Variables".
#pragma once
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "isa/table.h"
#include "isa/type.h"

namespace ppu::ptx {

/// Where something stood in the text. No part of its meaning, so any two positions compare equal.
struct SourcePos {
  uint32_t line = 0;    ///< 1-based line of the PTX text
  uint32_t column = 0;  ///< 1-based
  bool operator==(const SourcePos&) const { return true; }
};

/// Instruction::row of an instruction that is legal PTX but has no row: its use fails by name.
constexpr uint16_t kNoRow = 0xffff;

enum class Space : uint8_t { kNone, kReg, kParam, kGlobal, kShared, kLocal, kConst, kTex };

/// Special registers (PTX ISA, "Special Registers"), read by mov.
enum class Special : uint8_t {
  kTidX,
  kTidY,
  kTidZ,
  kNtidX,
  kNtidY,
  kNtidZ,
  kCtaidX,
  kCtaidY,
  kCtaidZ,
  kNctaidX,
  kNctaidY,
  kNctaidZ,
  kLaneid,
  kWarpid,
  kNwarpid,
  kSmid,
  kNsmid,
  kGridid,
  kLanemaskEq,
  kLanemaskLe,
  kLanemaskLt,
  kLanemaskGe,
  kLanemaskGt,
  kClock,
  kClockHi,
  kClock64,
  kGlobaltimer,
  kGlobaltimerLo,
  kGlobaltimerHi,
  kDynamicSmemSize,
  kTotalSmemSize,
  kCurrentGraphExec,
  kEnvreg,  ///< kEnvreg: number in Operand::value
  kPm,
  kPm64,
  kIsExplicitCluster,
  kClusterId,  ///< kPm, kPm64, kClusterId: number in Operand::value
  kCount
};

/// A virtual register of a function; Operand::index points into Function::registers.
struct Register {
  std::string name;  ///< "%r12"; unique in the function
  isa::Type type;
  bool operator==(const Register&) const = default;
};

/// A variable in any space but reg: module scope (.global, .const, .shared) or function scope.
struct Variable {
  std::string name;
  Space space = Space::kNone;
  isa::Type type;      ///< element type
  uint64_t count = 1;  ///< elements, all dimensions multiplied; 0 for `[]` (extern shared)
  uint32_t align = 0;  ///< bytes, never 0 after parsing
  bool is_extern = false, is_visible = false, is_weak = false, is_common = false, is_managed = false;
  bool is_array = false;
  /// Little-endian bytes, shorter than size() when the rest is zero.
  std::vector<uint8_t> init;
  /// Addresses inside `init`: at `offset`, the address of `symbol` + addend (generic(...) or function name);
  /// bytes (1..8) are written after shifting right by `shift` (PTX mask() operator), normally 8 and 0.
  struct Reloc {
    uint64_t offset;
    std::string symbol;
    int64_t addend = 0;
    uint8_t bytes = 8, shift = 0;
    bool generic = false;
    bool operator==(const Reloc&) const = default;
  };
  std::vector<Reloc> relocs;
  SourcePos pos;
  bool operator==(const Variable&) const = default;
  uint64_t size() const { return count * uint64_t((type.total_bits() + 7) / 8); }  ///< bytes
};

struct Operand {
  enum class Kind : uint8_t {
    kNone,
    kReg,      ///< index = register; negated = `!p`, or vmad's `-r` until it became a modifier
    kImm,      ///< integer immediate in value (sign-extended); also hex float immediates: see is_float
    kSpecial,  ///< special register
    kSymbol,   ///< variable, function or parameter name in symbol, + value as byte offset
    kAddress,  ///< [base + value]: elements[0] is kReg, kSymbol or kImm; absolute address if kImm
    kVector,   ///< {a, b, ...} in elements
    kLabel,    ///< branch target: index = instruction index in Function::body
    kSink,     ///< _
    kTargets,  ///< brx.idx table: elements are kLabel (resolved), symbol its name
    kArgs,     ///< call argument or return list "(a, b)" in elements
    kPair,     ///< `p|q` destination: elements[0], elements[1] (each kReg or kSink)
  };
  Kind kind = Kind::kNone;
  bool is_float =
      false;  ///< kImm: value holds the bits of a float written in the source (f64 bits if is_double)
  bool is_double = false;  ///< kImm: written as 0d... or decimal: value holds f64 bits; 0f...: f32 bits
  bool negated = false;
  uint8_t part = 0;  ///< of a 32-bit register, a source of a video instruction: 1..4 .b0...b3, 5, 6 .h0 .h1
  int part_bits() const { return part == 0 ? 32 : part <= 4 ? 8 : 16; }
  int part_shift() const { return part == 0 ? 0 : part <= 4 ? 8 * (part - 1) : 16 * (part - 5); }
  int32_t index = -1;
  Special special = Special::kCount;
  int64_t value = 0;
  std::string symbol;
  std::vector<Operand> elements;
  bool operator==(const Operand&) const = default;
};

/// `call` always has operands {kArgs results, callee (kSymbol or kReg), kArgs arguments} and, if indirect, a
/// fourth: kSymbol naming the .callprototype, or kTargets listing functions as kSymbol. `brx.idx`: {index,
/// kTargets}.
struct Instruction {
  uint16_t row = 0;  ///< index into isa::table(), or kNoRow
  isa::Mods mods;
  std::string opcode;  ///< as written, only if row is kNoRow
  int32_t guard = -1;  ///< register index of `@p`, or -1
  bool guard_negated = false;
  std::vector<Operand> operands;  ///< in source order, destination first
  SourcePos pos;
  bool operator==(const Instruction& o) const {
    return row == o.row && mods.got == o.mods.got && opcode == o.opcode && guard == o.guard &&
           guard_negated == o.guard_negated && operands == o.operands;
  }
};

/// A function with `alloca` in it gets a local variable of this name for it to take from: src/ptx adds it.
/// More than its size ends the launch: the stack is full.
constexpr const char* kDynamicStack = "__ppu_dynamic_stack";
constexpr uint64_t kDynamicStackBytes = 16 << 10, kStackAlign = 8;

/// Which instructions of a function a line of the program's source became (.loc): from `instruction` on, up
/// to the next entry. No part of its meaning, so any two are equal.
struct SourceLines {
  struct Entry {
    int32_t instruction = 0;
    uint32_t file = 0, line = 0;  ///< Module::files
  };
  std::vector<Entry> entries;
  const Entry* of(size_t instruction) const {
    const Entry* found = nullptr;
    for (const Entry& e : entries)
      if (size_t(e.instruction) <= instruction) found = &e;
    return found;
  }
  bool operator==(const SourceLines&) const { return true; }
};

/// A .func/.entry, or a .callprototype (then body is empty and name is the prototype's label).
struct Function {
  std::string name;
  bool is_entry = false, is_extern = false, is_visible = false, is_weak = false, noreturn = false;
  bool has_body = false;
  std::vector<Variable> results;  ///< .func (r) : space kReg or kParam
  std::vector<Variable> params;   ///< in order; entry parameters are laid out by param_offsets()
  std::vector<Register> registers;
  std::vector<Variable> locals;  ///< function-scope .local/.shared/.param/.global/.const, names made unique
  std::vector<Instruction> body;
  std::map<std::string, int32_t> labels;       ///< to instruction index (may equal body.size())
  std::map<std::string, Function> prototypes;  ///< .callprototype labels local to this function
  /// Performance directives, 0 if absent (PTX ISA "Performance-Tuning Directives").
  uint32_t maxntid[3] = {0, 0, 0}, reqntid[3] = {0, 0, 0}, minnctapersm = 0, maxnreg = 0, maxnctapersm = 0;
  /// body indices of loop headers under `.pragma "nounroll"`.
  std::vector<int32_t> nounroll;
  SourceLines source;
  SourcePos pos;
  bool operator==(const Function&) const = default;
};

struct Module {
  std::string name;  ///< for messages; "ptx" if unknown
  int version_major = 0, version_minor = 0;
  std::string target;  ///< "sm_80"
  int address_size = 64;
  std::vector<Variable> variables;
  std::vector<Function> functions;
  std::map<std::string, Function> prototypes;
  std::map<uint32_t, std::string> files;       ///< .file: names by the numbers in SourceLines
  std::map<std::string, std::string> aliases;  ///< .alias name, aliasee: another name of a function
  const Function* find_function(const std::string& name) const;
  const Variable* find_variable(const std::string& name) const;
  /// All but `name` and `files`.
  bool operator==(const Module& o) const {
    return version_major == o.version_major && version_minor == o.version_minor && target == o.target &&
           address_size == o.address_size && variables == o.variables && functions == o.functions &&
           prototypes == o.prototypes && aliases == o.aliases;
  }
};

/// Byte offset of each parameter in the entry's parameter block (natural alignment in order), and its size.
struct ParamLayout {
  std::vector<uint32_t> offsets, sizes;
  uint32_t total = 0;
};
ParamLayout param_layout(const Function& entry);

}  // namespace ppu::ptx

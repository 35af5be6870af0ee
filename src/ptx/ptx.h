// Reading, printing and linking PTX. The only reader of PTX text.
#pragma once
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "ptx/tree.h"

namespace ppu::ptx {

/// Parses one module. `name` appears in messages: "name:41:7: expected a register, found ';'".
/// Errors: kBadInput (syntax, undeclared names, types that don't fit the row), kUnsupported (an instruction
/// that is legal PTX but has no row: message names it, and the target seen).
Result<Module> parse(std::string_view text, std::string_view name = "ptx");

/// PTX text that parses back to an equal tree.
std::string print(const Module& module);

/// Whether `f` holds addresses of its .local variables in 32-bit registers (LLVM's short pointers, as Triton
/// has them): the low half of the address. Its cvta.local then gets a value whose high half is missing.
bool has_short_local_addresses(const Function& f);

/// What `kernel` may use, as indices into Module::functions and Module::variables, ascending: itself,
/// functions it may call or take the address of, and variables, through initialisers too. Empty if there is
/// no such kernel.
struct Reach {
  std::vector<int32_t> functions, variables;
};
Reach reachable(const Module& module, const std::string& kernel);

/// Offsets of the 8-byte words in the kernel's parameter block that may become addresses in it, in order.
std::vector<uint32_t> pointer_words(const Function& entry);

/// A function's address in kernels: not zero, the same in every kernel of the module, not a host address.
inline uint64_t function_id(int32_t index) {
  return 16 * (uint64_t(index) + 1);
}

/// The part of the module that `kernel` needs (itself, functions it may call or take the address of,
/// variables), printed in a canonical order: the text the object cache hashes.
std::string print_reachable(const Module& module, const std::string& kernel);

/// The functions whose address `kernel` may take, with their indices, one a line: compiled code holds their
/// ids, which the printed text doesn't tell.
std::string function_numbers(const Module& module, const std::string& kernel);

/// Links the pieces of a relocatable program (-rdc=true): extern symbols are bound to their definition, weak
/// and common ones merged, file-local (.visible-less) names made unique. kBadInput on duplicate or missing
/// ones.
Result<Module> link(std::span<const Module> pieces);

}  // namespace ppu::ptx

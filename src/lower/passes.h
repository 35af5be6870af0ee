// What the general LLVM passes can't do to freshly lowered IR: passes that know the ppu.* calls.
#pragma once
#include <cstdint>
#include <string>

namespace llvm {
class Function;
class Module;
}  // namespace llvm

namespace ppu::lower {

/// Memory and convergence attributes of an external `ppu.*` function, and the value range of thread ids.
void set_intrinsic_attributes(llvm::Function& function, const uint32_t block[3]);

/// After inlining: `ppu.exit` in the kernel becomes its return.
void finish_exits(llvm::Module& module, const std::string& kernel);

/// Loops that share a header, as nested ones that begin at one label do, get a header each. Registers must
/// still be stack slots: headers with phis are left alone.
void separate_loops(llvm::Module& module);

/// Copies of the kernel for the sizes that make the number of rounds of such loops a constant.
void copy_for_sizes(llvm::Module& module, const std::string& kernel);

/// Asks LLVM for a copy of each round of loops with barriers whose counter doubles or halves.
void mark_rounds(llvm::Module& module);

/// Removes `ppu.check.align(0, _)` and checks that a dominating one has already made; moves checks of values
/// that a loop doesn't change out of it, when the loop's first iteration always makes them.
void fold_align_checks(llvm::Module& module);

/// Stack slots that SROA had to leave (indexed at run time) move to .local memory; updates "ppu.local.bytes"
/// of the kernel and replaces ppu.local.size. Returns the bytes of .local memory a thread needs, a multiple
/// of 16; `call_stack_bytes` of it are for functions that aren't inlined, if there are any.
uint32_t finish_local_memory(llvm::Module& module, const std::string& kernel, uint32_t call_stack_bytes);

/// Makes the loads volatile by which a loop waits for another thread without saying so: `while (__ldcg(p) ==
/// 0);` and `while (*p == 0) __threadfence();`. Before anything moves loads out of loops, behind mem2reg.
void keep_polls(llvm::Module& module);

/// Puts ppu.yield into loops that wait for another thread: those left by a volatile load, or an atomic
/// operation that tries the same thing again. Warps (and blocks) of one worker would else wait for ever.
void mark_spin_loops(llvm::Module& module);

/// Replaces the calls of `ppu.ftz.f32` that .ftz instructions make by what they do, and drops those of values
/// that can't be subnormal: of three operands and a result, usually one flush is left.
void lower_flushes(llvm::Module& module);

}  // namespace ppu::lower

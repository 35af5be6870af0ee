// Loads, stores, mov, address conversions, copies. PTX ISA, "Data Movement and Conversion Instructions".
#include <cstring>

#include "ref/ops.h"

namespace ppu::ref {
namespace {

uint32_t bytes_of(isa::Type t) {
  return uint32_t(t.total_bits() + 7) / 8;
}

/// The element operands of `{a, b}`, or the operand itself.
const Arg* elements_of(const Arg& a, size_t& count) {
  if (a.kind != Arg::Kind::kVector) {
    count = 1;
    return &a;
  }
  count = a.elements.size();
  return a.elements.data();
}

using Wide = unsigned __int128;

uint64_t mask_bits(uint64_t v, int bits) {
  return bits >= 64 ? v : v & ((uint64_t(1) << bits) - 1);
}

}  // namespace

uint32_t ref_ld(WarpRun& warp, const Op& op, uint32_t mask) {
  const uint32_t bytes = bytes_of(op.type);
  size_t count = 0;
  const Arg* dests = elements_of(op.args[0], count);
  for_lanes(warp, mask, [&](Lane& lane) {
    alignas(16) uint8_t data[128] = {};
    const uint64_t address = warp.address(lane, op, op.args[1]);
    warp.check_align(lane, address, uint32_t(bytes * count));
    warp.load(lane, op, address, data, uint32_t(bytes * count));
    for (size_t k = 0; k < count; k++) {
      Wide v = 0;
      memcpy(&v, data + k * bytes, bytes);
      if (bytes == 16)
        warp.write128(lane, dests[k], v);
      else
        warp.write(lane, dests[k], uint64_t(v), op.type);
    }
  });
  return mask;
}

uint32_t ref_st(WarpRun& warp, const Op& op, uint32_t mask) {
  const uint32_t bytes = bytes_of(op.type);
  size_t count = 0;
  const Arg* sources = elements_of(op.args[1], count);
  for_lanes(warp, mask, [&](Lane& lane) {
    alignas(16) uint8_t data[128] = {};
    for (size_t k = 0; k < count; k++) {
      const Wide v = warp.read128(lane, sources[k]);
      memcpy(data + k * bytes, &v, bytes);
    }
    const uint64_t address = warp.address(lane, op, op.args[0]);
    warp.check_align(lane, address, uint32_t(bytes * count));
    warp.store(lane, op, address, data, uint32_t(bytes * count));
  });
  return mask;
}

uint32_t ref_mov(WarpRun& warp, const Op& op, uint32_t mask) {
  const int bits = op.type.total_bits();
  size_t num_dests = 0, num_sources = 0;
  const Arg* dests = elements_of(op.args[0], num_dests);
  const Arg* sources = elements_of(op.args[1], num_sources);
  const int dest_bits = bits / int(num_dests), source_bits = bits / int(num_sources);
  for_lanes(warp, mask, [&](Lane& lane) {
    Wide v = 0;
    for (size_t k = 0; k < num_sources; k++) {
      Wide part = warp.read128(lane, sources[k]);
      if (source_bits < 128) part &= (Wide(1) << source_bits) - 1;
      v |= part << (source_bits * int(k));
    }
    for (size_t k = 0; k < num_dests; k++) {
      const Wide part = v >> (dest_bits * int(k));
      if (dest_bits == 128) {
        warp.write128(lane, dests[k], part);
      } else {
        const isa::Type type = num_dests == 1 ? op.type : isa::Type{isa::Kind::kB, uint8_t(dest_bits), 1};
        warp.write(lane, dests[k], mask_bits(uint64_t(part), dest_bits), type);
      }
    }
  });
  return mask;
}

/// Shared addresses are offsets in the block's window; all other spaces use host addresses, as generic ones
/// do.
uint32_t ref_cvta(WarpRun& warp, const Op& op, uint32_t mask) {
  const uint64_t base = uint64_t(warp.block->state->shared);
  const bool to = op.mods.has("to");
  for_lanes(warp, mask, [&](Lane& lane) {
    uint64_t v = warp.read(lane, op.args[1]);
    if (op.space == ptx::Space::kShared) v = to ? v - base : v + base;
    if (op.space == ptx::Space::kLocal && !to && warp.code(lane).short_local)
      v = WarpRun::whole_local_address(lane, v);
    warp.write(lane, op.args[0], mask_bits(v, op.type.bits), op.type);
  });
  return mask;
}

uint32_t ref_isspacep(WarpRun& warp, const Op& op, uint32_t mask) {
  const exec::BlockState& state = *warp.block->state;
  const exec::LaunchArgs& launch = *warp.block->launch;
  const Program& program = *warp.block->program;
  for_lanes(warp, mask, [&](Lane& lane) {
    const uint64_t v = warp.read(lane, op.args[1]);
    const auto within = [&](const void* base, uint64_t size) { return v - uint64_t(base) < size; };
    const bool shared = within(state.shared, launch.shared_bytes);
    const bool local = within(state.local, uint64_t(program.info.local_bytes) * launch.block[0] *
                                               launch.block[1] * launch.block[2]);
    const bool param =
        within(launch.params, ptx::param_layout(program.module.functions[size_t(program.kernel)]).total);
    bool constant = false;
    for (const auto& [slot, bytes] : program.const_variables) constant |= v - launch.globals[slot] < bytes;
    bool yes = false;
    switch (op.space) {
      case ptx::Space::kConst:
        yes = constant;
        break;
      case ptx::Space::kShared:
        yes = shared;
        break;
      case ptx::Space::kLocal:
        yes = local;
        break;
      case ptx::Space::kParam:
        yes = param;
        break;
      case ptx::Space::kGlobal:
        yes = !shared && !local && !param && !constant;
        break;
      default:
        break;
    }
    warp.write(lane, op.args[0], yes, {isa::Kind::kPred, 1, 1});
  });
  return mask;
}

uint32_t ref_createpolicy(WarpRun& warp, const Op& op, uint32_t mask) {
  for_lanes(warp, mask, [&](Lane& lane) { warp.write(lane, op.args[0], 0, op.type); });
  return mask;
}

uint32_t ref_nop(WarpRun&, const Op&, uint32_t mask) {
  return mask;
}

}  // namespace ppu::ref

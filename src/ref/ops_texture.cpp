// Textures and surfaces: operands gathered for the warp, the work done by the executor's sampler, which is
// the same for both engines (exec/texture_abi.h).
#include <cstring>

#include "ptx/texture_access.h"
#include "ref/ops.h"

namespace ppu::ref {
namespace {

using exec::TextureAction;

const Arg& arg_at(const Op& op, ptx::OperandPath path) {
  const Arg* a = &op.args[size_t(path.operand)];
  if (path.element >= 0) a = &a->elements[size_t(path.element)];
  if (path.sub >= 0) a = &a->elements[size_t(path.sub)];
  return *a;
}

struct Rows {
  uint64_t handles[kWarp] = {};
  uint32_t in[exec::kMaxTextureInputs][kWarp] = {};
  uint32_t out[exec::kTextureOutputs][kWarp] = {};
};

uint64_t handle_of(WarpRun& warp, const Op& op, const Lane& lane, const Arg& a) {
  const uint64_t v = warp.read(lane, a);
  if (a.kind != Arg::Kind::kGlobal) return v;
  uint64_t handle = 0;  // of a .texref or .surfref: what the variable holds
  warp.load(lane, op, v, &handle, sizeof handle);
  return handle;
}

void write_outputs(WarpRun& warp, const Op& op, const Rows& rows, uint32_t mask) {
  for_lanes(warp, mask, [&](Lane& lane) {
    for (const ptx::TextureOutput& output : op.texture->outputs) {
      uint64_t v = 0;
      for (unsigned k = 0; k < output.parts; k++) {
        const uint64_t part = rows.out[output.word + k][lane.thread % kWarp];
        v |= (part & ((uint64_t(1) << output.part_bits) - 1)) << (output.part_bits * k);
      }
      warp.write(lane, arg_at(op, output.at), v, output.type);
    }
    if (op.texture->resident >= 0)
      warp.write(lane, op.args[0].elements[size_t(op.texture->resident)], 1, {isa::Kind::kPred, 1, 1});
  });
}

/// In a checked run nothing is written and only what the hook allows is read: a texture whose memory is gone
/// is reported as a bad read of its first byte.
bool may_read(WarpRun& warp, const Op& op, Rows& rows, uint32_t mask) {
  exec::TextureOp question;
  question.action = TextureAction::kExtent;
  warp.block->launch->rt->texture(nullptr, question.bits(), rows.handles, nullptr, rows.out[0], mask, 0);
  for_lanes(warp, mask, [&](Lane& lane) {
    const uint32_t l = lane.thread % kWarp;
    const uint64_t base = rows.out[0][l] | uint64_t(rows.out[1][l]) << 32;
    const uint64_t bytes = rows.out[2][l] | uint64_t(rows.out[3][l]) << 32;
    uint8_t byte;
    if (!bytes) return;
    warp.load(lane, op, base, &byte, 1);
    warp.load(lane, op, base + bytes - 1, &byte, 1);
  });
  return op.texture->op.action != TextureAction::kStore && op.texture->op.action != TextureAction::kReduce;
}

}  // namespace

uint32_t ref_texture(WarpRun& warp, const Op& op, uint32_t mask) {
  const ptx::TextureAccess& access = *op.texture;
  Rows rows;
  for_lanes(warp, mask, [&](Lane& lane) {
    const uint32_t l = lane.thread % kWarp;
    rows.handles[l] = handle_of(warp, op, lane, arg_at(op, access.handle));
    for (size_t k = 0; k < access.inputs.size(); k++) {
      const ptx::TextureInput& input = access.inputs[k];
      uint64_t v = warp.read(lane, arg_at(op, input.at));
      const int bits = input.type.total_bits();
      if (bits < 64) v &= (uint64_t(1) << bits) - 1;
      rows.in[k][l] = uint32_t(v >> input.shift);
    }
  });
  const exec::RuntimeTable& rt = *warp.block->launch->rt;
  const bool checked = warp.block->hook != nullptr;
  const bool question =
      access.op.action == TextureAction::kQuery || access.op.action == TextureAction::kIsKind;
  if (checked) {
    exec::TextureOp is_object;
    is_object.action = TextureAction::kExtent;
    const uint32_t bad = rt.texture(nullptr, is_object.bits(), rows.handles, nullptr, rows.out[0], mask, 0);
    if (bad && access.op.action != TextureAction::kIsKind)
      warp.trap(warp.lanes[bad >> 8], exec::Trap(bad & 255), rows.out[0][0] | uint64_t(rows.out[1][0]) << 32);
    if (!question && !may_read(warp, op, rows, mask)) return mask;
  }
  exec::BlockState* state = checked ? nullptr : warp.block->state;
  const uint32_t fault =
      rt.texture(state, access.op.bits(), rows.handles, rows.in[0], rows.out[0], mask, warp.index * kWarp);
  if (fault)
    warp.trap(warp.lanes[fault >> 8], exec::Trap(fault & 255),
              rows.out[0][0] | uint64_t(rows.out[1][0]) << 32);
  write_outputs(warp, op, rows, mask);
  return mask;
}

}  // namespace ppu::ref

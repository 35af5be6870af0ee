// cp.async, bulk copies, mbarrier. PTX ISA, "Asynchronous copy" and "mbarrier".
#include "exec/mbarrier.h"
#include "ref/ops.h"

namespace ppu::ref {
namespace {

using ptx::Space;

/// The host address of a kAddress operand in `space`, whatever the instruction's other operands are in.
uint64_t address_in(const WarpRun& warp, const Lane& lane, const Arg& a, Space space) {
  const Arg& base = a.elements[0];
  uint64_t v = warp.read(lane, base) + uint64_t(a.value);
  if (space == Space::kNone) space = base.space;
  if (space != Space::kShared) return v;
  if (base.kind == Arg::Kind::kReg && base.bits == 32) v = uint32_t(v);
  return v + uint64_t(warp.block->state->shared);
}

/// Changes the mbarrier object at `address`; returns the word before.
uint64_t update(WarpRun& warp, const Lane& lane, const Op& op, uint64_t address, uint32_t arrivals,
                int32_t tx, bool drop) {
  warp.check_align(lane, address, 8);
  uint64_t word = 0;
  warp.load(lane, op, address, &word, 8);
  const uint64_t after = exec::mbarrier_updated(word, arrivals, tx, drop);
  warp.store(lane, op, address, &after, 8);
  return word;
}

void write_word(WarpRun& warp, const Lane& lane, const Op& op, uint64_t word) {
  const uint64_t address = warp.address(lane, op, op.args[0]);
  warp.check_align(lane, address, 8);
  warp.store(lane, op, address, &word, 8);
}

}  // namespace

/// `cp.async.ca.shared.global [d], [a], bytes{, source bytes or ignore-source predicate}{, policy}`: the rest
/// is zero.
uint32_t ref_cp_async(WarpRun& warp, const Op& op, uint32_t mask) {
  const uint32_t bytes = uint32_t(op.args[2].value);
  const size_t policies = op.mods.has("L2::cache_hint") ? 1 : 0;
  for_lanes(warp, mask, [&](Lane& lane) {
    uint8_t data[16] = {};
    uint32_t take = bytes;
    if (op.args.size() > 3 + policies) {
      const uint64_t v = warp.read(lane, op.args[3]);
      take = op.args[3].bits == 1 ? (v & 1 ? 0 : bytes) : uint32_t(v < bytes ? v : bytes);
    }
    const uint64_t to = address_in(warp, lane, op.args[0], Space::kShared);
    const uint64_t from = address_in(warp, lane, op.args[1], Space::kGlobal);
    warp.check_align(lane, to, bytes);
    warp.check_align(lane, from, bytes);
    if (take) warp.load(lane, op, from, data, take);
    warp.store(lane, op, to, data, bytes);
  });
  return mask;
}

uint32_t ref_cp_async_arrive(WarpRun& warp, const Op& op, uint32_t mask) {
  if (op.mods.has("noinc"))
    for_lanes(warp, mask,
              [&](Lane& lane) { update(warp, lane, op, warp.address(lane, op, op.args[0]), 1, 0, false); });
  return mask;
}

uint32_t ref_mbarrier_init(WarpRun& warp, const Op& op, uint32_t mask) {
  for_lanes(warp, mask, [&](Lane& lane) {
    write_word(warp, lane, op, exec::mbarrier_initial(uint32_t(warp.read(lane, op.args[1]))));
  });
  return mask;
}

uint32_t ref_mbarrier_inval(WarpRun& warp, const Op& op, uint32_t mask) {
  // As an access it must be legal; the word stays (src/lower/async.cpp).
  for_lanes(warp, mask, [&](Lane& lane) {
    uint64_t word;
    warp.load(lane, op, warp.address(lane, op, op.args[0]), &word, sizeof word);
  });
  return mask;
}

uint32_t ref_mbarrier_tx(WarpRun& warp, const Op& op, uint32_t mask) {
  for_lanes(warp, mask, [&](Lane& lane) {
    const int32_t tx = int32_t(warp.read(lane, op.args[1]));
    update(warp, lane, op, warp.address(lane, op, op.args[0]), 0, op.mods.has("complete_tx") ? -tx : tx,
           false);
  });
  return mask;
}

uint32_t ref_mbarrier_arrive(WarpRun& warp, const Op& op, uint32_t mask) {
  const bool expects = op.mods.has("expect_tx");
  for_lanes(warp, mask, [&](Lane& lane) {
    const uint32_t n = op.args.size() > 2 ? uint32_t(warp.read(lane, op.args[2])) : 1;
    const uint64_t state = update(warp, lane, op, warp.address(lane, op, op.args[1]), expects ? 1 : n,
                                  expects ? int32_t(n) : 0, op.mods.has("arrive_drop"));
    warp.write(lane, op.args[0], state, op.type);
  });
  return mask;
}

uint32_t ref_mbarrier_wait(WarpRun& warp, const Op& op, uint32_t mask) {
  for_lanes(warp, mask, [&](Lane& lane) {
    const uint64_t address = warp.address(lane, op, op.args[1]), awaited = warp.read(lane, op.args[2]);
    warp.check_align(lane, address, 8);
    uint64_t word = 0;
    warp.load(lane, op, address, &word, 8);
    const uint32_t phase = exec::mbarrier_phase(word);
    const bool complete =
        op.mods.has("parity") ? (phase & 1) != (awaited & 1) : phase != exec::mbarrier_phase(awaited);
    warp.write(lane, op.args[0], complete, {isa::Kind::kPred, 1, 1});
  });
  return mask;
}

uint32_t ref_mbarrier_pending(WarpRun& warp, const Op& op, uint32_t mask) {
  for_lanes(warp, mask, [&](Lane& lane) {
    warp.write(lane, op.args[0], exec::mbarrier_pending(warp.read(lane, op.args[1])), {isa::Kind::kU, 32, 1});
  });
  return mask;
}

namespace {

struct Bulk {
  uint64_t to, from;
  uint32_t bytes;
};

Bulk bulk_operands(WarpRun& warp, const Lane& lane, const Op& op) {
  const bool to_global = op.mods.has("bulk_group"), from_global = !to_global && op.mods.has("global");
  const Bulk bulk{address_in(warp, lane, op.args[0], to_global ? Space::kGlobal : Space::kShared),
                  address_in(warp, lane, op.args[1], from_global ? Space::kGlobal : Space::kShared),
                  uint32_t(warp.read(lane, op.args[2]))};
  for (const uint64_t v : {bulk.to, bulk.from, uint64_t(bulk.bytes)}) warp.check_align(lane, v, 16);
  return bulk;
}

void complete_bulk(WarpRun& warp, const Lane& lane, const Op& op, uint32_t bytes) {
  if (op.mods.has("bulk_group")) return;
  update(warp, lane, op, address_in(warp, lane, op.args[3], Space::kShared), 0, -int32_t(bytes), false);
}

}  // namespace

uint32_t ref_bulk_copy(WarpRun& warp, const Op& op, uint32_t mask) {
  for_lanes(warp, mask, [&](Lane& lane) {
    const Bulk bulk = bulk_operands(warp, lane, op);
    for (uint32_t at = 0; at < bulk.bytes; at += 16) {
      uint8_t data[16];
      warp.load(lane, op, bulk.from + at, data, 16);
      warp.store(lane, op, bulk.to + at, data, 16);
    }
    complete_bulk(warp, lane, op, bulk.bytes);
  });
  return mask;
}

uint32_t ref_bulk_reduce(WarpRun& warp, const Op& op, uint32_t mask) {
  const uint32_t size = uint32_t(op.type.total_bits()) / 8;
  for_lanes(warp, mask, [&](Lane& lane) {
    const Bulk bulk = bulk_operands(warp, lane, op);
    for (uint32_t at = 0; at < bulk.bytes; at += size) {
      uint64_t value = 0;
      warp.load(lane, op, bulk.from + at, &value, size);
      atomic_cell(warp, lane, op, bulk.to + at, value);
    }
    complete_bulk(warp, lane, op, bulk.bytes);
  });
  return mask;
}

}  // namespace ppu::ref

// Alpha-beta terms of collective.h: a ring moves least bytes in most steps, the one-step form all bytes in
// one; the faster is taken, as NCCL and the engines' own kernels do.
#include "chip/collective.h"

#include <algorithm>
#include <cmath>

#include "chip/coefficients.h"

namespace ppu::chip {
namespace {

constexpr double kPcie1Lanes16 = 4e9;     // bytes a second of PCIe 1.0 x16; each generation doubles it
constexpr double kDefaultNetwork = 25e9;  // where a chip file gives no network: 200 Gbit/s
constexpr double kMostRanksOneShot = 8;

struct Path {
  double rate;      // bytes a second, one direction, as attained
  double hop;       // seconds of a step
  double one_shot;  // seconds of the one-step form's synchronisation; below 0: there is no such form
};

Path path_of(const Numbers& chip, bool between_nodes) {
  const Coefficients& c = coefficients();
  const double rate = link_rate(chip, between_nodes);
  if (between_nodes) return {rate * c.network_efficiency, c.network_hop_us * 1e-6, -1};
  if (chip.link_gbps > 0) return {rate * c.link_efficiency, c.hop_us * 1e-6, c.one_shot_us * 1e-6};
  return {rate * c.pcie_efficiency, c.pcie_hop_us * 1e-6, c.pcie_hop_us * 2e-6};
}

}  // namespace

double link_rate(const Numbers& chip, bool between_nodes) {
  if (between_nodes) return chip.nic_gbps > 0 ? chip.nic_gbps * 1e9 : kDefaultNetwork;
  if (chip.link_gbps > 0) return chip.link_gbps * 1e9 / 2;
  return kPcie1Lanes16 * std::pow(2, std::max(chip.pcie_generation, 3.0) - 1);
}

double collective_seconds(const Op& op, const Numbers& chip) {
  const double ranks = op.ranks, bytes = op.payload_bytes;
  if (op.kind == OpKind::kSend) {
    const Path path = path_of(chip, op.between_nodes);
    return path.hop + bytes / path.rate;
  }
  if (ranks <= 1) return 0;
  const Path path = path_of(chip, op.between_nodes);
  const double share = (ranks - 1) / ranks;
  if (op.kind == OpKind::kAllToAll) return path.hop * 2 + share * bytes / path.rate;
  const double rounds = op.kind == OpKind::kAllReduce ? 2 : 1;
  const double ring = rounds * ((ranks - 1) * path.hop + share * bytes / path.rate);
  if (path.one_shot < 0 || ranks > kMostRanksOneShot) return ring;
  // One step: everybody reads everything (all-reduce), or two steps that each move a share of it.
  const double one_step = path.one_shot + (rounds > 1 ? (ranks - 1) : share) * bytes / path.rate;
  const double two_steps = rounds * (path.one_shot + share * bytes / path.rate);
  return std::min({ring, one_step, two_steps});
}

}  // namespace ppu::chip

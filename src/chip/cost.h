// Money: what an hour of chips costs, rented or bought, and what that makes of an item (a token, a query).
// Every input is the user's; a chip's own price and rent come from its file with their intervals. Not here:
// watts (power.h), items a second (predict.h, src/workload). Currency is the caller's, the same throughout.
#pragma once

namespace ppu::chip {

/// How chips are paid for. With `rent_per_hour` above 0 the purchase terms are not used: a rent has them in
/// it.
struct Pricing {
  double rent_per_hour = 0;       ///< one chip, energy and host included
  double purchase = 0;            ///< one chip
  double life_years = 4;          ///< over which the purchase is written off, evenly
  double host_share = 0.35;       ///< server, network and room, as a share of the chip's price
  double energy_per_kwh = 0.10;   ///< price of electricity
  double pue = 1.3;               ///< power of the site over power of the servers, at least 1
  double host_watts_share = 0.3;  ///< power of host, fans and supplies, as a share of the chip's watts
  double premium = 0;             ///< added to purchase and rent, 0.15 = 15 % (taxes, scarcity)
  double utilisation = 1;         ///< share of hours in which the chip does paid work, above 0
};

/// An hour of the chips, by what it is spent on.
struct HourlyCost {
  double rent = 0, capital = 0, host = 0, energy = 0;
  double total() const { return rent + capital + host + energy; }
};

/// The cost of an hour of `chips` chips that draw `watts` each while they work.
HourlyCost hourly_cost(const Pricing& pricing, double chips, double watts);

/// The cost of a million items at `items_per_second` (all chips together) with idle hours paid for; 0 when no
/// item is made.
double cost_per_million(const Pricing& pricing, double chips, double watts, double items_per_second);

/// The purchase price of one chip at which both pricings cost the same an item, the other terms of `pricing`
/// kept; below 0 when energy alone is dearer.
double break_even_purchase(const Pricing& pricing, double chips, double watts, double items_per_second,
                           double other_cost_per_million);

}  // namespace ppu::chip

// The arithmetic of cost.h.
#include "chip/cost.h"

#include <algorithm>

namespace ppu::chip {
namespace {

constexpr double kHoursPerYear = 8766;

}  // namespace

HourlyCost hourly_cost(const Pricing& p, double chips, double watts) {
  HourlyCost out;
  if (p.rent_per_hour > 0) {
    out.rent = chips * p.rent_per_hour * (1 + p.premium);
    return out;
  }
  const double hours = std::max(p.life_years, 1e-6) * kHoursPerYear;
  out.capital = chips * p.purchase * (1 + p.premium) / hours;
  out.host = chips * p.purchase * p.host_share / hours;
  out.energy = chips * watts * (1 + p.host_watts_share) * p.pue / 1000 * p.energy_per_kwh;
  return out;
}

double cost_per_million(const Pricing& p, double chips, double watts, double items_per_second) {
  if (items_per_second <= 0) return 0;
  const HourlyCost hour = hourly_cost(p, chips, watts);
  // Idle hours cost rent and capital but next to no energy.
  const double paid = (hour.rent + hour.capital + hour.host) / std::max(p.utilisation, 1e-6) + hour.energy;
  return paid / (items_per_second * 3600) * 1e6;
}

double break_even_purchase(const Pricing& pricing, double chips, double watts, double items_per_second,
                           double other_cost_per_million) {
  Pricing p = pricing;
  p.rent_per_hour = 0, p.purchase = 0;
  const double energy = cost_per_million(p, chips, watts, items_per_second);
  p.purchase = 1;
  const double per_unit = cost_per_million(p, chips, watts, items_per_second) - energy;
  return per_unit > 0 ? (other_cost_per_million - energy) / per_unit : 0;
}

}  // namespace ppu::chip

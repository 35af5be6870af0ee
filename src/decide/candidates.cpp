// See candidates.h.
#include "decide/candidates.h"

#include <cstring>

#include "chip/cost.h"
#include "chip/show.h"

namespace ppu::decide {
namespace {

Range range_of(const chip::Quantity& q) {
  return q.has_number() ? Range{q.low, q.value, q.high} : Range{};
}

/// What the user says of this chip, under any of its names; null when nothing.
const Range* said(const std::map<std::string, Range>& by_chip, const chip::Chip& chip) {
  for (const auto& [name, range] : by_chip) {
    const chip::Chip* named = chip::find(name);
    if (name == chip.id || name == chip.name || (named && !std::strcmp(named->id, chip.id))) return &range;
  }
  return nullptr;
}

Status check_names(const std::map<std::string, Range>& by_chip, const std::vector<const chip::Chip*>& chips,
                   const char* what) {
  for (const auto& [name, range] : by_chip) {
    const std::map<std::string, Range> one = {{name, range}};
    bool found = false;
    for (const chip::Chip* chip : chips) found |= said(one, *chip) != nullptr;
    if (!found)
      return bad_input(std::string(what) + " of " + name + ": no such chip is among the candidates");
  }
  return Unit{};
}

chip::Pricing pricing_of(const Request& r) {
  chip::Pricing p;
  p.energy_per_kwh = r.energy_usd_kwh;
  p.pue = r.pue;
  p.life_years = r.life_years;
  return p;
}

/// USD for an hour of one chip: what the user says, else rent, else purchase with energy; who buys looks at
/// purchase first.
Range hourly_of(const Request& r, const chip::Chip& chip, const Measured& m) {
  const Range* own_rent = said(r.rent_usd_h, chip);
  const Range* own_price = said(r.price_usd, chip);
  const Range rent = own_rent ? *own_rent : range_of(chip.rent_usd_h);
  const Range price = own_price ? *own_price : range_of(chip.price_usd);
  if (!r.buys && own_rent) return rent;
  if (!r.buys && !own_price && rent.known()) return rent;
  if (!price.known()) return r.buys ? Range{} : rent;
  const auto hour = [&](double purchase, double watts) {
    chip::Pricing p = pricing_of(r);
    p.purchase = purchase;
    return chip::hourly_cost(p, 1, watts).total();
  };
  const double watts = m.watts.known() ? m.watts.middle : chip.tdp_w.value;
  return {hour(price.low, watts), hour(price.middle, watts), hour(price.high, watts)};
}

Export export_of(const Request& r, const chip::Chip& chip) {
  if (r.market != "china") return Export::kFree;
  const std::string value = chip.export_control.value;
  return value == "banned" ? Export::kBanned : value == "licence" ? Export::kLicence : Export::kFree;
}

Rules rules_of(const Request& r, const chip::Chip& chip) {
  if (r.market != "china") return Rules::kNeutral;
  const std::string value = chip.china_rules.value;
  return value == "preferred"     ? Rules::kPreferred
         : value == "discouraged" ? Rules::kDiscouraged
                                  : Rules::kNeutral;
}

Channel channel_of(const chip::Chip& chip) {
  const std::string value = chip.channel.value;
  return value == "rent-only" ? Channel::kRentOnly : value == "not-sold" ? Channel::kNotSold : Channel::kSold;
}

Candidate candidate_of(const Request& r, const chip::Chip& chip, const Measured& m) {
  Candidate c;
  c.id = chip.id;
  c.name = chip.name;
  c.cannot = m.cannot;
  c.meets_floor = m.meets_level;
  c.floor = m.level;
  c.chips = m.chips;
  c.throughput = m.cannot.empty() ? m.per_chip : Range::exactly(0);
  c.hourly = hourly_of(r, chip, m);
  const Range* supply = said(r.supply_pct, chip);
  c.supply_pct =
      supply ? *supply : range_of(r.market == "china" ? chip.supply_china_pct : chip.supply_world_pct);
  if (!c.supply_pct.known()) c.supply_pct = {0, 50, 100};
  c.export_control = export_of(r, chip);
  c.rules = rules_of(r, chip);
  c.channel = channel_of(chip);
  return c;
}

/// What would make the answer surer, and only the user can know.
void ask(const Request& r, const chip::Chip& chip, const Candidate& c, std::vector<std::string>* asked) {
  if (!c.cannot.empty()) return;
  if (!c.hourly.known())
    asked->push_back(std::string(r.buys ? "price" : "rent") + " of " + chip.name +
                     ": nobody publishes it; give yours: " + (r.buys ? "--price " : "--rent ") + chip.id +
                     "=LOW,MIDDLE,HIGH");
  const chip::Quantity& supply = r.market == "china" ? chip.supply_china_pct : chip.supply_world_pct;
  if (!said(r.supply_pct, chip) && !supply.known())
    asked->push_back(std::string("supply of ") + chip.name + ": assumed " + chip::text_of(supply) +
                     " %; give yours: --supply " + chip.id + "=PERCENT");
}

}  // namespace

Result<Contest> gather(const Request& request) {
  Contest contest;
  if (request.chips.empty())
    for (const chip::Chip& chip : chip::all()) contest.chips.push_back(&chip);
  for (const std::string& name : request.chips) {
    const Result<const chip::Chip*> chip = chip::resolve(name);
    if (!chip) return chip.error();
    contest.chips.push_back(chip.value());
  }
  for (const auto& [what, map] :
       {std::pair{"rent", &request.rent_usd_h}, std::pair{"price", &request.price_usd},
        std::pair{"supply", &request.supply_pct}})
    if (const Status ok = check_names(*map, contest.chips, what); !ok) return ok.error();
  Result<workload::Model> model = workload::load_model(request.model);
  if (!model) return model.error();
  contest.work = {.model = model.value(),
                  .precision = request.precision,
                  .stack = request.stack,
                  .in = request.in_tokens,
                  .out = request.out_tokens,
                  .ttft = request.ttft_ms / 1e3,
                  .tpot = request.tpot_ms / 1e3,
                  .latency = request.latency_ms / 1e3};
  for (const chip::Chip* chip : contest.chips) {
    const Result<Measured> m = measure(contest.work, *chip);
    if (!m) return m.error();
    contest.measured.push_back(m.value());
    contest.candidates.push_back(candidate_of(request, *chip, m.value()));
    ask(request, *chip, contest.candidates.back(), &contest.asked);
  }
  return contest;
}

}  // namespace ppu::decide

// What a deployment may not ask for: spreading that contradicts itself or the model.
#include <string>

#include "workload/lower.h"

namespace ppu::workload {
namespace {

std::string number(double n) {
  return std::to_string(static_cast<long long>(n));
}

Status check_transformer(const Transformer& t, const Parallel& p, const std::string& name) {
  if (p.pp > t.layer_count())
    return bad_input("--pp " + std::to_string(p.pp) + ": " + name + " has " + number(t.layer_count()) +
                     " layers; a pipeline has at most one stage a layer");
  double experts = 0;
  for (const Layers& l : t.layers) {
    if (static_cast<long long>(l.attention.heads) % p.tp != 0)
      return bad_input("--tp " + std::to_string(p.tp) + ": " + name + " has " + number(l.attention.heads) +
                       " attention heads, which tp must divide");
    if (l.feed.experts > 0) experts = l.feed.experts;
  }
  if (p.ep <= 1) return Unit{};
  if (experts == 0)
    return bad_input("--ep " + std::to_string(p.ep) + ": " + name +
                     " has no experts to spread; leave --ep out");
  if (p.tp * p.dp % p.ep != 0)
    return bad_input("--ep " + std::to_string(p.ep) + ": experts are spread over the tp x dp = " +
                     std::to_string(p.tp * p.dp) + " chips, whose number ep must divide");
  if (static_cast<long long>(experts) % p.ep != 0)
    return bad_input("--ep " + std::to_string(p.ep) + ": " + name + " has " + number(experts) +
                     " experts, whose number ep must divide");
  return Unit{};
}

}  // namespace

Status check(const Deployment& d) {
  const Parallel& p = d.parallel;
  if (p.tp < 1 || p.pp < 1 || p.ep < 1 || p.dp < 1) return bad_input("tp, pp, ep and dp are at least 1");
  if (!d.model->encoder && !d.model->decoder) {
    if (p.tp > 1 || p.pp > 1 || p.ep > 1)
      return bad_input("--tp, --pp, --ep: " + d.model->name +
                       " isn't a transformer; it runs whole on each chip, --dp N gives it N chips");
    return Unit{};
  }
  if (d.model->encoder) {
    Status ok = check_transformer(*d.model->encoder, p, d.model->name);
    if (!ok) return ok;
  }
  return d.model->decoder ? check_transformer(*d.model->decoder, p, d.model->name) : Status(Unit{});
}

}  // namespace ppu::workload

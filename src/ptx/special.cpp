// See special.h.
#include "ptx/special.h"

#include <array>
#include <unordered_map>

namespace ppu::ptx {
namespace {

struct Row {
  std::string_view name;
  Special special;
};

constexpr Row kRows[] = {
    {"%tid.x", Special::kTidX},
    {"%tid.y", Special::kTidY},
    {"%tid.z", Special::kTidZ},
    {"%ntid.x", Special::kNtidX},
    {"%ntid.y", Special::kNtidY},
    {"%ntid.z", Special::kNtidZ},
    {"%ctaid.x", Special::kCtaidX},
    {"%ctaid.y", Special::kCtaidY},
    {"%ctaid.z", Special::kCtaidZ},
    {"%nctaid.x", Special::kNctaidX},
    {"%nctaid.y", Special::kNctaidY},
    {"%nctaid.z", Special::kNctaidZ},
    {"%laneid", Special::kLaneid},
    {"%warpid", Special::kWarpid},
    {"%nwarpid", Special::kNwarpid},
    {"%smid", Special::kSmid},
    {"%nsmid", Special::kNsmid},
    {"%gridid", Special::kGridid},
    {"%lanemask_eq", Special::kLanemaskEq},
    {"%lanemask_le", Special::kLanemaskLe},
    {"%lanemask_lt", Special::kLanemaskLt},
    {"%lanemask_ge", Special::kLanemaskGe},
    {"%lanemask_gt", Special::kLanemaskGt},
    {"%clock", Special::kClock},
    {"%clock_hi", Special::kClockHi},
    {"%clock64", Special::kClock64},
    {"%globaltimer", Special::kGlobaltimer},
    {"%globaltimer_lo", Special::kGlobaltimerLo},
    {"%globaltimer_hi", Special::kGlobaltimerHi},
    {"%dynamic_smem_size", Special::kDynamicSmemSize},
    {"%total_smem_size", Special::kTotalSmemSize},
    {"%aggr_smem_size", Special::kTotalSmemSize},
    {"%is_explicit_cluster", Special::kIsExplicitCluster},
    {"%current_graph_exec", Special::kCurrentGraphExec},
};

/// kClusterId's numbers.
constexpr std::string_view kCluster[] = {
    "%clusterid.x",      "%clusterid.y",      "%clusterid.z",     "%nclusterid.x",    "%nclusterid.y",
    "%nclusterid.z",     "%cluster_ctaid.x",  "%cluster_ctaid.y", "%cluster_ctaid.z", "%cluster_nctaid.x",
    "%cluster_nctaid.y", "%cluster_nctaid.z", "%cluster_ctarank", "%cluster_nctarank"};

/// "%envreg12" with prefix "%envreg" and limit 32 -> 12.
std::optional<int64_t> numbered(std::string_view name, std::string_view prefix, int64_t limit) {
  if (!name.starts_with(prefix) || name.size() == prefix.size() || name.size() > prefix.size() + 2) return {};
  int64_t n = 0;
  for (char c : name.substr(prefix.size())) {
    if (c < '0' || c > '9') return {};
    n = n * 10 + (c - '0');
  }
  if (n >= limit || name[prefix.size()] == '0') {
    if (n != 0 || name.size() != prefix.size() + 1) return {};
  }
  return n;
}

}  // namespace

std::optional<SpecialRef> find_special(std::string_view name) {
  static const std::unordered_map<std::string_view, SpecialRef> kMap = [] {
    std::unordered_map<std::string_view, SpecialRef> m;
    for (const Row& r : kRows) m.emplace(r.name, SpecialRef{r.special, 0});
    for (size_t i = 0; i < std::size(kCluster); i++)
      m.emplace(kCluster[i], SpecialRef{Special::kClusterId, int64_t(i)});
    return m;
  }();
  const auto it = kMap.find(name);
  if (it != kMap.end()) return it->second;
  if (const auto n = numbered(name, "%envreg", 32)) return SpecialRef{Special::kEnvreg, *n};
  constexpr std::string_view kWide = "_64";
  if (name.ends_with(kWide)) {
    if (const auto n = numbered(name.substr(0, name.size() - kWide.size()), "%pm", 8))
      return SpecialRef{Special::kPm64, *n};
  } else if (const auto n = numbered(name, "%pm", 8)) {
    return SpecialRef{Special::kPm, *n};
  }
  return {};
}

std::string special_name(Special special, int64_t number) {
  if (special == Special::kEnvreg) return "%envreg" + std::to_string(number);
  if (special == Special::kPm) return "%pm" + std::to_string(number);
  if (special == Special::kPm64) return "%pm" + std::to_string(number) + "_64";
  if (special == Special::kClusterId) return std::string(kCluster[size_t(number)]);
  for (const Row& r : kRows)
    if (r.special == special) return std::string(r.name);
  return "%unknown";
}

}  // namespace ppu::ptx

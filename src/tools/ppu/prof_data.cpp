// See prof_data.h: reading and summing.
#include "tools/ppu/prof_data.h"

#include <cxxabi.h>
#include <dirent.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <map>
#include <tuple>

namespace ppu::tools {
namespace {

std::string demangled(const std::string& name) {
  int status = 0;
  char* text = abi::__cxa_demangle(name.c_str(), nullptr, nullptr, &status);
  std::string result = status == 0 && text ? text : name;
  std::free(text);
  return result;
}

template <class T>
const T* as(std::span<const char> record) {
  return record.size() >= sizeof(T) ? reinterpret_cast<const T*>(record.data()) : nullptr;
}

/// Puts records one by one into a ProcessProfile.
class Reader {
 public:
  Result<ProcessProfile> read(const std::vector<char>& file, const std::string& path) {
    for (size_t at = 0; at + sizeof(profile::Head) <= file.size();) {
      profile::Head head;
      std::memcpy(&head, file.data() + at, sizeof head);
      const size_t next_chunk = (at / profile::kChunkBytes + 1) * profile::kChunkBytes;
      if (head.kind == profile::kEnd) {
        at = next_chunk;
        continue;
      }
      if (head.bytes < sizeof head || head.bytes % 8 || at + head.bytes > std::min(file.size(), next_chunk))
        break;
      if (!take(head.kind, std::span(file.data() + at, head.bytes)))
        return bad_input(path + ": not a profile of this build of OpenPPU");
      at += head.bytes;
    }
    if (!started_) return bad_input(path + ": holds no profile");
    return std::move(out_);
  }

 private:
  bool take(uint32_t kind, std::span<const char> record) {
    if (kind == profile::kProcess) return process(as<profile::Process>(record));
    if (!started_) return false;
    switch (kind) {
      case profile::kName:
        return name(record);
      case profile::kCall:
        return keep_named(as<profile::Call>(record), out_.calls);
      case profile::kCopy:
        return keep(as<profile::Copy>(record), out_.copies);
      case profile::kRange:
        return keep_named(as<profile::Range>(record), out_.ranges);
      case profile::kCounters: {
        const auto* set = as<profile::CounterSet>(record);
        if (!set || set->number != counters_.size()) return false;
        counters_.push_back(set->counters);
        return true;
      }
      case profile::kKernel:
        return kernel(as<profile::Kernel>(record));
      default:
        return false;
    }
  }

  template <class T>
  static bool keep(const T* record, std::vector<T>& list) {
    if (record) list.push_back(*record);
    return record != nullptr;
  }

  template <class T>
  bool keep_named(const T* record, std::vector<T>& list) {
    return record && record->name < out_.names.size() && keep(record, list);
  }

  bool process(const profile::Process* p) {
    if (!p || std::memcmp(p->magic, profile::kMagic, sizeof profile::kMagic) != 0 ||
        p->counter_bytes != sizeof(exec::Counters))
      return false;
    out_.head = *p;
    out_.head.chip[sizeof p->chip - 1] = out_.head.program[sizeof p->program - 1] = 0;
    started_ = true;
    return true;
  }

  bool name(std::span<const char> record) {
    const auto* n = as<profile::Name>(record);
    if (!n || n->number != out_.names.size() || record.size() < sizeof *n + n->length) return false;
    out_.names.emplace_back(record.data() + sizeof *n, n->length);
    return true;
  }

  bool kernel(const profile::Kernel* k) {
    if (!k || k->name >= out_.names.size() || k->counters >= counters_.size()) return false;
    ProfiledKernel out;
    out.span = k->span;
    out.name = k->name;
    std::copy(k->grid, k->grid + 3, out.grid);
    std::copy(k->block, k->block + 3, out.block);
    out.interpreted = k->interpreted != 0;
    out.run.counters = counters_[k->counters];
    out.run.blocks = uint64_t(k->grid[0]) * k->grid[1] * k->grid[2];
    out.run.block_threads = k->block[0] * k->block[1] * k->block[2];
    out.run.shared_bytes = k->shared_bytes;
    out.run.footprint_bytes = k->footprint_bytes;
    out_.kernels.push_back(out);
    return true;
  }

  ProcessProfile out_;
  std::vector<exec::Counters> counters_;
  bool started_ = false;
};

double seconds_between(uint64_t begin_ns, uint64_t end_ns) {
  return end_ns > begin_ns ? double(end_ns - begin_ns) * 1e-9 : 0;
}

void add_time(ChipTime& total, const chip::KernelCost& cost, double occupancy, bool first) {
  total.seconds += cost.seconds;
  total.shortest = first ? cost.seconds : std::min(total.shortest, cost.seconds);
  total.longest = std::max(total.longest, cost.seconds);
  total.occupancy += occupancy;
  for (int l = 0; l < chip::kLimits; l++) total.by_limit[l] += cost.by_limit[l];
}

void add_shape(KernelSummary& summary, const ProfiledKernel& k) {
  for (KernelSummary::Shape& s : summary.shapes)
    if (std::equal(s.grid, s.grid + 3, k.grid) && std::equal(s.block, s.block + 3, k.block) &&
        s.shared_bytes == k.run.shared_bytes) {
      s.launches++;
      return;
    }
  KernelSummary::Shape s;
  std::copy(k.grid, k.grid + 3, s.grid);
  std::copy(k.block, k.block + 3, s.block);
  s.shared_bytes = k.run.shared_bytes;
  s.launches = 1;
  summary.shapes.push_back(s);
}

void sum_kernels(Profile& all) {
  std::vector<chip::Numbers> numbers;
  for (const chip::Chip* c : all.chips) numbers.push_back(chip::values_of(*c));
  std::map<std::string, KernelSummary> by_name;
  for (const ProcessProfile& p : all.processes)
    for (const ProfiledKernel& k : p.kernels) {
      KernelSummary& s = by_name[p.names[k.name]];
      s.chips.resize(numbers.size());
      for (size_t c = 0; c < numbers.size(); c++) {
        const chip::KernelCost cost = chip::predict_kernel(k.run, numbers[c]);
        add_time(s.chips[c], cost, chip::occupancy(k.run, numbers[c]), s.launches == 0);
        if (c == 0) s.memory_bytes += cost.memory_bytes;
      }
      s.launches++;
      s.interpreted += k.interpreted;
      s.host_seconds += seconds_between(k.span.begin_ns, k.span.end_ns);
      s.counters += k.run.counters;
      add_shape(s, k);
    }
  for (auto& [name, s] : by_name) {
    s.mangled = name;
    s.name = demangled(name);
    for (ChipTime& t : s.chips) {
      t.limit = chip::Limit(std::max_element(t.by_limit, t.by_limit + chip::kLimits) - t.by_limit);
      t.occupancy /= double(s.launches);
    }
    all.kernels.push_back(std::move(s));
  }
  std::sort(all.kernels.begin(), all.kernels.end(), [](const KernelSummary& a, const KernelSummary& b) {
    return std::tie(b.chips[0].seconds, a.mangled) < std::tie(a.chips[0].seconds, b.mangled);
  });
}

void sum_copies(Profile& all) {
  std::map<uint32_t, CopySummary> by_kind;
  for (const ProcessProfile& p : all.processes)
    for (const profile::Copy& copy : p.copies) {
      CopySummary& s = by_kind[copy.kind];
      s.kind = chip::CopyKind(copy.kind);
      s.count++;
      s.bytes += copy.bytes;
      s.host_seconds += seconds_between(copy.span.begin_ns, copy.span.end_ns);
      s.chip_seconds.resize(all.chips.size());
      for (size_t c = 0; c < all.chips.size(); c++)
        s.chip_seconds[c] += chip::copy_seconds(s.kind, double(copy.bytes), chip::values_of(*all.chips[c]));
    }
  for (auto& [kind, s] : by_kind) all.copies.push_back(std::move(s));
}

void sum_calls(Profile& all) {
  std::map<std::string, CallSummary> by_name;
  for (const ProcessProfile& p : all.processes)
    for (const profile::Call& call : p.calls) {
      CallSummary& s = by_name[p.names[call.name]];
      s.name = p.names[call.name];
      s.count++;
      s.failed += call.result != 0;
      s.host_seconds += seconds_between(call.begin_ns, call.end_ns);
    }
  for (auto& [name, s] : by_name) all.calls.push_back(std::move(s));
  std::sort(all.calls.begin(), all.calls.end(), [](const CallSummary& a, const CallSummary& b) {
    return std::tie(b.host_seconds, a.name) < std::tie(a.host_seconds, b.name);
  });
}

double percent(double part, double whole) {
  return whole > 0 ? std::min(100.0, 100 * part / whole) : -1;
}

}  // namespace

Result<ProcessProfile> read_profile(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  if (!in) return bad_input(path + ": can't be read");
  const std::vector<char> file((std::istreambuf_iterator<char>(in)), std::istreambuf_iterator<char>());
  return Reader().read(file, path);
}

Profile load_profiles(const std::string& folder, std::vector<const chip::Chip*> chips,
                      std::vector<std::string>* complaints) {
  Profile all;
  all.chips = std::move(chips);
  std::vector<std::string> paths;
  if (DIR* dir = ::opendir(folder.c_str())) {
    while (const dirent* entry = ::readdir(dir))
      if (std::string_view(entry->d_name).ends_with(".prof")) paths.push_back(folder + "/" + entry->d_name);
    ::closedir(dir);
  }
  for (const std::string& path : paths) {
    Result<ProcessProfile> one = read_profile(path);
    if (one)
      all.processes.push_back(std::move(*one));
    else
      complaints->push_back(one.error().message);
  }
  std::sort(all.processes.begin(), all.processes.end(), [](const ProcessProfile& a, const ProcessProfile& b) {
    return a.head.start_ns < b.head.start_ns;
  });
  sum_kernels(all);
  sum_copies(all);
  sum_calls(all);
  return all;
}

double active_lanes_percent(const exec::Counters& c) {
  return percent(double(c.lane_instructions), 32.0 * double(c.warp_instructions));
}

double coalesced_percent(const exec::Counters& c) {
  return percent(double(c.global_load_bytes + c.global_store_bytes) / exec::kSectorBytes,
                 double(c.global_load_sectors + c.global_store_sectors));
}

double bank_percent(const exec::Counters& c) {
  const double bytes = double(c.shared_load_bytes + c.shared_store_bytes);
  const double requests = double(c.shared_load_requests + c.shared_store_requests);
  return percent(std::max(requests, bytes / (exec::kBanks * exec::kBankBytes)),
                 double(c.shared_load_passes + c.shared_store_passes));
}

double divergent_percent(const exec::Counters& c) {
  return percent(double(c.divergent_branches), double(c.branches));
}

std::string short_name(const std::string& full) {
  static constexpr std::string_view kUnnamed = "(anonymous namespace)::";
  std::string name = full;
  for (size_t at; (at = name.find(kUnnamed)) != name.npos;) name.erase(at, kUnnamed.size());
  size_t start = 0;
  int depth = 0;
  for (size_t i = 0; i < name.size(); i++) {
    depth += name[i] == '<' ? 1 : name[i] == '>' ? -1 : 0;
    if (depth != 0) continue;
    if (name[i] == ' ') start = i + 1;
    if (name[i] == '(' && i > start) return name.substr(start, i - start);
  }
  return name.substr(start);
}

std::string show_seconds(double seconds) {
  char text[32];
  const double a = std::fabs(seconds);
  const auto [scale, unit] = a >= 1      ? std::pair(1.0, "s")
                             : a >= 1e-3 ? std::pair(1e3, "ms")
                             : a >= 1e-6 ? std::pair(1e6, "us")
                                         : std::pair(1e9, "ns");
  std::snprintf(text, sizeof text, "%.3g %s", seconds * scale, unit);
  return text;
}

std::string show_quantity(double value, const char* unit) {
  static constexpr const char* kPrefixes[] = {"", "k", "M", "G", "T", "P", "E"};
  int p = 0;
  while (std::fabs(value) >= 999.5 && p < 6) {
    value /= 1000;
    p++;
  }
  char text[48];
  std::snprintf(text, sizeof text, "%.3g %s%s", value, kPrefixes[p], unit);
  std::string shown = text;
  while (shown.ends_with(' ')) shown.pop_back();
  return shown;
}

}  // namespace ppu::tools

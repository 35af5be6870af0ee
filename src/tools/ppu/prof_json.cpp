// Machine-readable reports of `ppu prof`: JSON, CSV, and the trace for chrome://tracing and Perfetto.
#include <algorithm>
#include <functional>
#include <map>
#include <nlohmann/json.hpp>

#include "tools/ppu/prof_data.h"

namespace ppu::tools {
namespace {

using Json = nlohmann::ordered_json;

/// Names come from programs: whatever isn't UTF-8 is replaced, never a reason to fail.
std::string dumped(const Json& json, int indent) {
  return json.dump(indent, ' ', false, Json::error_handler_t::replace);
}

Json counters_json(const exec::Counters& c) {
  Json out;
#define COUNTER(key, unit, meaning) out[#key] = c.key;
#include "exec/counters.inc"
#undef COUNTER
  return out;
}

Json share(double percent) {
  return percent < 0 ? Json(nullptr) : Json(percent / 100);
}

Json kernel_json(const Profile& p, const KernelSummary& k) {
  Json out;
  out["name"] = k.name;
  out["mangled"] = k.mangled;
  out["launches"] = k.launches;
  out["host_seconds"] = k.host_seconds;
  out["interpreted_launches"] = k.interpreted;
  out["flop"] = chip::flop_of(k.counters);
  out["tensor_flop"] = chip::tensor_flop_of(k.counters);
  out["memory_bytes"] = k.memory_bytes;
  out["active_lanes"] = share(active_lanes_percent(k.counters));
  out["coalesced"] = share(coalesced_percent(k.counters));
  out["bank_use"] = share(bank_percent(k.counters));
  out["divergent_branches"] = share(divergent_percent(k.counters));
  out["counters"] = counters_json(k.counters);
  for (size_t i = 0; i < p.chips.size(); i++) {
    const ChipTime& t = k.chips[i];
    Json& chip = out["chips"][p.chips[i]->id];
    chip["seconds"] = t.seconds;
    chip["shortest_seconds"] = t.shortest;
    chip["longest_seconds"] = t.longest;
    chip["limit"] = chip::limit_words(t.limit);
    chip["occupancy"] = t.occupancy;
    for (int l = 0; l < chip::kLimits; l++)
      chip["seconds_by_limit"][chip::limit_words(chip::Limit(l))] = t.by_limit[l];
  }
  out["shapes"] = Json::array();
  for (const KernelSummary::Shape& s : k.shapes)
    out["shapes"].push_back(
        {{"grid", s.grid}, {"block", s.block}, {"shared_bytes", s.shared_bytes}, {"launches", s.launches}});
  return out;
}

/// Quoted when it needs to be (RFC 4180).
std::string csv_cell(const std::string& text) {
  if (text.find_first_of(",\"\n\r") == text.npos) return text;
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"') out += '"';
    out += c;
  }
  return out + "\"";
}

/// The events of a trace. Process numbers: a program's own; devices get numbers of their own, two each (its
/// real clock and the chip's).
class Trace {
 public:
  explicit Trace(const Profile& p) : profile_(p) {
    start_ = ~uint64_t(0);
    for (const ProcessProfile& one : p.processes) {
      start_ = std::min(start_, one.head.start_ns);
      // The file was begun when the first call returned.
      for (const profile::Call& call : one.calls) start_ = std::min(start_, call.begin_ns);
    }
  }

  std::string run() {
    for (size_t i = 0; i < profile_.processes.size(); i++) process(profile_.processes[i], i);
    return "{\"displayTimeUnit\":\"ns\",\"traceEvents\":[\n" + events_ + "\n]}\n";
  }

 private:
  static constexpr uint64_t kTracksOfKernels = 1'000'000'000;  ///< above every stream's number
  static constexpr uint64_t kFirstDevice = 10'000'000;         // above every process number of Linux

  void add(const Json& event) {
    if (!events_.empty()) events_ += ",\n";
    events_ += dumped(event, -1);
  }

  void name_process(uint64_t pid, const std::string& name, int order) {
    add({{"ph", "M"}, {"name", "process_name"}, {"pid", pid}, {"args", {{"name", name}}}});
    add({{"ph", "M"}, {"name", "process_sort_index"}, {"pid", pid}, {"args", {{"sort_index", order}}}});
  }

  double microseconds(uint64_t ns) const { return double(int64_t(ns - start_)) / 1000; }

  void slice(uint64_t pid, uint64_t tid, const std::string& name, const char* category, double begin_us,
             double us, Json args) {
    add({{"ph", "X"},
         {"name", name},
         {"cat", category},
         {"pid", pid},
         {"tid", tid},
         {"ts", begin_us},
         {"dur", us},
         {"args", std::move(args)}});
  }

  /// Which of a stream's tracks work is on, on one clock: 0 is the stream's own. Kernels that kernels launch
  /// may overlap each other; those that do are on several tracks.
  using Tracks = std::map<const profile::Span*, unsigned>;
  static Tracks tracks_of(const ProcessProfile& p, uint64_t profile::Span::* begin,
                          uint64_t profile::Span::* end) {
    std::vector<const profile::Span*> launched;
    for (const ProfiledKernel& k : p.kernels)
      if (k.span.depth > 0) launched.push_back(&k.span);
    std::sort(launched.begin(), launched.end(), [&](const profile::Span* a, const profile::Span* b) {
      return a->*begin != b->*begin ? a->*begin < b->*begin : std::less<>()(a, b);
    });
    Tracks tracks;
    std::map<std::pair<uint32_t, uint64_t>, std::vector<uint64_t>> ends;  // of the tracks of a stream
    for (const profile::Span* s : launched) {
      std::vector<uint64_t>& of_stream = ends[{s->device, s->stream}];
      const auto free =
          std::find_if(of_stream.begin(), of_stream.end(), [&](uint64_t e) { return e <= s->*begin; });
      tracks[s] = unsigned(free - of_stream.begin()) + 1;
      if (free == of_stream.end())
        of_stream.push_back(s->*end);
      else
        *free = s->*end;
    }
    return tracks;
  }

  /// The number of a track, named when it is first used.
  uint64_t track(uint64_t pid, const profile::Span& s, const Tracks& tracks) {
    const auto found = tracks.find(&s);
    const unsigned number = found == tracks.end() ? 0 : found->second;
    const uint64_t tid = s.stream + number * kTracksOfKernels;
    std::string name = "stream " + std::to_string(s.stream);
    if (number > 0) name += ", launched by kernels";
    if (number > 1) name += " (" + std::to_string(number) + ")";
    if (named_.emplace(std::pair(pid, tid), true).second)
      add({{"ph", "M"}, {"name", "thread_name"}, {"pid", pid}, {"tid", tid}, {"args", {{"name", name}}}});
    return tid;
  }

  /// The same work on the device's two clocks, and an arrow from the call that submitted it.
  void device_slice(const ProcessProfile& p, size_t index, const profile::Span& s, const std::string& name,
                    const char* category, Json args) {
    const uint64_t real = kFirstDevice + index * 1000 + s.device * 2, modelled = real + 1;
    const std::string chip = p.head.chip;
    for (const bool predicted : {false, true}) {
      const uint64_t pid = predicted ? modelled : real;
      if (named_.emplace(std::pair(pid, ~uint64_t(0)), true).second)
        name_process(
            pid,
            "Device " + std::to_string(s.device) +
                (predicted ? " on the clock of " + chip + " (predicted)" : " on the host's clock (real)"),
            int(pid - kFirstDevice) + 1000);
    }
    const uint64_t real_track = track(real, s, real_tracks_);
    slice(real, real_track, name, category, microseconds(s.begin_ns), double(s.end_ns - s.begin_ns) / 1000,
          args);
    slice(modelled, track(modelled, s, chip_tracks_), name, category,
          first_work_ + double(s.chip_begin_ns) / 1000, double(s.chip_end_ns - s.chip_begin_ns) / 1000, args);
    if (s.depth > 0) return;  // a kernel submitted it
    const uint64_t id = ++flows_;
    add({{"ph", "s"},
         {"id", id},
         {"name", "submits"},
         {"cat", "submit"},
         {"pid", p.head.pid},
         {"tid", s.thread},
         {"ts", microseconds(s.submit_ns)}});
    add({{"ph", "f"},
         {"bp", "e"},
         {"id", id},
         {"name", "submits"},
         {"cat", "submit"},
         {"pid", real},
         {"tid", real_track},
         {"ts", microseconds(s.begin_ns)}});
  }

  void process(const ProcessProfile& p, size_t index) {
    const std::string program = p.head.program;
    name_process(p.head.pid, program.substr(program.rfind('/') + 1) + " (" + std::to_string(p.head.pid) + ")",
                 int(index));
    for (const profile::Call& c : p.calls)
      slice(p.head.pid, c.thread, p.names[c.name], c.is_runtime ? "runtime" : "driver",
            microseconds(c.begin_ns), double(c.end_ns - c.begin_ns) / 1000,
            c.result ? Json{{"result", c.result}} : Json::object());
    for (const profile::Range& r : p.ranges)
      slice(p.head.pid, r.thread, p.names[r.name], "range", microseconds(r.begin_ns),
            double(r.end_ns - r.begin_ns) / 1000, Json::object());
    // The chip's clock starts where this process's first work did.
    uint64_t first = ~uint64_t(0);
    for (const ProfiledKernel& k : p.kernels) first = std::min(first, k.span.submit_ns);
    for (const profile::Copy& copy : p.copies) first = std::min(first, copy.span.submit_ns);
    first_work_ = microseconds(first);
    real_tracks_ = tracks_of(p, &profile::Span::begin_ns, &profile::Span::end_ns);
    chip_tracks_ = tracks_of(p, &profile::Span::chip_begin_ns, &profile::Span::chip_end_ns);
    for (const ProfiledKernel& k : p.kernels) {
      const exec::Counters& c = k.run.counters;
      device_slice(p, index, k.span, p.names[k.name], "kernel",
                   {{"grid", k.grid},
                    {"block", k.block},
                    {"shared_bytes", k.run.shared_bytes},
                    {"flop", chip::flop_of(c)},
                    {"global_bytes", c.global_load_bytes + c.global_store_bytes},
                    {"sectors", c.global_load_sectors + c.global_store_sectors},
                    {"active_lanes", share(active_lanes_percent(c))},
                    {"launch_depth", k.span.depth}});
    }
    for (const profile::Copy& copy : p.copies)
      device_slice(p, index, copy.span, std::string("copy, ") + chip::copy_words(chip::CopyKind(copy.kind)),
                   "copy", {{"bytes", copy.bytes}});
  }

  const Profile& profile_;
  uint64_t start_;
  std::string events_;
  std::map<std::pair<uint64_t, uint64_t>, bool> named_;
  Tracks real_tracks_, chip_tracks_;  ///< of this process
  double first_work_ = 0;             ///< of this process, in microseconds
  uint64_t flows_ = 0;
};

}  // namespace

std::string json_report(const Profile& p) {
  Json out;
  out["command"] = p.command;
  out["exit_code"] = p.exit_code;
  out["host_seconds"] = p.host_seconds;
  out["chips"] = Json::array();
  for (const chip::Chip* c : p.chips) out["chips"].push_back(c->id);
  out["processes"] = Json::array();
  for (const ProcessProfile& one : p.processes)
    out["processes"].push_back({{"pid", one.head.pid},
                                {"program", one.head.program},
                                {"devices", one.head.devices},
                                {"kernels", one.kernels.size()},
                                {"calls", one.calls.size()}});
  out["kernels"] = Json::array();
  for (const KernelSummary& k : p.kernels) out["kernels"].push_back(kernel_json(p, k));
  out["copies"] = Json::array();
  for (const CopySummary& s : p.copies) {
    Json copy = {{"kind", chip::copy_words(s.kind)},
                 {"count", s.count},
                 {"bytes", s.bytes},
                 {"host_seconds", s.host_seconds}};
    for (size_t i = 0; i < p.chips.size(); i++) copy["chips"][p.chips[i]->id] = s.chip_seconds[i];
    out["copies"].push_back(copy);
  }
  out["calls"] = Json::array();
  for (const CallSummary& c : p.calls)
    out["calls"].push_back(
        {{"name", c.name}, {"count", c.count}, {"failed", c.failed}, {"host_seconds", c.host_seconds}});
  return dumped(out, 2) + "\n";
}

std::string csv_report(const Profile& p) {
  std::string out = "kernel,launches,host_seconds,flop,memory_bytes";
  for (const chip::Chip* c : p.chips)
    out += std::string(",seconds_") + c->id + ",limit_" + c->id + ",occupancy_" + c->id;
#define COUNTER(key, unit, meaning) out += "," #key;
#include "exec/counters.inc"
#undef COUNTER
  out += "\n";
  for (const KernelSummary& k : p.kernels) {
    out += csv_cell(k.name) + "," + std::to_string(k.launches) + "," + dumped(k.host_seconds, -1) + "," +
           dumped(chip::flop_of(k.counters), -1) + "," + dumped(k.memory_bytes, -1);
    for (const ChipTime& t : k.chips)
      out += "," + dumped(t.seconds, -1) + "," + csv_cell(chip::limit_words(t.limit)) + "," +
             dumped(t.occupancy, -1);
#define COUNTER(key, unit, meaning) out += "," + std::to_string(k.counters.key);
#include "exec/counters.inc"
#undef COUNTER
    out += "\n";
  }
  return out;
}

std::string trace_report(const Profile& p) {
  return Trace(p).run();
}

}  // namespace ppu::tools

// The tables of `ppu prof` for a terminal.
#include <algorithm>
#include <cstdio>

#include "tools/ppu/prof_data.h"

namespace ppu::tools {
namespace {

/// Columns as wide as their widest cell; the first to the left, the others to the right.
class Table {
 public:
  explicit Table(std::vector<std::string> head) { row(std::move(head)); }
  void row(std::vector<std::string> cells) { rows_.push_back(std::move(cells)); }
  std::string text() const {
    std::vector<size_t> width(rows_[0].size());
    for (const auto& r : rows_)
      for (size_t i = 0; i < r.size(); i++) width[i] = std::max(width[i], r[i].size());
    std::string out;
    for (const auto& r : rows_) {
      std::string line = "  ";
      for (size_t i = 0; i < r.size(); i++) {
        const std::string gap(width[i] - r[i].size(), ' ');
        line += i == 0 ? r[i] + gap : "  " + gap + r[i];
      }
      line.erase(line.find_last_not_of(' ') + 1);
      out += line + "\n";
    }
    return out;
  }

 private:
  std::vector<std::vector<std::string>> rows_;
};

std::string shortened(const std::string& name) {
  constexpr size_t kWidth = 44;
  const std::string text = short_name(name);
  return text.size() <= kWidth ? text : text.substr(0, kWidth - 3) + "...";
}

std::string show_percent(double value) {
  if (value < 0) return "-";
  char text[16];
  std::snprintf(text, sizeof text, "%.0f%%", value);
  return text;
}

std::string show_count(double value) {
  return value == 0 ? "-" : show_quantity(value, "");
}

std::string show_bytes(double value) {
  return value == 0 ? "-" : show_quantity(value, "B");
}

std::string times(const Profile& p) {
  std::vector<std::string> head = {"kernel", "launches"};
  for (const chip::Chip* c : p.chips) head.insert(head.end(), {c->name, "each"});
  head.insert(head.end(), {"limited by", "FLOP", "memory", "occupancy", "host"});
  Table table(head);
  for (const KernelSummary& k : p.kernels) {
    std::vector<std::string> row = {shortened(k.name), std::to_string(k.launches)};
    for (const ChipTime& t : k.chips) {
      row.push_back(show_seconds(t.seconds));
      row.push_back(show_seconds(t.seconds / double(k.launches)));
    }
    row.push_back(chip::limit_words(k.chips[0].limit));
    row.push_back(show_count(chip::flop_of(k.counters)));
    row.push_back(show_bytes(k.memory_bytes));
    row.push_back(show_percent(100 * k.chips[0].occupancy));
    row.push_back(show_seconds(k.host_seconds));
    table.row(row);
  }
  return "Kernels: predicted time on each chip, what limits it on the " + std::string(p.chips[0]->name) +
         ", real time on this host while counting\n" + table.text();
}

std::string work(const Profile& p) {
  Table table({"kernel", "int", "FP32", "FP64", "FP16", "BF16", "special", "tensor", "lanes on", "divergent",
               "barriers", "atomics"});
  for (const KernelSummary& k : p.kernels) {
    const exec::Counters& c = k.counters;
    table.row({shortened(k.name), show_count(double(c.int_ops)), show_count(double(c.f32_ops)),
               show_count(double(c.f64_ops)), show_count(double(c.f16_ops)), show_count(double(c.bf16_ops)),
               show_count(double(c.special_ops)), show_count(chip::tensor_flop_of(c)),
               show_percent(active_lanes_percent(c)), show_percent(divergent_percent(c)),
               show_count(double(c.barriers)), show_count(double(c.global_atomics + c.shared_atomics))});
  }
  return "Operations by type (a fused multiply-add is one; tensor: FLOP)\n" + table.text();
}

std::string memory(const Profile& p) {
  Table table({"kernel", "global ld", "global st", "coalesced", "shared ld", "shared st", "bank use", "local",
               "constant"});
  for (const KernelSummary& k : p.kernels) {
    const exec::Counters& c = k.counters;
    table.row({shortened(k.name), show_bytes(double(c.global_load_bytes)),
               show_bytes(double(c.global_store_bytes)), show_percent(coalesced_percent(c)),
               show_bytes(double(c.shared_load_bytes)), show_bytes(double(c.shared_store_bytes)),
               show_percent(bank_percent(c)), show_bytes(double(c.local_load_bytes + c.local_store_bytes)),
               show_bytes(double(c.constant_load_bytes))});
  }
  return "Bytes that threads ask for; coalesced: sectors needed at best over sectors touched; bank use: "
         "likewise\n" +
         table.text();
}

std::string copies(const Profile& p) {
  std::vector<std::string> head = {"copies", "count", "bytes"};
  for (const chip::Chip* c : p.chips) head.push_back(c->name);
  head.push_back("host");
  Table table(head);
  for (const CopySummary& s : p.copies) {
    std::vector<std::string> row = {chip::copy_words(s.kind), std::to_string(s.count),
                                    show_bytes(double(s.bytes))};
    for (const double seconds : s.chip_seconds) row.push_back(show_seconds(seconds));
    row.push_back(show_seconds(s.host_seconds));
    table.row(row);
  }
  return table.text();
}

std::string calls(const Profile& p) {
  constexpr size_t kShown = 12;
  Table table({"API calls", "count", "failed", "host"});
  for (size_t i = 0; i < std::min(kShown, p.calls.size()); i++) {
    const CallSummary& c = p.calls[i];
    table.row({c.name, std::to_string(c.count), c.failed ? std::to_string(c.failed) : "-",
               show_seconds(c.host_seconds)});
  }
  return table.text();
}

}  // namespace

std::string text_report(const Profile& p) {
  std::string out;
  if (p.kernels.empty()) {
    out += "No kernel ran.\n";
  } else {
    out += times(p) + "\n" + work(p) + "\n" + memory(p);
  }
  if (!p.copies.empty()) out += "\n" + copies(p);
  if (!p.calls.empty()) out += "\n" + calls(p);
  uint64_t interpreted = 0;
  for (const KernelSummary& k : p.kernels) interpreted += k.interpreted;
  if (interpreted)
    out += "\n" + std::to_string(interpreted) + " launches ran on the slow reference interpreter.\n";
  return out;
}

}  // namespace ppu::tools

// The HTML report of `ppu prof`: one file, no script, nothing fetched. A roofline for each chip, what limits
// each kernel, its counters, copies and calls.
#include <algorithm>
#include <cmath>
#include <cstdio>

#include "tools/ppu/prof_data.h"
#include "workload/svg_plot.h"

namespace ppu::tools {
namespace {

constexpr const char* kStyle = R"css(
:root{--bg:#fafaf8;--panel:#fff;--ink:#1d2126;--soft:#667080;--line:#dfe2e6;--accent:#2b6cb0;--memory:#2f7ebc;
--compute:#d9722b;--tensor:#7b4fb3;--other:#5c8a3a;--launch:#9aa2ad}
@media(prefers-color-scheme:dark){:root{--bg:#14171a;--panel:#1c2024;--ink:#e4e7ea;--soft:#98a2ad;--line:#32383f;
--accent:#79b2ea;--memory:#5aa5e0;--compute:#ec9455;--tensor:#a98ae0;--other:#8fc067;--launch:#6a727c}}
*{box-sizing:border-box}body{margin:0;background:var(--bg);color:var(--ink);font:15px/1.5 system-ui,-apple-system,
"Segoe UI",Roboto,"Helvetica Neue",Arial,sans-serif}main{max-width:1240px;margin:0 auto;padding:28px 24px 60px}
h1{font-size:24px;margin:0 0 4px}h2{font-size:18px;margin:36px 0 10px}p,figcaption{color:var(--soft);margin:4px 0 10px}
code{font:13px/1.4 ui-monospace,SFMono-Regular,Menlo,Consolas,monospace;word-break:break-all}
.cards{display:grid;grid-template-columns:repeat(auto-fit,minmax(160px,1fr));gap:12px;margin:18px 0}
.card{background:var(--panel);border:1px solid var(--line);border-radius:8px;padding:12px 14px}
.card b{display:block;font-size:20px;font-weight:600}.card span{color:var(--soft);font-size:13px}
.roofs{display:grid;grid-template-columns:repeat(auto-fit,minmax(480px,1fr));gap:16px}
figure{margin:0;background:var(--panel);border:1px solid var(--line);border-radius:8px;padding:14px}
figure svg{width:100%;height:auto;display:block}figure h3{margin:0 0 6px;font-size:15px}
.wide{overflow-x:auto;background:var(--panel);border:1px solid var(--line);border-radius:8px}
table{border-collapse:collapse;width:100%;font-size:13.5px}th,td{padding:7px 8px;text-align:right;white-space:nowrap;
border-bottom:1px solid var(--line);font-variant-numeric:tabular-nums}tr:last-child>td{border-bottom:0}
th{color:var(--soft);font-weight:500;font-size:12.5px}th:first-child,td:first-child{text-align:left;white-space:normal;
min-width:170px}td.words{text-align:left}th.words{text-align:left}
.bar{display:inline-block;height:9px;border-radius:2px;background:var(--other);vertical-align:middle}
.memory{background:var(--memory)}.compute{background:var(--compute)}.tensor{background:var(--tensor)}
.launch{background:var(--launch)}.none{color:var(--soft)}
details{background:var(--panel);border:1px solid var(--line);border-radius:8px;padding:8px 14px;margin:8px 0}
summary{cursor:pointer}details table{margin-top:8px}
svg text{fill:var(--ink);font-size:12px}svg .axis{fill:var(--soft);font-size:11px}svg .grid{stroke:var(--line)}
svg .roof{stroke:var(--ink);stroke-width:1.6;fill:none}svg .ceiling{stroke:var(--soft);stroke-dasharray:5 4;fill:none}
svg .dot{fill-opacity:.75;stroke:var(--panel);stroke-width:1}
)css";

std::string number(double v) {
  char text[32];
  std::snprintf(text, sizeof text, "%.1f", v);
  return text;
}

std::string cut(const std::string& text, size_t width) {
  return text.size() <= width ? text : text.substr(0, width - 3) + "...";
}

/// The last part of a qualified name, without template arguments: what fits beside a dot.
std::string last_name(const std::string& name) {
  std::string text = short_name(name);
  text = text.substr(0, text.find('<', 1));
  const size_t colon = text.rfind("::");
  return colon == text.npos ? text : text.substr(colon + 2);
}

/// Colour class of what limits a kernel.
const char* color_of(chip::Limit limit) {
  switch (limit) {
    case chip::Limit::kLaunch:
      return "launch";
    case chip::Limit::kMemory:
    case chip::Limit::kCache:
      return "memory";
    case chip::Limit::kTensor:
      return "tensor";
    case chip::Limit::kFp32:
    case chip::Limit::kFp64:
    case chip::Limit::kHalf:
      return "compute";
    default:
      return "other";
  }
}

/// One roofline: FLOP a byte against FLOP/s, both logarithmic.
class Roofline {
 public:
  Roofline(const Profile& p, size_t chip)
      : profile_(p), chip_(chip), numbers_(chip::values_of(*p.chips[chip])) {
    bandwidth_ = numbers_.memory_gbps * 1e9;
    ceilings_ = {{"FP32", numbers_.fp32_tflops * 1e12}, {"BF16 tensor", numbers_.bf16_tflops * 1e12}};
    for (const Ceiling& c : ceilings_) top_ = std::max(top_, c.flops);
    for (const KernelSummary& k : p.kernels) {
      total_seconds_ += k.chips[chip].seconds;
      const double flop = chip::flop_of(k.counters);
      if (flop <= 0 || k.memory_bytes <= 0) continue;
      widen(flop / k.memory_bytes, flop / k.chips[chip].seconds);
    }
    widen(top_ / bandwidth_ * 4, top_ * 1.6);
    low_x_ = std::floor(low_x_), high_x_ = std::ceil(high_x_);
    low_y_ = std::floor(low_y_), high_y_ = std::ceil(high_y_ - 0.3) + 0.3;
  }

  std::string svg() {
    out_ = "<svg viewBox=\"0 0 560 400\" role=\"img\" aria-label=\"roofline\">";
    axes();
    roofs();
    dots();
    return out_ + "</svg>";
  }

 private:
  struct Ceiling {
    const char* name;
    double flops;
  };
  static constexpr double kLeft = 58, kRight = 536, kTop = 12, kBottom = 356;

  void widen(double intensity, double flops) {
    low_x_ = std::min(low_x_, std::log10(intensity));
    high_x_ = std::max(high_x_, std::log10(intensity));
    low_y_ = std::min(low_y_, std::log10(flops));
    high_y_ = std::max(high_y_, std::log10(flops));
  }
  double x(double intensity) const {
    return kLeft + (std::log10(intensity) - low_x_) / (high_x_ - low_x_) * (kRight - kLeft);
  }
  double y(double flops) const {
    return kBottom - (std::log10(flops) - low_y_) / (high_y_ - low_y_) * (kBottom - kTop);
  }
  void line(const char* style, double x1, double y1, double x2, double y2) {
    out_ += std::string("<line class=\"") + style + "\" x1=\"" + number(x1) + "\" y1=\"" + number(y1) +
            "\" x2=\"" + number(x2) + "\" y2=\"" + number(y2) + "\"/>";
  }
  void text(const char* style, const char* anchor, double at_x, double at_y, const std::string& words) {
    out_ += std::string("<text class=\"") + style + "\" text-anchor=\"" + anchor + "\" x=\"" + number(at_x) +
            "\" y=\"" + number(at_y) + "\">" + workload::html_text(words) + "</text>";
  }

  void axes() {
    for (double e = low_x_; e <= high_x_; e++) {
      const double at = x(std::pow(10, e));
      line("grid", at, kTop, at, kBottom);
      char label[16];
      std::snprintf(label, sizeof label, "%g", std::pow(10, e));
      text("axis", "middle", at, kBottom + 16, label);
    }
    for (double e = low_y_; e <= high_y_; e++) {
      const double at = y(std::pow(10, e));
      line("grid", kLeft, at, kRight, at);
      text("axis", "end", kLeft - 6, at + 4, show_quantity(std::pow(10, e), ""));
    }
    text("axis", "middle", (kLeft + kRight) / 2, kBottom + 34, "FLOP per byte of device memory");
    text("axis", "start", 4, kTop + 2, "FLOP/s");
  }

  void roofs() {
    const double left = std::pow(10, low_x_), right = std::pow(10, high_x_), bottom = std::pow(10, low_y_);
    const double start = std::max(left, bottom / bandwidth_), ridge = std::min(right, top_ / bandwidth_);
    line("roof", x(start), y(start * bandwidth_), x(ridge), y(ridge * bandwidth_));
    const double middle = std::sqrt(start * ridge);
    text("axis", "end", x(middle) - 8, y(middle * bandwidth_) - 8, show_quantity(bandwidth_, "B/s"));
    for (const Ceiling& c : ceilings_) {
      if (c.flops <= bottom) continue;
      const bool highest = c.flops == top_;
      line(highest ? "roof" : "ceiling", x(std::clamp(c.flops / bandwidth_, left, right)), y(c.flops), kRight,
           y(c.flops));
      text("axis", "end", kRight - 4, y(c.flops) - 5,
           std::string(c.name) + " " + show_quantity(c.flops, "FLOP/s"));
    }
  }

  void dots() {
    int labels = 0;
    std::vector<std::pair<double, double>> taken;
    for (const KernelSummary& k : profile_.kernels) {
      const ChipTime& t = k.chips[chip_];
      const double flop = chip::flop_of(k.counters);
      if (flop <= 0 || k.memory_bytes <= 0) continue;
      const double at_x = x(flop / k.memory_bytes), at_y = y(flop / t.seconds);
      const double share = t.seconds / total_seconds_, radius = 4 + 14 * std::sqrt(share);
      out_ += "<circle class=\"dot\" style=\"fill:var(--" + std::string(color_of(t.limit)) + ")\" cx=\"" +
              number(at_x) + "\" cy=\"" + number(at_y) + "\" r=\"" + number(radius) + "\"><title>" +
              workload::html_text(short_name(k.name)) + "\n" + show_quantity(flop / t.seconds, "FLOP/s") +
              ", " + number(flop / k.memory_bytes) + " FLOP/B, " + number(100 * share) +
              " % of the time, limited by " + chip::limit_words(t.limit) + "</title></circle>";
      const bool free = std::none_of(taken.begin(), taken.end(), [&](const auto& other) {
        return std::fabs(other.first - at_x) < 170 && std::fabs(other.second - at_y) < 14;
      });
      if (labels >= 10 || !free) continue;
      labels++;
      taken.emplace_back(at_x, at_y);
      const bool to_left = at_x > kLeft + (kRight - kLeft) * 0.62;
      text("name", to_left ? "end" : "start", at_x + (to_left ? -radius - 4 : radius + 4), at_y + 4,
           cut(last_name(k.name), 26));
    }
  }

  const Profile& profile_;
  size_t chip_;
  chip::Numbers numbers_;
  double bandwidth_ = 0, top_ = 0, total_seconds_ = 0;
  std::vector<Ceiling> ceilings_;
  double low_x_ = 0, high_x_ = 1, low_y_ = 11, high_y_ = 12;
  std::string out_;
};

std::string percent_cell(double value) {
  return value < 0 ? "<td class=\"none\">&ndash;</td>" : "<td>" + number(value) + " %</td>";
}

std::string cards(const Profile& p) {
  uint64_t launches = 0, copied = 0;
  double flop = 0;
  std::vector<double> seconds(p.chips.size());
  for (const KernelSummary& k : p.kernels) {
    launches += k.launches;
    flop += chip::flop_of(k.counters);
    for (size_t c = 0; c < seconds.size(); c++) seconds[c] += k.chips[c].seconds;
  }
  for (const CopySummary& s : p.copies) copied += s.bytes;
  std::string out = "<div class=\"cards\">";
  const auto card = [&](const std::string& value, const std::string& words) {
    out += "<div class=\"card\"><b>" + workload::html_text(value) + "</b><span>" +
           workload::html_text(words) + "</span></div>";
  };
  for (size_t c = 0; c < seconds.size(); c++)
    card(show_seconds(seconds[c]), std::string("in kernels on ") + p.chips[c]->name + ", predicted");
  card(std::to_string(launches), "launches of " + std::to_string(p.kernels.size()) + " kernels");
  card(show_quantity(flop, "FLOP"), "floating-point work");
  card(show_quantity(double(copied), "B"), "copied and filled");
  card(show_seconds(p.host_seconds), "for the program on this host");
  return out + "</div>";
}

std::string kernel_table(const Profile& p, size_t chip) {
  std::string out =
      "<div class=\"wide\"><table><tr><th>kernel</th><th>launches</th><th>time</th><th>share</th>"
      "<th class=\"words\">limited by</th><th>FLOP/s</th><th>memory</th><th>lanes on</th><th>coalesced</th>"
      "<th>bank use</th><th>divergent</th><th>occupancy</th></tr>";
  double total = 0;
  for (const KernelSummary& k : p.kernels) total += k.chips[chip].seconds;
  for (const KernelSummary& k : p.kernels) {
    const ChipTime& t = k.chips[chip];
    const double share = total > 0 ? t.seconds / total : 0;
    out += "<tr><td><code>" + workload::html_text(cut(short_name(k.name), 60)) + "</code></td><td>" +
           std::to_string(k.launches) + "</td><td>" + show_seconds(t.seconds) +
           "</td><td><span class=\"bar " + color_of(t.limit) + "\" style=\"width:" + number(90 * share) +
           "px\"></span> " + number(100 * share) + " %</td><td class=\"words\">" +
           chip::limit_words(t.limit) + "</td><td>" +
           show_quantity(chip::flop_of(k.counters) / t.seconds, "") + "</td><td>" +
           show_quantity(k.memory_bytes, "B") + "</td>" + percent_cell(active_lanes_percent(k.counters)) +
           percent_cell(coalesced_percent(k.counters)) + percent_cell(bank_percent(k.counters)) +
           percent_cell(divergent_percent(k.counters)) + percent_cell(100 * t.occupancy) + "</tr>";
  }
  return out + "</table></div>";
}

std::string kernel_details(const Profile& p, const KernelSummary& k) {
  std::string out = "<details><summary><code>" + workload::html_text(cut(k.name, 160)) +
                    "</code></summary><table><tr><th>alone, on</th>";
  for (int l = 0; l < chip::kLimits; l++)
    out += std::string("<th>") + chip::limit_words(chip::Limit(l)) + "</th>";
  out += "</tr>";
  for (size_t c = 0; c < p.chips.size(); c++) {
    out += std::string("<tr><td>") + workload::html_text(p.chips[c]->name) + "</td>";
    for (const double s : k.chips[c].by_limit)
      out += "<td>" + (s > 0 ? show_seconds(s) : std::string("&ndash;")) + "</td>";
    out += "</tr>";
  }
  out += "</table><table><tr><th>counted</th><th>sum</th><th>a launch</th></tr>";
#define COUNTER(key, unit, meaning)                                                                   \
  if (k.counters.key)                                                                                 \
    out += "<tr><td>" + workload::html_text(meaning) + "</td><td>" + std::to_string(k.counters.key) + \
           "</td><td>" + show_quantity(double(k.counters.key) / double(k.launches), "") + "</td></tr>";
#include "exec/counters.inc"
#undef COUNTER
  out +=
      "</table><table><tr><th>launch shapes</th><th>block</th><th>shared memory</th><th>launches</th></tr>";
  for (const KernelSummary::Shape& s : k.shapes) {
    const auto dims = [](const uint32_t d[3]) {
      return std::to_string(d[0]) + " x " + std::to_string(d[1]) + " x " + std::to_string(d[2]);
    };
    out += "<tr><td>" + dims(s.grid) + "</td><td>" + dims(s.block) + "</td><td>" +
           std::to_string(s.shared_bytes) + " B</td><td>" + std::to_string(s.launches) + "</td></tr>";
  }
  return out + "</table></details>";
}

std::string copies_and_calls(const Profile& p) {
  std::string out;
  if (!p.copies.empty()) {
    out += "<h2>Copies</h2><div class=\"wide\"><table><tr><th>direction</th><th>count</th><th>bytes</th>";
    for (const chip::Chip* c : p.chips) out += "<th>" + workload::html_text(c->name) + "</th>";
    out += "<th>this host</th></tr>";
    for (const CopySummary& s : p.copies) {
      out += std::string("<tr><td>") + chip::copy_words(s.kind) + "</td><td>" + std::to_string(s.count) +
             "</td><td>" + show_quantity(double(s.bytes), "B") + "</td>";
      for (const double seconds : s.chip_seconds) out += "<td>" + show_seconds(seconds) + "</td>";
      out += "<td>" + show_seconds(s.host_seconds) + "</td></tr>";
    }
    out += "</table></div>";
  }
  if (!p.calls.empty()) {
    out +=
        "<h2>API calls</h2><div class=\"wide\"><table><tr><th>function</th><th>count</th><th>failed</th>"
        "<th>this host</th></tr>";
    for (const CallSummary& c : p.calls)
      out += "<tr><td><code>" + workload::html_text(c.name) + "</code></td><td>" + std::to_string(c.count) +
             "</td><td>" + (c.failed ? std::to_string(c.failed) : "&ndash;") + "</td><td>" +
             show_seconds(c.host_seconds) + "</td></tr>";
    out += "</table></div>";
  }
  return out;
}

}  // namespace

std::string html_report(const Profile& p) {
  std::string command;
  for (const std::string& word : p.command) command += (command.empty() ? "" : " ") + word;
  std::string out =
      "<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" "
      "content=\"width=device-width,initial-scale=1\"><title>Profile of " +
      workload::html_text(command) + "</title><style>" + kStyle +
      "</style></head><body><main><h1>Profile</h1><p><code>" + workload::html_text(command) + "</code></p>" +
      cards(p);
  if (p.kernels.empty()) {
    out += "<p>No kernel ran.</p>";
  } else {
    out +=
        "<h2>Rooflines</h2><p>Work counted while the kernels ran on the software device; times are "
        "predictions for the "
        "chip. A dot's area is its share of the time, its colour what limits it: "
        "<span class=\"bar memory\" style=\"width:12px\"></span> memory, "
        "<span class=\"bar compute\" style=\"width:12px\"></span> arithmetic, "
        "<span class=\"bar tensor\" style=\"width:12px\"></span> tensor units, "
        "<span class=\"bar\" style=\"width:12px\"></span> other pipes, "
        "<span class=\"bar launch\" style=\"width:12px\"></span> launch.</p><div class=\"roofs\">";
    for (size_t c = 0; c < p.chips.size(); c++)
      out += "<figure><h3>" + workload::html_text(p.chips[c]->name) + "</h3>" + Roofline(p, c).svg() +
             "</figure>";
    out += "</div>";
    for (size_t c = 0; c < p.chips.size(); c++)
      out += "<h2>Kernels on " + workload::html_text(p.chips[c]->name) + "</h2>" + kernel_table(p, c);
    out += "<h2>Counters</h2>";
    for (const KernelSummary& k : p.kernels) out += kernel_details(p, k);
  }
  out += copies_and_calls(p);
  return out +
         "<p>Occupancy is from threads and shared memory; registers that a real compiler would use are "
         "unknown. "
         "Kernels that do no floating-point work are not on the rooflines.</p></main></body></html>\n";
}

}  // namespace ppu::tools

// See report_html.h. A function a section, in the order of the page.
#include "workload/report_html.h"

#include <algorithm>
#include <cmath>
#include <cstdio>

#include "chip/show.h"
#include "workload/report_style.h"
#include "workload/svg_plot.h"

namespace ppu::workload {
namespace {

constexpr int kColours = 6;

std::string format(const char* pattern, auto... values) {
  char text[1024];
  std::snprintf(text, sizeof text, pattern, values...);
  return text;
}

std::string range_text(const chip::Interval& i) {
  return short_number(i.p10) + "–" + short_number(i.p90);
}

/// Long times in seconds.
Figure readable(const Figure& f) {
  if (f.unit != "ms" || f.value.p50 < 5000) return f;
  return {f.key, f.name, "s", {f.value.p10 / 1000, f.value.p50 / 1000, f.value.p90 / 1000}};
}

class Report {
 public:
  Report(const Question& q, std::span<const Answer> answers) : q_(q), answers_(answers) {
    for (size_t i = 0; i < answers.size(); ++i)
      if (answers[i].refusal.empty()) shown_.push_back(i);
  }

  std::string page() {
    std::string out =
        "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">"
        "<meta name=\"viewport\" content=\"width=device-width,initial-scale=1\"><title>" +
        html_text(q_.model.name) + " – estimate</title><style>" + kReportStyle +
        "</style></head><body><main>";
    out += title() + heads() + notes();
    out += "<div class=\"two\">" + limits() + load() + heat() + tornado() + "</div>";
    return out + roofline() + figures() + table() + footer() + "</main></body></html>\n";
  }

 private:
  int colour(size_t answer) const { return int(answer % kColours); }
  std::string name(size_t answer) const { return html_text(answers_[answer].chip->name); }

  std::string key(bool percentiles = false) const {
    std::string out = "<div class=\"key\">";
    for (const size_t i : shown_)
      out += format("<span><i class=\"k%d\"></i>", colour(i)) + name(i) + "</span>";
    return out + (percentiles ? "<span>solid: median, dashed: p99</span>" : "") + "</div>";
  }

  std::string title() const {
    const Model& m = q_.model;
    std::string out =
        "<h1>" + html_text(m.name) + "</h1><p class=\"soft\">" + count_text(m.parameters()) + " parameters";
    if (m.decoder && m.active_parameters() < 0.9 * m.parameters())
      out += ", " + count_text(m.active_parameters()) + " active";
    if (m.decoder)
      out += format(" · %g tokens in, %g out", q_.in > 0 ? q_.in : m.default_in,
                    q_.out > 0 ? q_.out : m.default_out);
    else if (m.task == Task::kEmbed)
      out += format(" · %g tokens a sentence", q_.in > 0 ? q_.in : m.default_in);
    if (q_.batch > 0) out += format(" · batch %g", q_.batch);
    if (q_.concurrency > 0) out += format(" · %g in flight", q_.concurrency);
    if (q_.rate > 0) out += format(" · %g arrivals a second", q_.rate);
    out += " · stack " + html_text(stack_of(q_)) + "</p>";
    return out +
           "<p class=\"soft small\">Every figure is P50 with P10–P90 beside it: nine times in ten the truth "
           "should lie above "
           "the lower and nine in ten below the upper value.</p>";
  }

  static std::string head_line(const Answer& a, const char* wanted) {
    if (!a.find(wanted)) return "";
    const Figure f = readable(*a.find(wanted));
    return "<dt>" + html_text(f.name) + "</dt><dd>" + short_number(f.value.p50) + " " + html_text(f.unit) +
           "<small>" + range_text(f.value) + "</small></dd>";
  }

  std::string heads() const {
    static constexpr const char* kLoaded[] = {"load_ttft_p50_ms", "load_tpot_p50_ms", "load_latency_p50_ms",
                                              "load_latency_p99_ms", "load_per_second"};
    static constexpr const char* kFree[] = {"ttft_ms",          "tpot_ms",         "latency_ms",
                                            "batch_per_second", "full_per_second", "items_per_second",
                                            "server_per_second"};
    static constexpr const char* kAlways[] = {"joules", "watts", "usd_per_million"};
    std::string out = "<div class=\"heads\">";
    for (const size_t i : shown_) {
      const Answer& a = answers_[i];
      out += format("<div class=\"head b%d\"><h2>", colour(i)) + name(i) + "</h2><p class=\"small soft\">" +
             format("%d %s · ", a.chips, a.chips == 1 ? "chip" : "chips") + html_text(a.precision.name) +
             "</p><dl>";
      const bool loaded = a.find("load_per_second") != nullptr;
      for (const char* wanted :
           loaded ? std::span<const char* const>(kLoaded) : std::span<const char* const>(kFree))
        out += head_line(a, wanted);
      for (const char* wanted : kAlways) out += head_line(a, wanted);
      out += "</dl></div>";
    }
    return out + "</div>";
  }

  std::string notes() const {
    std::string out;
    for (const Answer& a : answers_) {
      const std::string who = "<b>" + html_text(a.chip->name) + "</b>: ";
      if (!a.refusal.empty())
        out += "<p class=\"note\">" + who + "no estimate. " + html_text(a.refusal) + "</p>";
      for (const std::string& note : a.notes) out += "<p class=\"note\">" + who + html_text(note) + "</p>";
    }
    return out;
  }

  /// An interval for each chip, figure by figure, each on a scale of its own.
  std::string figures() const {
    if (shown_.empty()) return "";
    std::string cells;
    for (const Figure& f : answers_[shown_[0]].figures)
      if (f.value.p10 != f.value.p90) cells += "<div>" + intervals(f) + "</div>";
    return "<section><h2>Figures and their intervals</h2>" + key() + "<div class=\"figures\">" + cells +
           "</div></section>";
  }

  std::string intervals(const Figure& figure) const {
    constexpr double kWidth = 340, kBars = 205, kRow = 15, kFirst = 20;
    double low = INFINITY, high = -INFINITY;
    for (const size_t i : shown_)
      if (const Figure* f = answers_[i].find(figure.key))
        low = std::min(low, f->value.p10), high = std::max(high, f->value.p90);
    const bool logarithmic = low > 0 && high / low > 20;
    const auto at = [&](double v) {
      const double share =
          logarithmic ? std::log(v / low) / std::log(high / low) : (v - low) / std::max(high - low, 1e-300);
      return 6 + std::clamp(share, 0.0, 1.0) * (kBars - 12);
    };
    std::string rows = "<text class=\"strong\" x=\"2\" y=\"11\">" + html_text(figure.name) + ", " +
                       html_text(figure.unit) + (logarithmic ? " (log)" : "") + "</text>";
    double y = kFirst;
    for (const size_t i : shown_) {
      const Figure* f = answers_[i].find(figure.key);
      if (!f) continue;
      rows += format("<line class=\"whisker s%d\" x1=\"%.1f\" y1=\"%.1f\" x2=\"%.1f\" y2=\"%.1f\"/>",
                     colour(i), at(f->value.p10), y, at(f->value.p90) + 0.01, y);
      rows += format("<circle class=\"mark s%d\" cx=\"%.1f\" cy=\"%.1f\" r=\"4\"/>", colour(i),
                     at(f->value.p50), y);
      rows += format("<text x=\"%.0f\" y=\"%.1f\" text-anchor=\"end\">", kWidth - 2, y + 4) +
              short_number(f->value.p50) + " (" + range_text(f->value) + ")</text>";
      y += kRow;
    }
    return format("<svg viewBox=\"0 0 %.0f %.0f\" role=\"img\" aria-label=\"", kWidth, y) +
           html_text(figure.name) + "\">" + rows + "</svg>";
  }

  std::string limits() const {
    static constexpr const char* kNames[] = {"compute", "memory", "link", "launch", "host"};
    std::string out = "<section><h2>What limits it</h2><div class=\"key\">";
    for (const char* n : kNames) out += format("<span><i class=\"%s\"></i>%s</span>", n, n);
    out += "</div>";
    for (const size_t i : shown_) {
      out += "<p style=\"margin:8px 0 2px\"><b>" + name(i) + "</b></p>";
      for (const Phase& p : answers_[i].phases) {
        const chip::Shares& s = p.seconds;
        const double parts[] = {s.compute, s.memory, s.link, s.launch, s.host}, total = s.total();
        if (!(total > 0)) continue;
        out += "<div class=\"small soft\">" + html_text(p.name) + "</div><div class=\"bar\">";
        for (int k = 0; k < 5; ++k)
          out += format("<span class=\"%s\" style=\"width:%.2f%%\" title=\"%s %.0f %%\"></span>", kNames[k],
                        100 * parts[k] / total, kNames[k], 100 * parts[k] / total);
        out += "</div>";
      }
    }
    return out + "</section>";
  }

  std::string load() const {
    Plot plot;
    plot.description = "latency against load";
    plot.x = {q_.model.decoder ? "requests a second" : plural_item(q_.model) + " a second", true};
    plot.y = {"latency, s", true};
    for (const size_t i : shown_)
      for (const bool p99 : {false, true}) {
        Series s{.name = answers_[i].chip->name, .colour = colour(i), .dashed = p99};
        for (const LoadPoint& p : answers_[i].curve)
          s.x.push_back(p.rate), s.y.push_back(p99 ? p.latency.p99 : p.latency.p50);
        if (!s.x.empty()) plot.series.push_back(s);
      }
    if (plot.series.empty()) return "";
    return "<section><h2>Latency against load</h2>" + key(true) + svg_of(plot) +
           "<p class=\"small soft\">Random arrivals, from 5 to 95 % of what a full server gives; chip "
           "numbers at their values.</p></section>";
  }

  std::string heat() const {
    Plot plot;
    plot.description = "die temperature over time";
    plot.x = {"minutes since the start", true};
    plot.y = {"die temperature, °C", false};
    for (const size_t i : shown_) {
      const Answer& a = answers_[i];
      Series s{.name = a.chip->name, .colour = colour(i)};
      for (const chip::ThermalSample& t : a.heat.samples)
        if (t.seconds > 0) s.x.push_back(t.seconds / 60), s.y.push_back(t.die_c);
      if (s.x.empty()) continue;
      if (a.slow_down_c > 0)
        plot.series.push_back({.name = "slow-down",
                               .x = {s.x.front(), s.x.back()},
                               .y = {a.slow_down_c, a.slow_down_c},
                               .colour = colour(i),
                               .dashed = true});
      plot.series.push_back(s);
    }
    if (plot.series.empty()) return "";
    std::string out =
        "<section><h2>Temperature over " + format("%g", q_.hours) + " hours</h2>" + key() + svg_of(plot);
    out +=
        "<p class=\"small soft\">" + format("Inlet air %g °C. ", q_.cooling.inlet_c) +
        "Dashed: where the clock is lowered. Thermal resistances are unknown for most chips and assumed.</p>";
    for (const size_t i : shown_)
      if (const Figure* f = answers_[i].find("throughput_lost_pct"))
        out += "<p class=\"small\"><b>" + name(i) + "</b>: throughput lost " + short_number(f->value.p50) +
               " % (" + range_text(f->value) + " %)</p>";
    return out + "</section>";
  }

  std::string tornado() const {
    std::string out;
    for (const size_t i : shown_) {
      const Answer& a = answers_[i];
      const size_t count = std::min<size_t>(a.tornado.size(), 8);
      if (count == 0) continue;
      double low = a.tornado_base, high = a.tornado_base;
      for (size_t k = 0; k < count; ++k)
        for (const double v : {a.tornado[k].at_low, a.tornado[k].at_high})
          low = std::min(low, v), high = std::max(high, v);
      constexpr double kWidth = 460, kLeft = 132, kRow = 21;
      const auto at = [&](double v) {
        return kLeft + (v - low) / std::max(high - low, 1e-300) * (kWidth - kLeft - 44);
      };
      std::string rows;
      for (size_t k = 0; k < count; ++k) {
        const Bar& b = a.tornado[k];
        const double y = double(k) * kRow + 4, middle = at(a.tornado_base);
        rows += format("<text x=\"%.0f\" y=\"%.1f\" text-anchor=\"end\">", kLeft - 8, y + 12) +
                html_text(words_of(b.name)) + "</text>";
        for (const bool end : {false, true}) {
          const double v = at(end ? b.at_high : b.at_low);
          rows += format(
              "<rect class=\"%s\" x=\"%.1f\" y=\"%.1f\" width=\"%.1f\" height=\"15\" "
              "fill-opacity=\".8\"><title>%s</title></rect>",
              end ? "high" : "low", std::min(v, middle), y, std::max(0.5, std::abs(v - middle)),
              short_number(end ? b.at_high : b.at_low).c_str());
        }
        rows += format("<text x=\"%.1f\" y=\"%.1f\">%s</text>", std::max(at(b.at_low), at(b.at_high)) + 4,
                       y + 12, short_number(std::max(b.at_low, b.at_high)).c_str());
      }
      const double bottom = double(count) * kRow + 4;
      rows += format("<line class=\"axis\" x1=\"%.1f\" y1=\"0\" x2=\"%.1f\" y2=\"%.1f\"/>",
                     at(a.tornado_base), at(a.tornado_base), bottom);
      out += "<p style=\"margin:10px 0 2px\"><b>" + name(i) + "</b> <span class=\"soft small\">" +
             short_number(a.tornado_base) + " USD; " + html_text(a.price_basis) + "</span></p>" +
             format("<svg viewBox=\"0 0 %.0f %.0f\" role=\"img\" aria-label=\"what moves the cost\">", kWidth,
                    bottom) +
             rows + "</svg>";
    }
    if (out.empty()) return "";
    return "<section><h2>What moves the cost of a million " + plural_item(q_.model) +
           "</h2><div class=\"key\">"
           "<span><i class=\"k1\"></i>at the low end of the input</span><span><i class=\"k0\"></i>at its "
           "high end</span></div>" +
           out + "</section>";
  }

  static std::string words_of(std::string key) {
    std::replace(key.begin(), key.end(), '_', ' ');
    return key;
  }

  Plot roofline_of(const Answer& a) const {
    constexpr double kShown = 0.005;  // of the time; what takes less is left out
    Plot plot;
    plot.description = "roofline";
    plot.x = {"FLOP a byte", true};
    plot.y = {"FLOP/s", true};
    const double ridge = a.peak_flops / a.bandwidth;
    double left = ridge / 8, right = ridge * 8;
    std::vector<RooflinePoint> points;
    for (const RooflinePoint& p : a.roofline)
      if (p.share >= kShown) points.push_back(p);
    std::sort(points.begin(), points.end(),
              [](const RooflinePoint& p, const RooflinePoint& q) { return p.share > q.share; });
    for (const RooflinePoint& p : points)
      left = std::min(left, p.intensity), right = std::max(right, p.intensity);
    plot.series.push_back({.name = "roof",
                           .x = {left, ridge, right},
                           .y = {left * a.bandwidth, a.peak_flops, a.peak_flops},
                           .colour = 9});
    for (const bool prefill : {true, false}) {
      Series s{.name = prefill ? "prefill" : "decode",
               .colour = prefill ? 0 : 1,
               .line = false,
               .square = !prefill};
      for (const RooflinePoint& p : points) {
        if (p.prefill != prefill) continue;
        s.x.push_back(p.intensity), s.y.push_back(p.flops), s.radius.push_back(2.5 + 9 * std::sqrt(p.share));
        s.label.push_back(p.label + format(": %.0f %% of the time", 100 * p.share));
      }
      plot.series.push_back(s);
    }
    for (const RooflinePoint& p : points)
      if (p.share > 0.08) plot.texts.push_back({p.intensity, p.flops, p.label});
    return plot;
  }

  std::string roofline() const {
    std::string panels;
    for (const size_t i : shown_) {
      const Answer& a = answers_[i];
      if (a.roofline.empty() || !(a.peak_flops > 0) || !(a.bandwidth > 0)) continue;
      panels += "<section><h2>Roofline, " + name(i) + "</h2><div class=\"key\"><span><i class=\"k0\"></i>" +
                (q_.model.decoder ? "prefill (dots)</span><span><i class=\"k1\"></i>decode (squares)"
                                  : "operations") +
                "</span><span>area: share of the time</span></div>" + svg_of(roofline_of(a)) +
                "<p class=\"small soft\">" +
                format("Roofs at the chip's values: %s FLOP/s effective in %s, %s B/s.",
                       short_number(a.peak_flops).c_str(), html_text(a.precision.name).c_str(),
                       short_number(a.bandwidth).c_str()) +
                "</p></section>";
    }
    return panels.empty() ? "" : "<div class=\"two\">" + panels + "</div>";
  }

  std::string table() const {
    if (shown_.empty()) return "";
    std::string out = "<section><h2>All figures</h2><div class=\"scroll\"><table><thead><tr><th></th>";
    for (const size_t i : shown_) out += "<th>" + name(i) + "</th>";
    out += "</tr></thead><tbody>";
    const auto row = [&](const std::string& what, auto cell) {
      out += "<tr><td>" + what + "</td>";
      for (const size_t i : shown_) out += "<td>" + cell(answers_[i]) + "</td>";
      out += "</tr>";
    };
    for (const Figure& f : answers_[shown_[0]].figures)
      row(html_text(f.name + (f.unit.empty() ? "" : ", " + f.unit)), [&](const Answer& a) -> std::string {
        const Figure* g = a.find(f.key);
        if (!g) return "–";
        if (g->value.p10 == g->value.p90) return short_number(g->value.p50);
        return short_number(g->value.p50) + " <small>" + range_text(g->value) + "</small>";
      });
    const auto gib = [](double bytes) { return short_number(bytes / (1024.0 * 1024 * 1024)); };
    row("weights on a chip, GiB", [&](const Answer& a) { return gib(a.memory.weights); });
    row("usable memory of a chip, GiB", [&](const Answer& a) { return gib(a.memory.capacity); });
    if (q_.model.decoder)
      row("requests that fit", [](const Answer& a) { return short_number(a.requests_that_fit); });
    return out + "</tbody></table></div></section>";
  }

  std::string footer() const {
    std::string out =
        "<footer><p>" + html_text(provenance_text()) + "</p><p>Model sizes: " + html_text(q_.model.source);
    if (!q_.model.uncertain.empty()) out += "; uncertain: " + html_text(q_.model.uncertain);
    out += ".</p>";
    for (const size_t i : shown_)
      out += "<p>" + name(i) + ": cost by " + html_text(answers_[i].price_basis) + ".</p>";
    return out + "<p>Chip numbers with their sources: <code>ppu chips show NAME</code>.</p></footer>";
  }

  const Question& q_;
  std::span<const Answer> answers_;
  std::vector<size_t> shown_;
};

}  // namespace

std::string html_report(const Question& question, std::span<const Answer> answers) {
  return Report(question, answers).page();
}

std::string count_text(double parameters) {
  return parameters >= 1e12  ? format("%.3gT", parameters / 1e12)
         : parameters >= 1e9 ? format("%.3gB", parameters / 1e9)
         : parameters >= 1e6 ? format("%.3gM", parameters / 1e6)
                             : format("%.0f", parameters);
}

const char* provenance_text() {
  return "Modelled, not measured: intervals come from those of the chip's numbers (ppu chips show) and from "
         "what the model "
         "left unexplained of published measurements. Figures derived from MLPerf results are not verified "
         "by MLCommons.";
}

}  // namespace ppu::workload

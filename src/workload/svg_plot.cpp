// See svg_plot.h.
#include "workload/svg_plot.h"

#include <algorithm>
#include <cmath>
#include <cstdio>

namespace ppu::workload {
namespace {

constexpr double kLeft = 52, kRight = 14, kTop = 12, kBottom = 44;

std::string format(const char* pattern, auto... values) {
  char text[512];
  std::snprintf(text, sizeof text, pattern, values...);
  return text;
}

/// From data to one direction of the drawing.
class Scale {
 public:
  Scale(const Axis& axis, double from, double to, const std::vector<double>& data)
      : axis_(axis), from_(from), to_(to) {
    low_ = axis.low, high_ = axis.high;
    if (low_ >= high_) {
      low_ = INFINITY, high_ = -INFINITY;
      for (const double v : data)
        if (shows(v)) low_ = std::min(low_, v), high_ = std::max(high_, v);
      if (!(low_ <= high_)) low_ = axis.logarithmic ? 1 : 0, high_ = axis.logarithmic ? 10 : 1;
      widen();
    }
  }

  bool shows(double v) const { return std::isfinite(v) && (!axis_.logarithmic || v > 0); }
  double at(double v) const {
    const double share =
        axis_.logarithmic ? std::log(v / low_) / std::log(high_ / low_) : (v - low_) / (high_ - low_);
    return from_ + std::clamp(share, -0.02, 1.02) * (to_ - from_);
  }
  std::vector<double> ticks() const { return ticks_of(low_, high_, axis_.logarithmic); }

 private:
  void widen() {
    if (axis_.logarithmic) {
      low_ /= 1.3, high_ *= 1.3;
      return;
    }
    const double room = (high_ - low_) * 0.06;
    high_ += room > 0 ? room : std::max(1e-9, std::abs(high_) * 0.1);
    low_ = low_ >= 0 && low_ < 0.5 * high_ ? 0 : low_ - room;
  }

  const Axis& axis_;
  double from_, to_, low_, high_;
};

std::string axes(const Plot& p, const Scale& x, const Scale& y) {
  const double bottom = p.height - kBottom, right = p.width - kRight;
  std::string out;
  for (const double v : y.ticks()) {
    out += format("<line class=\"grid\" x1=\"%.1f\" y1=\"%.1f\" x2=\"%.1f\" y2=\"%.1f\"/>", kLeft, y.at(v),
                  right, y.at(v));
    out += format("<text class=\"tick\" x=\"%.1f\" y=\"%.1f\" text-anchor=\"end\">%s</text>", kLeft - 6,
                  y.at(v) + 3.5, short_number(v).c_str());
  }
  for (const double v : x.ticks()) {
    out += format("<line class=\"grid\" x1=\"%.1f\" y1=\"%.1f\" x2=\"%.1f\" y2=\"%.1f\"/>", x.at(v), kTop,
                  x.at(v), bottom);
    out += format("<text class=\"tick\" x=\"%.1f\" y=\"%.1f\" text-anchor=\"middle\">%s</text>", x.at(v),
                  bottom + 15, short_number(v).c_str());
  }
  out += format("<line class=\"axis\" x1=\"%.1f\" y1=\"%.1f\" x2=\"%.1f\" y2=\"%.1f\"/>", kLeft, bottom,
                right, bottom);
  out += format("<text class=\"name\" x=\"%.1f\" y=\"%.1f\" text-anchor=\"middle\">%s</text>",
                (kLeft + right) / 2, p.height - 8, html_text(p.x.title).c_str());
  out += format(
      "<text class=\"name\" transform=\"translate(12 %.1f) rotate(-90)\" text-anchor=\"middle\">%s</text>",
      (kTop + bottom) / 2, html_text(p.y.title).c_str());
  return out;
}

std::string line_of(const Series& s, const Scale& x, const Scale& y) {
  std::string points;
  for (size_t i = 0; i < std::min(s.x.size(), s.y.size()); ++i)
    if (x.shows(s.x[i]) && y.shows(s.y[i])) points += format("%.1f,%.1f ", x.at(s.x[i]), y.at(s.y[i]));
  return format("<polyline class=\"line s%d%s\" points=\"", s.colour, s.dashed ? " dashed" : "") + points +
         "\"/>";
}

std::string marks_of(const Series& s, const Scale& x, const Scale& y) {
  std::string out;
  for (size_t i = 0; i < std::min(s.x.size(), s.y.size()); ++i) {
    if (!x.shows(s.x[i]) || !y.shows(s.y[i])) continue;
    const double px = x.at(s.x[i]), py = y.at(s.y[i]), r = i < s.radius.size() ? s.radius[i] : 3;
    const std::string title = i < s.label.size() ? "<title>" + html_text(s.label[i]) + "</title>" : "";
    if (s.square)
      out += format("<rect class=\"mark s%d\" x=\"%.1f\" y=\"%.1f\" width=\"%.1f\" height=\"%.1f\">",
                    s.colour, px - r, py - r, 2 * r, 2 * r) +
             title + "</rect>";
    else
      out += format("<circle class=\"mark s%d\" cx=\"%.1f\" cy=\"%.1f\" r=\"%.1f\">", s.colour, px, py, r) +
             title + "</circle>";
  }
  return out;
}

/// Texts beside their points, in the order given; one that would cover another is left out.
std::string labels_of(const Plot& p, const Scale& x, const Scale& y) {
  constexpr double kHeight = 12, kCharacter = 5.6;
  struct Box {
    double left, right, top;
  };
  std::vector<Box> taken;
  std::string out;
  for (const PlotText& t : p.texts) {
    if (!x.shows(t.x) || !y.shows(t.y)) continue;
    const double width = kCharacter * double(t.text.size()), px = x.at(t.x), py = y.at(t.y) + 3.5;
    const bool before = px + width + 9 > p.width - kRight;
    const Box box{before ? px - 9 - width : px + 9, before ? px - 9 : px + 9 + width, py};
    const bool covers = std::any_of(taken.begin(), taken.end(), [&](const Box& b) {
      return std::abs(b.top - box.top) < kHeight && b.left < box.right && box.left < b.right;
    });
    if (covers) continue;
    taken.push_back(box);
    out +=
        format("<text class=\"label\" x=\"%.1f\" y=\"%.1f\">", box.left, py) + html_text(t.text) + "</text>";
  }
  return out;
}

}  // namespace

std::string html_text(const std::string& text) {
  std::string out;
  for (const char c : text) {
    if (c == '&')
      out += "&amp;";
    else if (c == '<')
      out += "&lt;";
    else if (c == '>')
      out += "&gt;";
    else if (c == '"')
      out += "&quot;";
    else
      out += c;
  }
  return out;
}

std::string short_number(double value) {
  static constexpr struct {
    double factor;
    const char* suffix;
  } kSuffixes[] = {{1e15, "P"}, {1e12, "T"}, {1e9, "G"}, {1e6, "M"}, {1e3, "k"}};
  const double size = std::abs(value);
  for (const auto& s : kSuffixes)
    if (size >= s.factor * (s.factor == 1e3 ? 9.9995 : 0.9995)) {
      const double v = value / s.factor;
      return format(std::abs(v) >= 99.95   ? "%.0f%s"
                    : std::abs(v) >= 9.995 ? "%.3g%s"
                                           : "%.3g%s",
                    v, s.suffix);
    }
  if (size >= 999.5) return format("%.0f", value);
  return size >= 1e-3 || size == 0 ? format("%.3g", value) : format("%.1e", value);
}

std::vector<double> ticks_of(double low, double high, bool logarithmic) {
  std::vector<double> ticks;
  if (!(high > low)) return ticks;
  if (logarithmic) {
    const double decades = std::log10(high / low), first = std::floor(std::log10(low));
    const double every = std::max(1.0, std::ceil(decades / 6));
    for (double d = first; d <= std::log10(high) && ticks.size() < 40; d += decades < 2.2 ? 1 : every)
      for (const double m : {1.0, 2.0, 5.0})
        if ((decades < 2.2 || m == 1) && m * std::pow(10, d) >= low && m * std::pow(10, d) <= high)
          ticks.push_back(m * std::pow(10, d));
    return ticks;
  }
  const double rough = (high - low) / 5, size = std::pow(10, std::floor(std::log10(rough)));
  double step = size;
  for (const double m : {1.0, 2.0, 2.5, 5.0, 10.0})
    if (m * size >= rough * 0.999) {
      step = m * size;
      break;
    }
  for (double v = std::ceil(low / step) * step; v <= high + step * 1e-9 && ticks.size() < 20; v += step)
    ticks.push_back(std::abs(v) < step * 1e-9 ? 0 : v);
  return ticks;
}

std::string svg_of(const Plot& p) {
  std::vector<double> xs, ys;
  for (const Series& s : p.series) {
    xs.insert(xs.end(), s.x.begin(), s.x.end());
    ys.insert(ys.end(), s.y.begin(), s.y.end());
  }
  const Scale x(p.x, kLeft, p.width - kRight, xs), y(p.y, p.height - kBottom, kTop, ys);
  std::string out = format("<svg viewBox=\"0 0 %.0f %.0f\" role=\"img\" aria-label=\"", p.width, p.height) +
                    html_text(p.description) + "\">" + axes(p, x, y);
  for (const Series& s : p.series) out += s.line ? line_of(s, x, y) : marks_of(s, x, y);
  return out + labels_of(p, x, y) + "</svg>";
}

}  // namespace ppu::workload

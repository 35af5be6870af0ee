// Plots as inline SVG, drawn with the page's own colours (CSS classes s0, s1, ... and axis, grid, label), so
// that they follow its light and dark theme. Small enough to be read on a phone at full width. Not here: what
// is plotted.
#pragma once
#include <string>
#include <vector>

namespace ppu::workload {

struct Axis {
  std::string title;
  bool logarithmic = false;
  double low = 0, high = 0;  ///< equal: from the data
};

struct Series {
  std::string name;
  std::vector<double> x = {}, y = {};
  int colour = 0;    ///< class s<colour>
  bool line = true;  ///< else marks
  bool dashed = false;
  bool square = false;                  ///< marks: squares instead of dots
  std::vector<double> radius = {};      ///< of marks; empty: 3
  std::vector<std::string> label = {};  ///< of marks; empty text: none
};

struct PlotText {
  double x, y;
  std::string text;
};

struct Plot {
  std::string description;  ///< what a screen reader says
  Axis x, y;
  std::vector<Series> series;
  std::vector<PlotText> texts;
  double width = 460, height = 300;
};

/// `text` with what HTML would take for markup escaped.
std::string html_text(const std::string& text);

/// The whole <svg>. Points that an axis can't show (not finite, not positive on a logarithmic one) are left
/// out.
std::string svg_of(const Plot& plot);

/// Three significant digits, k, M, G, T above ten thousand: "12.3", "4.56k".
std::string short_number(double value);

/// Round values between `low` and `high`, some five of them.
std::vector<double> ticks_of(double low, double high, bool logarithmic);

}  // namespace ppu::workload

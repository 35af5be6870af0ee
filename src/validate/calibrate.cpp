// Gauss-Newton on logarithms, each term held to where it was by a prior, so that few rows move few terms.
#include "validate/calibrate.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <set>

#include "chip/stack.h"

namespace ppu::validate {
namespace {

constexpr int kRounds = 12;
constexpr double kDifference = 0.02;
constexpr double kNoise = 0.07;  // of a measurement, as a logarithm: what repeats of the same run differ by

/// A term that may move: of the chip (`stack` empty) or of a stack on it.
struct Term {
  std::string stack, key;
  double before;
  double prior;  // one standard deviation, as a logarithm
  std::string what() const { return stack.empty() ? key : stack + ": " + key; }
};

class Calibration {
 public:
  Calibration(const chip::Chip& chip, const std::vector<Row>& rows, const std::string& id)
      : numbers_(chip::values_of(chip)), rows_(rows), id_(id) {
    numbers_.id = id_.c_str();
    terms_.push_back({"", "effective_bf16_tflops", numbers_.effective_bf16_tflops, 0.3});
    terms_.push_back({"", "memory_gbps", numbers_.memory_gbps, 0.15});
    std::set<std::string> seen;
    for (const Row& row : rows) {
      const chip::StackRow base = chip::stack_row(stack_name_of(row), chip::values_of(chip));
      if (!seen.insert(base.name).second) continue;
      // The name "default" would not be found by what the rows call their software.
      const std::string name = base.name == std::string("default") ? stack_name_of(row) : base.name;
      chip::add_stack_row(name, id_, "being calibrated", base.terms);
      const auto term = [&](const char* key, double value, double prior) {
        if (value > 0) terms_.push_back({name, key, value, prior});
      };
      term("launch_us", base.terms.launch_us, 0.7);
      term("kernel_us", base.terms.kernel_us, 0.7);
      term("step_us", base.terms.step_us, 1);
      term("request_us", base.terms.request_us, 1);
    }
    std::erase_if(terms_, [](const Term& t) { return !(t.before > 0); });
  }

  const std::vector<Term>& terms() const { return terms_; }

  /// log(predicted / measured) of each row that can be modelled at `x`, the logarithms of terms over their
  /// starts.
  std::vector<double> errors(const std::vector<double>& x) {
    chip::Numbers n = numbers_;
    for (size_t i = 0; i < terms_.size(); ++i) {
      const Term& t = terms_[i];
      const double value = t.before * std::exp(x[i]);
      if (t.key == "effective_bf16_tflops")
        n.effective_bf16_tflops = value;
      else if (t.key == "memory_gbps")
        n.memory_gbps = value;
      else if (!chip::set_stack_term(t.stack, id_, t.key, value))
        return {};
    }
    std::vector<double> out;
    for (const Row& row : rows_) {
      const Result<double> predicted = predict_row(row, n, Model::kFull);
      if (predicted && predicted.value() > 0) out.push_back(std::log(predicted.value() / row.value));
    }
    return out;
  }

  std::vector<double> solve() {
    const size_t n = terms_.size();
    std::vector<double> x(n, 0.0);
    for (int round = 0; round < kRounds; ++round) {
      const std::vector<double> now = errors(x);
      std::vector<std::vector<double>> slope(n);
      for (size_t i = 0; i < n; ++i) {
        std::vector<double> moved = x;
        moved[i] += kDifference;
        slope[i] = errors(moved);
        if (slope[i].size() != now.size()) return x;
        for (size_t r = 0; r < now.size(); ++r) slope[i][r] = (slope[i][r] - now[r]) / kDifference;
      }
      const std::vector<double> step = newton(x, now, slope);
      double largest = 0;
      for (size_t i = 0; i < n; ++i) {
        const double bounded = std::clamp(step[i], -0.5, 0.5);
        x[i] += bounded, largest = std::max(largest, std::abs(bounded));
      }
      if (largest < 1e-3) break;
    }
    return x;
  }

 private:
  /// The step that minimises sum(w (e / noise)^2) + sum((x / prior)^2); rows far off (w below 1) count less.
  std::vector<double> newton(const std::vector<double>& x, const std::vector<double>& e,
                             const std::vector<std::vector<double>>& slope) const {
    const size_t n = x.size();
    std::vector<std::vector<double>> a(n, std::vector<double>(n + 1, 0.0));
    for (size_t i = 0; i < n; ++i) {
      a[i][i] = 1 / (terms_[i].prior * terms_[i].prior);
      a[i][n] = -x[i] * a[i][i];
      for (size_t r = 0; r < e.size(); ++r) {
        const double weight = 1 / (kNoise * kNoise) / (1 + std::abs(e[r]) / 0.2);
        a[i][n] -= weight * slope[i][r] * e[r];
        for (size_t k = 0; k < n; ++k) a[i][k] += weight * slope[i][r] * slope[k][r];
      }
    }
    for (size_t i = 0; i < n; ++i)  // symmetric and positive: no pivots needed
      for (size_t k = 0; k < n; ++k) {
        if (k == i) continue;
        const double factor = a[k][i] / a[i][i];
        for (size_t c = i; c <= n; ++c) a[k][c] -= factor * a[i][c];
      }
    std::vector<double> step(n);
    for (size_t i = 0; i < n; ++i) step[i] = a[i][n] / a[i][i];
    return step;
  }

  chip::Numbers numbers_;
  const std::vector<Row>& rows_;
  std::string id_;
  std::vector<Term> terms_;
};

Errors summary(const char* name, const std::vector<double>& errors, size_t rows) {
  Errors out;
  out.name = name, out.rows = int(rows), out.modelled = int(errors.size());
  std::vector<double> shares;
  for (const double e : errors) shares.push_back(std::abs(std::exp(e) - 1));
  std::sort(shares.begin(), shares.end());
  for (const double share : shares) out.mape += share / double(shares.size());
  out.median = shares.empty() ? 0 : (shares[shares.size() / 2] + shares[(shares.size() - 1) / 2]) / 2;
  return out;
}

std::string text_of(double value) {
  char text[32];
  std::snprintf(text, sizeof text, "%.4g", value);
  return text;
}

/// Quotes and line ends would end a TOML text early.
std::string plain(std::string text) {
  for (char& c : text)
    if (c == '"' || c == '\\' || c == '\n') c = ' ';
  return text;
}

std::string file_of(const chip::Chip& chip, const std::string& source, const std::vector<Moved>& moved,
                    const std::vector<Term>& terms, double spread) {
  std::string out =
      "# Written by `ppu calibrate`: the chip below with terms fitted to measurements of the user's own.\n";
  out += "base = \"" + std::string(chip.id) + "\"\nname = \"" + plain(chip.name) + ", calibrated\"\n";
  std::string stack;
  for (size_t i = 0; i < terms.size(); ++i) {
    const double value = moved[i].after;
    if (terms[i].stack.empty()) {
      out += terms[i].key + " = { value = " + text_of(value) +
             ", low = " + text_of(value * std::exp(-1.28 * spread)) +
             ", high = " + text_of(value * std::exp(1.28 * spread)) + ", kind = \"user\", source = \"" +
             plain(source) + "\" }\n";
      continue;
    }
    if (moved[i].after == moved[i].before) continue;  // nothing that the rows speak of
    if (terms[i].stack != stack) {
      stack = terms[i].stack;
      out += "\n[[stack]]\nname = \"" + plain(stack) + "\"\nsource = \"" + plain(source) + "\"\n";
    }
    out += terms[i].key + " = " + text_of(value) + "\n";
  }
  return out;
}

}  // namespace

Result<Calibrated> calibrate(const chip::Chip& chip, const std::vector<Row>& rows, const std::string& id,
                             const std::string& source) {
  Calibration work(chip, rows, id);
  const std::vector<double> start = work.errors(std::vector<double>(work.terms().size(), 0.0));
  if (start.size() < kFewestRows) {
    std::string why;
    for (const Row& row : rows)
      if (const Result<double> answer = predict_row(row, chip::values_of(chip), Model::kFull); !answer)
        why += "; " + row.id + ": " + answer.error().message;
    return bad_input(std::to_string(start.size()) + " of " + std::to_string(rows.size()) +
                     " rows can be modelled; 5 to 20 are wanted, at least " + std::to_string(kFewestRows) +
                     why);
  }
  const std::vector<double> x = work.solve();
  const std::vector<double> end = work.errors(x);
  Calibrated out;
  out.before = summary("before", start, rows.size()), out.after = summary("after", end, rows.size());
  for (size_t i = 0; i < x.size(); ++i)
    out.moved.push_back(
        {work.terms()[i].what(), work.terms()[i].before, work.terms()[i].before * std::exp(x[i])});
  out.text = file_of(chip, source, out.moved, work.terms(),
                     std::max(0.02, out.after.median / std::sqrt(double(end.size()))));
  return out;
}

}  // namespace ppu::validate

// The reader of row.h.
#include "validate/row.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <fstream>
#include <map>
#include <set>
#include <sstream>

namespace ppu::validate {
namespace {

const char* const kRequired[] = {"chip", "model", "kind", "metric", "value", "unit"};
const std::set<std::string> kKnown = {"id",    "split", "chip",     "n_chips", "model",     "precision",
                                      "kind",  "batch", "in_len",   "out_len", "scenario",  "metric",
                                      "value", "unit",  "software", "source",  "confidence"};

std::vector<std::string> cells_of(std::string line) {
  if (!line.empty() && line.back() == '\r') line.pop_back();
  std::vector<std::string> cells(1);
  for (const char c : line) {
    if (c == '\t')
      cells.emplace_back();
    else
      cells.back() += c;
  }
  for (std::string& cell : cells) {
    const size_t first = cell.find_first_not_of(" \""), last = cell.find_last_not_of(" \"");
    cell = first == cell.npos ? "" : cell.substr(first, last - first + 1);
  }
  return cells;
}

std::string list_of(const std::set<std::string>& names) {
  std::string out;
  for (const std::string& name : names) out += (out.empty() ? "" : ", ") + name;
  return out;
}

/// One line's cells by the names of the header.
class Line {
 public:
  Line(std::string place, const std::map<std::string, size_t>& columns, std::vector<std::string> cells)
      : place_(std::move(place)), columns_(columns), cells_(std::move(cells)) {}

  std::string text(const char* column) const {
    const auto at = columns_.find(column);
    return at == columns_.end() ? "" : cells_[at->second];
  }

  /// A number above `low` or at it; `otherwise` where the cell is empty. Lengths come as "4K" as well.
  Result<double> number(const char* column, double low, bool low_allowed, double otherwise) const {
    const std::string cell = text(column);
    if (cell.empty()) return otherwise;
    double value = 0;
    const char* const last = cell.data() + cell.size();
    auto [end, error] = std::from_chars(cell.data(), last, value);
    if (std::string_view(column).ends_with("_len") && end + 1 == last && (*end == 'k' || *end == 'K'))
      value *= 1024, ++end;
    const bool whole = error == std::errc() && end == last && std::isfinite(value);
    if (!whole || value < low || (value == low && !low_allowed)) {
      char bound[32];
      std::snprintf(bound, sizeof bound, "%s %g", low_allowed ? "at least" : "above", low);
      return bad_input(place_ + ": " + column + " is `" + cell + "`: a number " + bound + " is expected");
    }
    return value;
  }

  Error missing(const char* column) const {
    return bad_input(place_ + ": " + column + " is empty: every row needs " + column);
  }

 private:
  std::string place_;
  const std::map<std::string, size_t>& columns_;
  std::vector<std::string> cells_;
};

Result<Row> row_of(const Line& line, int number) {
  Row row;
  row.line = number;
  for (const char* column : kRequired)
    if (line.text(column).empty()) return line.missing(column);
  row.id = line.text("id");
  if (row.id.empty()) row.id = "line " + std::to_string(number);
  row.chip = line.text("chip"), row.model = line.text("model"), row.precision = line.text("precision");
  row.kind = line.text("kind"), row.scenario = line.text("scenario"), row.metric = line.text("metric");
  row.unit = line.text("unit"), row.software = line.text("software"), row.source = line.text("source");
  const struct {
    const char* column;
    double* into;
    double low;
    bool low_allowed;
    double otherwise;
  } numbers[] = {{"n_chips", &row.chips, 1, true, 1},
                 {"batch", &row.batch, 0, true, 0},
                 {"in_len", &row.in, 0, true, 0},
                 {"out_len", &row.out, 0, true, 0},
                 {"value", &row.value, 0, false, 0}};
  for (const auto& n : numbers) {
    const Result<double> value = line.number(n.column, n.low, n.low_allowed, n.otherwise);
    if (!value) return value.error();
    *n.into = value.value();
  }
  return row;
}

Result<std::map<std::string, size_t>> columns_of(const std::vector<std::string>& header,
                                                 const std::string& place) {
  std::map<std::string, size_t> columns;
  for (size_t i = 0; i < header.size(); ++i) {
    if (!kKnown.count(header[i]))
      return bad_input(place + ": column `" + header[i] + "` is none of " + list_of(kKnown) +
                       " (the first line names the columns, separated by tabs)");
    if (!columns.emplace(header[i], i).second)
      return bad_input(place + ": column `" + header[i] + "` is there twice");
  }
  for (const char* column : kRequired)
    if (!columns.count(column))
      return bad_input(place + ": there is no column `" + column + "`; the first line names the columns, " +
                       "separated by tabs: " + list_of(kKnown));
  return columns;
}

}  // namespace

Result<std::vector<Row>> parse_rows(const std::string& text, const std::string& name) {
  std::istringstream in(text);
  std::string line;
  std::map<std::string, size_t> columns;
  std::vector<Row> rows;
  for (int number = 1; std::getline(in, line); ++number) {
    if (number == 1 && line.starts_with("\xef\xbb\xbf")) line.erase(0, 3);
    if (line.empty() || line == "\r" || line[0] == '#') continue;
    const std::string place = name + ":" + std::to_string(number);
    std::vector<std::string> cells = cells_of(line);
    if (columns.empty()) {
      auto found = columns_of(cells, place);
      if (!found) return found.error();
      columns = found.value();
      continue;
    }
    if (cells.size() != columns.size())
      return bad_input(place + ": " + std::to_string(cells.size()) + " cells, but the header names " +
                       std::to_string(columns.size()) +
                       " columns (cells are separated by one tab, empty ones too)");
    Result<Row> row = row_of(Line(place, columns, std::move(cells)), number);
    if (!row) return row.error();
    rows.push_back(row.value());
  }
  if (columns.empty())
    return bad_input(name + ": empty; the first line names the columns, separated by tabs");
  if (rows.empty()) return bad_input(name + ": a header, but no rows");
  return rows;
}

Result<std::vector<Row>> read_rows(const std::string& path) {
  std::ifstream in(path);
  if (!in) return bad_input(path + ": cannot be read");
  std::ostringstream text;
  text << in.rdbuf();
  if (!in && !in.eof()) return bad_input(path + ": cannot be read");
  return parse_rows(text.str(), path);
}

}  // namespace ppu::validate

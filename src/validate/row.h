// A measured figure as one row of a tab-separated file, and the reader of such files. Not here: what the
// model says to a row (predict_row.h), how rows are judged together (report.h).
#pragma once
#include <string>
#include <vector>

#include "base/result.h"

namespace ppu::validate {

/// One measurement. Lengths and counts that the row leaves empty are 0; texts are empty.
struct Row {
  int line = 0;  ///< in the file, the header being 1
  std::string id;
  std::string chip;
  double chips = 1;
  std::string model;
  std::string precision;
  std::string kind;        ///< kernel, collective, serving-max, ... (predict_row.h lists them)
  double batch = 0;        ///< requests at once, or the cap on them
  double in = 0, out = 0;  ///< tokens
  std::string scenario;
  std::string metric;
  double value = 0;
  std::string unit;
  std::string software;
  std::string source;
};

/// Reads a file with a header line that names the columns: chip, model, kind, metric, value and unit at
/// least; id, n_chips, precision, batch, in_len, out_len, scenario, software and source where there are any;
/// split and confidence are ignored. Lines that are empty or begin with # are skipped. kBadInput says
/// file:line, the column, what is wrong and what is allowed.
Result<std::vector<Row>> read_rows(const std::string& path);

/// The same from a text; `name` stands for the path in messages.
Result<std::vector<Row>> parse_rows(const std::string& text, const std::string& name);

}  // namespace ppu::validate

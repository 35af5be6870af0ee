// Guards the model's errors on measured rows: by group no more than a point above what they were when it was
// last fitted, and below the trivial roofline's. The rows are tests/chip/data/measured.tsv (see its head for
// sources).
#include <gtest/gtest.h>

#include <map>

#include "validate/report.h"

namespace ppu::validate {
namespace {

struct Bound {
  const char* group;
  double mape, median;  // at the last fit, in percent
};

constexpr double kSlack = 1;  // points

TEST(Errors, StayWhereTheLastFitLeftThem) {
  const auto rows = read_rows(MEASURED);
  ASSERT_TRUE(rows) << rows.error().message;
  const auto judged = judge(rows.value());
  std::map<std::string, Errors> groups;
  for (const Errors& e : errors_by(judged, [](const Judged& j) { return j.row.kind; })) groups[e.name] = e;
  constexpr Bound kBounds[] = {
#include "error_bounds.inc"
  };
  for (const Bound& bound : kBounds) {
    ASSERT_TRUE(groups.count(bound.group)) << bound.group;
    const Errors& e = groups[bound.group];
    EXPECT_LE(100 * e.mape, bound.mape + kSlack) << bound.group;
    EXPECT_LE(100 * e.median, bound.median + kSlack) << bound.group;
    EXPECT_LT(e.mape, e.baseline_mape) << bound.group;
  }
  const Errors& all = groups["all"];
  EXPECT_GE(double(all.modelled) / all.rows, 0.95);
  // Widths are set on rows left out of the fit (scripts/fit.py); of fitted ones more lie inside.
  EXPECT_GE(all.inside, 0.75);
  EXPECT_LE(all.inside, 0.95);
}

}  // namespace
}  // namespace ppu::validate

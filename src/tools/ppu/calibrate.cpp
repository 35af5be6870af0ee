// `ppu calibrate`: a chip file from a few measurements of the user's own. The file appears whole or not at
// all.
#include <cstdio>
#include <filesystem>
#include <fstream>

#include "tools/ppu/commands.h"
#include "validate/calibrate.h"

namespace ppu::tools {
namespace {

int refuse(const std::string& what) {
  std::fprintf(stderr, "ppu: calibrate: %s\n", what.c_str());
  return kUsage;
}

/// Written beside its place and moved there.
bool write_whole(const std::string& path, const std::string& text) {
  const std::string part = path + ".part";
  {
    std::ofstream out(part, std::ios::trunc);
    out << text;
    out.close();
    if (!out) {
      std::remove(part.c_str());
      return false;
    }
  }
  std::error_code failed;
  std::filesystem::rename(part, path, failed);
  if (failed) std::remove(part.c_str());
  return !failed;
}

}  // namespace

int calibrate(const CalibrateOptions& options) {
  const chip::Chip* chip = chip::find(options.chip);
  if (!chip) {
    const auto known = chip::resolve(options.chip);
    return refuse(known ? options.chip + ": calibration starts from a chip that ships; `ppu chips` lists them"
                        : known.error().message);
  }
  if (!options.out.ends_with(".toml")) return refuse(options.out + ": a chip file's name ends in .toml");
  const auto rows = validate::read_rows(options.file);
  if (!rows) return refuse(rows.error().message);
  const std::string id = std::filesystem::path(options.out).stem().string();
  const std::string source = "calibrated on " + std::to_string(rows.value().size()) + " rows of " +
                             std::filesystem::path(options.file).filename().string();
  const auto done = validate::calibrate(*chip, rows.value(), id, source);
  if (!done) return refuse(options.file + ": " + done.error().message);
  if (!write_whole(options.out, done.value().text)) return refuse(options.out + ": can't be written");
  for (const validate::Moved& m : done.value().moved)
    if (m.after != m.before) std::printf("%-40s %10.4g -> %.4g\n", m.what.c_str(), m.before, m.after);
  const validate::Errors &before = done.value().before, &after = done.value().after;
  std::printf("%d of %d rows modelled; error (mean, median): %.1f%%, %.1f%% before, %.1f%%, %.1f%% after\n",
              after.modelled, after.rows, 100 * before.mape, 100 * before.median, 100 * after.mape,
              100 * after.median);
  std::printf("%s: any command that takes a chip takes this file\n", options.out.c_str());
  return kOk;
}

}  // namespace ppu::tools

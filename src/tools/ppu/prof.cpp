// `ppu prof`: `ppu run` in a child with PPU_PROFILE set, and reports from what its processes leave behind.
#include <stdlib.h>
#include <time.h>

#include <cerrno>
#include <cstdio>
#include <cstring>

#include "tools/ppu/commands.h"
#include "tools/ppu/paths.h"
#include "tools/ppu/prof_data.h"
#include "tools/ppu/run_folder.h"

namespace ppu::tools {
namespace {

double now() {
  timespec t;
  ::clock_gettime(CLOCK_MONOTONIC, &t);
  return double(t.tv_sec) + double(t.tv_nsec) * 1e-9;
}

/// False, with a message, when the file can't be written.
bool write_file(const std::string& path, const std::string& text) {
  if (path == "-") return std::fwrite(text.data(), 1, text.size(), stdout) == text.size();
  std::FILE* file = std::fopen(path.c_str(), "w");
  const bool ok = file && std::fwrite(text.data(), 1, text.size(), file) == text.size();
  if (file && std::fclose(file) == 0 && ok) return true;
  std::fprintf(stderr, "ppu: prof: %s can't be written: %s\n", path.c_str(), std::strerror(errno));
  return false;
}

bool write_reports(const ProfOptions& options, const Profile& profile) {
  struct Report {
    const std::string& path;
    const char* extension;
    std::string (*make)(const Profile&);
  };
  const Report reports[] = {{options.html, ".html", html_report},
                            {options.json, ".json", json_report},
                            {options.csv, ".csv", csv_report},
                            {options.trace, ".trace.json", trace_report}};
  bool ok = true;
  for (const Report& r : reports) {
    if (!r.path.empty()) ok &= write_file(r.path, r.make(profile));
    if (!options.output.empty()) ok &= write_file(options.output + r.extension, r.make(profile));
  }
  return ok;
}

}  // namespace

int prof(const ProfOptions& options) {
  std::vector<const chip::Chip*> chips;
  for (const std::string& name : options.chips) {
    const Result<const chip::Chip*> found = chip::resolve(name);
    if (!found) {
      std::fprintf(stderr, "ppu: --chip: %s\n", found.error().message.c_str());
      return kUsage;
    }
    chips.push_back(found.value());
  }
  if (chips.empty()) chips.push_back(&chip::current());
  const RunFolder folder("prof");
  if (!folder.made()) {
    std::fprintf(stderr, "ppu: prof: no temporary folder: %s\n", std::strerror(errno));
    return kFailed;
  }
  if (options.exact) ::setenv("PPU_PROFILE_EXACT", "1", 1);
  RunOptions child = options.run;
  if (!options.chips.empty()) child.chip = options.chips[0];
  const double begin = now();
  const int code = run_in_child(
      child, {{"PPU_PROFILE", folder.path()}, {"NVTX_INJECTION64_PATH", own_lib_folder() + "/libcuda.so.1"}});
  if (code < 0) {
    std::fprintf(stderr, "ppu: prof: no process for the program: %s\n", std::strerror(errno));
    return kFailed;
  }
  std::vector<std::string> complaints;
  Profile profile = load_profiles(folder.path(), chips, &complaints);
  profile.command = options.run.command;
  profile.exit_code = code;
  profile.host_seconds = now() - begin;
  for (const std::string& text : complaints) std::fprintf(stderr, "ppu: prof: %s\n", text.c_str());
  if (profile.processes.empty()) {
    if (code != kCannotRun && code != kNotFound && code != kUsage)
      std::fprintf(stderr, "ppu: prof: the program called nothing of CUDA's\n");
    return code;
  }
  if (!options.quiet) std::fputs(("\n" + text_report(profile)).c_str(), stderr);
  return write_reports(options, profile) || code ? code : kFailed;
}

}  // namespace ppu::tools

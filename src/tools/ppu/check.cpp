// `ppu check`: `ppu run` in a child with PPU_CHECK set, and a report of what its processes found in kernels.
#include <dirent.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <map>
#include <nlohmann/json.hpp>
#include <string_view>

#include "tools/ppu/commands.h"
#include "tools/ppu/run_folder.h"

namespace ppu::tools {
namespace {

using Json = nlohmann::ordered_json;

/// A line of a record: fields in their order.
struct Finding {
  std::vector<std::pair<std::string, std::string>> fields;
  uint64_t count = 1;
  std::string get(std::string_view name) const {
    for (const auto& [key, value] : fields)
      if (key == name) return value;
    return "";
  }
};

Finding parse(const std::string& line) {
  Finding f;
  for (size_t at = 0; at < line.size();) {
    const size_t end = std::min(line.find('\t', at), line.size());
    const std::string field = line.substr(at, end - at);
    const size_t is = field.find('=');
    if (is != field.npos) f.fields.emplace_back(field.substr(0, is), field.substr(is + 1));
    at = end + 1;
  }
  return f;
}

/// Everything that the processes of the run left behind; files in the order of their names.
std::vector<Finding> load(const std::string& folder) {
  std::vector<std::string> files;
  if (DIR* dir = ::opendir(folder.c_str())) {
    while (const dirent* entry = ::readdir(dir))
      if (std::string_view(entry->d_name).ends_with(".check")) files.emplace_back(entry->d_name);
    ::closedir(dir);
  }
  std::sort(files.begin(), files.end());
  std::vector<Finding> all;
  for (const std::string& name : files) {
    std::ifstream in(folder + "/" + name);
    std::map<std::string, size_t> by_id;
    for (std::string line; std::getline(in, line);) {
      Finding f = parse(line);
      if (const std::string again = f.get("again"); !again.empty()) {
        const auto at = by_id.find(again);
        if (at != by_id.end()) all[at->second].count = std::strtoull(f.get("count").c_str(), nullptr, 10);
        continue;
      }
      by_id[f.get("id")] = all.size();
      f.fields.erase(f.fields.begin());
      all.push_back(std::move(f));
    }
  }
  return all;
}

/// An error of the API that the program may have answered for: shown, not counted.
bool is_warning(const Finding& f) {
  return f.get("kind") == "api-error";
}

const char* words_of(const std::string& kind) {
  struct Row {
    const char *kind, *words;
  };
  static constexpr Row kRows[] = {
      {"out-of-bounds", "access out of bounds"},
      {"use-after-free", "access to freed memory"},
      {"host-pointer", "access to memory of the host"},
      {"invalid-address", "access to an invalid address"},
      {"misaligned", "misaligned access"},
      {"shared-out-of-bounds", "access outside of shared memory"},
      {"local-out-of-bounds", "access outside of local memory"},
      {"invalid-free", "free() of what malloc() has not given"},
      {"leak", "memory that was never freed"},
      {"heap-leak", "memory of the device's heap that was never freed"},
      {"api-error", "failed call"},
      {"async-copy", "race: shared memory used while cp.async may still write it"},
      {"race-raw", "race: read after write in shared memory"},
      {"race-war", "race: write after read in shared memory"},
      {"race-waw", "race: write after write in shared memory"},
      {"uninitialized-global", "read of device memory that was never written"},
      {"uninitialized-shared", "read of shared memory that was never written"},
      {"divergent-barrier", "barrier that not all threads of a warp come to"},
      {"missed-barrier", "barrier that not all threads of the block come to"},
      {"absent-lanes", "member mask names lanes that are not there"},
      {"not-a-member", "a lane whose own bit is missing in its member mask"},
  };
  for (const Row& row : kRows)
    if (kind == row.kind) return row.words;
  return "";
}

std::string place_of(const Finding& f, const std::string& prefix) {
  std::string text;
  const std::string function = f.get(prefix + "function"), line = f.get(prefix + "ptx_line"),
                    source = f.get(prefix + "source");
  const auto add = [&](const std::string& words) { text += (text.empty() ? "" : ", ") + words; };
  if (!source.empty()) add(source);
  if (!line.empty()) add("PTX line " + line);
  if (!function.empty()) text += (text.empty() ? "in " : " in ") + function;
  return text;
}

std::string text_of(const Finding& f) {
  const std::string kind = f.get("kind");
  std::string text = std::string(is_warning(f) ? "warning: " : "error: ") + words_of(kind) + " [" +
                     f.get("tool") + ", " + kind + "]\n";
  const auto add = [&](const std::string& line) {
    if (!line.empty()) text += "    " + line + "\n";
  };
  if (const std::string access = f.get("access"); !access.empty())
    add(access + " of " + f.get("bytes") + " bytes at " + f.get("address"));
  else if (kind == "leak" || kind == "heap-leak")
    add(f.get("bytes") + " bytes at " + f.get("address"));
  else if (!f.get("address").empty())
    add("at " + f.get("address"));
  if (kind == "api-error") add(f.get("call") + " returned " + f.get("result"));
  add(f.get("where"));
  if (const std::string place = place_of(f, ""); !place.empty()) add("at " + place);
  if (const std::string thread = f.get("thread"); !thread.empty())
    add("by thread " + thread + " of block " + f.get("block") + ", kernel " + f.get("kernel"));
  if (const std::string other = f.get("other_thread"); !other.empty()) add("and thread " + other);
  if (const std::string place = place_of(f, "other_"); !place.empty()) add("at " + place);
  if (f.count > 1) add("and " + std::to_string(f.count - 1) + " more like it");
  return text;
}

std::string json_of(const std::vector<Finding>& findings, size_t errors, int exit_code,
                    const std::vector<std::string>& command) {
  Json out;
  out["command"] = command;
  out["exit_code"] = exit_code;
  out["errors"] = errors;
  out["findings"] = Json::array();
  for (const Finding& f : findings) {
    Json one;
    for (const auto& [name, value] : f.fields) {
      const bool number =
          !value.empty() && value.size() < 19 &&
          std::all_of(value.begin(), value.end(), [](char c) { return c >= '0' && c <= '9'; });
      if (number)
        one[name] = std::strtoull(value.c_str(), nullptr, 10);
      else
        one[name] = value;
    }
    one["count"] = f.count;
    out["findings"].push_back(std::move(one));
  }
  return out.dump(1, ' ', false, Json::error_handler_t::replace) + "\n";
}

std::string tools_of(const CheckOptions& options) {
  std::string tools;
  const auto add = [&](const std::string& word) { tools += (tools.empty() ? "" : ",") + word; };
  for (const std::string& tool : options.tools) {
    if (tool != "all") {
      add(tool);
    } else {
      for (const char* each : {"memcheck", "racecheck", "initcheck", "synccheck"}) add(each);
    }
  }
  if (tools.empty()) tools = "memcheck";
  if (options.leak_check == "full") add("leaks");
  return tools;
}

bool write_to(const std::string& path, const std::string& text) {
  std::FILE* file = path == "-" ? stdout : std::fopen(path.c_str(), "w");
  bool ok = file && std::fwrite(text.data(), 1, text.size(), file) == text.size();
  if (file && file != stdout) ok = std::fclose(file) == 0 && ok;
  if (!ok) std::fprintf(stderr, "ppu: check: %s can't be written: %s\n", path.c_str(), std::strerror(errno));
  return ok;
}

}  // namespace

int check(const CheckOptions& options) {
  const RunFolder folder("check");
  if (!folder.made()) {
    std::fprintf(stderr, "ppu: check: no temporary folder: %s\n", std::strerror(errno));
    return kFailed;
  }
  const int code =
      run_in_child(options.run, {{"PPU_CHECK", folder.path()}, {"PPU_CHECK_TOOLS", tools_of(options)}});
  if (code < 0) {
    std::fprintf(stderr, "ppu: check: no process for the program: %s\n", std::strerror(errno));
    return kFailed;
  }
  const std::vector<Finding> findings = load(folder.path());
  const size_t errors = size_t(
      std::count_if(findings.begin(), findings.end(), [](const Finding& f) { return !is_warning(f); }));
  std::string report;
  for (const Finding& f : findings) report += "ppu check: " + text_of(f);
  report += "ppu check: " + std::to_string(errors) + (errors == 1 ? " error\n" : " errors\n");
  bool written = true;
  if (options.log_file.empty())
    std::fputs(report.c_str(), stderr);
  else
    written = write_to(options.log_file, report);
  if (!options.json.empty())
    written &= write_to(options.json, json_of(findings, errors, code, options.run.command));
  if (!written) return kFailed;
  return errors && options.error_exitcode ? options.error_exitcode : code;
}

}  // namespace ppu::tools

// `ppu prof`: `ppu run` in a child with PPU_PROFILE set, and reports from what its processes leave behind.
#include <dirent.h>
#include <signal.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string_view>

#include "tools/ppu/commands.h"
#include "tools/ppu/paths.h"
#include "tools/ppu/prof_data.h"

namespace ppu::tools {
namespace {

/// A folder for the files of one run; gone with the object.
class RunFolder {
 public:
  RunFolder() {
    const char* tmp = std::getenv("TMPDIR");
    path_ = std::string(tmp && *tmp ? tmp : "/tmp") + "/ppu-prof-XXXXXX";
    made_ = ::mkdtemp(path_.data()) != nullptr;
  }
  ~RunFolder() {
    if (!made_) return;
    if (DIR* dir = ::opendir(path_.c_str())) {
      while (const dirent* entry = ::readdir(dir))
        if (std::string_view(entry->d_name).ends_with(".prof")) ::unlinkat(::dirfd(dir), entry->d_name, 0);
      ::closedir(dir);
    }
    ::rmdir(path_.c_str());
  }
  RunFolder(const RunFolder&) = delete;
  RunFolder& operator=(const RunFolder&) = delete;
  bool made() const { return made_; }
  const std::string& path() const { return path_; }

 private:
  std::string path_;
  bool made_ = false;
};

double now() {
  timespec t;
  ::clock_gettime(CLOCK_MONOTONIC, &t);
  return double(t.tv_sec) + double(t.tv_nsec) * 1e-9;
}

/// Runs the program in a child; -1 when none could be made. Signals of the terminal are the child's to
/// answer, ours is to report afterwards.
int run_child(const RunOptions& options, const std::string& folder) {
  const pid_t child = ::fork();
  if (child < 0) return -1;
  if (child == 0) {
    ::setenv("PPU_PROFILE", folder.c_str(), 1);
    ::setenv("NVTX_INJECTION64_PATH", (own_lib_folder() + "/libcuda.so.1").c_str(), 1);
    std::_Exit(run(options));
  }
  struct sigaction ignore = {}, interrupt, quit;
  ignore.sa_handler = SIG_IGN;
  ::sigaction(SIGINT, &ignore, &interrupt);
  ::sigaction(SIGQUIT, &ignore, &quit);
  int status = 0;
  while (::waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
  ::sigaction(SIGINT, &interrupt, nullptr);
  ::sigaction(SIGQUIT, &quit, nullptr);
  return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
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
  const RunFolder folder;
  if (!folder.made()) {
    std::fprintf(stderr, "ppu: prof: no temporary folder: %s\n", std::strerror(errno));
    return kFailed;
  }
  RunOptions child = options.run;
  if (!options.chips.empty()) child.chip = options.chips[0];
  const double begin = now();
  const int code = run_child(child, folder.path());
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

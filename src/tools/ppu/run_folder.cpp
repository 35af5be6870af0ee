// See run_folder.h.
#include "tools/ppu/run_folder.h"

#include <dirent.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <string_view>

namespace ppu::tools {

RunFolder::RunFolder(const std::string& command) : ending_("." + command) {
  const char* tmp = std::getenv("TMPDIR");
  path_ = std::string(tmp && *tmp ? tmp : "/tmp") + "/ppu-" + command + "-XXXXXX";
  made_ = ::mkdtemp(path_.data()) != nullptr;
}

RunFolder::~RunFolder() {
  if (!made_) return;
  if (DIR* dir = ::opendir(path_.c_str())) {
    while (const dirent* entry = ::readdir(dir))
      if (std::string_view(entry->d_name).ends_with(ending_)) ::unlinkat(::dirfd(dir), entry->d_name, 0);
    ::closedir(dir);
  }
  ::rmdir(path_.c_str());
}

int run_in_child(const RunOptions& options,
                 const std::vector<std::pair<std::string, std::string>>& variables) {
  const pid_t child = ::fork();
  if (child < 0) return -1;
  if (child == 0) {
    for (const auto& [name, value] : variables) ::setenv(name.c_str(), value.c_str(), 1);
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

}  // namespace ppu::tools

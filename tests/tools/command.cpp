// Commands run through std::system with their output in files: simple, and no pipe can fill up.
#include "command.h"

#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>

namespace ppu::test {

std::string read_text(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

TemporaryFolder::TemporaryFolder() {
  std::string pattern = (std::filesystem::temp_directory_path() / "ppu-test-XXXXXX").string();
  path_ = ::mkdtemp(pattern.data()) ? pattern : "/nonexistent";
}

TemporaryFolder::~TemporaryFolder() {
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

std::string TemporaryFolder::write(const std::string& name, const std::string& contents,
                                   bool executable) const {
  const std::string path = path_ + "/" + name;
  std::ofstream(path, std::ios::binary) << contents;
  if (executable) ::chmod(path.c_str(), 0755);
  return path;
}

Outcome run_command(const std::string& line, const std::string& folder) {
  const TemporaryFolder kept;
  const std::string out = kept.path() + "/out", err = kept.path() + "/err";
  const std::string enter = folder.empty() ? "" : "cd '" + folder + "' && ";
  const int status = std::system((enter + "{ " + line + "\n} >" + out + " 2>" + err + " </dev/null").c_str());
  Outcome outcome;
  outcome.code = WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
  outcome.out = read_text(out);
  outcome.err = read_text(err);
  return outcome;
}

}  // namespace ppu::test

// Running ppucc: a folder of files, a command whose output goes into one of them.
#pragma once
#include <filesystem>
#include <string>
#include <vector>

namespace ppu::shell {

/// A folder under TMPDIR that goes away with this object. path() is empty when none could be made.
class ScratchFolder {
 public:
  ScratchFolder();
  ~ScratchFolder();
  ScratchFolder(const ScratchFolder&) = delete;
  ScratchFolder& operator=(const ScratchFolder&) = delete;
  const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

bool write_file(const std::filesystem::path& path, const std::string& text);
std::string read_file(const std::filesystem::path& path);

/// bin/ppucc of the tree whose lib/ this library is in; empty when it isn't there.
std::string find_ppucc();

/// Runs `command` to its end, its output and errors into `output`. True when it exited with 0, or when the
/// program's own SIGCHLD handling took the status from us: the caller looks at what was made in any case.
bool run_into_file(const std::vector<std::string>& command, const std::filesystem::path& output);

}  // namespace ppu::shell

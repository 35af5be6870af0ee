// A program run in a child that leaves records in a temporary folder: what `ppu prof` and `ppu check` share.
#pragma once
#include <string>
#include <utility>
#include <vector>

#include "tools/ppu/commands.h"

namespace ppu::tools {

/// A folder for the files of one run; gone with the object.
class RunFolder {
 public:
  /// `command` is part of its name, and how the files in it end.
  explicit RunFolder(const std::string& command);
  ~RunFolder();
  RunFolder(const RunFolder&) = delete;
  RunFolder& operator=(const RunFolder&) = delete;
  bool made() const { return made_; }
  const std::string& path() const { return path_; }

 private:
  std::string path_, ending_;
  bool made_ = false;
};

/// Runs the program in a child with these variables set; its exit code, 128 + N when signal N ended it, -1
/// when no process could be made. Signals of the terminal are the child's to answer, ours is to report
/// afterwards.
int run_in_child(const RunOptions& options,
                 const std::vector<std::pair<std::string, std::string>>& variables);

}  // namespace ppu::tools

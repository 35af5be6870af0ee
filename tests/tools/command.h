// Runs a command line for a test and keeps all it said.
#pragma once
#include <string>

namespace ppu::test {

struct Outcome {
  int code = -1;    ///< exit status; 128 + N when a signal N ended it
  std::string out;  ///< stdout
  std::string err;  ///< stderr
};

/// Runs `line` by /bin/sh in `folder` (empty: the current one).
Outcome run_command(const std::string& line, const std::string& folder = "");

/// A new empty folder under TMPDIR; removed with the object.
class TemporaryFolder {
 public:
  TemporaryFolder();
  ~TemporaryFolder();
  const std::string& path() const { return path_; }
  /// Writes a file there and gives its path.
  std::string write(const std::string& name, const std::string& contents, bool executable = false) const;

 private:
  std::string path_;
};

std::string read_text(const std::string& path);

}  // namespace ppu::test

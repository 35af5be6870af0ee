// How ppu-search says that it can't go on: a message for the user and the process's exit code.
#pragma once
#include <stdexcept>
#include <string>

namespace search {

enum ExitCode { kOk = 0, kInternal = 1, kUsage = 2, kBadModel = 3, kBadCorpus = 4, kDevice = 5, kFile = 6 };

class Failure : public std::runtime_error {
 public:
  Failure(ExitCode code, const std::string& message) : std::runtime_error(message), code_(code) {}
  ExitCode code() const { return code_; }

 private:
  ExitCode code_;
};

}  // namespace search

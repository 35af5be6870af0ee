// What `ppu check` switches on: which tools look, and the record of what they find. All of it is off by
// default and then costs one test of a constant each. The record is a file a process in the folder that
// PPU_CHECK names, one line a finding, written when it is found: what ends the process loses nothing.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace ppu::device::checking {

struct Tools {
  bool memory = false;    ///< memcheck
  bool races = false;     ///< racecheck
  bool values = false;    ///< initcheck
  bool meetings = false;  ///< synccheck
  bool leaks = false;     ///< --leak-check full
  bool any() const { return memory || races || values || meetings; }
};
/// Of PPU_CHECK (the folder) and PPU_CHECK_TOOLS ("memcheck,racecheck,…").
const Tools& tools();
inline bool on() {
  return tools().any();
}

/// One line of the record: names and values, in the order in which the report is to show them.
class Finding {
 public:
  Finding(std::string_view tool, std::string_view kind);
  Finding& add(std::string_view name, std::string_view text);
  Finding& add(std::string_view name, uint64_t number);
  Finding& add_hex(std::string_view name, uint64_t number);
  const std::string& line() const { return line_; }

 private:
  std::string line_;
};

/// Writes the finding, if it is the first with this key; else counts one more. Counts are written at the end.
void report(const std::string& key, const Finding& finding);
/// True if the key has been reported: one more of it is counted.
bool seen(const std::string& key);

}  // namespace ppu::device::checking

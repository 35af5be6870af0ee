// `ppu decide`: options and answer. Options are those of src/decide/wishes.inc, so
// they are declared beside the command rather than in main.cpp.
#pragma once
#include <map>
#include <string>
#include <vector>

namespace CLI {
class App;
}

namespace ppu::tools {

struct DecideOptions {
  std::string file;                          ///< wishes; empty: none
  std::map<std::string, std::string> given;  ///< rows of wishes.inc, as typed
  std::vector<std::string> chips;
  std::vector<std::string> weights, rents, prices, supplies;  ///< KEY=VALUE
  bool json = false;
};

void add_decide(CLI::App& app, DecideOptions& options);
int decide(const DecideOptions& options);

}  // namespace ppu::tools

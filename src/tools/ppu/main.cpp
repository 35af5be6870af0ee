// The `ppu` command: options are declared here and nowhere else; the commands are in files of their names.
#include <CLI/CLI.hpp>
#include <cstdio>

#include "tools/ppu/commands.h"

#ifndef PPU_VERSION
#error "PPU_VERSION is set by the build"
#endif

namespace ppu::tools {
namespace {

/// The help of `ppu run` names what follows the options, which the parser doesn't know about.
class RunFormatter : public CLI::Formatter {
 public:
  std::string make_usage(const CLI::App*, std::string) const override {
    return "Usage: ppu run [OPTIONS] PROGRAM [ARGS...]\n";
  }
};

void add_run(CLI::App& app, RunOptions& options) {
  CLI::App* run = app.add_subcommand("run", "run a program on the software PPU");
  run->add_option("--devices", options.devices, "how many devices the program sees (default 1)")
      ->check(CLI::Range(0, 16))
      ->type_name("N");
  run->add_option("--chip", options.chip, "which chip they are; see `ppu chips`")->type_name("NAME");
  run->add_option("--engine", options.engine, "jit compiles kernels (default), ref interprets them")
      ->check(CLI::IsMember({"jit", "ref"}))
      ->type_name("");
  run->add_option("--cpu", options.cpu,
                  "compile for this instruction set (default: the best this machine has)")
      ->check(CLI::IsMember({"avx2", "avx512"}))
      ->type_name("");
  run->add_option("--workers", options.workers, "threads that run kernels (default: one for each CPU)")
      ->check(CLI::Range(1, 4096))
      ->type_name("N");
  run->add_option("--memory", options.memory_mib, "device memory in MiB (default: the chip's)")
      ->check(CLI::Range(1, 1 << 20))
      ->type_name("MIB");
  run->add_option("--timeout", options.timeout,
                  "end a kernel that runs longer, with cudaErrorLaunchTimeout (default: never)")
      ->check(CLI::PositiveNumber)
      ->type_name("SECONDS");
  run->add_option("--log", options.log, "what to report on stderr: LEVEL or CHANNEL=LEVEL,... (PPU_LOG)")
      ->type_name("SPEC");
  run->add_flag("--no-check", options.no_check, "start the program even if it looks unable to run");
  run->prefix_command();
  run->formatter(std::make_shared<RunFormatter>());
  run->footer(
      "The exit code is the program's own; 126: it can't run on "
      "OpenPPU "
      "(one line says why), 127: there is no such program.");
}

void add_fatbin(CLI::App& app, FatbinOptions& options) {
  CLI::App* fatbin =
      app.add_subcommand("fatbin", "pack PTX into a fat binary, or list the device code of a file");
  fatbin->add_option("--ptx", options.ptx, "a PTX file to put in (repeatable)")->type_name("FILE");
  fatbin->add_option("--arch", options.arch, "its architecture, 80 for compute_80; one for each --ptx")
      ->type_name("NN");
  fatbin->add_option("--compress", options.packing, "none (default), lz4 or zstd")
      ->check(CLI::IsMember({"none", "lz4", "zstd"}))
      ->type_name("");
  fatbin->add_option("-o", options.out, "the fat binary to write")->type_name("FILE");
  fatbin->add_option("--list", options.list, "list what a fat binary, executable or library carries")
      ->type_name("FILE");
}

void add_validate(CLI::App& chips, ValidateOptions& options) {
  CLI::App* validate =
      chips.add_subcommand("validate", "measured rows of a TSV file beside the model's answers");
  validate
      ->add_option("FILE", options.file,
                   "tab-separated, the first line names the columns; see docs/chip-model.md")
      ->required()
      ->type_name("");
  validate->add_option("--chip", options.chip, "judge all rows as this chip's: a name, or a file of your own")
      ->type_name("NAME");
  validate
      ->add_option("--coefficients", options.coefficients,
                   "lines of KEY VALUE in place of fitted coefficients")
      ->type_name("FILE");
  validate->add_flag("--values-only", options.values_only, "no intervals: much faster");
  CLI::Option* json = validate->add_flag("--json", options.json, "print JSON");
  validate->add_flag("--csv", options.csv, "print CSV")->excludes(json);
}

void add_chips(CLI::App& app, ChipsOptions& options, ValidateOptions& validate) {
  CLI::App* chips = app.add_subcommand("chips", "list the chips, show every number of one, compare some");
  chips->add_option("NAME", options.names, "chips to show, by name, id or path of a chip file")
      ->type_name("");
  CLI::App* show = chips->add_subcommand("show", "every number of a chip with its interval, kind and source");
  show->add_option("NAME", options.names, "names, ids or paths")->required()->type_name("");
  CLI::App* compare = chips->add_subcommand("compare", "chips side by side");
  compare->add_option("NAME", options.names, "two names, ids or paths, or more")
      ->required()
      ->expected(2, 64)
      ->type_name("");
  compare->callback([&options] { options.compare = true; });
  for (CLI::App* command : {chips, show, compare}) {
    CLI::Option* json = command->add_flag("--json", options.json, "print JSON");
    command->add_flag("--csv", options.csv, "print CSV")->excludes(json);
  }
  add_validate(*chips, validate);
}

/// The parser would take "--" for itself, even behind the program's name where it is the program's own
/// argument.
constexpr char kDashes[] = "\x01--";

std::vector<std::string> arguments_of(int argc, char** argv) {
  std::vector<std::string> words;
  for (int i = argc - 1; i > 0; --i)  // the parser wants them last first
    words.emplace_back(std::string(argv[i]) == "--" ? kDashes : argv[i]);
  return words;
}

/// The words behind `ppu run`'s options. False (with a message) when there is no program among them.
bool take_command(const CLI::App& run, RunOptions& options) {
  options.command = run.remaining();
  std::vector<std::string>& words = options.command;
  for (std::string& word : words)
    if (word == kDashes) word = "--";
  if (!words.empty() && words.front() == "--") {
    words.erase(words.begin());
  } else if (!words.empty() && words.front().size() > 1 && words.front()[0] == '-') {
    std::fprintf(stderr, "ppu: run: unknown option %s; `ppu run --help` lists them\n", words.front().c_str());
    return false;
  }
  if (!words.empty()) return true;
  std::fprintf(stderr, "ppu: run: wants a program: ppu run [OPTIONS] PROGRAM [ARGS...]\n");
  return false;
}

int main(int argc, char** argv) {
  CLI::App app("OpenPPU: CUDA programs on a chip made of software.", "ppu");
  app.set_version_flag("--version", "ppu (OpenPPU) " PPU_VERSION);
  app.require_subcommand(1);
  RunOptions run_options;
  FatbinOptions fatbin_options;
  ChipsOptions chips_options;
  ValidateOptions validate_options;
  add_run(app, run_options);
  app.add_subcommand("smi", "show the devices and who uses them");
  app.add_subcommand("doctor", "check what OpenPPU needs on this machine");
  add_chips(app, chips_options, validate_options);
  add_fatbin(app, fatbin_options);
  try {
    app.parse(arguments_of(argc, argv));
  } catch (const CLI::Success& asked) {  // --help, --version
    return app.exit(asked);
  } catch (const CLI::ParseError& error) {
    std::fprintf(stderr, "ppu: %s\nppu: `ppu --help` lists commands and options\n", error.what());
    return kUsage;
  }
  if (app.got_subcommand("smi")) return smi();
  if (app.got_subcommand("doctor")) return doctor();
  if (app.got_subcommand("chips"))
    return app.get_subcommand("chips")->got_subcommand("validate") ? validate_chips(validate_options)
                                                                   : chips(chips_options);
  if (app.got_subcommand("fatbin")) return fatbin(fatbin_options);
  if (!take_command(*app.get_subcommand("run"), run_options)) return kUsage;
  return run(run_options);
}

}  // namespace
}  // namespace ppu::tools

int main(int argc, char** argv) {
  return ppu::tools::main(argc, argv);
}

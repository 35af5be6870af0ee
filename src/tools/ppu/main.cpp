// The `ppu` command: options are declared here, those of `decide` beside it; the commands are in files of
// their names.
#include <CLI/CLI.hpp>
#include <cstdio>

#include "tools/ppu/commands.h"
#include "tools/ppu/decide.h"

#ifndef PPU_VERSION
#error "PPU_VERSION is set by the build"
#endif

namespace ppu::tools {
namespace {

/// The help of `ppu run` and its kin names what follows the options, which the parser doesn't know about.
class RunFormatter : public CLI::Formatter {
 public:
  std::string make_usage(const CLI::App* app, std::string) const override {
    return "Usage: ppu " + app->get_name() + " [OPTIONS] PROGRAM [ARGS...]\n";
  }
};

/// The options that `run` and all commands that run a program have.
void add_run_options(CLI::App* run, RunOptions& options) {
  run->add_option("--devices", options.devices, "how many devices the program sees (default 1)")
      ->check(CLI::Range(0, 16))
      ->type_name("N");
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
  run->add_flag("--strict", options.strict,
                "sums of matrix products as on every processor (no AMX for f16, bf16)");
  run->add_flag("--overreads", options.overreads,
                "let kernels read a little behind an allocation, as a GPU does (zeros; default: an error)");
  run->add_option("--timeout", options.timeout,
                  "end a kernel that runs longer, with cudaErrorLaunchTimeout (default: never)")
      ->check(CLI::PositiveNumber)
      ->type_name("SECONDS");
  run->add_option("--log", options.log, "what to report on stderr: LEVEL or CHANNEL=LEVEL,... (PPU_LOG)")
      ->type_name("SPEC");
  run->add_option("--time", options.time,
                  "what CUDA events measure: real time (default), or the time that the chip would take")
      ->check(CLI::IsMember({"real", "chip"}))
      ->type_name("");
  run->add_flag("--no-check", options.no_check, "start the program even if it looks unable to run");
  run->prefix_command();
  run->formatter(std::make_shared<RunFormatter>());
  run->footer(
      "The exit code is the program's own; 126: it can't run on "
      "OpenPPU "
      "(one line says why), 127: there is no such program.");
}

void add_run(CLI::App& app, RunOptions& options) {
  CLI::App* run = app.add_subcommand("run", "run a program on the software PPU");
  run->add_option("--chip", options.chip, "which chip its devices are; see `ppu chips`")->type_name("NAME");
  add_run_options(run, options);
}

void add_prof(CLI::App& app, ProfOptions& options) {
  CLI::App* prof =
      app.add_subcommand("prof", "run a program and tell what its kernels do, and take on each chip");
  prof->add_option(
          "--chip", options.chips,
          "a chip to predict times for; the first is what the program sees (default: the current one)")
      ->allow_extra_args(false)
      ->type_name("NAME");
  prof->add_option("-o,--output", options.output, "write BASE.html, BASE.json, BASE.csv and BASE.trace.json")
      ->type_name("BASE");
  prof->add_option("--html", options.html, "write the report with rooflines")->type_name("FILE");
  prof->add_option("--json", options.json, "write everything that was summed up")->type_name("FILE");
  prof->add_option("--csv", options.csv, "write one line a kernel, all counters")->type_name("FILE");
  prof->add_option("--trace", options.trace,
                   "write a trace for Perfetto (ui.perfetto.dev) or chrome://tracing")
      ->type_name("FILE");
  prof->add_flag("--exact", options.exact,
                 "judge every scattered access, not a sample of those that a place makes many of");
  prof->add_flag("-q,--quiet", options.quiet, "no tables on stderr");
  add_run_options(prof, options.run);
}

void add_check(CLI::App& app, CheckOptions& options) {
  CLI::App* check = app.add_subcommand("check", "run a program and find what its kernels do wrong");
  check
      ->add_option("--tool", options.tools,
                   "memcheck (default), racecheck, initcheck, synccheck, all; several with commas")
      ->delimiter(',')
      ->allow_extra_args(false)
      ->check(CLI::IsMember({"memcheck", "racecheck", "initcheck", "synccheck", "all"}))
      ->type_name("TOOL");
  check->add_option("--leak-check", options.leak_check, "full: name memory that is never freed (memcheck)")
      ->check(CLI::IsMember({"no", "full"}))
      ->type_name("");
  check->add_option("--error-exitcode", options.error_exitcode, "the exit code where there are errors")
      ->check(CLI::Range(0, 255))
      ->type_name("N");
  check->add_option("--log-file", options.log_file, "write the report there, not to stderr")
      ->type_name("FILE");
  check->add_option("--json", options.json, "write the findings as JSON")->type_name("FILE");
  add_run_options(check, options.run);
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
  validate->add_flag(
      "--serve", options.serve,
      "other coefficients from stdin, predictions to stdout, again and again: for scripts/fit.py");
  validate->add_flag("--values-only", options.values_only, "no intervals and no roofline: faster");
  CLI::Option* json = validate->add_flag("--json", options.json, "print JSON");
  validate->add_flag("--csv", options.csv, "print CSV")->excludes(json);
}

void add_smi(CLI::App& app, SmiOptions& options) {
  CLI::App* smi = app.add_subcommand("smi", "show the devices, how they do and who uses them");
  CLI::Option* query = smi->add_flag("-q,--query", options.query, "every detail of each device");
  smi->add_flag("--json", options.json, "print JSON")->excludes(query);
  smi->add_option("-l,--loop", options.loop_seconds, "again every SECONDS")
      ->check(CLI::Range(0.05, 86400.0))
      ->type_name("SECONDS");
  smi->add_option("-n,--count", options.count, "how often with --loop (default: until stopped)")
      ->check(CLI::Range(1, 1 << 30))
      ->type_name("N");
}

void add_calibrate(CLI::App& app, CalibrateOptions& options) {
  CLI::App* calibrate =
      app.add_subcommand("calibrate", "fit a chip's terms to measurements, into a chip file");
  calibrate->add_option("CHIP", options.chip, "the chip they were made on; see `ppu chips`")
      ->required()
      ->type_name("");
  calibrate->add_option("FILE", options.file, "5 to 20 measured rows, as `ppu chips validate` reads them")
      ->required()
      ->type_name("");
  calibrate->add_option("-o,--out", options.out, "the chip file to write")
      ->required()
      ->type_name("FILE.toml");
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

void add_estimate_load(CLI::App* e, EstimateOptions& o) {
  const auto number = [&](const char* flag, auto& value, double low, double high, const char* help) {
    return e->add_option(flag, value, help)->check(CLI::Range(low, high))->type_name("N");
  };
  number("--batch", o.batch, 1, 1 << 20, "requests (items) of a static batch; with a load, the most at once");
  number("--in", o.in, 1, 1 << 24, "tokens of a request's prompt");
  number("--out", o.out, 1, 1 << 24, "tokens of its answer");
  number("--tp", o.tp, 1, 4096, "tensor parallel: chips that share each layer");
  number("--pp", o.pp, 1, 4096, "pipeline parallel: groups that each hold some layers");
  number("--ep", o.ep, 1, 4096, "expert parallel: of the tp x dp chips, how many share the experts");
  number("--dp", o.dp, 1, 4096, "data parallel: groups with requests of their own");
  CLI::Option* rate =
      number("--rate", o.rate, 1e-6, 1e9, "load: requests (items) a second, arriving at random");
  number("--concurrency", o.concurrency, 1, 1e6, "load: requests in flight at all times")->excludes(rate);
  number("--latency-bound", o.latency_bound_ms, 0.001, 1e9, "items: milliseconds that p99 must keep to");
  number("--hours", o.hours, 0, 100000, "how long the same work goes on, for temperature (default 24)");
  number("--inlet", o.inlet, -40, 80, "temperature of the air in front of the chips, C (default 30)");
  number("--cooling", o.cooling, 0.01, 100, "thermal resistance against the chip file's (default 1)");
  number("--rent", o.rent, 1e-9, 1e9, "USD for an hour of one chip");
  number("--price", o.price, 1e-9, 1e12, "USD for one chip; with --life, --energy, --pue");
  number("--life", o.life, 0.01, 100, "years in which the price is written off (default 4)");
  number("--energy", o.energy, 0, 1e6, "USD for a kWh (default 0.10)");
  number("--pue", o.pue, 1, 10, "power of the site over power of the servers (default 1.3)");
  number("--premium", o.premium, -100, 10000, "percent on rent or price: taxes, scarcity");
  e->add_option("--seed", o.seed, "of arrivals and draws (default 1)")->type_name("N");
}

void add_estimate(CLI::App& app, EstimateOptions& o) {
  CLI::App* e = app.add_subcommand("estimate", "what a model does on a chip: speed, energy, heat, cost");
  e->add_option("MODEL", o.model, "a preset (--models), a Hugging Face config.json, or an .onnx file")
      ->type_name("");
  e->add_option("--chip", o.chips, "a chip of `ppu chips` or a chip file (repeatable)")
      ->take_all()
      ->expected(1)
      ->type_name("NAME");
  e->add_option("--precision", o.precision,
                "bf16, fp16, fp8, int8, w8a16, w4a16, mxfp4, nvfp4; +kv8 for an 8-bit KV cache")
      ->type_name("NAME");
  e->add_option("--stack", o.stack,
                "the software: vllm (default), trtllm, sglang, tensorrt (default for images and the like), "
                "eager, graphs")
      ->type_name("NAME");
  add_estimate_load(e, o);
  CLI::Option* json = e->add_flag("--json", o.json, "print JSON");
  e->add_flag("--csv", o.csv, "print CSV")->excludes(json);
  e->add_option("--html", o.html, "write a report with plots, in one file")->type_name("FILE");
  e->add_flag("--models", o.models, "list the presets");
  e->add_flag("--training", o.training, "ask about training");
}

void add_claims(CLI::App& app, ClaimsOptions& options) {
  CLI::App* claims = app.add_subcommand("claims", "what is claimed in public, beside what the model says");
  CLI::Option* json = claims->add_flag("--json", options.json, "print JSON");
  CLI::Option* markdown =
      claims->add_flag("--markdown", options.markdown, "print docs/claims.md")->excludes(json);
  claims->add_flag("--html", options.html, "print a page for a browser")->excludes(json)->excludes(markdown);
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
    std::fprintf(stderr, "ppu: %s: unknown option %s; `ppu %s --help` lists them\n", run.get_name().c_str(),
                 words.front().c_str(), run.get_name().c_str());
    return false;
  }
  if (!words.empty()) return true;
  std::fprintf(stderr, "ppu: %s: wants a program: ppu %s [OPTIONS] PROGRAM [ARGS...]\n",
               run.get_name().c_str(), run.get_name().c_str());
  return false;
}

int main(int argc, char** argv) {
  CLI::App app("OpenPPU: CUDA programs on a chip made of software.", "ppu");
  app.set_version_flag("--version", "ppu (OpenPPU) " PPU_VERSION);
  app.require_subcommand(1);
  RunOptions run_options;
  FatbinOptions fatbin_options;
  SmiOptions smi_options;
  ChipsOptions chips_options;
  ValidateOptions validate_options;
  CalibrateOptions calibrate_options;
  EstimateOptions estimate_options;
  DecideOptions decide_options;
  ClaimsOptions claims_options;
  ProfOptions prof_options;
  CheckOptions check_options;
  add_run(app, run_options);
  add_smi(app, smi_options);
  add_prof(app, prof_options);
  add_check(app, check_options);
  app.add_subcommand("doctor", "check what OpenPPU needs on this machine");
  add_chips(app, chips_options, validate_options);
  add_calibrate(app, calibrate_options);
  add_estimate(app, estimate_options);
  add_decide(app, decide_options);
  add_claims(app, claims_options);
  add_fatbin(app, fatbin_options);
  try {
    app.parse(arguments_of(argc, argv));
  } catch (const CLI::Success& asked) {  // --help, --version
    return app.exit(asked);
  } catch (const CLI::ParseError& error) {
    std::fprintf(stderr, "ppu: %s\nppu: `ppu --help` lists commands and options\n", error.what());
    return kUsage;
  }
  if (app.got_subcommand("smi")) return smi(smi_options);
  if (app.got_subcommand("doctor")) return doctor();
  if (app.got_subcommand("calibrate")) return calibrate(calibrate_options);
  if (app.got_subcommand("chips"))
    return app.get_subcommand("chips")->got_subcommand("validate") ? validate_chips(validate_options)
                                                                   : chips(chips_options);
  if (app.got_subcommand("estimate")) return estimate(estimate_options);
  if (app.got_subcommand("claims")) return claims(claims_options);
  if (app.got_subcommand("decide")) return decide(decide_options);
  if (app.got_subcommand("fatbin")) return fatbin(fatbin_options);
  if (app.got_subcommand("prof")) {
    if (!take_command(*app.get_subcommand("prof"), prof_options.run)) return kUsage;
    return prof(prof_options);
  }
  if (app.got_subcommand("check")) {
    if (!take_command(*app.get_subcommand("check"), check_options.run)) return kUsage;
    return check(check_options);
  }
  if (!take_command(*app.get_subcommand("run"), run_options)) return kUsage;
  return run(run_options);
}

}  // namespace
}  // namespace ppu::tools

int main(int argc, char** argv) {
  return ppu::tools::main(argc, argv);
}

// The commands of `ppu`: each takes its options and gives the exit code. Messages go to stderr, answers to
// stdout.
#pragma once
#include <string>
#include <vector>

namespace ppu::tools {

/// Exit codes shared by all commands. 126 and 127 are what a shell and env(1) use.
enum ExitCode {
  kOk = 0,
  kFailed = 1,
  kUsage = 2,        ///< the command line is wrong
  kCannotRun = 126,  ///< the program was found, but can't run on OpenPPU (or at all)
  kNotFound = 127,   ///< no such program
};

struct RunOptions {
  int devices = -1;  ///< -1: not given
  int workers = -1;
  int memory_mib = -1;
  double timeout = -1;
  bool strict = false;
  bool overreads = false;
  std::string chip;
  std::string engine;
  std::string cpu;
  std::string log;
  std::string time;  ///< "real" or "chip"
  bool no_check = false;
  std::vector<std::string> command;
};
/// Replaces this process by the program with OpenPPU in its environment. Returns only on failure.
int run(const RunOptions& options);

struct ProfOptions {
  RunOptions run;
  std::vector<std::string> chips;
  std::string output, html, json, csv, trace;  ///< files to write; "-": stdout
  bool exact = false;                          ///< count every scattered access
  bool quiet = false;
};
/// Runs the program with counters on and reports. The program's own exit code.
int prof(const ProfOptions& options);

struct CheckOptions {
  RunOptions run;
  std::vector<std::string> tools;  ///< memcheck, racecheck, initcheck, synccheck, all; none: memcheck
  std::string leak_check;          ///< "full": memory that is still allocated at the end
  std::string log_file, json;      ///< files to write; "-": stdout
  int error_exitcode = 0;          ///< instead of the program's own where there are errors; 0: its own
};
/// Runs the program with its kernels checked and reports. The program's own exit code.
int check(const CheckOptions& options);

struct SmiOptions {
  bool query = false;  ///< every line of each device
  bool json = false;
  double loop_seconds = 0;  ///< again and again; 0: once
  int count = 0;            ///< how often with `loop_seconds`; 0: until stopped
};
/// The devices, how they do and who uses them.
int smi(const SmiOptions& options);

/// What was found on this machine; kFailed when something needed is missing.
int doctor();

struct ChipsOptions {
  std::vector<std::string> names;  ///< names or paths; none: the list of all
  bool compare = false;            ///< side by side
  bool json = false;
  bool csv = false;
};
/// The chips this build knows and the user's own: a list, all numbers of some, or a comparison.
int chips(const ChipsOptions& options);

struct ValidateOptions {
  std::string file;          ///< tab-separated rows (src/validate/row.h)
  std::string chip;          ///< judges all rows as this chip's; empty: as the rows' own
  bool serve = false;        ///< answer scripts/fit.py on stdin and stdout
  bool values_only = false;  ///< no intervals
  bool json = false;
  bool csv = false;
};
/// Measured rows beside the model's answers, errors by group and chip. kUsage for a file that can't be read.
int validate_chips(const ValidateOptions& options);

struct ClaimsOptions {
  bool markdown = false;
  bool html = false;
  bool json = false;
};
/// Public claims beside what the model says to them.
int claims(const ClaimsOptions& options);

struct CalibrateOptions {
  std::string chip;  ///< one that ships
  std::string file;  ///< measured rows, as for validate
  std::string out;   ///< the chip file to write
};
/// Fits a chip's and its software's terms to measurements and writes a chip file.
int calibrate(const CalibrateOptions& options);

struct FatbinOptions {
  std::vector<std::string> ptx;
  std::vector<unsigned> arch;  ///< one for each `ptx`
  std::string packing = "none";
  std::string out;
  std::string list;  ///< a file whose device code is listed
};
/// Writes a fat binary, or lists what a fat binary or executable carries.
int fatbin(const FatbinOptions& options);

struct EstimateOptions {
  std::string model;
  std::vector<std::string> chips;  ///< none: the default chip
  std::string precision;           ///< empty: the model's own
  std::string stack;               ///< empty: vllm, or tensorrt for what generates no tokens
  int batch = 0, in = 0, out = 0;  ///< 0: not given
  int tp = 1, pp = 1, ep = 1, dp = 1;
  double concurrency = 0, rate = 0;
  double latency_bound_ms = 0;
  double hours = 24, inlet = 30, cooling = 1;
  double rent = 0, price = 0, life = 4, energy = 0.10, pue = 1.3, premium = 0;
  unsigned seed = 1;
  bool json = false, csv = false;
  std::string html;  ///< a file to write
  bool models = false;
  bool training = false;
};
/// What a model does on chips: latency, throughput, energy, heat, cost, with intervals.
int estimate(const EstimateOptions& options);

}  // namespace ppu::tools

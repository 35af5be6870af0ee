// What the processes under `ppu prof` left, read and put together: every launch, copy and call, and sums by
// kernel with a price on each chip that was asked for. Reports are made from this alone. Not here: how they
// look.
#pragma once
#include <span>
#include <string>
#include <vector>

#include "base/result.h"
#include "chip/kernel_cost.h"
#include "device/profile_file.h"

namespace ppu::tools {

namespace profile = device::profile;

struct ProfiledKernel {
  profile::Span span;
  uint32_t name = 0;  ///< index into ProcessProfile::names
  uint32_t grid[3], block[3];
  bool interpreted = false;
  chip::KernelRun run;
};

/// One process's file.
struct ProcessProfile {
  profile::Process head = {};
  std::vector<std::string> names;
  std::vector<profile::Call> calls;
  std::vector<ProfiledKernel> kernels;
  std::vector<profile::Copy> copies;
  std::vector<profile::Range> ranges;
};

/// Reads one file. kBadInput when it isn't one, or of another build; a file that ends early (its process was
/// killed) is read as far as it goes.
Result<ProcessProfile> read_profile(const std::string& path);

/// What a kernel (or one launch shape of it) takes on one chip, all launches together.
struct ChipTime {
  double seconds = 0, shortest = 0, longest = 0;
  double by_limit[chip::kLimits] = {};
  chip::Limit limit = chip::Limit::kLaunch;
  double occupancy = 0;  ///< mean over launches
};

struct KernelSummary {
  std::string name;  ///< as source code has it
  std::string mangled;
  uint64_t launches = 0;
  double host_seconds = 0;
  uint64_t interpreted = 0;  ///< launches by the reference interpreter
  exec::Counters counters;
  double memory_bytes = 0;  ///< that reach device memory
  std::vector<ChipTime> chips;
  struct Shape {
    uint32_t grid[3], block[3];
    uint32_t shared_bytes;
    uint64_t launches;
  };
  std::vector<Shape> shapes;
};
struct CopySummary {
  chip::CopyKind kind;
  uint64_t count = 0, bytes = 0;
  double host_seconds = 0;
  std::vector<double> chip_seconds;
};
struct CallSummary {
  std::string name;
  uint64_t count = 0, failed = 0;
  double host_seconds = 0;  ///< nested calls included
};

struct Profile {
  std::vector<std::string> command;
  int exit_code = 0;
  double host_seconds = 0;               ///< from start to end of the program
  std::vector<const chip::Chip*> chips;  ///< the first is the one the device was
  std::vector<ProcessProfile> processes;
  std::vector<KernelSummary> kernels;  ///< longest first, on the first chip
  std::vector<CopySummary> copies;
  std::vector<CallSummary> calls;
};

/// Reads every file of `folder` and sums up. Files that can't be read are named in *complaints.
Profile load_profiles(const std::string& folder, std::vector<const chip::Chip*> chips,
                      std::vector<std::string>* complaints);

/// Shares in percent that tables show; negative: there was nothing of the kind.
double active_lanes_percent(const exec::Counters& c);  ///< of 32, over all instructions
double coalesced_percent(
    const exec::Counters& c);                  ///< sectors needed at best over sectors touched, at most 100
double bank_percent(const exec::Counters& c);  ///< the same of passes over the banks of shared memory
double divergent_percent(const exec::Counters& c);  ///< of conditional branches

/// The reports. Each returns its whole text.
std::string text_report(const Profile& profile);
std::string json_report(const Profile& profile);
std::string csv_report(const Profile& profile);
std::string html_report(const Profile& profile);
/// Chrome's trace event format, which Perfetto opens.
std::string trace_report(const Profile& profile);

/// A kernel's name without result type, parameters and unnamed namespaces: what tables show.
std::string short_name(const std::string& name);
/// "1.23 ms"; "4.56 GB"; "7.8 T" followed by `unit`.
std::string show_seconds(double seconds);
std::string show_quantity(double value, const char* unit);

}  // namespace ppu::tools

// Which kind of run a row describes, however its maker calls it. See predict_row.h.
#include "validate/predict_row.h"
#include "validate/row_kinds.h"
#include "validate/words.h"

namespace ppu::validate {
namespace {

struct Spelling {
  const char* word;  ///< found in the kind, punctuation made -
  const char* kind;
};
/// The first that is found counts. Exact names of kinds are taken before these.
constexpr Spelling kSpellings[] = {
    {"gemm", "kernel"},
    {"gemv", "kernel"},
    {"matmul", "kernel"},
    {"operator", "kernel"},
    {"kernel", "kernel"},
    {"attention", "kernel"},
    {"attn", "kernel"},
    {"grouped", "kernel"},
    {"collective", "collective"},
    {"nccl", "collective"},
    {"reduce", "collective"},
    {"comm", "collective"},
    {"mlperf", "mlperf"},
    {"static", "serving-static"},
    {"energy", "serving-energy"},
    {"power", "power"},
    {"thermal", "power"},
    {"idle", "power"},
    {"disagg", "serving-pd"},
    {"-pd", "serving-pd"},
    {"prefill", "serving-pd"},
    {"decode", "serving-pd"},
    {"-ep", "serving-pd"},
    {"e2e", "serving-e2e"},
    {"load", "serving-e2e"},
    {"online", "serving-e2e"},
    {"ttft", "ttft"},
    {"first-tok", "ttft"},
    {"tpot", "latency"},
    {"latency", "latency"},
    {"max", "serving-max"},
    {"throughput", "serving-max"},
    {"offline", "serving-max"},
};

constexpr const char* kNames[] = {"kernel",      "collective",     "serving-max", "serving-static",
                                  "serving-e2e", "serving-energy", "serving-pd",  "ttft",
                                  "latency",     "mlperf",         "power"};

/// A kind that says nothing ("claim", "serving", "other"): what is measured tells.
std::string by_figure(const Row& row, Figure figure) {
  if (shape_of(row)) return "kernel";
  switch (figure) {
    case Figure::kItemRate:
    case Figure::kItemsPerJoule:
    case Figure::kStreams:
      return "mlperf";
    case Figure::kNodePower:
    case Figure::kChipPower:
    case Figure::kEnergyItem:
      return is_benchmark(row) || contains(row.model, "idle") ? "power" : "serving-energy";
    case Figure::kEnergyToken:
    case Figure::kTokensPerJoule:
      return "serving-energy";
    case Figure::kFlopRate:
    case Figure::kFlopShare:
      return "kernel";
    case Figure::kBusByteRate:
      return "collective";
    case Figure::kByteRate:
      return row.chips > 1 ? "collective" : "kernel";
    case Figure::kInputRate:
      return "serving-pd";
    case Figure::kTtft:
    case Figure::kTpot:
    case Figure::kUserRate:
    case Figure::kLatency:
      return row.batch > 0 && row.in > 0 && row.out > 1 ? "serving-e2e" : "latency";
    default:
      return row.batch > 0 ? "serving-e2e" : "serving-max";
  }
}

/// A collective by its name ("nccl all_reduce"), whatever kind its row says.
bool is_collective(const Row& row) {
  const std::string name = letters_and_digits(row.model);
  for (const char* word : {"allreduce", "allgather", "reducescatter", "alltoall"})
    if (name.find(word) != name.npos) return true;
  return false;
}

}  // namespace

std::string kind_of(const Row& row) {
  if (names_expert_exchange(row) || is_collective(row)) return "collective";
  std::string name = lower_case(row.kind);
  for (char& c : name)
    if (c == '_' || c == ' ' || c == '/') c = '-';
  for (const char* known : kNames)
    if (name == known) return known;
  for (const Spelling& s : kSpellings)
    if (name.find(s.word) != name.npos) return s.kind;
  if (contains(row.scenario, "mlperf") || contains(row.source, "mlcommons")) return "mlperf";
  const Result<Asked> asked = asked_of(row);
  return asked ? by_figure(row, asked.value().figure) : "";
}

}  // namespace ppu::validate

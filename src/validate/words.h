// The words of a row as things: how a model is spread, in which numbers it runs, units. Not here: what is
// then calculated (predict_row.h).
#pragma once
#include <initializer_list>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "chip/predict.h"
#include "validate/row.h"
#include "workload/lower.h"

namespace ppu::validate {

/// "TP4 DP1 EP4 vllm 0.18.0" and n_chips as a spreading; parts that aren't named are 1, or what n_chips
/// leaves for tensor parallelism. Experts may be spread by dies ("EP32" on 16 chips of two); a row that
/// counts one chip gives figures of one, of as many as its words name. kBadInput when they contradict each
/// other.
Result<workload::Parallel> parallel_of(const Row& row, double dies = 1);

/// "TP4 DP4 EP16" on 4 chips counts the same chips twice: as those of the experts' group, and as
/// data-parallel groups for attention. Each group then has requests of its own, and the row's batch is one
/// group's.
bool attention_apart(const Row& row);

/// What a row says it is: its model and scenario.
std::string words_of(const Row& row);

/// Whether one of these is among a row's words, letter case aside.
bool names(const Row& row, std::initializer_list<const char*> words);

/// The exchange of tokens between experts on other chips, alone ("DeepEP dispatch").
bool names_expert_exchange(const Row& row);

/// The row's precision as workload/precision.h names it; where the row leaves it empty, what its model's name
/// or published weights say. Engines of NVIDIA keep the KV cache in FP8 when weights are. "FP4" is the
/// format of the model's own weights if that is one of 4 bits, else the chip's.
Result<workload::Precision> precision_of(const Row& row, const workload::Model& model,
                                         const chip::Numbers& chip);

/// Whether the row gives a precision by any name known here.
bool names_precision(const Row& row);

/// The narrowest precision that a text names, as workload/precision.h does; empty: none.
std::string precision_in(std::string_view text);

struct Shape {
  double m = 0, n = 0, k = 0;
};
/// "M=384 N=384 K=384", "m384n384k384", "GEMM 384x384x384" or "LM head 248320x2048 GEMV" (n x k); empty when
/// there is none.
std::optional<Shape> shape_of(const Row& row);

/// What a text gives numbers for by name: "b=4", "kv_len: 8192", "heads 32", "d128", "m128n256k64"; "4k" is
/// 4096.
class NamedNumbers {
 public:
  using Names = std::initializer_list<const char*>;
  explicit NamedNumbers(std::string_view text);
  /// The number of the first of these names that has one; 0: none has.
  double of(Names names) const;

 private:
  std::map<std::string, double> numbers_;
};

/// Seconds in a unit of time ("ms"); kUnsupported when it is none.
Result<double> seconds_in(const Row& row);

/// A number that stands before or behind `word` in a text ("L=340", "cache 512", "EP32"), letter case aside.
std::optional<double> number_at(std::string_view text, std::string_view word);

/// "64 MB", "1GiB", "512 KB": the first size in a text, in bytes. MB and MiB are both 2^20, as nccl-tests
/// prints them.
std::optional<double> bytes_in(std::string_view text);

std::string lower_case(std::string_view text);
/// Lower case without anything else: "llama3_1-8b" and "llama3.1-8b" are one name.
std::string letters_and_digits(std::string_view text);
bool contains(std::string_view text, std::string_view part);

}  // namespace ppu::validate

// What the model says to a measured row: the scenario that the row's words describe, run through the same
// functions as `ppu estimate`. Not here: intervals and statistics (report.h).
#pragma once
#include <string>

#include "base/result.h"
#include "chip/predict.h"
#include "validate/row.h"

namespace ppu::validate {

/// The chip that a row means, however it is spelled ("H100 SXM", "PPU-ZW810E", "NVIDIA H200-SXM-141GB x8").
/// One that has no file of its own but bears the name of one that has ("V100S") is taken as that, which is
/// told to `assumed`. kBadInput names near ones.
Result<const chip::Chip*> chip_of(const Row& row, std::string* assumed = nullptr);

/// How the model is asked: as it is, or as the trivial roofline, whose errors stand beside the model's.
enum class Model { kFull, kTrivial };

/// The kind of run that the row describes, one of the names in predict_row.cpp's table: its own word, or what
/// its metric tells. Empty when neither does.
std::string kind_of(const Row& row);

/// The predicted figure in the row's own unit, with these numbers of the chip in place of its file's. What
/// the row leaves open and is taken for granted is added to `assumed`, where one is given. kUnsupported (with
/// the reason) for a kind, metric or model that the chip model has nothing to say to; kResource for a model
/// that doesn't fit; kBadInput for words that contradict each other.
Result<double> predict_row(const Row& row, const chip::Numbers& chip, Model model,
                           std::string* assumed = nullptr);

/// Which coefficient of residuals (chip/uncertainty.h) a row's interval takes: "gemm", "ttft", "watts", ...
std::string residual_of(const Row& row);

/// The stack that drives a row, as chip/stack.h looks it up.
std::string stack_name_of(const Row& row);

}  // namespace ppu::validate

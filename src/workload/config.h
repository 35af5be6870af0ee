// Reads a Hugging Face config.json into a Model. A decoder of an unknown model_type is read by the field
// names that nearly all share; any field that is needed and missing is an error that names it. Presets are
// such files too, with a "ppu" object beside (name, aliases, source, parameters). Not here: weights,
// tokenizers.
#pragma once
#include <string>
#include <string_view>

#include "base/result.h"
#include "workload/model.h"

namespace ppu::workload {

/// `where` is the file's name in messages.
Result<Model> read_config(std::string_view text, const std::string& where);

}  // namespace ppu::workload

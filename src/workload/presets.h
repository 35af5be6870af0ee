// The table that embed_models.cmake makes of models/*.json.
#pragma once
#include <span>
#include <string_view>

namespace ppu::workload {

struct Preset {
  std::string_view id;    ///< the file's name without .json
  std::string_view text;  ///< a config.json (config.h)
};
std::span<const Preset> embedded_presets();

}  // namespace ppu::workload

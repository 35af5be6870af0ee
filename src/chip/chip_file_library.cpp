// See chip_file_library.h.
#include "chip/chip_file_library.h"

#include <cstdio>

#include "chip/chip.h"

extern "C" __attribute__((visibility("default"))) const ppu::chip::Chip* ppu_load_chip_file(const char* path,
                                                                                            char* error,
                                                                                            size_t room) {
  const ppu::Result<const ppu::chip::Chip*> chip = ppu::chip::load_file(path);
  if (chip) return chip.value();
  std::snprintf(error, room, "%s", chip.error().message.c_str());
  return nullptr;
}

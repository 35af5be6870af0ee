// Relocatable device code: each object hands its piece to __cudaRegisterLinkedBinary_<id>, a function that
// only the final link can write, because only it knows all pieces.
#pragma once
#include <string>
#include <vector>

namespace ppu::ppucc {

/// C source that defines those functions for all ids found in `files` (objects and archives). Empty when
/// there are none.
std::string link_stub_source(const std::vector<std::string>& files);

}  // namespace ppu::ppucc

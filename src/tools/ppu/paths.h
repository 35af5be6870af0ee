// Where this installation is: everything is found from the running executable, so a build tree, an installed
// tree and a copied tree all work.
#pragma once
#include <string>

namespace ppu::tools {

/// The folder of the running executable ("<root>/bin").
std::string own_bin_folder();

/// The folder of OpenPPU's libraries ("<root>/lib").
std::string own_lib_folder();

/// True when a file is there and can be read.
bool readable(const std::string& path);

}  // namespace ppu::tools

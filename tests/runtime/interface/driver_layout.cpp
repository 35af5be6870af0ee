// Compiled twice, against our cuda.h and against a toolkit's: sizes of structures and values of enumerators
// as text.
#define __CUDA_API_VERSION_INTERNAL
#include <cuda.h>

#include <sstream>
#include <string>

#define JOIN_(a, b) a##b
#define JOIN(a, b) JOIN_(a, b)

std::string JOIN(driver_layout_, SIDE)() {
  std::ostringstream text;
#define LAYOUT(name) text << #name << " " << sizeof(name) << "\n";
#define VALUE(name) text << #name << " " << static_cast<long long>(name) << "\n";
#include "driver_layout.inc"
  return text.str();
}

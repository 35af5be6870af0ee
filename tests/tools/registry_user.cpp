// registry_user BYTES: holds a device as a running program would, says so, and waits to be ended.
#include <unistd.h>

#include <cstdio>
#include <cstdlib>

#include "device/registry.h"

int main(int argc, char** argv) {
  ppu::device::registry_open(0);
  ppu::device::registry_set_used(0, argc > 1 ? std::strtoull(argv[1], nullptr, 10) : 0);
  ppu::device::registry_count_launch();
  std::puts("holding");
  std::fflush(stdout);
  for (;;) ::pause();
}

// open_library FILE: opens a library that carries device code and calls its check_sums().
#include <dlfcn.h>
#include <stdio.h>

int main(int argc, char** argv) {
  void* handle = argc > 1 ? dlopen(argv[1], RTLD_NOW) : NULL;
  int (*check)(void) = handle ? (int (*)(void))dlsym(handle, "check_sums") : NULL;
  return check ? check() : 99;
}

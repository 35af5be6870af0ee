// Stands for OpenPPU's libcuda.so.1 in redirect_test, or for the one that it replaces.
#ifndef ANSWER
#define ANSWER "ours"
#endif
const char* which_library(void) {
  return ANSWER;
}

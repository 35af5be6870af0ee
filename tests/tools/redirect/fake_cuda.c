// Stands for OpenPPU's libcuda.so.1 in redirect_test.
const char* which_library(void) {
  return "ours";
}

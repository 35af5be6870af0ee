// Plays a program part with a runtime embedded by nvcc: the names that give it away, and functions that must
// never be entered once they are redirected (they return -1 or count themselves).
#include <stddef.h>

#define KEPT __attribute__((noinline))

int embedded_entered;
static int entered(void) {
  ++embedded_entered;
  return -1;
}

// Device code registers itself from a constructor, before main and before most libraries are ready.
__attribute__((section(".nvFatBinSegment"), used)) static const int segment[6] = {0x466243B1, 1};

const char* embedded_text(void) {
  return "/cudart.shm.%x.%x.%llx";
}

KEPT void** __cudaRegisterFatBinary(void* image) {
  entered();
  return NULL;
}
KEPT int cudaGetExportTable(void) {
  return entered();
}
KEPT int cudaGetDeviceProperties(void) {
  return entered();
}
KEPT int cudaRuntimeGetVersion(int* version) {
  *version = -1;
  return entered();
}
KEPT double cudaManyArguments(int a, int b, int c, int d, int e, int f, int g, int h, int i, int j, double p,
                              double q, double r, double s, double t, double u, double v, double w) {
  return entered();
}
KEPT int cudaVariadic(int count, ...) {
  return entered();
}
// A function of the program whose name only looks like the runtime's.
KEPT int cudaOfMyOwn(void) {
  return 42;
}
KEPT void libcudart_static_00ff(void) {
  entered();
}
#if MAJOR < 13
KEPT int cudaThreadSynchronize(void) {
  return entered();
}
#endif
#if MAJOR == 12
KEPT int cudaGetDeviceProperties_v2(void) {
  return entered();
}
#endif

void** embedded_handle;
__attribute__((constructor)) static void register_device_code(void) {
  embedded_handle = __cudaRegisterFatBinary((void*)segment);
}

/// 0 when every call went to the runtime of version MAJOR, else the number of the first check that failed.
__attribute__((visibility("default"))) int embedded_check(void) {
  int version = 0;
  if (!embedded_handle || *(int*)embedded_handle < 1) return 1;
  if (cudaRuntimeGetVersion(&version) != 0 || version != MAJOR * 1000) return 2;
  if (cudaManyArguments(1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 0.5, 1, 1, 1, 1, 1, 1, 2) != 385 + 0.5 + 27 + 16)
    return 3;
  if (cudaVariadic(3, 1.0, 2.0, 3.0) != 6) return 4;
  if (cudaOfMyOwn() != 42) return 5;
  return embedded_entered ? 6 : 0;
}

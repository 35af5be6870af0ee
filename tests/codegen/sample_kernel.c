// A stand-in for a compiled kernel: constants, data, a jump table, calls to external functions.
#include <stddef.h>
#include <stdint.h>

void* memset(void* to, int value, size_t bytes);
double fmod(double a, double b);

static const double kTable[4] = {1.5, 2.5, 3.5, 4.5};
static const double* const kPointers[2] = {&kTable[1], &kTable[3]};
int32_t counter = 7;

uint32_t kernel_block(const void* launch, void* block) __asm__("sample.block");
uint32_t kernel_block(const void* launch, void* block) {
  double* out = block;
  unsigned index = *(const unsigned*)launch;
  memset(out, 0, 4 * sizeof(double));
  out[0] = kTable[index & 3];
  out[1] = *kPointers[index & 1];
  out[2] = fmod(out[1], 2.0);
  out[3] = ++counter;
  return index;
}

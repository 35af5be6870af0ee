// Stands for OpenPPU's libcudart in redirect_test: every function tells that it was reached.
#include <stdarg.h>

int cudaRuntimeGetVersion(int* version) {
  *version = MAJOR * 1000;
  return 0;
}
int cudaGetDeviceProperties(void) {
  return MAJOR;
}
void** __cudaRegisterFatBinary(void* image) {
  static int registered;
  ++registered;
  return (void**)&registered;
}
int cudaGetExportTable(void) {
  return MAJOR;
}
// Ten integer and eight floating arguments: all argument registers and the stack.
double cudaManyArguments(int a, int b, int c, int d, int e, int f, int g, int h, int i, int j, double p,
                         double q, double r, double s, double t, double u, double v, double w) {
  return a + 2 * b + 3 * c + 4 * d + 5 * e + 6 * f + 7 * g + 8 * h + 9 * i + 10 * j + p + 2 * q + 3 * r +
         4 * s + 5 * t + 6 * u + 7 * v + 8 * w;
}
int cudaVariadic(int count, ...) {
  va_list list;
  va_start(list, count);
  double sum = 0;
  while (count--) sum += va_arg(list, double);
  va_end(list);
  return (int)sum;
}
int cudaTiny(void) {
  return MAJOR;
}

// libcusolverMg: every name of it, not written.
enum cusolverStatus_t : int { CUSOLVER_STATUS_INTERNAL_ERROR = 7, CUSOLVER_STATUS_NOT_SUPPORTED = 9 };

#define PPU_ROWS "libs/cusolvermg/api.inc"
#define PPU_LIBRARY cusolvermg
#define PPU_STATUS cusolverStatus_t
#define PPU_NOT_WRITTEN CUSOLVER_STATUS_NOT_SUPPORTED
#define PPU_FAULT CUSOLVER_STATUS_INTERNAL_ERROR
#include "libs/shell/exports.inc"

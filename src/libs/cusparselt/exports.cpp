// libcusparseLt.so.0: every name of it, not written.
enum cusparseStatus_t : int { CUSPARSE_STATUS_INTERNAL_ERROR = 7, CUSPARSE_STATUS_NOT_SUPPORTED = 10 };

#define PPU_ROWS "libs/cusparselt/api.inc"
#define PPU_LIBRARY cusparselt
#define PPU_STATUS cusparseStatus_t
#define PPU_NOT_WRITTEN CUSPARSE_STATUS_NOT_SUPPORTED
#define PPU_FAULT CUSPARSE_STATUS_INTERNAL_ERROR
#include "libs/shell/exports.inc"

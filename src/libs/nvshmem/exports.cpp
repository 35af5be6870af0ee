// libnvshmem_host.so.3: every name of it that PyTorch's wheel imports, not written. Nothing is initialised,
// which is what nvshmemid_init_status says.
enum nvshmemx_status : int {
  NVSHMEMX_SUCCESS = 0,
  NVSHMEMX_ERROR_NOT_SUPPORTED = 3,
  NVSHMEMX_ERROR_INTERNAL = 7
};

#define PPU_ROWS "libs/nvshmem/api.inc"
#define PPU_LIBRARY nvshmem
#define PPU_STATUS nvshmemx_status
#define PPU_NOT_WRITTEN NVSHMEMX_ERROR_NOT_SUPPORTED
#define PPU_FAULT NVSHMEMX_ERROR_INTERNAL
#include "libs/shell/exports.inc"

/// The transport that was chosen at initialisation: none.
PPU_EXPORT int nvshmem_selected_device_transport = 0;

namespace ppu::nvshmem {

nvshmemx_status nvshmemid_init_status() {
  return NVSHMEMX_SUCCESS;  // NVSHMEM_STATUS_NOT_INITIALIZED is 0 too
}

}  // namespace ppu::nvshmem

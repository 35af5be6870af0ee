// cuGetProcAddress and cuGetExportTable (CUDA Driver API, "Driver Entry Point Access"). A plain name has
// several exported variants: _v2, _v3... for changed signatures, _ptds and _ptsz for the per-thread default
// stream.
#include <algorithm>
#include <cstring>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "device/activity.h"
#include "driver/entry.h"

namespace ppu::driver {
namespace {

struct Variant {
  int since;
  bool per_thread;
  void* call;
};

using VariantTable = std::unordered_map<std::string_view, std::vector<Variant>>;

/// Cuts "_ptds"/"_ptsz", then "_v" and digits. Sets *per_thread if the first was there.
std::string_view base_name_of(std::string_view name, bool* per_thread) {
  *per_thread = name.ends_with("_ptds") || name.ends_with("_ptsz");
  if (*per_thread) name.remove_suffix(5);
  size_t end = name.size();
  while (end > 0 && name[end - 1] >= '0' && name[end - 1] <= '9') --end;
  if (end < name.size() && end >= 2 && name.substr(end - 2, 2) == "_v") name = name.substr(0, end - 2);
  return name;
}

const VariantTable& variant_table() {
  static const VariantTable* table = [] {
    auto* built = new VariantTable;  // lives as long as the process: callers may ask during exit
    size_t count = 0;
    const EntryPoint* rows = entry_points(&count);
    for (size_t i = 0; i < count; ++i) {
      bool per_thread = false;
      const std::string_view base = base_name_of(rows[i].name, &per_thread);
      (*built)[base].push_back({rows[i].since, per_thread, rows[i].call});
    }
    return built;
  }();
  return *table;
}

}  // namespace

void* find_entry_point(const char* base_name, int version, bool per_thread,
                       CUdriverProcAddressQueryResult* result) {
  const auto found = variant_table().find(base_name);
  if (found == variant_table().end()) {
    *result = CU_GET_PROC_ADDRESS_SYMBOL_NOT_FOUND;
    return nullptr;
  }
  const auto newest = [&](bool want_per_thread) {
    const Variant* best = nullptr;
    for (const Variant& v : found->second)
      if (v.per_thread == want_per_thread && v.since <= version && (!best || v.since > best->since))
        best = &v;
    return best;
  };
  const Variant* best = per_thread ? newest(true) : nullptr;
  if (!best) best = newest(false);
  *result = best ? CU_GET_PROC_ADDRESS_SUCCESS : CU_GET_PROC_ADDRESS_VERSION_NOT_SUFFICIENT;
  return best ? best->call : nullptr;
}

CUresult cuGetProcAddress_v2(const char* name, void** address, int version, cuuint64_t flags,
                             CUdriverProcAddressQueryResult* result) {
  constexpr cuuint64_t kKnownFlags =
      CU_GET_PROC_ADDRESS_LEGACY_STREAM | CU_GET_PROC_ADDRESS_PER_THREAD_DEFAULT_STREAM;
  if (address) *address = nullptr;
  CUdriverProcAddressQueryResult unused;
  if (!result) result = &unused;
  *result = CU_GET_PROC_ADDRESS_SYMBOL_NOT_FOUND;
  if (!name || !*name || !address || version < 0 || (flags & ~kKnownFlags)) return CUDA_ERROR_INVALID_VALUE;
  *address = find_entry_point(name, version, flags & CU_GET_PROC_ADDRESS_PER_THREAD_DEFAULT_STREAM, result);
  if (!*address) log("driver", LogLevel::kInfo, "cuGetProcAddress: no \"%s\" for version %d", name, version);
  return CUDA_SUCCESS;  // the manual: success with a null address; the reason is in *result
}

// The CUDA 11.3 form has no place for the reason, so a missing name is an error.
CUresult cuGetProcAddress(const char* name, void** address, int version, cuuint64_t flags) {
  CUdriverProcAddressQueryResult reason;
  const CUresult result = ppu::driver::cuGetProcAddress_v2(name, address, version, flags, &reason);
  if (result != CUDA_SUCCESS) return result;
  return *address ? CUDA_SUCCESS : CUDA_ERROR_NOT_FOUND;
}

// Export tables are private interfaces between a vendor's libraries. OpenPPU has one of its own, and refuses
// every other request.
CUresult cuGetExportTable(const void** table, const CUuuid* id) {
  if (!table || !id) return CUDA_ERROR_INVALID_VALUE;
  *table = nullptr;
  if (std::memcmp(id->bytes, activity::kInterfaceId, sizeof id->bytes) != 0) return CUDA_ERROR_NOT_FOUND;
  *table = &device::activity_interface();
  return CUDA_SUCCESS;
}

}  // namespace ppu::driver

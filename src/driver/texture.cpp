// Texture and surface objects.
#include "device/texture.h"

#include <map>
#include <optional>

#include "driver/array_handles.h"

namespace ppu::driver {

using device::Context;

namespace {

/// What a live object was made of, for the functions that ask.
struct Record {
  CUDA_RESOURCE_DESC resource{};
  CUDA_TEXTURE_DESC texture{};
  std::optional<CUDA_RESOURCE_VIEW_DESC> view;
  bool is_surface = false;
};

struct Records {
  std::mutex mutex;
  std::map<uint64_t, Record> live;
};

Records& records() {
  static auto* r = new Records;  // never destroyed: calls may come during exit
  return *r;
}

CUresult publish(const exec::TextureState& state, const Record& record, unsigned long long* object) {
  const uint64_t handle = exec::register_texture(state);
  if (!handle) return CUDA_ERROR_OUT_OF_MEMORY;
  std::lock_guard lock(records().mutex);
  records().live[handle] = record;
  *object = handle;
  return CUDA_SUCCESS;
}

/// Object 0 is none, and destroying it does nothing.
CUresult withdraw(unsigned long long object, bool is_surface) {
  Context* c;
  PPU_TRY(current(&c));
  if (!object) return CUDA_SUCCESS;
  std::lock_guard lock(records().mutex);
  const auto it = records().live.find(object);
  if (it == records().live.end() || it->second.is_surface != is_surface) return CUDA_ERROR_INVALID_VALUE;
  c->synchronize();
  exec::unregister_texture(object);
  records().live.erase(it);
  return CUDA_SUCCESS;
}

CUresult find_record(unsigned long long object, bool is_surface, Record* record) {
  Context* c;
  PPU_TRY(current(&c));
  std::lock_guard lock(records().mutex);
  const auto it = records().live.find(object);
  if (it == records().live.end() || it->second.is_surface != is_surface) return CUDA_ERROR_INVALID_VALUE;
  *record = it->second;
  return CUDA_SUCCESS;
}

CUresult source_of(const CUDA_RESOURCE_DESC& d, device::TextureSource* source) {
  if (d.flags) return CUDA_ERROR_INVALID_VALUE;
  switch (d.resType) {
    case CU_RESOURCE_TYPE_ARRAY:
      source->array = find_array(d.res.array.hArray);
      return source->array ? CUDA_SUCCESS : CUDA_ERROR_INVALID_VALUE;
    case CU_RESOURCE_TYPE_MIPMAPPED_ARRAY:
      source->mipmap = find_mipmap(d.res.mipmap.hMipmappedArray);
      return source->mipmap ? CUDA_SUCCESS : CUDA_ERROR_INVALID_VALUE;
    case CU_RESOURCE_TYPE_LINEAR:
    case CU_RESOURCE_TYPE_PITCH2D:
      source->memory = &d;
      return CUDA_SUCCESS;
    default:
      return CUDA_ERROR_INVALID_VALUE;
  }
}

}  // namespace

CUresult cuTexObjectCreate(CUtexObject* object, const CUDA_RESOURCE_DESC* resource,
                           const CUDA_TEXTURE_DESC* texture, const CUDA_RESOURCE_VIEW_DESC* view) {
  Context* c;
  PPU_TRY(current(&c));
  if (!object || !resource || !texture) return CUDA_ERROR_INVALID_VALUE;
  device::TextureSource source;
  PPU_TRY(source_of(*resource, &source));
  exec::TextureState state;
  PPU_TRY(device::texture_state(c->device(), source, *texture, view, &state));
  Record record{*resource, *texture, {}, false};
  if (view) record.view = *view;
  return publish(state, record, object);
}

CUresult cuTexObjectDestroy(CUtexObject object) {
  return withdraw(object, false);
}

CUresult cuTexObjectGetResourceDesc(CUDA_RESOURCE_DESC* descriptor, CUtexObject object) {
  Record record;
  PPU_TRY(find_record(object, false, &record));
  if (!descriptor) return CUDA_ERROR_INVALID_VALUE;
  *descriptor = record.resource;
  return CUDA_SUCCESS;
}

CUresult cuTexObjectGetTextureDesc(CUDA_TEXTURE_DESC* descriptor, CUtexObject object) {
  Record record;
  PPU_TRY(find_record(object, false, &record));
  if (!descriptor) return CUDA_ERROR_INVALID_VALUE;
  *descriptor = record.texture;
  return CUDA_SUCCESS;
}

CUresult cuTexObjectGetResourceViewDesc(CUDA_RESOURCE_VIEW_DESC* descriptor, CUtexObject object) {
  Record record;
  PPU_TRY(find_record(object, false, &record));
  if (!descriptor || !record.view) return CUDA_ERROR_INVALID_VALUE;
  *descriptor = *record.view;
  return CUDA_SUCCESS;
}

CUresult cuSurfObjectCreate(CUsurfObject* object, const CUDA_RESOURCE_DESC* resource) {
  Context* c;
  PPU_TRY(current(&c));
  if (!object || !resource || resource->resType != CU_RESOURCE_TYPE_ARRAY) return CUDA_ERROR_INVALID_VALUE;
  device::TextureSource source;
  PPU_TRY(source_of(*resource, &source));
  exec::TextureState state;
  PPU_TRY(device::surface_state(*source.array, &state));
  return publish(state, Record{*resource, {}, {}, true}, object);
}

CUresult cuSurfObjectDestroy(CUsurfObject object) {
  return withdraw(object, true);
}

CUresult cuSurfObjectGetResourceDesc(CUDA_RESOURCE_DESC* descriptor, CUsurfObject object) {
  Record record;
  PPU_TRY(find_record(object, true, &record));
  if (!descriptor) return CUDA_ERROR_INVALID_VALUE;
  *descriptor = record.resource;
  return CUDA_SUCCESS;
}

}  // namespace ppu::driver

// CUarray and CUmipmappedArray handles.
#pragma once
#include "device/array.h"
#include "driver/handles.h"

namespace ppu::driver {

inline device::Array* to_array(CUarray a) {
  return reinterpret_cast<device::Array*>(a);
}
inline CUarray to_handle(device::Array* a) {
  return reinterpret_cast<CUarray>(a);
}
inline device::MipmappedArray* to_mipmap(CUmipmappedArray a) {
  return reinterpret_cast<device::MipmappedArray*>(a);
}
inline CUmipmappedArray to_handle(device::MipmappedArray* a) {
  return reinterpret_cast<CUmipmappedArray>(a);
}

/// Null unless the handle is one of a live array.
inline const device::Array* find_array(CUarray handle) {
  return live<device::Array>().has(to_array(handle)) ? to_array(handle) : nullptr;
}
inline const device::MipmappedArray* find_mipmap(CUmipmappedArray handle) {
  return live<device::MipmappedArray>().has(to_mipmap(handle)) ? to_mipmap(handle) : nullptr;
}

}  // namespace ppu::driver

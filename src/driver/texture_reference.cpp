// Texture and surface references, the module-level way of CUDA before 5: a .texref or .surfref variable of a
// module, to us a 64-bit number, holds the handle of an object that is made anew whenever the reference
// changes. Changes wait for kernels that run. (The runtime's texture<> is gone from CUDA 12.)
#include <cstring>
#include <map>

#include "device/texture.h"
#include "driver/array_handles.h"
#include "ptx/texref_state.h"

struct CUtexref_st {
  uint64_t variable = 0;  ///< where the module keeps the handle; 0 for references that cuTexRefCreate made
  CUDA_RESOURCE_DESC resource{};
  bool bound = false;
  CUDA_TEXTURE_DESC texture{};
  CUarray_format format = CU_AD_FORMAT_FLOAT;
  int channels = 1;
  unsigned long long object = 0;
};

struct CUsurfref_st {
  uint64_t variable = 0;
  CUarray array = nullptr;
  unsigned long long object = 0;
};

namespace ppu::driver {

using device::Context;

namespace {

/// References by the variable they stand for: asking twice gives the same one.
template <class T>
struct References {
  std::mutex mutex;
  std::map<uint64_t, T*> by_variable;
};
template <class T>
References<T>& references() {
  static auto* r = new References<T>;
  return *r;
}

/// The first settings of a reference whose variable has an initialiser.
void take_initial_state(CUtexref_st& r, uint64_t holds) {
  if (!ptx::is_texref_state(holds)) return;
  const ptx::TexrefState state = ptx::unpack_texref_state(holds);
  for (int axis = 0; axis < 3; axis++) r.texture.addressMode[axis] = CUaddress_mode(state.address[axis]);
  r.texture.filterMode = state.linear ? CU_TR_FILTER_MODE_LINEAR : CU_TR_FILTER_MODE_POINT;
  if (state.normalized) r.texture.flags |= CU_TRSF_NORMALIZED_COORDINATES;
}
void take_initial_state(CUsurfref_st&, uint64_t) {}

template <class T>
CUresult find(T** reference, CUmodule module, const char* name) {
  if (!reference || !name) return CUDA_ERROR_INVALID_VALUE;
  CUdeviceptr address = 0;
  size_t bytes = 0;
  PPU_TRY(ppu::driver::cuModuleGetGlobal_v2(&address, &bytes, module, name));
  if (bytes != sizeof(uint64_t)) return CUDA_ERROR_NOT_FOUND;
  std::lock_guard lock(references<T>().mutex);
  T*& known = references<T>().by_variable[address];
  if (!known) {
    known = new T;
    live<T>().add(known);
  }
  // A new module may have its variables where an old one had them.
  uint64_t holds = 0;
  std::memcpy(&holds, reinterpret_cast<const void*>(address), sizeof holds);
  if (holds != known->object) {
    *known = T{};
    take_initial_state(*known, holds);
  }
  known->variable = address;
  *reference = known;
  return CUDA_SUCCESS;
}

/// Puts a new object (0: none) in place of the old one.
template <class T, class Destroy>
CUresult replace(T& r, unsigned long long object, Destroy destroy) {
  Context* c;
  PPU_TRY(current(&c));
  PPU_TRY(c->synchronize());
  if (r.object) destroy(r.object);
  r.object = object;
  if (r.variable) std::memcpy(reinterpret_cast<void*>(r.variable), &r.object, sizeof r.object);
  return CUDA_SUCCESS;
}

/// Makes the object that the reference describes now. One that can't be (half set up, say) leaves none: a
/// kernel that reads it then stops with an illegal address.
CUresult rebuild(CUtexref t) {
  unsigned long long object = 0;
  if (t->bound) ppu::driver::cuTexObjectCreate(&object, &t->resource, &t->texture, nullptr);
  return replace(*t, object, ppu::driver::cuTexObjectDestroy);
}

CUresult check(CUtexref t) {
  return live<CUtexref_st>().has(t) ? CUDA_SUCCESS : CUDA_ERROR_INVALID_VALUE;
}

/// Runs `set` on a live reference and makes its object anew.
template <class F>
CUresult change(CUtexref t, F set) {
  PPU_TRY(check(t));
  PPU_TRY(set(*t));
  return rebuild(t);
}

template <class T>
CUresult give(T* to, CUtexref t, T CUDA_TEXTURE_DESC::* field) {
  PPU_TRY(check(t));
  if (!to) return CUDA_ERROR_INVALID_VALUE;
  *to = t->texture.*field;
  return CUDA_SUCCESS;
}

}  // namespace

CUresult cuModuleGetTexRef(CUtexref* reference, CUmodule module, const char* name) {
  return find(reference, module, name);
}
CUresult cuModuleGetSurfRef(CUsurfref* reference, CUmodule module, const char* name) {
  return find(reference, module, name);
}

CUresult cuTexRefCreate(CUtexref* reference) {
  Context* c;
  PPU_TRY(current(&c));
  if (!reference) return CUDA_ERROR_INVALID_VALUE;
  *reference = new CUtexref_st;
  live<CUtexref_st>().add(*reference);
  return CUDA_SUCCESS;
}

CUresult cuTexRefDestroy(CUtexref t) {
  PPU_TRY(check(t));
  if (t->variable) return CUDA_ERROR_INVALID_VALUE;  // its module's
  t->bound = false;
  PPU_TRY(rebuild(t));
  live<CUtexref_st>().remove(t);
  delete t;
  return CUDA_SUCCESS;
}

CUresult cuTexRefSetArray(CUtexref t, CUarray array, unsigned int flags) {
  if (flags != CU_TRSA_OVERRIDE_FORMAT) return CUDA_ERROR_INVALID_VALUE;
  return change(t, [&](CUtexref_st& r) {
    const device::Array* a = find_array(array);
    if (array && !a) return CUDA_ERROR_INVALID_VALUE;
    r.resource = {};
    r.resource.res.array.hArray = array;
    r.bound = array != nullptr;
    if (a) r.format = a->descriptor().Format, r.channels = int(a->descriptor().NumChannels);
    return CUDA_SUCCESS;
  });
}

CUresult cuTexRefSetMipmappedArray(CUtexref t, CUmipmappedArray mipmap, unsigned int flags) {
  if (flags != CU_TRSA_OVERRIDE_FORMAT) return CUDA_ERROR_INVALID_VALUE;
  return change(t, [&](CUtexref_st& r) {
    if (mipmap && !find_mipmap(mipmap)) return CUDA_ERROR_INVALID_VALUE;
    r.resource = {};
    r.resource.resType = CU_RESOURCE_TYPE_MIPMAPPED_ARRAY;
    r.resource.res.mipmap.hMipmappedArray = mipmap;
    r.bound = mipmap != nullptr;
    return CUDA_SUCCESS;
  });
}

CUresult cuTexRefSetAddress_v2(size_t* offset, CUtexref t, CUdeviceptr address, size_t bytes) {
  return change(t, [&](CUtexref_st& r) {
    const size_t behind = address % device::kArrayAlignment;
    if (behind && !offset) return CUDA_ERROR_INVALID_VALUE;
    if (offset) *offset = behind;
    r.resource = {};
    r.resource.resType = CU_RESOURCE_TYPE_LINEAR;
    r.resource.res.linear = {address - behind, r.format, unsigned(r.channels), bytes + behind};
    r.bound = address != 0;
    return CUDA_SUCCESS;
  });
}

CUresult cuTexRefSetAddress2D_v3(CUtexref t, const CUDA_ARRAY_DESCRIPTOR* d, CUdeviceptr address,
                                 size_t pitch) {
  if (!d) return CUDA_ERROR_INVALID_VALUE;
  return change(t, [&](CUtexref_st& r) {
    r.resource = {};
    r.resource.resType = CU_RESOURCE_TYPE_PITCH2D;
    r.resource.res.pitch2D = {address, d->Format, d->NumChannels, d->Width, d->Height, pitch};
    r.bound = address != 0;
    return CUDA_SUCCESS;
  });
}
CUresult cuTexRefSetAddress2D_v2(CUtexref t, const CUDA_ARRAY_DESCRIPTOR* d, CUdeviceptr address,
                                 size_t pitch) {
  return ppu::driver::cuTexRefSetAddress2D_v3(t, d, address, pitch);
}

CUresult cuTexRefSetFormat(CUtexref t, CUarray_format format, int channels) {
  exec::TexelFormat texel;
  if (!device::texel_format(format, unsigned(channels), &texel)) return CUDA_ERROR_INVALID_VALUE;
  return change(t, [&](CUtexref_st& r) {
    r.format = format, r.channels = channels;
    if (r.resource.resType == CU_RESOURCE_TYPE_LINEAR)
      r.resource.res.linear.format = format, r.resource.res.linear.numChannels = unsigned(channels);
    return CUDA_SUCCESS;
  });
}

CUresult cuTexRefSetAddressMode(CUtexref t, int axis, CUaddress_mode mode) {
  if (axis < 0 || axis > 2 || unsigned(mode) > CU_TR_ADDRESS_MODE_BORDER) return CUDA_ERROR_INVALID_VALUE;
  return change(t, [&](CUtexref_st& r) { return r.texture.addressMode[axis] = mode, CUDA_SUCCESS; });
}
namespace {

bool is_filter(CUfilter_mode mode) {
  return mode == CU_TR_FILTER_MODE_POINT || mode == CU_TR_FILTER_MODE_LINEAR;
}

}  // namespace

CUresult cuTexRefSetFilterMode(CUtexref t, CUfilter_mode mode) {
  if (!is_filter(mode)) return CUDA_ERROR_INVALID_VALUE;
  return change(t, [&](CUtexref_st& r) { return r.texture.filterMode = mode, CUDA_SUCCESS; });
}
CUresult cuTexRefSetMipmapFilterMode(CUtexref t, CUfilter_mode mode) {
  if (!is_filter(mode)) return CUDA_ERROR_INVALID_VALUE;
  return change(t, [&](CUtexref_st& r) { return r.texture.mipmapFilterMode = mode, CUDA_SUCCESS; });
}
CUresult cuTexRefSetMipmapLevelBias(CUtexref t, float bias) {
  return change(t, [&](CUtexref_st& r) { return r.texture.mipmapLevelBias = bias, CUDA_SUCCESS; });
}
CUresult cuTexRefSetMipmapLevelClamp(CUtexref t, float low, float high) {
  return change(t, [&](CUtexref_st& r) {
    r.texture.minMipmapLevelClamp = low, r.texture.maxMipmapLevelClamp = high;
    return CUDA_SUCCESS;
  });
}
CUresult cuTexRefSetMaxAnisotropy(CUtexref t, unsigned int most) {
  return change(t, [&](CUtexref_st& r) { return r.texture.maxAnisotropy = most, CUDA_SUCCESS; });
}
CUresult cuTexRefSetBorderColor(CUtexref t, float* colour) {
  if (!colour) return CUDA_ERROR_INVALID_VALUE;
  return change(t, [&](CUtexref_st& r) {
    std::copy(colour, colour + 4, r.texture.borderColor);
    return CUDA_SUCCESS;
  });
}
CUresult cuTexRefSetFlags(CUtexref t, unsigned int flags) {
  constexpr unsigned kKnown = CU_TRSF_READ_AS_INTEGER | CU_TRSF_NORMALIZED_COORDINATES | CU_TRSF_SRGB |
                              CU_TRSF_DISABLE_TRILINEAR_OPTIMIZATION | CU_TRSF_SEAMLESS_CUBEMAP;
  if (flags & ~kKnown) return CUDA_ERROR_INVALID_VALUE;
  return change(t, [&](CUtexref_st& r) { return r.texture.flags = flags, CUDA_SUCCESS; });
}

CUresult cuTexRefGetAddress_v2(CUdeviceptr* address, CUtexref t) {
  PPU_TRY(check(t));
  if (!address || !t->bound) return CUDA_ERROR_INVALID_VALUE;
  if (t->resource.resType == CU_RESOURCE_TYPE_LINEAR)
    *address = t->resource.res.linear.devPtr;
  else if (t->resource.resType == CU_RESOURCE_TYPE_PITCH2D)
    *address = t->resource.res.pitch2D.devPtr;
  else
    return CUDA_ERROR_INVALID_VALUE;
  return CUDA_SUCCESS;
}
CUresult cuTexRefGetArray(CUarray* array, CUtexref t) {
  PPU_TRY(check(t));
  if (!array || !t->bound || t->resource.resType != CU_RESOURCE_TYPE_ARRAY) return CUDA_ERROR_INVALID_VALUE;
  *array = t->resource.res.array.hArray;
  return CUDA_SUCCESS;
}
CUresult cuTexRefGetMipmappedArray(CUmipmappedArray* mipmap, CUtexref t) {
  PPU_TRY(check(t));
  if (!mipmap || !t->bound || t->resource.resType != CU_RESOURCE_TYPE_MIPMAPPED_ARRAY)
    return CUDA_ERROR_INVALID_VALUE;
  *mipmap = t->resource.res.mipmap.hMipmappedArray;
  return CUDA_SUCCESS;
}
CUresult cuTexRefGetAddressMode(CUaddress_mode* mode, CUtexref t, int axis) {
  PPU_TRY(check(t));
  if (!mode || axis < 0 || axis > 2) return CUDA_ERROR_INVALID_VALUE;
  *mode = t->texture.addressMode[axis];
  return CUDA_SUCCESS;
}
CUresult cuTexRefGetFilterMode(CUfilter_mode* mode, CUtexref t) {
  return give(mode, t, &CUDA_TEXTURE_DESC::filterMode);
}
CUresult cuTexRefGetFormat(CUarray_format* format, int* channels, CUtexref t) {
  PPU_TRY(check(t));
  if (format) *format = t->format;
  if (channels) *channels = t->channels;
  return CUDA_SUCCESS;
}
CUresult cuTexRefGetMipmapFilterMode(CUfilter_mode* mode, CUtexref t) {
  return give(mode, t, &CUDA_TEXTURE_DESC::mipmapFilterMode);
}
CUresult cuTexRefGetMipmapLevelBias(float* bias, CUtexref t) {
  return give(bias, t, &CUDA_TEXTURE_DESC::mipmapLevelBias);
}
CUresult cuTexRefGetMipmapLevelClamp(float* low, float* high, CUtexref t) {
  PPU_TRY(give(low, t, &CUDA_TEXTURE_DESC::minMipmapLevelClamp));
  return give(high, t, &CUDA_TEXTURE_DESC::maxMipmapLevelClamp);
}
CUresult cuTexRefGetMaxAnisotropy(int* most, CUtexref t) {
  unsigned value = 0;
  PPU_TRY(give(&value, t, &CUDA_TEXTURE_DESC::maxAnisotropy));
  if (!most) return CUDA_ERROR_INVALID_VALUE;
  *most = int(value);
  return CUDA_SUCCESS;
}
CUresult cuTexRefGetBorderColor(float* colour, CUtexref t) {
  PPU_TRY(check(t));
  if (!colour) return CUDA_ERROR_INVALID_VALUE;
  std::copy(std::begin(t->texture.borderColor), std::end(t->texture.borderColor), colour);
  return CUDA_SUCCESS;
}
CUresult cuTexRefGetFlags(unsigned int* flags, CUtexref t) {
  return give(flags, t, &CUDA_TEXTURE_DESC::flags);
}

CUresult cuSurfRefSetArray(CUsurfref s, CUarray array, unsigned int flags) {
  if (!live<CUsurfref_st>().has(s) || flags || !find_array(array)) return CUDA_ERROR_INVALID_VALUE;
  CUDA_RESOURCE_DESC r{};
  r.res.array.hArray = array;
  unsigned long long object = 0;
  PPU_TRY(ppu::driver::cuSurfObjectCreate(&object, &r));
  s->array = array;
  return replace(*s, object, ppu::driver::cuSurfObjectDestroy);
}
CUresult cuSurfRefGetArray(CUarray* array, CUsurfref s) {
  if (!array || !live<CUsurfref_st>().has(s) || !s->array) return CUDA_ERROR_INVALID_VALUE;
  *array = s->array;
  return CUDA_SUCCESS;
}

}  // namespace ppu::driver

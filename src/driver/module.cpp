// Modules, libraries, and the linker (cuLink*).
#include <cstring>
#include <map>

#include "driver/handles.h"
#include "image/fatbin.h"
#include "ptx/ptx.h"

namespace ppu::driver {

using device::Context;
using device::JitLog;
using device::Kernel;
using device::Library;
using device::Module;
using Tree = std::shared_ptr<const ptx::Module>;

namespace {

CUresult find_module(CUmodule handle, Module** module) {
  PPU_TRY(device::require_initialized());
  *module = to_module(handle);
  return Module::is_live(*module) ? CUDA_SUCCESS : CUDA_ERROR_INVALID_HANDLE;
}

CUresult find_library(CUlibrary handle, Library** library) {
  PPU_TRY(device::require_initialized());
  *library = to_library(handle);
  return *library && live<Library>().has(*library) ? CUDA_SUCCESS : CUDA_ERROR_INVALID_HANDLE;
}

CUresult find_kernel(CUkernel handle, Kernel** kernel) {
  PPU_TRY(device::require_initialized());
  auto* launchable = reinterpret_cast<device::Launchable*>(handle);
  if (!device::Launchable::is_live(launchable) || launchable->tag != device::Launchable::Tag::kKernel)
    return CUDA_ERROR_INVALID_HANDLE;
  *kernel = static_cast<Kernel*>(launchable);
  return CUDA_SUCCESS;
}

CUresult make_module(Context& c, Tree tree, CUmodule* out) {
  Module* m = nullptr;
  PPU_TRY(Module::create(c, std::move(tree), &m));
  *out = to_handle(m);
  return CUDA_SUCCESS;
}

CUresult load_data(CUmodule* out, const void* image, JitLog log) {
  Context* c;
  PPU_TRY(current(&c));
  if (!out || !image) return CUDA_ERROR_INVALID_VALUE;
  Tree tree;
  PPU_TRY(device::load_image(c->device(), image, log, &tree));
  return make_module(*c, std::move(tree), out);
}

/// The first device, for code that isn't bound to a context: all devices are of one kind.
const device::Device& any_device() {
  return *device::device_at(0);
}

CUresult make_library(Tree tree, CUlibrary* out) {
  auto* l = new Library(std::move(tree));
  live<Library>().add(l);
  *out = to_handle(l);
  return CUDA_SUCCESS;
}

CUresult global_of(Module& m, const char* name, CUdeviceptr* address, size_t* bytes, bool managed_only) {
  const Module::Global* g = m.global(name);
  if (!g || (managed_only && !g->managed)) return CUDA_ERROR_NOT_FOUND;
  if (address) *address = g->address;
  if (bytes) *bytes = g->bytes;
  return CUDA_SUCCESS;
}

CUresult param_info(const ptx::Function& entry, size_t index, size_t* offset, size_t* bytes) {
  const ptx::ParamLayout layout = ptx::param_layout(entry);
  if (!offset || index >= layout.offsets.size()) return CUDA_ERROR_INVALID_VALUE;
  *offset = layout.offsets[index];
  if (bytes) *bytes = layout.sizes[index];
  return CUDA_SUCCESS;
}

/// The function a kernel handle means in the current context, or in the given device's primary one.
CUresult function_in(Kernel& k, CUdevice ordinal, device::Function** function) {
  Context* c = nullptr;
  if (ordinal >= 0) {
    device::Device* d;
    PPU_TRY(find_device(ordinal, &d));
    Context* now = device::current_context();
    c = now && &now->device() == d ? now : d->primary;
  }
  if (!c) PPU_TRY(current(&c));
  if (c->error() != CUDA_SUCCESS) return c->error();
  CUresult result;
  *function = k.function(*c, &result);
  return *function ? CUDA_SUCCESS : result;
}

}  // namespace

CUresult cuModuleLoadData(CUmodule* module, const void* image) {
  return load_data(module, image, JitLog());
}

CUresult cuModuleLoadDataEx(CUmodule* module, const void* image, unsigned int count, CUjit_option* options,
                            void** values) {
  return load_data(module, image, JitLog(count, options, values));
}

CUresult cuModuleLoadFatBinary(CUmodule* module, const void* image) {
  return load_data(module, image, JitLog());
}

CUresult cuModuleLoad(CUmodule* module, const char* path) {
  Context* c;
  PPU_TRY(current(&c));
  if (!module || !path) return CUDA_ERROR_INVALID_VALUE;
  JitLog log;
  Tree tree;
  PPU_TRY(device::load_file(c->device(), path, log, &tree));
  return make_module(*c, std::move(tree), module);
}

CUresult cuModuleUnload(CUmodule handle) {
  Module* m;
  PPU_TRY(find_module(handle, &m));
  if (m->of_library) return CUDA_ERROR_NOT_PERMITTED;
  m->context().synchronize();  // its kernels may be running
  Module::destroy(m);
  return CUDA_SUCCESS;
}

CUresult cuModuleGetFunction(CUfunction* function, CUmodule handle, const char* name) {
  Module* m;
  PPU_TRY(find_module(handle, &m));
  if (!function || !name) return CUDA_ERROR_INVALID_VALUE;
  device::Function* f = m->function(name);
  if (!f) return CUDA_ERROR_NOT_FOUND;
  *function = to_handle(f);
  return CUDA_SUCCESS;
}

CUresult cuModuleGetFunctionCount(unsigned int* count, CUmodule handle) {
  Module* m;
  PPU_TRY(find_module(handle, &m));
  if (!count) return CUDA_ERROR_INVALID_VALUE;
  *count = unsigned(m->functions().size());
  return CUDA_SUCCESS;
}

CUresult cuModuleEnumerateFunctions(CUfunction* functions, unsigned int capacity, CUmodule handle) {
  Module* m;
  PPU_TRY(find_module(handle, &m));
  if (!functions) return CUDA_ERROR_INVALID_VALUE;
  for (device::Function* f : m->functions()) {
    if (capacity-- == 0) break;
    *functions++ = to_handle(f);
  }
  return CUDA_SUCCESS;
}

CUresult cuModuleGetGlobal_v2(CUdeviceptr* address, size_t* bytes, CUmodule handle, const char* name) {
  Module* m;
  PPU_TRY(find_module(handle, &m));
  if (!name) return CUDA_ERROR_INVALID_VALUE;
  return global_of(*m, name, address, bytes, false);
}

CUresult cuLibraryLoadData(CUlibrary* library, const void* image, CUjit_option* jit_options,
                           void** jit_values, unsigned int jit_count, CUlibraryOption*, void**,
                           unsigned int) {
  PPU_TRY(device::require_initialized());
  if (!library || !image) return CUDA_ERROR_INVALID_VALUE;
  JitLog log(jit_count, jit_options, jit_values);
  Tree tree;
  PPU_TRY(device::load_image(any_device(), image, log, &tree));
  return make_library(std::move(tree), library);
}

CUresult cuLibraryLoadFromFile(CUlibrary* library, const char* path, CUjit_option* jit_options,
                               void** jit_values, unsigned int jit_count, CUlibraryOption*, void**,
                               unsigned int) {
  PPU_TRY(device::require_initialized());
  if (!library || !path) return CUDA_ERROR_INVALID_VALUE;
  JitLog log(jit_count, jit_options, jit_values);
  Tree tree;
  PPU_TRY(device::load_file(any_device(), path, log, &tree));
  return make_library(std::move(tree), library);
}

CUresult cuLibraryUnload(CUlibrary handle) {
  Library* l;
  PPU_TRY(find_library(handle, &l));
  live<Library>().remove(l);
  l->synchronize();
  delete l;
  return CUDA_SUCCESS;
}

CUresult cuLibraryGetKernel(CUkernel* kernel, CUlibrary handle, const char* name) {
  Library* l;
  PPU_TRY(find_library(handle, &l));
  if (!kernel || !name) return CUDA_ERROR_INVALID_VALUE;
  Kernel* k = l->kernel(name);
  if (!k) return CUDA_ERROR_NOT_FOUND;
  *kernel = to_handle(k);
  return CUDA_SUCCESS;
}

CUresult cuLibraryGetKernelCount(unsigned int* count, CUlibrary handle) {
  Library* l;
  PPU_TRY(find_library(handle, &l));
  if (!count) return CUDA_ERROR_INVALID_VALUE;
  *count = unsigned(l->kernels().size());
  return CUDA_SUCCESS;
}

CUresult cuLibraryEnumerateKernels(CUkernel* kernels, unsigned int capacity, CUlibrary handle) {
  Library* l;
  PPU_TRY(find_library(handle, &l));
  if (!kernels) return CUDA_ERROR_INVALID_VALUE;
  for (Kernel* k : l->kernels()) {
    if (capacity-- == 0) break;
    *kernels++ = to_handle(k);
  }
  return CUDA_SUCCESS;
}

CUresult cuLibraryGetModule(CUmodule* module, CUlibrary handle) {
  Library* l;
  Context* c;
  PPU_TRY(find_library(handle, &l));
  PPU_TRY(current(&c));
  if (!module) return CUDA_ERROR_INVALID_VALUE;
  CUresult result;
  Module* m = l->module(*c, &result);
  if (!m) return result;
  *module = to_handle(m);
  return CUDA_SUCCESS;
}

CUresult cuLibraryGetGlobal(CUdeviceptr* address, size_t* bytes, CUlibrary handle, const char* name) {
  Library* l;
  Context* c;
  PPU_TRY(find_library(handle, &l));
  PPU_TRY(current(&c));
  if (!name) return CUDA_ERROR_INVALID_VALUE;
  CUresult result;
  Module* m = l->module(*c, &result);
  return m ? global_of(*m, name, address, bytes, false) : result;
}

CUresult cuLibraryGetManaged(CUdeviceptr* address, size_t* bytes, CUlibrary handle, const char* name) {
  Library* l;
  Context* c;
  PPU_TRY(find_library(handle, &l));
  PPU_TRY(current(&c));
  if (!name) return CUDA_ERROR_INVALID_VALUE;
  CUresult result;
  Module* m = l->module(*c, &result);
  return m ? global_of(*m, name, address, bytes, true) : result;
}

// No function has one address for host and device (CU_DEVICE_ATTRIBUTE_UNIFIED_FUNCTION_POINTERS is 0):
// whatever the name, there is none.
CUresult cuLibraryGetUnifiedFunction(void** address, CUlibrary handle, const char* name) {
  Library* l;
  PPU_TRY(find_library(handle, &l));
  return address && name ? CUDA_ERROR_NOT_FOUND : CUDA_ERROR_INVALID_VALUE;
}

CUresult cuKernelGetFunction(CUfunction* function, CUkernel handle) {
  Kernel* k;
  PPU_TRY(find_kernel(handle, &k));
  if (!function) return CUDA_ERROR_INVALID_VALUE;
  device::Function* f;
  PPU_TRY(function_in(*k, -1, &f));
  *function = to_handle(f);
  return CUDA_SUCCESS;
}

CUresult cuKernelGetLibrary(CUlibrary* library, CUkernel handle) {
  Kernel* k;
  PPU_TRY(find_kernel(handle, &k));
  if (!library) return CUDA_ERROR_INVALID_VALUE;
  *library = to_handle(&k->library());
  return CUDA_SUCCESS;
}

CUresult cuKernelGetAttribute(int* value, CUfunction_attribute attribute, CUkernel handle, CUdevice ordinal) {
  Kernel* k;
  PPU_TRY(find_kernel(handle, &k));
  if (!value) return CUDA_ERROR_INVALID_VALUE;
  device::Function* f;
  PPU_TRY(function_in(*k, ordinal, &f));
  return f->get_attribute(attribute, value);
}

CUresult cuKernelSetAttribute(CUfunction_attribute attribute, int value, CUkernel handle, CUdevice ordinal) {
  Kernel* k;
  PPU_TRY(find_kernel(handle, &k));
  device::Function* f;
  PPU_TRY(function_in(*k, ordinal, &f));
  return f->set_attribute(attribute, value);
}

// A preference, and there is nothing to choose.
CUresult cuKernelSetCacheConfig(CUkernel handle, CUfunc_cache config, CUdevice ordinal) {
  Kernel* k;
  device::Device* d;
  PPU_TRY(find_kernel(handle, &k));
  PPU_TRY(find_device(ordinal, &d));
  return unsigned(config) > CU_FUNC_CACHE_PREFER_EQUAL ? CUDA_ERROR_INVALID_VALUE : CUDA_SUCCESS;
}

CUresult cuKernelGetName(const char** name, CUkernel handle) {
  Kernel* k;
  PPU_TRY(find_kernel(handle, &k));
  if (!name) return CUDA_ERROR_INVALID_VALUE;
  *name = k->name().c_str();
  return CUDA_SUCCESS;
}

CUresult cuKernelGetParamInfo(CUkernel handle, size_t index, size_t* offset, size_t* bytes) {
  Kernel* k;
  PPU_TRY(find_kernel(handle, &k));
  return param_info(k->entry(), index, offset, bytes);
}

CUresult cuFuncGetParamInfo(CUfunction handle, size_t index, size_t* offset, size_t* bytes) {
  Context* c;
  PPU_TRY(current(&c));
  CUresult result;
  device::Function* f = device::function_of(handle, *c, &result);
  return f ? param_info(f->entry(), index, offset, bytes) : result;
}

namespace {

/// CUlinkState: the inputs so far, and the linked PTX once complete.
struct LinkState {
  std::vector<device::NamedText> texts;
  JitLog log;
  std::string output;
};

LinkState* to_link(CUlinkState s) {
  return reinterpret_cast<LinkState*>(s);
}

CUresult find_link(CUlinkState handle, LinkState** link) {
  PPU_TRY(device::require_initialized());
  *link = to_link(handle);
  return *link && live<LinkState>().has(*link) ? CUDA_SUCCESS : CUDA_ERROR_INVALID_HANDLE;
}

/// Adds the PTX of what `bytes` holds: text, a fatbin, a host object or library is none of them.
CUresult add_bytes(LinkState& link, std::span<const std::byte> bytes, const std::string& name) {
  Result<image::CodeImage> code = image::read_bytes(bytes);
  const device::Device& d = any_device();
  if (code) {
    Result<std::vector<image::PtxText>> texts =
        image::choose_ptx(*code, unsigned(d.chip->cc_major * 10 + d.chip->cc_minor));
    if (!texts) {
      log("device", LogLevel::kError, "%s: %s", name.c_str(), texts.error().message.c_str());
      link.log.error(texts.error().message);
      return CUDA_ERROR_NO_BINARY_FOR_GPU;
    }
    for (image::PtxText& t : *texts) link.texts.push_back({std::move(t.text), name});
    return CUDA_SUCCESS;
  }
  log("device", LogLevel::kError, "%s: %s", name.c_str(), code.error().message.c_str());
  link.log.error(code.error().message);
  return CUDA_ERROR_INVALID_IMAGE;
}

}  // namespace

CUresult cuLinkCreate_v2(unsigned int count, CUjit_option* options, void** values, CUlinkState* out) {
  Context* c;
  PPU_TRY(current(&c));
  if (!out) return CUDA_ERROR_INVALID_VALUE;
  auto* link = new LinkState;
  link->log = JitLog(count, options, values);
  live<LinkState>().add(link);
  *out = reinterpret_cast<CUlinkState>(link);
  return CUDA_SUCCESS;
}

CUresult cuLinkAddData_v2(CUlinkState handle, CUjitInputType kind, void* data, size_t bytes, const char* name,
                          unsigned int, CUjit_option*, void**) {
  LinkState* link;
  PPU_TRY(find_link(handle, &link));
  if (!data || bytes == 0) return CUDA_ERROR_INVALID_VALUE;
  const std::string label = name && *name ? name : "ptx";
  if (kind == CU_JIT_INPUT_PTX) {
    const char* text = static_cast<const char*>(data);
    link->texts.push_back({std::string(text, strnlen(text, bytes)), label});
    return CUDA_SUCCESS;
  }
  return add_bytes(*link, {static_cast<const std::byte*>(data), bytes}, label);
}

CUresult cuLinkAddFile_v2(CUlinkState handle, CUjitInputType kind, const char* path, unsigned int count,
                          CUjit_option* options, void** values) {
  LinkState* link;
  PPU_TRY(find_link(handle, &link));
  if (!path) return CUDA_ERROR_INVALID_VALUE;
  FILE* f = std::fopen(path, "rbe");
  if (!f) return CUDA_ERROR_FILE_NOT_FOUND;
  std::string bytes;
  char block[65536];
  for (size_t n; (n = std::fread(block, 1, sizeof block, f)) > 0;) bytes.append(block, n);
  std::fclose(f);
  return ppu::driver::cuLinkAddData_v2(handle, kind, bytes.data(), bytes.size(), path, count, options,
                                       values);
}

CUresult cuLinkComplete(CUlinkState handle, void** image, size_t* bytes) {
  LinkState* link;
  PPU_TRY(find_link(handle, &link));
  if (!image) return CUDA_ERROR_INVALID_VALUE;
  Tree tree;
  PPU_TRY(device::parse_texts(link->texts, link->log, &tree));
  link->output = ptx::print(*tree);
  *image = link->output.data();
  if (bytes) *bytes = link->output.size() + 1;
  return CUDA_SUCCESS;
}

CUresult cuLinkDestroy(CUlinkState handle) {
  LinkState* link;
  PPU_TRY(find_link(handle, &link));
  live<LinkState>().remove(link);
  delete link;
  return CUDA_SUCCESS;
}

CUresult cuLinkCreate(unsigned int n, CUjit_option* o, void** v, CUlinkState* out) {
  return ppu::driver::cuLinkCreate_v2(n, o, v, out);
}
CUresult cuLinkAddData(CUlinkState s, CUjitInputType k, void* d, size_t b, const char* name, unsigned int n,
                       CUjit_option* o, void** v) {
  return ppu::driver::cuLinkAddData_v2(s, k, d, b, name, n, o, v);
}
CUresult cuLinkAddFile(CUlinkState s, CUjitInputType k, const char* p, unsigned int n, CUjit_option* o,
                       void** v) {
  return ppu::driver::cuLinkAddFile_v2(s, k, p, n, o, v);
}

}  // namespace ppu::driver

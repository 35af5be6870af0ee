// libnvJitLink: the C face of link.h.
#include <cstdint>
#include <cstring>
#include <fstream>
#include <iterator>

#include "libs/nvjitlink/link.h"
#include "libs/shell/handles.h"

using nvJitLinkHandle = struct nvJitLink*;

// nvJitLink documentation, nvJitLinkResult.
enum nvJitLinkResult : int {
  NVJITLINK_SUCCESS = 0,
  NVJITLINK_ERROR_UNRECOGNIZED_OPTION = 1,
  NVJITLINK_ERROR_MISSING_ARCH = 2,
  NVJITLINK_ERROR_INVALID_INPUT = 3,
  NVJITLINK_ERROR_PTX_COMPILE = 4,
  NVJITLINK_ERROR_NVVM_COMPILE = 5,
  NVJITLINK_ERROR_INTERNAL = 6,
  NVJITLINK_ERROR_NULL_INPUT = 10
};

#define PPU_ROWS "libs/nvjitlink/api.inc"
#define PPU_LIBRARY nvjitlink
#define PPU_STATUS nvJitLinkResult
#define PPU_NOT_WRITTEN NVJITLINK_ERROR_INTERNAL
#define PPU_FAULT NVJITLINK_ERROR_INTERNAL
#include "libs/shell/exports.inc"

namespace ppu::nvjitlink {
namespace {

auto& links = shell::handles<Link, nvJitLinkHandle>();

/// Into the link's error log, with the code for it.
nvJitLinkResult failed(Link& link, const Error& error, nvJitLinkResult code) {
  link.error_log += "error   : " + error.message + "\n";
  log("nvjitlink", LogLevel::kError, "%s", error.message.c_str());
  return code;
}

nvJitLinkResult add(Link& link, int kind, std::span<const std::byte> bytes, const std::string& name) {
  const Status added = link.add(Input(kind), bytes, name);
  if (added) return NVJITLINK_SUCCESS;
  return failed(link, added.error(),
                Input(kind) == Input::kLtoIr ? NVJITLINK_ERROR_NVVM_COMPILE : NVJITLINK_ERROR_INVALID_INPUT);
}

/// A size, and the bytes (a log's with its NUL), of something that `get` finds in a link.
template <class Get>
nvJitLinkResult give_size(nvJitLinkHandle handle, size_t* size, Get&& get) {
  Link* link = links.find(handle);
  if (!link || !size) return NVJITLINK_ERROR_INVALID_INPUT;
  *size = get(*link).size();
  return NVJITLINK_SUCCESS;
}
template <class Get>
nvJitLinkResult give_bytes(nvJitLinkHandle handle, void* out, Get&& get) {
  Link* link = links.find(handle);
  if (!link || !out) return NVJITLINK_ERROR_INVALID_INPUT;
  const auto bytes = get(*link);
  std::memcpy(out, bytes.data(), bytes.size());
  return NVJITLINK_SUCCESS;
}

std::span<const char> with_nul(const std::string& text) {
  return {text.c_str(), text.size() + 1};
}
constexpr auto kErrorLog = [](const Link& l) { return with_nul(l.error_log); };
constexpr auto kInfoLog = [](const Link& l) { return with_nul(l.info_log); };
constexpr auto kPtx = [](const Link& l) { return with_nul(l.ptx()); };
constexpr auto kCubin = [](const Link& l) { return std::span(l.cubin()); };

bool is_complete(nvJitLinkHandle handle) {
  const Link* link = links.find(handle);
  return link && link->is_complete();
}

}  // namespace

nvJitLinkResult nvJitLinkVersion(unsigned* major, unsigned* minor) {
  if (!major || !minor) return NVJITLINK_ERROR_INVALID_INPUT;
  *major = PPU_LIBRARY_VERSION;
  *minor = PPU_LIBRARY_VERSION == 13 ? 0 : 8;
  return NVJITLINK_SUCCESS;
}

nvJitLinkResult nvJitLinkCreate(nvJitLinkHandle* handle, uint32_t count, const char** options) {
  if (!handle || (count && !options)) return NVJITLINK_ERROR_INVALID_INPUT;
  const nvJitLinkHandle made = links.make();
  Link& link = *links.find(made);
  nvJitLinkResult result = NVJITLINK_SUCCESS;
  for (uint32_t i = 0; i < count && result == NVJITLINK_SUCCESS; i++)
    if (!options[i] || !link.take_option(options[i])) result = NVJITLINK_ERROR_UNRECOGNIZED_OPTION;
  if (result == NVJITLINK_SUCCESS && !link.arch()) result = NVJITLINK_ERROR_MISSING_ARCH;
  if (result == NVJITLINK_SUCCESS)
    *handle = made;
  else
    links.destroy(made);
  return result;
}

nvJitLinkResult nvJitLinkDestroy(nvJitLinkHandle* handle) {
  if (!handle || !links.destroy(*handle)) return NVJITLINK_ERROR_INVALID_INPUT;
  *handle = nullptr;
  return NVJITLINK_SUCCESS;
}

nvJitLinkResult nvJitLinkAddData(nvJitLinkHandle handle, int kind, const void* data, size_t size,
                                 const char* name) {
  Link* link = links.find(handle);
  if (!link) return NVJITLINK_ERROR_INVALID_INPUT;
  if (!data || !size) return NVJITLINK_ERROR_NULL_INPUT;
  return add(*link, kind, {static_cast<const std::byte*>(data), size}, name ? name : "ptx");
}

nvJitLinkResult nvJitLinkAddFile(nvJitLinkHandle handle, int kind, const char* path) {
  Link* link = links.find(handle);
  if (!link || !path) return NVJITLINK_ERROR_INVALID_INPUT;
  std::ifstream in(path, std::ios::binary);
  const std::string bytes{std::istreambuf_iterator<char>(in), {}};
  if (bytes.empty())
    return failed(*link, bad_input(std::string(path) + ": can't be read"), NVJITLINK_ERROR_INVALID_INPUT);
  return add(*link, kind, std::as_bytes(std::span(bytes)), path);
}

nvJitLinkResult nvJitLinkComplete(nvJitLinkHandle handle) {
  Link* link = links.find(handle);
  if (!link) return NVJITLINK_ERROR_INVALID_INPUT;
  const Status done = link->complete();
  return done ? NVJITLINK_SUCCESS : failed(*link, done.error(), NVJITLINK_ERROR_PTX_COMPILE);
}

nvJitLinkResult nvJitLinkGetErrorLogSize(nvJitLinkHandle handle, size_t* size) {
  return give_size(handle, size, kErrorLog);
}
nvJitLinkResult nvJitLinkGetErrorLog(nvJitLinkHandle handle, char* out) {
  return give_bytes(handle, out, kErrorLog);
}
nvJitLinkResult nvJitLinkGetInfoLogSize(nvJitLinkHandle handle, size_t* size) {
  return give_size(handle, size, kInfoLog);
}
nvJitLinkResult nvJitLinkGetInfoLog(nvJitLinkHandle handle, char* out) {
  return give_bytes(handle, out, kInfoLog);
}
nvJitLinkResult nvJitLinkGetLinkedCubinSize(nvJitLinkHandle handle, size_t* size) {
  return is_complete(handle) ? give_size(handle, size, kCubin) : NVJITLINK_ERROR_INVALID_INPUT;
}
nvJitLinkResult nvJitLinkGetLinkedCubin(nvJitLinkHandle handle, void* out) {
  return is_complete(handle) ? give_bytes(handle, out, kCubin) : NVJITLINK_ERROR_INVALID_INPUT;
}
nvJitLinkResult nvJitLinkGetLinkedPtxSize(nvJitLinkHandle handle, size_t* size) {
  return is_complete(handle) ? give_size(handle, size, kPtx) : NVJITLINK_ERROR_INVALID_INPUT;
}
nvJitLinkResult nvJitLinkGetLinkedPtx(nvJitLinkHandle handle, char* out) {
  return is_complete(handle) ? give_bytes(handle, out, kPtx) : NVJITLINK_ERROR_INVALID_INPUT;
}

}  // namespace ppu::nvjitlink

// nvJitLink.h of a toolkit calls each function by a name that ends in the toolkit's version.
#define NAMED(name, version, params) \
  PPU_EXPORT nvJitLinkResult __##name##_##version params __attribute__((alias(#name)));
#if PPU_LIBRARY_VERSION == 13
#define OF_EACH(name, params) \
  NAMED(name, 13_0, params) NAMED(name, 13_1, params) NAMED(name, 13_2, params) NAMED(name, 13_3, params)
#else
#define OF_EACH(name, params) \
  NAMED(name, 12_0, params)   \
  NAMED(name, 12_1, params)   \
  NAMED(name, 12_2, params)   \
  NAMED(name, 12_3, params)   \
  NAMED(name, 12_4, params)   \
  NAMED(name, 12_5, params)   \
  NAMED(name, 12_6, params) NAMED(name, 12_7, params) NAMED(name, 12_8, params) NAMED(name, 12_9, params)
#endif
#define API(name, params, args) OF_EACH(name, params)
#define STUB(name) OF_EACH(name, ())
#include "libs/nvjitlink/api.inc"
#undef API
#undef STUB

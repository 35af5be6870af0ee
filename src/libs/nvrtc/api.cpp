// Bodies of api.inc: argument checks and the list of live programs; compiling is in *_program.cpp.
#include <cstring>
#include <mutex>
#include <unordered_map>

#include "base/log.h"
#include "libs/nvrtc/entry.h"
#include "libs/nvrtc/program.h"

namespace ppu::nvrtc {
namespace {

constexpr int kClangArchs[] = {50, 52, 53, 60, 61, 62, 70, 72, 75, 80, 86, 87, 89, 90};  // ppucc's
constexpr size_t kDefaultPchHeap = size_t(256) << 20;  // NVRTC manual, "Precompiled Header (PCH)"

std::mutex mutex;
size_t pch_heap = kDefaultPchHeap;

/// Never destroyed: programs may be used by other libraries' exit handlers.
std::unordered_map<nvrtcProgram, std::shared_ptr<Program>>& programs() {
  static auto* all = new std::unordered_map<nvrtcProgram, std::shared_ptr<Program>>;
  return *all;
}

std::shared_ptr<Program> find(nvrtcProgram handle) {
  const std::lock_guard<std::mutex> lock(mutex);
  const auto found = programs().find(handle);
  return found == programs().end() ? nullptr : found->second;
}

nvrtcResult put_size(const std::string& text, size_t* size) {
  *size = text.size() + 1;
  return NVRTC_SUCCESS;
}
nvrtcResult put_text(const std::string& text, char* to) {
  std::memcpy(to, text.c_str(), text.size() + 1);
  return NVRTC_SUCCESS;
}

nvrtcResult ptx_size(nvrtcProgram handle, size_t* size) {
  const auto program = find(handle);
  if (!size) return NVRTC_ERROR_INVALID_INPUT;
  return program && program->compiled() ? put_size(program->ptx(), size) : NVRTC_ERROR_INVALID_PROGRAM;
}
nvrtcResult ptx_text(nvrtcProgram handle, char* text) {
  const auto program = find(handle);
  if (!text) return NVRTC_ERROR_INVALID_INPUT;
  return program && program->compiled() ? put_text(program->ptx(), text) : NVRTC_ERROR_INVALID_PROGRAM;
}

/// LTO-IR is private to NVIDIA's linker: who asked for it with -dlto gets PTX, which our nvJitLink takes in
/// its place.
nvrtcResult lto_size(nvrtcProgram handle, size_t* size) {
  const auto program = find(handle);
  if (!size) return NVRTC_ERROR_INVALID_INPUT;
  if (!program || !program->compiled()) return NVRTC_ERROR_INVALID_PROGRAM;
  if (program->dropped_lto()) return put_size(program->ptx(), size);
  *size = 0;  // what NVRTC answers when -dlto wasn't given
  return NVRTC_SUCCESS;
}
nvrtcResult lto_image(nvrtcProgram handle, char* image) {
  const auto program = find(handle);
  if (!image) return NVRTC_ERROR_INVALID_INPUT;
  if (!program || !program->compiled()) return NVRTC_ERROR_INVALID_PROGRAM;
  return program->dropped_lto() ? put_text(program->ptx(), image) : NVRTC_SUCCESS;
}

}  // namespace

nvrtcResult nvrtcVersion(int* major, int* minor) {
  if (!major || !minor) return NVRTC_ERROR_INVALID_INPUT;
  if (const RealApi* real = real_api()) return real->nvrtcVersion(major, minor);
  *major = PPU_NVRTC_LEVEL;
  *minor = PPU_NVRTC_LEVEL == 12 ? 5 : 0;
  return NVRTC_SUCCESS;
}

nvrtcResult nvrtcGetNumSupportedArchs(int* count) {
  if (!count) return NVRTC_ERROR_INVALID_INPUT;
  const RealApi* real = real_api();
  if (real && real->nvrtcGetNumSupportedArchs) return real->nvrtcGetNumSupportedArchs(count);
  *count = int(std::size(kClangArchs));
  return NVRTC_SUCCESS;
}

nvrtcResult nvrtcGetSupportedArchs(int* archs) {
  if (!archs) return NVRTC_ERROR_INVALID_INPUT;
  const RealApi* real = real_api();
  if (real && real->nvrtcGetSupportedArchs) return real->nvrtcGetSupportedArchs(archs);
  std::copy(std::begin(kClangArchs), std::end(kClangArchs), archs);
  return NVRTC_SUCCESS;
}

nvrtcResult nvrtcCreateProgram(nvrtcProgram* handle, const char* source, const char* name, int count,
                               const char* const* headers, const char* const* include_names) {
  if (!handle || !source || count < 0 || (count > 0 && (!headers || !include_names)))
    return NVRTC_ERROR_INVALID_INPUT;
  Source given{source, name && *name ? name : "default_program", {}};
  for (int i = 0; i < count; ++i) {
    if (!headers[i] || !include_names[i]) return NVRTC_ERROR_INVALID_INPUT;
    given.headers.push_back({include_names[i], headers[i]});
  }
  std::unique_ptr<Program> program;
  if (const RealApi* real = real_api()) {
    const nvrtcResult result = make_real_program(*real, given, &program);
    if (result != NVRTC_SUCCESS) return result;
  } else {
    program = make_clang_program(std::move(given));
  }
  const auto made = reinterpret_cast<nvrtcProgram>(program.get());
  const std::lock_guard<std::mutex> lock(mutex);
  programs()[made] = std::move(program);
  *handle = made;
  return NVRTC_SUCCESS;
}

nvrtcResult nvrtcDestroyProgram(nvrtcProgram* handle) {
  if (!handle) return NVRTC_ERROR_INVALID_PROGRAM;
  std::shared_ptr<Program> last;  // ends outside the lock
  const std::lock_guard<std::mutex> lock(mutex);
  const auto found = programs().find(*handle);
  if (found == programs().end()) return NVRTC_ERROR_INVALID_PROGRAM;
  last = std::move(found->second);
  programs().erase(found);
  *handle = nullptr;
  return NVRTC_SUCCESS;
}

nvrtcResult nvrtcCompileProgram(nvrtcProgram handle, int count, const char* const* options) {
  const auto program = find(handle);
  if (!program) return NVRTC_ERROR_INVALID_PROGRAM;
  if (count < 0 || (count > 0 && !options)) return NVRTC_ERROR_INVALID_INPUT;
  std::vector<std::string> texts;
  for (int i = 0; i < count; ++i) {
    if (!options[i]) return NVRTC_ERROR_INVALID_INPUT;
    texts.push_back(options[i]);
  }
  const nvrtcResult result = program->compile(texts);
  if (program->dropped_lto())
    log("nvrtc", LogLevel::kInfo, "-dlto: there is no LTO-IR on this device; the program is compiled to PTX");
  return result;
}

nvrtcResult nvrtcGetPTXSize(nvrtcProgram handle, size_t* size) {
  return ptx_size(handle, size);
}
nvrtcResult nvrtcGetPTX(nvrtcProgram handle, char* text) {
  return ptx_text(handle, text);
}
// cuModuleLoadData takes PTX where it takes a cubin, so nobody needs to know the difference.
nvrtcResult nvrtcGetCUBINSize(nvrtcProgram handle, size_t* size) {
  return ptx_size(handle, size);
}
nvrtcResult nvrtcGetCUBIN(nvrtcProgram handle, char* image) {
  return ptx_text(handle, image);
}
nvrtcResult nvrtcGetLTOIRSize(nvrtcProgram handle, size_t* size) {
  return lto_size(handle, size);
}
nvrtcResult nvrtcGetLTOIR(nvrtcProgram handle, char* image) {
  return lto_image(handle, image);
}
#if PPU_NVRTC_LEVEL == 12
nvrtcResult nvrtcGetNVVMSize(nvrtcProgram handle, size_t* size) {
  return lto_size(handle, size);
}
nvrtcResult nvrtcGetNVVM(nvrtcProgram handle, char* image) {
  return lto_image(handle, image);
}
#endif
// --optix-ir is refused, so there never is any.
nvrtcResult nvrtcGetOptiXIRSize(nvrtcProgram handle, size_t* size) {
  if (!size) return NVRTC_ERROR_INVALID_INPUT;
  const auto program = find(handle);
  if (!program || !program->compiled()) return NVRTC_ERROR_INVALID_PROGRAM;
  *size = 0;
  return NVRTC_SUCCESS;
}
nvrtcResult nvrtcGetOptiXIR(nvrtcProgram handle, char*) {
  size_t size = 0;
  return ppu::nvrtc::nvrtcGetOptiXIRSize(handle, &size);
}

nvrtcResult nvrtcGetProgramLogSize(nvrtcProgram handle, size_t* size) {
  const auto program = find(handle);
  if (!size) return NVRTC_ERROR_INVALID_INPUT;
  return program ? put_size(program->log_text(), size) : NVRTC_ERROR_INVALID_PROGRAM;
}
nvrtcResult nvrtcGetProgramLog(nvrtcProgram handle, char* text) {
  const auto program = find(handle);
  if (!text) return NVRTC_ERROR_INVALID_INPUT;
  return program ? put_text(program->log_text(), text) : NVRTC_ERROR_INVALID_PROGRAM;
}

nvrtcResult nvrtcAddNameExpression(nvrtcProgram handle, const char* const expression) {
  const auto program = find(handle);
  if (!program) return NVRTC_ERROR_INVALID_PROGRAM;
  return expression ? program->add_name_expression(expression) : NVRTC_ERROR_INVALID_INPUT;
}
nvrtcResult nvrtcGetLoweredName(nvrtcProgram handle, const char* const expression, const char** name) {
  const auto program = find(handle);
  if (!program) return NVRTC_ERROR_INVALID_PROGRAM;
  return expression && name ? program->lowered_name(expression, name) : NVRTC_ERROR_INVALID_INPUT;
}

nvrtcResult nvrtcGetPCHHeapSize(size_t* size) {
  if (!size) return NVRTC_ERROR_INVALID_INPUT;
  const RealApi* real = real_api();
  if (real && real->nvrtcGetPCHHeapSize) return real->nvrtcGetPCHHeapSize(size);
  const std::lock_guard<std::mutex> lock(mutex);
  *size = pch_heap;
  return NVRTC_SUCCESS;
}
nvrtcResult nvrtcSetPCHHeapSize(size_t size) {
  const RealApi* real = real_api();
  if (real && real->nvrtcSetPCHHeapSize) return real->nvrtcSetPCHHeapSize(size);
  const std::lock_guard<std::mutex> lock(mutex);
  pch_heap = size;
  return NVRTC_SUCCESS;
}
nvrtcResult nvrtcGetPCHCreateStatus(nvrtcProgram handle) {
  const auto program = find(handle);
  return program ? program->pch_create_status() : NVRTC_ERROR_INVALID_PROGRAM;
}
nvrtcResult nvrtcGetPCHHeapSizeRequired(nvrtcProgram handle, size_t* size) {
  const auto program = find(handle);
  if (!program) return NVRTC_ERROR_INVALID_PROGRAM;
  return size ? program->pch_heap_size_required(size) : NVRTC_ERROR_INVALID_INPUT;
}
nvrtcResult nvrtcSetFlowCallback(nvrtcProgram handle, int (*callback)(void*, void*), void* payload) {
  const auto program = find(handle);
  if (!program) return NVRTC_ERROR_INVALID_PROGRAM;
  return callback ? program->set_flow_callback(callback, payload) : NVRTC_ERROR_INVALID_INPUT;
}

}  // namespace ppu::nvrtc

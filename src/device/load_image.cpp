// From what a program hands to cuModuleLoad*, cuLibraryLoad* and cuLink* to a PTX tree, with the reasons for
// refusal in the JIT log and on stderr.
#include <algorithm>
#include <cstdio>
#include <cstring>

#include "base/log.h"
#include "device/module.h"
#include "image/fatbin.h"
#include "ptx/device_runtime.h"
#include "ptx/version.h"

namespace ppu::device {
namespace {

CUresult code_of(const Error& error) {
  switch (error.kind) {
    case ErrorKind::kBadInput:
      return CUDA_ERROR_INVALID_PTX;
    case ErrorKind::kUnsupported:
      return CUDA_ERROR_NOT_SUPPORTED;
    case ErrorKind::kResource:
      return CUDA_ERROR_OUT_OF_MEMORY;
    case ErrorKind::kBug:
      break;
  }
  return CUDA_ERROR_UNKNOWN;
}

CUresult load_code(const Device& device, const image::CodeImage& code, JitLog& log,
                   std::shared_ptr<const ptx::Module>* tree) {
  const unsigned cc = unsigned(device.chip->cc_major * 10 + device.chip->cc_minor);
  Result<std::vector<image::PtxText>> chosen = image::choose_ptx(code, cc);
  if (!chosen) {
    ppu::log("device", LogLevel::kError, "%s", chosen.error().message.c_str());
    log.error(chosen.error().message);
    return chosen.error().kind == ErrorKind::kUnsupported ? CUDA_ERROR_NO_BINARY_FOR_GPU
                                                          : CUDA_ERROR_INVALID_IMAGE;
  }
  std::vector<NamedText> texts;
  for (image::PtxText& t : *chosen) texts.push_back({std::move(t.text), t.name.empty() ? "ptx" : t.name});
  if (texts.empty()) {
    // An empty container is a module without code (nvcc makes them for files without kernels).
    auto empty = std::make_shared<ptx::Module>();
    empty->target = "sm_80";
    *tree = std::move(empty);
    return CUDA_SUCCESS;
  }
  return parse_texts(texts, log, tree);
}

}  // namespace

JitLog::JitLog(unsigned count, const CUjit_option* options, void* const* values) {
  if (!options || !values) return;
  for (unsigned i = 0; i < count; i++) {
    // Values are passed in the pointers themselves; sizes come back in the same place.
    void** slot = const_cast<void**>(&values[i]);
    switch (options[i]) {
      case CU_JIT_INFO_LOG_BUFFER:
        info_.text = static_cast<char*>(values[i]);
        break;
      case CU_JIT_INFO_LOG_BUFFER_SIZE_BYTES:
        info_.room = reinterpret_cast<size_t>(values[i]) & 0xffffffff;
        info_.size = slot;
        break;
      case CU_JIT_ERROR_LOG_BUFFER:
        error_.text = static_cast<char*>(values[i]);
        break;
      case CU_JIT_ERROR_LOG_BUFFER_SIZE_BYTES:
        error_.room = reinterpret_cast<size_t>(values[i]) & 0xffffffff;
        error_.size = slot;
        break;
      default:
        break;
    }
  }
  if (info_.text && info_.room) info_.text[0] = 0;
  if (error_.text && error_.room) error_.text[0] = 0;
}

void JitLog::write(Buffer& b, const std::string& text) {
  size_t n = 0;
  if (b.text && b.room) {
    n = std::min(text.size(), b.room - 1);
    std::memcpy(b.text, text.data(), n);
    b.text[n] = 0;
  }
  if (b.size) *b.size = reinterpret_cast<void*>(n);
}

void JitLog::error(const std::string& text) {
  write(error_, text);
}
void JitLog::info(const std::string& text) {
  write(info_, text);
}

CUresult parse_texts(std::span<const NamedText> texts, JitLog& log,
                     std::shared_ptr<const ptx::Module>* tree) {
  std::vector<ptx::Module> pieces;
  for (const NamedText& t : texts) {
    if (const std::optional<std::string> why = ptx::why_too_new(t.text)) {
      ppu::log("ptx", LogLevel::kError, "%s: %s", t.name.c_str(), why->c_str());
      log.error(t.name + ": " + *why);
      return CUDA_ERROR_UNSUPPORTED_PTX_VERSION;
    }
    Result<ptx::Module> m = ptx::parse(t.text, t.name);
    if (!m) {
      ppu::log("ptx", LogLevel::kError, "%s", m.error().message.c_str());
      log.error(m.error().message);
      return code_of(m.error());
    }
    pieces.push_back(std::move(*m));
  }
  if (pieces.size() == 1 && !ptx::needs_device_runtime(pieces[0])) {
    *tree = std::make_shared<ptx::Module>(std::move(pieces[0]));
    return CUDA_SUCCESS;
  }
  Result<ptx::Module> linked = ptx::link(pieces);
  if (!linked) {
    ppu::log("ptx", LogLevel::kError, "%s", linked.error().message.c_str());
    log.error(linked.error().message);
    return code_of(linked.error());
  }
  *tree = std::make_shared<ptx::Module>(std::move(*linked));
  return CUDA_SUCCESS;
}

CUresult load_image(const Device& device, const void* image, JitLog& log,
                    std::shared_ptr<const ptx::Module>* tree) {
  Result<image::CodeImage> code = image::read_memory(image);
  if (!code) {
    ppu::log("device", LogLevel::kError, "module image: %s", code.error().message.c_str());
    log.error(code.error().message);
    return CUDA_ERROR_INVALID_IMAGE;
  }
  return load_code(device, *code, log, tree);
}

CUresult load_file(const Device& device, const std::string& path, JitLog& log,
                   std::shared_ptr<const ptx::Module>* tree) {
  FILE* f = std::fopen(path.c_str(), "rbe");
  if (!f) return CUDA_ERROR_FILE_NOT_FOUND;
  std::vector<std::byte> bytes;
  char block[65536];
  for (size_t n; (n = std::fread(block, 1, sizeof block, f)) > 0;)
    bytes.insert(bytes.end(), reinterpret_cast<std::byte*>(block), reinterpret_cast<std::byte*>(block) + n);
  std::fclose(f);
  Result<image::CodeImage> code = image::read_bytes(bytes);
  if (!code) {
    ppu::log("device", LogLevel::kError, "%s: %s", path.c_str(), code.error().message.c_str());
    log.error(code.error().message);
    return CUDA_ERROR_INVALID_IMAGE;
  }
  return load_code(device, *code, log, tree);
}

}  // namespace ppu::device

// A program compiled by a real NVRTC: calls are forwarded, but the target is made a virtual one, so that what
// comes out is PTX.
#include "libs/nvrtc/options.h"
#include "libs/nvrtc/program.h"

namespace ppu::nvrtc {
namespace {

/// Reads one of NVRTC's texts, which count their NUL.
template <class Size, class Get>
std::string read_text(nvrtcProgram handle, Size size_of, Get get) {
  size_t size = 0;
  if (!size_of || !get || size_of(handle, &size) != NVRTC_SUCCESS || size == 0) return "";
  std::string text(size, '\0');
  if (get(handle, text.data()) != NVRTC_SUCCESS) return "";
  while (!text.empty() && text.back() == '\0') text.pop_back();
  return text;
}

class RealProgram : public Program {
 public:
  RealProgram(const RealApi& api, nvrtcProgram handle) : api_(api), handle_(handle) {}
  ~RealProgram() override { api_.nvrtcDestroyProgram(&handle_); }

  nvrtcResult compile(const std::vector<std::string>& options) override {
    const auto translated = real_options(options);
    if (!translated) {
      log_ = "nvrtc: error: " + translated.error().message + "\n";
      return NVRTC_ERROR_INVALID_OPTION;
    }
    dropped_lto_ = translated.value().dropped_lto;
    std::vector<const char*> texts;
    for (const std::string& option : translated.value().options) texts.push_back(option.c_str());
    const nvrtcResult result = api_.nvrtcCompileProgram(handle_, int(texts.size()), texts.data());
    log_ = read_text(handle_, api_.nvrtcGetProgramLogSize, api_.nvrtcGetProgramLog);
    if (result == NVRTC_SUCCESS) ptx_ = read_text(handle_, api_.nvrtcGetPTXSize, api_.nvrtcGetPTX);
    compiled_ = result == NVRTC_SUCCESS;
    return result;
  }

  nvrtcResult add_name_expression(const char* expression) override {
    return api_.nvrtcAddNameExpression ? api_.nvrtcAddNameExpression(handle_, expression)
                                       : NVRTC_ERROR_INTERNAL_ERROR;
  }
  nvrtcResult lowered_name(const char* expression, const char** name) override {
    return api_.nvrtcGetLoweredName ? api_.nvrtcGetLoweredName(handle_, expression, name)
                                    : NVRTC_ERROR_INTERNAL_ERROR;
  }
  nvrtcResult set_flow_callback(FlowCallback callback, void* payload) override {
    return api_.nvrtcSetFlowCallback ? api_.nvrtcSetFlowCallback(handle_, callback, payload)
                                     : NVRTC_ERROR_INTERNAL_ERROR;
  }
  nvrtcResult pch_create_status() override {
    return api_.nvrtcGetPCHCreateStatus ? api_.nvrtcGetPCHCreateStatus(handle_)
                                        : NVRTC_ERROR_NO_PCH_CREATE_ATTEMPTED;
  }
  nvrtcResult pch_heap_size_required(size_t* bytes) override {
    return api_.nvrtcGetPCHHeapSizeRequired ? api_.nvrtcGetPCHHeapSizeRequired(handle_, bytes)
                                            : NVRTC_ERROR_NO_PCH_CREATE_ATTEMPTED;
  }

 private:
  const RealApi& api_;
  nvrtcProgram handle_;
};

}  // namespace

nvrtcResult make_real_program(const RealApi& api, const Source& source, std::unique_ptr<Program>* program) {
  std::vector<const char*> texts, names;
  for (const Header& header : source.headers) {
    texts.push_back(header.text.c_str());
    names.push_back(header.include_name.c_str());
  }
  nvrtcProgram handle = nullptr;
  const nvrtcResult result = api.nvrtcCreateProgram(&handle, source.text.c_str(), source.name.c_str(),
                                                    int(texts.size()), texts.data(), names.data());
  if (result == NVRTC_SUCCESS) *program = std::make_unique<RealProgram>(api, handle);
  return result;
}

}  // namespace ppu::nvrtc

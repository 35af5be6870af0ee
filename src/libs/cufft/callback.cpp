// See callback.h.
#include "libs/cufft/callback.h"

#include <algorithm>
#include <string_view>

#include "base/log.h"
#include "libs/cufft/plan.h"

namespace ppu::cufft {
namespace {

constexpr unsigned kThreads = 128, kMostBatches = 65535;

/// Of the documentation's functions, in the order of cufftXtCallbackType.
constexpr const char* kNames[] = {"cufftJITCallbackLoadComplex",  "cufftJITCallbackLoadDoubleComplex",
                                  "cufftJITCallbackLoadReal",     "cufftJITCallbackLoadDoubleReal",
                                  "cufftJITCallbackStoreComplex", "cufftJITCallbackStoreDoubleComplex",
                                  "cufftJITCallbackStoreReal",    "cufftJITCallbackStoreDoubleReal"};

bool is_real(cufftXtCallbackType type) {
  return type & 2;
}
unsigned real_bytes(cufftXtCallbackType type) {
  return type & 1 ? 8 : 4;
}
unsigned bytes_of(cufftXtCallbackType type) {
  return real_bytes(type) * (is_real(type) ? 1 : 2);
}

/// The name that C++ gives a function of this type (Itanium C++ ABI, "Mangling").
std::string mangled(const std::string& name, cufftXtCallbackType type) {
  static constexpr const char* kElements[] = {"6float2", "7double2", "f", "d"};
  return "_Z" + std::to_string(name.size()) + name + "Pvy" + (is_load(type) ? "" : kElements[type & 3]) +
         "S_S_";
}

/// The kernel, which calls `name`. An element is moved as whole words of its size.
std::string kernel_text(const std::string& name, cufftXtCallbackType type) {
  const unsigned bytes = bytes_of(type), word = std::min(bytes, 8u);
  const std::string size = std::to_string(bytes), bits = ".b" + std::to_string(8 * word);
  const std::string element = is_real(type) ? bits : ".align " + size + " .b8";
  const std::string tail = is_real(type) ? "" : "[" + size + "]";
  const std::string value = ".param " + element + " value" + tail;
  const std::string data = ".param .b64 data, .param .b64 offset", rest = ".param .b64 info, .param .b64 own";
  // Moves the element's words: `op` of each place from register %v0 on.
  const auto words = [&](const std::string& head, const std::string& place, bool to_register) {
    std::string out;
    for (unsigned at = 0; at < bytes; at += word) {
      const std::string v = "%v" + std::to_string(at / word);
      const std::string where = "[" + place + "+" + std::to_string(at) + "]";
      out += "  " + head + bits + " " + (to_register ? v + ", " + where : where + ", " + v) + ";\n";
    }
    return out;
  };
  std::string text =
      ".version 7.0\n.target sm_80\n.address_size 64\n"
      ".extern .shared .align 16 .b8 ppu_shared[];\n.extern .func ";
  text += is_load(type) ? "(" + value + ") " + name + "(" + data + ", " + rest + ");\n"
                        : name + "(" + data + ", " + value + ", " + rest + ");\n";
  text +=
      ".visible .entry ppu_each_element(.param .u64 data_of, .param .u64 dense, .param .u64 offsets,\n"
      "    .param .u64 info_of, .param .u64 count, .param .u64 distance, .param .u64 first) {\n"
      "  .reg .pred %p;\n  .reg .b32 %r<4>;\n  .reg .b64 %d<12>;\n  .reg " +
      bits +
      " %v<2>;\n"
      "  mov.u32 %r0, %ctaid.x;\n  mov.u32 %r1, %ntid.x;\n  mov.u32 %r2, %tid.x;\n"
      "  mul.wide.u32 %d0, %r0, %r1;\n  cvt.u64.u32 %d1, %r2;\n  add.u64 %d0, %d0, %d1;\n"
      "  ld.param.u64 %d2, [count];\n  setp.ge.u64 %p, %d0, %d2;\n  @%p ret;\n"
      "  mov.u32 %r3, %ctaid.y;\n  cvt.u64.u32 %d3, %r3;\n"
      "  ld.param.u64 %d4, [first];\n  add.u64 %d3, %d3, %d4;\n"
      "  ld.param.u64 %d5, [offsets];\n  shl.b64 %d6, %d0, 3;\n  add.u64 %d5, %d5, %d6;\n"
      "  ld.u64 %d5, [%d5];\n  ld.param.u64 %d6, [distance];\n  mad.lo.u64 %d5, %d3, %d6, %d5;\n"
      "  mad.lo.u64 %d7, %d3, %d2, %d0;\n  mul.lo.u64 %d7, %d7, " +
      size +
      ";\n"
      "  ld.param.u64 %d8, [dense];\n  add.u64 %d7, %d7, %d8;\n"
      "  ld.param.u64 %d9, [data_of];\n  ld.param.u64 %d10, [info_of];\n"
      "  mov.u64 %d11, ppu_shared;\n  cvta.shared.u64 %d11, %d11;\n";
  if (!is_load(type)) text += words("ld", "%d7", true);
  text += "  {\n  .param .b64 data;\n  .param .b64 offset;\n  .param .b64 info;\n  .param .b64 own;\n  " +
          value +
          ";\n  st.param.b64 [data], %d9;\n  st.param.b64 [offset], %d5;\n"
          "  st.param.b64 [info], %d10;\n  st.param.b64 [own], %d11;\n";
  if (is_load(type))
    text += "  call (value), " + name + ", (data, offset, info, own);\n" + words("ld.param", "value", true);
  else
    text += words("st.param", "value", false) + "  call " + name + ", (data, offset, value, info, own);\n";
  text += "  }\n";
  if (is_load(type)) text += words("st", "%d7", false);
  return text + "  ret;\n}\n";
}

/// The linked code, loaded; null where the pieces don't fit.
CUmodule link(const std::string& kernel, const void* piece, size_t bytes) {
  char errors[2048] = "";
  CUjit_option options[] = {CU_JIT_ERROR_LOG_BUFFER, CU_JIT_ERROR_LOG_BUFFER_SIZE_BYTES};
  void* values[] = {errors, reinterpret_cast<void*>(sizeof errors)};
  CUlinkState state;
  if (cuLinkCreate(2, options, values, &state) != CUDA_SUCCESS) return nullptr;
  constexpr unsigned kFatbin = 0xba55ed50;
  const bool is_fatbin = bytes >= 4 && *static_cast<const unsigned*>(piece) == kFatbin;
  std::string text;
  if (!is_fatbin) text.assign(static_cast<const char*>(piece), bytes);
  void* linked = nullptr;
  size_t size = 0;
  CUmodule module = nullptr;
  const CUjitInputType type = is_fatbin ? CU_JIT_INPUT_FATBINARY : CU_JIT_INPUT_PTX;
  void* data = is_fatbin ? const_cast<void*>(piece) : text.data();
  const bool fits = cuLinkAddData(state, CU_JIT_INPUT_PTX, const_cast<char*>(kernel.c_str()),
                                  kernel.size() + 1, "cufft kernel", 0, nullptr, nullptr) == CUDA_SUCCESS &&
                    cuLinkAddData(state, type, data, is_fatbin ? bytes : text.size() + 1, "cufft callback", 0,
                                  nullptr, nullptr) == CUDA_SUCCESS &&
                    cuLinkComplete(state, &linked, &size) == CUDA_SUCCESS &&
                    cuModuleLoadData(&module, linked) == CUDA_SUCCESS;
  if (!fits) log("cufft", LogLevel::kError, "the callback can't be linked: %s", errors);
  cuLinkDestroy(state);
  return fits ? module : nullptr;
}

}  // namespace

std::shared_ptr<const Callback> Callback::make(const char* name, const void* piece, size_t bytes,
                                               cufftXtCallbackType type, void* info, cufftResult* status) {
  std::string symbol = name ? name : kNames[type];
  // Functions needn't be extern "C", though programs give the plain name.
  const std::string_view text(static_cast<const char*>(piece), bytes);
  if (const std::string cpp = mangled(symbol, type); text.find(cpp) != text.npos) symbol = cpp;
  std::shared_ptr<Callback> made(new Callback);
  made->type_ = type, made->info_ = info;
  made->module_ = link(kernel_text(symbol, type), piece, bytes);
  const bool good =
      made->module_ && cuModuleGetFunction(&made->kernel_, made->module_, "ppu_each_element") == CUDA_SUCCESS;
  *status = good ? CUFFT_SUCCESS : CUFFT_NVJITLINK_FAILURE;
  return good ? made : nullptr;
}

Callback::~Callback() {
  if (module_) cuModuleUnload(module_);
}

CUresult Callback::run(CUstream stream, const void* data, CUdeviceptr dense, CUdeviceptr offsets,
                       int64_t count, int64_t distance, int64_t batches, size_t shared_bytes) const {
  const auto blocks = unsigned((count + kThreads - 1) / kThreads);
  void* info = info_;
  for (int64_t first = 0; first < batches; first += kMostBatches) {
    void* params[] = {&data, &dense, &offsets, &info, &count, &distance, &first};
    const auto some = unsigned(std::min<int64_t>(kMostBatches, batches - first));
    if (const CUresult bad = cuLaunchKernel(kernel_, blocks, some, 1, kThreads, 1, 1, unsigned(shared_bytes),
                                            stream, params, nullptr))
      return bad;
  }
  return CUDA_SUCCESS;
}

cufftResult cufftXtSetJITCallback(cufftHandle handle, const char* name, const void* piece, size_t bytes,
                                  cufftXtCallbackType type, void** info) {
  const std::shared_ptr<Plan> plan = find(handle);
  if (!plan || plan->made) return CUFFT_INVALID_PLAN;
  if (unsigned(type) >= CUFFT_CB_UNDEFINED) return CUFFT_INVALID_TYPE;
  if (!piece || !bytes) return CUFFT_INVALID_VALUE;
  cufftResult status;
  (is_load(type) ? plan->load : plan->store) =
      Callback::make(name, piece, bytes, type, info ? *info : nullptr, &status);
  return status;
}
cufftResult cufftXtClearCallback(cufftHandle handle, cufftXtCallbackType type) {
  const std::shared_ptr<Plan> plan = find(handle);
  if (!plan) return CUFFT_INVALID_PLAN;
  if (unsigned(type) >= CUFFT_CB_UNDEFINED) return CUFFT_INVALID_TYPE;
  (is_load(type) ? plan->load : plan->store) = nullptr;
  return CUFFT_SUCCESS;
}
cufftResult cufftXtSetCallbackSharedSize(cufftHandle handle, cufftXtCallbackType type, size_t bytes) {
  constexpr size_t kMost = 16 << 10;  // cuFFT documentation, cufftXtSetCallbackSharedSize
  const std::shared_ptr<Plan> plan = find(handle);
  if (!plan) return CUFFT_INVALID_PLAN;
  if (unsigned(type) >= CUFFT_CB_UNDEFINED) return CUFFT_INVALID_TYPE;
  if (bytes > kMost) return CUFFT_INVALID_VALUE;
  (is_load(type) ? plan->load_shared : plan->store_shared) = bytes;
  return CUFFT_SUCCESS;
}

}  // namespace ppu::cufft

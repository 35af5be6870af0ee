// One program given to nvrtcCreateProgram, compiled by one of two compilers: a real NVRTC where one is
// installed (real_program.cpp), our ppucc otherwise (clang_program.cpp). Both leave PTX.
#pragma once
#include <nvrtc.h>

#include <memory>
#include <string>
#include <vector>

namespace ppu::nvrtc {

struct Header {
  std::string include_name;  ///< as in #include "..."
  std::string text;
};

struct Source {
  std::string text;
  std::string name;  ///< for messages; "default_program" when the caller gave none
  std::vector<Header> headers;
};

class Program {
 public:
  using FlowCallback = int (*)(void* payload, void* reserved);

  virtual ~Program() = default;
  /// Leaves ptx() on success; the log in both cases.
  virtual nvrtcResult compile(const std::vector<std::string>& options) = 0;
  virtual nvrtcResult add_name_expression(const char* expression) = 0;
  /// `*name` lives as long as the program.
  virtual nvrtcResult lowered_name(const char* expression, const char** name) = 0;
  virtual nvrtcResult set_flow_callback(FlowCallback callback, void* payload) = 0;
  virtual nvrtcResult pch_create_status() = 0;
  virtual nvrtcResult pch_heap_size_required(size_t* bytes) = 0;

  bool compiled() const { return compiled_; }
  bool dropped_lto() const { return dropped_lto_; }
  const std::string& ptx() const { return ptx_; }
  const std::string& log_text() const { return log_; }

 protected:
  bool compiled_ = false;     ///< ptx_ is there
  bool dropped_lto_ = false;  ///< LTO-IR was asked for
  std::string ptx_;           ///< without NUL
  std::string log_;
};

/// The entry points of a real NVRTC; null pointers for those that an older one lacks.
struct RealApi {
#define API(name, params, args) decltype(&::name) name = nullptr;
#define OLD(name, params, args)
#define NONE(name)
#include "libs/nvrtc/api.inc"
#undef API
#undef OLD
#undef NONE
};

/// The installed NVRTC, sought and loaded at the first call; null when there is none or PPU_NVRTC=clang.
const RealApi* real_api();

/// What nvrtcCreateProgram gives. `*program` is set on success only.
nvrtcResult make_real_program(const RealApi& api, const Source& source, std::unique_ptr<Program>* program);
std::unique_ptr<Program> make_clang_program(Source source);

}  // namespace ppu::nvrtc

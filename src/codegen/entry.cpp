// libppu_compiler.so's one exported function: errors and bytes in C form, no exception leaves.
#include <cstdlib>
#include <cstring>
#include <exception>
#include <new>

#include "codegen/compiler.h"

extern "C" __attribute__((visibility("default"))) char* ppu_compile_v1(
    const ppu::codegen::CompileRequest* request, void** image, size_t* size) {
  using ppu::ErrorKind;
  ErrorKind kind = ErrorKind::kBug;
  std::string message;
  try {
    ppu::Result<std::vector<std::byte>> compiled = ppu::codegen::compile(*request);
    if (compiled) {
      *image = std::malloc(compiled->size());
      *size = compiled->size();
      if (*image) {
        std::memcpy(*image, compiled->data(), compiled->size());
        return nullptr;
      }
      kind = ErrorKind::kResource;
      message = "no memory for the compiled kernel";
    } else {
      kind = compiled.error().kind;
      message = compiled.error().message;
    }
  } catch (const std::bad_alloc&) {
    kind = ErrorKind::kResource;
    message = "out of memory while compiling " + request->kernel;
  } catch (const std::exception& e) {
    message = "compiler failed on " + request->kernel + ": " + e.what();
  }
  return strdup((std::string(1, char('0' + int(kind))) + message).c_str());
}

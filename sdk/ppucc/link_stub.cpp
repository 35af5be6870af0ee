// Finds the ids as strings in the objects' symbol tables: no object reader is needed for that, and archives
// work too.
#include "link_stub.h"

#include <cctype>
#include <fstream>
#include <set>
#include <sstream>

namespace ppu::ppucc {
namespace {

constexpr char kPrefix[] = "__cudaRegisterLinkedBinary_";

std::set<std::string> ids_in(const std::vector<std::string>& files) {
  std::set<std::string> ids;
  for (const std::string& file : files) {
    std::ifstream in(file, std::ios::binary);
    std::stringstream stream;
    stream << in.rdbuf();
    const std::string bytes = stream.str();
    for (size_t at = bytes.find(kPrefix); at != std::string::npos; at = bytes.find(kPrefix, at + 1)) {
      size_t end = at + sizeof kPrefix - 1;
      while (end < bytes.size() &&
             (std::isalnum((unsigned char)bytes[end]) || bytes[end] == '_' || bytes[end] == '$'))
        ++end;
      if (end > at + sizeof kPrefix - 1) ids.insert(bytes.substr(at, end - at));
    }
  }
  return ids;
}

// The pieces come one by one from the objects' constructors. All there: register. Members of archives that
// were not linked never come, so the stub's own constructor, last in the link, registers what did.
constexpr char kCollector[] = R"(
extern void** __cudaRegisterFatBinary(void*);
extern void __cudaRegisterFatBinaryEnd(void**);
extern void __cudaUnregisterFatBinary(void**);
extern int atexit(void (*)(void));
struct Wrapper { int magic, version; const void* data; const void* extra; };
static const unsigned long long empty_container[2] __attribute__((aligned(8))) = {0x00100001ba55ed50ull, 0};
static const void* pieces[kPieces + 1];
static void (*callbacks[kPieces])(void**);
static struct Wrapper wrapper = {0x466243b1, 2, empty_container, pieces};
static volatile int count; // volatile: LLVM would run the constructor at compile time and find nothing to do
static int done;
static void** handle;
static void unregister_all(void) { __cudaUnregisterFatBinary(handle); }
static void register_all(void) {
  if (done || !count) return;
  done = 1;
  handle = __cudaRegisterFatBinary(&wrapper);
  for (int i = 0; i < count; ++i) callbacks[i](handle);
  __cudaRegisterFatBinaryEnd(handle);
  atexit(unregister_all);
}
static void collect(void (*callback)(void**), const struct Wrapper* piece) {
  if (count == kPieces) return;
  pieces[count] = piece->data;
  callbacks[count++] = callback;
  if (count == kPieces) register_all();
}
__attribute__((constructor)) static void register_what_came(void) { register_all(); }
)";

}  // namespace

std::string link_stub_source(const std::vector<std::string>& files) {
  const std::set<std::string> names = ids_in(files);
  if (names.empty()) return {};
  std::string source = "enum { kPieces = " + std::to_string(names.size()) + " };\n" + kCollector;
  for (const std::string& name : names)
    source += "void " + name +
              "(void (*callback)(void**), void* piece, void* id, void (*unused)(void*)) {\n"
              "  (void)id; (void)unused;\n  collect(callback, piece);\n}\n";
  return source;
}

}  // namespace ppu::ppucc

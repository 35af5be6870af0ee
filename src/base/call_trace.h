// The trace of API calls (PPU_TRACE=api): one line a call with its arguments and result. Used by the entry
// points of the driver and of the runtime.
#pragma once
#include <time.h>

#include <cstdint>
#include <string>
#include <type_traits>

namespace ppu {

/// Who is told of every call that returns, when it began (CLOCK_MONOTONIC, ns) and with what result; null:
/// nobody. `is_runtime`: cuda* rather than cu*. Set once, before calls come.
using CallObserver = void (*)(const char* name, uint64_t begin_ns, int result, bool is_runtime);
inline CallObserver call_observer = nullptr;

/// One call of an entry point, for the observer.
class ObservedCall {
 public:
  ObservedCall() {
    if (!call_observer) return;
    timespec t;
    ::clock_gettime(CLOCK_MONOTONIC, &t);
    begin_ns_ = uint64_t(t.tv_sec) * 1'000'000'000 + uint64_t(t.tv_nsec);
  }
  void returns(const char* name, int result, bool is_runtime) const {
    if (begin_ns_) call_observer(name, begin_ns_, result, is_runtime);
  }

 private:
  uint64_t begin_ns_ = 0;
};

/// True under PPU_TRACE=api.
bool trace_enabled();

/// Writes "openppu: api: name(arguments) = result\n" to stderr in one write(2).
void trace_call(const char* name, const std::string& arguments, const char* result);

/// Text of one argument: numbers and addresses; characters only of names.
void append_argument(std::string& text, const char* value);
void append_argument(std::string& text, const void* value);
void append_argument(std::string& text, unsigned long long value);

template <class... A>
std::string argument_list(A... arguments) {
  std::string text;
  const auto add = [&text](auto value) {
    if (!text.empty()) text += ", ";
    using T = decltype(value);
    if constexpr (std::is_same_v<T, const char*>)
      append_argument(text, value);
    else if constexpr (std::is_pointer_v<T> && std::is_function_v<std::remove_pointer_t<T>>)
      append_argument(text, reinterpret_cast<const void*>(value));
    else if constexpr (std::is_pointer_v<T>)
      append_argument(text, static_cast<const void*>(value));
    else if constexpr (std::is_arithmetic_v<T> || std::is_enum_v<T>)
      append_argument(text, static_cast<unsigned long long>(value));
    else
      text += "{...}";
  };
  (add(arguments), ...);
  return text;
}

}  // namespace ppu

// The trace of API calls (PPU_TRACE=api): one line a call with its arguments and result. Used by the entry
// points of the driver and of the runtime.
#pragma once
#include <string>
#include <type_traits>

namespace ppu {

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

// Result<T>: a value or an Error. Inside OpenPPU nothing throws across a folder boundary; entry points
// (libcuda, libcudart, the tools) turn an Error into the code or the message their users know.
#pragma once
#include <string>
#include <utility>
#include <variant>

namespace ppu {

/// Who has to act on an error.
enum class ErrorKind {
  kBadInput,     ///< the user's PTX, file or argument is wrong
  kUnsupported,  ///< legal, but OpenPPU doesn't do it (yet)
  kResource,     ///< memory, disk, limits of the device
  kBug,          ///< ours: an internal condition failed
};

struct Error {
  ErrorKind kind = ErrorKind::kBug;
  /// One line: what, where (`kernel.ptx:41:7`), what was expected, next step. Never empty.
  std::string message;
};

template <class T>
class [[nodiscard]] Result {
 public:
  Result(T value) : state_(std::in_place_index<0>, std::move(value)) {}
  Result(Error error) : state_(std::in_place_index<1>, std::move(error)) {}
  explicit operator bool() const { return state_.index() == 0; }
  bool ok() const { return state_.index() == 0; }
  T& value() & { return std::get<0>(state_); }
  const T& value() const& { return std::get<0>(state_); }
  T&& value() && { return std::get<0>(std::move(state_)); }
  T* operator->() { return &std::get<0>(state_); }
  T& operator*() & { return std::get<0>(state_); }
  const Error& error() const { return std::get<1>(state_); }

 private:
  std::variant<T, Error> state_;
};

struct Unit {};
using Status = Result<Unit>;

inline Error bad_input(std::string m) {
  return {ErrorKind::kBadInput, std::move(m)};
}
inline Error unsupported(std::string m) {
  return {ErrorKind::kUnsupported, std::move(m)};
}
inline Error resource(std::string m) {
  return {ErrorKind::kResource, std::move(m)};
}
inline Error bug(std::string m) {
  return {ErrorKind::kBug, std::move(m)};
}

}  // namespace ppu

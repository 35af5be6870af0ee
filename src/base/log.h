// Logging: silent by default, one greppable line each on stderr. PPU_LOG=jit=debug,device=info or
// PPU_LOG=debug.
#pragma once
#include <cstdarg>
#include <string_view>

namespace ppu {

enum class LogLevel { kError = 0, kWarn = 1, kInfo = 2, kDebug = 3 };

/// True when `channel` (a folder name such as "jit", "device", "driver") is to be logged at `level`.
/// Default without PPU_LOG: errors and warnings only.
bool log_enabled(const char* channel, LogLevel level);

/// Writes "openppu: <channel>: <message>\n" to stderr in one write(2). printf-style.
void log(const char* channel, LogLevel level, const char* format, ...) __attribute__((format(printf, 3, 4)));

/// As log(kWarn), but each distinct `key` is reported once a process: for missing functions and fall-backs.
void log_once(const char* channel, const char* key, const char* format, ...)
    __attribute__((format(printf, 3, 4)));

/// Hears the errors and warnings that are written, without the end of the line. On the thread that logs; may
/// not log.
using LogListener = void (*)(LogLevel level, std::string_view line);
/// The process's listener, instead of an earlier one; null for none.
void listen_to_log(LogListener listener);

}  // namespace ppu

/// An internal condition: prints condition and place, and aborts. For our bugs only, never for user input.
#define PPU_CHECK(cond)                                                    \
  do {                                                                     \
    if (!(cond)) ::ppu::check_failed(#cond, __FILE__, __LINE__, __func__); \
  } while (0)

namespace ppu {
[[noreturn]] void check_failed(const char* condition, const char* file, int line, const char* function);
}

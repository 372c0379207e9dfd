#pragma once

// The server's own log: one line an entry on standard error, "<time> <level> <component>: <text>".
// Never put a secret into it. Threads: concurrent calls allowed.

#include <fmt/format.h>

#include <string_view>

namespace howdah::base {

enum class Level { kDebug, kInfo, kWarn, kError };

void set_log_level(Level level);
bool log_enabled(Level level);
void log_line(Level level, std::string_view component, std::string_view text);

#define HOWDAH_LOG_FUNCTION(name, level)                                                      \
  template <typename... Args>                                                                 \
  void name(std::string_view component, fmt::format_string<Args...> format, Args&&... args) { \
    if (log_enabled(level))                                                                   \
      log_line(level, component, fmt::format(format, std::forward<Args>(args)...));           \
  }
HOWDAH_LOG_FUNCTION(log_debug, Level::kDebug)
HOWDAH_LOG_FUNCTION(log_info, Level::kInfo)
HOWDAH_LOG_FUNCTION(log_warn, Level::kWarn)
HOWDAH_LOG_FUNCTION(log_error, Level::kError)
#undef HOWDAH_LOG_FUNCTION

}  // namespace howdah::base

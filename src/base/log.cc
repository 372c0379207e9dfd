#include "base/log.h"

#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <string>

namespace howdah::base {
namespace {

spdlog::logger& logger() {
  // never destroyed: threads may log while the process ends
  static spdlog::logger& instance = *[] {
    auto* made = new spdlog::logger("howdah", std::make_shared<spdlog::sinks::stderr_sink_mt>());
    made->set_pattern("%Y-%m-%dT%H:%M:%S.%eZ %l %v", spdlog::pattern_time_type::utc);
    return made;
  }();
  return instance;
}

bool is_control(char c) { return (static_cast<unsigned char>(c) < 0x20 && c != '\t') || c == 0x7f; }

/// What others sent must not make lines of its own, nor steer a terminal.
std::string on_one_line(std::string_view text) {
  std::string out;
  for (char c : text) {
    if (c == '\n') {
      out += "\\n";
    } else if (is_control(c)) {
      out += fmt::format("\\x{:02x}", static_cast<unsigned char>(c));
    } else {
      out += c;
    }
  }
  return out;
}

spdlog::level::level_enum to_spdlog(Level level) {
  switch (level) {
    case Level::kDebug:
      return spdlog::level::debug;
    case Level::kInfo:
      return spdlog::level::info;
    case Level::kWarn:
      return spdlog::level::warn;
    case Level::kError:
      return spdlog::level::err;
  }
  return spdlog::level::err;
}

}  // namespace

void set_log_level(Level level) { logger().set_level(to_spdlog(level)); }

bool log_enabled(Level level) { return logger().should_log(to_spdlog(level)); }

void log_line(Level level, std::string_view component, std::string_view text) {
  if (std::any_of(text.begin(), text.end(), is_control)) {
    logger().log(to_spdlog(level), "{}: {}", component, on_one_line(text));
  } else {
    logger().log(to_spdlog(level), "{}: {}", component, text);
  }
}

}  // namespace howdah::base

#include "serverless/ui_ports.h"

#include <fmt/format.h>

#include <charconv>

#include "base/digest.h"
#include "base/text.h"

namespace howdah::serverless {
namespace {

constexpr uint32_t kFirstUi = 20000;
constexpr uint32_t kFirstHistory = 26000;
constexpr uint32_t kEach = 6000;

uint16_t port_from(uint32_t first, std::string_view run_id, int attempt) {
  uint32_t number = 0;
  for (const char byte :
       base::digest(base::Algorithm::kCrc32, fmt::format("{}/{}", run_id, attempt)))
    number = number << 8 | static_cast<unsigned char>(byte);
  return static_cast<uint16_t>(first + number % kEach);
}

std::string_view value_of(const SparkSettings& settings, std::string_view name) {
  for (const auto& [key, value] : settings.properties)
    if (key == name) return value;
  return {};
}

}  // namespace

uint16_t own_ui_port(std::string_view run_id, int attempt) {
  return port_from(kFirstUi, run_id, attempt);
}

uint16_t ui_port(const SparkSettings& settings, std::string_view run_id, int attempt) {
  if (base::equals_ignore_case(base::trim(value_of(settings, "spark.ui.enabled")), "false"))
    return 0;
  const std::string_view given = base::trim(value_of(settings, "spark.ui.port"));
  if (given.empty()) return own_ui_port(run_id, attempt);
  uint16_t port = 0;
  const auto [end, error] = std::from_chars(given.data(), given.data() + given.size(), port);
  return error == std::errc() && end == given.data() + given.size() ? port : uint16_t{0};
}

uint16_t history_port(std::string_view run_id, int attempt) {
  return port_from(kFirstHistory, run_id, attempt);
}

}  // namespace howdah::serverless

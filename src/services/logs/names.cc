#include "services/logs/names.h"

#include <fmt/format.h>

#include <charconv>

#include "base/text.h"

namespace howdah::services::logs {

namespace {

constexpr std::string_view kMarker = "after ";
constexpr size_t kTimeDigits = 20, kIdDigits = 36;

std::optional<int64_t> number_in(std::string_view digits) {
  int64_t number = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), number);
  if (error != std::errc{} || end != digits.data() + digits.size() || number < 0)
    return std::nullopt;
  return number;
}

}  // namespace

base::Error invalid_parameter(std::string message) {
  return {base::Code::kInvalidArgument, std::move(message), "InvalidParameterException", {}};
}

std::string group_arn(const aws::Context& context, std::string_view group) {
  return fmt::format("arn:aws:logs:{}:{}:log-group:{}", context.region, context.account, group);
}

std::string stream_arn(const aws::Context& context, std::string_view group,
                       std::string_view stream) {
  return fmt::format("{}:log-stream:{}", group_arn(context, group), stream);
}

std::string group_in(std::string_view arn_or_name) {
  constexpr std::string_view kBefore = ":log-group:";
  const size_t at = arn_or_name.find(kBefore);
  if (!arn_or_name.starts_with("arn:") || at == std::string_view::npos)
    return std::string(arn_or_name);
  arn_or_name.remove_prefix(at + kBefore.size());
  return std::string(arn_or_name.substr(0, arn_or_name.find(':')));
}

base::Result<std::string> group_of(std::optional<std::string_view> name,
                                   std::optional<std::string_view> identifier) {
  if (name && identifier) {
    return invalid_parameter(
        "LogGroup name and LogGroup identifier are mutually exclusive parameters");
  }
  if (name) return std::string(*name);
  if (identifier) return group_in(*identifier);
  return invalid_parameter("Either logGroupName or logGroupIdentifier is required");
}

std::string digits_of(const telemetry::Position& position) {
  return fmt::format("{:020}{:036}", position.at, position.id);
}

std::optional<telemetry::Position> position_in(std::string_view digits) {
  if (digits.size() != kTimeDigits + kIdDigits) return std::nullopt;
  const auto at = number_in(digits.substr(0, kTimeDigits));
  const auto id = number_in(digits.substr(kTimeDigits));
  if (!at || !id) return std::nullopt;
  return telemetry::Position{*at, *id};
}

std::string token_of(std::string_view marker) {
  return base::to_base64(std::string(kMarker) + std::string(marker));
}

base::Result<std::string> marker_in(std::optional<std::string_view> token) {
  if (!token) return std::string();
  const auto text = base::from_base64(*token);
  if (!text || !text->starts_with(kMarker))
    return invalid_parameter("The specified nextToken is invalid.");
  return text->substr(kMarker.size());
}

}  // namespace howdah::services::logs

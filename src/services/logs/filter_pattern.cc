#include "services/logs/filter_pattern.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/json.h"
#include "base/text.h"
#include "services/logs/json_condition.h"

namespace howdah::services::logs {
namespace {

bool is_plain(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
         static_cast<unsigned char>(c) >= 0x80;
}

bool is_space(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }

// "a \"quoted\" phrase" at the beginning of `text`, which it is cut off.
base::Result<std::string> quoted(std::string_view& text) {
  std::string out;
  for (size_t i = 1; i < text.size(); ++i) {
    if (text[i] == '"') {
      text.remove_prefix(i + 1);
      return out;
    }
    if (text[i] == '\\' && i + 1 < text.size()) ++i;
    out += text[i];
  }
  return invalid_pattern("Unclosed quote in the filter pattern");
}

base::Result<std::string> term(std::string_view& text) {
  if (!text.empty() && text[0] == '"') return quoted(text);
  size_t end = 0;
  while (end < text.size() && !is_space(text[end])) ++end;
  const std::string_view word = text.substr(0, end);
  text.remove_prefix(end);
  if (word.empty() || !std::all_of(word.begin(), word.end(), is_plain))
    return invalid_pattern(fmt::format("Invalid character(s) in term '{}'", word));
  return std::string(word);
}

}  // namespace

base::Error invalid_pattern(std::string message) {
  return {base::Code::kInvalidArgument, std::move(message), "InvalidParameterException", {}};
}

FilterPattern::FilterPattern() = default;
FilterPattern::FilterPattern(FilterPattern&&) noexcept = default;
FilterPattern& FilterPattern::operator=(FilterPattern&&) noexcept = default;
FilterPattern::~FilterPattern() = default;

base::Result<FilterPattern> FilterPattern::parse(std::string_view text) {
  FilterPattern out;
  text = base::trim(text);
  if (text.starts_with('{')) {
    if (!text.ends_with('}') || text.size() < 2)
      return invalid_pattern("Invalid filter pattern: a '}' is missing");
    out.json_ = std::make_unique<Condition>(TRY(parse_condition(text.substr(1, text.size() - 2))));
    return out;
  }
  if (text.starts_with('['))
    return invalid_pattern("Patterns of space-delimited fields ([…]) are not served here");
  while (!(text = base::trim(text)).empty()) {
    if (text[0] == '%') return invalid_pattern("Regular expressions (%…%) are not served here");
    auto& terms = text[0] == '?' ? out.any_ : text[0] == '-' ? out.none_ : out.all_;
    if (text[0] == '?' || text[0] == '-') text.remove_prefix(1);
    terms.push_back(TRY(term(text)));
  }
  // Beside other terms, those with a '?' have no effect.
  if (!out.all_.empty() || !out.none_.empty()) out.any_.clear();
  return out;
}

bool FilterPattern::matches(std::string_view message) const {
  if (json_) {
    const auto event = base::parse_json(message);
    return event.ok() && event->is_object() && holds(*json_, *event);
  }
  const auto there = [&](const std::string& wanted) {
    return message.find(wanted) != std::string_view::npos;
  };
  return std::all_of(all_.begin(), all_.end(), there) &&
         std::none_of(none_.begin(), none_.end(), there) &&
         (any_.empty() || std::any_of(any_.begin(), any_.end(), there));
}

}  // namespace howdah::services::logs

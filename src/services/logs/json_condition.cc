#include "services/logs/json_condition.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <functional>

namespace howdah::services::logs {
namespace {

using base::Json;
using base::Result;
using Test = Condition::Test;

constexpr int kDeepest = 30;

bool is_word(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
         c == '-' || c == '*' || c == '+' || c == ':' || c == '/' || c == '@' || c == '#' ||
         static_cast<unsigned char>(c) >= 0x80;
}

std::optional<double> number_in(std::string_view text) {
  double number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return number;
}

class Parser {
 public:
  explicit Parser(std::string_view text) : left_(text) {}

  Result<Condition> all() {
    Condition out = TRY(either());
    skip();
    if (!left_.empty()) return wrong();
    return out;
  }

 private:
  void skip() {
    while (!left_.empty() && (left_[0] == ' ' || left_[0] == '\t' || left_[0] == '\n'))
      left_.remove_prefix(1);
  }
  bool take(std::string_view wanted) {
    skip();
    if (!left_.starts_with(wanted)) return false;
    left_.remove_prefix(wanted.size());
    return true;
  }
  base::Error wrong() const {
    return invalid_pattern(
        left_.empty() ? "Invalid filter pattern: it ends too early"
                      : fmt::format("Invalid filter pattern at '{}'", left_.substr(0, 20)));
  }

  Result<Condition> either() {
    return joined("||", Condition::Kind::kOr, [this] { return both(); });
  }
  Result<Condition> both() {
    return joined("&&", Condition::Kind::kAnd, [this] { return one(); });
  }
  Result<Condition> joined(std::string_view word, Condition::Kind kind,
                           const std::function<Result<Condition>()>& next) {
    Condition first = TRY(next());
    if (!take(word)) return first;
    Condition out;
    out.kind = kind;
    out.of.push_back(std::move(first));
    do {
      out.of.push_back(TRY(next()));
    } while (take(word));
    return out;
  }

  Result<Condition> one() {
    if (!take("(")) return comparison();
    if (++depth_ > kDeepest) return invalid_pattern("The filter pattern is nested too deeply");
    Condition out = TRY(either());
    --depth_;
    if (!take(")")) return wrong();
    return out;
  }

  Result<Condition> comparison() {
    Condition out;
    if (!take("$")) return wrong();
    while (!left_.empty() && (left_[0] == '.' || left_[0] == '['))
      out.selector.push_back(TRY(part()));
    if (out.selector.empty()) return wrong();
    constexpr std::pair<std::string_view, Test> kTests[] = {
        {"!=", Test::kUnequal}, {">=", Test::kAtLeast}, {"<=", Test::kAtMost},
        {"=", Test::kEqual},    {">", Test::kMore},     {"<", Test::kLess}};
    for (const auto& [word, test] : kTests) {
      if (!take(word)) continue;
      out.test = test;
      return value(std::move(out));
    }
    if (take("NOT EXISTS")) {
      out.test = Test::kAbsent;
    } else if (take("IS NULL")) {
      out.test = Test::kNull;
    } else if (take("IS TRUE")) {
      out.test = Test::kTrue;
    } else if (take("IS FALSE")) {
      out.test = Test::kFalse;
    } else {
      return wrong();
    }
    return out;
  }

  // ".name", "[3]", "[*]" or "['a name']".
  Result<Condition::Part> part() {
    if (take(".")) {
      size_t end = 0;
      while (end < left_.size() && is_word(left_[end])) ++end;
      if (end == 0) return wrong();
      Condition::Part out{std::string(left_.substr(0, end)), {}};
      left_.remove_prefix(end);
      return out;
    }
    take("[");
    const char quote = left_.empty() ? '\0' : left_[0];
    if (quote == '\'' || quote == '"') {
      const size_t end = left_.find(quote, 1);
      if (end == std::string_view::npos) return wrong();
      Condition::Part out{std::string(left_.substr(1, end - 1)), {}};
      left_.remove_prefix(end + 1);
      if (!take("]")) return wrong();
      return out;
    }
    if (take("*")) {
      if (!take("]")) return wrong();
      return Condition::Part{{}, -1};
    }
    int64_t index = -1;
    const auto [end, error] = std::from_chars(left_.data(), left_.data() + left_.size(), index);
    if (error != std::errc{} || index < 0) return wrong();
    left_.remove_prefix(static_cast<size_t>(end - left_.data()));
    if (!take("]")) return wrong();
    return Condition::Part{{}, index};
  }

  Result<Condition> value(Condition out) {
    skip();
    if (left_.starts_with('"')) {
      size_t i = 1;
      for (; i < left_.size() && left_[i] != '"'; ++i) {
        if (left_[i] == '\\' && i + 1 < left_.size()) ++i;
        out.text += left_[i];
      }
      if (i >= left_.size()) return wrong();
      left_.remove_prefix(i + 1);
    } else {
      size_t end = 0;
      while (end < left_.size() && (is_word(left_[end]) || left_[end] == '.')) ++end;
      if (end == 0) return wrong();
      out.text = left_.substr(0, end);
      out.number = number_in(out.text);
      left_.remove_prefix(end);
    }
    const bool ordered = out.test != Test::kEqual && out.test != Test::kUnequal;
    if (ordered && !out.number)
      return invalid_pattern("Only numbers are compared with >, >=, < and <=");
    return out;
  }

  std::string_view left_;
  int depth_ = 0;
};

// '*' stands for any characters.
bool alike(std::string_view pattern, std::string_view text) {
  size_t p = 0, t = 0, star = std::string_view::npos, mark = 0;
  while (t < text.size()) {
    if (p < pattern.size() && pattern[p] == '*') {
      star = p++;
      mark = t;
    } else if (p < pattern.size() && pattern[p] == text[t]) {
      ++p, ++t;
    } else if (star != std::string_view::npos) {
      p = star + 1;
      t = ++mark;
    } else {
      return false;
    }
  }
  while (p < pattern.size() && pattern[p] == '*') ++p;
  return p == pattern.size();
}

bool compares(const Condition& c, double is) {
  switch (c.test) {
    case Test::kEqual:
      return is == *c.number;
    case Test::kUnequal:
      return is != *c.number;
    case Test::kLess:
      return is < *c.number;
    case Test::kAtMost:
      return is <= *c.number;
    case Test::kMore:
      return is > *c.number;
    default:
      return is >= *c.number;
  }
}

bool passes(const Condition& c, const Json& value) {
  switch (c.test) {
    case Test::kNull:
      return value.is_null();
    case Test::kTrue:
      return value.is_bool() && value.get_bool();
    case Test::kFalse:
      return value.is_bool() && !value.get_bool();
    case Test::kAbsent:
      return false;
    default:
      break;
  }
  if (value.is_number() && c.number) return compares(c, value.to_number<double>());
  if (const auto* text = value.if_string()) {
    if (c.test == Test::kEqual) return alike(c.text, base::view_of(*text));
    if (c.test == Test::kUnequal) return !alike(c.text, base::view_of(*text));
    return false;
  }
  // Of another type than what it is compared with: it differs.
  return c.test == Test::kUnequal && !value.is_structured();
}

// Some value that the rest of the selector leads to passes.
bool any_passes(const Condition& c, const Json& at, size_t part) {
  if (part == c.selector.size()) return c.test == Test::kAbsent || passes(c, at);
  const Condition::Part& step = c.selector[part];
  if (!step.index) {
    const auto* object = at.if_object();
    const Json* next = object ? object->if_contains(step.key) : nullptr;
    return next && any_passes(c, *next, part + 1);
  }
  const auto* array = at.if_array();
  if (!array) return false;
  if (*step.index < 0) {
    return std::any_of(array->begin(), array->end(),
                       [&](const Json& item) { return any_passes(c, item, part + 1); });
  }
  return static_cast<size_t>(*step.index) < array->size() &&
         any_passes(c, (*array)[static_cast<size_t>(*step.index)], part + 1);
}

}  // namespace

Result<Condition> parse_condition(std::string_view text) { return Parser(text).all(); }

bool holds(const Condition& c, const Json& event) {
  const auto one = [&](const Condition& part) { return holds(part, event); };
  switch (c.kind) {
    case Condition::Kind::kAnd:
      return std::all_of(c.of.begin(), c.of.end(), one);
    case Condition::Kind::kOr:
      return std::any_of(c.of.begin(), c.of.end(), one);
    case Condition::Kind::kCompare:
      break;
  }
  const bool found = any_passes(c, event, 0);
  return c.test == Test::kAbsent ? !found : found;
}

}  // namespace howdah::services::logs

#include "services/cloudwatch/math.h"

#include <fmt/format.h>

#include <charconv>
#include <cmath>
#include <variant>

#include "services/cloudwatch/errors.h"

namespace howdah::services::cloudwatch {
namespace {

using base::Result;

constexpr int kDeepest = 50;

using Many = std::vector<const Series*>;
using Value = std::variant<double, Series, Many>;

bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }
bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_word(char c) { return is_letter(c) || is_digit(c) || c == '_'; }

double apply(char operation, double a, double b) {
  switch (operation) {
    case '+':
      return a + b;
    case '-':
      return a - b;
    case '*':
      return a * b;
    case '/':
      return a / b;
    default:
      return std::pow(a, b);
  }
}

base::Error not_understood(std::string_view what) {
  return validation(fmt::format("Invalid syntax: {}", what));
}

// Of two series, the moments that both have. What is no number (1/0) is no datapoint.
Result<Value> combine(char operation, const Value& a, const Value& b) {
  if (std::holds_alternative<Many>(a) || std::holds_alternative<Many>(b)) {
    return validation("METRICS() is an argument of SUM, AVG, MIN or MAX only");
  }
  const double* left = std::get_if<double>(&a);
  const double* right = std::get_if<double>(&b);
  if (left && right) return Value(apply(operation, *left, *right));
  const auto& over = left ? std::get<Series>(b) : std::get<Series>(a);
  Series out;
  for (const auto& [at, value] : over) {
    double other = left ? *left : right ? *right : 0;
    if (!left && !right) {
      const auto& series = std::get<Series>(b);
      const auto found = series.find(at);
      if (found == series.end()) continue;
      other = found->second;
    }
    const double made = left ? apply(operation, other, value) : apply(operation, value, other);
    if (std::isfinite(made)) out.emplace(at, made);
  }
  return Value(std::move(out));
}

double fold(std::string_view function, double so_far, double value) {
  if (function == "MIN") return std::min(so_far, value);
  if (function == "MAX") return std::max(so_far, value);
  return so_far + value;
}

// Of one series a number, of several a series of what there is at each moment.
Result<Value> aggregate(std::string_view function, const Value& argument) {
  if (const auto* series = std::get_if<Series>(&argument)) {
    if (series->empty()) return Value(0.0);
    double so_far = series->begin()->second;
    for (auto at = std::next(series->begin()); at != series->end(); ++at)
      so_far = fold(function, so_far, at->second);
    if (function == "AVG") so_far /= static_cast<double>(series->size());
    return Value(so_far);
  }
  const auto* many = std::get_if<Many>(&argument);
  if (!many) return validation(fmt::format("{} takes a metric or METRICS()", function));
  Series out;
  std::map<int64_t, double> counts;
  for (const Series* series : *many) {
    for (const auto& [at, value] : *series) {
      const auto [entry, fresh] = out.try_emplace(at, value);
      if (!fresh) entry->second = fold(function, entry->second, value);
      counts[at] += 1;
    }
  }
  if (function == "AVG") {
    for (auto& [at, value] : out) value /= counts[at];
  }
  return Value(std::move(out));
}

class Evaluator {
 public:
  Evaluator(std::string_view text, const MathNames& names) : left_(text), names_(names) {}

  Result<Value> all() {
    Value value = TRY(sum());
    if (peek() != '\0') return not_understood(fmt::format("'{}'", left_.substr(0, 20)));
    return value;
  }

 private:
  char peek() {
    while (!left_.empty() && (left_[0] == ' ' || left_[0] == '\t' || left_[0] == '\n'))
      left_.remove_prefix(1);
    return left_.empty() ? '\0' : left_[0];
  }
  bool take(char wanted) {
    if (peek() != wanted || left_.empty()) return false;
    left_.remove_prefix(1);
    return true;
  }
  std::string_view word() {
    size_t end = 0;
    while (end < left_.size() && is_word(left_[end])) ++end;
    const std::string_view out = left_.substr(0, end);
    left_.remove_prefix(end);
    return out;
  }

  Result<Value> sum() {
    Value value = TRY(product());
    for (char c = peek(); c == '+' || c == '-'; c = peek()) {
      take(c);
      value = TRY(combine(c, value, TRY(product())));
    }
    return value;
  }
  Result<Value> product() {
    Value value = TRY(power());
    for (char c = peek(); c == '*' || c == '/'; c = peek()) {
      take(c);
      value = TRY(combine(c, value, TRY(power())));
    }
    return value;
  }
  Result<Value> power() {
    Value value = TRY(unary());
    if (!take('^')) return value;
    if (++depth_ > kDeepest) return validation("the expression is nested too deeply");
    Value exponent = TRY(power());
    --depth_;
    return combine('^', value, exponent);
  }
  Result<Value> unary() {
    if (++depth_ > kDeepest) return validation("the expression is nested too deeply");
    auto value = take('-') ? negated() : primary();
    --depth_;
    return value;
  }
  Result<Value> negated() { return combine('-', Value(0.0), TRY(unary())); }

  Result<Value> primary() {
    const char c = peek();
    if (take('(')) {
      Value value = TRY(sum());
      if (!take(')')) return not_understood("a ')' is missing");
      return value;
    }
    if (is_digit(c) || c == '.') return number();
    if (!is_letter(c)) {
      return not_understood(left_.empty() ? "it ends too early"
                                          : fmt::format("'{}'", left_.substr(0, 20)));
    }
    const std::string_view name = word();
    if (peek() == '(') return call(name);
    const Series* series = names_.series(name);
    if (!series) return validation(fmt::format("Undefined metric id '{}'", name));
    return Value(*series);
  }

  Result<Value> number() {
    double value = 0;
    const auto [end, error] = std::from_chars(left_.data(), left_.data() + left_.size(), value);
    if (error != std::errc{}) return not_understood(fmt::format("'{}'", left_.substr(0, 20)));
    left_.remove_prefix(static_cast<size_t>(end - left_.data()));
    return Value(value);
  }

  Result<Value> call(std::string_view function) {
    take('(');
    if (function == "METRICS") {
      std::string_view part;
      if (take('"')) {
        const size_t end = left_.find('"');
        if (end == std::string_view::npos) return not_understood("a '\"' is missing");
        part = left_.substr(0, end);
        left_.remove_prefix(end + 1);
      }
      if (!take(')')) return not_understood("a ')' is missing");
      return Value(names_.metrics(part));
    }
    if (function != "SUM" && function != "AVG" && function != "MIN" && function != "MAX")
      return validation(fmt::format("The function {} is not served here", function));
    const Value argument = TRY(sum());
    if (!take(')')) return not_understood("a ')' is missing");
    return aggregate(function, argument);
  }

  std::string_view left_;
  const MathNames& names_;
  int depth_ = 0;
};

}  // namespace

std::vector<std::string> names_in(std::string_view expression) {
  std::vector<std::string> out;
  for (size_t i = 0; i < expression.size();) {
    if (expression[i] == '"') {
      i = std::min(expression.find('"', i + 1), expression.size() - 1) + 1;
      continue;
    }
    if (!is_letter(expression[i])) {
      // what follows digits is part of a number: 1e5
      const bool digit = is_digit(expression[i]);
      ++i;
      while (digit && i < expression.size() && is_word(expression[i])) ++i;
      continue;
    }
    size_t end = i;
    while (end < expression.size() && is_word(expression[end])) ++end;
    size_t next = end;
    while (next < expression.size() && expression[next] == ' ') ++next;
    if (next >= expression.size() || expression[next] != '(')
      out.emplace_back(expression.substr(i, end - i));
    i = end;
  }
  return out;
}

Result<Series> evaluate(std::string_view expression, const MathNames& names) {
  Value value = TRY(Evaluator(expression, names).all());
  if (auto* series = std::get_if<Series>(&value)) return std::move(*series);
  if (std::holds_alternative<double>(value))
    return validation("the result is a number and not a time series");
  return validation("METRICS() is an argument of SUM, AVG, MIN or MAX only");
}

}  // namespace howdah::services::cloudwatch

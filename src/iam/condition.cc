#include "iam/condition.h"

#include <arpa/inet.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <optional>

#include "base/text.h"

namespace howdah::iam {

struct Condition::Row {
  std::string_view name;
  Family family;
  Compare compare = Compare::kEqual;
  bool negated = false;
  bool wildcards = false;
  bool fold_case = false;
};

const Condition::Row Condition::kRows[] = {
    {"StringEquals", Family::kText},
    {"StringNotEquals", Family::kText, Compare::kEqual, true},
    {"StringEqualsIgnoreCase", Family::kText, Compare::kEqual, false, false, true},
    {"StringNotEqualsIgnoreCase", Family::kText, Compare::kEqual, true, false, true},
    {"StringLike", Family::kText, Compare::kEqual, false, true},
    {"StringNotLike", Family::kText, Compare::kEqual, true, true},
    {"NumericEquals", Family::kNumeric},
    {"NumericNotEquals", Family::kNumeric, Compare::kEqual, true},
    {"NumericLessThan", Family::kNumeric, Compare::kLess},
    {"NumericLessThanEquals", Family::kNumeric, Compare::kLessOrEqual},
    {"NumericGreaterThan", Family::kNumeric, Compare::kGreater},
    {"NumericGreaterThanEquals", Family::kNumeric, Compare::kGreaterOrEqual},
    {"DateEquals", Family::kDate},
    {"DateNotEquals", Family::kDate, Compare::kEqual, true},
    {"DateLessThan", Family::kDate, Compare::kLess},
    {"DateLessThanEquals", Family::kDate, Compare::kLessOrEqual},
    {"DateGreaterThan", Family::kDate, Compare::kGreater},
    {"DateGreaterThanEquals", Family::kDate, Compare::kGreaterOrEqual},
    {"Bool", Family::kBool},
    {"BinaryEquals", Family::kBinary},
    {"IpAddress", Family::kAddress},
    {"NotIpAddress", Family::kAddress, Compare::kEqual, true},
    // AWS: ArnEquals and ArnLike behave the same.
    {"ArnEquals", Family::kArn, Compare::kEqual, false, true},
    {"ArnLike", Family::kArn, Compare::kEqual, false, true},
    {"ArnNotEquals", Family::kArn, Compare::kEqual, true, true},
    {"ArnNotLike", Family::kArn, Compare::kEqual, true, true},
    {"Null", Family::kNull},
};

namespace {

std::optional<double> number(std::string_view text) {
  text = base::trim(text);
  double out = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), out);
  if (error != std::errc() || end != text.data() + text.size() || !std::isfinite(out)) {
    return std::nullopt;
  }
  return out;
}

// Seconds since the epoch: an ISO 8601 time or such a number (AWS: "Date condition operators").
std::optional<double> date(std::string_view text) {
  if (const auto time = base::parse_iso8601(base::trim(text))) {
    return static_cast<double>(base::to_millis(*time)) / 1000;
  }
  return number(text);
}

std::optional<bool> boolean(std::string_view text) {
  if (base::equals_ignore_case(text, "true")) return true;
  if (base::equals_ignore_case(text, "false")) return false;
  return std::nullopt;
}

struct Network {
  int family = AF_INET;
  std::array<uint8_t, 16> bytes{};
  unsigned bits = 0;
};

std::optional<Network> network(std::string_view text) {
  Network out;
  const size_t slash = text.find('/');
  const std::string address(base::trim(text.substr(0, slash)));
  out.family = address.find(':') == std::string::npos ? AF_INET : AF_INET6;
  if (inet_pton(out.family, address.c_str(), out.bytes.data()) != 1) return std::nullopt;
  const unsigned width = out.family == AF_INET ? 32 : 128;
  out.bits = width;
  if (slash != std::string_view::npos) {
    const std::string_view digits = text.substr(slash + 1);
    const auto [end, error] =
        std::from_chars(digits.data(), digits.data() + digits.size(), out.bits);
    if (error != std::errc() || end != digits.data() + digits.size() || out.bits > width) {
      return std::nullopt;
    }
  }
  return out;
}

bool contains(const Network& outer, const Network& address) {
  if (outer.family != address.family || address.bits < outer.bits) return false;
  for (unsigned bit = 0; bit < outer.bits; ++bit) {
    const uint8_t mask = static_cast<uint8_t>(0x80 >> (bit % 8));
    if ((outer.bytes[bit / 8] ^ address.bytes[bit / 8]) & mask) return false;
  }
  return true;
}

Match as_match(bool yes) { return yes ? Match::kYes : Match::kNo; }

}  // namespace

Condition::Condition(std::string_view name, std::string_view key,
                     const std::vector<std::string>& values, bool variables)
    : key_(key) {
  if (name.starts_with("ForAllValues:")) {
    set_ = Set::kAll;
    name.remove_prefix(13);
  } else if (name.starts_with("ForAnyValue:")) {
    set_ = Set::kAny;
    name.remove_prefix(12);
  }
  if (name.ends_with("IfExists") && name != "NullIfExists") {
    if_exists_ = true;
    name.remove_suffix(8);
  }
  Syntax syntax{.wildcards = false, .variables = variables, .fold_case = false};
  for (const Row& row : kRows) {
    if (!base::equals_ignore_case(row.name, name)) continue;
    family_ = row.family;
    compare_ = row.compare;
    negated_ = row.negated;
    syntax.wildcards = row.wildcards;
    syntax.fold_case = row.fold_case;
  }
  for (const std::string& value : values) values_.emplace_back(value, syntax);
}

Match Condition::evaluate(const Context& context) const {
  if (family_ == Family::kUnknown) return Match::kUnknown;
  const auto* actual = context.find(key_);
  if (!actual) return Match::kUnknown;
  if (family_ == Family::kNull) return evaluate_null(actual->empty());
  if (actual->empty()) return when_absent();
  // A plain negated operator holds when no value of the request matches: the same as "all of them".
  const bool all = set_ == Set::kAll || (set_ == Set::kSingle && negated_);
  Match out = all ? Match::kYes : Match::kNo;
  for (const std::string& value : *actual) {
    const Match one = holds(value, context);
    out = all ? both(out, one) : either(out, one);
  }
  return out;
}

Match Condition::when_absent() const {
  if (if_exists_ || set_ == Set::kAll) return Match::kYes;
  if (set_ == Set::kAny) return Match::kNo;
  return as_match(negated_);
}

Match Condition::evaluate_null(bool absent) const {
  Match out = Match::kNo;
  for (const Pattern& value : values_) {
    const auto wanted = boolean(value.source());
    out = either(out, wanted ? as_match(*wanted == absent) : Match::kUnknown);
  }
  return out;
}

Match Condition::holds(std::string_view actual, const Context& context) const {
  Match any = Match::kNo;
  for (const Pattern& wanted : values_) any = either(any, compare(wanted, actual, context));
  return negated_ ? invert(any) : any;
}

Match Condition::order(double actual, double wanted) const {
  switch (compare_) {
    case Compare::kEqual:
      return as_match(actual == wanted);
    case Compare::kLess:
      return as_match(actual < wanted);
    case Compare::kLessOrEqual:
      return as_match(actual <= wanted);
    case Compare::kGreater:
      return as_match(actual > wanted);
    case Compare::kGreaterOrEqual:
      return as_match(actual >= wanted);
  }
  return Match::kUnknown;
}

Match Condition::compare(const Pattern& wanted, std::string_view actual,
                         const Context& context) const {
  // "Not like a variable without a value" must not come out as yes.
  if (negated_ && wanted.has_variables() && !wanted.expand(context)) return Match::kUnknown;
  if (family_ == Family::kText) return wanted.matches(actual, context);
  if (family_ == Family::kArn) return wanted.matches_arn(actual, context);
  const std::optional<std::string> text = wanted.expand(context);
  if (!text) return Match::kUnknown;
  switch (family_) {
    case Family::kNumeric:
    case Family::kDate: {
      const auto a = family_ == Family::kDate ? date(actual) : number(actual);
      const auto w = family_ == Family::kDate ? date(*text) : number(*text);
      return a && w ? order(*a, *w) : Match::kUnknown;
    }
    case Family::kBool: {
      const auto a = boolean(actual), w = boolean(*text);
      return a && w ? as_match(*a == *w) : Match::kUnknown;
    }
    case Family::kBinary: {
      const auto a = base::from_base64(actual), w = base::from_base64(*text);
      return a && w ? as_match(*a == *w) : Match::kUnknown;
    }
    case Family::kAddress: {
      const auto a = network(actual), w = network(*text);
      return a && w ? as_match(contains(*w, *a)) : Match::kUnknown;
    }
    default:
      return Match::kUnknown;
  }
}

}  // namespace howdah::iam

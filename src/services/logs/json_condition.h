#pragma once

// { $.level = "ERROR" && ($.code >= 500 || $.retry IS TRUE) }: a condition over a JSON event,
// parsed and evaluated. Pure; any bytes are safe. Source: CloudWatch Logs User Guide, "Filter
// pattern syntax for JSON log events".

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "base/result.h"

namespace howdah::services::logs {

struct Condition {
  enum class Kind { kAnd, kOr, kCompare };
  enum class Test {
    kEqual,
    kUnequal,
    kLess,
    kAtMost,
    kMore,
    kAtLeast,
    kNull,
    kTrue,
    kFalse,
    kAbsent
  };
  struct Part {  // of a selector: a key, or an index of an array (-1: any)
    std::string key;
    std::optional<int64_t> index;
  };

  Kind kind = Kind::kCompare;
  std::vector<Condition> of;  // kAnd, kOr
  std::vector<Part> selector;
  Test test = Test::kEqual;
  std::string text;              // compared with; '*' stands for any characters
  std::optional<double> number;  // when it is one
};

/// The text between the braces.
base::Result<Condition> parse_condition(std::string_view text);
bool holds(const Condition& condition, const base::Json& event);

base::Error invalid_pattern(std::string message);

}  // namespace howdah::services::logs

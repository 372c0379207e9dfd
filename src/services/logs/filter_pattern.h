#pragma once

// The filter patterns of CloudWatch Logs ("Filter pattern syntax", CloudWatch Logs User Guide):
// terms, "quoted phrases", ?any -none, and conditions over JSON events: { $.a.b = "x*" && $.c > 1
// }. Patterns of space-delimited fields and regular expressions are refused by name. Values: a
// pattern owns its text. Threads: const after parsing. Failure: InvalidParameterException.

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace howdah::services::logs {

struct Condition;

class FilterPattern {
 public:
  /// "" accepts everything.
  static base::Result<FilterPattern> parse(std::string_view text);
  FilterPattern(FilterPattern&&) noexcept;
  FilterPattern& operator=(FilterPattern&&) noexcept;
  ~FilterPattern();

  bool matches(std::string_view message) const;

 private:
  FilterPattern();

  std::vector<std::string> all_, any_, none_;
  std::unique_ptr<Condition> json_;
};

}  // namespace howdah::services::logs

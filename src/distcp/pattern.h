#pragma once

// A regular expression of --srcPattern or --groupBy, matched against a whole path as Java's
// Matcher.matches() does (PCRE2 reads Java's syntax). Ownership: owns its compiled form. Threads:
// one. Failure: kInvalidArgument with the position of the fault; a match that needs too many steps
// is kResourceExhausted, so that no pattern can hang a copy.

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"

namespace howdah::distcp {

class Pattern {
 public:
  static base::Result<Pattern> compile(std::string_view text);
  ~Pattern();
  Pattern(Pattern&&) noexcept;
  Pattern& operator=(Pattern&&) noexcept;

  int groups() const;  // pairs of capturing parentheses
  base::Result<bool> matches(std::string_view text) const;
  /// What the parentheses captured, one after another; nullopt when `text` does not match.
  base::Result<std::optional<std::string>> captured(std::string_view text) const;

 private:
  struct State;
  explicit Pattern(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace howdah::distcp

#pragma once

// One string of a policy that something is compared with: an action, a resource, a condition's
// value. `*` stands for any run of characters (':' and '/' included), `?` for any one. Variables
// such as ${aws:username} and ${aws:PrincipalTag/team, 'none'} take their values from the request's
// context; what they bring is literal, so that a user named "*" gains nothing. ${*}, ${?} and ${$}
// are the plain characters (AWS: "IAM policy elements: Variables and tags").
// Ownership: a value. Threads: concurrent matching is safe.

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "iam/context.h"

namespace howdah::iam {

struct Syntax {
  bool wildcards = true;
  bool variables = false;  // only documents of version 2012-10-17 have them
  bool fold_case = false;  // ASCII
};

class Pattern {
 public:
  Pattern(std::string_view source, Syntax syntax);

  /// kNo when a variable is known to be absent and has no default; kUnknown when it is unknown.
  Match matches(std::string_view text, const Context& context) const;
  /// ARNs, compared part by part (six, between the first five colons), as ArnLike does.
  Match matches_arn(std::string_view text, const Context& context) const;
  /// The text that it stands for, wildcards as they were written; nullopt: a variable has no value.
  std::optional<std::string> expand(const Context& context) const;

  const std::string& source() const { return source_; }
  bool has_variables() const { return has_variables_; }

 private:
  // A character of a pattern: a byte, or one of the two below.
  static constexpr char16_t kAnyRun = 0x100;
  static constexpr char16_t kAnyOne = 0x101;
  struct Part {
    std::u16string text;
    std::string variable;  // empty: `text` is the part
    bool has_default = false;
    std::u16string otherwise;
  };

  std::u16string compile(std::string_view text, bool wildcards) const;
  void add_variable(std::string_view inside);
  Match resolve(const Context& context, std::u16string& out) const;
  static bool glob(std::u16string_view pattern, std::string_view text, bool fold_case);

  std::string source_;
  Syntax syntax_;
  bool has_variables_ = false;
  std::vector<Part> parts_;  // one literal part when there are no variables
};

}  // namespace howdah::iam

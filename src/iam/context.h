#pragma once

// The facts that a policy's conditions and variables may ask about: condition keys and their values
// (AWS: "AWS global condition context keys"). A key is *known* when it is set, or declared absent:
// the server can tell that this request has none. A key that is neither is unknown, and whatever
// depends on it is decided against the caller (see evaluate.h).
// Ownership: a value. Threads: concurrent reads are safe. Failure: none.

#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace howdah::iam {

/// The outcome of a test that may hang on something unknown.
enum class Match { kNo, kYes, kUnknown };

Match both(Match a, Match b);    // Kleene's "and"
Match either(Match a, Match b);  // Kleene's "or"
Match invert(Match match);

class Context {
 public:
  /// Key names compare without regard to case: "aws:UserName", "aws:PrincipalTag/team".
  void set(std::string_view key, std::string value);
  void set(std::string_view key, std::vector<std::string> values);
  /// Known, and this request has none. "aws:PrincipalTag/" (with the slash) declares a whole
  /// family.
  void declare_absent(std::string_view key);

  /// nullptr: unknown. An empty list: known to be absent.
  const std::vector<std::string>* find(std::string_view key) const;

 private:
  std::map<std::string, std::vector<std::string>, std::less<>> values_;  // by lower-case key
};

}  // namespace howdah::iam

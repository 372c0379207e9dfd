#pragma once

// One line of a statement's Condition block: an operator, a key, the values it is compared with
// (AWS: "IAM JSON policy elements: Condition operators"). An operator that is not in that list, a
// key that the request's context does not know, and a value that cannot be read as the operator's
// type give kUnknown: the statement then denies but never allows.
// Ownership: a value. Threads: concurrent evaluation is safe.

#include <string>
#include <string_view>
#include <vector>

#include "iam/context.h"
#include "iam/pattern.h"

namespace howdah::iam {

class Condition {
 public:
  /// `name` as written: "ForAnyValue:StringLikeIfExists". Any name is taken; see kUnknown above.
  Condition(std::string_view name, std::string_view key, const std::vector<std::string>& values,
            bool variables);

  Match evaluate(const Context& context) const;
  bool known_operator() const { return family_ != Family::kUnknown; }
  const std::string& key() const { return key_; }

 private:
  enum class Family { kUnknown, kText, kNumeric, kDate, kBool, kBinary, kAddress, kArn, kNull };
  enum class Compare { kEqual, kLess, kLessOrEqual, kGreater, kGreaterOrEqual };
  enum class Set { kSingle, kAll, kAny };
  struct Row;
  static const Row kRows[];

  Match when_absent() const;
  Match evaluate_null(bool absent) const;
  Match holds(std::string_view actual, const Context& context) const;  // with the negation applied
  Match compare(const Pattern& wanted, std::string_view actual, const Context& context) const;
  Match order(double actual, double wanted) const;

  Family family_ = Family::kUnknown;
  Compare compare_ = Compare::kEqual;
  Set set_ = Set::kSingle;
  bool negated_ = false;
  bool if_exists_ = false;
  std::string key_;
  std::vector<Pattern> values_;
};

}  // namespace howdah::iam

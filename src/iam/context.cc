#include "iam/context.h"

#include <algorithm>

#include "base/text.h"

namespace howdah::iam {

Match both(Match a, Match b) {
  if (a == Match::kNo || b == Match::kNo) return Match::kNo;
  return a == Match::kYes && b == Match::kYes ? Match::kYes : Match::kUnknown;
}

Match invert(Match match) {
  if (match == Match::kUnknown) return match;
  return match == Match::kYes ? Match::kNo : Match::kYes;
}

Match either(Match a, Match b) { return invert(both(invert(a), invert(b))); }

void Context::set(std::string_view key, std::string value) {
  set(key, std::vector<std::string>{std::move(value)});
}

void Context::set(std::string_view key, std::vector<std::string> values) {
  values_.insert_or_assign(base::to_lower(key), std::move(values));
}

void Context::declare_absent(std::string_view key) { set(key, std::vector<std::string>()); }

const std::vector<std::string>* Context::find(std::string_view key) const {
  const std::string name = base::to_lower(key);
  if (const auto it = values_.find(name); it != values_.end()) return &it->second;
  const size_t slash = name.find('/');
  if (slash == std::string::npos) return nullptr;
  const auto family = values_.find(std::string_view(name).substr(0, slash + 1));
  return family != values_.end() ? &family->second : nullptr;
}

}  // namespace howdah::iam

#include "iam/pattern.h"

#include "base/text.h"

namespace howdah::iam {

namespace {
char16_t folded(char16_t c) {
  return c >= u'A' && c <= u'Z' ? static_cast<char16_t>(c - u'A' + u'a') : c;
}

constexpr char kNameless = '?';  // the name of "${}": no request has it

char16_t byte_of(char c) { return static_cast<unsigned char>(c); }

// The first five ':' part an ARN; the sixth part keeps its own.
template <typename View>
std::vector<View> arn_parts(View text) {
  std::vector<View> out;
  while (out.size() < 5) {
    const size_t colon = text.find(':');
    if (colon == View::npos) break;
    out.push_back(text.substr(0, colon));
    text.remove_prefix(colon + 1);
  }
  out.push_back(text);
  return out;
}
}  // namespace

Pattern::Pattern(std::string_view source, Syntax syntax) : source_(source), syntax_(syntax) {
  std::string_view rest = source;
  while (syntax_.variables) {
    const size_t open = rest.find("${");
    const size_t close = open == std::string_view::npos ? open : rest.find('}', open);
    if (close == std::string_view::npos) break;
    parts_.push_back({compile(rest.substr(0, open), syntax_.wildcards), {}, false, {}});
    add_variable(rest.substr(open + 2, close - open - 2));
    rest.remove_prefix(close + 1);
  }
  parts_.push_back({compile(rest, syntax_.wildcards), {}, false, {}});
}

void Pattern::add_variable(std::string_view inside) {
  if (inside == "*" || inside == "?" || inside == "$") {
    parts_.push_back({compile(inside, false), {}, false, {}});
    return;
  }
  Part part;
  const size_t comma = inside.find(',');
  part.variable = std::string(base::trim(inside.substr(0, comma)));
  if (comma != std::string_view::npos) {
    std::string_view value = base::trim(inside.substr(comma + 1));
    if (value.size() >= 2 && value.front() == '\'' && value.back() == '\'') {
      part.has_default = true;
      part.otherwise = compile(value.substr(1, value.size() - 2), false);
    }
  }
  if (part.variable.empty()) part.variable.push_back(kNameless);
  has_variables_ = true;
  parts_.push_back(std::move(part));
}

std::u16string Pattern::compile(std::string_view text, bool wildcards) const {
  std::u16string out;
  out.reserve(text.size());
  for (char c : text) {
    if (wildcards && c == '*') {
      if (out.empty() || out.back() != kAnyRun) out += kAnyRun;
    } else if (wildcards && c == '?') {
      out += kAnyOne;
    } else {
      out += syntax_.fold_case ? folded(byte_of(c)) : byte_of(c);
    }
  }
  return out;
}

Match Pattern::resolve(const Context& context, std::u16string& out) const {
  for (const Part& part : parts_) {
    if (part.variable.empty()) {
      out += part.text;
      continue;
    }
    const auto* values = context.find(part.variable);
    if (!values) return Match::kUnknown;
    if (values->size() == 1) {
      out += compile(values->front(), false);
    } else if (values->empty() && part.has_default) {
      out += part.otherwise;
    } else {
      return Match::kNo;  // absent, or many-valued: AWS takes no such variable
    }
  }
  return Match::kYes;
}

bool Pattern::glob(std::u16string_view pattern, std::string_view text, bool fold_case) {
  size_t p = 0, t = 0;
  size_t star = std::u16string_view::npos, resume = 0;
  while (t < text.size()) {
    const char16_t c = fold_case ? folded(byte_of(text[t])) : byte_of(text[t]);
    if (p < pattern.size() && pattern[p] == kAnyRun) {
      star = p++;
      resume = t;
    } else if (p < pattern.size() && (pattern[p] == kAnyOne || pattern[p] == c)) {
      ++p;
      ++t;
    } else if (star != std::u16string_view::npos) {
      p = star + 1;
      t = ++resume;
    } else {
      return false;
    }
  }
  while (p < pattern.size() && pattern[p] == kAnyRun) ++p;
  return p == pattern.size();
}

Match Pattern::matches(std::string_view text, const Context& context) const {
  if (!has_variables_ && parts_.size() == 1) {
    return glob(parts_[0].text, text, syntax_.fold_case) ? Match::kYes : Match::kNo;
  }
  std::u16string pattern;
  const Match resolved = resolve(context, pattern);
  if (resolved != Match::kYes) return resolved;
  return glob(pattern, text, syntax_.fold_case) ? Match::kYes : Match::kNo;
}

Match Pattern::matches_arn(std::string_view text, const Context& context) const {
  std::u16string pattern;
  const Match resolved = resolve(context, pattern);
  if (resolved != Match::kYes) return resolved;
  if (pattern.size() == 1 && pattern[0] == kAnyRun) return Match::kYes;
  const auto wanted = arn_parts(std::u16string_view(pattern));
  const auto parts = arn_parts(text);
  if (wanted.size() != parts.size()) return Match::kNo;
  for (size_t i = 0; i < parts.size(); ++i) {
    if (!glob(wanted[i], parts[i], syntax_.fold_case)) return Match::kNo;
  }
  return Match::kYes;
}

std::optional<std::string> Pattern::expand(const Context& context) const {
  std::u16string pattern;
  if (resolve(context, pattern) != Match::kYes) return std::nullopt;
  std::string out;
  for (char16_t c : pattern) {
    out += c == kAnyRun ? '*' : c == kAnyOne ? '?' : static_cast<char>(c);
  }
  return out;
}

}  // namespace howdah::iam

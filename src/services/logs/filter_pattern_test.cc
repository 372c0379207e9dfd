#include "services/logs/filter_pattern.h"

#include <gtest/gtest.h>

#include <random>

#include "services/logs/filter_pattern_fuzz.cc"

namespace howdah::services::logs {
namespace {

std::string verdict(std::string_view pattern, std::string_view message) {
  const auto parsed = FilterPattern::parse(pattern);
  if (!parsed.ok()) return parsed.error().message;
  return parsed->matches(message) ? "yes" : "no";
}

struct Row {
  const char* pattern;
  const char* message;
  const char* verdict;
};

TEST(FilterPattern, TermsAreAllAnyOrNone) {
  const Row rows[] = {
      {"", "anything", "yes"},
      {"ERROR", "[ERROR 401] no", "yes"},
      {"ERROR", "error", "no"},
      {"ERROR timeout", "ERROR: a timeout", "yes"},
      {"ERROR timeout", "ERROR: refused", "no"},
      {"\"a timeout\"", "it was a timeout", "yes"},
      {"\"say \\\"x\\\"\"", "they say \"x\"", "yes"},
      {"?ERROR ?WARN", "WARN: x", "yes"},
      {"?ERROR ?WARN", "INFO: x", "no"},
      {"ERROR -retry", "ERROR once", "yes"},
      {"ERROR -retry", "ERROR, retry", "no"},
      {"-\"will retry\"", "it will retry", "no"},
      {"ERROR ?x", "ERROR", "yes"},
      {"a.b", "a.b", "Invalid character(s) in term 'a.b'"},
      {"\"a", "a", "Unclosed quote in the filter pattern"},
      {"[a, b]", "a b", "Patterns of space-delimited fields ([…]) are not served here"},
      {"%a+%", "a", "Regular expressions (%…%) are not served here"}};
  for (const Row& row : rows)
    EXPECT_EQ(verdict(row.pattern, row.message), row.verdict) << row.pattern;
}

TEST(FilterPattern, JsonEventsAreComparedByField) {
  constexpr const char* kEvent =
      R"({"level":"ERROR","code":503,"user":{"name":"Ann","tags":["a","b"]},"ok":false,"x":null})";
  const Row rows[] = {
      {"{ $.level = \"ERROR\" }", kEvent, "yes"},
      {"{$.level=ERROR}", kEvent, "yes"},
      {"{ $.level = \"ERR*\" }", kEvent, "yes"},
      {"{ $.level != \"ERROR\" }", kEvent, "no"},
      {"{ $.code = 503 }", kEvent, "yes"},
      {"{ $.code > 500 && $.code < 600 }", kEvent, "yes"},
      {"{ $.code >= 504 || $.code <= 502 }", kEvent, "no"},
      {"{ $.code != 503 || ($.level = ERROR && $.user.name = \"A*n\") }", kEvent, "yes"},
      {"{ $.user.tags[1] = \"b\" }", kEvent, "yes"},
      {"{ $.user.tags[*] = \"b\" }", kEvent, "yes"},
      {"{ $['user']['name'] = \"Ann\" }", kEvent, "yes"},
      {"{ $.ok IS FALSE }", kEvent, "yes"},
      {"{ $.x IS NULL }", kEvent, "yes"},
      {"{ $.nothing NOT EXISTS }", kEvent, "yes"},
      {"{ $.level NOT EXISTS }", kEvent, "no"},
      {"{ $.nothing = 1 }", kEvent, "no"},
      {"{ $.nothing != 1 }", kEvent, "no"},
      {"{ $.level = \"ERROR\" }", "level ERROR, no JSON", "no"},
      {"{ $.level = ", "", "Invalid filter pattern: a '}' is missing"},
      {"{ $.level = }", kEvent, "Invalid filter pattern: it ends too early"},
      {"{ level = 1 }", kEvent, "Invalid filter pattern at 'level = 1 '"},
      {"{ $.level > \"a\" }", kEvent, "Only numbers are compared with >, >=, < and <="}};
  for (const Row& row : rows)
    EXPECT_EQ(verdict(row.pattern, row.message), row.verdict) << row.pattern;
  EXPECT_EQ(verdict("{" + std::string(100, '(') + "}", kEvent),
            "The filter pattern is nested too deeply");
}

TEST(FilterPattern, AnyBytesAreSafe) {
  const std::string seeds[] = {"ERROR -\"a b\" ?x\nERROR a",
                               "{ $.a[0].b = \"x*\" || ($.c > 1 && $.d IS NULL) }\n{\"a\":1}",
                               "{ $['a'] != 1e5 }\n{\"a\":[1,{}]}"};
  constexpr std::string_view kTokens[] = {"{",  "}",    "$", "[*]", "\"",      "&&",
                                          "||", "(",    ")", "\\",  "IS NULL", "NOT EXISTS",
                                          "\n", "\xff", "*", "-",   "?"};
  std::mt19937 random(7);
  for (int i = 0; i < 20000; ++i) {
    std::string text = seeds[random() % std::size(seeds)];
    for (size_t changes = 1 + random() % 4; changes > 0; --changes) {
      const size_t at = random() % (text.size() + 1);
      if (random() % 2 == 0) {
        text.insert(at, kTokens[random() % std::size(kTokens)]);
      } else {
        text.erase(at, random() % 4);
      }
    }
    LLVMFuzzerTestOneInput(reinterpret_cast<const uint8_t*>(text.data()), text.size());
  }
}

}  // namespace
}  // namespace howdah::services::logs

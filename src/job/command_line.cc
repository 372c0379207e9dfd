#include "job/command_line.h"

#include <fmt/format.h>

namespace howdah::job {
namespace {

bool is_blank(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }

// What a backslash takes away the meaning of between double quotes.
bool is_escaped_in_quotes(char c) { return c == '"' || c == '\\' || c == '$' || c == '`'; }

}  // namespace

base::Result<std::vector<std::string>> split_command_line(std::string_view text) {
  std::vector<std::string> out;
  std::string word;
  bool in_word = false;
  char quote = 0;
  for (size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    const bool more = i + 1 < text.size();
    if (quote == '\'' && c != '\'') {
      word += c;
    } else if (quote != 0 && c == quote) {
      quote = 0;
    } else if (c == '\\' && more && (quote == 0 || is_escaped_in_quotes(text[i + 1]))) {
      if (text[++i] == '\n') continue;  // the line goes on
      word += text[i];
      in_word = true;
    } else if (quote == '"') {
      word += c;
    } else if (c == '\'' || c == '"') {
      quote = c;
      in_word = true;
    } else if (is_blank(c)) {
      if (in_word) out.push_back(std::move(word));
      word.clear();
      in_word = false;
    } else {
      word += c;
      in_word = true;
    }
  }
  if (quote != 0)
    return base::invalid_argument(fmt::format("a {} is not closed", quote == '"' ? "\"" : "'"));
  if (in_word) out.push_back(std::move(word));
  return out;
}

}  // namespace howdah::job

#include "aws/form.h"

#include "base/text.h"

namespace howdah::aws {

base::Result<Form> parse_form(std::string_view text, bool plus_is_space) {
  Form form;
  while (!text.empty()) {
    const size_t end = text.find('&');
    const std::string_view pair = text.substr(0, end);
    text = end == std::string_view::npos ? std::string_view{} : text.substr(end + 1);
    if (pair.empty()) continue;
    const size_t equals = pair.find('=');
    auto name = base::percent_decode(pair.substr(0, equals), plus_is_space);
    auto value = equals == std::string_view::npos
                     ? std::optional<std::string>("")
                     : base::percent_decode(pair.substr(equals + 1), plus_is_space);
    if (!name || !value) return base::invalid_argument("broken percent-encoding");
    form.emplace_back(std::move(*name), std::move(*value));
  }
  return form;
}

const std::string* find(const Form& form, std::string_view name) {
  for (const auto& [key, value] : form) {
    if (key == name) return &value;
  }
  return nullptr;
}

}  // namespace howdah::aws

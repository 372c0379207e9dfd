#pragma once

// application/x-www-form-urlencoded text, of query strings and of Query bodies, decoded. Pure.

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"

namespace howdah::aws {

using Form = std::vector<std::pair<std::string, std::string>>;

/// "a=1&b=x+y&c" -> {a:1} {b:"x y"} {c:""}, in order. `plus_is_space` is for bodies; in a URL S3
/// and SigV4 read '+' as itself. kInvalidArgument for a '%' without two hexadecimal digits.
base::Result<Form> parse_form(std::string_view text, bool plus_is_space);

/// The first of that name; nullptr when absent.
const std::string* find(const Form& form, std::string_view name);

}  // namespace howdah::aws

#pragma once

// How our own API answers. Pure.

#include <string_view>

#include "base/error.h"
#include "base/json.h"
#include "http/message.h"

namespace howdah::services {

http::Response json_answer(const base::JsonObject& object, int status = 200);
http::Response error_answer(const base::Error& error);
/// The value of a query parameter; "" when absent. Our parameters are numbers and need no decoding.
std::string_view query_value(const http::Request& request, std::string_view name);

}  // namespace howdah::services

#pragma once

// What the REST protocols put outside of the body: labels of the path, query parameters, headers,
// headers of a common prefix; and which member is the body. Pure.

#include <string>
#include <string_view>

#include "aws/route.h"
#include "base/json.h"
#include "base/result.h"
#include "http/message.h"

namespace howdah::aws {

base::Result<base::JsonObject> read_rest(const Route& route, const http::Request& request,
                                         std::string_view body);

void write_rest_headers(const Route& route, const base::JsonObject& members,
                        http::Headers& headers);

/// Empty for an output that has no body, and for a streaming one.
std::string write_rest_body(const Route& route, const base::JsonObject& members);

std::string_view rest_content_type(const Route& route);

}  // namespace howdah::aws

#include "services/howdah/answers.h"

#include "base/text.h"

namespace howdah::services {
namespace {

int status_of(base::Code code) {
  switch (code) {
    case base::Code::kInvalidArgument:
      return 400;
    case base::Code::kNotFound:
      return 404;
    case base::Code::kAlreadyExists:
    case base::Code::kFailedPrecondition:
    case base::Code::kAborted:
      return 409;
    case base::Code::kPermissionDenied:
    case base::Code::kUnauthenticated:
      return 403;
    case base::Code::kUnavailable:
      return 503;
    default:
      return 500;
  }
}

}  // namespace

http::Response json_answer(const base::JsonObject& object, int status) {
  http::Response out;
  out.status = status;
  out.headers.set("Content-Type", "application/json");
  out.body = base::to_text(object);
  return out;
}

http::Response error_answer(const base::Error& error) {
  const std::string code = error.reason.empty() ? base::name_of(error.code) : error.reason;
  return json_answer({{"error", base::JsonObject{{"code", code}, {"message", error.message}}}},
                     status_of(error.code));
}

std::string_view query_value(const http::Request& request, std::string_view name) {
  for (std::string_view part : base::split(request.query, '&')) {
    const size_t equals = part.find('=');
    if (part.substr(0, equals) == name && equals != std::string_view::npos)
      return part.substr(equals + 1);
  }
  return {};
}

}  // namespace howdah::services

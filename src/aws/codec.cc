#include "aws/codec.h"

#include <fmt/format.h>

#include "aws/errors.h"
#include "aws/json_codec.h"
#include "aws/query_codec.h"
#include "aws/rest_codec.h"
#include "aws/s3_rules.h"
#include "aws/validate.h"
#include "aws/xml_codec.h"

namespace howdah::aws {

using base::JsonObject;

namespace {

std::string query_text(const Service& service, const Operation& operation,
                       const JsonObject& members, std::string_view request_id) {
  const std::string_view name = operation.name;
  std::string out;
  out.reserve(1024);
  out.append("<").append(name).append("Response xmlns=\"");
  out.append(std::string_view(service.xml_namespace)).append("\">\n  ");
  if (operation.output) {
    const std::string_view wrapper = operation.result_wrapper;
    if (!wrapper.empty()) out.append("<").append(wrapper).append(">");
    write_xml(*operation.output, members, {.millis = false}, out);
    if (!wrapper.empty()) out.append("</").append(wrapper).append(">\n  ");
  }
  out.append("<ResponseMetadata><RequestId>").append(request_id);
  out.append("</RequestId></ResponseMetadata>\n</").append(name).append("Response>\n");
  return out;
}

std::string_view content_type(Protocol protocol) {
  switch (protocol) {
    case Protocol::kJson10:
      return "application/x-amz-json-1.0";
    case Protocol::kJson11:
      return "application/x-amz-json-1.1";
    case Protocol::kQuery:
      return "text/xml";
    case Protocol::kRestXml:
      return "application/xml";
    case Protocol::kRestJson:
      break;
  }
  return "application/json";
}

bool is_rest(Protocol protocol) {
  return protocol == Protocol::kRestXml || protocol == Protocol::kRestJson;
}

}  // namespace

base::Result<JsonObject> decode(const Route& route, const http::Request& request,
                                std::string_view body) {
  const Operation& operation = *route.operation;
  if (!operation.input) return JsonObject{};
  JsonObject input;
  switch (route.face.protocol) {
    case Protocol::kJson10:
    case Protocol::kJson11:
      input = TRY(read_json(*operation.input, body));
      break;
    case Protocol::kQuery:
      input = TRY(read_query(*operation.input, route.form));
      break;
    case Protocol::kRestXml:
      input = TRY(read_rest(route, request, body));
      TRY(validate_s3(operation, input));
      return input;
    case Protocol::kRestJson:
      input = TRY(read_rest(route, request, body));
      break;
  }
  TRY(validate(route.face.protocol, *operation.input, input));
  return input;
}

std::string encode_text(const Route& route, const JsonObject& members,
                        std::string_view request_id) {
  const Operation& operation = *route.operation;
  if (route.face.protocol == Protocol::kQuery) {
    return query_text(*route.face.service, operation, members, request_id);
  }
  if (is_rest(route.face.protocol)) return write_rest_body(route, members);
  std::string out;
  if (!operation.output) return "{}";
  out.reserve(1024);
  write_json(*operation.output, members, out);
  return out;
}

http::Response encode(const Route& route, Answer answer, std::string_view request_id) {
  http::Response response;
  response.status = answer.status != 0 ? answer.status : route.operation->status;
  add_request_id(route.face.protocol, request_id, response.headers);
  if (!is_rest(route.face.protocol)) {
    response.headers.add("Content-Type", content_type(route.face.protocol));
    response.body = encode_text(route, answer.members, request_id);
    return response;
  }
  write_rest_headers(route, answer.members, response.headers);
  if (streams_output(*route.operation)) {
    if (answer.body) response.body = std::move(*answer.body);
    return response;
  }
  std::string text = write_rest_body(route, answer.members);
  if (!text.empty() && !response.headers.contains("Content-Type")) {
    response.headers.add("Content-Type", rest_content_type(route));
  }
  response.body = std::move(text);
  return response;
}

}  // namespace howdah::aws

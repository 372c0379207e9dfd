#include "aws/rest_codec.h"

#include <fmt/format.h>

#include "aws/json_codec.h"
#include "aws/s3_rules.h"
#include "aws/xml_codec.h"
#include "base/text.h"

namespace howdah::aws {

using base::Json;
using base::JsonArray;
using base::JsonObject;

namespace {

bool is_xml(const Route& route) { return route.face.protocol == Protocol::kRestXml; }

base::Error bad_argument(const Route& route, const Member& member, std::string_view text) {
  if (is_xml(route)) return s3_bad_argument(member, text);
  return {base::Code::kInvalidArgument,
          fmt::format("'{}' is not a valid value of {}", text, std::string_view(member.wire)),
          "SerializationException",
          {}};
}

base::Result<Json> read_one(const Route& route, const Member& member, TimeFormat otherwise,
                            std::string_view text) {
  auto value = read_scalar(member, otherwise, text);
  if (!value) return bad_argument(route, member, text);
  return std::move(*value);
}

// A header that holds a list: values between commas.
base::Result<Json> read_header(const Route& route, const Member& member, std::string_view text) {
  if (member.shape->type != Type::kList) return read_one(route, member, TimeFormat::kRfc822, text);
  JsonArray array;
  for (std::string_view part : base::split(text, ',')) {
    array.push_back(
        TRY(read_one(route, *member.shape->element, TimeFormat::kRfc822, base::trim(part))));
  }
  return Json(std::move(array));
}

// A list in the query repeats its name; a map takes every name that no member claims.
base::Result<Json> read_parameter(const Route& route, const Member& member,
                                  std::string_view first) {
  if (member.shape->type != Type::kList)
    return read_one(route, member, TimeFormat::kIso8601, first);
  JsonArray array;
  for (const auto& [name, value] : route.form) {
    if (name != std::string_view(member.wire)) continue;
    array.push_back(TRY(read_one(route, *member.shape->element, TimeFormat::kIso8601, value)));
  }
  return Json(std::move(array));
}

Json read_prefixed(const http::Request& request, std::string_view prefix) {
  JsonObject map;
  for (const auto& [name, value] : request.headers) {
    if (name.size() <= prefix.size() ||
        !base::equals_ignore_case(std::string_view(name).substr(0, prefix.size()), prefix)) {
      continue;
    }
    Json& slot = map[base::to_lower(std::string_view(name).substr(prefix.size()))];
    if (slot.is_string()) {  // sent twice: joined, as S3 does
      slot.get_string().append(",");
      slot.get_string().append(value);
    } else {
      slot = value;
    }
  }
  return map;
}

base::Status read_member(const Route& route, const http::Request& request, const Member& member,
                         JsonObject& input) {
  const std::string_view name = member.name;
  switch (member.location) {
    case Location::kUri:
      if (const std::string* label = find(route.labels, member.wire)) {
        input[name] = TRY(read_one(route, member, TimeFormat::kIso8601, *label));
      }
      break;
    case Location::kQuery:
      if (const std::string* value = find(route.form, member.wire)) {
        input[name] = TRY(read_parameter(route, member, *value));
      }
      break;
    case Location::kHeader:
      if (const auto value = request.headers.find(member.wire)) {
        input[name] = TRY(read_header(route, member, *value));
      } else if (const std::string* signed_too = find(route.form, member.wire);
                 signed_too && member.wire.size > 6 &&
                 base::equals_ignore_case(std::string_view(member.wire).substr(0, 6), "x-amz-")) {
        input[name] = TRY(read_header(route, member, *signed_too));  // of a presigned URL
      }
      break;
    case Location::kHeaders: {
      Json map = read_prefixed(request, member.wire);
      if (!map.get_object().empty()) input[name] = std::move(map);
      break;
    }
    case Location::kBody:
    case Location::kStatus:
      break;
  }
  return {};
}

base::Status read_payload(const Route& route, const Shape& shape, std::string_view body,
                          JsonObject& input) {
  const Member& member = shape.members[shape.payload];
  if (member.streaming || body.empty()) return {};
  if (member.shape->type != Type::kStructure) {
    input[std::string_view(member.name)] = body;
  } else if (is_xml(route)) {
    input[std::string_view(member.name)] = TRY(read_xml(*member.shape, member.wire, body));
  } else {
    input[std::string_view(member.name)] = TRY(read_json(*member.shape, body));
  }
  return {};
}

bool has_body_members(const Shape& shape) {
  for (size_t i = 0; i < shape.member_count; ++i) {
    if (shape.members[i].location == Location::kBody) return true;
  }
  return false;
}

std::string xml_document(std::string_view root, const Service& service, const Shape& shape,
                         const JsonObject& members, bool unwrapped) {
  std::string out = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<";
  out.append(root)
      .append(" xmlns=\"")
      .append(std::string_view(service.xml_namespace))
      .append("\">");
  if (unwrapped) {
    write_xml_text(base::text_at(members, shape.members[0].name), out);
  } else {
    write_xml(shape, members, {}, out);
  }
  return out.append("</").append(root).append(">");
}

std::string payload_text(const Route& route, const Member& member, const JsonObject& members) {
  const Json* value = base::find(members, member.name);
  if (member.streaming || !value) return {};
  if (const auto* text = value->if_string()) return std::string(base::view_of(*text));
  const auto* object = value->if_object();
  if (!object) return {};
  if (is_xml(route)) {
    return xml_document(member.wire, *route.face.service, *member.shape, *object, false);
  }
  std::string out;
  write_json(*member.shape, *object, out);
  return out;
}

std::string header_text(const Member& member, const Json& value) {
  const auto* array = value.if_array();
  if (!array) return write_scalar(member, TimeFormat::kRfc822, value);
  std::string out;
  for (const Json& item : *array) {
    if (!out.empty()) out += ',';
    out += write_scalar(*member.shape->element, TimeFormat::kRfc822, item);
  }
  return out;
}

// No header of ours is split in two by what a user stored.
std::string without_line_ends(std::string text) {
  for (char& c : text) {
    if (c == '\r' || c == '\n' || c == '\0') c = ' ';
  }
  return text;
}

}  // namespace

base::Result<JsonObject> read_rest(const Route& route, const http::Request& request,
                                   std::string_view body) {
  const Shape& shape = *route.operation->input;
  JsonObject input;
  if (shape.payload < 0 && has_body_members(shape) && !body.empty()) {
    input = is_xml(route) ? TRY(read_xml(shape, route.operation->input_root, body))
                          : TRY(read_json(shape, body));
  }
  for (size_t i = 0; i < shape.member_count; ++i) {
    if (shape.members[i].location != Location::kBody) {
      TRY(read_member(route, request, shape.members[i], input));
    }
  }
  if (shape.payload >= 0) TRY(read_payload(route, shape, body, input));
  return input;
}

void write_rest_headers(const Route& route, const JsonObject& members, http::Headers& headers) {
  const Shape* shape = route.operation->output;
  if (!shape) return;
  for (size_t i = 0; i < shape->member_count; ++i) {
    const Member& member = shape->members[i];
    if (member.location != Location::kHeader && member.location != Location::kHeaders) continue;
    const Json* value = base::find(members, member.name);
    if (!value) continue;
    if (member.location == Location::kHeader) {
      headers.set(member.wire, without_line_ends(header_text(member, *value)));
      continue;
    }
    if (const auto* map = value->if_object()) {
      for (const auto& [name, item] : *map) {
        if (!item.is_string()) continue;
        headers.add(std::string(std::string_view(member.wire)) + std::string(name),
                    without_line_ends(std::string(base::view_of(item.get_string()))));
      }
    }
  }
}

std::string write_rest_body(const Route& route, const JsonObject& members) {
  const Operation& operation = *route.operation;
  const Shape* shape = operation.output;
  if (!shape) return {};
  if (shape->payload >= 0) return payload_text(route, shape->members[shape->payload], members);
  if (!has_body_members(*shape)) return is_xml(route) ? "" : "{}";
  if (!is_xml(route)) {
    std::string out;
    write_json(*shape, members, out);
    return out;
  }
  const std::string_view root = operation.output_root.empty() ? shape->name : operation.output_root;
  return xml_document(root, *route.face.service, *shape, members, operation.unwrapped);
}

std::string_view rest_content_type(const Route& route) {
  const Shape* shape = route.operation->output;
  const bool text_payload = shape && shape->payload >= 0 &&
                            shape->members[shape->payload].shape->type != Type::kStructure;
  if (text_payload) return "application/json";  // GetBucketPolicy
  return is_xml(route) ? "application/xml" : "application/json";
}

}  // namespace howdah::aws

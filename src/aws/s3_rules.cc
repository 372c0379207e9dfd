#include "aws/s3_rules.h"

#include <fmt/format.h>

#include "aws/validate.h"

namespace howdah::aws {

using base::Json;
using base::JsonObject;

namespace {

struct Rule {
  std::string_view wire;
  std::string_view code;
  std::string_view message;
};

constexpr Rule kRules[] = {
    {"x-amz-storage-class", "InvalidStorageClass", "The storage class you specified is not valid"},
    {"x-amz-server-side-encryption", "InvalidArgument",
     "The encryption method specified is not supported"},
    {"x-amz-metadata-directive", "InvalidArgument", "Unknown metadata directive."},
    {"x-amz-tagging-directive", "InvalidArgument", "Unknown tagging directive."},
    {"x-amz-copy-source", "InvalidArgument",
     "Copy Source must mention the source bucket and key: sourcebucket/sourcekey"},
    {"x-amz-checksum-algorithm", "InvalidRequest",
     "Checksum algorithm provided is unsupported. Please try again with any of the valid types: "
     "[CRC32, CRC32C, CRC64NVME, SHA1, SHA256]"},
    {"x-amz-sdk-checksum-algorithm", "InvalidRequest",
     "Value for x-amz-sdk-checksum-algorithm header is invalid."},
    {"encoding-type", "InvalidArgument", "Invalid Encoding Method specified in Request"},
    {"max-keys", "InvalidArgument", "Provided max-keys not an integer or within integer range"},
    {"max-uploads", "InvalidArgument",
     "Provided max-uploads not an integer or within integer range"},
    {"max-parts", "InvalidArgument", "Provided max-parts not an integer or within integer range"},
    {"part-number-marker", "InvalidArgument",
     "Provided part-number-marker not an integer or within integer range"},
    {"partNumber", "InvalidArgument",
     "Part number must be an integer between 1 and 10000, inclusive"},
};

base::Error malformed() {
  return {
      base::Code::kInvalidArgument,
      "The XML you provided was not well-formed or did not validate against our published schema",
      "MalformedXML",
      {}};
}

bool allowed(const Shape& shape, std::string_view text) {
  if (shape.pattern && !matches(*shape.pattern, text)) return false;
  if (shape.enum_count == 0) return true;
  for (size_t i = 0; i < shape.enum_count; ++i) {
    if (shape.enums[i] == text) return true;
  }
  return false;
}

base::Status check_structure(const Shape& shape, const JsonObject& object);

base::Status check_value(const Shape& shape, const Json& value) {
  if (const auto* text = value.if_string()) {
    return allowed(shape, base::view_of(*text)) ? base::Status{} : malformed();
  }
  if (const auto* object = value.if_object(); object && shape.type == Type::kStructure) {
    return check_structure(shape, *object);
  }
  if (const auto* array = value.if_array(); array && shape.type == Type::kList) {
    for (const Json& item : *array) TRY(check_value(*shape.element->shape, item));
  }
  return {};
}

base::Status check_structure(const Shape& shape, const JsonObject& object) {
  for (size_t i = 0; i < shape.member_count; ++i) {
    const Member& member = shape.members[i];
    const Json* value = base::find(object, member.name);
    if (value) {
      TRY(check_value(*member.shape, *value));
    } else if (member.required) {
      return malformed();
    }
  }
  return {};
}

base::Error missing(const Member& member, bool is_payload) {
  if (is_payload) {
    return {base::Code::kInvalidArgument, "Request body is empty", "MissingRequestBodyError", {}};
  }
  const bool header = member.location == Location::kHeader;
  return {base::Code::kInvalidArgument,
          fmt::format("Missing required {} for this request: {}", header ? "header" : "parameter",
                      std::string_view(member.wire)),
          header ? "InvalidRequest" : "InvalidArgument",
          {}};
}

base::Status check_outside_body(const Member& member, const Json& value) {
  if (const auto* text = value.if_string()) {
    if (!allowed(*member.shape, base::view_of(*text))) {
      return s3_bad_argument(member, base::view_of(*text));
    }
  }
  if (const auto* array = value.if_array()) {
    for (const Json& item : *array) {
      const auto* text = item.if_string();
      if (text && !allowed(*member.shape->element->shape, base::view_of(*text))) {
        return s3_bad_argument(member, base::view_of(*text));
      }
    }
  }
  return {};
}

}  // namespace

base::Error s3_bad_argument(const Member& member, std::string_view text) {
  Rule rule{member.wire, "InvalidArgument", ""};
  for (const Rule& known : kRules) {
    if (known.wire == std::string_view(member.wire)) rule = known;
  }
  std::string message(rule.message);
  if (message.empty()) message = fmt::format("Invalid value for {}", rule.wire);
  return {base::Code::kInvalidArgument,
          std::move(message),
          std::string(rule.code),
          {{"ArgumentName", std::string(rule.wire)}, {"ArgumentValue", std::string(text)}}};
}

base::Status validate_s3(const Operation& operation, const JsonObject& object) {
  const Shape* shape = operation.input;
  if (!shape) return {};
  for (size_t i = 0; i < shape->member_count; ++i) {
    const Member& member = shape->members[i];
    const bool is_payload = static_cast<int>(i) == shape->payload;
    const Json* value = base::find(object, member.name);
    if (!value) {
      if (member.required && !member.streaming) return missing(member, is_payload);
    } else if (is_payload || member.location == Location::kBody) {
      TRY(check_value(*member.shape, *value));
    } else {
      TRY(check_outside_body(member, *value));
    }
  }
  return {};
}

}  // namespace howdah::aws

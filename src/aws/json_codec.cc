#include "aws/json_codec.h"

#include <fmt/compile.h>
#include <fmt/format.h>

#include <cmath>
#include <limits>

#include "base/text.h"

namespace howdah::aws {

using base::Json;
using base::JsonArray;
using base::JsonObject;
using base::Status;

namespace {

base::Error serialization(std::string message) {
  return {base::Code::kInvalidArgument, std::move(message), "SerializationException", {}};
}

// The wire names a member by `wire` (REST-JSON has such); the search starts where the last one was
// found, since clients send members in the model's order.
const Member* find_by_wire(const Shape& shape, std::string_view name, size_t& hint) {
  for (size_t i = 0; i < shape.member_count; ++i) {
    const size_t at = hint + i < shape.member_count ? hint + i : hint + i - shape.member_count;
    if (std::string_view(shape.members[at].wire) == name) {
      hint = at + 1;
      return &shape.members[at];
    }
  }
  return nullptr;
}

std::string_view token_of(const Json& value) {
  switch (value.kind()) {
    case base::json::kind::string:
      return "STRING_VALUE";
    case base::json::kind::bool_:
      return value.get_bool() ? "TRUE_VALUE" : "FALSE_VALUE";
    case base::json::kind::double_:
      return "DECIMAL_VALUE";
    default:
      return "NUMBER_VALUE";
  }
}

base::Error wrong_type(const Json& value, std::string_view wanted) {
  if (value.is_object()) {
    return serialization("Start of structure or map found where not expected.");
  }
  if (value.is_array()) return serialization("Start of list found where not expected");
  return serialization(fmt::format("{} cannot be converted to {}", token_of(value), wanted));
}

Status read_value(const Member& member, Json& value);

Status read_integer(const Shape& shape, Json& value) {
  const bool is_long = shape.type == Type::kLong;
  const std::string_view wanted = is_long ? "Long" : "Integer";
  int64_t number = 0;
  if (value.is_int64()) {
    number = value.get_int64();
  } else if (const double* d = value.if_double();
             d && *d == std::trunc(*d) && std::abs(*d) < 9e15) {
    number = static_cast<int64_t>(*d);
  } else if (value.is_number()) {
    return value.is_double()
               ? wrong_type(value, wanted)
               : serialization(fmt::format("Numeric value out of range of {}", wanted));
  } else {
    return wrong_type(value, wanted);
  }
  if (!is_long && (number < std::numeric_limits<int32_t>::min() ||
                   number > std::numeric_limits<int32_t>::max())) {
    return serialization(fmt::format("Numeric value ({}) out of range of int", number));
  }
  value = number;
  return {};
}

Status read_double(Json& value) {
  if (value.is_double()) return {};
  if (value.is_number()) {
    value = value.to_number<double>();
    return {};
  }
  if (const auto* text = value.if_string()) {
    if (*text == "NaN") return value = std::nan(""), Status{};
    if (*text == "Infinity") return value = HUGE_VAL, Status{};
    if (*text == "-Infinity") return value = -HUGE_VAL, Status{};
  }
  return wrong_type(value, "Double");
}

Status read_timestamp(Json& value) {
  constexpr double kLatest = 253402300800.0;  // year 10000
  if (value.is_number()) {
    const double seconds = value.is_double()  ? value.get_double()
                           : value.is_int64() ? static_cast<double>(value.get_int64())
                                              : static_cast<double>(value.get_uint64());
    if (!(std::abs(seconds) < kLatest)) return serialization("Timestamp out of range");
    value = static_cast<int64_t>(std::llround(seconds * 1000));
    return {};
  }
  if (const auto* text = value.if_string()) {
    if (auto time = base::parse_iso8601(base::view_of(*text))) {
      value = base::to_millis(*time);
      return {};
    }
  }
  return wrong_type(value, "Timestamp");
}

Status read_structure(const Shape& shape, JsonObject& object) {
  size_t hint = 0;
  for (size_t i = 0; i < object.size();) {
    auto at = object.begin() + i;
    const Member* member = find_by_wire(shape, at->key(), hint);
    if (!member || at->value().is_null() || member->location != Location::kBody) {
      object.erase(at);  // the last one takes its place
      continue;
    }
    TRY(read_value(*member, at->value()));
    if (member->name.data != member->wire.data &&
        std::string_view(member->name) != std::string_view(member->wire)) {
      Json moved = std::move(at->value());
      object.erase(at);
      object[std::string_view(member->name)] = std::move(moved);
      continue;
    }
    ++i;
  }
  return {};
}

Status read_value(const Member& member, Json& value) {
  const Shape& shape = *member.shape;
  switch (shape.type) {
    case Type::kString:
      return value.is_string() ? Status{} : wrong_type(value, "String");
    case Type::kBlob: {
      const auto* text = value.if_string();
      if (!text) return wrong_type(value, "ByteBuffer");
      auto bytes = base::from_base64(base::view_of(*text));
      if (!bytes) return serialization("Invalid base64");
      value = *bytes;
      return {};
    }
    case Type::kInteger:
    case Type::kLong:
      return read_integer(shape, value);
    case Type::kFloat:
    case Type::kDouble:
      return read_double(value);
    case Type::kBoolean:
      return value.is_bool() ? Status{} : wrong_type(value, "Boolean");
    case Type::kTimestamp:
      return read_timestamp(value);
    case Type::kStructure:
      if (!value.is_object()) {
        return value.is_array() ? wrong_type(value, "Structure")
                                : serialization("Expected null or structure");
      }
      return read_structure(shape, value.get_object());
    case Type::kList:
      if (!value.is_array()) {
        return value.is_object() ? wrong_type(value, "List")
                                 : serialization("Expected list or null");
      }
      for (Json& item : value.get_array()) {
        if (!item.is_null()) TRY(read_value(*shape.element, item));
      }
      return {};
    case Type::kMap:
      if (!value.is_object()) {
        return value.is_array() ? wrong_type(value, "Map") : serialization("Expected map or null");
      }
      for (auto& [key, item] : value.get_object()) {
        if (!item.is_null()) TRY(read_value(*shape.value, item));
      }
      return {};
  }
  return {};
}

void write_value(const Member& member, const Json& value, std::string& out);

void write_timestamp(TimeFormat format, int64_t millis, std::string& out) {
  if (format == TimeFormat::kIso8601) {
    write_json_text(base::to_iso8601(base::from_millis(millis)), out);
    return;
  }
  const char* sign = millis < 0 ? "-" : "";
  const uint64_t size =
      millis < 0 ? 0 - static_cast<uint64_t>(millis) : static_cast<uint64_t>(millis);
  if (size % 1000 == 0) {
    fmt::format_to(std::back_inserter(out), FMT_COMPILE("{}{}"), sign, size / 1000);
  } else {
    fmt::format_to(std::back_inserter(out), FMT_COMPILE("{}{}.{:03}"), sign, size / 1000,
                   size % 1000);
  }
}

void write_number(const Json& value, std::string& out) {
  if (value.is_int64()) {
    fmt::format_to(std::back_inserter(out), FMT_COMPILE("{}"), value.get_int64());
  } else if (value.is_uint64()) {
    fmt::format_to(std::back_inserter(out), FMT_COMPILE("{}"), value.get_uint64());
  } else {
    const double number = value.is_double() ? value.get_double() : 0;
    if (std::isfinite(number)) {
      fmt::format_to(std::back_inserter(out), FMT_COMPILE("{}"), number);
    } else {
      out += std::isnan(number) ? "\"NaN\"" : number > 0 ? "\"Infinity\"" : "\"-Infinity\"";
    }
  }
}

void write_list(const Shape& shape, const JsonArray& array, std::string& out) {
  out += '[';
  bool first = true;
  for (const Json& item : array) {
    if (!first) out += ',';
    first = false;
    write_value(*shape.element, item, out);
  }
  out += ']';
}

void write_map(const Shape& shape, const JsonObject& object, std::string& out) {
  out += '{';
  bool first = true;
  for (const auto& [key, item] : object) {
    if (!first) out += ',';
    first = false;
    write_json_text(key, out);
    out += ':';
    write_value(*shape.value, item, out);
  }
  out += '}';
}

void write_value(const Member& member, const Json& value, std::string& out) {
  const Shape& shape = *member.shape;
  switch (value.kind()) {
    case base::json::kind::null:
      out += "null";
      return;
    case base::json::kind::bool_:
      out += value.get_bool() ? "true" : "false";
      return;
    case base::json::kind::string:
      if (shape.type == Type::kBlob) {
        write_json_text(base::to_base64(base::view_of(value.get_string())), out);
      } else {
        write_json_text(base::view_of(value.get_string()), out);
      }
      return;
    case base::json::kind::object:
      if (shape.type == Type::kStructure) {
        write_json(shape, value.get_object(), out);
      } else if (shape.type == Type::kMap) {
        write_map(shape, value.get_object(), out);
      } else {
        out += "null";
      }
      return;
    case base::json::kind::array:
      if (shape.type == Type::kList) {
        write_list(shape, value.get_array(), out);
      } else {
        out += "null";
      }
      return;
    default:
      if (shape.type == Type::kTimestamp && value.is_int64()) {
        const auto format =
            member.time_format != TimeFormat::kDefault ? member.time_format : shape.time_format;
        write_timestamp(format, value.get_int64(), out);
      } else {
        write_number(value, out);
      }
  }
}

const Member* find_by_name(const Shape& shape, std::string_view name, size_t& hint) {
  for (size_t i = 0; i < shape.member_count; ++i) {
    const size_t at = hint + i < shape.member_count ? hint + i : hint + i - shape.member_count;
    if (std::string_view(shape.members[at].name) == name) {
      hint = at + 1;
      return &shape.members[at];
    }
  }
  return nullptr;
}

}  // namespace

base::Result<JsonObject> read_json(const Shape& shape, std::string_view text) {
  if (base::trim(text).empty()) return JsonObject{};
  auto parsed = base::parse_json(text);
  if (!parsed.ok()) return serialization({});
  if (!parsed->is_object()) return serialization("Unexpected token: the body is not a JSON object");
  JsonObject& object = parsed->get_object();
  TRY(read_structure(shape, object));
  return std::move(object);
}

void write_json(const Shape& shape, const JsonObject& object, std::string& out) {
  out += '{';
  bool first = true;
  size_t hint = 0;
  for (const auto& entry : object) {
    if (entry.value().is_null()) continue;
    const Member* member = find_by_name(shape, entry.key(), hint);
    if (!member || member->location != Location::kBody) continue;
    if (!first) out += ',';
    first = false;
    out += '"';
    out += std::string_view(member->wire);
    out += "\":";
    write_value(*member, entry.value(), out);
  }
  out += '}';
}

void write_json_text(std::string_view text, std::string& out) {
  static constexpr char kHex[] = "0123456789abcdef";
  out += '"';
  size_t from = 0;
  for (size_t i = 0; i < text.size(); ++i) {
    const auto c = static_cast<unsigned char>(text[i]);
    if (c >= 0x20 && c != '"' && c != '\\') continue;
    out.append(text, from, i - from);
    from = i + 1;
    switch (c) {
      case '"':
        out += "\\\"";
        break;
      case '\\':
        out += "\\\\";
        break;
      case '\n':
        out += "\\n";
        break;
      case '\r':
        out += "\\r";
        break;
      case '\t':
        out += "\\t";
        break;
      default:
        out += "\\u00";
        out += kHex[c >> 4];
        out += kHex[c & 15];
    }
  }
  out.append(text, from, text.size() - from);
  out += '"';
}

}  // namespace howdah::aws

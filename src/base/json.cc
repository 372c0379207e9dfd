#include "base/json.h"

#include <fmt/format.h>

namespace howdah::base {

Result<Json> parse_json(std::string_view text) {
  json::error_code error;
  json::parse_options options;
  options.max_depth = 64;
  json::stream_parser parser({}, options);
  const size_t used = parser.write_some(text.data(), text.size(), error);
  if (!error) {
    parser.finish(error);
    if (!error && used < text.size() &&
        text.find_first_not_of(" \t\r\n", used) != std::string_view::npos) {
      return invalid_argument(fmt::format("JSON: extra text at byte {}", used));
    }
  }
  if (error) return invalid_argument(fmt::format("JSON: {} at byte {}", error.message(), used));
  return parser.release();
}

std::string to_text(const Json& value) { return json::serialize(value); }
std::string to_text(const JsonObject& value) { return json::serialize(value); }

namespace {
void write_pretty(const Json& value, int depth, std::string& out) {
  const std::string indent(static_cast<size_t>(depth) * 2 + 2, ' ');
  const std::string closing(static_cast<size_t>(depth) * 2, ' ');
  if (const auto* object = value.if_object(); object && !object->empty()) {
    out += "{\n";
    bool first = true;
    for (const auto& [key, member] : *object) {
      if (!std::exchange(first, false)) out += ",\n";
      out += indent + json::serialize(json::string(key)) + ": ";
      write_pretty(member, depth + 1, out);
    }
    out += "\n" + closing + "}";
  } else if (const auto* array = value.if_array(); array && !array->empty()) {
    out += "[\n";
    bool first = true;
    for (const auto& item : *array) {
      if (!std::exchange(first, false)) out += ",\n";
      out += indent;
      write_pretty(item, depth + 1, out);
    }
    out += "\n" + closing + "]";
  } else {
    out += json::serialize(value);
  }
}
}  // namespace

std::string to_pretty_text(const Json& value) {
  std::string out;
  write_pretty(value, 0, out);
  return out;
}

const Json* find(const JsonObject& object, std::string_view key) {
  const Json* value = object.if_contains(key);
  return value && !value->is_null() ? value : nullptr;
}

const JsonObject* find_object(const JsonObject& object, std::string_view key) {
  const Json* value = find(object, key);
  return value ? value->if_object() : nullptr;
}

const JsonArray* find_array(const JsonObject& object, std::string_view key) {
  const Json* value = find(object, key);
  return value ? value->if_array() : nullptr;
}

std::string_view text_at(const JsonObject& object, std::string_view key,
                         std::string_view otherwise) {
  const Json* value = find(object, key);
  return value && value->is_string() ? view_of(value->get_string()) : otherwise;
}

int64_t int_at(const JsonObject& object, std::string_view key, int64_t otherwise) {
  const Json* value = find(object, key);
  if (!value) return otherwise;
  if (value->is_int64()) return value->get_int64();
  return otherwise;  // a uint64 here is above INT64_MAX: Boost.JSON prefers int64
}

double double_at(const JsonObject& object, std::string_view key, double otherwise) {
  const Json* value = find(object, key);
  if (!value) return otherwise;
  if (value->is_double()) return value->get_double();
  if (value->is_int64()) return static_cast<double>(value->get_int64());
  if (value->is_uint64()) return static_cast<double>(value->get_uint64());
  return otherwise;
}

bool bool_at(const JsonObject& object, std::string_view key, bool otherwise) {
  const Json* value = find(object, key);
  return value && value->is_bool() ? value->get_bool() : otherwise;
}

std::vector<std::string> texts_at(const JsonObject& object, std::string_view key) {
  std::vector<std::string> out;
  if (const JsonArray* array = find_array(object, key)) {
    for (const Json& item : *array) {
      if (item.is_string()) out.emplace_back(view_of(item.get_string()));
    }
  }
  return out;
}

}  // namespace howdah::base

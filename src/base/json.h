#pragma once

// JSON values (Boost.JSON: ordered objects, arena-friendly, parse without exceptions) and the few
// accessors that keep calling code free of type tests. Accessors never throw: what is absent or of
// another type gives the default.

#include <boost/json.hpp>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"

namespace howdah::base {

namespace json = boost::json;
using Json = json::value;
using JsonObject = json::object;
using JsonArray = json::array;

/// UTF-8 JSON text, at most 64 levels deep; kInvalidArgument names the position of the fault.
Result<Json> parse_json(std::string_view text);
std::string to_text(const Json& value);
std::string to_text(const JsonObject& value);
/// Two spaces an indent, keys in their order: for files and terminals that people read.
std::string to_pretty_text(const Json& value);

const Json* find(const JsonObject& object, std::string_view key);  // nullptr when absent or null
const JsonObject* find_object(const JsonObject& object, std::string_view key);
const JsonArray* find_array(const JsonObject& object, std::string_view key);
std::string_view text_at(const JsonObject& object, std::string_view key,
                         std::string_view otherwise = {});
int64_t int_at(const JsonObject& object, std::string_view key, int64_t otherwise = 0);
double double_at(const JsonObject& object, std::string_view key, double otherwise = 0);
bool bool_at(const JsonObject& object, std::string_view key, bool otherwise = false);
std::vector<std::string> texts_at(const JsonObject& object, std::string_view key);  // strings only

inline std::string_view view_of(const json::string& text) { return {text.data(), text.size()}; }

}  // namespace howdah::base

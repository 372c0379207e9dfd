#include "aws/view.h"

#include <fmt/format.h>

namespace howdah::aws {

using base::Json;
using base::JsonArray;
using base::JsonObject;

bool View::has(std::string_view member) const { return base::find(*raw_, member) != nullptr; }

std::string_view View::text_(std::string_view key) const { return base::text_at(*raw_, key); }

std::optional<std::string_view> View::maybe_text_(std::string_view key) const {
  const Json* value = base::find(*raw_, key);
  if (!value || !value->is_string()) return std::nullopt;
  return base::view_of(value->get_string());
}

int64_t View::int_(std::string_view key) const { return base::int_at(*raw_, key); }

std::optional<int64_t> View::maybe_int_(std::string_view key) const {
  if (!has(key)) return std::nullopt;
  return int_(key);
}

double View::double_(std::string_view key) const { return base::double_at(*raw_, key); }

std::optional<double> View::maybe_double_(std::string_view key) const {
  if (!has(key)) return std::nullopt;
  return double_(key);
}

bool View::bool_(std::string_view key) const { return base::bool_at(*raw_, key); }

std::optional<bool> View::maybe_bool_(std::string_view key) const {
  if (!has(key)) return std::nullopt;
  return bool_(key);
}

const JsonObject& View::object_(std::string_view key) const {
  static const JsonObject empty;
  const JsonObject* object = base::find_object(*raw_, key);
  return object ? *object : empty;
}

const JsonObject* View::maybe_object_(std::string_view key) const {
  return base::find_object(*raw_, key);
}

const JsonArray* View::array_(std::string_view key) const { return base::find_array(*raw_, key); }

std::vector<std::string> View::texts_(std::string_view key) const {
  return base::texts_at(*raw_, key);
}

Pairs View::pairs_(std::string_view key) const {
  Pairs pairs;
  const JsonObject* object = base::find_object(*raw_, key);
  if (!object) return pairs;
  pairs.reserve(object->size());
  for (const auto& [name, value] : *object) {
    if (const auto* text = value.if_string()) {
      pairs.emplace_back(name, std::string_view(*text));
    }
  }
  return pairs;
}

void Builder::put_(std::string_view key, std::string_view value) { raw_[key] = value; }
void Builder::put_(std::string_view key, int64_t value) { raw_[key] = value; }
void Builder::put_(std::string_view key, double value) { raw_[key] = value; }
void Builder::put_(std::string_view key, bool value) { raw_[key] = value; }
void Builder::put_(std::string_view key, Json value) { raw_[key] = std::move(value); }

void Builder::put_(std::string_view key, const std::vector<std::string>& values) {
  JsonArray array;
  array.reserve(values.size());
  for (const std::string& value : values) array.emplace_back(value);
  raw_[key] = std::move(array);
}

void Builder::put_(std::string_view key, const Pairs& values) {
  JsonObject object;
  object.reserve(values.size());
  for (const auto& [name, value] : values) object[name] = value;
  raw_[key] = std::move(object);
}

base::Error not_there(const Service& service, const Operation& operation) {
  const std::string_view name = operation.name;
  switch (service.protocol) {
    case Protocol::kQuery:
      return {base::Code::kInvalidArgument,
              fmt::format("Could not find operation {} for version {}", name,
                          std::string_view(service.api_version)),
              "InvalidAction",
              {}};
    case Protocol::kRestXml:
      return {base::Code::kInvalidArgument,
              "A header you provided implies functionality that is not implemented",
              "NotImplemented",
              {}};
    default:
      return {base::Code::kInvalidArgument, {}, "UnknownOperationException", {}};
  }
}

}  // namespace howdah::aws

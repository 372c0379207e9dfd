#include "base/json_members.h"

namespace howdah::base {

void put_time(JsonObject& out, std::string_view key, const std::optional<Time>& time) {
  if (time) out[key] = to_millis(*time);
}

std::optional<Time> time_at(const JsonObject& in, std::string_view key) {
  if (!find(in, key)) return std::nullopt;
  return from_millis(int_at(in, key));
}

std::string string_at(const JsonObject& in, std::string_view key, std::string_view otherwise) {
  return std::string(text_at(in, key, otherwise));
}

JsonObject object_at(const JsonObject& in, std::string_view key) {
  const JsonObject* object = find_object(in, key);
  return object ? *object : JsonObject();
}

JsonArray array_at(const JsonObject& in, std::string_view key) {
  const JsonArray* array = find_array(in, key);
  return array ? *array : JsonArray();
}

JsonArray pairs_json(const Pairs& pairs) {
  JsonArray out;
  for (const auto& [key, value] : pairs) out.push_back(JsonArray{Json(key), Json(value)});
  return out;
}

Pairs pairs_at(const JsonObject& in, std::string_view key) {
  Pairs out;
  for (const Json& item : array_at(in, key)) {
    const JsonArray* pair = item.if_array();
    if (pair && pair->size() == 2 && (*pair)[0].is_string() && (*pair)[1].is_string())
      out.emplace_back(view_of((*pair)[0].get_string()), view_of((*pair)[1].get_string()));
  }
  return out;
}

JsonArray texts_json(const std::vector<std::string>& texts) {
  JsonArray out;
  for (const std::string& text : texts) out.push_back(Json(text));
  return out;
}

}  // namespace howdah::base

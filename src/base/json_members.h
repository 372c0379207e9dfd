#pragma once

// Values as members of the JSON objects that stores keep: how times, pairs and lists of texts are
// written, and how they are read back. What is absent or of another type gives the default; nothing
// throws.

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "base/json.h"

namespace howdah::base {

/// Milliseconds since the epoch; nothing for nullopt.
void put_time(JsonObject& out, std::string_view key, const std::optional<Time>& time);
std::optional<Time> time_at(const JsonObject& in, std::string_view key);

std::string string_at(const JsonObject& in, std::string_view key, std::string_view otherwise = {});
JsonObject object_at(const JsonObject& in, std::string_view key);
JsonArray array_at(const JsonObject& in, std::string_view key);

/// [["key", "value"], …]: in their order, twice the same key too.
using Pairs = std::vector<std::pair<std::string, std::string>>;
JsonArray pairs_json(const Pairs& pairs);
Pairs pairs_at(const JsonObject& in, std::string_view key);
JsonArray texts_json(const std::vector<std::string>& texts);

}  // namespace howdah::base

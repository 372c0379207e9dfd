#pragma once

// The JSON protocols' bodies (AWS JSON 1.0 and 1.1, REST-JSON): text to and from the server's own
// objects, along a shape. Inside the server timestamps are epoch milliseconds and blobs raw bytes;
// on the wire epoch seconds (with a fraction) and base64. Pure functions.

#include <string>
#include <string_view>

#include "aws/schema.h"
#include "base/json.h"
#include "base/result.h"

namespace howdah::aws {

/// The members of `shape` in `text` (empty text reads as {}). Unknown members and nulls are
/// dropped, as AWS does. Broken JSON and values of a wrong type: reason SerializationException.
base::Result<base::JsonObject> read_json(const Shape& shape, std::string_view text);

/// Appends `object` as JSON text. Members that the shape does not know are not written.
void write_json(const Shape& shape, const base::JsonObject& object, std::string& out);

/// Appends `text` as a JSON string, quoted and escaped.
void write_json_text(std::string_view text, std::string& out);

}  // namespace howdah::aws

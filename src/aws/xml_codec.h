#pragma once

// XML bodies along a shape: the answers of the Query protocol and both ways of REST-XML. Inside the
// server timestamps are epoch milliseconds and blobs raw bytes; on the wire ISO 8601 and base64.
// Pure functions; pugixml stays in xml_codec.cc.

#include <string>
#include <string_view>

#include "aws/schema.h"
#include "base/json.h"
#include "base/result.h"

namespace howdah::aws {

struct XmlStyle {
  bool millis = true;  // "2026-01-31T23:59:59.000Z" (S3) or without a fraction (IAM, STS)
};

/// The members of `shape` below the document's root element, which must be called `root` (whatever
/// its namespace prefix). kInvalidArgument with reason MalformedXML otherwise.
base::Result<base::JsonObject> read_xml(const Shape& shape, std::string_view root,
                                        std::string_view text);

/// Appends the members of `object` as elements, without an enclosing one.
void write_xml(const Shape& shape, const base::JsonObject& object, XmlStyle style,
               std::string& out);

/// Appends `text` escaped. Characters that XML cannot hold become references, as S3 sends them.
void write_xml_text(std::string_view text, std::string& out);

/// Text of a query parameter, header or element as a value of `member`; nullopt when it is none.
std::optional<base::Json> read_scalar(const Member& member, TimeFormat otherwise,
                                      std::string_view text);

/// The reverse.
std::string write_scalar(const Member& member, TimeFormat otherwise, const base::Json& value);

}  // namespace howdah::aws

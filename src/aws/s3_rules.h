#pragma once

// How S3 refuses input that its model forbids: it has codes of its own per header or parameter
// (InvalidStorageClass, InvalidArgument with ArgumentName …) and MalformedXML for bodies, not the
// ValidationException of other services. Pure. Source: S3 API reference, "Error responses".

#include "aws/schema.h"
#include "base/json.h"
#include "base/result.h"

namespace howdah::aws {

/// Headers, query parameters and the XML payload of `operation` against the model.
base::Status validate_s3(const Operation& operation, const base::JsonObject& object);

/// The error for `text` in that header or query parameter.
base::Error s3_bad_argument(const Member& member, std::string_view text);

}  // namespace howdah::aws

#pragma once

// The Query protocol's inputs: `Tags.member.1.Key=a` as nested members along a shape, flattened or
// not, lists and maps; a list sent empty (`Tags=`) is an empty list. Pure.

#include "aws/form.h"
#include "aws/schema.h"
#include "base/json.h"
#include "base/result.h"

namespace howdah::aws {

/// Unknown parameters are ignored, as AWS does. A value of a wrong type: reason MalformedInput.
base::Result<base::JsonObject> read_query(const Shape& shape, const Form& form);

}  // namespace howdah::aws

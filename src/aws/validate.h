#pragma once

// Every constraint that the model states: required, range, length, pattern, enum. The whole input
// is looked at and all faults are told at once, in Amazon's words. Pure; patterns are compiled at
// their first use, once a process.

#include "aws/schema.h"
#include "base/json.h"
#include "base/result.h"

namespace howdah::aws {

/// "N validation errors detected: Value 'x' at 'a.b' failed to satisfy constraint: …". The reason
/// is ValidationException, for the Query protocol ValidationError. REST-XML (S3) checks otherwise:
/// see s3_rules.h.
base::Status validate(Protocol protocol, const Shape& input, const base::JsonObject& object);

/// The whole of `text` matches. False also when matching exceeds its limits or text is no UTF-8.
bool matches(const Pattern& pattern, std::string_view text);

/// PCRE2 understands it. One that it does not understand matches everything; a test holds that
/// there is none.
bool compiles(const Pattern& pattern);

}  // namespace howdah::aws

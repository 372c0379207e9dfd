#pragma once

// Text files of this folder as constants of the program (see CMakeLists.txt). Static data.

#include <cstddef>

namespace howdah::store::iam {

extern const char* const kSchema;  // schema.sql

struct EmbeddedPolicy {
  const char* name;  // the file's: "AmazonS3FullAccess"
  const char* text;  // JSON: Path, Description, Document
};
extern const EmbeddedPolicy kEmbeddedPolicies[];
extern const size_t kEmbeddedPolicyCount;

}  // namespace howdah::store::iam

#pragma once

// What there is to copy: from --src, from --srcPrefixesFile, or from a manifest. Free functions;
// failure: kNotFound when the source is not there.

#include "distcp/plan.h"
#include "distcp/session.h"

namespace howdah::distcp {

/// What follows `folder` in `file`, without a leading '/'; the name alone when they are the same.
/// kInvalidArgument when the file is not below it.
base::Result<std::string> relative_to(const Location& folder, const Location& file);

base::Result<Findings> find_files(const Options& options, const Location& destination,
                                  Session& session);

}  // namespace howdah::distcp

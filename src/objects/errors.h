#pragma once

// The errors that the store raises, with S3's codes and wording (Amazon S3 API reference, "Error
// responses"). Pure functions.

#include <string>
#include <string_view>

#include "base/error.h"

namespace howdah::objects {

/// An error whose wire code is `reason`.
base::Error s3_error(base::Code code, std::string_view reason, std::string_view message,
                     std::vector<std::pair<std::string, std::string>> details = {});

base::Error no_such_bucket(std::string_view bucket);
base::Error no_such_key(std::string_view key);
base::Error no_such_upload(std::string_view upload_id);
/// `condition` is the header that did not hold: "If-Match", "If-None-Match", …
base::Error precondition_failed(std::string_view condition);
base::Error access_denied();
base::Error invalid_argument(std::string_view message, std::string_view name,
                             std::string_view value);
base::Error invalid_request(std::string_view message);
base::Error incomplete_body();

/// A failed write: a full disk (ENOSPC, EDQUOT, EFBIG) says so and what to do next.
base::Error write_failed(std::string_view path, int error_number);

}  // namespace howdah::objects

#include "objects/errors.h"

#include <fmt/format.h>

#include <cerrno>

namespace howdah::objects {

using base::Code;
using base::Error;

Error s3_error(Code code, std::string_view reason, std::string_view message,
               std::vector<std::pair<std::string, std::string>> details) {
  return {code, std::string(message), std::string(reason), std::move(details)};
}

Error no_such_bucket(std::string_view bucket) {
  return s3_error(Code::kNotFound, "NoSuchBucket", "The specified bucket does not exist",
                  {{"BucketName", std::string(bucket)}});
}

Error no_such_key(std::string_view key) {
  return s3_error(Code::kNotFound, "NoSuchKey", "The specified key does not exist.",
                  {{"Key", std::string(key)}});
}

Error no_such_upload(std::string_view upload_id) {
  return s3_error(
      Code::kNotFound, "NoSuchUpload",
      "The specified upload does not exist. The upload ID may be invalid, or the upload "
      "may have been aborted or completed.",
      {{"UploadId", std::string(upload_id)}});
}

Error precondition_failed(std::string_view condition) {
  return s3_error(Code::kFailedPrecondition, "PreconditionFailed",
                  "At least one of the pre-conditions you specified did not hold",
                  {{"Condition", std::string(condition)}});
}

Error access_denied() { return s3_error(Code::kPermissionDenied, "AccessDenied", "Access Denied"); }

Error invalid_argument(std::string_view message, std::string_view name, std::string_view value) {
  return s3_error(Code::kInvalidArgument, "InvalidArgument", message,
                  {{"ArgumentName", std::string(name)}, {"ArgumentValue", std::string(value)}});
}

Error invalid_request(std::string_view message) {
  return s3_error(Code::kInvalidArgument, "InvalidRequest", message);
}

Error incomplete_body() {
  return s3_error(
      Code::kInvalidArgument, "IncompleteBody",
      "You did not provide the number of bytes specified by the Content-Length HTTP header");
}

Error write_failed(std::string_view path, int error_number) {
  Error error = base::from_errno(fmt::format("writing {}", path), error_number);
  error.reason = "InternalError";
  if (error_number == ENOSPC || error_number == EDQUOT || error_number == EFBIG) {
    error.code = Code::kResourceExhausted;
    error.message += "; nothing of this write was kept: free space there and send it again";
  }
  return error;
}

}  // namespace howdah::objects

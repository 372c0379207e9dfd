#include "objects/errors.h"
#include "services/s3/request.h"
#include "services/s3/service.h"

namespace howdah::services::s3 {
namespace {

base::JsonObject failure(std::string_view key, const base::Error& error) {
  base::JsonObject entry;
  entry["Key"] = key;
  entry["Code"] = error.reason.empty() ? std::string("InternalError") : error.reason;
  entry["Message"] = error.message;
  return entry;
}

}  // namespace

Result<wire::DeleteObjectOutput> S3Service::delete_object(const Context& context,
                                                          const wire::DeleteObjectInput& input) {
  TRY(check_common(context, input.raw()));
  const objects::PutConditions conditions = TRY(put_conditions(input.raw()));
  TRY(store_.remove(std::string(input.bucket()), std::string(input.key()), conditions.if_match));
  return wire::DeleteObjectOutput();
}

Result<wire::DeleteObjectsOutput> S3Service::delete_objects(const Context& context,
                                                            const wire::DeleteObjectsInput& input) {
  TRY(check_common(context, input.raw()));
  const std::string bucket(input.bucket());
  const wire::Delete batch = input.delete_();
  if (batch.objects().size() > 1000 || batch.objects().empty()) {
    return objects::s3_error(
        base::Code::kInvalidArgument, "MalformedXML",
        "The XML you provided was not well-formed or did not validate against our "
        "published schema");
  }
  TRY(store_.bucket(bucket));
  base::JsonArray errors;
  std::vector<std::string> together;
  std::vector<std::string> gone;
  for (const wire::ObjectIdentifier& object : batch.objects()) {
    std::string key(object.key());
    base::Status status = allow(context, "s3:DeleteObject", bucket, key);
    if (status.ok() && object.version_id() && *object.version_id() != "null") {
      status = objects::s3_error(base::Code::kNotFound, "NoSuchVersion",
                                 "The specified version does not exist.");
    }
    if (status.ok() && object.e_tag()) {
      status = store_.remove(bucket, key, without_quotes(*object.e_tag()));
      if (status.ok()) gone.push_back(key);
    } else if (status.ok()) {
      together.push_back(key);
    }
    if (!status.ok()) errors.push_back(failure(key, status.error()));
  }
  const base::Status removed = store_.remove_all(bucket, together);
  for (std::string& key : together) {
    if (removed.ok()) {
      gone.push_back(std::move(key));
    } else {
      errors.push_back(failure(key, removed.error()));
    }
  }
  wire::DeleteObjectsOutput output;
  if (!batch.quiet().value_or(false)) {
    base::JsonArray deleted;
    for (const std::string& key : gone) deleted.push_back(base::JsonObject{{"Key", key}});
    output.set_deleted(std::move(deleted));
  }
  if (!errors.empty()) output.set_errors(std::move(errors));
  return output;
}

}  // namespace howdah::services::s3

// Settings that no bucket has here: Amazon's answers for a bucket without them, so that tools which
// look (Terraform, consoles) find what they know.

#include "objects/errors.h"
#include "services/s3/request.h"
#include "services/s3/service.h"

namespace howdah::services::s3 {
namespace {

using base::JsonArray;
using base::JsonObject;

// NoSuchBucket first, then what is missing.
template <typename Input>
base::Error absent(objects::S3Store& store, const Context& context, const Input& input,
                   std::string_view reason, std::string_view message) {
  const base::Status common = check_common(context, input.raw());
  if (!common.ok()) return common.error();
  std::string bucket(input.bucket());
  const auto found = store.bucket(bucket);
  if (!found.ok()) return found.error();
  return objects::s3_error(base::Code::kNotFound, reason, message,
                           {{"BucketName", std::move(bucket)}});
}

template <typename Output, typename Input>
Result<Output> present(objects::S3Store& store, const Context& context, const Input& input,
                       JsonObject members = {}) {
  TRY(check_common(context, input.raw()));
  TRY(store.bucket(std::string(input.bucket())));
  return Output(std::move(members));
}

JsonObject full_control(const Context& context) {
  JsonObject grantee = owner_of(context.account);
  grantee["Type"] = "CanonicalUser";
  JsonObject members;
  members["Owner"] = owner_of(context.account);
  members["Grants"] =
      JsonArray{JsonObject{{"Grantee", std::move(grantee)}, {"Permission", "FULL_CONTROL"}}};
  return members;
}

}  // namespace

Result<wire::GetBucketVersioningOutput> S3Service::get_bucket_versioning(
    const Context& context, const wire::GetBucketVersioningInput& input) {
  return present<wire::GetBucketVersioningOutput>(store_, context, input);
}

Result<wire::GetBucketAclOutput> S3Service::get_bucket_acl(const Context& context,
                                                           const wire::GetBucketAclInput& input) {
  return present<wire::GetBucketAclOutput>(store_, context, input, full_control(context));
}

Result<wire::GetObjectAclOutput> S3Service::get_object_acl(const Context& context,
                                                           const wire::GetObjectAclInput& input) {
  TRY(check_common(context, input.raw()));
  TRY(store_.find(std::string(input.bucket()), std::string(input.key())));
  return wire::GetObjectAclOutput(full_control(context));
}

Result<wire::GetBucketTaggingOutput> S3Service::get_bucket_tagging(
    const Context& context, const wire::GetBucketTaggingInput& input) {
  return absent(store_, context, input, "NoSuchTagSet", "The TagSet does not exist");
}

Result<wire::GetBucketPolicyOutput> S3Service::get_bucket_policy(
    const Context& context, const wire::GetBucketPolicyInput& input) {
  return absent(store_, context, input, "NoSuchBucketPolicy", "The bucket policy does not exist");
}

Result<wire::GetBucketPolicyStatusOutput> S3Service::get_bucket_policy_status(
    const Context& context, const wire::GetBucketPolicyStatusInput& input) {
  return absent(store_, context, input, "NoSuchBucketPolicy", "The bucket policy does not exist");
}

Result<wire::GetBucketEncryptionOutput> S3Service::get_bucket_encryption(
    const Context& context, const wire::GetBucketEncryptionInput& input) {
  return absent(store_, context, input, "ServerSideEncryptionConfigurationNotFoundError",
                "The server side encryption configuration was not found");
}

Result<wire::GetBucketCorsOutput> S3Service::get_bucket_cors(
    const Context& context, const wire::GetBucketCorsInput& input) {
  return absent(store_, context, input, "NoSuchCORSConfiguration",
                "The CORS configuration does not exist");
}

Result<wire::GetBucketLifecycleConfigurationOutput> S3Service::get_bucket_lifecycle_configuration(
    const Context& context, const wire::GetBucketLifecycleConfigurationInput& input) {
  return absent(store_, context, input, "NoSuchLifecycleConfiguration",
                "The lifecycle configuration does not exist");
}

Result<wire::GetBucketWebsiteOutput> S3Service::get_bucket_website(
    const Context& context, const wire::GetBucketWebsiteInput& input) {
  return absent(store_, context, input, "NoSuchWebsiteConfiguration",
                "The specified bucket does not have a website configuration");
}

Result<wire::GetBucketReplicationOutput> S3Service::get_bucket_replication(
    const Context& context, const wire::GetBucketReplicationInput& input) {
  return absent(store_, context, input, "ReplicationConfigurationNotFoundError",
                "The replication configuration was not found");
}

Result<wire::GetObjectLockConfigurationOutput> S3Service::get_object_lock_configuration(
    const Context& context, const wire::GetObjectLockConfigurationInput& input) {
  return absent(store_, context, input, "ObjectLockConfigurationNotFoundError",
                "Object Lock configuration does not exist for this bucket");
}

Result<wire::GetPublicAccessBlockOutput> S3Service::get_public_access_block(
    const Context& context, const wire::GetPublicAccessBlockInput& input) {
  return absent(store_, context, input, "NoSuchPublicAccessBlockConfiguration",
                "The public access block configuration was not found");
}

Result<wire::GetBucketOwnershipControlsOutput> S3Service::get_bucket_ownership_controls(
    const Context& context, const wire::GetBucketOwnershipControlsInput& input) {
  JsonObject controls;
  controls["Rules"] = JsonArray{JsonObject{{"ObjectOwnership", "BucketOwnerEnforced"}}};
  return present<wire::GetBucketOwnershipControlsOutput>(
      store_, context, input, JsonObject{{"OwnershipControls", std::move(controls)}});
}

Result<wire::GetBucketLoggingOutput> S3Service::get_bucket_logging(
    const Context& context, const wire::GetBucketLoggingInput& input) {
  return present<wire::GetBucketLoggingOutput>(store_, context, input);
}

Result<wire::GetBucketNotificationConfigurationOutput>
S3Service::get_bucket_notification_configuration(
    const Context& context, const wire::GetBucketNotificationConfigurationInput& input) {
  return present<wire::GetBucketNotificationConfigurationOutput>(store_, context, input);
}

Result<wire::GetBucketRequestPaymentOutput> S3Service::get_bucket_request_payment(
    const Context& context, const wire::GetBucketRequestPaymentInput& input) {
  return present<wire::GetBucketRequestPaymentOutput>(store_, context, input,
                                                      JsonObject{{"Payer", "BucketOwner"}});
}

Result<wire::GetBucketAccelerateConfigurationOutput> S3Service::get_bucket_accelerate_configuration(
    const Context& context, const wire::GetBucketAccelerateConfigurationInput& input) {
  return present<wire::GetBucketAccelerateConfigurationOutput>(store_, context, input);
}

}  // namespace howdah::services::s3

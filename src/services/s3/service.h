#pragma once

// The operations of S3 over an objects::S3Store. What an operation does not find in the store (a
// bucket policy, a lifecycle rule) it answers as Amazon does for a bucket that has none; what
// promises protection (encryption, object lock, public ACLs) is refused until it acts. Ownership:
// borrows the store, which must live longer. Threads: concurrent calls allowed. Failure: S3's error
// codes in `reason` (S3 API reference, "Error responses").

#include "aws/s3/api.h"
#include "objects/s3_store.h"

namespace howdah::services::s3 {

namespace wire = aws::s3;
using aws::Context;
using base::Result;

class S3Service final : public wire::Api {
 public:
  explicit S3Service(objects::S3Store& store) : store_(store) {}

  // buckets.cc
  Result<wire::ListBucketsOutput> list_buckets(const Context&,
                                               const wire::ListBucketsInput&) override;
  Result<wire::CreateBucketOutput> create_bucket(const Context&,
                                                 const wire::CreateBucketInput&) override;
  Result<wire::HeadBucketOutput> head_bucket(const Context&, const wire::HeadBucketInput&) override;
  Result<wire::DeleteBucketOutput> delete_bucket(const Context&,
                                                 const wire::DeleteBucketInput&) override;
  Result<wire::GetBucketLocationOutput> get_bucket_location(
      const Context&, const wire::GetBucketLocationInput&) override;

  // list.cc
  Result<wire::ListObjectsOutput> list_objects(const Context&,
                                               const wire::ListObjectsInput&) override;
  Result<wire::ListObjectsV2Output> list_objects_v2(const Context&,
                                                    const wire::ListObjectsV2Input&) override;
  Result<wire::ListObjectVersionsOutput> list_object_versions(
      const Context&, const wire::ListObjectVersionsInput&) override;

  // put.cc
  Result<wire::PutObjectOutput> put_object(const Context&, const wire::PutObjectInput&) override;
  Result<wire::CopyObjectOutput> copy_object(const Context&, const wire::CopyObjectInput&) override;

  // get.cc
  Result<wire::GetObjectOutput> get_object(const Context&, const wire::GetObjectInput&) override;
  Result<wire::HeadObjectOutput> head_object(const Context&, const wire::HeadObjectInput&) override;

  // remove.cc
  Result<wire::DeleteObjectOutput> delete_object(const Context&,
                                                 const wire::DeleteObjectInput&) override;
  Result<wire::DeleteObjectsOutput> delete_objects(const Context&,
                                                   const wire::DeleteObjectsInput&) override;

  // multipart.cc
  Result<wire::CreateMultipartUploadOutput> create_multipart_upload(
      const Context&, const wire::CreateMultipartUploadInput&) override;
  Result<wire::UploadPartOutput> upload_part(const Context&, const wire::UploadPartInput&) override;
  Result<wire::UploadPartCopyOutput> upload_part_copy(const Context&,
                                                      const wire::UploadPartCopyInput&) override;
  Result<wire::CompleteMultipartUploadOutput> complete_multipart_upload(
      const Context&, const wire::CompleteMultipartUploadInput&) override;
  Result<wire::AbortMultipartUploadOutput> abort_multipart_upload(
      const Context&, const wire::AbortMultipartUploadInput&) override;
  Result<wire::ListPartsOutput> list_parts(const Context&, const wire::ListPartsInput&) override;
  Result<wire::ListMultipartUploadsOutput> list_multipart_uploads(
      const Context&, const wire::ListMultipartUploadsInput&) override;

  // tagging.cc
  Result<wire::GetObjectTaggingOutput> get_object_tagging(
      const Context&, const wire::GetObjectTaggingInput&) override;
  Result<wire::PutObjectTaggingOutput> put_object_tagging(
      const Context&, const wire::PutObjectTaggingInput&) override;
  Result<wire::DeleteObjectTaggingOutput> delete_object_tagging(
      const Context&, const wire::DeleteObjectTaggingInput&) override;

  // settings.cc: what a bucket without any such setting answers
  Result<wire::GetBucketVersioningOutput> get_bucket_versioning(
      const Context&, const wire::GetBucketVersioningInput&) override;
  Result<wire::GetBucketAclOutput> get_bucket_acl(const Context&,
                                                  const wire::GetBucketAclInput&) override;
  Result<wire::GetObjectAclOutput> get_object_acl(const Context&,
                                                  const wire::GetObjectAclInput&) override;
  Result<wire::GetBucketTaggingOutput> get_bucket_tagging(
      const Context&, const wire::GetBucketTaggingInput&) override;
  Result<wire::GetBucketPolicyOutput> get_bucket_policy(const Context&,
                                                        const wire::GetBucketPolicyInput&) override;
  Result<wire::GetBucketPolicyStatusOutput> get_bucket_policy_status(
      const Context&, const wire::GetBucketPolicyStatusInput&) override;
  Result<wire::GetBucketEncryptionOutput> get_bucket_encryption(
      const Context&, const wire::GetBucketEncryptionInput&) override;
  Result<wire::GetBucketCorsOutput> get_bucket_cors(const Context&,
                                                    const wire::GetBucketCorsInput&) override;
  Result<wire::GetBucketLifecycleConfigurationOutput> get_bucket_lifecycle_configuration(
      const Context&, const wire::GetBucketLifecycleConfigurationInput&) override;
  Result<wire::GetBucketWebsiteOutput> get_bucket_website(
      const Context&, const wire::GetBucketWebsiteInput&) override;
  Result<wire::GetBucketReplicationOutput> get_bucket_replication(
      const Context&, const wire::GetBucketReplicationInput&) override;
  Result<wire::GetObjectLockConfigurationOutput> get_object_lock_configuration(
      const Context&, const wire::GetObjectLockConfigurationInput&) override;
  Result<wire::GetPublicAccessBlockOutput> get_public_access_block(
      const Context&, const wire::GetPublicAccessBlockInput&) override;
  Result<wire::GetBucketOwnershipControlsOutput> get_bucket_ownership_controls(
      const Context&, const wire::GetBucketOwnershipControlsInput&) override;
  Result<wire::GetBucketLoggingOutput> get_bucket_logging(
      const Context&, const wire::GetBucketLoggingInput&) override;
  Result<wire::GetBucketNotificationConfigurationOutput> get_bucket_notification_configuration(
      const Context&, const wire::GetBucketNotificationConfigurationInput&) override;
  Result<wire::GetBucketRequestPaymentOutput> get_bucket_request_payment(
      const Context&, const wire::GetBucketRequestPaymentInput&) override;
  Result<wire::GetBucketAccelerateConfigurationOutput> get_bucket_accelerate_configuration(
      const Context&, const wire::GetBucketAccelerateConfigurationInput&) override;

 private:
  objects::S3Store& store_;
};

}  // namespace howdah::services::s3

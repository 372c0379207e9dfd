#include <fmt/format.h>

#include "objects/errors.h"
#include "services/s3/range.h"
#include "services/s3/request.h"
#include "services/s3/service.h"

namespace howdah::services::s3 {
namespace {

using objects::s3_error;

// Where a new bucket is to be (S3 API reference, CreateBucket).
base::Result<std::string> location_of(const Context& context, std::string_view constraint) {
  if (constraint == "us-east-1") {
    return s3_error(base::Code::kInvalidArgument, "InvalidLocationConstraint",
                    "The specified location-constraint is not valid",
                    {{"LocationConstraint", std::string(constraint)}});
  }
  const std::string region = constraint == "EU" ? "eu-west-1" : std::string(constraint);
  if (context.region.empty() || context.region == "us-east-1") {
    return region.empty() ? std::string("us-east-1") : region;
  }
  if (region == context.region) return region;
  return s3_error(base::Code::kInvalidArgument, "IllegalLocationConstraintException",
                  fmt::format("The {} location constraint is incompatible for the region specific "
                              "endpoint this request was sent to.",
                              region.empty() ? "unspecified" : region));
}

}  // namespace

Result<wire::ListBucketsOutput> S3Service::list_buckets(const Context& context,
                                                        const wire::ListBucketsInput& input) {
  const int64_t limit = input.max_buckets().value_or(10'000);
  if (limit < 1 || limit > 10'000) {
    return objects::invalid_argument("Argument max-buckets must be an integer between 1 and 10000",
                                     "max-buckets", std::to_string(limit));
  }
  std::string after;
  if (input.continuation_token()) after = TRY(decode_token(*input.continuation_token()));
  wire::ListBucketsOutput output;
  base::JsonArray buckets;
  std::string last;
  for (const auto& bucket : TRY(store_.list_buckets())) {
    if (bucket.name <= after || !bucket.name.starts_with(input.prefix().value_or(""))) continue;
    if (input.bucket_region() && bucket.region != *input.bucket_region()) continue;
    if (buckets.size() == static_cast<size_t>(limit)) {
      output.set_continuation_token(encode_token(last));
      break;
    }
    buckets.push_back(base::JsonObject{{"Name", bucket.name},
                                       {"CreationDate", base::to_millis(bucket.created)},
                                       {"BucketRegion", bucket.region}});
    last = bucket.name;
  }
  output.set_buckets(std::move(buckets));
  output.raw()["Owner"] = owner_of(context.account);
  if (input.prefix()) output.set_prefix(*input.prefix());
  return output;
}

Result<wire::CreateBucketOutput> S3Service::create_bucket(const Context& context,
                                                          const wire::CreateBucketInput& input) {
  TRY(check_common(context, input.raw()));
  std::string_view constraint;
  if (const auto* configuration = base::find_object(input.raw(), "CreateBucketConfiguration")) {
    constraint = base::text_at(*configuration, "LocationConstraint");
  }
  const std::string region = TRY(location_of(context, constraint));
  const std::string name(input.bucket());
  const auto made = store_.create_bucket(name, region);
  if (!made.ok()) {
    // S3's oldest region answers 200 when its owner makes a bucket once more
    const bool again = made.error().reason == "BucketAlreadyOwnedByYou" && region == "us-east-1" &&
                       TRY(store_.bucket(name)).region == region;
    if (!again) return made.error();
  }
  wire::CreateBucketOutput output;
  output.set_location("/" + name);
  return output;
}

Result<wire::HeadBucketOutput> S3Service::head_bucket(const Context& context,
                                                      const wire::HeadBucketInput& input) {
  TRY(check_common(context, input.raw()));
  wire::HeadBucketOutput output;
  output.set_bucket_region(TRY(store_.bucket(std::string(input.bucket()))).region);
  return output;
}

Result<wire::DeleteBucketOutput> S3Service::delete_bucket(const Context& context,
                                                          const wire::DeleteBucketInput& input) {
  TRY(check_common(context, input.raw()));
  TRY(store_.delete_bucket(std::string(input.bucket())));
  return wire::DeleteBucketOutput();
}

Result<wire::GetBucketLocationOutput> S3Service::get_bucket_location(
    const Context& context, const wire::GetBucketLocationInput& input) {
  TRY(check_common(context, input.raw()));
  const std::string region = TRY(store_.bucket(std::string(input.bucket()))).region;
  wire::GetBucketLocationOutput output;
  // us-east-1 is told by saying nothing
  output.set_location_constraint(region == "us-east-1" ? "" : region);
  return output;
}

}  // namespace howdah::services::s3

#include "base/text.h"
#include "objects/errors.h"
#include "services/s3/range.h"
#include "services/s3/request.h"
#include "services/s3/service.h"

namespace howdah::services::s3 {
namespace {

constexpr int64_t kPage = 1000;

base::Result<size_t> max_keys(std::optional<int64_t> asked, std::string_view name = "maxKeys") {
  const int64_t keys = asked.value_or(kPage);
  if (keys < 0 || keys > INT32_MAX) {
    return objects::invalid_argument(
        "Argument " + std::string(name) + " must be an integer between 0 and 2147483647", name,
        std::to_string(keys));
  }
  return static_cast<size_t>(std::min(keys, kPage));
}

// With encoding-type=url names are percent-encoded, so that XML can carry any of them.
class Naming {
 public:
  explicit Naming(std::optional<std::string_view> encoding) : encodes_(encoding.has_value()) {}
  std::string operator()(std::string_view name) const {
    return encodes_ ? base::percent_encode(name, "/") : std::string(name);
  }
  bool encodes() const { return encodes_; }

 private:
  bool encodes_;
};

base::JsonArray contents(const objects::Listing& listing, const Naming& naming,
                         const base::JsonObject* owner) {
  base::JsonArray array;
  array.reserve(listing.objects.size());
  for (const auto& object : listing.objects) {
    base::JsonObject entry;
    entry["Key"] = naming(object.key);
    entry["LastModified"] = base::to_millis(object.modified);
    entry["ETag"] = quoted_etag(object.etag);
    entry["Size"] = static_cast<int64_t>(object.size);
    if (owner != nullptr) entry["Owner"] = *owner;
    entry["StorageClass"] = object.storage_class;
    array.push_back(std::move(entry));
  }
  return array;
}

base::JsonArray prefixes(const std::vector<std::string>& names, const Naming& naming) {
  base::JsonArray array;
  for (const std::string& name : names) {
    array.push_back(base::JsonObject{{"Prefix", naming(name)}});
  }
  return array;
}

}  // namespace

Result<wire::ListObjectsOutput> S3Service::list_objects(const Context& context,
                                                        const wire::ListObjectsInput& input) {
  TRY(check_common(context, input.raw()));
  objects::ListRequest request;
  request.bucket = input.bucket();
  request.prefix = input.prefix().value_or("");
  request.delimiter = input.delimiter().value_or("");
  request.after = input.marker().value_or("");
  request.max_keys = TRY(max_keys(input.max_keys()));
  const objects::Listing listing = TRY(store_.list(request));

  const Naming naming(input.encoding_type());
  const base::JsonObject owner = owner_of(context.account);
  wire::ListObjectsOutput output;
  output.set_name(request.bucket)
      .set_prefix(naming(request.prefix))
      .set_marker(naming(request.after))
      .set_max_keys(static_cast<int64_t>(request.max_keys))
      .set_is_truncated(listing.truncated)
      .set_contents(contents(listing, naming, &owner))
      .set_common_prefixes(prefixes(listing.common_prefixes, naming));
  if (!request.delimiter.empty()) output.set_delimiter(naming(request.delimiter));
  // without a delimiter the last key is the next marker, and S3 does not repeat it
  if (listing.truncated && !request.delimiter.empty()) output.set_next_marker(naming(listing.next));
  if (naming.encodes()) output.set_encoding_type("url");
  return output;
}

Result<wire::ListObjectsV2Output> S3Service::list_objects_v2(
    const Context& context, const wire::ListObjectsV2Input& input) {
  TRY(check_common(context, input.raw()));
  objects::ListRequest request;
  request.bucket = input.bucket();
  request.prefix = input.prefix().value_or("");
  request.delimiter = input.delimiter().value_or("");
  request.after = input.start_after().value_or("");
  request.max_keys = TRY(max_keys(input.max_keys()));
  if (input.continuation_token()) request.after = TRY(decode_token(*input.continuation_token()));
  const objects::Listing listing = TRY(store_.list(request));

  const Naming naming(input.encoding_type());
  const base::JsonObject owner = owner_of(context.account);
  wire::ListObjectsV2Output output;
  output.set_name(request.bucket)
      .set_prefix(naming(request.prefix))
      .set_max_keys(static_cast<int64_t>(request.max_keys))
      .set_key_count(static_cast<int64_t>(listing.objects.size() + listing.common_prefixes.size()))
      .set_is_truncated(listing.truncated)
      .set_contents(
          contents(listing, naming, input.fetch_owner().value_or(false) ? &owner : nullptr))
      .set_common_prefixes(prefixes(listing.common_prefixes, naming));
  if (!request.delimiter.empty()) output.set_delimiter(naming(request.delimiter));
  if (input.start_after()) output.set_start_after(naming(*input.start_after()));
  if (input.continuation_token()) output.set_continuation_token(*input.continuation_token());
  if (listing.truncated) output.set_next_continuation_token(encode_token(listing.next));
  if (naming.encodes()) output.set_encoding_type("url");
  return output;
}

// A bucket without versioning: each object has the one version "null".
Result<wire::ListObjectVersionsOutput> S3Service::list_object_versions(
    const Context& context, const wire::ListObjectVersionsInput& input) {
  TRY(check_common(context, input.raw()));
  objects::ListRequest request;
  request.bucket = input.bucket();
  request.prefix = input.prefix().value_or("");
  request.delimiter = input.delimiter().value_or("");
  request.after = input.key_marker().value_or("");
  request.max_keys = TRY(max_keys(input.max_keys()));
  const objects::Listing listing = TRY(store_.list(request));

  const Naming naming(input.encoding_type());
  const base::JsonObject owner = owner_of(context.account);
  base::JsonArray versions = contents(listing, naming, &owner);
  for (base::Json& version : versions) {
    version.get_object()["VersionId"] = "null";
    version.get_object()["IsLatest"] = true;
  }
  wire::ListObjectVersionsOutput output;
  output.set_name(request.bucket)
      .set_prefix(naming(request.prefix))
      .set_key_marker(naming(request.after))
      .set_max_keys(static_cast<int64_t>(request.max_keys))
      .set_is_truncated(listing.truncated)
      .set_versions(std::move(versions))
      .set_common_prefixes(prefixes(listing.common_prefixes, naming));
  if (!request.delimiter.empty()) output.set_delimiter(naming(request.delimiter));
  if (listing.truncated) {
    output.set_next_key_marker(naming(listing.next)).set_next_version_id_marker("null");
  }
  if (naming.encodes()) output.set_encoding_type("url");
  return output;
}

}  // namespace howdah::services::s3

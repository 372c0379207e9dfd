#include <fmt/format.h>

#include "base/text.h"
#include "objects/errors.h"
#include "services/s3/range.h"
#include "services/s3/request.h"
#include "services/s3/service.h"

namespace howdah::services::s3 {
namespace {

using base::JsonObject;
using objects::Checksum;

template <typename Input>
objects::PartRequest part_of(const Input& input, int64_t number = 0) {
  return {std::string(input.bucket()), std::string(input.key()), std::string(input.upload_id()),
          static_cast<int>(std::clamp<int64_t>(number, -1, 1'000'000))};
}

// SHA sums cannot be combined, and S3 keeps CRC64NVME of whole objects only (AWS: "Checking object
// integrity", full object and composite checksum types).
base::Result<bool> is_full_object(const JsonObject& input, std::optional<Checksum> checksum) {
  const std::string_view type = base::text_at(input, "ChecksumType");
  if (!checksum) {
    if (type.empty()) return false;
    return objects::invalid_request(
        "The x-amz-checksum-type header can only be used with the x-amz-checksum-algorithm "
        "header.");
  }
  const bool sha = *checksum == Checksum::kSha1 || *checksum == Checksum::kSha256;
  const bool only_full = *checksum == Checksum::kCrc64nvme;
  if ((type == "FULL_OBJECT" && sha) || (type == "COMPOSITE" && only_full)) {
    return objects::invalid_request(
        fmt::format("The {} checksum type cannot be used with the {} checksum algorithm.", type,
                    objects::field_name(*checksum)));
  }
  return type.empty() ? only_full : type == "FULL_OBJECT";
}

void write_checksum_kind(const objects::UploadInfo& upload, JsonObject& output) {
  if (!upload.checksum) return;
  output["ChecksumAlgorithm"] = objects::wire_name(*upload.checksum);
  output["ChecksumType"] = upload.full_object ? "FULL_OBJECT" : "COMPOSITE";
}

std::string location_of(const Context& context, std::string_view bucket, std::string_view key) {
  const std::string_view host =
      context.request ? context.request->headers.value_or("Host", "localhost") : "localhost";
  const char* scheme = context.request && context.request->tls ? "https" : "http";
  const std::string path = base::percent_encode(key, "/");
  if (host.starts_with(bucket) && host.substr(bucket.size()).starts_with('.')) {
    return fmt::format("{}://{}/{}", scheme, host, path);
  }
  return fmt::format("{}://{}/{}/{}", scheme, host, bucket, path);
}

base::Result<size_t> page_size(std::optional<int64_t> asked, std::string_view name) {
  const int64_t size = asked.value_or(1000);
  if (size < 0 || size > INT32_MAX) {
    return objects::invalid_argument(
        fmt::format("Argument {} must be an integer between 0 and 2147483647", name), name,
        std::to_string(size));
  }
  return static_cast<size_t>(std::min<int64_t>(size, 1000));
}

}  // namespace

Result<wire::CreateMultipartUploadOutput> S3Service::create_multipart_upload(
    const Context& context, const wire::CreateMultipartUploadInput& input) {
  TRY(check_common(context, input.raw()));
  objects::UploadRequest request;
  request.put = TRY(put_request(input.raw()));
  request.checksum = TRY(checksum_algorithm(input.raw()));
  request.full_object = TRY(is_full_object(input.raw(), request.checksum));
  const objects::UploadInfo upload = TRY(store_.create_upload(request));
  wire::CreateMultipartUploadOutput output;
  output.set_bucket(upload.bucket).set_key(upload.key).set_upload_id(upload.id);
  write_checksum_kind(upload, output.raw());
  return output;
}

Result<wire::UploadPartOutput> S3Service::upload_part(const Context& context,
                                                      const wire::UploadPartInput& input) {
  TRY(check_common(context, input.raw()));
  objects::Expected expected = TRY(expected_body(context, input.raw(), *input.body()));
  BodySource source(*input.body());
  const objects::PartInfo part =
      TRY(store_.put_part(part_of(input, input.part_number()), source, std::move(expected)));
  wire::UploadPartOutput output;
  output.set_e_tag(quoted_etag(part.etag));
  write_checksums(part.checksums, output.raw());
  return output;
}

Result<wire::UploadPartCopyOutput> S3Service::upload_part_copy(
    const Context& context, const wire::UploadPartCopyInput& input) {
  TRY(check_common(context, input.raw()));
  const ObjectName source = TRY(parse_copy_source(base::text_at(input.raw(), "CopySource")));
  TRY(allow(context, "s3:GetObject", source.bucket, source.key));
  objects::PartCopyRequest request;
  request.part = part_of(input, input.part_number());
  request.from_bucket = source.bucket;
  request.from_key = source.key;
  const std::string_view range = base::text_at(input.raw(), "CopySourceRange");
  if (!range.empty()) request.range = TRY(parse_copy_range(range));
  request.check_source = [&](const objects::Found& found) {
    return check_source_conditions(input.raw(), found.info);
  };
  const objects::PartInfo part = TRY(store_.copy_part(request));
  JsonObject result;
  result["ETag"] = quoted_etag(part.etag);
  result["LastModified"] = base::to_millis(part.modified);
  write_checksums(part.checksums, result);
  wire::UploadPartCopyOutput output;
  output.raw()["CopyPartResult"] = std::move(result);
  return output;
}

Result<wire::CompleteMultipartUploadOutput> S3Service::complete_multipart_upload(
    const Context& context, const wire::CompleteMultipartUploadInput& input) {
  TRY(check_common(context, input.raw()));
  objects::CompleteRequest request;
  request.bucket = input.bucket();
  request.key = input.key();
  request.upload_id = input.upload_id();
  request.conditions = TRY(put_conditions(input.raw()));
  if (input.mpu_object_size()) request.size = static_cast<uint64_t>(*input.mpu_object_size());
  if (base::text_at(input.raw(), "ChecksumType") != "COMPOSITE") {
    request.checksums = TRY(checksum_members(input.raw()));
  }
  if (const JsonObject* upload = base::find_object(input.raw(), "MultipartUpload")) {
    if (const base::JsonArray* parts = base::find_array(*upload, "Parts")) {
      for (const base::Json& part : *parts) {
        const JsonObject& said = part.get_object();
        request.parts.push_back({static_cast<int>(base::int_at(said, "PartNumber")),
                                 without_quotes(base::text_at(said, "ETag")),
                                 TRY(checksum_members(said))});
      }
    }
  }
  const objects::ObjectInfo info = TRY(store_.complete(request));
  wire::CompleteMultipartUploadOutput output;
  output.set_bucket(request.bucket)
      .set_key(request.key)
      .set_location(location_of(context, request.bucket, request.key))
      .set_e_tag(quoted_etag(info.etag));
  write_checksums(info, output.raw());
  return output;
}

Result<wire::AbortMultipartUploadOutput> S3Service::abort_multipart_upload(
    const Context& context, const wire::AbortMultipartUploadInput& input) {
  TRY(check_common(context, input.raw()));
  TRY(store_.abort(part_of(input)));
  return wire::AbortMultipartUploadOutput();
}

Result<wire::ListPartsOutput> S3Service::list_parts(const Context& context,
                                                    const wire::ListPartsInput& input) {
  TRY(check_common(context, input.raw()));
  int64_t marker = base::int_at(input.raw(), "PartNumberMarker");
  if (const std::string_view text = base::text_at(input.raw(), "PartNumberMarker"); !text.empty()) {
    marker = std::atoll(std::string(text).c_str());
  }
  const size_t limit = TRY(page_size(input.max_parts(), "max-parts"));
  const objects::PartListing listing = TRY(store_.list_parts(part_of(input, marker), limit));
  base::JsonArray parts;
  for (const objects::PartInfo& part : listing.parts) {
    JsonObject entry;
    entry["PartNumber"] = part.number;
    entry["LastModified"] = base::to_millis(part.modified);
    entry["ETag"] = quoted_etag(part.etag);
    entry["Size"] = static_cast<int64_t>(part.size);
    write_checksums(part.checksums, entry);
    parts.push_back(std::move(entry));
  }
  wire::ListPartsOutput output;
  JsonObject& raw = output.raw();
  raw["Bucket"] = listing.upload.bucket;
  raw["Key"] = listing.upload.key;
  raw["UploadId"] = listing.upload.id;
  raw["Initiator"] = owner_of(context.account);
  raw["Owner"] = owner_of(context.account);
  raw["StorageClass"] = listing.upload.storage_class;
  raw["PartNumberMarker"] = marker;
  raw["MaxParts"] = static_cast<int64_t>(limit);
  raw["IsTruncated"] = listing.truncated;
  if (!listing.parts.empty()) raw["NextPartNumberMarker"] = listing.parts.back().number;
  raw["Parts"] = std::move(parts);
  write_checksum_kind(listing.upload, raw);
  return output;
}

Result<wire::ListMultipartUploadsOutput> S3Service::list_multipart_uploads(
    const Context& context, const wire::ListMultipartUploadsInput& input) {
  TRY(check_common(context, input.raw()));
  objects::ListRequest request;
  request.bucket = input.bucket();
  request.prefix = input.prefix().value_or("");
  request.delimiter = input.delimiter().value_or("");
  request.after = input.key_marker().value_or("");
  request.max_keys = TRY(page_size(input.max_uploads(), "max-uploads"));
  const std::string id(input.upload_id_marker().value_or(""));
  const objects::UploadListing listing =
      TRY(store_.list_uploads(request, request.after.empty() ? "" : id));
  const auto named = [&](std::string_view name) {
    return input.encoding_type() ? base::percent_encode(name, "/") : std::string(name);
  };
  base::JsonArray uploads;
  for (const objects::UploadInfo& upload : listing.uploads) {
    JsonObject entry;
    entry["UploadId"] = upload.id;
    entry["Key"] = named(upload.key);
    entry["Initiated"] = base::to_millis(upload.started);
    entry["StorageClass"] = upload.storage_class;
    entry["Owner"] = owner_of(context.account);
    entry["Initiator"] = owner_of(context.account);
    write_checksum_kind(upload, entry);
    uploads.push_back(std::move(entry));
  }
  base::JsonArray prefixes;
  for (const std::string& prefix : listing.common_prefixes) {
    prefixes.push_back(JsonObject{{"Prefix", named(prefix)}});
  }
  wire::ListMultipartUploadsOutput output;
  JsonObject& raw = output.raw();
  raw["Bucket"] = request.bucket;
  raw["KeyMarker"] = named(request.after);
  raw["UploadIdMarker"] = id;
  raw["Prefix"] = named(request.prefix);
  if (!request.delimiter.empty()) raw["Delimiter"] = named(request.delimiter);
  if (listing.truncated) {
    raw["NextKeyMarker"] = named(listing.next_key);
    raw["NextUploadIdMarker"] = listing.next_id;
  }
  raw["MaxUploads"] = static_cast<int64_t>(request.max_keys);
  raw["IsTruncated"] = listing.truncated;
  raw["Uploads"] = std::move(uploads);
  raw["CommonPrefixes"] = std::move(prefixes);
  if (input.encoding_type()) raw["EncodingType"] = "url";
  return output;
}

}  // namespace howdah::services::s3

#include "objects/errors.h"
#include "services/s3/range.h"
#include "services/s3/request.h"
#include "services/s3/service.h"

namespace howdah::services::s3 {

Result<wire::PutObjectOutput> S3Service::put_object(const Context& context,
                                                    const wire::PutObjectInput& input) {
  TRY(check_common(context, input.raw()));
  const objects::PutRequest request = TRY(put_request(input.raw()));
  const objects::Expected expected = TRY(expected_body(context, input.raw(), *input.body()));
  BodySource source(*input.body());
  const objects::ObjectInfo info = TRY(store_.put(request, source, expected));
  wire::PutObjectOutput output;
  output.set_e_tag(quoted_etag(info.etag));
  write_checksums(info, output.raw());
  return output;
}

Result<wire::CopyObjectOutput> S3Service::copy_object(const Context& context,
                                                      const wire::CopyObjectInput& input) {
  TRY(check_common(context, input.raw()));
  const ObjectName source = TRY(parse_copy_source(base::text_at(input.raw(), "CopySource")));
  TRY(allow(context, "s3:GetObject", source.bucket, source.key));
  objects::CopyRequest request;
  request.from_bucket = source.bucket;
  request.from_key = source.key;
  request.to = TRY(put_request(input.raw()));
  request.replace_metadata = base::text_at(input.raw(), "MetadataDirective") == "REPLACE";
  request.replace_tags = base::text_at(input.raw(), "TaggingDirective") == "REPLACE";
  request.checksum = TRY(checksum_algorithm(input.raw()));
  request.check_source = [&](const objects::Found& found) {
    return check_source_conditions(input.raw(), found.info);
  };
  const objects::ObjectInfo info = TRY(store_.copy(request));
  base::JsonObject result;
  result["ETag"] = quoted_etag(info.etag);
  result["LastModified"] = base::to_millis(info.modified);
  write_checksums(info, result);
  wire::CopyObjectOutput output;
  output.raw()["CopyObjectResult"] = std::move(result);
  return output;
}

}  // namespace howdah::services::s3

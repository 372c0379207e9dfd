#include "objects/errors.h"
#include "services/s3/range.h"
#include "services/s3/request.h"
#include "services/s3/service.h"

namespace howdah::services::s3 {

Result<wire::GetObjectTaggingOutput> S3Service::get_object_tagging(
    const Context& context, const wire::GetObjectTaggingInput& input) {
  TRY(check_common(context, input.raw()));
  const auto found = TRY(store_.find(std::string(input.bucket()), std::string(input.key())));
  base::JsonArray tags;
  for (const auto& [key, value] : found.tags) {
    tags.push_back(base::JsonObject{{"Key", key}, {"Value", value}});
  }
  wire::GetObjectTaggingOutput output;
  output.set_tag_set(std::move(tags));
  return output;
}

Result<wire::PutObjectTaggingOutput> S3Service::put_object_tagging(
    const Context& context, const wire::PutObjectTaggingInput& input) {
  TRY(check_common(context, input.raw()));
  objects::Pairs tags;
  if (const auto* tagging = base::find_object(input.raw(), "Tagging")) {
    if (const auto* set = base::find_array(*tagging, "TagSet")) {
      for (const base::Json& tag : *set) {
        tags.emplace_back(base::text_at(tag.get_object(), "Key"),
                          base::text_at(tag.get_object(), "Value"));
      }
    }
  }
  TRY(check_tags(tags));
  TRY(store_.set_tags(std::string(input.bucket()), std::string(input.key()), tags));
  return wire::PutObjectTaggingOutput();
}

Result<wire::DeleteObjectTaggingOutput> S3Service::delete_object_tagging(
    const Context& context, const wire::DeleteObjectTaggingInput& input) {
  TRY(check_common(context, input.raw()));
  TRY(store_.set_tags(std::string(input.bucket()), std::string(input.key()), {}));
  return wire::DeleteObjectTaggingOutput();
}

}  // namespace howdah::services::s3

#include <fmt/format.h>

#include "objects/errors.h"
#include "services/s3/range.h"
#include "services/s3/request.h"
#include "services/s3/service.h"

namespace howdah::services::s3 {
namespace {

using base::JsonObject;
using objects::Found;

// What of an object is sent, and whether as a part of it.
struct Selection {
  Span span;
  bool partial = false;
  bool not_modified = false;
};

base::Result<Selection> select_part(int64_t number, const Found& found) {
  Selection selection{{0, found.info.size}, true, false};
  const auto parts = static_cast<int64_t>(std::max<size_t>(found.part_sizes.size(), 1));
  if (number < 1 || number > parts) {
    return objects::s3_error(base::Code::kInvalidArgument, "InvalidPartNumber",
                             "The requested partnumber is not satisfiable",
                             {{"PartNumberRequested", std::to_string(number)},
                              {"ActualPartCount", std::to_string(parts)}});
  }
  if (found.part_sizes.empty()) return selection;
  const auto index = static_cast<size_t>(number - 1);
  for (size_t i = 0; i < index; ++i) selection.span.offset += found.part_sizes[i];
  selection.span.length = found.part_sizes[index];
  return selection;
}

base::Result<Selection> select(const JsonObject& input, const Found& found) {
  const Verdict verdict = evaluate_conditions(input, found.info);
  if (verdict == Verdict::kFailed) {
    const bool match = base::find(input, "IfMatch") != nullptr;
    return objects::precondition_failed(match ? "If-Match" : "If-Unmodified-Since");
  }
  if (verdict == Verdict::kNotModified) return Selection{{}, false, true};
  const std::string_view range = base::text_at(input, "Range");
  const base::Json* part = base::find(input, "PartNumber");
  if (part != nullptr && !range.empty()) {
    return objects::invalid_request(
        "Cannot specify both Range header and partNumber query parameter");
  }
  if (part != nullptr) return select_part(part->get_int64(), found);
  if (!range.empty()) {
    if (const auto span = TRY(parse_range(range, found.info.size))) {
      return Selection{*span, true, false};
    }
  }
  return Selection{{0, found.info.size}, false, false};
}

void override_headers(const JsonObject& input, JsonObject& output) {
  for (const char* name : {"CacheControl", "ContentDisposition", "ContentEncoding",
                           "ContentLanguage", "ContentType", "Expires"}) {
    if (const base::Json* value = base::find(input, std::string("Response") + name)) {
      output[name] = *value;
    }
  }
}

// Everything but the body. Answers the status.
int write_head(const JsonObject& input, const Found& found, const Selection& selection,
               JsonObject& output) {
  write_object(found, output);
  if (selection.not_modified) return 304;
  output["ContentLength"] = static_cast<int64_t>(selection.span.length);
  if (base::find(input, "PartNumber") != nullptr && !found.part_sizes.empty()) {
    output["PartsCount"] = static_cast<int64_t>(found.part_sizes.size());
  }
  override_headers(input, output);
  if (selection.partial) {
    const uint64_t first = selection.span.offset;
    const uint64_t end = first + selection.span.length;
    if (found.info.size > 0) {
      output["ContentRange"] =
          fmt::format("bytes {}-{}/{}", first, end == 0 ? 0 : end - 1, found.info.size);
    }
    return 206;
  }
  // never with a part: the client would compare the sum of the whole with what it got
  if (base::text_at(input, "ChecksumMode") == "ENABLED") write_checksums(found.info, output);
  return 200;
}

}  // namespace

Result<wire::GetObjectOutput> S3Service::get_object(const Context& context,
                                                    const wire::GetObjectInput& input) {
  TRY(check_common(context, input.raw()));
  Found found = TRY(store_.get(std::string(input.bucket()), std::string(input.key())));
  const Selection selection = TRY(select(input.raw(), found));
  wire::GetObjectOutput output;
  output.set_http_status(write_head(input.raw(), found, selection, output.raw()));
  if (selection.not_modified) {
    output.set_body(std::string());
  } else if (auto* text = std::get_if<std::string>(&found.contents.body)) {
    if (selection.partial) *text = text->substr(selection.span.offset, selection.span.length);
    output.set_body(std::move(*text));
  } else {
    output.set_body(http::FileBody{std::move(std::get<base::Fd>(found.contents.body)),
                                   selection.span.offset, selection.span.length});
  }
  return output;
}

Result<wire::HeadObjectOutput> S3Service::head_object(const Context& context,
                                                      const wire::HeadObjectInput& input) {
  TRY(check_common(context, input.raw()));
  const Found found = TRY(store_.find(std::string(input.bucket()), std::string(input.key())));
  const Selection selection = TRY(select(input.raw(), found));
  wire::HeadObjectOutput output;
  output.set_http_status(write_head(input.raw(), found, selection, output.raw()));
  return output;
}

}  // namespace howdah::services::s3

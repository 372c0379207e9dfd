#include "distcp/s3_writer.h"

#include <fmt/format.h>

#include <algorithm>

#include "aws/xml_codec.h"
#include "base/text.h"

namespace howdah::distcp {
namespace {

constexpr uint64_t kMostParts = 10'000;  // S3: "Amazon S3 multipart upload limits"
constexpr uint64_t kMebi = 1 << 20;

// Fills `into` as far as `bytes` go.
base::Result<size_t> fill(http::BodySource& bytes, std::span<char> into) {
  size_t filled = 0;
  while (filled < into.size()) {
    const size_t got = TRY(bytes.read(into.subspan(filled)));
    if (got == 0) break;
    filled += got;
  }
  return filled;
}

}  // namespace

S3Writer::S3Writer(S3Store& store, NewFile file) : store_(store), file_(std::move(file)) {
  part_size_ = store_.options_.part_size;
  if (!file_.size) return;
  multipart_ = store_.options_.multipart && *file_.size > part_size_;
  if (*file_.size > part_size_ * kMostParts) {
    const uint64_t least = (*file_.size + kMostParts - 1) / kMostParts;
    part_size_ = (least + kMebi - 1) / kMebi * kMebi;
  }
}

std::vector<Piece> S3Writer::pieces() const {
  if (!file_.size) return {Piece{}};
  if (!multipart_) return {Piece{0, *file_.size}};
  std::vector<Piece> out;
  for (uint64_t at = 0; at < *file_.size; at += part_size_) {
    out.push_back({at, std::min(part_size_, *file_.size - at)});
  }
  return out;
}

base::Status S3Writer::write(size_t piece, http::BodySource& bytes) {
  if (!file_.size) return write_unknown(bytes);
  return multipart_ ? write_part(piece + 1, &bytes, {}) : put(bytes);
}

base::Status S3Writer::put(http::BodySource& bytes) {
  const auto fields = store_.fields_of_new(file_);
  TRY(store_.send({"PUT", file_.location, "", fields, {}, &bytes}));
  return base::ok();
}

base::Result<std::string> S3Writer::upload_id() {
  std::lock_guard lock(mutex_);
  if (!upload_id_.empty()) return upload_id_;
  const auto answer = TRY(store_.send_with_retry(
      {"POST", file_.location, "uploads=", store_.fields_of_new(file_), {}, nullptr}));
  const std::string_view body = answer.body;
  const size_t from = body.find("<UploadId>"), to = body.find("</UploadId>");
  if (from == body.npos || to == body.npos || to <= from + 10) {
    return base::internal(uri(file_.location) + ": S3 began no multipart upload");
  }
  upload_id_ = body.substr(from + 10, to - from - 10);
  return upload_id_;
}

base::Status S3Writer::write_part(size_t number, http::BodySource* bytes, std::string text) {
  const std::string id = TRY(upload_id());
  const std::string query =
      fmt::format("partNumber={}&uploadId={}", number, base::percent_encode(id));
  const auto answer = TRY(store_.send({"PUT", file_.location, query, {}, std::move(text), bytes}));
  const std::string etag(answer.headers.value_or("ETag", ""));
  if (etag.empty()) return base::internal(uri(file_.location) + ": a part without an ETag");
  std::lock_guard lock(mutex_);
  if (etags_.size() < number) etags_.resize(number);
  etags_[number - 1] = etag;
  return base::ok();
}

base::Status S3Writer::write_unknown(http::BodySource& bytes) {
  abandon();  // what a try before this one began
  multipart_ = false;
  written_ = 0;
  std::string part(part_size_, '\0');
  for (size_t number = 1;; ++number) {
    const size_t filled = TRY(fill(bytes, part));
    if (filled == 0 && number > 1) return base::ok();
    written_ += filled;
    const bool last = filled < part.size();
    if (number == 1 && last) {
      auto fields = store_.fields_of_new(file_);
      TRY(store_.send({"PUT", file_.location, "", fields, part.substr(0, filled), nullptr}));
      return base::ok();
    }
    multipart_ = true;
    TRY(store_.retry_([&] { return write_part(number, nullptr, part.substr(0, filled)); }));
    if (last) return base::ok();
  }
}

bool S3Writer::is_there_already() {
  const auto found = store_.look(file_.location);
  return found.ok() && found->size == file_.size.value_or(written_);
}

base::Status S3Writer::complete() {
  std::string body = "<CompleteMultipartUpload>";
  for (size_t number = 1; number <= etags_.size(); ++number) {
    body += fmt::format("<Part><PartNumber>{}</PartNumber><ETag>", number);
    aws::write_xml_text(etags_[number - 1], body);
    body += "</ETag></Part>";
  }
  body += "</CompleteMultipartUpload>";
  const std::string query = "uploadId=" + base::percent_encode(upload_id_);
  int tries = 0;
  return store_.retry_([&]() -> base::Status {
    const auto answer = store_.send({"POST", file_.location, query, {}, body, nullptr});
    if (!answer.ok()) {
      // the answer to an earlier try was lost, not the upload
      if (tries++ > 0 && answer.error().reason == "NoSuchUpload" && is_there_already()) {
        return base::ok();
      }
      return answer.error();
    }
    // S3 says 200 before it is done: an error may follow in the body
    if (answer->body.find("<Error>") != std::string::npos) {
      return s3_error(500, answer->body, file_.location, "complete the upload of");
    }
    return base::ok();
  });
}

base::Status S3Writer::finish() {
  if (!multipart_) return base::ok();
  TRY(complete());
  upload_id_.clear();
  return base::ok();
}

void S3Writer::abandon() {
  if (upload_id_.empty()) return;
  const std::string query = "uploadId=" + base::percent_encode(upload_id_);
  (void)store_.send({"DELETE", file_.location, query, {}, {}, nullptr});
  upload_id_.clear();
  etags_.clear();
}

}  // namespace howdah::distcp

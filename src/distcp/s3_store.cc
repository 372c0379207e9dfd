#include "distcp/s3_store.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <map>

#include "aws/s3/types.h"
#include "aws/xml_codec.h"
#include "base/digest.h"
#include "base/text.h"
#include "distcp/s3_writer.h"

namespace howdah::distcp {
namespace {

constexpr std::string_view kUnsigned = "UNSIGNED-PAYLOAD";
constexpr size_t kKeysADelete = 1000;                    // S3: DeleteObjects
constexpr uint64_t kMostACopy = uint64_t{5} << 30;       // S3: CopyObject
constexpr std::string_view kFolderMarker = "_$folder$";  // EMRFS's and s3n's empty folders

std::string_view between(std::string_view text, std::string_view open, std::string_view close) {
  const size_t from = text.find(open);
  if (from == std::string_view::npos) return {};
  const size_t begin = from + open.size();
  const size_t end = text.find(close, begin);
  return end == std::string_view::npos ? std::string_view() : text.substr(begin, end - begin);
}

std::string encoded_path(const Location& location) {
  std::string out = "/" + location.authority;
  if (!location.path.empty()) out += "/" + base::percent_encode(location.path, "/");
  return out;
}

uint64_t number_in(std::string_view text) {
  uint64_t number = 0;
  std::from_chars(text.data(), text.data() + text.size(), number);
  return number;
}

base::Result<Input> entry_of(const base::JsonObject& object, const Location& folder) {
  Input out;
  auto key = base::percent_decode(base::text_at(object, "Key"), true);
  if (!key) return base::internal(uri(folder) + ": S3 listed a key that cannot be read");
  out.location = folder;
  out.location.path = *std::move(key);
  out.size = static_cast<uint64_t>(std::max<int64_t>(0, base::int_at(object, "Size")));
  out.version = base::text_at(object, "ETag");
  out.storage_class = base::text_at(object, "StorageClass");
  if (out.storage_class == "STANDARD") out.storage_class.clear();
  return out;
}

bool is_marker(const Input& input) {
  return input.location.path.ends_with('/') || input.location.path.ends_with(kFolderMarker);
}

// What a source says of its own bytes goes on in case it is needed again.
bool wants_new_credentials(const base::Error& error) {
  return error.reason == "ExpiredToken" || error.reason == "ExpiredTokenException" ||
         error.reason == "InvalidToken";
}

}  // namespace

base::Error s3_error(int status, std::string_view body, const Location& location,
                     std::string_view method) {
  base::Error error;
  error.reason = between(body, "<Code>", "</Code>");
  std::string said(between(body, "<Message>", "</Message>"));
  if (said.empty()) said = fmt::format("HTTP status {}", status);
  error.message = fmt::format("{} {}: S3 answered {}{}{}", method, uri(location), error.reason,
                              error.reason.empty() ? "" : ": ", said);
  error.code = base::Code::kInvalidArgument;
  if (status >= 500 || status == 429 || error.reason == "RequestTimeout") {
    error.code = base::Code::kUnavailable;
  } else if (status == 404) {
    error.code = base::Code::kNotFound;
  } else if (status == 401 || status == 403) {
    error.code = base::Code::kPermissionDenied;
  } else if (status == 412 || status == 416) {
    error.code = base::Code::kFailedPrecondition;
    error.message += "; the file changed while it was copied";
  } else if (status == 409) {
    error.code = base::Code::kAborted;
  }
  return error;
}

base::Result<http::ClientRequest> S3Store::prepare(const Request& request,
                                                   const std::string& rejected) {
  const aws::SigningKey key = TRY(credentials_.key(rejected));
  http::Request wire;
  wire.method = request.method;
  wire.path = encoded_path(request.location);
  wire.query = request.query;
  wire.headers.set("Host", options_.endpoint.substr(options_.endpoint.find("://") + 3));
  for (const auto& [name, value] : request.headers) wire.headers.set(name, value);
  const std::string hash =
      request.source != nullptr ? std::string(kUnsigned) : base::sha256_hex(request.body);
  aws::sign(key, hash, clock_.now(), wire);
  http::ClientRequest out{.method = request.method};
  out.url = options_.endpoint + wire.path;
  if (!request.query.empty()) out.url += "?" + request.query;
  out.headers = std::move(wire.headers);
  out.body = request.body;
  out.source = request.source;
  out.timeout = std::chrono::milliseconds(0);
  out.stall = kStall;
  return out;
}

base::Result<http::ClientResponse> S3Store::send(const Request& request) {
  std::string rejected;
  for (int round = 0;; ++round) {
    const http::ClientRequest prepared = TRY(prepare(request, rejected));
    auto client = connections_.clients.borrow();
    auto answer = client->send(prepared);
    if (!answer.ok() || answer->status < 300) return answer;
    base::Error error = s3_error(answer->status, answer->body, request.location, request.method);
    const bool again = round == 0 && request.source == nullptr && wants_new_credentials(error);
    if (!again) {
      // a body that came from a source is gone; the caller has it anew
      if (wants_new_credentials(error)) error.code = base::Code::kUnavailable;
      return error;
    }
    rejected = TRY(credentials_.key()).access_key_id;
  }
}

base::Result<http::ClientResponse> S3Store::send_with_retry(const Request& request) {
  return retry_.get<http::ClientResponse>([&] { return send(request); });
}

base::Result<std::vector<Input>> S3Store::list_prefix(const Location& prefix) {
  std::vector<Input> out;
  std::string token;
  const aws::Operation& operation = aws::s3::operation(aws::s3::Op::kListObjectsV2);
  Location bucket = prefix;
  bucket.path.clear();
  do {
    // in the order that SigV4 sorts them
    std::string query;
    if (!token.empty()) query = "continuation-token=" + base::percent_encode(token) + "&";
    query +=
        "encoding-type=url&list-type=2&max-keys=1000&prefix=" + base::percent_encode(prefix.path);
    const auto answer = TRY(send_with_retry({"GET", bucket, query, {}, {}, nullptr}));
    const base::JsonObject page =
        TRY(aws::read_xml(*operation.output, operation.output_root, answer.body));
    if (const base::JsonArray* contents = base::find_array(page, "Contents")) {
      for (const base::Json& each : *contents) {
        if (!each.is_object()) continue;
        Input input = TRY(entry_of(each.as_object(), prefix));
        if (!is_marker(input)) out.push_back(std::move(input));
      }
    }
    token = base::text_at(page, "NextContinuationToken");
    if (!base::bool_at(page, "IsTruncated")) token.clear();
  } while (!token.empty());
  return out;
}

base::Result<std::vector<Input>> S3Store::list(const Location& folder) {
  Location prefix = folder;
  if (!prefix.path.empty()) prefix.path += '/';
  auto found = list_prefix(prefix);
  if (!found.ok() || !found->empty() || folder.path.empty()) return found;
  Input file = TRY(look(folder));
  return std::vector<Input>{std::move(file)};
}

base::Result<Input> S3Store::look(const Location& file) {
  const auto answer = TRY(send_with_retry({"HEAD", file, "", {}, {}, nullptr}));
  Input out;
  out.location = file;
  out.size = number_in(answer.headers.value_or("Content-Length", "0"));
  out.version = answer.headers.value_or("ETag", "");
  out.storage_class = answer.headers.value_or("x-amz-storage-class", "");
  return out;
}

base::Result<Source> S3Store::open(const Input& file, uint64_t offset, uint64_t length) {
  Fields fields;
  const bool whole = offset == 0 && length == file.size;
  if (!whole) fields.emplace_back("Range", fmt::format("bytes={}-{}", offset, offset + length - 1));
  if (!file.version.empty()) fields.emplace_back("If-Match", file.version);
  const Request request{"GET", file.location, "", fields, {}, nullptr};
  std::string rejected;
  for (int round = 0;; ++round) {
    const http::ClientRequest prepared = TRY(prepare(request, rejected));
    auto lease = connections_.downloads.borrow();
    const auto head = TRY(lease->open(prepared));
    if (head.status < 300) return Source(std::make_unique<Body>(std::move(lease)));
    const base::Error error = s3_error(head.status, head.body, file.location, "GET");
    if (round > 0 || !wants_new_credentials(error)) return error;
    rejected = TRY(credentials_.key()).access_key_id;
  }
}

S3Store::Fields S3Store::fields_of_new(const NewFile& file) const {
  Fields out;
  if (!file.storage_class.empty()) out.emplace_back("x-amz-storage-class", file.storage_class);
  if (options_.server_side_encryption) {
    out.emplace_back("x-amz-server-side-encryption", "AES256");
  }
  return out;
}

base::Result<std::unique_ptr<Writer>> S3Store::create(const NewFile& file) {
  return std::unique_ptr<Writer>(std::make_unique<S3Writer>(*this, file));
}

std::optional<base::Status> S3Store::copy(const Input& from, const NewFile& to) {
  if (from.location.scheme != Scheme::kS3) return std::nullopt;
  if (from.size > kMostACopy) return std::nullopt;
  Fields fields = fields_of_new(to);
  fields.emplace_back("x-amz-copy-source", encoded_path(from.location));
  if (!from.version.empty()) fields.emplace_back("x-amz-copy-source-if-match", from.version);
  const auto answer = send({"PUT", to.location, "", fields, {}, nullptr});
  if (!answer.ok()) return base::Status(answer.error());
  // S3 says 200 before it is done: an error may follow in the body
  if (answer->body.find("<Error>") != std::string::npos) {
    return base::Status(s3_error(500, answer->body, to.location, "copy to"));
  }
  return base::ok();
}

base::Status S3Store::remove_batch(const std::string& bucket,
                                   const std::vector<std::string>& keys) {
  std::string body =
      "<Delete xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\"><Quiet>true</Quiet>";
  for (const std::string& key : keys) {
    body += "<Object><Key>";
    aws::write_xml_text(key, body);
    body += "</Key></Object>";
  }
  body += "</Delete>";
  const std::string md5 = base::to_base64(base::digest(base::Algorithm::kMd5, body));
  const Location location{Scheme::kS3, "s3", bucket, ""};
  const auto answer = TRY(send_with_retry(
      {"POST", location, "delete=", {{"Content-MD5", md5}}, std::move(body), nullptr}));
  if (answer.body.find("<Error>") != std::string::npos) {
    Location file = location;
    file.path = between(answer.body, "<Key>", "</Key>");
    return s3_error(403, answer.body, file, "DELETE");
  }
  return base::ok();
}

base::Status S3Store::remove(const std::vector<Location>& files) {
  std::map<std::string, std::vector<std::string>> keys;  // by bucket
  for (const Location& file : files) {
    std::vector<std::string>& batch = keys[file.authority];
    batch.push_back(file.path);
    if (batch.size() < kKeysADelete) continue;
    TRY(remove_batch(file.authority, batch));
    batch.clear();
  }
  for (const auto& [bucket, batch] : keys) {
    if (!batch.empty()) TRY(remove_batch(bucket, batch));
  }
  return base::ok();
}

}  // namespace howdah::distcp

#include "cli/api.h"

#include <fmt/format.h>

#include "aws/sigv4.h"
#include "base/digest.h"
#include "base/text.h"

namespace howdah::cli {

namespace {

constexpr std::chrono::milliseconds kPatience{30000};
constexpr std::chrono::milliseconds kHeldPatience{700000};  // a held answer comes within 10 minutes

// The headers that sign a request for `target` ("/path?query") of `host`.
http::Headers signed_headers(const http::ClientRequest& request, const std::string& host,
                             const std::string& target, const aws::SigningKey& key,
                             base::Time now) {
  http::Request wire;
  wire.method = request.method;
  wire.target = target;
  const size_t mark = target.find('?');
  wire.path = target.substr(0, mark);
  if (mark != std::string::npos) wire.query = target.substr(mark + 1);
  wire.headers = request.headers;
  wire.headers.set("Host", host);
  aws::sign(key, base::sha256_hex(request.body), now, wire);
  return wire.headers;
}

base::Code code_of(int status, std::string_view name, std::string_view message) {
  if (status == 401 || status == 403) return base::Code::kPermissionDenied;
  if (status == 404) return base::Code::kNotFound;
  if (status == 503 || status == 502) return base::Code::kUnavailable;
  if (status >= 500) return base::Code::kInternal;
  // EMR says it of ids that do not exist.
  bool unknown_id =
      message.ends_with("is not valid.") || message.find("does not exist") != message.npos;
  if (name == "InvalidRequestException" && unknown_id) return base::Code::kNotFound;
  if (name.starts_with("AccessDenied")) return base::Code::kPermissionDenied;
  return base::Code::kInvalidArgument;
}

}  // namespace

base::Time time_at(const base::JsonObject& object, std::string_view key) {
  return base::from_millis(static_cast<int64_t>(base::double_at(object, key) * 1000 + 0.5));
}

base::Error error_of(int status, std::string_view body) {
  base::Error error;
  auto parsed = base::parse_json(body);
  if (parsed.ok() && parsed->is_object()) {
    const base::JsonObject* inner = base::find_object(parsed->as_object(), "error");  // /_howdah/
    const base::JsonObject& object = inner == nullptr ? parsed->as_object() : *inner;
    std::string_view name = base::text_at(object, "__type", base::text_at(object, "code"));
    if (size_t hash = name.rfind('#'); hash != name.npos) name.remove_prefix(hash + 1);
    error.reason = name;
    error.message = base::text_at(object, "message", base::text_at(object, "Message"));
  } else {
    error.message = base::trim(body.substr(0, 300));
  }
  if (error.message.empty()) error.message = fmt::format("the server answered {}", status);
  error.code = code_of(status, error.reason, error.message);
  return error;
}

Api::Api(std::string endpoint, std::string region, Keys keys)
    : endpoint_(std::move(endpoint)), region_(std::move(region)), keys_(std::move(keys)) {
  while (endpoint_.ends_with('/')) endpoint_.pop_back();
}

base::Result<http::ClientResponse> Api::send(http::ClientRequest request,
                                             std::string_view service) {
  std::string target = request.url;
  size_t scheme = endpoint_.find("://");
  std::string host = scheme == std::string::npos ? endpoint_ : endpoint_.substr(scheme + 3);
  const aws::SigningKey key{keys_.access_key_id, keys_.secret_access_key, keys_.session_token,
                            region_, std::string(service)};
  request.headers = signed_headers(request, host, target, key, clock_.now());
  request.url = endpoint_ + target;
  auto answer = client_.send(request);
  if (!answer.ok()) {
    base::Error error = answer.error();
    if (error.code == base::Code::kUnavailable) error.message = "nobody answers at " + endpoint_;
    return error;
  }
  return answer;
}

base::Result<base::JsonObject> Api::emr(std::string_view operation, const base::JsonObject& input,
                                        bool held) {
  http::ClientRequest request;
  request.method = "POST";
  request.url = "/";
  request.body = base::to_text(input);
  request.timeout = held ? kHeldPatience : kPatience;
  request.headers.set("Content-Type", "application/x-amz-json-1.1");
  request.headers.set("X-Amz-Target", fmt::format("ElasticMapReduce.{}", operation));
  request.headers.set("User-Agent",
                      held ? "howdah-cli/" HOWDAH_VERSION " m/B" : "howdah-cli/" HOWDAH_VERSION);
  http::ClientResponse answer = TRY(send(std::move(request), "elasticmapreduce"));
  if (answer.status >= 300) return error_of(answer.status, answer.body);
  base::Json parsed = TRY(base::parse_json(answer.body.empty() ? "{}" : answer.body));
  if (!parsed.is_object()) return base::internal("the answer is not a JSON object");
  return parsed.as_object();
}

base::Result<base::JsonArray> Api::emr_all(std::string_view operation, base::JsonObject input,
                                           std::string_view member) {
  base::JsonArray all;
  for (;;) {
    base::JsonObject page = TRY(emr(operation, input));
    if (const base::JsonArray* found = base::find_array(page, member)) {
      all.insert(all.end(), found->begin(), found->end());
    }
    std::string_view marker = base::text_at(page, "Marker");
    if (marker.empty()) return all;
    input["Marker"] = marker;
  }
}

base::Result<base::JsonObject> Api::serverless(const std::string& path) {
  http::ClientRequest request;
  request.url = path;
  request.timeout = kPatience;
  request.headers.set("User-Agent", "howdah-cli/" HOWDAH_VERSION);
  http::ClientResponse answer = TRY(send(std::move(request), "emr-serverless"));
  if (answer.status >= 300) return error_of(answer.status, answer.body);
  base::Json parsed = TRY(base::parse_json(answer.body));
  if (!parsed.is_object()) return base::internal("the answer is not a JSON object");
  return parsed.as_object();
}

base::Result<base::JsonArray> Api::serverless_all(const std::string& path,
                                                  std::string_view member) {
  const std::string first = path + (path.find('?') == std::string::npos ? '?' : '&');
  base::JsonArray all;
  std::string next;
  for (;;) {
    const std::string more = next.empty() ? "" : "&nextToken=" + base::percent_encode(next);
    base::JsonObject page = TRY(serverless(first + "maxResults=50" + more));
    if (const base::JsonArray* found = base::find_array(page, member)) {
      all.insert(all.end(), found->begin(), found->end());
    }
    next = base::text_at(page, "nextToken");
    if (next.empty()) return all;
  }
}

base::Result<base::JsonObject> Api::howdah(std::string_view method, const std::string& path,
                                           const base::Json& body) {
  http::ClientRequest request;
  request.method = method;
  request.url = path;
  request.timeout = kPatience;
  request.headers.set("User-Agent", "howdah-cli/" HOWDAH_VERSION);
  if (!body.is_null()) {
    request.body = base::to_text(body);
    request.headers.set("Content-Type", "application/json");
  }
  http::ClientResponse answer = TRY(send(std::move(request), "howdah"));
  if (answer.status >= 300) return error_of(answer.status, answer.body);
  if (base::trim(answer.body).empty()) return base::JsonObject{};
  base::Json parsed = TRY(base::parse_json(answer.body));
  return parsed.is_object() ? parsed.as_object() : base::JsonObject{};
}

base::Result<http::Headers> Api::stream(const std::string& path, std::chrono::milliseconds timeout,
                                        std::function<bool(std::string_view)> on_bytes) {
  http::ClientRequest request;
  request.url = path;
  request.timeout = timeout;
  request.headers.set("User-Agent", "howdah-cli/" HOWDAH_VERSION);
  request.on_body = std::move(on_bytes);
  http::ClientResponse answer = TRY(send(std::move(request), "howdah"));
  if (answer.status >= 300) return error_of(answer.status, answer.body);
  return std::move(answer.headers);
}

base::Result<Api> connect(const Globals& globals) {
  RunningServer server = TRY(running_server(globals));
  return Api(server.endpoint, globals.region, keys_for(server.endpoint));
}

}  // namespace howdah::cli

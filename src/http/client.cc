#include "http/client.h"

#include <curl/curl.h>
#include <fmt/format.h>

#include <cstdlib>

#include "base/text.h"

namespace howdah::http {
namespace {

struct Answer {
  ClientResponse response;
  const ClientRequest* request;
  int status = 0;
  bool stopped = false;
};

size_t on_header(char* bytes, size_t size, size_t count, void* user) {
  auto& answer = *static_cast<Answer*>(user);
  const std::string_view line(bytes, size * count);
  if (line.starts_with("HTTP/")) {  // of 100 Continue, or of the final answer
    answer.response.headers = {};
    const size_t space = line.find(' ');
    answer.status = space == std::string_view::npos ? 0 : std::atoi(line.data() + space + 1);
  } else if (const size_t colon = line.find(':'); colon != std::string_view::npos) {
    answer.response.headers.add(line.substr(0, colon), base::trim(line.substr(colon + 1)));
  }
  return line.size();
}

size_t on_body(char* bytes, size_t size, size_t count, void* user) {
  auto& answer = *static_cast<Answer*>(user);
  const std::string_view piece(bytes, size * count);
  if (!answer.request->on_body || answer.status >= 300) {
    answer.response.body.append(piece);
  } else if (!answer.request->on_body(piece)) {
    answer.stopped = true;
    return 0;
  }
  return piece.size();
}

base::Code code_of(CURLcode code) {
  switch (code) {
    case CURLE_OPERATION_TIMEDOUT:
      return base::Code::kDeadlineExceeded;
    case CURLE_URL_MALFORMAT:
    case CURLE_UNSUPPORTED_PROTOCOL:
      return base::Code::kInvalidArgument;
    case CURLE_OUT_OF_MEMORY:
      return base::Code::kResourceExhausted;
    case CURLE_COULDNT_RESOLVE_HOST:
    case CURLE_COULDNT_CONNECT:
    case CURLE_GOT_NOTHING:
    case CURLE_SEND_ERROR:
    case CURLE_RECV_ERROR:
    case CURLE_PARTIAL_FILE:
      return base::Code::kUnavailable;
    default:
      return base::Code::kInternal;
  }
}

bool is_one_line(std::string_view text) {
  return text.find_first_of(std::string_view("\r\n\0", 3)) == std::string_view::npos;
}

struct FreeList {
  void operator()(curl_slist* list) const { curl_slist_free_all(list); }
};
using HeaderList = std::unique_ptr<curl_slist, FreeList>;

void append(HeaderList& list, const std::string& line) {
  curl_slist* longer = curl_slist_append(list.get(), line.c_str());
  CHECK(longer != nullptr);
  (void)list.release();
  list.reset(longer);
}

HeaderList header_lines(const ClientRequest& request) {
  HeaderList list;
  for (const auto& [name, value] : request.headers) {
    append(list, value.empty() ? name + ";" : name + ": " + value);
  }
  // what curl would add of its own accord
  for (const char* name : {"Accept", "Content-Type", "Expect"}) {
    if (!request.headers.contains(name)) append(list, std::string(name) + ":");
  }
  return list;
}

}  // namespace

struct Client::State {
  CURL* curl = curl_easy_init();
  ~State() { curl_easy_cleanup(curl); }
};

Client::Client() {
  static const CURLcode ready = curl_global_init(CURL_GLOBAL_DEFAULT);
  CHECK(ready == CURLE_OK);
  state_ = std::make_unique<State>();
  CHECK(state_->curl != nullptr);
}
Client::~Client() = default;
Client::Client(Client&&) noexcept = default;

base::Result<ClientResponse> Client::send(const ClientRequest& request) {
  if (!is_one_line(request.method)) return base::invalid_argument("a line break in the method");
  for (const auto& [name, value] : request.headers) {
    if (!is_one_line(name) || !is_one_line(value)) {
      return base::invalid_argument("a line break in the header field " + name);
    }
  }
  CURL* curl = state_->curl;
  curl_easy_reset(curl);  // keeps the connection
  Answer answer{{}, &request};
  const HeaderList headers = header_lines(request);
  char reason[CURL_ERROR_SIZE] = "";
  curl_easy_setopt(curl, CURLOPT_URL, request.url.c_str());
  curl_easy_setopt(curl, CURLOPT_PATH_AS_IS, 1L);
  curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http,https");
  curl_easy_setopt(curl, CURLOPT_HTTP_VERSION, static_cast<long>(CURL_HTTP_VERSION_1_1));
  curl_easy_setopt(curl, CURLOPT_PROXY, "");  // a proxy for the outside does not lead to ourselves
  curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt(curl, CURLOPT_TCP_NODELAY, 1L);
  curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, static_cast<long>(request.timeout.count()));
  curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, reason);
  curl_easy_setopt(curl, CURLOPT_HTTPHEADER, headers.get());
  curl_easy_setopt(curl, CURLOPT_HEADERFUNCTION, on_header);
  curl_easy_setopt(curl, CURLOPT_HEADERDATA, &answer);
  curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, on_body);
  curl_easy_setopt(curl, CURLOPT_WRITEDATA, &answer);
  if (request.method == "HEAD") {
    curl_easy_setopt(curl, CURLOPT_NOBODY, 1L);
  } else if (!request.body.empty() || request.method == "POST" || request.method == "PUT") {
    curl_easy_setopt(curl, CURLOPT_POSTFIELDSIZE_LARGE,
                     static_cast<curl_off_t>(request.body.size()));
    curl_easy_setopt(curl, CURLOPT_POSTFIELDS, request.body.c_str());
  }
  if (request.method != "HEAD")
    curl_easy_setopt(curl, CURLOPT_CUSTOMREQUEST, request.method.c_str());

  const CURLcode code = curl_easy_perform(curl);
  // the handle outlives what these point to
  curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, nullptr);
  curl_easy_setopt(curl, CURLOPT_HTTPHEADER, nullptr);
  if (code != CURLE_OK) {
    if (answer.stopped) return base::Error{base::Code::kCancelled, "the receiver stopped", {}, {}};
    const char* what = reason[0] != '\0' ? reason : curl_easy_strerror(code);
    return base::Error{
        code_of(code), fmt::format("{} {}: {}", request.method, request.url, what), {}, {}};
  }
  long status = 0;
  curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &status);
  answer.response.status = static_cast<int>(status);
  return std::move(answer.response);
}

}  // namespace howdah::http

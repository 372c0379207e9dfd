#include "http/client.h"

#include <curl/curl.h>
#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <vector>

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

// What an upload reads from, and how that went.
struct Upload {
  BodySource* source = nullptr;
  std::optional<uint64_t> left;  // of the announced length
  std::optional<base::Error> error;
};

size_t on_upload(char* into, size_t size, size_t count, void* user) {
  auto& upload = *static_cast<Upload*>(user);
  size_t room = size * count;
  if (upload.left) room = static_cast<size_t>(std::min<uint64_t>(room, *upload.left));
  if (room == 0) return 0;
  auto got = upload.source->read({into, room});
  if (got.ok() && *got == 0 && upload.left) {
    got = base::unavailable(fmt::format("the source ended {} bytes too early", *upload.left));
  }
  if (!got.ok()) {
    upload.error = std::move(got).error();
    return CURL_READFUNC_ABORT;
  }
  if (upload.left) *upload.left -= *got;
  return *got;
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
    case CURLE_SEND_FAIL_REWIND:
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

base::Status check(const ClientRequest& request) {
  if (!is_one_line(request.method)) return base::invalid_argument("a line break in the method");
  for (const auto& [name, value] : request.headers) {
    if (!is_one_line(name) || !is_one_line(value)) {
      return base::invalid_argument("a line break in the header field " + name);
    }
  }
  return base::ok();
}

base::Error error_of(CURLcode code, const char* reason, const ClientRequest& request) {
  const char* what = reason[0] != '\0' ? reason : curl_easy_strerror(code);
  return base::Error{
      code_of(code), fmt::format("{} {}: {}", request.method, request.url, what), {}, {}};
}

constexpr long kUploadBuffer = 512 * 1024;
constexpr long kDownloadBuffer = 512 * 1024;

void set_target(CURL* curl, const ClientRequest& request, const HeaderList& headers, char* reason) {
  curl_easy_setopt(curl, CURLOPT_URL, request.url.c_str());
  curl_easy_setopt(curl, CURLOPT_PATH_AS_IS, 1L);
  curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http,https");
  curl_easy_setopt(curl, CURLOPT_HTTP_VERSION, static_cast<long>(CURL_HTTP_VERSION_1_1));
  curl_easy_setopt(curl, CURLOPT_PROXY, "");  // a proxy for the outside does not lead to ourselves
  curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt(curl, CURLOPT_TCP_NODELAY, 1L);
  if (request.stall.count() > 0) {
    curl_easy_setopt(curl, CURLOPT_LOW_SPEED_LIMIT, 1L);
    curl_easy_setopt(curl, CURLOPT_LOW_SPEED_TIME, static_cast<long>(request.stall.count()));
  }
  curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, reason);
  curl_easy_setopt(curl, CURLOPT_HTTPHEADER, headers.get());
}

void set_body(CURL* curl, const ClientRequest& request, Upload& upload) {
  if (request.method == "HEAD") {
    curl_easy_setopt(curl, CURLOPT_NOBODY, 1L);
    return;
  }
  if (request.source != nullptr) {
    curl_easy_setopt(curl, CURLOPT_UPLOAD, 1L);
    curl_easy_setopt(curl, CURLOPT_UPLOAD_BUFFERSIZE, kUploadBuffer);
    curl_easy_setopt(curl, CURLOPT_READFUNCTION, on_upload);
    curl_easy_setopt(curl, CURLOPT_READDATA, &upload);
    if (upload.left) {
      curl_easy_setopt(curl, CURLOPT_INFILESIZE_LARGE, static_cast<curl_off_t>(*upload.left));
    }
  } else if (!request.body.empty() || request.method == "POST" || request.method == "PUT") {
    curl_easy_setopt(curl, CURLOPT_POSTFIELDSIZE_LARGE,
                     static_cast<curl_off_t>(request.body.size()));
    curl_easy_setopt(curl, CURLOPT_POSTFIELDS, request.body.c_str());
  }
  curl_easy_setopt(curl, CURLOPT_CUSTOMREQUEST, request.method.c_str());
}

void make_ready() {
  static const CURLcode ready = curl_global_init(CURL_GLOBAL_DEFAULT);
  CHECK(ready == CURLE_OK);
}

}  // namespace

struct Client::State {
  CURL* curl = curl_easy_init();
  ~State() { curl_easy_cleanup(curl); }
};

Client::Client() {
  make_ready();
  state_ = std::make_unique<State>();
  CHECK(state_->curl != nullptr);
}
Client::~Client() = default;
Client::Client(Client&&) noexcept = default;

base::Result<ClientResponse> Client::send(const ClientRequest& request) {
  TRY(check(request));
  CURL* curl = state_->curl;
  curl_easy_reset(curl);  // keeps the connection
  Answer answer{{}, &request};
  Upload upload{request.source, request.source ? request.source->length() : std::nullopt, {}};
  const HeaderList headers = header_lines(request);
  char reason[CURL_ERROR_SIZE] = "";
  set_target(curl, request, headers, reason);
  set_body(curl, request, upload);
  curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, static_cast<long>(request.timeout.count()));
  curl_easy_setopt(curl, CURLOPT_HEADERFUNCTION, on_header);
  curl_easy_setopt(curl, CURLOPT_HEADERDATA, &answer);
  curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, on_body);
  curl_easy_setopt(curl, CURLOPT_WRITEDATA, &answer);
  const CURLcode code = curl_easy_perform(curl);
  // the handle outlives what these point to
  curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, nullptr);
  curl_easy_setopt(curl, CURLOPT_HTTPHEADER, nullptr);
  if (upload.error) return *std::move(upload.error);
  if (code != CURLE_OK) {
    if (answer.stopped) return base::Error{base::Code::kCancelled, "the receiver stopped", {}, {}};
    return error_of(code, reason, request);
  }
  long status = 0;
  curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &status);
  answer.response.status = static_cast<int>(status);
  return std::move(answer.response);
}

// The body goes straight into the reader's buffer; what does not fit waits in `kept`, and while
// something waits the transfer is paused.
struct Download::State {
  State() { CHECK(curl != nullptr && multi != nullptr); }
  ~State() {
    leave();
    curl_easy_cleanup(curl);
    curl_multi_cleanup(multi);
  }
  void leave() {
    if (std::exchange(added, false)) curl_multi_remove_handle(multi, curl);
  }

  CURL* curl = curl_easy_init();
  CURLM* multi = curl_multi_init();
  bool added = false;
  bool paused = false;
  bool head_done = false;  // the final answer's head is complete
  std::optional<CURLcode> ended;
  ClientRequest request;
  HeaderList headers;
  Answer answer{{}, nullptr};
  char reason[CURL_ERROR_SIZE] = "";
  std::span<char> wanted;
  size_t given = 0;
  std::vector<char> kept;
  size_t kept_at = 0;

  static size_t take_header(char* bytes, size_t size, size_t count, void* user) {
    auto& state = *static_cast<State*>(user);
    const std::string_view line(bytes, size * count);
    if (line == "\r\n" && state.answer.status >= 200) state.head_done = true;
    return on_header(bytes, size, count, &state.answer);
  }

  static size_t take_body(char* bytes, size_t size, size_t count, void* user) {
    auto& state = *static_cast<State*>(user);
    const size_t length = size * count;
    if (state.answer.status >= 300) {
      state.answer.response.body.append(bytes, length);
      return length;
    }
    if (state.kept_at < state.kept.size()) {
      state.paused = true;
      return CURL_WRITEFUNC_PAUSE;
    }
    const size_t now = std::min(length, state.wanted.size() - state.given);
    if (now > 0) std::memcpy(state.wanted.data() + state.given, bytes, now);
    state.given += now;
    state.kept.assign(bytes + now, bytes + length);
    state.kept_at = 0;
    return length;
  }

  // Moves what can be moved; waits for the network when nothing could.
  void step(bool wait) {
    int running = 0;
    if (wait) curl_multi_poll(multi, nullptr, 0, 1000, nullptr);
    curl_multi_perform(multi, &running);
    int left = 0;
    while (CURLMsg* message = curl_multi_info_read(multi, &left)) {
      if (message->msg == CURLMSG_DONE) ended = message->data.result;
    }
  }
};

Download::Download() {
  make_ready();
  state_ = std::make_unique<State>();
}
Download::~Download() = default;
Download::Download(Download&&) noexcept = default;

base::Result<ClientResponse> Download::open(const ClientRequest& request) {
  TRY(check(request));
  State& s = *state_;
  s.leave();
  curl_easy_reset(s.curl);
  s.request = request;
  s.headers = header_lines(s.request);
  s.answer = Answer{{}, &s.request};
  s.reason[0] = '\0';
  s.paused = s.head_done = false;
  s.ended.reset();
  s.wanted = {};
  s.given = s.kept_at = 0;
  s.kept.clear();
  Upload none;
  set_target(s.curl, s.request, s.headers, s.reason);
  set_body(s.curl, s.request, none);
  curl_easy_setopt(s.curl, CURLOPT_BUFFERSIZE, kDownloadBuffer);
  curl_easy_setopt(s.curl, CURLOPT_CONNECTTIMEOUT_MS, static_cast<long>(s.request.timeout.count()));
  curl_easy_setopt(s.curl, CURLOPT_HEADERFUNCTION, State::take_header);
  curl_easy_setopt(s.curl, CURLOPT_HEADERDATA, &s);
  curl_easy_setopt(s.curl, CURLOPT_WRITEFUNCTION, State::take_body);
  curl_easy_setopt(s.curl, CURLOPT_WRITEDATA, &s);
  curl_multi_add_handle(s.multi, s.curl);
  s.added = true;
  s.step(false);
  while (!s.ended && (!s.head_done || s.answer.status >= 300)) s.step(true);
  // what breaks off after the head is read()'s to say
  const bool has_head = s.head_done && s.answer.status < 300;
  if (s.ended && *s.ended != CURLE_OK && !has_head) {
    return error_of(*s.ended, s.reason, s.request);
  }
  s.answer.response.status = s.answer.status;
  return s.answer.response;
}

base::Result<size_t> Download::read(std::span<char> into) {
  State& s = *state_;
  if (s.kept_at < s.kept.size()) {
    const size_t count = std::min(into.size(), s.kept.size() - s.kept_at);
    std::memcpy(into.data(), s.kept.data() + s.kept_at, count);
    s.kept_at += count;
    return count;
  }
  s.wanted = into;
  s.given = 0;
  if (std::exchange(s.paused, false)) curl_easy_pause(s.curl, CURLPAUSE_CONT);
  for (bool wait = false; s.given == 0 && !s.ended; wait = true) s.step(wait);
  s.wanted = {};
  const size_t given = std::exchange(s.given, 0);
  if (given > 0) return given;
  if (*s.ended != CURLE_OK) return error_of(*s.ended, s.reason, s.request);
  return size_t{0};
}

std::optional<uint64_t> Download::length() const {
  const auto text = state_->answer.response.headers.find("Content-Length");
  if (!text || text->empty() || text->find_first_not_of("0123456789") != std::string_view::npos) {
    return std::nullopt;
  }
  return std::strtoull(std::string(*text).c_str(), nullptr, 10);
}

}  // namespace howdah::http

#include "http/response_writer.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>

#include "base/clock.h"
#include "base/log.h"
#include "base/text.h"

namespace howdah::http {
namespace {

constexpr size_t kPiece = 64 * 1024;

/// The Date field's value, made once a second and thread.
std::string_view date_now() {
  thread_local std::string text;
  thread_local int64_t second = -1;
  const base::Time now = base::SystemClock().now();
  if (const int64_t current = base::to_millis(now) / 1000; current != second) {
    second = current;
    text = base::to_rfc822(now);
  }
  return text;
}

bool is_token(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) {
    return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') ||
           std::string_view("!#$%&'*+-.^_`|~").find(c) != std::string_view::npos;
  });
}

bool is_control(char c) { return (static_cast<unsigned char>(c) < 0x20 && c != '\t') || c == 0x7f; }

bool is_ours(std::string_view name) {
  for (std::string_view ours :
       {"Content-Length", "Transfer-Encoding", "Connection", "Date", "Keep-Alive"}) {
    if (base::equals_ignore_case(name, ours)) return true;
  }
  return false;
}

void add_field(std::string* out, std::string_view name, std::string_view value) {
  out->append(name).append(": ");
  const size_t from = out->size();
  out->append(value);
  std::replace_if(out->begin() + static_cast<std::ptrdiff_t>(from), out->end(), is_control, ' ');
  out->append("\r\n");
}

std::optional<uint64_t> length_of(const Response& response) {
  if (const auto* text = std::get_if<std::string>(&response.body)) return text->size();
  if (const auto* file = std::get_if<FileBody>(&response.body)) return file->length;
  const auto& source = std::get<std::unique_ptr<BodySource>>(response.body);
  return source ? source->length() : 0;
}

bool has_no_body(int status) { return status < 200 || status == 204 || status == 304; }

struct Head {
  std::string text;
  std::optional<uint64_t> length;
  bool chunked = false;
};

Head make_head(const Response& response, ResponseFraming* framing) {
  Head head;
  head.length = length_of(response);
  std::string& out = head.text;
  out.reserve(512);
  fmt::format_to(std::back_inserter(out), "HTTP/1.1 {} {}\r\n", response.status,
                 reason_phrase(response.status));
  std::optional<std::string_view> own_length;
  for (const auto& [name, value] : response.headers) {
    if (is_ours(name)) {
      if (base::equals_ignore_case(name, "Connection")) {
        framing->keep_alive &= !base::equals_ignore_case(value, "close");
      } else if (base::equals_ignore_case(name, "Content-Length")) {
        own_length = value;
      }
    } else if (!is_token(name)) {
      base::log_error("http", "a response's header field with an impossible name was left out");
    } else {
      add_field(&out, name, value);
    }
  }
  add_field(&out, "Date", date_now());
  if (has_no_body(response.status)) {
    head.length = 0;
  } else if (framing->head_only && own_length && head.length == 0) {
    add_field(&out, "Content-Length", *own_length);
  } else if (head.length) {
    fmt::format_to(std::back_inserter(out), "Content-Length: {}\r\n", *head.length);
  } else if (framing->http_1_1) {
    head.chunked = true;
    out += "Transfer-Encoding: chunked\r\n";
  } else {
    framing->keep_alive = false;
  }
  if (!framing->keep_alive) {
    out += "Connection: close\r\n";
  } else if (!framing->http_1_1) {
    out += "Connection: keep-alive\r\n";
  }
  out += "\r\n";
  return head;
}

iovec part_of(std::string_view bytes) { return {const_cast<char*>(bytes.data()), bytes.size()}; }

/// Every piece goes out as soon as the source gives it.
base::Status send_chunked(Stream& stream, BodySource& source) {
  std::vector<char> buffer(kPiece);
  for (;;) {
    const size_t got = TRY(source.read(buffer));
    if (got == 0) return stream.send("0\r\n\r\n");
    char size[20];
    const auto end = fmt::format_to(size, "{:x}\r\n", got);
    iovec parts[] = {part_of({size, static_cast<size_t>(end - size)}),
                     part_of({buffer.data(), got}), part_of("\r\n")};
    TRY(stream.send(parts));
  }
}

/// `length`: what was promised; nullopt: until the source ends, and then the connection.
base::Status send_plain(Stream& stream, BodySource& source, std::optional<uint64_t> length) {
  std::vector<char> buffer(kPiece);
  uint64_t left = length.value_or(UINT64_MAX);
  while (left > 0) {
    const size_t got = TRY(source.read(std::span(buffer).first(std::min<uint64_t>(left, kPiece))));
    if (got == 0) {
      if (!length) return base::ok();
      return base::internal("an answer's body is shorter than its length");
    }
    TRY(stream.send({buffer.data(), got}));
    left -= got;
  }
  return base::ok();
}

}  // namespace

base::Status write_response(Stream& stream, Response& response, ResponseFraming* framing) {
  const Head head = make_head(response, framing);
  if (framing->head_only || has_no_body(response.status) || head.length == 0) {
    return stream.send(head.text);
  }
  if (const auto* text = std::get_if<std::string>(&response.body)) {
    iovec parts[] = {part_of(head.text), part_of(*text)};
    return stream.send(parts);
  }
  iovec part = part_of(head.text);
  if (const auto* file = std::get_if<FileBody>(&response.body)) {
    TRY(stream.send(std::span(&part, 1), /*more=*/true));
    return stream.send_file(file->file.get(), file->offset, file->length);
  }
  // at once: the first bytes of the body may be long in coming
  TRY(stream.send(std::span(&part, 1)));
  BodySource& source = *std::get<std::unique_ptr<BodySource>>(response.body);
  return head.chunked ? send_chunked(stream, source) : send_plain(stream, source, head.length);
}

std::string_view reason_phrase(int status) {
  switch (status) {
    case 200:
      return "OK";
    case 201:
      return "Created";
    case 202:
      return "Accepted";
    case 204:
      return "No Content";
    case 206:
      return "Partial Content";
    case 301:
      return "Moved Permanently";
    case 302:
      return "Found";
    case 303:
      return "See Other";
    case 304:
      return "Not Modified";
    case 307:
      return "Temporary Redirect";
    case 308:
      return "Permanent Redirect";
    case 400:
      return "Bad Request";
    case 401:
      return "Unauthorized";
    case 403:
      return "Forbidden";
    case 404:
      return "Not Found";
    case 405:
      return "Method Not Allowed";
    case 408:
      return "Request Timeout";
    case 409:
      return "Conflict";
    case 411:
      return "Length Required";
    case 412:
      return "Precondition Failed";
    case 413:
      return "Content Too Large";
    case 415:
      return "Unsupported Media Type";
    case 416:
      return "Range Not Satisfiable";
    case 417:
      return "Expectation Failed";
    case 429:
      return "Too Many Requests";
    case 431:
      return "Request Header Fields Too Large";
    case 500:
      return "Internal Server Error";
    case 501:
      return "Not Implemented";
    case 502:
      return "Bad Gateway";
    case 503:
      return "Service Unavailable";
    case 504:
      return "Gateway Timeout";
    case 505:
      return "HTTP Version Not Supported";
    default:
      return status < 400 ? "OK" : "Error";
  }
}

}  // namespace howdah::http

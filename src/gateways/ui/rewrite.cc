#include "gateways/ui/rewrite.h"

#include <array>
#include <charconv>

#include "base/text.h"
#include "gateways/ui/link.h"

namespace howdah::gateways {
namespace {

// A rule looks this far ahead and back: a name, quotes, a host of 255, a port.
constexpr size_t kAhead = 512;
constexpr size_t kBack = 64;
constexpr std::string_view kOurs = "/_howdah/";
constexpr std::string_view kSpace = " \t\r\n";

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }
bool is_letter(char c) { return lower(c) >= 'a' && lower(c) <= 'z'; }
bool is_digit(char c) { return c >= '0' && c <= '9'; }

bool starts_with(std::string_view text, std::string_view lower_case) {
  if (text.size() < lower_case.size()) return false;
  for (size_t i = 0; i < lower_case.size(); ++i) {
    if (lower(text[i]) != lower_case[i]) return false;
  }
  return true;
}

struct Authority {
  std::string host;  // lower case
  uint16_t port = 0;
  size_t length = 0;  // in the text
};

// "ip-10-0-0-1.ec2.internal:8042" before a path, a quote or the end.
std::optional<Authority> parse_authority(std::string_view text, uint16_t default_port) {
  Authority out;
  size_t at = 0;
  while (at < text.size() && at <= 255 &&
         (is_letter(text[at]) || is_digit(text[at]) || text[at] == '.' || text[at] == '-')) {
    out.host += lower(text[at++]);
  }
  if (out.host.empty() || at > 255) return std::nullopt;
  out.port = default_port;
  if (at < text.size() && text[at] == ':') {
    const char* begin = text.data() + at + 1;
    const auto [end, error] = std::from_chars(begin, text.data() + text.size(), out.port);
    if (error != std::errc() || end - begin > 5) return std::nullopt;
    at = static_cast<size_t>(end - text.data());
  }
  // A user's name, or a host that goes on in letters that we do not know.
  if (at < text.size() && (text[at] == '@' || text[at] == '_' || text[at] == '%' ||
                           text[at] == ':' || static_cast<unsigned char>(text[at]) >= 0x80)) {
    return std::nullopt;
  }
  out.length = at;
  return out;
}

/// An absolute URL's scheme, slashes and authority.
std::optional<Authority> parse_absolute(std::string_view text) {
  const bool secure = starts_with(text, "https://");
  if (!secure && !starts_with(text, "http://")) return std::nullopt;
  const size_t scheme = secure ? 8 : 7;
  auto out = parse_authority(text.substr(scheme), secure ? 443 : 80);
  if (out) out->length += scheme;
  return out;
}

bool is_link_name(std::string_view name) {
  for (const std::string_view known :
       {"href", "src", "action", "formaction", "location", "url", "poster", "background"}) {
    if (base::equals_ignore_case(name, known)) return true;
  }
  return false;
}

// Bytes at which a rule may begin.
constexpr std::array<bool, 256> triggers(Content content) {
  std::array<bool, 256> out{};
  out['h'] = out['H'] = true;
  if (content == Content::kData) return out;
  out['='] = out['('] = true;
  if (content == Content::kPage) out['<'] = out['-'] = true;
  return out;
}

}  // namespace

Content content_of(std::string_view content_type) {
  const std::string type =
      base::to_lower(base::trim(content_type.substr(0, content_type.find(';'))));
  if (type == "text/html" || type == "application/xhtml+xml") return Content::kPage;
  if (type == "text/css" || type == "text/javascript" || type == "application/javascript" ||
      type == "application/x-javascript") {
    return Content::kCode;
  }
  if (type == "application/json" || type.ends_with("+json")) return Content::kData;
  return Content::kOther;
}

Rewriter::Rewriter(Content content, Rewriting rewriting)
    : content_(content), r_(std::move(rewriting)) {
  script_stands_ = content != Content::kPage || r_.script.empty();
}

std::string Rewriter::feed(std::string_view piece, bool last) {
  if (content_ == Content::kOther) return std::string(piece);
  static constexpr auto kPage = triggers(Content::kPage), kCode = triggers(Content::kCode),
                        kData = triggers(Content::kData);
  const auto& begins = content_ == Content::kPage   ? kPage
                       : content_ == Content::kCode ? kCode
                                                    : kData;
  text_ += piece;
  std::string out;
  out.reserve(piece.size() + kAhead);
  // Until so little is left that a rule could need more.
  const size_t end = last ? text_.size() : text_.size() - std::min(text_.size(), kAhead);
  while (at_ < end) {
    size_t plain = at_;
    while (plain < end && !begins[static_cast<unsigned char>(text_[plain])]) ++plain;
    out.append(text_, at_, plain - at_);
    at_ = plain;
    if (at_ < end) step(out);
  }
  if (at_ > kBack) {
    text_.erase(0, at_ - kBack);
    at_ = kBack;
  }
  return out;
}

std::string_view Rewriter::before(size_t length) const {
  const size_t begin = at_ - std::min(at_, length);
  return std::string_view(text_).substr(begin, at_ - begin);
}

// Passes at least the byte at at_.
void Rewriter::step(std::string& out) {
  const char c = text_[at_];
  if (!script_stands_) look_at_tag(out);
  if (lower(c) == 'h' && try_absolute(out)) return;
  if (c == '=' && content_ != Content::kData && try_attribute(out)) return;
  if (c == '(' && content_ != Content::kData && try_call(out)) return;
  out += text_[at_++];
}

// Only where a value begins: a URL that is shown as text stays as it is.
bool Rewriter::try_absolute(std::string& out) {
  const std::string_view behind = before(1);
  if (behind.empty() || std::string_view("\"'=(;").find(behind[0]) == std::string_view::npos)
    return false;
  const auto authority = parse_absolute(std::string_view(text_).substr(at_));
  if (!authority) return false;
  const auto path = r_.locate(authority->host, authority->port);
  if (!path) return false;
  out += *path;
  at_ += authority->length;
  return true;
}

// At '=': a name before it, a quote (which a script's string may escape) and a path behind it.
bool Rewriter::try_attribute(std::string& out) {
  std::string_view name = before(kBack);
  while (!name.empty() && kSpace.find(name.back()) != std::string_view::npos) name.remove_suffix(1);
  size_t letters = 0;
  while (letters < name.size() && is_letter(name[name.size() - 1 - letters])) ++letters;
  name = name.substr(name.size() - letters);
  if (!is_link_name(name)) return false;
  const std::string_view text = text_;
  size_t at = at_ + 1;
  const size_t furthest = std::min(text.size(), at + kBack);
  while (at < furthest && kSpace.find(text[at]) != std::string_view::npos) ++at;
  while (at < furthest && text[at] == '\\') ++at;
  const bool quoted = at < text.size() && (text[at] == '"' || text[at] == '\'');
  if (quoted) ++at;
  // <meta http-equiv="refresh" content="0;url=/cluster">: the quote stands before.
  if (!quoted && !base::equals_ignore_case(name, "url")) return false;
  return insert_base(at, out);
}

// At '(': CSS's url(/static/a.png), with or without a quote; and the calls of scripts that take a
// path: Spark's setUIRoot('/proxy/application_1') behind YARN's proxy, location.replace("/x").
bool Rewriter::try_call(std::string& out) {
  const bool css = base::equals_ignore_case(before(3), "url");
  const bool script = before(9) == "setUIRoot" || before(16) == "location.replace" ||
                      before(15) == "location.assign";
  if (!css && !script) return false;
  size_t at = at_ + 1;
  const bool quoted = at < text_.size() && (text_[at] == '"' || text_[at] == '\'');
  if (quoted) ++at;
  return (quoted || css) && insert_base(at, out);
}

/// Passes everything before `at`, and what stands there if it is a path from the root or one with a
/// host of ours. False, and nothing happened, if it is not.
bool Rewriter::insert_base(size_t at, std::string& out) {
  const std::string_view url = std::string_view(text_).substr(std::min(at, text_.size()));
  if (!url.starts_with('/') || url.starts_with(kOurs)) return false;
  if (!url.starts_with("//")) {
    out.append(text_, at_, at - at_);
    out += r_.base;
    at_ = at;
    return true;
  }
  const auto authority = parse_authority(url.substr(2), 80);
  if (!authority) return false;
  const auto path = r_.locate(authority->host, authority->port);
  if (!path) return false;
  out.append(text_, at_, at - at_);
  out += *path;
  at_ = at + 2 + authority->length;
  return true;
}

// The script goes before the first element of a whole page; a fragment, which a script fetches,
// gets none.
void Rewriter::look_at_tag(std::string& out) {
  const std::string_view text = std::string_view(text_).substr(at_);
  if (in_comment_) {
    if (text.starts_with("-->")) in_comment_ = false;
    return;
  }
  if (!text.starts_with('<')) return;
  if (text.starts_with("<!--")) {
    in_comment_ = true;
  } else if (starts_with(text, "<!doctype") || starts_with(text, "<html")) {
    is_document_ = true;
  } else if (starts_with(text, "<?xml") || starts_with(text, "<head>") ||
             starts_with(text, "<head ")) {
    return;
  } else {
    if (is_document_) out += r_.script;
    script_stands_ = true;
  }
}

std::string rewrite_location(std::string_view location, const Rewriting& rewriting) {
  if (const auto authority = parse_absolute(location)) {
    const auto path = rewriting.locate(authority->host, authority->port);
    return path ? *path + std::string(location.substr(authority->length)) : std::string(location);
  }
  if (location.starts_with("//")) {
    const auto authority = parse_authority(location.substr(2), 80);
    const auto path = authority ? rewriting.locate(authority->host, authority->port) : std::nullopt;
    return path ? *path + std::string(location.substr(2 + authority->length))
                : std::string(location);
  }
  if (!location.starts_with('/') || location.starts_with(kOurs)) return std::string(location);
  return rewriting.base + std::string(location);
}

std::string rewrite_cookie(std::string_view cookie, const std::string& base) {
  std::string out;
  for (std::string_view part : base::split(cookie, ';')) {
    part = base::trim(part);
    const std::string_view name = base::trim(part.substr(0, part.find('=')));
    if (out.empty()) {
      if (name == kUiCookie) return {};
      out = part;
    } else if (base::equals_ignore_case(name, "Path")) {
      continue;
    } else if (!base::equals_ignore_case(name, "Domain")) {
      out += "; " + std::string(part);
    }
  }
  return out + "; Path=" + base + "/";
}

}  // namespace howdah::gateways

#pragma once

// The links of a web page, made to lead through the proxy while the page passes. Text in, text out,
// in pieces of any size and in bounded memory; how it is cut into pieces makes no difference. Any
// bytes are safe; what is not a link of ours comes out as it went in.
// Ownership: borrows nothing. Threads: one a Rewriter. Never fails.

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

namespace howdah::gateways {

enum class Content {
  kOther,  // passed as it is
  kPage,   // HTML: attributes, tables within scripts, and the page script is put in front
  kCode,   // JavaScript and CSS: as within a page, without the script
  kData    // JSON: only absolute URLs of the cluster's nodes
};
Content content_of(std::string_view content_type);

struct Rewriting {
  std::string base;    // of this page: "/_howdah/ui/j-1/primary/8088"
  std::string script;  // what is put before the first element of a page; empty: nothing
  /// "/_howdah/ui/j-1/i-0123/8042" for a host (lower case) and port of the cluster; nullopt: not
  /// one of ours.
  std::function<std::optional<std::string>(std::string_view host, uint16_t port)> locate;
};

class Rewriter {
 public:
  Rewriter(Content content, Rewriting rewriting);
  /// What can be told of the text so far; `last`: nothing more comes.
  std::string feed(std::string_view piece, bool last);

 private:
  void step(std::string& out);
  bool try_absolute(std::string& out);
  bool try_attribute(std::string& out);
  bool try_call(std::string& out);
  void look_at_tag(std::string& out);
  bool insert_base(size_t at, std::string& out);
  std::string_view before(size_t length) const;

  Content content_;
  Rewriting r_;
  std::string text_;  // what was passed on last, and what was not yet
  size_t at_ = 0;     // of the first byte that was not passed on
  // Of a page, until the script stands or there is no place for it:
  bool script_stands_ = false, is_document_ = false, in_comment_ = false;
};

/// The value of a Location header.
std::string rewrite_location(std::string_view location, const Rewriting& rewriting);
/// The value of a Set-Cookie header: below `base` only, of no domain. "" for our own cookie's name.
std::string rewrite_cookie(std::string_view cookie, const std::string& base);

}  // namespace howdah::gateways

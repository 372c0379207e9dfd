// Any bytes as a page, in any pieces: nothing is lost, added elsewhere, or told apart by how it was
// cut. The first byte says what it is and how it is cut.

#include <cstdint>

#include "gateways/ui/link.h"
#include "gateways/ui/rewrite.h"

namespace {

using namespace howdah::gateways;

std::string all_of(Content content, std::string_view text, size_t piece) {
  Rewriting how;
  how.base = "/_howdah/ui/j/p/1";
  how.script = "<!>";
  how.locate = [](std::string_view host, uint16_t port) -> std::optional<std::string> {
    if (host.size() > 255 || host != "a" || port != 80) return std::nullopt;
    return "/_howdah/ui/j/a/80";
  };
  Rewriter rewriter(content, how);
  std::string out;
  for (size_t at = 0; at < text.size(); at += piece)
    out += rewriter.feed(text.substr(at, piece), false);
  return out + rewriter.feed({}, true);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size == 0) return 0;
  const auto content = static_cast<Content>(data[0] % 4);
  const size_t piece = 1 + data[0] / 4;
  const std::string_view text(reinterpret_cast<const char*>(data) + 1, size - 1);
  const std::string whole = all_of(content, text, size);
  CHECK(whole == all_of(content, text, piece));
  if (content == Content::kOther) CHECK(whole == text);
  (void)parse_ui_path(text);
  (void)check_ui_token("secret", "j-1", text, howdah::base::Time{});
  (void)without_cookie(text, kUiCookie);
  (void)rewrite_cookie(text, "/p");
  return 0;
}

#include "distcp/manifest.h"

#include <fmt/format.h>

#include "base/json.h"
#include "base/text.h"
#include "distcp/codec.h"

namespace howdah::distcp {
namespace {

constexpr size_t kMostBytes = size_t{4} << 30;  // of the text: some ten million files
constexpr std::string_view kGzipMagic = "\x1f\x8b";

base::Result<ManifestLine> parse_line(std::string_view text, size_t number) {
  auto wrong = [&](std::string_view what) {
    return base::invalid_argument(fmt::format("line {} of the manifest: {}", number, what));
  };
  auto parsed = base::parse_json(text);
  if (!parsed.ok()) return wrong(parsed.error().message);
  if (!parsed->is_object()) return wrong("not a JSON object");
  const base::JsonObject& object = parsed->as_object();
  ManifestLine line;
  line.path = base::text_at(object, "path");
  line.base_name = base::text_at(object, "baseName");
  line.source_dir = base::text_at(object, "srcDir");
  const int64_t size = base::int_at(object, "size", -1);
  if (line.path.empty()) return wrong("\"path\" is missing");
  if (line.base_name.empty()) return wrong("\"baseName\" is missing");
  if (size < 0) return wrong("\"size\" is missing");
  line.size = static_cast<uint64_t>(size);
  return line;
}

}  // namespace

base::Result<std::vector<ManifestLine>> parse_manifest(std::string_view bytes) {
  std::string plain;
  if (bytes.starts_with(kGzipMagic)) {
    plain = TRY(gunzip_text(bytes, kMostBytes));
    bytes = plain;
  }
  std::vector<ManifestLine> out;
  size_t number = 0;
  while (!bytes.empty()) {
    ++number;
    const size_t end = std::min(bytes.find('\n'), bytes.size());
    const std::string_view line = base::trim(bytes.substr(0, end));
    bytes.remove_prefix(std::min(end + 1, bytes.size()));
    if (!line.empty()) out.push_back(TRY(parse_line(line, number)));
  }
  return out;
}

base::Result<std::string> format_manifest(const std::vector<ManifestLine>& lines) {
  std::string text;
  for (const ManifestLine& line : lines) {
    text += base::to_text(base::JsonObject{{"path", line.path},
                                           {"baseName", line.base_name},
                                           {"srcDir", line.source_dir},
                                           {"size", line.size}});
    text += '\n';
  }
  return gzip_text(text);
}

}  // namespace howdah::distcp

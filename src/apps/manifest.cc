#include "apps/manifest.h"

#include <fmt/format.h>

#include <algorithm>

#include "apps/files.h"
#include "base/digest.h"
#include "base/json.h"
#include "base/text.h"

namespace howdah::apps {
namespace {

using base::JsonObject;

// Raise it when install.cc lays the same files out differently: the folder then gets another name.
constexpr std::string_view kLayout = "2";

base::Error broken(const std::filesystem::path& path, std::string_view what) {
  return base::invalid_argument(fmt::format("{}: {}", path.string(), what));
}

bool is_sha256(std::string_view text) {
  return text.size() == 64 && text.find_first_not_of("0123456789abcdef") == std::string_view::npos;
}

// The file's name becomes a path: it may hold nothing that leads elsewhere.
bool is_plain_name(std::string_view name) {
  return !name.empty() && name[0] != '.' && name[0] != '-' &&
         name.find('/') == std::string_view::npos;
}

base::Result<Artifact> read_artifact(const std::filesystem::path& path, const base::Json& json) {
  const JsonObject* object = json.if_object();
  if (!object) return broken(path, "an artifact is not an object");
  Artifact out;
  out.group = base::text_at(*object, "group");
  out.source = out.group.empty() ? Artifact::Source::kPip : Artifact::Source::kMaven;
  out.name = base::text_at(*object, out.group.empty() ? "package" : "artifact");
  out.version = base::text_at(*object, "version");
  out.classifier = base::text_at(*object, "classifier");
  if (const auto type = base::text_at(*object, "type"); !type.empty()) out.type = type;
  out.file = out.group.empty()
                 ? std::string(base::text_at(*object, "file"))
                 : fmt::format("{}-{}{}{}.{}", out.name, out.version,
                               out.classifier.empty() ? "" : "-", out.classifier, out.type);
  out.sha256 = base::text_at(*object, "sha256");
  out.bytes = static_cast<uint64_t>(base::int_at(*object, "bytes"));
  if (out.name.empty() || out.version.empty())
    return broken(path, "an artifact lacks its name or version");
  if (!is_plain_name(out.file)) return broken(path, fmt::format("{}: bad \"file\"", out.name));
  if (!is_sha256(out.sha256)) return broken(path, fmt::format("{}: bad \"sha256\"", out.name));
  if (out.bytes == 0) return broken(path, fmt::format("{}: bad \"bytes\"", out.name));
  return out;
}

base::Status read_list(const std::filesystem::path& path, const JsonObject& from,
                       std::string_view key, std::vector<Artifact>& into) {
  const base::JsonArray* list = base::find_array(from, key);
  if (!list && !base::find(from, key)) return base::ok();
  if (!list) return broken(path, fmt::format("\"{}\" is not a list", key));
  for (const base::Json& item : *list) into.push_back(TRY(read_artifact(path, item)));
  return base::ok();
}

// A path below the application's folder: nothing that leads elsewhere.
bool is_below(std::string_view path) {
  return !path.empty() && path[0] != '/' && path.find("..") == std::string_view::npos;
}

base::Status read_layout(const std::filesystem::path& path, const JsonObject& from, Manifest& out) {
  if (const JsonObject* folders = base::find_object(from, "folders")) {
    for (const auto& member : *folders) {
      const std::string_view to = base::text_at(*folders, member.key());
      if (!is_below(to)) return broken(path, fmt::format("folders: bad folder '{}'", to));
      out.folders.emplace_back(member.key(), to);
    }
  }
  if (const JsonObject* links = base::find_object(from, "links")) {
    for (const auto& member : *links) {
      const std::string_view to = base::text_at(*links, member.key());
      if (!is_below(std::string(member.key())) || !is_plain_name(to))
        return broken(path, fmt::format("links: bad link to '{}'", to));
      out.links.emplace_back(member.key(), to);
    }
  }
  const base::JsonArray* unpack = base::find_array(from, "unpack");
  if (!unpack) return base::ok();
  for (const base::Json& item : *unpack) {
    const JsonObject* object = item.if_object();
    if (!object) return broken(path, "unpack: one is not an object");
    Unpacked each;
    each.file = base::text_at(*object, "file");
    each.members = base::text_at(*object, "members");
    each.to = base::text_at(*object, "to");
    if (!is_plain_name(each.file) || !is_below(each.members) || !is_below(each.to))
      return broken(path, fmt::format("unpack: {}", each.file));
    out.unpack.push_back(std::move(each));
  }
  return base::ok();
}

}  // namespace

std::vector<Artifact> Manifest::artifacts() const {
  std::vector<Artifact> out;
  if (home) out.push_back(*home);
  if (compiler) out.push_back(*compiler);
  out.insert(out.end(), jars.begin(), jars.end());
  out.insert(out.end(), python_packages.begin(), python_packages.end());
  std::stable_sort(out.begin(), out.end(),
                   [](const Artifact& a, const Artifact& b) { return a.bytes > b.bytes; });
  return out;
}

uint64_t Manifest::download_bytes() const {
  uint64_t total = 0;
  for (const Artifact& artifact : artifacts()) total += artifact.bytes;
  return total;
}

std::string Manifest::folder_name() const {
  base::Digest digest(base::Algorithm::kSha256);
  digest.update(kLayout);
  for (const Artifact& artifact : artifacts()) digest.update(artifact.sha256);
  if (layout != 0) digest.update(fmt::format("layout {}", layout));
  return fmt::format("{}-{}-{}", base::to_lower(application), version,
                     base::to_hex(digest.finish()).substr(0, 12));
}

base::Result<Manifest> load_manifest(const std::filesystem::path& path, std::string_view version) {
  const std::string text = TRY(read_file(path));
  base::Result<base::Json> json = base::parse_json(text);
  if (!json.ok()) return broken(path, json.error().message);
  const JsonObject* root = json->if_object();
  const JsonObject* versions = root ? base::find_object(*root, "versions") : nullptr;
  if (!versions) return broken(path, "\"versions\" is missing");
  const JsonObject* object = base::find_object(*versions, version);
  if (!object) return broken(path, fmt::format("version {} is not in \"versions\"", version));

  Manifest out;
  out.application = base::text_at(*root, "application");
  out.version = version;
  out.java = static_cast<int>(base::int_at(*object, "java"));
  out.python = base::text_at(*object, "python");
  out.machine = base::text_at(*object, "machine");
  out.unpacked_bytes = static_cast<uint64_t>(base::int_at(*object, "unpacked_bytes"));
  if (out.application.empty()) return broken(path, "\"application\" is missing");
  if (out.java == 0) return broken(path, "\"java\" is missing");
  out.layout = static_cast<int>(base::int_at(*object, "layout"));
  out.class_path = base::texts_at(*object, "class_path");
  out.needs = base::texts_at(*root, "needs");
  if (const base::Json* home = base::find(*object, "home"))
    out.home = TRY(read_artifact(path, *home));
  if (const base::Json* compiler = base::find(*object, "compiler"))
    out.compiler = TRY(read_artifact(path, *compiler));
  TRY(read_list(path, *object, "jars", out.jars));
  TRY(read_list(path, *object, "python_packages", out.python_packages));
  TRY(read_layout(path, *object, out));
  if (out.artifacts().empty()) return broken(path, "there is no file in it");
  return out;
}

}  // namespace howdah::apps

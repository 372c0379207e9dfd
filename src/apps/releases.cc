#include "apps/releases.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "apps/files.h"
#include "base/json.h"
#include "base/text.h"

namespace howdah::apps {
namespace {

namespace fs = std::filesystem;

base::Error broken(const fs::path& path, std::string_view what) {
  return base::invalid_argument(fmt::format("{}: {}", path.string(), what));
}

// "emr-spark-8.1.0" -> {8, 1, 0}; what is no number counts as 0.
std::vector<int> numbers_of(std::string_view label) {
  const size_t dash = label.rfind('-');
  std::vector<int> out;
  for (std::string_view part :
       base::split(label.substr(dash == std::string_view::npos ? 0 : dash + 1), '.')) {
    int number = 0;
    std::from_chars(part.data(), part.data() + part.size(), number);
    out.push_back(number);
  }
  return out;
}

base::Result<Release> read_release(const fs::path& apps_folder, const fs::path& path) {
  const std::string text = TRY(read_file(path));
  base::Result<base::Json> json = base::parse_json(text);
  if (!json.ok()) return broken(path, json.error().message);
  const base::JsonObject* object = json->if_object();
  if (!object) return broken(path, "not an object");
  Release out;
  out.label = base::text_at(*object, "label");
  if (out.label != path.stem()) return broken(path, "\"label\" differs from the file's name");
  out.released = base::text_at(*object, "released");
  out.os_releases = base::texts_at(*object, "os_releases");
  const base::JsonObject* applications = base::find_object(*object, "applications");
  if (!applications || applications->empty()) return broken(path, "\"applications\" is missing");
  for (const auto& member : *applications) {
    if (!member.value().is_string())
      return broken(path, fmt::format("version of {}", std::string(member.key())));
    out.aws_versions[std::string(member.key())] = base::view_of(member.value().as_string());
  }
  std::map<std::string, std::string> answered = out.aws_versions;
  if (const base::JsonObject* runs = base::find_object(*object, "runs")) {
    for (const auto& member : *runs) {
      const std::string name(member.key());
      const std::string version(base::text_at(*runs, member.key()));
      if (!answered.contains(name))
        return broken(path, fmt::format("\"runs\": {} is not in \"applications\"", name));
      const fs::path manifest = apps_folder / base::to_lower(name) / "manifest.json";
      out.manifests.push_back(TRY(load_manifest(manifest, version)));
      out.runnable.push_back(name);
      answered[name] = version;
      if (name == "Spark") out.spark_version = version;
    }
  }
  if (const base::JsonObject* parts = base::find_object(*object, "parts")) {
    for (const auto& member : *parts) {
      const std::string name(member.key());
      out.manifests.push_back(TRY(load_manifest(apps_folder / name / "manifest.json",
                                                base::text_at(*parts, member.key()))));
      out.parts.push_back(name);
    }
  }
  out.applications.assign(answered.begin(), answered.end());
  return out;
}

}  // namespace

const Manifest* Release::manifest_of(std::string_view application) const {
  const auto at = std::find_if(manifests.begin(), manifests.end(), [&](const Manifest& manifest) {
    return manifest.application == application;
  });
  return at == manifests.end() ? nullptr : &*at;
}

bool newer_label(std::string_view a, std::string_view b) {
  const std::vector<int> left = numbers_of(a);
  const std::vector<int> right = numbers_of(b);
  return left != right ? left > right : a > b;
}

base::Result<Releases> Releases::load(const fs::path& apps_folder) {
  Releases out;
  out.folder_ = apps_folder;
  std::error_code error;
  for (fs::directory_iterator at(apps_folder / "releases", error);
       !error && at != fs::directory_iterator(); at.increment(error)) {
    if (at->path().extension() == ".json")
      out.all_.push_back(TRY(read_release(apps_folder, at->path())));
  }
  if (error) return base::from_errno((apps_folder / "releases").string(), error.value());
  std::sort(out.all_.begin(), out.all_.end(),
            [](const Release& a, const Release& b) { return newer_label(a.label, b.label); });
  return out;
}

const Release* Releases::find(std::string_view label) const {
  const auto at =
      std::find_if(all_.begin(), all_.end(), [&](const Release& r) { return r.label == label; });
  return at == all_.end() ? nullptr : &*at;
}

std::vector<std::string> Releases::runnable_labels() const {
  std::vector<std::string> out;
  for (const Release& release : all_) {
    if (release.is_runnable()) out.push_back(release.label);
  }
  return out;
}

const std::string* find_application(const Release& release, std::string_view name) {
  for (const auto& [known, version] : release.applications) {
    if (base::equals_ignore_case(known, name)) return &known;
  }
  return nullptr;
}

}  // namespace howdah::apps

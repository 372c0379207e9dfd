#include "distcp/find_files.h"

#include <fmt/format.h>

#include <set>

#include "base/text.h"

namespace howdah::distcp {
namespace {

constexpr size_t kMostText = size_t{1} << 30;
constexpr std::string_view kTemporary = ".s3-dist-cp-";  // what a killed run may have left behind

base::Result<std::string> read_whole(const Location& location, Session& session) {
  Store* store = TRY(session.store_of(location));
  const Input file = TRY(store->look(location));
  if (file.size == 0) return std::string();
  const Source source = TRY(store->open(file, 0, file.size));
  return read_source(*source, kMostText);
}

// A path without a scheme is looked for in the default file system, then on this host: AWS's page
// shows /usr/bin/manifest-1.gz.
base::Result<std::string> read_text(const std::string& text, Session& session) {
  const Location location = TRY(session.locate(text));
  auto found = read_whole(location, session);
  const bool bare = text.starts_with('/') && location.scheme == Scheme::kHdfs;
  if (found.ok() || !bare || found.error().code != base::Code::kNotFound) return found;
  auto here = read_whole({Scheme::kLocal, "file", "", location.path}, session);
  return here.ok() ? std::move(here) : std::move(found);
}

base::Result<std::vector<ManifestLine>> previous_manifest(const Options& options,
                                                          Session& session) {
  if (options.previous_manifest.empty()) return std::vector<ManifestLine>();
  auto text = read_text(options.previous_manifest, session);
  if (!text.ok()) {
    base::Error error = std::move(text).error();
    const bool missing = error.code == base::Code::kNotFound;
    if (missing && !options.require_previous_manifest && !options.copy_from_manifest) {
      return std::vector<ManifestLine>();
    }
    error.message =
        fmt::format("--previousManifest {}: {}{}", options.previous_manifest, error.message,
                    missing ? "; --requirePreviousManifest=false would do without it" : "");
    return error;
  }
  auto lines = parse_manifest(*text);
  if (!lines.ok()) {
    return base::invalid_argument(
        fmt::format("--previousManifest {}: {}", options.previous_manifest, lines.error().message));
  }
  return lines;
}

base::Result<std::vector<Input>> from_manifest(const std::vector<ManifestLine>& lines,
                                               Session& session) {
  std::vector<Input> out;
  std::set<std::string_view> seen;  // files of one group share a path
  for (const ManifestLine& line : lines) {
    if (!seen.insert(line.path).second) continue;
    const Location location = TRY(session.locate(line.path));
    Store* store = TRY(session.store_of(location));
    Input input = TRY(store->look(location));
    input.relative = line.base_name;
    out.push_back(std::move(input));
  }
  return out;
}

base::Result<std::vector<Input>> from_prefixes(const Options& options, const Location& source,
                                               Session& session) {
  const std::string text = TRY(read_text(options.source_prefixes_file, session));
  std::vector<Input> out;
  std::set<std::string> seen;  // prefixes may overlap
  for (std::string_view line : base::split(text, '\n')) {
    line = base::trim(line);
    if (line.empty()) continue;
    Location prefix = TRY(session.locate(line));
    // "s3://b/2026/" means the folder, "s3://b/2026" all that begins so
    if (line.ends_with('/') && prefix.scheme == Scheme::kS3) prefix.path += '/';
    Store* store = TRY(session.store_of(prefix));
    std::vector<Input> found = TRY(store->list_prefix(prefix));
    for (Input& input : found) {
      input.relative = TRY(relative_to(source, input.location));
      if (seen.insert(uri(input.location)).second) out.push_back(std::move(input));
    }
  }
  return out;
}

base::Result<std::vector<Input>> from_source(const Location& source, Session& session) {
  Store* store = TRY(session.store_of(source));
  auto listed = store->list(source);
  if (!listed.ok() && listed.error().code == base::Code::kNotFound) {
    base::Error error = std::move(listed).error();
    error.message = fmt::format("Input path does not exist: {} ({})", uri(source), error.message);
    return error;
  }
  if (!listed.ok()) return listed;
  std::erase_if(*listed, [](const Input& input) {
    return file_name(input.location.path).starts_with(kTemporary);
  });
  for (Input& input : *listed) input.relative = TRY(relative_to(source, input.location));
  return listed;
}

base::Result<std::vector<Present>> find_present(const Location& destination, Session& session) {
  Store* store = TRY(session.store_of(destination));
  auto listed = store->list(destination);
  std::vector<Present> out;
  if (!listed.ok() && listed.error().code == base::Code::kNotFound) return out;
  if (!listed.ok()) return std::move(listed).error();
  for (const Input& each : *listed) {
    out.push_back({TRY(relative_to(destination, each.location)), each.size});
  }
  return out;
}

}  // namespace

base::Result<std::string> relative_to(const Location& folder, const Location& file) {
  const bool same_place = folder.scheme == file.scheme && folder.authority == file.authority;
  if (same_place && folder.path == file.path) return std::string(file_name(file.path));
  std::string prefix = folder.path;
  if (!prefix.empty() && !prefix.ends_with('/')) prefix += '/';
  if (!same_place || !file.path.starts_with(prefix)) {
    return base::invalid_argument(
        fmt::format("{} does not lie below --src {}", uri(file), uri(folder)));
  }
  return file.path.substr(prefix.size());
}

base::Result<Findings> find_files(const Options& options, const Location& destination,
                                  Session& session) {
  Findings out;
  out.destination = destination.scheme;
  std::vector<ManifestLine> previous = TRY(previous_manifest(options, session));
  if (options.copy_from_manifest) {
    out.inputs = TRY(from_manifest(previous, session));
  } else {
    const Location source = TRY(session.locate(options.source));
    out.inputs = options.source_prefixes_file.empty()
                     ? TRY(from_source(source, session))
                     : TRY(from_prefixes(options, source, session));
    out.previous = std::move(previous);
  }
  if (options.append_to_last_file) out.present = TRY(find_present(destination, session));
  return out;
}

}  // namespace howdah::distcp

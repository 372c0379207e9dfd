#include "apps/progress.h"

#include <fmt/format.h>
#include <unistd.h>

#include "apps/files.h"
#include "base/log.h"

namespace howdah::apps {
namespace {
constexpr base::Millis kAtMostEvery{250};
}

std::string download_text(std::string_view what, uint64_t done_bytes, uint64_t total_bytes) {
  constexpr uint64_t kMega = 1000000;
  return fmt::format("Downloading {}, {} of {} MB", what, done_bytes / kMega,
                     (total_bytes + kMega - 1) / kMega);
}

std::filesystem::path progress_path(const std::filesystem::path& engines_root,
                                    std::string_view label) {
  return engines_root / fmt::format(".progress-{}.json", label);
}

std::optional<Progress> parse_progress(std::string_view text) {
  base::Result<base::Json> json = base::parse_json(text);
  if (!json.ok() || !json->is_object()) return std::nullopt;
  const base::JsonObject& object = json->as_object();
  Progress out;
  out.phase = base::text_at(object, "phase");
  out.text = base::text_at(object, "text");
  out.done_bytes = static_cast<uint64_t>(base::int_at(object, "done_bytes"));
  out.total_bytes = static_cast<uint64_t>(base::int_at(object, "total_bytes"));
  out.error = base::text_at(object, "error");
  if (out.phase.empty() && out.error.empty()) return std::nullopt;
  return out;
}

std::optional<Progress> read_progress(const std::filesystem::path& engines_root,
                                      std::string_view label) {
  base::Result<std::string> text = read_file(progress_path(engines_root, label));
  if (!text.ok()) return std::nullopt;
  return parse_progress(*text);
}

ProgressFile::ProgressFile(std::filesystem::path path, OnProgress on_progress, base::Clock& clock)
    : path_(std::move(path)), on_progress_(std::move(on_progress)), clock_(clock) {}

void ProgressFile::update(const Progress& progress) {
  const base::Millis now = clock_.steady();
  const bool same_phase = progress.phase == last_.phase;
  if (written_ && same_phase && now - *written_ < kAtMostEvery) return;
  written_ = now;
  write(progress);
}

void ProgressFile::announce(const Progress& progress) const {
  if (on_progress_) on_progress_(progress);
}

void ProgressFile::fail(const std::string& error) {
  Progress progress = last_;
  progress.error = error;
  write(progress);
}

void ProgressFile::finish() { ::unlink(path_.c_str()); }

void ProgressFile::write(const Progress& progress) {
  last_ = progress;
  base::JsonObject object;
  object["phase"] = progress.phase;
  object["text"] = progress.text;
  object["done_bytes"] = progress.done_bytes;
  object["total_bytes"] = progress.total_bytes;
  if (!progress.error.empty()) object["error"] = progress.error;
  // Who cannot be told still gets the installation.
  const base::Status written = write_file(path_, base::to_text(object) + "\n");
  if (!written.ok()) base::log_warn("apps", "progress: {}", written.error().message);
  if (on_progress_) on_progress_(progress);
}

}  // namespace howdah::apps

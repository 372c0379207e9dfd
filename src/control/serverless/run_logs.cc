#include "control/serverless/run_logs.h"

#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <optional>

#include "base/json.h"
#include "base/text.h"
#include "control/jobs/log_place.h"
#include "control/jobs/ship_file.h"
#include "os/file.h"

namespace howdah::control {
namespace {

using base::JsonObject;
using base::Result;
using base::Status;
using serverless::Application;
using serverless::JobRun;

constexpr const char* kGroup = "/aws/emr-serverless";
constexpr const char* kEvents = "/mnt/var/log/spark/apps";
constexpr size_t kPiece = 512 * 1024;  // of a stream, at once

// What the run says, else the application.
const JsonObject* monitoring(const Application& application, const JobRun& run,
                             std::string_view part) {
  const JsonObject* own = base::find_object(run.wanted.overrides, "monitoringConfiguration");
  if (own != nullptr) {
    if (const JsonObject* found = base::find_object(*own, part)) return found;
  }
  return base::find_object(application.wanted.monitoring, part);
}

std::optional<LogPlace> s3_place(const Application& application, const JobRun& run) {
  const JsonObject* s3 = monitoring(application, run, "s3MonitoringConfiguration");
  if (s3 == nullptr) return std::nullopt;
  return log_place(std::string(base::text_at(*s3, "logUri", "")));
}

bool is_managed(const Application& application, const JobRun& run) {
  const JsonObject* managed =
      monitoring(application, run, "managedPersistenceMonitoringConfiguration");
  return managed == nullptr || base::bool_at(*managed, "enabled", true);
}

struct File {
  std::string inside;  // in the node
  std::string name;    // below the run's prefix, without .gz
  bool plain = false;  // not compressed: event logs
};

// Readers tell by the last part of a name how an event log is compressed: "local-1.zstd".
std::string codec_of(std::string_view name) {
  constexpr std::string_view kUnfinished = ".inprogress";
  if (name.ends_with(kUnfinished)) name.remove_suffix(kUnfinished.size());
  for (const char* codec : {".zstd", ".lz4", ".lzf", ".snappy"})
    if (name.ends_with(codec)) return codec;
  return "";
}

class ShippedLogs final : public RunLogs {
 public:
  explicit ShippedLogs(RunLogsOptions options) : o_(std::move(options)) {}

  Status ship(const Application& application, const JobRun& run, const AttemptPlace& place,
              bool last) override {
    const auto s3 = s3_place(application, run);
    const std::string prefix = run_prefix(application.key, run, place.attempt);
    std::optional<base::Error> failure;
    for (const File& file : files_of(place, run)) {
      struct stat info {};
      {
        const auto log = o_.nodes.open_file(place.node, file.inside);
        if (!log.ok() || ::fstat(log->get(), &info) != 0) {
          if (!last || file.plain) continue;  // an empty log is a log too, at the end
        }
      }
      const std::string id = place.run + "/" + std::to_string(place.attempt) + "/" + file.name;
      const uint64_t size = static_cast<uint64_t>(info.st_size);
      if (!last && sent(id) == size) continue;
      const Status done = ship_one(application, run, place, file, s3, prefix);
      if (done.ok()) {
        remember(id, size);
      } else if (!failure) {
        failure = done.error();
      }
    }
    if (last) forget_sizes(place.run + "/");
    if (failure) return *failure;
    return base::ok();
  }

  Status forget(const serverless::Key& application, const std::string& run) override {
    return os::erase_tree(managed_folder(o_.folder, application, run));
  }

 private:
  std::vector<File> files_of(const AttemptPlace& place, const JobRun& run) {
    const std::string folder = run_log_folder(place.run, place.attempt);
    std::vector<File> out;
    for (const char* name : {"stdout", "stderr"})
      out.push_back({folder + "/SPARK_DRIVER/" + name, std::string("SPARK_DRIVER/") + name});
    // Executors that were processes of their own: <folder>/executors/<application>/<n>/.
    if (const auto apps = o_.nodes.list_folder(place.node, folder + "/executors"); apps.ok()) {
      for (const nodes::FolderEntry& app : *apps) {
        if (!app.folder) continue;
        const std::string below = folder + "/executors/" + app.name;
        const auto executors = o_.nodes.list_folder(place.node, below);
        if (!executors.ok()) continue;
        for (const nodes::FolderEntry& executor : *executors) {
          if (!executor.folder) continue;
          for (const char* name : {"stdout", "stderr"}) {
            out.push_back({below + "/" + executor.name + "/" + name,
                           fmt::format("SPARK_EXECUTOR/{}/{}", executor.name, name)});
          }
        }
      }
    }
    add_event_logs(place, run, out);
    return out;
  }

  // Spark names its event log after its own application; EMR Serverless after the run.
  void add_event_logs(const AttemptPlace& place, const JobRun& run, std::vector<File>& out) {
    const auto logs = o_.nodes.list_folder(place.node, kEvents);
    if (!logs.ok()) return;
    for (const nodes::FolderEntry& log : *logs) {
      const std::string target = "sparklogs/eventlog_v2_" + run.id + "/";
      if (!log.folder) {
        out.push_back({std::string(kEvents) + "/" + log.name,
                       target + "events_1_" + run.id + codec_of(log.name), true});
        continue;
      }
      const std::string below = std::string(kEvents) + "/" + log.name;
      const auto pieces = o_.nodes.list_folder(place.node, below);
      if (!pieces.ok()) continue;
      for (const nodes::FolderEntry& piece : *pieces) {
        const auto words = base::split(piece.name, '_');
        if (words.size() < 2) continue;
        const std::string name = words[0] == "events" ? fmt::format("events_{}_{}{}", words[1],
                                                                    run.id, codec_of(piece.name))
                                                      : fmt::format("{}_{}", words[0], run.id);
        out.push_back({below + "/" + piece.name, target + name, true});
      }
    }
  }

  Status ship_one(const Application& application, const JobRun& run, const AttemptPlace& place,
                  const File& file, const std::optional<LogPlace>& s3, const std::string& prefix) {
    const auto open = [&] {
      auto log = o_.nodes.open_file(place.node, file.inside);
      return log.ok() ? std::move(*log) : base::Fd();
    };
    if (is_managed(application, run)) {
      const std::filesystem::path target =
          managed_folder(o_.folder, application.key, run.id, place.attempt) / file.name;
      TRY(os::make_folders(target.parent_path()));
      // Without this file Spark's history server takes the folder for no log at all.
      if (file.plain)
        TRY(os::create_file_once(target.parent_path() / ("appstatus_" + run.id), "", 0644,
                                 os::Durability::kProcess));
      // The history server reads these as another user; the store's folder keeps everybody else
      // out.
      TRY(file.plain ? copy_file(open(), target, 0644)
                     : gzip_file(open(), target.string() + ".gz"));
    }
    if (!file.plain) TRY(stream(application, run, place, file, open(), prefix));
    if (s3) {
      const std::string key = s3->key(prefix + file.name + (file.plain ? "" : ".gz"));
      const Status sent = file.plain ? ship_plain(o_.objects, s3->bucket, key, open())
                                     : ship_file(o_.objects, s3->bucket, key, open());
      if (!sent.ok()) {
        base::Error failure = sent.error();
        failure.message = fmt::format("s3://{}/{}: {}", s3->bucket, key, failure.message);
        return failure;
      }
    }
    return base::ok();
  }

  // Whole lines that were not sent yet; the end of the last line waits for its newline, or the end.
  Status stream(const Application& application, const JobRun& run, const AttemptPlace& place,
                const File& file, base::Fd log, const std::string& prefix) {
    const JsonObject* cloud = monitoring(application, run, "cloudWatchLoggingConfiguration");
    if (!o_.stream || cloud == nullptr || !base::bool_at(*cloud, "enabled", false) || !log.valid())
      return base::ok();
    LogLines lines{application.key, std::string(base::text_at(*cloud, "logGroupName", kGroup)), "",
                   ""};
    const std::string before(base::text_at(*cloud, "logStreamNamePrefix", ""));
    lines.stream = (before.empty() ? "" : before + "/") + prefix + file.name;
    const std::string id =
        "stream:" + place.run + "/" + std::to_string(place.attempt) + "/" + file.name;
    uint64_t at = sent(id);
    std::string buffer(kPiece, '\0');
    while (true) {
      const ssize_t got = ::pread(log.get(), buffer.data(), buffer.size(), static_cast<off_t>(at));
      if (got <= 0) break;
      std::string_view text(buffer.data(), static_cast<size_t>(got));
      const size_t end = text.rfind('\n');
      if (end != std::string_view::npos) {
        text = text.substr(0, end + 1);
      } else if (text.size() < kPiece) {
        break;
      }
      lines.text = std::string(text);
      TRY(o_.stream(lines));
      at += text.size();
      remember(id, at);
    }
    return base::ok();
  }

  uint64_t sent(const std::string& id) {
    std::lock_guard lock(mutex_);
    const auto it = sent_.find(id);
    return it == sent_.end() ? 0 : it->second;
  }
  void remember(const std::string& id, uint64_t size) {
    std::lock_guard lock(mutex_);
    sent_[id] = size;
  }
  void forget_sizes(const std::string& run) {
    std::lock_guard lock(mutex_);
    std::erase_if(sent_, [&](const auto& entry) {
      return entry.first.starts_with(run) || entry.first.starts_with("stream:" + run);
    });
  }

  RunLogsOptions o_;
  std::mutex mutex_;
  std::map<std::string, uint64_t> sent_;
};

}  // namespace

std::filesystem::path managed_folder(const std::filesystem::path& folder,
                                     const serverless::Key& application, const std::string& run) {
  return folder / application.id / run;
}

std::filesystem::path managed_folder(const std::filesystem::path& folder,
                                     const serverless::Key& application, const std::string& run,
                                     int attempt) {
  const std::filesystem::path out = managed_folder(folder, application, run);
  return attempt > 1 ? out / "attempts" / std::to_string(attempt) : out;
}

std::string run_prefix(const serverless::Key& application, const JobRun& run, int attempt) {
  const bool several = run.wanted.max_attempts > 1 || run.wanted.mode == "STREAMING";
  std::string out = fmt::format("applications/{}/jobs/{}/", application.id, run.id);
  if (several) out += fmt::format("attempts/{}/", attempt);
  return out;
}

std::unique_ptr<RunLogs> make_run_logs(RunLogsOptions options) {
  return std::make_unique<ShippedLogs>(std::move(options));
}

}  // namespace howdah::control

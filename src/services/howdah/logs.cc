// The log of a step or of a job run as raw bytes, live: from the nodes while there are some, and
// from what is kept of them afterwards.

#include <fmt/format.h>
#include <sys/stat.h>

#include <algorithm>
#include <functional>
#include <memory>

#include "services/howdah/answers.h"
#include "services/howdah/howdah.h"
#include "services/howdah/run_log.h"
#include "services/howdah/step_log.h"

namespace howdah::services {
namespace {

constexpr base::Millis kPoll{
    200};  // of a growing file: far below the second that a reader may wait

struct GrowingLog {
  std::function<bool()> is_over;
  std::function<base::Result<size_t>(std::span<char> into, uint64_t offset)> read;
  std::function<bool()> wait;  // for more; false: no more will come, this server ends
};

// The file from an offset to its end, and with `follow` on until its writer has ended.
class LogBody final : public http::BodySource {
 public:
  LogBody(GrowingLog log, uint64_t offset, bool follow)
      : log_(std::move(log)), offset_(offset), follow_(follow) {}

  base::Result<size_t> read(std::span<char> into) override {
    for (;;) {
      // The state first: what is written before the end is then never missed.
      const bool ended = log_.is_over();
      const size_t got = TRY(log_.read(into, offset_));
      offset_ += got;
      if (got > 0 || !follow_ || ended || !log_.wait()) return got;
    }
  }
  std::optional<uint64_t> length() const override { return std::nullopt; }

 private:
  const GrowingLog log_;
  uint64_t offset_;
  const bool follow_;
};

std::function<bool()> wait_for(store::Changes& changes, const job::Key& key) {
  return [&changes, key] {
    if (changes.closed()) return false;
    changes.wait_beyond(key, changes.generation(key), kPoll);
    return true;
  };
}

int64_t number_in(const http::Request& request, std::string_view name) {
  return std::strtoll(std::string(query_value(request, name)).c_str(), nullptr, 10);
}

http::Response answer_of(GrowingLog log, const http::Request& request) {
  const auto offset = static_cast<uint64_t>(std::max<int64_t>(0, number_in(request, "offset")));
  const bool follow = query_value(request, "follow") == "1";
  http::Response out;
  out.headers.set("Content-Type", "application/octet-stream");
  out.body =
      std::unique_ptr<http::BodySource>(std::make_unique<LogBody>(std::move(log), offset, follow));
  return out;
}

}  // namespace

http::Response Howdah::logs(const std::vector<std::string_view>& parts,
                            const http::Request& request, const std::string& region) {
  const job::Key key{o_.account, region, std::string(parts[1])};
  const std::string subject(parts[2]), file(parts[3]);
  return key.id.starts_with("00") ? run_log(key, subject, file, request)
                                  : step_log(key, subject, file, request);
}

http::Response Howdah::step_log(const cluster::Key& key, const std::string& step,
                                const std::string& file, const http::Request& request) {
  if (!StepLog::is_name(file)) {
    return error_answer(base::invalid_argument(
        fmt::format("A step has no log '{}': it has {}.", file, StepLog::names())));
  }
  if (const auto row = o_.store.cluster(key); !row.ok()) return error_answer(row.error());
  if (const auto found = o_.store.step(key, step); !found.ok()) return error_answer(found.error());
  const auto log = std::make_shared<StepLog>(o_.store, o_.nodes, key, step, file);
  struct stat info {};
  int64_t size = number_in(request, "offset");
  if (const base::Fd& opened = log->open(); opened.valid() && ::fstat(opened.get(), &info) == 0)
    size = std::max<int64_t>(size, info.st_size);
  GrowingLog growing;
  growing.is_over = [&store = o_.store, key, step] {
    const auto row = store.step(key, step);
    return !row.ok() || cluster::is_terminal(row->step.state);
  };
  growing.read = [log, step](std::span<char> into, uint64_t offset) -> base::Result<size_t> {
    const base::Fd& opened = log->open();
    if (!opened.valid()) return size_t{0};
    const ssize_t got = ::pread(opened.get(), into.data(), into.size(), static_cast<off_t>(offset));
    if (got < 0) return base::from_errno("read the log of " + step);
    return static_cast<size_t>(got);
  };
  growing.wait = wait_for(o_.store.changes(), key);
  http::Response out = answer_of(std::move(growing), request);
  out.headers.set("x-howdah-next-offset", std::to_string(size));
  return out;
}

http::Response Howdah::run_log(const serverless::Key& key, const std::string& run,
                               const std::string& file, const http::Request& request) {
  if (!RunLog::is_name(file)) {
    return error_answer(base::invalid_argument(
        fmt::format("A job run has no log '{}': it has stdout, stderr.", file)));
  }
  const auto found = o_.serverless.run(key, run);
  if (!found.ok()) return error_answer(found.error());
  const auto& attempts = found->status.attempts;
  const int last = attempts.empty() ? 1 : attempts.back().number;
  const int64_t asked = number_in(request, "attempt");
  if (asked < 0 || asked > last)
    return error_answer(base::not_found(fmt::format("{} has no attempt {}.", run, asked)));
  const int attempt = asked == 0 ? last : static_cast<int>(asked);
  const auto log = std::make_shared<RunLog>(
      o_.serverless, o_.nodes, RunLog::Of{key, run, attempt, file}, o_.run_logs(key, run, attempt));
  const bool follow = query_value(request, "follow") == "1";
  if (log->is_over() && !log->open(true)) {
    return error_answer(base::not_found(
        fmt::format("Nothing is kept of {} of attempt {} of {}: it never began, or its "
                    "monitoringConfiguration turns the managed store off.",
                    file, attempt, run)));
  }
  GrowingLog growing;
  growing.is_over = [log] { return log->is_over(); };
  // While it is written the copy that is kept is late: who follows waits for the node's own.
  growing.read = [log, follow](std::span<char> into, uint64_t offset) -> base::Result<size_t> {
    log->open(!follow || log->is_over());
    return log->read(into, offset);
  };
  growing.wait = wait_for(o_.serverless.changes(), key);
  return answer_of(std::move(growing), request);
}

}  // namespace howdah::services

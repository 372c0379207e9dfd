// A step's log as raw bytes, live: from the nodes while there are some, and from what is kept of
// them afterwards.

#include <fmt/format.h>
#include <sys/stat.h>

#include <algorithm>

#include "services/howdah/answers.h"
#include "services/howdah/howdah.h"
#include "services/howdah/step_log.h"

namespace howdah::services {
namespace {

constexpr base::Millis kPoll{
    200};  // of a growing file: far below the second that a reader may wait

// The file from an offset to its end, and with `follow` on until the step has ended.
class LogBody final : public http::BodySource {
 public:
  LogBody(store::ControlStore& store, StepLog log, cluster::Key key, std::string step,
          uint64_t offset, bool follow)
      : store_(store),
        log_(std::move(log)),
        key_(std::move(key)),
        step_(std::move(step)),
        offset_(offset),
        follow_(follow) {}

  base::Result<size_t> read(std::span<char> into) override {
    for (;;) {
      // The state first: what is written before the end is then never missed.
      const bool ended = has_ended();
      if (const base::Fd& log = log_.open(); log.valid()) {
        const ssize_t got =
            ::pread(log.get(), into.data(), into.size(), static_cast<off_t>(offset_));
        if (got < 0) return base::from_errno("read the log of " + step_);
        offset_ += static_cast<uint64_t>(got);
        if (got > 0) return static_cast<size_t>(got);
      }
      if (!follow_ || ended || store_.changes().closed()) return size_t{0};
      store_.changes().wait_beyond(key_, store_.changes().generation(key_), kPoll);
    }
  }
  std::optional<uint64_t> length() const override { return std::nullopt; }

 private:
  bool has_ended() {
    const auto row = store_.step(key_, step_);
    return !row.ok() || cluster::is_terminal(row->step.state);
  }

  store::ControlStore& store_;
  StepLog log_;
  const cluster::Key key_;
  const std::string step_;
  uint64_t offset_;
  const bool follow_;
};

}  // namespace

http::Response Howdah::logs(const std::vector<std::string_view>& parts,
                            const http::Request& request, const std::string& region) {
  const cluster::Key key{o_.account, region, std::string(parts[1])};
  const std::string step(parts[2]);
  const std::string file(parts[3]);
  if (!StepLog::is_name(file)) {
    return error_answer(base::invalid_argument(
        fmt::format("A step has no log '{}': it has {}.", file, StepLog::names())));
  }
  if (const auto row = o_.store.cluster(key); !row.ok()) return error_answer(row.error());
  if (const auto found = o_.store.step(key, step); !found.ok()) return error_answer(found.error());
  const uint64_t offset =
      std::strtoull(std::string(query_value(request, "offset")).c_str(), nullptr, 10);
  const bool follow = query_value(request, "follow") == "1";
  http::Response out;
  out.headers.set("Content-Type", "application/octet-stream");
  StepLog log(o_.store, o_.nodes, key, step, file);
  uint64_t size = offset;
  struct stat info {};
  if (const base::Fd& opened = log.open(); opened.valid() && ::fstat(opened.get(), &info) == 0)
    size = std::max(offset, static_cast<uint64_t>(info.st_size));
  out.headers.set("x-howdah-next-offset", std::to_string(size));
  out.body = std::unique_ptr<http::BodySource>(
      std::make_unique<LogBody>(o_.store, std::move(log), key, step, offset, follow));
  return out;
}

}  // namespace howdah::services

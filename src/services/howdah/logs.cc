// A step's log as raw bytes, live: from the node while there is one, and from what is kept of it
// afterwards.

#include <fmt/format.h>
#include <sys/stat.h>

#include <algorithm>

#include "services/howdah/answers.h"
#include "services/howdah/howdah.h"

namespace howdah::services {
namespace {

constexpr std::string_view kFiles[] = {"controller", "syslog", "stderr", "stdout"};
constexpr base::Millis kPoll{
    200};  // of a growing file: far below the second that a reader may wait

std::filesystem::path path_of(const std::string& step, std::string_view file) {
  return std::filesystem::path("/mnt/var/log/hadoop/steps") / step / file;
}

// The file from an offset to its end, and with `follow` on until the step has ended.
class LogBody final : public http::BodySource {
 public:
  LogBody(store::ControlStore& store, nodes::Provider& nodes, cluster::Key key, std::string node,
          std::string step, std::string file, uint64_t offset, bool follow)
      : store_(store),
        nodes_(nodes),
        key_(std::move(key)),
        node_(std::move(node)),
        step_(std::move(step)),
        file_(std::move(file)),
        offset_(offset),
        follow_(follow) {}

  base::Result<size_t> read(std::span<char> into) override {
    for (;;) {
      // The state first: what is written before the end is then never missed.
      const bool ended = has_ended();
      if (!log_.valid()) {
        auto opened = nodes_.open_file(node_, path_of(step_, file_));
        if (opened.ok()) log_ = std::move(*opened);
      }
      if (log_.valid()) {
        const ssize_t got =
            ::pread(log_.get(), into.data(), into.size(), static_cast<off_t>(offset_));
        if (got < 0) return base::from_errno(file_);
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
  nodes::Provider& nodes_;
  const cluster::Key key_;
  const std::string node_, step_, file_;
  base::Fd log_;
  uint64_t offset_;
  const bool follow_;
};

}  // namespace

http::Response Howdah::logs(const std::vector<std::string_view>& parts,
                            const http::Request& request, const std::string& region) {
  const cluster::Key key{o_.account, region, std::string(parts[1])};
  const std::string step(parts[2]);
  const std::string file(parts[3]);
  if (std::find(std::begin(kFiles), std::end(kFiles), file) == std::end(kFiles)) {
    return error_answer(base::invalid_argument(
        fmt::format("A step has no log '{}': it has {}.", file, fmt::join(kFiles, ", "))));
  }
  const auto row = o_.store.cluster(key);
  if (!row.ok()) return error_answer(row.error());
  if (const auto found = o_.store.step(key, step); !found.ok()) return error_answer(found.error());
  const uint64_t offset =
      std::strtoull(std::string(query_value(request, "offset")).c_str(), nullptr, 10);
  const bool follow = query_value(request, "follow") == "1";
  const std::string node = cluster::node_id(row->as_cluster());
  http::Response out;
  out.headers.set("Content-Type", "application/octet-stream");
  uint64_t size = offset;
  if (const auto opened = o_.nodes.open_file(node, path_of(step, file)); opened.ok()) {
    struct stat info {};
    if (::fstat(opened->get(), &info) == 0)
      size = std::max(offset, static_cast<uint64_t>(info.st_size));
  }
  out.headers.set("x-howdah-next-offset", std::to_string(size));
  out.body = std::unique_ptr<http::BodySource>(
      std::make_unique<LogBody>(o_.store, o_.nodes, key, node, step, file, offset, follow));
  return out;
}

}  // namespace howdah::services

#include "services/howdah/run_log.h"

#include <fcntl.h>
#include <unistd.h>
#include <zlib.h>

namespace howdah::services {

RunLog::RunLog(store::ServerlessStore& store, nodes::Provider& nodes, Of of, const Places& places)
    : store_(store),
      nodes_(nodes),
      of_(std::move(of)),
      inside_(places.inside / of_.file),
      kept_path_(places.kept / (of_.file + ".gz")) {}

void RunLog::Close::operator()(gzFile_s* file) const { ::gzclose_r(file); }

bool RunLog::is_over() const {
  const auto run = store_.run(of_.application, of_.run);
  if (!run.ok() || serverless::is_terminal(run->status.state)) return true;
  const auto& attempts = run->status.attempts;
  return !attempts.empty() && attempts.back().number != of_.attempt;
}

bool RunLog::open(bool kept_will_do) {
  if (live_.valid() || kept_) return true;
  const auto run = store_.run(of_.application, of_.run);
  if (!run.ok()) return false;
  const serverless::RunStatus& status = run->status;
  const bool is_current = !status.attempts.empty() && status.attempts.back().number == of_.attempt;
  if (is_current && !status.node.empty()) {
    if (auto log = nodes_.open_file(status.node, inside_); log.ok()) live_ = std::move(*log);
  }
  return live_.valid() || (kept_will_do && open_kept());
}

bool RunLog::open_kept() {
  const int file = ::open(kept_path_.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
  if (file < 0) return false;
  kept_.reset(::gzdopen(file, "rb"));
  if (!kept_) ::close(file);
  return kept_ != nullptr;
}

base::Result<size_t> RunLog::read(std::span<char> into, uint64_t offset) {
  if (live_.valid()) {
    const ssize_t got = ::pread(live_.get(), into.data(), into.size(), static_cast<off_t>(offset));
    if (got < 0) return base::from_errno("read the log of " + of_.run);
    return static_cast<size_t>(got);
  }
  if (!kept_) return size_t{0};
  const auto at = static_cast<z_off_t>(offset);
  const bool there = ::gztell(kept_.get()) == at || ::gzseek(kept_.get(), at, SEEK_SET) == at;
  const int got =
      there ? ::gzread(kept_.get(), into.data(), static_cast<unsigned>(into.size())) : -1;
  int state = Z_OK;
  ::gzerror(kept_.get(), &state);
  // At its end zlib calls a file that was cut short no failure, but says it.
  if (got < 0 || (got == 0 && state != Z_OK))
    return base::internal(kept_path_.string() + " cannot be read");
  return static_cast<size_t>(got);
}

}  // namespace howdah::services

#include "control/serverless/history_servers.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/log.h"
#include "control/serverless/run_logs.h"
#include "serverless/ui_ports.h"

namespace howdah::control {
namespace {

constexpr const char* kNodes = "history/";
constexpr base::Millis kRound{5000};

// Why the history server is not there any more; empty: it is.
std::string ended(nodes::Provider& nodes, const std::string& node) {
  const auto seen = nodes.look(node);
  if (!seen.ok()) return seen.error().message;
  if (!seen->alive) return seen->reason;
  for (const auto& [id, process] : seen->processes) {
    if (process.state == nodes::ProcessSeen::State::kRunning) return "";
    if (process.out_of_memory) return "it ran out of memory";
    if (process.signal != 0) return fmt::format("signal {} ended it", process.signal);
    return fmt::format("it ended with exit code {}", process.exit_code);
  }
  return "it did not start";
}

}  // namespace

base::Status HistoryServers::start() {
  for (const nodes::NodeSeen& node : TRY(nodes_.list()))
    if (node.id.starts_with(kNodes)) end(node.id);
  thread_ = std::jthread([this](std::stop_token stop) {
    while (!stop.stop_requested()) {
      tend();
      std::unique_lock lock(mutex_);
      changed_.wait_for(lock, stop, kRound, [] { return false; });
    }
  });
  return base::ok();
}

void HistoryServers::stop() {
  thread_.request_stop();
  changed_.notify_all();
  if (thread_.joinable()) thread_.join();
  std::lock_guard lock(mutex_);
  for (const auto& [node, one] : running_) end(node);
  running_.clear();
}

base::Result<HistoryServers::Place> HistoryServers::ensure(const serverless::Key& application,
                                                           const std::string& run, int attempt,
                                                           const std::string& release_label) {
  const std::filesystem::path logs =
      managed_folder(options_.logs, application, run, attempt) / "sparklogs";
  std::error_code error;
  if (!std::filesystem::is_directory(logs, error))
    return base::not_found("No event log of this attempt is kept.");
  const std::string node = fmt::format("{}{}-{}", kNodes, run, attempt);
  std::lock_guard lock(mutex_);
  const base::Millis now = clock_.steady();
  auto found = running_.find(node);
  if (found != running_.end()) {
    if (const std::string why = ended(nodes_, node); !why.empty()) {
      end(node);
      running_.erase(found);
      return base::unavailable("The history server is not there any more: " + why + ".");
    }
  } else {
    make_room();
    const uint16_t port = serverless::history_port(run, attempt);
    TRY(make(node, release_label, logs, port));
    found = running_.emplace(node, Running{port, now, now}).first;
  }
  found->second.looked_at = now;
  return Place{node, found->second.port, now - found->second.since > options_.patience};
}

void HistoryServers::tend() {
  std::lock_guard lock(mutex_);
  std::erase_if(running_, [&](const auto& entry) {
    const bool idle = clock_.steady() - entry.second.looked_at > options_.idle;
    if (idle) end(entry.first);
    return idle;
  });
}

base::Status HistoryServers::make(const std::string& node, const std::string& release_label,
                                  const std::filesystem::path& logs, uint16_t port) {
  RunSetup setup = TRY(engines_.history_setup(release_label, logs, port));
  setup.node.id = node;
  base::Status made = nodes_.ensure(setup.node);
  if (made.ok()) made = nodes_.start(node, setup.process);
  if (!made.ok()) end(node);
  return made;
}

void HistoryServers::make_room() {
  while (running_.size() >= options_.most) {
    const auto oldest = std::min_element(
        running_.begin(), running_.end(),
        [](const auto& a, const auto& b) { return a.second.looked_at < b.second.looked_at; });
    end(oldest->first);
    running_.erase(oldest);
  }
}

void HistoryServers::end(const std::string& node) {
  base::Status gone = nodes_.remove(node);
  if (gone.ok()) gone = nodes_.forget(node);
  if (!gone.ok()) base::log_warn("control", "{}: {}", node, gone.error().message);
}

}  // namespace howdah::control

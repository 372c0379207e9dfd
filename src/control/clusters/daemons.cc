#include "control/clusters/daemons.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <mutex>
#include <optional>
#include <thread>

#include "base/text.h"
#include "control/clusters/log_files.h"
#include "control/jobs/ask_inside.h"

namespace howdah::control {
namespace {

using base::Millis;
using base::Result;
using base::Status;

constexpr Millis kPatience{400};      // for a probe
constexpr Millis kBelievedSick{100};  // for so long a probe's answer stands
constexpr Millis kBelievedWell{1000};
constexpr size_t kMostRemembered = 4096;
constexpr size_t kEndedTail = 16 * 1024;
constexpr size_t kLogTail = 8 * 1024;
constexpr size_t kLastLines = 12;

std::optional<int64_t> number_of(std::string_view text) {
  int64_t out = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), out);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return out;
}

class LocalDaemons final : public Daemons {
 public:
  LocalDaemons(nodes::Provider& nodes, const base::Clock& clock) : nodes_(nodes), clock_(clock) {}

  Result<std::vector<DaemonSeen>> look(const cluster::Cluster& cluster, const cluster::Node& node,
                                       const std::vector<DaemonUnit>& units) override {
    const std::string id = cluster::node_id(cluster, node.number);
    std::vector<DaemonSeen> out(units.size());
    {
      // Together they take no longer than the slowest.
      std::vector<std::jthread> probes;
      for (size_t i = 0; i < units.size(); ++i) {
        const std::optional<std::string> pid = settle(id, units[i], out[i]);
        if (!pid || answered_lately(id, units[i], *pid, out[i])) continue;
        probes.emplace_back([this, &id, &units, &out, i, pid = *pid] {
          out[i].state =
              healthy(id, units[i]) ? DaemonSeen::State::kHealthy : DaemonSeen::State::kStarting;
          remember(id, units[i], pid, out[i].state == DaemonSeen::State::kHealthy);
        });
      }
    }
    for (size_t i = 0; i < units.size(); ++i) {
      const bool ended_badly = out[i].ends > 0 && out[i].state != DaemonSeen::State::kHealthy &&
                               (out[i].exit_code != 0 || out[i].signal != 0);
      if (ended_badly || out[i].state == DaemonSeen::State::kFailed)
        out[i].last_lines = last_lines_of(id, units[i].log);
    }
    return out;
  }

  Status control(const cluster::Cluster& cluster, const cluster::Node& node, DaemonVerb verb,
                 const std::string& unit) override {
    const std::string id = cluster::node_id(cluster, node.number);
    // One that does not end in time is killed.
    const char* word = verb == DaemonVerb::kUp     ? "up"
                       : verb == DaemonVerb::kDown ? "force-stop"
                                                   : "force-restart";
    const nodes::NodeSeen seen = TRY(nodes_.look(id));
    // "sv-3-up-hadoop-hdfs-datanode": the third of this unit. Asked while the same still runs, it
    // is the same.
    int64_t newest = 0;
    for (const auto& [process, state] : seen.processes) {
      if (!process.starts_with("sv-") || !process.ends_with("-" + unit)) continue;
      const std::string_view rest = std::string_view(process).substr(3);
      const auto number = number_of(rest.substr(0, std::min(rest.find('-'), rest.size())));
      if (!number) continue;
      newest = std::max(newest, *number);
      const bool same = process == fmt::format("sv-{}-{}-{}", *number, word, unit);
      if (same && state.state == nodes::ProcessSeen::State::kRunning) return base::ok();
    }
    nodes::ProcessSpec process;
    process.id = fmt::format("sv-{}-{}-{}", newest + 1, word, unit);
    process.argv = {"sv", "-w", "30", word, fmt::format("{}/{}", kServicesFolder, unit)};
    process.user = "root";
    process.working_directory = "/";
    process.stdout_path = "/mnt/var/log/instance-controller/daemons.log";
    process.stderr_path = process.stdout_path;
    return nodes_.start(id, process);
  }

 private:
  struct Probe {
    std::string pid;
    bool well = false;
    Millis at{0};
  };
  using ProbeKey = std::pair<std::string, std::string>;  // node, unit

  std::optional<std::string> text_of(const std::string& node, const std::filesystem::path& file,
                                     size_t limit) {
    const auto opened = nodes_.open_file(node, file);
    if (!opened.ok()) return std::nullopt;
    return tail_of(opened->get(), limit);
  }

  // Everything that files say. The pid, when the daemon runs and its probe has the last word.
  std::optional<std::string> settle(const std::string& node, const DaemonUnit& unit,
                                    DaemonSeen& seen) {
    const std::filesystem::path folder = std::filesystem::path(kServicesFolder) / unit.unit;
    seen.unit = unit.unit;
    seen.log = unit.log;
    const Ends ends = read_ends(text_of(node, folder / "ended", kEndedTail).value_or(""));
    seen.ends = ends.count;
    seen.exit_code = ends.exit_code;
    seen.signal = ends.signal;
    const auto stat = text_of(node, folder / "supervise" / "stat", 256);
    switch (stat ? runit_state_of(*stat) : RunitState::kUnknown) {
      case RunitState::kRun: {
        const auto pid = text_of(node, folder / "supervise" / "pid", 64);
        seen.state = DaemonSeen::State::kStarting;
        return std::string(base::trim(pid.value_or("")));
      }
      case RunitState::kFinish:  // it has ended and is about to be started again, or given up
        seen.state = DaemonSeen::State::kStarting;
        break;
      case RunitState::kDown:
        seen.state = text_of(node, folder / "gave-up", 1) ? DaemonSeen::State::kFailed
                                                          : DaemonSeen::State::kDown;
        break;
      case RunitState::kUnknown: {
        // runsv has not taken it up yet; one with a `down` file is not asked for.
        const bool down = text_of(node, folder / "down", 1).has_value();
        seen.state = down ? DaemonSeen::State::kDown : DaemonSeen::State::kStarting;
        break;
      }
    }
    return std::nullopt;
  }

  bool answered_lately(const std::string& node, const DaemonUnit& unit, const std::string& pid,
                       DaemonSeen& seen) {
    std::lock_guard lock(mutex_);
    const auto it = probes_.find({node, unit.unit});
    if (it == probes_.end() || it->second.pid != pid || pid.empty()) return false;
    const Millis age = clock_.steady() - it->second.at;
    if (age >= (it->second.well ? kBelievedWell : kBelievedSick)) return false;
    seen.state = it->second.well ? DaemonSeen::State::kHealthy : DaemonSeen::State::kStarting;
    return true;
  }

  void remember(const std::string& node, const DaemonUnit& unit, const std::string& pid,
                bool well) {
    std::lock_guard lock(mutex_);
    if (probes_.size() >= kMostRemembered) probes_.clear();  // of nodes long gone, most of them
    probes_[{node, unit.unit}] = {pid, well, clock_.steady()};
  }

  bool healthy(const std::string& node, const DaemonUnit& unit) {
    if (unit.port == 0) return true;  // nothing to ask: it runs
    if (unit.health_path.empty()) return nodes_.connect_inside(node, unit.port, kPatience).ok();
    http::ExchangeRequest request;
    request.target = unit.health_path;
    const auto answer =
        ask_inside(nodes_, clock_, node, unit.port, std::move(request), kPatience, 1u << 20);
    return answer.ok() && answer->status == 200;
  }

  std::string last_lines_of(const std::string& node, const std::string& log) {
    std::string text = text_of(node, log, kLogTail).value_or("");
    while (!text.empty() && text.back() == '\n') text.pop_back();
    size_t begin = text.size();
    for (size_t lines = 0; lines < kLastLines && begin != std::string::npos && begin > 0; ++lines)
      begin = text.rfind('\n', begin - 1);
    return begin == std::string::npos || begin == 0 ? text : text.substr(begin + 1);
  }

  nodes::Provider& nodes_;
  const base::Clock& clock_;
  std::mutex mutex_;
  std::map<ProbeKey, Probe> probes_;
};

}  // namespace

std::unique_ptr<Daemons> make_local_daemons(nodes::Provider& nodes, const base::Clock& clock) {
  return std::make_unique<LocalDaemons>(nodes, clock);
}

RunitState runit_state_of(std::string_view stat) {
  stat = base::trim(stat);
  const std::string_view first = stat.substr(0, std::min(stat.find_first_of(", \n"), stat.size()));
  if (first == "run") return RunitState::kRun;
  if (first == "down") return RunitState::kDown;
  if (first == "finish") return RunitState::kFinish;
  return RunitState::kUnknown;
}

Ends read_ends(std::string_view ended) {
  Ends out;
  for (std::string_view line : base::split(ended, '\n')) {
    const auto words = base::split(base::trim(line), ' ');
    if (words.size() != 3) continue;
    const auto at = number_of(words[0]);
    const auto code = number_of(words[1]);
    const auto signal = number_of(words[2]);
    if (!at || !code || !signal || *at < 0 || *signal < 0 || *signal > 64) continue;
    const bool by_signal = *signal != 0;
    out.count += 1;
    out.last = *at;
    out.exit_code = by_signal ? 0 : static_cast<int>(std::clamp<int64_t>(*code, -1, 255));
    out.signal = static_cast<int>(*signal);
  }
  return out;
}

}  // namespace howdah::control

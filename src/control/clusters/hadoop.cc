#include "control/clusters/hadoop.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "base/digest.h"
#include "base/json.h"
#include "base/log.h"
#include "base/text.h"
#include "control/clusters/log_files.h"
#include "control/jobs/ask_inside.h"
#include "job/launch.h"
#include "job/yarn_names.h"

namespace howdah::control {
namespace {

using base::Result;
using base::Status;
using cluster::Cluster;

// A question on loopback takes milliseconds; on a host that is busy it is asked again later. What
// is to be done may take longer: it writes to YARN's own store.
constexpr base::Millis kPatience{900};
constexpr base::Millis kActionPatience{3000};
constexpr size_t kLogTail = 256 * 1024;
constexpr const char* kRefresh = "refresh-nodes-";

Result<std::string> primary_node(const Cluster& cluster) {
  const cluster::Node* primary = cluster::primary_of(cluster);
  if (primary == nullptr)
    return base::unavailable("the cluster " + cluster.key.id + " has no primary node yet");
  return cluster::node_id(cluster, primary->number);
}

Result<std::string> ask(nodes::Provider& nodes, const base::Clock& clock, const std::string& node,
                        uint16_t port, http::ExchangeRequest request) {
  const std::string target = request.target;
  InsideAnswer answer = TRY(ask_inside(nodes, clock, node, port, std::move(request), kPatience));
  if (answer.status >= 300) {
    return base::unavailable(fmt::format("port {} of {} answers {} to {}: {}", port, node,
                                         answer.status, target.substr(0, 80),
                                         base::trim(answer.body).substr(0, 200)));
  }
  return std::move(answer.body);
}

Result<std::string> get(nodes::Provider& nodes, const base::Clock& clock, const std::string& node,
                        uint16_t port, std::string target) {
  http::ExchangeRequest request;
  request.target = std::move(target);
  request.headers.set("Accept", "application/json");
  return ask(nodes, clock, node, port, std::move(request));
}

bool is_over(const YarnApplication& app) {
  return app.state == "FINISHED" || app.state == "FAILED" || app.state == "KILLED";
}

class LocalHadoop final : public Hadoop {
 public:
  LocalHadoop(nodes::Provider& nodes, Engines& engines, const base::Clock& clock)
      : nodes_(nodes), engines_(engines), clock_(clock) {}

  Result<HadoopSeen> look(const Cluster& cluster) override {
    const std::string node = TRY(primary_node(cluster));
    HadoopSeen seen;
    TRY(read_yarn_nodes(TRY(get(nodes_, clock_, node, kResourceManagerPort, kYarnNodesTarget)),
                        seen));
    TRY(read_name_node_info(TRY(get(nodes_, clock_, node, kNameNodePort, kNameNodeInfoTarget)),
                            seen));
    TRY(read_namesystem(TRY(get(nodes_, clock_, node, kNameNodePort, kNamesystemTarget)), seen));
    return seen;
  }

  Status refresh(const Cluster& cluster, const std::vector<std::string>& leaving,
                 base::Millis timeout) override {
    const cluster::Node* primary = cluster::primary_of(cluster);
    const std::string node = TRY(primary_node(cluster));
    // The files come from the engines, which know their places: of the cluster as it is asked for.
    Cluster asked = cluster;
    std::string request;
    for (cluster::Node& member : asked.status.nodes) {
      const std::string host = cluster::private_dns(cluster, member);
      const bool leaves = std::find(leaving.begin(), leaving.end(), host) != leaving.end();
      if (!leaves) member.leaving.reset();
      if (leaves && !member.leaving) member.leaving = clock_.now();
      if (!cluster::is_over(member)) request += host + (leaves ? " leaves\n" : "\n");
    }
    const auto seconds =
        std::max<int64_t>(1, std::chrono::ceil<std::chrono::seconds>(timeout).count());
    if (!leaving.empty()) request += fmt::format("within {}\n", seconds);
    const NodeSetup setup = TRY(engines_.node_of(asked, *primary));
    TRY(nodes_.update(setup.spec));
    return start_refresh(node, base::sha256_hex(request).substr(0, 12), seconds);
  }

  Status end_applications(const Cluster& cluster, const cluster::Step& step) override {
    const std::string node = TRY(primary_node(cluster));
    std::set<std::string> to_end;
    auto tagged = applications_of(nodes_, clock_, cluster, step, false);
    if (!tagged.ok()) return std::move(tagged).error();
    for (const YarnApplication& app : *tagged) to_end.insert(app.id);
    // With a tag of the user's own in place of ours, what the step itself says it has submitted.
    for (const std::string& id : said_to_be_submitted(node, step)) to_end.insert(id);
    std::optional<base::Error> failure;
    for (const std::string& id : to_end) {
      if (Status ended = end_application(node, id); !ended.ok()) failure = std::move(ended).error();
    }
    if (failure) return *failure;
    return base::ok();
  }

 private:
  // "refresh-nodes-3-0123456789ab": the third, and what was asked for. Asked again for the same it
  // is the same process; but what failed, or has been overtaken since, is asked for anew.
  Status start_refresh(const std::string& node, const std::string& request, int64_t seconds) {
    const nodes::NodeSeen seen = TRY(nodes_.look(node));
    int64_t newest = 0;
    std::string newest_request;
    nodes::ProcessSeen newest_process;
    for (const auto& [id, process] : seen.processes) {
      if (!id.starts_with(kRefresh)) continue;
      const std::string rest = id.substr(std::string_view(kRefresh).size());
      const int64_t number = std::strtoll(rest.c_str(), nullptr, 10);
      if (number <= newest) continue;
      newest = number;
      newest_request = rest.substr(std::min(rest.find('-'), rest.size() - 1) + 1);
      newest_process = process;
    }
    using State = nodes::ProcessSeen::State;
    const bool failed = newest_process.state == State::kLost ||
                        (newest_process.state == State::kExited &&
                         (newest_process.exit_code != 0 || newest_process.signal != 0));
    if (newest_request == request && !failed) return base::ok();
    if (newest > 0 && newest_process.state == State::kRunning) {
      return base::unavailable(
          "an earlier change of the cluster's nodes is still being told to "
          "YARN and HDFS");
    }
    nodes::ProcessSpec process;
    process.id = fmt::format("{}{}-{}", kRefresh, newest + 1, request);
    process.argv = {"/usr/lib/howdah/refresh-nodes", std::to_string(seconds)};
    process.user = "hadoop";
    process.working_directory = "/mnt/tmp";
    process.stdout_path = "/mnt/var/log/instance-controller/refresh-nodes.log";
    process.stderr_path = process.stdout_path;
    return nodes_.start(node, process);
  }

  std::vector<std::string> said_to_be_submitted(const std::string& node,
                                                const cluster::Step& step) {
    std::vector<std::string> out;
    for (const char* file : {"stderr", "syslog"}) {
      const auto log = nodes_.open_file(node, step_log_folder(step.id) / file);
      if (!log.ok()) continue;
      for (std::string& id : job::submitted_applications(tail_of(log->get(), kLogTail)))
        out.push_back(std::move(id));
    }
    return out;
  }

  Status end_application(const std::string& node, const std::string& id) {
    const std::string body = R"({"state":"KILLED"})";
    class Body final : public http::BodyReader {
     public:
      explicit Body(const std::string& text) : left_(text), length_(text.size()) {}
      Result<size_t> read(std::span<char> into) override {
        const size_t count = left_.copy(into.data(), into.size());
        left_.remove_prefix(count);
        return count;
      }
      std::optional<uint64_t> length() const override { return length_; }

     private:
      std::string_view left_;
      uint64_t length_;
    } reader(body);
    http::ExchangeRequest request;
    request.method = "PUT";
    request.target = fmt::format("/ws/v1/cluster/apps/{}/state?user.name=hadoop", id);
    request.headers.set("Content-Type", "application/json");
    request.headers.set("Accept", "application/json");
    request.body = &reader;
    const InsideAnswer answer = TRY(ask_inside(nodes_, clock_, node, kResourceManagerPort,
                                               std::move(request), kActionPatience));
    // 202: it is being ended. 404: YARN does not know it, so that it does not run. 400: it is over.
    if (answer.status < 300 || answer.status == 404 || answer.status == 400) {
      base::log_info("control", "{}: YARN was told to end {} ({})", node, id, answer.status);
      return base::ok();
    }
    return base::unavailable(fmt::format("YARN on {} answers {} when it is to end {}: {}", node,
                                         answer.status, id,
                                         base::trim(answer.body).substr(0, 200)));
  }

  nodes::Provider& nodes_;
  Engines& engines_;
  const base::Clock& clock_;
};

}  // namespace

std::unique_ptr<Hadoop> make_local_hadoop(nodes::Provider& nodes, Engines& engines,
                                          const base::Clock& clock) {
  return std::make_unique<LocalHadoop>(nodes, engines, clock);
}

Result<std::vector<YarnApplication>> applications_of(nodes::Provider& nodes,
                                                     const base::Clock& clock,
                                                     const Cluster& cluster,
                                                     const cluster::Step& step, bool all) {
  const std::string node = TRY(primary_node(cluster));
  const std::string tag = job::tag_of_step(step.id);
  std::string target =
      "/ws/v1/cluster/apps?deSelects=resourceRequests,timeouts&limit=1000&applicationTags=" + tag;
  if (!all) target += "&states=NEW,NEW_SAVING,SUBMITTED,ACCEPTED,RUNNING";
  const std::string answer = TRY(get(nodes, clock, node, kResourceManagerPort, std::move(target)));
  std::vector<YarnApplication> out = TRY(read_applications(answer));
  std::erase_if(out, [&](const YarnApplication& app) {
    return (!all && is_over(app)) ||
           std::find(app.tags.begin(), app.tags.end(), tag) == app.tags.end();
  });
  return out;
}

Result<std::string> ask_primary(nodes::Provider& nodes, const base::Clock& clock,
                                const Cluster& cluster, uint16_t port, const std::string& target) {
  return get(nodes, clock, TRY(primary_node(cluster)), port, target);
}

}  // namespace howdah::control

#include <fmt/format.h>

#include <map>

#include "base/text.h"
#include "cli/api.h"
#include "cli/applications.h"
#include "cli/clusters.h"
#include "cli/commands.h"
#include "cli/exit_code.h"
#include "cli/nodes.h"
#include "cli/terminal.h"

namespace howdah::cli {

namespace {

struct ClusterView {
  ClusterRow cluster;
  size_t pending = 0, running = 0, over = 0;
  std::string running_id;
  NodesView nodes;
};

base::Result<std::vector<ClusterView>> look(Api& api) {
  std::vector<ClusterView> views;
  for (ClusterRow& cluster : TRY(list_clusters(api, false))) {
    ClusterView view{std::move(cluster)};
    for (const StepRow& step : TRY(list_steps(api, view.cluster.id))) {
      if (step.state == "PENDING")
        ++view.pending;
      else if (is_over(step))
        ++view.over;
      else
        ++view.running, view.running_id = step.id;
    }
    // One that has just gone, or a server of an earlier version: the rest is worth showing.
    if (auto nodes = look_at_nodes(api, view.cluster.id); nodes.ok())
      view.nodes = std::move(nodes).value();
    views.push_back(std::move(view));
  }
  return views;
}

struct ApplicationView {
  ApplicationRow application;
  std::map<std::string, size_t> runs;  // how many are in a state
};

base::Result<std::vector<ApplicationView>> look_at_applications(Api& api) {
  std::vector<ApplicationView> views;
  for (ApplicationRow& application : TRY(list_applications(api, false))) {
    ApplicationView view{std::move(application), {}};
    for (const RunRow& run : TRY(list_runs(api, view.application.id))) ++view.runs[run.state];
    views.push_back(std::move(view));
  }
  return views;
}

void print_applications(const std::vector<ApplicationView>& views, base::Time now) {
  if (views.empty()) return;
  std::vector<std::vector<std::string>> rows;
  for (const ApplicationView& view : views) {
    std::vector<std::string> runs;
    for (const char* state : {"RUNNING", "CANCELLING", "SCHEDULED", "PENDING", "QUEUED",
                              "SUBMITTED", "SUCCESS", "FAILED", "CANCELLED"}) {
      if (const auto found = view.runs.find(state); found != view.runs.end())
        runs.push_back(fmt::format("{} {}", found->second, base::to_lower(state)));
    }
    const ApplicationRow& row = view.application;
    rows.push_back({row.id, row.name, row.state, row.release, short_duration(now - row.created),
                    base::join(runs, ", "), row.reason});
  }
  fmt::print("\n{}",
             table({"APPLICATION", "NAME", "STATE", "RELEASE", "AGE", "RUNS", "REASON"}, rows, 2));
}

void print_nodes(const std::vector<ClusterView>& views) {
  std::vector<std::vector<std::string>> groups, nodes;
  for (const ClusterView& view : views) {
    for (const GroupRow& group : view.nodes.groups) {
      groups.push_back({view.cluster.id, group.id, group.role, group.type,
                        fmt::format("{}/{}", group.running, group.wanted), group.state,
                        group.reason});
    }
    for (const NodeRow& node : view.nodes.nodes) {
      nodes.push_back(
          {view.cluster.id, node.id, node.role, node.type, node.address, node.state, node.reason});
    }
  }
  if (!groups.empty()) {
    fmt::print("\n{}", table({"CLUSTER", "GROUP", "ROLE", "TYPE", "RUNNING", "STATE", "REASON"},
                             groups, 5));
  }
  if (!nodes.empty()) {
    fmt::print("\n{}", table({"CLUSTER", "INSTANCE", "ROLE", "TYPE", "ADDRESS", "STATE", "REASON"},
                             nodes, 5));
  }
  for (const ClusterView& view : views) {
    for (const std::string& warning : view.nodes.warnings)
      fmt::print("\n{} {}: {}", paint("warning", Colour::kYellow), view.cluster.id, warning);
    if (!view.nodes.warnings.empty()) fmt::print("\n");
  }
}

void print_clusters(const std::vector<ClusterView>& views, base::Time now) {
  if (views.empty()) {
    fmt::print("clusters   none\n");
    return;
  }
  fmt::print("\n");
  std::vector<std::vector<std::string>> rows;
  for (const ClusterView& view : views) {
    std::string steps = fmt::format("{} over", view.over);
    if (view.pending != 0) steps = fmt::format("{} pending, ", view.pending) + steps;
    if (view.running != 0) steps = fmt::format("{} running, ", view.running) + steps;
    rows.push_back({view.cluster.id, view.cluster.name, view.cluster.state,
                    short_duration(now - view.cluster.created), steps, view.cluster.reason});
  }
  fmt::print("{}", table({"CLUSTER", "NAME", "STATE", "AGE", "STEPS", "REASON"}, rows, 2));
  print_nodes(views);
}

void print_server(const Globals& globals, const RunningServer& server,
                  const std::vector<std::string>& engines, base::Time now) {
  std::string age =
      base::to_millis(server.started) == 0 ? "" : ", up " + short_duration(now - server.started);
  fmt::print("endpoint   {}\n", paint(server.endpoint, Colour::kBold));
  if (server.pid != 0) fmt::print("server     {} (pid {}{})\n", server.version, server.pid, age);
  if (globals.endpoint.empty()) fmt::print("data       {}\n", globals.data_dir.string());
  std::string installed;
  for (const std::string& engine : engines) installed += (installed.empty() ? "" : ", ") + engine;
  fmt::print("engines    {}\n", installed.empty() ? "none; howdah install emr-7.10.0" : installed);
}

base::JsonObject to_json(const ApplicationView& view) {
  base::JsonObject runs;
  for (const auto& [state, count] : view.runs) runs[state] = count;
  return {{"Id", view.application.id},           {"Name", view.application.name},
          {"State", view.application.state},     {"Reason", view.application.reason},
          {"Release", view.application.release}, {"Runs", std::move(runs)}};
}

base::JsonObject to_json(const Globals& globals, const RunningServer& server,
                         const std::vector<ClusterView>& views,
                         const std::vector<ApplicationView>& applications,
                         const std::vector<std::string>& engines) {
  base::JsonArray clusters;
  for (const ClusterView& view : views) {
    base::JsonArray groups, nodes, warnings;
    for (const GroupRow& group : view.nodes.groups) groups.push_back(to_json(group));
    for (const NodeRow& node : view.nodes.nodes) nodes.push_back(to_json(node));
    for (const std::string& warning : view.nodes.warnings) warnings.push_back(base::Json(warning));
    clusters.push_back(base::JsonObject{{"Id", view.cluster.id},
                                        {"Name", view.cluster.name},
                                        {"State", view.cluster.state},
                                        {"Reason", view.cluster.reason},
                                        {"StepsPending", view.pending},
                                        {"StepsRunning", view.running},
                                        {"StepsOver", view.over},
                                        {"Groups", std::move(groups)},
                                        {"Nodes", std::move(nodes)},
                                        {"Warnings", std::move(warnings)}});
  }
  base::JsonArray shown;
  for (const ApplicationView& view : applications) shown.push_back(to_json(view));
  base::JsonArray installed;
  for (const std::string& engine : engines) installed.emplace_back(engine);
  return {{"Up", true},
          {"Endpoint", server.endpoint},
          {"Version", server.version},
          {"Pid", server.pid},
          {"DataDirectory", globals.data_dir.string()},
          {"Engines", installed},
          {"Clusters", clusters},
          {"Applications", shown}};
}

}  // namespace

int status(const Globals& globals) {
  auto server = running_server(globals);
  if (!server.ok()) return fail(globals, server.error(), "howdah up");
  Api api(server->endpoint, globals.region, keys_for(server->endpoint));
  auto views = look(api);
  if (!views.ok()) return fail(globals, views.error(), "howdah doctor");
  auto applications = look_at_applications(api);
  if (!applications.ok() && applications.error().code == base::Code::kPermissionDenied) {
    fmt::print(stderr, "applications are not shown: {}\n", applications.error().message);
    applications = std::vector<ApplicationView>{};
  }
  if (!applications.ok()) return fail(globals, applications.error(), "howdah doctor");
  std::vector<std::string> engines = installed_engines(globals);
  if (globals.json) {
    print_json(to_json(globals, *server, *views, *applications, engines));
    return kOk;
  }
  const base::Time now = base::SystemClock().now();
  print_server(globals, *server, engines, now);
  print_clusters(*views, now);
  print_applications(*applications, now);
  return kOk;
}

}  // namespace howdah::cli

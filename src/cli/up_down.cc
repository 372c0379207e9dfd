#include <fmt/format.h>

#include "cli/api.h"
#include "cli/applications.h"
#include "cli/clusters.h"
#include "cli/commands.h"
#include "cli/exit_code.h"
#include "cli/port_holder.h"
#include "cli/program.h"
#include "cli/terminal.h"
#include "os/boot.h"
#include "os/layout.h"

namespace howdah::cli {

namespace {

constexpr base::Millis kStartTimeout{30000};
constexpr base::Millis kStopTimeout{90000};

void print_up(const Globals& globals, const RunningServer& server, bool already) {
  if (globals.json) {
    print_json({{"Endpoint", server.endpoint},
                {"Pid", server.pid},
                {"AlreadyUp", already},
                {"DataDirectory", globals.data_dir.string()}});
    return;
  }
  fmt::print("howdah is {}up at {} (pid {}, data in {})\n", already ? "already " : "",
             paint(server.endpoint, Colour::kBold), server.pid, globals.data_dir.string());
  fmt::print("  {}\n", environment_line(globals));
}

// Why it did not start: the port's holder when it is that, and the end of the log in any case.
int tell_start_failure(const Globals& globals, const ServeOptions& options, base::Error error) {
  std::string next = "howdah doctor";
  auto holder = options.port == 0 ? std::nullopt : holder_of_port(options.port);
  if (holder) {
    error = {base::Code::kAlreadyExists, describe_holder(options.port, *holder), {}, {}};
    next = fmt::format("end it, or: howdah up --listen {}:0", options.host);
  }
  if (std::string lines = tail(log_path(globals), 15); !lines.empty() && !globals.json) {
    fmt::print(stderr, "{}\n{}\n", paint(log_path(globals).string() + ":", Colour::kDim, 2), lines);
  }
  return fail(globals, error, next);
}

bool has_ended(int pid) { return !os::identity_of(pid).has_value(); }

// Steps that would be cut off, a line each; the Api may well not answer, then there is nothing to
// ask.
void add_busy_steps(Api& api, std::vector<std::string>& lines) {
  auto clusters = list_clusters(api, false);
  if (!clusters.ok()) return;
  for (const ClusterRow& cluster : *clusters) {
    auto steps = list_steps(api, cluster.id);
    if (!steps.ok()) continue;
    for (const StepRow& step : *steps) {
      if (!is_busy(step)) continue;
      lines.push_back(fmt::format("{}  {}  {} of {} ({})", step.id, step.state, step.name,
                                  cluster.id, cluster.name));
    }
  }
}

void add_busy_runs(Api& api, std::vector<std::string>& lines) {
  auto applications = list_applications(api, false);
  if (!applications.ok()) return;
  for (const ApplicationRow& application : *applications) {
    auto runs = list_runs(api, application.id);
    if (!runs.ok()) continue;
    for (const RunRow& run : *runs) {
      if (is_over(run)) continue;
      lines.push_back(fmt::format("{}  {}  {} of {} ({})", run.id, run.state, run.name,
                                  application.id, application.name));
    }
  }
}

// Steps and job runs that are not over.
std::vector<std::string> busy_jobs(Api& api) {
  std::vector<std::string> lines;
  add_busy_steps(api, lines);
  add_busy_runs(api, lines);
  return lines;
}

base::Status wait_for_end(int pid) {
  if (pid == 0) return base::ok();
  base::SystemClock clock;
  ProgressLine progress;
  const base::Millis begin = clock.steady();
  while (!has_ended(pid)) {
    base::Millis passed = clock.steady() - begin;
    if (passed > kStopTimeout) {
      return base::Error{
          base::Code::kDeadlineExceeded,
          fmt::format("the server (pid {}) still runs after {}", pid, short_duration(passed)),
          {},
          {}};
    }
    progress.show(fmt::format("stopping nodes and server, {}", short_duration(passed)));
    clock.wait(base::Millis(50), {});
  }
  return base::ok();
}

}  // namespace

int up(const Globals& globals, const ServeOptions& options) {
  if (auto running = running_server(globals); running.ok()) {
    print_up(globals, *running, true);
    return kOk;
  }
  if (auto made = os::Layout(globals.data_dir).prepare(); !made.ok()) {
    return fail(globals, made.error(), "howdah up --data <a folder of yours>");
  }
  std::vector<std::string> argv{own_program().string(),
                                "serve",
                                "--data",
                                globals.data_dir.string(),
                                "--engines",
                                globals.engines_dir.string(),
                                "--listen",
                                fmt::format("{}:{}", options.host, options.port)};
  if (options.log_level == base::Level::kDebug) argv.insert(argv.end(), {"--log-level", "debug"});
  auto daemon = start_daemon(argv, log_path(globals), kStartTimeout);
  if (!daemon.ok()) return tell_start_failure(globals, options, daemon.error());
  RunningServer server{daemon->first_line, daemon->pid, HOWDAH_VERSION, {}};
  if (auto told = running_server(globals); told.ok()) server = *told;
  print_up(globals, server, false);
  return kOk;
}

int down(const Globals& globals, const DownOptions& options) {
  auto server = running_server(globals);
  if (!server.ok()) {
    if (server.error().code != base::Code::kUnavailable) return fail(globals, server.error());
    if (globals.json)
      print_json({{"Stopped", false}});
    else
      fmt::print("howdah is down ({})\n", server.error().message);
    return kOk;
  }
  Api api(server->endpoint, globals.region, keys_for(server->endpoint));
  std::vector<std::string> busy = options.yes ? std::vector<std::string>{} : busy_jobs(api);
  if (!busy.empty()) {
    fmt::print(stderr, "{} not over:\n", busy.size() == 1 ? "A job is" : "Jobs are");
    for (const std::string& line : busy) fmt::print(stderr, "  {}\n", line);
    if (!ask("They would end FAILED. Stop everything?")) {
      return fail(globals, {base::Code::kFailedPrecondition, "nothing was stopped", {}, {}},
                  "howdah down --yes, or howdah wait <id>");
    }
  }
  auto answer = api.howdah("POST", "/_howdah/shutdown", base::JsonObject{{"Drain", true}});
  if (!answer.ok() && answer.error().code != base::Code::kUnavailable) {
    return fail(globals, answer.error(), fmt::format("kill {}", server->pid));
  }
  if (auto ended = wait_for_end(server->pid); !ended.ok()) {
    return fail(globals, ended.error(), fmt::format("tail {}", log_path(globals).string()));
  }
  if (globals.json)
    print_json({{"Stopped", true}});
  else
    fmt::print("howdah is down; `howdah up` resumes waiting clusters\n");
  return kOk;
}

}  // namespace howdah::cli

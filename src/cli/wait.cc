#include <fmt/format.h>

#include "cli/api.h"
#include "cli/applications.h"
#include "cli/clusters.h"
#include "cli/commands.h"
#include "cli/exit_code.h"
#include "cli/terminal.h"

namespace howdah::cli {

namespace {

constexpr base::Millis kBetweenLooks{200};

// The end of a log; "" when there is none.
std::string end_of_log(Api& api, const std::string& path) {
  std::string text;
  auto read = api.stream(path, base::Millis(10000), [&](std::string_view bytes) {
    text += bytes;
    if (text.size() > 128 * 1024) text.erase(0, text.size() - 64 * 1024);
    return true;
  });
  return read.ok() ? text : "";
}

// The last lines that the person would look at next. Spark sends what a Python driver says, its
// traceback included, to stdout (PythonRunner joins the two); everything else complains on stderr.
// The file's name; "" when there was nothing in it.
template <typename Row>
std::string show_tail(Api& api, const Row& row) {
  std::string file = "stdout";
  std::string text = end_of_log(api, log_path(row, "stdout"));
  if (text.find("Traceback (most recent call last)") == std::string::npos) {
    file = "stderr";
    text = end_of_log(api, log_path(row, "stderr"));
  }
  while (text.ends_with('\n')) text.pop_back();
  size_t begin = text.size();
  for (int i = 0; i < 15 && begin != std::string::npos && begin > 0; ++i) {
    begin = text.rfind('\n', begin - 1);
  }
  if (begin != std::string::npos && begin != 0) text.erase(0, begin + 1);
  if (text.empty()) return "";
  fmt::print(stderr, "{}\n{}\n", paint(file + ":", Colour::kDim, 2), text);
  return file;
}

base::JsonObject to_json(const StepRow& step) {
  return {{"StepId", step.id},
          {"ClusterId", step.cluster_id},
          {"State", step.state},
          {"Reason", step.reason}};
}

base::JsonObject to_json(const RunRow& run) {
  return {{"JobRunId", run.id},
          {"ApplicationId", run.application_id},
          {"Attempt", run.attempt},
          {"State", run.state},
          {"Reason", run.reason}};
}

base::JsonObject to_json(const ClusterRow& cluster) {
  return {{"ClusterId", cluster.id}, {"State", cluster.state}, {"Reason", cluster.reason}};
}

std::string what_tells_more(const StepRow& step) {
  return fmt::format("howdah logs {} --file stderr", step.id);
}
std::string what_tells_more(const RunRow& run) {
  return fmt::format("howdah aws emr-serverless get-job-run --application-id {} --job-run-id {}",
                     run.application_id, run.id);
}

// Of a step or a job run.
template <typename Row>
int finish_job(const Globals& globals, Api& api, const Row& row, bool good) {
  if (globals.json) {
    print_json(to_json(row));
    return good ? kOk : kFailed;
  }
  const std::string reason = row.reason.empty() ? "" : ": " + row.reason;
  if (good) {
    fmt::print("{} {} in {}{}\n", row.id, paint(row.state, Colour::kGreen),
               short_duration(row.ended - row.started), reason);
    return kOk;
  }
  const std::string file = show_tail(api, row);
  return fail(
      globals,
      {base::Code::kFailedPrecondition, fmt::format("{} {}{}", row.id, row.state, reason), {}, {}},
      file.empty() ? what_tells_more(row) : fmt::format("howdah logs {} --file {}", row.id, file));
}

int finish(const Globals& globals, Api& api, const StepRow& step) {
  return finish_job(globals, api, step, step.state == "COMPLETED");
}

int finish(const Globals& globals, Api& api, const RunRow& run) {
  return finish_job(globals, api, run, run.state == "SUCCESS");
}

int finish(const Globals& globals, Api&, const ClusterRow& cluster) {
  bool good = !is_over(cluster);
  if (globals.json) {
    print_json(to_json(cluster));
    return good ? kOk : kFailed;
  }
  std::string text = fmt::format("{} {}{}", cluster.id, cluster.state,
                                 cluster.reason.empty() ? "" : ": " + cluster.reason);
  if (!good) {
    return fail(globals, {base::Code::kFailedPrecondition, text, {}, {}},
                fmt::format("howdah aws emr describe-cluster --cluster-id {}", cluster.id));
  }
  fmt::print("{}\n", text);
  return kOk;
}

bool is_settled(const StepRow& step) { return is_over(step); }
bool is_settled(const RunRow& run) { return is_over(run); }
bool is_settled(const ClusterRow& cluster) {
  return is_over(cluster) || cluster.state == "WAITING" || cluster.state == "RUNNING";
}

// Looks until it is settled. A server that is restarted meanwhile is waited for.
template <typename Look>
int wait_until_settled(const Globals& globals, Api& api, std::chrono::seconds timeout,
                       const std::string& id, Look look) {
  base::SystemClock clock;
  ProgressLine line;
  const base::Millis begin = clock.steady();
  for (;;) {
    auto seen = look();
    if (!seen.ok() && seen.error().code != base::Code::kUnavailable) {
      return fail(globals, seen.error(), "howdah status");
    }
    if (seen.ok() && is_settled(*seen)) {
      line.clear();
      return finish(globals, api, *seen);
    }
    base::Millis passed = clock.steady() - begin;
    if (passed >= timeout) {
      line.clear();
      std::string state = seen.ok() ? seen->state : "unknown, the server does not answer";
      return fail(globals,
                  {base::Code::kDeadlineExceeded,
                   fmt::format("{} is {} after {}", id, state, short_duration(passed)),
                   {},
                   {}},
                  id.starts_with("j-") ? "howdah status" : "howdah logs -f " + id);
    }
    if (seen.ok()) {
      line.show(fmt::format("{} {} {} {}", id, seen->state, short_duration(passed), seen->reason));
    }
    clock.wait(kBetweenLooks, {});
  }
}

}  // namespace

int wait(const Globals& globals, const WaitOptions& options) {
  auto connected = connect(globals);
  if (!connected.ok()) return fail(globals, connected.error(), "howdah up");
  Api& api = *connected;
  const std::string& id = options.id;
  if (id.starts_with("j-")) {
    return wait_until_settled(globals, api, options.timeout, id,
                              [&] { return describe_cluster(api, id); });
  }
  if (is_serverless_id(id)) {
    auto run = find_run(api, id);
    if (!run.ok()) return fail(globals, run.error(), "howdah status");
    return wait_until_settled(globals, api, options.timeout, run->id,
                              [&] { return describe_run(api, run->application_id, run->id); });
  }
  if (!id.starts_with("s-")) return fail(globals, unknown_id(id), "howdah status");
  auto step = find_step(api, id);
  if (!step.ok()) return fail(globals, step.error(), "howdah status");
  return wait_until_settled(globals, api, options.timeout, id,
                            [&] { return describe_step(api, step->cluster_id, id); });
}

}  // namespace howdah::cli

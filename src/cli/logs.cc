#include <fmt/format.h>

#include <cstdio>

#include "base/text.h"
#include "cli/api.h"
#include "cli/clusters.h"
#include "cli/commands.h"
#include "cli/exit_code.h"
#include "cli/terminal.h"

namespace howdah::cli {

namespace {

constexpr base::Millis kFollowFor{24LL * 3600 * 1000};
constexpr base::Millis kReadFor{60000};

// Keeps the last `lines` lines of what passes; with lines < 0 everything goes straight out.
class Output {
 public:
  explicit Output(int lines) : lines_(lines) {}

  bool take(std::string_view bytes) {
    taken_ += bytes.size();
    if (lines_ >= 0) {
      held_ += bytes;
      return true;
    }
    std::fwrite(bytes.data(), 1, bytes.size(), stdout);
    return std::fflush(stdout) == 0;
  }

  void finish() {
    if (lines_ < 0) return;
    auto all = base::split(held_, '\n');
    if (!all.empty() && all.back().empty()) all.pop_back();
    size_t first = all.size() > static_cast<size_t>(lines_) ? all.size() - lines_ : 0;
    for (size_t i = first; i < all.size(); ++i) fmt::print("{}\n", all[i]);
  }

  uint64_t taken() const { return taken_; }

 private:
  int lines_;
  uint64_t taken_ = 0;
  std::string held_;
};

std::string path_of(const StepRow& step, const std::string& file, uint64_t offset, bool follow) {
  return fmt::format("/_howdah/logs/{}/{}/{}?offset={}{}", step.cluster_id, step.id, file, offset,
                     follow ? "&follow=1" : "");
}

// The step that an id means: itself, or the newest of a cluster.
base::Result<StepRow> step_of(Api& api, const std::string& id) {
  if (id.starts_with("s-")) return find_step(api, id);
  if (id.starts_with("00")) {
    return base::not_found("'" + id +
                           "' is of EMR Serverless: the link that `aws emr-serverless "
                           "get-dashboard-for-job-run` gives leads to its logs, and its "
                           "S3 log folder has them");
  }
  if (!id.starts_with("j-")) {
    return base::not_found("'" + id + "' is neither a step (s-…) nor a cluster (j-…)");
  }
  auto steps = TRY(list_steps(api, id));
  if (steps.empty()) return base::not_found("the cluster " + id + " has no steps yet");
  return steps.front();
}

// A dropped connection is taken up where it broke, as long as the server answers.
base::Status follow(Api& api, const StepRow& step, const std::string& file, Output& output) {
  base::SystemClock clock;
  for (int failures = 0; failures < 20;) {
    uint64_t before = output.taken();
    auto streamed = api.stream(path_of(step, file, before, true), kFollowFor,
                               [&](std::string_view bytes) { return output.take(bytes); });
    if (streamed.ok()) return base::ok();
    if (streamed.error().code != base::Code::kUnavailable) return streamed.error();
    failures = output.taken() > before ? 0 : failures + 1;
    clock.wait(base::Millis(250), {});
  }
  return base::unavailable("the server went away while the log was followed");
}

void hint_at_other_files(const StepRow& step, const std::string& file, uint64_t bytes) {
  if (bytes != 0 || !is_terminal(2)) return;
  const char* other = file == "stdout" ? "stderr" : "controller";
  fmt::print(stderr, "{} of {} ({}) is empty; next: howdah logs {} --file {}\n", file, step.id,
             step.state, step.id, other);
}

}  // namespace

int logs(const Globals& globals, const LogsOptions& options) {
  auto connected = connect(globals);
  if (!connected.ok()) return fail(globals, connected.error(), "howdah up");
  Api& api = *connected;
  auto step = step_of(api, options.id);
  if (!step.ok()) return fail(globals, step.error(), "howdah status");
  if (!options.id.starts_with("s-") && is_terminal(2)) {
    fmt::print(
        stderr, "{}\n",
        paint(fmt::format("{} of {} ({})", options.file, step->id, step->name), Colour::kDim, 2));
  }
  Output output(options.follow ? -1 : options.lines);
  base::Status done;
  if (options.follow) {
    done = follow(api, *step, options.file, output);
  } else {
    auto read = api.stream(path_of(*step, options.file, 0, false), kReadFor,
                           [&](std::string_view bytes) { return output.take(bytes); });
    if (!read.ok()) done = read.error();
  }
  output.finish();
  if (!done.ok()) {
    return fail(globals, done.error(), fmt::format("howdah logs {} --file controller", step->id));
  }
  hint_at_other_files(*step, options.file, output.taken());
  return kOk;
}

}  // namespace howdah::cli

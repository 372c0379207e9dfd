#include <fmt/format.h>

#include <cstdio>
#include <optional>

#include "base/text.h"
#include "cli/api.h"
#include "cli/applications.h"
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

// What has the log: a step, or a job run and its attempt.
struct Writer {
  std::string id, name, state;
  std::optional<StepRow> step;
  std::optional<RunRow> run;

  explicit Writer(StepRow row) : id(row.id), name(row.name), state(row.state), step(row) {}
  explicit Writer(RunRow row) : id(row.id), name(row.name), state(row.state), run(row) {}
  std::string path(const std::string& file, uint64_t offset, bool follow) const {
    return fmt::format("{}&offset={}{}", run ? log_path(*run, file) : log_path(*step, file), offset,
                       follow ? "&follow=1" : "");
  }
};

// What an id means: itself, or the newest step of a cluster, the newest run of an application.
base::Result<Writer> writer_of(Api& api, const std::string& id) {
  if (id.starts_with("s-")) return Writer(TRY(find_step(api, id)));
  if (is_serverless_id(id)) return Writer(TRY(find_run(api, id)));
  if (!id.starts_with("j-")) return unknown_id(id);
  auto steps = TRY(list_steps(api, id));
  if (steps.empty()) return base::not_found("the cluster " + id + " has no steps yet");
  return Writer(steps.front());
}

// A dropped connection is taken up where it broke, as long as the server answers.
base::Status follow_one(Api& api, const Writer& writer, const std::string& file, Output& output) {
  base::SystemClock clock;
  const uint64_t begin = output.taken();
  for (int failures = 0; failures < 20;) {
    uint64_t before = output.taken();
    auto streamed = api.stream(writer.path(file, before - begin, true), kFollowFor,
                               [&](std::string_view bytes) { return output.take(bytes); });
    if (streamed.ok()) return base::ok();
    if (streamed.error().code != base::Code::kUnavailable) return streamed.error();
    failures = output.taken() > before ? 0 : failures + 1;
    clock.wait(base::Millis(250), {});
  }
  return base::unavailable("the server went away while the log was followed");
}

// A run that is tried again goes on with the log of its next attempt.
base::Status follow(Api& api, Writer writer, const std::string& file, Output& output) {
  for (;;) {
    TRY(follow_one(api, writer, file, output));
    if (!writer.run) return base::ok();
    RunRow now = TRY(describe_run(api, writer.run->application_id, writer.id));
    if (now.attempt == writer.run->attempt) return base::ok();
    writer = Writer(std::move(now));
  }
}

// What may tell more: of a step the log of what started it.
std::string next_command(const Writer& writer, const std::string& file) {
  if (file == "stdout") return fmt::format("howdah logs {} --file stderr", writer.id);
  if (writer.step) return fmt::format("howdah logs {} --file controller", writer.id);
  return fmt::format("howdah aws emr-serverless get-job-run --application-id {} --job-run-id {}",
                     writer.run->application_id, writer.id);
}

void hint_at_other_files(const Writer& writer, const std::string& file, uint64_t bytes) {
  if (bytes != 0 || !is_terminal(2)) return;
  fmt::print(stderr, "{} of {} ({}) is empty; next: {}\n", file, writer.id, writer.state,
             next_command(writer, file));
}

}  // namespace

int logs(const Globals& globals, const LogsOptions& options) {
  auto connected = connect(globals);
  if (!connected.ok()) return fail(globals, connected.error(), "howdah up");
  Api& api = *connected;
  auto writer = writer_of(api, options.id);
  if (!writer.ok()) return fail(globals, writer.error(), "howdah status");
  if (options.id != writer->id && is_terminal(2)) {
    fmt::print(stderr, "{}\n",
               paint(fmt::format("{} of {} ({})", options.file, writer->id, writer->name),
                     Colour::kDim, 2));
  }
  Output output(options.follow ? -1 : options.lines);
  base::Status done;
  if (options.follow) {
    done = follow(api, *writer, options.file, output);
  } else {
    auto read = api.stream(writer->path(options.file, 0, false), kReadFor,
                           [&](std::string_view bytes) { return output.take(bytes); });
    if (!read.ok()) done = read.error();
  }
  output.finish();
  if (!done.ok()) {
    const bool is_known = options.file == "stdout" || options.file == "stderr";
    return fail(globals, done.error(), next_command(*writer, is_known ? "stderr" : "stdout"));
  }
  hint_at_other_files(*writer, options.file, output.taken());
  return kOk;
}

}  // namespace howdah::cli

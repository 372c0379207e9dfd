#include "control/clusters/log_files.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"

namespace howdah::control {
namespace {

constexpr const char* kEnded = "Step ";

std::string stamp(base::Time now) { return base::to_iso8601(now) + " "; }

std::string secret_free(const std::vector<std::pair<std::string, std::string>>& environment) {
  std::string out;
  for (const auto& [name, value] : environment) out += fmt::format("  {}={}\n", name, value);
  return out;
}

}  // namespace

std::filesystem::path step_log_folder(const std::string& step_id) {
  return std::filesystem::path("/mnt/var/log/hadoop/steps") / step_id;
}

std::filesystem::path bootstrap_log_folder(int number) {
  return std::filesystem::path("/mnt/var/log/bootstrap-actions") / std::to_string(number);
}

std::optional<LogPlace> log_place_of(const cluster::Cluster& cluster, const cluster::Step& step) {
  return log_place(step.log_uri.empty() ? cluster.wanted.log_uri : step.log_uri);
}

std::string step_key(const cluster::Cluster& cluster, const std::string& step_id,
                     const std::string& file) {
  return fmt::format("{}/steps/{}/{}.gz", cluster.key.id, step_id, file);
}

std::string bootstrap_key(const cluster::Cluster& cluster, const std::string& instance_id,
                          int number, const std::string& file) {
  return fmt::format("{}/node/{}/bootstrap-actions/{}/{}.gz", cluster.key.id, instance_id, number,
                     file);
}

std::string controller_begin(const cluster::Step& step, const job::Launch& launch, base::Time now) {
  const std::string at = stamp(now);
  const std::string folder = step_log_folder(step.id).string();
  const std::string command = job::display(step.jar);
  std::string out =
      fmt::format("{}INFO Ensure step {} jar file {}\n", at, step.sequence, step.jar.jar);
  out += fmt::format("{}INFO StepRunner: Created Runner for step {}\n", at, step.sequence);
  for (const std::string& note : launch.notes) out += fmt::format("{}INFO {}\n", at, note);
  out += fmt::format("INFO startExec '{}'\n", command);
  if (!launch.environment.empty()) out += "INFO Environment:\n" + secret_free(launch.environment);
  out += fmt::format("INFO redirectOutput to {}/stdout\nINFO redirectError to {}/stderr\n", folder,
                     folder);
  out += fmt::format("INFO Working dir /mnt/var/lib/hadoop/steps/{}\n", step.id);
  out += fmt::format("{}INFO HadoopJarStepRunner.Runner: startRun() called for {}\n", at, step.id);
  out += fmt::format("INFO Synchronously wait child process to complete : {}\n", command);
  return out;
}

std::string controller_refused(const cluster::Step& step, const std::string& why, base::Time now) {
  const std::string at = stamp(now);
  return fmt::format(
      "{}INFO Ensure step {} jar file {}\n{}ERROR The step was not started: {}\n{}WARN Step failed "
      "with exitCode -1 and took 0 seconds\n",
      at, step.sequence, step.jar.jar, at, why, at);
}

std::string controller_end(const cluster::Step& step, const cluster::Process& process,
                           base::Time now) {
  const std::string at = stamp(now);
  const base::Time began = step.timeline.ready.value_or(now);
  const auto seconds = std::max<int64_t>(
      0, std::chrono::duration_cast<std::chrono::seconds>(process.ended.value_or(now) - began)
             .count());
  const bool lost = process.state == cluster::Process::State::kLost;
  const int code = process.signal != 0 ? 128 + process.signal : process.exit_code;
  std::string out;
  if (lost) {
    out = fmt::format("{}ERROR The step was lost: {}\n", at, process.lost_reason);
  } else {
    out = fmt::format("INFO waitProcessCompletion ended with exit code {} : {}\n", code,
                      job::display(step.jar));
    out += fmt::format("INFO total process run time: {} seconds\n", seconds);
    if (process.out_of_memory)
      out += fmt::format("{}ERROR The process was killed because it ran out of memory\n", at);
  }
  if (code == 0 && !lost) {
    out += fmt::format("{}INFO {}succeeded with exitCode 0 and took {} seconds\n", at, kEnded,
                       seconds);
  } else {
    out += fmt::format("{}WARN {}failed with exitCode {} and took {} seconds\n", at, kEnded,
                       lost ? -1 : code, seconds);
  }
  return out;
}

}  // namespace howdah::control

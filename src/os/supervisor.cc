#include "os/supervisor.h"

#include <signal.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>

#include "base/json.h"
#include "os/file.h"
#include "os/layout.h"

namespace howdah::os {
namespace {

base::JsonArray array_of(const std::vector<std::filesystem::path>& paths) {
  base::JsonArray array;
  for (const auto& path : paths) array.emplace_back(path.string());
  return array;
}

std::optional<base::JsonObject> read_object(const std::filesystem::path& path) {
  auto text = read_file(path);
  if (!text.ok()) return std::nullopt;
  auto json = base::parse_json(*text);
  if (!json.ok() || !json->is_object()) return std::nullopt;
  return json->as_object();
}

bool read_exit(const std::filesystem::path& path, ProcessStatus& status) {
  const auto object = read_object(path);
  if (!object) return false;
  status.state = ProcessStatus::State::kExited;
  status.exit_code = static_cast<int>(base::int_at(*object, "exit_code"));
  status.signal = static_cast<int>(base::int_at(*object, "signal"));
  status.out_of_memory = base::bool_at(*object, "out_of_memory");
  status.reason = base::text_at(*object, "reason");
  status.ended = base::from_millis(base::int_at(*object, "ended"));
  return true;
}

}  // namespace

std::string to_text(const ProcessPlan& plan) {
  base::JsonArray argv, environment;
  for (const auto& word : plan.argv) argv.emplace_back(word);
  for (const auto& [name, value] : plan.environment)
    environment.emplace_back(base::JsonArray{base::Json(name), base::Json(value)});
  base::JsonObject object = {{"version", 1},
                             {"argv", argv},
                             {"environment", environment},
                             {"user", plan.user},
                             {"working_directory", plan.working_directory.string()},
                             {"stdout", plan.stdout_path.string()},
                             {"stderr", plan.stderr_path.string()},
                             {"linger", plan.linger},
                             {"cgroups", array_of(plan.cgroups)}};
  if (plan.container) object["container"] = to_json(*plan.container);
  return base::to_text(object);
}

base::Result<ProcessPlan> plan_from(const std::string& text) {
  const auto json = TRY(base::parse_json(text));
  if (!json.is_object() || base::int_at(json.as_object(), "version") != 1)
    return base::invalid_argument("not a process spec of version 1");
  const auto& object = json.as_object();
  ProcessPlan plan;
  plan.argv = base::texts_at(object, "argv");
  if (const auto* environment = base::find_array(object, "environment"))
    for (const auto& pair : *environment)
      if (pair.is_array() && pair.as_array().size() == 2)
        plan.environment.emplace_back(pair.as_array()[0].as_string(),
                                      pair.as_array()[1].as_string());
  plan.user = base::text_at(object, "user");
  plan.working_directory = std::string(base::text_at(object, "working_directory"));
  plan.stdout_path = std::string(base::text_at(object, "stdout"));
  plan.stderr_path = std::string(base::text_at(object, "stderr"));
  plan.linger = base::bool_at(object, "linger");
  for (auto& path : base::texts_at(object, "cgroups")) plan.cgroups.emplace_back(path);
  if (const auto* container = base::find_object(object, "container"))
    plan.container = identity_from(*container);
  if (plan.argv.empty()) return base::invalid_argument("a process spec without argv");
  return plan;
}

base::Status Supervisor::start(const std::filesystem::path& run_folder, const ProcessPlan& plan,
                               const std::string& label) const {
  if (plan.argv.empty() || plan.argv[0].empty())
    return base::invalid_argument("nothing to run: argv is empty");
  const RunFolder folder{run_folder};
  if (::access(folder.started().c_str(), F_OK) == 0) return base::ok();
  TRY(make_folders(run_folder, 0700));
  TRY(write_file(folder.spec(), to_text(plan), 0600, Durability::kProcess));
  TRY(launcher_.run("run", run_folder.string(), label));
  return base::ok();
}

ProcessStatus Supervisor::look(const std::filesystem::path& run_folder) {
  const RunFolder folder{run_folder};
  ProcessStatus status;
  const auto started = read_object(folder.started());
  if (!started) return status;
  status.started = base::from_millis(base::int_at(*started, "started"));
  if (const auto* monitor = base::find_object(*started, "monitor"))
    status.monitor = identity_from(*monitor);
  if (read_exit(folder.exit(), status)) return status;
  status.state = ProcessStatus::State::kRunning;
  if (is_running(status.monitor)) return status;
  // It may have ended between the two looks.
  if (read_exit(folder.exit(), status)) return status;
  status.state = ProcessStatus::State::kLost;
  status.reason = status.monitor.boot_id != boot_id()
                      ? "the host was restarted while it ran"
                      : "it was killed together with its supervisor (pid " +
                            std::to_string(status.monitor.pid) + ")";
  return status;
}

base::Status Supervisor::signal(const std::filesystem::path& run_folder, StopSignal signal) {
  const auto status = look(run_folder);
  if (status.state != ProcessStatus::State::kRunning &&
      !(status.state == ProcessStatus::State::kExited && is_running(status.monitor)))
    return base::ok();
  auto pidfd = open_pidfd(status.monitor);
  if (!pidfd.ok()) return base::ok();
  // The monitor passes them on: SIGTERM to everybody inside, SIGUSR1 as the end of the namespace.
  const int number = signal == StopSignal::kTerminate ? SIGTERM : SIGUSR1;
  if (::syscall(SYS_pidfd_send_signal, pidfd->get(), number, nullptr, 0) != 0 && errno != ESRCH)
    return base::from_errno("signal process " + std::to_string(status.monitor.pid));
  return base::ok();
}

}  // namespace howdah::os

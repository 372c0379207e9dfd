#include "control/serverless/world.h"

#include <fmt/format.h>

#include "base/text.h"
#include "job/warm_driver.h"

namespace howdah::control {

AttemptPlace place_of(const serverless::Application& application, const serverless::JobRun& run) {
  const int attempt = run.status.attempts.empty() ? 1 : run.status.attempts.back().number;
  return {application.key, run.id, attempt, run.status.node};
}

std::string run_log_folder(const std::string& run, int attempt) {
  return fmt::format("/mnt/var/log/howdah/{}/{}", run, attempt);
}

std::string master_log(const std::string& run, int attempt) {
  return run_log_folder(run, attempt) + "/daemons/master";
}

std::string worker_log(const std::string& run, int attempt, int number) {
  return fmt::format("{}/daemons/worker-{}", run_log_folder(run, attempt), number);
}

std::optional<WarmKey> warm_key_of(const serverless::WantedRun& run,
                                   const serverless::SparkSettings& settings, std::string* why) {
  const auto refuse = [&](std::string reason) -> std::optional<WarmKey> {
    if (why != nullptr) *why = std::move(reason);
    return std::nullopt;
  };
  if (!settings.log4j.empty()) return refuse("its own log4j configuration");
  for (const std::string& option : settings.options)
    if (job::is_cold_option(option)) return refuse(option);
  for (const auto& [key, value] : settings.properties)
    if (job::is_cold_setting(key)) return refuse(key);
  return WarmKey{run.release_label, base::to_lower(settings.driver_memory)};
}

}  // namespace howdah::control

#include "apps/services.h"

#include <fmt/format.h>

#include "base/text.h"

namespace howdah::apps {

std::vector<File> service_files(const std::string& application, const DaemonTemplate& daemon,
                                const std::string& java_arguments,
                                const std::map<std::string, std::string>& facts) {
  const std::string folder = fmt::format("{}/{}", kServicesFolder, daemon.unit);
  std::string run =
      fmt::format("#!/bin/bash\n# {} of {}. Made by Howdah.\n", daemon.unit, application);
  const auto line = [&](std::string_view name, std::string_view value) {
    run += fmt::format("{}={}\n", name, shell_quote(value));
  };
  line("unit", daemon.unit);
  line("main", fill(daemon.main, facts));
  line("log", fill(daemon.log, facts));
  line("heap", fmt::format("{}", daemon.heap_mib));
  line("heap_variables", base::join(daemon.heap_variables, " "));
  line("options", fill(base::join(daemon.options, " "), facts));
  line("options_variables", base::join(daemon.options_variables, " "));
  line("environment_files", base::join(daemon.environment_files, " "));
  line("java_arguments", java_arguments);
  line("prepare", fill(daemon.prepare, facts));
  line("wait_for", fill(daemon.wait_for, facts));
  for (const auto& [name, value] : daemon.environment)
    run += fmt::format("export {}={}\n", name, shell_quote(fill(value, facts)));
  run += ". /usr/lib/howdah/run-daemon\n";
  std::vector<File> out;
  out.push_back({.path = folder + "/run", .contents = std::move(run), .mode = 0755});
  out.push_back({.path = folder + "/finish",
                 .contents = "#!/bin/bash\nexec /usr/lib/howdah/daemon-ended \"$@\"\n",
                 .mode = 0755});
  if (daemon.start != "boot") out.push_back({.path = folder + "/down", .contents = ""});
  return out;
}

Daemon daemon_of(const std::string& application, const DaemonTemplate& daemon,
                 const std::map<std::string, std::string>& facts) {
  Daemon out;
  out.unit = daemon.unit;
  out.application = application;
  out.essential = daemon.essential;
  out.port = daemon.port;
  out.health_path = daemon.health_path;
  out.log = fill(daemon.log, facts);
  out.start = daemon.start == "boot"    ? Daemon::Start::kBoot
              : daemon.start == "later" ? Daemon::Start::kLater
                                        : Daemon::Start::kOnUse;
  return out;
}

}  // namespace howdah::apps

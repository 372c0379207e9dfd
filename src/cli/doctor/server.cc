#include <fmt/format.h>

#include "cli/api.h"
#include "cli/commands.h"
#include "cli/doctor/check.h"
#include "cli/port_holder.h"

namespace howdah::cli {

using Verdict = Check::Verdict;

namespace {

Check port_check(uint16_t port) {
  auto holder = holder_of_port(port);
  if (!holder) return {"port", Verdict::kOk, fmt::format("{} is free", port), ""};
  return {"port", Verdict::kFail, describe_holder(port, *holder),
          "end it, or: howdah up --listen 127.0.0.1:0"};
}

Check engine(const Globals& globals) {
  auto installed = installed_engines(globals);
  if (installed.empty()) {
    return {"engine", Verdict::kWarn,
            "none installed; the first cluster will fetch it (about 400 MB)",
            "howdah install emr-7.10.0"};
  }
  std::string text;
  for (const std::string& one : installed) text += (text.empty() ? "" : ", ") + one;
  return {"engine", Verdict::kOk, text, ""};
}

Check endpoint(const Globals& globals, const RunningServer& server) {
  Api api(server.endpoint, globals.region, keys_for(server.endpoint));
  base::SystemClock clock;
  base::Millis begin = clock.steady();
  auto answer = api.emr("ListClusters", {});
  base::Millis took = clock.steady() - begin;
  if (answer.ok()) {
    return {"endpoint", Verdict::kOk,
            fmt::format("{} answers ListClusters in {} ms", server.endpoint, took.count()), ""};
  }
  return {"endpoint", Verdict::kFail, server.endpoint + ": " + answer.error().message,
          fmt::format("tail {}; howdah down && howdah up", log_path(globals).string())};
}

}  // namespace

std::vector<Check> check_server(const Globals& globals, uint16_t port) {
  std::vector<Check> checks{engine(globals)};
  auto server = running_server(globals);
  if (server.ok()) {
    checks.push_back(endpoint(globals, *server));
  } else {
    checks.push_back(port_check(port));
    checks.push_back({"endpoint", Verdict::kWarn, server.error().message, "howdah up"});
  }
  return checks;
}

}  // namespace howdah::cli

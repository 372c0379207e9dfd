#include "server/serverless_control.h"

#include <algorithm>
#include <thread>

#include "control/jobs/installations.h"
#include "control/serverless/applications.h"
#include "control/serverless/standalone.h"
#include "os/file.h"

namespace howdah::server {
namespace {

constexpr int kWorkers = 4;
constexpr base::Millis kRunLogs{15'000};  // how often running logs go up, as AWS says

}  // namespace

struct ServerlessControl::Parts {
  std::unique_ptr<control::Installations> installations;
  std::unique_ptr<control::SparkEngines> engines;
  std::unique_ptr<control::StandaloneClusters> clusters;
  std::unique_ptr<control::WarmPool> warm;
  std::unique_ptr<control::RunLogs> logs;
  std::unique_ptr<control::HistoryServers> history;
  std::unique_ptr<control::Applications> applications;
  std::unique_ptr<control::Loop> loop;
};

ServerlessControl::ServerlessControl(std::unique_ptr<Parts> parts) : parts_(std::move(parts)) {}
ServerlessControl::~ServerlessControl() { stop(); }

std::filesystem::path ServerlessControl::managed_logs(const std::filesystem::path& data) {
  return data / "job-run-logs";
}

base::Result<std::unique_ptr<ServerlessControl>> ServerlessControl::start(Options o) {
  auto parts = std::make_unique<Parts>();
  const int cpus = std::max(1, static_cast<int>(std::thread::hardware_concurrency()));
  TRY(os::make_folders(o.data / "installs"));
  TRY(os::make_folders(managed_logs(o.data), 0700));
  parts->installations =
      std::make_unique<control::Installations>(o.data, o.engines, o.installation, o.releases);
  control::SparkEnginesOptions engines;
  engines.apps = o.share / "apps";
  engines.runtime = o.share / "runtime" / "node";
  engines.endpoint = o.endpoint;
  engines.host_memory = o.host.total_memory();
  engines.cpus = cpus;
  engines.credentials = o.credentials;
  parts->engines = TRY(control::make_spark_engines(std::move(engines), *parts->installations));
  parts->clusters = control::make_standalone_clusters(o.nodes, o.clock);
  control::WarmPool::Options pool;
  pool.on = o.warm;
  pool.idle_cpus = std::min(1.0, cpus / 2.0);
  parts->warm =
      std::make_unique<control::WarmPool>(*parts->engines, o.nodes, o.host, o.clock, o.ids, pool);
  parts->logs = control::make_run_logs({o.objects, o.nodes, managed_logs(o.data), o.stream});
  parts->history = std::make_unique<control::HistoryServers>(
      *parts->engines, o.nodes, o.clock,
      control::HistoryServers::Options{.logs = managed_logs(o.data)});
  parts->applications = std::make_unique<control::Applications>(
      control::ServerlessWorld{o.store, o.nodes, *parts->engines, *parts->clusters, *parts->warm,
                               *parts->logs, o.host, o.clock, cpus});
  parts->warm->wake = [applications = parts->applications.get()](const serverless::Key& key) {
    applications->wake(key);
  };
  parts->loop = std::make_unique<control::Loop>(*parts->applications, o.nodes, o.clock, kRunLogs);
  // Another loop hears of processes that end, and tells this one.
  TRY(parts->loop->start(kWorkers, false));
  parts->warm->start();
  TRY(parts->history->start());
  return std::unique_ptr<ServerlessControl>(new ServerlessControl(std::move(parts)));
}

base::Result<control::HistoryServers::Place> ServerlessControl::history(
    const serverless::Key& application, const std::string& run, int attempt,
    const std::string& release_label) {
  return parts_->history->ensure(application, run, attempt, release_label);
}

serverless::Standby ServerlessControl::standby(const serverless::Key& application) {
  return parts_->warm->standby(application);
}

void ServerlessControl::look_at_nodes() { parts_->loop->look_at_nodes(); }

void ServerlessControl::stop() {
  parts_->warm->stop();
  parts_->history->stop();
  parts_->loop->stop();
}

base::Status ServerlessControl::drain() { return parts_->applications->drain(); }

}  // namespace howdah::server

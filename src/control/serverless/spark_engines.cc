#include "control/serverless/spark_engines.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "apps/application.h"
#include "apps/configurations.h"
#include "apps/node_view.h"
#include "base/digest.h"
#include "base/text.h"
#include "control/serverless/standalone.h"
#include "serverless/ui_ports.h"

namespace howdah::control {
namespace {

using base::Result;
using serverless::Application;
using serverless::JobRun;
using serverless::SparkSettings;

constexpr const char* kSparkClass = "/usr/lib/spark/bin/spark-class";
constexpr const char* kDefaults = "/etc/spark/conf/spark-defaults.conf";
constexpr const char* kWorkFolder = "/mnt/var/lib/howdah/job";
constexpr const char* kWarmProcess = "warm";
constexpr const char* kHistory = "/opt/howdah/history";  // event logs, inside the node
constexpr uint64_t kMiB = 1024 * 1024;
constexpr uint64_t kGiB = 1024 * kMiB;

constexpr uint64_t kDaemonBytes = 512 * kMiB;  // a standalone master or worker beside its executor
// Daemons of a few classes that live as long as a job: what starts fast, and takes little.
constexpr const char* kDaemonOptions = "-XX:+UseSerialGC -XX:TieredStopAtLevel=1 -XX:-UsePerfData";

using Environment = std::vector<std::pair<std::string, std::string>>;

uint64_t bytes_of(double gb) { return static_cast<uint64_t>(gb * static_cast<double>(kGiB)); }

// Known to the run alone, and the same however often it is asked for.
std::string secret_of(const Environment& credentials, const std::string& run) {
  std::string text = "spark " + run;
  for (const auto& [name, value] : credentials) text += " " + value;
  return base::sha256_hex(text);
}

class InstalledEngines final : public SparkEngines {
 public:
  InstalledEngines(SparkEnginesOptions options, apps::Applications applications,
                   Installations& installations)
      : options_(std::move(options)),
        applications_(std::move(applications)),
        installations_(installations) {}

  InstallationSeen look(const std::string& label) override {
    return installations_.look(label, {}, label);
  }
  base::Status install(const std::string& label) override {
    return installations_.install(label, {}, label);
  }

  Result<RunSetup> setup(const Application& application, const JobRun& run,
                         const SparkSettings& settings) override {
    apps::Configurations configurations;
    for (const auto& [key, value] : settings.properties)
      configurations.properties["spark-defaults"].emplace_back(key, value);
    for (const auto& [key, value] : settings.log4j)
      configurations.properties["spark-log4j2"].emplace_back(key, value);
    const AttemptPlace place = place_of(application, run);
    // Runs share the host's ports: its dashboard finds this one again.
    if (const uint16_t own = serverless::own_ui_port(run.id, place.attempt);
        serverless::ui_port(settings, run.id, place.attempt) == own)
      configurations.properties["spark-defaults"].emplace_back("spark.ui.port",
                                                               std::to_string(own));
    const bool standalone = serverless::is_standalone(run.status.way);
    if (standalone) {
      auto& defaults = configurations.properties["spark-defaults"];
      for (auto& [key, value] : authentication(application, run)) defaults.emplace_back(key, value);
    }
    RunSetup out = TRY(node_of(run.wanted.release_label, application.key, configurations));
    out.properties_path =
        fmt::format("/mnt/var/lib/howdah/{}/{}/spark.properties", run.id, place.attempt);
    for (const nodes::NodeSpec::File& file : out.node.files)
      if (file.path == kDefaults) out.properties = file.contents;
    nodes::ProcessSpec& process = out.process;
    process.argv = run_command(run, settings, run.status.way, out.properties_path);
    const std::string logs = run_log_folder(run.id, place.attempt);
    process.environment = environment_of(application, run);
    process.environment.insert(process.environment.end(), settings.environment.begin(),
                               settings.environment.end());
    process.working_directory = kWorkFolder;
    process.stdout_path = logs + "/SPARK_DRIVER/stdout";
    process.stderr_path = logs + "/SPARK_DRIVER/stderr";
    process.memory_limit_bytes =
        bytes_of(standalone ? settings.driver.memory_gb : run.status.workers.memory_gb);
    if (run.status.warm) process.memory_with = kWarmProcess;
    return out;
  }

  Result<RunSetup> master_setup(const Application& application, const JobRun& run) override {
    const AttemptPlace place = place_of(application, run);
    RunSetup out = daemon(application, run, master_log(run.id, place.attempt));
    out.process.id = serverless::master_process_of(run, place.attempt);
    // Not the run's own configuration: its log has to say where it listens.
    out.process.environment.emplace_back(
        "SPARK_CONF_DIR", std::filesystem::path(out.properties_path).parent_path().string());
    out.process.argv = {kSparkClass,    "org.apache.spark.deploy.master.Master",
                        "--host",       "127.0.0.1",
                        "--port",       "0",
                        "--webui-port", "0"};
    out.process.memory_limit_bytes = kDaemonBytes;
    return out;
  }

  Result<RunSetup> worker_setup(const Application& application, const JobRun& run,
                                const SparkSettings& settings, int number) override {
    const AttemptPlace place = place_of(application, run);
    RunSetup out = daemon(application, run, worker_log(run.id, place.attempt, number));
    out.process.id = serverless::worker_process_of(run, place.attempt, number);
    // Its cores are what makes room for one executor; the cgroup holds it to its memory.
    const auto memory = static_cast<int64_t>(std::ceil(settings.executor.memory_gb * 2));
    out.process.argv = {kSparkClass,
                        "org.apache.spark.deploy.worker.Worker",
                        "--properties-file",
                        out.properties_path,
                        "--host",
                        worker_address(number),
                        "--port",
                        "0",
                        "--webui-port",
                        "0",
                        "--cores",
                        std::to_string(settings.executor_cores),
                        "--memory",
                        std::to_string(memory) + "g",
                        "--work-dir",
                        run_log_folder(run.id, place.attempt) + "/executors",
                        run.status.way};
    out.process.memory_limit_bytes = bytes_of(settings.executor.memory_gb) + kDaemonBytes;
    return out;
  }

  Result<RunSetup> warm_setup(const WarmKey& key) override {
    RunSetup out = TRY(node_of(key.release_label, {"", "us-east-1", "warm"}, {}));
    out.process.id = kWarmProcess;
    out.process.memory_limit_bytes =
        options_.host_memory;  // until the run that it serves says less
    out.process.argv = {"howdah-warm-driver", "--name", kWarmDriver, "--heap", key.heap};
    out.process.working_directory = kWorkFolder;
    out.process.stdout_path = "/mnt/var/log/howdah/warm/stdout";
    out.process.stderr_path = "/mnt/var/log/howdah/warm/stderr";
    return out;
  }

  Result<RunSetup> history_setup(const std::string& label, const std::filesystem::path& logs,
                                 uint16_t port) override {
    RunSetup out = TRY(node_of(label, {"", "us-east-1", "history"}, {}));
    out.node.mounts.push_back({logs, kHistory, true});
    out.process.id = "history";
    out.process.argv = {kSparkClass, "org.apache.spark.deploy.history.HistoryServer"};
    out.process.environment = {
        {"SPARK_DAEMON_MEMORY", "512m"},
        {"SPARK_HISTORY_OPTS",
         fmt::format("-XX:+UseSerialGC -XX:TieredStopAtLevel=1 -Dspark.history.ui.port={} "
                     "-Dspark.history.fs.logDirectory=file://{} "
                     "-Dspark.history.fs.update.interval=5s -Dspark.port.maxRetries=0",
                     port, kHistory)}};
    out.process.working_directory = kWorkFolder;
    out.process.stdout_path = "/mnt/var/log/howdah/history/stdout";
    out.process.stderr_path = "/mnt/var/log/howdah/history/stderr";
    return out;
  }

 private:
  Environment credentials_of(const Application& application, const JobRun& run) {
    return options_.credentials ? options_.credentials(application.key, run.id) : Environment();
  }

  Environment environment_of(const Application& application, const JobRun& run) {
    Environment out = credentials_of(application, run);
    out.emplace_back("AWS_REGION", application.key.region);
    out.emplace_back("AWS_DEFAULT_REGION", application.key.region);
    out.emplace_back("EMR_RELEASE_LABEL", run.wanted.release_label);
    return out;
  }

  // A run's cluster is reached over the host's loopback, where others listen too.
  serverless::Properties authentication(const Application& application, const JobRun& run) {
    return {{"spark.authenticate", "true"},
            {"spark.authenticate.secret", secret_of(credentials_of(application, run), run.id)}};
  }

  RunSetup daemon(const Application& application, const JobRun& run, const std::string& log) {
    RunSetup out;
    out.properties_path = fmt::format("/mnt/var/lib/howdah/{}/{}/daemons/spark-defaults.conf",
                                      run.id, place_of(application, run).attempt);
    serverless::Properties properties = authentication(application, run);
    properties.emplace_back("spark.ui.killEnabled", "false");
    properties.emplace_back("spark.master.ui.decommission.allow.mode", "DENY");
    for (const auto& [key, value] : properties) out.properties += key + " " + value + "\n";
    out.process.environment = environment_of(application, run);  // executors have the worker's
    out.process.environment.emplace_back("SPARK_DAEMON_MEMORY", "256m");
    out.process.environment.emplace_back("SPARK_DAEMON_JAVA_OPTS", kDaemonOptions);
    out.process.working_directory = kWorkFolder;
    out.process.stdout_path = out.process.stderr_path = log;
    return out;
  }

  Result<RunSetup> node_of(const std::string& label, const serverless::Key& application,
                           const apps::Configurations& configurations) {
    const apps::Installed installed = TRY(installations_.installed(label, {}));
    apps::NodeFacts facts;
    facts.endpoint = options_.endpoint;
    facts.region = application.region;
    facts.release_label = label;
    facts.cluster_id = application.id;
    facts.instance_id = application.id;
    facts.hostname = "ip-10-0-0-1.ec2.internal";
    facts.vcpu = options_.cpus;
    facts.memory_mib = facts.host_memory_mib = options_.host_memory / kMiB;
    facts.applications = {"Spark"};
    RunSetup out;
    add_view(apps::node_view(installed, applications_, configurations, facts), options_.runtime,
             out.node);
    out.node.hostname = facts.hostname;
    return out;
  }

  const SparkEnginesOptions options_;
  const apps::Applications applications_;
  Installations& installations_;
};

bool ends_with(std::string_view text, std::string_view end) {
  return base::to_lower(std::string(text)).ends_with(end);
}

}  // namespace

std::vector<std::string> run_command(const JobRun& run, const SparkSettings& settings,
                                     const std::string& way, const std::string& properties) {
  std::vector<std::string> out = {
      "spark-submit",    "--properties-file",   properties, "--master", way,
      "--driver-memory", settings.driver_memory};
  const bool named = std::any_of(settings.properties.begin(), settings.properties.end(),
                                 [](const auto& p) { return p.first == "spark.app.name"; });
  if (!named && !run.wanted.name.empty()) {
    out.emplace_back("--name");
    out.push_back(run.wanted.name);
  }
  out.insert(out.end(), settings.options.begin(), settings.options.end());
  const std::string& entry = run.wanted.spark->entry_point;
  if (ends_with(entry, ".sql")) {
    for (const char* word : {"--class", "org.apache.spark.sql.hive.thriftserver.SparkSQLCLIDriver",
                             "spark-internal", "-f"})
      out.emplace_back(word);
  }
  out.push_back(entry);
  out.insert(out.end(), run.wanted.spark->arguments.begin(), run.wanted.spark->arguments.end());
  return out;
}

Result<std::unique_ptr<SparkEngines>> make_spark_engines(SparkEnginesOptions options,
                                                         Installations& installations) {
  apps::Applications applications = TRY(apps::Applications::load(options.apps));
  return std::unique_ptr<SparkEngines>(std::make_unique<InstalledEngines>(
      std::move(options), std::move(applications), installations));
}

}  // namespace howdah::control

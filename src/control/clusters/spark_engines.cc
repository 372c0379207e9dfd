#include "control/clusters/spark_engines.h"

#include <fmt/format.h>

#include <cctype>
#include <mutex>

#include "apps/configurations.h"
#include "apps/install.h"
#include "apps/node_view.h"
#include "apps/progress.h"
#include "apps/templates.h"
#include "base/log.h"
#include "os/file.h"
#include "os/supervisor.h"

namespace howdah::control {
namespace {

using base::Result;
using base::Status;
using cluster::Cluster;

constexpr uint64_t kMiB = 1024 * 1024;

// A field of /proc/meminfo, in bytes.
uint64_t meminfo(std::string_view name) {
  const auto text = os::read_file("/proc/meminfo");
  if (!text.ok()) return 0;
  const size_t at = text->find(std::string(name) + ":");
  if (at == std::string::npos) return 0;
  return std::strtoull(text->c_str() + at + name.size() + 1, nullptr, 10) * 1024;
}

class LocalHost final : public Host {
 public:
  explicit LocalHost(const apps::InstanceTypes& types)
      : types_(types), total_(meminfo("MemTotal")) {}
  uint64_t total_memory() override { return total_; }
  uint64_t available_memory() override { return meminfo("MemAvailable"); }
  uint64_t declared_memory(const std::string& name) override {
    const apps::InstanceType* type = types_.find(name);
    return type ? type->memory_mib() * kMiB : 0;
  }

 private:
  const apps::InstanceTypes& types_;
  const uint64_t total_;
};

class SparkEngines final : public Engines {
 public:
  SparkEngines(SparkEnginesOptions options, apps::Templates templates,
               const apps::Releases& releases, const apps::InstanceTypes& types)
      : options_(std::move(options)),
        templates_(std::move(templates)),
        releases_(releases),
        types_(types),
        supervisor_(os::Launcher(options_.installation)) {}

  Look look(const Cluster& cluster) override {
    const std::string& label = cluster.wanted.release_label;
    if (apps::installed(releases_, label, options_.engines)) return {Look::State::kInstalled, ""};
    const auto progress = apps::read_progress(options_.engines, label);
    const os::ProcessStatus process = os::Supervisor::look(run_folder(label));
    if (process.state == os::ProcessStatus::State::kRunning) {
      return {Look::State::kInstalling,
              progress && !progress->text.empty() ? progress->text : "Preparing the download"};
    }
    std::lock_guard lock(mutex_);
    if (!started_here_ || process.state == os::ProcessStatus::State::kUnknown)
      return {Look::State::kMissing, ""};
    if (process.state == os::ProcessStatus::State::kExited && process.exit_code == 0)
      return {Look::State::kMissing, ""};
    const std::string cause =
        progress && !progress->error.empty() ? progress->error : last_words(label, process);
    return {Look::State::kFailed,
            fmt::format("Installing {} failed: {}. Try: howdah install {}", label, cause, label)};
  }

  Status install(const Cluster& cluster) override {
    const std::string& label = cluster.wanted.release_label;
    std::lock_guard lock(mutex_);
    const os::ProcessStatus process = os::Supervisor::look(run_folder(label));
    if (process.state == os::ProcessStatus::State::kRunning) {
      started_here_ = true;
      return base::ok();
    }
    // One that ended before this cluster asked is no answer to it: the next try gets a fresh
    // folder.
    if (process.state != os::ProcessStatus::State::kUnknown) TRY(os::erase_tree(run_folder(label)));
    os::ProcessPlan plan;
    plan.argv = {"/proc/self/exe", "install", label, "--engines", options_.engines.string()};
    std::error_code failed;
    const auto self = std::filesystem::read_symlink("/proc/self/exe", failed);
    if (!failed) plan.argv[0] = self.string();
    for (const char* name :
         {"PATH", "HOME", "JAVA_HOME", "HOWDAH_CACHE", "HOWDAH_PYTHON", "HTTP_PROXY", "HTTPS_PROXY",
          "NO_PROXY", "http_proxy", "https_proxy", "no_proxy", "PIP_INDEX_URL", "PIP_CONFIG_FILE",
          "PIP_EXTRA_INDEX_URL", "PIP_CERT", "SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "MAVEN_OPTS"}) {
      if (const char* value = ::getenv(name)) plan.environment.emplace_back(name, value);
    }
    plan.stdout_path = log_file(label);
    plan.stderr_path = log_file(label);
    started_here_ = true;
    base::log_info("control", "installing {}; its output: {}", label, log_file(label).string());
    // A name that no node can have: what is left of nodes is looked for among the labels.
    return supervisor_.start(run_folder(label), plan, "install:" + label);
  }

  std::vector<std::string> restarts(const Cluster&, const cluster::Node&, const base::JsonArray&,
                                    const base::JsonArray&) override {
    return {};  // a node of Spark alone has no daemons
  }

  Result<NodeSetup> node_of(const Cluster& cluster, const cluster::Node& node) override {
    const auto installed =
        apps::installed(releases_, cluster.wanted.release_label, options_.engines);
    if (!installed) {
      return base::unavailable(fmt::format("{} is not installed any more; try: howdah install {}",
                                           cluster.wanted.release_label,
                                           cluster.wanted.release_label));
    }
    const apps::NodeView view = apps::node_view(
        *installed, templates_, apps::flatten(cluster::configurations_of(cluster, node.group_id)),
        facts_of(cluster, node));
    nodes::NodeSpec spec;
    spec.id = cluster::node_id(cluster, node.number);
    spec.hostname = cluster::private_dns(cluster, node);
    for (const apps::Mount& mount : view.mounts)
      spec.mounts.push_back({mount.source, mount.target, mount.read_only});
    spec.mounts.push_back({options_.runtime, "/usr/lib/howdah", true});
    for (const apps::File& file : view.files)
      spec.files.push_back({file.path, file.contents, file.mode});
    spec.environment = view.environment;
    spec.address = node.address;
    if (!node.address.empty()) spec.network = cluster.key.id;
    return NodeSetup{std::move(spec), {}};
  }

 private:
  apps::NodeFacts facts_of(const Cluster& cluster, const cluster::Node& node) const {
    apps::NodeFacts facts;
    facts.endpoint = options_.endpoint;
    facts.region = cluster.key.region;
    facts.release_label = cluster.wanted.release_label;
    facts.cluster_id = cluster.key.id;
    facts.instance_id = node.instance_id;
    facts.instance_group_id = node.group_id;
    facts.instance_type = node.instance_type;
    facts.hostname = cluster::private_dns(cluster, node);
    if (cluster.status.timeline.created)
      facts.created_millis = base::to_millis(*cluster.status.timeline.created);
    if (const apps::InstanceType* type = types_.find(node.instance_type)) {
      facts.memory_mib = type->memory_mib();
      facts.vcpu = type->vcpu;
    }
    facts.host_memory_mib = meminfo("MemTotal") / kMiB;
    return facts;
  }

  std::filesystem::path run_folder(const std::string& label) const {
    return options_.data / "installs" / safe(label);
  }
  std::filesystem::path log_file(const std::string& label) const {
    return options_.data / "installs" / (safe(label) + ".log");
  }
  // A label comes from a table of ours, but a path is made only of what cannot lead anywhere.
  static std::string safe(const std::string& label) {
    std::string out;
    for (char c : label)
      out += std::isalnum(static_cast<unsigned char>(c)) || c == '-' || c == '.' ? c : '_';
    return out;
  }

  std::string last_words(const std::string& label, const os::ProcessStatus& process) const {
    const std::string text = os::read_file(log_file(label)).value_or("");
    const size_t end = text.find_last_not_of(" \n");
    const size_t begin = end == std::string::npos ? 0 : text.rfind('\n', end) + 1;
    const std::string last =
        end == std::string::npos ? process.reason : text.substr(begin, end - begin + 1);
    return fmt::format("{} (exit code {}, log {})", last, process.exit_code,
                       log_file(label).string());
  }

  const SparkEnginesOptions options_;
  const apps::Templates templates_;
  const apps::Releases& releases_;
  const apps::InstanceTypes& types_;
  os::Supervisor supervisor_;
  std::mutex mutex_;
  bool started_here_ = false;  // since this server's start somebody asked for an installation
};

}  // namespace

Result<std::unique_ptr<Engines>> make_spark_engines(SparkEnginesOptions options,
                                                    const apps::Releases& releases,
                                                    const apps::InstanceTypes& types) {
  apps::Templates templates = TRY(apps::load_templates(options.apps / "spark"));
  TRY(os::make_folders(options.data / "installs"));
  return std::unique_ptr<Engines>(
      std::make_unique<SparkEngines>(std::move(options), std::move(templates), releases, types));
}

std::unique_ptr<Host> make_local_host(const apps::InstanceTypes& types) {
  return std::make_unique<LocalHost>(types);
}

}  // namespace howdah::control

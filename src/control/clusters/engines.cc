#include "control/clusters/engines.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <mutex>
#include <set>

#include "apps/application.h"
#include "apps/configurations.h"
#include "apps/install.h"
#include "apps/node_view.h"
#include "apps/progress.h"
#include "base/digest.h"
#include "base/log.h"
#include "control/clusters/node_facts.h"
#include "os/file.h"
#include "os/supervisor.h"

namespace howdah::control {
namespace {

using base::Result;
using base::Status;
using cluster::Cluster;

constexpr uint64_t kMiB = 1024 * 1024;
// Where the server listens inside a node with a network of its own.
constexpr const char* kEndpointInside = "http://localhost:4566";
constexpr const char* kRuntimeInside = "/usr/lib/howdah";
// What /usr/bin/s3-dist-cp there becomes (apps/hadoop/node).
constexpr const char* kS3DistCpInside = "/usr/share/aws/emr/s3-dist-cp/bin/s3-dist-cp";

// As apps::install() wants them: "Hadoop" among them says that there are several nodes.
std::vector<std::string> asked_for(const Cluster& cluster) {
  std::vector<std::string> out = cluster.wanted.applications;
  if (has_several_nodes(cluster) && std::find(out.begin(), out.end(), "Hadoop") == out.end())
    out.push_back("Hadoop");
  return out;
}

std::string command_to_install(const std::string& label, const std::vector<std::string>& names) {
  return fmt::format("howdah install {} --applications {}", label, fmt::join(names, ","));
}

// The classifications of which two lists say different things.
std::vector<std::string> differing(const apps::Configurations& from,
                                   const apps::Configurations& to) {
  std::set<std::string> names;
  for (const auto* side : {&from, &to}) {
    for (const auto& [name, properties] : side->properties) names.insert(name);
    for (const auto& [name, properties] : side->exports) names.insert(name);
  }
  std::vector<std::string> out;
  for (const std::string& name : names) {
    if (from.of(name) != to.of(name) || from.exports_of(name) != to.exports_of(name))
      out.push_back(name);
  }
  return out;
}

class LocalEngines final : public Engines {
 public:
  LocalEngines(EnginesOptions options, apps::Applications applications,
               const apps::Releases& releases, const apps::InstanceTypes& types,
               uint64_t host_memory)
      : options_(std::move(options)),
        applications_(std::move(applications)),
        releases_(releases),
        types_(types),
        host_memory_mib_(host_memory / kMiB),
        supervisor_(os::Launcher(options_.installation)) {}

  Look look(const Cluster& cluster) override {
    const std::string& label = cluster.wanted.release_label;
    const std::vector<std::string> names = asked_for(cluster);
    if (apps::installed(releases_, label, names, options_.engines))
      return {Look::State::kInstalled, ""};
    const std::string name = name_of(cluster);
    const auto progress = apps::read_progress(options_.engines, label);
    const os::ProcessStatus process = os::Supervisor::look(run_folder(name));
    if (process.state == os::ProcessStatus::State::kRunning) {
      return {Look::State::kInstalling,
              progress && !progress->text.empty() ? progress->text : "Preparing the download"};
    }
    std::lock_guard lock(mutex_);
    if (!started_here_.contains(name) || process.state == os::ProcessStatus::State::kUnknown)
      return {Look::State::kMissing, ""};
    if (process.state == os::ProcessStatus::State::kExited && process.exit_code == 0)
      return {Look::State::kMissing, ""};
    const std::string cause =
        progress && !progress->error.empty() ? progress->error : last_words(name, process);
    return {Look::State::kFailed, fmt::format("Installing {} failed: {}. Try: {}", label, cause,
                                              command_to_install(label, names))};
  }

  Status install(const Cluster& cluster) override {
    const std::string& label = cluster.wanted.release_label;
    const std::string name = name_of(cluster);
    std::lock_guard lock(mutex_);
    const os::ProcessStatus process = os::Supervisor::look(run_folder(name));
    if (process.state == os::ProcessStatus::State::kRunning) {
      started_here_.insert(name);
      return base::ok();
    }
    // One that ended before this cluster asked is no answer to it: the next try gets a fresh
    // folder.
    if (process.state != os::ProcessStatus::State::kUnknown) TRY(os::erase_tree(run_folder(name)));
    os::ProcessPlan plan;
    plan.argv = {"/proc/self/exe", "install", label, "--engines", options_.engines.string()};
    if (const auto names = asked_for(cluster); !names.empty())
      plan.argv.push_back(fmt::format("--applications={}", fmt::join(names, ",")));
    std::error_code failed;
    const auto self = std::filesystem::read_symlink("/proc/self/exe", failed);
    if (!failed) plan.argv[0] = self.string();
    for (const char* variable :
         {"PATH", "HOME", "JAVA_HOME", "HOWDAH_CACHE", "HOWDAH_PYTHON", "HTTP_PROXY", "HTTPS_PROXY",
          "NO_PROXY", "http_proxy", "https_proxy", "no_proxy", "PIP_INDEX_URL", "PIP_CONFIG_FILE",
          "PIP_EXTRA_INDEX_URL", "PIP_CERT", "SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "MAVEN_OPTS"}) {
      if (const char* value = ::getenv(variable)) plan.environment.emplace_back(variable, value);
    }
    plan.stdout_path = log_file(name);
    plan.stderr_path = log_file(name);
    started_here_.insert(name);
    base::log_info("control", "installing {}; its output: {}", name, log_file(name).string());
    // A name that no node can have: what is left of nodes is looked for among the labels.
    return supervisor_.start(run_folder(name), plan, "install:" + name);
  }

  Result<NodeSetup> node_of(const Cluster& cluster, const cluster::Node& node) override {
    const std::string& label = cluster.wanted.release_label;
    const std::vector<std::string> names = asked_for(cluster);
    const auto installed = apps::installed(releases_, label, names, options_.engines);
    if (!installed) {
      return base::unavailable(fmt::format("{} is not installed any more; try: {}", label,
                                           command_to_install(label, names)));
    }
    NodeSetup out;
    add_view(apps::node_view(*installed, applications_,
                             apps::flatten(cluster::configurations_of(cluster, node.group_id)),
                             facts(cluster, node)),
             out);
    nodes::NodeSpec& spec = out.spec;
    spec.id = cluster::node_id(cluster, node.number);
    spec.hostname = cluster::private_dns(cluster, node);
    spec.address = node.address;
    if (!node.address.empty()) spec.network = cluster.key.id;
    spec.hosts = hosts_of(cluster, node);
    if (const auto* group = cluster::group_of(cluster.wanted, node.group_id); group != nullptr)
      spec.volumes_gib = group->volumes_gib;
    return out;
  }

  std::vector<std::string> restarts(const Cluster& cluster, const cluster::Node& node,
                                    const base::JsonArray& from,
                                    const base::JsonArray& to) override {
    const std::vector<std::string> concerned =
        applications_.units_to_restart(differing(apps::flatten(from), apps::flatten(to)));
    const auto setup = node_of(cluster, node);
    if (!setup.ok()) return {};
    std::vector<std::string> out;
    for (const DaemonUnit& daemon : setup->daemons) {
      if (std::find(concerned.begin(), concerned.end(), daemon.unit) != concerned.end())
        out.push_back(daemon.unit);
    }
    return out;
  }

 private:
  apps::NodeFacts facts(const Cluster& cluster, const cluster::Node& node) const {
    apps::NodeFacts out = facts_of(cluster, node, types_, host_memory_mib_);
    out.endpoint = node.address.empty() ? options_.endpoint : kEndpointInside;
    out.applications = asked_for(cluster);
    if (options_.credentials) {
      for (const auto& [name, value] : options_.credentials(cluster)) {
        if (name == "AWS_CONTAINER_CREDENTIALS_FULL_URI") out.credentials_uri = value;
        if (name == "AWS_CONTAINER_AUTHORIZATION_TOKEN") out.credentials_token = value;
      }
    }
    return out;
  }

  void add_view(const apps::NodeView& view, NodeSetup& out) const {
    for (const apps::Mount& mount : view.mounts)
      out.spec.mounts.push_back({mount.source, mount.target, mount.read_only});
    out.spec.mounts.push_back({options_.runtime, kRuntimeInside, true});
    if (const std::filesystem::path program = s3_dist_cp(); !program.empty())
      out.spec.mounts.push_back({program, kS3DistCpInside, true});
    for (const apps::File& file : view.files)
      out.spec.files.push_back({file.path, file.contents, file.mode});
    out.spec.environment = view.environment;
    for (const apps::Daemon& daemon : view.daemons) {
      DaemonUnit unit;
      unit.unit = daemon.unit;
      unit.application = daemon.application;
      unit.essential = daemon.essential;
      unit.on_demand = daemon.start == apps::Daemon::Start::kOnUse;
      unit.port = daemon.port;
      unit.health_path = daemon.health_path;
      unit.log = daemon.log;
      out.daemons.push_back(std::move(unit));
    }
  }

  // As given, else beside this program: installed, or in the build's tree.
  std::filesystem::path s3_dist_cp() const {
    std::error_code failed;
    if (!options_.s3_dist_cp.empty()) {
      const bool there = std::filesystem::exists(options_.s3_dist_cp, failed);
      return there ? options_.s3_dist_cp : std::filesystem::path();
    }
    const auto self = std::filesystem::read_symlink("/proc/self/exe", failed);
    for (const std::filesystem::path& place :
         {self.parent_path() / "s3-dist-cp",
          self.parent_path().parent_path() / "distcp/s3-dist-cp"})
      if (std::filesystem::is_regular_file(place, failed)) return place;
    return {};
  }

  // Of an installation: the label, and what is installed of it.
  std::string name_of(const Cluster& cluster) const {
    std::string out = cluster.wanted.release_label;
    for (const std::string& name : applications_of(releases_, cluster)) out += "-" + name;
    // A path is made only of what cannot lead anywhere, and of what fits into a file's name.
    for (char& c : out)
      if (!std::isalnum(static_cast<unsigned char>(c)) && c != '-' && c != '.') c = '_';
    if (out.size() <= 100) return out;
    return out.substr(0, 80) + "-" + base::sha256_hex(out).substr(0, 12);
  }
  std::filesystem::path run_folder(const std::string& name) const {
    return options_.data / "installs" / name;
  }
  std::filesystem::path log_file(const std::string& name) const {
    return options_.data / "installs" / (name + ".log");
  }

  std::string last_words(const std::string& name, const os::ProcessStatus& process) const {
    const std::string text = os::read_file(log_file(name)).value_or("");
    const size_t end = text.find_last_not_of(" \n");
    const size_t begin = end == std::string::npos ? 0 : text.rfind('\n', end) + 1;
    const std::string last =
        end == std::string::npos ? process.reason : text.substr(begin, end - begin + 1);
    return fmt::format("{} (exit code {}, log {})", last, process.exit_code,
                       log_file(name).string());
  }

  const EnginesOptions options_;
  const apps::Applications applications_;
  const apps::Releases& releases_;
  const apps::InstanceTypes& types_;
  const uint64_t host_memory_mib_;
  os::Supervisor supervisor_;
  std::mutex mutex_;
  std::set<std::string> started_here_;  // what somebody asked for since this server's start
};

}  // namespace

std::vector<std::string> applications_of(const apps::Releases& releases, const Cluster& cluster) {
  const apps::Release* release = releases.find(cluster.wanted.release_label);
  if (release == nullptr) return asked_for(cluster);
  return apps::needed_applications(*release, cluster.wanted.applications,
                                   has_several_nodes(cluster));
}

Result<std::unique_ptr<Engines>> make_engines(EnginesOptions options,
                                              const apps::Releases& releases,
                                              const apps::InstanceTypes& types) {
  apps::Applications applications = TRY(apps::Applications::load(options.apps));
  TRY(os::make_folders(options.data / "installs"));
  const uint64_t memory = make_local_host(types)->total_memory();
  return std::unique_ptr<Engines>(std::make_unique<LocalEngines>(
      std::move(options), std::move(applications), releases, types, memory));
}

}  // namespace howdah::control

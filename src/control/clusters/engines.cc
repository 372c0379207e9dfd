#include "control/clusters/engines.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "apps/application.h"
#include "apps/configurations.h"
#include "apps/install.h"
#include "apps/node_view.h"
#include "control/clusters/node_facts.h"
#include "control/jobs/installations.h"
#include "os/file.h"

namespace howdah::control {
namespace {

using base::Result;
using base::Status;
using cluster::Cluster;

constexpr uint64_t kMiB = 1024 * 1024;
// Where the server listens inside a node with a network of its own.
constexpr const char* kEndpointInside = "http://localhost:4566";
// What /usr/bin/s3-dist-cp there becomes (apps/hadoop/node).
constexpr const char* kS3DistCpInside = "/usr/share/aws/emr/s3-dist-cp/bin/s3-dist-cp";

// As apps::install() wants them: "Hadoop" among them says that there are several nodes.
std::vector<std::string> asked_for(const Cluster& cluster) {
  std::vector<std::string> out = cluster.wanted.applications;
  if (has_several_nodes(cluster) && std::find(out.begin(), out.end(), "Hadoop") == out.end())
    out.push_back("Hadoop");
  return out;
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
        installations_(options_.data, options_.engines, options_.installation, releases) {}

  Look look(const Cluster& cluster) override {
    return installations_.look(cluster.wanted.release_label, asked_for(cluster), name_of(cluster));
  }

  Status install(const Cluster& cluster) override {
    return installations_.install(cluster.wanted.release_label, asked_for(cluster),
                                  name_of(cluster));
  }

  Result<NodeSetup> node_of(const Cluster& cluster, const cluster::Node& node) override {
    const apps::Installed installed =
        TRY(installations_.installed(cluster.wanted.release_label, asked_for(cluster)));
    NodeSetup out;
    add_parts(apps::node_view(installed, applications_,
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
    out.can_be_warm = out.can_be_warm && !has_several_nodes(cluster);
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

  void add_parts(const apps::NodeView& view, NodeSetup& out) const {
    add_view(view, options_.runtime, out.spec);
    out.can_be_warm = view.can_be_warm;
    if (const std::filesystem::path program = s3_dist_cp(); !program.empty())
      out.spec.mounts.push_back({program, kS3DistCpInside, true});
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

  std::string name_of(const Cluster& cluster) const {
    return installation_name(cluster.wanted.release_label, applications_of(releases_, cluster));
  }

  const EnginesOptions options_;
  const apps::Applications applications_;
  const apps::Releases& releases_;
  const apps::InstanceTypes& types_;
  const uint64_t host_memory_mib_;
  Installations installations_;
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

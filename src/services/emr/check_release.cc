#include <fmt/format.h>

#include <algorithm>

#include "apps/configurations.h"
#include "base/text.h"
#include "services/emr/errors.h"
#include "services/emr/request_check.h"

namespace howdah::services::emr {
namespace {

namespace wire = aws::emr;

constexpr char kHadoop[] = "Hadoop";

std::string runnable(const apps::Releases& releases) {
  const std::vector<std::string> labels = releases.runnable_labels();
  return labels.empty() ? "None can be run here."
                        : fmt::format("What runs here: {}.", base::list_of(labels));
}

std::string known(const apps::Releases& releases) {
  std::vector<std::string> labels;
  for (const apps::Release& release : releases.all()) labels.push_back(release.label);
  return base::list_of(labels);
}

base::Result<const apps::Release*> find_release(const wire::RunJobFlowInput& input,
                                                const apps::Releases& releases) {
  const auto label = input.release_label();
  const auto ami = input.ami_version();
  if (label && ami) {
    return validation(
        fmt::format("Only one AMI version and release label may be specified. Provided AMI: {}, "
                    "release label: {}.",
                    *ami, *label));
  }
  if (ami) {
    return validation(
        fmt::format("AmiVersion {} is refused: AMI versions 2.x and 3.x are not run here. Give a "
                    "ReleaseLabel instead. {}",
                    *ami, runnable(releases)));
  }
  if (!label) {
    return validation(
        "Must specify exactly one of the following: release label, AMI version, or Hadoop "
        "version.");
  }
  const apps::Release* release = releases.find(*label);
  if (!release) {
    return validation(fmt::format("The supplied release label is invalid: {}. {} Known labels: {}.",
                                  *label, runnable(releases), known(releases)));
  }
  if (!release->is_runnable()) {
    return validation(fmt::format(
        "The release label {} is known, but its applications cannot be run here yet. {}", *label,
        runnable(releases)));
  }
  return release;
}

base::Status check_applications(const wire::RunJobFlowInput& input, const apps::Release& release,
                                cluster::Wanted& wanted) {
  if (!input.supported_products().empty() || input.new_supported_products().present()) {
    return validation(
        "Cannot specify supported products when release label is used. Specify applications "
        "instead.");
  }
  std::vector<std::string> known, waiting;
  for (const auto& [name, version] : release.applications) known.push_back(name);
  for (const wire::Application& application : input.applications()) {
    const std::string_view name = application.name().value_or("");
    const std::string* spelled = apps::find_application(release, name);
    if (!spelled) {
      return validation(fmt::format("The application '{}' is not part of {}. Its applications: {}.",
                                    name, release.label, base::list_of(known)));
    }
    const bool runs = std::find(release.runnable.begin(), release.runnable.end(), *spelled) !=
                      release.runnable.end();
    if (!runs) {
      waiting.push_back(*spelled);
    } else if (std::find(wanted.applications.begin(), wanted.applications.end(), *spelled) ==
               wanted.applications.end()) {
      wanted.applications.push_back(*spelled);
    }
  }
  if (waiting.empty()) return base::ok();
  return validation(fmt::format(
      "{} cannot be run here yet on {}: leave {} out. What runs: {}.", base::list_of(waiting),
      release.label, waiting.size() == 1 ? "it" : "them", base::list_of(release.runnable)));
}

bool runs_hadoop(const apps::Release& release) {
  return std::find(release.runnable.begin(), release.runnable.end(), kHadoop) !=
         release.runnable.end();
}

}  // namespace

base::Status check_nodes_can_join(const apps::Releases& releases, const cluster::Wanted& wanted) {
  if (wanted.groups.size() < 2) return base::ok();
  const apps::Release* release = releases.find(wanted.release_label);
  if (release && runs_hadoop(*release)) return base::ok();
  std::vector<std::string> labels;
  for (const apps::Release& each : releases.all()) {
    if (runs_hadoop(each)) labels.push_back(each.label);
  }
  return validation(fmt::format(
      "Core and task nodes need Hadoop, which cannot be run here yet on {}: ask for a primary node "
      "only. Hadoop runs on: {}.",
      wanted.release_label, labels.empty() ? "no release" : base::list_of(labels)));
}

base::Status check_release(const wire::RunJobFlowInput& input, const apps::Releases& releases,
                           cluster::Wanted& wanted) {
  const apps::Release* release = TRY(find_release(input, releases));
  wanted.release_label = release->label;
  TRY(check_applications(input, *release, wanted));
  if (input.applications().empty() && runs_hadoop(*release)) wanted.applications = {kHadoop};
  if (const base::JsonArray* configurations = base::find_array(input.raw(), "Configurations")) {
    TRY(apps::check_configurations(*configurations));
    wanted.configurations = *configurations;
  }
  return base::ok();
}

}  // namespace howdah::services::emr

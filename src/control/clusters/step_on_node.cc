#include "control/clusters/step_on_node.h"

#include <algorithm>
#include <array>

#include "base/text.h"
#include "control/clusters/node_facts.h"
#include "job/yarn_names.h"

namespace howdah::control {
namespace {

constexpr size_t kTail = 64 * 1024;

// Of the applications that run here, those that do nothing without Hadoop.
constexpr std::array kNeedHadoop = {"Hadoop", "Hive", "HCatalog", "Tez"};

bool has(const std::vector<std::string>& names, std::string_view name) {
  return std::any_of(names.begin(), names.end(),
                     [&](const std::string& one) { return base::equals_ignore_case(one, name); });
}

std::string tail(nodes::Provider& nodes, const std::string& node,
                 const std::filesystem::path& file) {
  const auto log = nodes.open_file(node, file);
  return log.ok() ? tail_of(log->get(), kTail) : std::string();
}

}  // namespace

bool has_hadoop(const cluster::Cluster& cluster) {
  return has_several_nodes(cluster) ||
         std::any_of(kNeedHadoop.begin(), kNeedHadoop.end(),
                     [&](const char* name) { return has(cluster.wanted.applications, name); });
}

job::Site site_of(const cluster::Cluster& cluster, const cluster::Step& step) {
  job::Site out;
  out.applications = cluster.wanted.applications;
  if (has_hadoop(cluster) && !has(out.applications, "Hadoop"))
    out.applications.emplace_back("Hadoop");
  out.step_id = step.id;
  out.log_folder = step_log_folder(step.id).string();
  return out;
}

StepCause cause_of(nodes::Provider& nodes, const std::string& node_id,
                   const cluster::Cluster& cluster, const cluster::Step& step) {
  const std::filesystem::path folder = step_log_folder(step.id);
  const std::string texts[] = {
      tail(nodes, node_id, folder / "stderr"), tail(nodes, node_id, folder / "stdout"),
      tail(nodes, node_id, folder / "syslog"), tail(nodes, node_id, folder / job::kDriverStderr),
      tail(nodes, node_id, folder / job::kDriverStdout)};
  job::Cause cause =
      job::cause_of_failure(job::Outputs{texts[0], texts[1], texts[2], texts[3], texts[4]});
  StepCause out;
  out.line = std::move(cause.line);
  out.file = (folder / cause.where).string();
  const auto place = log_place_of(cluster, step);
  if (!place) return out;
  out.uri = place->uri(step_key(cluster, step.id, std::string(cause.where)));
  if (!cause.where.starts_with(job::kDriver)) return out;
  // "application_17_0001 container_17_0001_01_000001": its own files are where EMR has them.
  const std::string marker = tail(nodes, node_id, folder / job::kDriver);
  const auto words = base::split(base::trim(marker), ' ');
  out.uri.clear();
  if (words.size() == 2 && job::is_application_id(words[0]) &&
      job::application_of_container(words[1]) == words[0]) {
    const std::string file = cause.where == job::kDriverStdout ? "stdout" : "stderr";
    out.uri = place->uri(cluster.key.id + "/containers/" + std::string(words[0]) + "/" +
                         std::string(words[1]) + "/" + file + ".gz");
  }
  return out;
}

}  // namespace howdah::control

#include "control/meters/hadoop_numbers.h"

#include <cmath>
#include <optional>
#include <span>

#include "base/json.h"

namespace howdah::control {
namespace {

using base::JsonObject;
using base::Result;

std::optional<double> number_at(const JsonObject& object, std::string_view key) {
  const base::Json* value = base::find(object, key);
  if (value == nullptr || !value->is_number()) return std::nullopt;
  const double number = value->to_number<double>();
  // A count below zero means that it is not known (YARN: -1).
  return std::isfinite(number) && number >= 0 ? std::optional(number) : std::nullopt;
}

struct Name {
  const char* theirs;
  const char* ours;
};

void add_counts(const JsonObject& from, std::span<const Name> names, std::vector<Measured>& out) {
  for (const Name& name : names) {
    if (const auto value = number_at(from, name.theirs))
      out.push_back({name.ours, *value, "Count"});
  }
}

}  // namespace

const Measured* find(const std::vector<Measured>& all, std::string_view name) {
  for (const Measured& one : all) {
    if (one.name == name) return &one;
  }
  return nullptr;
}

Result<std::vector<Measured>> read_yarn_metrics(std::string_view answer) {
  static constexpr Name kNames[] = {{"appsSubmitted", "AppsSubmitted"},
                                    {"appsCompleted", "AppsCompleted"},
                                    {"appsPending", "AppsPending"},
                                    {"appsRunning", "AppsRunning"},
                                    {"appsFailed", "AppsFailed"},
                                    {"appsKilled", "AppsKilled"},
                                    {"containersAllocated", "ContainerAllocated"},
                                    {"containersReserved", "ContainerReserved"},
                                    {"containersPending", "ContainerPending"},
                                    {"totalMB", "MemoryTotalMB"},
                                    {"reservedMB", "MemoryReservedMB"},
                                    {"availableMB", "MemoryAvailableMB"},
                                    {"allocatedMB", "MemoryAllocatedMB"},
                                    {"totalNodes", "MRTotalNodes"},
                                    {"activeNodes", "MRActiveNodes"},
                                    {"lostNodes", "MRLostNodes"},
                                    {"unhealthyNodes", "MRUnhealthyNodes"},
                                    {"decommissionedNodes", "MRDecommissionedNodes"},
                                    {"rebootedNodes", "MRRebootedNodes"}};
  const auto parsed = base::parse_json(answer);
  const JsonObject* metrics = parsed.ok() && parsed->is_object()
                                  ? base::find_object(parsed->get_object(), "clusterMetrics")
                                  : nullptr;
  if (metrics == nullptr)
    return base::invalid_argument("the ResourceManager's answer has no cluster metrics");
  std::vector<Measured> out;
  add_counts(*metrics, kNames, out);
  const Measured* pending = find(out, "ContainerPending");
  const Measured* allocated = find(out, "ContainerAllocated");
  if (pending && allocated) {
    // With none allocated AWS takes the pending ones for it.
    const double ratio = allocated->value > 0 ? pending->value / allocated->value : pending->value;
    out.push_back({"ContainerPendingRatio", ratio, "Count"});
  }
  const Measured* available = find(out, "MemoryAvailableMB");
  const Measured* total = find(out, "MemoryTotalMB");
  if (available && total && total->value > 0) {
    out.push_back(
        {"YARNMemoryAvailablePercentage", available->value * 100 / total->value, "Percent"});
  }
  return out;
}

Result<std::vector<Measured>> read_hdfs_metrics(std::string_view answer) {
  static constexpr Name kNames[] = {{"MissingBlocks", "MissingBlocks"},
                                    {"CorruptBlocks", "CorruptBlocks"},
                                    {"TotalLoad", "TotalLoad"},
                                    {"CapacityRemainingGB", "CapacityRemainingGB"},
                                    {"PendingDeletionBlocks", "PendingDeletionBlocks"},
                                    {"UnderReplicatedBlocks", "UnderReplicatedBlocks"},
                                    {"PendingReplicationBlocks", "DfsPendingReplicationBlocks"}};
  const auto parsed = base::parse_json(answer);
  const base::JsonArray* beans = parsed.ok() && parsed->is_object()
                                     ? base::find_array(parsed->get_object(), "beans")
                                     : nullptr;
  if (beans == nullptr || beans->empty() || !beans->front().is_object())
    return base::invalid_argument("the NameNode's answer has no bean");
  const JsonObject& bean = beans->front().get_object();
  std::vector<Measured> out;
  add_counts(bean, kNames, out);
  const auto used = number_at(bean, "CapacityUsed"), capacity = number_at(bean, "CapacityTotal");
  if (used && capacity && *capacity > 0)
    out.push_back({"HDFSUtilization", *used * 100 / *capacity, "Percent"});
  const auto live = number_at(bean, "NumLiveDataNodes"), dead = number_at(bean, "NumDeadDataNodes");
  if (live && dead && *live + *dead > 0)
    out.push_back({"LiveDataNodes", *live * 100 / (*live + *dead), "Percent"});
  return out;
}

}  // namespace howdah::control

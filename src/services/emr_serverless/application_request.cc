#include "services/emr_serverless/application_request.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"
#include "serverless/worker_sizes.h"
#include "services/emr_serverless/errors.h"
#include "services/emr_serverless/members.h"

namespace howdah::services::emr_serverless {
namespace {

using base::JsonObject;
using serverless::Resources;
using serverless::WantedApplication;

constexpr char kSpark[] = "Spark";
constexpr char kHive[] = "Hive";
constexpr char kSchedulerSince[] = "emr-7.0.0";
constexpr char kShuffleDisksSince[] = "emr-7.1.0";
constexpr size_t kMostTags = 200;

JsonObject object_at(const JsonObject& in, std::string_view key) {
  const JsonObject* object = base::find_object(in, key);
  return object ? *object : JsonObject();
}

bool runs(const apps::Release& release, std::string_view application) {
  return std::find(release.runnable.begin(), release.runnable.end(), application) !=
         release.runnable.end();
}

std::string what_runs(const apps::Releases& releases, std::string_view application) {
  std::vector<std::string> labels;
  for (const apps::Release& release : releases.all()) {
    if (runs(release, application)) labels.push_back(release.label);
  }
  return labels.empty() ? "None can be run here."
                        : "What runs here: " + base::list_of(labels) + ".";
}

base::Status check_type_and_release(const JsonObject& request, const apps::Releases& releases,
                                    WantedApplication& wanted) {
  const std::string_view type = base::text_at(request, "type");
  for (const char* known : {kSpark, kHive}) {
    if (base::equals_ignore_case(type, known)) wanted.type = known;
  }
  if (wanted.type.empty()) return validation(fmt::format("Unsupported engine {}", type));
  wanted.release_label = base::text_at(request, "releaseLabel");
  const apps::Release* release = releases.find(wanted.release_label);
  if (!release || !apps::find_application(*release, wanted.type)) {
    return validation(
        fmt::format("Type '{}' is not supported for release label '{}' or release label does not "
                    "exist. {}",
                    type, wanted.release_label, what_runs(releases, wanted.type)));
  }
  // Hive is taken on any label: a run of it says whether it can be run.
  if (wanted.type == kSpark && !runs(*release, kSpark)) {
    return validation(
        fmt::format("The release label {} is known, but its Spark cannot be run here yet. {}",
                    wanted.release_label, what_runs(releases, kSpark)));
  }
  return base::ok();
}

base::Status check_architecture(const JsonObject& request, WantedApplication& wanted) {
  wanted.architecture = base::text_at(request, "architecture", kArchitectureHere);
  if (wanted.architecture == kArchitectureHere) return base::ok();
  return validation(
      fmt::format("Architecture {} cannot be run here: this machine's is {}, and workers are its "
                  "processes.",
                  wanted.architecture, kArchitectureHere));
}

// "Driver" for "DRIVER": the spelling that AWS shows; empty when the engine has no such worker.
std::string worker_type_of(std::string_view engine, std::string_view type) {
  const std::vector<const char*> known = engine == kSpark
                                             ? std::vector<const char*>{"Driver", "Executor"}
                                             : std::vector<const char*>{"HiveDriver", "TezTask"};
  for (const char* each : known) {
    if (base::equals_ignore_case(type, each)) return each;
  }
  return "";
}

base::Result<serverless::InitialCapacity> capacity_from(const JsonObject& config,
                                                        std::string_view type,
                                                        std::string_view release_label) {
  serverless::InitialCapacity out;
  out.count = base::int_at(config, "workerCount");
  out.worker = {4, 16, serverless::kLeastDiskGb};  // User Guide, "Pre-initialized capacity"
  const JsonObject* worker = base::find_object(config, "workerConfiguration");
  if (!worker) return out;
  out.worker.vcpu = serverless::vcpu_of(base::text_at(*worker, "cpu"));
  out.worker.memory_gb = serverless::gb_of(base::text_at(*worker, "memory"));
  if (base::find(*worker, "disk"))
    out.worker.disk_gb = serverless::gb_of(base::text_at(*worker, "disk"));
  const bool shuffle =
      base::equals_ignore_case(base::text_at(*worker, "diskType"), "SHUFFLE_OPTIMIZED");
  if (shuffle && !at_least(release_label, kShuffleDisksSince)) {
    return validation(fmt::format(
        "Shuffle-optimized disks are supported with release labels {} and above; this is {}.",
        kShuffleDisksSince, release_label));
  }
  const std::string fault = serverless::why_unsupported(out.worker, shuffle);
  if (!fault.empty())
    return validation(fmt::format("Invalid worker configuration of {}: {}", type, fault));
  return out;
}

base::Status check_capacity(const JsonObject& request, WantedApplication& wanted) {
  Resources initial;
  for (const auto& [name, config] : object_at(request, "initialCapacity")) {
    const std::string type = worker_type_of(wanted.type, name);
    if (type.empty()) {
      return validation(fmt::format(
          "Worker type '{}' is not one of a {} application: {}.", std::string_view(name),
          wanted.type, wanted.type == kSpark ? "Driver and Executor" : "HiveDriver and TezTask"));
    }
    if (wanted.initial_capacity.contains(type))
      return validation(fmt::format("Worker type '{}' is given twice.", type));
    const auto capacity = TRY(capacity_from(config.as_object(), type, wanted.release_label));
    const auto count = static_cast<double>(capacity.count);
    initial.vcpu += count * capacity.worker.vcpu;
    initial.memory_gb += count * capacity.worker.memory_gb;
    initial.disk_gb += count * capacity.worker.disk_gb;
    wanted.initial_capacity[type] = capacity;
  }
  const JsonObject* maximum = base::find_object(request, "maximumCapacity");
  if (!maximum) return base::ok();
  wanted.maximum = Resources{serverless::vcpu_of(base::text_at(*maximum, "cpu")),
                             serverless::gb_of(base::text_at(*maximum, "memory")),
                             serverless::gb_of(base::text_at(*maximum, "disk"))};
  const auto beyond = [](const char* what, const char* unit, double has, double limit) {
    return validation(
        fmt::format("The initialCapacity's {} of {} {} exceeds the maximumCapacity's {} {}.", what,
                    has, unit, limit, unit));
  };
  if (initial.vcpu > wanted.maximum->vcpu)
    return beyond("cpu", "vCPU", initial.vcpu, wanted.maximum->vcpu);
  if (initial.memory_gb > wanted.maximum->memory_gb)
    return beyond("memory", "GB", initial.memory_gb, wanted.maximum->memory_gb);
  if (wanted.maximum->disk_gb > 0 && initial.disk_gb > wanted.maximum->disk_gb)
    return beyond("disk", "GB", initial.disk_gb, wanted.maximum->disk_gb);
  return base::ok();
}

// SchedulerConfiguration: "The valid range is from 15 to 720", "… is 1 to 1000".
base::Status check_scheduler(const JsonObject& request, WantedApplication& wanted) {
  const JsonObject* scheduler = base::find_object(request, "schedulerConfiguration");
  if (!scheduler) return base::ok();
  if (!at_least(wanted.release_label, kSchedulerSince)) {
    return validation(fmt::format(
        "schedulerConfiguration is supported with release labels {} and above; this is {}.",
        kSchedulerSince, wanted.release_label));
  }
  serverless::Scheduler out;
  const int64_t runs = base::int_at(*scheduler, "maxConcurrentRuns", out.max_concurrent_runs);
  const int64_t minutes =
      base::int_at(*scheduler, "queueTimeoutMinutes", out.queue_timeout_minutes);
  if (runs < 1 || runs > 1000)
    return validation(fmt::format("maxConcurrentRuns is {}: the valid range is 1 to 1000.", runs));
  if (minutes < 15 || minutes > 720) {
    return validation(
        fmt::format("queueTimeoutMinutes is {}: the valid range is from 15 to 720.", minutes));
  }
  out.max_concurrent_runs = static_cast<int>(runs);
  out.queue_timeout_minutes = static_cast<int>(minutes);
  wanted.scheduler = out;
  return base::ok();
}

}  // namespace

bool at_least(std::string_view label, std::string_view oldest) {
  return label == oldest || apps::newer_label(label, oldest);
}

base::Status check_tags(const std::vector<std::pair<std::string, std::string>>& tags) {
  for (const auto& [key, value] : tags) {
    if (base::to_lower(key).starts_with("aws:"))
      return validation(fmt::format("Invalid tag key '{}': it must not begin with aws:", key));
  }
  if (tags.size() <= kMostTags) return base::ok();
  return validation(
      fmt::format("A resource has at most {} tags; these are {}.", kMostTags, tags.size()));
}

base::Result<WantedApplication> application_from(const JsonObject& request,
                                                 const apps::Releases& releases) {
  WantedApplication out;
  out.request = request;
  out.name = base::text_at(request, "name");
  TRY(check_type_and_release(request, releases, out));
  TRY(check_architecture(request, out));
  TRY(check_refused_members(request));
  const JsonObject start = object_at(request, "autoStartConfiguration");
  const JsonObject stop = object_at(request, "autoStopConfiguration");
  out.auto_start = base::bool_at(start, "enabled", true);
  out.auto_stop = base::bool_at(stop, "enabled", true);
  out.idle_minutes = static_cast<int>(base::int_at(stop, "idleTimeoutMinutes", out.idle_minutes));
  TRY(check_capacity(request, out));
  TRY(check_scheduler(request, out));
  if (const base::JsonArray* runtime = base::find_array(request, "runtimeConfiguration"))
    out.runtime_configuration = *runtime;
  out.monitoring = object_at(request, "monitoringConfiguration");
  return out;
}

}  // namespace howdah::services::emr_serverless

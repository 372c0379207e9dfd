#include "services/emr_serverless/application_answer.h"

#include <fmt/format.h>

#include "base/text.h"
#include "services/emr_serverless/emr_serverless.h"

namespace howdah::services::emr_serverless {
namespace {

using base::JsonObject;

std::string vcpu(double amount) { return fmt::format("{} vCPU", amount); }
std::string gb(double amount) { return fmt::format("{} GB", amount); }

int64_t millis(const std::optional<base::Time>& time) { return time ? base::to_millis(*time) : 0; }

// The worker's diskType as it was asked for; its configuration may be spelled in any case.
std::string_view disk_type(const JsonObject& request, std::string_view type) {
  const JsonObject* capacity = base::find_object(request, "initialCapacity");
  if (!capacity) return "STANDARD";
  for (const auto& [name, config] : *capacity) {
    if (!base::equals_ignore_case(name, type) || !config.is_object()) continue;
    const JsonObject* worker = base::find_object(config.get_object(), "workerConfiguration");
    const std::string_view asked = worker ? base::text_at(*worker, "diskType") : "";
    if (base::equals_ignore_case(asked, "SHUFFLE_OPTIMIZED")) return "SHUFFLE_OPTIMIZED";
  }
  return "STANDARD";
}

JsonObject initial_capacity(const serverless::WantedApplication& wanted) {
  JsonObject out;
  for (const auto& [type, capacity] : wanted.initial_capacity) {
    wire::WorkerResourceConfigBuilder worker;
    worker.set_cpu(vcpu(capacity.worker.vcpu))
        .set_memory(gb(capacity.worker.memory_gb))
        .set_disk(gb(capacity.worker.disk_gb))
        .set_disk_type(disk_type(wanted.request, type));
    wire::InitialCapacityConfigBuilder config;
    config.set_worker_count(capacity.count).set_worker_configuration(std::move(worker));
    out[type] = std::move(config.raw());
  }
  return out;
}

// Echoed as they were received.
void echo(const JsonObject& request, wire::Application& out) {
  for (const char* member : {"networkConfiguration", "runtimeConfiguration",
                             "monitoringConfiguration", "interactiveConfiguration",
                             "workerTypeSpecifications", "jobLevelCostAllocationConfiguration"}) {
    if (const base::Json* value = base::find(request, member)) out.raw()[member] = *value;
  }
}

}  // namespace

wire::Application application_answer(const store::ApplicationRow& row) {
  const serverless::WantedApplication& wanted = row.wanted;
  wire::Application out;
  out.set_application_id(row.key.id);
  if (!wanted.name.empty()) out.set_name(wanted.name);
  out.set_arn(serverless::arn_of(row.key))
      .set_release_label(wanted.release_label)
      .set_type(wanted.type)
      .set_state(serverless::name_of(state_of(wanted, row.status)))
      .set_state_details(row.status.details)
      .set_created_at(millis(row.status.created))
      .set_updated_at(millis(row.status.updated))
      .set_tags(wanted.tags)
      .set_architecture(wanted.architecture);
  out.set_auto_start_configuration(
      std::move(wire::AutoStartConfigBuilder().set_enabled(wanted.auto_start)));
  wire::AutoStopConfigBuilder stop;
  stop.set_enabled(wanted.auto_stop).set_idle_timeout_minutes(wanted.idle_minutes);
  out.set_auto_stop_configuration(std::move(stop));
  if (!wanted.initial_capacity.empty()) out.set_initial_capacity(initial_capacity(wanted));
  if (wanted.maximum) {
    wire::MaximumAllowedResourcesBuilder maximum;
    maximum.set_cpu(vcpu(wanted.maximum->vcpu)).set_memory(gb(wanted.maximum->memory_gb));
    if (wanted.maximum->disk_gb > 0) maximum.set_disk(gb(wanted.maximum->disk_gb));
    out.set_maximum_capacity(std::move(maximum));
  }
  if (wanted.scheduler) {
    wire::SchedulerConfigurationBuilder scheduler;
    scheduler.set_max_concurrent_runs(wanted.scheduler->max_concurrent_runs)
        .set_queue_timeout_minutes(wanted.scheduler->queue_timeout_minutes);
    out.set_scheduler_configuration(std::move(scheduler));
  }
  echo(wanted.request, out);
  return out;
}

wire::ApplicationSummary application_summary(const store::ApplicationRow& row) {
  wire::ApplicationSummary out;
  out.set_id(row.key.id);
  if (!row.wanted.name.empty()) out.set_name(row.wanted.name);
  out.set_arn(serverless::arn_of(row.key))
      .set_release_label(row.wanted.release_label)
      .set_type(row.wanted.type)
      .set_state(serverless::name_of(state_of(row.wanted, row.status)))
      .set_state_details(row.status.details)
      .set_created_at(millis(row.status.created))
      .set_updated_at(millis(row.status.updated))
      .set_architecture(row.wanted.architecture);
  return out;
}

}  // namespace howdah::services::emr_serverless

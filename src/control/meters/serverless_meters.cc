#include "control/meters/serverless_meters.h"

#include <algorithm>

#include "os/disk_use.h"
#include "serverless/plan/plan.h"
#include "serverless/spark_settings.h"

namespace howdah::control {
namespace {

using serverless::Application;
using serverless::JobRun;
using serverless::Resources;
using serverless::RunState;
using serverless::Standby;
using telemetry::Dimensions;

constexpr const char* kNamespace = "AWS/EMRServerless";
constexpr size_t kEventsAtOnce = 1000;
constexpr double kGiB = 1024.0 * 1024 * 1024;

class Points {
 public:
  Points(std::vector<telemetry::MetricPoint>& out, base::Time now) : out_(out), now_(now) {}
  void add(const char* name, const Dimensions& dimensions, double value, const char* unit) {
    out_.push_back(
        {{kNamespace, name, dimensions}, now_, telemetry::statistics_of(value), unit, false});
  }

 private:
  std::vector<telemetry::MetricPoint>& out_;
  const base::Time now_;
};

// What the driver has of a run's workers.
Resources driver_of(const Application& application, const JobRun& run) {
  const auto settings = serverless::spark_settings(application, run.wanted);
  return settings.ok() ? settings->driver : Resources{};
}

struct Share {
  Resources all;
  int64_t running = 0, idle = 0, pending = 0;
};

// Of a run: its workers are on their way until it runs.
void add(Share& to, const Resources& more, int64_t count, RunState state) {
  to.all.vcpu += more.vcpu;
  to.all.memory_gb += more.memory_gb;
  to.all.disk_gb += more.disk_gb;
  (state == RunState::kScheduled ? to.pending : to.running) += count;
}

void add_capacity(const Application& application, const Standby& standby, const Dimensions& who,
                  Points& points) {
  std::map<std::pair<std::string, std::string>, Share> shares;  // by type and allocation
  if (standby.wanted > 0) {
    Share& ready = shares[{"Spark_Driver", "PreInitCapacity"}];
    ready.idle = standby.ready;
    ready.pending = std::max(0, standby.wanted - standby.ready);
  }
  for (const JobRun& run : application.runs) {
    if (!serverless::is_active(run.status.state)) continue;
    const Resources driver = driver_of(application, run);
    const Resources rest{run.status.workers.vcpu - driver.vcpu,
                         run.status.workers.memory_gb - driver.memory_gb,
                         run.status.workers.disk_gb - driver.disk_gb};
    const bool kept = application.wanted.initial_capacity.contains("Driver") && run.status.warm;
    add(shares[{"Spark_Driver", kept ? "PreInitCapacity" : "OnDemandCapacity"}], driver, 1,
        run.status.state);
    if (run.status.worker_count > 1)
      add(shares[{"Spark_Executor", "OnDemandCapacity"}], rest, run.status.worker_count - 1,
          run.status.state);
  }
  for (const auto& [key, share] : shares) {
    Dimensions of = who;
    of.emplace_back("WorkerType", key.first);
    of.emplace_back("CapacityAllocationType", key.second);
    if (share.all.vcpu > 0) {  // of runs: drivers that wait share what the host has free
      points.add("CPUAllocated", of, share.all.vcpu, "None");
      points.add("MemoryAllocated", of, share.all.memory_gb, "Gigabytes");
      points.add("StorageAllocated", of, share.all.disk_gb, "Gigabytes");
    }
    points.add("RunningWorkerCount", of, static_cast<double>(share.running), "Count");
    points.add("IdleWorkerCount", of, static_cast<double>(share.idle), "Count");
    points.add("PendingCreationWorkerCount", of, static_cast<double>(share.pending), "Count");
    points.add("TotalWorkerCount", of, static_cast<double>(share.running + share.idle), "Count");
  }
  const Resources all = serverless::held(application);
  points.add("CPUAllocated", who, all.vcpu, "None");
  points.add("MemoryAllocated", who, all.memory_gb, "Gigabytes");
  points.add("StorageAllocated", who, all.disk_gb, "Gigabytes");
  if (const auto& most = application.wanted.maximum) {
    points.add("MaxCPUAllowed", who, most->vcpu, "None");
    points.add("MaxMemoryAllowed", who, most->memory_gb, "Gigabytes");
    if (most->disk_gb > 0) points.add("MaxStorageAllowed", who, most->disk_gb, "Gigabytes");
  }
}

}  // namespace

std::vector<telemetry::MetricPoint> measure_application(const Application& application,
                                                        const Moves& moves, const RunUses& uses,
                                                        const Standby& standby, base::Time now) {
  std::vector<telemetry::MetricPoint> out;
  Points points(out, now);
  const std::string name =
      application.wanted.name.empty() ? application.key.id : application.wanted.name;
  const Dimensions who = {{"ApplicationId", application.key.id}, {"ApplicationName", name}};
  add_capacity(application, standby, who, points);

  static constexpr std::pair<RunState, const char*> kJobs[] = {
      {RunState::kSubmitted, "SubmittedJobs"},   {RunState::kPending, "PendingJobs"},
      {RunState::kScheduled, "ScheduledJobs"},   {RunState::kRunning, "RunningJobs"},
      {RunState::kCancelling, "CancellingJobs"},
  };
  for (const auto& [state, metric] : kJobs) {
    const auto there =
        std::count_if(application.runs.begin(), application.runs.end(),
                      [wanted = state](const JobRun& run) { return run.status.state == wanted; });
    points.add(metric, who, static_cast<double>(there), "Count");
  }
  static constexpr std::pair<RunState, const char*> kEnded[] = {
      {RunState::kSuccess, "SuccessJobs"},
      {RunState::kFailed, "FailedJobs"},
      {RunState::kCancelled, "CancelledJobs"},
  };
  for (const auto& [state, metric] : kEnded) {
    const auto found = moves.find(state);
    points.add(metric, who, found == moves.end() ? 0.0 : found->second, "Count");
  }
  for (const JobRun& run : application.runs) {
    if (!serverless::is_active(run.status.state)) continue;
    const Dimensions job = {{"JobId", run.id},
                            {"JobName", run.wanted.name.empty() ? run.id : run.wanted.name},
                            {"ApplicationId", application.key.id},
                            {"ApplicationName", name}};
    points.add("WorkerCpuAllocated", job, run.status.workers.vcpu, "None");
    points.add("WorkerMemoryAllocated", job, run.status.workers.memory_gb, "Gigabytes");
    points.add("WorkerEphemeralStorageAllocated", job, run.status.workers.disk_gb, "Gigabytes");
    const auto used = uses.find(run.id);
    if (used == uses.end()) continue;
    points.add("WorkerMemoryUsed", job, used->second.memory_gb, "Gigabytes");
    if (const auto& disk = used->second.disk_gb)
      points.add("WorkerEphemeralStorageUsed", job, *disk, "Gigabytes");
    if (const auto& since = used->second.since) {
      points.add("WorkerCpuUsed", job, since->vcpu, "None");
      points.add("WorkerStorageReadBytes", job, since->read_bytes, "Bytes");
      points.add("WorkerStorageWriteBytes", job, since->written_bytes, "Bytes");
    }
  }
  return out;
}

RunUse use_between(const std::optional<nodes::NodeUsage>& before, const nodes::NodeUsage& now,
                   base::Millis apart) {
  RunUse out{.memory_gb = static_cast<double>(now.memory_bytes) / kGiB, .since = std::nullopt};
  const bool goes_on = before && now.cpu >= before->cpu && now.read_bytes >= before->read_bytes &&
                       now.written_bytes >= before->written_bytes;
  if (!goes_on || apart <= base::Millis(0)) return out;
  out.since = RunUse::Since{
      static_cast<double>((now.cpu - before->cpu).count()) / static_cast<double>(apart.count()),
      static_cast<double>(now.read_bytes - before->read_bytes),
      static_cast<double>(now.written_bytes - before->written_bytes)};
  return out;
}

RunUses ServerlessMeters::uses_of(const Application& application, const Usage& now,
                                  base::Millis apart) {
  RunUses out;
  for (const JobRun& run : application.runs) {
    const auto node = now.find(run.status.node);
    // A driver that was ready was not the run's before it was RUNNING.
    if (run.status.state != RunState::kRunning || node == now.end()) continue;
    const auto found = before_.find(run.status.node);
    const bool known = found != before_.end() && counted_.contains(run.id);
    out[run.id] =
        use_between(known ? std::optional(found->second) : std::optional<nodes::NodeUsage>(),
                    node->second, apart);
    if (const auto work = nodes_.host_path(run.status.node, "/mnt"); work.ok()) {
      if (const auto bytes = os::disk_use(*work))
        out[run.id].disk_gb = static_cast<double>(*bytes) / kGiB;
    }
  }
  return out;
}

base::Status ServerlessMeters::measure(base::Time now) {
  const base::Millis at = clock_.steady();
  Usage usage = TRY(nodes_.usage());
  std::set<std::string> counted;
  for (const serverless::Key& key : TRY(store_.unfinished())) {
    const auto loaded = store_.load(key);
    if (!loaded.ok()) continue;
    const bool first = !seen_.contains(key);
    int64_t& last = seen_[key];
    Moves moves;
    while (true) {
      const auto events = TRY(store_.events(key, last, kEventsAtOnce));
      for (const auto& row : events) {
        last = row.id;
        const auto state = serverless::run_state_of(row.event.state);
        // What happened before this server began was counted by the one before.
        if (!first && row.event.kind == "job-run" && state) ++moves[*state];
      }
      if (events.size() < kEventsAtOnce) break;
    }
    const RunUses uses = uses_of(loaded->application, usage, at - before_at_);
    for (const auto& [run, used] : uses) counted.insert(run);
    TRY(telemetry_.put_metrics(
        {key.account, key.region},
        measure_application(loaded->application, moves, uses, standby_(key), now)));
  }
  before_ = std::move(usage);
  before_at_ = at;
  counted_ = std::move(counted);
  return base::ok();
}

}  // namespace howdah::control

// Applications and job runs as JSON for the store. Absent members take their defaults, so that
// older rows are read.

#include "base/json_members.h"
#include "serverless/serverless.h"

namespace howdah::serverless {
namespace {

using base::array_at;
using base::JsonArray;
using base::JsonObject;
using base::object_at;
using base::pairs_at;
using base::pairs_json;
using base::put_time;
using base::string_at;
using base::texts_json;
using base::time_at;

int small(const JsonObject& in, std::string_view key, int otherwise = 0) {
  return static_cast<int>(base::int_at(in, key, otherwise));
}

JsonObject resources_json(const Resources& r) {
  return {{"vcpu", r.vcpu}, {"memory_gb", r.memory_gb}, {"disk_gb", r.disk_gb}};
}

Resources resources_from(const JsonObject& in) {
  return {base::double_at(in, "vcpu"), base::double_at(in, "memory_gb"),
          base::double_at(in, "disk_gb")};
}

JsonObject utilization_json(const Utilization& u) {
  return {{"vcpu_hours", u.vcpu_hours},
          {"memory_gb_hours", u.memory_gb_hours},
          {"storage_gb_hours", u.storage_gb_hours}};
}

Utilization utilization_at(const JsonObject& in, std::string_view key) {
  const JsonObject o = object_at(in, key);
  return {base::double_at(o, "vcpu_hours"), base::double_at(o, "memory_gb_hours"),
          base::double_at(o, "storage_gb_hours")};
}

JsonObject attempt_json(const Attempt& a) {
  JsonObject out{{"number", a.number}, {"state", name_of(a.state)}, {"details", a.details}};
  put_time(out, "created", a.created);
  put_time(out, "updated", a.updated);
  put_time(out, "started", a.started);
  put_time(out, "ended", a.ended);
  return out;
}

Attempt attempt_from(const JsonObject& in) {
  Attempt a;
  a.number = small(in, "number", 1);
  a.state = run_state_of(base::text_at(in, "state")).value_or(RunState::kSubmitted);
  a.details = string_at(in, "details");
  a.created = time_at(in, "created");
  a.updated = time_at(in, "updated");
  a.started = time_at(in, "started");
  a.ended = time_at(in, "ended");
  return a;
}

}  // namespace

JsonObject to_json(const WantedApplication& w) {
  JsonObject out{{"name", w.name},
                 {"release_label", w.release_label},
                 {"type", w.type},
                 {"architecture", w.architecture},
                 {"auto_start", w.auto_start},
                 {"auto_stop", w.auto_stop},
                 {"idle_minutes", w.idle_minutes},
                 {"runtime_configuration", w.runtime_configuration},
                 {"monitoring", w.monitoring},
                 {"request", w.request},
                 {"tags", pairs_json(w.tags)},
                 {"starts", w.starts},
                 {"stops", w.stops},
                 {"deleted", w.deleted}};
  JsonObject initial;
  for (const auto& [type, capacity] : w.initial_capacity) {
    initial[type] =
        JsonObject{{"count", capacity.count}, {"worker", resources_json(capacity.worker)}};
  }
  out["initial_capacity"] = std::move(initial);
  if (w.maximum) out["maximum"] = resources_json(*w.maximum);
  if (w.scheduler) {
    out["scheduler"] = JsonObject{{"max_concurrent_runs", w.scheduler->max_concurrent_runs},
                                  {"queue_timeout_minutes", w.scheduler->queue_timeout_minutes}};
  }
  return out;
}

WantedApplication wanted_application_from(const JsonObject& in) {
  WantedApplication w;
  w.name = string_at(in, "name");
  w.release_label = string_at(in, "release_label");
  w.type = string_at(in, "type");
  w.architecture = string_at(in, "architecture", w.architecture);
  w.auto_start = base::bool_at(in, "auto_start", true);
  w.auto_stop = base::bool_at(in, "auto_stop", true);
  w.idle_minutes = small(in, "idle_minutes", w.idle_minutes);
  for (const auto& [type, value] : object_at(in, "initial_capacity")) {
    if (const JsonObject* capacity = value.if_object()) {
      w.initial_capacity[std::string(type)] = {base::int_at(*capacity, "count"),
                                               resources_from(object_at(*capacity, "worker"))};
    }
  }
  if (const JsonObject* maximum = base::find_object(in, "maximum"))
    w.maximum = resources_from(*maximum);
  if (const JsonObject* scheduler = base::find_object(in, "scheduler")) {
    const Scheduler usual;
    w.scheduler =
        Scheduler{small(*scheduler, "max_concurrent_runs", usual.max_concurrent_runs),
                  small(*scheduler, "queue_timeout_minutes", usual.queue_timeout_minutes)};
  }
  w.runtime_configuration = array_at(in, "runtime_configuration");
  w.monitoring = object_at(in, "monitoring");
  w.request = object_at(in, "request");
  w.tags = pairs_at(in, "tags");
  w.starts = base::int_at(in, "starts");
  w.stops = base::int_at(in, "stops");
  w.deleted = base::bool_at(in, "deleted");
  return w;
}

JsonObject to_json(const ApplicationStatus& s) {
  JsonObject out{{"state", name_of(s.state)},
                 {"details", s.details},
                 {"starts_seen", s.starts_seen},
                 {"stops_seen", s.stops_seen}};
  put_time(out, "created", s.created);
  put_time(out, "updated", s.updated);
  return out;
}

ApplicationStatus application_status_from(const JsonObject& in) {
  ApplicationStatus s;
  s.state = application_state_of(base::text_at(in, "state")).value_or(ApplicationState::kCreating);
  s.details = string_at(in, "details");
  s.created = time_at(in, "created");
  s.updated = time_at(in, "updated");
  s.starts_seen = base::int_at(in, "starts_seen");
  s.stops_seen = base::int_at(in, "stops_seen");
  return s;
}

JsonObject to_json(const WantedRun& w) {
  JsonObject out{{"name", w.name},
                 {"created_by", w.created_by},
                 {"execution_role", w.execution_role},
                 {"release_label", w.release_label},
                 {"overrides", w.overrides},
                 {"execution_policy", w.execution_policy},
                 {"request", w.request},
                 {"application_request", w.application_request},
                 {"tags", pairs_json(w.tags)},
                 {"timeout_minutes", w.timeout_minutes},
                 {"mode", w.mode},
                 {"max_attempts", w.max_attempts},
                 {"max_failures_per_hour", w.max_failures_per_hour},
                 {"cancel", w.cancel},
                 {"grace_seconds", w.grace_seconds}};
  if (w.spark) {
    out["spark"] = JsonObject{{"entry_point", w.spark->entry_point},
                              {"arguments", texts_json(w.spark->arguments)},
                              {"parameters", w.spark->parameters}};
  }
  if (w.hive) {
    out["hive"] = JsonObject{{"query", w.hive->query},
                             {"init_query_file", w.hive->init_query_file},
                             {"parameters", w.hive->parameters}};
  }
  return out;
}

WantedRun wanted_run_from(const JsonObject& in) {
  WantedRun w;
  w.name = string_at(in, "name");
  w.created_by = string_at(in, "created_by");
  w.execution_role = string_at(in, "execution_role");
  w.release_label = string_at(in, "release_label");
  if (const JsonObject* spark = base::find_object(in, "spark")) {
    w.spark = SparkSubmit{string_at(*spark, "entry_point"), base::texts_at(*spark, "arguments"),
                          string_at(*spark, "parameters")};
  }
  if (const JsonObject* hive = base::find_object(in, "hive")) {
    w.hive = HiveQuery{string_at(*hive, "query"), string_at(*hive, "init_query_file"),
                       string_at(*hive, "parameters")};
  }
  w.overrides = object_at(in, "overrides");
  w.execution_policy = object_at(in, "execution_policy");
  w.request = object_at(in, "request");
  w.application_request = object_at(in, "application_request");
  w.tags = pairs_at(in, "tags");
  w.timeout_minutes = base::int_at(in, "timeout_minutes", w.timeout_minutes);
  w.mode = string_at(in, "mode", w.mode);
  w.max_attempts = small(in, "max_attempts", w.max_attempts);
  w.max_failures_per_hour = small(in, "max_failures_per_hour");
  w.cancel = base::bool_at(in, "cancel");
  w.grace_seconds = base::int_at(in, "grace_seconds");
  return w;
}

JsonObject to_json(const RunStatus& s) {
  JsonArray attempts;
  for (const Attempt& attempt : s.attempts) attempts.push_back(attempt_json(attempt));
  JsonArray executors;
  for (const ExecutorWorker& worker : s.executors) {
    JsonObject one;
    one["number"] = worker.number;
    put_time(one, "since", worker.since);
    executors.push_back(std::move(one));
  }
  JsonObject out{{"state", name_of(s.state)},
                 {"details", s.details},
                 {"queued_millis", s.queued_millis},
                 {"attempts", std::move(attempts)},
                 {"node", s.node},
                 {"warm", s.warm},
                 {"way", s.way},
                 {"workers", resources_json(s.workers)},
                 {"worker_count", s.worker_count},
                 {"executor", resources_json(s.executor)},
                 {"executors", std::move(executors)},
                 {"executors_made", s.executors_made},
                 {"early_ends", s.early_ends},
                 {"cancelling_for_timeout", s.cancelling_for_timeout},
                 {"total", utilization_json(s.total)},
                 {"billed", utilization_json(s.billed)}};
  put_time(out, "created", s.created);
  put_time(out, "updated", s.updated);
  put_time(out, "started", s.started);
  put_time(out, "ended", s.ended);
  put_time(out, "queued", s.queued);
  put_time(out, "signalled", s.signalled);
  put_time(out, "executor_ended", s.executor_ended);
  return out;
}

RunStatus run_status_from(const JsonObject& in) {
  RunStatus s;
  s.state = run_state_of(base::text_at(in, "state")).value_or(RunState::kSubmitted);
  s.details = string_at(in, "details");
  s.created = time_at(in, "created");
  s.updated = time_at(in, "updated");
  s.started = time_at(in, "started");
  s.ended = time_at(in, "ended");
  s.queued_millis = base::int_at(in, "queued_millis");
  s.queued = time_at(in, "queued");
  for (const base::Json& item : array_at(in, "attempts")) {
    if (const JsonObject* attempt = item.if_object()) s.attempts.push_back(attempt_from(*attempt));
  }
  s.node = string_at(in, "node");
  s.warm = base::bool_at(in, "warm");
  s.way = string_at(in, "way");
  s.workers = resources_from(object_at(in, "workers"));
  s.worker_count = base::int_at(in, "worker_count");
  s.executor = resources_from(object_at(in, "executor"));
  for (const base::Json& item : array_at(in, "executors")) {
    const JsonObject* one = item.if_object();
    const auto since = one == nullptr ? std::nullopt : time_at(*one, "since");
    if (since) s.executors.push_back({small(*one, "number", 1), *since});
  }
  s.executors_made = small(in, "executors_made");
  s.early_ends = small(in, "early_ends");
  s.executor_ended = time_at(in, "executor_ended");
  s.cancelling_for_timeout = base::bool_at(in, "cancelling_for_timeout");
  s.signalled = time_at(in, "signalled");
  s.total = utilization_at(in, "total");
  s.billed = utilization_at(in, "billed");
  return s;
}

}  // namespace howdah::serverless

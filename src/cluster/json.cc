// Clusters and steps as JSON for the store. Absent members take their defaults, so that older rows
// are read.

#include "base/json_members.h"
#include "cluster/cluster.h"

namespace howdah::cluster {
namespace {

using base::array_at;
using base::JsonArray;
using base::JsonObject;
using base::pairs_at;
using base::pairs_json;
using base::put_time;
using base::string_at;
using base::texts_json;
using base::time_at;

JsonObject timeline_json(const Timeline& timeline) {
  JsonObject out;
  put_time(out, "created", timeline.created);
  put_time(out, "ready", timeline.ready);
  put_time(out, "ended", timeline.ended);
  return out;
}

Timeline timeline_at(const JsonObject& in, std::string_view key) {
  const JsonObject* object = base::find_object(in, key);
  if (!object) return {};
  return {time_at(*object, "created"), time_at(*object, "ready"), time_at(*object, "ended")};
}

template <typename T, typename From>
std::vector<T> objects_at(const JsonObject& in, std::string_view key, From from) {
  std::vector<T> out;
  if (const JsonArray* array = base::find_array(in, key)) {
    for (const base::Json& item : *array) {
      if (const JsonObject* object = item.if_object()) out.push_back(from(*object));
    }
  }
  return out;
}

JsonObject group_json(const Group& g) {
  JsonArray volumes;
  for (const uint64_t gib : g.volumes_gib) volumes.push_back(static_cast<int64_t>(gib));
  JsonObject out{{"id", g.id},
                 {"role", name_of(g.role)},
                 {"fleet", g.fleet},
                 {"name", g.name},
                 {"instance_type", g.instance_type},
                 {"count", g.count},
                 {"request", g.request},
                 {"configurations", g.configurations},
                 {"configurations_version", g.configurations_version},
                 {"leave_first", texts_json(g.leave_first)},
                 {"volumes_gib", std::move(volumes)},
                 {"resize_serial", g.resize_serial}};
  if (g.decommission_seconds) out["decommission_seconds"] = *g.decommission_seconds;
  return out;
}

Group group_from(const JsonObject& in) {
  Group g;
  g.id = string_at(in, "id");
  g.role = role_of(base::text_at(in, "role")).value_or(Role::kMaster);
  g.fleet = base::bool_at(in, "fleet");
  g.name = string_at(in, "name");
  g.instance_type = string_at(in, "instance_type");
  g.count = static_cast<int>(base::int_at(in, "count", 1));
  if (const JsonObject* request = base::find_object(in, "request")) g.request = *request;
  g.configurations = array_at(in, "configurations");
  g.configurations_version = base::int_at(in, "configurations_version");
  g.leave_first = base::texts_at(in, "leave_first");
  if (base::find(in, "decommission_seconds"))
    g.decommission_seconds = base::int_at(in, "decommission_seconds");
  for (const base::Json& gib : array_at(in, "volumes_gib")) {
    if (gib.is_int64()) g.volumes_gib.push_back(static_cast<uint64_t>(gib.get_int64()));
  }
  g.resize_serial = base::int_at(in, "resize_serial");
  return g;
}

JsonObject node_json(const Node& n) {
  JsonObject out{{"number", n.number},
                 {"instance_id", n.instance_id},
                 {"group_id", n.group_id},
                 {"instance_type", n.instance_type},
                 {"address", n.address},
                 {"public_address", n.public_address},
                 {"state", name_of(n.state)},
                 {"code", n.reason.code},
                 {"message", n.reason.message},
                 {"timeline", timeline_json(n.timeline)},
                 {"bootstrap_done", n.bootstrap_done},
                 {"configurations_version", n.configurations_version},
                 {"applying", n.applying},
                 {"lost", n.lost},
                 {"returning", n.returning},
                 {"announced", n.announced},
                 {"others_started", n.others_started},
                 {"failed", texts_json(n.failed)}};
  put_time(out, "leaving", n.leaving);
  return out;
}

Node node_from(const JsonObject& in) {
  Node n;
  n.number = static_cast<int>(base::int_at(in, "number"));
  n.instance_id = string_at(in, "instance_id");
  n.group_id = string_at(in, "group_id");
  n.instance_type = string_at(in, "instance_type");
  n.address = string_at(in, "address");
  n.public_address = string_at(in, "public_address");
  n.state = instance_state_of(base::text_at(in, "state")).value_or(InstanceState::kProvisioning);
  n.reason = {string_at(in, "code"), string_at(in, "message")};
  n.timeline = timeline_at(in, "timeline");
  n.bootstrap_done = static_cast<int>(base::int_at(in, "bootstrap_done"));
  n.configurations_version = base::int_at(in, "configurations_version");
  n.leaving = time_at(in, "leaving");
  n.applying = base::int_at(in, "applying", -1);
  n.lost = base::bool_at(in, "lost");
  n.returning = base::bool_at(in, "returning");
  n.announced = base::bool_at(in, "announced");
  n.others_started = base::bool_at(in, "others_started");
  n.failed = base::texts_at(in, "failed");
  return n;
}

JsonObject group_status_json(const GroupStatus& g) {
  JsonObject out{{"id", g.id},
                 {"state", name_of(g.state)},
                 {"code", g.reason.code},
                 {"message", g.reason.message},
                 {"timeline", timeline_json(g.timeline)},
                 {"applied_version", g.applied_version},
                 {"applied_configurations", g.applied_configurations},
                 {"failed_version", g.failed_version},
                 {"target", g.target},
                 {"failures", g.failures},
                 {"arrested_at", g.arrested_at}};
  put_time(out, "changing", g.changing);
  return out;
}

GroupStatus group_status_from(const JsonObject& in) {
  GroupStatus g;
  g.id = string_at(in, "id");
  g.state = group_state_of(base::text_at(in, "state")).value_or(GroupState::kProvisioning);
  g.reason = {string_at(in, "code"), string_at(in, "message")};
  g.timeline = timeline_at(in, "timeline");
  g.applied_version = base::int_at(in, "applied_version");
  g.applied_configurations = array_at(in, "applied_configurations");
  g.failed_version = base::int_at(in, "failed_version");
  g.changing = time_at(in, "changing");
  g.target = static_cast<int>(base::int_at(in, "target"));
  g.failures = static_cast<int>(base::int_at(in, "failures"));
  g.arrested_at = base::int_at(in, "arrested_at", -1);
  return g;
}

JsonObject warm_json(const Warm& w) {
  return {{"wanted", w.wanted}, {"heap", w.heap},       {"number", w.number},
          {"has", w.has},       {"version", w.version}, {"ended", w.ended}};
}

Warm warm_from(const JsonObject& in) {
  Warm w;
  w.wanted = base::bool_at(in, "wanted");
  w.heap = string_at(in, "heap");
  w.number = static_cast<int>(base::int_at(in, "number"));
  w.has = string_at(in, "has");
  w.version = base::int_at(in, "version");
  w.ended = base::bool_at(in, "ended");
  return w;
}

}  // namespace

JsonObject to_json(const Wanted& w) {
  JsonArray actions;
  for (const BootstrapAction& a : w.bootstrap_actions) {
    actions.push_back(JsonObject{{"name", a.name}, {"path", a.path}, {"args", texts_json(a.args)}});
  }
  JsonObject out{{"name", w.name},
                 {"release_label", w.release_label},
                 {"log_uri", w.log_uri},
                 {"job_flow_role", w.job_flow_role},
                 {"applications", texts_json(w.applications)},
                 {"bootstrap_actions", std::move(actions)},
                 {"configurations", w.configurations},
                 {"keep_alive", w.keep_alive},
                 {"termination_protected", w.termination_protected},
                 {"visible_to_all_users", w.visible_to_all_users},
                 {"step_concurrency", w.step_concurrency},
                 {"terminate", w.terminate},
                 {"tags", pairs_json(w.tags)}};
  JsonArray groups;
  for (const Group& group : w.groups) groups.push_back(group_json(group));
  out["groups"] = std::move(groups);
  if (w.idle_timeout_seconds) out["idle_timeout_seconds"] = *w.idle_timeout_seconds;
  if (w.unhealthy_node_replacement)
    out["unhealthy_node_replacement"] = *w.unhealthy_node_replacement;
  return out;
}

Wanted wanted_from(const JsonObject& in) {
  Wanted w;
  w.name = string_at(in, "name");
  w.release_label = string_at(in, "release_label");
  w.log_uri = string_at(in, "log_uri");
  w.job_flow_role = string_at(in, "job_flow_role");
  w.applications = base::texts_at(in, "applications");
  if (const JsonArray* actions = base::find_array(in, "bootstrap_actions")) {
    for (const base::Json& item : *actions) {
      if (const JsonObject* a = item.if_object()) {
        w.bootstrap_actions.push_back(
            {string_at(*a, "name"), string_at(*a, "path"), base::texts_at(*a, "args")});
      }
    }
  }
  if (const JsonArray* configurations = base::find_array(in, "configurations"))
    w.configurations = *configurations;
  w.groups = objects_at<Group>(in, "groups", group_from);
  if (w.groups.empty()) {  // a row from when clusters had a primary node only
    Group primary;
    primary.id = string_at(in, "group_id");
    primary.name = "MASTER";
    primary.instance_type = string_at(in, "instance_type");
    w.groups.push_back(std::move(primary));
  }
  w.keep_alive = base::bool_at(in, "keep_alive");
  w.termination_protected = base::bool_at(in, "termination_protected");
  w.visible_to_all_users = base::bool_at(in, "visible_to_all_users", true);
  if (base::find(in, "unhealthy_node_replacement")) {
    w.unhealthy_node_replacement = base::bool_at(in, "unhealthy_node_replacement");
  }
  w.step_concurrency = static_cast<int>(base::int_at(in, "step_concurrency", 1));
  if (base::find(in, "idle_timeout_seconds"))
    w.idle_timeout_seconds = base::int_at(in, "idle_timeout_seconds");
  w.terminate = string_at(in, "terminate");
  w.tags = pairs_at(in, "tags");
  return w;
}

JsonObject to_json(const Status& s) {
  JsonArray errors;
  for (const ErrorDetail& e : s.errors) {
    errors.push_back(
        JsonObject{{"code", e.code}, {"data", pairs_json(e.data)}, {"message", e.message}});
  }
  JsonArray nodes, groups;
  for (const Node& node : s.nodes) nodes.push_back(node_json(node));
  for (const GroupStatus& group : s.groups) groups.push_back(group_status_json(group));
  return {{"state", name_of(s.state)},          {"network", s.network},
          {"network_chosen", s.network_chosen}, {"replication", s.replication},
          {"next_number", s.next_number},       {"nodes", std::move(nodes)},
          {"groups", std::move(groups)},        {"code", s.reason.code},
          {"message", s.reason.message},        {"timeline", timeline_json(s.timeline)},
          {"errors", std::move(errors)},        {"admitted", s.admitted},
          {"last_step", name_of(s.last_step)},  {"any_step_failed", s.any_step_failed},
          {"warm", warm_json(s.warm)}};
}

Status status_from(const JsonObject& in) {
  Status s;
  s.state = state_of(base::text_at(in, "state")).value_or(State::kStarting);
  s.reason = {string_at(in, "code"), string_at(in, "message")};
  s.timeline = timeline_at(in, "timeline");
  if (const JsonArray* errors = base::find_array(in, "errors")) {
    for (const base::Json& item : *errors) {
      if (const JsonObject* e = item.if_object()) {
        s.errors.push_back({string_at(*e, "code"), pairs_at(*e, "data"), string_at(*e, "message")});
      }
    }
  }
  s.admitted = base::bool_at(in, "admitted");
  s.network = string_at(in, "network");
  s.network_chosen = base::bool_at(in, "network_chosen");
  s.replication = static_cast<int>(base::int_at(in, "replication"));
  s.next_number = static_cast<int>(base::int_at(in, "next_number"));
  s.nodes = objects_at<Node>(in, "nodes", node_from);
  s.groups = objects_at<GroupStatus>(in, "groups", group_status_from);
  s.last_step = step_state_of(base::text_at(in, "last_step")).value_or(StepState::kPending);
  s.any_step_failed = base::bool_at(in, "any_step_failed");
  if (const JsonObject* warm = base::find_object(in, "warm")) s.warm = warm_from(*warm);
  return s;
}

JsonObject wanted_of(const Step& s) {
  return {{"id", s.id},
          {"sequence", s.sequence},
          {"name", s.name},
          {"on_failure", static_cast<int>(s.on_failure)},
          {"jar", s.jar.jar},
          {"main_class", s.jar.main_class},
          {"args", texts_json(s.jar.args)},
          {"properties", pairs_json(s.jar.properties)},
          {"log_uri", s.log_uri},
          {"execution_role", s.execution_role},
          {"cancel", static_cast<int>(s.cancel)}};
}

JsonObject status_of(const Step& s) {
  JsonObject out{{"state", name_of(s.state)},
                 {"timeline", timeline_json(s.timeline)},
                 {"reason", s.reason},
                 {"failure_reason", s.failure_reason},
                 {"failure_message", s.failure_message},
                 {"failure_log", s.failure_log},
                 {"signalled", s.signalled}};
  put_time(out, "cancel_at", s.cancel_at);
  return out;
}

Step step_from(const JsonObject& wanted, const JsonObject& status) {
  Step s;
  s.id = string_at(wanted, "id");
  s.sequence = base::int_at(wanted, "sequence");
  s.name = string_at(wanted, "name");
  s.on_failure = static_cast<OnFailure>(base::int_at(wanted, "on_failure"));
  s.jar = {string_at(wanted, "jar"), string_at(wanted, "main_class"),
           base::texts_at(wanted, "args"), pairs_at(wanted, "properties")};
  s.log_uri = string_at(wanted, "log_uri");
  s.execution_role = string_at(wanted, "execution_role");
  s.cancel = static_cast<Cancel>(base::int_at(wanted, "cancel"));
  s.state = step_state_of(base::text_at(status, "state")).value_or(StepState::kPending);
  s.timeline = timeline_at(status, "timeline");
  s.reason = string_at(status, "reason");
  s.failure_reason = string_at(status, "failure_reason");
  s.failure_message = string_at(status, "failure_message");
  s.failure_log = string_at(status, "failure_log");
  s.signalled = base::bool_at(status, "signalled");
  s.cancel_at = time_at(status, "cancel_at");
  return s;
}

}  // namespace howdah::cluster

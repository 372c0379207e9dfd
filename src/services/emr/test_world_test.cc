#include "services/emr/test_world.h"

#include <fmt/format.h>

#include "base/text.h"

namespace howdah::services::emr {
namespace {

void merge(base::JsonObject& target, const base::JsonObject& patch) {
  for (const auto& [key, value] : patch) {
    if (value.is_null()) {
      target.erase(key);
    } else if (value.is_object() && target[key].is_object()) {
      merge(target[key].get_object(), value.get_object());
    } else {
      target[key] = value;
    }
  }
}

base::JsonObject parse(std::string_view json) {
  auto value = base::parse_json(json);
  EXPECT_TRUE(value.ok()) << json << (value.ok() ? "" : value.error().message);
  return value.ok() && value->is_object() ? value->get_object() : base::JsonObject();
}

}  // namespace

std::string at(const base::JsonObject& object, std::string_view path) {
  base::Json here = object;
  for (std::string_view part : base::split(path, '.')) {
    if (const base::JsonArray* array = here.if_array()) {
      const size_t index = static_cast<size_t>(std::stoul(std::string(part)));
      if (index >= array->size()) return "";
      here = base::Json((*array)[index]);
    } else {
      const base::Json* next = here.is_object() ? here.get_object().if_contains(part) : nullptr;
      if (!next) return "";
      here = base::Json(*next);
    }
  }
  return here.is_string() ? std::string(base::view_of(here.get_string())) : base::to_text(here);
}

World::World() {
  folder_ = std::filesystem::temp_directory_path() /
            ("howdah-emr-" + base::RandomIds().token(base::kLowerAlnum, 10));
  std::filesystem::create_directories(folder_);
  releases_ = std::move(apps::Releases::load(HOWDAH_APPS_FOLDER)).value();
  types_ = std::move(apps::InstanceTypes::load(HOWDAH_APPS_FOLDER)).value();
  store_ = std::move(store::ControlStore::open(folder_ / "control.db", clock_)).value();
  iam_ = std::move(store::iam::Iam::open(folder_ / "iam.db", clock_, ids_)).value();
  emr_ = std::make_unique<Emr>(*store_, *iam_, releases_, types_, ids_, clock_);
  context_.account = "000000000000";
  context_.region = "us-east-1";
  context_.principal_arn = "arn:aws:iam::000000000000:root";
  context_.connection_id = 1;
  context_.allow = [this](std::string_view action, std::string_view resource) -> base::Status {
    if (resource != denied_) return base::ok();
    return base::Error{base::Code::kPermissionDenied,
                       fmt::format("not authorized to perform: {} on {}", action, resource),
                       "AccessDeniedException",
                       {}};
  };
}

World::~World() {
  emr_.reset();
  store_.reset();
  iam_.reset();
  std::filesystem::remove_all(folder_);
}

base::Result<base::JsonObject> World::call(std::string_view operation, std::string_view json) {
  const aws::Operation* found = aws::find_operation(wire::kService, operation);
  EXPECT_NE(found, nullptr) << operation;
  context_.now = clock_.now();
  auto answer = emr_->call(*found, context_, parse(json), nullptr);
  if (!answer.ok()) return std::move(answer).error();
  return std::move(answer->members);
}

base::JsonObject World::must(std::string_view operation, std::string_view json) {
  auto answer = call(operation, json);
  EXPECT_TRUE(answer.ok()) << operation << json << ": "
                           << (answer.ok() ? "" : answer.error().message);
  return answer.ok() ? std::move(answer).value() : base::JsonObject();
}

std::string World::error_of(std::string_view operation, std::string_view json) {
  const auto answer = call(operation, json);
  if (answer.ok()) return "answered " + base::to_text(*answer);
  return answer.error().reason + ": " + answer.error().message;
}

base::JsonObject World::request(std::string_view changes) const {
  base::JsonObject out =
      parse(R"({"Name":"test","ReleaseLabel":"emr-7.10.0","Applications":[{"Name":"Spark"}],
    "JobFlowRole":"EMR_EC2_DefaultRole","ServiceRole":"EMR_DefaultRole",
    "Instances":{"InstanceGroups":[{"InstanceRole":"MASTER","InstanceType":"m5.xlarge",
        "InstanceCount":1}],
                 "KeepJobFlowAliveWhenNoSteps":true}})");
  merge(out, parse(changes));
  return out;
}

std::string World::run(std::string_view changes) {
  return at(must("RunJobFlow", base::to_text(request(changes))), "JobFlowId");
}

std::string World::run_error(std::string_view changes) {
  return error_of("RunJobFlow", base::to_text(request(changes)));
}

void World::settle(const std::string& id) {
  for (int round = 0; round < 50; ++round) {
    const auto before = std::move(store_->load(key(id))).value();
    const cluster::Plan plan =
        cluster::plan(before.cluster, world_.look(before.cluster), clock_.now());
    ASSERT_TRUE(store_->commit(before, plan.next, plan.events).ok());
    for (const cluster::Action& action : plan.actions) world_.act(plan.next, action);
    if (plan.actions.empty() && plan.events.empty()) return;
  }
}

void World::end_step(const std::string& id, const std::string& step_id, int exit_code) {
  const auto row = std::move(store_->step(key(id), step_id)).value();
  const auto of = std::move(store_->load(key(id))).value();
  cluster::Process& process = world_.process_on_primary(of.cluster, row.step);
  ASSERT_EQ(process.state, cluster::Process::State::kRunning) << step_id;
  process = {cluster::Process::State::kExited, exit_code, 0, false, "", clock_.now()};
  settle(id);
}

void World::record(const std::string& id, const std::function<void(cluster::Status&)>& change) {
  const auto before = std::move(store_->load(key(id))).value();
  cluster::Cluster next = before.cluster;
  change(next.status);
  ASSERT_TRUE(store_->commit(before, next, {}).ok());
}

base::JsonObject World::describe(const std::string& id) {
  return must("DescribeCluster", fmt::format(R"({{"ClusterId":"{}"}})", id));
}
std::string World::state(const std::string& id) { return at(describe(id), "Cluster.Status.State"); }
std::string World::reason(const std::string& id) {
  return at(describe(id), "Cluster.Status.StateChangeReason.Message");
}

base::JsonObject World::step(const std::string& id, const std::string& step_id) {
  return must("DescribeStep", fmt::format(R"({{"ClusterId":"{}","StepId":"{}"}})", id, step_id));
}
std::string World::step_state(const std::string& id, const std::string& step_id) {
  return at(step(id, step_id), "Step.Status.State");
}

std::string World::add_step(const std::string& id, std::string_view action) {
  return at(
      must("AddJobFlowSteps",
           fmt::format(R"({{"JobFlowId":"{}","Steps":[{{"Name":"a step","ActionOnFailure":"{}",
      "HadoopJarStep":{{"Jar":"command-runner.jar","Args":["bash","-c","true"]}}}}]}})",
                       id, action)),
      "StepIds.0");
}

std::vector<std::string> World::warnings(const std::string& id) {
  std::vector<std::string> out;
  const auto events = std::move(store_->events(key(id), 0, 1000)).value();
  for (const auto& row : events) {
    if (row.event.kind == "warning") out.push_back(row.event.message);
  }
  return out;
}

}  // namespace howdah::services::emr

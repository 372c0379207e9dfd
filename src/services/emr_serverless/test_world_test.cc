#include "services/emr_serverless/test_world.h"

#include <fmt/format.h>

#include "aws/codec.h"
#include "aws/validate.h"
#include "base/text.h"

namespace howdah::services::emr_serverless {
namespace {

constexpr char kTrust[] =
    R"({"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"sts:AssumeRole",
        "Principal":{"Service":"emr-serverless.amazonaws.com"}}]})";
constexpr char kOtherTrust[] =
    R"({"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"sts:AssumeRole",
        "Principal":{"Service":"ec2.amazonaws.com"}}]})";
constexpr char kTrustOfOneApplication[] =
    R"({"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"sts:AssumeRole",
        "Principal":{"Service":"emr-serverless.amazonaws.com"},
        "Condition":{"StringEquals":{"aws:SourceAccount":"000000000000"},
                     "ArnLike":{"aws:SourceArn":
                                "arn:aws:emr-serverless:us-east-1:*:/applications/*"}}}]})";

void merge(base::JsonObject& target, const base::JsonObject& patch) {
  for (const auto& [name, value] : patch) {
    if (value.is_null()) {
      target.erase(name);
    } else if (value.is_object() && target[name].is_object()) {
      merge(target[name].get_object(), value.get_object());
    } else {
      target[name] = value;
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
            ("howdah-serverless-api-" + base::RandomIds().token(base::kLowerAlnum, 10));
  std::filesystem::create_directories(folder_);
  releases_ = std::move(apps::Releases::load(HOWDAH_APPS_FOLDER)).value();
  store_ = std::move(store::ServerlessStore::open(folder_ / "serverless.db", clock_)).value();
  iam_ = std::move(store::iam::Iam::open(folder_ / "iam.db", clock_, ids_)).value();
  for (const auto& [name, trust] : {std::pair("job", kTrust), std::pair("other", kOtherTrust),
                                    std::pair("careful", kTrustOfOneApplication)}) {
    store::iam::Entity role;
    role.kind = store::iam::Kind::kRole;
    role.name = name;
    role.path = "/";
    role.trust = trust;
    role.max_session_seconds = 3600;
    EXPECT_TRUE(iam_->create(role).ok()) << name;
  }
  service_ = std::make_unique<EmrServerless>(EmrServerless::Options{
      *store_, *iam_, releases_, ids_,
      [](const serverless::Key& application, const std::string& run, int attempt) {
        return base::Result<std::string>(
            fmt::format("http://ui/{}/{}/{}", application.id, run, attempt));
      }});
  context_.account = "000000000000";
  context_.region = "us-east-1";
  context_.principal_arn = "arn:aws:iam::000000000000:root";
  context_.allow = [this](std::string_view action, std::string_view resource) -> base::Status {
    if (resource != denied_) return base::ok();
    return base::Error{base::Code::kPermissionDenied,
                       fmt::format("not authorized to perform: {} on {}", action, resource),
                       "AccessDeniedException",
                       {}};
  };
}

World::~World() {
  service_.reset();
  store_.reset();
  iam_.reset();
  std::filesystem::remove_all(folder_);
}

base::Result<base::JsonObject> World::call(std::string_view operation, std::string_view json) {
  const aws::Operation* found = aws::find_operation(wire::kService, operation);
  EXPECT_NE(found, nullptr) << operation;
  const base::JsonObject input = parse(json);
  if (auto valid = aws::validate(aws::Protocol::kRestJson, *found->input, input); !valid.ok())
    return std::move(valid).error();
  context_.now = clock_.now();
  auto answer = service_->call(*found, context_, input, nullptr);
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

std::string World::request(std::string_view usual, std::string_view changes) {
  base::JsonObject out = parse(usual);
  out["clientToken"] = ids_.uuid();
  merge(out, parse(changes));
  return base::to_text(out);
}

namespace {

constexpr char kUsualApplication[] = R"({"name":"etl","releaseLabel":"emr-7.10.0","type":"SPARK"})";
constexpr char kUsualRun[] =
    R"({"executionRoleArn":"arn:aws:iam::000000000000:role/job",
        "jobDriver":{"sparkSubmit":{"entryPoint":"s3://b/x.py"}}})";

std::string with_application(const std::string& application, std::string_view changes) {
  base::JsonObject out = parse(changes);
  out["applicationId"] = application;
  return base::to_text(out);
}

}  // namespace

std::string World::create(std::string_view changes) {
  return at(must("CreateApplication", request(kUsualApplication, changes)), "applicationId");
}
std::string World::create_error(std::string_view changes) {
  return error_of("CreateApplication", request(kUsualApplication, changes));
}
std::string World::start(const std::string& application, std::string_view changes) {
  return at(must("StartJobRun", request(kUsualRun, with_application(application, changes))),
            "jobRunId");
}
std::string World::start_error(const std::string& application, std::string_view changes) {
  return error_of("StartJobRun", request(kUsualRun, with_application(application, changes)));
}
std::string World::of(std::string_view operation, const std::string& application,
                      std::string_view rest) {
  return error_of(operation, fmt::format(R"({{"applicationId":"{}"{}}})", application, rest));
}

base::JsonObject World::application(const std::string& id) {
  return *base::find_object(must("GetApplication", fmt::format(R"({{"applicationId":"{}"}})", id)),
                            "application");
}
base::JsonObject World::run(const std::string& application, const std::string& id,
                            std::string_view rest) {
  return *base::find_object(
      must("GetJobRun",
           fmt::format(R"({{"applicationId":"{}","jobRunId":"{}"{}}})", application, id, rest)),
      "jobRun");
}
std::string World::state(const std::string& id) { return at(application(id), "state"); }
std::string World::state(const std::string& application, const std::string& id) {
  return at(run(application, id), "state");
}

void World::move(const std::string& id, std::vector<serverless::ApplicationState> to) {
  const auto before = std::move(store_->load(key(id))).value();
  serverless::Application next = before.application;
  next.status.starts_seen = next.wanted.starts;
  next.status.stops_seen = next.wanted.stops;
  std::vector<serverless::Event> events;
  for (const auto state : to) serverless::advance(next, state, "", clock_.now(), events);
  ASSERT_TRUE(store_->commit(before, next, events).ok());
}

void World::move(const std::string& id, const std::string& run_id,
                 std::vector<serverless::RunState> to, const std::string& details) {
  const auto before = std::move(store_->load(key(id))).value();
  serverless::Application next = before.application;
  std::vector<serverless::Event> events;
  for (serverless::JobRun& run : next.runs) {
    if (run.id != run_id) continue;
    for (const auto state : to) serverless::advance(run, state, details, clock_.now(), events);
  }
  ASSERT_TRUE(store_->commit(before, next, events).ok());
}

std::string World::started(std::string_view changes) {
  using State = serverless::ApplicationState;
  const std::string id = create(changes);
  move(id, {State::kCreated, State::kStarting, State::kStarted});
  return id;
}

std::vector<std::string> World::warnings(const std::string& id) {
  std::vector<std::string> out;
  const auto events = std::move(store_->events(key(id), 0, 1000)).value();
  for (const auto& row : events) {
    if (row.event.kind == "warning") out.push_back(row.event.message);
  }
  return out;
}

}  // namespace howdah::services::emr_serverless

// Sessions are not enabled; tags of applications and of job runs.

#include <fmt/format.h>

#include "services/emr_serverless/test_world.h"

namespace howdah::services::emr_serverless {
namespace {

class Sessions : public World {};

TEST_F(Sessions, CannotBeStartedAndAreNotThere) {
  const std::string app = started();
  const std::string start =
      fmt::format(R"(,"clientToken":"t","executionRoleArn":"arn:aws:iam::000000000000:role/job")");
  EXPECT_EQ(of("StartSession", app, start),
            fmt::format("ValidationException: Interactive sessions are supported with release "
                        "labels emr-7.13.0 and above; application {} has emr-7.10.0.",
                        app));
  for (const char* operation : {"GetSession", "TerminateSession", "GetSessionEndpoint"}) {
    EXPECT_EQ(of(operation, app, R"(,"sessionId":"00s")"),
              "ResourceNotFoundException: Session 00s does not exist")
        << operation;
    EXPECT_EQ(of(operation, "00nope", R"(,"sessionId":"00s")"),
              "ResourceNotFoundException: Application 00nope does not exist")
        << operation;
  }
  EXPECT_EQ(of("GetResourceDashboard", app, R"(,"resourceId":"00s","resourceType":"SESSION")"),
            "ResourceNotFoundException: Session 00s does not exist");
  EXPECT_EQ(of("ListSessions", app), R"(answered {"sessions":[]})");
  EXPECT_EQ(of("ListSessions", app, R"(,"nextToken":"aa")"),
            "ValidationException: Invalid nextToken");
}

class Tags : public World {
 protected:
  std::string tags(const std::string& arn) {
    return error_of("ListTagsForResource", fmt::format(R"({{"resourceArn":"{}"}})", arn));
  }
  std::string tag(const std::string& arn, std::string_view json) {
    return error_of("TagResource", fmt::format(R"({{"resourceArn":"{}","tags":{}}})", arn, json));
  }
  std::string untag(const std::string& arn, std::string_view keys) {
    return error_of("UntagResource",
                    fmt::format(R"({{"resourceArn":"{}","tagKeys":{}}})", arn, keys));
  }
};

TEST_F(Tags, AreAddedReplacedAndRemovedOnApplicationsAndRuns) {
  const std::string app = started(R"({"tags":{"a":"1"}})");
  const std::string run = start(app, R"({"tags":{"a":"2"}})");
  for (const std::string& arn : {serverless::arn_of(key(app)), serverless::arn_of(key(app), run)}) {
    EXPECT_EQ(tag(arn, R"({"a":"3","b":""})"), "answered {}");
    EXPECT_EQ(tags(arn), R"(answered {"tags":{"a":"3","b":""}})");
    EXPECT_EQ(untag(arn, R"(["a","nope"])"), "answered {}");
    EXPECT_EQ(tags(arn), R"(answered {"tags":{"b":""}})");
  }
  EXPECT_EQ(at(application(app), "tags"), R"({"b":""})");
  EXPECT_EQ(at(this->run(app, run), "tags"), R"({"b":""})");
}

TEST_F(Tags, OfWhatIsNotThereDoNotExist) {
  const std::string app = started();
  const std::string arn = serverless::arn_of(key(app));
  EXPECT_EQ(tags(serverless::arn_of(key("00nope"))),
            "ResourceNotFoundException: Application 00nope does not exist");
  EXPECT_EQ(tag(serverless::arn_of(key(app), "00nope"), R"({"a":"b"})"),
            "ResourceNotFoundException: Job run 00nope does not exist");
  EXPECT_EQ(untag(arn + "/sessions/00s", R"(["a"])"),
            "ResourceNotFoundException: Session 00s does not exist");
  context_.region = "eu-west-1";
  EXPECT_EQ(tags(arn),
            fmt::format("ResourceNotFoundException: Application {} does not exist", app));
}

TEST_F(Tags, HaveLimits) {
  const std::string arn = serverless::arn_of(key(started()));
  EXPECT_NE(tag(arn, R"({"aws:a":"b"})").find("must not begin with aws:"), std::string::npos);
  EXPECT_NE(tag(arn, R"({"a!":"b"})").find("failed to satisfy constraint"), std::string::npos);
  std::string many;
  for (int i = 0; i < 200; ++i) many += fmt::format("{}\"k{}\":\"v\"", i ? "," : "", i);
  EXPECT_EQ(tag(arn, "{" + many + "}"), "answered {}");
  EXPECT_NE(tag(arn, R"({"one more":""})").find("at most 200 tags; these are 201"),
            std::string::npos);
}

}  // namespace
}  // namespace howdah::services::emr_serverless

#include "services/logs/logs.h"

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>

#include "services/logs/names.h"

namespace howdah::services::logs {
namespace {

using base::JsonObject;

class LogsTest : public testing::Test {
 protected:
  LogsTest() {
    folder_ = testing::TempDir() + "howdah-logs-" + std::to_string(getpid());
    std::filesystem::remove_all(folder_);
    std::filesystem::create_directories(folder_);
    store_ = *telemetry::Telemetry::open(folder_ + "/telemetry.db", clock_);
    service_ = std::make_unique<Logs>(*store_, clock_);
    context_.account = "000000000000";
    context_.region = "us-east-1";
    must("CreateLogGroup", R"({"logGroupName":"g"})");
    must("CreateLogStream", R"({"logGroupName":"g","logStreamName":"s"})");
  }
  ~LogsTest() override {
    store_.reset();
    std::filesystem::remove_all(folder_);
  }

  base::Result<JsonObject> call(std::string_view operation, const std::string& json) {
    const auto input = base::parse_json(json);
    EXPECT_TRUE(input.ok()) << json;
    auto answer = service_->call(*aws::find_operation(wire::kService, operation), context_,
                                 input->as_object(), nullptr);
    if (!answer.ok()) return answer.error();
    return std::move(answer->members);
  }
  JsonObject must(std::string_view operation, const std::string& json) {
    auto answer = call(operation, json);
    EXPECT_TRUE(answer.ok()) << answer.error().message;
    return answer.ok() ? std::move(*answer) : JsonObject{};
  }
  std::string error_of(std::string_view operation, const std::string& json) {
    const auto answer = call(operation, json);
    return answer.ok() ? "ok" : answer.error().reason + ": " + answer.error().message;
  }
  int64_t now() const { return base::to_millis(clock_.now()); }
  std::string put(std::initializer_list<std::pair<int64_t, const char*>> events) {
    std::string list;
    for (const auto& [at, message] : events)
      list += fmt::format(R"(,{{"timestamp":{},"message":"{}"}})", now() + at, message);
    const std::string json = fmt::format(
        R"({{"logGroupName":"g","logStreamName":"s","logEvents":[{}]}})", list.substr(1));
    const auto answer = call("PutLogEvents", json);
    if (!answer.ok()) return answer.error().message;
    const auto* rejected = base::find_object(*answer, "rejectedLogEventsInfo");
    return rejected ? base::to_text(*rejected) : "ok";
  }
  static std::string messages(const JsonObject& answer) {
    std::string out;
    for (const base::Json& event : *base::find_array(answer, "events"))
      out += std::string(base::text_at(event.as_object(), "message")) + " ";
    return out;
  }

  base::FakeClock clock_;
  std::string folder_;
  std::unique_ptr<telemetry::Telemetry> store_;
  std::unique_ptr<Logs> service_;
  aws::Context context_;
};

TEST_F(LogsTest, ABatchIsCheckedAsAWhole) {
  EXPECT_EQ(put({{1, "a"}, {0, "b"}}),
            "Log events in a single PutLogEvents request must be in chronological order.");
  EXPECT_EQ(put({{-90000000, "a"}, {0, "b"}}),
            "The batch of log events in a single PutLogEvents request cannot span more than 24 "
            "hours.");
  EXPECT_EQ(put({{0, "a"}, {7200001, "b"}}), R"({"tooNewLogEventStartIndex":1})");
  EXPECT_EQ(put({{-86400000LL * 15, "a"}}), R"({"tooOldLogEventEndIndex":1})");
  must("PutRetentionPolicy", R"({"logGroupName":"g","retentionInDays":1})");
  EXPECT_EQ(put({{-86400001, "a"}, {-1, "b"}}), R"({"expiredLogEventEndIndex":1})");
  EXPECT_EQ(messages(must("GetLogEvents", R"({"logGroupName":"g","logStreamName":"s"})")), "b a ");
}

TEST_F(LogsTest, TokensGoBothWaysAndStandStillAtTheEnd) {
  ASSERT_EQ(put({{0, "1"}, {1, "2"}, {2, "3"}, {3, "4"}}), "ok");
  const std::string base = R"("logGroupName":"g","logStreamName":"s","limit":3)";
  const auto newest = must("GetLogEvents", "{" + base + "}");
  EXPECT_EQ(messages(newest), "2 3 4 ");
  const auto step = [&](const JsonObject& from, const char* which) {
    return must("GetLogEvents", fmt::format(R"({{{},"nextToken":"{}"}})", base,
                                            std::string(base::text_at(from, which))));
  };
  const auto older = step(newest, "nextBackwardToken");
  EXPECT_EQ(messages(older), "1 ");
  EXPECT_EQ(messages(step(older, "nextForwardToken")), "2 3 4 ");
  const auto end = step(newest, "nextForwardToken");
  EXPECT_EQ(messages(end), "");
  EXPECT_EQ(base::text_at(end, "nextForwardToken"), base::text_at(newest, "nextForwardToken"));
  ASSERT_EQ(put({{9, "5"}}), "ok");
  EXPECT_EQ(messages(step(end, "nextForwardToken")), "5 ");
  EXPECT_EQ(error_of("GetLogEvents", "{" + base + R"(,"nextToken":"x"})"),
            "InvalidParameterException: The specified nextToken is invalid.");
}

TEST_F(LogsTest, EventsAreFilteredInPages) {
  ASSERT_EQ(put({{0, "ERROR a"}, {1, "INFO b"}, {2, "ERROR c"}}), "ok");
  const auto first =
      must("FilterLogEvents", R"({"logGroupName":"g","filterPattern":"ERROR","limit":1})");
  EXPECT_EQ(messages(first), "ERROR a ");
  const auto rest =
      must("FilterLogEvents",
           fmt::format(R"({{"logGroupName":"g","filterPattern":"ERROR","nextToken":"{}"}})",
                       std::string(base::text_at(first, "nextToken"))));
  EXPECT_EQ(messages(rest), "ERROR c ");
  EXPECT_FALSE(rest.contains("nextToken"));
  EXPECT_EQ(messages(must("FilterLogEvents",
                          fmt::format(R"({{"logGroupIdentifier":"arn:aws:logs:us-east-1:)"
                                      R"(000000000000:log-group:g","startTime":{},"endTime":{}}})",
                                      now() + 1, now() + 2))),
            "INFO b ERROR c ");
  EXPECT_EQ(error_of("FilterLogEvents", R"({"logGroupName":"none"})"),
            "ResourceNotFoundException: The specified log group does not exist.");
}

TEST_F(LogsTest, GroupsCarryRetentionAndTags) {
  EXPECT_EQ(error_of("CreateLogGroup", R"({"logGroupName":"g"})"),
            "ResourceAlreadyExistsException: The specified log group already exists");
  EXPECT_TRUE(error_of("PutRetentionPolicy", R"({"logGroupName":"g","retentionInDays":2})")
                  .starts_with("InvalidParameterException: 1 validation error detected: Value '2' "
                               "at 'retentionInDays'"));
  must("TagLogGroup", R"({"logGroupName":"g","tags":{"a":"1"}})");
  const std::string arn = group_arn(context_, "g");
  must("TagResource", R"({"resourceArn":")" + arn + R"(","tags":{"b":"2"}})");
  must("UntagResource", R"({"resourceArn":")" + arn + R"(:*","tagKeys":["a"]})");
  EXPECT_EQ(base::to_text(must("ListTagsForResource", R"({"resourceArn":")" + arn + "\"}")),
            R"({"tags":{"b":"2"}})");
  EXPECT_EQ(error_of("CreateLogGroup", R"({"logGroupName":"h","kmsKeyId":"k"})").substr(0, 25),
            "InvalidParameterException");
}

TEST(Names, AnArnIsReadAsTheNameInIt) {
  EXPECT_EQ(group_in("arn:aws:logs:us-east-1:0:log-group:/aws/x:*"), "/aws/x");
  EXPECT_EQ(group_in("arn:aws:logs:us-east-1:0:log-group:/aws/x"), "/aws/x");
  EXPECT_EQ(group_in("/aws/x"), "/aws/x");
  EXPECT_FALSE(group_of("a", "b").ok());
  EXPECT_FALSE(position_in("12").has_value());
  EXPECT_EQ(position_in(digits_of({5, 7})), (telemetry::Position{5, 7}));
}

}  // namespace
}  // namespace howdah::services::logs

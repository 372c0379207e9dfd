#include "services/cloudwatch/cloudwatch.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>

#include "services/cloudwatch/math.h"
#include "services/cloudwatch/metric.h"

namespace howdah::services::cloudwatch {
namespace {

using base::JsonObject;

class CloudWatchTest : public testing::Test {
 protected:
  CloudWatchTest() {
    folder_ = testing::TempDir() + "howdah-cloudwatch-" + std::to_string(getpid());
    std::filesystem::remove_all(folder_);
    std::filesystem::create_directories(folder_);
    store_ = *telemetry::Telemetry::open(folder_ + "/telemetry.db", clock_);
    service_ = std::make_unique<CloudWatch>(*store_, clock_);
    context_.account = "000000000000";
    context_.region = "us-east-1";
  }
  ~CloudWatchTest() override {
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
  std::string error_of(std::string_view operation, const std::string& json) {
    const auto answer = call(operation, json);
    return answer.ok() ? "ok" : answer.error().reason + ": " + answer.error().message;
  }
  std::string put_error(const std::string& datum) {
    return error_of("PutMetricData", R"({"Namespace":"N","MetricData":[)" + datum + "]}");
  }
  int64_t now() const { return base::to_millis(clock_.now()); }
  std::string data(const std::string& queries, const std::string& more = "") {
    const auto answer =
        call("GetMetricData", fmt::format(R"({{"StartTime":{},"EndTime":{},)"
                                          R"("MetricDataQueries":[{}]{}}})",
                                          now() - 3600000, now() + 3600000, queries, more));
    return answer.ok() ? base::to_text(*answer) : answer.error().message;
  }

  base::FakeClock clock_;
  std::string folder_;
  std::unique_ptr<telemetry::Telemetry> store_;
  std::unique_ptr<CloudWatch> service_;
  aws::Context context_;
};

TEST_F(CloudWatchTest, DataThatMakesNoSenseIsRefused) {
  const struct {
    std::string datum, begins;
  } rows[] = {
      {R"({"MetricName":"m"})", "MissingRequiredParameterException: "},
      {R"({"MetricName":"m","Value":1.0,"Values":[1.0]})",
       "InvalidParameterCombinationException: The parameters MetricData.member.1.Value and "
       "MetricData.member.1.Values are mutually exclusive"},
      {R"({"MetricName":"m","Values":[1.0,2.0],"Counts":[1.0]})",
       "InvalidParameterValueException: The parameters MetricData.member.1.Values and"},
      {R"({"MetricName":"m","Value":1e200})", "InvalidParameterValueException: The value 1e+200"},
      {R"({"MetricName":"m","Value":1.0,"StorageResolution":5})", "InvalidParameterValueException"},
      {R"({"MetricName":"m","Value":1.0,"Timestamp":1})",
       "InvalidParameterValueException: The parameter MetricData.member.1.Timestamp must specify"},
      {R"({"MetricName":"m","StatisticValues":{"SampleCount":0.0,"Sum":1.0,"Minimum":1.0,)"
       R"("Maximum":1.0}})",
       "InvalidParameterValueException"},
      {R"({"MetricName":"m","StatisticValues":{"SampleCount":2.0,"Sum":1.0,"Minimum":2.0,)"
       R"("Maximum":1.0}})",
       "InvalidParameterValueException"},
      {R"({"MetricName":"m","Value":1.0,"Dimensions":[{"Name":"a","Value":"1"},{"Name":"a",)"
       R"("Value":"2"}]})",
       "InvalidParameterValueException"}};
  for (const auto& row : rows)
    EXPECT_TRUE(put_error(row.datum).starts_with(row.begins)) << put_error(row.datum);
  EXPECT_EQ(error_of("PutMetricData",
                     R"({"Namespace":"AWS/X","MetricData":[{"MetricName":"m","Value":1.0}]})"),
            "InvalidParameterValueException: The value AWS/X for parameter Namespace is invalid.");
}

TEST_F(CloudWatchTest, WhatWasPutIsAnswered) {
  ASSERT_EQ(put_error(R"({"MetricName":"m","Values":[1.0,2.0,3.0],"Counts":[1.0,1.0,8.0],)"
                      R"("Unit":"Count"})"),
            "ok");
  const auto answer = call(
      "GetMetricStatistics",
      fmt::format(R"({{"Namespace":"N","MetricName":"m","StartTime":{},"EndTime":{},"Period":60,)"
                  R"("Statistics":["Average","Sum","SampleCount","Minimum","Maximum"]}})",
                  now(), now() + 60000));
  ASSERT_TRUE(answer.ok());
  EXPECT_EQ(base::to_text(*answer),
            fmt::format(R"({{"Label":"m","Datapoints":[{{"Timestamp":{},"Unit":"Count",)"
                        R"("Average":2.7E0,"Sum":2.7E1,"SampleCount":1E1,"Minimum":1E0,)"
                        R"("Maximum":3E0}}]}})",
                        now()));
  EXPECT_EQ(
      error_of("GetMetricStatistics",
               fmt::format(R"({{"Namespace":"N","MetricName":"m","StartTime":{},"EndTime":{},)"
                           R"("Period":60,"Statistics":["Sum"]}})",
                           now() - 172800000, now())),
      "InvalidParameterCombinationException: You have requested up to 2880 datapoints, which "
      "exceeds the limit of 1440. You may reduce the datapoints requested by increasing "
      "Period, or decreasing the time range.");
}

TEST_F(CloudWatchTest, PercentilesAreAnsweredOnlyWhereTheyAreKnown) {
  const std::string ask =
      fmt::format(R"({{"Namespace":"N","MetricName":"m","StartTime":{},"EndTime":{},"Period":60,)"
                  R"("ExtendedStatistics":["p50","p99.9"]}})",
                  now(), now() + 60000);
  ASSERT_EQ(put_error(R"({"MetricName":"m","Values":[1.0,5.0]})"), "ok");
  const auto known = call("GetMetricStatistics", ask);
  EXPECT_EQ(base::to_text(known->at("Datapoints").as_array()[0].at("ExtendedStatistics")),
            R"({"p50":1E0,"p99.9":5E0})");
  ASSERT_EQ(put_error(R"({"MetricName":"m","StatisticValues":{"SampleCount":2.0,"Sum":3.0,)"
                      R"("Minimum":1.0,"Maximum":2.0}})"),
            "ok");
  EXPECT_TRUE(call("GetMetricStatistics", ask)->at("Datapoints").as_array().empty());
}

TEST_F(CloudWatchTest, QueriesNameEachOtherAndComeInPages) {
  for (int i = 0; i < 3; ++i) {
    ASSERT_EQ(put_error(fmt::format(R"({{"MetricName":"a","Value":{}.0,"Timestamp":{}}},)"
                                    R"({{"MetricName":"b","Value":10.0,"Timestamp":{}}})",
                                    i + 1, now() + i * 60000, now() + i * 60000)),
              "ok");
  }
  const auto stat = [](const char* id, const char* name) {
    return fmt::format(
        R"({{"Id":"{}","ReturnData":false,"MetricStat":{{"Metric":{{"Namespace":"N",)"
        R"("MetricName":"{}"}},"Period":60,"Stat":"Sum"}}}})",
        id, name);
  };
  const std::string both = stat("a", "a") + "," + stat("b", "b") + ",";
  const std::string sum = both + R"({"Id":"e","Expression":"(a + b) / 2","Label":"half"})";
  EXPECT_EQ(
      data(sum, R"(,"ScanBy":"TimestampAscending")"),
      fmt::format(R"({{"MetricDataResults":[{{"Id":"e","Label":"half","Timestamps":[{},{},{}],)"
                  R"("Values":[5.5E0,6E0,6.5E0],"StatusCode":"Complete"}}],"Messages":[]}})",
                  now(), now() + 60000, now() + 120000));
  const std::string page = data(sum, R"(,"MaxDatapoints":2)");
  EXPECT_NE(page.find("PartialData"), std::string::npos);
  EXPECT_NE(page.find("[6.5E0,6E0]"), std::string::npos);
  const std::string token(base::text_at(base::parse_json(page)->as_object(), "NextToken"));
  const std::string rest = data(sum, R"(,"MaxDatapoints":2,"NextToken":")" + token + "\"");
  EXPECT_NE(rest.find("[5.5E0]"), std::string::npos);
  EXPECT_EQ(rest.find("NextToken"), std::string::npos);
  const std::string all = both + R"j({"Id":"e","Expression":"SUM(METRICS()) - MAX(a)"})j";
  EXPECT_NE(data(all, R"(,"ScanBy":"TimestampAscending")").find("[8E0,9E0,1E1]"), std::string::npos)
      << data(all);
  EXPECT_EQ(data(R"({"Id":"e","Expression":"x * 2"})"),
            "Error in expression 'e': Undefined metric id 'x'");
  EXPECT_EQ(data(R"({"Id":"e","Expression":"e + 1"})"), "The expression of the id e names itself");
  EXPECT_NE(data(stat("a", "a")).find("ReturnData"), std::string::npos);
}

TEST_F(CloudWatchTest, MetricsAreListedByDimension) {
  ASSERT_EQ(put_error(R"({"MetricName":"m","Value":1.0,"Dimensions":[{"Name":"a","Value":"1"}]},)"
                      R"({"MetricName":"n","Value":1.0})"),
            "ok");
  EXPECT_EQ(base::to_text(*call("ListMetrics", R"({"Dimensions":[{"Name":"a"}]})")),
            R"({"Metrics":[{"Namespace":"N","MetricName":"m","Dimensions":[{"Name":"a",)"
            R"("Value":"1"}]}]})");
  EXPECT_TRUE(error_of("ListMetrics", R"({"NextToken":"x"})").starts_with("InvalidParameterValue"));
}

std::string evaluated(std::string_view text) {
  const Series a{{0, 1}, {60, 2}}, b{{60, 4}, {120, 0}};
  MathNames names;
  names.series = [&](std::string_view id) { return id == "a" ? &a : id == "b" ? &b : nullptr; };
  names.metrics = [&](std::string_view part) {
    std::vector<const Series*> out{&a};
    if (part.empty()) out.push_back(&b);
    return out;
  };
  const auto made = evaluate(text, names);
  if (!made.ok()) return made.error().message;
  std::string out;
  for (const auto& [at, value] : *made) out += fmt::format("{}={} ", at, value);
  return out;
}

TEST(MetricMath, FollowsTheUsualOrderOfOperations) {
  const struct {
    const char* text;
    const char* made;
  } rows[] = {{"a", "0=1 60=2 "},
              {"a + b", "60=6 "},
              {"a+2*3", "0=7 60=8 "},
              {"-(a+1)*2", "0=-4 60=-6 "},
              {"2 ^ a ^ 2", "0=2 60=16 "},
              {"a / b", "60=0.5 "},
              {"1/b", "60=0.25 "},
              {"a - AVG(a)", "0=-0.5 60=0.5 "},
              {"SUM(METRICS())", "0=1 60=6 120=0 "},
              {"AVG(METRICS())", "0=1 60=3 120=0 "},
              {"MIN(METRICS()) + 1e0", "0=2 60=3 120=1 "},
              {"MAX(METRICS(\"a\"))", "0=1 60=2 "},
              {"SUM(a)", "the result is a number and not a time series"},
              {"METRICS()", "METRICS() is an argument of SUM, AVG, MIN or MAX only"},
              {"SEARCH(\"x\")", "The function SEARCH is not served here"},
              {"a +", "Invalid syntax: it ends too early"},
              {"a a", "Invalid syntax: 'a'"},
              {"(a", "Invalid syntax: a ')' is missing"},
              {"c", "Undefined metric id 'c'"}};
  for (const auto& row : rows) EXPECT_EQ(evaluated(row.text), row.made) << row.text;
  EXPECT_EQ(evaluated(std::string(1000, '(')), "the expression is nested too deeply");
  EXPECT_EQ(evaluated(std::string(1000, '-')), "the expression is nested too deeply");
}

TEST(MetricMath, NamesAreThoseOfOtherQueries) {
  EXPECT_EQ(names_in("SUM(METRICS(\"m\")) + m1/errors_2 * 1e5 - AVG (x)"),
            (std::vector<std::string>{"m1", "errors_2", "x"}));
}

TEST(Statistic, NamesArePlainOnesAndPercentiles) {
  for (const char* good : {"Average", "p0", "p99.99", "p100"}) EXPECT_TRUE(is_statistic(good));
  for (const char* bad : {"average", "p", "p101", "p-1", "p1.2.3", "tm90", "IQM", ""})
    EXPECT_FALSE(is_statistic(bad)) << bad;
}

}  // namespace
}  // namespace howdah::services::cloudwatch

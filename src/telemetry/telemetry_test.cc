#include "telemetry/telemetry.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>

#include "telemetry/statistics.h"

namespace howdah::telemetry {
namespace {

using base::Millis;
using base::Time;
using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;

const Scope kScope{"000000000000", "us-east-1"};

class TelemetryTest : public testing::Test {
 protected:
  TelemetryTest() {
    folder_ = testing::TempDir() + "howdah-telemetry-" + std::to_string(getpid());
    std::filesystem::remove_all(folder_);
    std::filesystem::create_directories(folder_);
    reopen();
  }
  ~TelemetryTest() override {
    store_.reset();
    std::filesystem::remove_all(folder_);
  }
  void reopen() {
    store_.reset();
    auto opened = Telemetry::open(folder_ + "/telemetry.db", clock_);
    ASSERT_TRUE(opened.ok()) << opened.error().message;
    store_ = std::move(opened).value();
  }

  static Metric metric(const std::string& name, Dimensions dimensions = {}) {
    return {"Space", name, std::move(dimensions)};
  }
  void put(const Metric& of, Time at, double value, bool high = false,
           const std::string& unit = "Count") {
    const MetricPoint point{of, at, statistics_of(value), unit, high};
    ASSERT_TRUE(store_->put_metrics(kScope, {&point, 1}).ok());
  }
  std::vector<Datapoint> points(const Metric& of, Time from, Time to, seconds period = seconds(60),
                                const std::string& unit = {}) {
    DataQuery query{of, from, to, period, unit};
    auto found = store_->datapoints(kScope, query);
    EXPECT_TRUE(found.ok());
    return found.ok() ? *found : std::vector<Datapoint>{};
  }
  void log(const std::string& stream, std::vector<LogEvent> events) {
    const auto put = store_->put_log_events(kScope, "g", stream, events, Missing::kMake);
    ASSERT_TRUE(put.ok()) << put.error().message;
  }
  std::vector<std::string> messages(const LogQuery& query) {
    std::vector<std::string> out;
    const auto page = store_->log_events(kScope, query);
    EXPECT_TRUE(page.ok()) << page.error().message;
    if (page.ok())
      for (const auto& event : page->events) out.push_back(event.message);
    return out;
  }

  base::FakeClock clock_;
  std::string folder_;
  std::unique_ptr<Telemetry> store_;
};

using Texts = std::vector<std::string>;

TEST_F(TelemetryTest, PointsOfOneMinuteBecomeOneDatapoint) {
  const Time t = clock_.now();
  for (const double value : {4.0, 1.0, 1.0}) put(metric("m"), t + seconds(20), value);
  put(metric("m"), t + seconds(70), 9);
  const auto found = points(metric("m"), t, t + minutes(5));
  ASSERT_EQ(found.size(), 2u);
  EXPECT_EQ(found[0].at, t);
  EXPECT_EQ(found[0].unit, "Count");
  EXPECT_EQ(found[0].values.count, 3);
  EXPECT_EQ(found[0].values.sum, 6);
  EXPECT_EQ(found[0].values.minimum, 1);
  EXPECT_EQ(found[0].values.maximum, 4);
  EXPECT_EQ(percentile(found[0].values, 50), 1);
  EXPECT_EQ(percentile(found[0].values, 99), 4);
  EXPECT_EQ(points(metric("m"), t, t + minutes(5), minutes(5)).size(), 1u);
}

TEST_F(TelemetryTest, DimensionsAreEqualInAnyOrderAndUnitsAreKeptApart) {
  const Time t = clock_.now();
  put(metric("m", {{"b", "2"}, {"a", "1"}}), t, 1);
  put(metric("m", {{"a", "1"}, {"b", "2"}}), t, 2, false, "Bytes");
  const auto found = points(metric("m", {{"b", "2"}, {"a", "1"}}), t, t + minutes(1));
  ASSERT_EQ(found.size(), 2u);
  EXPECT_EQ(found[0].unit, "Bytes");
  EXPECT_EQ(
      points(metric("m", {{"a", "1"}, {"b", "2"}}), t, t + minutes(1), minutes(1), "Count").size(),
      1u);
  EXPECT_TRUE(points(metric("m"), t, t + minutes(1)).empty());
}

TEST_F(TelemetryTest, MetricsAreListedByFilterAndInPages) {
  for (int i = 0; i < 5; ++i)
    put(metric("m" + std::to_string(i % 2), {{"id", std::to_string(i)}}), clock_.now(), i);
  MetricFilter filter;
  filter.space = "Space";
  Texts seen;
  std::string marker;
  do {
    const auto page = store_->metrics(kScope, filter, marker, 2);
    ASSERT_TRUE(page.ok());
    for (const Metric& found : page->metrics) seen.push_back(found.dimensions[0].second);
    marker = page->next;
  } while (!marker.empty());
  EXPECT_EQ(seen, (Texts{"0", "1", "2", "3", "4"}));
  filter.name = "m1";
  filter.dimensions = {{"id", "3"}};
  EXPECT_EQ(store_->metrics(kScope, filter, "", 10)->metrics.size(), 1u);
  filter.dimensions = {{"id", std::nullopt}};
  EXPECT_EQ(store_->metrics(kScope, filter, "", 10)->metrics.size(), 2u);
  filter.active_since = clock_.now() + minutes(2);
  EXPECT_TRUE(store_->metrics(kScope, filter, "", 10)->metrics.empty());
  EXPECT_FALSE(store_->metrics(kScope, filter, "x", 10).ok());
}

TEST_F(TelemetryTest, PointsGrowCoarserWithAgeAndGoAtLast) {
  const Time t = clock_.now();
  for (int i = 0; i < 120; ++i) put(metric("m"), t + seconds(i), 1, true);
  ASSERT_EQ(points(metric("m"), t, t + hours(1), seconds(1)).size(), 120u);
  struct Row {
    hours age;
    seconds period, finer;
    size_t points;
  };
  const Row rows[] = {{hours(4), seconds(60), seconds(1), 2},
                      {hours(24 * 16), minutes(5), seconds(60), 1},
                      {hours(24 * 64), hours(1), minutes(5), 1}};
  for (const Row& row : rows) {
    ASSERT_TRUE(store_->age(t + row.age).ok());
    const auto found = points(metric("m"), t, t + hours(1), row.period);
    ASSERT_EQ(found.size(), row.points);
    double count = 0;
    for (const Datapoint& point : found) count += point.values.count;
    EXPECT_EQ(count, 120);
    EXPECT_TRUE(points(metric("m"), t, t + hours(1), row.finer).empty());
  }
  ASSERT_TRUE(store_->age(t + hours(24 * 456)).ok());
  EXPECT_TRUE(points(metric("m"), t, t + hours(1), hours(1)).empty());
  EXPECT_TRUE(store_->metrics(kScope, {}, "", 10)->metrics.empty());
}

TEST_F(TelemetryTest, TheLatestPointOfEachMetricIsFound) {
  const Time t = clock_.now();
  put(metric("a"), t, 1);
  put(metric("a"), t + minutes(1), 2);
  put(metric("b"), t - hours(1), 3);
  const auto latest = store_->latest(t - minutes(5), 100);
  ASSERT_TRUE(latest.ok());
  ASSERT_EQ(latest->size(), 1u);
  EXPECT_EQ((*latest)[0].metric.name, "a");
  EXPECT_EQ((*latest)[0].point.values.sum, 2);
}

TEST_F(TelemetryTest, WhatWasPutIsThereAfterReopening) {
  put(metric("m"), clock_.now(), 5);
  log("s", {{clock_.now(), "hello"}});
  reopen();
  EXPECT_EQ(points(metric("m"), clock_.now(), clock_.now() + minutes(1)).size(), 1u);
  EXPECT_EQ(messages({.group = "g"}), Texts{"hello"});
}

TEST(Statistics, PercentilesAreKnownOnlyWithADistribution) {
  Statistics all = statistics_of_set(10, 50, 5, 5);
  EXPECT_EQ(percentile(all, 90), 5);
  add(all, statistics_of_set(3, 9, 1, 5));
  EXPECT_EQ(percentile(all, 90), std::nullopt);
  EXPECT_EQ(distribution_text(all), "?");
  Statistics many;
  for (int i = 0; i < 1000; ++i) add(many, statistics_of(i));
  EXPECT_FALSE(many.distribution);
  EXPECT_EQ(many.count, 1000);
}

TEST_F(TelemetryTest, GroupsAreMadeListedChangedAndDeleted) {
  for (const char* name : {"/aws/b", "/aws/a", "other"}) {
    LogGroup group;
    group.name = name;
    ASSERT_TRUE(store_->create_log_group(kScope, group).ok());
  }
  LogGroup again;
  again.name = "other";
  EXPECT_EQ(store_->create_log_group(kScope, again).error().reason,
            "ResourceAlreadyExistsException");
  auto page = store_->log_groups(kScope, "/aws/", "", "", 1);
  ASSERT_EQ(page->groups.size(), 1u);
  EXPECT_EQ(page->groups[0].name, "/aws/a");
  page = store_->log_groups(kScope, "/aws/", "", page->next, 1);
  EXPECT_EQ(page->groups[0].name, "/aws/b");
  EXPECT_EQ(page->next, "");
  EXPECT_EQ(store_->log_groups(kScope, "", "WS/B", "", 9)->groups.size(), 1u);
  ASSERT_TRUE(store_
                  ->change_log_group(kScope, "other",
                                     [](LogGroup& group) {
                                       group.retention_days = 3;
                                       group.tags = {{"k", "v"}};
                                       return base::ok();
                                     })
                  .ok());
  EXPECT_EQ(store_->log_group(kScope, "other")->retention_days, 3);
  EXPECT_EQ(store_->log_group(kScope, "other")->tags[0].second, "v");
  ASSERT_TRUE(store_->delete_log_group(kScope, "other").ok());
  EXPECT_EQ(store_->log_group(kScope, "other").error().message,
            "The specified log group does not exist.");
}

TEST_F(TelemetryTest, EventsAreOrderedByTimeAndReadInPagesBothWays) {
  const Time t = clock_.now();
  log("s", {{t, "1"}, {t + Millis(2), "3"}});
  log("s", {{t + Millis(1), "2"}, {t + Millis(2), "4"}});
  EXPECT_EQ(messages({.group = "g", .streams = {"s"}}), (Texts{"1", "2", "3", "4"}));
  LogQuery query{.group = "g", .streams = {"s"}, .limit = 3};
  auto page = store_->log_events(kScope, query);
  EXPECT_EQ(page->events.size(), 3u);
  EXPECT_FALSE(page->complete);
  query.after = page->last;
  EXPECT_EQ(messages(query), Texts{"4"});
  query.after.reset();
  query.newest_first = true;
  EXPECT_EQ(messages(query), (Texts{"4", "3", "2"}));
  query.newest_first = false;
  query.from = t + Millis(1);
  query.to = t + Millis(2);
  EXPECT_EQ(messages(query), Texts{"2"});
  EXPECT_EQ(store_->log_events(kScope, {.group = "g", .streams = {"none"}}).error().message,
            "The specified log stream does not exist.");
}

TEST_F(TelemetryTest, EventsOfSeveralStreamsAreInterleavedAndFiltered) {
  const Time t = clock_.now();
  log("a-1", {{t, "one"}, {t + Millis(2), "two"}});
  log("a-2", {{t + Millis(1), "three"}});
  log("b", {{t + Millis(1), "four"}});
  EXPECT_EQ(messages({.group = "g"}), (Texts{"one", "three", "four", "two"}));
  EXPECT_EQ(messages({.group = "g", .stream_prefix = "a-"}), (Texts{"one", "three", "two"}));
  EXPECT_EQ(messages({.group = "g", .streams = {"a-2", "b"}}), (Texts{"three", "four"}));
  LogQuery query{.group = "g"};
  query.accept = [](std::string_view message) { return message.find('t') != message.npos; };
  EXPECT_EQ(messages(query), (Texts{"three", "two"}));
  query.most_looked_at = 1;
  const auto page = store_->log_events(kScope, query);
  EXPECT_TRUE(page->events.empty());
  EXPECT_FALSE(page->complete);
  EXPECT_TRUE(page->last);
}

TEST_F(TelemetryTest, StreamsAreListedByNameAndByLastEvent) {
  const Time t = clock_.now();
  log("a", {{t + Millis(5), "x"}});
  log("b", {{t + Millis(9), "x"}});
  log("c", {{t + Millis(7), "x"}});
  ASSERT_TRUE(store_->create_log_stream(kScope, "g", "quiet").ok());
  EXPECT_FALSE(store_->create_log_stream(kScope, "g", "quiet").ok());
  const auto names = [&](LogStreamFilter filter) {
    Texts out;
    std::string marker;
    do {
      const auto page = store_->log_streams(kScope, "g", filter, marker, 2);
      EXPECT_TRUE(page.ok());
      for (const LogStream& stream : page->streams) out.push_back(stream.name);
      marker = page->next;
    } while (!marker.empty());
    return out;
  };
  EXPECT_EQ(names({}), (Texts{"a", "b", "c", "quiet"}));
  EXPECT_EQ(names({.descending = true}), (Texts{"quiet", "c", "b", "a"}));
  EXPECT_EQ(names({.by_last_event = true, .descending = true}), (Texts{"b", "c", "a", "quiet"}));
  EXPECT_EQ(names({.prefix = "q"}), Texts{"quiet"});
}

TEST_F(TelemetryTest, OldEventsGoAfterTheirGroupsRetention) {
  const Time t = clock_.now();
  log("s", {{t, "old"}, {t + hours(30), "new"}});
  ASSERT_TRUE(store_->age(t + hours(24 * 400)).ok());
  EXPECT_EQ(messages({.group = "g"}), (Texts{"old", "new"}));
  EXPECT_EQ(store_->log_group(kScope, "g")->bytes, 58);
  ASSERT_TRUE(store_
                  ->change_log_group(kScope, "g",
                                     [](LogGroup& group) {
                                       group.retention_days = 1;
                                       return base::ok();
                                     })
                  .ok());
  ASSERT_TRUE(store_->age(t + hours(25)).ok());
  EXPECT_EQ(messages({.group = "g"}), Texts{"new"});
  EXPECT_EQ(store_->log_group(kScope, "g")->bytes, 29);
}

TEST_F(TelemetryTest, ADeletedStreamTakesItsEventsAlong) {
  log("s", {{clock_.now(), "x"}});
  log("t", {{clock_.now(), "y"}});
  ASSERT_TRUE(store_->delete_log_stream(kScope, "g", "s").ok());
  EXPECT_EQ(messages({.group = "g"}), Texts{"y"});
  EXPECT_EQ(store_->log_group(kScope, "g")->bytes, 27);
  ASSERT_TRUE(store_->delete_log_group(kScope, "g").ok());
  log("s", {{clock_.now(), "fresh"}});
  EXPECT_EQ(messages({.group = "g"}), Texts{"fresh"});
}

}  // namespace
}  // namespace howdah::telemetry

#include "gateways/prometheus/prometheus.h"

#include <gmock/gmock.h>
#include <unistd.h>

#include <filesystem>

namespace howdah::gateways {
namespace {

using testing::HasSubstr;
using testing::Not;

class PrometheusTest : public testing::Test {
 protected:
  PrometheusTest() {
    folder_ = testing::TempDir() + "howdah-prometheus-" + std::to_string(getpid());
    std::filesystem::remove_all(folder_);
    std::filesystem::create_directories(folder_);
    telemetry_ = *telemetry::Telemetry::open(folder_ + "/telemetry.db", clock_);
    store_ = *store::ControlStore::open(folder_ + "/control.db", clock_);
    prometheus_ = std::make_unique<Prometheus>(
        Prometheus::Options{*telemetry_, *store_, clock_, "1.2", [] {
                              return std::vector<std::pair<std::string, uint64_t>>{{"clusters", 7}};
                            }});
  }
  ~PrometheusTest() override {
    prometheus_.reset();
    telemetry_.reset();
    store_.reset();
    std::filesystem::remove_all(folder_);
  }
  std::string scrape(const std::string& peer = "127.0.0.1:5000") {
    http::Request request;
    request.method = "GET";
    request.path = "/metrics";
    request.peer = peer;
    EXPECT_TRUE(Prometheus::owns(request));
    return std::get<std::string>(prometheus_->answer(request).body);
  }

  base::FakeClock clock_;
  std::string folder_;
  std::unique_ptr<telemetry::Telemetry> telemetry_;
  std::unique_ptr<store::ControlStore> store_;
  std::unique_ptr<Prometheus> prometheus_;
};

TEST_F(PrometheusTest, TheLatestValuesAreThereWithDimensionsAsLabels) {
  const telemetry::Scope scope{"000000000000", "eu-west-1"};
  ASSERT_TRUE(
      telemetry_->put_metric(scope, {"AWS/ElasticMapReduce", "IsIdle", {{"JobFlowId", "j-1"}}}, 1)
          .ok());
  ASSERT_TRUE(telemetry_->put_metric(scope, {"My app", "9 lives\"", {{"a b", "x\"y"}}}, 2.5).ok());
  prometheus_->count("emr", "RunJobFlow", 200, base::Millis(20));
  prometheus_->count("emr", "RunJobFlow", 400, base::Millis(1));
  const std::string text = scrape();
  EXPECT_THAT(text, HasSubstr("aws_elasticmapreduce_is_idle{job_flow_id=\"j-1\","
                              "region=\"eu-west-1\"} 1\n"));
  EXPECT_THAT(text, HasSubstr("my_app_n_9_lives_{a_b=\"x\\\"y\",region=\"eu-west-1\"} 2.5\n"));
  EXPECT_THAT(text, HasSubstr("howdah_requests_total{operation=\"RunJobFlow\",service=\"emr\","
                              "status=\"200\"} 1"));
  EXPECT_THAT(text, HasSubstr("howdah_request_seconds_bucket{service=\"emr\",le=\"0.025\"} 2"));
  EXPECT_THAT(text, HasSubstr("howdah_reconciliations_total{loop=\"clusters\"} 7"));
  EXPECT_THAT(text, HasSubstr("howdah_info{version=\"1.2\"} 1"));
  clock_.advance(std::chrono::hours(1));
  EXPECT_THAT(scrape(), Not(HasSubstr("is_idle")));
}

TEST_F(PrometheusTest, OnlyThisHostIsAnsweredAndSignedRequestsAreS3s) {
  EXPECT_THAT(scrape("192.0.2.7:80"), HasSubstr("this host only"));
  http::Request request;
  request.method = "GET";
  request.path = "/metrics";
  request.headers.add("Authorization", "AWS4-HMAC-SHA256 Credential=a");
  EXPECT_FALSE(Prometheus::owns(request));
}

TEST(PrometheusName, WordsAreTakenApart) {
  EXPECT_EQ(prometheus_name("AWS/EMRServerless", "CPUAllocated"),
            "aws_emrserverless_cpu_allocated");
  EXPECT_EQ(prometheus_name("YARNMemoryAvailablePercentage"), "yarn_memory_available_percentage");
  EXPECT_EQ(prometheus_name("MemoryTotalMB"), "memory_total_mb");
  EXPECT_EQ(prometheus_name("S3BytesRead"), "s3_bytes_read");
  EXPECT_EQ(prometheus_name("a-b"), "a_b");
  EXPECT_EQ(prometheus_name("__name__"), "n___name__");
  EXPECT_EQ(prometheus_name(""), "n_");
}

}  // namespace
}  // namespace howdah::gateways

#include "control/serverless/warm_pool.h"

#include <gtest/gtest.h>

#include "base/ids.h"
#include "control/jobs/fake_host.h"
#include "control/serverless/fake_world.h"
#include "nodes/fake/provider.h"

namespace howdah::control {
namespace {

class WarmPoolTest : public testing::Test {
 protected:
  WarmPoolTest() {
    nodes_.set_script([](const auto&, const auto&) -> std::optional<int> { return std::nullopt; });
  }
  size_t drivers() { return nodes_.list()->size(); }
  void ready() {
    const auto all = nodes_.list();
    for (const nodes::NodeSeen& node : *all)
      nodes_.write(node.id, job::warm_driver_file(kWarmDriver, "ready"), "");
    (void)pool_.tend();
  }

  base::FakeClock clock_;
  base::RandomIds ids_;
  nodes::FakeProvider nodes_{clock_};
  FakeSparkEngines engines_;
  FakeHost host_;
  WarmPool pool_{engines_, nodes_, host_, clock_, ids_, WarmPool::Options{}};
  const WarmKey key_{"emr-7.10.0", "4g"};
};

TEST_F(WarmPoolTest, two_of_what_was_asked_for_one_after_the_other) {
  EXPECT_EQ(pool_.take(key_, "00run"), std::nullopt);
  (void)pool_.tend();
  EXPECT_EQ(drivers(), 1u);
  (void)pool_.tend();
  EXPECT_EQ(drivers(), 1u) << "the first is not ready yet";
  ready();
  (void)pool_.tend();
  EXPECT_EQ(drivers(), 2u);
  ready();
  (void)pool_.tend();
  EXPECT_EQ(drivers(), 2u);
  const auto taken = pool_.take(key_, "00next");
  ASSERT_TRUE(taken);
  EXPECT_EQ(pool_.take(key_, "00next"), taken) << "asked again after a crash";
}

TEST_F(WarmPoolTest, none_is_begun_while_jobs_keep_all_cores_busy_but_for_long_ones) {
  host_.idle = 0.4;
  (void)pool_.take(key_, "00run");
  const base::Millis again = pool_.tend();
  EXPECT_EQ(drivers(), 0u);
  EXPECT_LT(again, base::Millis(1000)) << "it looks for a core that is free";
  host_.idle = 1.2;
  (void)pool_.tend();
  EXPECT_EQ(drivers(), 1u);

  host_.idle = 0;
  ready();
  (void)pool_.tend();
  clock_.advance(std::chrono::seconds(59));
  (void)pool_.tend();
  EXPECT_EQ(drivers(), 1u);
  clock_.advance(std::chrono::seconds(2));
  (void)pool_.tend();
  EXPECT_EQ(drivers(), 2u);
}

TEST_F(WarmPoolTest, what_an_application_keeps_is_made_on_a_busy_host_too) {
  host_.idle = 0;
  pool_.keep({"000000000000", "us-east-1", "00app"}, key_, 1);
  (void)pool_.tend();
  EXPECT_EQ(drivers(), 1u);
}

}  // namespace
}  // namespace howdah::control

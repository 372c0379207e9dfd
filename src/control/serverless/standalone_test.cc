#include "control/serverless/standalone.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace howdah::control {
namespace {

TEST(Standalone, workers_have_addresses_of_their_own_on_the_loopback) {
  EXPECT_EQ(worker_address(1), "127.1.0.1");
  EXPECT_EQ(worker_address(250), "127.1.0.250");
  EXPECT_EQ(worker_address(251), "127.1.1.1");
  for (const int number : {1, 2, 249, 250, 251, 500, 501, 62'500})
    EXPECT_EQ(worker_number(worker_address(number)), number);
  for (const char* strange :
       {"", "127.0.0.1", "127.1.0.0", "127.1.0.251", "127.1.0", "127.1.0.x", "10.1.0.1"})
    EXPECT_EQ(worker_number(strange), 0) << strange;
}

TEST(Standalone, a_master_is_there_when_it_says_both_of_its_ports) {
  const std::string log =
      "26/11/22 01:26:57 INFO Master: Starting Spark master at spark://127.0.0.1:33515\n"
      "26/11/22 01:26:58 INFO MasterWebUI: Bound MasterWebUI to 127.0.0.1, and started at "
      "http://localhost:33697\n";
  EXPECT_EQ(master_place(log).address, "spark://127.0.0.1:33515");
  EXPECT_EQ(master_place(log).pages, 33697);
  for (size_t length = 0; length < log.size(); ++length)
    EXPECT_EQ(master_place(std::string_view(log).substr(0, length)).address, "") << length;
}

TEST(Standalone, a_worker_is_idle_when_it_has_joined_and_runs_nothing) {
  EXPECT_THAT(master_answer(R"({"workers": [
      {"host": "127.1.0.1", "state": "ALIVE", "coresused": 0},
      {"host": "127.1.0.2", "state": "ALIVE", "coresused": 2},
      {"host": "127.1.0.3", "state": "DEAD", "coresused": 0},
      {"host": "10.0.0.4", "state": "ALIVE", "coresused": 0},
      {"host": "127.1.0.5", "state": "ALIVE"}, 6]})")
                  .idle,
              testing::ElementsAre(1));
  for (const char* strange : {"", "[]", "{", R"({"workers": 1})"})
    EXPECT_TRUE(master_answer(strange).idle.empty()) << strange;
}

TEST(Standalone, a_driver_says_how_many_executors_it_aims_at) {
  const std::string answer = R"({"gauges": {
      "app-1.driver.ExecutorAllocationManager.executors.numberAllExecutors": {"value": 2},
      "app-1.driver.ExecutorAllocationManager.executors.numberTargetExecutors": {"value": 5}}})";
  EXPECT_EQ(executors_wanted(answer, "app-1"), 5);
  EXPECT_EQ(executors_wanted(answer, "app-2"), std::nullopt) << "another run took its port";
  for (const char* silent : {"", "[]", R"({"gauges": {}})", R"({"gauges": 1})"})
    EXPECT_EQ(executors_wanted(silent, "app-1"), std::nullopt) << silent;
}

TEST(Standalone, a_master_says_whose_application_runs) {
  EXPECT_EQ(master_answer(R"({"activeapps": [{"id": "app-1", "state": "RUNNING"}]})").application,
            "app-1");
  for (const char* none : {"", "[]", R"({"activeapps": []})", R"({"activeapps": [1]})"})
    EXPECT_EQ(master_answer(none).application, "") << none;
}

}  // namespace
}  // namespace howdah::control

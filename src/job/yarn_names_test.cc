#include "job/yarn_names.h"

#include <gtest/gtest.h>

#include <random>

namespace howdah::job {
namespace {

TEST(YarnNames, SubmittedApplicationsAreThoseThatWereSubmitted) {
  EXPECT_EQ(submitted_applications(
                "INFO YarnClientImpl: Submitted application application_1700000000000_0001\n"
                "Submitted application application_1700000000000_0001\n"
                "Application report for application_1700000000000_0009\n"
                "Submitted application application_17_12 \nSubmitted application application_\n"
                "Submitted application application_1_"),
            (std::vector<std::string>{"application_1700000000000_0001", "application_17_12"}));
}

TEST(YarnNames, NamesThatCouldLeadElsewhereAreNotIds) {
  EXPECT_TRUE(is_application_id("application_1700000000000_0001"));
  for (const char* id : {"application_1_", "application__1", "application_1_1/../x", "job_1_1",
                         "application_1_1?x", ""})
    EXPECT_FALSE(is_application_id(id)) << id;
  EXPECT_EQ(application_of_container("container_17_0001_01_000001"), "application_17_0001");
  EXPECT_EQ(application_of_container("container_e12_17_0001_01_000001"), "application_17_0001");
  for (const char* id : {"container_17_0001_01", "container_17_x_01_000001", "application_1_1",
                         "container_a_b_c_d_e_f", "../x"})
    EXPECT_EQ(application_of_container(id), "") << id;
}

TEST(YarnNames, TheDriverIsTheFirstContainerOfTheLastAttempt) {
  EXPECT_EQ(first_container({"container_1_0001_01_000001", "container_1_0001_02_000001",
                             "container_1_0001_02_000002", "x_000001"}),
            "container_1_0001_02_000001");
  EXPECT_EQ(first_container({"container_1_0001_01_000002"}), "");
  EXPECT_EQ(first_container({"container_e3_1_0001_01_000001"}), "container_e3_1_0001_01_000001");
}

TEST(YarnNames, AnyBytesAreRead) {
  const std::string seed = "Submitted application application_1_1\ncontainer_e1_1_1_01_000001";
  std::mt19937 random(7);
  for (int round = 0; round < 3000; ++round) {
    std::string text = seed.substr(random() % seed.size());
    for (int i = 0; i < 3; ++i) text[random() % text.size()] = static_cast<char>(random());
    for (const std::string& id : submitted_applications(text)) EXPECT_TRUE(is_application_id(id));
    (void)application_of_container(text);
    (void)first_container({text});
  }
}

}  // namespace
}  // namespace howdah::job

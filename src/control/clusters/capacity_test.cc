#include "control/clusters/capacity.h"

#include <gtest/gtest.h>

#include "control/clusters/a_cluster.h"
#include "control/jobs/fake_host.h"

namespace howdah::control {
namespace {

constexpr uint64_t kGiB = uint64_t{1} << 30;

FakeHost small_host() {
  FakeHost out;
  out.total = out.free = 8 * kGiB;
  out.declared = 2 * kGiB;
  return out;
}

cluster::Cluster one_of(int number, int core) {
  cluster::Cluster out;
  out.key = {"0", "r", "j-" + std::to_string(number)};
  out.wanted.applications = {"Hadoop", "Spark"};
  out.wanted.groups.resize(2);
  out.wanted.groups[0].id = "ig-1";
  out.wanted.groups[1].id = "ig-2";
  out.wanted.groups[1].role = cluster::Role::kCore;
  out.wanted.groups[1].count = core;
  return out;
}

TEST(Capacity, DaemonsAreCountedForInstancesThatAreNotThereYet) {
  cluster::Cluster cluster = one_of(1, 2);
  const uint64_t all = memory_of_daemons(cluster);
  EXPECT_GT(all, kGiB);
  EXPECT_LT(all, 2 * kGiB);
  cluster.wanted.applications.push_back("hive");
  EXPECT_GT(memory_of_daemons(cluster), all + kGiB);
  for (int number = 0; number < 3; ++number) {
    cluster::Node node;
    node.number = number;
    node.group_id = number == 0 ? "ig-1" : "ig-2";
    cluster.status.nodes.push_back(node);
  }
  EXPECT_EQ(memory_of_daemons(cluster), 0u);
  cluster = one_of(1, 0);
  cluster.wanted.applications = {"Spark"};
  EXPECT_EQ(memory_of_daemons(cluster), 0u);
}

TEST(Capacity, ASecondClusterWaitsForMemoryAndTheFirstNever) {
  FakeHost host = small_host();
  Capacity capacity(host, 8);
  std::string reason;
  host.free = kGiB / 2;
  EXPECT_TRUE(capacity.admit(one_of(1, 2), &reason)) << "alone it gets its turn";
  EXPECT_FALSE(capacity.admit(one_of(2, 2), &reason));
  EXPECT_TRUE(reason.starts_with("Waiting for memory: 0.5 GiB")) << reason;
  host.free = 4 * kGiB;
  EXPECT_TRUE(capacity.admit(one_of(2, 2), &reason));
  host.free = kGiB / 2;
  EXPECT_TRUE(capacity.admit(one_of(2, 2), &reason)) << "what was taken on stays";
  EXPECT_FALSE(capacity.admit(one_of(2, 3), &reason)) << "growing waits";
}

TEST(Capacity, AStepNeedNotFindTheMemoryThatItsWarmDriverHas) {
  FakeHost host = small_host();
  Capacity capacity(host, 8);
  std::string reason;
  host.free = kGiB + kGiB / 4;
  EXPECT_TRUE(capacity.memory_for_step(0, false, &reason)) << "alone it gets its turn";
  EXPECT_FALSE(capacity.memory_for_step(1, false, &reason));
  EXPECT_TRUE(capacity.memory_for_step(1, true, &reason));
  EXPECT_TRUE(capacity.memory_short()) << "and what is only ready goes before a step waits";
  host.free = 2 * kGiB;
  EXPECT_FALSE(capacity.memory_short());
  EXPECT_FALSE(capacity.memory_for_warm()) << "made and ended by turns";
  host.free = 3 * kGiB;
  EXPECT_TRUE(capacity.memory_for_warm());
}

}  // namespace
}  // namespace howdah::control

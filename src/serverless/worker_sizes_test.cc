#include "serverless/worker_sizes.h"

#include <gtest/gtest.h>

namespace howdah::serverless {
namespace {

TEST(WorkerSizes, WhatTheUserGuideListsIsSupported) {
  const Resources kSupported[] = {{1, 2, 20},   {1, 8, 200},   {2, 5, 20},  {4, 30, 20},
                                  {8, 16, 20},  {8, 60, 20},   {8, 20, 20}, {16, 32, 20},
                                  {16, 40, 20}, {16, 120, 200}};
  for (const Resources& worker : kSupported)
    EXPECT_EQ(why_unsupported(worker, false), "") << worker.vcpu << " " << worker.memory_gb;
}

TEST(WorkerSizes, WhatItDoesNotListIsToldWithWhatItDoes) {
  EXPECT_EQ(why_unsupported({3, 8, 20}, false),
            "3 vCPU is not supported: a worker has 1, 2, 4, 8 or 16 vCPU.");
  EXPECT_EQ(why_unsupported({4, 31, 20}, false),
            "31 GB of memory is not supported with 4 vCPU: minimum 8 GB, maximum 30 GB, in 1 GB "
            "increments.");
  EXPECT_EQ(why_unsupported({8, 18, 20}, false),
            "18 GB of memory is not supported with 8 vCPU: minimum 16 GB, maximum 60 GB, in 4 GB "
            "increments.");
  EXPECT_EQ(why_unsupported({1, 2, 201}, false),
            "201 GB of disk is not supported: 20 GB to 200 GB.");
  EXPECT_EQ(why_unsupported({1, 2, 19}, true),
            "19 GB of disk is not supported: 20 GB to 2000 GB for a shuffle-optimized disk.");
  EXPECT_EQ(why_unsupported({1, 2, 2000}, true), "");
  EXPECT_NE(why_unsupported({16, 36, 20}, false), "");
  EXPECT_NE(why_unsupported({1, 1, 20}, false), "");
}

TEST(WorkerSizes, AWorkerIsTheSmallestThatHoldsIt) {
  EXPECT_EQ(worker_for({1, 4.4, 0}), (Resources{1, 5, 20}));
  EXPECT_EQ(worker_for({3, 4, 30}), (Resources{4, 8, 30}));
  EXPECT_EQ(worker_for({1, 9, 20}), (Resources{2, 9, 20})) << "more memory takes more vCPU";
  EXPECT_EQ(worker_for({4, 31, 20}), (Resources{8, 32, 20}));
  EXPECT_EQ(worker_for({5, 41, 20}), (Resources{8, 44, 20}));
  EXPECT_EQ(worker_for({16, 100, 20}), (Resources{16, 104, 20}));
  EXPECT_EQ(worker_for({17, 100, 20}), std::nullopt);
  EXPECT_EQ(worker_for({1, 121, 20}), std::nullopt);
  EXPECT_EQ(worker_for({1, 2, 500}), std::nullopt);
  EXPECT_EQ(worker_for({1, 2, 500}, true), (Resources{1, 2, 500}));
}

TEST(WorkerSizes, AmazonsDefaultDriverFillsAWorkerOfFourVcpu) {
  // 14G and 10 % beside it.
  EXPECT_EQ(worker_for(4, 14336, 1434, 20), (Resources{4, 16, 20}));
  EXPECT_EQ(worker_for(1, 4096, 410, 20), (Resources{1, 5, 20}));
}

TEST(WorkerSizes, WhatIsRoundedUpIsSupported) {
  for (double vcpu = 1; vcpu <= 16; ++vcpu) {
    for (double memory = 0; memory <= 120; memory += 0.5) {
      const auto worker = worker_for({vcpu, memory, 20});
      ASSERT_TRUE(worker) << vcpu << " " << memory;
      EXPECT_EQ(why_unsupported(*worker, false), "") << vcpu << " " << memory;
      EXPECT_GE(worker->vcpu, vcpu);
      EXPECT_GE(worker->memory_gb, memory);
    }
  }
}

}  // namespace
}  // namespace howdah::serverless

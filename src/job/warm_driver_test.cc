#include "job/warm_driver.h"

#include <gtest/gtest.h>

namespace howdah::job {
namespace {

TEST(WarmDriver, TheHeapIsWhatSparkSubmitAsksFor) {
  struct Case {
    std::vector<std::string> argv;
    std::optional<std::string> heap;
  };
  const std::vector<Case> cases = {
      {{"spark-submit", "s3://b/x.py"}, ""},
      {{"spark-submit", "--deploy-mode", "cluster", "--master", "yarn", "x.py", "--jars", "a"}, ""},
      {{"spark-submit", "--driver-memory", "4G", "-v", "--class", "A", "x.jar"}, "4g"},
      {{"spark-submit", "--driver-memory=512m", "x.py"}, "512m"},
      {{"spark-submit", "--conf", "spark.driver.memory=2g", "x.py"}, "2g"},
      {{"spark-submit", "-c", "spark.driver.memory=2g", "--name=n", "x.py"}, "2g"},
      {{"spark-submit", "--conf=spark.driver.memory=2g", "x.py"}, "2g"},
      {{"spark-submit", "--driver-memory", "4096", "x.py"}, std::nullopt},
      {{"spark-submit", "--driver-memory", "$(reboot)g", "x.py"}, std::nullopt},
      {{"spark-submit", "--driver-memory", "1111111111111g", "x.py"}, std::nullopt},
      {{"spark-submit", "--jars", "a.jar", "x.py"}, std::nullopt},
      {{"spark-submit", "--packages=a:b:1", "x.py"}, std::nullopt},
      {{"spark-submit", "--conf", "spark.jars.packages=a:b:1", "x.py"}, std::nullopt},
      {{"spark-submit", "--conf", "spark.driver.extraJavaOptions=-Da=b", "x.py"}, std::nullopt},
      {{"spark-submit", "--driver-memory"}, std::nullopt},
      {{"spark-submit"}, std::nullopt},
      {{"spark-sql", "x.sql"}, std::nullopt},
      {{"/usr/lib/howdah/run-step", "exec", "spark-submit", "x.py"}, std::nullopt},
      {{}, std::nullopt},
  };
  for (const Case& each : cases)
    EXPECT_EQ(warm_driver_heap(each.argv), each.heap) << ::testing::PrintToString(each.argv);
}

}  // namespace
}  // namespace howdah::job

#include "control/serverless/spark_engines.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace howdah::control {
namespace {

serverless::JobRun run_of(const std::string& entry, std::vector<std::string> arguments = {}) {
  serverless::JobRun out;
  out.wanted.release_label = "emr-7.10.0";
  out.wanted.spark = serverless::SparkSubmit{entry, std::move(arguments), ""};
  return out;
}

serverless::SparkSettings settings_of(std::string_view parameters) {
  return *serverless::spark_settings("emr-7.10.0", {}, {}, parameters);
}

TEST(RunCommand, has_the_users_words_as_they_are) {
  const auto settings =
      settings_of("--class org.x.Main --conf spark.driver.memory=4g --jars a.jar");
  EXPECT_THAT(run_command(run_of("s3://b/x.jar", {"a b", "$(rm)"}), settings, "local[2]", "/p"),
              testing::ElementsAre("spark-submit", "--properties-file", "/p", "--master",
                                   "local[2]", "--driver-memory", "4g", "--class", "org.x.Main",
                                   "--jars", "a.jar", "s3://b/x.jar", "a b", "$(rm)"));
}

TEST(RunCommand, gives_a_sql_file_to_spark_sql) {
  const auto command = run_command(run_of("s3://b/q.SQL"), settings_of(""), "local[2]", "/p");
  EXPECT_THAT(command,
              testing::Contains("org.apache.spark.sql.hive.thriftserver.SparkSQLCLIDriver"));
  EXPECT_EQ(command.back(), "s3://b/q.SQL");
}

TEST(RunCommand, names_the_application_after_the_run_unless_the_user_did) {
  serverless::JobRun run = run_of("x.py");
  run.wanted.name = "nightly";
  EXPECT_THAT(run_command(run, settings_of(""), "local[1]", "/p"), testing::Contains("nightly"));
  EXPECT_THAT(run_command(run, settings_of("--name mine"), "local[1]", "/p"),
              testing::Not(testing::Contains("nightly")));
}

TEST(WarmKey, is_of_release_and_heap_and_refuses_what_a_jvm_takes_in_at_its_start) {
  const auto run = run_of("x.py").wanted;
  EXPECT_EQ(warm_key_of(run, settings_of("--driver-memory 4G"), nullptr),
            (WarmKey{"emr-7.10.0", "4g"}));
  for (const char* parameters :
       {"--jars a.jar", "--packages a:b:1", "--driver-java-options -Da=b",
        "--conf spark.driver.extraClassPath=/x", "--conf spark.driver.extraJavaOptions=-Da=b",
        "--conf spark.driver.extraLibraryPath=/x"}) {
    std::string why;
    EXPECT_EQ(warm_key_of(run, settings_of(parameters), &why), std::nullopt) << parameters;
    EXPECT_NE(why, "") << parameters;
  }
  EXPECT_TRUE(warm_key_of(run, settings_of("--py-files a.zip --conf spark.a=b"), nullptr));
}

}  // namespace
}  // namespace howdah::control

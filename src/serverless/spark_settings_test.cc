#include "serverless/spark_settings.h"

#include <gtest/gtest.h>

namespace howdah::serverless {
namespace {

base::JsonArray configuration(const char* text) { return base::parse_json(text)->as_array(); }

std::string property(const SparkSettings& settings, std::string_view key) {
  for (const auto& [name, value] : settings.properties)
    if (name == key) return value;
  return "-";
}

SparkSettings of(std::string_view parameters, std::string_view label = "emr-7.10.0",
                 const char* runtime = "[]", const char* own = "[]") {
  auto out = spark_settings(label, configuration(runtime), configuration(own), parameters);
  EXPECT_TRUE(out.ok()) << (out.ok() ? "" : out.error().message);
  return out.ok() ? *out : SparkSettings();
}

TEST(SparkSettings, without_any_are_those_of_emr_serverless) {
  const SparkSettings settings = of("");
  EXPECT_EQ(settings.driver, (Resources{4, 16, 20}));
  EXPECT_EQ(settings.executor, (Resources{4, 16, 20}));
  EXPECT_EQ(settings.executors, 3);
  EXPECT_TRUE(settings.dynamic);
  EXPECT_EQ(settings.max_executors, std::nullopt);
  EXPECT_EQ(of("", "emr-6.9.0").max_executors, 100);
  EXPECT_EQ(of("", "emr-6.15.0").max_executors, std::nullopt);
}

TEST(SparkSettings, of_the_word_count_are_one_small_executor) {
  const SparkSettings settings =
      of("--conf spark.executor.cores=1 --conf spark.executor.memory=4g --conf "
         "spark.driver.cores=1 --conf spark.driver.memory=4g --conf spark.executor.instances=1");
  EXPECT_EQ(settings.driver, (Resources{1, 5, 20}));
  EXPECT_EQ(settings.executor, (Resources{1, 5, 20}));
  EXPECT_EQ(settings.executors, 1);
  EXPECT_EQ(settings.driver_memory, "4g");
  const Placement placement = placement_of(settings, 8);
  EXPECT_TRUE(placement.local);
  EXPECT_EQ(placement.threads, 1);
}

TEST(SparkSettings, the_later_source_wins) {
  const SparkSettings settings =
      of("--conf spark.c=parameters --executor-cores 2", "emr-7.10.0",
         R"([{"classification":"spark-defaults","properties":{"spark.a":"app","spark.b":"app",
             "spark.c":"app"}}])",
         R"([{"classification":"spark-defaults","properties":{"spark.b":"run","spark.c":"run"}}])");
  EXPECT_EQ(property(settings, "spark.a"), "app");
  EXPECT_EQ(property(settings, "spark.b"), "run");
  EXPECT_EQ(property(settings, "spark.c"), "parameters");
  EXPECT_EQ(property(settings, "spark.executor.cores"), "2");
}

TEST(SparkSettings, what_changes_the_command_becomes_an_option_however_it_was_written) {
  const SparkSettings settings =
      of("--class org.x.Main --conf spark.jars=s3://b/a.jar --py-files=s3://b/x.zip "
         "--packages 'a:b:1,c:d:2' --verbose --conf spark.archives=s3://b/env.tar.gz#environment "
         "--conf spark.emr-serverless.driverEnv.PYSPARK_PYTHON=./environment/bin/python");
  EXPECT_EQ(settings.options, (std::vector<std::string>{
                                  "--class", "org.x.Main", "--verbose", "--jars", "s3://b/a.jar",
                                  "--packages", "a:b:1,c:d:2", "--py-files", "s3://b/x.zip",
                                  "--archives", "s3://b/env.tar.gz#environment"}));
  EXPECT_EQ(property(settings, "spark.jars"), "-");
  EXPECT_EQ(settings.environment, (Properties{{"PYSPARK_PYTHON", "./environment/bin/python"}}));
}

TEST(SparkSettings, what_serverless_decides_is_left_out_and_said) {
  const SparkSettings settings = of("--master yarn --deploy-mode cluster --conf spark.master=x");
  EXPECT_EQ(property(settings, "spark.master"), "-");
  EXPECT_EQ(settings.notes.size(), 3u);
}

TEST(SparkSettings, what_cannot_be_read_is_refused_in_words) {
  for (const char* text :
       {"--conf 'a", "--conf a", "--conf =b", "x.py", "--class", "--conf spark.driver.memory=lots",
        "--conf spark.executor.cores=0", "--kerberos-thing x"}) {
    const auto settings = spark_settings("emr-7.10.0", {}, {}, text);
    ASSERT_FALSE(settings.ok()) << text;
    EXPECT_EQ(settings.error().code, base::Code::kInvalidArgument) << text;
  }
}

TEST(SparkSettings, workers_are_rounded_to_what_aws_has) {
  const struct {
    int cores;
    double memory;
    Resources worker;
  } cases[] = {{1, 1.5, {1, 2, 20}},   {1, 8, {1, 8, 20}},       {1, 9, {2, 9, 20}},
               {4, 15.4, {4, 16, 20}}, {8, 17, {8, 20, 20}},     {16, 33, {16, 40, 20}},
               {3, 8, {4, 8, 20}},     {16, 130, {16, 130, 20}}, {32, 64, {32, 64, 20}}};
  for (const auto& one : cases)
    EXPECT_EQ(worker_of(one.cores, one.memory, 20), one.worker) << one.cores << " " << one.memory;
}

TEST(SparkSettings, memory_is_read_as_spark_writes_it) {
  EXPECT_EQ(mebibytes_of("4g"), 4096);
  EXPECT_EQ(mebibytes_of("14G"), 14336);
  EXPECT_EQ(mebibytes_of("512m"), 512);
  EXPECT_EQ(mebibytes_of("2048"), 2048);
  EXPECT_EQ(mebibytes_of("1t"), 1024 * 1024);
  for (const char* none : {"", "g", "-1g", "0", "4x", "1.5g"})
    EXPECT_EQ(mebibytes_of(none), 0) << none;
}

TEST(SparkSettings, workers_beyond_one_run_as_processes_of_their_own) {
  EXPECT_TRUE(placement_of(of(""), 2).local);  // AWS's default: three of four cores
  EXPECT_EQ(placement_of(of(""), 2).threads, 2);
  EXPECT_FALSE(placement_of(of("--num-executors 8"), 2).local);
  EXPECT_TRUE(placement_of(of("--num-executors 8 --conf spark.howdah.placement=local"), 2).local);
  EXPECT_FALSE(placement_of(of("--conf spark.howdah.placement=cluster"), 2).local);
}

}  // namespace
}  // namespace howdah::serverless

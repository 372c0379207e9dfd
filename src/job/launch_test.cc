#include "job/launch.h"

#include <gtest/gtest.h>

namespace howdah::job {
namespace {

using Argv = std::vector<std::string>;
const Site kSparkOnly{{"Spark"}};
const Site kHadoop{{"Hadoop", "Hive", "Spark"}, "s-3LZC0QUT43AM", "/mnt/var/log/hadoop/steps/s-3"};

std::string value_of(const Launch& launch, std::string_view name) {
  for (const auto& [key, value] : launch.environment)
    if (key == name) return value;
  return {};
}

TEST(Launch, SparkSubmitRunsAsGiven) {
  const auto out =
      launch({"command-runner.jar", "", {"spark-submit", "s3://b/x.py", "--master", "yarn"}, {}},
             kSparkOnly);
  EXPECT_EQ(out->argv, (Argv{"spark-submit", "s3://b/x.py", "--master", "yarn"}));
  EXPECT_TRUE(out->notes.empty());
}

TEST(Launch, AToolOfAnApplicationThatIsNotThereSaysWhich) {
  const auto out =
      launch({"command-runner.jar", "", {"hive-script", "--run-hive-script"}, {}}, kSparkOnly);
  ASSERT_FALSE(out.ok());
  EXPECT_EQ(out.error().code, base::Code::kFailedPrecondition);
  EXPECT_NE(out.error().message.find("application Hive"), std::string::npos);
}

TEST(Launch, AnyOtherCommandRuns) {
  EXPECT_EQ(launch({"command-runner.jar", "", {"bash", "-c", "echo hi"}, {}}, kSparkOnly)->argv,
            (Argv{"bash", "-c", "echo hi"}));
  EXPECT_FALSE(launch({"command-runner.jar", "", {}, {}}, kSparkOnly).ok());
}

TEST(Launch, ScriptRunnerAndJarsAreFetchedInTheNode) {
  EXPECT_EQ(launch({"s3://us-east-1.elasticmapreduce/libs/script-runner/script-runner.jar",
                    "",
                    {"s3://b/x.sh", "1"},
                    {}},
                   kSparkOnly)
                ->argv,
            (Argv{"/usr/lib/howdah/run-step", "script", "s3://b/x.sh", "1"}));
  const auto out = launch({"s3://b/app.jar", "com.x.Main", {"in"}, {{"k", "a b"}}}, kSparkOnly);
  EXPECT_EQ(out->argv,
            (Argv{"/usr/lib/howdah/run-step", "jar", "s3://b/app.jar", "com.x.Main", "in"}));
  EXPECT_EQ(out->environment[0].second, "-Dk=a b\n");
}

TEST(Launch, OnHadoopAStepCarriesItsTagAndHadoopsLogIsItsSyslog) {
  const auto out = launch({"command-runner.jar", "", {"spark-submit", "x.py"}, {}}, kHadoop);
  EXPECT_EQ(out->argv, (Argv{"/usr/lib/howdah/run-step", "exec", "spark-submit", "x.py"}));
  EXPECT_EQ(value_of(*out, "HOWDAH_YARN_TAGS"), "howdah-step-s-3lzc0qut43am");
  EXPECT_EQ(value_of(*out, "HADOOP_LOG_DIR"), "/mnt/var/log/hadoop/steps/s-3");
  EXPECT_EQ(value_of(*out, "HADOOP_LOGFILE"), "syslog");
  EXPECT_EQ(value_of(*out, "HADOOP_ROOT_LOGGER"), "INFO,DRFA");
}

TEST(Launch, AScriptOfHiveIsFetchedAndItsVariablesAreSpelledForBothOfItsPrograms) {
  const auto out = launch({"command-runner.jar",
                           "",
                           {"hive-script", "--run-hive-script", "--args", "-f", "s3://b/x.q", "-d",
                            "INPUT=s3://b/in", "-hiveconf", "a=b", "-dOUT=1"},
                           {}},
                          kHadoop);
  EXPECT_EQ(out->argv,
            (Argv{"/usr/lib/howdah/run-step", "hive-script", "-f", "s3://b/x.q", "--hivevar",
                  "INPUT=s3://b/in", "--hiveconf", "a=b", "--hivevar", "OUT=1"}));
  EXPECT_EQ(launch({"command-runner.jar",
                    "",
                    {"hive-script", "--base-path", "s3://x", "--hive-versions", "latest",
                     "--run-hive-script", "-e", "select 1"},
                    {}},
                   kHadoop)
                ->argv,
            (Argv{"/usr/lib/howdah/run-step", "hive-script", "-e", "select 1"}));
  for (const Argv& args : {Argv{"hive-script"}, Argv{"hive-script", "--run-hive-script"},
                           Argv{"hive-script", "--run-hive-script", "--args"},
                           Argv{"hive-script", "--run-hive-script", "--args", "-f"},
                           Argv{"hive-script", "--run-hive-script", "--args", "-d", "a=b"}}) {
    EXPECT_FALSE(launch({"command-runner.jar", "", args, {}}, kHadoop).ok()) << args.size();
  }
}

TEST(Launch, StreamingProgramsOnS3BecomeFilesOfTheJob) {
  const auto out = launch({"command-runner.jar",
                           "",
                           {"hadoop-streaming", "-files", "s3://b/a.py", "-D",
                            "mapreduce.job.reduces=1", "-mapper", "s3://b/split.py -x", "-reducer",
                            "aggregate", "-input", "s3://b/in", "-output", "s3://b/out"},
                           {}},
                          kHadoop);
  EXPECT_EQ(out->argv,
            (Argv{"/usr/lib/howdah/run-step", "exec", "hadoop", "jar",
                  "/usr/lib/hadoop-mapreduce/hadoop-streaming.jar", "-D", "mapreduce.job.reduces=1",
                  "-files", "s3://b/a.py,s3://b/split.py", "-mapper", "split.py -x", "-reducer",
                  "aggregate", "-input", "s3://b/in", "-output", "s3://b/out"}));
}

TEST(Launch, TheToolsThatEmrBringsAsJarsAreOurs) {
  EXPECT_EQ(
      launch({"/usr/share/aws/emr/s3-dist-cp/lib/s3-dist-cp.jar", "", {"--src=a"}, {}}, kHadoop)
          ->argv,
      (Argv{"/usr/lib/howdah/run-step", "exec", "s3-dist-cp", "--src=a"}));
  for (const char* jar : {"script-runner.jar",
                          "s3://elasticmapreduce/libs/script-runner/"
                          "script-runner.jar",
                          "s3://eu-west-1.elasticmapreduce/libs/script-runner/script-runner.jar",
                          "/var/lib/aws/emr/step-runner/hadoop-jars/script-runner.jar"}) {
    EXPECT_EQ(launch({jar, "", {"/home/hadoop/x.sh"}, {}}, kSparkOnly)->argv,
              (Argv{"/usr/lib/howdah/run-step", "script", "/home/hadoop/x.sh"}))
        << jar;
  }
  // A jar of that name in a bucket of one's own is one's own.
  EXPECT_EQ(launch({"s3://mine/script-runner.jar", "", {"x"}, {}}, kSparkOnly)->argv[1], "jar");
}

TEST(Launch, WhatCannotRunIsRefusedByName) {
  const auto pig = launch({"command-runner.jar", "", {"pig-script", "--run-pig-script"}, {}},
                          Site{{"Hadoop", "Pig"}});
  ASSERT_FALSE(pig.ok());
  EXPECT_NE(pig.error().message.find("Pig does not run in Howdah yet"), std::string::npos);
  EXPECT_FALSE(launch({"command-runner.jar", "", {"hadoop-lzo"}, {}}, kHadoop).ok());
  EXPECT_FALSE(launch({"command-runner.jar", "", {"  "}, {}}, kHadoop).ok());
  EXPECT_FALSE(launch({"s3://b/x.jar", "", {}, {{"a", "b\nc"}}}, kHadoop).ok());
}

TEST(Launch, ACommandLineInOneArgumentIsExplained) {
  const auto out = launch({"command-runner.jar", "", {"spark-submit x.py"}, {}}, kSparkOnly);
  EXPECT_EQ(out->argv, (Argv{"spark-submit x.py"}));
  ASSERT_EQ(out->notes.size(), 1u);
}

TEST(Launch, RunIfOfAnyRegionIsOurs) {
  for (const char* path : {"s3://elasticmapreduce/bootstrap-actions/run-if",
                           "s3://us-west-2.elasticmapreduce/bootstrap-actions/run-if"}) {
    EXPECT_EQ(launch_bootstrap(path, {"instance.isMaster=true", "echo hi"}).argv,
              (Argv{"/usr/lib/howdah/run-if", "instance.isMaster=true", "echo hi"}));
  }
  EXPECT_EQ(launch_bootstrap("s3://mine/run-if", {}).argv,
            (Argv{"/usr/lib/howdah/run-step", "script", "s3://mine/run-if"}));
}

}  // namespace
}  // namespace howdah::job

#include "job/launch.h"

#include <gtest/gtest.h>

#include "job/failure.h"

namespace howdah::job {
namespace {

using Argv = std::vector<std::string>;
const Site kSparkOnly{{"Spark"}};

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

TEST(Failure, TheLastExceptionLineIsFound) {
  EXPECT_EQ(last_exception("Traceback:\n  File \"x\"\nValueError: no such thing\n\n"),
            "ValueError: no such thing");
  EXPECT_EQ(last_exception(
                "x\nException in thread \"main\" java.io.IOException: gone\n\tat a.b(C.java:1)\n"),
            "java.io.IOException: gone");
  EXPECT_EQ(last_exception("one\ntwo\n"), "two");
  EXPECT_EQ(last_exception(""), "");
  EXPECT_EQ(last_exception("a ERROR b\nlast\n"), "a ERROR b");
  EXPECT_EQ(reason_of("java.lang.OutOfMemoryError: Java heap space", false),
            "The step ran out of memory.");
  EXPECT_EQ(reason_of("ValueError: x", false), "Unknown Error.");
}

TEST(Failure, APythonTracebackIsInStdout) {
  const Cause cause = cause_of_failure("26/11/21 INFO ShutdownHookManager: Deleting\n",
                                       "Traceback:\nValueError: no such luck\n");
  EXPECT_EQ(cause.line, "ValueError: no such luck");
  EXPECT_TRUE(cause.in_stdout);
  EXPECT_EQ(cause_of_failure("java.io.IOException: x\n", "ValueError: y\n").line,
            "java.io.IOException: x");
  EXPECT_EQ(cause_of_failure("bash: nope: command not found\n", "").line,
            "bash: nope: command not found");
}

}  // namespace
}  // namespace howdah::job

#include "job/failure.h"

#include <gtest/gtest.h>

#include <random>

namespace howdah::job {
namespace {

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
  EXPECT_EQ(reason_of("OSError: [Errno 28] No space left on device", false), kFullDiskReason);
  EXPECT_EQ(cause_of_failure(Outputs{.stderr_tail = "put: File /x._COPYING_ could only be written "
                                                    "to 0 of the 1 minReplication nodes.\n",
                                     .syslog_tail = "java.io.EOFException: Unexpected EOF\n"})
                .where,
            "stderr");
  EXPECT_EQ(last_exception("dd: error writing 'x': No space left on device\n3+0 records in\n"),
            "dd: error writing 'x': No space left on device");
}

TEST(Failure, BelowATracebackAnyNameIsAnException) {
  const std::string traceback =
      "Traceback (most recent call last):\n  File \"w.py\", line 2, in <module>\n    x()\n    "
      "^^^\n";
  EXPECT_EQ(last_exception(traceback + "botocore.errorfactory.NoSuchKey: no such key\n\nlast\n"),
            "botocore.errorfactory.NoSuchKey: no such key");
  EXPECT_EQ(last_exception(traceback + "BadColour\n26/11/22 01:26:43 WARN X: y\n"), "BadColour");
  EXPECT_EQ(last_exception("total:\n  a: 1\nb: 2\nlast\n"), "last");
}

TEST(Failure, WhatGoesWellIsNoException) {
  EXPECT_EQ(last_exception("ok\n26/11/22 01:26:43 INFO MetricsSystemImpl: stopped\n"), "ok");
  EXPECT_EQ(last_exception("howdah: cold start: --jars\n26/11/22 01:26:43 WARN X: y\n"), "");
  EXPECT_EQ(last_exception("howdah: ERROR it was killed\n26/11/22 01:26:43 INFO X: y\n"),
            "howdah: ERROR it was killed");
}

TEST(Failure, WhatJavaThrewIsSaidBehindPy4J) {
  const char* kSaid = "py4j.protocol.Py4JJavaError: An error occurred while calling o46.collect.";
  const std::string thrown =
      std::string("Traceback:\n") + kSaid +
      "\n: java.lang.OutOfMemoryError: Java heap space\n\tat a.b(C.java:1)\n";
  EXPECT_EQ(cause_of_failure("", thrown).line,
            std::string(kSaid) + " : java.lang.OutOfMemoryError: Java heap space");
  EXPECT_EQ(reason_of(cause_of_failure("", thrown).line, false), "The step ran out of memory.");
  EXPECT_EQ(cause_of_failure("", std::string(kSaid) + "\n").line, kSaid);
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

TEST(Failure, InClusterModeTheDriversContainerSaysWhy) {
  const std::string client =
      "24/01/01 INFO Client: \n\t diagnostics: User application exited with status 1\n"
      "Exception in thread \"main\" org.apache.spark.SparkException: Application "
      "application_1700000000000_0001 finished with failed status\n\tat x.y(Z.scala:1)\n";
  Outputs outputs;
  outputs.stderr_tail = client;
  EXPECT_EQ(cause_of_failure(outputs).line, "User application exited with status 1");
  outputs.driver_stderr_tail = "24/01/01 ERROR ApplicationMaster: User application exited\n";
  outputs.driver_stdout_tail = "Traceback (most recent call last):\nKeyError: 'x'\n";
  const Cause cause = cause_of_failure(outputs);
  EXPECT_EQ(cause.line, "KeyError: 'x'");
  EXPECT_EQ(cause.where, "driver-stdout");
  EXPECT_FALSE(cause.in_stdout);
}

TEST(Failure, MapReduceAndHiveAreUnderstood) {
  Outputs outputs;
  outputs.stderr_tail = "Exception in thread \"main\" java.io.IOException: Job failed!\n";
  outputs.syslog_tail =
      "2026-11-21 INFO mapreduce.Job (main): Task Id : attempt_1, Status : FAILED\n"
      "Error: java.lang.RuntimeException: PipeMapRed.waitOutputThreads(): subprocess failed with "
      "code 1\n\tat x\n2026-11-21 INFO mapreduce.Job: Job job_1 failed with state FAILED\n";
  EXPECT_EQ(cause_of_failure(outputs).where, "syslog");
  EXPECT_NE(cause_of_failure(outputs).line.find("subprocess failed"), std::string::npos);
  EXPECT_EQ(last_exception("OK\nFAILED: SemanticException [Error 10001]: Table not found t\nx\n"),
            "FAILED: SemanticException [Error 10001]: Table not found t");
  EXPECT_EQ(last_exception("Error: could not find x\nlast\n"), "Error: could not find x");
  EXPECT_EQ(reason_of("Container killed by YARN for exceeding memory limits.", false),
            "The step ran out of memory.");
  EXPECT_EQ(reason_of("pyspark.sql.utils.AnalysisException: Path does not exist: s3://b/x", false),
            "Input not found.");
}

TEST(Failure, WhereStderrSaysNothingHadoopsLogDoes) {
  Outputs outputs;
  outputs.stderr_tail = "Streaming Command Failed!\n";
  outputs.syslog_tail =
      "2026-11-21 20:22:24,856 INFO a.JobSubmitter: Cleaning up\n"
      "2026-11-21 20:22:24,882 ERROR org.apache.hadoop.streaming.StreamJob: Error Launching job : "
      "Input path does not exist: hdfs://x:8020/in\n";
  const Cause cause = cause_of_failure(outputs);
  EXPECT_EQ(cause.where, "syslog");
  EXPECT_EQ(cause.line,
            "org.apache.hadoop.streaming.StreamJob: Error Launching job : Input path does not "
            "exist: hdfs://x:8020/in");
  EXPECT_EQ(reason_of(cause.line, false), "Input not found.");
}

TEST(Failure, AnyBytesAreRead) {
  const std::string seed =
      "Submitted application application_1_1\nError: java.io.IOException: x\nCaused by: a.bError: "
      "y\n diagnostics: z\nFAILED: q\n";
  std::mt19937 random(7);
  for (int round = 0; round < 3000; ++round) {
    std::string text = seed.substr(random() % seed.size());
    for (int i = 0; i < 5; ++i) text[random() % text.size()] = static_cast<char>(random());
    EXPECT_LE(cause_of_failure(text, seed).line.size(), 1024u);
    (void)last_diagnostics(text);
  }
}

}  // namespace
}  // namespace howdah::job

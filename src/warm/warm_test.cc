#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include "warm/driver.h"
#include "warm/options.h"
#include "warm/submit.h"
#include "warm/wire.h"

namespace howdah::warm {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using Way = Verdict::Way;

TEST(Options, DecideHowTheDriverStarts) {
  struct Case {
    Argv arguments;
    Way way;
    const char* reason;
  };
  const std::vector<Case> cases = {
      {{"x.py", "--jars", "mine"}, Way::kWarm, ""},
      {{"--master", "local[2]", "--conf", "spark.app.name=a=b", "x.py"}, Way::kWarm, ""},
      {{"--py-files=s3://b/a.zip", "--verbose", "--class", "A", "x.jar"}, Way::kWarm, ""},
      {{"-c", "spark.sql.extensions=A", "x.py"}, Way::kWarm, ""},
      {{"--jars", "a.jar", "x.py"}, Way::kCold, "--jars changes the class path"},
      {{"--packages=a:b:1", "x.py"}, Way::kCold, "--packages changes the class path"},
      {{"--conf", "spark.jars.packages=a:b:1", "x.py"}, Way::kCold, "spark.jars.packages"},
      {{"--proxy-user", "me", "x.py"}, Way::kCold, "--proxy-user is another user"},
      {{"--conf", "spark.sql.codegen.cache.maxEntries=1", "x.py"}, Way::kCold, "once a JVM"},
      {{"--master", "yarn", "x.py"}, Way::kOwn, "the master is yarn"},
      {{"--master", "local-cluster[1,1,1024]", "x.py"}, Way::kOwn, "the master is local-cluster"},
      {{"--deploy-mode", "cluster", "x.py"}, Way::kOwn, "the deploy mode is cluster"},
      {{"--driver-class-path", "/a", "x.py"}, Way::kOwn, "spark.driver.extraClassPath is set"},
      {{"--driver-memory", "4096", "x.py"}, Way::kOwn, "driver memory"},
      {{"--driver-java-options", "-Da='b", "x.py"}, Way::kOwn, "JVM options"},
      {{"--driver-java-options", "-Xmx1g", "x.py"}, Way::kOwn, "-Xmx"},
      {{"--conf", "nothing", "x.py"}, Way::kOwn, "its options"},
      {{"--unheard-of", "x.py"}, Way::kOwn, "its options"},
      {{"--version"}, Way::kOwn, "its options"},
      {{"--name"}, Way::kOwn, "its options"},
      {{"--status", "1"}, Way::kOwn, "no application"},
      {{"pyspark-shell"}, Way::kOwn, "interactive"},
      {{"x.R"}, Way::kOwn, "R script"},
      {{}, Way::kOwn, "no application"},
  };
  for (const Case& each : cases) {
    const Verdict verdict = judge(each.arguments, {}, {{"spark.master", "local[*]"}});
    EXPECT_EQ(verdict.way, each.way) << ::testing::PrintToString(each.arguments);
    EXPECT_THAT(verdict.reason, HasSubstr(each.reason));
  }
}

TEST(Options, OnTheCommandLineWinOverDefaultsAndTheEnvironment) {
  const std::map<std::string, std::string> defaults = {{"spark.driver.memory", "2g"},
                                                       {"spark.driver.extraJavaOptions", "-Da=b"}};
  EXPECT_EQ(judge({"x.py"}, {{"SPARK_DRIVER_MEMORY", "3g"}}, defaults).heap_mib, 2048);
  EXPECT_EQ(judge({"--driver-memory", "4G", "x.py"}, {}, defaults).heap_mib, 4096);
  EXPECT_EQ(judge({"--conf=spark.driver.memory=512m", "x.py"}, {}, defaults).heap_mib, 512);
  EXPECT_EQ(judge({"x.py"}, {{"SPARK_DRIVER_MEMORY", "3g"}}, {}).heap_mib, 3072);
  EXPECT_EQ(judge({"x.py"}, {}, {}).heap_mib, 1024);
  EXPECT_THAT(judge({"x.py"}, {}, defaults).java_options, ElementsAre("-Da=b"));
  EXPECT_EQ(judge({"x.py"}, {{"SPARK_SUBMIT_OPTS", "-Da=b"}}, {}).way, Way::kOwn);
}

TEST(Options, AreSplitAsSparksLauncherDoes) {
  EXPECT_THAT(*split_options(R"( -Da=b  "-Dc=d e" -Df='g "h"' -Di=\"j k\\ '' )"),
              ElementsAre("-Da=b", "-Dc=d e", R"(-Df=g "h")", "-Di=\"j", "k\\", ""));
  EXPECT_EQ(split_options("'open"), std::nullopt);
}

TEST(Options, ReadPropertiesAsJavaDoes) {
  const auto read = parse_properties(
      "# comment\n! too\n\n a b \nc=d\ne : f=g\nh\\ i j\nlong  one,\\\n   two\r\nempty\n");
  const std::map<std::string, std::string> wanted = {
      {"a", "b"}, {"c", "d"}, {"e", "f=g"}, {"h i", "j"}, {"long", "one,two"}, {"empty", ""}};
  EXPECT_EQ(read, wanted);
  EXPECT_EQ(properties_file({"--conf", "a=b", "--properties-file", "x.conf", "x.py"}), "x.conf");
  EXPECT_EQ(properties_file({"x.py", "--properties-file", "x.conf"}), std::nullopt);
}

Start start_of_35() {
  Start out;
  out.version = "3.5.5";
  out.home = "/usr/lib/spark";
  out.class_path = "/a.jar:/b.jar";
  out.archive = {"-XX:SharedArchiveFile=/x.jsa"};
  return out;
}

TEST(Key, SaysWhatDiffers) {
  const Environment environment = {{"LANG", "C"}, {"PROBE", "1"}, {"HADOOP_CONF_DIR", "/conf"}};
  const Key key = key_of(start_of_35(), environment, 4096, Jit::kC1, {});
  EXPECT_EQ(key.class_path, "/a.jar:/b.jar:/usr/lib/spark/conf:/conf");
  EXPECT_EQ(difference(key, key), "");
  const auto again = Key::from_json(key.to_json());
  ASSERT_TRUE(again.ok());
  EXPECT_EQ(difference(*again, key), "");
  Key other = key;
  other.heap_mib = 2048;
  EXPECT_EQ(difference(key, other), "driver memory is 2048 MiB, the warm driver has 4096 MiB");
  other = key_of(start_of_35(), {{"HADOOP_CONF_DIR", "/conf"}}, 4096, Jit::kC1, {});
  EXPECT_EQ(difference(key, other), "the environment's LANG differs");
  other = key_of(start_of_35(), environment, 4096, Jit::kC2, {});
  EXPECT_THAT(difference(key, other), HasSubstr("c2 is wanted"));
}

TEST(Command, HasTheArchiveTheHeapAndOneCollector) {
  Key key = key_of(start_of_35(), {}, 1024, Jit::kC1, {});
  EXPECT_THAT(java_command(start_of_35(), key, "/warm.jar", {"-Dx=y"}),
              ElementsAre("java", "-XX:SharedArchiveFile=/x.jsa", "-XX:TieredStopAtLevel=1",
                          "-XX:+UseSerialGC", "-cp", "/a.jar:/b.jar:/usr/lib/spark/conf:/warm.jar",
                          "-Xmx1024m", "-Dx=y"));
  key.java_options = {"-XX:+UseG1GC"};
  EXPECT_THAT(java_command(start_of_35(), key),
              ::testing::Not(::testing::Contains("-XX:+UseSerialGC")));
}

TEST(Driver, OptionsAreChecked) {
  const auto good = parse_driver_options(
      {"--name", "n", "--heap", "2g", "--jit", "c2", "--java-option", "-Da=b"});
  ASSERT_TRUE(good.ok());
  EXPECT_EQ(good->heap_mib, 2048);
  EXPECT_EQ(good->jit, Jit::kC2);
  for (const Argv& bad : std::vector<Argv>{{},
                                           {"--name"},
                                           {"--name", "../x"},
                                           {"--name", "n", "--heap", "much"},
                                           {"--name", "n", "--jit", "c3"},
                                           {"--name", "n", "--x", "y"}})
    EXPECT_FALSE(parse_driver_options(bad).ok()) << ::testing::PrintToString(bad);
}

TEST(Wire, CarriesAJobWithItsStreams) {
  int pair[2];
  ASSERT_EQ(::socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
  const base::Fd ours(pair[0]);
  base::Fd theirs(pair[1]);
  char variable[] = "A=b c";
  char* environment[] = {variable, nullptr};
  const std::string job = job_of({"x.py", "a b", ""}, environment);
  ASSERT_TRUE(send(ours.get(), job, {0, 1, 2}));
  Message got;
  ASSERT_TRUE(receive(theirs.get(), got));
  EXPECT_EQ(got.payload, job);
  for (const base::Fd& stream : got.streams) EXPECT_TRUE(stream.valid());
  Reader in(got.payload);
  EXPECT_EQ(in.number(), 3u);
  EXPECT_EQ(in.text(), "x.py");
  EXPECT_EQ(in.text(), "a b");
  EXPECT_EQ(in.text(), "");
  EXPECT_EQ(in.number(), 1u);
  EXPECT_EQ(in.text(), "A=b c");
  EXPECT_FALSE(in.text().empty());
  in.number();
  EXPECT_TRUE(in.ok());
  in.number();
  EXPECT_FALSE(in.ok());
}

TEST(Wire, RefusesWhatIsNoJob) {
  for (std::string_view bytes : {"", "HWJ1", "GET / HTTP/1.1\r\n\r\n"}) {
    int pair[2];
    ASSERT_EQ(::socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
    base::Fd ours(pair[0]);
    const base::Fd theirs(pair[1]);
    send_all(ours.get(), bytes);
    ours.reset();
    Message got;
    EXPECT_FALSE(receive(theirs.get(), got)) << bytes;
  }
}

TEST(Wire, LeavingIsNoJob) {
  int pair[2];
  ASSERT_EQ(::socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
  const base::Fd ours(pair[0]);
  const base::Fd theirs(pair[1]);
  send_all(ours.get(), kLeave);
  Message got;
  EXPECT_FALSE(receive(theirs.get(), got));
  EXPECT_TRUE(got.leave);
}

TEST(HandOver, SaysThatNoneIsThere) {
  const Taken taken = hand_over("/nonexistent", {}, "");
  EXPECT_EQ(taken.socket, -1);
  EXPECT_EQ(taken.reason, "no warm driver is ready");
}

}  // namespace
}  // namespace howdah::warm

#include "nodes/local/provider.h"

#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include <algorithm>
#include <thread>

#include "base/json.h"
#include "base/text.h"
#include "nodes/local/rig.h"
#include "os/boot.h"
#include "os/cgroup.h"
#include "os/launch.h"

namespace howdah::nodes {
namespace {

using State = ProcessSeen::State;

class LocalNode : public testing::Test {
 protected:
  LocalNode() {
    auto made = rig_.provider().ensure(Rig::node_spec());
    made_ = made.ok();
    EXPECT_TRUE(made.ok()) << made.error().message;
  }
  void SetUp() override { ASSERT_TRUE(made_); }

  os::NodeFolder folder() const { return {rig_.data() / "nodes/j-1~i-1"}; }
  os::ProcessIdentity monitor_of(const std::string& process) {
    const auto text = os::read_file(folder().run(process) / "started").value_or("{}");
    const auto json = base::parse_json(text).value();
    return os::identity_from(*base::find_object(json.as_object(), "monitor"));
  }
  /// Processes of the host whose command line holds `part`.
  static int processes_with(const std::string& part) {
    int count = 0;
    for (const auto& entry : std::filesystem::directory_iterator("/proc")) {
      const auto line = os::read_file(entry.path() / "cmdline");
      if (line.ok() && line->find(part) != std::string::npos) ++count;
    }
    return count;
  }
  static void wait_until(const std::function<bool()>& condition) {
    base::SystemClock clock;
    for (int i = 0; i < 3000 && !condition(); ++i) clock.wait(base::Millis(10), {});
    EXPECT_TRUE(condition());
  }

  Rig rig_;
  bool made_ = false;
};

TEST_F(LocalNode, runs_a_process_as_hadoop_and_tells_its_exit_code) {
  const auto ran =
      rig_.run("s-1/attempt-1", "id -un; sudo id -u; hostname; pwd; echo oops >&2; exit 7");
  EXPECT_EQ(ran.seen.state, State::kExited);
  EXPECT_EQ(ran.seen.exit_code, 7) << ran.seen.reason;
  EXPECT_EQ(ran.seen.signal, 0);
  EXPECT_EQ(ran.out, "hadoop\n0\nip-10-0-0-1.ec2.internal\n/home/hadoop\n");
  EXPECT_EQ(ran.err, "oops\n");
  EXPECT_LE(*ran.seen.started, *ran.seen.ended);
}

TEST_F(LocalNode, tells_the_signal_that_ended_a_process) {
  EXPECT_EQ(rig_.run("self", "kill -9 $$").seen.signal, SIGKILL);
  EXPECT_EQ(rig_.run("segv", "kill -SEGV $$").seen.signal, SIGSEGV);
}

TEST_F(LocalNode, a_node_that_cannot_be_looked_at_is_not_one_that_is_gone) {
  rlimit old{};
  ASSERT_EQ(::getrlimit(RLIMIT_NOFILE, &old), 0);
  const rlimit none{0, old.rlim_max};
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &none), 0);
  const auto seen = rig_.provider().look("j-1/i-1");
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &old), 0);
  ASSERT_FALSE(seen.ok());
  EXPECT_NE(seen.error().code, base::Code::kNotFound) << seen.error().message;
  EXPECT_TRUE(rig_.provider().look("j-1/i-1")->alive);
}

TEST_F(LocalNode, tells_what_could_not_be_run) {
  auto spec = Rig::shell("none", "");
  spec.argv = {"no-such-program"};
  auto ran = rig_.run(spec);
  EXPECT_EQ(ran.seen.exit_code, 127);
  EXPECT_EQ(ran.seen.reason, "cannot run 'no-such-program': No such file or directory");
  EXPECT_EQ(ran.err, ran.seen.reason + "\n");
  spec = Rig::shell("nobody", "");
  spec.user = "no-such-user";
  EXPECT_EQ(rig_.run(spec).seen.reason, "there is no user 'no-such-user'");
  spec = Rig::shell("folder", "pwd; stat -c %U .");
  spec.working_directory = "/mnt/made/for/it";
  EXPECT_EQ(rig_.run(spec).out, "/mnt/made/for/it\nhadoop\n");
}

TEST_F(LocalNode, terminate_reaches_all_descendants_and_kill_ends_them) {
  ASSERT_TRUE(rig_.provider()
                  .start("j-1/i-1", Rig::shell("tree",
                                               "trap 'echo got it; exit 5' TERM; echo up; "
                                               "sleep 6001 & setsid sleep 6001 & wait"))
                  .ok());
  wait_until([&] {
    return processes_with("6001") >= 2 && rig_.text_of("/var/log/tree/stdout") == "up\n";
  });
  ASSERT_TRUE(rig_.provider().signal("j-1/i-1", "tree", Signal::kTerminate).ok());
  auto seen = rig_.wait_for_end("tree");
  EXPECT_EQ(seen.exit_code, 5);
  EXPECT_EQ(rig_.text_of("/mnt/var/log/tree/stdout"), "up\ngot it\n");
  EXPECT_EQ(processes_with("6001"), 0);

  ASSERT_TRUE(rig_.provider()
                  .start("j-1/i-1", Rig::shell("deaf", "trap '' TERM; sleep 6002 & wait; wait"))
                  .ok());
  wait_until([&] { return processes_with("6002") >= 2; });
  ASSERT_TRUE(rig_.provider().signal("j-1/i-1", "deaf", Signal::kKill).ok());
  seen = rig_.wait_for_end("deaf");
  EXPECT_EQ(seen.signal, SIGKILL);
  EXPECT_EQ(processes_with("6002"), 0);
  EXPECT_TRUE(rig_.provider().signal("j-1/i-1", "deaf", Signal::kKill).ok());
  EXPECT_TRUE(rig_.provider().signal("j-1/i-1", "never", Signal::kTerminate).ok());
}

TEST_F(LocalNode, runs_a_process_once_however_often_it_is_started) {
  const auto spec = Rig::shell("once", "echo x >> /mnt/tmp/count; sleep 0.2");
  {
    std::vector<std::jthread> starters;
    for (int i = 0; i < 8; ++i)
      starters.emplace_back([&] {
        auto other = make_local_provider({rig_.data(), rig_.tag(), HOWDAH_SHIM});
        EXPECT_TRUE(other->start("j-1/i-1", spec).ok());
      });
  }
  rig_.wait_for_end("once");
  rig_.run(spec);
  EXPECT_EQ(rig_.text_of("/mnt/tmp/count"), "x\n");
}

TEST_F(LocalNode, a_process_outlives_a_killed_server_and_is_found_again) {
  rig_.run("pipe", "mkfifo /mnt/tmp/go");
  const pid_t server = ::fork();
  if (server == 0) {
    auto provider = make_local_provider({rig_.data(), rig_.tag(), HOWDAH_SHIM});
    auto spec = Rig::shell("long", "read x < /mnt/tmp/go; echo went on; exit 3");
    if (!provider->start("j-1/i-1", spec).ok()) ::_exit(1);
    ::kill(::getpid(), SIGKILL);
  }
  int status = 0;
  ::waitpid(server, &status, 0);
  EXPECT_TRUE(WIFSIGNALED(status));
  rig_.open();
  EXPECT_EQ(rig_.look("long").state, State::kRunning);
  rig_.run("go", "echo > /mnt/tmp/go");
  const auto seen = rig_.wait_for_end("long");
  EXPECT_EQ(seen.exit_code, 3);
  EXPECT_EQ(rig_.text_of("/var/log/long/stdout"), "went on\n");
}

TEST_F(LocalNode, a_process_whose_monitor_was_killed_is_lost_with_all_it_started) {
  ASSERT_TRUE(rig_.provider().start("j-1/i-1", Rig::shell("lost", "sleep 6003 & sleep 6003")).ok());
  wait_until([&] { return processes_with("6003") >= 2; });
  const auto monitor = monitor_of("lost");
  ASSERT_EQ(::kill(monitor.pid, SIGKILL), 0);
  wait_until([&] { return rig_.look("lost").state == State::kLost; });
  EXPECT_NE(rig_.look("lost").reason.find("killed together with its supervisor"),
            std::string::npos);
  wait_until([&] { return processes_with("6003") == 0; });
  rig_.run(Rig::shell("lost", "echo again"));
  EXPECT_EQ(rig_.text_of("/var/log/lost/stdout"), "");  // a claim is for ever
}

TEST_F(LocalNode, a_claim_of_an_earlier_boot_is_lost_with_that_reason) {
  const auto run = folder().run("old");
  ASSERT_TRUE(os::make_folders(run).ok());
  auto identity = *os::identity_of(::getpid());
  identity.boot_id = "an earlier one";
  const base::JsonObject claim = {
      {"version", 1}, {"monitor", os::to_json(identity)}, {"started", 5}};
  ASSERT_TRUE(
      os::write_file(run / "started", base::to_text(claim), 0600, os::Durability::kProcess).ok());
  EXPECT_EQ(rig_.look("old").state, State::kLost);
  EXPECT_EQ(rig_.look("old").reason, "the host was restarted while it ran");
}

TEST_F(LocalNode, what_a_lingering_process_started_goes_on_until_the_node_ends) {
  auto spec = Rig::shell("bootstrap", "setsid sleep 6004 & echo done");
  spec.linger = true;
  EXPECT_EQ(rig_.run(spec).seen.exit_code, 0);
  EXPECT_GE(processes_with("6004"), 1);
  spec = Rig::shell("step", "setsid sleep 6005 & echo done");
  rig_.run(spec);
  EXPECT_EQ(processes_with("6005"), 0);
  ASSERT_TRUE(rig_.provider().remove("j-1/i-1").ok());
  EXPECT_EQ(processes_with("6004"), 0);
}

TEST_F(LocalNode, wait_for_change_returns_when_a_process_ends) {
  ASSERT_TRUE(rig_.provider().start("j-1/i-1", Rig::shell("brief", "sleep 0.3")).ok());
  base::SystemClock clock;
  const auto before = clock.steady();
  while (rig_.look("brief").state == State::kRunning &&
         clock.steady() - before < base::Millis(20'000))
    rig_.provider().wait_for_change(base::Millis(20'000), {});
  EXPECT_LT(clock.steady() - before, base::Millis(10'000));
  std::stop_source stop;
  stop.request_stop();
  rig_.provider().wait_for_change(base::Millis(60'000), stop.get_token());
}

TEST_F(LocalNode, a_dead_node_says_so_and_is_mended_with_its_files) {
  rig_.run("write",
           "echo kept > /mnt/tmp/kept; "
           "sudo touch /usr/local/kept-too");
  const auto text = os::read_file(folder().init()).value();
  const auto json = base::parse_json(text).value();
  const auto init = os::identity_from(*base::find_object(json.as_object(), "init"));
  ASSERT_EQ(::kill(init.pid, SIGKILL), 0);
  wait_until([&] { return !rig_.provider().look("j-1/i-1")->alive; });
  EXPECT_NE(rig_.provider().look("j-1/i-1")->reason.find("was ended"), std::string::npos);
  EXPECT_EQ(rig_.provider().start("j-1/i-1", Rig::shell("x", "")).error().code,
            base::Code::kFailedPrecondition);
  ASSERT_TRUE(rig_.provider().ensure(Rig::node_spec()).ok());
  EXPECT_TRUE(rig_.provider().look("j-1/i-1")->alive);
  EXPECT_EQ(rig_.run("read", "cat /mnt/tmp/kept; ls /usr/local/kept-too").out,
            "kept\n/usr/local/kept-too\n");
}

TEST_F(LocalNode, ensure_again_renews_files_and_environment_in_the_running_node) {
  auto spec = Rig::node_spec();
  spec.files.push_back({"/etc/spark/conf/spark-defaults.conf", "spark.a 1\n", 0644});
  spec.environment = {{"AWS_REGION", "eu-west-1"}};
  ASSERT_TRUE(rig_.provider().ensure(spec).ok());
  EXPECT_EQ(rig_.run("one", "cat /etc/spark/conf/spark-defaults.conf; echo $AWS_REGION").out,
            "spark.a 1\neu-west-1\n");
  spec.files[0].contents = "spark.a 2\n";
  ASSERT_TRUE(rig_.provider().ensure(spec).ok());
  EXPECT_EQ(rig_.run("two", "cat /etc/spark/conf/spark-defaults.conf").out, "spark.a 2\n");
}

TEST_F(LocalNode, nodes_of_two_installations_do_not_see_each_other) {
  Rig other;
  EXPECT_NE(other.tag(), rig_.tag());
  EXPECT_TRUE(other.provider().list()->empty());
  ASSERT_TRUE(other.provider().ensure(Rig::node_spec()).ok());
  ASSERT_TRUE(other.provider().remove("j-1/i-1").ok());
  EXPECT_TRUE(rig_.provider().look("j-1/i-1")->alive);
}

TEST_F(LocalNode, a_node_whose_folder_is_gone_is_still_listed_and_removed) {
  ASSERT_TRUE(rig_.provider().start("j-1/i-1", Rig::shell("orphan", "sleep 6006")).ok());
  wait_until([&] { return processes_with("6006") >= 1; });
  std::filesystem::rename(folder().path, rig_.data() / "moved");
  const auto nodes = rig_.provider().list().value();
  ASSERT_EQ(nodes.size(), 1u);
  EXPECT_EQ(nodes[0].id, "j-1/i-1");
  EXPECT_FALSE(nodes[0].alive);
  ASSERT_TRUE(rig_.provider().remove("j-1/i-1").ok());
  EXPECT_EQ(processes_with("6006"), 0);
  EXPECT_TRUE(rig_.provider().list()->empty());
}

TEST_F(LocalNode, remove_leaves_nothing_but_logs_and_forget_not_even_those) {
  const auto mounts = os::read_file("/proc/self/mounts").value();
  auto spec = Rig::shell("s-1", "echo line; sudo touch /usr/x /mnt/y; sleep 6007");
  spec.memory_limit_bytes = 512u << 20;
  ASSERT_TRUE(rig_.provider().start("j-1/i-1", spec).ok());
  wait_until([&] { return rig_.text_of("/mnt/var/log/s-1/stdout") == "line\n"; });
  base::SystemClock clock;
  const auto before = clock.steady();
  ASSERT_TRUE(rig_.provider().remove("j-1/i-1").ok());
  std::printf("remove of a node with a running process: %ld ms\n",
              static_cast<long>((clock.steady() - before).count()));
  EXPECT_EQ(processes_with("6007"), 0);
  // What is erased behind is no longer the node's, and soon gone.
  wait_until([&] { return std::filesystem::is_empty(rig_.data() / "trash"); });
  wait_until([&] { return os::Launcher(rig_.tag()).find_all().empty(); });
  EXPECT_TRUE(os::Cgroups("howdah-" + rig_.tag()).nodes().empty());
  EXPECT_EQ(os::read_file("/proc/self/mounts").value(), mounts);
  EXPECT_TRUE(rig_.provider().list()->empty());
  EXPECT_EQ(rig_.provider().look("j-1/i-1").error().code, base::Code::kNotFound);
  EXPECT_EQ(rig_.text_of("/mnt/var/log/s-1/stdout"), "line\n");
  ASSERT_TRUE(rig_.provider().forget("j-1/i-1").ok());
  EXPECT_FALSE(std::filesystem::exists(folder().path));
  EXPECT_TRUE(rig_.provider().remove("j-1/i-1").ok());
  EXPECT_TRUE(rig_.provider().forget("j-1/i-1").ok());
}

TEST_F(LocalNode, a_process_over_its_memory_limit_is_ended_and_says_so) {
  if (!os::Cgroups("howdah-" + rig_.tag()).warning().empty())
    GTEST_SKIP() << os::Cgroups("howdah-" + rig_.tag()).warning();
  auto spec = Rig::shell("big", "python3 -c 'x = bytearray(600 << 20)'");
  spec.memory_limit_bytes = 200u << 20;
  auto seen = rig_.run(spec).seen;
  EXPECT_TRUE(seen.out_of_memory);
  EXPECT_TRUE(seen.signal == SIGKILL || seen.exit_code == 137) << seen.signal << seen.exit_code;
  spec = Rig::shell("small", "python3 -c 'x = bytearray(20 << 20)'; exit 1");
  spec.memory_limit_bytes = 200u << 20;
  EXPECT_FALSE(rig_.run(spec).seen.out_of_memory);
}

TEST_F(LocalNode, usage_is_of_all_processes_of_a_node) {
  auto spec = Rig::shell("big",
                         "python3 -c 'x = b\"x\" * (100 << 20); print(len(x), flush=True); "
                         "import signal; signal.pause()' & wait");
  ASSERT_TRUE(rig_.provider().start("j-1/i-1", spec).ok());
  wait_until([&] { return rig_.text_of("/mnt/var/log/big/stdout") == "104857600\n"; });
  const auto used = rig_.provider().usage();
  ASSERT_TRUE(used.ok());
  ASSERT_TRUE(used->contains("j-1/i-1"));
  EXPECT_GE(used->at("j-1/i-1").memory_bytes, 100u << 20);
  EXPECT_GT(used->at("j-1/i-1").cpu, base::Millis(0));
  ASSERT_TRUE(rig_.provider().signal("j-1/i-1", "big", Signal::kKill).ok());
  rig_.wait_for_end("big");
  EXPECT_FALSE(rig_.provider().usage()->contains("j-1/i-1"));
}

TEST_F(LocalNode, two_processes_share_the_limit_of_the_second) {
  if (!os::Cgroups("howdah-" + rig_.tag()).warning().empty())
    GTEST_SKIP() << os::Cgroups("howdah-" + rig_.tag()).warning();
  // The first waits for the second before it takes more than that may have.
  auto first = Rig::shell("first",
                          "until [ -e /mnt/go ]; do sleep 0.05; done; "
                          "exec python3 -c 'x = bytearray(600 << 20)'");
  first.memory_limit_bytes = 4096ull << 20;
  ASSERT_TRUE(rig_.provider().start("j-1/i-1", first).ok());
  auto second = Rig::shell("second", "sudo touch /mnt/go; exec sleep 6008");
  second.memory_limit_bytes = 200u << 20;
  second.memory_with = "first";
  ASSERT_TRUE(rig_.provider().start("j-1/i-1", second).ok());
  const auto seen = rig_.wait_for_end("first");
  EXPECT_TRUE(seen.signal == SIGKILL || seen.exit_code == 137) << seen.signal << seen.exit_code;
  ASSERT_TRUE(rig_.provider().signal("j-1/i-1", "second", Signal::kTerminate).ok());
  EXPECT_TRUE(rig_.wait_for_end("second").out_of_memory);
}

TEST(LocalNodeTimes, making_a_node_and_running_true_in_it) {
  Rig rig;
  base::SystemClock clock;
  const auto millis = [&](base::Millis since) {
    return static_cast<long>((clock.steady() - since).count());
  };
  for (int i = 0; i < 3; ++i) {
    const std::string node = "j-1/i-" + std::to_string(i);
    auto at = clock.steady();
    ASSERT_TRUE(rig.provider().ensure(Rig::node_spec(node)).ok());
    const long made = millis(at);
    at = clock.steady();
    ASSERT_TRUE(rig.provider().ensure(Rig::node_spec(node)).ok());
    const long again = millis(at);
    at = clock.steady();
    ProcessSpec spec = Rig::shell("true", "");
    spec.argv = {"true"};
    ASSERT_TRUE(rig.provider().start(node, spec).ok());
    const long started = millis(at);
    EXPECT_EQ(rig.wait_for_end("true", node).exit_code, 0);
    const long ended = millis(at);
    at = clock.steady();
    ASSERT_TRUE(rig.provider().remove(node).ok());
    std::printf("ensure %ld ms, ensure again %ld, start %ld, exit seen %ld, remove %ld\n", made,
                again, started, ended, millis(at));
  }
}

}  // namespace
}  // namespace howdah::nodes

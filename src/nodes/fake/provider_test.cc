#include "nodes/fake/provider.h"

#include <gtest/gtest.h>
#include <signal.h>
#include <unistd.h>

namespace howdah::nodes {
namespace {

using State = ProcessSeen::State;

struct Fake {
  Fake() {
    NodeSpec spec;
    spec.id = "j-1/i-1";
    EXPECT_TRUE(provider.ensure(spec).ok());
  }
  base::Status start(const std::string& id) {
    ProcessSpec spec;
    spec.id = id;
    return provider.start("j-1/i-1", spec);
  }
  ProcessSeen seen(const std::string& id) {
    const auto node = provider.look("j-1/i-1").value();
    for (const auto& [name, process] : node.processes)
      if (name == id) return process;
    return {};
  }
  base::FakeClock clock;
  FakeProvider provider{clock};
};

TEST(FakeProvider, runs_a_process_once_until_told_to_end) {
  Fake fake;
  EXPECT_TRUE(fake.start("s-1/attempt-1").ok());
  EXPECT_TRUE(fake.start("s-1/attempt-1").ok());
  EXPECT_EQ(fake.provider.started().size(), 1u);
  EXPECT_EQ(fake.seen("s-1/attempt-1").state, State::kRunning);
  fake.provider.finish("j-1/i-1", "s-1/attempt-1", 3);
  EXPECT_TRUE(fake.start("s-1/attempt-1").ok());
  EXPECT_EQ(fake.seen("s-1/attempt-1").exit_code, 3);
  EXPECT_TRUE(fake.provider.running().empty());
}

TEST(FakeProvider, fails_before_or_after_the_effect) {
  Fake fake;
  fake.provider.fail_next(FakeProvider::Call::kStart, base::unavailable("no"));
  EXPECT_FALSE(fake.start("s-1/attempt-1").ok());
  EXPECT_TRUE(fake.provider.started().empty());
  fake.provider.set_fault([](auto call, auto when, auto&, auto&) -> std::optional<base::Error> {
    if (call == FakeProvider::Call::kStart && when == FakeProvider::When::kAfter)
      return base::unavailable("the answer was lost");
    return std::nullopt;
  });
  EXPECT_FALSE(fake.start("s-1/attempt-1").ok());
  EXPECT_EQ(fake.provider.started().size(), 1u);
  EXPECT_EQ(fake.provider.count(FakeProvider::Call::kStart), 2);
}

TEST(FakeProvider, a_killed_node_ends_its_processes_and_starts_nothing) {
  Fake fake;
  EXPECT_TRUE(fake.start("s-1/attempt-1").ok());
  fake.provider.kill_node("j-1/i-1");
  EXPECT_EQ(fake.seen("s-1/attempt-1").signal, SIGKILL);
  EXPECT_EQ(fake.start("s-2/attempt-1").error().code, base::Code::kFailedPrecondition);
  EXPECT_FALSE(fake.provider.look("j-1/i-1")->alive);
}

TEST(FakeProvider, a_restarted_host_loses_what_ran) {
  Fake fake;
  EXPECT_TRUE(fake.start("s-1/attempt-1").ok());
  fake.provider.restart_host();
  EXPECT_EQ(fake.seen("s-1/attempt-1").state, State::kLost);
  EXPECT_EQ(fake.seen("s-1/attempt-1").reason, "the host was restarted while it ran");
}

TEST(FakeProvider, signals_and_scripts_end_processes) {
  Fake fake;
  fake.provider.ignore_terminate("stubborn");
  EXPECT_TRUE(fake.start("stubborn").ok());
  EXPECT_TRUE(fake.provider.signal("j-1/i-1", "stubborn", Signal::kTerminate).ok());
  EXPECT_EQ(fake.seen("stubborn").state, State::kRunning);
  EXPECT_TRUE(fake.provider.signal("j-1/i-1", "stubborn", Signal::kKill).ok());
  EXPECT_EQ(fake.seen("stubborn").signal, SIGKILL);
  fake.provider.set_script([](auto&, auto&) { return std::optional<int>(0); });
  EXPECT_TRUE(fake.start("quick").ok());
  EXPECT_EQ(fake.seen("quick").state, State::kExited);
  fake.provider.wait_for_change(base::Millis(0), {});  // returns: something has changed
}

TEST(FakeProvider, keeps_logs_until_it_forgets_the_node) {
  Fake fake;
  fake.provider.write("j-1/i-1", "/var/log/hadoop/steps/s-1/stdout", "hello");
  auto fd = fake.provider.open_file("j-1/i-1", "/mnt/var/log/hadoop/steps/s-1/stdout");
  ASSERT_TRUE(fd.ok());
  char text[8] = {};
  EXPECT_EQ(::read(fd->get(), text, sizeof text), 5);
  EXPECT_FALSE(fake.provider.forget("j-1/i-1").ok());
  EXPECT_TRUE(fake.provider.remove("j-1/i-1").ok());
  EXPECT_TRUE(fake.provider.list()->empty());
  EXPECT_TRUE(fake.provider.open_file("j-1/i-1", "/mnt/var/log/hadoop/steps/s-1/stdout").ok());
  EXPECT_TRUE(fake.provider.forget("j-1/i-1").ok());
  EXPECT_FALSE(fake.provider.open_file("j-1/i-1", "/mnt/var/log/hadoop/steps/s-1/stdout").ok());
}

}  // namespace
}  // namespace howdah::nodes

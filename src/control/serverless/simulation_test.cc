// The real store, reconciler and pool against nodes in memory, with a crash at every single call
// that changes the world: whatever happens, the same end, nothing run twice, nothing left behind.

#include <gtest/gtest.h>

#include <filesystem>
#include <functional>
#include <map>

#include "base/ids.h"
#include "base/log.h"
#include "control/jobs/fake_host.h"
#include "control/jobs/test_crash.h"
#include "control/serverless/applications.h"
#include "control/serverless/fake_world.h"
#include "control/serverless/warm_pool.h"
#include "nodes/fake/provider.h"

namespace howdah::control {
namespace {

using serverless::ApplicationState;
using serverless::RunState;

class FakeClusters final : public StandaloneClusters {
 public:
  std::string master(const AttemptPlace&) override { return "spark://127.0.0.1:40123"; }
  Seen ask(const AttemptPlace&, uint16_t) override { return {.wanted = 1, .idle = {2}}; }
};

class FakeLogs final : public RunLogs {
 public:
  explicit FakeLogs(CrashPoint& point) : point_(point) {}
  base::Status ship(const serverless::Application&, const serverless::JobRun& run,
                    const AttemptPlace& place, bool last) override {
    point_.pass();
    if (last) shipped[run.id].insert(place.attempt);
    return base::ok();
  }
  base::Status forget(const serverless::Key&, const std::string&) override { return base::ok(); }
  std::map<std::string, std::set<int>> shipped;

 private:
  CrashPoint& point_;
};

struct Story {
  std::vector<serverless::JobRun> runs;
  std::string cancel;  // this run, once it runs
  bool warm = false;   // a driver is ready before they come
  std::string unseen;  // while this run runs, its node cannot be looked at for a while
};

struct Outcome {
  std::map<std::string, RunState> runs;
  std::map<std::string, size_t> attempts;
  std::map<std::string, int> started;  // how often each process really began
  std::map<std::string, std::set<int>> shipped;
  ApplicationState application = ApplicationState::kCreating;
  size_t nodes_left = 0;  // of runs
  bool operator==(const Outcome&) const = default;
};

serverless::JobRun job(const std::string& id, const std::string& script) {
  serverless::JobRun out;
  out.id = id;
  out.wanted.release_label = "emr-7.10.0";
  out.wanted.spark = serverless::SparkSubmit{script, {}, "--conf spark.driver.memory=4g"};
  return out;
}

class Simulation {
 public:
  explicit Simulation(int crash_at) {
    base::set_log_level(base::Level::kError);
    host_.total = uint64_t{64} << 30;
    host_.free = uint64_t{32} << 30;
    const std::filesystem::path memory = "/dev/shm";
    folder_ = (std::filesystem::exists(memory) ? memory : std::filesystem::temp_directory_path()) /
              ("howdah-runs-" + base::RandomIds().token(base::kLowerAlnum, 10));
    std::filesystem::create_directories(folder_);
    store_ = std::move(store::ServerlessStore::open(folder_ / "serverless.db", clock_)).value();
    point_.at = crash_at;
  }
  ~Simulation() {
    applications_.reset();
    pool_.reset();
    store_.reset();
    std::filesystem::remove_all(folder_);
  }

  Outcome run(const Story& story) {
    serverless::WantedApplication wanted;
    wanted.release_label = "emr-7.10.0";
    wanted.type = "Spark";
    EXPECT_TRUE(store_->create_application(key_, wanted, "token").ok());
    nodes_.set_script([](const std::string&, const nodes::ProcessSpec& spec) -> std::optional<int> {
      if (spec.id == "warm") return std::nullopt;
      const std::string& script = spec.argv.at(1);
      if (script == "long") return std::nullopt;
      return script == "bad" ? 1 : 0;
    });
    nodes_.set_fault([this](auto call, auto, const std::string&,
                            const std::string&) -> std::optional<base::Error> {
      if (call != nodes::FakeProvider::Call::kLook && call != nodes::FakeProvider::Call::kList)
        point_.pass();
      return std::nullopt;
    });
    start();
    for (int round = 0; round < 400; ++round) {
      if (round == 20) submit(story);
      if (!story.cancel.empty() && state(story.cancel) == RunState::kRunning) cancel(story.cancel);
      if (round > 20 && is_quiet(story)) break;
      if (!unseen_ && !story.unseen.empty() && state(story.unseen) == RunState::kRunning) {
        unseen_ = true;
        nodes_.fail_next(nodes::FakeProvider::Call::kLook, base::unavailable("too many files"), 3);
      }
      if (unseen_ && round == 60) finish(story.unseen);
      try {
        if (story.warm) warm();
        (void)applications_->reconcile(key_).ok();  // an error is tried again
      } catch (const Crash&) {
        start();  // nothing but the store and the world is left
      }
      clock_.advance(base::Millis(300));
    }
    return outcome(story);
  }
  bool crashed() const { return point_.at != 0 && point_.passed >= point_.at; }

 private:
  void start() {
    applications_.reset();
    pool_ = std::make_unique<WarmPool>(engines_, nodes_, host_, clock_, ids_, WarmPool::Options{});
    applications_ = std::make_unique<Applications>(
        ServerlessWorld{*store_, nodes_, engines_, clusters_, *pool_, logs_, host_, clock_, 2});
    try {
      EXPECT_TRUE(applications_->remove_unwanted().ok());
    } catch (const Crash&) {
      start();
    }
  }
  // A driver gets ready as the real one does: it says so in a file.
  void warm() {
    pool_->keep({"000000000000", "us-east-1", "00other"}, {"emr-7.10.0", "4g"}, 1);
    (void)pool_->tend();
    const auto there = nodes_.list();
    for (const nodes::NodeSeen& node : *there) {
      if (node.id.starts_with("warm/"))
        nodes_.write(node.id, "/mnt/var/lib/howdah/warm/driver/ready", "");
    }
    (void)pool_->tend();
  }
  void submit(const Story& story) {
    for (const serverless::JobRun& run : story.runs) {
      EXPECT_TRUE(store_
                      ->start_run(key_, run, run.id,
                                  [](const store::ApplicationRow&, size_t) { return base::ok(); })
                      .ok());
    }
  }
  RunState state(const std::string& run) {
    const auto row = store_->run(key_, run);
    return row.ok() ? row->status.state : RunState::kSubmitted;
  }
  void finish(const std::string& run) {
    const serverless::JobRun row = *store_->run(key_, run);
    nodes_.finish(row.status.node, serverless::process_of(row, 1));
  }
  void cancel(const std::string& run) {
    EXPECT_TRUE(store_
                    ->change_run(key_, run,
                                 [](serverless::WantedRun& w, const serverless::RunStatus&) {
                                   w.cancel = true;
                                   return base::ok();
                                 })
                    .ok());
  }
  size_t nodes_of_runs() {
    size_t out = 0;
    const auto there = nodes_.list();
    for (const nodes::NodeSeen& node : *there) {
      bool ran = node.id.starts_with("00");
      for (const auto& [id, process] : node.processes) ran = ran || id != "warm";
      out += ran ? 1 : 0;
    }
    return out;
  }
  bool is_quiet(const Story& story) {
    for (const serverless::JobRun& run : story.runs)
      if (!serverless::is_terminal(state(run.id))) return false;
    return nodes_of_runs() == 0;
  }

  Outcome outcome(const Story& story) {
    nodes_.set_fault({});
    Outcome out;
    for (const serverless::JobRun& run : story.runs) {
      const auto row = store_->run(key_, run.id);
      out.runs[run.id] = row->status.state;
      out.attempts[run.id] = row->status.attempts.size();
    }
    std::map<std::string, int> workers;  // a driver that is done early needs them no more
    for (const auto& started : nodes_.started()) {
      const std::string& id = started.spec.id;
      if (id.find("-worker-") != std::string::npos) {
        EXPECT_EQ(++workers[id], 1) << id;
      } else if (id != "warm") {
        ++out.started[id];
      }
    }
    out.shipped = logs_.shipped;
    out.application = store_->application(key_)->status.state;
    out.nodes_left = nodes_of_runs();
    return out;
  }

  bool unseen_ = false;
  base::FakeClock clock_;
  base::RandomIds ids_;
  CrashPoint point_;
  std::filesystem::path folder_;
  std::unique_ptr<store::ServerlessStore> store_;
  nodes::FakeProvider nodes_{clock_};
  FakeSparkEngines engines_;
  FakeClusters clusters_;
  FakeLogs logs_{point_};
  FakeHost host_;
  std::unique_ptr<WarmPool> pool_;
  std::unique_ptr<Applications> applications_;
  const serverless::Key key_{"000000000000", "us-east-1", "00simulated"};
};

void survive_every_crash(const Story& story, const std::map<std::string, RunState>& expected) {
  const Outcome whole = Simulation(0).run(story);
  EXPECT_EQ(whole.runs, expected);
  EXPECT_EQ(whole.nodes_left, 0u);
  int points = 0;
  for (int at = 1; at < 500; ++at) {
    Simulation simulation(at);
    const Outcome after = simulation.run(story);
    if (!simulation.crashed()) break;
    ++points;
    EXPECT_EQ(after.runs, whole.runs) << "crash at point " << at;
    EXPECT_EQ(after.attempts, whole.attempts) << "crash at point " << at;
    EXPECT_EQ(after.started, whole.started) << "crash at point " << at;
    EXPECT_EQ(after.shipped, whole.shipped) << "crash at point " << at;
    EXPECT_EQ(after.application, whole.application) << "crash at point " << at;
    EXPECT_EQ(after.nodes_left, 0u) << "crash at point " << at;
  }
  EXPECT_GT(points, 8);
}

TEST(ServerlessSimulation, good_and_bad_runs_survive_every_crash) {
  Story story;
  story.runs = {job("00a", "good"), job("00b", "bad")};
  survive_every_crash(story, {{"00a", RunState::kSuccess}, {"00b", RunState::kFailed}});
}

TEST(ServerlessSimulation, every_attempt_of_a_retried_run_happens_once) {
  Story story;
  story.runs = {job("00a", "bad")};
  story.runs[0].wanted.max_attempts = 3;
  survive_every_crash(story, {{"00a", RunState::kFailed}});
}

TEST(ServerlessSimulation, a_run_with_a_cluster_of_its_own_survives_every_crash) {
  Story story;
  story.runs = {job("00a", "good")};
  story.runs[0].wanted.spark->parameters =
      "--num-executors 2 --conf spark.howdah.placement=cluster";
  survive_every_crash(story, {{"00a", RunState::kSuccess}});
}

TEST(ServerlessSimulation, a_cancelled_run_survives_every_crash) {
  Story story;
  story.runs = {job("00a", "long"), job("00b", "good")};
  story.cancel = "00a";
  survive_every_crash(story, {{"00a", RunState::kCancelled}, {"00b", RunState::kSuccess}});
}

TEST(ServerlessSimulation, a_node_that_cannot_be_looked_at_for_a_while_fails_no_run) {
  Story story;
  story.runs = {job("00a", "long")};
  story.unseen = "00a";
  const Outcome outcome = Simulation(0).run(story);
  EXPECT_EQ(outcome.runs.at("00a"), RunState::kSuccess);
  EXPECT_EQ(outcome.started.size(), 1u);
}

TEST(ServerlessSimulation, a_warm_driver_is_used_once_whatever_crashes) {
  Story story;
  story.runs = {job("00a", "good"), job("00b", "good")};
  story.warm = true;
  survive_every_crash(story, {{"00a", RunState::kSuccess}, {"00b", RunState::kSuccess}});
}

}  // namespace
}  // namespace howdah::control

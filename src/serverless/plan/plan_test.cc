#include "serverless/plan/plan.h"

#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

#include <algorithm>

namespace howdah::serverless {
namespace {

using ProcessState = job::Process::State;

// A world in memory: nodes and processes appear when actions ask for them.
class World {
 public:
  World() {
    application.key = {"000000000000", "us-east-1", "00app"};
    application.wanted.release_label = "emr-7.10.0";
    application.wanted.type = "Spark";
    seen.engine.state = Seen::Engine::State::kInstalled;
  }

  JobRun& submit(const std::string& id, Resources workers = {2, 10, 40}) {
    JobRun run;
    run.id = id;
    run.sequence = static_cast<int64_t>(application.runs.size()) + 1;
    run.status.created = now;
    application.runs.push_back(run);
    SeenRun one;
    one.workers = workers;
    one.worker_count = 2;
    one.way = "local[1]";
    seen.runs[id] = one;
    return application.runs.back();
  }

  // One decision, committed and acted upon.
  Plan step() {
    for (const JobRun& run : application.runs) {
      const auto& attempts = run.status.attempts;
      seen.runs[run.id].attempt = attempts.empty() ? 1 : attempts.back().number;
    }
    Plan out = plan(application, seen, now);
    application = out.next;
    for (const JobRun& run : out.next.runs) {
      if (is_terminal(run.status.state)) ended[run.id] = run;
    }
    std::erase_if(application.runs,
                  [](const JobRun& run) { return is_terminal(run.status.state); });
    for (const Action& action : out.actions) act(action);
    now += base::Millis(10);
    return out;
  }
  // Until nothing changes any more.
  void settle() {
    for (int i = 0; i < 30; ++i) step();
  }

  JobRun& run(const std::string& id) {
    for (JobRun& one : application.runs)
      if (one.id == id) return one;
    return ended.at(id);
  }
  RunState state(const std::string& id) { return run(id).status.state; }
  void exit(const std::string& id, int code) {
    seen.runs[id].process.state = ProcessState::kExited;
    seen.runs[id].process.exit_code = code;
    seen.runs[id].process.ended = now;
  }

  Application application;
  Seen seen;
  base::Time now = base::from_millis(1'700'000'000'000);
  std::map<std::string, JobRun> ended;
  int started = 0;
  int signals = 0, kills = 0;
  bool nodes_fail = false;

 private:
  void act(const Action& action) {
    SeenRun& run = seen.runs[action.run];
    switch (action.kind) {
      case Action::Kind::kInstallEngine:
        seen.engine.state = Seen::Engine::State::kInstalled;
        break;
      case Action::Kind::kEnsureNode:
        if (nodes_fail) {
          run.node_error = "no room on the disk";
          break;
        }
        run.node_exists = run.node_alive = true;
        if (std::find(seen.nodes.begin(), seen.nodes.end(), action.node) == seen.nodes.end())
          seen.nodes.push_back(action.node);
        break;
      case Action::Kind::kStartMaster:
        if (run.node_alive) run.master = "spark://127.0.0.1:40123";
        break;
      case Action::Kind::kStartWorker:
        run.workers_seen.try_emplace(action.executor, ProcessState::kRunning);
        break;
      case Action::Kind::kStopWorker:
        run.workers_seen[action.executor] = ProcessState::kExited;
        break;
      case Action::Kind::kStartRun:
        if (!run.node_alive || run.process.state != ProcessState::kUnknown) break;
        run.process.state = ProcessState::kRunning;
        ++started;
        break;
      case Action::Kind::kSignalRun:
        ++(action.kill ? kills : signals);
        if (action.kill) {
          run.process.state = ProcessState::kExited;
          run.process.signal = 9;
          run.process.ended = now;
        }
        break;
      case Action::Kind::kShipLogs:
        run.logs_shipped = true;
        break;
      case Action::Kind::kRemoveNode: {
        std::erase(seen.nodes, action.node);
        for (auto& [id, one] : seen.runs) {
          if (node_of_run(id) == action.node) continue;
          const SeenRun fresh{.workers = one.workers, .worker_count = 2, .way = one.way};
          if (!lives(id)) one = fresh;
        }
        break;
      }
    }
  }
  std::string node_of_run(const std::string& id) {
    for (const JobRun& one : application.runs)
      if (one.id == id) return one.status.node;
    return {};
  }
  bool lives(const std::string& id) { return !node_of_run(id).empty(); }
};

TEST(ServerlessPlan, a_run_starts_its_application_and_runs_to_success) {
  World world;
  world.step();
  EXPECT_EQ(world.application.status.state, ApplicationState::kCreated);
  world.submit("r1");
  const Plan first = world.step();
  EXPECT_EQ(world.application.status.state, ApplicationState::kStarted);
  EXPECT_EQ(world.state("r1"),
            RunState::kScheduled);  // all in one decision: a start takes no polls
  ASSERT_EQ(first.actions.size(), 2u);
  world.step();
  EXPECT_EQ(world.state("r1"), RunState::kRunning);
  EXPECT_EQ(held(world.application), (Resources{2, 10, 40}));
  world.now += base::Millis(90'000);
  world.exit("r1", 0);
  world.settle();
  EXPECT_EQ(world.state("r1"), RunState::kSuccess);
  const RunStatus& status = world.run("r1").status;
  EXPECT_NEAR(status.total.vcpu_hours, 2 * 90.0 / 3600, 0.001);
  EXPECT_NEAR(status.billed.vcpu_hours, 2 * 91.0 / 3600, 0.001);
  EXPECT_EQ(status.billed.storage_gb_hours, 0);  // 20 GB a worker are free
  EXPECT_TRUE(world.seen.nodes.empty());
  EXPECT_EQ(world.started, 1);
}

TEST(ServerlessPlan, a_run_of_a_second_is_billed_a_minute) {
  World world;
  world.submit("r1", {1, 2, 60});
  world.step();
  world.step();
  world.exit("r1", 0);
  world.settle();
  EXPECT_NEAR(world.run("r1").status.billed.vcpu_hours, 1.0 / 60, 1e-9);
  EXPECT_NEAR(world.run("r1").status.billed.storage_gb_hours, 20.0 / 60, 1e-9);
  EXPECT_LT(world.run("r1").status.total.vcpu_hours, 1.0 / 60);
}

TEST(ServerlessPlan, a_failure_says_exit_code_and_exceptions) {
  World world;
  world.submit("r1");
  world.step();
  world.step();
  world.seen.runs["r1"].last_exceptions = "ValueError: no";
  world.exit("r1", 3);
  world.settle();
  EXPECT_EQ(world.state("r1"), RunState::kFailed);
  EXPECT_EQ(
      world.run("r1").status.details,
      "Job failed, please check complete logs in configured logging destination. ExitCode: 3. "
      "Last few exceptions: ValueError: no");
}

TEST(ServerlessPlan, retries_are_attempts_in_nodes_of_their_own) {
  World world;
  world.submit("r1").wanted.max_attempts = 3;
  std::vector<std::string> nodes;
  for (int attempt = 1; attempt <= 3; ++attempt) {
    world.step();
    world.step();
    ASSERT_EQ(world.state("r1"), RunState::kRunning) << attempt;
    nodes.push_back(world.run("r1").status.node);
    world.exit("r1", 1);
    for (int i = 0; i < 3; ++i) {
      world.step();
      if (world.state("r1") != RunState::kRunning) break;
    }
    world.seen.runs["r1"] = SeenRun{.workers = {2, 10, 40}, .worker_count = 2};
  }
  EXPECT_EQ(world.state("r1"), RunState::kFailed);
  EXPECT_EQ(world.run("r1").status.attempts.size(), 3u);
  EXPECT_EQ(std::set<std::string>(nodes.begin(), nodes.end()).size(), 3u);
}

TEST(ServerlessPlan, the_queue_lets_so_many_in_and_gives_up_in_time) {
  World world;
  world.application.wanted.scheduler = Scheduler{1, 15};
  world.submit("r1");
  world.submit("r2");
  world.step();
  world.step();
  EXPECT_EQ(world.state("r1"), RunState::kRunning);
  EXPECT_EQ(world.state("r2"), RunState::kQueued);
  world.seen.runs["r2"].in_state_for = std::chrono::minutes(15);
  world.step();
  EXPECT_EQ(world.state("r2"), RunState::kFailed);
  world.submit("r3");
  world.step();
  EXPECT_EQ(world.state("r3"), RunState::kQueued);
  world.exit("r1", 0);
  world.settle();
  EXPECT_EQ(world.state("r3"), RunState::kRunning);
}

TEST(ServerlessPlan, what_never_fits_fails_at_once_and_what_does_not_fit_yet_waits) {
  World world;
  world.application.wanted.maximum = Resources{4, 32, 0};
  world.submit("big", {8, 16, 40});
  world.submit("r1", {3, 10, 40});
  world.submit("r2", {2, 10, 40});
  world.step();
  EXPECT_EQ(world.state("big"), RunState::kFailed);
  EXPECT_NE(world.run("big").status.details.find("maximumCapacity settings: [cpu: 4 vCPU"),
            std::string::npos);
  EXPECT_EQ(world.state("r1"), RunState::kScheduled);
  EXPECT_EQ(world.state("r2"), RunState::kPending);
  EXPECT_NE(world.run("r2").status.details.find("Waiting for capacity"), std::string::npos);
  world.step();
  world.exit("r1", 0);
  world.settle();
  EXPECT_EQ(world.state("r2"), RunState::kRunning);
}

TEST(ServerlessPlan, cancel_ends_a_run_in_every_state) {
  for (const RunState state : {RunState::kSubmitted, RunState::kQueued, RunState::kPending,
                               RunState::kScheduled, RunState::kRunning}) {
    World world;
    if (state == RunState::kQueued) {
      world.application.wanted.scheduler = Scheduler{1, 15};
      world.submit("other");
    }
    if (state == RunState::kPending) world.seen.memory = false;
    if (state == RunState::kScheduled) world.nodes_fail = false;
    world.submit("r1");
    if (state != RunState::kSubmitted) {
      const Plan first = plan(world.application, world.seen, world.now);
      world.application = first.next;  // committed; the crash came before its actions
    }
    if (state == RunState::kRunning) world.settle();
    ASSERT_EQ(world.state("r1"), state);
    world.run("r1").wanted.cancel = true;
    world.step();
    world.seen.runs["r1"].signalled_for = kCancelGrace;
    world.settle();
    EXPECT_EQ(world.state("r1"), RunState::kCancelled) << name_of(state);
    EXPECT_EQ(world.kills > 0, state == RunState::kRunning) << name_of(state);
  }
}

TEST(ServerlessPlan, a_run_over_its_time_is_cancelled_and_says_so) {
  World world;
  world.submit("r1").wanted.timeout_minutes = 5;
  world.step();
  world.step();
  world.seen.runs["r1"].process.running_for = std::chrono::minutes(5);
  world.step();
  EXPECT_EQ(world.state("r1"), RunState::kCancelling);
  EXPECT_EQ(world.signals, 1);
  world.exit("r1", 143);
  world.settle();
  EXPECT_EQ(world.state("r1"), RunState::kCancelled);
  EXPECT_NE(world.run("r1").status.details.find("execution timeout of 5 minutes"),
            std::string::npos);
}

TEST(ServerlessPlan, a_warm_node_is_taken_and_one_that_died_first_is_replaced) {
  World world;
  world.submit("r1");
  world.seen.warm["r1"] = "warm/7";
  world.seen.runs["r1"].node_alive = true;
  const Plan first = world.step();
  EXPECT_EQ(world.run("r1").status.node, "warm/7");
  for (const Action& action : first.actions) EXPECT_NE(action.kind, Action::Kind::kEnsureNode);

  World other;
  other.submit("r1");
  other.seen.warm["r1"] = "warm/7";
  other.application = plan(other.application, other.seen, other.now).next;  // and then it died
  other.seen.warm.clear();
  other.settle();
  EXPECT_EQ(other.state("r1"), RunState::kRunning);
  EXPECT_EQ(other.run("r1").status.node, node_of(other.application.key, other.run("r1"), 1));
}

// Three executors at its start, each of one vCPU and 4 GB; the driver of one and 2.
JobRun& submit_standalone(World& world, const std::string& id) {
  JobRun& out = world.submit(id, {4, 14, 80});
  SeenRun& seen = world.seen.runs[id];
  seen.way = kStandalone;
  seen.driver = {1, 2, 20};
  seen.executor = {1, 4, 20};
  seen.executors_wanted = 3;
  seen.executors_most = 8;
  return out;
}

std::vector<int> workers_of(const JobRun& run) {
  std::vector<int> out;
  for (const ExecutorWorker& worker : run.status.executors) out.push_back(worker.number);
  return out;
}

TEST(ServerlessPlan, a_driver_waits_for_its_master_and_has_as_many_workers_as_it_asks_for) {
  World world;
  submit_standalone(world, "r1");
  const Plan first = world.step();
  for (const Action& action : first.actions) EXPECT_NE(action.kind, Action::Kind::kStartRun);
  EXPECT_EQ(world.run("r1").status.way, kStandalone);
  EXPECT_EQ(workers_of(world.run("r1")), (std::vector{1, 2, 3}));
  EXPECT_EQ(held(world.application), (Resources{4, 14, 80}));
  world.settle();
  EXPECT_EQ(world.state("r1"), RunState::kRunning);
  EXPECT_EQ(world.run("r1").status.way, "spark://127.0.0.1:40123");
  EXPECT_EQ(world.seen.runs["r1"].workers_seen.size(), 3u);

  world.seen.runs["r1"].executors_wanted = 20;
  world.settle();
  EXPECT_EQ(world.run("r1").status.executors.size(), 8u) << "what the host holds";
  EXPECT_EQ(world.run("r1").status.worker_count, 9);

  world.seen.runs["r1"].executors_wanted = 0;
  world.settle();
  EXPECT_EQ(world.run("r1").status.executors.size(), 8u) << "an executor runs on each";
  world.seen.runs["r1"].idle = {2, 3, 4, 5, 6, 7, 8};
  world.settle();
  EXPECT_EQ(workers_of(world.run("r1")), (std::vector{1}));
  EXPECT_EQ(world.seen.runs["r1"].workers_seen[8], ProcessState::kExited);
  EXPECT_EQ(held(world.application), (Resources{2, 6, 40}));
}

TEST(ServerlessPlan, executors_stay_within_the_maximum_capacity_of_all_runs) {
  World world;
  world.application.wanted.maximum = Resources{9, 64, 0};
  submit_standalone(world, "r1");
  submit_standalone(world, "r2");
  world.settle();
  world.seen.runs["r1"].executors_wanted = world.seen.runs["r2"].executors_wanted = 8;
  world.settle();
  EXPECT_EQ(held(world.application).vcpu, 9);
  EXPECT_EQ(world.run("r1").status.executors.size() + world.run("r2").status.executors.size(), 7u);
}

TEST(ServerlessPlan, a_worker_that_ends_by_itself_is_replaced_after_a_pause) {
  World world;
  submit_standalone(world, "r1");
  world.settle();
  world.seen.runs["r1"].workers_seen[2] = ProcessState::kExited;
  world.step();
  EXPECT_EQ(workers_of(world.run("r1")), (std::vector{1, 3}));
  world.now += kWorkerPause;
  world.step();
  EXPECT_EQ(workers_of(world.run("r1")), (std::vector{1, 3, 4}));
  EXPECT_EQ(world.seen.runs["r1"].workers_seen[4], ProcessState::kRunning);
}

TEST(ServerlessPlan, a_run_whose_workers_all_end_at_once_fails_and_says_so) {
  World world;
  submit_standalone(world, "r1");
  world.settle();
  for (int round = 0; round < 40 && world.kills == 0; ++round) {
    for (auto& [number, state] : world.seen.runs["r1"].workers_seen) state = ProcessState::kExited;
    world.step();
    world.now += std::chrono::seconds(55);
  }
  world.settle();
  EXPECT_EQ(world.state("r1"), RunState::kFailed);
  EXPECT_NE(world.run("r1").status.details.find("workers in a row ended within a minute"),
            std::string::npos)
      << world.run("r1").status.details;
}

TEST(ServerlessPlan, a_run_fails_with_its_master_before_and_after_it_runs) {
  for (const bool runs : {false, true}) {
    World world;
    submit_standalone(world, "r1");
    runs ? world.settle() : void(world.step());
    world.seen.runs["r1"].master_ended = "ended with exit code 1. Its log: …";
    world.settle();
    EXPECT_EQ(world.kills > 0, runs) << "a driver waits for executors for ever";
    EXPECT_EQ(world.state("r1"), RunState::kFailed);
    EXPECT_EQ(world.run("r1").status.details,
              "The Spark master of the job run ended with exit code 1. Its log: …");
  }
}

TEST(ServerlessPlan, the_next_attempt_gets_a_master_of_its_own) {
  World world;
  submit_standalone(world, "r1").wanted.max_attempts = 2;
  world.settle();
  const SeenRun old = world.seen.runs["r1"];
  world.exit("r1", 1);
  world.step();  // ships its logs
  world.step();
  ASSERT_EQ(world.run("r1").status.attempts.size(), 2u);
  EXPECT_EQ(world.run("r1").status.way, kStandalone) << "not the master of " << old.master;
}

TEST(ServerlessPlan, each_worker_is_billed_for_its_own_life) {
  World world;
  submit_standalone(world, "r1");
  world.settle();
  world.now += base::Millis(100'000);
  world.seen.runs["r1"].executors_wanted = 0;
  world.seen.runs["r1"].idle = {1, 2, 3};
  world.step();
  world.now += base::Millis(100'000);
  world.exit("r1", 0);
  world.settle();
  const RunStatus& status = world.run("r1").status;
  EXPECT_NEAR(status.total.vcpu_hours, (3 * 100.0 + 200.0) / 3600, 0.001);
  EXPECT_NEAR(status.total.memory_gb_hours, (3 * 4 * 100.0 + 2 * 200.0) / 3600, 0.005);
}

TEST(ServerlessPlan, a_standalone_run_that_is_cancelled_gets_no_more_executors) {
  World world;
  submit_standalone(world, "r1");
  world.settle();
  world.run("r1").wanted.cancel = true;
  world.seen.runs["r1"].executors_wanted = 8;
  world.step();
  EXPECT_EQ(world.run("r1").status.executors.size(), 3u);
  world.exit("r1", 143);
  world.settle();
  EXPECT_EQ(world.state("r1"), RunState::kCancelled);
  EXPECT_TRUE(world.seen.nodes.empty());
}

TEST(ServerlessPlan, an_engine_that_cannot_be_had_fails_who_waited_with_the_cause) {
  World world;
  world.seen.engine = {Seen::Engine::State::kFailed, "pyspark 3.5.5 could not be fetched"};
  world.submit("r1");
  world.settle();
  EXPECT_EQ(world.application.status.state, ApplicationState::kStopped);
  EXPECT_EQ(world.state("r1"), RunState::kFailed);
  EXPECT_NE(world.run("r1").status.details.find("could not be fetched"), std::string::npos);
}

TEST(ServerlessPlan, an_idle_application_stops_and_a_deleted_one_ends) {
  World world;
  world.application.wanted.starts = 1;
  world.settle();
  EXPECT_EQ(world.application.status.state, ApplicationState::kStarted);
  world.seen.idle = std::chrono::minutes(15);
  world.settle();
  EXPECT_EQ(world.application.status.state, ApplicationState::kStopped);
  world.application.wanted.deleted = true;
  world.settle();
  EXPECT_EQ(world.application.status.state, ApplicationState::kTerminated);
}

TEST(ServerlessPlan, an_application_is_started_when_its_capacity_is_ready) {
  World world;
  world.application.wanted.initial_capacity["Driver"] = {1, {1, 2, 20}};
  world.application.wanted.starts = 1;
  // How much is ready is looked at only once it starts.
  while (world.application.status.state != ApplicationState::kStarting) world.step();
  world.seen.ready_wanted = 1;
  world.settle();
  EXPECT_EQ(world.application.status.state, ApplicationState::kStarting);
  EXPECT_NE(world.application.status.details.find("0 of 1 workers"), std::string::npos);
  world.seen.ready = 1;
  world.settle();
  EXPECT_EQ(world.application.status.state, ApplicationState::kStarted);
}

TEST(ServerlessPlan, a_failed_run_says_too_that_its_logs_are_not_there) {
  World world;
  world.submit("r1");
  world.settle();
  world.seen.runs["r1"].process.state = job::Process::State::kExited;
  world.seen.runs["r1"].process.exit_code = 3;
  world.seen.runs["r1"].logs_error = "s3://b/x: no such bucket";
  world.settle();
  EXPECT_EQ(world.state("r1"), RunState::kFailed);
  EXPECT_TRUE(world.run("r1").status.details.ends_with(
      "ExitCode: 3. Its logs could not be uploaded: s3://b/x: no such bucket."))
      << world.run("r1").status.details;
}

TEST(ServerlessPlan, without_auto_start_a_run_waits_for_start_application) {
  World world;
  world.application.wanted.auto_start = false;
  world.submit("r1");
  world.settle();
  EXPECT_EQ(world.state("r1"), RunState::kPending);
  world.application.wanted.starts = 1;
  world.settle();
  EXPECT_EQ(world.state("r1"), RunState::kRunning);
}

TEST(ServerlessPlan, a_node_that_goes_away_loses_the_run_and_nothing_is_run_twice) {
  World world;
  world.submit("r1");
  world.step();
  world.step();
  world.seen.runs["r1"] = SeenRun{};
  world.settle();
  EXPECT_EQ(world.state("r1"), RunState::kFailed);
  EXPECT_EQ(world.started, 1);
}

RC_GTEST_PROP(ServerlessPlan, whatever_happens_nothing_runs_twice_and_all_ends, ()) {
  World world;
  world.application.wanted.maximum = Resources{6, 64, 0};
  if (*rc::gen::arbitrary<bool>()) world.application.wanted.scheduler = Scheduler{2, 15};
  const int runs = *rc::gen::inRange(1, 5);
  for (int i = 0; i < runs; ++i) world.submit("r" + std::to_string(i));
  const auto moves = *rc::gen::container<std::vector<int>>(rc::gen::inRange(0, 8 * runs));
  for (const int move : moves) {
    const std::string id = "r" + std::to_string(move / 8);
    const bool there = !world.ended.contains(id);
    const bool runs_now = world.seen.runs[id].process.state == ProcessState::kRunning;
    switch (move % 8) {
      case 0:
        if (there && runs_now) world.exit(id, 0);
        break;
      case 1:
        if (there && runs_now) world.exit(id, 1);
        break;
      case 2:
        if (there) world.run(id).wanted.cancel = true;
        break;
      case 3:
        world.seen.memory = !world.seen.memory;
        break;
      case 4: {  // decided, committed, and a crash before the actions
        const Plan lost = plan(world.application, world.seen, world.now);
        for (const JobRun& run : lost.next.runs)
          if (is_terminal(run.status.state)) world.ended[run.id] = run;
        world.application = lost.next;
        std::erase_if(world.application.runs,
                      [](const JobRun& run) { return is_terminal(run.status.state); });
        break;
      }
      default:
        world.step();
    }
    RC_ASSERT(held(world.application).vcpu <= 6);
  }
  world.seen.memory = true;
  for (int round = 0; round < 12; ++round) {
    for (auto& [id, one] : world.seen.runs) {
      one.signalled_for = kCancelGrace;
      if (one.process.state == ProcessState::kRunning && !world.ended.contains(id))
        world.exit(id, 0);
    }
    world.settle();
  }
  RC_ASSERT(world.application.runs.empty());
  RC_ASSERT(world.started <= runs);
  RC_ASSERT(world.seen.nodes.empty());
}

}  // namespace
}  // namespace howdah::serverless

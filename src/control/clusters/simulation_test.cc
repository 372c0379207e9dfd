// The real store and the real reconciler against a world in memory, with a crash at every single
// commit and action: whatever happens, the same end, the same history, and nothing run twice.

#include <gtest/gtest.h>

#include <filesystem>
#include <functional>
#include <map>
#include <regex>

#include "base/ids.h"
#include "base/log.h"
#include "control/clusters/fake_world.h"
#include "control/clusters/reconciler.h"
#include "control/jobs/fake_host.h"
#include "control/jobs/test_crash.h"
#include "nodes/fake/provider.h"

namespace howdah::control {
namespace {

using cluster::Key;
using cluster::OnFailure;

/// The real store; every commit is two points: before it and after it.
class CrashingStore final : public store::ControlStore {
 public:
  CrashingStore(store::ControlStore& real, CrashPoint& point) : real_(real), point_(point) {}
  base::Result<base::JsonObject> create_cluster(const Key& k, const cluster::Wanted& w,
                                                const base::JsonObject& r,
                                                const std::vector<store::NewStep>& s,
                                                const store::Retry& t,
                                                const base::JsonObject& a) override {
    return real_.create_cluster(k, w, r, s, t, a);
  }
  base::Result<store::ClusterRow> cluster(const Key& k) override { return real_.cluster(k); }
  base::Result<store::Page<store::ClusterRow>> clusters(const std::string& a, const std::string& r,
                                                        const store::ClusterFilter& f,
                                                        const std::string& m, size_t l) override {
    return real_.clusters(a, r, f, m, l);
  }
  base::Status change_wanted(
      const std::vector<Key>& k,
      const std::function<base::Status(cluster::Wanted&, const cluster::Status&)>& c) override {
    return real_.change_wanted(k, c);
  }
  base::Result<base::JsonObject> add_steps(
      const Key& k, const std::vector<store::NewStep>& s,
      const std::function<base::Status(const store::ClusterRow&, size_t)>& c, const store::Retry& t,
      const base::JsonObject& a) override {
    return real_.add_steps(k, s, c, t, a);
  }
  base::Result<store::StepRow> step(const Key& k, const std::string& id) override {
    return real_.step(k, id);
  }
  base::Result<store::Page<store::StepRow>> steps(const Key& k, const std::vector<std::string>& i,
                                                  const std::vector<cluster::StepState>& s,
                                                  const std::string& m, size_t l) override {
    return real_.steps(k, i, s, m, l);
  }
  base::Result<std::vector<CancelOutcome>> cancel_steps(
      const Key& k, const std::vector<std::string>& i, cluster::Cancel h,
      const std::function<std::string(const cluster::Step*)>& m) override {
    return real_.cancel_steps(k, i, h, m);
  }
  base::Result<std::vector<EventRow>> events(const Key& k, int64_t a, size_t l) override {
    return real_.events(k, a, l);
  }
  base::Status warn(const Key& k, const std::string& m) override { return real_.warn(k, m); }
  base::Result<Loaded> load(const Key& k) override { return real_.load(k); }
  base::Status commit(const Loaded& b, const cluster::Cluster& n,
                      const std::vector<cluster::Event>& e) override {
    point_.pass();
    const base::Status done = real_.commit(b, n, e);
    point_.pass();
    return done;
  }
  base::Result<std::vector<Key>> unfinished() override { return real_.unfinished(); }
  base::Result<std::vector<Expired>> expire(base::Time n) override { return real_.expire(n); }
  store::Changes& changes() override { return real_.changes(); }

 private:
  store::ControlStore& real_;
  CrashPoint& point_;
};

/// Objects in memory; each upload is a point.
class FakeObjects final : public objects::ObjectStore {
 public:
  explicit FakeObjects(CrashPoint& point) : point_(point) {}
  base::Status create_bucket(const std::string&, const std::string&) override { return base::ok(); }
  base::Result<bool> bucket_exists(const std::string&) override { return true; }
  base::Status put_text(const std::string& bucket, const std::string& key, std::string_view text,
                        const std::string&) override {
    point_.pass();
    kept[bucket + "/" + key] = std::string(text);
    return base::ok();
  }
  base::Status put_from(const std::string& bucket, const std::string& key, objects::Source& source,
                        const std::string& type) override {
    std::string text;
    char buffer[4096];
    for (;;) {
      const size_t got = TRY(source.read(buffer));
      if (got == 0) return put_text(bucket, key, text, type);
      text.append(buffer, got);
    }
  }
  base::Result<std::string> get_text(const std::string& bucket, const std::string& key,
                                     size_t) override {
    return kept[bucket + "/" + key];
  }
  base::Result<objects::ObjectInfo> head(const std::string&, const std::string&) override {
    return base::not_found("not needed");
  }
  std::map<std::string, std::string> kept;

 private:
  CrashPoint& point_;
};

store::NewStep step(const std::string& id, OnFailure on_failure) {
  store::NewStep out;
  out.step.id = id;
  out.step.name = id;
  out.step.on_failure = on_failure;
  out.step.jar = {"command-runner.jar", "", {"bash", "-c", id}, {}};
  return out;
}

store::NewStep spark_step(const std::string& id, const std::string& heap) {
  store::NewStep out = step(id, OnFailure::kContinue);
  out.step.jar.args = {"spark-submit", "--driver-memory", heap, "x.py"};
  return out;
}

struct Outcome {
  cluster::State state = cluster::State::kStarting;
  std::string message;
  std::map<std::string, cluster::StepState> steps;
  std::map<std::string, int> started;  // how often each process really began
  /// States of the cluster, of each step, instance and group, in order. Between instances there is
  /// no order: they come up side by side.
  std::map<std::string, std::vector<std::string>> history;
  size_t nodes_left = 0;
  size_t objects = 0;
  bool operator==(const Outcome&) const = default;
};

struct Story {
  std::vector<cluster::BootstrapAction> bootstrap;
  std::vector<store::NewStep> steps;
  bool keep_alive = false;
  int concurrency = 1;
  int terminate_at_round = -1;
  int core = 0;  // nodes beside the primary, with Hadoop
  bool warm = false;
  /// Each is made when the cluster waits and all its groups run.
  std::vector<std::function<void(class Simulation&)>> moves;
};

class Simulation {
 public:
  explicit Simulation(int crash_at) {
    base::set_log_level(base::Level::kError);  // thousands of lives would be told
    // In memory where that is possible: tens of thousands of commits wait for no disk.
    const std::filesystem::path memory = "/dev/shm";
    folder_ = (std::filesystem::exists(memory) ? memory : std::filesystem::temp_directory_path()) /
              ("howdah-sim-" + base::RandomIds().token(base::kLowerAlnum, 10));
    std::filesystem::create_directories(folder_);
    store_ = std::move(store::ControlStore::open(folder_ / "control.db", clock_)).value();
    point_.at = crash_at;
  }
  ~Simulation() {
    store_.reset();
    std::filesystem::remove_all(folder_);
  }

  Outcome run(const Story& story) {
    cluster::Wanted wanted;
    wanted.name = "simulated";
    wanted.log_uri = "s3://logs/";
    wanted.applications = {"Spark"};
    cluster::Group primary;
    primary.id = "ig-MASTER";
    wanted.groups = {primary};
    if (story.core > 0) {
      wanted.applications.push_back("Hadoop");
      cluster::Group core;
      core.id = "ig-CORE";
      core.role = cluster::Role::kCore;
      core.count = story.core;
      wanted.groups.push_back(core);
    }
    wanted.bootstrap_actions = story.bootstrap;
    wanted.keep_alive = story.keep_alive;
    wanted.step_concurrency = story.concurrency;
    EXPECT_TRUE(store_->create_cluster(key_, wanted, {}, story.steps, {}, {}).ok());
    engines_.warm = story.warm;
    nodes_.set_script(
        [this](const std::string& node, const nodes::ProcessSpec& spec) -> std::optional<int> {
          if (spec.id.starts_with(kServices)) return std::nullopt;
          if (spec.argv.front() == "howdah-warm-driver") return warm_driver(node, spec);
          if (spec.argv.front() == "spark-submit") take_warm_driver(node, spec.argv[2]);
          return spec.id.ends_with("bad") ? 3 : 0;
        });
    nodes_.set_fault([this](auto call, auto, const std::string&,
                            const std::string&) -> std::optional<base::Error> {
      if (call != nodes::FakeProvider::Call::kLook && call != nodes::FakeProvider::Call::kList)
        point_.pass();
      return std::nullopt;
    });
    start();
    size_t moved = 0;
    for (int round = 0; round < 600; ++round) {
      if (moved < story.moves.size() && is_quiet()) story.moves[moved++](*this);
      if (round == story.terminate_at_round) {
        EXPECT_TRUE(store_
                        ->change_wanted({key_},
                                        [](cluster::Wanted& w, const cluster::Status&) {
                                          w.terminate = "user";
                                          return base::ok();
                                        })
                        .ok());
      }
      if (cluster::is_terminal(store_->cluster(key_)->status.state)) break;
      try {
        (void)reconciler_->reconcile(key_).ok();  // an error is tried again
      } catch (const Crash&) {
        start();  // nothing but the store and the world is left
      }
      clock_.advance(base::Millis(300));
    }
    return outcome();
  }
  // ---- what a story does
  void change(const std::function<void(cluster::Wanted&)>& edit) {
    EXPECT_TRUE(store_
                    ->change_wanted({key_},
                                    [&](cluster::Wanted& w, const cluster::Status&) {
                                      edit(w);
                                      return base::ok();
                                    })
                    .ok());
  }
  void add(const store::NewStep& step) {
    EXPECT_TRUE(
        store_->add_steps(key_, {step}, [](const auto&, size_t) { return base::ok(); }, {}, {})
            .ok());
  }
  int taken() const { return taken_; }
  void resize(int core) {
    change([&](cluster::Wanted& w) {
      w.groups.at(1).count = core;
      ++w.groups.at(1).resize_serial;
    });
  }
  void kill(int number) {
    const auto row = store_->cluster(key_);
    nodes_.kill_node(cluster::node_id(row->as_cluster(), number));
  }
  void restart_host() {
    nodes_.restart_host();
    start();
  }
  bool crashed() const { return point_.at != 0 && point_.passed >= point_.at; }

 private:
  // It waits, has what is wanted, and nothing of it is dead: the move before this one is over.
  bool is_quiet() {
    const auto row = store_->cluster(key_);
    const cluster::Cluster cluster = row->as_cluster();
    if (cluster.status.state != cluster::State::kWaiting) return false;
    if (!store_->load(key_)->cluster.steps.empty()) return false;
    for (const cluster::Group& group : cluster.wanted.groups) {
      const auto* status = cluster::group_status_of(cluster.status, group.id);
      if (!status || status->state != cluster::GroupState::kRunning) return false;
      if (cluster::members_of(cluster, group.id).size() != static_cast<size_t>(group.count))
        return false;
    }
    for (const cluster::Node& node : cluster.status.nodes) {
      if (cluster::is_over(node)) continue;
      const auto seen = nodes_.look(cluster::node_id(cluster, node.number));
      if (!seen.ok() || !seen->alive || node.returning) return false;
    }
    const cluster::Warm& warm = cluster.status.warm;
    return !engines_.warm || (!warm.wanted && warm.has == warm.heap && runs_warm(warm.number));
  }

  // ---- what the node's own programs do
  bool runs_warm(int number) const {
    const auto running = nodes_.running();
    return number == 0 || std::any_of(running.begin(), running.end(), [&](const std::string& one) {
             return one.ends_with(" " + cluster::process_of_warm(number));
           });
  }
  std::optional<int> warm_driver(const std::string& node, const nodes::ProcessSpec& spec) {
    if (spec.argv[1] == "--end") {
      nodes_.finish(node, spec.argv[2]);
      return 0;
    }
    EXPECT_TRUE(spec.environment.empty()) << "of the node alone";
    nodes_.write(node, "/mnt/var/lib/howdah/warm/" + spec.id + "/ready", "");
    heaps_[spec.id] = spec.argv.at(4);
    return std::nullopt;
  }
  void take_warm_driver(const std::string& node, const std::string& heap) {
    for (const std::string& one : nodes_.running()) {
      const std::string process = one.substr(one.rfind(' ') + 1);
      if (!heaps_.contains(process) || heaps_[process] != heap) continue;
      nodes_.finish(node, process);
      ++taken_;
    }
  }

  void start() {
    capacity_ = std::make_unique<Capacity>(host_, 8);
    reconciler_ = std::make_unique<Reconciler>(
        World{crashing_store(), nodes_, objects_, engines_, *capacity_, clock_,
              [](const cluster::Cluster&, const cluster::Step*) {
                return std::vector<std::pair<std::string, std::string>>();
              },
              &daemons_, &hadoop_,
              [this](const cluster::Cluster&, const cluster::Node&) {
                point_.pass();
                return base::ok();
              }});
    EXPECT_TRUE(reconciler_->remove_unwanted().ok());
  }
  store::ControlStore& crashing_store() {
    if (!crashing_) crashing_ = std::make_unique<CrashingStore>(*store_, point_);
    return *crashing_;
  }

  Outcome outcome() {
    Outcome out;
    const auto row = store_->cluster(key_);
    out.state = row->status.state;
    out.message = row->status.reason.message;
    const auto steps = store_->steps(key_, {}, {}, "", 100);
    for (const auto& s : steps->rows) out.steps[s.step.id] = s.step.state;
    const auto began = nodes_.started();
    for (const auto& started : began) ++out.started[started.spec.id];
    const auto events = store_->events(key_, 0, 1000);
    for (const auto& event : *events) {
      if (!event.event.state.empty()) out.history[event.event.subject].push_back(event.event.state);
    }
    nodes_.set_fault({});
    out.nodes_left = nodes_.list()->size() + nodes_.networks()->size();
    for (const cluster::Node& node : row->status.nodes)
      out.history[node.instance_id].push_back(node.reason.code);
    out.objects = objects_.kept.size();
    return out;
  }

  base::FakeClock clock_;
  CrashPoint point_;
  std::filesystem::path folder_;
  std::unique_ptr<store::ControlStore> store_;
  std::unique_ptr<CrashingStore> crashing_;
  nodes::FakeProvider nodes_{clock_};
  FakeObjects objects_{point_};
  FakeEngines engines_{true};
  FakeHost host_;
  FakeDaemons daemons_{nodes_};
  FakeHadoop hadoop_{3};
  std::unique_ptr<Capacity> capacity_;
  std::unique_ptr<Reconciler> reconciler_;
  std::map<std::string, std::string> heaps_;  // of warm drivers
  int taken_ = 0;
  const Key key_{"000000000000", "us-east-1", "j-SIMULATED"};
};

// Runs the story whole, then with a crash at point 1, 2, 3 … until no point is left.
void survive_every_crash(const Story& story, const Outcome& expected) {
  const Outcome whole = Simulation(0).run(story);
  EXPECT_EQ(whole.state, expected.state);
  const std::string message =
      std::regex_replace(whole.message, std::regex("i-[0-9a-f]{17}"), "i-0PRIMARY");
  EXPECT_EQ(message, expected.message);
  EXPECT_EQ(whole.steps, expected.steps);
  EXPECT_EQ(whole.nodes_left, 0u);
  int points = 0;
  for (int at = 1;; ++at) {
    Simulation simulation(at);
    const Outcome after = simulation.run(story);
    if (!simulation.crashed()) break;
    ++points;
    EXPECT_EQ(after.state, whole.state) << "crash at point " << at;
    EXPECT_EQ(after.message, whole.message) << "crash at point " << at;
    EXPECT_EQ(after.steps, whole.steps) << "crash at point " << at;
    EXPECT_EQ(after.started, whole.started) << "crash at point " << at;
    EXPECT_EQ(after.history, whole.history) << "crash at point " << at;
    EXPECT_EQ(after.nodes_left, 0u) << "crash at point " << at;
    EXPECT_EQ(after.objects, whole.objects) << "crash at point " << at;
  }
  EXPECT_GT(points, 10);
  testing::Test::RecordProperty("crash_points", points);
}

TEST(Simulation, ATransientClusterWithABadStepSurvivesEveryCrash) {
  Story story;
  story.bootstrap = {{"one", "s3://b/one", {}}, {"two", "s3://b/two", {}}};
  story.steps = {step("s-1", OnFailure::kContinue), step("s-2-bad", OnFailure::kContinue),
                 step("s-3", OnFailure::kContinue)};
  Outcome expected;
  expected.state = cluster::State::kTerminated;
  expected.message = "Steps completed with errors";
  expected.steps = {{"s-1", cluster::StepState::kCompleted},
                    {"s-2-bad", cluster::StepState::kFailed},
                    {"s-3", cluster::StepState::kCompleted}};
  survive_every_crash(story, expected);
}

TEST(Simulation, AFailureThatTerminatesSurvivesEveryCrash) {
  Story story;
  story.keep_alive = true;
  story.steps = {step("s-1-bad", OnFailure::kTerminateCluster), step("s-2", OnFailure::kContinue)};
  Outcome expected;
  expected.state = cluster::State::kTerminatedWithErrors;
  expected.message = "Shut down as step failed";
  expected.steps = {{"s-1-bad", cluster::StepState::kFailed},
                    {"s-2", cluster::StepState::kCancelled}};
  survive_every_crash(story, expected);
}

TEST(Simulation, ATerminationByTheUserSurvivesEveryCrash) {
  Story story;
  story.keep_alive = true;
  story.concurrency = 2;
  story.steps = {step("s-1", OnFailure::kContinue), step("s-2", OnFailure::kContinue)};
  story.terminate_at_round = 60;
  Outcome expected;
  expected.state = cluster::State::kTerminated;
  expected.message = "Terminated by user request";
  expected.steps = {{"s-1", cluster::StepState::kCompleted},
                    {"s-2", cluster::StepState::kCompleted}};
  survive_every_crash(story, expected);
}

void terminate(Simulation& simulation) {
  simulation.change([](cluster::Wanted& w) { w.terminate = "user"; });
}

TEST(Simulation, WarmDriversSurviveEveryCrashAndAreMadeOnceForEachStep) {
  Story story;
  story.keep_alive = true;
  story.warm = true;
  story.steps = {spark_step("s-1", "1g")};
  story.moves = {[](Simulation& s) { s.add(spark_step("s-2", "1g")); },
                 [](Simulation& s) { s.add(spark_step("s-3", "2g")); },
                 [](Simulation& s) { s.add(spark_step("s-4", "2g")); }, terminate};
  Outcome expected;
  expected.state = cluster::State::kTerminated;
  expected.message = "Terminated by user request";
  for (const char* id : {"s-1", "s-2", "s-3", "s-4"})
    expected.steps[id] = cluster::StepState::kCompleted;
  Simulation whole(0);
  const Outcome out = whole.run(story);
  EXPECT_EQ(whole.taken(), 2) << "s-2 and s-4";
  EXPECT_EQ(out.started.at("warm-2-end"), 1) << "s-3 asks for another heap";
  EXPECT_EQ(out.started.at("warm-4"), 1);
  EXPECT_FALSE(out.started.contains("warm-5"));
  survive_every_crash(story, expected);
}

TEST(Simulation, AResizeUpAndDownSurvivesEveryCrash) {
  Story story;
  story.keep_alive = true;
  story.core = 2;
  story.bootstrap = {{"one", "s3://b/one", {}}};
  story.moves = {[](Simulation& s) { s.resize(3); }, [](Simulation& s) { s.resize(1); }, terminate};
  Outcome expected;
  expected.state = cluster::State::kTerminated;
  expected.message = "Terminated by user request";
  survive_every_crash(story, expected);
}

TEST(Simulation, ALostCoreNodeAndARestartOfTheHostSurviveEveryCrash) {
  Story story;
  story.keep_alive = true;
  story.core = 2;
  story.moves = {[](Simulation& s) { s.kill(1); }, [](Simulation& s) { s.restart_host(); },
                 terminate};
  Outcome expected;
  expected.state = cluster::State::kTerminated;
  expected.message = "Terminated by user request";
  survive_every_crash(story, expected);
}

TEST(Simulation, ALostPrimarySurvivesEveryCrash) {
  Story story;
  story.keep_alive = true;
  story.core = 2;
  story.moves = {[](Simulation& s) { s.kill(0); }};
  Outcome expected;
  expected.state = cluster::State::kTerminatedWithErrors;
  expected.message = "The master instance (i-0PRIMARY) was terminated";
  survive_every_crash(story, expected);
}

}  // namespace
}  // namespace howdah::control
